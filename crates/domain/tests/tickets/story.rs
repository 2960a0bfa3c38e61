//! A tiny world to tell stories in: one thread, its identities, its tickets.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::author::{AuthorFacts, Ours};
use switchboard_domain::intake::{
    ClassifiedMention, IdentityState, Incoming, IntakeOutcome, decide,
};
use switchboard_domain::routing::{Decision, Facts, Priority, RoutingTable, route};
use switchboard_domain::sla::{ClockKind, PolicyScope, SlaBook, SlaPolicy};
use switchboard_domain::ticket::{
    self, Actor, Change, Command, Refusal, Ticket, TicketEvent, TicketId,
};
use switchboard_domain::{Classification, Label, Mention, NoAnswer, Op, Scores, Slug};

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

/// A post by always the same author to always the same account, unless told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) id: &'static str,
    pub(crate) op: Op,
    pub(crate) version: i64,
    pub(crate) revision: u32,
    pub(crate) label: Label,
    pub(crate) severity: u8,
    pub(crate) needs_review: bool,
    pub(crate) no_answer: Option<NoAnswer>,
    pub(crate) backfill: bool,
    pub(crate) ours: Option<Ours>,
    pub(crate) account: &'static str,
    pub(crate) minute: i64,
}

impl Post {
    pub(crate) fn complaint(id: &'static str) -> Self {
        Self::labelled(id, Label::Complaint, 3)
    }

    pub(crate) fn risk(id: &'static str) -> Self {
        Self::labelled(id, Label::PrRisk, 8)
    }

    pub(crate) fn chatter(id: &'static str) -> Self {
        Self::labelled(id, Label::General, 0)
    }

    pub(crate) fn deletion(id: &'static str) -> Self {
        Self {
            op: Op::Delete,
            ..Self::chatter(id)
        }
    }

    fn labelled(id: &'static str, label: Label, severity: u8) -> Self {
        Self {
            id,
            op: Op::Upsert,
            version: 0,
            revision: 1,
            label,
            severity,
            needs_review: false,
            no_answer: None,
            backfill: false,
            ours: None,
            account: "Acme",
            minute: 0,
        }
    }

    fn mention(&self) -> Mention {
        let mut mention = Mention::new(Slug::from_any("x"), self.id, "words");
        mention.op = self.op;
        mention.version = self.version;
        mention.backfill = self.backfill;
        mention.author.id = "ann".into();
        mention.accounts = [self.account.to_owned()].into();
        mention.created_at = Some(at(self.minute));
        mention
    }

    fn classification(&self) -> Classification {
        Classification {
            label: self.label,
            labels: [self.label].into(),
            confidence: 0.9,
            scores: Scores::default(),
            needs_review: self.needs_review,
            severity: self.severity,
            topics: vec![],
            language: "en".into(),
            reasons: vec![],
            no_answer: self.no_answer,
            rules_version: "test".into(),
            model_version: "none".into(),
            revision: self.revision,
        }
    }

    fn decision(&self, classified: &ClassifiedMention) -> Decision {
        let (department, priority) = match self.label {
            Label::PrRisk => ("pr", Priority::Urgent),
            Label::Complaint => ("support", Priority::Normal),
            Label::Lead => ("sales", Priority::Normal),
            Label::General => ("community", Priority::Low),
        };
        let table = RoutingTable::new(vec![], Slug::from_any(department)).unwrap();
        Decision {
            priority,
            ..route(&table, &Facts::of(classified))
        }
    }
}

/// What a store would hold: every post of the story joins the open ticket there is.
pub(crate) struct Story {
    pub(crate) now: Timestamp,
    pub(crate) book: Arc<SlaBook>,
    pub(crate) identities: BTreeMap<&'static str, IdentityState>,
    pub(crate) words: BTreeMap<&'static str, ClassifiedMention>,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) events: Vec<TicketEvent>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            now: at(0),
            book: SlaBook::of(policy()),
            identities: BTreeMap::new(),
            words: BTreeMap::new(),
            tickets: vec![],
            events: vec![],
        }
    }
}

