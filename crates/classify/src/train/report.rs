//! How often a classifier was right: the figures of `switchboard eval`.

use super::validate::most_likely;
use crate::combine::{PerLabel, index};
use serde::Serialize;
use std::collections::BTreeMap;
use switchboard_domain::Label;

/// One judged post.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Its source.
    pub source: String,
    /// What it is.
    pub truth: Label,
    /// What it was taken for.
    pub guess: Label,
    /// The four scores.
    pub scores: PerLabel,
}

impl Judgement {
    /// A post taken for the label with the highest score.
    pub fn of(source: &str, truth: Label, scores: PerLabel) -> Self {
        let best = Label::ALL.get(most_likely(&scores)).copied();
        Self {
            source: source.to_owned(),
            truth,
            guess: best.unwrap_or(Label::General),
            scores,
        }
    }
}

/// Figures of one label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the usual names")]
pub struct LabelFigures {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Posts that are of this label.
    pub posts: u64,
}

/// Figures over some posts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Posts judged.
    pub posts: u64,
    /// The mean of the four F1.
    pub macro_f1: f64,
    /// How often right at all.
    pub accuracy: f64,
    /// In the order of `Label::ALL`.
    pub labels: BTreeMap<&'static str, LabelFigures>,
    /// Rows are what posts are, columns what they were taken for, in the order of
    /// `Label::ALL`.
    pub confusion: [[u64; 4]; 4],
    /// The mean distance between confidence and being right, over ten bins.
    pub calibration_error: f64,
}

impl Figures {
    /// The macro-F1 of one label against the other three taken together, and how often that
    /// was right.
    pub fn against_rest(&self, label: Label) -> (f64, f64) {
        let at = index(label);
        let mut pairs = [[0.0; 2]; 2];
        for (truth, row) in self.confusion.iter().enumerate() {
            for (guess, &count) in row.iter().enumerate() {
                pairs[usize::from(truth != at)][usize::from(guess != at)] += number(count);
            }
        }
        let [[hit, missed], [false_alarm, rest]] = pairs;
        let wrong = missed + false_alarm;
        let f1 = |right: f64| 2.0 * right / (2.0 * right + wrong).max(1.0);
        let all = hit + rest + wrong;
        (mean(&[f1(hit), f1(rest)]), (hit + rest) / all.max(1.0))
    }
}

/// Figures over all posts and per source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Over all.
    pub overall: Figures,
    /// Each source counts the same, however many posts it has: the macro-F1 of that mixture.
    pub even_macro_f1: f64,
    /// The four F1 of the same mixture, in the order of `Label::ALL`.
    pub even_f1: [f64; 4],
    /// Per source.
    pub sources: BTreeMap<String, Figures>,
}

/// Confidence is compared in bins of a tenth.
const BINS: usize = 10;

impl Report {
    /// The figures of some judgements.
    pub fn of(judgements: &[Judgement]) -> Self {
        let mut by_source: BTreeMap<&str, Vec<&Judgement>> = BTreeMap::new();
        for judgement in judgements {
            by_source
                .entry(&judgement.source)
                .or_default()
                .push(judgement);
        }
        let mut even = [[0.0; 4]; 4];
        for posts in by_source.values() {
            let confusion = confusion(posts);
            let total = number(posts.len() as u64);
            for (row, counts) in even.iter_mut().zip(confusion) {
                for (cell, count) in row.iter_mut().zip(counts) {
                    *cell += number(count) / total;
                }
            }
        }
        let even_f1 = Label::ALL.map(|label| figures_of(&even, label).2);
        Self {
            overall: figures(&judgements.iter().collect::<Vec<_>>()),
            even_macro_f1: mean(&even_f1),
            even_f1,
            sources: by_source
                .into_iter()
                .map(|(source, posts)| (source.to_owned(), figures(&posts)))
                .collect(),
        }
    }
}

