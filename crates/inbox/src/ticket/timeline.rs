//! What happened to a ticket, in facts for programs and a sentence for people.

use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::sla::{ClockKind, DueMilestone, Milestone, Point, StopCause};
use switchboard_domain::ticket::{Actor, CloseReason, Fact, Hold, Status, TicketEvent};
use switchboard_domain::{Label, MentionKey};
use utoipa::ToSchema;

/// One version of the ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// The version the ticket had after it.
    version: u64,
    /// When.
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
    /// Who: `{"type":"person","name":"ann"}` or `{"type":"system","name":"route"}`.
    #[schema(schema_with = schema::object)]
    actor: Actor,
    /// One line for people.
    summary: String,
    /// What changed, each as `{"fact":"...", ...}` with what was and what is.
    #[schema(value_type = Vec<serde_json::Value>)]
    facts: Vec<Fact>,
}

impl From<TicketEvent> for EventView {
    fn from(event: TicketEvent) -> Self {
        let summary = event
            .change
            .facts
            .iter()
            .map(sentence)
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            version: event.version,
            at: event.change.at,
            actor: event.change.actor,
            summary,
            facts: event.change.facts,
        }
    }
}

/// Notes and replies are shown whole elsewhere; a line of them is enough to recognise one.
const QUOTED_CHARACTERS: usize = 80;

fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::Opened(opening) => {
            format!("opened for {} as {}", opening.department, opening.label)
        }
        Fact::MentionAdded { mention, .. } => format!("post {mention} joined"),
        Fact::MentionEdited { mention, .. } => format!("post {mention} was edited by its author"),
        Fact::MentionJudged {
            mention,
            label,
            needs_review,
            ..
        } => judged(mention, *label, *needs_review),
        Fact::MentionDeleted { mention } => format!("post {mention} was deleted"),
        Fact::AccountAdded { account, .. } => format!("also found for account {account}"),
        Fact::LabelChanged { from, to, .. } => format!("label {from} became {to}"),
        Fact::LabelsChanged { to, .. } => {
            let labels: Vec<_> = to.iter().map(|label| label.as_str()).collect();
            format!("labels are now {}", labels.join(", "))
        }
        Fact::DepartmentChanged { from, to, .. } => format!("moved from {from} to {to}"),
        Fact::PriorityChanged { from, to, .. } => format!("priority {from} became {to}"),
        Fact::SeverityRaised { from, to } => format!("severity rose from {from} to {to}"),
        Fact::Assigned { from, to } => assigned(from.as_deref(), to.as_deref()),
        Fact::StatusChanged { to, reason, .. } => status_changed(*to, *reason),
        Fact::ClockStarted { clock } => {
            format!("{} due {}", words(clock.kind.as_str()), due(clock.due_at()))
        }
        Fact::ClockRetargeted {
            clock, schedule, ..
        } => format!(
            "{} now due {}",
            words(clock.as_str()),
            due(deadline(schedule))
        ),
        Fact::ClockHeld { clock, runs, .. } => {
            let verb = if *runs { "runs on" } else { "pauses" };
            format!("{} {verb}", words(clock.as_str()))
        }
        Fact::ClockResumed {
            clock, schedule, ..
        } => format!(
            "{} goes on, due {}",
            words(clock.as_str()),
            due(deadline(schedule))
        ),
        Fact::Held(hold) => held(hold),
        Fact::Released { kind } => format!("no longer {}", words(kind.as_str())),
        Fact::Escalated {
            clock,
            step,
            notify,
            on_call,
            ..
        } => escalated(*clock, *step, notify, on_call.as_deref()),
        Fact::AnswerSeen { text, .. } => format!("answered on the platform: {}", quoted(text)),
        Fact::MergedInto(_)
        | Fact::Absorbed(_)
        | Fact::Parted { .. }
        | Fact::GaveBack { .. }
        | Fact::SplitFrom { .. }
        | Fact::SplitOff { .. } => regrouped(fact),
        Fact::ClockFired(due) => fired(due),
        Fact::ClockStopped { clock, stop, .. } => {
            format!("{} stopped: {}", words(clock.as_str()), cause(stop.cause))
        }
        Fact::Noted { text } => format!("note: {}", quoted(text)),
        Fact::ReplyRequested { text, .. } => format!("reply: {}", quoted(text)),
    }
}

/// Posts that changed tickets.
fn regrouped(fact: &Fact) -> String {
    match fact {
        Fact::MergedInto(into) => format!("merged into ticket {}", into.ticket),
        Fact::Absorbed(other) => {
            let posts = counted(other.mentions.len());
            format!("ticket {} merged into this one, {posts}", other.ticket)
        }
        Fact::Parted { mentions, .. } => {
            format!("merge undone, {} back", counted(mentions.len()))
        }
        Fact::GaveBack {
            ticket, mentions, ..
        } => {
            let posts = counted(mentions.len());
            format!("merge of ticket {ticket} undone, {posts} given back")
        }
        Fact::SplitFrom { ticket } => format!("split out of ticket {ticket}"),
        Fact::SplitOff { ticket, mention } => format!("post {mention} became ticket {ticket}"),
        _ => String::new(),
    }
}

