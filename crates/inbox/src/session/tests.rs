//! People in browsers: how sessions begin, what they allow, and how they end.

use crate::testing::{FORM, LINK, OWN_PAGE, PASSWORD, World};
use jiff::SignedDuration;
use rstest::rstest;
use switchboard_telemetry::{Counter, LoginMethod, LoginOutcome};

fn link_path() -> String {
    format!("/login/link/{LINK}")
}

fn logins(world: &World, method: LoginMethod, outcome: LoginOutcome) -> u64 {
    world
        .metrics
        .counter_value(Counter::Logins { method, outcome })
}

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

const JSON: (&str, &str) = ("content-type", "application/json");

/// Headers of a request, as names and values.
type Headers = &'static [(&'static str, &'static str)];

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

#[tokio::test]
async fn known_and_unknown_names_get_the_same_answer() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    let known = ann.log_in("anna", "wrong").await;
    let unknown = ann.log_in("anno", "wrong").await;
    assert_eq!((known.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(known.page().replace("anna", "anno"), unknown.page());
    assert!(known.page().contains("Name and password do not fit"));
    let refused = logins(&world, LoginMethod::Password, LoginOutcome::Refused);
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn of_a_thousand_guesses_a_minute_ten_are_looked_at() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    for number in 0..1_000_u32 {
        // Guessers come from everywhere; the account is what is guarded.
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + number);
        ann.address = std::net::SocketAddr::from((ip, 1));
        let answer = ann.log_in("anna", "wrong").await;
        assert!([401, 429].contains(&answer.status.as_u16()));
        world.clock.advance(SignedDuration::from_millis(60));
    }
    let looked_at = logins(&world, LoginMethod::Password, LoginOutcome::Refused);
    assert!((5..=10).contains(&looked_at), "{looked_at}");
    let limited = logins(&world, LoginMethod::Password, LoginOutcome::Limited);
    assert_eq!(looked_at + limited, 1_000);
}

