use super::*;
use crate::fake_log::{FakeLog, NEVER_TOLD, Next, unavailable};
use async_trait::async_trait;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use switchboard_domain::ManualClock;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use switchboard_storage::access::{Access, NewToken, TokenInfo};
use switchboard_storage::idempotency::IDEMPOTENCY_RETENTION;
use switchboard_storage::{RememberedResponse, StorageError};
use switchboard_telemetry::RejectReason;
use tower::ServiceExt;

/// Tokens are the names of roles, so that a case reads as what it is.
struct RoleTokens;

#[async_trait]
impl Access for RoleTokens {
    async fn create_token(
        &self,
        _: NewToken,
        _: &Actor,
        _: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(false)
    }

    async fn list_tokens(&self) -> Result<Vec<TokenInfo>, StorageError> {
        Ok(Vec::new())
    }

    async fn revoke_token(&self, _: &str, _: &Actor, _: Timestamp) -> Result<bool, StorageError> {
        Ok(false)
    }

    async fn find_token(
        &self,
        secret: &str,
        _now: Timestamp,
    ) -> Result<Option<Principal>, StorageError> {
        if secret == "store-is-down" {
            return Err(store_is_down());
        }
        let (role, name) = secret.split_once(':').unwrap_or((secret, secret));
        Ok(Role::parse(role).map(|role| Principal {
            name: name.to_owned(),
            role,
            departments: BTreeSet::new(),
        }))
    }
}

fn store_is_down() -> StorageError {
    StorageError::Unavailable {
        reason: "told so".into(),
    }
}

type Kept = BTreeMap<(String, String), (RememberedResponse, Timestamp)>;

#[derive(Default)]
struct MemoryKeys(Mutex<Kept>);

#[async_trait]
impl IdempotencyKeys for MemoryKeys {
    async fn find(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<RememberedResponse>, StorageError> {
        if key == "store-is-down" {
            return Err(store_is_down());
        }
        let kept = self.0.lock().unwrap();
        let found = kept.get(&(principal.to_owned(), key.to_owned()));
        let fresh = |since: Timestamp| now.duration_since(since) < IDEMPOTENCY_RETENTION;
        Ok(found
            .filter(|(_, since)| fresh(*since))
            .map(|(response, _)| response.clone()))
    }

    async fn remember(
        &self,
        principal: &str,
        key: &str,
        response: RememberedResponse,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut kept = self.0.lock().unwrap();
        kept.insert((principal.to_owned(), key.to_owned()), (response, now));
        Ok(true)
    }

    async fn purge(&self, _now: Timestamp) -> Result<u64, StorageError> {
        Ok(0)
    }
}

/// A receiver with everything around it faked.
pub(crate) struct Bench {
    pub(crate) log: Arc<FakeLog>,
    clock: Arc<ManualClock>,
    metrics: Metrics,
    pub(crate) router: Router,
}

pub(crate) fn bench() -> Bench {
    bench_with(ReceiveLimits::default())
}

fn bench_with(limits: ReceiveLimits) -> Bench {
    let log = Arc::new(FakeLog::default());
    let clock = Arc::new(ManualClock::new("2026-11-22T08:00:00Z".parse().unwrap()));
    let metrics = Metrics::new("test").unwrap();
    let router = router(Receiver {
        log: log.clone(),
        authenticator: Authenticator::new(Arc::new(RoleTokens), None),
        idempotency_keys: Arc::new(MemoryKeys::default()),
        metrics: metrics.clone(),
        clock: clock.clone(),
        limits,
        backlog_group: "classify".into(),
    });
    Bench {
        log,
        clock,
        metrics,
        router,
    }
}

fn post_of(body: impl Into<Body>) -> Request<Body> {
    Request::post("/api/v1/mentions")
        .header("authorization", "Bearer ingest")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

impl Bench {
    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            serde_json::from_slice(&bytes).unwrap(),
        )
    }

