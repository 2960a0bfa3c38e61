//! The queues on the terminal: now and then, and only what has changed.

use super::story::Story;
use crate::terminal;
use crate::wiring::Parts;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Status, TicketId};
use switchboard_domain::{Clock, Label, Slug};
use switchboard_storage::{Sort, StorageError, TicketCount, TicketQuery, TicketRow, Tickets};

/// The first look: the morning is in the queues by then.
const FIRST_LOOK: Duration = Duration::from_secs(3);

/// Between two looks: often enough to see it live, seldom enough to leave the link in sight.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// A post's first words in the list of the next deadlines.
const TEXT_CHARACTERS: usize = 60;

/// Tickets asked for at a look, and of those that were not shown before the ones shown.
const NEXT_ASKED: usize = 20;
const NEXT_SHOWN: usize = 3;

pub(super) struct Board {
    tickets: Arc<dyn Tickets>,
    clock: Arc<dyn Clock>,
    counted: Vec<TicketCount>,
    /// Tickets whose words stood on the terminal already.
    shown: BTreeSet<TicketId>,
}

impl Board {
    /// Shows the queues until the story is told, and ends the demo then when asked to.
    pub(super) fn start(parts: &Parts, story: &Story, once: bool) {
        let board = Self {
            tickets: Arc::clone(&parts.store.tickets),
            clock: Arc::clone(&parts.clock),
            counted: Vec::new(),
            shown: BTreeSet::new(),
        };
        let stop = parts.lifecycle.stop.soft.clone();
        let remaining = story.remaining();
        parts.lifecycle.tasks.spawn(async move {
            stop.clone()
                .run_until_cancelled(board.show_until_told(remaining))
                .await;
            if once {
                stop.cancel();
            }
        });
    }

    async fn show_until_told(mut self, remaining: Duration) {
        // A story told in a blink is shown once, at its end.
        let _told = tokio::time::timeout(remaining, self.show_for_ever()).await;
        self.look().await;
        terminal::line("");
        terminal::line("The story is told.");
    }

    async fn show_for_ever(&mut self) {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            self.look().await;
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    async fn look(&mut self) {
        if let Err(error) = self.try_look().await {
            tracing::warn!(%error, "the queues cannot be counted");
        }
    }

    async fn try_look(&mut self) -> Result<(), StorageError> {
        let counts = self.tickets.counts(&DepartmentScope::All).await?;
        if counts == self.counted {
            return Ok(());
        }
        self.counted = counts;
        let next = self.next().await?;
        self.show_counts();
        for row in &next {
            self.show_ticket(row);
        }
        Ok(())
    }

    /// Of the tickets whose deadlines come first those that were not shown yet.
    async fn next(&mut self) -> Result<Vec<TicketRow>, StorageError> {
        let query = TicketQuery {
            status: Some(Status::Open),
            default_view: Some(true),
            sort: Sort::Deadline,
            limit: NEXT_ASKED,
            ..TicketQuery::default()
        };
        let page = self.tickets.list(&query, &DepartmentScope::All).await?;
        let is_new =
            |row: &TicketRow| row.ticket.assignee.is_none() && !self.shown.contains(&row.ticket.id);
        let new: Vec<TicketRow> = page
            .items
            .into_iter()
            .filter(is_new)
            .take(NEXT_SHOWN)
            .collect();
        self.shown.extend(new.iter().map(|row| row.ticket.id));
        Ok(new)
    }

    fn show_counts(&self) {
        terminal::line("");
        terminal::line(&format!(
            "{:<12}{:>6}{:>8}{:>12}{:>7}{:>9}{:>9}",
            "queue", "open", "closed", "complaint", "lead", "pr_risk", "general"
        ));
        for (department, counts) in self.by_department() {
            terminal::line(&counts_of(&department, &counts));
        }
    }

    fn by_department(&self) -> BTreeMap<Slug, Vec<&TicketCount>> {
        let mut departments: BTreeMap<Slug, Vec<&TicketCount>> = BTreeMap::new();
        for count in &self.counted {
            departments
                .entry(count.department.clone())
                .or_default()
                .push(count);
        }
        departments
    }

    fn show_ticket(&self, row: &TicketRow) {
        let Some(deadline) = row.ticket.deadline_at() else {
            return;
        };
        let minutes = deadline.duration_since(self.clock.now()).as_mins();
        let post = row
            .mention
            .as_ref()
            .and_then(|mention| mention.content.as_ref());
        let words = post.map_or("", |post| post.mention.text.as_str());
        terminal::line(&format!(
            "  #{:<5} {:<10} {:<7} {minutes:>4} min  {}",
            row.ticket.id.to_string(),
            row.ticket.department.as_str(),
            row.ticket.priority.as_str(),
            terminal::harmless(words, TEXT_CHARACTERS),
        ));
    }
}

fn counts_of(department: &Slug, counts: &[&TicketCount]) -> String {
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
