use super::*;
use crate::receive::tests::{Bench, bench};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use rstest::rstest;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use switchboard_domain::ManualClock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server on a port of its own, until it is dropped.
struct Server {
    url: String,
    _task: JoinSet<()>,
}

async fn serve(router: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut task = JoinSet::new();
    task.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server { url, _task: task }
}

async fn receiver() -> (Bench, Server) {
    let bench = bench();
    let server = serve(bench.router.clone()).await;
    (bench, server)
}

fn client(server: &Server, token: &str) -> ApiClient {
    ApiClient::new(&server.url, Some(token.to_owned())).unwrap()
}

fn file_of(text: &str) -> (TempDir, ReplayOptions) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("posts.jsonl");
    std::fs::write(&file, text).unwrap();
    let options = ReplayOptions {
        file,
        speed: None,
        as_recorded: false,
        batch: 2,
    };
    (directory, options)
}

const POSTS: &str = "{\"id\":\"0\",\"text\":\"a\",\"created_at\":\"2015-02-17T07:36:05Z\"}\n\
    \n\
    {\"id\":\"1\",\"text\":\"b\",\"created_at\":\"2015-02-17T07:37:05Z\"}\n\
    {\"text\":\"c\"}\n\
    {\"id\":\"4\",\"text\":\"d\",\"created_at\":\"2015-02-17T07:38:05Z\"}";

async fn run(
    client: &ApiClient,
    options: &ReplayOptions,
) -> Result<(ReplayTotals, u32), ReplayError> {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
    let mut calls = 0;
    let totals = replay(client, options, &clock, |_| calls += 1).await?;
    Ok((totals, calls))
}

#[tokio::test]
async fn a_file_arrives_whole_and_refusals_name_their_line() {
    let (bench, server) = receiver().await;
    let (_directory, options) = file_of(POSTS);
    let (totals, calls) = run(&client(&server, "ingest"), &options).await.unwrap();
    assert_eq!(bench.log.mention_ids(), ["0", "1", "4"]);
    assert_eq!(
        (totals.sent, totals.accepted, totals.rejected, calls),
        (4, 3, 1, 3)
    );
    assert_eq!(
        (totals.bytes_done, totals.bytes_total),
        (POSTS.len() as u64, POSTS.len() as u64)
    );
    let error = &totals.first_errors[0];
    assert_eq!((error.line, error.code.as_str()), (4, "missing_id"));
}

#[tokio::test]
async fn a_second_run_adds_nothing() {
    let (bench, server) = receiver().await;
    let (_directory, options) = file_of(POSTS);
    let client = client(&server, "ingest");
    let (first, _) = run(&client, &options).await.unwrap();
    let (second, _) = run(&client, &options).await.unwrap();
    assert_eq!((first, bench.log.mentions().len()), (second, 3));
}

#[rstest]
#[case::as_news(false)]
#[case::as_recorded(true)]
#[tokio::test]
async fn history_is_marked(#[case] as_recorded: bool) {
    let (bench, server) = receiver().await;
    let (_directory, options) = file_of(POSTS);
    let options = ReplayOptions {
        as_recorded,
        ..options
    };
    run(&client(&server, "ingest"), &options).await.unwrap();
    assert!(
        bench
            .log
            .mentions()
            .iter()
            .all(|mention| mention.backfill == as_recorded)
    );
}

#[tokio::test]
async fn with_a_pace_posts_go_out_as_they_fall_due() {
    let (bench, server) = receiver().await;
    let (_directory, options) = file_of(&POSTS.replace("{\"text\":\"c\"}\n", ""));
    let options = ReplayOptions {
        speed: Some(1_000_000.0),
        batch: 500,
        ..options
    };
    // The clock stands still, so no post is due together with the one before it; the blank
    // line goes with the first.
    let (totals, calls) = run(&client(&server, "ingest"), &options).await.unwrap();
    assert_eq!((totals.sent, calls), (3, 3));
    assert_eq!(bench.log.mention_ids(), ["0", "1", "4"]);
}

