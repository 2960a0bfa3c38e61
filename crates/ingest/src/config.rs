//! `[ingest]` and `[sources.<name>]`.

use crate::connector::{CONNECTORS, ConnectorPlan, Descriptor};
use crate::mention::{ITEM_BYTES_MAX, ITEMS_MAX, ParseLimits, TEXT_BYTES_MAX};
use crate::receive::{APPEND_WAIT_MAX, BACKLOG_MAX, BODY_BYTES_MAX, ReceiveLimits};
use crate::worker::LEASE_TERM;
use jiff::SignedDuration;
use std::ops::RangeInclusive;
use std::sync::Arc;
use switchboard_config::{Section, unknown_name};
use switchboard_domain::Slug;
use switchboard_telemetry::PlatformLabel;

/// `[ingest]`: limits may be tightened, never widened beyond what the rest is built for.
///
/// `body_bytes_max`, `items_max`, `item_bytes_max`, `text_bytes_max`, `backlog_max`.
pub fn read_limits(section: &mut Section<'_>) -> ReceiveLimits {
    /// A mention of a few words with its names.
    const SMALLEST: usize = 1024;
    let mut size = |key: &str, most: usize| section.in_range(key, SMALLEST..=most).unwrap_or(most);
    let body_bytes = size("body_bytes_max", BODY_BYTES_MAX);
    let item_bytes = size("item_bytes_max", ITEM_BYTES_MAX);
    let text_bytes = size("text_bytes_max", TEXT_BYTES_MAX);
    ReceiveLimits {
        body_bytes,
        parse: ParseLimits {
            items: section
                .in_range("items_max", 1..=ITEMS_MAX)
                .unwrap_or(ITEMS_MAX),
            item_bytes,
            text_bytes,
        },
        backlog: section
            .in_range("backlog_max", 1..=u64::MAX)
            .unwrap_or(BACKLOG_MAX),
        append_wait: APPEND_WAIT_MAX,
    }
}

/// How long a source belongs to a process that is silent: `lease` in `[ingest]`. Shorter than
/// a second, a busy machine would lose its sources to others; longer than five minutes, nobody
/// would notice that a process is gone.
pub fn read_lease(section: &mut Section<'_>) -> SignedDuration {
    const TERMS: RangeInclusive<SignedDuration> =
        SignedDuration::from_secs(1)..=SignedDuration::from_mins(5);
    let place = section.place("lease");
    let default = LEASE_TERM.unsigned_abs();
    let term = SignedDuration::try_from(section.duration_or("lease", default));
    let term = term.unwrap_or(SignedDuration::MAX);
    if !TERMS.contains(&term) {
        section.problem(&place, "`lease` must be from 1s to 5m");
    }
    term
}

/// One `[sources.<name>]`, read and not yet started.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The name people gave it; the key of its cursor.
    pub name: String,
    /// The connector's name.
    pub connector: &'static str,
    /// The platform its series are counted under.
    pub platform: PlatformLabel,
    /// Makes the connector.
    pub plan: Arc<dyn ConnectorPlan>,
}

/// Every `[sources.<name>]` of the root, in the order of the file. One with a problem is
/// left out, and the problem noted.
pub fn read_sources(root: &mut Section<'_>) -> Vec<SourceConfig> {
    let sources = root.sections("sources", |name, section| {
        if let Err(error) = Slug::new(&name.value) {
            section.problem(&name.place, format!("a source's name: {error}"));
        }
        read_source(name.value.clone(), section)
    });
    sources.into_iter().flatten().collect()
}

fn read_source(name: String, section: &mut Section<'_>) -> Option<SourceConfig> {
    let Some(descriptor) = read_connector(section) else {
        // What the settings mean cannot be judged; they are no unknown key for that.
        section.value::<toml::Table>("settings");
        return None;
    };
    let plan = section.section("settings", descriptor.read)?;
    let Descriptor {
        name: connector,
        platform,
        ..
    } = *descriptor;
    Some(SourceConfig {
        name,
        connector,
        platform,
        plan,
    })
}