    /// `409 code` for a problem, the whole answer otherwise.
    async fn outcome(&self, request: Request<Body>) -> String {
        let (status, headers, body) = self.send(request).await;
        let problem = headers["content-type"] == "application/problem+json";
        let shown = if problem {
            body["code"].as_str().unwrap().to_owned()
        } else {
            body.to_string()
        };
        format!("{} {shown}", status.as_u16())
    }

    fn rejected(&self, reason: RejectReason) -> u64 {
        let platform = PlatformLabel::Api;
        self.metrics
            .counter_value(Counter::MentionsRejected { platform, reason })
    }
}

#[tokio::test]
async fn what_is_accepted_is_in_the_log_under_its_author() {
    let bench = bench();
    let body = json!([
        {"platform": "x", "id": "1", "text": "late again", "author": {"id": "ann"}},
        {"id": 2, "text": "hello"},
    ]);
    let outcome = bench.outcome(post_of(body.to_string())).await;
    assert_eq!(outcome, r#"202 {"accepted":2,"errors":[],"rejected":0}"#);
    assert_eq!(bench.log.mention_ids(), ["1", "2"]);
    let records = bench.log.records.lock().unwrap();
    let keys: Vec<&str> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["x::ann", "api::2"]);
    assert_eq!(records[0].timestamp, bench.clock.now());
    let received = |platform| {
        bench
            .metrics
            .counter_value(Counter::MentionsReceived { platform })
    };
    assert_eq!(
        (received(PlatformLabel::X), received(PlatformLabel::Api)),
        (1, 1)
    );
}

#[tokio::test]
async fn good_siblings_go_on_and_errors_carry_their_index() {
    let bench = bench();
    let request =
        post_of("{\"id\":\"1\",\"text\":\"a\"}\n\n{\"text\":\"b\"}\n{\"id\":\"3\",\"op\":\"x\"}");
    let (status, _, body) = bench
        .send(with(request, "content-type", "application/x-ndjson"))
        .await;
    assert_eq!(status, 202);
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
    {
      "accepted": 1,
      "errors": [
        {
          "code": "missing_id",
          "field": "id",
          "index": 1,
          "message": "`id` is missing; send the platform's own id of the post"
        },
        {
          "code": "invalid_value",
          "field": "op",
          "id": "3",
          "index": 2,
          "message": "`op` is `x`; it must be one of upsert, delete"
        }
      ],
      "rejected": 2
    }
    "#);
    assert_eq!(bench.rejected(RejectReason::MissingId), 1);
    assert_eq!(bench.rejected(RejectReason::InvalidField), 1);
}

#[rstest]
#[case::nothing_sent("[]", 202)]
#[case::all_wrong("[{}]", 422)]
#[case::one_right(r#"[{},{"id":"1","text":""}]"#, 202)]
#[tokio::test]
async fn a_body_is_refused_only_when_all_of_it_is_wrong(
    #[case] body: &'static str,
    #[case] want: u16,
) {
    assert_eq!(bench().send(post_of(body)).await.0.as_u16(), want);
}

#[rstest]
#[case::no_token("", "401 unauthorized")]
#[case::no_bearer("Basic aW5nZXN0", "401 unauthorized")]
#[case::empty_token("Bearer ", "401 unauthorized")]
#[case::unknown_token("Bearer nobody", "401 unauthorized")]
#[case::agent("Bearer agent", "403 forbidden")]
#[case::viewer("Bearer viewer", "403 forbidden")]
#[case::supervisor("Bearer supervisor", "403 forbidden")]
#[case::ingest("bearer ingest", r#"202 {"accepted":0,"errors":[],"rejected":0}"#)]
#[case::admin("Bearer admin", r#"202 {"accepted":0,"errors":[],"rejected":0}"#)]
#[case::store_down("Bearer store-is-down", "503 busy")]
#[tokio::test]
async fn asks_who_sends(#[case] authorization: &str, #[case] want: &str) {
    let bench = bench();
    let outcome = bench
        .outcome(with(post_of("[]"), "authorization", authorization))
        .await;
    assert_eq!(outcome, want);
}

