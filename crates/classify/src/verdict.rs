//! A classification before anything is copied: names and topics are the rule set's own.

use crate::combine::LabelSet;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use switchboard_domain::{Classification, Label, NoAnswer, Reason, ReasonSource, Scores};

/// Written like a [`Classification`], field by field.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict<'a> {
    /// The line's own, where a line was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'a str>,
    pub(crate) label: Label,
    pub(crate) labels: LabelSet,
    pub(crate) confidence: f32,
    pub(crate) scores: Scores,
    pub(crate) needs_review: bool,
    pub(crate) severity: u8,
    pub(crate) topics: Vec<&'a str>,
    pub(crate) language: Cow<'static, str>,
    pub(crate) reasons: Vec<Evidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) no_answer: Option<NoAnswer>,
    pub(crate) rules_version: &'a str,
    pub(crate) model_version: &'a str,
    pub(crate) revision: u32,
}

/// A [`Reason`] whose name is not put together yet.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Evidence<'a> {
    pub(crate) by: ReasonSource,
    pub(crate) name: EvidenceName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) span: Option<(usize, usize)>,
    pub(crate) weight: f32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum EvidenceName<'a> {
    /// A rule's own name, that of its severity, or one of ours.
    Plain(&'a str),
    /// Words that spoke for this label.
    Wording(Label),
}

impl<'a> EvidenceName<'a> {
    const fn as_str(self) -> &'a str {
        match self {
            Self::Plain(name) => name,
            Self::Wording(label) => wording_for(label),
        }
    }
}

const fn wording_for(label: Label) -> &'static str {
    match label {
        Label::Complaint => "wording/complaint",
        Label::Lead => "wording/lead",
        Label::PrRisk => "wording/pr_risk",
        Label::General => "wording/general",
    }
}

impl Serialize for EvidenceName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<Evidence<'_>> for Reason {
    fn from(evidence: Evidence<'_>) -> Self {
        Self {
            by: evidence.by,
            name: evidence.name.as_str().to_owned(),
            span: evidence.span,
            weight: evidence.weight,
        }
    }
}

impl From<Verdict<'_>> for Classification {
    fn from(verdict: Verdict<'_>) -> Self {
        Self {
            label: verdict.label,
            labels: verdict.labels.iter().collect(),
            confidence: verdict.confidence,
            scores: verdict.scores,
            needs_review: verdict.needs_review,
            severity: verdict.severity,
            topics: verdict.topics.into_iter().map(str::to_owned).collect(),
            language: verdict.language.into_owned(),
            reasons: verdict.reasons.into_iter().map(Reason::from).collect(),
            no_answer: verdict.no_answer,
            rules_version: verdict.rules_version.to_owned(),
            model_version: verdict.model_version.to_owned(),
            revision: verdict.revision,
        }
    }
}
