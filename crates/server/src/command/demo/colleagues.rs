//! Invented people at work, so that a newcomer sees tickets in every state: they claim, note,
//! answer and resolve by the same commands as everybody, and leave the rest to the newcomer.

use crate::wiring::Parts;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::access::{DepartmentScope, Role};
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{Actor, Command, Status, Ticket, TicketId};
use switchboard_domain::{Clock, Label, Slug};
use switchboard_storage::{Change, Sort, StorageError, TicketQuery, Tickets, User};

/// Who works where.
const COLLEAGUES: [(&str, &[&str]); 3] = [
    ("amara", &["support", "product"]),
    ("jonas", &["pr", "legal"]),
    ("mei", &["sales", "community"]),
];

/// Tickets taken up at the beginning: a third of what the morning brought.
const FIRST_ROUND: usize = 36;

/// Between two tickets that are taken up later: slower than the story brings new ones, so
/// that there is something to do.
const PAUSE: Duration = Duration::from_secs(7);

/// While the morning is still being routed.
const MORNING_LOOK: Duration = Duration::from_millis(250);

/// Looks at a queue that does not grow after which the morning counts as routed.
const STILL_LOOKS: u32 = 3;

/// As many unclaimed tickets of a colleague's departments are left to whoever comes.
const LEFT_ALONE: usize = 3;

/// Of the tickets waiting they look at so many, the most pressing first.
const LOOKED_AT: usize = 200;

/// The users they are.
pub(super) fn users() -> impl Iterator<Item = User> {
    COLLEAGUES.into_iter().map(|(name, departments)| User {
        name: name.to_owned(),
        role: Role::Agent,
        departments: departments
            .iter()
            .map(|name| Slug::from_any(name))
            .collect(),
    })
}

pub(super) struct Colleagues {
    tickets: Arc<dyn Tickets>,
    book: Arc<SlaBook>,
    clock: Arc<dyn Clock>,
    /// Tickets taken up so far; decides who is next and how far they go.
    taken: usize,
}

impl Colleagues {
    /// They work until the demo ends.
    pub(super) fn start(parts: &Parts) {
        let colleagues = Self {
            tickets: Arc::clone(&parts.store.tickets),
            book: Arc::clone(&parts.config.route.book),
            clock: Arc::clone(&parts.clock),
            taken: 0,
        };
        let stop = parts.lifecycle.stop.soft.clone();
        parts.lifecycle.tasks.spawn(async move {
            stop.run_until_cancelled(colleagues.work()).await;
        });
    }

