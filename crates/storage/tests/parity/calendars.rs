//! Calendars as they were.

use crate::world::World;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use switchboard_domain::calendar::{Calendar, Week};

fn office(hours: &str) -> Calendar {
    let mut weekly = Week::default();
    weekly.open(Weekday::Monday, hours.parse().unwrap());
    let zone = TimeZone::get("Europe/Madrid").unwrap();
    Calendar::new("office", zone, weekly, [].into()).unwrap()
}

#[tokio::test]
async fn every_version_is_kept_once_and_outlives_the_process() {
    let world = World::new();
    let (short, long) = (office("09:00-12:00"), office("09:00-18:00"));
    let calendars = &world.store.calendars;
    assert_eq!(calendars.kept().await.unwrap(), []);
    calendars.keep(vec![short.clone()]).await.unwrap();
    let both = vec![short.clone(), long.clone()];
    calendars.keep(both.clone()).await.unwrap();
    calendars.keep(both).await.unwrap();
    let world = world.restarted();
    let mut kept = world.store.calendars.kept().await.unwrap();
    kept.sort_by_key(|calendar| calendar == &long);
    assert_eq!(kept, [short, long]);
}
