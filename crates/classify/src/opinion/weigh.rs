//! First verdict and advice become one: who wins when.
//!
//! | the advice | the first verdict | what holds |
//! |---|---|---|
//! | unsure itself | any | the first verdict |
//! | the same label | any | that label, and nobody needs to look any more |
//! | `pr_risk`, clearly | any other | `pr_risk`: what can hurt most is raised even by one voice |
//! | another label | unsure | the advice |
//! | another label | unsure, but urgent by a rule | the first verdict: a rule is not talked away |
//! | another label | sure | the first verdict |
//!
//! A severity never falls, and no label is lost that was sure.

use super::adviser::Advice;
use super::candidate::OPINION_PREFIX;
use crate::classifier::REASONS_MAX;
use crate::combine::{Thresholds, labels_over, verdict};
use crate::severity::{SEVERITY_BASE, SEVERITY_MAX, base};
use std::collections::BTreeSet;
use switchboard_domain::{Classification, Label, Reason, ReasonSource};
use switchboard_telemetry::{AdviserLabel, OpinionOutcome};

/// From this confidence on one voice is enough to call a post a risk: a false alarm costs a
/// person's look, so somewhat more is asked than of any other label.
const RAISE_CONFIDENCE_MIN: f32 = 0.6;

/// Severity parts of the reasons begin so; they are never left out, or the sum would not show.
const SEVERITY_PREFIX: &str = "severity/";

/// Who advised.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    /// Stands in the reason.
    pub adviser: AdviserLabel,
    /// Stands in `model_version`.
    pub version: &'a str,
}

/// What is known beside the first verdict.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Whether a rule speaks for the label of the first verdict.
    pub has_rule: bool,
    /// When a verdict is sure.
    pub thresholds: &'a Thresholds,
    /// Who advised.
    pub by: Signature<'a>,
}

/// What became of an advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// As it is counted.
    pub outcome: OpinionOutcome,
    /// The next revision; `None` where nothing of the first changes.
    pub revised: Option<Classification>,
}

/// Whether an advice is clear enough to count, which is what the classifier asks of itself.
pub fn is_sure(advice: &Advice, thresholds: &Thresholds) -> bool {
    let (_, confidence, margin) = verdict(advice.scores());
    confidence >= thresholds.review_confidence_min && margin >= thresholds.review_margin_min
}

/// Decides between the first verdict and the advice.
pub fn weigh(first: &Classification, advice: &Advice, case: &Case<'_>) -> Opinion {
    let (label, confidence, _) = verdict(advice.scores());
    if !is_sure(advice, case.thresholds) {
        return unchanged(OpinionOutcome::Unsure);
    }
    if label == first.label {
        return confirmed(first, advice, case);
    }
    if !case.gives_way(first, label, confidence) {
        return unchanged(OpinionOutcome::Outweighed);
    }
    Opinion {
        outcome: OpinionOutcome::Changed,
        revised: Some(changed(first, advice, case)),
    }
}

impl Case<'_> {
    /// Whether the first verdict gives way to another label.
    fn gives_way(&self, first: &Classification, label: Label, confidence: f32) -> bool {
        if label == Label::PrRisk {
            return confidence >= RAISE_CONFIDENCE_MIN;
        }
        let is_settled = first.is_urgent() && self.has_rule;
        first.needs_review && !is_settled
    }
}

const fn unchanged(outcome: OpinionOutcome) -> Opinion {
    Opinion {
        outcome,
        revised: None,
    }
}

fn confirmed(first: &Classification, advice: &Advice, case: &Case<'_>) -> Opinion {
    let mut revised = first.clone();
    revised.needs_review = false;
    if advice.scores().pr_risk >= case.thresholds.label_share_min {
        revised.labels.insert(Label::PrRisk);
    }
    let says_more = revised != *first;
    sign(&mut revised, advice, case.by);
    Opinion {
        outcome: OpinionOutcome::Confirmed,
        revised: says_more.then_some(revised),
    }
}

fn changed(first: &Classification, advice: &Advice, case: &Case<'_>) -> Classification {
    let (label, confidence, _) = verdict(advice.scores());
    let mut revised = first.clone();
    let advised = labels_over(advice.scores(), label, case.thresholds);
    // What the first verdict was unsure of was a guess.
    let kept = first.labels.iter().filter(|_| !first.needs_review);
    let labels: BTreeSet<Label> = advised.iter().chain(kept.copied()).collect();
    revised.label = label;
    revised.labels = labels;
    revised.confidence = confidence;
    revised.scores = *advice.scores();
    revised.needs_review = false;
    raise_severity(&mut revised, base(label) - base(first.label));
    sign(&mut revised, advice, case.by);
    revised
}

/// The part that comes from the label, where the new one is graver; the sum is kept.
fn raise_severity(revised: &mut Classification, points: i32) {
    if points <= 0 {
        return;
    }
    let sum = (i32::from(revised.severity) + points).min(SEVERITY_MAX);
    revised.severity = u8::try_from(sum).unwrap_or(revised.severity);
    #[expect(clippy::cast_precision_loss, reason = "points are one digit")]
    let weight = points as f32;
    let known = revised.reasons.iter_mut();
    match known
        .into_iter()
        .find(|reason| reason.name == SEVERITY_BASE)
    {
        Some(base) => base.weight += weight,
        None => revised.reasons.push(Reason {
            by: ReasonSource::Rule,
            name: SEVERITY_BASE.to_owned(),
            span: None,
            weight,
        }),
    }
}

/// Who decided stands first, and costs the lightest evidence its place where there is none.
fn sign(revised: &mut Classification, advice: &Advice, by: Signature<'_>) {
    let reasons = &mut revised.reasons;
    while reasons.len() >= REASONS_MAX {
        let lightest = reasons
            .iter()
            .rposition(|reason| !reason.name.starts_with(SEVERITY_PREFIX));
        reasons.remove(lightest.unwrap_or(reasons.len() - 1));
    }
    let adviser = by.adviser.as_str();
    let reason = Reason {
        by: ReasonSource::Model,
        name: format!("{OPINION_PREFIX}{adviser}"),
        span: None,
        weight: advice.scores().of(revised.label),
    };
    reasons.insert(0, reason);
    revised.model_version = format!("{}+{adviser}:{}", revised.model_version, by.version);
    revised.revision = revised.revision.saturating_add(1);
}

#[cfg(test)]
#[path = "weigh_tests.rs"]
mod tests;
