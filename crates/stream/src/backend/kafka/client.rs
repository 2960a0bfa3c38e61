//! librdkafka's clients: their settings, and what they call back.

use super::config::{Compression, KafkaConfig, Mechanism, Sasl, Tls};
use super::failure::unavailable;
use super::group::GroupEvents;
use super::native;
use super::polled::PolledProducer;
use super::producer::Delivery;
use super::secrets::Secrets;
use super::statistics::{ClientStatistics, STATISTICS_INTERVAL_MS};
use crate::log::LogError;
use rdkafka::admin::AdminClient;
use rdkafka::bindings::rd_kafka_resp_err_t;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientConfig, Statistics, TopicPartitionList};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use switchboard_config::SecretReference;
use switchboard_domain::Clock;
use switchboard_telemetry::Metrics;

/// What librdkafka says of its own doings; `log_filter = "info,librdkafka=debug"` asks for it.
const CLIENT_LOG: &str = "librdkafka";

/// One record, with what Kafka adds: the contract's largest request body, what we add to it,
/// and Kafka's own framing. A topic must take as much.
pub(super) const MESSAGE_BYTES_MAX: usize = 18 << 20;

/// One request to a broker; a busy one answers within a fraction of it.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A member that is silent for so long has died, and its partitions go to others: within the
/// 15 s a partition may be idle.
const SESSION_TIMEOUT_MS: u32 = 10_000;

/// A stage may be busy with one batch for so long, its retries included, before the group
/// takes its partitions away. Its effects are fenced in any case.
const POLL_INTERVAL_MS_MAX: u32 = 600_000;

/// A partition that another process added finds its writers and readers within this.
const METADATA_REFRESH_MS: &str = "5000";

/// Read ahead of a stage, for each partition: thousands of records, and with sixteen
/// partitions in one process still within its memory budget.
const PREFETCH_KIB: u32 = 4 << 10;

/// Read ahead of a reader without a group, which as a rule wants a page and goes.
const READER_PREFETCH_KIB: u32 = 1 << 10;

/// What a client is told within an outage, a few words of each broker every second.
const WORDS_MAX: usize = 10_000;

/// A group client: librdkafka's consumer, with our callbacks.
pub(super) type GroupClient = BaseConsumer<Context>;
/// The producer, polled by a thread of its own.
pub(super) type ProducerClient = PolledProducer;

/// Makes clients.
#[derive(Clone)]
pub(super) struct Clients {
    config: Arc<KafkaConfig>,
    secrets: Secrets,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

impl Clients {
    pub(super) fn new(
        config: Arc<KafkaConfig>,
        secrets: Secrets,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            config,
            secrets,
            metrics,
            clock,
        }
    }

    pub(super) fn producer(&self) -> Result<ProducerClient, LogError> {
        let mut settings = self.settings()?;
        settings
            .set("statistics.interval.ms", STATISTICS_INTERVAL_MS.to_string())
            .set("topic.metadata.refresh.interval.ms", METADATA_REFRESH_MS)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("batch.size", "1000000")
            .set("batch.num.messages", "10000")
            .set("compression.type", self.config.compression.name())
            .set("message.max.bytes", MESSAGE_BYTES_MAX.to_string())
            .set("message.timeout.ms", millis(self.config.append_timeout))
            // Our own queue budget is smaller; these only must not be met first.
            .set("queue.buffering.max.kbytes", "262144")
            .set("queue.buffering.max.messages", "500000");
        create(&settings, self.context(true, None))
    }

