//! What a post is, and why we think so.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The classifier's class. A post always has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The author reports a breach of expectations, or asks for help with something broken.
    Complaint,
    /// The author shows own intent to buy, or asks before buying.
    Lead,
    /// Damages or threatens the reputation beyond one failed service.
    PrRisk,
    /// Everything else.
    General,
}

impl Label {
    /// Every label, in the contract's order.
    pub const ALL: [Self; 4] = [Self::Complaint, Self::Lead, Self::PrRisk, Self::General];

    /// The contract's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Lead => "lead",
            Self::PrRisk => "pr_risk",
            Self::General => "general",
        }
    }

    /// The label of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == name)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One score per label, each from 0 to 1; they add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the score of the label of its name")]
pub struct Scores {
    pub complaint: f32,
    pub lead: f32,
    pub pr_risk: f32,
    pub general: f32,
}

impl Scores {
    /// The score of one label.
    pub const fn of(&self, label: Label) -> f32 {
        match label {
            Label::Complaint => self.complaint,
            Label::Lead => self.lead,
            Label::PrRisk => self.pr_risk,
            Label::General => self.general,
        }
    }
}

/// One score per label, in the order of [`Label::ALL`].
impl From<[f32; 4]> for Scores {
    fn from([complaint, lead, pr_risk, general]: [f32; 4]) -> Self {
        Self {
            complaint,
            lead,
            pr_risk,
            general,
        }
    }
}

/// What kind of evidence a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonSource {
    /// A named rule of the rule file.
    Rule,
    /// A group of letters or words the trained model weighs.
    Ngram,
    /// A model's own verdict.
    Model,
}

/// One piece of evidence, readable by an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What kind of evidence it is.
    pub by: ReasonSource,
    /// The rule's or model's name.
    pub name: String,
    /// Start and end in the post's text, counted in bytes; absent for the whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// How much it counted; negative evidence is below 0.
    pub weight: f32,
}

/// Why a post needs nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// Spam or a seller's promotion.
    Spam,
    /// Only a thank-you.
    Thanks,
}

/// The classifier's verdict on one version of one post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// The one label that routes.
    pub label: Label,
    /// Every label over its threshold, the primary among them.
    pub labels: BTreeSet<Label>,
    /// How sure, from 0 to 1.
    pub confidence: f32,
    /// All four scores.
    pub scores: Scores,
    /// A person should look at the label.
    pub needs_review: bool,
    /// 0 to 10; 7 and above is high.
    pub severity: u8,
    /// What the post is about, for example `baggage/lost`; most specific first.
    pub topics: Vec<String>,
    /// ISO 639-1, or `und`.
    pub language: String,
    /// The evidence, heaviest first.
    pub reasons: Vec<Reason>,
    /// Closed at birth, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<NoAnswer>,
    /// Which rule set spoke.
    pub rules_version: String,
    /// Which model spoke.
    pub model_version: String,
    /// Grows when the same version of the post is judged anew.
    pub revision: u32,
}

/// From this severity on a mention takes the urgent lane.
pub const HIGH_SEVERITY: u8 = 7;

impl Classification {
    /// Whether the mention takes the urgent lane: `pr_risk` or high severity.
    pub fn is_urgent(&self) -> bool {
        self.label == Label::PrRisk || self.severity >= HIGH_SEVERITY
    }
}
