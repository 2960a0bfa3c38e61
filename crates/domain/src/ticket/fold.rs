//! Facts → ticket. The only code that changes one.

use super::{Change, Edited, Fact, Status, Ticket, TicketEvent, TicketId};
use crate::MentionKey;
use crate::sla::{ClockKind, Milestone, SegmentCause, SlaClock};

/// The events do not tell one ticket's life.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The first fact of a ticket must be its opening.
    #[error("ticket `{0}` does not begin with an opening")]
    NoOpening(TicketId),
    /// A version is missing or stands twice.
    #[error("ticket `{ticket}` has version {found} where {expected} was due")]
    Gap {
        /// Whose.
        ticket: TicketId,
        /// The next version in line.
        expected: u64,
        /// What stood there.
        found: u64,
    },
}

impl Ticket {
    /// A ticket as its first change made it.
    ///
    /// # Errors
    /// [`FoldError::NoOpening`] when the change does not begin with [`Fact::Opened`].
    pub fn open(id: TicketId, change: &Change) -> Result<Self, FoldError> {
        let Some((Fact::Opened(opening), rest)) = change.facts.split_first() else {
            return Err(FoldError::NoOpening(id));
        };
        let mut ticket = opening.ticket(id, change.at);
        for fact in rest {
            ticket.apply(fact);
        }
        Ok(ticket)
    }

    /// The next version of the ticket.
    pub fn change(&mut self, change: &Change) {
        for fact in &change.facts {
            self.apply(fact);
        }
        self.version += 1;
        self.updated_at = change.at;
    }

