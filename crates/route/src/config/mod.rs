//! `[calendars]`, `[departments]`, `[routing]` and `[sla]`: who owns what, by when.
//!
//! Every problem is reported at its own place, together with all others of the file.

mod calendars;
mod escalations;
mod policies;
mod rows;

use calendars::Calendars;

use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::{Located, Section};
use switchboard_domain::Slug;
use switchboard_domain::routing::RoutingTable;
use switchboard_domain::sla::{SlaBook, SlaPolicy};

/// The contract's join window: the next day's "still waiting" belongs to yesterday's ticket.
const JOIN_WINDOW_DEFAULT: Duration = Duration::from_hours(24);

/// A part of the company that owns tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its name in queues, topics and the API.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The calendar it works by; around the clock without one.
    pub calendar: Option<String>,
}

/// What the route stage is told.
#[derive(Debug)]
pub struct RouteConfig {
    /// In the order of the file.
    pub departments: Vec<Department>,
    /// Checked and compiled.
    pub table: Arc<RoutingTable>,
    /// Policies in the order in which they are tried, and the calendars they count in.
    pub book: Arc<SlaBook>,
    /// How long an author's next post to the same account joins the open ticket.
    pub join_window: SignedDuration,
}

impl RouteConfig {
    /// Reads the sections from the root of a document. `None` when the table cannot be
    /// built; the document holds the problems then.
    pub fn read(root: &mut Section<'_>, join_window: SignedDuration) -> Option<Self> {
        let calendars = calendars::read(root);
        let departments = read_departments(root, &calendars);
        let names = Names::of(&departments);
        let policies = root.section("sla", |sla| policies::read(sla, &names, &calendars));
        let table = root.section("routing", |routing| rows::read(routing, &names, &policies));
        let book = book(policies, calendars, &departments);
        Some(Self {
            departments,
            table: Arc::new(table?),
            book: Arc::new(book),
            join_window,
        })
    }
}

/// Reads `join_window` of `[store]`; the section has keys of others too.
pub fn read_join_window(store: &mut Section<'_>) -> SignedDuration {
    let window = store.duration_or("join_window", JOIN_WINDOW_DEFAULT);
    SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)
}

fn book(policies: Vec<SlaPolicy>, calendars: Calendars, departments: &[Department]) -> SlaBook {
    let hours = departments
        .iter()
        .filter_map(|department| Some((department.slug.clone(), department.calendar.clone()?)));
    SlaBook::new(policies, calendars.0, hours.collect())
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

fn read_departments(root: &mut Section<'_>, calendars: &Calendars) -> Vec<Department> {
    let read = root.sections("departments", |key, section| {
        let slug = Slug::new(&key.value);
        if let Err(error) = &slug {
            section.problem(&key.place, error.to_string());
        }
        let name = section.value("name").unwrap_or_else(|| key.value.clone());
        let calendar = calendars.find(section, "calendar");
        Some(Department {
            slug: slug.ok()?,
            name,
            calendar,
        })
    });
    if read.is_empty() {
        root.problem_here("no department: add at least one `[departments.<name>]`");
    }
    read.into_iter().flatten().collect()
}
