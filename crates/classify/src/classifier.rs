//! One mention in, one classification out.

use crate::combine::{PerLabel, Thresholds, combine, index, labels_over, limited, verdict};
use crate::language::{detect, rule_languages};
use crate::model::{Model, Wording};
use crate::normalise::{NormalizedText, normalise_into};
use crate::pool::Pool;
use crate::post::Post;
use crate::rules::{Hit, RULE_LANGUAGES, RuleSet};
use crate::severity::severity;
use crate::verdict::{Evidence, EvidenceName, Verdict};
use switchboard_domain::{Classification, Label, Mention, NoAnswer, ReasonSource};

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
    texts: Pool<NormalizedText>,
}

impl std::fmt::Debug for Classifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Classifier")
            .field("rules", &self.rules.version())
            .field("model", &self.model.version())
            .field("thresholds", &self.thresholds)
            .finish_non_exhaustive()
    }
}

impl Classifier {
    /// A classifier with the default thresholds. Without a trained model: `Box::new(NoModel)`.
    pub fn new(rules: RuleSet, model: Box<dyn Model>) -> Self {
        Self {
            rules,
            model,
            thresholds: Thresholds::default(),
            texts: Pool::default(),
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

    /// When it is sure.
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The model it asks.
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// Judges one version of one post. A deletion or an empty text is `general`, to be
    /// reviewed, with severity 0.
    pub fn classify(&self, mention: &Mention) -> Classification {
        self.judge(&Post::of(mention)).into()
    }

    /// The same, with nothing copied.
    pub(crate) fn judge(&self, post: &Post<'_>) -> Verdict<'_> {
        self.texts.with(|text| {
            normalise_into(post.text, text);
            self.judge_text(post, text)
        })
    }

    fn judge_text(&self, post: &Post<'_>, text: &NormalizedText) -> Verdict<'_> {
        let language = detect(text, post.lang);
        let hits = self.rules.hits(text, rule_languages(&language));
        let rating = rating_evidence(post);
        let weights = rule_weights(&hits, rating);
        let model = self.model.score(text, &limited(weights, &self.thresholds));
        let scores = combine(weights, model.logits, &self.thresholds);
        let (label, confidence, margin) = verdict(&scores);
        let labels = labels_over(&scores, label, &self.thresholds);
        let mut reasons = Vec::with_capacity(REASONS_MAX);
        reasons.extend(rule_evidence(&hits));
        reasons.extend(rating.map(|(_, evidence)| evidence));
        reasons.extend(word_evidence(label, &model.wording));
        let (severity, parts) = severity(post, text.shape, labels, label, &hits);
        Verdict {
            id: None,
            needs_review: self.needs_review(text, &language, confidence, margin),
            label,
            labels,
            confidence,
            scores,
            severity,
            topics: topics(&hits),
            language,
            reasons: heaviest(reasons, &parts),
            no_answer: no_answer(label, &hits),
            rules_version: self.rules.version(),
            model_version: self.model.version(),
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
        // Neither the rules nor the model were made for other languages than those.
        let unreadable = text.is_wordless() || !RULE_LANGUAGES.contains(&language);
        unreadable
            || confidence < self.thresholds.review_confidence_min
            || margin < self.thresholds.review_margin_min
    }
}

fn rule_weights(hits: &[Hit<'_>], rating: Option<(Label, Evidence<'_>)>) -> PerLabel {
    let mut weights = [0.0; 4];
    for hit in hits {
        if let Some(label) = hit.rule.label {
            weights[index(label)] += hit.rule.weight;
        }
    }
    if let Some((label, evidence)) = rating {
        weights[index(label)] += evidence.weight;
    }
    weights
}

fn rule_evidence<'a>(hits: &[Hit<'a>]) -> impl Iterator<Item = Evidence<'a>> {
    hits.iter()
        .filter(|hit| hit.rule.label.is_some())
        .map(|hit| Evidence {
            by: ReasonSource::Rule,
            name: EvidenceName::Plain(&hit.rule.name),
            span: hit.span,
            weight: hit.rule.weight,
        })
}

/// The words by their place, not by themselves: what an author wrote stands in the post
/// alone, where an erasure finds it.
fn word_evidence<'a>(label: Label, wording: &[Wording]) -> impl Iterator<Item = Evidence<'a>> {
    wording.iter().map(move |word| Evidence {
        by: ReasonSource::Ngram,
        name: EvidenceName::Wording(label),
        span: Some(word.span),
        weight: word.weight,
    })
}

fn rating_evidence(post: &Post<'_>) -> Option<(Label, Evidence<'static>)> {
    let stars = post.rating?;
    let (label, name) = if stars <= LOW_RATING_MAX {
        (Label::Complaint, "rating/low")
    } else if stars >= HIGH_RATING_MIN {
        (Label::General, "rating/high")
    } else {
        return None;
    };
    let evidence = Evidence {
        by: ReasonSource::Rule,
        name: EvidenceName::Plain(name),
        span: None,
        weight: RATING_WEIGHT,
    };
    Some((label, evidence))
}

/// Topics of the hits: those of heavier and more severe rules first, a narrow one before
/// its own branch.
fn topics<'a>(hits: &[Hit<'a>]) -> Vec<&'a str> {
    let mut found: Vec<(&'a str, i32)> = Vec::new();
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
        .map(|(topic, _)| topic)
        .collect()
}

/// In tenths, so that the order needs no comparison of fractions.
#[expect(clippy::cast_possible_truncation, reason = "weights are at most 10")]
fn rank(hit: &Hit<'_>) -> i32 {
    i32::from(hit.rule.severity) * 10 + (hit.rule.weight * 10.0) as i32 + 1
}

/// The heaviest evidence first, then the arithmetic of the severity in its own order.
fn heaviest<'a>(mut evidence: Vec<Evidence<'a>>, severity: &[Evidence<'a>]) -> Vec<Evidence<'a>> {
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
