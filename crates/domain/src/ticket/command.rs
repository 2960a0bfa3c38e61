//! What people and timers ask of a ticket, decided into facts or refused.

use super::{Actor, Fact, Status, Ticket};
use crate::routing::Priority;
use crate::sla::{Milestone, SlaClock, Stop, StopCause};
use crate::{Label, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest note or reply, in bytes: above any platform's limit, below what would swell
/// every copy of the event.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A wish to change a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Take it; refused when somebody else has it.
    Claim,
    /// Give it to a person, or to nobody.
    #[expect(missing_docs, reason = "the field says it")]
    Assign { to: Option<String> },
    /// Write something for colleagues.
    #[expect(missing_docs, reason = "the field says it")]
    Note { text: String },
    /// Answer the author.
    #[expect(missing_docs, reason = "the field says it")]
    Reply { text: String },
    /// Say that it is done.
    Resolve,
    /// Say that it is not done after all.
    Reopen,
    /// Correct the label.
    #[expect(missing_docs, reason = "the field says it")]
    Relabel { label: Label },
    /// Hand it to another department.
    #[expect(missing_docs, reason = "the field says it")]
    Move { department: Slug },
    /// Change how much it presses.
    #[expect(missing_docs, reason = "the field says it")]
    SetPriority { priority: Priority },
    /// The timers looked: fire what is due.
    Tick,
}

/// Why a command was not carried out. The caller shows it; the ticket is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else has it.
    #[error("already claimed by `{0}`: ask them, or assign it to yourself")]
    AlreadyClaimed(String),
    /// Only an open ticket can be worked on.
    #[error("the ticket is {}: reopen it first", .0.as_str())]
    NotOpen(Status),
    /// Nothing but white space.
    #[error("the text is empty")]
    EmptyText,
    /// Above [`MAX_TEXT_BYTES`].
    #[error("the text has {0} bytes, the limit is {MAX_TEXT_BYTES}")]
    TextTooLong(usize),
    /// A name without any character.
    #[error("the assignee is empty: name a user, or null for nobody")]
    EmptyAssignee,
}

/// What `command` does to `ticket` at `now`; no facts when it is so already.
///
/// # Errors
/// A [`Refusal`] that says what stands in the way.
pub fn decide(
    ticket: &Ticket,
    command: &Command,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    match command {
        Command::Claim => claim(ticket, actor),
        Command::Assign { to } => assign(ticket, to.as_deref()),
        Command::Note { text } => Ok(vec![Fact::Noted {
            text: usable(text)?,
        }]),
        Command::Reply { text } => reply(ticket, text, now),
        Command::Resolve => Ok(resolve(ticket, now)),
        Command::Reopen => Ok(reopen(ticket)),
        Command::Relabel { label } => Ok(relabel(ticket, *label)),
        Command::Move { department } => Ok(move_to(ticket, department)),
        Command::SetPriority { priority } => Ok(set_priority(ticket, *priority, true)),
        Command::Tick => Ok(tick(ticket, now)),
    }
}

/// The facts of another priority: the priority itself and the deadlines that follow from it.
pub(crate) fn set_priority(ticket: &Ticket, to: Priority, by_person: bool) -> Vec<Fact> {
    if ticket.priority == to {
        return vec![];
    }
    let retargeted = ticket.clocks.iter().filter_map(|clock| {
        let (target_seconds, due_at) = clock.retarget(to)?;
        Some(Fact::ClockRetargeted {
            clock: clock.kind,
            cycle: clock.cycle,
            target_seconds,
            due_at,
        })
    });
    let changed = Fact::PriorityChanged {
        from: ticket.priority,
        to,
        by_person,
    };
    std::iter::once(changed).chain(retargeted).collect()
}

/// Stops every ticking clock. What fell due before the stop is recorded first, so that an
/// answer between the deadline and the timer's next look does not hide a breach.
pub(crate) fn stop_clocks(ticket: &Ticket, cause: StopCause, now: Timestamp) -> Vec<Fact> {
    let ticking = ticket.clocks.iter().filter(|clock| clock.stopped.is_none());
    ticking
        .flat_map(|clock| stop_clock(clock, cause, now))
        .collect()
}

