//! `[calendars]`, `[departments]`, `[routing]` and `[sla]`: who owns what, by when.
//!
//! Every problem is reported at its own place, together with all others of the file.

mod calendars;
mod columns;
mod context;
mod dates;
mod departments;
mod escalations;
mod policies;
mod rows;
mod states;

use calendars::Calendars;

pub use context::Context;

use jiff::SignedDuration;
use std::sync::Arc;
use switchboard_config::{Located, Problem, Section};
use switchboard_domain::Slug;
use switchboard_domain::routing::RoutingTable;
use switchboard_domain::sla::{Duty, SlaBook, SlaPolicy};

/// A part of the company that owns tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its name in queues, topics and the API.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The calendar it works by; around the clock without one.
    pub calendar: Option<String>,
    /// Who works there, and how they are called.
    pub duty: Duty,
}

/// What the route stage is told.
#[derive(Clone, Debug)]
pub struct RouteConfig {
    /// In the order of the file.
    pub departments: Vec<Department>,
    /// Checked and compiled.
    pub table: Arc<RoutingTable>,
    /// Policies in the order in which they are tried, and the calendars they count in.
    pub book: Arc<SlaBook>,
    /// How long an author's next post to the same account joins the open ticket.
    pub join_window: SignedDuration,
    /// The topics that rows name, with their places.
    pub topics: Vec<Located<String>>,
}

impl RouteConfig {
    /// Reads the sections from the root of a document. `None` when the table cannot be
    /// built; the document holds the problems then.
    pub fn read(root: &mut Section<'_>, context: &Context) -> Option<Self> {
        let calendars = calendars::read(root, context);
        let departments = departments::read(root, &calendars, context);
        let names = Names::of(&departments);
        let calls = Calls::new(&names, &departments, context);
        let policies = root.section("sla", |sla| policies::read(sla, &calls, &calendars));
        let (table, topics) = root.section("routing", |routing| {
            rows::read(routing, &names, &policies, context)
        });
        let states = states::read(root);
        let book = book(policies, calendars, &departments).with_states(states);
        Some(Self {
            departments,
            table: Arc::new(table?),
            book: Arc::new(book),
            join_window: context.join_window,
            topics,
        })
    }

    /// Every department's name in queues, topics and the API.
    pub fn slugs(&self) -> impl Iterator<Item = &Slug> {
        self.departments.iter().map(|department| &department.slug)
    }

    /// The topics of rows that are neither in `known` nor above one of them, each a problem
    /// at its place: such a row would never win.
    pub fn unknown_topics<'k>(&self, known: impl IntoIterator<Item = &'k str>) -> Vec<Problem> {
        columns::unknown_topics(&self.topics, known)
    }
}

fn book(policies: Vec<SlaPolicy>, calendars: Calendars, departments: &[Department]) -> SlaBook {
    let hours = departments
        .iter()
        .filter_map(|department| Some((department.slug.clone(), department.calendar.clone()?)));
    let duties = departments
        .iter()
        .map(|department| (department.slug.clone(), department.duty.clone()));
    SlaBook::new(policies, calendars.0, hours.collect()).with_duties(duties.collect())
}

/// The departments one may name.
struct Names(Vec<Slug>);

impl Names {
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

/// Whom an escalation may call: departments to hand over to, notifiers, who is on call.
struct Calls<'a> {
    names: &'a Names,
    context: &'a Context,
    /// Departments that can call somebody.
    reachable: Vec<&'a Slug>,
    /// Departments that know who is on call.
    with_rota: Vec<&'a Slug>,
}

impl<'a> Calls<'a> {
    fn new(names: &'a Names, departments: &'a [Department], context: &'a Context) -> Self {
        let having = |has: fn(&Duty) -> bool| {
            let found = departments.iter().filter(|one| has(&one.duty));
            found.map(|department| &department.slug).collect()
        };
        Self {
            names,
            context,
            reachable: having(|duty| !duty.channels.is_empty()),
            with_rota: having(|duty| duty.rota.is_some()),
        }
    }
}