#[rstest]
#[case::gzip("content-encoding", "gzip", "415 unsupported_encoding")]
#[case::identity(
    "content-encoding",
    "identity",
    r#"202 {"accepted":0,"errors":[],"rejected":0}"#
)]
#[case::form("content-type", "multipart/form-data", "415 unsupported_content_type")]
#[case::declared_too_large("content-length", "16777217", "413 body_too_large")]
#[case::empty_key("idempotency-key", "", "400 invalid_idempotency_key")]
#[case::key_too_long("idempotency-key", &"k".repeat(256), "400 invalid_idempotency_key")]
#[tokio::test]
async fn reads_the_headers_first(
    #[case] name: &'static str,
    #[case] value: &str,
    #[case] want: &str,
) {
    assert_eq!(
        bench().outcome(with(post_of("[]"), name, value)).await,
        want
    );
}

#[rstest]
#[case::empty("")]
#[case::html("<html></html>")]
#[case::cut_short(r#"[{"id":"1","text":"a"},{"id""#)]
#[tokio::test]
async fn a_body_that_is_no_json_is_400_and_nothing_is_taken(#[case] body: &'static str) {
    let bench = bench();
    assert_eq!(bench.outcome(post_of(body)).await, "400 not_mentions");
    assert!(bench.log.mentions().is_empty());
    assert_eq!(bench.rejected(RejectReason::Malformed), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400_and_nothing_is_taken() {
    let bench = bench();
    let chunks = [
        Ok("[{\"id\":\"1\",\"text\":\"a\"}]"),
        Err(std::io::Error::other("reset")),
    ];
    let body = Body::from_stream(futures::stream::iter(chunks));
    assert_eq!(bench.outcome(post_of(body)).await, "400 body_incomplete");
    assert!(bench.log.mentions().is_empty());
}

#[tokio::test]
async fn sixteen_mebibytes_and_ten_thousand_items_are_the_limit() {
    let bench = bench();
    let padded = |bytes: usize| format!("[{}]", " ".repeat(bytes - 2));
    let chunked =
        |body: String| Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(body)]));
    assert_eq!(
        bench.send(post_of(chunked(padded(BODY_BYTES_MAX)))).await.0,
        202
    );
    let over = chunked(padded(BODY_BYTES_MAX + 1));
    assert_eq!(bench.outcome(post_of(over)).await, "413 body_too_large");
    let items = |count: usize| format!("[{}]", vec![r#"{"id":"1","text":""}"#; count].join(","));
    assert_eq!(bench.send(post_of(items(10_000))).await.0, 202);
    assert_eq!(bench.log.mentions().len(), 10_000);
    assert_eq!(
        bench.outcome(post_of(items(10_001))).await,
        "413 too_many_items"
    );
    assert_eq!(
        bench.log.mentions().len(),
        10_000,
        "nothing of the refused body was taken"
    );
}

const ONE: &str = r#"{"id":"1","text":"a"}"#;

#[rstest]
#[case::unavailable(Next::Fail(unavailable()), "503 busy")]
#[case::full(Next::Fail(LogError::Full { reason: "disk".into() }), "503 busy")]
#[case::closed(Next::Fail(LogError::Closed), "503 busy")]
#[case::hangs(Next::Hang, "503 busy")]
#[case::too_large(
    Next::Fail(LogError::TooLarge { what: "an append", size: 2, limit: 1 }), "413 body_too_large")]
#[tokio::test(start_paused = true)]
async fn no_202_without_the_log(#[case] next: Next, #[case] want: &str) {
    let bench = bench();
    bench.log.then(next);
    assert_eq!(bench.outcome(post_of(ONE)).await, want);
    let platform = PlatformLabel::Api;
    assert_eq!(
        bench
            .metrics
            .counter_value(Counter::MentionsReceived { platform }),
        0
    );
    assert_eq!(bench.send(post_of(ONE)).await.0, 202, "and it recovers");
}

