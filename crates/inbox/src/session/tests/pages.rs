//! The pages themselves.

use crate::testing::{PASSWORD, World};

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
