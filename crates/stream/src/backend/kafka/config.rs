//! `[log.kafka]`: where the brokers are, how to reach them, what they must promise.

use std::path::PathBuf;
use std::time::Duration;
use switchboard_config::{Located, SecretReference, Section};

/// Longer than a broker's fail-over (some seconds), shorter than one attempt of a stage
/// (30 s): whoever appends learns in time that it has to try again.
const APPEND_TIMEOUT_DEFAULT: Duration = Duration::from_secs(20);

/// Without a wish: each record on three brokers, or on as many as there are.
pub(super) const REPLICATION_DEFAULT: u16 = 3;

/// How often the file of a bearer token is read again, unless told otherwise.
const TOKEN_REFRESH_DEFAULT: Duration = Duration::from_mins(5);

/// A token that nobody looks at for longer than a day is a password.
const TOKEN_REFRESH_MAX: Duration = Duration::from_hours(24);

/// How to reach a Kafka cluster, and what its topics must promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaConfig {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Put before the name of every log topic and group, so that others may use the cluster
    /// too; empty by default.
    pub prefix: String,
    /// Copies of each record; `None` for three, or as many as there are brokers.
    pub replication: Option<u16>,
    /// Copies that must have a record before it is acknowledged; `None` for one less than
    /// there are copies, and at least one.
    pub min_insync_replicas: Option<u16>,
    /// Of what we append.
    pub compression: Compression,
    /// After this an append that was not acknowledged fails; some of its records may stand
    /// in the log all the same.
    pub append_timeout: Duration,
    /// TLS to the brokers, if asked for.
    pub tls: Option<Tls>,
    /// Who we are, if the brokers ask.
    pub sasl: Option<Sasl>,
}

/// How batches are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Quick to write and read.
    #[default]
    Lz4,
    /// About a third smaller, at twice the time.
    Zstd,
    /// For brokers that compress themselves.
    None,
}

/// TLS to the brokers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM with the authorities to trust; the system's when it is absent.
    pub authorities: Option<PathBuf>,
    /// PEM with our certificate, for brokers that want one.
    pub certificate: Option<PathBuf>,
    /// PEM with its key.
    pub key: Option<PathBuf>,
    /// What the key is locked with.
    pub key_password: Option<SecretReference>,
}

/// Who we are to the brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sasl {
    /// A name and a password.
    Password {
        /// How they are shown.
        mechanism: Mechanism,
        /// The name.
        username: String,
        /// The password.
        password: SecretReference,
    },
    /// OAUTHBEARER: a token that somebody else keeps fresh, in a file as a rule.
    Token {
        /// Where it is; read again before it runs out.
        token: SecretReference,
        /// How often it is read again.
        refresh: Duration,
    },
}

/// How a password is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// As it is: only over TLS.
    Plain,
    /// Proven, not shown.
    ScramSha256,
    /// Proven, not shown.
    ScramSha512,
}

#[derive(Clone, Copy)]
enum SaslKind {
    Password(Mechanism),
    Token,
}

const SASL_KINDS: [(&str, SaslKind); 4] = [
    ("PLAIN", SaslKind::Password(Mechanism::Plain)),
    ("SCRAM-SHA-256", SaslKind::Password(Mechanism::ScramSha256)),
    ("SCRAM-SHA-512", SaslKind::Password(Mechanism::ScramSha512)),
    ("OAUTHBEARER", SaslKind::Token),
];

