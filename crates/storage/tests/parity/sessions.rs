//! People, their sessions and one-time links.

use crate::world::{World, at};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use switchboard_domain::Slug;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use switchboard_storage::sessions::{PeerKind, SESSIONS_PER_USER_MAX, USER_AGENT_BYTES_MAX};
use switchboard_storage::{
    LoginKind, NewLink, NewSession, OpenSession, PasswordHash, SessionId, User,
};

const HASH: &str = "$argon2id$first";

fn admin() -> Actor {
    Actor::Person("root".into())
}

fn ann() -> User {
    User {
        name: "ann".into(),
        role: Role::Agent,
        departments: [Slug::from_any("support")].into(),
    }
}

fn session(secret: &str) -> NewSession {
    NewSession {
        secret: secret.into(),
        user_agent: "Firefox".into(),
        peer: PeerKind::Private,
        replaces: None,
    }
}

fn link(secret: &str) -> NewLink {
    NewLink {
        secret: secret.into(),
        user: "ann".into(),
        expires_at: at(60),
    }
}

/// A world in which `ann` has a password.
async fn world() -> World {
    let world = World::new();
    let people = &world.store.people;
    assert!(people.create_user(ann(), &admin(), at(0)).await.unwrap());
    let hash = PasswordHash::new(HASH);
    let by = admin();
    let set = people.set_password("ann", hash, None, &by, at(0));
    assert!(set.await.unwrap());
    world
}

async fn log_in(world: &World, secret: &str, now: Timestamp) -> Option<OpenSession> {
    let sessions = &world.store.sessions;
    let hash = PasswordHash::new(HASH);
    let started = sessions.start_session("ann", &hash, session(secret), now);
    started.await.unwrap()
}

