use super::*;
use crate::routing::{AuthorTier, Column, RowPriority, explain_lines};
use crate::{Author, ClassifiedMention, Form, Mention, Slug};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rstest::rstest;
use std::collections::BTreeSet;

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

fn row(name: &str, change: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::new(name, slug(name));
    change(&mut row);
    row
}

fn table(rows: Vec<Row>) -> RoutingTable {
    RoutingTable::new(rows, slug("community")).unwrap()
}

fn facts() -> Facts {
    Facts {
        label: Label::Complaint,
        labels: [Label::Complaint].into(),
        topics: vec!["baggage/lost".into(), "refund".into()],
        platform: slug("x"),
        brand: slug("blue"),
        language: "en".into(),
        form: Form::Reply,
        author_tier: AuthorTier::Verified,
        severity: 6,
        followers: 1_200,
        confidence: 0.8,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what a column of a row is made of"
)]
fn set<T: Ord>(value: T) -> Option<BTreeSet<T>> {
    Some([value].into())
}

#[rstest]
#[case::any(|_: &mut Row| {}, None)]
#[case::label(|row: &mut Row| row.label = set(Label::Complaint), None)]
#[case::other_label(|row: &mut Row| row.label = set(Label::Lead), Some(Column::Label))]
#[case::topic(|row: &mut Row| row.topic = set("baggage/lost".into()), None)]
#[case::topic_above(|row: &mut Row| row.topic = set("baggage".into()), None)]
#[case::second_topic(|row: &mut Row| row.topic = set("refund".into()), None)]
#[case::topic_below(|row: &mut Row| row.topic = set("baggage/lost/abroad".into()), Some(Column::Topic))]
#[case::topic_beside(|row: &mut Row| row.topic = set("baggage/late".into()), Some(Column::Topic))]
#[case::topic_is_no_text_prefix(|row: &mut Row| row.topic = set("bag".into()), Some(Column::Topic))]
#[case::platform(|row: &mut Row| row.platform = set(slug("x")), None)]
#[case::other_platform(|row: &mut Row| row.platform = set(slug("reddit")), Some(Column::Platform))]
#[case::brand(|row: &mut Row| row.brand = set(slug("blue")), None)]
#[case::other_brand(|row: &mut Row| row.brand = set(slug("red")), Some(Column::Brand))]
#[case::language(|row: &mut Row| row.language = set("en".into()), None)]
#[case::other_language(|row: &mut Row| row.language = set("es".into()), Some(Column::Language))]
#[case::form(|row: &mut Row| row.form = Some([Form::Dm, Form::Reply].into()), None)]
#[case::other_form(|row: &mut Row| row.form = set(Form::Dm), Some(Column::Form))]
#[case::tier(|row: &mut Row| row.author_tier = set(AuthorTier::Verified), None)]
#[case::other_tier(|row: &mut Row| row.author_tier = set(AuthorTier::Standard), Some(Column::AuthorTier))]
fn one_column(#[case] change: fn(&mut Row), #[case] rejected_by: Option<Column>) {
    let decision = route(&table(vec![row("desk", change)]), &facts());
    let verdict = &decision.explanation.rows[0].verdict;
    match rejected_by {
        None => {
            assert_eq!(*verdict, Verdict::Matched);
            assert_eq!(
                (decision.department, decision.explanation.fallback),
                (slug("desk"), None)
            );
        }
        Some(want) => {
            let Verdict::NotMatched { column, .. } = verdict else {
                panic!("{verdict:?}")
            };
            assert_eq!(*column, want);
            assert_eq!(decision.department, slug("community"));
            assert_eq!(decision.explanation.fallback, Some(slug("community")));
        }
    }
}

#[test]
fn the_first_matching_row_wins_and_the_rest_is_not_tried() {
    let table = table(vec![row("first", |_| {}), row("second", |_| {})]);
    let decision = route(&table, &facts());
    assert_eq!(decision.department, slug("first"));
    assert_eq!(decision.explanation.rows[1].verdict, Verdict::AfterMatch);
}