#[tokio::test]
async fn busy_says_when_to_come_back() {
    let bench = bench();
    bench.log.then(Next::Fail(unavailable()));
    let (status, headers, body) = bench.send(post_of(ONE)).await;
    assert_eq!(
        (status.as_u16(), headers["retry-after"].to_str().unwrap()),
        (503, "5")
    );
    let detail = body["detail"].as_str().unwrap();
    insta::assert_snapshot!(detail,
        @"the log cannot take mentions now; send the same again after 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_say_how_far_it_is_lets_nobody_wait_long() {
    let bench = bench();
    bench.log.backlog.store(NEVER_TOLD, Ordering::SeqCst);
    let begin = tokio::time::Instant::now();
    assert_eq!(bench.outcome(post_of(ONE)).await, "503 busy");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_backlog_over_the_limit_holds_senders_back() {
    let bench = bench_with(ReceiveLimits {
        backlog: 10,
        ..ReceiveLimits::default()
    });
    bench.log.backlog.store(10, Ordering::SeqCst);
    assert_eq!(bench.send(post_of(ONE)).await.0, 202, "at the limit");
    bench.log.backlog.store(11, Ordering::SeqCst);
    assert_eq!(
        bench.send(post_of(ONE)).await.0,
        202,
        "the last look is fresh"
    );
    assert_eq!(bench.log.backlog_looks.load(Ordering::SeqCst), 1);
    bench.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(bench.outcome(post_of(ONE)).await, "503 busy");
    assert_eq!(bench.rejected(RejectReason::Busy), 1);
}

fn keyed(key: &str, body: &'static str) -> Request<Body> {
    with(post_of(body), "idempotency-key", key)
}

#[tokio::test]
async fn the_same_key_with_the_same_body_is_taken_once() {
    let bench = bench();
    let body = r#"[{"id":"1","text":"a"},{}]"#;
    let (status, headers, first) = bench.send(keyed("k1", body)).await;
    assert_eq!(
        (status.as_u16(), headers.get("idempotency-replayed")),
        (202, None)
    );
    let (status, headers, second) = bench.send(keyed("k1", body)).await;
    assert_eq!(
        (status.as_u16(), &headers["idempotency-replayed"], second),
        (202, &"true".parse().unwrap(), first)
    );
    assert_eq!(bench.log.mention_ids(), ["1"]);
}

#[tokio::test]
async fn a_key_belongs_to_its_body_its_sender_and_its_day() {
    let bench = bench();
    assert_eq!(bench.send(keyed("k1", ONE)).await.0, 202);
    let other_body = keyed("k1", r#"{"id":"2","text":"b"}"#);
    assert_eq!(
        bench.outcome(other_body).await,
        "422 idempotency_key_reused"
    );
    let other_format = with(keyed("k1", ONE), "content-type", "application/x-ndjson");
    assert_eq!(
        bench.outcome(other_format).await,
        "422 idempotency_key_reused"
    );
    assert_eq!(bench.log.mentions().len(), 1);
    let other_sender = with(keyed("k1", ONE), "authorization", "Bearer ingest:second");
    assert!(
        bench
            .send(other_sender)
            .await
            .1
            .get("idempotency-replayed")
            .is_none()
    );
    assert_eq!(bench.log.mentions().len(), 2);
    bench.clock.advance(SignedDuration::from_hours(24));
    assert!(
        bench
            .send(keyed("k1", ONE))
            .await
            .1
            .get("idempotency-replayed")
            .is_none()
    );
    assert_eq!(bench.log.mentions().len(), 3);
}

#[tokio::test]
async fn a_failed_request_leaves_its_key_free() {
    let bench = bench();
    bench.log.then(Next::Fail(unavailable()));
    assert_eq!(bench.outcome(keyed("k1", ONE)).await, "503 busy");
    let (status, headers, _) = bench.send(keyed("k1", ONE)).await;
    assert_eq!(
        (status.as_u16(), headers.get("idempotency-replayed")),
        (202, None)
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_looked_up_is_not_ignored() {
    let bench = bench();
    assert_eq!(bench.outcome(keyed("store-is-down", ONE)).await, "503 busy");
    assert!(bench.log.mentions().is_empty());
}
