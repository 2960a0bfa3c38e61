//! The same posts, the same tickets: on files and on Kafka with PostgreSQL.
//!
//! Compared is every field of every ticket, of its posts with their verdicts, and of its
//! events with the decisions behind them. Left out are only the numbers that stores give
//! (tickets are known by the post that opened them) and the instants of the run itself:
//! receipt, routing, and the deadlines that begin there. The instants of the posts stay.
//!
//! Posts go in by rounds, each author's next in each. Within a round the order of authors is
//! whatever it is; between an author's own posts it decides who opens a ticket, and the two
//! lanes do not keep it.

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts, shared, topics};

/// Of the stream, unless `SWITCHBOARD_WHOLE=1` asks for all of it: a debug build takes the
/// whole in some minutes.
const POSTS_DEFAULT: usize = 2_500;

/// 2026-01-01: the posts are of 2015, and the run is of today.
const AFTER_THE_POSTS: i64 = 1_767_225_600;

/// The contract's limit of one request is 10,000.
const POSTS_PER_REQUEST: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_airline_week_gives_the_same_tickets_on_files_and_on_servers() -> Result<()> {
    let Some(file) = shared("stream/airline_2015-02.jsonl") else {
        return Ok(());
    };
    let Some(servers) = Installation::on_shared_servers("").await? else {
        return Ok(());
    };
    let files = Installation::on_files("").await?;
    let all = posts::read(&file.display().to_string())?;
    let count = if whole() { all.len() } else { POSTS_DEFAULT };
    let rounds = rounds(&all[..count.min(all.len())]);
    let (one, other) = tokio::try_join!(run(&files, &rounds), run(&servers, &rounds))?;
    let (one, other) = (one.told()?, other.told()?);
    let mut fields = 0;
    for (name, ticket) in &one {
        let twin = other
            .get(name)
            .with_context(|| format!("{name} opened none"))?;
        ensure!(ticket == twin, "{name}:\n{ticket:#}\n{twin:#}");
        fields += leaves(ticket);
    }
    ensure!(
        one.len() == other.len(),
        "{} and {}",
        one.len(),
        other.len()
    );
    println!(
        "{count} posts, {} tickets with {fields} fields are the same",
        one.len()
    );
    Ok(())
}

fn whole() -> bool {
    std::env::vars().any(|(name, value)| name == "SWITCHBOARD_WHOLE" && value == "1")
}

/// The k-th posts of all authors, for each k.
fn rounds(posts: &[Value]) -> Vec<Vec<Value>> {
    let mut rounds: Vec<Vec<Value>> = vec![];
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for post in posts {
        let author = post["author"]["id"].as_str().unwrap_or_default();
        let round = seen.entry(author).or_default();
        if *round == rounds.len() {
            rounds.push(vec![]);
        }
        rounds[*round].push(post.clone());
        *round += 1;
    }
    rounds
}

/// What is left of a run: tables.
struct Tables {
    tickets: Vec<Vec<String>>,
    mentions: Vec<Vec<String>>,
    events: Vec<Vec<String>>,
}

async fn run(installation: &Installation, rounds: &[Vec<Value>]) -> Result<Tables> {
    let begin = Instant::now();
    let mut server = installation.start("all", "").await?;
    let mut sent = 0;
    for round in rounds {
        for batch in round.chunks(POSTS_PER_REQUEST) {
            let answer = server.post_mentions(posts::lines(batch)).await?;
            ensure!(answer.status() == 202, "{}", answer.text().await?);
        }
        sent += round.len();
        wait_until_routed(installation, sent).await?;
    }
    println!("{sent} posts routed after {:.1?}", begin.elapsed());
    check_letters(&server).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    let store = installation.store()?;
    store.check_laws()?;
    Ok(Tables {
        tickets: store.rows("SELECT id, state FROM ticket")?,
        mentions: store.rows(
            "SELECT ticket_id, platform, id_scope, native_id, content FROM mention \
             ORDER BY ticket_id, id",
        )?,
        events: store.rows(
            "SELECT ticket_id, version, department, change, decision FROM ticket_event \
             ORDER BY ticket_id, version",
        )?,
    })
}

async fn wait_until_routed(installation: &Installation, records: usize) -> Result<()> {
    let store = installation.store()?;
    let begin = Instant::now();
    while usize::try_from(store.passed("route")?)? < records {
        let passed = store.passed("route")?;
        ensure!(
            begin.elapsed() < PATIENCE,
            "{passed} of {records} routed; {}",
            installation.said()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn check_letters(server: &Server) -> Result<()> {
    let letters = topics::read_all(server, "dead.letter").await?;
    ensure!(letters.is_empty(), "{letters:?}");
    Ok(())
}

impl Tables {
    /// Tickets by the post that opened them, without what only this run knows.
    fn told(&self) -> Result<BTreeMap<String, Value>> {
        let mut names = BTreeMap::new();
        let mut told: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for row in &self.tickets {
            let mut state: Value = serde_json::from_str(&row[1])?;
            let name = state["mention"].to_string();
            names.insert(row[0].clone(), name.clone());
            state.as_object_mut().context("a state")?.remove("id");
            let ticket = told.entry(name).or_default();
            ticket.insert("state".into(), without_instants(state));
        }
        let lists = [("posts", &self.mentions), ("events", &self.events)];
        for (list, rows) in lists {
            for row in rows {
                let name = names.get(&row[0]).context("a row without its ticket")?;
                let ticket = told.get_mut(name).context("a ticket")?;
                let entry = ticket.entry(list).or_insert_with(|| Value::Array(vec![]));
                let columns = row[1..].iter().map(|column| parsed(column));
                let columns = without_instants(columns.collect());
                entry.as_array_mut().context("a list")?.push(columns);
            }
        }
        let whole = told.into_iter().map(|(name, it)| (name, Value::Object(it)));
        Ok(whole.collect())
    }
}

/// JSON where it is JSON.
fn parsed(column: &str) -> Value {
    serde_json::from_str(column).unwrap_or_else(|_| Value::String(column.to_owned()))
}

/// The run's own instants all read alike.
fn without_instants(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(instant) if instant.as_second() >= AFTER_THE_POSTS => {
                Value::String("during the run".into())
            }
            _ => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(without_instants).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, one)| (key, without_instants(one)))
            .collect(),
        other => other,
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(leaves).sum(),
        Value::Object(map) => map.values().map(leaves).sum(),
        _ => 1,
    }
}
