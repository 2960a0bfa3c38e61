//! Brokers that ask who one is: every way in, and what is said when it stays shut.

use crate::world::{World, records};
use jiff::Timestamp;
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard_config::Document;
use switchboard_domain::Clock;
use switchboard_stream::backend::kafka::{KafkaConfig, KafkaLog, KafkaOptions, Secrets};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Log, LogError, TopicSpec};
use switchboard_tests::kafka::{Door, GuardedKafka, PASSWORD, is_skipped, token};

/// The end of the year 2099.
const FAR: u64 = 4_102_444_799;

/// Far over what a connection takes on a busy machine.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// What an operator writes under `[log.kafka]`; `DIR` stands for the folder of certificates.
const TLS: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n";
const CERTIFICATE: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    certificate = 'DIR/client.pem'\nkey = 'DIR/client.key'\n";
const SHA_256: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    [sasl]\nmechanism = 'SCRAM-SHA-256'\nusername = 'switchboard'\npassword = 'env:PASSWORD'\n";
const SHA_512: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    [sasl]\nmechanism = 'SCRAM-SHA-512'\nusername = 'switchboard'\npassword = 'env:PASSWORD'\n";
const WRONG_PASSWORD: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    [sasl]\nmechanism = 'SCRAM-SHA-512'\nusername = 'switchboard'\npassword = 'env:WRONG'\n";
const TOKEN: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    [sasl]\nmechanism = 'OAUTHBEARER'\ntoken = 'env:TOKEN'\n";
const OLD_TOKEN: &str = "[tls]\nauthorities = 'DIR/authority.pem'\n\
    [sasl]\nmechanism = 'OAUTHBEARER'\ntoken = 'env:OLD_TOKEN'\n";
const STRANGER: &str = "[tls]\nauthorities = 'DIR/stranger.pem'\n";

/// A token is good for so long.
const TOKEN_LIFE: Duration = Duration::from_secs(4);

/// The machine's clock: the broker judges tokens by it.
struct Now;

impl Clock for Now {
    #[expect(
        clippy::disallowed_methods,
        reason = "a real broker looks at real clocks"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Opens the log at that door with that text under `[log.kafka]`.
async fn open(door: Door, text: &str, secrets: Secrets) -> Result<KafkaLog, LogError> {
    let broker = GuardedKafka::shared();
    let text = text.replace("DIR", &broker.certificates().display().to_string());
    let (nothing, address) = (BTreeMap::new(), broker.address(door));
    let document = Document::parse("test.toml", &text, &nothing, &[]);
    let mut config = document.read(|root| KafkaConfig::read(root, &address));
    let problems = document.into_problems();
    assert!(problems.is_empty(), "{problems:?}");
    let world = World::on(&address);
    config.prefix = world.config.prefix;
    KafkaLog::open(KafkaOptions {
        config,
        secrets,
        metrics: world.metrics,
        clock: Arc::new(Now),
    })
    .await
}

fn secrets() -> Secrets {
    let known = [
        ("PASSWORD", PASSWORD.to_owned()),
        ("WRONG", "incorrect".to_owned()),
        ("TOKEN", token(FAR)),
        ("OLD_TOKEN", token(1)),
    ];
    let known: BTreeMap<_, _> = known.map(|(name, value)| (name.to_owned(), value)).into();
    Secrets::new(move |reference| reference.resolve(&known, |_| Ok(String::new())))
}

#[rstest]
#[case::tls(Door::Tls, TLS)]
#[case::certificate(Door::Certificate, CERTIFICATE)]
#[case::scram_sha_256(Door::Password, SHA_256)]
#[case::scram_sha_512(Door::Password, SHA_512)]
#[case::token(Door::Token, TOKEN)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_comes_back(#[case] door: Door, #[case] text: &str) {
    if is_skipped() {
        return;
    }
    let log = open(door, text, secrets()).await.unwrap();
    let spec = TopicSpec::new(MENTION_RECEIVED, 1);
    log.ensure_topics(&[spec]).await.unwrap();
    log.append(records(0..3)).await.unwrap();
    let found = log.read(&MENTION_RECEIVED, 0, 0, 3, READ_LIMIT).await;
    let found = found.unwrap();
    let texts: Vec<_> = found.iter().map(|record| &record.payload[..]).collect();
    assert_eq!(texts, [b"0", b"1", b"2"]);
    log.close().await.unwrap();
}

#[rstest]
#[case::another_authority(Door::Tls, STRANGER, "certificate verify failed")]
#[case::no_certificate(Door::Certificate, TLS, "bad certificate")]
#[case::wrong_password(Door::Password, WRONG_PASSWORD, "Authentication failed")]
#[case::token_ran_out(Door::Token, OLD_TOKEN, "invalid_token")]
#[case::tls_where_none_is_spoken(Door::Open, TLS, "SSL_HANDSHAKE")]
#[case::no_tls_where_it_is_spoken(Door::Tls, "", "log.kafka.tls")]
#[tokio::test(flavor = "multi_thread")]
async fn a_shut_door_says_why(#[case] door: Door, #[case] text: &str, #[case] why: &str) {
    if is_skipped() {
        return;
    }
    let refused = open(door, text, secrets()).await.err().unwrap();
    assert!(refused.to_string().contains(why), "{refused}");
}

/// Also by the client that nobody polls between two questions. The broker asks every three
/// seconds again.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_runs_out() {
    if is_skipped() {
        return;
    }
    let fresh = Secrets::new(|reference| {
        let until = Now.now().as_second().unsigned_abs() + TOKEN_LIFE.as_secs();
        let known = BTreeMap::from([("TOKEN".to_owned(), token(until))]);
        reference.resolve(&known, |_| Ok(String::new()))
    });
    let text = format!("{TOKEN}refresh = '2s'\n");
    let log = open(Door::Token, &text, fresh).await.unwrap();
    let spec = TopicSpec::new(MENTION_RECEIVED, 1);
    log.ensure_topics(&[spec]).await.unwrap();
    let begun = Instant::now();
    let mut asked = 0;
    while begun.elapsed() < TOKEN_LIFE * 2 {
        log.watermarks(&MENTION_RECEIVED).await.unwrap();
        asked += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("asked {asked} times in {:?}", begun.elapsed());
    log.close().await.unwrap();
}