#[rstest]
#[case::holds("severity > 5", Verdict::Matched)]
#[case::does_not_hold("severity > 6", Verdict::ConditionFalse { when: "severity > 6".into() })]
fn a_condition_narrows_its_row(#[case] when: &str, #[case] want: Verdict) {
    let table = table(vec![row("desk", |row| row.when = Some(when.into()))]);
    assert_eq!(route(&table, &facts()).explanation.rows[0].verdict, want);
}

#[test]
fn a_condition_that_fails_does_not_match_and_says_why() {
    let table = table(vec![row("desk", |row| {
        row.when = Some("topics[2] == 'crew'".into());
    })]);
    let decision = route(&table, &facts());
    assert_eq!(decision.department, slug("community"));
    let Verdict::ConditionFailed { error, .. } = &decision.explanation.rows[0].verdict else {
        panic!("{:?}", decision.explanation.rows)
    };
    assert!(error.contains("out of bounds"), "{error}");
}

fn several_labels(rows: Vec<Row>) -> Decision {
    let labels = Label::ALL.into();
    route(&table(rows), &Facts { labels, ..facts() })
}

#[test]
fn other_labels_bring_helpers() {
    let decision = several_labels(vec![
        row("care", |row| {
            row.label = set(Label::Complaint);
            row.helpers = vec![slug("baggage"), slug("press"), slug("care")];
        }),
        row("press", |row| row.label = set(Label::PrRisk)),
        row("sales", |row| row.label = set(Label::Lead)),
        row("sales-too", |row| row.label = set(Label::Lead)),
        row("chatter", |row| row.label = set(Label::General)),
    ]);
    assert_eq!(decision.department, slug("care"));
    assert_eq!(
        decision.helpers,
        [slug("baggage"), slug("press"), slug("sales")],
        "each once, never the owner, nobody for chatter, the first row of a label only"
    );
    let told: Vec<_> = decision
        .explanation
        .helpers
        .iter()
        .map(|helper| (helper.row, helper.label))
        .collect();
    assert_eq!(told, [(2, Label::Lead), (1, Label::PrRisk)]);
}

#[test]
fn rows_for_every_label_bring_no_helpers() {
    let rows = vec![
        row("care", |row| row.label = set(Label::Complaint)),
        row("everybody", |_| {}),
    ];
    assert_eq!(several_labels(rows).helpers, []);
}

#[test]
fn a_condition_judges_the_label_that_would_bring_the_helper() {
    let when = |text: &str| Some(text.to_owned());
    let decision = several_labels(vec![
        row("care", |row| row.label = set(Label::Complaint)),
        row("never", |row| {
            (row.label, row.when) = (set(Label::Lead), when("label == 'complaint'"));
        }),
        row("sales", |row| {
            (row.label, row.when) = (set(Label::Lead), when("label == 'lead'"));
        }),
    ]);
    assert_eq!(decision.helpers, [slug("sales")]);
}

#[rstest]
#[case::chatter(Label::General, 0, AuthorTier::Standard, None, Priority::Low)]
#[case::any_complaint(Label::Complaint, 0, AuthorTier::Standard, None, Priority::Normal)]
#[case::just_not_high(Label::Complaint, 5, AuthorTier::Standard, None, Priority::Normal)]
#[case::grave_complaint(Label::Complaint, 6, AuthorTier::Standard, None, Priority::High)]
#[case::any_risk(Label::PrRisk, 0, AuthorTier::Standard, None, Priority::High)]
#[case::grave_risk(Label::PrRisk, 6, AuthorTier::Standard, None, Priority::Urgent)]
#[case::somebody_heard(Label::Complaint, 8, AuthorTier::Influencer, None, Priority::Urgent)]
#[case::row_adds(
    Label::Lead,
    0,
    AuthorTier::Verified,
    Some(RowPriority::Add(25)),
    Priority::High
)]
#[case::row_takes(Label::Complaint, 0, AuthorTier::Standard, Some(RowPriority::Add(-1)), Priority::Low)]
#[case::row_lowers(
    Label::PrRisk,
    10,
    AuthorTier::Influencer,
    Some(RowPriority::Fixed(Priority::Normal)),
    Priority::Normal
)]
#[case::row_raises(
    Label::General,
    0,
    AuthorTier::Standard,
    Some(RowPriority::Fixed(Priority::Urgent)),
    Priority::Urgent
)]
fn points_add_up(
    #[case] label: Label,
    #[case] severity: u8,
    #[case] author_tier: AuthorTier,
    #[case] priority: Option<RowPriority>,
    #[case] want: Priority,
) {
    let table = table(vec![row("desk", |row| row.priority = priority)]);
    let decision = route(
        &table,
        &Facts {
            label,
            author_tier,
            severity,
            ..facts()
        },
    );
    assert_eq!(decision.priority, want, "{:?}", decision.priority_reasons);
}

