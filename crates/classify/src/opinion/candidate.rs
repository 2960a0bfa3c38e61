//! Which posts are asked about: those that may be a risk, and those the classifier is unsure
//! of, as long as an answer is of use.

use crate::RuleSet;
use jiff::{SignedDuration, Timestamp};
use switchboard_domain::{
    Classification, ClassifiedMention, Label, Op, Reason, ReasonSource, Scores,
};

/// After so long since its receipt a person has seen the post, or the posts of a restart or of
/// a slow adviser wait before the stage: the newer ones are worth more.
pub const NEWS_AGE_MAX: SignedDuration = SignedDuration::from_mins(10);

/// A risk at this confidence is none that anybody would be asked about: nine in ten are right.
const CERTAIN_CONFIDENCE_MIN: f32 = 0.9;

/// What the reason of an opinion begins with; the adviser's name follows.
pub const OPINION_PREFIX: &str = "opinion/";

/// Whether a post received then is still worth a question.
pub fn is_news(received_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(received_at) <= NEWS_AGE_MAX
}

/// Whether the post is asked about. From `risk_score_min` on the score of `pr_risk` alone is
/// reason enough.
///
/// A post that carries an opinion is not: what the stage writes comes back to it.
pub fn is_candidate(post: &ClassifiedMention, rules: &RuleSet, risk_score_min: f32) -> bool {
    let verdict = &post.classification;
    let mention = &post.mention;
    let is_open = mention.op == Op::Upsert
        && !mention.backfill
        && verdict.no_answer.is_none()
        && !verdict.reasons.iter().any(is_opinion);
    is_open && (verdict.needs_review || may_be_risk(verdict, rules, risk_score_min))
}

/// Whether a rule of that label is among the reasons.
pub fn rule_speaks_for(label: Label, verdict: &Classification, rules: &RuleSet) -> bool {
    let mut named = verdict
        .reasons
        .iter()
        .filter(|reason| reason.by == ReasonSource::Rule);
    named.any(|reason| {
        let mut all = rules.rules().iter();
        all.any(|rule| rule.name == reason.name && rule.label == Some(label))
    })
}

fn is_opinion(reason: &Reason) -> bool {
    reason.by == ReasonSource::Model && reason.name.starts_with(OPINION_PREFIX)
}

fn may_be_risk(verdict: &Classification, rules: &RuleSet, risk_score_min: f32) -> bool {
    let Scores { pr_risk, .. } = verdict.scores;
    let may_be = verdict.labels.contains(&Label::PrRisk) || pr_risk >= risk_score_min;
    // What a rule says of a risk no advice can take back.
    let settled = verdict.label == Label::PrRisk
        && (verdict.confidence >= CERTAIN_CONFIDENCE_MIN
            || rule_speaks_for(Label::PrRisk, verdict, rules));
    may_be && !settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeSet;
    use switchboard_domain::{Mention, NoAnswer, Slug};

    /// A rule of the shipped set for that label.
    fn rule_for(label: Label, rules: &RuleSet) -> Reason {
        let rule = rules.rules().iter().find(|rule| rule.label == Some(label));
        Reason {
            by: ReasonSource::Rule,
            name: rule.unwrap().name.clone(),
            span: None,
            weight: 2.0,
        }
    }

    /// A sure complaint with this score of `pr_risk`.
    fn post(pr_risk: f32) -> ClassifiedMention {
        ClassifiedMention {
            mention: Mention::new(Slug::from_any("x"), "1", "my parcel"),
            received_at: Timestamp::UNIX_EPOCH,
            classification: Classification {
                label: Label::Complaint,
                labels: BTreeSet::from([Label::Complaint]),
                confidence: 0.8,
                scores: Scores {
                    pr_risk,
                    ..Scores::default()
                },
                needs_review: false,
                severity: 3,
                topics: vec![],
                language: "en".to_owned(),
                reasons: vec![],
                no_answer: None,
                rules_version: String::new(),
                model_version: String::new(),
                revision: 1,
            },
            brand: Slug::from_any("acme"),
        }
    }

    fn risk(confidence: f32) -> ClassifiedMention {
        let mut post = post(confidence);
        post.classification.label = Label::PrRisk;
        post.classification.labels = BTreeSet::from([Label::PrRisk]);
        post.classification.confidence = confidence;
        post
    }

    fn with(mut post: ClassifiedMention, change: fn(&mut ClassifiedMention)) -> ClassifiedMention {
        change(&mut post);
        post
    }

    fn doubtful() -> ClassifiedMention {
        with(post(0.0), |post| post.classification.needs_review = true)
    }

    #[rstest]
    #[case::sure(post(0.05), false)]
    #[case::faint_risk(post(0.1), true)]
    #[case::risk_among_the_labels(with(post(0.0), |post| { post.classification.labels.insert(Label::PrRisk); }), true)]
    #[case::doubtful(doubtful(), true)]
    #[case::risk_by_half(risk(0.6), true)]
    #[case::certain_risk(risk(0.9), false)]
    #[case::certain_but_doubtful(with(risk(0.95), |post| post.classification.needs_review = true), true)]
    #[case::deletion(with(doubtful(), |post| post.mention.op = Op::Delete), false)]
    #[case::history(with(doubtful(), |post| post.mention.backfill = true), false)]
    #[case::spam(with(doubtful(), |post| post.classification.no_answer = Some(NoAnswer::Spam)), false)]
    fn who_is_asked_about(#[case] post: ClassifiedMention, #[case] want: bool) {
        let rules = RuleSet::shipped().unwrap();
        assert_eq!(is_candidate(&post, &rules, 0.1), want);
    }

    #[test]
    fn a_risk_by_a_rule_needs_no_opinion_and_by_another_rule_it_does() {
        let rules = RuleSet::shipped().unwrap();
        let by = |label| {
            let mut post = risk(0.6);
            post.classification.reasons.push(rule_for(label, &rules));
            is_candidate(&post, &rules, 0.1)
        };
        assert!(!by(Label::PrRisk));
        assert!(by(Label::Complaint));
    }

    #[rstest]
    #[case::an_opinion(ReasonSource::Model, "opinion/remote", false)]
    #[case::a_rule_of_that_name(ReasonSource::Rule, "opinion/remote", true)]
    #[case::another_model(ReasonSource::Model, "linear", true)]
    fn nobody_is_asked_twice(#[case] by: ReasonSource, #[case] name: &str, #[case] want: bool) {
        let mut post = doubtful();
        post.classification.reasons.push(Reason {
            by,
            name: name.to_owned(),
            span: None,
            weight: 0.9,
        });
        let rules = RuleSet::shipped().unwrap();
        assert_eq!(is_candidate(&post, &rules, 0.1), want);
    }

    #[rstest]
    #[case::at_once(0, true)]
    #[case::just_so(600, true)]
    #[case::late(601, false)]
    #[case::ahead(-60, true)]
    fn only_news_is_worth_a_question(#[case] age_seconds: i64, #[case] want: bool) {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let received = now - SignedDuration::from_secs(age_seconds);
        assert_eq!(is_news(received, now), want);
    }
}
