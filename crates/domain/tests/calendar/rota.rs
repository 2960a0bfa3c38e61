//! Who is on call when.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rstest::rstest;
use switchboard_domain::calendar::rota::{Cover, Rota, RotaError, Turn};

fn civil(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rota(turn: Turn, covers: Vec<Cover>) -> Rota {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let people = ["ana", "ben", "cem"].map(str::to_owned).to_vec();
    // A Monday.
    Rota::new(zone, people, (turn, civil("2026-01-05T09:00")), covers).unwrap()
}

#[rstest]
#[case::the_first_minute("2026-01-05T08:00:00Z", "ana")]
#[case::before_the_hand_over_it_is_the_last_one_of_the_round("2026-01-05T07:59:59Z", "cem")]
#[case::sunday_night("2026-01-12T07:59:59Z", "ana")]
#[case::the_next_monday("2026-01-12T08:00:00Z", "ben")]
#[case::round_again("2026-01-26T08:00:00Z", "ana")]
#[case::in_summer_an_hour_earlier_in_utc("2026-06-29T07:00:00Z", "ben")]
fn weeks(#[case] instant: &str, #[case] want: &str) {
    assert_eq!(rota(Turn::Week, vec![]).on_call(at(instant)), Some(want));
}

#[rstest]
#[case::monday("2026-01-05T12:00:00Z", "ana")]
#[case::the_night_belongs_to_the_day_before("2026-01-06T02:00:00Z", "ana")]
#[case::tuesday("2026-01-06T08:00:00Z", "ben")]
#[case::long_ago("2025-12-31T12:00:00Z", "ben")]
fn days(#[case] instant: &str, #[case] want: &str) {
    assert_eq!(rota(Turn::Day, vec![]).on_call(at(instant)), Some(want));
}

#[rstest]
#[case::just_before("2026-01-07T16:59:59Z", "cem")]
#[case::begins("2026-01-07T17:00:00Z", "dora")]
#[case::over_a_hand_over("2026-01-08T10:00:00Z", "dora")]
#[case::ends("2026-01-08T11:00:00Z", "ana")]
fn a_cover_stands_in(#[case] instant: &str, #[case] want: &str) {
    let cover = Cover {
        person: "dora".into(),
        from: civil("2026-01-07T18:00"),
        until: civil("2026-01-08T12:00"),
    };
    assert_eq!(
        rota(Turn::Day, vec![cover]).on_call(at(instant)),
        Some(want)
    );
}

/// 2026-03-29 in Berlin has no 02:30, 2026-10-25 has it twice.
#[rstest]
#[case::still_before_the_gap("2026-03-29T01:29:59Z", "before")]
#[case::behind_the_gap("2026-03-29T01:30:00Z", "after")]
#[case::the_first_of_two("2026-10-25T00:30:00Z", "after")]
#[case::the_second_of_two_is_no_hand_over("2026-10-25T01:10:00Z", "after")]
fn a_hand_over_on_the_day_the_clocks_change(#[case] instant: &str, #[case] want: &str) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let people = ["before", "after"].map(str::to_owned).to_vec();
    let date = &instant[..10];
    let day_before = civil(&format!("{date}T02:30")).checked_sub(jiff::Span::new().days(1));
    let rota = Rota::new(zone, people, (Turn::Day, day_before.unwrap()), vec![]).unwrap();
    assert_eq!(rota.on_call(at(instant)), Some(want));
}

#[test]
fn a_rota_without_anybody_is_refused() {
    let begins = (Turn::Day, civil("2026-01-05T09:00"));
    let made = Rota::new(TimeZone::UTC, vec![], begins, vec![]);
    assert_eq!(made, Err(RotaError::Nobody));
}

#[rstest]
#[case::empty(&[("a", "2026-01-05T10:00", "2026-01-05T10:00")], "the cover by `a` ends before it begins")]
#[case::overlapping(
    &[("b", "2026-01-06T00:00", "2026-01-08T00:00"), ("a", "2026-01-05T00:00", "2026-01-06T00:01")],
    "the covers by `a` and `b` overlap"
)]
fn covers_that_contradict(#[case] covers: &[(&str, &str, &str)], #[case] want: &str) {
    let covers = covers.iter().map(|(person, from, until)| Cover {
        person: (*person).into(),
        from: civil(from),
        until: civil(until),
    });
    let begins = (Turn::Day, civil("2026-01-05T09:00"));
    let made = Rota::new(TimeZone::UTC, vec!["x".into()], begins, covers.collect());
    assert_eq!(made.unwrap_err().to_string(), want);
}

proptest! {
    #[test]
    fn somebody_is_always_on_call_and_turns_are_even(
        second in 0_i64..4_000_000_000,
        count in 1_usize..6,
        weekly: bool,
    ) {
        let people: Vec<String> = (0..count).map(|person| format!("p{person}")).collect();
        let turn = if weekly { Turn::Week } else { Turn::Day };
        let begins = civil("2026-01-05T09:00");
        let rota = Rota::new(TimeZone::UTC, people, (turn, begins), vec![]).unwrap();
        let now = Timestamp::from_second(second).unwrap();
        let length = jiff::SignedDuration::from_hours(if weekly { 168 } else { 24 });
        let (mut seen, mut instant) = (vec![], now);
        for _ in 0..count {
            seen.push(rota.on_call(instant).unwrap());
            instant += length;
        }
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), count);
        prop_assert_eq!(rota.on_call(instant), rota.on_call(now));
    }
}
