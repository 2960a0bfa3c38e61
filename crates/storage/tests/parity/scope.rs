//! An agent sees own departments and nothing else, whatever is asked.

use crate::post::Post;
use crate::world::{World, change};
use std::collections::BTreeSet;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Command, TicketId};
use switchboard_domain::{Label, Slug};
use switchboard_storage::{Applied, Sort, Store, TicketQuery};

/// How many tickets each read shows of the given one or of all.
const READS: [&str; 9] = [
    "get",
    "find many",
    "list created",
    "list deadline",
    "mentions",
    "events",
    "explanation",
    "counts",
    "apply",
];

async fn sees(store: &Store, read: &str, id: TicketId, scope: &DepartmentScope) -> bool {
    let tickets = &store.tickets;
    let list = |sort| {
        let query = TicketQuery {
            sort,
            ..TicketQuery::default()
        };
        let (tickets, scope) = (tickets.clone(), scope.clone());
        async move {
            let page = tickets.list(&query, &scope).await.unwrap();
            page.items.iter().any(|row| row.ticket.id == id)
        }
    };
    match read {
        "get" => tickets.get(id, scope).await.unwrap().is_some(),
        "find many" => {
            let rows = tickets.find_many(&[id, id], scope).await.unwrap();
            assert!(rows.len() <= 1, "each once");
            rows == Vec::from_iter(tickets.get(id, scope).await.unwrap()) && !rows.is_empty()
        }
        "list created" => list(Sort::Created).await,
        "list deadline" => list(Sort::Deadline).await,
        "mentions" => !tickets.mentions(id, scope).await.unwrap().is_empty(),
        "events" => !tickets.events(id, scope).await.unwrap().is_empty(),
        "explanation" => tickets.explanation(id, scope).await.unwrap().is_some(),
        "counts" => {
            let owner = tickets
                .get(id, &DepartmentScope::All)
                .await
                .unwrap()
                .unwrap();
            let counts = tickets.counts(scope).await.unwrap();
            counts
                .iter()
                .any(|count| count.department == owner.ticket.department)
        }
        "apply" => {
            let note = change(
                id,
                "bob",
                Command::Note {
                    text: "seen".into(),
                },
            );
            tickets.apply(note, scope).await.unwrap() != Applied::NotFound
        }
        other => panic!("no such read: {other}"),
    }
}

#[tokio::test]
async fn every_read_keeps_to_every_scope() {
    let world = World::new();
    let labels = [Label::Complaint, Label::PrRisk, Label::Lead, Label::General];
    let mut owners = vec![];
    for (id, label) in ["1", "2", "3", "4"].into_iter().zip(labels) {
        let post = Post {
            author: "",
            ..Post::labelled(id, label, 5)
        };
        let ticket = world.ticket_of(&post).await;
        owners.push((ticket.id, ticket.department));
    }
    for scope in 0..16_u32 {
        let departments: BTreeSet<Slug> = (0..4_usize)
            .filter(|bit| scope & (1 << bit) != 0)
            .map(|bit| owners[bit].1.clone())
            .collect();
        let scope = DepartmentScope::Only(departments);
        for (id, owner) in &owners {
            for read in READS {
                let want = scope.contains(owner);
                assert_eq!(
                    sees(&world.store, read, *id, &scope).await,
                    want,
                    "{read} of {id} in {scope:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_filter_does_not_widen_the_scope() {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    let scope = DepartmentScope::Only([Slug::from_any("pr")].into());
    let query = TicketQuery {
        department: Some(Slug::from_any("support")),
        ..TicketQuery::default()
    };
    assert!(
        world
            .store
            .tickets
            .list(&query, &scope)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}
