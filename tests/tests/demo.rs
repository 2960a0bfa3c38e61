//! The demo as a newcomer meets it: a living inbox within ten seconds, one incident when the
//! story has its crisis, and live posts beside it from servers of our own.

use anyhow::{Context, Result, ensure};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;
use switchboard_tests::server::{PATIENCE, command, http};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// What the page promises a newcomer.
const LIVING_WITHIN: Duration = Duration::from_secs(10);

struct Demo {
    child: Child,
    ready: Value,
    remarks: Lines<BufReader<ChildStderr>>,
    _output: Lines<BufReader<ChildStdout>>,
    _data: tempfile::TempDir,
}

impl Demo {
    async fn start(arguments: &[&str]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let dir = data.path().display().to_string();
        let addresses = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        let own = ["demo", "--json", "--data-dir", &dir];
        let mut child = command(&[&own[..], &addresses, arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let line = output.next_line().await?.context("a ready line")?;
        Ok(Self {
            ready: serde_json::from_str(&line)?,
            remarks: BufReader::new(child.stderr.take().context("stderr")?).lines(),
            child,
            _output: output,
            _data: data,
        })
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let url = self.ready["url"].as_str().context("url")?;
        let token = self.ready["token"].as_str().context("token")?;
        let request = http().get(format!("{url}{path}")).bearer_auth(token);
        let answer = request.timeout(PATIENCE).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Every ticket of the query, page by page.
    async fn tickets(&self, query: &str) -> Result<Vec<Value>> {
        let (mut tickets, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/tickets?limit=200&{query}{cursor}");
            let page = self.get(&path).await?;
            tickets.extend(
                page["tickets"]
                    .as_array()
                    .context("tickets")?
                    .iter()
                    .cloned(),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(tickets),
            }
        }
    }
}

/// Asks again until it is so.
async fn until(
    what: &str,
    within: Duration,
    mut asked: impl AsyncFnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + within;
    while !asked().await? {
        ensure!(Instant::now() < deadline, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn different<'a>(tickets: &'a [Value], field: &str) -> BTreeSet<&'a str> {
    tickets
        .iter()
        .filter_map(|ticket| ticket[field].as_str())
        .collect()
}

#[tokio::test]
async fn a_newcomer_looks_at_a_living_inbox() -> Result<()> {
    let mut demo = Demo::start(&[]).await?;
    for key in ["url", "token", "login_url", "ops_url"] {
        ensure!(demo.ready[key].is_string(), "no `{key}` in {}", demo.ready);
    }
    let login = demo.ready["login_url"].as_str().unwrap_or_default();
    ensure!(
        login.starts_with(demo.ready["url"].as_str().unwrap_or("?")),
        "{login}"
    );
    until("a living inbox", LIVING_WITHIN, async || {
        let tickets = demo.tickets("").await?;
        let breached = demo.tickets("sla=breached").await?;
        let people = different(&tickets, "assignee");
        Ok(tickets.len() >= 100
            && different(&tickets, "department").len() >= 4
            && people.is_superset(&BTreeSet::from(["amara", "jonas", "mei"]))
            && different(&tickets, "status").contains("resolved")
            && !breached.is_empty())
    })
    .await?;
    let unclaimed = demo.tickets("status=open").await?;
    let left = unclaimed
        .iter()
        .filter(|ticket| ticket["assignee"].is_null());
    ensure!(left.count() >= 20, "nothing is left to the newcomer");
    demo.child.kill().await?;
    Ok(())
}

#[tokio::test]
async fn the_crisis_opens_one_incident() -> Result<()> {
    let mut demo = Demo::start(&["--speed", "3000"]).await?;
    // Its last post begins a ticket of its own.
    let story =
        std::fs::read_to_string(switchboard_tests::workspace().join("config/demo/story.jsonl"))?;
    let last: Value = serde_json::from_str(story.lines().last().context("a story")?)?;
    until("the whole story", PATIENCE, async || {
        let tickets = demo.tickets("").await?;
        Ok(tickets
            .iter()
            .any(|ticket| ticket["mention"]["id"] == last["id"]))
    })
    .await?;
    let incidents = async || -> Result<usize> {
        let answer = demo.get("/api/v1/incidents").await?;
        Ok(answer["incidents"].as_array().context("incidents")?.len())
    };
    until("an incident", PATIENCE, async || Ok(incidents().await? > 0)).await?;
    ensure!(incidents().await? == 1, "one crisis, one incident");
    demo.child.kill().await?;
    Ok(())
}

/// Answers every request with what `answer` says to its path, and ends with the set.
async fn serve(answer: fn(&str) -> String, running: &mut JoinSet<()>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(reply(stream, answer));
        }
    });
    Ok(address)
}

async fn reply(mut stream: TcpStream, answer: fn(&str) -> String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let body = answer(head.split(' ').nth(1).unwrap_or_default());
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let _client_left = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// A stream with one post about the word and one about nothing.
async fn jetstream(running: &mut JoinSet<()>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    running.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(say_posts(stream));
        }
    });
    Ok(address)
}

