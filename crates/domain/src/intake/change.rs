//! The facts behind each kind of arrival.

use super::{IdentityState, Incoming, Intake, IntakeOutcome, Opening};
use crate::sla::{Holder, SlaBook, StopCause};
use crate::ticket::clocks::{Clocks, post_arrived};
use crate::ticket::command::{move_to, set_priority};
use crate::ticket::draft::Draft;
use crate::ticket::{CloseReason, Fact, Status, Ticket};
use crate::{Label, NoAnswer};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Under which promises, and when.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) book: &'a SlaBook,
    pub(super) now: Timestamp,
}

impl<'a> Moment<'a> {
    pub(super) const fn clocks(self, ticket: &'a Ticket) -> Clocks<'a> {
        Clocks {
            ticket,
            book: self.book,
            now: self.now,
        }
    }
}

pub(super) fn first_sight(
    incoming: &Incoming,
    ticket: Option<&Ticket>,
    moment: Moment<'_>,
) -> Intake {
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
        None => (IntakeOutcome::Opened, opening(incoming, moment)),
        Some(ticket) => (IntakeOutcome::Changed, joining(incoming, ticket, moment)),
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
    moment: Moment<'_>,
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
                .flat_map(|ticket| revising(incoming, known, ticket, moment)),
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
    moment: Moment<'_>,
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
        facts.extend(moment.clocks(ticket).ended(StopCause::PostDeleted));
        facts.extend(moment.clocks(ticket).no_hold());
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

fn opening(incoming: &Incoming, moment: Moment<'_>) -> Vec<Fact> {
    let classified = &incoming.classified;
    let verdict = &classified.classification;
    let opened = Fact::Opened(Box::new(Opening {
        mention: classified.mention.key(),
        author_id: classified.mention.author.id.clone(),
        posted_at: classified.posted_at(),
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
        author_tier: incoming.author.tier(&classified.mention.author),
        looked_up: incoming.author.looked_up.clone(),
    }));
    let holder = Holder {
        department: &incoming.decision.department,
        priority: incoming.decision.priority,
    };
    let closed = verdict
        .no_answer
        .map(|why| closing(Status::Open, close_reason(why)));
    std::iter::once(opened)
        .chain(first_clocks(incoming, holder, moment))
        .chain(closed)
        .collect()
}

fn first_clocks(incoming: &Incoming, holder: Holder<'_>, moment: Moment<'_>) -> Vec<Fact> {
    let start = incoming.classified.sla_start();
    let policy = incoming.policy(moment.book);
    policy.map_or_else(Vec::new, |policy| {
        post_arrived(moment.book, policy, holder, start, moment.now)
    })
}

/// Another post of the thread can make things worse, never better: it raises the label,
/// the priority and the severity, and takes the ticket along while nobody works on it.
fn joining(incoming: &Incoming, ticket: &Ticket, moment: Moment<'_>) -> Vec<Fact> {
    let classified = &incoming.classified;
    let verdict = &classified.classification;
    let added = Fact::MentionAdded {
        mention: classified.mention.key(),
        posted_at: classified.posted_at(),
        label: verdict.label,
    };
    let heavier = weight(verdict.label) > weight(ticket.label);
    let mut draft = Draft::of(&moment.clocks(ticket));
    draft.add([added]);
    consequences(&mut draft, incoming, heavier);
    asked_again(&mut draft, incoming);
    draft.into_facts()
}

/// A newer version of a post, or a newer verdict on the same one. Where it is the only post,
/// its label is the ticket's, and so is whether a person should check it; beside others it can
/// only raise the label.
fn revising(
    incoming: &Incoming,
    known: &IdentityState,
    ticket: &Ticket,
    moment: Moment<'_>,
) -> Vec<Fact> {
    let classified = &incoming.classified;
    let label = classified.classification.label;
    let mention = classified.mention.key();
    let (version, revision) = classified.pair();
    let alone = ticket.mention_count == 1;
    let needs_review = classified.classification.needs_review;
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
            // Beside other posts a look at the ticket may still be due for one of those.
            needs_review: (alone && needs_review != ticket.needs_review).then_some(needs_review),
        }
    };
    let relabels = if alone {
        label != ticket.label
    } else {
        weight(label) > weight(ticket.label)
    };
    let mut draft = Draft::of(&moment.clocks(ticket));
    draft.add([revised]);
    consequences(&mut draft, incoming, relabels);
    draft.into_facts()
}

fn consequences(draft: &mut Draft<'_>, incoming: &Incoming, relabels: bool) {
    let judged = judged(draft.clocks().ticket, incoming, relabels);
    draft.add(judged);
    let clocks = draft.clocks();
    let decision = &incoming.decision;
    if relabels && clocks.ticket.is_untouched() {
        let moved = move_to(&clocks, &decision.department, false);
        draft.add(moved);
    }
    let clocks = draft.clocks();
    if decision.priority > clocks.ticket.priority && !clocks.ticket.edited.priority {
        let raised = set_priority(&clocks, decision.priority, false);
        draft.add(raised);
    }
    let missing = missing_clocks(incoming, &draft.clocks());
    draft.add(missing);
}

/// What the verdict itself says.
fn judged(ticket: &Ticket, incoming: &Incoming, relabels: bool) -> Vec<Fact> {
    let verdict = &incoming.classified.classification;
    let mut facts = vec![];
    if relabels && !ticket.edited.label {
        facts.push(Fact::LabelChanged {
            from: ticket.label,
            to: verdict.label,
            by_person: false,
        });
    }
    let labels: BTreeSet<Label> = ticket.labels.union(&verdict.labels).copied().collect();
    if labels != ticket.labels {
        facts.push(Fact::LabelsChanged {
            from: ticket.labels.clone(),
            to: labels,
        });
    }
    if verdict.severity > ticket.severity {
        facts.push(Fact::SeverityRaised {
            from: ticket.severity,
            to: verdict.severity,
        });
    }
    facts
}

/// A ticket that had no clock (it was chatter) gets them with the first post that deserves
/// them.
fn missing_clocks(incoming: &Incoming, clocks: &Clocks<'_>) -> Vec<Fact> {
    let ticket = clocks.ticket;
    if !ticket.clocks.is_empty() || !ticket.is_open() {
        return vec![];
    }
    let moment = Moment {
        book: clocks.book,
        now: clocks.now,
    };
    first_clocks(incoming, clocks.holder(), moment)
}

/// A further post that needs an answer is the next one to be answered.
fn asked_again(draft: &mut Draft<'_>, incoming: &Incoming) {
    let clocks = draft.clocks();
    let promised = !clocks.ticket.clocks.is_empty() && clocks.ticket.is_open();
    if !promised || !incoming.asks() {
        return;
    }
    let start = incoming.classified.sla_start();
    let asked = clocks.author_wrote(start);
    draft.add(asked);
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
pub(crate) const fn weight(label: Label) -> u8 {
    match label {
        Label::PrRisk => 3,
        Label::Complaint => 2,
        Label::Lead => 1,
        Label::General => 0,
    }
}
