//! Who wins when.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

/// Shares of complaint, lead, `pr_risk` and general.
fn advice(shares: [f32; 4]) -> Advice {
    Advice::new(&shares.into()).unwrap()
}

fn reason(name: &str, weight: f32) -> Reason {
    Reason {
        by: ReasonSource::Rule,
        name: name.to_owned(),
        span: None,
        weight,
    }
}

/// A first verdict that says `label`, sure or not, with the severity of its label alone.
fn first(label: Label, needs_review: bool) -> Classification {
    let severity = base(label);
    #[expect(clippy::cast_precision_loss, reason = "one digit")]
    let weight = severity as f32;
    Classification {
        label,
        labels: BTreeSet::from([label]),
        confidence: 0.45,
        scores: [0.3, 0.2, 0.2, 0.3].into(),
        needs_review,
        severity: u8::try_from(severity).unwrap(),
        topics: vec!["baggage".to_owned()],
        language: "en".to_owned(),
        reasons: vec![reason("waiting", 1.0), reason(SEVERITY_BASE, weight)],
        no_answer: None,
        rules_version: "2".to_owned(),
        model_version: "linear-1".to_owned(),
        revision: 1,
    }
}

fn case(has_rule: bool, thresholds: &Thresholds) -> Case<'_> {
    Case {
        has_rule,
        thresholds,
        by: Signature {
            adviser: AdviserLabel::Remote,
            version: "small-1",
        },
    }
}

const COMPLAINT: [f32; 4] = [0.9, 0.0, 0.05, 0.05];
const LEAD: [f32; 4] = [0.0, 0.8, 0.0, 0.2];
const RISK: [f32; 4] = [0.1, 0.0, 0.9, 0.0];
const FAINT_RISK: [f32; 4] = [0.45, 0.0, 0.55, 0.0];
const CLEARER_FAINT_RISK: [f32; 4] = [0.3, 0.0, 0.55, 0.15];
const GENERAL: [f32; 4] = [0.1, 0.1, 0.0, 0.8];
const NOTHING_SURE: [f32; 4] = [0.4, 0.0, 0.3, 0.3];

use Label::{Complaint, General, Lead, PrRisk};
use OpinionOutcome::{Changed, Confirmed, Outweighed, Unsure};

const SURE: bool = false;
const DOUBT: bool = true;
const RULE: bool = true;
const NO_RULE: bool = false;

#[rstest]
#[case::an_unsure_adviser_changes_nothing(Complaint, DOUBT, NO_RULE, NOTHING_SURE, Unsure, None)]
#[case::nor_does_one_that_is_torn(Complaint, DOUBT, NO_RULE, FAINT_RISK, Unsure, None)]
#[case::doubt_is_lifted(Complaint, DOUBT, NO_RULE, COMPLAINT, Confirmed, Some(Complaint))]
#[case::nothing_to_add(Complaint, SURE, NO_RULE, COMPLAINT, Confirmed, None)]
#[case::a_guess_gives_way(Complaint, DOUBT, NO_RULE, LEAD, Changed, Some(Lead))]
#[case::also_one_by_a_rule(Complaint, DOUBT, RULE, LEAD, Changed, Some(Lead))]
#[case::what_is_sure_stands(Complaint, SURE, NO_RULE, LEAD, Outweighed, None)]
#[case::a_risk_is_raised_over_what_is_sure(Complaint, SURE, RULE, RISK, Changed, Some(PrRisk))]
#[case::and_over_chatter(General, SURE, NO_RULE, RISK, Changed, Some(PrRisk))]
#[case::but_not_by_a_faint_voice(Complaint, DOUBT, NO_RULE, CLEARER_FAINT_RISK, Outweighed, None)]
#[case::a_guessed_risk_gives_way(PrRisk, DOUBT, NO_RULE, GENERAL, Changed, Some(General))]
#[case::a_risk_by_a_rule_is_not_talked_away(PrRisk, DOUBT, RULE, GENERAL, Outweighed, None)]
#[case::a_sure_risk_stands(PrRisk, SURE, NO_RULE, COMPLAINT, Outweighed, None)]
#[case::a_risk_is_confirmed(PrRisk, DOUBT, RULE, RISK, Confirmed, Some(PrRisk))]
fn who_wins(
    #[case] label: Label,
    #[case] needs_review: bool,
    #[case] has_rule: bool,
    #[case] advised: [f32; 4],
    #[case] outcome: OpinionOutcome,
    #[case] want: Option<Label>,
) {
    let thresholds = Thresholds::default();
    let first = first(label, needs_review);
    let opinion = weigh(&first, &advice(advised), &case(has_rule, &thresholds));
    assert_eq!(opinion.outcome, outcome);
    let revised = opinion.revised;
    assert_eq!(revised.as_ref().map(|revised| revised.label), want);
    if let Some(revised) = revised {
        assert!(!revised.needs_review);
        assert_eq!(revised.revision, 2);
        assert_eq!(revised.model_version, "linear-1+remote:small-1");
        assert_eq!(revised.reasons[0].name, "opinion/remote");
        assert_eq!(revised.reasons[0].by, ReasonSource::Model);
        assert!(revised.labels.contains(&revised.label));
    }
}

