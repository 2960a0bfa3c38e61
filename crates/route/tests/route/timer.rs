//! Never early, once, in deadline order, also over a restart.

use crate::world::{World, complaint};
use switchboard_domain::sla::{ClockKind, ClockStatus, Milestone};
use switchboard_telemetry::{ClockLabel, Counter, Histogram};

/// The built-in promise for a complaint of normal priority.
const TARGET_MINUTES: i64 = 60;

/// Three quarters of it.
const WARNING_MINUTES: i64 = 45;

#[tokio::test]
async fn a_warning_and_a_breach_fire_when_due_and_not_before() {
    let mut world = World::new().await;
    world.route(&[complaint("1")]).await.unwrap();
    world.advance(WARNING_MINUTES - 1);
    assert_eq!(
        world.timer().fire_batch().await.unwrap(),
        0,
        "too early for anything"
    );
    world.advance(1);
    assert_eq!(world.timer().fire_batch().await.unwrap(), 1);
    assert_eq!(fired(&world).await, [Milestone::Warning(75)]);
    world.advance(TARGET_MINUTES - WARNING_MINUTES);
    assert_eq!(world.timer().fire_batch().await.unwrap(), 1);
    assert_eq!(world.timer().fire_batch().await.unwrap(), 0, "once");
    assert_eq!(
        fired(&world).await,
        [Milestone::Warning(75), Milestone::Breach]
    );
    let department = world.metrics.department("support");
    let clock = ClockLabel::FirstResponse;
    let breaches = Counter::SlaBreaches { department, clock };
    assert_eq!(world.metrics.counter_value(breaches), 1);
    assert_eq!(
        world.metrics.histogram_count(Histogram::SlaTimerLateness),
        2
    );
}

#[tokio::test]
async fn what_fell_due_while_nobody_ran_fires_once_after_the_restart() {
    let mut world = World::new().await;
    world.route(&[complaint("1")]).await.unwrap();
    world.advance(WARNING_MINUTES);
    world.timer().fire_batch().await.unwrap();
    world.restart();
    world.advance(1_000);
    assert_eq!(world.timer().fire_batch().await.unwrap(), 1);
    world.restart();
    assert_eq!(world.timer().fire_batch().await.unwrap(), 0);
    assert_eq!(
        fired(&world).await,
        [Milestone::Warning(75), Milestone::Breach]
    );
    let ticket = world.ticket(1).await.unwrap();
    assert_eq!(ticket.sla_status(), Some(ClockStatus::Breached));
}

#[tokio::test]
async fn many_that_fall_due_at_once_fire_in_bounded_batches() {
    let mut world = World::new().await;
    let posts: Vec<_> = (0..250)
        .map(|number| complaint(&number.to_string()))
        .collect();
    for posts in posts.chunks(50) {
        world.route(posts).await.unwrap();
    }
    world.advance(TARGET_MINUTES);
    let mut batches = vec![];
    loop {
        match world.timer().fire_batch().await.unwrap() {
            0 => break,
            tickets => batches.push(tickets),
        }
    }
    assert_eq!(batches, [100, 100, 50]);
}

async fn fired(world: &World) -> Vec<Milestone> {
    let ticket = world.ticket(1).await.unwrap();
    ticket
        .clock(ClockKind::FirstResponse)
        .unwrap()
        .fired
        .clone()
}