    /// A member of a group. What it does about a rebalance is asked of `events`' owner.
    pub(super) fn member(
        &self,
        group: &str,
        events: Arc<GroupEvents>,
    ) -> Result<GroupClient, LogError> {
        let mut settings = self.consumer_settings(group, PREFETCH_KIB)?;
        settings
            .set("statistics.interval.ms", STATISTICS_INTERVAL_MS.to_string())
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION_TIMEOUT_MS.to_string())
            // A member hears of a rebalance with its next heartbeat.
            .set("heartbeat.interval.ms", "500")
            .set("max.poll.interval.ms", POLL_INTERVAL_MS_MAX.to_string())
            .set("topic.metadata.refresh.interval.ms", METADATA_REFRESH_MS);
        create(&settings, self.context(false, Some(events)))
    }

    /// Reads partitions that it is told, and commits nothing. librdkafka wants a group's name
    /// all the same.
    pub(super) fn reader(&self) -> Result<GroupClient, LogError> {
        self.observer("switchboard.reader")
    }

    /// Asks about a group's offsets without joining it.
    pub(super) fn observer(&self, group: &str) -> Result<GroupClient, LogError> {
        let settings = self.consumer_settings(group, READER_PREFETCH_KIB)?;
        let client: GroupClient = create(&settings, self.context(false, None))?;
        self.hand_token(client.client().native_ptr())?;
        Ok(client)
    }

    pub(super) fn admin(&self) -> Result<AdminClient<Context>, LogError> {
        let admin: AdminClient<Context> = create(&self.settings()?, self.context(false, None))?;
        self.hand_token(admin.inner().native_ptr())?;
        Ok(admin)
    }

    fn context(&self, tells_brokers: bool, group: Option<Arc<GroupEvents>>) -> Context {
        let token = match &self.config.sasl {
            Some(Sasl::Token { token, refresh }) => Some(TokenSource {
                reference: token.clone(),
                refresh: *refresh,
                secrets: self.secrets.clone(),
                clock: Arc::clone(&self.clock),
            }),
            _ => None,
        };
        Context {
            token,
            statistics: ClientStatistics::new(self.metrics.clone(), tells_brokers),
            group,
            trouble: Mutex::default(),
        }
    }

    /// For clients that nobody polls between two questions.
    fn hand_token(&self, client: *mut rdkafka::bindings::rd_kafka_t) -> Result<(), LogError> {
        match self.context(false, None).token {
            None => Ok(()),
            Some(source) => native::set_token(client, &source.token().map_err(unavailable)?),
        }
    }

    fn consumer_settings(&self, group: &str, prefetch_kib: u32) -> Result<ClientConfig, LogError> {
        let mut settings = self.settings()?;
        settings
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // An offset that is not there is for us to judge, never to be skipped.
            .set("auto.offset.reset", "error")
            .set("check.crcs", "true")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.max.bytes", (MESSAGE_BYTES_MAX + (2 << 20)).to_string())
            .set("queued.min.messages", "20000")
            .set("queued.max.messages.kbytes", prefetch_kib.to_string())
            // Without it a full queue stops a partition for a whole second.
            .set("fetch.queue.backoff.ms", "10");
        Ok(settings)
    }

    fn settings(&self) -> Result<ClientConfig, LogError> {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", &self.config.brokers)
            .set("client.id", "switchboard")
            .set("socket.keepalive.enable", "true")
            // A broker that is back is found within it.
            .set("reconnect.backoff.max.ms", "2000")
            .set_log_level(RDKafkaLogLevel::Warning);
        if tracing::enabled!(target: CLIENT_LOG, tracing::Level::DEBUG) {
            settings
                .set("debug", "cgrp,topic,fetch,metadata,queue")
                .set_log_level(RDKafkaLogLevel::Debug);
        }
        let secret = |reference: &SecretReference| self.secrets.resolve(reference).map_err(unfit);
        secure(&mut settings, &self.config, secret)?;
        Ok(settings)
    }
}

/// Serves what librdkafka has to tell of a client that nobody polls between two questions: a
/// token to be renewed, and why a broker does not let it in.
pub(super) fn hear(client: &GroupClient) {
    for _ in 0..WORDS_MAX {
        let nothing_came = client.poll(Duration::ZERO).is_none();
        if nothing_came && native::waiting(client.client().native_ptr()) == 0 {
            return;
        }
    }
}

fn create<T: FromClientConfigAndContext<Context>>(
    settings: &ClientConfig,
    context: Context,
) -> Result<T, LogError> {
    settings.create_with_context(context).map_err(unfit)
}

fn unfit(reason: impl std::fmt::Display) -> LogError {
    LogError::Unfit {
        reason: reason.to_string(),
    }
}

fn secure(
    settings: &mut ClientConfig,
    config: &KafkaConfig,
    secret: impl Fn(&SecretReference) -> Result<switchboard_config::Secret, LogError>,
) -> Result<(), LogError> {
    let protocol = match (&config.tls, &config.sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    settings.set("security.protocol", protocol);
    if let Some(tls) = &config.tls {
        set_tls(settings, tls);
        if let Some(reference) = &tls.key_password {
            settings.set("ssl.key.password", secret(reference)?.expose());
        }
    }
    match &config.sasl {
        None => {}
        Some(Sasl::Token { .. }) => {
            settings.set("sasl.mechanism", "OAUTHBEARER");
        }
        Some(Sasl::Password {
            mechanism,
            username,
            password,
        }) => {
            settings
                .set("sasl.mechanism", mechanism.name())
                .set("sasl.username", username)
                .set("sasl.password", secret(password)?.expose());
        }
    }
    Ok(())
}

fn set_tls(settings: &mut ClientConfig, tls: &Tls) {
    let files = [
        ("ssl.ca.location", &tls.authorities),
        ("ssl.certificate.location", &tls.certificate),
        ("ssl.key.location", &tls.key),
    ];
    for (key, path) in files {
        if let Some(path) = path {
            settings.set(key, path.to_string_lossy());
        }
    }
}

impl Compression {
    const fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }
}