fn figures(posts: &[&Judgement]) -> Figures {
    let confusion = confusion(posts);
    let shares = confusion.map(|row| row.map(number));
    let labels: BTreeMap<_, _> = Label::ALL
        .into_iter()
        .zip(confusion)
        .map(|(label, row)| {
            let (precision, recall, f1) = figures_of(&shares, label);
            let posts = row.iter().sum();
            let figures = LabelFigures {
                precision,
                recall,
                f1,
                posts,
            };
            (label.as_str(), figures)
        })
        .collect();
    let right = posts.iter().filter(|post| post.truth == post.guess).count() as u64;
    Figures {
        posts: posts.len() as u64,
        macro_f1: mean(&labels.values().map(|label| label.f1).collect::<Vec<_>>()),
        accuracy: number(right) / number(posts.len().max(1) as u64),
        labels,
        confusion,
        calibration_error: calibration_error(posts),
    }
}

fn confusion(posts: &[&Judgement]) -> [[u64; 4]; 4] {
    let mut confusion = [[0; 4]; 4];
    for post in posts {
        confusion[index(post.truth)][index(post.guess)] += 1;
    }
    confusion
}

/// Precision, recall and F1; 0 where nothing is.
fn figures_of(confusion: &[[f64; 4]; 4], label: Label) -> (f64, f64, f64) {
    let at = index(label);
    let hit = confusion[at][at];
    let guessed: f64 = confusion.iter().map(|row| row[at]).sum();
    let there: f64 = confusion[at].iter().sum();
    let share = |of: f64| if of > 0.0 { hit / of } else { 0.0 };
    let both = guessed + there;
    let f1 = if both > 0.0 { 2.0 * hit / both } else { 0.0 };
    (share(guessed), share(there), f1)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values.len().max(1) as u64)
}

fn calibration_error(posts: &[&Judgement]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for post in posts {
        let confidence = f64::from(post.scores[index(post.guess)]);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share from 0 to 1, in tenths"
        )]
        let bin = ((confidence * 10.0) as usize).min(BINS - 1);
        if let Some((confident, right)) = bins.get_mut(bin) {
            *confident += confidence;
            *right += f64::from(u8::from(post.truth == post.guess));
        }
    }
    let distance: f64 = bins
        .iter()
        .map(|(confident, right)| (confident - right).abs())
        .sum();
    distance / number(posts.len().max(1) as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts")]
const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(source: &str, truth: Label, guess: Label, confidence: f32) -> Judgement {
        let mut scores = [(1.0 - confidence) / 3.0; 4];
        scores[index(guess)] = confidence;
        Judgement {
            source: source.to_owned(),
            truth,
            guess,
            scores,
        }
    }

    #[test]
    fn figures_are_those_of_the_book() {
        let report = Report::of(&[
            judged("a", Label::Complaint, Label::Complaint, 1.0),
            judged("a", Label::Complaint, Label::General, 1.0),
            judged("b", Label::General, Label::General, 0.6),
            judged("b", Label::General, Label::General, 0.4),
        ]);
        let complaint = report.overall.labels["complaint"];
        assert_eq!((complaint.precision, complaint.recall), (1.0, 0.5));
        assert!((complaint.f1 - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(report.overall.confusion[0], [1, 0, 0, 1]);
        assert!((report.overall.calibration_error - 0.5).abs() < 1e-6);
        assert_eq!(report.sources["b"].posts, 2);
    }

    #[test]
    fn one_label_against_the_rest_takes_the_rest_for_one() {
        let report = Report::of(&[
            judged("a", Label::Complaint, Label::Complaint, 1.0),
            judged("a", Label::Complaint, Label::Lead, 1.0),
            judged("a", Label::Lead, Label::General, 1.0),
            judged("a", Label::General, Label::General, 1.0),
        ]);
        let (macro_f1, right) = report.overall.against_rest(Label::Complaint);
        assert!((right - 0.75).abs() < 1e-9);
        assert!((macro_f1 - mean(&[2.0 / 3.0, 0.8])).abs() < 1e-9);
    }

    #[test]
    fn nothing_judged_is_no_division_by_zero() {
        assert!(Report::of(&[]).overall.macro_f1.abs() < f64::EPSILON);
        assert_eq!(
            Report::of(&[]).overall.against_rest(Label::Lead),
            (0.0, 0.0)
        );
    }
}