    async fn work(mut self) {
        self.wait_for_the_morning().await;
        loop {
            if let Err(error) = self.take_next().await {
                tracing::debug!(%error, "a colleague could not work");
            }
            self.taken += 1;
            if self.taken > FIRST_ROUND {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Until what has happened already stands in the queues.
    async fn wait_for_the_morning(&self) {
        let (mut still, mut before) = (0, 0);
        while still < STILL_LOOKS {
            tokio::time::sleep(MORNING_LOOK).await;
            let counts = self.tickets.counts(&DepartmentScope::All).await;
            let now: u64 = counts.iter().flatten().map(|count| count.count).sum();
            still = if now > 0 && now == before {
                still + 1
            } else {
                0
            };
            before = now;
        }
    }

    async fn take_next(&self) -> Result<(), StorageError> {
        let (name, departments) = COLLEAGUES[self.taken % COLLEAGUES.len()];
        let waiting = self.waiting(departments).await?;
        if waiting.len() <= LEFT_ALONE {
            return Ok(());
        }
        // Neither always the first nor always the last.
        let (ticket, speaks_english) = &waiting[self.taken * 5 % waiting.len()];
        for command in deeds(self.taken, ticket, *speaks_english) {
            self.apply(ticket.id, command, name).await?;
        }
        Ok(())
    }

    /// Open tickets of the departments that nobody has, each with whether its author can be
    /// answered in English.
    async fn waiting(&self, departments: &[&str]) -> Result<Vec<(Ticket, bool)>, StorageError> {
        let query = TicketQuery {
            status: Some(Status::Open),
            default_view: Some(true),
            sort: Sort::Deadline,
            limit: LOOKED_AT,
            ..TicketQuery::default()
        };
        let own: BTreeSet<Slug> = departments
            .iter()
            .map(|name| Slug::from_any(name))
            .collect();
        let page = self
            .tickets
            .list(&query, &DepartmentScope::Only(own))
            .await?;
        let unclaimed = page
            .items
            .into_iter()
            .filter(|row| row.ticket.assignee.is_none());
        let rows = unclaimed.map(|row| {
            let post = row.mention.and_then(|mention| mention.content);
            let language = post.and_then(|post| post.mention.lang);
            (row.ticket, language.as_deref() == Some("en"))
        });
        Ok(rows.collect())
    }

    async fn apply(
        &self,
        ticket: TicketId,
        command: Command,
        who: &str,
    ) -> Result<(), StorageError> {
        let change = Change {
            ticket,
            command,
            expected_version: None,
            actor: Actor::Person(who.to_owned()),
            book: Arc::clone(&self.book),
            now: self.clock.now(),
        };
        // Somebody else was first: that happens among people.
        self.tickets
            .apply(change, &DepartmentScope::All)
            .await
            .map(|_outcome| ())
    }
}

/// What becomes of the ticket that is taken up as the `turn`th: some are only claimed, some
/// noted, some answered, and some of those done.
fn deeds(turn: usize, ticket: &Ticket, speaks_english: bool) -> Vec<Command> {
    let note = || Command::Note {
        text: note(turn, ticket.label).to_owned(),
    };
    let reply = || {
        answer(turn, ticket.label).map(|text| Command::Reply {
            text: text.to_owned(),
            automatic: false,
        })
    };
    let answered = reply().filter(|_| speaks_english);
    let mut deeds = vec![Command::Claim];
    match (turn / COLLEAGUES.len() % 4, answered) {
        (0, _) => {}
        (1, _) | (_, None) => deeds.push(note()),
        (2, Some(reply)) => deeds.push(reply),
        (_, Some(reply)) => deeds.extend([note(), reply, Command::Resolve]),
    }
    deeds
}

fn note(turn: usize, label: Label) -> &'static str {
    let notes: [&str; 3] = match label {
        Label::Complaint => [
            "Checked the booking: the connection was ours, so rebooking is on us.",
            "Same flight as the two before. Asked the station for the bag count.",
            "Second time this month for them. A voucher would not hurt.",
        ],
        Label::Lead => [
            "Group desk has seats on the later one, prices hold until tonight.",
            "They asked in March too. Sent the old offer along.",
            "Needs the corporate form; I have it ready.",
        ],
        Label::PrRisk => [
            "Rang the station manager before we say anything.",
            "Statement is with legal. Nobody answers alone, please.",
            "The video is from our gate, that much is sure.",
        ],
        Label::General => [
            "Nice one for the Friday round-up.",
            "Not about us in the end, but worth a like.",
            "Asked whether we may share the photo.",
        ],
    };
    notes[turn % notes.len()]
}

/// Nobody answers a risk on their own.
fn answer(turn: usize, label: Label) -> Option<&'static str> {
    let answers: [&str; 3] = match label {
        Label::Complaint => [
            "I am sorry, that is not the day you paid for. I have put you on the next flight \
             with seats; the details are in your messages.",
            "Thank you for telling us. Your bag was found and comes with the evening flight; \
             we bring it to your door.",
            "That should not have happened. I have filed it for you, and the refund is on its \
             way back to your card.",
        ],
        Label::Lead => [
            "With pleasure. There are seats left on both days; send us a message with your \
             dates and we hold them for you until tomorrow.",
            "Yes, we fly there all summer. The cheapest days are Tuesday and Wednesday.",
            "For groups we have a desk of its own; they will write to you within the hour.",
        ],
        Label::General => [
            "Thank you, that made our morning!",
            "Good question: two cabin bags, one of them under the seat.",
            "See you on board.",
        ],
        Label::PrRisk => return None,
    };
    Some(answers[turn % answers.len()])
}
