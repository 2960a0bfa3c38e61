//! How people are told of a ticket that waits: which, which promise, how late.

use jiff::{SignedDuration, Timestamp};
use switchboard_domain::sla::ClockKind;
use switchboard_storage::records::TicketCall;

/// Which ticket, and whether it is late already.
pub(super) fn ticket_title(call: &TicketCall) -> String {
    let TicketCall {
        ticket, department, ..
    } = call;
    let state = if is_late(call) { "is late" } else { "waits" };
    format!("Ticket {ticket} of {department} {state}")
}

/// Which promise, how late, and who was asked.
pub(super) fn why(call: &TicketCall) -> String {
    let promise = promise(call.clock);
    let lateness = match call.due_at {
        Some(due) if is_late(call) => {
            let late = rough(call.at.duration_since(due));
            format!("{promise} is {late} late: it was due at {}.", minute(due))
        }
        Some(due) => {
            let left = rough(due.duration_since(call.at));
            format!("{promise} is due in {left}, at {}.", minute(due))
        }
        None => format!("{promise} waits, and its deadline stands still."),
    };
    let holder = call.assignee.as_deref().unwrap_or("Nobody");
    let on_call = call.on_call.as_ref();
    let on_call = on_call.map(|person| format!(" On call: {person}."));
    format!("{lateness} {holder} has it.{}", on_call.unwrap_or_default())
}

/// Label, priority, policy and step on one line.
pub(super) fn circumstances(call: &TicketCall) -> String {
    let TicketCall {
        label,
        priority,
        policy,
        step,
        brand,
        ..
    } = call;
    let label = label.as_str();
    format!("{brand} · {label} · {priority} · policy {policy}, step {step}")
}

/// Whole seconds from the deadline to the step; 0 while there is time.
pub(super) fn late_seconds(call: &TicketCall) -> i64 {
    let late = call.due_at.map(|due| call.at.duration_since(due));
    late.map_or(0, |late| late.as_secs().max(0))
}

fn is_late(call: &TicketCall) -> bool {
    call.due_at.is_some_and(|due| due <= call.at)
}

const fn promise(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::FirstResponse => "The first answer",
        ClockKind::NextResponse => "The next answer",
        ClockKind::Resolution => "The resolution",
        ClockKind::Ownership => "The department's turn",
        ClockKind::PeriodicUpdate => "The next word to the author",
        ClockKind::Triage => "The first look at it",
    }
}

/// In the largest unit that leaves more than one of it.
fn rough(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::stage::tests::{now, ticket_call};
    use rstest::rstest;

    #[rstest]
    #[case::late(
        -720,
        "Ticket 42 of pr is late",
        "The first answer is 12 min late: it was due at 2026-03-01 07:48 UTC. Nobody has it."
    )]
    #[case::just_now(
        0,
        "Ticket 42 of pr is late",
        "The first answer is 0 s late: it was due at 2026-03-01 08:00 UTC. Nobody has it."
    )]
    #[case::in_time(
        90,
        "Ticket 42 of pr waits",
        "The first answer is due in 90 s, at 2026-03-01 08:01 UTC. Nobody has it."
    )]
    fn which_and_how_late(#[case] due_in: i64, #[case] title: &str, #[case] words: &str) {
        let call = TicketCall {
            due_at: Some(now() + SignedDuration::from_secs(due_in)),
            ..ticket_call()
        };
        assert_eq!(ticket_title(&call), title);
        assert_eq!(why(&call), words);
        assert_eq!(late_seconds(&call), (-due_in).max(0));
    }

    #[test]
    fn who_has_it_and_who_is_asked() {
        let call = TicketCall {
            due_at: None,
            assignee: Some("jo".into()),
            on_call: Some("maria".into()),
            ..ticket_call()
        };
        let want =
            "The first answer waits, and its deadline stands still. jo has it. On call: maria.";
        assert_eq!(why(&call), want);
        assert_eq!(ticket_title(&call), "Ticket 42 of pr waits");
    }

    #[rstest]
    #[case(119, "119 s")]
    #[case(120, "2 min")]
    #[case(7_199, "119 min")]
    #[case(7_200, "2 h")]
    #[case(172_800, "2 days")]
    #[case(-5, "0 s")]
    fn rough_lengths(#[case] seconds: i64, #[case] want: &str) {
        assert_eq!(rough(SignedDuration::from_secs(seconds)), want);
    }
}
