//! The model in use and the candidate on the same posts, and which of them is to be used.

use std::collections::{BTreeMap, BTreeSet};
use switchboard_domain::{Label, Slug};

/// What a department may lose of its F1. On thirty of its posts one is worth about .03, so a
/// single post's luck refuses nothing, and a loss that agents feel does.
pub const DEPARTMENT_LOSS_MAX: f64 = 0.05;

/// With fewer held-back posts of a department one of them moves its F1 by more than .1: such a
/// department is shown and refuses nothing.
const DEPARTMENT_POSTS_MIN: u32 = 10;

/// With fewer held-back corrections a better figure is luck.
pub const HELD_BACK_MIN: usize = 20;

/// Where the model in use is right about less than this share, the posts are its mistakes
/// alone, and say nothing of what a candidate breaks.
const RIGHT_BEFORE_MIN: f64 = 0.25;

/// One post that neither model was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What it is.
    pub truth: Verdict,
    /// What the model in use says.
    pub before: Verdict,
    /// What the candidate says.
    pub after: Verdict,
    /// How many posts it stands for.
    pub weight: f64,
}

/// A label and who owns the post under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The label.
    pub label: Label,
    /// Its owner by the routing table.
    pub department: Slug,
}

/// What a candidate must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// What a department may lose of its F1, from 0 to 1.
    pub department_loss_max: f64,
    /// Held-back corrections that there must be.
    pub held_back_min: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            department_loss_max: DEPARTMENT_LOSS_MAX,
            held_back_min: HELD_BACK_MIN,
        }
    }
}

/// How often one of the two was right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Posts it is about; for a department or a label those that are its own.
    pub posts: u32,
    /// The model in use, from 0 to 1.
    pub before: f64,
    /// The candidate, from 0 to 1.
    pub after: f64,
}

/// Both models on the same posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The mean F1 of the labels that occur.
    pub macro_f1: Figures,
    /// The share of posts judged right.
    pub right: Figures,
    /// F1 per label.
    pub labels: BTreeMap<Label, Figures>,
    /// F1 per department.
    pub departments: BTreeMap<Slug, Figures>,
    /// Why the candidate is refused; empty when it is to be adopted.
    pub refusals: Vec<String>,
}

