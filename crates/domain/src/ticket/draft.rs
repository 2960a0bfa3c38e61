//! A change in the making: each fact is decided on the ticket as those before it left it.

use super::clocks::Clocks;
use super::{Fact, Ticket};
use crate::sla::SlaBook;
use jiff::Timestamp;

/// Facts so far, and the ticket as it is with them.
pub(crate) struct Draft<'a> {
    ticket: Ticket,
    book: &'a SlaBook,
    now: Timestamp,
    facts: Vec<Fact>,
}

impl<'a> Draft<'a> {
    /// Nothing has happened yet.
    pub(crate) fn of(before: &Clocks<'a>) -> Self {
        Self {
            ticket: before.ticket.clone(),
            book: before.book,
            now: before.now,
            facts: vec![],
        }
    }

    /// The ticket as it is by now.
    pub(crate) fn clocks(&self) -> Clocks<'_> {
        Clocks {
            ticket: &self.ticket,
            book: self.book,
            now: self.now,
        }
    }

    /// This happened, too.
    pub(crate) fn add(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            self.ticket.apply(&fact);
            self.facts.push(fact);
        }
    }

    /// All that happened, in order.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }
}
