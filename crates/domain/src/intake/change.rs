//! The facts behind each kind of arrival.

use super::{IdentityState, Incoming, Intake, IntakeOutcome, Opening};
use crate::sla::{ClockKind, StopCause};
use crate::ticket::command::{set_priority, stop_clocks};
use crate::ticket::{CloseReason, Fact, Status, Ticket};
use crate::{Label, NoAnswer};
use jiff::Timestamp;

pub(super) fn first_sight(incoming: &Incoming, ticket: Option<&Ticket>) -> Intake {
    let mention = &incoming.classified.mention;
    let (version, revision) = incoming.classified.pair();
    let identity = IdentityState {
        version,
        revision,
        deleted: false,
        accounts: mention.accounts.clone(),
        ticket: ticket.map(|ticket| ticket.id),
    };
    let (outcome, facts) = match ticket {
        None => (IntakeOutcome::Opened, opening(incoming)),
        Some(ticket) => (IntakeOutcome::Changed, joining(incoming, ticket)),
    };
    Intake {
        outcome,
        identity,
        facts,
        stores_words: true,
        erases_words: false,
    }
}

pub(super) fn seen_again(
    incoming: &Incoming,
    known: &IdentityState,
    ticket: Option<&Ticket>,
) -> Intake {
    let stored = (known.version, known.revision);
    let arrived = incoming.classified.pair();
    let mention = &incoming.classified.mention;
    let mut facts: Vec<Fact> = mention
        .accounts
        .difference(&known.accounts)
        .map(|account| Fact::AccountAdded {
            mention: mention.key(),
            account: account.clone(),
        })
        .collect();
    let mut identity = known.clone();
    identity.accounts.extend(mention.accounts.iter().cloned());
    let newer = arrived > stored;
    if newer {
        (identity.version, identity.revision) = arrived;
        facts.extend(
            ticket
                .into_iter()
                .flat_map(|ticket| revising(incoming, known, ticket)),
        );
    }
    let outcome = if newer {
        IntakeOutcome::Changed
    } else if arrived == stored {
        IntakeOutcome::Duplicate
    } else {
        IntakeOutcome::Superseded
    };
    Intake {
        outcome,
        identity,
        facts,
        stores_words: newer,
        erases_words: false,
    }
}

pub(super) fn delete(
    incoming: &Incoming,
    known: Option<&IdentityState>,
    ticket: Option<&Ticket>,
    now: Timestamp,
) -> Intake {
    let mention = &incoming.classified.mention;
    let mut identity = known.cloned().unwrap_or_default();
    identity.version = identity.version.max(mention.version);
    if known.is_some_and(|known| known.deleted) {
        return Intake::without_effect(IntakeOutcome::Duplicate, identity);
    }
    identity.deleted = true;
    let Some(ticket) = known.and_then(|known| known.ticket).and(ticket) else {
        return Intake::without_effect(IntakeOutcome::Tombstoned, identity);
    };
    let mut facts = vec![Fact::MentionDeleted {
        mention: mention.key(),
    }];
    if ticket.deleted_count + 1 >= ticket.mention_count {
        facts.extend(stop_clocks(ticket, StopCause::PostDeleted, now));
        if ticket.is_open() && ticket.is_untouched() {
            facts.push(closing(ticket.status, CloseReason::PostDeleted));
        }
    }
    let outcome = IntakeOutcome::Changed;
    Intake {
        outcome,
        identity,
        facts,
        stores_words: false,
        erases_words: true,
    }
}

fn opening(incoming: &Incoming) -> Vec<Fact> {
    let classified = &incoming.classified;
    let verdict = &classified.classification;
    let received = classified.received();
    let opened = Fact::Opened(Box::new(Opening {
        mention: classified.mention.key(),
        author_id: classified.mention.author.id.clone(),
        posted_at: received.posted_at(),
        received_at: classified.received_at,
        department: incoming.decision.department.clone(),
        helpers: incoming.decision.helpers.clone(),
        label: verdict.label,
        labels: verdict
            .labels
            .iter()
            .copied()
            .chain([verdict.label])
            .collect(),
        priority: incoming.decision.priority,
        brand: classified.brand.clone(),
        language: verdict.language.clone(),
        severity: verdict.severity,
        topics: verdict.topics.clone(),
        needs_review: verdict.needs_review,
    }));
    let clock = incoming
        .policy
        .as_ref()
        .and_then(|policy| policy.first_response(incoming.decision.priority, received.sla_start()))
        .map(|clock| Fact::ClockStarted { clock });
    let closed = verdict
        .no_answer
        .map(|why| closing(Status::Open, close_reason(why)));
    [Some(opened), clock, closed]
        .into_iter()
        .flatten()
        .collect()
}