impl Comparison {
    /// Whether the candidate is to be used from now on.
    pub const fn is_won(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// Compares the two; `held_back` says how many of the posts are corrections.
pub fn compare(judged: &[Judged], held_back: usize, limits: &Limits) -> Comparison {
    let labels = per_class(judged, |verdict| verdict.label);
    let departments = per_class(judged, |verdict| verdict.department.clone());
    let mut comparison = Comparison {
        macro_f1: mean(labels.values().filter(|figures| figures.posts > 0)),
        right: right(judged),
        labels,
        departments,
        refusals: vec![],
    };
    comparison.refusals = refusals(&comparison, held_back, limits);
    comparison
}

fn refusals(comparison: &Comparison, held_back: usize, limits: &Limits) -> Vec<String> {
    if held_back < limits.held_back_min {
        return vec![format!(
            "{held_back} held-back corrections are too few to judge by: {} are needed, a quarter \
             of all is held back",
            limits.held_back_min
        )];
    }
    let mut refusals = vec![];
    let (macro_f1, right) = (comparison.macro_f1, comparison.right);
    if right.before < RIGHT_BEFORE_MIN {
        refusals.push(format!(
            "the model in use is right about {:.0} % of these posts: mistakes alone do not show \
             what the candidate breaks; let tickets be resolved as labelled, or give `--traffic`",
            right.before * 100.0
        ));
    }
    if macro_f1.after <= macro_f1.before {
        refusals.push(format!(
            "macro-F1 does not rise: {:.3} before, {:.3} after",
            macro_f1.before, macro_f1.after
        ));
    }
    if right.after < right.before {
        refusals.push(format!(
            "fewer posts are right: {:.3} before, {:.3} after",
            right.before, right.after
        ));
    }
    refusals.extend(losing_departments(comparison, limits));
    refusals
}

fn losing_departments(comparison: &Comparison, limits: &Limits) -> impl Iterator<Item = String> {
    let loses = |figures: &Figures| {
        let loss = figures.before - figures.after;
        figures.posts >= DEPARTMENT_POSTS_MIN && loss > limits.department_loss_max
    };
    comparison
        .departments
        .iter()
        .filter(move |(_, figures)| loses(figures))
        .map(|(department, figures)| {
            format!(
                "the department `{department}` loses {:.3} of its F1, more than {:.3}",
                figures.before - figures.after,
                limits.department_loss_max
            )
        })
}

/// F1 of every class that anybody names.
fn per_class<Class: Ord + Clone>(
    judged: &[Judged],
    class_of: impl Fn(&Verdict) -> Class,
) -> BTreeMap<Class, Figures> {
    let verdicts = judged
        .iter()
        .flat_map(|one| [&one.truth, &one.before, &one.after]);
    let classes: BTreeSet<Class> = verdicts.map(&class_of).collect();
    let figures = |class: Class| {
        let is = |verdict: &Verdict| class_of(verdict) == class;
        let f1 = |guess: fn(&Judged) -> &Verdict| {
            let sum = |wanted: &dyn Fn(&Judged) -> bool| -> f64 {
                let found = judged.iter().filter(|one| wanted(one));
                found.map(|one| one.weight).sum()
            };
            let hit = sum(&|one| is(&one.truth) && is(guess(one)));
            let named = sum(&|one| is(&one.truth)) + sum(&|one| is(guess(one)));
            // The sum of nothing is -0.
            if hit > 0.0 { 2.0 * hit / named } else { 0.0 }
        };
        let own = judged.iter().filter(|one| is(&one.truth)).count();
        let figures = Figures {
            posts: u32::try_from(own).unwrap_or(u32::MAX),
            before: f1(|one| &one.before),
            after: f1(|one| &one.after),
        };
        (class, figures)
    };
    classes.into_iter().map(figures).collect()
}

fn right(judged: &[Judged]) -> Figures {
    let total: f64 = judged.iter().map(|one| one.weight).sum();
    let share = |guess: fn(&Judged) -> &Verdict| {
        let right = judged
            .iter()
            .filter(|one| guess(one).label == one.truth.label);
        // The sum of nothing is -0.
        right.map(|one| one.weight).sum::<f64>().max(0.0) / total.max(f64::MIN_POSITIVE)
    };
    Figures {
        posts: u32::try_from(judged.len()).unwrap_or(u32::MAX),
        before: share(|one| &one.before),
        after: share(|one| &one.after),
    }
}

fn mean<'a>(of: impl Iterator<Item = &'a Figures>) -> Figures {
    let mut mean = Figures::default();
    let mut count = 0.0;
    for figures in of {
        mean.posts += figures.posts;
        mean.before += figures.before;
        mean.after += figures.after;
        count += 1.0;
    }
    mean.before /= f64::max(count, 1.0);
    mean.after /= f64::max(count, 1.0);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn verdict(label: Label) -> Verdict {
        let department = match label {
            Label::Complaint => "support",
            Label::Lead => "sales",
            Label::PrRisk => "communications",
            Label::General => "community",
        };
        Verdict {
            label,
            department: Slug::from_any(department),
        }
    }

    fn posts(count: usize, truth: Label, before: Label, after: Label) -> Vec<Judged> {
        let one = Judged {
            truth: verdict(truth),
            before: verdict(before),
            after: verdict(after),
            weight: 1.0,
        };
        vec![one; count]
    }

    use Label::{Complaint, General, Lead, PrRisk};

    #[rstest]
    #[case::wins(&[(30, Complaint, General, Complaint), (30, General, General, General)], "")]
    #[case::too_few(&[(5, Complaint, General, Complaint)], "too few")]
    #[case::the_same(&[(40, Complaint, General, General)], "does not rise")]
    #[case::worse(&[(40, Complaint, Complaint, General)], "does not rise")]
    #[case::mistakes_alone(&[(50, Complaint, General, Complaint)], "mistakes alone")]
    #[case::one_department_pays(
        &[(60, Complaint, General, Complaint), (20, Lead, Lead, Lead), (3, Lead, Lead, Complaint)],
        "`sales` loses"
    )]
    #[case::a_small_department_is_no_judge(
        &[(60, Complaint, General, Complaint), (30, General, General, General),
          (2, PrRisk, PrRisk, PrRisk), (1, PrRisk, PrRisk, Complaint)],
        ""
    )]
    fn decides(#[case] stories: &[(usize, Label, Label, Label)], #[case] why: &str) {
        let judged: Vec<Judged> = stories
            .iter()
            .flat_map(|&(count, truth, before, after)| posts(count, truth, before, after))
            .collect();
        let comparison = compare(&judged, judged.len(), &Limits::default());
        assert_eq!(comparison.is_won(), why.is_empty(), "{comparison:?}");
        assert!(
            comparison.refusals.join("; ").contains(why),
            "{comparison:?}"
        );
    }

    #[test]
    fn no_posts_are_no_division_by_zero() {
        assert!(!compare(&[], 0, &Limits::default()).is_won());
    }

    proptest! {
        #[test]
        fn who_loses_is_never_adopted(
            stories in prop::collection::vec((0_usize..4, 0_usize..4, 0_usize..4), 0..200),
        ) {
            let judged: Vec<Judged> = stories
                .into_iter()
                .flat_map(|(truth, before, after)| {
                    let [truth, before, after] = [truth, before, after].map(|at| Label::ALL[at]);
                    posts(1, truth, before, after)
                })
                .collect();
            let comparison = compare(&judged, judged.len(), &Limits::default());
            if comparison.is_won() {
                prop_assert!(judged.len() >= HELD_BACK_MIN);
                prop_assert!(comparison.macro_f1.after > comparison.macro_f1.before);
                let hits = |of: fn(&Judged) -> &Verdict| {
                    judged.iter().filter(|one| of(one).label == one.truth.label).count()
                };
                prop_assert!(hits(|one| &one.after) >= hits(|one| &one.before));
                for figures in comparison.departments.values() {
                    let loss = figures.before - figures.after;
                    prop_assert!(figures.posts < DEPARTMENT_POSTS_MIN || loss <= DEPARTMENT_LOSS_MAX);
                }
            }
        }
    }
}
