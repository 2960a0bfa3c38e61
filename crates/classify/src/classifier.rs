//! One mention in, one classification out.

use crate::combine::{PerLabel, Thresholds, combine, index, labels_over, limited, verdict};
use crate::language::{UNDETERMINED, detect, rule_languages};
use crate::model::{Model, Wording};
use crate::normalise::{NormalizedText, normalise};
use crate::rules::{Hit, RuleSet};
use crate::severity::severity;
use switchboard_domain::{Classification, Label, Mention, NoAnswer, Reason, ReasonSource};

/// Reasons kept: more than an agent reads, and it bounds the record.
pub const REASONS_MAX: usize = 16;

/// Topics kept; a post about more is about everything.
pub const TOPICS_MAX: usize = 5;

/// Stars up to which a review is a complaint, and from which it is praise.
const LOW_RATING_MAX: f64 = 2.0;
const HIGH_RATING_MIN: f64 = 4.0;

/// What a rating counts: as much as one clear rule.
const RATING_WEIGHT: f32 = 1.5;

/// The rules and the model of one process. Pure and deterministic; share it freely.
pub struct Classifier {
    rules: RuleSet,
    model: Box<dyn Model>,
    thresholds: Thresholds,
}

impl std::fmt::Debug for Classifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Classifier")
            .field("rules", &self.rules.version())
            .field("model", &self.model.version())
            .field("thresholds", &self.thresholds)
            .finish()
    }
}

impl Classifier {
    /// A classifier with the default thresholds. Without a trained model: `Box::new(NoModel)`.
    pub fn new(rules: RuleSet, model: Box<dyn Model>) -> Self {
        Self {
            rules,
            model,
            thresholds: Thresholds::default(),
        }
    }

    /// The same with other thresholds.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// The rules it speaks by.
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The model it asks.
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// Judges one version of one post. A deletion or an empty text is `general`, to be
    /// reviewed, with severity 0.
    pub fn classify(&self, mention: &Mention) -> Classification {
        let text = normalise(&mention.text);
        let language = detect(&text, mention.lang.as_deref());
        let hits = self.rules.hits(&text, rule_languages(&language));
        let weights = rule_weights(mention, &hits);
        let model = self.model.score(&text, &limited(weights, &self.thresholds));
        let mut reasons = rule_reasons(&hits);
        reasons.extend(rating_reason(mention).map(|(_, reason)| reason));
        let scores = combine(weights, model.logits, &self.thresholds);
        let (label, confidence, margin) = verdict(&scores);
        let labels = labels_over(&scores, label, &self.thresholds);
        let (severity, parts) = severity(mention, text.shape, &labels, label, &hits);
        reasons.extend(word_reasons(label, &model.wording));
        Classification {
            needs_review: self.needs_review(&text, &language, confidence, margin),
            label,
            labels,
            confidence,
            scores,
            severity,
            topics: topics(&hits),
            language,
            reasons: heaviest(reasons, parts),
            no_answer: no_answer(label, &hits),
            rules_version: self.rules.version().to_owned(),
            model_version: self.model.version().to_owned(),
            revision: 1,
        }
    }

    fn needs_review(
        &self,
        text: &NormalizedText,
        language: &str,
        confidence: f32,
        margin: f32,
    ) -> bool {
        let unreadable = text.is_wordless() || language == UNDETERMINED;
        unreadable
            || confidence < self.thresholds.review_confidence_min
            || margin < self.thresholds.review_margin_min
    }
}

fn rule_weights(mention: &Mention, hits: &[Hit<'_>]) -> PerLabel {
    let mut weights = [0.0; 4];
    for hit in hits {
        if let Some(label) = hit.rule.label {
            weights[index(label)] += hit.rule.weight;
        }
    }
    if let Some((label, reason)) = rating_reason(mention) {
        weights[index(label)] += reason.weight;
    }
    weights
}

fn rule_reasons(hits: &[Hit<'_>]) -> Vec<Reason> {
    hits.iter()
        .filter(|hit| hit.rule.label.is_some())
        .map(|hit| Reason {
            by: ReasonSource::Rule,
            name: hit.rule.name.clone(),
            span: hit.span,
            weight: hit.rule.weight,
        })
        .collect()
}

/// The words by their place, not by themselves: what an author wrote stands in the post
/// alone, where an erasure finds it.
fn word_reasons(label: Label, wording: &[Wording]) -> impl Iterator<Item = Reason> {
    wording.iter().map(move |word| Reason {
        by: ReasonSource::Ngram,
        name: format!("wording/{label}"),
        span: Some(word.span),
        weight: word.weight,
    })
}

fn rating_reason(mention: &Mention) -> Option<(Label, Reason)> {
    let stars = mention.rating?;
    let (label, name) = if stars <= LOW_RATING_MAX {
        (Label::Complaint, "rating/low")
    } else if stars >= HIGH_RATING_MIN {
        (Label::General, "rating/high")
    } else {
        return None;
    };
    let reason = Reason {
        by: ReasonSource::Rule,
        name: name.to_owned(),
        span: None,
        weight: RATING_WEIGHT,
    };
    Some((label, reason))
}

/// Topics of the hits: those of heavier and more severe rules first, a narrow one before
/// its own branch.
fn topics(hits: &[Hit<'_>]) -> Vec<String> {
    let mut found: Vec<(&str, i32)> = Vec::new();
    for hit in hits {
        let Some(topic) = hit.rule.topic.as_deref() else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, times)) => *times += rank(hit),
            None => found.push((topic, rank(hit))),
        }
    }
    let depth = |topic: &str| topic.matches('/').count();
    found.sort_by(|(left, left_rank), (right, right_rank)| {
        (depth(right), right_rank, left).cmp(&(depth(left), left_rank, right))
    });
    found
        .into_iter()
        .take(TOPICS_MAX)
        .map(|(topic, _)| topic.to_owned())
        .collect()
}

/// In tenths, so that the order needs no comparison of fractions.
#[expect(clippy::cast_possible_truncation, reason = "weights are at most 10")]
fn rank(hit: &Hit<'_>) -> i32 {
    i32::from(hit.rule.severity) * 10 + (hit.rule.weight * 10.0) as i32 + 1
}

/// The heaviest evidence first, then the arithmetic of the severity in its own order.
fn heaviest(mut evidence: Vec<Reason>, severity: Vec<Reason>) -> Vec<Reason> {
    evidence.sort_by(|left, right| right.weight.abs().total_cmp(&left.weight.abs()));
    evidence.truncate(REASONS_MAX.saturating_sub(severity.len()));
    evidence.extend(severity);
    evidence.truncate(REASONS_MAX);
    evidence
}

/// Only what is otherwise nothing is closed at birth: a thank-you with a complaint in it is
/// a complaint.
fn no_answer(label: Label, hits: &[Hit<'_>]) -> Option<NoAnswer> {
    if label != Label::General {
        return None;
    }
    hits.iter().find_map(|hit| hit.rule.answer)
}