impl KafkaConfig {
    /// Brokers that ask for nothing, and every default.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            prefix: String::new(),
            replication: None,
            min_insync_replicas: None,
            compression: Compression::default(),
            append_timeout: APPEND_TIMEOUT_DEFAULT,
            tls: None,
            sasl: None,
        }
    }

    /// Reads `[log.kafka]`; `brokers` is what `log.url` names.
    pub fn read(section: &mut Section<'_>, brokers: &str) -> Self {
        let compressions = [
            ("lz4", Compression::Lz4),
            ("zstd", Compression::Zstd),
            ("none", Compression::None),
        ];
        let config = Self {
            prefix: read_prefix(section),
            replication: section.in_range("replication", 1..=9),
            min_insync_replicas: section.in_range("min_insync_replicas", 1..=9),
            compression: section
                .choice("compression", &compressions)
                .unwrap_or_default(),
            append_timeout: section.duration_or("append_timeout", APPEND_TIMEOUT_DEFAULT),
            tls: section.optional_section("tls", read_tls),
            sasl: section.optional_section("sasl", read_sasl).flatten(),
            ..Self::new(brokers)
        };
        config.check(section);
        config
    }

    fn check(&self, section: &Section<'_>) {
        if let (Some(copies), Some(insync)) = (self.replication, self.min_insync_replicas)
            && insync > copies
        {
            let place = section.place("min_insync_replicas");
            let message = format!(
                "`min_insync_replicas` is {insync} and `replication` is {copies}: no record \
                 would ever be acknowledged"
            );
            section.problem(&place, message);
        }
        if !(Duration::from_secs(1)..=Duration::from_mins(5)).contains(&self.append_timeout) {
            let place = section.place("append_timeout");
            section.problem(&place, "`append_timeout` must be from 1s to 5m");
        }
        let shown = matches!(
            self.sasl,
            Some(Sasl::Password {
                mechanism: Mechanism::Plain,
                ..
            })
        );
        if shown && self.tls.is_none() {
            let place = section.place("sasl");
            let message = "SASL PLAIN shows the password to the network; add `[log.kafka.tls]` or \
                           use SCRAM-SHA-512";
            section.problem(&place, message);
        }
    }
}

/// The brokers in `kafka://host:port,host:port`; `None`, with a problem noted, when they
/// cannot be read.
pub(crate) fn brokers_of(section: &Section<'_>, url: &Located<String>) -> Option<String> {
    let hosts = url.value.strip_prefix("kafka://").unwrap_or_default();
    let hosts = hosts.trim_end_matches('/');
    let is_host = |host: &str| {
        host.rsplit_once(':')
            .is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok())
    };
    if hosts.split(',').all(is_host) {
        return Some(hosts.to_owned());
    }
    let message = format!(
        "`url` is `{}`; write `kafka://host:port,host:port`, or leave it out for the embedded log",
        url.value
    );
    section.problem(&url.place, message);
    None
}

/// What Kafka takes in a topic's name, and short enough to leave room for ours.
fn read_prefix(section: &mut Section<'_>) -> String {
    const LENGTH_MAX: usize = 100;
    let prefix: String = section.value_or("prefix", String::new());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if prefix.len() > LENGTH_MAX || !prefix.bytes().all(fits) {
        let place = section.place("prefix");
        let message = "`prefix` takes up to 100 letters, digits, `.`, `_` and `-`";
        section.problem(&place, message);
    }
    prefix
}

fn read_tls(section: &mut Section<'_>) -> Tls {
    Tls {
        authorities: section.value("authorities"),
        certificate: section.value("certificate"),
        key: section.value("key"),
        key_password: section.secret("key_password").map(|found| found.value),
    }
}

fn read_sasl(section: &mut Section<'_>) -> Option<Sasl> {
    if !section.has("mechanism") {
        section.problem_here("missing `mechanism` in `[log.kafka.sasl]`");
    }
    match section.choice("mechanism", &SASL_KINDS)? {
        SaslKind::Password(mechanism) => read_password(section, mechanism),
        SaslKind::Token => read_token(section),
    }
}

fn read_password(section: &mut Section<'_>, mechanism: Mechanism) -> Option<Sasl> {
    let username = section.required("username");
    let password = required_secret(section, "password");
    Some(Sasl::Password {
        mechanism,
        username: username?,
        password: password?,
    })
}

fn read_token(section: &mut Section<'_>) -> Option<Sasl> {
    let refresh = section.duration_or("refresh", TOKEN_REFRESH_DEFAULT);
    if !(Duration::from_secs(1)..=TOKEN_REFRESH_MAX).contains(&refresh) {
        let place = section.place("refresh");
        section.problem(&place, "`refresh` must be from 1s to 1d");
    }
    let token = required_secret(section, "token")?;
    Some(Sasl::Token { token, refresh })
}

fn required_secret(section: &mut Section<'_>, key: &str) -> Option<SecretReference> {
    if !section.has(key) {
        section.problem_here(format!("missing `{key}` in `[log.kafka.sasl]`"));
    }
    section.secret(key).map(|found| found.value)
}
