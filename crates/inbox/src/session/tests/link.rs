//! One-time links.

use super::{Headers, link_path};
use crate::testing::World;
use jiff::SignedDuration;
use rstest::rstest;

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
