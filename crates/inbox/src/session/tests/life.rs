//! How sessions begin and end.

use super::logins;
use crate::http::gate::{self, SignOfLife};
use crate::testing::{PASSWORD, World};
use axum::http::{HeaderMap, Method, header};
use jiff::SignedDuration;
use rstest::rstest;
use switchboard_telemetry::{LoginMethod, LoginOutcome};

#[tokio::test]
async fn a_password_opens_a_session_and_the_session_opens_the_api() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    let answer = ann.log_in("anna", PASSWORD).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/");
    let session = ann.fetch("GET", "/api/v1/session").await;
    assert_eq!(session.at("/name"), "\"anna\"");
    assert_eq!(session.at("/role"), "\"agent\"");
    assert_eq!(session.at("/departments"), "[\"support\"]");
    assert_eq!(
        session.at("/actions"),
        "[\"read_tickets\",\"work_tickets\"]"
    );
    assert_eq!(session.at("/expires_at"), "\"2026-03-02T00:00:00Z\"");
    let accepted = logins(&world, LoginMethod::Password, LoginOutcome::Accepted);
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn a_token_has_no_session() {
    let world = World::new().await;
    let shown = world.get("ann", "/api/v1/session").await;
    assert_eq!(shown.at("/name"), "\"ann\"");
    assert_eq!(shown.at("/expires_at"), "nothing");
    let listed = world.get("ann", "/api/v1/sessions").await;
    assert_eq!(listed.at("/sessions"), "[]");
    let ended = world
        .call("ann", "DELETE", "/api/v1/session", &[], "")
        .await;
    assert_eq!(ended.status, 422);
}

#[tokio::test]
async fn a_login_rotates_the_secret() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let first = ann.cookie.clone();
    ann.log_in("anna", PASSWORD).await;
    assert_ne!(ann.cookie, first);
    let mut thief = world.browser();
    thief.cookie = first;
    assert_eq!(thief.fetch("GET", "/api/v1/session").await.status, 401);
    assert_eq!(ann.fetch("GET", "/api/v1/session").await.status, 200);
}

#[rstest]
#[case::idle(&[12 * 60], 401)]
#[case::nearly_idle(&[12 * 60 - 1], 200)]
#[case::in_use_for_a_week(&[600; 17], 401)]
#[case::in_use_for_nearly_a_week(&[600; 16], 200)]
#[tokio::test]
async fn a_session_expires(#[case] pauses: &[i64], #[case] want: u16) {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let mut status = None;
    for minutes in pauses {
        world.clock.advance(SignedDuration::from_mins(*minutes));
        status = Some(ann.fetch("GET", "/api/v1/session").await.status);
    }
    assert_eq!(status.unwrap(), want);
}

#[tokio::test]
async fn a_page_that_is_only_left_open_keeps_nobody_logged_in() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let headers = [(header::COOKIE, ann.cookie.parse().unwrap())];
    let headers: HeaderMap = headers.into_iter().collect();
    for (open, listening) in [(200, true), (401, false)] {
        world.clock.advance(SignedDuration::from_hours(6));
        let connected = ann.fetch("GET", "/api/v1/live").await;
        assert_eq!(connected.status, open);
        let visit = (&Method::GET, &headers);
        let heard = gate::identify(&world.inbox, visit, SignOfLife::Missing).await;
        assert_eq!(heard.is_ok(), listening);
    }
}

#[tokio::test]
async fn disabling_somebody_ends_their_sessions_at_once() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    world.disable("anna").await;
    assert_eq!(ann.fetch("GET", "/api/v1/tickets").await.status, 401);
    assert_eq!(ann.log_in("anna", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let mut lost = world.browser();
    lost.log_in("anna", PASSWORD).await;
    let listed = ann.fetch("GET", "/api/v1/sessions").await;
    let sessions = listed.json["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|one| one["current"] == false).unwrap();
    let path = format!("/api/v1/sessions/{}", other["id"]);
    assert_eq!(ann.fetch("DELETE", &path).await.status, 200);
    assert_eq!(ann.fetch("DELETE", &path).await.status, 404);
    assert_eq!(lost.fetch("GET", "/api/v1/session").await.status, 401);
    assert_eq!(ann.fetch("DELETE", "/api/v1/sessions/x").await.status, 404);
    let mut bob = world.with_person("bert").await;
    bob.log_in("bert", PASSWORD).await;
    let anns = listed.json["sessions"][0]["id"].clone();
    let foreign = bob
        .fetch("DELETE", &format!("/api/v1/sessions/{anns}"))
        .await;
    assert_eq!(foreign.status, 404, "not one's own");
}

#[rstest]
#[case::by_the_api("DELETE", "/api/v1/session", 200)]
#[case::by_the_page("POST", "/logout", 303)]
#[tokio::test]
async fn logging_out_ends_the_session_and_the_cookie(
    #[case] method: &str,
    #[case] path: &str,
    #[case] want: u16,
) {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let mut thief = world.browser();
    thief.cookie.clone_from(&ann.cookie);
    let answer = ann.fetch(method, path).await;
    assert_eq!(answer.status, want);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(thief.fetch("GET", "/api/v1/session").await.status, 401);
}