    /// The ticket as its events tell it.
    ///
    /// # Errors
    /// When the events are not one ticket's, whole and in order.
    pub fn rebuild(events: &[TicketEvent]) -> Result<Option<Self>, FoldError> {
        let Some((first, rest)) = events.split_first() else {
            return Ok(None);
        };
        let mut ticket = Self::open(first.ticket, &first.change)?;
        for event in rest {
            let expected = ticket.version + 1;
            if event.version != expected {
                return Err(FoldError::Gap {
                    ticket: ticket.id,
                    expected,
                    found: event.version,
                });
            }
            ticket.change(&event.change);
        }
        Ok(Some(ticket))
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(_)
            | Fact::MentionEdited { .. }
            | Fact::AccountAdded { .. }
            | Fact::AnswerSeen { .. }
            | Fact::Noted { .. }
            | Fact::Escalated { .. }
            | Fact::ReplyRequested { .. } => {}
            Fact::MentionAdded { posted_at, .. } => {
                self.mention_count += 1;
                self.last_post_at = self.last_post_at.max(*posted_at);
            }
            Fact::MentionJudged { needs_review, .. } => {
                self.needs_review = needs_review.unwrap_or(self.needs_review);
            }
            Fact::MentionDeleted { .. } => self.deleted_count += 1,
            Fact::LabelChanged {
                from,
                to,
                by_person,
            } => {
                if *by_person {
                    self.labels.remove(from);
                }
                self.label = *to;
                self.labels.insert(*to);
                self.edited.label |= by_person;
            }
            Fact::LabelsChanged { to, .. } => self.labels.clone_from(to),
            Fact::DepartmentChanged { to, by_person, .. } => {
                self.department = to.clone();
                self.edited.department |= by_person;
            }
            Fact::PriorityChanged { to, by_person, .. } => {
                self.priority = *to;
                self.edited.priority |= by_person;
            }
            Fact::SeverityRaised { to, .. } => self.severity = *to,
            Fact::Assigned { to, .. } => self.assignee.clone_from(to),
            Fact::StatusChanged { to, reason, .. } => {
                self.status = *to;
                self.close_reason = *reason;
            }
            Fact::MergedInto(_)
            | Fact::Absorbed(_)
            | Fact::Parted { .. }
            | Fact::GaveBack { .. }
            | Fact::SplitFrom { .. }
            | Fact::SplitOff { .. } => self.regroup(fact),
            Fact::Held(hold) => self.hold = Some(hold.clone()),
            Fact::Released { .. } => self.hold = None,
            Fact::ClockStarted { .. }
            | Fact::ClockRetargeted { .. }
            | Fact::ClockHeld { .. }
            | Fact::ClockResumed { .. }
            | Fact::ClockFired(_)
            | Fact::ClockStopped { .. } => self.apply_to_clocks(fact),
        }
    }

    fn regroup(&mut self, fact: &Fact) {
        match fact {
            Fact::MergedInto(into) => {
                self.merged_into = Some(*into);
                (self.mention_count, self.deleted_count) = (0, 0);
            }
            Fact::Absorbed(absorbed) => {
                self.mention_count += count(&absorbed.mentions);
                self.deleted_count += absorbed.deleted;
                self.last_post_at = self.last_post_at.max(absorbed.last_post_at);
                self.absorbed.push((**absorbed).clone());
            }
            Fact::Parted {
                mentions, deleted, ..
            } => {
                self.merged_into = None;
                (self.mention_count, self.deleted_count) = (count(mentions), *deleted);
                if let Some(first) = mentions
                    .first()
                    .filter(|_| !mentions.contains(&self.mention))
                {
                    self.mention = first.clone();
                }
            }
            Fact::GaveBack {
                ticket,
                mentions,
                deleted,
                severity,
            } => {
                self.mention_count = self.mention_count.saturating_sub(count(mentions));
                self.deleted_count = self.deleted_count.saturating_sub(*deleted);
                self.severity = *severity;
                self.absorbed.retain(|absorbed| absorbed.ticket != *ticket);
            }
            Fact::SplitFrom { ticket } => self.split_from = Some(*ticket),
            Fact::SplitOff { .. } => {
                self.mention_count = self.mention_count.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn apply_to_clocks(&mut self, fact: &Fact) {
        if let Fact::ClockStarted { clock } = fact {
            self.clocks.push((**clock).clone());
            return;
        }
        let Some((kind, cycle)) = fact.clock() else {
            return;
        };
        if let Some(clock) = self.clock_mut(kind, cycle) {
            change_clock(clock, fact);
        }
    }

    fn clock_mut(&mut self, kind: ClockKind, cycle: u32) -> Option<&mut SlaClock> {
        self.clocks
            .iter_mut()
            .find(|clock| clock.kind == kind && clock.cycle == cycle)
    }
}

fn count(mentions: &[MentionKey]) -> u32 {
    u32::try_from(mentions.len()).unwrap_or(u32::MAX)
}

fn change_clock(clock: &mut SlaClock, fact: &Fact) {
    match fact {
        Fact::ClockRetargeted {
            terms, schedule, ..
        } => {
            clock.terms = (**terms).clone();
            clock.schedule.clone_from(schedule);
        }
        Fact::ClockHeld {
            at,
            hold,
            runs,
            schedule,
            ..
        } => {
            clock.segments = clock.segments_with(*at, SegmentCause::Hold(*hold), *runs);
            clock.schedule.clone_from(schedule);
        }
        Fact::ClockResumed { at, schedule, .. } => {
            clock.segments = clock.segments_with(*at, SegmentCause::Ours, true);
            clock.schedule.clone_from(schedule);
            clock.stopped = None;
        }
        Fact::ClockFired(due) => {
            clock.fired.push(due.milestone);
            if due.milestone == Milestone::Breach {
                clock.breached_at = Some(due.due_at);
            }
        }
        Fact::ClockStopped { stop, .. } => {
            if let Some(last) = clock.segments.last_mut() {
                last.until = Some(stop.at.max(last.from));
            }
            clock.stopped = Some(*stop);
        }
        _ => {}
    }
}

impl crate::intake::Opening {
    fn ticket(&self, id: TicketId, at: jiff::Timestamp) -> Ticket {
        Ticket {
            id,
            version: 1,
            created_at: at,
            updated_at: at,
            department: self.department.clone(),
            helpers: self.helpers.clone(),
            label: self.label,
            labels: self.labels.clone(),
            status: Status::Open,
            close_reason: None,
            priority: self.priority,
            assignee: None,
            brand: self.brand.clone(),
            platform: self.mention.platform.clone(),
            language: self.language.clone(),
            severity: self.severity,
            topics: self.topics.clone(),
            needs_review: self.needs_review,
            mention: self.mention.clone(),
            author_id: self.author_id.clone(),
            mention_count: 1,
            deleted_count: 0,
            last_post_at: self.posted_at,
            author_tier: self.author_tier,
            looked_up: self.looked_up.clone(),
            hold: None,
            clocks: Vec::new(),
            edited: Edited::default(),
            merged_into: None,
            absorbed: Vec::new(),
            split_from: None,
        }
    }
}
