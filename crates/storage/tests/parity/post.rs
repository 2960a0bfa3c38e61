//! Posts to tell stories with.

use crate::world::at;
use std::sync::Arc;
use switchboard_domain::author::{AuthorFacts, Ours};
use switchboard_domain::intake::{ClassifiedMention, Incoming};
use switchboard_domain::routing::{Decision, Facts, Priority, RoutingTable, route};
use switchboard_domain::sla::{ClockKind, SlaBook, SlaPolicy};
use switchboard_domain::{Classification, Label, Mention, NoAnswer, Op, Scores, Slug};

/// Words that must never reach an audit row.
pub(crate) const WORDS: &str = "my-suitcase-is-gone";

/// A post by Ann to Acme, unless told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) op: Op,
    pub(crate) version: i64,
    pub(crate) revision: u32,
    pub(crate) label: Label,
    pub(crate) severity: u8,
    pub(crate) no_answer: Option<NoAnswer>,
    pub(crate) author: &'static str,
    pub(crate) account: &'static str,
    pub(crate) conversation: Option<&'static str>,
    pub(crate) in_reply_to: Option<&'static str>,
    /// When it was written and arrives.
    pub(crate) minute: i64,
    pub(crate) needs_review: bool,
    pub(crate) ours: Option<Ours>,
}

impl Post {
    pub(crate) fn complaint(id: impl Into<String>) -> Self {
        Self::labelled(id, Label::Complaint, 3)
    }

    pub(crate) fn risk(id: impl Into<String>) -> Self {
        Self::labelled(id, Label::PrRisk, 8)
    }

    pub(crate) fn chatter(id: impl Into<String>) -> Self {
        Self::labelled(id, Label::General, 0)
    }

    pub(crate) fn deletion(id: impl Into<String>) -> Self {
        Self {
            op: Op::Delete,
            ..Self::chatter(id)
        }
    }

    pub(crate) fn labelled(id: impl Into<String>, label: Label, severity: u8) -> Self {
        Self {
            id: id.into(),
            op: Op::Upsert,
            version: 0,
            revision: 1,
            label,
            severity,
            no_answer: None,
            author: "ann",
            account: "acme",
            conversation: None,
            in_reply_to: None,
            minute: 0,
            needs_review: false,
            ours: None,
        }
    }

    pub(crate) fn incoming(&self) -> Incoming {
        let classified = ClassifiedMention {
            mention: self.mention(),
            received_at: at(self.minute),
            classification: self.classification(),
            brand: Slug::from_any("acme"),
        };
        let decision = self.decision(&classified);
        Incoming {
            classified,
            decision,
            author: AuthorFacts {
                ours: self.ours,
                looked_up: None,
            },
        }
    }

    fn mention(&self) -> Mention {
        let text = format!("{WORDS} {} v{}", self.id, self.version);
        let mut mention = Mention::new(Slug::from_any("x"), self.id.clone(), text);
        mention.op = self.op;
        mention.version = self.version;
        mention.author.id = self.author.into();
        mention.accounts = [self.account.to_owned()].into();
        mention.conversation_id = self.conversation.map(str::to_owned);
        mention.in_reply_to = self.in_reply_to.map(str::to_owned);
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
            topics: vec!["baggage/lost".into()],
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

/// An answer within the hour, a warning after three quarters of it.
pub(crate) fn book() -> Arc<SlaBook> {
    SlaBook::of(SlaPolicy {
        name: "standard".into(),
        targets: [(
            ClockKind::FirstResponse,
            [
                (Priority::Low, 14_400),
                (Priority::Normal, 3_600),
                (Priority::High, 1_800),
                (Priority::Urgent, 900),
            ]
            .into(),
        )]
        .into(),
        warn_at_percent: vec![75],
        ..SlaPolicy::default()
    })
}
