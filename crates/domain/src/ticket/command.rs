//! What people and timers ask of a ticket, decided into facts or refused.

use super::clocks::Clocks;
use super::draft::Draft;
use super::{Actor, Fact, Hold, Status, Ticket, TicketId, escalate};
use crate::routing::Priority;
use crate::sla::{HoldKind, ReplyPolicy, SlaBook, StopCause};
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
    Reply {
        /// What to send.
        text: String,
        /// Whether a machine wrote it.
        #[serde(default)]
        automatic: bool,
    },
    /// Let it wait, or put it off.
    Hold {
        /// The state's name in the configuration; `None` for the kind's own.
        state: Option<Slug>,
        /// What it means for the clocks.
        kind: HoldKind,
        /// When it ends by itself; needed to put a ticket off.
        until: Option<Timestamp>,
        /// Who has to agree; needed for an approval.
        approver: Option<Slug>,
    },
    /// It is our turn again.
    Release,
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
    /// Its posts stand in another ticket.
    #[error("it is merged into ticket {0}: work on that one, or undo the merge")]
    Merged(TicketId),
    /// Nothing but white space.
    #[error("the text is empty")]
    EmptyText,
    /// Above [`MAX_TEXT_BYTES`].
    #[error("the text has {0} bytes, the limit is {MAX_TEXT_BYTES}")]
    TextTooLong(usize),
    /// Put off without end, or into the past.
    #[error("a ticket is put off until a time that is still to come: give one")]
    NoWakeUp,
    /// An approval nobody is asked for.
    #[error("an approval needs the department that has to agree")]
    NoApprover,
    /// The department leaves answers to others.
    #[error(
        "{} of `{department}` answers its tickets: move the ticket to the department that does",
        if *.by_members { "only a member" } else { "nobody" }
    )]
    AnswersElsewhere {
        /// Which department.
        department: Slug,
        /// Whether its members do.
        by_members: bool,
    },
    /// A name without any character.
    #[error("the assignee is empty: name a user, or null for nobody")]
    EmptyAssignee,
}

/// What `command` does to `ticket` at `now`, under the promises of `book`; no facts when it
/// is so already.
///
/// # Errors
/// A [`Refusal`] that says what stands in the way.
pub fn decide(
    ticket: &Ticket,
    command: &Command,
    actor: &Actor,
    book: &SlaBook,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let clocks = Clocks { ticket, book, now };
    if let Some(into) = ticket.merged_into
        && !matches!(command, Command::Note { .. } | Command::Tick)
    {
        return Err(Refusal::Merged(into.ticket));
    }
    match command {
        Command::Claim => claim(&clocks, actor),
        Command::Assign { to } => assign(&clocks, to.as_deref()),
        Command::Note { text } => Ok(vec![Fact::Noted {
            text: usable(text)?,
        }]),
        Command::Reply { text, automatic } => reply(&clocks, actor, text, *automatic),
        Command::Hold {
            state,
            kind,
            until,
            approver,
        } => hold(
            &clocks,
            Hold {
                state: state
                    .clone()
                    .unwrap_or_else(|| Slug::from_any(kind.as_str())),
                kind: *kind,
                since: now,
                until: *until,
                approver: approver.clone(),
            },
        ),
        Command::Release => Ok(clocks.released()),
        Command::Resolve => Ok(resolve(&clocks)),
        Command::Reopen => Ok(reopen(&clocks)),
        Command::Relabel { label } => Ok(relabel(&clocks, *label)),
        Command::Move { department } => {
            let by_person = matches!(actor, Actor::Person(_));
            Ok(move_to(&clocks, department, by_person))
        }
        Command::SetPriority { priority } => Ok(set_priority(&clocks, *priority, true)),
        Command::Tick => Ok(escalate::tick(&clocks)),
    }
}

/// The facts of another priority: the priority itself and the deadlines that follow from it.
pub(crate) fn set_priority(clocks: &Clocks<'_>, to: Priority, by_person: bool) -> Vec<Fact> {
    let from = clocks.ticket.priority;
    if from == to {
        return vec![];
    }
    let changed = Fact::PriorityChanged {
        from,
        to,
        by_person,
    };
    std::iter::once(changed)
        .chain(clocks.prioritised(to))
        .collect()
}

/// The facts of another owner: whoever had the ticket in the old department loses it.
pub(crate) fn move_to(clocks: &Clocks<'_>, to: &Slug, by_person: bool) -> Vec<Fact> {
    let ticket = clocks.ticket;
    if ticket.department == *to {
        return vec![];
    }
    let mut facts = vec![Fact::DepartmentChanged {
        from: ticket.department.clone(),
        to: to.clone(),
        by_person,
    }];
    facts.extend(ticket.assignee.iter().map(|holder| Fact::Assigned {
        from: Some(holder.clone()),
        to: None,
    }));
    if by_person {
        facts.extend(clocks.acknowledged());
    }
    facts.extend(clocks.moved(to));
    facts
}

