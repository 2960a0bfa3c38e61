//! The company's records: asked once, remembered, never waited for long.

use crate::world::{World, complaint};
use async_trait::async_trait;
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_domain::routing::AuthorTier;
use switchboard_route::Enricher;
use switchboard_route::enrich::{Asked, Directory, Told};
use switchboard_telemetry::{Counter, LookupOutcome};

#[derive(Clone, Copy)]
enum Mood {
    Answers,
    Fails,
    Sleeps,
}

struct Records {
    mood: Mood,
    asked: AtomicUsize,
}

#[async_trait]
impl Directory for Records {
    async fn ask(&self, author: &Asked) -> Result<Told, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.mood {
            Mood::Answers if author.author.id == "ann" => Ok(Told {
                tier: Some(AuthorTier::Vip),
                customer: Some("C-17".into()),
            }),
            Mood::Answers => Ok(Told::default()),
            Mood::Fails => Err("HTTP 500".into()),
            Mood::Sleeps => std::future::pending().await,
        }
    }
}

fn with_records(world: &mut World, mood: Mood) -> Arc<Records> {
    let records = Arc::new(Records {
        mood,
        asked: AtomicUsize::new(0),
    });
    world.stage.authors.records = Some(Arc::new(Enricher::new(
        Arc::clone(&records) as Arc<dyn Directory>,
        (Duration::from_millis(20), SignedDuration::from_mins(15)),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
        world.metrics.clone(),
    )));
    records
}

fn count(world: &World, outcome: LookupOutcome) -> u64 {
    world
        .metrics
        .counter_value(Counter::AuthorLookups { outcome })
}

fn by(author: &str, id: &str) -> switchboard_domain::ClassifiedMention {
    let mut post = complaint(id);
    post.mention.author.id = author.into();
    post
}

#[tokio::test]
async fn what_they_say_routes_and_stands_on_the_ticket_with_its_time() {
    let mut world = World::new().await;
    with_records(&mut world, Mood::Answers);
    world
        .route(&[by("ann", "1"), by("bob", "2")])
        .await
        .unwrap();
    let ann = world.ticket(1).await.unwrap();
    assert_eq!(ann.author_tier, AuthorTier::Vip);
    let told = ann.looked_up.unwrap();
    assert_eq!(told.customer.as_deref(), Some("C-17"));
    assert_eq!(told.at, world.clock.now());
    let bob = world.ticket(2).await.unwrap();
    assert_eq!(bob.author_tier, AuthorTier::Standard);
    assert_eq!(bob.looked_up.unwrap().customer, None);
    assert_eq!(count(&world, LookupOutcome::Found), 1);
    assert_eq!(count(&world, LookupOutcome::Unknown), 1);
}

#[tokio::test]
async fn they_are_asked_once_until_the_answer_is_old() {
    let mut world = World::new().await;
    let records = with_records(&mut world, Mood::Answers);
    let posts = [by("ann", "1"), by("ann", "2")];
    world.route(&posts).await.unwrap();
    world.route(&[by("ann", "3")]).await.unwrap();
    assert_eq!(records.asked.load(Ordering::Relaxed), 1);
    assert_eq!(count(&world, LookupOutcome::Remembered), 1);
    world.advance(15);
    world.route(&[by("ann", "4")]).await.unwrap();
    assert_eq!(records.asked.load(Ordering::Relaxed), 2);
}

#[rstest::rstest]
#[case::an_error(Mood::Fails, LookupOutcome::Failed)]
#[case::silence(Mood::Sleeps, LookupOutcome::TimedOut)]
#[tokio::test]
async fn without_an_answer_the_author_is_a_stranger(
    #[case] mood: Mood,
    #[case] want: LookupOutcome,
) {
    let mut world = World::new().await;
    let records = with_records(&mut world, mood);
    world.route(&[by("ann", "1")]).await.unwrap();
    let ticket = world.ticket(1).await.unwrap();
    assert_eq!(ticket.author_tier, AuthorTier::Standard);
    assert_eq!(ticket.looked_up, None);
    assert_eq!(count(&world, want), 1);
    world.route(&[by("bob", "2")]).await.unwrap();
    assert_eq!(
        count(&world, LookupOutcome::Skipped),
        1,
        "one wait, not one a batch"
    );
    world.advance(1);
    world.route(&[by("bob", "3")]).await.unwrap();
    assert_eq!(records.asked.load(Ordering::Relaxed), 2);
}
