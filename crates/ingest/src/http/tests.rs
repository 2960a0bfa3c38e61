//! The engine against servers that misbehave.

use super::testing::{Server, answer};
use super::*;
use crate::connector::ConnectorError;
use rstest::rstest;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::ManualClock;

fn client(settings: HttpSettings) -> HttpClient {
    let now = "2026-03-01T08:00:00Z".parse().unwrap();
    HttpClient::new(settings, Arc::new(ManualClock::new(now)))
}

async fn get(bytes: Option<Vec<u8>>) -> Result<Reply, ConnectorError> {
    let server = Server::start(move |_| bytes.clone()).await;
    let client = client(server.settings());
    client.get(client.url("/x", &[]).unwrap()).await
}

#[rstest]
#[case::seconds("429 Slow", "Retry-After: 17", 17)]
#[case::date("429 Slow", "Retry-After: Sun, 01 Mar 2026 08:01:00 GMT", 60)]
#[case::mastodon("429 Slow", "X-RateLimit-Reset: 2026-03-01T08:05:00.037659Z", 300)]
#[case::epoch("429 Slow", "RateLimit-Reset: 1772352030", 30)]
#[case::untold("429 Slow", "X-Nothing: 1", 60)]
#[case::unavailable_until("503 Busy", "Retry-After: 5", 5)]
#[case::forbidden_until("403 No", "Retry-After: 9", 9)]
#[tokio::test]
async fn sent_away_for_so_long(#[case] status: &str, #[case] header: &str, #[case] seconds: u64) {
    let error = get(Some(answer(status, &[header], b""))).await.unwrap_err();
    let ConnectorError::RateLimited { retry_after } = error else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after.as_secs(), seconds);
}

fn unavailable(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Unavailable { .. })
}

fn malformed(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Malformed { .. })
}

fn unauthorized(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Unauthorized { .. })
}

#[rstest]
#[case::server_error(Some(answer("500 Oh", &[], b"<html>")), unavailable)]
#[case::half_a_body(Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,".to_vec()), unavailable)]
#[case::half_a_head(Some(b"HTTP/1.1 200 OK\r\nConten".to_vec()), unavailable)]
#[case::garbage(Some(b"\0\xff\x16\x03 garbage \r\n\r\n".to_vec()), unavailable)]
#[case::nothing(Some(vec![]), unavailable)]
#[case::silence(None, unavailable)]
#[case::unauthorized(Some(answer("401 No", &[], b"")), unauthorized)]
#[case::forbidden(Some(answer("403 No", &[], b"")), unauthorized)]
#[case::gone(Some(answer("410 Gone", &[], b"")), malformed)]
#[case::moved(Some(answer("301 Moved", &["Location: http://169.254.169.254/"], b"")), malformed)]
#[tokio::test]
async fn each_failure_is_what_the_worker_can_act_on(
    #[case] bytes: Option<Vec<u8>>,
    #[case] is_it: fn(&ConnectorError) -> bool,
) {
    let error = get(bytes).await.unwrap_err();
    assert!(is_it(&error), "{error:?}");
}

#[tokio::test]
async fn a_server_that_sent_us_away_is_not_asked_again() {
    let server = Server::start(|_| Some(answer("429 Slow", &["Retry-After: 60"], b""))).await;
    let client = client(server.settings());
    for _ in 0..3 {
        let error = client
            .get(client.url("/x", &[]).unwrap())
            .await
            .unwrap_err();
        assert!(
            matches!(error, ConnectorError::RateLimited { .. }),
            "{error:?}"
        );
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_used_up_the_window_is_the_last() {
    let headers = [
        "X-RateLimit-Remaining: 0",
        "X-RateLimit-Reset: 2026-03-01T08:05:00Z",
    ];
    let server = Server::start(move |_| Some(answer("200 OK", &headers, b"[]"))).await;
    let client = client(server.settings());
    let url = client.url("/x", &[]).unwrap();
    assert_eq!(client.get(url.clone()).await.unwrap().body, b"[]");
    assert!(client.get(url).await.is_err());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let endless = [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(),
        &vec![b'x'; BODY_BYTES_MAX + 1],
    ]
    .concat();
    let error = get(Some(endless)).await.unwrap_err();
    assert!(malformed(&error), "{error:?}");
}

#[tokio::test]
async fn a_private_address_that_nobody_configured_is_not_reached() {
    let server = Server::start(|_| Some(answer("200 OK", &[], b"secret"))).await;
    let mut settings = server.settings();
    settings.reach = Reach::Public { allowed: vec![] };
    settings.base_url.set_host(Some("localhost")).unwrap();
    let error = client(settings.clone())
        .get(settings.base_url)
        .await
        .unwrap_err();
    assert!(malformed(&error), "{error:?}");
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn the_credential_goes_to_its_own_host_only() {
    let home = Server::start(|_| Some(answer("200 OK", &[], b""))).await;
    let other = Server::start(|_| Some(answer("200 OK", &[], b""))).await;
    let mut settings = home.settings();
    settings.bearer = Some(Bearer::new("s3cret"));
    assert!(!format!("{settings:?}").contains("s3cret"));
    let client = client(settings);
    client.get(home.base_url.clone()).await.unwrap();
    client.get(other.base_url.clone()).await.unwrap();
    assert!(home.requests()[0].contains("authorization: Bearer s3cret"));
    assert!(!other.requests()[0].contains("s3cret"));
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let server = Server::start(|head| {
        let known = head.contains("if-none-match: \"7\"");
        let (status, body): (_, &[u8]) = if known {
            ("304 Same", b"")
        } else {
            ("200 OK", b"x")
        };
        Some(answer(status, &["ETag: \"7\""], body))
    })
    .await;
    let client = client(server.settings());
    let url = client.url("/x", &[]).unwrap();
    let reply = client.get(url.clone()).await.unwrap();
    assert!(
        client
            .get_if_changed(url, &reply.validators)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        client.url("/x", &[("q", "a b")]).unwrap().query(),
        Some("q=a+b")
    );
    assert!(Duration::ZERO < TimeLimits::default().silence);
}
