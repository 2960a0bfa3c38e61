//! The page where passwords are set and sessions ended.

use super::link_path;
use crate::testing::{PASSWORD, World};
use rstest::rstest;

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