impl Story {
    pub(crate) fn ticket(&self) -> &Ticket {
        self.tickets.last().expect("the story has a ticket")
    }

    pub(crate) fn identity(&self, id: &str) -> &IdentityState {
        &self.identities[id]
    }

    pub(crate) fn arrives(&mut self, post: &Post) -> IntakeOutcome {
        let known = self.identities.get(post.id);
        let index = self.index_of_ticket(known);
        self.comes_to(index, post)
    }

    /// A post of another thread: it opens a ticket whatever else is open.
    pub(crate) fn opens(&mut self, post: &Post) -> usize {
        self.comes_to(None, post);
        self.tickets.len() - 1
    }

    fn comes_to(&mut self, index: Option<usize>, post: &Post) -> IntakeOutcome {
        let classified = ClassifiedMention {
            mention: post.mention(),
            received_at: self.now,
            classification: post.classification(),
            brand: Slug::from_any("acme"),
        };
        let decision = post.decision(&classified);
        let incoming = Incoming {
            classified,
            decision,
            author: AuthorFacts {
                ours: post.ours,
                looked_up: None,
            },
        };
        let known = self.identities.get(post.id).cloned();
        let ticket = index.map(|index| self.tickets[index].clone());
        let mut intake = decide(
            &incoming,
            known.as_ref(),
            ticket.as_ref(),
            &self.book,
            self.now,
        );
        if !intake.facts.is_empty() {
            let actor = Actor::System("route".into());
            let change = Change {
                at: self.now,
                actor,
                facts: intake.facts,
            };
            let id = self.write(index, change);
            if intake.outcome != IntakeOutcome::Answered {
                intake.identity.ticket = Some(id);
            }
        }
        self.identities.insert(post.id, intake.identity);
        if intake.erases_words {
            self.words.remove(post.id);
        } else if intake.stores_words {
            self.words.insert(post.id, incoming.classified);
        }
        intake.outcome
    }

    pub(crate) fn does(&mut self, who: &str, command: &Command) -> Result<(), Refusal> {
        self.does_to(self.tickets.len() - 1, who, command)
    }

    pub(crate) fn does_to(
        &mut self,
        index: usize,
        who: &str,
        command: &Command,
    ) -> Result<(), Refusal> {
        let actor = Actor::Person(who.into());
        let ticket = &self.tickets[index];
        let facts = ticket::decide(ticket, command, &actor, &self.book, self.now)?;
        if !facts.is_empty() {
            let at = self.now;
            self.write(Some(index), Change { at, actor, facts });
        }
        Ok(())
    }

    fn index_of_ticket(&self, known: Option<&IdentityState>) -> Option<usize> {
        match known {
            Some(known) => self
                .tickets
                .iter()
                .position(|ticket| Some(ticket.id) == known.ticket),
            None => self.tickets.iter().position(Ticket::is_open),
        }
    }

    pub(crate) fn write(&mut self, index: Option<usize>, change: Change) -> TicketId {
        let index = index.unwrap_or(self.tickets.len());
        if index == self.tickets.len() {
            let id = TicketId(1 + i64::try_from(index).unwrap());
            self.tickets.push(Ticket::open(id, &change).unwrap());
        } else {
            self.tickets[index].change(&change);
        }
        let ticket = &self.tickets[index];
        self.events.push(TicketEvent {
            ticket: ticket.id,
            version: ticket.version,
            change,
        });
        ticket.id
    }
}

/// One hour to the first answer, less where it presses; nothing else is promised.
pub(crate) fn policy() -> SlaPolicy {
    let first_response = [
        (Priority::Low, 14_400),
        (Priority::Normal, 3_600),
        (Priority::High, 1_800),
        (Priority::Urgent, 900),
    ];
    SlaPolicy {
        name: "standard".into(),
        scope: PolicyScope {
            labels: [Label::Complaint, Label::Lead, Label::PrRisk].into(),
            ..PolicyScope::default()
        },
        targets: [(ClockKind::FirstResponse, first_response.into())].into(),
        warn_at_percent: vec![75],
        ..SlaPolicy::default()
    }
}
