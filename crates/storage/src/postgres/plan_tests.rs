//! Lists and timers walk their indexes and nothing else, whatever is asked.

use super::ticket_list::statement;
use super::{PostgresOptions, PostgresStore};
use crate::lanes::Walk;
use switchboard_telemetry::Metrics;
use switchboard_tests::postgres::{Postgres, Schema, sql};
use tokio_postgres::types::ToSql;

/// Enough for the planner to take the table for a large one.
const TICKETS: u32 = 30_000;

/// A store with many tickets; `None` when the tests are to go without a server.
async fn filled() -> Option<(PostgresStore, Schema)> {
    let schema = Postgres::shared().unwrap()?.schema().unwrap();
    let options = PostgresOptions {
        url: schema.url.clone(),
        authorities: None,
        writer: "test".into(),
        metrics: Metrics::new("test").unwrap(),
    };
    let store = PostgresStore::open(options).await.unwrap();
    let fill = format!(
        "INSERT INTO ticket SELECT n, 1, n, n, (ARRAY['support','sales','pr'])[n % 3 + 1],
             (ARRAY['complaint','lead'])[n % 2 + 1], 'open', 'normal', NULL, false, true,
             'running', n, n, repeat('x', 600)
         FROM generate_series(1, {TICKETS}) AS n"
    );
    sql(&schema.url, &fill).unwrap();
    sql(&schema.url, "VACUUM ANALYZE ticket").unwrap();
    Some((store, schema))
}

async fn plan(store: &PostgresStore, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> String {
    let client = store.client().await.unwrap();
    client
        .batch_execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let rows = client
        .query(&format!("EXPLAIN {text}"), parameters)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}

/// Forwards or backwards.
fn assert_index_only(plan: &str, index: &str) {
    let plan = plan.replace(" Backward", "");
    assert!(
        plan.contains(&format!("Index Only Scan using {index}")),
        "{plan}"
    );
    assert!(!plan.contains("Seq Scan on ticket"), "{plan}");
}

#[tokio::test]
async fn queue_lists_read_an_index_and_no_row() {
    let Some((store, _schema)) = filled().await else {
        return;
    };
    let (departments, statuses) = (vec!["support", "sales"], vec!["open", "open"]);
    let labels = vec!["complaint", "lead"];
    for (walk, index) in [
        (Walk::Creation, "by_creation"),
        (Walk::Newest, "by_creation"),
        (Walk::Deadline, "by_deadline"),
        (Walk::WithoutDeadline, "by_deadline"),
    ] {
        for (sla, review, assignee, by_nobody) in [
            (None, None, None, false),
            (Some("running"), Some(true), Some("bob"), false),
            (None, None, None, true),
        ] {
            let parameters: [&(dyn ToSql + Sync); 10] = [
                &departments,
                &statuses,
                &labels,
                &0_i64,
                &0_i64,
                &sla,
                &review,
                &assignee,
                &51_i64,
                &by_nobody,
            ];
            let of_one = assignee.is_some();
            let plan = plan(&store, &statement(walk, of_one), &parameters).await;
            let whose = if of_one {
                "ticket_of_assignee"
            } else {
                "ticket"
            };
            assert_index_only(&plan, &format!("{whose}_{index}"));
        }
    }
}

#[tokio::test]
async fn what_presses_is_counted_on_an_index() {
    let Some((store, _schema)) = filled().await else {
        return;
    };
    let (departments, labels) = (vec!["support", "sales"], vec!["complaint", "lead"]);
    let waits = vec![true, true];
    let limit = i64::from(crate::PRESSING_MAX);
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&departments, &labels, &waits, &10_i64, &20_i64, &limit];
    let plan = plan(&store, super::pressure::PRESSURE, &parameters).await;
    assert_index_only(&plan, "ticket_by_deadline");
}

#[tokio::test]
async fn timers_and_departments_read_an_index_and_no_row() {
    let Some((store, _schema)) = filled().await else {
        return;
    };
    let next = plan(&store, super::timer::NEXT_DUE, &[]).await;
    assert_index_only(&next, "ticket_by_next_due");
    let departments = plan(&store, super::ticket_list::DEPARTMENTS, &[]).await;
    assert!(!departments.contains("Seq Scan on ticket"), "{departments}");
    assert!(departments.contains("Index Only Scan"), "{departments}");
    let due = plan(&store, super::timer::DUE, &[&10_i64, &100_i64]).await;
    assert!(due.contains("Index Scan using ticket_by_next_due"), "{due}");
}

#[tokio::test]
async fn what_is_to_be_told_is_found_by_keys_and_comes_in_order() {
    let Some((store, _schema)) = filled().await else {
        return;
    };
    let in_hand: Vec<i64> = vec![];
    let plan = plan(&store, &super::outbox::fresh_rows(), &[&in_hand, &500_i64]).await;
    for index in ["outbox", "ticket_event", "ticket", "mention"] {
        assert!(
            plan.contains(&format!("Index Scan using {index}_pkey")),
            "{plan}"
        );
    }
    assert!(
        !plan.contains("Sort") && !plan.contains("Seq Scan"),
        "{plan}"
    );
}