/// Answers 503 so often, and then takes everything.
async fn busy_server(refusals: u32) -> (Server, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let answer = move || {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < refusals {
                let problem = json!({"detail": "too much"}).to_string();
                return (
                    StatusCode::SERVICE_UNAVAILABLE,
                    [("retry-after", "0")],
                    problem,
                );
            }
            let summary = json!({"accepted": 1, "rejected": 0, "errors": []}).to_string();
            (StatusCode::ACCEPTED, [("retry-after", "0")], summary)
        }
    };
    (
        serve(Router::new().route("/api/v1/mentions", post(answer))).await,
        asked,
    )
}

#[rstest]
#[case::a_few(3, 1)]
#[case::up_to_the_limit(TRIES_MAX - 1, 1)]
#[case::beyond_it(TRIES_MAX, 0)]
#[tokio::test]
async fn a_busy_server_is_asked_again_but_not_for_ever(#[case] refusals: u32, #[case] want: u64) {
    let (server, asked) = busy_server(refusals).await;
    let (_directory, options) = file_of("{\"id\":\"0\",\"text\":\"a\"}\n");
    let result = run(&client(&server, "ingest"), &options).await;
    assert_eq!(
        result.as_ref().map_or(0, |(totals, _)| totals.accepted),
        want
    );
    assert_eq!(asked.load(Ordering::SeqCst), (refusals + 1).min(TRIES_MAX));
    if let Err(error) = result {
        assert_eq!(
            (error.exit_code(), error.to_string().as_str()),
            (4, "too much")
        );
    }
}

#[tokio::test]
async fn who_may_not_send_is_told_by_the_server() {
    let (_bench, server) = receiver().await;
    let (_directory, options) = file_of(POSTS);
    let error = run(&client(&server, "viewer"), &options).await.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    insta::assert_snapshot!(error, @"`viewer` may not send mentions; use a token of role `ingest` or `admin` (HTTP 403)");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_exit_4_at_once() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let client = ApiClient::new(&format!("http://{free}"), None).unwrap();
    let (_directory, options) = file_of(POSTS);
    let error = run(&client, &options).await.unwrap_err();
    assert_eq!(error.exit_code(), 4, "{error}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_exit_2() {
    let (_bench, server) = receiver().await;
    let (directory, options) = file_of(POSTS);
    let options = ReplayOptions {
        file: directory.path().join("none"),
        ..options
    };
    let error = run(&client(&server, "ingest"), &options).await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
}

#[tokio::test]
async fn the_api_client_tells_answers_from_refusals() {
    let problem = || async {
        let body = json!({"code": "not_found", "detail": "no ticket `7`"}).to_string();
        (StatusCode::NOT_FOUND, body).into_response()
    };
    let bare = || async { (StatusCode::BAD_GATEWAY, "<html>").into_response() };
    let echo = |body: String| async { body };
    let router = Router::new()
        .route("/ok", post(echo).get(|| async { "{\"a\":1}" }))
        .route("/problem", get(problem))
        .route("/bare", get(bare));
    let server = serve(router).await;
    let client = ApiClient::new(&format!("{}/", server.url), None).unwrap();
    assert_eq!(client.get_json("/ok").await.unwrap(), json!({"a": 1}));
    assert_eq!(
        client.post_json("/ok", &json!({"b": 2})).await.unwrap(),
        json!({"b": 2})
    );
    let refused = client.get_json("/problem").await.unwrap_err();
    let want = ApiError::Refused {
        status: 404,
        code: Some("not_found".into()),
        message: "no ticket `7`".into(),
    };
    assert_eq!((refused.exit_code(), refused), (1, want));
    let bare = client.get_json("/bare").await.unwrap_err();
    assert_eq!(
        bare.to_string(),
        "the server answered HTTP 502 without a reason (HTTP 502)"
    );
}

#[rstest]
#[case::no_scheme("127.0.0.1:8080")]
#[case::another_scheme("ftp://127.0.0.1")]
#[case::a_path("/tmp")]
fn an_address_that_cannot_be_ours_is_exit_2(#[case] url: &str) {
    let Err(error) = ApiClient::new(url, None) else {
        panic!("`{url}` was taken")
    };
    assert_eq!(error.exit_code(), 2);
}
