//! Tokens over the API.

use crate::testing::World;
use rstest::rstest;

#[tokio::test]
async fn a_token_is_made_works_and_is_revoked() {
    let world = World::new().await;
    let body = r#"{"name":"ci","role":"agent","departments":["sales"]}"#;
    let made = world.act("root", "/api/v1/tokens", body).await;
    let secret = made.json["token"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("swb_") && secret.len() == 44);
    assert_eq!(
        world.get(&secret, "/api/v1/session").await.at("/name"),
        "\"ci\""
    );
    let listed = world.get("root", "/api/v1/tokens").await;
    assert!(listed.at("/tokens").contains("\"name\":\"ci\""));
    assert!(!listed.at("/tokens").contains(&secret));
    let revoked = world
        .call("root", "DELETE", "/api/v1/tokens/ci", &[], "")
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(world.get(&secret, "/api/v1/session").await.status, 401);
    let again = world
        .call("root", "DELETE", "/api/v1/tokens/ci", &[], "")
        .await;
    assert_eq!(again.status, 404);
    let same_name = world.act("root", "/api/v1/tokens", body).await;
    assert_eq!(same_name.status, 409, "{same_name}");
}

#[rstest]
#[case::no_name(r#"{"name":" ","role":"admin"}"#)]
#[case::control_characters(r#"{"name":"a\nb","role":"admin"}"#)]
#[case::unknown_department(r#"{"name":"a","role":"agent","departments":["suport"]}"#)]
#[case::sees_nothing(r#"{"name":"a","role":"agent"}"#)]
#[tokio::test]
async fn refuses(#[case] body: &str) {
    let world = World::new().await;
    let answer = world.act("root", "/api/v1/tokens", body).await;
    assert_eq!(answer.status, 422, "{answer}");
}
