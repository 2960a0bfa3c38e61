//! Measures a store by hand: intake beside bare inserts of the same rows, outbox, seal, lists,
//! timers. Prints one line per figure.
//!
//! `cargo run --release -p switchboard-storage --example measure -- [MENTIONS] [sqlite|postgres]
//! [AUTHORS]`: each author has one open ticket; 50,000 of them unless said otherwise.
//!
//! PostgreSQL is a server of its own with `fsync = on`, or the one that `DATABASE_URL` names.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

mod place;
mod processor;

use jiff::{SignedDuration, Timestamp};
use place::Place;
use processor::Processor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::AuthorFacts;
use switchboard_domain::intake::{ClassifiedMention, Incoming};
use switchboard_domain::routing::{Decision, Facts, Priority, RoutingTable, route};
use switchboard_domain::sla::{ClockKind, SlaBook, SlaPolicy};
use switchboard_domain::ticket::{Actor, Status};
use switchboard_domain::{Classification, Label, Mention, OffsetMove, Scores, Slug, StoredOffset};
use switchboard_storage::{Assignee, IntakeBatch, Sort, Store, TicketQuery};

/// How many people write; set once at the start.
static AUTHORS: AtomicUsize = AtomicUsize::new(50_000);

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let tickets = arguments.next().map_or(Ok(20_000), |count| count.parse())?;
    let backend = arguments.next().unwrap_or_else(|| "sqlite".into());
    let authors = arguments.next().map_or(Ok(50_000), |count| count.parse())?;
    AUTHORS.store(authors, Ordering::Relaxed);
    let place = Place::new(&backend)?;
    println!("{backend}, {tickets} mentions by {authors} authors");
    let store = place.open().await?;
    let processor = Processor::new(place.server_directory());
    for (from, to) in [(0, 10_000), (10_000, tickets), (tickets, tickets + 10_000)] {
        let before = processor.used()?;
        fill(&store, (from, to)).await?;
        println!("  {}", processor.used()?.since(&before, to - from));
    }
    println!(
        "size: {} bytes per mention, {} of them still to be told",
        place.bytes().await? / (tickets as u64 + 10_000),
        place.outbox_bytes().await? / (tickets as u64 + 10_000)
    );
    lists(&store).await?;
    queues(&store).await?;
    timers(&store).await?;
    // The bare inserts hold every row at once; what is told is the store's.
    println!("memory at its highest: {}", memory()?);
    let before = processor.used()?;
    place.write_bare(store.intake.batch_max()).await?;
    println!("  {}", processor.used()?.since(&before, tickets + 10_000));
    let before = processor.used()?;
    drain(&store).await?;
    println!("  {}", processor.used()?.since(&before, tickets + 10_000));
    Ok(())
}

/// Each department's queue of open tickets as the page asks for it: the first page, and the
/// fiftieth.
async fn queues(store: &Store) -> Result<(), Failure> {
    let counts = store.tickets.counts(&DepartmentScope::All).await?;
    let open = counts.iter().filter(|one| one.status == Status::Open);
    println!("open tickets: {}", open.map(|one| one.count).sum::<u64>());
    for department in ["pr", "support", "sales", "community"] {
        let mut query = TicketQuery {
            department: Some(Slug::from_any(department)),
            status: Some(Status::Open),
            sort: Sort::Deadline,
            limit: 50,
            ..TicketQuery::default()
        };
        let mut times = vec![];
        for _ in 0..50 {
            let begun = Instant::now();
            let page = store.tickets.list(&query, &DepartmentScope::All).await?;
            times.push(begun.elapsed());
            query.after = page.next;
        }
        println!("queue of {department} by deadline, 50: {}", spread(times));
    }
    Ok(())
}

/// The most this process has held at once, as the kernel counts it.
fn memory() -> Result<String, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("unknown").trim().to_owned())
}

async fn fill(store: &Store, (from, to): (usize, usize)) -> Result<(), Failure> {
    let batch = store.intake.batch_max();
    let begun = Instant::now();
    let mut times = vec![];
    let mut stands = store
        .offsets
        .load_offset("route", "mention.classified", 0)
        .await?
        .map_or(0, |offset| offset.next);
    for base in (from..to).step_by(batch) {
        let items = (base..(base + batch).min(to))
            .map(incoming)
            .collect::<Result<_, _>>()?;
        let batch = IntakeBatch {
            items,
            offset: step(stands, stands + 1),
            join_window: SignedDuration::from_hours(24),
            book: book(),
            now: at(0),
            actor: Actor::System("route".into()),
        };
        let begun = Instant::now();
        store.intake.take_in(batch).await?;
        times.push(begun.elapsed());
        stands += 1;
    }
    let spent: Duration = times.iter().sum();
    let rate = (to - from) as u128 * 1_000_000 / spent.as_micros().max(1);
    println!(
        "intake of {from} to {to}, batch {batch}: {rate} mentions/s; {}; all {:?}",
        spread(times),
        begun.elapsed()
    );
    Ok(())
}