/// Another post of the thread can make things worse, never better: it raises the label,
/// the priority and the severity, and takes the ticket along while nobody works on it.
fn joining(incoming: &Incoming, ticket: &Ticket) -> Vec<Fact> {
    let classified = &incoming.classified;
    let verdict = &classified.classification;
    let added = Fact::MentionAdded {
        mention: classified.mention.key(),
        posted_at: classified.received().posted_at(),
        label: verdict.label,
    };
    let heavier = weight(verdict.label) > weight(ticket.label);
    std::iter::once(added)
        .chain(consequences(incoming, ticket, heavier))
        .collect()
}

/// A newer version of a post, or a newer verdict on the same one. Where it is the only post,
/// its label is the ticket's; beside others it can only raise it.
fn revising(incoming: &Incoming, known: &IdentityState, ticket: &Ticket) -> Vec<Fact> {
    let classified = &incoming.classified;
    let label = classified.classification.label;
    let mention = classified.mention.key();
    let (version, revision) = classified.pair();
    let revised = if version > known.version {
        Fact::MentionEdited {
            mention,
            version,
            label,
        }
    } else {
        Fact::MentionJudged {
            mention,
            revision,
            label,
        }
    };
    let alone = ticket.mention_count == 1;
    let relabels = if alone {
        label != ticket.label
    } else {
        weight(label) > weight(ticket.label)
    };
    std::iter::once(revised)
        .chain(consequences(incoming, ticket, relabels))
        .collect()
}

fn consequences(incoming: &Incoming, ticket: &Ticket, relabels: bool) -> Vec<Fact> {
    let verdict = &incoming.classified.classification;
    let mut facts = vec![];
    if relabels && !ticket.edited.label {
        facts.push(Fact::LabelChanged {
            from: ticket.label,
            to: verdict.label,
            by_person: false,
        });
    }
    let labels: std::collections::BTreeSet<Label> =
        ticket.labels.union(&verdict.labels).copied().collect();
    if labels != ticket.labels {
        facts.push(Fact::LabelsChanged {
            from: ticket.labels.clone(),
            to: labels,
        });
    }
    if relabels && ticket.is_untouched() && incoming.decision.department != ticket.department {
        facts.push(Fact::DepartmentChanged {
            from: ticket.department.clone(),
            to: incoming.decision.department.clone(),
            by_person: false,
        });
    }
    if verdict.severity > ticket.severity {
        facts.push(Fact::SeverityRaised {
            from: ticket.severity,
            to: verdict.severity,
        });
    }
    if incoming.decision.priority > ticket.priority && !ticket.edited.priority {
        facts.extend(set_priority(ticket, incoming.decision.priority, false));
    }
    facts.extend(missing_clock(incoming, ticket));
    facts
}

/// A ticket that had no clock (it was chatter) gets one with the first post that deserves it.
fn missing_clock(incoming: &Incoming, ticket: &Ticket) -> Option<Fact> {
    let has_clock = ticket.clock(ClockKind::FirstResponse).is_some();
    if has_clock || !ticket.is_open() {
        return None;
    }
    let priority = ticket.priority.max(incoming.decision.priority);
    let start = incoming.classified.received().sla_start();
    let clock = incoming.policy.as_ref()?.first_response(priority, start)?;
    Some(Fact::ClockStarted { clock })
}

const fn closing(from: Status, reason: CloseReason) -> Fact {
    Fact::StatusChanged {
        from,
        to: Status::Closed,
        reason: Some(reason),
    }
}

const fn close_reason(why: NoAnswer) -> CloseReason {
    match why {
        NoAnswer::Spam => CloseReason::Spam,
        NoAnswer::Thanks => CloseReason::Thanks,
    }
}

/// Which label wins in a thread: what can hurt most.
const fn weight(label: Label) -> u8 {
    match label {
        Label::PrRisk => 3,
        Label::Complaint => 2,
        Label::Lead => 1,
        Label::General => 0,
    }
}
