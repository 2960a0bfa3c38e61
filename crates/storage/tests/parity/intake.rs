//! What arrives, with the rows it leaves.

use crate::post::Post;
use crate::world::{World, at, batch, step};
use rstest::rstest;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::intake::IntakeOutcome as Outcome;
use switchboard_domain::sla::ClockKind;
use switchboard_domain::ticket::{CloseReason, Command, Status, TicketId};
use switchboard_domain::{Label, NoAnswer};
use switchboard_storage::StorageError;

#[tokio::test]
async fn a_first_post_opens_a_ticket_and_tells_of_it() {
    let world = World::new();
    let taken = world.arrives(&Post::complaint("1")).await;
    assert_eq!(
        (taken.outcome, taken.ticket),
        (Outcome::Opened, Some(TicketId(1)))
    );
    let opened = taken.opened.unwrap();
    assert_eq!(
        (opened.department.as_str(), opened.label),
        ("support", Label::Complaint)
    );
    let row = world.row(TicketId(1)).await;
    let content = row.mention.unwrap().content.unwrap();
    assert!(content.mention.text.ends_with("1 v0"));
    assert_eq!(
        row.explanation.unwrap().decision.department.as_str(),
        "support"
    );
    let told = world.told().await;
    let topics: Vec<_> = told
        .iter()
        .map(|(topic, key, _)| (topic.as_str(), key.as_str()))
        .collect();
    assert_eq!(topics, [("ticket.events", "1"), ("queue.support", "1")]);
    assert_eq!(told[0].2["facts"][0]["fact"], "opened");
    assert_eq!(told[0].2["department"], "support");
    assert_eq!(told[1].2["ticket"]["id"], "1");
    assert_eq!(told[1].2["mention"]["mention"]["id"], "1");
}

#[rstest]
#[case::duplicate(Post::complaint("1"), Outcome::Duplicate, 1)]
#[case::older_version(Post { version: -1, ..Post::complaint("1") }, Outcome::Superseded, 1)]
#[case::edit(Post { version: 2, ..Post::complaint("1") }, Outcome::Changed, 2)]
#[case::newer_verdict(Post { revision: 2, ..Post::risk("1") }, Outcome::Changed, 2)]
#[case::second_account(Post { account: "other", ..Post::complaint("1") }, Outcome::Duplicate, 2)]
#[case::deletion(Post::deletion("1"), Outcome::Changed, 2)]
#[tokio::test]
async fn the_same_post_again(#[case] again: Post, #[case] want: Outcome, #[case] version: u64) {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    assert_eq!(world.outcome(&again).await, want);
    let ticket = world.ticket(TicketId(1)).await;
    assert_eq!((ticket.version, ticket.mention_count), (version, 1));
}

#[tokio::test]
async fn an_edit_replaces_the_words_and_an_older_one_does_not() {
    let world = World::new();
    for version in [1, 3, 2] {
        world
            .arrives(&Post {
                version,
                ..Post::complaint("1")
            })
            .await;
    }
    let content = world
        .row(TicketId(1))
        .await
        .mention
        .unwrap()
        .content
        .unwrap();
    assert!(
        content.mention.text.ends_with("v3"),
        "{}",
        content.mention.text
    );
}

#[tokio::test]
async fn an_edit_may_come_before_its_post() {
    let world = World::new();
    assert_eq!(
        world
            .outcome(&Post {
                version: 2,
                ..Post::complaint("1")
            })
            .await,
        Outcome::Opened
    );
    assert_eq!(
        world
            .outcome(&Post {
                version: 1,
                ..Post::complaint("1")
            })
            .await,
        Outcome::Superseded
    );
    let content = world
        .row(TicketId(1))
        .await
        .mention
        .unwrap()
        .content
        .unwrap();
    assert_eq!(content.mention.version, 2);
}

#[tokio::test]
async fn a_deletion_wins_also_before_its_post() {
    let world = World::new();
    assert_eq!(
        world.outcome(&Post::deletion("1")).await,
        Outcome::Tombstoned
    );
    let late = world
        .arrives(&Post {
            version: 9,
            ..Post::complaint("1")
        })
        .await;
    assert_eq!((late.outcome, late.ticket), (Outcome::Tombstoned, None));
    assert!(world.told().await.is_empty());
}

#[tokio::test]
async fn a_deletion_erases_the_words_and_keeps_the_ticket() {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    world.arrives(&Post::deletion("1")).await;
    let row = world.row(TicketId(1)).await;
    assert_eq!(row.mention.unwrap().content, None);
    assert_eq!(row.ticket.close_reason, Some(CloseReason::PostDeleted));
    assert_eq!(
        world
            .outcome(&Post {
                version: 9,
                ..Post::complaint("1")
            })
            .await,
        Outcome::Tombstoned
    );
    assert_eq!(world.row(TicketId(1)).await.mention.unwrap().content, None);
}

#[tokio::test]
async fn one_post_found_by_two_accounts_is_one_mention() {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    world
        .arrives(&Post {
            account: "other",
            ..Post::complaint("1")
        })
        .await;
    let mentions = world
        .store
        .tickets
        .mentions(TicketId(1), &DepartmentScope::All)
        .await
        .unwrap();
    assert_eq!(mentions.len(), 1);
    let accounts = mentions[0].content.clone().unwrap().mention.accounts;
    assert_eq!(accounts.into_iter().collect::<Vec<_>>(), ["acme", "other"]);
}

