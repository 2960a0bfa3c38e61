//! The laws of the series: names, a closed number of them, and an exposition that parses.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[cfg(test)]
mod every;
#[cfg(test)]
mod grammar;

use every::{all_descriptions, departments, every_counter, every_gauge, every_histogram};
use grammar::check_line;
use rstest::rstest;
use std::collections::BTreeSet;
use switchboard_telemetry::{
    ClassLabel, Counter, CounterFamily, Description, Gauge, GaugeFamily, Histogram,
    HistogramFamily, Method, Metrics, PROCESS_SERIES, PlatformLabel, PriorityLabel, RejectReason,
    Stage, StatusClass,
};

/// A process may expose fewer than this many lines of samples, whatever comes in.
const SERIES_MAX: usize = 2_000;

fn metrics() -> Metrics {
    Metrics::new("0.1.0").unwrap()
}

fn sample_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn names_follow_the_convention() {
    let mut seen = BTreeSet::new();
    for Description { name, help, labels } in all_descriptions() {
        assert!(name.starts_with("switchboard_"), "{name}: prefix");
        assert!(
            name.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_'),
            "{name}"
        );
        assert!(seen.insert(name), "{name}: named twice");
        assert!(
            help.ends_with('.') && help.len() > 10,
            "{name}: help `{help}`"
        );
        for unit in ["_ms", "_millis", "_minutes", "_hours", "_kb", "_mb"] {
            assert!(!name.contains(unit), "{name}: base units only");
        }
        for label in labels {
            let plain = label
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_');
            assert!(plain && *label != "le", "{name}: label `{label}`");
        }
    }
}

#[test]
fn only_counters_end_in_total() {
    for family in CounterFamily::ALL {
        assert!(family.description().name.ends_with("_total"), "{family:?}");
    }
    for family in GaugeFamily::ALL {
        assert!(!family.description().name.ends_with("_total"), "{family:?}");
    }
    for family in HistogramFamily::ALL {
        assert!(
            family.description().name.ends_with("_seconds"),
            "{family:?}"
        );
    }
}

#[test]
fn buckets_rise() {
    for family in HistogramFamily::ALL {
        assert!(
            family.buckets().is_sorted_by(|lower, upper| lower < upper),
            "{family:?}"
        );
    }
}

#[test]
fn every_series_can_be_written_and_read_back() {
    let metrics = metrics();
    let departments = departments(&metrics);
    for (index, counter) in every_counter(&departments).into_iter().enumerate() {
        metrics.add(counter, index as u64 + 1);
        assert_eq!(
            metrics.counter_value(counter),
            index as u64 + 1,
            "{counter:?}"
        );
    }
    for gauge in every_gauge(&departments) {
        metrics.set(gauge, 7.5);
        assert_eq!(
            metrics.gauge_value(gauge).to_bits(),
            7.5_f64.to_bits(),
            "{gauge:?}"
        );
    }
    for histogram in every_histogram() {
        metrics.observe(histogram, 0.25);
        assert_eq!(metrics.histogram_count(histogram), 1, "{histogram:?}");
        assert_eq!(
            metrics.histogram_sum(histogram).to_bits(),
            0.25_f64.to_bits(),
            "{histogram:?}"
        );
    }
}

#[test]
fn the_whole_space_of_labels_stays_under_the_limit() {
    let metrics = metrics();
    let departments = departments(&metrics);
    for counter in every_counter(&departments) {
        metrics.add(counter, 1);
    }
    for gauge in every_gauge(&departments) {
        metrics.set(gauge, 1.0);
    }
    for histogram in every_histogram() {
        metrics.observe(histogram, 1.0);
    }
    let count = sample_lines(&metrics.expose()).len();
    assert!(count < SERIES_MAX, "{count} series");
    let families = all_descriptions().len();
    assert_eq!(
        metrics.expose().matches("# TYPE ").count(),
        families,
        "a family was left out"
    );
}