#[test]
fn high_severity_by_a_rule_is_not_talked_away_either() {
    let thresholds = Thresholds::default();
    let grave = Classification {
        severity: 8,
        ..first(Complaint, DOUBT)
    };
    let opinion = weigh(&grave, &advice(GENERAL), &case(RULE, &thresholds));
    assert_eq!(opinion.outcome, Outweighed);
    let opinion = weigh(&grave, &advice(GENERAL), &case(NO_RULE, &thresholds));
    let revised = opinion.revised.unwrap();
    assert_eq!((revised.label, revised.severity), (General, 8));
}

#[test]
fn a_raised_label_shows_what_it_adds_to_the_severity() {
    let thresholds = Thresholds::default();
    let raise = |first: &Classification| {
        let opinion = weigh(first, &advice(RISK), &case(NO_RULE, &thresholds));
        opinion.revised.unwrap()
    };
    let revised = raise(&first(Complaint, SURE));
    assert_eq!(revised.severity, 5);
    assert_eq!(revised.reasons[2], reason(SEVERITY_BASE, 5.0));
    let chatter = Classification {
        reasons: vec![],
        ..first(General, SURE)
    };
    let revised = raise(&chatter);
    assert_eq!(revised.severity, 5);
    assert_eq!(revised.reasons[1], reason(SEVERITY_BASE, 5.0));
}

#[test]
fn what_was_sure_stays_beside_a_risk_and_a_guess_does_not() {
    let thresholds = Thresholds::default();
    let labels = |needs_review| {
        let first = first(Lead, needs_review);
        let opinion = weigh(&first, &advice(RISK), &case(NO_RULE, &thresholds));
        opinion.revised.unwrap().labels
    };
    assert_eq!(labels(SURE), BTreeSet::from([Lead, PrRisk]));
    assert_eq!(labels(DOUBT), BTreeSet::from([PrRisk]));
}

#[test]
fn a_confirmed_complaint_may_be_a_risk_besides() {
    let thresholds = Thresholds::default();
    let mixed = advice([0.7, 0.0, 0.3, 0.0]);
    let opinion = weigh(&first(Complaint, SURE), &mixed, &case(RULE, &thresholds));
    assert_eq!(opinion.outcome, Confirmed);
    let labels = opinion.revised.unwrap().labels;
    assert_eq!(labels, BTreeSet::from([Complaint, PrRisk]));
}

#[test]
fn a_full_list_of_reasons_loses_the_lightest_evidence_and_no_part_of_the_severity() {
    let thresholds = Thresholds::default();
    let mut crowded = first(Complaint, DOUBT);
    let evidence = (0..REASONS_MAX - 1).map(|number| reason(&format!("rule-{number}"), 1.0));
    crowded.reasons = evidence.chain([reason(SEVERITY_BASE, 3.0)]).collect();
    let opinion = weigh(&crowded, &advice(COMPLAINT), &case(RULE, &thresholds));
    let reasons = opinion.revised.unwrap().reasons;
    let names: Vec<&str> = reasons.iter().map(|reason| reason.name.as_str()).collect();
    assert_eq!(reasons.len(), REASONS_MAX);
    assert_eq!(names[..2], ["opinion/remote", "rule-0"]);
    assert_eq!(names[REASONS_MAX - 2..], ["rule-13", SEVERITY_BASE]);
}

fn any_label() -> impl Strategy<Value = Label> {
    prop::sample::select(Label::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_severity_falls_and_no_urgent_rule_is_talked_away(
        label in any_label(),
        needs_review: bool,
        has_rule: bool,
        severity in 0..=10_u8,
        shares in prop::array::uniform4(0.0..=1.0_f32),
    ) {
        let thresholds = Thresholds::default();
        let first = Classification { severity, ..first(label, needs_review) };
        if let Some(advice) = Advice::new(&shares.into()) {
            let opinion = weigh(&first, &advice, &case(has_rule, &thresholds));
            if let Some(revised) = opinion.revised {
                prop_assert!(revised.severity >= severity && revised.severity <= 10);
                prop_assert!(revised.revision > first.revision);
                prop_assert!(revised.reasons.len() <= REASONS_MAX);
                let was_urgent = first.is_urgent() && has_rule;
                prop_assert!(!was_urgent || revised.is_urgent());
                prop_assert!(needs_review || revised.labels.is_superset(&first.labels));
            }
        }
    }
}
