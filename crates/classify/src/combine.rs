//! From evidence to one label: the only place where rules and model meet.

use serde::{Serialize, Serializer};
use switchboard_domain::{Label, Scores};

/// One number per label, in the order of [`Label::ALL`].
pub type PerLabel = [f32; 4];

/// Which label wins when two scores are the same: the costlier to miss comes first.
const TIE_ORDER: [Label; 4] = [Label::PrRisk, Label::Complaint, Label::Lead, Label::General];

/// How evidence becomes a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// What speaks for `general` before any evidence. A rule of weight 1 alone draws level.
    pub general_base: f32,
    /// Beside a model the rules can lift a label by at most this much.
    pub rule_margin: f32,
    /// A label with at least this score stands among `labels`.
    pub label_share_min: f32,
    /// Below this confidence a person looks.
    pub review_confidence_min: f32,
    /// With a smaller lead over the second label a person looks.
    pub review_margin_min: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            general_base: 1.0,
            rule_margin: 4.0,
            label_share_min: 0.2,
            review_confidence_min: 0.5,
            review_margin_min: 0.15,
        }
    }
}

/// How steeply evidence turns into share: at 2, one rule of weight 2 against the base gives
/// a share of about .85, which is how often such a rule alone is right.
const STEEPNESS: f32 = 2.0;

/// The index of a label in [`Label::ALL`].
pub const fn index(label: Label) -> usize {
    match label {
        Label::Complaint => 0,
        Label::Lead => 1,
        Label::PrRisk => 2,
        Label::General => 3,
    }
}

/// What the rules may say beside a model: each label at most `rule_margin`, so that rules win
/// a close call and do not overturn a model that is sure.
pub fn limited(rules: PerLabel, thresholds: &Thresholds) -> PerLabel {
    rules.map(|weight| finite(weight).min(thresholds.rule_margin))
}

/// A model's logits, which hold what the rules say; without a model the rules stand against
/// the base of `general`.
pub fn combine(rules: PerLabel, model: Option<PerLabel>, thresholds: &Thresholds) -> Scores {
    let shares = if let Some(logits) = model {
        softmax(logits.map(finite))
    } else {
        let mut evidence = rules.map(finite);
        evidence[index(Label::General)] += thresholds.general_base;
        softmax(evidence.map(|weight| weight * STEEPNESS))
    };
    shares.into()
}

/// The label with the highest score, ties in the order `pr_risk`, `complaint`, `lead`, `general`;
/// its score; and its lead over the next.
pub fn verdict(scores: &Scores) -> (Label, f32, f32) {
    let mut best = TIE_ORDER[0];
    for label in TIE_ORDER {
        if scores.of(label) > scores.of(best) {
            best = label;
        }
    }
    let second = TIE_ORDER
        .into_iter()
        .filter(|&label| label != best)
        .map(|label| scores.of(label))
        .fold(0.0, f32::max);
    (best, scores.of(best), scores.of(best) - second)
}

/// Some of the labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelSet([bool; 4]);

impl LabelSet {
    /// Whether the label is one of them.
    pub fn contains(self, label: Label) -> bool {
        self.0.get(index(label)).copied().unwrap_or(false)
    }

    /// Those in it, in the order of [`Label::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Label> {
        Label::ALL
            .into_iter()
            .filter(move |&label| self.contains(label))
    }
}

impl Serialize for LabelSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Every label over its threshold, the primary always among them.
pub fn labels_over(scores: &Scores, primary: Label, thresholds: &Thresholds) -> LabelSet {
    LabelSet(
        Label::ALL.map(|label| label == primary || scores.of(label) >= thresholds.label_share_min),
    )
}

/// Shares that add up to 1, larger for larger evidence.
pub fn softmax(evidence: PerLabel) -> PerLabel {
    let top = evidence.into_iter().fold(f32::MIN, f32::max);
    let shares = evidence.map(|value| (value - top).exp());
    let total: f32 = shares.iter().sum();
    shares.map(|share| share / total)
}

/// A broken model must not make scores that are no numbers.
const fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_is_general([0.0; 4], None, Label::General)]
    #[case::a_rule_at_the_base_wins_the_tie([1.0, 0.0, 0.0, 0.0], None, Label::Complaint)]
    #[case::risk_wins_over_complaint([2.0, 0.0, 2.0, 0.0], None, Label::PrRisk)]
    #[case::praise_outweighs([1.5, 0.0, 0.0, 1.0], None, Label::General)]
    #[case::a_model_decides([0.0, 0.0, 3.0, 0.0], Some([2.0, 0.0, 0.0, 0.0]), Label::Complaint)]
    #[case::a_broken_model_is_no_opinion([0.0, 2.0, 0.0, 0.0], Some([f32::NAN; 4]), Label::PrRisk)]
    fn decides(#[case] rules: PerLabel, #[case] model: Option<PerLabel>, #[case] want: Label) {
        let scores = combine(rules, model, &Thresholds::default());
        assert_eq!(verdict(&scores).0, want);
    }

    proptest! {
        #[test]
        fn scores_add_to_one(rules in prop::array::uniform4(-5f32..20.0), model in prop::option::of(prop::array::uniform4(-50f32..50.0))) {
            let scores = combine(rules, model, &Thresholds::default());
            let total: f32 = Label::ALL.iter().map(|&label| scores.of(label)).sum();
            prop_assert!((total - 1.0).abs() < 1e-4);
            let (label, confidence, margin) = verdict(&scores);
            prop_assert!(labels_over(&scores, label, &Thresholds::default()).contains(label));
            prop_assert!(confidence >= 0.25 - 1e-6 && margin >= 0.0);
        }
    }
}
