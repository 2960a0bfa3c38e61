//! How the stream changes under the model: which labels it gives, how sure it is, and how much
//! of what it reads its training has never seen.

use crate::Classifier;
use crate::combine::{PerLabel, index};
use crate::normalise::normalise;
use std::sync::{Mutex, PoisonError};
use switchboard_domain::{ClassifiedMention, Label};
use switchboard_telemetry::{ClassLabel, Gauge, Metrics};

/// A post counts half as much as the newest after some 700 more: enough to smooth the luck of
/// the draw to a few hundredths, and a day's change on a small stream still shows.
const KEPT_PER_POST: f64 = 0.999;

/// One post in this many is read again for its n-grams: the stream's speed stays as it is.
const READ_ONE_IN: u64 = 16;

/// A label that nobody gives would make the index infinite.
const SHARE_MIN: f64 = 0.005;

/// Counts verdicts and tells of them.
pub struct Drift {
    metrics: Metrics,
    latest: Mutex<Latest>,
}

/// Sums over the posts so far, older ones counting less and less.
#[derive(Clone, Debug, Default)]
struct Latest {
    posts: f64,
    labels: [f64; 4],
    confidence: f64,
    read: f64,
    unknown: f64,
    posts_ever: u64,
}

impl Drift {
    /// Nothing is counted yet.
    pub fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            latest: Mutex::default(),
        }
    }

    /// Counts one verdict of this classifier.
    pub fn count(&self, classifier: &Classifier, judged: &ClassifiedMention) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = &judged.classification;
        latest.verdict(verdict.label, f64::from(verdict.confidence));
        if latest.posts_ever % READ_ONE_IN != 1 {
            return;
        }
        let text = normalise(&judged.mention.text);
        if let Some(unknown) = classifier.model().unknown_share(&text) {
            latest.unknown = latest.unknown * KEPT_PER_POST + f64::from(unknown);
            latest.read = latest.read * KEPT_PER_POST + 1.0;
        }
    }

    /// Sets the gauges to what was counted; before the first post they are not there.
    pub fn tell(&self, classifier: &Classifier) {
        let latest = self
            .latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if latest.posts <= 0.0 {
            return;
        }
        let shares = latest.labels.map(|count| count / latest.posts);
        for (label, share) in CLASS_LABELS.into_iter().zip(shares) {
            self.metrics.set(Gauge::LabelShare { label }, share);
        }
        let confidence = latest.confidence / latest.posts;
        self.metrics.set(Gauge::ConfidenceMean, confidence);
        if latest.read > 0.0 {
            let unknown = latest.unknown / latest.read;
            self.metrics.set(Gauge::UnknownNgrams, unknown);
        }
        if let Some(expected) = classifier.model().label_mix() {
            let drift = stability_index(shares, expected);
            self.metrics.set(Gauge::LabelDrift, drift);
        }
    }
}

/// In the order of `Label::ALL`.
const CLASS_LABELS: [ClassLabel; 4] = [
    ClassLabel::Complaint,
    ClassLabel::Lead,
    ClassLabel::PrRisk,
    ClassLabel::General,
];

impl Latest {
    fn verdict(&mut self, label: Label, confidence: f64) {
        self.posts_ever += 1;
        self.posts = self.posts * KEPT_PER_POST + 1.0;
        self.confidence = self.confidence * KEPT_PER_POST + confidence;
        for (at, count) in self.labels.iter_mut().enumerate() {
            let this = if at == index(label) { 1.0 } else { 0.0 };
            *count = *count * KEPT_PER_POST + this;
        }
    }
}

/// The population stability index: 0 where both are the same, and it grows with every share
/// that moved, up or down.
fn stability_index(shares: [f64; 4], expected: PerLabel) -> f64 {
    shares
        .into_iter()
        .zip(expected)
        .map(|(share, expected)| {
            let (share, expected) = (share.max(SHARE_MIN), f64::from(expected).max(SHARE_MIN));
            (share - expected) * (share / expected).ln()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinearModel, RuleSet};
    use jiff::Timestamp;
    use rstest::rstest;
    use switchboard_domain::{Mention, Slug};

    #[rstest]
    #[case::the_same([0.4, 0.1, 0.1, 0.4], [0.4, 0.1, 0.1, 0.4], 0.0)]
    #[case::a_label_doubled([0.5, 0.1, 0.1, 0.3], [0.25, 0.1, 0.1, 0.55], 0.324_8)]
    #[case::a_label_that_never_comes([0.5, 0.0, 0.0, 0.5], [0.5, 0.0, 0.0, 0.5], 0.0)]
    fn the_index_is_that_of_the_book(
        #[case] shares: [f64; 4],
        #[case] expected: PerLabel,
        #[case] want: f64,
    ) {
        let found = stability_index(shares, expected);
        assert!((found - want).abs() < 1e-3, "{found}");
    }

    fn gauges_after(text: &str) -> (f64, f64, f64) {
        let model = LinearModel::shipped().unwrap();
        let classifier = Classifier::new(RuleSet::shipped().unwrap(), Box::new(model));
        let metrics = Metrics::new("test").unwrap();
        let drift = Drift::new(metrics.clone());
        for _ in 0..40 {
            let mention = Mention::new(Slug::from_any("x"), "1", text.to_owned());
            let judged = ClassifiedMention {
                classification: classifier.classify(&mention),
                mention,
                received_at: Timestamp::UNIX_EPOCH,
                brand: Slug::from_any("acme"),
            };
            drift.count(&classifier, &judged);
        }
        drift.tell(&classifier);
        let label = ClassLabel::Complaint;
        (
            metrics.gauge_value(Gauge::LabelShare { label }),
            metrics.gauge_value(Gauge::ConfidenceMean),
            metrics.gauge_value(Gauge::UnknownNgrams),
        )
    }

    #[test]
    fn a_stream_in_a_strange_language_shows() {
        let (complaints, sure, unknown) =
            gauges_after("my parcel is late again and nobody answers the phone");
        assert!((complaints - 1.0).abs() < 1e-9 && sure > 0.5);
        let (_, less_sure, strange) = gauges_after("посылка опять опаздывает и никто не отвечает");
        assert!(
            less_sure < sure && strange > unknown + 0.05,
            "{unknown} {strange}"
        );
    }
}
