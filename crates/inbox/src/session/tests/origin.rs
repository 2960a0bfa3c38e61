//! A cookie works only from pages of ours.

use super::{Headers, JSON};
use crate::testing::{FORM, OWN_PAGE, PASSWORD, World};
use rstest::rstest;

#[rstest]
#[case::own_page(&[OWN_PAGE, JSON], 200)]
#[case::own_origin(&[("origin", "http://inbox"), ("host", "inbox"), JSON], 200)]
#[case::cross_site(&[("sec-fetch-site", "cross-site"), JSON], 403)]
#[case::sibling_site(&[("sec-fetch-site", "same-site"), JSON], 403)]
#[case::no_browser(&[JSON], 403)]
#[case::form_from_elsewhere(&[("origin", "https://evil.example"), ("host", "inbox"), FORM], 403)]
#[case::own_page_and_no_json(&[OWN_PAGE, ("content-type", "text/plain")], 415)]
#[tokio::test]
async fn a_cookie_changes_things_only_from_our_pages(#[case] headers: Headers, #[case] want: u16) {
    let world = World::new().await;
    world.post("1", switchboard_domain::Label::Complaint).await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let path = "/api/v1/tickets/1/note";
    let answer = ann.send("POST", path, headers, r#"{"text":"hello"}"#).await;
    assert_eq!(answer.status, want, "{answer}");
}

#[tokio::test]
async fn a_form_is_no_json_even_where_no_body_is_asked_for() {
    let world = World::new().await;
    world.post("1", switchboard_domain::Label::Complaint).await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let path = "/api/v1/tickets/1/claim";
    assert_eq!(
        ann.send("POST", path, &[OWN_PAGE, FORM], "").await.status,
        415
    );
    assert_eq!(ann.send("POST", path, &[OWN_PAGE], "").await.status, 200);
}

#[tokio::test]
async fn a_token_is_no_cookie_and_needs_no_origin() {
    let world = World::new().await;
    world.post("1", switchboard_domain::Label::Complaint).await;
    let cross_site = [("sec-fetch-site", "cross-site")];
    let answer = world.call("ann", "POST", "/api/v1/tickets/1/claim", &cross_site, "");
    assert_eq!(answer.await.status, 200);
}

#[tokio::test]
async fn a_wrong_token_is_not_saved_by_a_cookie() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let wrong = [("authorization", "Bearer nobody")];
    let answer = ann.send("GET", "/api/v1/session", &wrong, "").await;
    assert_eq!(answer.status, 401);
}

#[rstest]
#[case::log_in("/login", "name=anna&password=seven+canaries+in+a+mine")]
#[case::log_out("/logout", "")]
#[case::set_a_password("/account", "current=x&new=y&again=z")]
#[case::end_a_session("/account/sessions", "id=1")]
#[tokio::test]
async fn forms_from_elsewhere_are_refused(#[case] path: &str, #[case] fields: &str) {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let cookie = ann.cookie.clone();
    for site in ["cross-site", "same-site", "none"] {
        let headers = [("sec-fetch-site", site), FORM];
        let answer = ann.send("POST", path, &headers, fields).await;
        assert_eq!(answer.status, 403, "{site}");
    }
    assert_eq!(ann.send("POST", path, &[FORM], fields).await.status, 403);
    assert_eq!(ann.cookie, cookie);
    assert_eq!(ann.fetch("GET", "/api/v1/session").await.status, 200);
}
