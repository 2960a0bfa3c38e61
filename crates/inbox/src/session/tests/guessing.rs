//! Guessers are slow, and learn nothing.

use super::logins;
use crate::testing::{PASSWORD, World};
use jiff::SignedDuration;
use switchboard_telemetry::{LoginMethod, LoginOutcome};

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
