//! Tokens.

use crate::world::{World, at};
use rstest::rstest;
use switchboard_domain::Slug;
use switchboard_domain::access::{DepartmentScope, Role};
use switchboard_domain::ticket::Actor;
use switchboard_storage::NewToken;
use switchboard_storage::access::token_secret;

fn admin() -> Actor {
    Actor::Person("root".into())
}

fn token(name: &str) -> NewToken {
    NewToken {
        name: name.into(),
        role: Role::Agent,
        departments: [Slug::from_any("support")].into(),
        secret: token_secret(&[7; 20]),
        expires_at: Some(at(60)),
    }
}

#[test]
fn a_secret_has_the_prefix_and_160_bits() {
    assert_eq!(
        token_secret(&[0xab; 20]),
        format!("swb_{}", "ab".repeat(20))
    );
}

#[rstest]
#[case::works(&token("ci").secret, 59, true)]
#[case::expired(&token("ci").secret, 60, false)]
#[case::unknown("swb_0000000000000000000000000000000000000000", 1, false)]
#[case::prefix_only("swb_", 1, false)]
#[case::empty("", 1, false)]
#[tokio::test]
async fn a_token_is_found_by_its_secret(
    #[case] secret: &str,
    #[case] minute: i64,
    #[case] works: bool,
) {
    let world = World::new();
    assert!(
        world
            .store
            .access
            .create_token(token("ci"), &admin(), at(0))
            .await
            .unwrap()
    );
    let found = world
        .store
        .access
        .find_token(secret, at(minute))
        .await
        .unwrap();
    assert_eq!(found.is_some(), works);
    if let Some(principal) = found {
        assert_eq!(
            (principal.name.as_str(), principal.role),
            ("ci", Role::Agent)
        );
        assert!(principal.scope() == DepartmentScope::Only([Slug::from_any("support")].into()));
    }
}

#[tokio::test]
async fn a_revoked_token_stays_out_and_keeps_its_name() {
    let world = World::new();
    let access = &world.store.access;
    access
        .create_token(token("ci"), &admin(), at(0))
        .await
        .unwrap();
    assert!(access.revoke_token("ci", &admin(), at(1)).await.unwrap());
    assert!(
        !access.revoke_token("ci", &admin(), at(2)).await.unwrap(),
        "only once"
    );
    assert!(!access.revoke_token("other", &admin(), at(2)).await.unwrap());
    assert_eq!(
        access.find_token(&token("ci").secret, at(1)).await.unwrap(),
        None
    );
    let again = NewToken {
        secret: token_secret(&[8; 20]),
        ..token("ci")
    };
    assert!(!access.create_token(again, &admin(), at(3)).await.unwrap());
    assert_eq!(
        access.list_tokens().await.unwrap()[0].revoked_at,
        Some(at(1))
    );
}

#[tokio::test]
async fn last_use_is_noted_at_most_once_a_minute() {
    let world = World::new();
    let access = &world.store.access;
    access
        .create_token(token("ci"), &admin(), at(0))
        .await
        .unwrap();
    let half = jiff::SignedDuration::from_secs(30);
    for (now, want) in [(at(1), at(1)), (at(1) + half, at(1)), (at(2), at(2))] {
        access.find_token(&token("ci").secret, now).await.unwrap();
        assert_eq!(
            access.list_tokens().await.unwrap()[0].last_used_at,
            Some(want)
        );
    }
}

#[tokio::test]
async fn the_secret_is_nowhere_on_disk() {
    let world = World::new();
    world
        .store
        .access
        .create_token(token("ci"), &admin(), at(0))
        .await
        .unwrap();
    assert!(!world.place.holds(&token("ci").secret));
}

#[tokio::test]
async fn another_process_may_make_a_token_beside_the_running_one() {
    let world = World::new();
    let beside = world.beside("cli").unwrap();
    beside
        .access
        .create_token(token("ci"), &admin(), at(0))
        .await
        .unwrap();
    let found = world
        .store
        .access
        .find_token(&token("ci").secret, at(1))
        .await
        .unwrap();
    assert!(found.is_some());
    assert_eq!(world.store.audit.seal(at(1)).await.unwrap(), 1);
    assert_eq!(world.store.audit.verify().await.unwrap().fault, None);
}