impl Mechanism {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// What a client calls back.
pub(super) struct Context {
    token: Option<TokenSource>,
    statistics: ClientStatistics,
    group: Option<Arc<GroupEvents>>,
    /// The last word about a broker that does not let us in.
    trouble: Mutex<Option<String>>,
}

impl Context {
    /// Why brokers cannot be talked to, as far as the client was told while it was polled.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a fresh bearer token comes from.
struct TokenSource {
    reference: SecretReference,
    refresh: Duration,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
}

impl TokenSource {
    fn token(&self) -> Result<OAuthToken, switchboard_config::SecretError> {
        let secret = self.secrets.resolve(&self.reference)?;
        let refresh = i64::try_from(self.refresh.as_millis()).unwrap_or(i64::MAX);
        Ok(OAuthToken {
            token: secret.expose().to_owned(),
            principal_name: "switchboard".to_owned(),
            lifetime_ms: self.clock.now().as_millisecond().saturating_add(refresh),
        })
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "kafka client"),
            _ => tracing::debug!(target: CLIENT_LOG, facility, message, "kafka client"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.statistics.take(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // Told some twenty times a second while the last broker is away, and it says nothing
        // that its own error has not said.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            tracing::debug!(target: CLIENT_LOG, %error, reason, "kafka client");
            return;
        }
        tracing::warn!(%error, reason, "kafka client");
        *self.lock() = Some(reason.to_owned());
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let source = self.token.as_ref().ok_or("no token is configured")?;
        Ok(source.token()?)
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        client: &BaseConsumer<Self>,
        kind: rd_kafka_resp_err_t,
        partitions: &mut TopicPartitionList,
    ) {
        if let Some(group) = &self.group {
            group.rebalance(client, kind, partitions);
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Box<Delivery>) {
        delivery.finish(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_config::Document;

    fn settings(text: &str) -> Vec<(String, String)> {
        let environment = [("P".to_owned(), "s3cret".to_owned())].into();
        let nothing = std::collections::BTreeMap::new();
        let document = Document::parse("test.toml", text, &nothing, &[]);
        let config = document.read(|root| KafkaConfig::read(root, "a:1"));
        let problems: Vec<_> = document.into_problems();
        assert!(problems.is_empty(), "{problems:?}");
        let secret = |reference: &SecretReference| {
            reference
                .resolve(&environment, |_| Ok("from a file\n".into()))
                .map_err(unfit)
        };
        let mut settings = ClientConfig::new();
        secure(&mut settings, &config, secret).unwrap();
        let mut all: Vec<_> = settings
            .config_map()
            .keys()
            // The map hides secrets; asked for one by one they are as librdkafka gets them.
            .map(|key| ((*key).to_owned(), settings.get(key).unwrap().to_owned()))
            .collect();
        all.sort();
        all
    }

    #[rstest]
    #[case::plain("", "security.protocol=plaintext")]
    #[case::tls(
        "[tls]\nauthorities = \"/ca.pem\"",
        "security.protocol=ssl ssl.ca.location=/ca.pem"
    )]
    #[case::client_certificate(
        "[tls]\ncertificate = \"/c.pem\"\nkey = \"/k.pem\"\nkey_password = \"env:P\"",
        "security.protocol=ssl ssl.certificate.location=/c.pem ssl.key.location=/k.pem \
         ssl.key.password=s3cret"
    )]
    #[case::scram(
        "[tls]\n[sasl]\nmechanism = \"SCRAM-SHA-512\"\nusername = \"u\"\npassword = \"file:/p\"",
        "sasl.mechanism=SCRAM-SHA-512 sasl.password=from a file sasl.username=u \
         security.protocol=sasl_ssl"
    )]
    #[case::token(
        "[sasl]\nmechanism = \"OAUTHBEARER\"\ntoken = \"file:/token\"",
        "sasl.mechanism=OAUTHBEARER security.protocol=sasl_plaintext"
    )]
    fn says_who_we_are(#[case] text: &str, #[case] want: &str) {
        let all: Vec<_> = settings(text)
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(all.join(" "), want);
    }

    #[test]
    fn librdkafka_takes_every_setting() {
        let clients = Clients::new(
            Arc::new(KafkaConfig::new("127.0.0.1:1")),
            Secrets::default(),
            Metrics::new("test").unwrap(),
            Arc::new(switchboard_domain::ManualClock::new(
                jiff::Timestamp::UNIX_EPOCH,
            )),
        );
        assert!(clients.producer().is_ok());
        assert!(clients.reader().is_ok());
        assert!(clients.member("g", Arc::default()).is_ok());
    }
}