#[tokio::test]
async fn who_waits_as_told_is_let_in() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    while ann.log_in("anna", "wrong").await.status != 429 {}
    let answer = ann.log_in("anna", PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert!(answer.page().contains("Wait 12 seconds"));
    let seconds: i64 = answer.header("retry-after").parse().unwrap();
    world.clock.advance(SignedDuration::from_secs(seconds));
    assert_eq!(ann.log_in("anna", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn one_address_does_not_guess_at_many_names_nor_links() {
    let world = World::new().await;
    let mut guesser = world.browser();
    let mut statuses = vec![];
    for number in 0..25 {
        let answer = guesser.open(&format!("/login/link/guess-{number}")).await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 410).count(), 20);
    assert_eq!(statuses[24], 429);
    assert_eq!(guesser.log_in("somebody", "wrong").await.status, 429);
    let mut other = world.browser();
    other.address = "198.51.100.1:1".parse().unwrap();
    assert_eq!(other.log_in("somebody", "wrong").await.status, 401);
}

#[tokio::test]
async fn a_link_lets_in_once_and_asks_for_a_password() {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.add_link("anna").await;
    let mut ann = world.browser();
    let answer = ann.open(&link_path()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/account")
    );
    assert_eq!(ann.fetch("GET", "/api/v1/session").await.status, 200);
    let account = ann.open("/account").await;
    assert!(account.page().contains("Choose a password"));
    let mut second = world.browser();
    let answer = second.open(&link_path()).await;
    assert_eq!(answer.status, 410);
    assert!(answer.page().contains("switchboard user link NAME"));
    assert_eq!(second.cookie, "");
}

#[rstest]
#[case::without_a_password("anna", "", "/account")]
#[case::straight_to_the_inbox("anna", "?to=inbox", "/")]
#[case::with_a_password("bert", "", "/")]
#[tokio::test]
async fn where_a_link_leads(#[case] name: &str, #[case] query: &str, #[case] want: &str) {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.with_person("bert").await;
    world.add_link(name).await;
    let answer = world
        .browser()
        .open(&format!("{}{query}", link_path()))
        .await;
    assert_eq!(answer.header("location"), want);
}

#[tokio::test]
async fn a_link_raced_by_two_lets_one_in() {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.add_link("anna").await;
    let (mut one, mut two) = (world.browser(), world.browser());
    let path = link_path();
    let (one, two) = futures::join!(one.open(&path), two.open(&path));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[rstest]
#[case::head("HEAD", &[])]
#[case::prefetch("GET", &[("sec-purpose", "prefetch;prerender")])]
#[tokio::test]
async fn who_only_looks_does_not_use_a_link_up(#[case] method: &str, #[case] headers: Headers) {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.add_link("anna").await;
    let looked = world
        .browser()
        .send(method, &link_path(), headers, "")
        .await;
    assert_eq!(
        (looked.status.as_u16(), looked.header("set-cookie")),
        (204, "")
    );
    assert_eq!(world.browser().open(&link_path()).await.status, 303);
}

#[tokio::test]
async fn a_link_passes() {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.add_link("anna").await;
    world.clock.advance(SignedDuration::from_mins(60));
    assert_eq!(world.browser().open(&link_path()).await.status, 410);
}

#[tokio::test]
async fn a_first_password_is_set_and_works() {
    let world = World::new().await;
    world.add_user("anna", "agent", &["support"]).await;
    world.add_link("anna").await;
    let mut ann = world.browser();
    ann.open(&link_path()).await;
    let fields = "new=seven+canaries+in+a+mine&again=seven+canaries+in+a+mine";
    let answer = ann.submit("/account", fields).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert!(answer.page().contains("The password is set."));
    assert_eq!(ann.fetch("GET", "/api/v1/session").await.status, 200);
    assert_eq!(world.browser().log_in("anna", PASSWORD).await.status, 303);
}

#[rstest]
#[case::not_twice_the_same("current=CURRENT&new=kqzvwjxpm&again=kqzvwjxp", "not the same")]
#[case::too_short("current=CURRENT&new=kqzvw&again=kqzvw", "too short")]
#[case::usual("current=CURRENT&new=password1&again=password1", "anybody would guess")]
#[case::wrong_current(
    "current=wrong&new=kqzvwjxpm&again=kqzvwjxpm",
    "current password is wrong"
)]
#[tokio::test]
async fn a_password_is_not_changed(#[case] fields: &str, #[case] why: &str) {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let fields = fields.replace("CURRENT", &PASSWORD.replace(' ', "+"));
    let answer = ann.submit("/account", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.page().contains(why), "{answer}");
    assert_eq!(world.browser().log_in("anna", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let mut other = world.browser();
    other.log_in("anna", PASSWORD).await;
    let current = PASSWORD.replace(' ', "+");
    let fields = format!("current={current}&new=kqzvwjxpm&again=kqzvwjxpm");
    assert_eq!(ann.submit("/account", &fields).await.status, 200);
    assert_eq!(other.fetch("GET", "/api/v1/session").await.status, 401);
    assert_eq!(ann.fetch("GET", "/api/v1/session").await.status, 200);
    assert_eq!(world.browser().log_in("anna", PASSWORD).await.status, 401);
}

#[tokio::test]
async fn the_account_lists_sessions_and_ends_them() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    ann.log_in("anna", PASSWORD).await;
    let mut other = world.browser();
    other.log_in("anna", PASSWORD).await;
    assert_eq!(ann.open("/account").await.page().matches("<li>").count(), 2);
    assert_eq!(
        ann.submit("/account/sessions", "id=2")
            .await
            .header("location"),
        "/account"
    );
    assert_eq!(other.fetch("GET", "/api/v1/session").await.status, 401);
    assert_eq!(
        ann.submit("/account/sessions", "id=1")
            .await
            .header("location"),
        "/login"
    );
}

#[tokio::test]
async fn who_is_not_logged_in_is_shown_the_way_in() {
    let world = World::new().await;
    let mut stranger = world.browser();
    for (path, want) in [
        ("/", "/login"),
        ("/tickets/5", "/login?next=/tickets/5"),
        ("/account", "/login?next=/account"),
        ("/%3Cscript%3E", "/login"),
    ] {
        let answer = stranger.open(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, want)
        );
    }
    let answer = stranger.open("/api/v1/tickets").await;
    assert_eq!(answer.status, 401, "the API stays an API");
    let answer = stranger.fetch("GET", "/tickets/5").await;
    assert_eq!(answer.status, 401, "a program is told");
}

#[tokio::test]
async fn a_login_leads_to_the_page_one_came_for() {
    let world = World::new().await;
    let mut ann = world.with_person("anna").await;
    let page = ann.open("/login?next=/tickets/5").await;
    assert!(page.page().contains(r#"name="next" value="/tickets/5""#));
    let password = PASSWORD.replace(' ', "+");
    let fields = format!("name=anna&password={password}&next=%2Ftickets%2F5");
    let answer = ann.submit("/login", &fields).await;
    assert_eq!(answer.header("location"), "/tickets/5");
}

#[tokio::test]
async fn pages_run_nothing_and_are_framed_by_nobody() {
    let world = World::new().await;
    let answer = world.browser().open("/login").await;
    let headers = [
        "content-security-policy",
        "referrer-policy",
        "cache-control",
    ]
    .map(|name| format!("{name}: {}", answer.header(name)));
    insta::assert_snapshot!(headers.join("\n"), @"
    content-security-policy: default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    referrer-policy: same-origin
    cache-control: no-store
    ");
    for forbidden in ["<script", "style=", "<style", "onclick"] {
        assert!(!answer.page().contains(forbidden), "{forbidden}");
    }
    let style = world.browser().open("/assets/plain.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn a_hostile_name_is_text() {
    let world = World::new().await;
    let mut stranger = world.browser();
    let answer = stranger
        .log_in("%3Cscript%3Ealert(1)%3C/script%3E", "x")
        .await;
    assert!(!answer.page().contains("<script"));
}

#[tokio::test]
async fn a_failed_page_is_a_page() {
    let world = World::new().await;
    let answer = world.browser().submit("/login/link/x", "").await;
    assert_eq!(answer.status, 405);
    assert!(answer.page().contains("That did not work"));
    let endless = format!("name=a&password={}", "x".repeat(20_000));
    let answer = world.browser().submit("/login", &endless).await;
    assert_eq!(answer.status, 400);
}