async fn say_posts(stream: TcpStream) {
    let Ok(mut socket) = accept_async(stream).await else {
        return;
    };
    for (key, text) in [("3k1", "zeppelair lost my bag"), ("3k2", "good morning")] {
        let frame = json!({
            "did": "did:plc:ann", "time_us": 1_783_166_400_000_000_i64, "kind": "commit",
            "commit": {"operation": "create", "collection": "app.bsky.feed.post", "rkey": key,
                "rev": "3mpt2fhvg222a", "record": {"text": text}},
        });
        if socket.send(Message::text(frame.to_string())).await.is_err() {
            return;
        }
    }
    while socket.next().await.is_some() {}
}

fn mastodon(path: &str) -> String {
    if path.contains("min_id") || !path.contains("/timelines/tag/zeppelair") {
        return "[]".to_owned();
    }
    let account = json!({"id": "7", "acct": "bo"});
    json!([{"id": "1", "content": "<p>Late again #zeppelair</p>", "account": account}]).to_string()
}

fn hackernews(path: &str) -> String {
    let is_search = path.contains("search_by_date") && path.contains("query=Zeppelair&");
    let hit = json!({"objectID": "9", "title": "Zeppelair's app is down", "author": "cy",
        "created_at_i": 1_770_000_000});
    json!({"hits": if is_search { vec![hit] } else { vec![] }}).to_string()
}

fn feed(_path: &str) -> String {
    "<rss><channel><item><guid>a</guid><title>Zeppelair to fly north</title></item>\
     <item><guid>b</guid><title>Weather</title></item></channel></rss>"
        .to_owned()
}

#[tokio::test]
async fn live_posts_stand_beside_the_story() -> Result<()> {
    let mut running = JoinSet::new();
    let bluesky = format!("ws://{}", jetstream(&mut running).await?);
    let [mastodon, hackernews, feed] = [
        serve(mastodon, &mut running).await?,
        serve(hackernews, &mut running).await?,
        serve(feed, &mut running).await?,
    ]
    .map(|address| format!("http://{address}"));
    let feed = format!("{feed}/news.rss");
    let mut demo = Demo::start(&[
        "--live",
        "Zeppelair",
        "--feed",
        &feed,
        "--bluesky",
        &bluesky,
        "--mastodon",
        &mastodon,
        "--hackernews",
        &hackernews,
    ])
    .await?;
    until("a ticket from each place", PATIENCE, async || {
        let mut found = BTreeSet::new();
        for ticket in demo.tickets("").await? {
            let mention = &ticket["mention"];
            let text = mention["text"].as_str().unwrap_or_default().to_lowercase();
            if text.contains("zeppelair") {
                found.insert(mention["platform"].as_str().unwrap_or_default().to_owned());
            }
            ensure!(text != "good morning" && text != "weather", "{ticket}");
        }
        Ok(["bluesky", "feed", "hackernews", "mastodon"]
            .iter()
            .all(|place| found.contains(*place)))
    })
    .await?;
    demo.child.kill().await?;
    Ok(())
}

/// How remarks about each place begin.
const PLACES: [&str; 4] = ["Bluesky", "Mastodon", "Hacker News", "feed"];

#[tokio::test]
async fn without_a_network_each_place_says_so_once_and_the_story_goes_on() -> Result<()> {
    // Nobody listens at port 9.
    let mut demo = Demo::start(&[
        "--live",
        "acme",
        "--bluesky",
        "ws://127.0.0.1:9",
        "--mastodon",
        "http://127.0.0.1:9",
        "--hackernews",
        "http://127.0.0.1:9",
        "--feed",
        "http://127.0.0.1:9/feed",
    ])
    .await?;
    let of_a_place = |line: &String| PLACES.iter().any(|place| line.starts_with(place));
    let mut said = Vec::new();
    while said.len() < PLACES.len() {
        let line = tokio::time::timeout(PATIENCE, demo.remarks.next_line()).await??;
        let line = line.context("the demo ended")?;
        said.extend(Some(line).filter(of_a_place));
    }
    for place in PLACES {
        let lines = said.iter().filter(|line| line.starts_with(place));
        ensure!(lines.count() == 1, "{place}: {said:#?}");
    }
    until("the story", PATIENCE, async || {
        Ok(demo.tickets("").await?.len() > 100)
    })
    .await?;
    // The first attempts after the first failures have passed by now.
    let end = tokio::time::Instant::now() + Duration::from_secs(3);
    while let Ok(more) = tokio::time::timeout_at(end, demo.remarks.next_line()).await {
        let more = more?.context("the demo ended")?;
        ensure!(!of_a_place(&more), "said again: {more}");
    }
    demo.child.kill().await?;
    Ok(())
}
