//! Authors, the links between their accounts, and their tickets within a scope.

use crate::post::Post;
use crate::world::{World, at};
use switchboard_domain::Slug;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::AuthorKey;
use switchboard_domain::ticket::{Actor, TicketId};
use switchboard_storage::{History, Linked, NewAuthorLink, Profile, Unlink};

const ALL: DepartmentScope = DepartmentScope::All;

fn key(author: &str) -> AuthorKey {
    AuthorKey::new(&Slug::from_any("x"), "", author).unwrap()
}

fn only(department: &str) -> DepartmentScope {
    DepartmentScope::Only([Slug::from_any(department)].into())
}

async fn profile(world: &World, author: &str, scope: &DepartmentScope) -> Option<Profile> {
    let history = History {
        before: None,
        limit: 10,
    };
    let profiles = &world.store.profiles;
    let profile = profiles.profile(&key(author), history, scope).await;
    profile.unwrap()
}

async fn link(world: &World, author: &str, other: &str, scope: &DepartmentScope) -> Linked {
    let link = NewAuthorLink {
        accounts: [key(author), key(other)],
        reason: "the same order number".into(),
        by: Actor::Person("sue".into()),
        now: at(3),
    };
    world.store.profiles.link(link, scope).await.unwrap()
}

async fn unlink(world: &World, author: &str, link: i64, scope: &DepartmentScope) -> bool {
    let wish = Unlink {
        author: key(author),
        link,
        reason: "a namesake".into(),
        by: Actor::Person("sue".into()),
        now: at(4),
    };
    world.store.profiles.unlink(wish, scope).await.unwrap()
}

fn ids(profile: &Profile) -> Vec<i64> {
    profile.tickets.iter().map(|row| row.ticket.id.0).collect()
}

fn accounts(profile: &Profile) -> Vec<&str> {
    profile.accounts.iter().map(|one| one.id.as_str()).collect()
}

/// Ann's complaint and her risk (another account), Bob's lead, Cleo's complaint.
async fn world() -> World {
    let world = World::new();
    for post in [
        Post::complaint("1"),
        Post {
            account: "other",
            ..Post::risk("2")
        },
        Post {
            author: "bob",
            ..Post::labelled("3", switchboard_domain::Label::Lead, 1)
        },
        Post {
            author: "cleo",
            ..Post::complaint("4")
        },
    ] {
        world.arrives(&post).await;
    }
    world
}

#[tokio::test]
async fn an_author_has_a_history_newest_first_within_the_scope() {
    let world = world().await;
    let all = profile(&world, "ann", &ALL).await.unwrap();
    assert_eq!((ids(&all), accounts(&all)), (vec![2, 1], vec!["ann"]));
    assert_eq!(all.tickets[1].mention.as_ref().unwrap().key.id, "1");
    let pr = profile(&world, "ann", &only("pr")).await.unwrap();
    assert_eq!(ids(&pr), [2]);
    assert_eq!(profile(&world, "ann", &only("sales")).await, None);
    assert_eq!(profile(&world, "nobody", &ALL).await, None);
}

#[tokio::test]
async fn a_history_has_pages() {
    let world = world().await;
    let page = |before, limit| History { before, limit };
    let profiles = &world.store.profiles;
    let first = profiles.profile(&key("ann"), page(None, 1), &ALL).await;
    let first = first.unwrap().unwrap();
    assert_eq!((ids(&first), first.more), (vec![2], true));
    let rest = page(Some(TicketId(2)), 1);
    let rest = profiles.profile(&key("ann"), rest, &ALL).await;
    let rest = rest.unwrap().unwrap();
    assert_eq!((ids(&rest), rest.more), (vec![1], false));
}

#[tokio::test]
async fn linked_accounts_are_one_author_until_the_link_is_taken_back() {
    let world = world().await;
    assert_eq!(link(&world, "ann", "bob", &ALL).await, Linked::Done(1));
    assert_eq!(link(&world, "cleo", "bob", &ALL).await, Linked::Done(2));
    assert_eq!(link(&world, "ann", "cleo", &ALL).await, Linked::IsSo);
    assert_eq!(link(&world, "ann", "ann", &ALL).await, Linked::IsSo);
    let one = profile(&world, "cleo", &ALL).await.unwrap();
    assert_eq!(ids(&one), [4, 3, 2, 1]);
    assert_eq!(accounts(&one), ["cleo", "bob", "ann"]);
    assert_eq!(one.links[0].reason, "the same order number");
    assert_eq!(one.links[0].by, "person:sue");
    assert!(unlink(&world, "ann", 1, &ALL).await);
    assert!(!unlink(&world, "ann", 1, &ALL).await, "only once");
    assert_eq!(ids(&profile(&world, "ann", &ALL).await.unwrap()), [2, 1]);
    assert_eq!(ids(&profile(&world, "bob", &ALL).await.unwrap()), [4, 3]);
    assert_eq!(link(&world, "ann", "bob", &ALL).await, Linked::Done(3));
}

#[tokio::test]
async fn a_link_shows_no_department_more_than_it_may_see() {
    let world = world().await;
    let support = only("support");
    let unseen = Linked::NotFound(key("bob"));
    assert_eq!(link(&world, "ann", "bob", &support).await, unseen);
    link(&world, "ann", "bob", &ALL).await;
    let seen = profile(&world, "ann", &support).await.unwrap();
    assert_eq!(ids(&seen), [1], "neither of pr nor of sales");
    assert_eq!(
        accounts(&seen),
        ["ann", "bob"],
        "that he is hers is no secret"
    );
    assert!(!unlink(&world, "ann", 1, &only("legal")).await);
    assert!(!unlink(&world, "cleo", 1, &ALL).await, "not one of hers");
    assert!(unlink(&world, "bob", 1, &only("sales")).await);
}

#[tokio::test]
async fn both_ways_are_in_the_audit_with_their_reasons() {
    let world = world().await;
    link(&world, "ann", "bob", &ALL).await;
    unlink(&world, "ann", 1, &ALL).await;
    let told = world.place.column(
        "SELECT action || ' ' || actor || ' ' || detail AS value FROM audit
         WHERE action LIKE 'author.%' ORDER BY at",
    );
    assert!(told[0].starts_with("author.linked person:sue"), "{told:?}");
    assert!(told[0].contains("the same order number"), "{told:?}");
    assert!(
        told[1].starts_with("author.unlinked person:sue"),
        "{told:?}"
    );
    assert!(told[1].contains("a namesake"), "{told:?}");
}