fn judged(mention: &MentionKey, label: Label, needs_review: Option<bool>) -> String {
    let look = match needs_review {
        Some(true) => ", and a person should look",
        Some(false) => ", and nobody needs to look",
        None => "",
    };
    format!("post {mention} judged as {label}{look}")
}

fn assigned(from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (_, Some(to)) => format!("assigned to {to}"),
        (Some(from), None) => format!("{from} no longer has it"),
        (None, None) => "nobody has it".to_owned(),
    }
}

fn status_changed(to: Status, reason: Option<CloseReason>) -> String {
    let reason = match reason {
        Some(CloseReason::Spam) => ": spam",
        Some(CloseReason::Thanks) => ": only a thank-you",
        Some(CloseReason::PostDeleted) => ": the author deleted it",
        Some(CloseReason::Merged) => ": its posts are in another ticket",
        None => "",
    };
    match to {
        Status::Open => "reopened".to_owned(),
        Status::Resolved => "resolved".to_owned(),
        Status::Closed => format!("closed{reason}"),
    }
}

fn fired(due: &DueMilestone) -> String {
    let clock = words(due.clock.as_str());
    match due.milestone {
        Milestone::Warning(percent) => format!("{clock}: {percent} % of the time is used"),
        Milestone::Breach => format!("{clock} missed, it was due {}", due.due_at),
        Milestone::Escalation(step) => format!("{clock}: escalation step {step}"),
    }
}

const fn cause(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Replied => "answered",
        StopCause::Resolved => "resolved",
        StopCause::Acknowledged => "taken in hand",
        StopCause::Moved => "handed on",
        StopCause::Merged => "it lives on in another ticket",
        StopCause::PostDeleted => "the author deleted the post",
    }
}

fn held(hold: &Hold) -> String {
    let until = hold.until.map(|until| format!(" until {until}"));
    let approver = hold.approver.as_ref().map(|who| format!(" by {who}"));
    format!(
        "{}{}{}",
        words(hold.state.as_str()),
        approver.unwrap_or_default(),
        until.unwrap_or_default()
    )
}

fn escalated(clock: ClockKind, step: u8, notify: &[String], on_call: Option<&str>) -> String {
    let clock = words(clock.as_str());
    let on_call = on_call.map(|person| format!("; {person} is on call"));
    let on_call = on_call.unwrap_or_default();
    if notify.is_empty() {
        return format!("{clock}: escalation step {step} taken{on_call}");
    }
    format!(
        "{clock}: escalation step {step} calls {}{on_call}",
        notify.join(", ")
    )
}

fn counted(posts: usize) -> String {
    match posts {
        1 => "1 post".to_owned(),
        posts => format!("{posts} posts"),
    }
}

fn deadline(schedule: &[Point]) -> Option<Timestamp> {
    let mut points = schedule.iter();
    let breach = points.find(|point| point.milestone == Milestone::Breach);
    breach.map(|point| point.at)
}

/// Without an instant where the clock stands still before its deadline.
fn due(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "when it goes on".to_owned(), |at| at.to_string())
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED_CHARACTERS {
        return line;
    }
    line.chars().take(QUOTED_CHARACTERS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_domain::{Label, Slug};

    #[rstest]
    #[case::given(Fact::Assigned { from: None, to: Some("ann".into()) }, "assigned to ann")]
    #[case::released(Fact::Assigned { from: Some("ann".into()), to: None }, "ann no longer has it")]
    #[case::moved(
        Fact::DepartmentChanged {
            from: Slug::from_any("support"), to: Slug::from_any("sales"), by_person: true,
        },
        "moved from support to sales"
    )]
    #[case::relabelled(
        Fact::LabelChanged { from: Label::General, to: Label::PrRisk, by_person: false },
        "label general became pr_risk"
    )]
    #[case::closed(
        Fact::StatusChanged {
            from: Status::Open, to: Status::Closed, reason: Some(CloseReason::Thanks),
        },
        "closed: only a thank-you"
    )]
    #[case::missed(
        Fact::ClockFired(DueMilestone {
            clock: ClockKind::FirstResponse,
            cycle: 1,
            milestone: Milestone::Breach,
            due_at: Timestamp::UNIX_EPOCH,
        }),
        "first response missed, it was due 1970-01-01T00:00:00Z"
    )]
    #[case::note_on_one_line(Fact::Noted { text: "a\n b".into() }, "note: a b")]
    fn says(#[case] fact: Fact, #[case] want: &str) {
        assert_eq!(sentence(&fact), want);
    }

    #[test]
    fn a_long_note_is_cut() {
        let line = sentence(&Fact::Noted {
            text: "ä".repeat(1000),
        });
        assert_eq!(line.chars().count(), "note: ".len() + QUOTED_CHARACTERS + 1);
    }
}