/// A sequence that looks random and is the same in every run.
fn scramble(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

#[test]
fn a_million_foreign_names_add_no_series() {
    let metrics = metrics();
    let mut count_early = 0;
    for number in 0..1_000_000 {
        let name = format!("name-{:x}", scramble(number));
        let platform = PlatformLabel::from_name(&name);
        metrics.add(Counter::MentionsReceived { platform }, 1);
        metrics.register_departments(&[name.as_str()]);
        let department = metrics.department(&name);
        metrics.add(
            Counter::TicketsOpened {
                department,
                label: ClassLabel::Complaint,
            },
            1,
        );
        if number == 1_000 {
            count_early = sample_lines(&metrics.expose()).len();
        }
    }
    let count = sample_lines(&metrics.expose()).len();
    assert_eq!(count, count_early);
    assert!(count < SERIES_MAX, "{count} series");
    let other = Counter::MentionsReceived {
        platform: PlatformLabel::Other,
    };
    assert_eq!(metrics.counter_value(other), 1_000_000);
}

#[rstest]
#[case::known("mastodon", PlatformLabel::Mastodon)]
#[case::absent_means_api("api", PlatformLabel::Api)]
#[case::unknown("friendster", PlatformLabel::Other)]
#[case::case_matters("Mastodon", PlatformLabel::Other)]
#[case::empty("", PlatformLabel::Other)]
fn a_platform_is_found_by_name(#[case] name: &str, #[case] want: PlatformLabel) {
    assert_eq!(PlatformLabel::from_name(name), want);
}

#[test]
fn label_values_are_distinct() {
    let names: BTreeSet<&str> = PlatformLabel::ALL
        .iter()
        .map(|label| label.as_str())
        .collect();
    assert_eq!(names.len(), PlatformLabel::ALL.len());
    let reasons: BTreeSet<&str> = RejectReason::ALL
        .iter()
        .map(|label| label.as_str())
        .collect();
    assert_eq!(reasons.len(), RejectReason::ALL.len());
}

#[rstest]
#[case::get(Method::from_name("GET"), "GET")]
#[case::unusual(Method::from_name("PROPFIND"), "other")]
fn a_method_is_found_by_name(#[case] method: Method, #[case] want: &str) {
    assert_eq!(method.as_str(), want);
}

#[rstest]
#[case::ok(200, "2xx")]
#[case::last_of_its_class(499, "4xx")]
#[case::first_of_its_class(500, "5xx")]
#[case::no_status(0, "5xx")]
fn a_status_has_a_class(#[case] status: u16, #[case] want: &str) {
    assert_eq!(StatusClass::from_status(status).as_str(), want);
}

#[rstest]
#[case::ordinary(0.5, 1, 0.5)]
#[case::before_its_time(-3.0, 1, 0.0)]
#[case::not_a_number(f64::NAN, 0, 0.0)]
fn odd_durations_do_no_harm(#[case] seconds: f64, #[case] count: u64, #[case] sum: f64) {
    let metrics = metrics();
    metrics.observe(Histogram::MentionToTicket, seconds);
    assert_eq!(metrics.histogram_count(Histogram::MentionToTicket), count);
    assert_eq!(
        metrics.histogram_sum(Histogram::MentionToTicket).to_bits(),
        sum.to_bits()
    );
}

#[test]
fn open_tickets_are_replaced_as_a_whole() {
    let metrics = metrics();
    metrics.register_departments(&["support", "sales"]);
    let open = |department: &str, priority| {
        metrics.gauge_value(Gauge::TicketsOpen {
            department: metrics.department(department),
            priority,
        })
    };
    metrics.set_tickets_open(&[
        ("support", PriorityLabel::High, 3),
        ("unknown-a", PriorityLabel::Low, 1),
        ("unknown-b", PriorityLabel::Low, 2),
    ]);
    assert_eq!(
        open("support", PriorityLabel::High).to_bits(),
        3.0_f64.to_bits()
    );
    assert_eq!(
        open("unknown-c", PriorityLabel::Low).to_bits(),
        3.0_f64.to_bits()
    );

    metrics.set_tickets_open(&[("sales", PriorityLabel::High, 1)]);
    assert_eq!(
        open("support", PriorityLabel::High).to_bits(),
        0.0_f64.to_bits()
    );
    assert_eq!(
        open("sales", PriorityLabel::High).to_bits(),
        1.0_f64.to_bits()
    );
}

#[test]
fn a_fresh_process_exposes_its_counters_at_zero() {
    let metrics = metrics();
    metrics.register_departments(&["sales"]);
    let text = metrics.expose();
    for line in [
        r#"switchboard_stage_events_total{outcome="forwarded",stage="route"} 0"#,
        r#"switchboard_notify_attempts_total{channel="slack",outcome="failed"} 0"#,
        r#"switchboard_sla_breaches_total{clock="triage",department="sales"} 0"#,
        r#"switchboard_sla_kept_total{department="sales"} 0"#,
        "switchboard_mention_to_ticket_seconds_count 0",
        r#"switchboard_dead_letters_total{stage="classify"} 0"#,
        "switchboard_outbox_published_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_tells_of_itself_under_the_listed_names() {
    let metrics = metrics();
    metrics.watch_process().unwrap();
    let text = metrics.expose();
    let told: BTreeSet<&str> = sample_lines(&text)
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("process_"))
        .collect();
    let listed: BTreeSet<&str> = PROCESS_SERIES.iter().map(|series| series.name).collect();
    assert_eq!(told, listed);
    assert!(metrics.watch_process().is_err(), "once per registry");
}

#[test]
fn clones_share_the_values() {
    let metrics = metrics();
    metrics.clone().add(Counter::AuditSealed, 2);
    assert_eq!(metrics.counter_value(Counter::AuditSealed), 2);
}

#[test]
fn the_exposition_parses() {
    let metrics = Metrics::new("0.1.0\"\\\n").unwrap();
    metrics.observe(
        Histogram::StageDuration {
            stage: Stage::Route,
        },
        0.003,
    );
    let text = metrics.expose();
    let known: BTreeSet<&str> = all_descriptions()
        .iter()
        .map(|described| described.name)
        .collect();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Err(fault) = check_line(line, &known) {
            panic!("{fault}: `{line}`");
        }
    }
    assert!(
        text.contains(r#"switchboard_build_info{version="0.1.0\"\\\n"} 1"#),
        "{text}"
    );
}