#[rstest]
#[case::spam(NoAnswer::Spam, CloseReason::Spam)]
#[case::thanks(NoAnswer::Thanks, CloseReason::Thanks)]
#[tokio::test]
async fn what_needs_no_answer_is_closed_at_birth(#[case] why: NoAnswer, #[case] want: CloseReason) {
    let world = World::new();
    let ticket = world
        .ticket_of(&Post {
            no_answer: Some(why),
            ..Post::chatter("1")
        })
        .await;
    assert_eq!(
        (ticket.status, ticket.close_reason),
        (Status::Closed, Some(want))
    );
    let second = world.ticket_of(&Post::complaint("2")).await;
    assert_ne!(second.id, ticket.id, "a closed ticket is nobody's thread");
}

#[tokio::test]
async fn chatter_that_becomes_a_complaint_gets_a_clock_and_another_owner() {
    let world = World::new();
    let chatter = world.ticket_of(&Post::chatter("1")).await;
    assert_eq!(
        (chatter.department.as_str(), chatter.clocks.len()),
        ("community", 0)
    );
    let complaint = world.ticket_of(&Post::complaint("2")).await;
    assert_eq!(complaint.id, chatter.id);
    assert_eq!(complaint.department.as_str(), "support");
    assert!(complaint.clock(ClockKind::FirstResponse).is_some());
    let told = world.told().await;
    let (topic, _, event) = told
        .iter()
        .rev()
        .find(|row| row.0 == "ticket.events")
        .unwrap();
    assert_eq!(
        (topic.as_str(), &event["moved_from"]),
        ("ticket.events", &"community".into())
    );
    assert!(told.iter().any(|row| row.0 == "queue.support"));
    assert_eq!(
        world
            .row(chatter.id)
            .await
            .explanation
            .unwrap()
            .ticket_version,
        2
    );
}

#[tokio::test]
async fn what_a_person_has_edited_stays_where_it_is() {
    let world = World::new();
    let chatter = world.ticket_of(&Post::chatter("1")).await;
    world
        .does(chatter.id, "bob", Command::Relabel { label: Label::Lead })
        .await;
    let after = world.ticket_of(&Post::complaint("2")).await;
    assert_eq!(after.id, chatter.id);
    assert_eq!(
        (after.department.as_str(), after.label),
        ("community", Label::Lead)
    );
}

#[tokio::test]
async fn a_batch_is_taken_in_order() {
    let world = World::new();
    let posts = [
        Post::complaint("1"),
        Post {
            version: 1,
            ..Post::complaint("1")
        },
        Post::deletion("1"),
        Post::complaint("1"),
    ];
    let outcomes: Vec<_> = world
        .take_in(&posts, at(0))
        .await
        .into_iter()
        .map(|taken| taken.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Opened,
            Outcome::Changed,
            Outcome::Changed,
            Outcome::Tombstoned
        ]
    );
}

#[rstest]
#[case::thinks_it_is_first(None)]
#[case::behind(Some(0))]
#[case::ahead(Some(2))]
#[tokio::test]
async fn a_consumer_that_stands_elsewhere_writes_nothing(#[case] expected: Option<u64>) {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    let told = world.told().await;
    let fenced = world
        .store
        .intake
        .take_in(batch(
            &[Post {
                author: "bob",
                ..Post::complaint("2")
            }],
            step(expected, 3),
            at(1),
        ))
        .await;
    assert!(
        matches!(fenced, Err(StorageError::Fenced { found: Some(1), .. })),
        "{fenced:?}"
    );
    assert_eq!(world.told().await, told);
    assert_eq!(
        world
            .store
            .tickets
            .get(TicketId(2), &DepartmentScope::All)
            .await
            .unwrap(),
        None
    );
    let fenced = world
        .store
        .intake
        .set_aside("k".into(), vec![1], step(expected, 3), at(1))
        .await;
    assert!(matches!(fenced, Err(StorageError::Fenced { .. })));
    assert_eq!(world.told().await, told);
    let offset = world
        .store
        .offsets
        .load_offset("route", "mention.classified", 0)
        .await
        .unwrap();
    assert_eq!(offset, Some(step(None, 1).to));
}

#[tokio::test]
async fn another_log_under_the_same_name_is_refused() {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    let mut other = step(Some(1), 2);
    other.to.incarnation = "log-2".into();
    let fenced = world
        .store
        .intake
        .take_in(batch(&[Post::complaint("2")], other, at(1)))
        .await;
    assert!(matches!(fenced, Err(StorageError::Fenced { .. })));
}

#[tokio::test]
async fn a_letter_is_set_aside_with_its_offset() {
    let world = World::new();
    let step = world.step();
    world
        .store
        .intake
        .set_aside("k".into(), b"letter".to_vec(), step, at(0))
        .await
        .unwrap();
    let rows = world.store.outbox.unpublished(10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].topic.as_str(), rows[0].key.as_str()),
        ("dead.letter", "k")
    );
    assert_eq!(
        (rows[0].payload.as_slice(), rows[0].number),
        (b"letter".as_slice(), None)
    );
    assert_eq!(
        world.outcome(&Post::complaint("1")).await,
        Outcome::Opened,
        "it stands at 1 now"
    );
}
