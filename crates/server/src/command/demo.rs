//! `switchboard demo`: a server of its own with a story in it, and the queues as they fill.

use super::run::{Server, listen_on};
use crate::arguments::{Demo, Role};
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{clock::SystemClock, randomness, terminal};
use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::access::{DepartmentScope, Role as TokenRole};
use switchboard_domain::ticket::{Actor, Status};
use switchboard_domain::{Clock, Label, Slug};
use switchboard_storage::{NewToken, Sort, TicketCount, TicketQuery, Tickets};
use switchboard_telemetry::{LogFormat, init_tracing};

const CONFIG: &str = include_str!("../../../../config/demo/demo.toml");
const STORY: &str = include_str!("../../../../config/demo/story.jsonl");

/// How often the queues are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Looks without a change after which the story counts as told.
const QUIET_LOOKS: u32 = 5;

/// A post's first words in the list of the next deadlines.
const TEXT_CHARACTERS: usize = 66;

/// How many tickets the list of the next deadlines shows.
const NEXT_SHOWN: usize = 5;

pub(crate) async fn run(demo: Demo, environment: Environment) -> Result<Done> {
    init_tracing(LogFormat::Text, "warn")?;
    if !(demo.speed.is_finite() && demo.speed > 0.0) {
        return Err(Failure::Usage("--speed must be a number above 0".to_owned()).into());
    }
    let dir = DemoDir::new(demo.data_dir.as_deref())?;
    let config = configure(&demo, &dir.path, environment)?;
    let server = Server::start(config, Role::value_variants().iter().copied().collect()).await?;
    let token = make_token(&server).await?;
    announce(&demo, &server, &token, &dir.path);
    if !demo.json {
        watch(&demo, &server);
    }
    server.run_to_end().await?;
    Ok(Done::Fully)
}

/// The directory of the demo; a temporary one is removed when it ends.
struct DemoDir {
    path: PathBuf,
    temporary: bool,
}

impl DemoDir {
    fn new(given: Option<&Path>) -> Result<Self> {
        let (path, temporary) = given.map_or_else(
            || {
                let name = format!("switchboard-demo-{}", hex::encode(randomness::bytes::<6>()));
                (std::env::temp_dir().join(name), true)
            },
            |path| (path.to_owned(), false),
        );
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for DemoDir {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is left to the system's own cleaning of that place.
            let _removed = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn configure(demo: &Demo, dir: &Path, mut environment: Environment) -> Result<Config> {
    let story = dir.join("story.jsonl");
    std::fs::write(&story, STORY).with_context(|| format!("cannot write `{}`", story.display()))?;
    let path = toml::Value::String(story.display().to_string());
    let settings = "SWITCHBOARD_SOURCES__STORY__SETTINGS__";
    environment.insert(format!("{settings}PATHS"), format!("[{path}]"));
    environment.insert(format!("{settings}SPEED"), format!("{:?}", demo.speed));
    let window = story_window(demo.speed);
    environment.insert(
        "SWITCHBOARD_ALERT__WINDOW".to_owned(),
        format!("{window}ms"),
    );
    let mut config = Config::parse("demo.toml", CONFIG, &environment).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    dir.clone_into(&mut config.server.data_dir);
    listen_on(&mut config, &demo.listeners);
    Ok(config)
}

/// Ten minutes of the story in milliseconds of ours: told faster, people are outraged faster.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "1 to 600,000"
)]
fn story_window(speed: f64) -> u64 {
    (600_000.0 / speed).clamp(1.0, 600_000.0) as u64
}

async fn make_token(server: &Server) -> Result<String> {
    let secret = randomness::token();
    let token = NewToken {
        name: format!("demo-{}", hex::encode(randomness::bytes::<3>())),
        role: TokenRole::Admin,
        departments: std::collections::BTreeSet::new(),
        secret: secret.clone(),
        expires_at: None,
    };
    let actor = Actor::System("demo".to_owned());
    server
        .parts
        .store
        .access
        .create_token(token, &actor, SystemClock.now())
        .await?;
    Ok(secret)
}

fn announce(demo: &Demo, server: &Server, token: &str, dir: &Path) {
    let (url, ops_url) = (&server.running.url, &server.running.ops_url);
    if demo.json {
        let ready = json!({ "url": url, "token": token, "ops_url": ops_url });
        terminal::line(&ready.to_string());
        return;
    }
    terminal::line(&format!(
        "Switchboard is ready: an airline's day, {} times as fast.",
        demo.speed
    ));
    terminal::line(&format!("  API      {url}/api/v1/tickets"));
    terminal::line(&format!("  token    {token}"));
    terminal::line(&format!("  metrics  {ops_url}/metrics"));
    terminal::line(&format!("  data     {}", dir.display()));
    terminal::line("Ctrl-C ends it.");
}

/// Shows the queues as they fill, and ends the demo after the story when asked to.
fn watch(demo: &Demo, server: &Server) {
    let board = Board {
        tickets: Arc::clone(&server.parts.store.tickets),
        shown: vec![],
    };
    let stop = server.parts.lifecycle.stop.soft.clone();
    let once = demo.once;
    server.parts.lifecycle.tasks.spawn(async move {
        stop.clone()
            .run_until_cancelled(board.show_until_told(once))
            .await;
        if once {
            stop.cancel();
        }
    });
}

struct Board {
    tickets: Arc<dyn Tickets>,
    shown: Vec<TicketCount>,
}

impl Board {
    async fn show_until_told(mut self, once: bool) {
        let mut quiet = 0;
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            match self.tickets.counts(&DepartmentScope::All).await {
                Ok(counts) if counts == self.shown => quiet += 1,
                Ok(counts) => {
                    quiet = 0;
                    self.shown = counts;
                    self.show().await;
                }
                Err(error) => tracing::warn!(%error, "the queues cannot be counted"),
            }
            if quiet == QUIET_LOOKS && !self.shown.is_empty() {
                if once {
                    terminal::line("The story is told.");
                    return;
                }
                terminal::line("The story is told; the server runs on.");
            }
        }
    }