fn read_connector(section: &mut Section<'_>) -> Option<&'static Descriptor> {
    let names: Vec<&str> = CONNECTORS
        .iter()
        .map(|descriptor| descriptor.name)
        .collect();
    let Some(connector) = section.located::<String>("connector") else {
        if !section.has("connector") {
            let message = format!("missing `connector` (known: {})", names.join(", "));
            section.problem_here(message);
        }
        return None;
    };
    let found = CONNECTORS
        .iter()
        .find(|descriptor| descriptor.name == connector.value);
    if found.is_none() {
        let message = unknown_name("connector", &connector.value, &names);
        section.problem(&connector.place, message);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeMap;
    use switchboard_config::Document;

    fn read(text: &str) -> (Vec<SourceConfig>, ReceiveLimits, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("s.toml", text, &environment, &[]);
        let (sources, limits) =
            document.read(|root| (read_sources(root), root.section("ingest", read_limits)));
        let problems = document.into_problems();
        (
            sources,
            limits,
            problems.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let (sources, limits, problems) = read("");
        assert!(sources.is_empty() && problems.is_empty());
        assert_eq!(limits, ReceiveLimits::default());
    }

    #[rstest]
    #[case::left_out("", 10, "")]
    #[case::shorter("lease = '3s'", 3, "")]
    #[case::too_short("lease = '10ms'", 0, "s.toml:2:9: `lease` must be from 1s to 5m")]
    #[case::too_long("lease = '6m'", 360, "s.toml:2:9: `lease` must be from 1s to 5m")]
    fn a_lease_is_long_enough_to_be_renewed(
        #[case] line: &str,
        #[case] seconds: i64,
        #[case] problem: &str,
    ) {
        let text = format!("[ingest]\n{line}");
        let environment = BTreeMap::new();
        let document = Document::parse("s.toml", &text, &environment, &[]);
        let term = document.read(|root| root.section("ingest", read_lease));
        let problems = document.into_problems();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            (term.as_secs(), problems.join("\n").as_str()),
            (seconds, problem)
        );
    }

    #[test]
    fn a_source_and_tighter_limits() {
        let (sources, limits, problems) = read(
            "[ingest]\nitems_max = 5\nbacklog_max = 7\n\
             [sources.storms]\nconnector = 'file'\nsettings = { paths = ['a.jsonl'], speed = 60.0 }",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((limits.parse.items, limits.backlog), (5, 7));
        assert_eq!(
            (sources[0].name.as_str(), sources[0].connector),
            ("storms", "file")
        );
    }

    #[test]
    fn every_mistake_has_its_place() {
        let (sources, _, problems) = read(
            "[ingest]\nitems_max = 10001\n\
             [sources.Storms]\nconnector = 'flie'\nsettings = { any = 1 }\n\
             [sources.two]\n\
             [sources.three]\nconnector = 'file'\nsettings = { paths = [], speed = 0.0, sped = 1 }\n",
        );
        assert!(sources.is_empty());
        let names: Vec<&str> = CONNECTORS.iter().map(|known| known.name).collect();
        let problems = problems.join("\n").replace(&names.join(", "), "CONNECTORS");
        insta::assert_snapshot!(problems, @r"
        s.toml:2:13: `items_max` is 10001; it must be from 1 to 10000
        s.toml:3:10: a source's name: `Storms` is not a name of 1 to 40 characters from a-z, 0-9 and `-`
        s.toml:4:13: unknown connector `flie` (did you mean `file`? known: CONNECTORS)
        s.toml:6:1: missing `connector` (known: CONNECTORS)
        s.toml:9:22: `paths` is empty; name at least one file of JSON lines
        s.toml:9:34: `speed` is 0; it must be from 0.001 to 1000000
        s.toml:9:39: unknown key `sped` in `[sources.three.settings]` (did you mean `speed`? known: paths, speed, shift_to_now, head_start, as_recorded, follow)
        ");
    }
}