fn claim(clocks: &Clocks<'_>, actor: &Actor) -> Result<Vec<Fact>, Refusal> {
    require_open(clocks.ticket)?;
    let (Actor::Person(me) | Actor::System(me)) = actor;
    match &clocks.ticket.assignee {
        Some(holder) if holder == me => Ok(vec![]),
        Some(holder) => Err(Refusal::AlreadyClaimed(holder.clone())),
        None => Ok(assigned(clocks, Some(me))),
    }
}

fn assign(clocks: &Clocks<'_>, to: Option<&str>) -> Result<Vec<Fact>, Refusal> {
    require_open(clocks.ticket)?;
    if to.is_some_and(|name| name.trim().is_empty()) {
        return Err(Refusal::EmptyAssignee);
    }
    if clocks.ticket.assignee.as_deref() == to {
        return Ok(vec![]);
    }
    Ok(assigned(clocks, to))
}

/// Given to somebody it is in hand; taken away from everybody it is not.
fn assigned(clocks: &Clocks<'_>, to: Option<&str>) -> Vec<Fact> {
    let assigned = Fact::Assigned {
        from: clocks.ticket.assignee.clone(),
        to: to.map(str::to_owned),
    };
    let acknowledged = to.map(|_| clocks.acknowledged());
    std::iter::once(assigned)
        .chain(acknowledged.into_iter().flatten())
        .collect()
}

fn reply(
    clocks: &Clocks<'_>,
    actor: &Actor,
    text: &str,
    automatic: bool,
) -> Result<Vec<Fact>, Refusal> {
    require_open(clocks.ticket)?;
    require_answers(clocks, actor)?;
    let requested = Fact::ReplyRequested {
        reply: clocks.ticket.version + 1,
        text: usable(text)?,
        automatic,
    };
    Ok(std::iter::once(requested)
        .chain(clocks.replied(automatic))
        .collect())
}

fn hold(clocks: &Clocks<'_>, hold: Hold) -> Result<Vec<Fact>, Refusal> {
    require_open(clocks.ticket)?;
    let wakes = hold.until.is_some_and(|until| until > clocks.now);
    if (hold.kind == HoldKind::Snoozed || hold.until.is_some()) && !wakes {
        return Err(Refusal::NoWakeUp);
    }
    if hold.kind == HoldKind::Approval && hold.approver.is_none() {
        return Err(Refusal::NoApprover);
    }
    let same = |present: &Hold| {
        (
            &present.state,
            present.kind,
            present.until,
            &present.approver,
        ) == (&hold.state, hold.kind, hold.until, &hold.approver)
    };
    if clocks.ticket.hold.as_ref().is_some_and(same) {
        return Ok(vec![]);
    }
    let mut draft = Draft::of(clocks);
    draft.add(clocks.acknowledged());
    // One hold after the other: the clocks go through our own turn in between.
    let released = draft.clocks().released();
    draft.add(released);
    let clocks_held = draft.clocks().held(&hold);
    draft.add([Fact::Held(hold)]);
    draft.add(clocks_held);
    Ok(draft.into_facts())
}

fn resolve(clocks: &Clocks<'_>) -> Vec<Fact> {
    if !clocks.ticket.is_open() {
        return vec![];
    }
    let changed = Fact::StatusChanged {
        from: clocks.ticket.status,
        to: Status::Resolved,
        reason: None,
    };
    let mut facts = clocks.ended(StopCause::Resolved);
    facts.extend(clocks.no_hold());
    facts.push(changed);
    facts
}

fn reopen(clocks: &Clocks<'_>) -> Vec<Fact> {
    if clocks.ticket.is_open() {
        return vec![];
    }
    let changed = Fact::StatusChanged {
        from: clocks.ticket.status,
        to: Status::Open,
        reason: None,
    };
    std::iter::once(changed).chain(clocks.reopened()).collect()
}

/// Another label may stand under another promise.
fn relabel(clocks: &Clocks<'_>, to: Label) -> Vec<Fact> {
    let ticket = clocks.ticket;
    if ticket.label == to && ticket.edited.label {
        return vec![];
    }
    let mut draft = Draft::of(clocks);
    draft.add([Fact::LabelChanged {
        from: ticket.label,
        to,
        by_person: true,
    }]);
    let promised = ticket.is_open() && to != Label::General;
    if let Some(policy) = promised.then(|| clocks.policy_for(to)).flatten() {
        let changed = draft.clocks().under(policy);
        draft.add(changed);
    }
    let acknowledged = draft.clocks().acknowledged();
    draft.add(acknowledged);
    draft.into_facts()
}

/// What a department has not said of itself it leaves to whoever may work on its tickets.
fn require_answers(clocks: &Clocks<'_>, actor: &Actor) -> Result<(), Refusal> {
    let department = &clocks.ticket.department;
    let (Actor::Person(name) | Actor::System(name)) = actor;
    match clocks.book.duty(department) {
        Some(duty) if !duty.answers(name) => Err(Refusal::AnswersElsewhere {
            department: department.clone(),
            by_members: duty.reply == ReplyPolicy::Members,
        }),
        _ => Ok(()),
    }
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
