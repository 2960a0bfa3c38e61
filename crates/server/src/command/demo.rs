//! `switchboard demo`: a server of its own with a story in it, and the queues as they fill.
//!
//! | module | holds |
//! |---|---|
//! | `story` | how the day is told: what has happened already, and at what pace the rest comes |
//! | `colleagues` | invented people who work on its tickets by the store's own commands |
//! | `live` | posts of real people beside the story, and what is said when a place is silent |
//! | `board` | the queues on the terminal |

mod board;
mod colleagues;
mod live;
mod story;

use super::run::{Server, listen_on};
use crate::arguments::{Demo, Role};
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{clock::SystemClock, login_link, randomness, terminal};
use anyhow::{Context, Result};
use board::Board;
use clap::ValueEnum;
use colleagues::Colleagues;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use story::Story;
use switchboard_domain::Clock;
use switchboard_domain::access::Role as TrustedAs;
use switchboard_domain::ticket::Actor;
use switchboard_storage::NewToken;
use switchboard_telemetry::{LogFormat, init_tracing};

const CONFIG: &str = include_str!("../../../../config/demo/demo.toml");

/// Whoever opens the link.
const USER: &str = "demo";

pub(crate) async fn run(demo: Demo, environment: Environment) -> Result<Done> {
    if !(demo.speed.is_finite() && demo.speed > 0.0) {
        return Err(Failure::Usage("--speed must be a number above 0".to_owned()).into());
    }
    init_tracing(LogFormat::Text, live::log_filter(&demo.live))?;
    let dir = DemoDir::new(demo.data_dir.as_deref())?;
    let story = Story::new(demo.speed)?;
    let config = configure(&demo, &story, &dir.path, environment)?;
    let server = Server::start(config, Role::value_variants().iter().copied().collect()).await?;
    let entrance = open_doors(&server).await?;
    announce(&demo, &server, &entrance, &dir.path);
    Colleagues::start(&server.parts);
    if !demo.json {
        Board::start(&server.parts, &story, demo.once);
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

fn configure(
    demo: &Demo,
    story: &Story,
    dir: &Path,
    mut environment: Environment,
) -> Result<Config> {
    story.lay_out(dir, &mut environment)?;
    let text = format!("{CONFIG}{}", live::sources(&demo.live)?);
    let mut config = Config::parse("demo.toml", &text, &environment).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    live::watch(&mut config.ingest.sources);
    dir.clone_into(&mut config.server.data_dir);
    listen_on(&mut config, &demo.listeners);
    Ok(config)
}

/// How programs and people come in.
struct Entrance {
    token: String,
    login_url: String,
}

async fn open_doors(server: &Server) -> Result<Entrance> {
    let store = &server.parts.store;
    let by = Actor::System("demo".to_owned());
    let now = SystemClock.now();
    // In a directory that was kept they are there already.
    for colleague in colleagues::users() {
        let _there_already = store.people.create_user(colleague, &by, now).await?;
    }
    let secret = randomness::token();
    let token = NewToken {
        name: format!("demo-{}", hex::encode(randomness::bytes::<3>())),
        role: TrustedAs::Admin,
        departments: BTreeSet::new(),
        secret: secret.clone(),
        expires_at: None,
    };
    store.access.create_token(token, &by, now).await?;
    let url = &server.running.url;
    let login_url = login_link::make(store, &SystemClock, url, USER, TrustedAs::Admin).await?;
    Ok(Entrance {
        token: secret,
        login_url,
    })
}

fn announce(demo: &Demo, server: &Server, entrance: &Entrance, dir: &Path) {
    let (url, ops_url) = (&server.running.url, &server.running.ops_url);
    let Entrance { token, login_url } = entrance;
    if demo.json {
        let ready = json!({
            "url": url, "token": token, "login_url": login_url, "ops_url": ops_url,
        });
        terminal::line(&ready.to_string());
        return;
    }
    terminal::line(&format!("Switchboard is ready: {url}"));
    terminal::line("");
    terminal::line("Open this link to come in; it works once:");
    terminal::line(&format!("  {login_url}"));
    terminal::line("");
    terminal::line(&format!(
        "You are `{USER}` at an airline, with Amara, Jonas and Mei. It is early afternoon of a \
         foggy day, told {} times as fast.",
        demo.speed
    ));
    terminal::line(&format!("  API      {url}/api/v1/tickets"));
    terminal::line(&format!("  token    {token}"));
    terminal::line(&format!("  metrics  {ops_url}/metrics"));
    terminal::line(&format!("  data     {}", dir.display()));
    terminal::line("Ctrl-C ends it.");
}