fn stop_clock(clock: &SlaClock, cause: StopCause, now: Timestamp) -> Vec<Fact> {
    let missed = clock
        .due(now)
        .into_iter()
        .any(|due| due.milestone == Milestone::Breach && due.due_at < now);
    let fired = clock
        .due(now)
        .into_iter()
        .filter(|_| missed)
        .map(Fact::ClockFired);
    let stopped = Fact::ClockStopped {
        clock: clock.kind,
        cycle: clock.cycle,
        stop: Stop { at: now, cause },
    };
    fired.chain([stopped]).collect()
}

fn claim(ticket: &Ticket, actor: &Actor) -> Result<Vec<Fact>, Refusal> {
    require_open(ticket)?;
    let (Actor::Person(me) | Actor::System(me)) = actor;
    match &ticket.assignee {
        Some(holder) if holder == me => Ok(vec![]),
        Some(holder) => Err(Refusal::AlreadyClaimed(holder.clone())),
        None => Ok(vec![Fact::Assigned {
            from: None,
            to: Some(me.clone()),
        }]),
    }
}

fn assign(ticket: &Ticket, to: Option<&str>) -> Result<Vec<Fact>, Refusal> {
    require_open(ticket)?;
    if to.is_some_and(|name| name.trim().is_empty()) {
        return Err(Refusal::EmptyAssignee);
    }
    if ticket.assignee.as_deref() == to {
        return Ok(vec![]);
    }
    Ok(vec![Fact::Assigned {
        from: ticket.assignee.clone(),
        to: to.map(str::to_owned),
    }])
}

fn reply(ticket: &Ticket, text: &str, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    require_open(ticket)?;
    let requested = Fact::ReplyRequested {
        reply: ticket.version + 1,
        text: usable(text)?,
    };
    let stopped = stop_clocks(ticket, StopCause::Replied, now);
    Ok(std::iter::once(requested).chain(stopped).collect())
}

fn resolve(ticket: &Ticket, now: Timestamp) -> Vec<Fact> {
    if !ticket.is_open() {
        return vec![];
    }
    let stopped = stop_clocks(ticket, StopCause::Resolved, now);
    let changed = Fact::StatusChanged {
        from: ticket.status,
        to: Status::Resolved,
        reason: None,
    };
    stopped.into_iter().chain([changed]).collect()
}

fn reopen(ticket: &Ticket) -> Vec<Fact> {
    if ticket.is_open() {
        return vec![];
    }
    vec![Fact::StatusChanged {
        from: ticket.status,
        to: Status::Open,
        reason: None,
    }]
}

fn relabel(ticket: &Ticket, to: Label) -> Vec<Fact> {
    if ticket.label == to && ticket.edited.label {
        return vec![];
    }
    vec![Fact::LabelChanged {
        from: ticket.label,
        to,
        by_person: true,
    }]
}

fn move_to(ticket: &Ticket, to: &Slug) -> Vec<Fact> {
    if ticket.department == *to {
        return vec![];
    }
    let moved = Fact::DepartmentChanged {
        from: ticket.department.clone(),
        to: to.clone(),
        by_person: true,
    };
    let released = ticket.assignee.iter().map(|holder| Fact::Assigned {
        from: Some(holder.clone()),
        to: None,
    });
    std::iter::once(moved).chain(released).collect()
}

fn tick(ticket: &Ticket, now: Timestamp) -> Vec<Fact> {
    let mut due: Vec<_> = ticket
        .clocks
        .iter()
        .flat_map(|clock| clock.due(now))
        .collect();
    due.sort_by_key(|due| due.due_at);
    due.into_iter().map(Fact::ClockFired).collect()
}

fn require_open(ticket: &Ticket) -> Result<(), Refusal> {
    if ticket.is_open() {
        Ok(())
    } else {
        Err(Refusal::NotOpen(ticket.status))
    }
}

fn usable(text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::EmptyText);
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::TextTooLong(text.len()));
    }
    Ok(text.to_owned())
}
