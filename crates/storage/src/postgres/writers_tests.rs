//! Audit writers change hands between transactions of different age.

use super::work::Isolation;
use super::{PostgresOptions, PostgresStore};
use crate::effect::Purpose;
use crate::{Audit, AuditEntry};
use jiff::Timestamp;
use switchboard_domain::ticket::Actor;
use switchboard_telemetry::Metrics;
use switchboard_tests::postgres::Postgres;

fn entry(subject: &str) -> AuditEntry {
    AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        actor: Actor::System("test".into()),
        action: "look".into(),
        subject: subject.into(),
        detail: String::new(),
    }
}

#[tokio::test]
async fn a_transaction_is_given_a_writer_that_is_younger_than_its_snapshot() {
    let Some(server) = Postgres::shared().unwrap() else {
        return;
    };
    let schema = server.schema().unwrap();
    let options = PostgresOptions {
        url: schema.url.clone(),
        authorities: None,
        writer: "test".into(),
        metrics: Metrics::new("test").unwrap(),
    };
    let store = PostgresStore::open(options).await.unwrap();
    let early = store.write(Purpose::Stream, Isolation::RepeatableRead);
    let Ok(mut early) = early.await else {
        panic!("the server answers")
    };
    assert!(early.query("SELECT FROM ticket", &[]).await.is_ok());
    store
        .append(entry("the first of the process"))
        .await
        .unwrap();
    early.audit(entry("written by who cannot see that"));
    assert!(early.settle(Ok(())).await.is_ok());
    store.append(entry("and once more")).await.unwrap();
    while store.seal(Timestamp::UNIX_EPOCH).await.unwrap() > 0 {}
    let report = store.verify().await.unwrap();
    assert_eq!((report.sealed, report.fault), (3, None));
}