async fn drain(store: &Store) -> Result<(), Failure> {
    let begun = Instant::now();
    let (mut count, mut told) = (0_usize, vec![]);
    loop {
        let limit = store.outbox.batch_rows_max();
        let rows = store.outbox.exchange(&told, limit).await?;
        if rows.is_empty() {
            break;
        }
        count += rows.len();
        told = rows.iter().map(|row| row.seq).collect();
    }
    println!("outbox: {count} rows in {:?}", begun.elapsed());
    let begun = Instant::now();
    let mut sealed = 0;
    loop {
        let count = store.audit.seal(at(0)).await?;
        if count == 0 {
            break;
        }
        sealed += count;
    }
    println!("audit: {sealed} rows sealed in {:?}", begun.elapsed());
    Ok(())
}

async fn lists(store: &Store) -> Result<(), Failure> {
    for (name, sort, limit) in [
        ("created, 50", Sort::Created, 50),
        ("created, 200", Sort::Created, 200),
        ("deadline, 50", Sort::Deadline, 50),
    ] {
        let mut times = vec![];
        let mut query = TicketQuery {
            sort,
            limit,
            ..TicketQuery::default()
        };
        for _ in 0..100 {
            let begun = Instant::now();
            let page = store.tickets.list(&query, &DepartmentScope::All).await?;
            times.push(begun.elapsed());
            query.after = page.next;
        }
        println!("list {name}: {}", spread(times));
    }
    let rare = TicketQuery {
        assignee: Some(Assignee::Person("nobody".into())),
        ..TicketQuery::default()
    };
    let begun = Instant::now();
    store.tickets.list(&rare, &DepartmentScope::All).await?;
    println!("list of an assignee without tickets: {:?}", begun.elapsed());
    Ok(())
}

async fn timers(store: &Store) -> Result<(), Failure> {
    due_at_once(store).await?;
    let mut times = vec![];
    for _ in 0..20 {
        let begun = Instant::now();
        store.timers.fire_due(at(50), 200, &book()).await?;
        times.push(begun.elapsed());
    }
    println!("timers, 200 tickets: {}", spread(times));
    Ok(())
}

/// Everything that warns at half of its hour falls due in the same second, as on a Monday
/// morning: in batches as the timer takes them.
async fn due_at_once(store: &Store) -> Result<(), Failure> {
    let (begun, mut count) = (Instant::now(), 0);
    while count < 10_000 {
        let fired = store.timers.fire_due(at(31), 100, &book()).await?;
        if fired.is_empty() {
            break;
        }
        count += fired.len();
    }
    println!(
        "timers, {count} due in one second: all fired in {:?}",
        begun.elapsed()
    );
    Ok(())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() - 1) * percent / 100).copied();
    let (p50, p95, max) = (at(50), at(95), at(100));
    format!("p50 {p50:?} p95 {p95:?} max {max:?}")
}

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(28_000_000 + minute)
}

fn step(from: u64, to: u64) -> OffsetMove {
    OffsetMove {
        consumer: "route".into(),
        topic: "mention.classified".into(),
        partition: 0,
        expected: (from > 0).then_some(from),
        to: StoredOffset {
            next: to,
            incarnation: "log".into(),
            last_hash: None,
        },
    }
}

fn incoming(number: usize) -> Result<Incoming, Failure> {
    let label = match number % 10 {
        0..4 => Label::General,
        4..8 => Label::Complaint,
        8 => Label::Lead,
        _ => Label::PrRisk,
    };
    let text = "the flight was late and nobody at the desk could say why ".repeat(2);
    let mut mention = Mention::new(Slug::from_any("x"), number.to_string(), text);
    let authors = AUTHORS.load(Ordering::Relaxed).max(1);
    mention.author.id = format!("author-{}", number * 7 % authors);
    mention.author.handle = Some(format!("handle{number}"));
    mention.accounts = ["Acme".to_owned()].into();
    mention.created_at = Some(at(0));
    let classification = Classification {
        label,
        labels: [label].into(),
        confidence: 0.8,
        scores: Scores {
            complaint: 0.8,
            lead: 0.1,
            pr_risk: 0.05,
            general: 0.05,
        },
        needs_review: number.is_multiple_of(20),
        severity: 4,
        topics: vec!["flight/delay".into()],
        language: "en".into(),
        reasons: vec![],
        no_answer: None,
        rules_version: "rules-2026-11".into(),
        model_version: "none".into(),
        revision: 1,
    };
    let brand = Slug::from_any("acme");
    let classified = ClassifiedMention {
        mention,
        received_at: at(0),
        classification,
        brand,
    };
    let decision = decision(&classified, label)?;
    Ok(Incoming {
        classified,
        decision,
        author: AuthorFacts::default(),
    })
}

fn decision(classified: &ClassifiedMention, label: Label) -> Result<Decision, Failure> {
    let department = match label {
        Label::PrRisk => "pr",
        Label::Complaint => "support",
        Label::Lead => "sales",
        Label::General => "community",
    };
    let table = RoutingTable::new(vec![], Slug::from_any(department))
        .map_err(|problems| format!("{problems:?}"))?;
    Ok(route(&table, &Facts::of(classified)))
}

fn book() -> Arc<SlaBook> {
    let targets = Priority::ALL.map(|priority| (priority, 3_600)).into();
    SlaBook::of(SlaPolicy {
        name: "standard".into(),
        targets: [(ClockKind::FirstResponse, targets)].into(),
        warn_at_percent: vec![50, 75],
        ..SlaPolicy::default()
    })
}
