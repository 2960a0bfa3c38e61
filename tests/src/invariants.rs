//! What must hold once everything that came in has had its effect, whatever happened before.

use crate::{Installation, Server, topics};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// How often the tables are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Promises so short that they pass while servers die, and a table with every label in it.
pub const SHORT_PROMISES: &str = r#"
[departments.support]
[departments.pr]
[departments.sales]
[departments.community]

[routing]
fallback = "community"

[[routing.rows]]
name = "risk"
label = ["pr_risk"]
department = "pr"

[[routing.rows]]
name = "complaint"
label = ["complaint"]
department = "support"

[[routing.rows]]
name = "lead"
label = ["lead"]
department = "sales"

[[sla.policies]]
name = "at once"
label = ["complaint", "lead", "pr_risk"]
first_response = { urgent = "2s", high = "2s", normal = "3s", low = "4s" }
warn_at_percent = [50]
"#;

/// How far what came in has come.
#[derive(Debug)]
struct Flow {
    received: u64,
    classified: u64,
    routed: u64,
    untold: u64,
    ticking: u64,
}

impl Flow {
    async fn look(installation: &Installation, inbox: &Server) -> Result<Self> {
        let store = installation.store()?;
        let number = |sql: &str| Ok::<u64, anyhow::Error>(u64::try_from(store.number(sql)?)?);
        // In the order in which data flows, so that nothing slips through between two looks.
        let received = topics::count(inbox, "mention.received").await?;
        let urgent = topics::count(inbox, "mention.classified.urgent").await?;
        let classified = urgent + topics::count(inbox, "mention.classified").await?;
        Ok(Self {
            received,
            classified,
            routed: u64::try_from(store.passed("route")?)?,
            ticking: number("SELECT count(*) FROM ticket WHERE next_due_at IS NOT NULL")?,
            untold: number("SELECT count(*) FROM outbox")?,
        })
    }

    /// Tickets with no deadline to come, and nobody who has still to be told.
    const fn is_idle(&self) -> bool {
        self.classified >= self.received
            && self.routed == self.classified
            && self.untold + self.ticking == 0
    }
}

/// Waits until everything received is classified, everything classified is a ticket, every
/// deadline has passed, and everything is told. Answers how long that took.
///
/// # Errors
/// When it takes longer than `limit`; says what is missing.
pub async fn wait_until_idle(
    installation: &Installation,
    inbox: &Server,
    limit: Duration,
) -> Result<Duration> {
    let begin = Instant::now();
    loop {
        let flow = Flow::look(installation, inbox).await?;
        if flow.is_idle() {
            return Ok(begin.elapsed());
        }
        let said = || installation.said();
        ensure!(begin.elapsed() < limit, "not idle: {flow:?}\n{}", said());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Everything that needs no clock: no post is lost or twice, each milestone fired once, event
/// numbers are dense, the audit chain fits. `letters` posts were set aside.
///
/// # Errors
/// With the first law that is broken.
pub async fn check(
    installation: &Installation,
    inbox: &Server,
    posts: &[Value],
    letters: usize,
) -> Result<()> {
    let store = installation.store()?;
    let distinct: BTreeSet<&str> = posts
        .iter()
        .filter_map(|post| post["id"].as_str())
        .collect();
    let known = usize::try_from(store.number("SELECT count(*) FROM identity")?)?;
    ensure!(
        known == distinct.len(),
        "{} posts, {known} identities",
        distinct.len()
    );
    store.check_laws()?;
    let told = topics::check_event_numbers(inbox).await?;
    let stored = usize::try_from(store.number("SELECT count(*) FROM ticket_event")?)?;
    ensure!(told == stored, "{stored} events in the store, {told} told");
    let found = topics::read_all(inbox, "dead.letter").await?;
    ensure!(found.len() == letters, "dead letters: {found:?}");
    installation.tell(&["audit", "verify"]).await?;
    Ok(())
}