async fn works(world: &World, secret: &str, now: Timestamp) -> bool {
    let found = world.store.sessions.find_session(secret, now).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_user_is_created_once_and_has_no_password() {
    let world = World::new();
    let people = &world.store.people;
    assert!(people.create_user(ann(), &admin(), at(0)).await.unwrap());
    assert!(!people.create_user(ann(), &admin(), at(1)).await.unwrap());
    let listed = people.list_people().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].user, listed[0].created_at), (&ann(), at(0)));
    assert!(!listed[0].has_password && listed[0].disabled_at.is_none());
    assert_eq!(people.find_password("ann").await.unwrap(), None);
    assert_eq!(people.find_password("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn a_session_is_found_by_its_secret_alone() {
    let world = world().await;
    let started = log_in(&world, "s1", at(1)).await.unwrap();
    assert_eq!(started.started_by, LoginKind::Password);
    assert_eq!(started.principal.name, "ann");
    assert_eq!(started.principal.departments, ann().departments);
    let found = world.store.sessions.find_session("s1", at(1)).await;
    assert_eq!(found.unwrap(), Some(started));
    for wrong in ["", "s2", "ann"] {
        assert!(!works(&world, wrong, at(1)).await, "{wrong}");
    }
}

/// Minutes at which a session of minute 0 is used, each before it has ended.
const EVERY_TEN_HOURS: &[i64] = &[
    600, 1200, 1800, 2400, 3000, 3600, 4200, 4800, 5400, 6000, 6600, 7200, 7800, 8400, 9000, 9600,
];

#[rstest]
#[case::unused_for_nearly_twelve_hours(&[], 12 * 60 - 1, true)]
#[case::unused_for_twelve_hours(&[], 12 * 60, false)]
#[case::used_in_between(&[360], 18 * 60 - 1, true)]
#[case::forgotten_afterwards(&[360], 18 * 60, false)]
#[case::in_use_for_nearly_a_week(EVERY_TEN_HOURS, 7 * 24 * 60 - 1, true)]
#[case::in_use_for_a_week(EVERY_TEN_HOURS, 7 * 24 * 60, false)]
#[tokio::test]
async fn a_session_ends_by_itself(#[case] used: &[i64], #[case] minute: i64, #[case] want: bool) {
    let world = world().await;
    log_in(&world, "s1", at(0)).await.unwrap();
    for minute in used {
        assert!(works(&world, "s1", at(*minute)).await, "minute {minute}");
    }
    let listed = world.store.sessions.list_sessions("ann", at(minute));
    assert_eq!(listed.await.unwrap().len(), usize::from(want));
    assert_eq!(works(&world, "s1", at(minute)).await, want);
}

#[tokio::test]
async fn a_peek_does_not_count_as_use() {
    let world = world().await;
    log_in(&world, "s1", at(0)).await.unwrap();
    for (minute, want) in [(360, true), (12 * 60 - 1, true), (12 * 60, false)] {
        let peeked = world.store.sessions.peek_session("s1", at(minute)).await;
        assert_eq!(peeked.unwrap().is_some(), want, "minute {minute}");
    }
}

#[tokio::test]
async fn a_purge_takes_what_no_longer_works_and_nothing_else() {
    let world = world().await;
    let sessions = &world.store.sessions;
    log_in(&world, "old", at(0)).await.unwrap();
    log_in(&world, "new", at(60)).await.unwrap();
    for secret in ["l1", "l2"] {
        assert!(
            sessions
                .create_link(link(secret), &admin(), at(0))
                .await
                .unwrap()
        );
    }
    assert_eq!(sessions.purge_sessions(at(59)).await.unwrap(), 0);
    assert_eq!(sessions.purge_sessions(at(12 * 60)).await.unwrap(), 3);
    assert!(works(&world, "new", at(12 * 60)).await);
}

#[tokio::test]
async fn a_login_ends_the_browsers_session_before() {
    let world = world().await;
    let before = log_in(&world, "s1", at(1)).await.unwrap();
    let again = NewSession {
        replaces: Some(before.id),
        ..session("s2")
    };
    let hash = PasswordHash::new(HASH);
    let started = world
        .store
        .sessions
        .start_session("ann", &hash, again, at(2));
    assert!(started.await.unwrap().is_some());
    assert!(!works(&world, "s1", at(2)).await && works(&world, "s2", at(2)).await);
}

#[tokio::test]
async fn who_checked_an_older_password_does_not_get_in() {
    let world = world().await;
    let people = &world.store.people;
    let new = PasswordHash::new("$argon2id$second");
    people
        .set_password("ann", new, None, &admin(), at(1))
        .await
        .unwrap();
    assert_eq!(log_in(&world, "s1", at(2)).await, None);
}

#[tokio::test]
async fn the_oldest_session_makes_room() {
    let world = world().await;
    for number in 0..=SESSIONS_PER_USER_MAX {
        let minute = i64::try_from(number).unwrap();
        log_in(&world, &format!("s{number}"), at(minute))
            .await
            .unwrap();
    }
    let listed = world
        .store
        .sessions
        .list_sessions("ann", at(30))
        .await
        .unwrap();
    assert_eq!(listed.len(), SESSIONS_PER_USER_MAX);
    assert!(!works(&world, "s0", at(30)).await && works(&world, "s1", at(30)).await);
}

/// What ends the sessions of a user.
#[derive(Clone, Copy)]
enum Deed {
    Disable,
    Role,
    Password,
    End(i64),
}

#[rstest]
#[case::disabled(Deed::Disable, [false, false], false)]
#[case::role_changed(Deed::Role, [false, false], true)]
#[case::password_changed_in_the_first(Deed::Password, [true, false], false)]
#[case::second_ended(Deed::End(2), [true, false], true)]
#[case::unknown_ended(Deed::End(3), [true, true], true)]
#[tokio::test]
async fn sessions_end_at_once(
    #[case] deed: Deed,
    #[case] left: [bool; 2],
    #[case] link_works: bool,
) {
    let world = world().await;
    let (people, sessions) = (&world.store.people, &world.store.sessions);
    let first = log_in(&world, "s1", at(1)).await.unwrap().id;
    log_in(&world, "s2", at(1)).await.unwrap();
    sessions
        .create_link(link("l1"), &admin(), at(1))
        .await
        .unwrap();
    let (by, now) = (admin(), at(2));
    let viewer = User {
        role: Role::Viewer,
        ..ann()
    };
    let new = PasswordHash::new("$argon2id$second");
    let done = match deed {
        Deed::Disable => people.set_disabled("ann", true, &by, now).await,
        Deed::Role => people.set_role(viewer, &by, now).await,
        Deed::Password => people.set_password("ann", new, Some(first), &by, now).await,
        Deed::End(id) => sessions.end_session("ann", SessionId(id), &by, now).await,
    };
    assert_eq!(done.unwrap(), !matches!(deed, Deed::End(3)));
    let found = [
        works(&world, "s1", now).await,
        works(&world, "s2", now).await,
    ];
    assert_eq!(found, left);
    let used = sessions.use_link("l1", session("s3"), now).await.unwrap();
    assert_eq!(used.is_some(), link_works);
}

#[tokio::test]
async fn nobody_ends_anothers_session() {
    let world = world().await;
    let id = log_in(&world, "s1", at(1)).await.unwrap().id;
    let sessions = &world.store.sessions;
    assert!(
        !sessions
            .end_session("bob", id, &admin(), at(2))
            .await
            .unwrap()
    );
    assert!(works(&world, "s1", at(2)).await);
}

#[tokio::test]
async fn a_disabled_user_is_let_in_by_nothing_until_enabled() {
    let world = world().await;
    let (people, sessions) = (&world.store.people, &world.store.sessions);
    assert!(
        people
            .set_disabled("ann", true, &admin(), at(1))
            .await
            .unwrap()
    );
    assert!(
        !people
            .set_disabled("ann", true, &admin(), at(2))
            .await
            .unwrap()
    );
    assert_eq!(
        people.list_people().await.unwrap()[0].disabled_at,
        Some(at(1))
    );
    assert_eq!(people.find_password("ann").await.unwrap(), None);
    assert_eq!(log_in(&world, "s1", at(2)).await, None);
    assert!(
        !sessions
            .create_link(link("l1"), &admin(), at(2))
            .await
            .unwrap()
    );
    assert!(
        people
            .set_disabled("ann", false, &admin(), at(3))
            .await
            .unwrap()
    );
    assert!(log_in(&world, "s1", at(4)).await.is_some());
}

#[rstest]
#[case::in_time("l1", 59, true)]
#[case::at_its_end("l1", 60, false)]
#[case::unknown("l2", 1, false)]
#[tokio::test]
async fn a_link_works_for_its_time(#[case] secret: &str, #[case] minute: i64, #[case] want: bool) {
    let world = world().await;
    let sessions = &world.store.sessions;
    sessions
        .create_link(link("l1"), &admin(), at(0))
        .await
        .unwrap();
    let used = sessions
        .use_link(secret, session("s1"), at(minute))
        .await
        .unwrap();
    assert_eq!(used.is_some(), want);
    assert_eq!(works(&world, "s1", at(minute)).await, want);
    assert!(used.is_none_or(|session| session.started_by == LoginKind::Link));
}

#[tokio::test]
async fn of_two_with_one_link_one_gets_in() {
    let world = world().await;
    let sessions = &world.store.sessions;
    sessions
        .create_link(link("l1"), &admin(), at(0))
        .await
        .unwrap();
    let names: Vec<String> = (0..8).map(|number| format!("s{number}")).collect();
    let tries = names
        .iter()
        .map(|name| sessions.use_link("l1", session(name), at(1)));
    let used = futures::future::join_all(tries).await;
    let inside = used
        .into_iter()
        .filter(|used| used.as_ref().unwrap().is_some());
    assert_eq!(inside.count(), 1);
}

#[tokio::test]
async fn the_last_use_is_noted_to_the_minute() {
    let world = world().await;
    log_in(&world, "s1", at(0)).await.unwrap();
    let half = SignedDuration::from_secs(30);
    for (now, want) in [(at(0) + half, at(0)), (at(1), at(1)), (at(1) + half, at(1))] {
        assert!(works(&world, "s1", now).await);
        let listed = world
            .store
            .sessions
            .list_sessions("ann", now)
            .await
            .unwrap();
        assert_eq!(listed[0].last_seen_at, want);
    }
}

#[tokio::test]
async fn a_browsers_endless_description_is_cut_between_letters() {
    let world = world().await;
    let endless = NewSession {
        user_agent: "ä".repeat(USER_AGENT_BYTES_MAX),
        ..session("s1")
    };
    let hash = PasswordHash::new(HASH);
    let started = world
        .store
        .sessions
        .start_session("ann", &hash, endless, at(0));
    started.await.unwrap().unwrap();
    let listed = world
        .store
        .sessions
        .list_sessions("ann", at(0))
        .await
        .unwrap();
    assert_eq!(listed[0].user_agent.len(), USER_AGENT_BYTES_MAX);
}

#[tokio::test]
async fn every_beginning_and_early_end_is_in_the_audit() {
    let world = world().await;
    let sessions = &world.store.sessions;
    let id = log_in(&world, "s1", at(1)).await.unwrap().id;
    sessions
        .create_link(link("l1"), &admin(), at(1))
        .await
        .unwrap();
    sessions.use_link("l1", session("s2"), at(1)).await.unwrap();
    sessions
        .end_session("ann", id, &admin(), at(2))
        .await
        .unwrap();
    world
        .store
        .people
        .set_disabled("ann", true, &admin(), at(3))
        .await
        .unwrap();
    let actions = world
        .place
        .column("SELECT action AS value FROM audit ORDER BY writer_sequence");
    assert_eq!(
        actions,
        [
            "user.created",
            "user.password_changed",
            "session.started",
            "link.created",
            "link.used",
            "session.ended",
            "user.disabled"
        ]
    );
}

#[tokio::test]
async fn no_secret_is_on_disk_or_in_a_debug_line() {
    let world = world().await;
    let secret = "canary-of-this-test-5e1f";
    log_in(&world, secret, at(0)).await.unwrap();
    world
        .store
        .sessions
        .create_link(link(secret), &admin(), at(0))
        .await
        .unwrap();
    assert!(!world.place.holds(secret));
    assert_eq!(
        format!("{:?}", PasswordHash::new(HASH)),
        "PasswordHash([REDACTED])"
    );
}
