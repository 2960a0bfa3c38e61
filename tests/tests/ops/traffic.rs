//! Traffic in which everything happens that a dashboard shows: posts of every label, edits,
//! refusals, a source that works and one that does not, dead letters, deadlines kept and
//! missed, a crisis, a channel that fails at first, people at the page.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs::Permissions;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use switchboard_tests::server::{PATIENCE, http};
use switchboard_tests::webhook::Receiver;
use switchboard_tests::{Options, Server, posts};

/// Complaints have a second, everything else an hour.
const CONFIG: &str = r#"
[departments.support]
[departments.sales]
[departments.press]
[departments.community]

[routing]
fallback = "community"

[[routing.rows]]
name = "complaint"
label = ["complaint"]
department = "support"

[[routing.rows]]
name = "lead"
label = ["lead"]
department = "sales"

[[routing.rows]]
name = "risk"
label = ["pr_risk"]
department = "press"

[[sla.policies]]
name = "at-once"
label = ["complaint"]
first_response = { urgent = "1s", high = "1s", normal = "1s", low = "1s" }
warn_at_percent = [50]

[[sla.policies]]
name = "today"
label = ["lead", "pr_risk"]
first_response = { urgent = "1h", high = "1h", normal = "1h", low = "1h" }

[alert]
authors_min = 2
"#;

/// What the receiver's messages are signed with.
const SECRET: &str = "whsec_dHJhZmZpYy1mb3ItZGFzaGJvYXJkcy1hbmQtYWxlcnRz";

/// One of each label, and one that is no news.
const TEXTS: [&str; 4] = [
    "my parcel has been lost for three weeks and nobody answers, awful service",
    "how much is the family plan, and can I get a quote for 40 seats?",
    "your high chair collapsed and my daughter was injured, we are calling a lawyer",
    "lovely evening by the river, nothing to report",
];

/// A server with all of it going on.
pub(crate) struct Traffic {
    pub(crate) server: Server,
    receiver: Receiver,
    file: PathBuf,
    /// Keeps a stream of live updates open.
    _live: reqwest::Response,
    round: usize,
}

impl Traffic {
    /// Starts the server, a receiver of webhooks that fails once, and a listener.
    pub(crate) async fn start(dir: &Path) -> Result<Self> {
        let receiver = Receiver::start(&[500]).await?;
        let file = dir.join("posts.jsonl");
        std::fs::write(&file, "")?;
        let options = Options {
            config: config(dir, &file, &receiver.url)?,
            ..Options::default()
        };
        let server = Server::start(dir, &options).await?;
        let live = http().get(format!("{}/api/v1/live?after=0", server.url));
        let live = live.bearer_auth(server.token()).send().await?;
        ensure!(live.status().is_success(), "live: {}", live.status());
        Ok(Self {
            server,
            receiver,
            file,
            _live: live,
            round: 0,
        })
    }

    /// One more of everything.
    pub(crate) async fn go_on(&mut self) -> Result<()> {
        self.round += 1;
        self.post().await?;
        self.append_to_file()?;
        self.resolve_a_lead().await?;
        self.fail_to_log_in().await
    }

    /// Whether the channel took something in the end.
    pub(crate) async fn wait_until_told(&self) -> Result<()> {
        self.receiver.wait_for(2).await?;
        Ok(())
    }

    async fn post(&self) -> Result<()> {
        let round = self.round;
        let mention = |(number, text): (usize, &&str)| {
            json!({
                "platform": "x", "id": format!("{round}-{number}"), "text": text,
                "author": { "id": format!("author-{round}-{number}") }, "account": "Acme",
            })
        };
        let mut mentions: Vec<Value> = TEXTS.iter().enumerate().map(mention).collect();
        mentions.push(json!({ "platform": "x", "id": "no-text" }));
        let answer = self.server.post_mentions(posts::lines(&mentions)).await?;
        ensure!(answer.status() == 202, "{}", answer.text().await?);
        Ok(())
    }

    /// A post and a line that is none.
    fn append_to_file(&self) -> Result<()> {
        let post = json!({ "id": format!("file-{}", self.round), "text": TEXTS[3] });
        let mut file = std::fs::OpenOptions::new().append(true).open(&self.file)?;
        Ok(write!(file, "{post}\nno json at all\n")?)
    }

    /// A promise that is kept.
    async fn resolve_a_lead(&self) -> Result<()> {
        let path = "/api/v1/tickets?department=sales&status=open";
        let open = |page: &Value| page["tickets"][0]["id"].is_string();
        let page = self.server.wait_for(path, open).await?;
        let id = page["tickets"][0]["id"].as_str().context("an id")?;
        let path = format!("/api/v1/tickets/{id}/reply");
        let answer = self
            .server
            .post(&path, &json!({ "text": "Here is your quote." }))
            .await?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "{path}: {status}: {}",
            answer.text().await?
        );
        let path = format!("/api/v1/tickets/{id}/resolve");
        let answer = self.server.post(&path, &json!({})).await?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "{path}: {status}: {}",
            answer.text().await?
        );
        Ok(())
    }

    async fn fail_to_log_in(&self) -> Result<()> {
        let request = http()
            .post(format!("{}/login", self.server.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &self.server.url)
            .body("name=nobody&password=wrong-on-purpose&next=%2F");
        request.timeout(PATIENCE).send().await?;
        Ok(())
    }
}

fn config(dir: &Path, file: &Path, receiver: &str) -> Result<String> {
    let secret = dir.join("webhook-secret");
    std::fs::write(&secret, SECRET)?;
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600))?;
    let secret = secret.display();
    let file = file.display().to_string();
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    Ok(format!(
        r#"{CONFIG}
[alert.notifiers.ops]
kind = "webhook"
url = "{receiver}"
secret = "file:{secret}"
allow_private = ["127.0.0.0/8"]

[sources.story]
connector = "file"
[sources.story.settings]
paths = [{file:?}]

[sources.gone]
connector = "feed"
[sources.gone.settings]
url = "https://{closed}/gone.rss"
allow_private = ["127.0.0.0/8"]
"#
    ))
}