#[rstest]
#[case::nobody(None, false, AuthorTier::Standard)]
#[case::vouched_for(Some(9_999), true, AuthorTier::Verified)]
#[case::heard(Some(10_000), false, AuthorTier::Influencer)]
fn tiers(#[case] followers: Option<u64>, #[case] verified: bool, #[case] want: AuthorTier) {
    assert_eq!(
        AuthorTier::of(&Author {
            followers,
            verified,
            ..Author::default()
        }),
        want
    );
}

fn explained() -> Decision {
    let table = table(vec![
        row("crew", |row| {
            row.topic = Some(["crew".to_owned(), "food".to_owned()].into());
        }),
        row("grave", |row| row.when = Some("severity >= 9".into())),
        row("baggage", |row| {
            row.topic = set("baggage".into());
            row.informed = vec![slug("airport")];
            row.approver = Some(slug("legal"));
            row.priority = Some(RowPriority::Add(10));
            row.sla = Some("fast".into());
        }),
        row("press", |row| row.label = set(Label::PrRisk)),
    ]);
    route(
        &table,
        &Facts {
            labels: [Label::Complaint, Label::PrRisk].into(),
            ..facts()
        },
    )
}

#[test]
fn a_decision_reads_as_sentences() {
    insta::assert_snapshot!(explain_lines(&explained()).join("\n"), @r"
    department baggage by row `baggage`
    helpers press
    informed airport
    approver legal
    sla fast
    priority high (65 points: label complaint +20, severity 6 +30, author verified +5, row baggage +10)
    table eed164b7517b:
      1. crew: topic wants crew, food, found baggage/lost, refund
      2. grave: `severity >= 9` does not hold
      3. baggage: matched
      4. press: not tried, an earlier row matched; for label pr_risk it brings `press`
    ");
    let fallback = route(&table(vec![]), &facts());
    insta::assert_snapshot!(explain_lines(&fallback).join("\n"), @r"
    department community by fallback
    priority high (55 points: label complaint +20, severity 6 +30, author verified +5)
    table d50187c8902b:
      no row matched: `community` is the fallback
    ");
}

#[test]
fn an_explanation_is_short_json_and_comes_back_whole() {
    let explanation = explained().explanation;
    let json = serde_json::to_string(&explanation).unwrap();
    insta::assert_snapshot!(json, @r#"{"table":"eed164b7517b","facts":{"label":"complaint","labels":["complaint","pr_risk"],"topics":["baggage/lost","refund"],"platform":"x","brand":"blue","language":"en","form":"reply","author_tier":"verified","severity":6,"followers":1200,"confidence":0.8},"rows":[{"row":"crew","is":{"not":{"col":"topic","want":"crew, food"}}},{"row":"grave","is":{"when_false":{"when":"severity >= 9"}}},{"row":"baggage","is":"matched"},{"row":"press"}],"helpers":[{"row":3,"label":"pr_risk","department":"press"}]}"#);
    assert_eq!(
        serde_json::from_str::<Explanation>(&json).unwrap(),
        explanation
    );
    let decision = explained();
    let json = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
}

#[test]
fn facts_hold_no_words_and_no_name() {
    let mut mention = Mention::new(slug("x"), "1", "my secret words");
    mention.author = Author {
        handle: Some("secret-handle".into()),
        ..Author::default()
    };
    let classified = classified(mention, f32::NAN);
    let facts = Facts::of(&classified);
    let json = serde_json::to_string(&facts).unwrap();
    assert!(!json.contains("secret"), "{json}");
    assert_eq!(
        serde_json::from_str::<Facts>(&json).unwrap(),
        facts,
        "also what is no number"
    );
}

fn classified(mention: Mention, confidence: f32) -> ClassifiedMention {
    ClassifiedMention {
        mention,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        brand: slug("blue"),
        classification: crate::Classification {
            label: Label::Lead,
            labels: [Label::Lead].into(),
            confidence,
            scores: crate::Scores::default(),
            needs_review: false,
            severity: 3,
            topics: vec!["price".into()],
            language: "en".into(),
            reasons: vec![],
            no_answer: None,
            rules_version: "1".into(),
            model_version: "1".into(),
            revision: 1,
        },
    }
}

prop_compose! {
    fn any_row()(
        label in proptest::option::of(subsequence(Label::ALL.to_vec(), 1..=2)),
        topic in proptest::option::of(select(vec!["baggage", "baggage/lost", "refund"])),
        when in proptest::option::of(select(vec!["severity > 5", "topics[0] == 'refund'"])),
        department in select(vec!["a", "b", "c"]),
        helpers in subsequence(vec!["a", "b", "c"], 0..=3),
        points in proptest::option::of(any::<i8>()),
    ) -> Row {
        Row {
            label: label.map(BTreeSet::from_iter),
            topic: topic.map(|topic| [topic.to_owned()].into()),
            when: when.map(str::to_owned),
            helpers: helpers.into_iter().map(slug).collect(),
            priority: points.map(RowPriority::Add),
            ..Row::new("", slug(department))
        }
    }
}

prop_compose! {
    fn any_facts()(
        label in select(Label::ALL.to_vec()),
        labels in subsequence(Label::ALL.to_vec(), 0..=4),
        topics in subsequence(vec!["baggage", "baggage/lost", "refund", "crew"], 0..=3),
        severity in any::<u8>(),
        followers in any::<u64>(),
    ) -> Facts {
        Facts {
            label, labels: labels.into_iter().collect(), severity, followers,
            topics: topics.into_iter().map(str::to_owned).collect(),
            ..facts()
        }
    }
}

/// The same table asked row by row, without the index.
fn first_fitting(rows: &[Row], facts: &Facts) -> Option<usize> {
    rows.iter().position(|row| {
        let label_fits = row
            .label
            .as_ref()
            .is_none_or(|labels| labels.contains(&facts.label));
        let is_under = |topic: &String, above: &String| {
            topic == above || topic.starts_with(&format!("{above}/"))
        };
        let topic_fits = row.topic.as_ref().is_none_or(|wanted| {
            wanted
                .iter()
                .any(|above| facts.topics.iter().any(|topic| is_under(topic, above)))
        });
        let holds = match row.when.as_deref() {
            None => true,
            Some("severity > 5") => facts.severity > 5,
            Some(_) => facts.topics.first().is_some_and(|topic| topic == "refund"),
        };
        label_fits && topic_fits && holds
    })
}

proptest! {
    #[test]
    fn every_post_has_an_owner_and_every_row_a_verdict(
        mut rows in proptest::collection::vec(any_row(), 0..80),
        facts in any_facts(),
    ) {
        for (number, row) in rows.iter_mut().enumerate() {
            row.name = format!("row {number}");
        }
        let table = table(rows);
        let decision = route(&table, &facts);
        let explanation = &decision.explanation;
        prop_assert_eq!(&decision, &route(&table, &facts), "deterministic");
        prop_assert_eq!(explanation.matched_row(), first_fitting(table.rows(), &facts));
        let names: Vec<_> = explanation.rows.iter().map(|row| row.name.to_string()).collect();
        let rows: Vec<_> = table.rows().iter().map(|row| row.name.clone()).collect();
        prop_assert_eq!(names, rows, "one verdict per row, in order");
        let matched = explanation.rows.iter().filter(|row| row.verdict == Verdict::Matched);
        let deciders = matched.count() + usize::from(explanation.fallback.is_some());
        prop_assert_eq!(deciders, 1, "one row or the fallback");
        prop_assert!(!decision.helpers.contains(&decision.department));
        let points = decision.priority_reasons.iter().map(|(_, points)| points).sum();
        prop_assert_eq!(Priority::of_points(points), decision.priority);
        let json = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
    }
}
