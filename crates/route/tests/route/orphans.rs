//! A department that is gone from the configuration while it owns tickets.

use crate::world::{World, classified, complaint, read};
use std::sync::Arc;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Actor, TicketId};
use switchboard_domain::{Clock, Current, Label};
use switchboard_route::orphans::Orphans;

/// Support has left.
fn orphans(world: &World) -> Orphans {
    let text =
        "[departments.sales]\n[departments.community]\n[routing]\nfallback = \"community\"\n";
    let (config, problems) = read(text);
    assert_eq!(problems, Vec::<String>::new());
    Orphans {
        tickets: Arc::clone(&world.store.tickets),
        ownership: Current::new(config.unwrap()),
    }
}

#[tokio::test]
async fn its_tickets_go_to_the_fallback_and_the_events_say_why() {
    let mut world = World::new().await;
    let posts = [complaint("1"), classified("2", Label::Lead), complaint("3")];
    world.route(&posts).await.unwrap();
    let orphans = orphans(&world);
    let counts = world.store.tickets.open_counts().await.unwrap();
    let owners = || counts.iter().map(|(department, ..)| department);
    let adopted = orphans.adopt(owners(), world.clock.now()).await.unwrap();
    assert_eq!(adopted, 2);
    let again = orphans.adopt(owners(), world.clock.now()).await.unwrap();
    assert_eq!(again, 0, "each once");
    for (number, want) in [(1, "community"), (2, "sales"), (3, "community")] {
        let ticket = world.ticket(number).await.unwrap();
        assert_eq!(ticket.department.as_str(), want);
        assert!(!ticket.edited.department, "no person did that");
    }
    let scope = DepartmentScope::All;
    let events = world
        .store
        .tickets
        .events(TicketId(1), &scope)
        .await
        .unwrap();
    let last = events.last().map(|event| &event.change.actor);
    assert_eq!(last, Some(&Actor::System("configuration".into())));
}
