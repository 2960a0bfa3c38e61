//! `[departments]`, `[routing]`, `[sla]` and `[store]`: who owns what, by when.
//!
//! Every problem is reported at its own place, together with all others of the file.

mod policies;
mod rows;

use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::{Located, Section};
use switchboard_domain::Slug;
use switchboard_domain::routing::RoutingTable;
use switchboard_domain::sla::SlaPolicy;

/// The contract's join window: the next day's "still waiting" belongs to yesterday's ticket.
const JOIN_WINDOW_DEFAULT: Duration = Duration::from_hours(24);

/// A part of the company that owns tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its name in queues, topics and the API.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
}

/// What the route stage is told.
#[derive(Debug)]
pub struct RouteConfig {
    /// In the order of the file.
    pub departments: Vec<Department>,
    /// Checked and compiled.
    pub table: Arc<RoutingTable>,
    /// In the order in which they are tried.
    pub policies: Arc<[SlaPolicy]>,
    /// How long an author's next post to the same account joins the open ticket.
    pub join_window: SignedDuration,
}

impl RouteConfig {
    /// Reads the sections from the root of a document. `None` when the table cannot be
    /// built; the document holds the problems then.
    pub fn read(root: &mut Section<'_>) -> Option<Self> {
        let departments = read_departments(root);
        let names = Names::of(&departments);
        let policies = root.section("sla", policies::read);
        let table = root.section("routing", |routing| rows::read(routing, &names, &policies));
        let join_window = root.section("store", |store| {
            store.duration_or("join_window", JOIN_WINDOW_DEFAULT)
        });
        Some(Self {
            departments,
            table: Arc::new(table?),
            policies: policies.into(),
            join_window: SignedDuration::try_from(join_window).unwrap_or(SignedDuration::MAX),
        })
    }
}

/// The departments one may name.
struct Names(Vec<Slug>);

impl Names {
    fn of(departments: &[Department]) -> Self {
        Self(
            departments
                .iter()
                .map(|department| department.slug.clone())
                .collect(),
        )
    }

    /// The department of that name; an unknown one is a problem at its place.
    fn find(&self, section: &Section<'_>, name: &Located<String>) -> Option<Slug> {
        let known = self.0.iter().find(|slug| slug.as_str() == name.value);
        if known.is_none() {
            let list: Vec<&str> = self.0.iter().map(Slug::as_str).collect();
            let unknown = switchboard_config::unknown_name("department", &name.value, &list);
            section.problem(&name.place, unknown);
        }
        known.cloned()
    }
}

fn read_departments(root: &mut Section<'_>) -> Vec<Department> {
    let read = root.sections("departments", |key, section| {
        let slug = Slug::new(&key.value);
        if let Err(error) = &slug {
            section.problem(&key.place, error.to_string());
        }
        let name = section.value("name").unwrap_or_else(|| key.value.clone());
        Some(Department {
            slug: slug.ok()?,
            name,
        })
    });
    if read.is_empty() {
        root.problem_here("no department: add at least one `[departments.<name>]`");
    }
    read.into_iter().flatten().collect()
}