    async fn show(&self) {
        terminal::line("");
        terminal::line(&format!(
            "{:<12}{:>6}{:>8}{:>12}{:>7}{:>9}{:>9}",
            "queue", "open", "closed", "complaint", "lead", "pr_risk", "general"
        ));
        for (department, counts) in self.by_department() {
            terminal::line(&row(&department, &counts));
        }
        self.show_next().await;
    }

    fn by_department(&self) -> BTreeMap<Slug, Vec<&TicketCount>> {
        let mut departments: BTreeMap<Slug, Vec<&TicketCount>> = BTreeMap::new();
        for count in &self.shown {
            departments
                .entry(count.department.clone())
                .or_default()
                .push(count);
        }
        departments
    }

    /// The tickets whose deadlines come first: what a person would take up now.
    async fn show_next(&self) {
        let query = TicketQuery {
            status: Some(Status::Open),
            default_view: Some(true),
            sort: Sort::Deadline,
            limit: NEXT_SHOWN,
            ..TicketQuery::default()
        };
        let Ok(page) = self.tickets.list(&query, &DepartmentScope::All).await else {
            return;
        };
        for row in page.items {
            let Some(deadline) = row.ticket.deadline_at() else {
                continue;
            };
            let minutes = deadline.duration_since(SystemClock.now()).as_mins();
            let post = row.mention.and_then(|mention| mention.content);
            let words = post.map_or_else(String::new, |post| post.mention.text);
            terminal::line(&format!(
                "  #{:<5} {:<10} {:<7} {minutes:>4} min  {}",
                row.ticket.id.to_string(),
                row.ticket.department.as_str(),
                row.ticket.priority.as_str(),
                terminal::harmless(&words, TEXT_CHARACTERS),
            ));
        }
    }
}

fn row(department: &Slug, counts: &[&TicketCount]) -> String {
    let sum = |wanted: &dyn Fn(&TicketCount) -> bool| -> u64 {
        counts
            .iter()
            .filter(|count| wanted(count))
            .map(|count| count.count)
            .sum()
    };
    let labelled = |label: Label| sum(&|count| count.label == label);
    format!(
        "{:<12}{:>6}{:>8}{:>12}{:>7}{:>9}{:>9}",
        department.as_str(),
        sum(&|count| count.status == Status::Open),
        sum(&|count| count.status != Status::Open),
        labelled(Label::Complaint),
        labelled(Label::Lead),
        labelled(Label::PrRisk),
        labelled(Label::General),
    )
}
