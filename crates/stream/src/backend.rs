//! What stands behind the [`Log`](crate::Log) trait, and which of them is asked for.

pub mod embedded;
pub mod kafka;
mod partition;

pub use partition::partition_of;

use kafka::KafkaConfig;
use kafka::config::brokers_of;
use switchboard_config::Section;

/// Which log `[log]` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BackendConfig {
    /// One file in the data directory.
    #[default]
    Embedded,
    /// A Kafka cluster.
    Kafka(Box<KafkaConfig>),
}

impl BackendConfig {
    /// Reads `url` and `[log.kafka]` from `[log]`. Without a `url` it is the embedded log.
    pub fn read(section: &mut Section<'_>) -> Self {
        let url = section.located::<String>("url");
        let brokers = url.as_ref().map(|url| brokers_of(section, url));
        // Read in any case, so that taking out the address alone goes back to one machine.
        let known = brokers.clone().flatten().unwrap_or_default();
        let kafka = section.section("kafka", |inner| KafkaConfig::read(inner, &known));
        match brokers {
            None => Self::Embedded,
            Some(_) => Self::Kafka(Box::new(kafka)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeMap;
    use switchboard_config::Document;

    fn read(text: &str) -> (BackendConfig, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("test.toml", text, &environment, &[]);
        let config = document.read(|root| root.section("log", BackendConfig::read));
        let problems = document.into_problems();
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_line_changes_the_log() {
        let kafka = KafkaConfig::new("a:9092,b:9092");
        let (config, problems) = read("[log]\nurl = \"kafka://a:9092,b:9092\"");
        assert_eq!(config, BackendConfig::Kafka(Box::new(kafka)));
        assert_eq!(problems, [""; 0]);
        assert_eq!(read("").0, BackendConfig::Embedded);
        let (config, problems) = read("[log.kafka]\nreplication = 3");
        assert_eq!((config, problems), (BackendConfig::Embedded, vec![]));
    }

    #[rstest]
    #[case::no_port("[log]\nurl = \"kafka://a\"", "test.toml:2:7: `url` is `kafka://a`")]
    #[case::other("[log]\nurl = \"nats://a:1\"", "test.toml:2:7: `url` is `nats://a:1`")]
    #[case::mistyped("[log.kafka]\nreplicas = 3", "unknown key `replicas`")]
    #[case::never_acknowledged(
        "[log.kafka]\nreplication = 1\nmin_insync_replicas = 2",
        "test.toml:3:23: `min_insync_replicas` is 2 and `replication` is 1"
    )]
    #[case::password_shown(
        "[log.kafka.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\npassword = \"env:P\"",
        "SASL PLAIN shows the password"
    )]
    #[case::password_written_out(
        "[log.kafka.sasl]\nmechanism = \"SCRAM-SHA-256\"\nusername = \"u\"\npassword = \"p\"",
        "a secret does not stand in the configuration"
    )]
    #[case::no_token("[log.kafka.sasl]\nmechanism = \"OAUTHBEARER\"", "missing `token`")]
    fn a_mistake_is_told_with_its_place(#[case] text: &str, #[case] want: &str) {
        let (_, problems) = read(text);
        assert!(
            problems.len() == 1 && problems[0].contains(want),
            "{problems:?}"
        );
    }
}
