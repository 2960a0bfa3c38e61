//! `docs/metrics.md` is written from the enums and checked against them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write;
use std::path::PathBuf;

use switchboard_telemetry::{
    AdviserLabel, ChannelLabel, ClassLabel, ClockLabel, CounterFamily, DEPARTMENTS_MAX,
    Description, GaugeFamily, HistogramFamily, LoginMethod, LoginOutcome, LookupOutcome, Method,
    NotifyOutcome, OpinionOutcome, Outcome, PROCESS_SERIES, PlatformLabel, PriorityLabel,
    RejectReason, Stage, StatusClass, StorePriority,
};

const HEAD: &str = "# Metrics

Every series the process exposes at `/metrics` on the ops listener. This page is written from
the enums of `crates/telemetry`; `UPDATE_DOCS=1 cargo test -p switchboard-telemetry` rewrites it.
";

#[test]
fn the_catalogue_matches_the_enums() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let want = catalogue();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &want).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        have == want,
        "docs/metrics.md differs from the enums; \
         run `UPDATE_DOCS=1 cargo test -p switchboard-telemetry` and commit the page"
    );
}

fn catalogue() -> String {
    let mut page = HEAD.to_owned();
    let counters: Vec<_> = CounterFamily::ALL
        .iter()
        .map(|family| family.description())
        .collect();
    write_families(&mut page, "Counters", &counters);
    let gauges: Vec<_> = GaugeFamily::ALL
        .iter()
        .map(|family| family.description())
        .collect();
    write_families(&mut page, "Gauges", &gauges);
    write_histograms(&mut page);
    write_families(&mut page, "The process", PROCESS_SERIES);
    write_label_values(&mut page);
    page
}

fn write_families(page: &mut String, title: &str, families: &[Description]) {
    write!(
        page,
        "\n## {title}\n\n| name | labels | meaning |\n|---|---|---|\n"
    )
    .unwrap();
    for Description { name, help, labels } in families {
        writeln!(page, "| `{name}` | {} | {help} |", quoted(labels)).unwrap();
    }
}

fn write_histograms(page: &mut String) {
    page.push_str("\n## Histograms\n\n| name | labels | meaning | upper bounds in seconds |\n");
    page.push_str("|---|---|---|---|\n");
    for family in HistogramFamily::ALL {
        let Description { name, help, labels } = family.description();
        let bounds: Vec<String> = family.buckets().iter().map(ToString::to_string).collect();
        let bounds = bounds.join(", ");
        writeln!(
            page,
            "| `{name}` | {} | {help} | {bounds} |",
            quoted(labels)
        )
        .unwrap();
    }
}

fn write_label_values(page: &mut String) {
    page.push_str("\n## Label values\n\n| label | values |\n|---|---|\n");
    let priorities = names(PriorityLabel::ALL, PriorityLabel::as_str);
    let lanes = names(StorePriority::ALL, StorePriority::as_str);
    let outcomes = names(Outcome::ALL, Outcome::as_str);
    let notified = names(NotifyOutcome::ALL, NotifyOutcome::as_str);
    let looked_up = names(LookupOutcome::ALL, LookupOutcome::as_str);
    let opinions = names(OpinionOutcome::ALL, OpinionOutcome::as_str);
    let methods = names(Method::ALL, Method::as_str);
    let by = names(LoginMethod::ALL, LoginMethod::as_str);
    let logins = names(LoginOutcome::ALL, LoginOutcome::as_str);
    let rows = [
        ("adviser", names(AdviserLabel::ALL, AdviserLabel::as_str)),
        ("channel", names(ChannelLabel::ALL, ChannelLabel::as_str)),
        ("clock", names(ClockLabel::ALL, ClockLabel::as_str)),
        (
            "department",
            format!("the first {DEPARTMENTS_MAX} of the configuration, then `other`"),
        ),
        ("label", names(ClassLabel::ALL, ClassLabel::as_str)),
        ("method", format!("requests: {methods}; logins: {by}")),
        (
            "outcome",
            format!(
                "stages: {outcomes}; notifications: {notified}; logins: {logins}; \
                 author look-ups: {looked_up}; opinions: {opinions}"
            ),
        ),
        ("platform", names(PlatformLabel::ALL, PlatformLabel::as_str)),
        ("priority", format!("tickets: {priorities}; store: {lanes}")),
        ("reason", names(RejectReason::ALL, RejectReason::as_str)),
        ("stage", names(Stage::ALL, Stage::as_str)),
        ("status_class", names(StatusClass::ALL, StatusClass::as_str)),
        ("version", "of the running program".to_owned()),
    ];
    for (label, values) in rows {
        writeln!(page, "| `{label}` | {values} |").unwrap();
    }
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    quoted(&all.iter().map(|value| name(*value)).collect::<Vec<_>>())
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
