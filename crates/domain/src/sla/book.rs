//! Every promise of the installation at one moment: policies, calendars, and which department
//! keeps which hours.

use super::{ClockKind, Duty, HoldState, PolicyFacts, SlaPolicy, Terms};
use crate::Slug;
use crate::calendar::Calendar;
use crate::version::version_of;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static ALWAYS: LazyLock<Calendar> = LazyLock::new(Calendar::always);

/// The promises as the configuration stands now. A running clock keeps the targets it was
/// started with, and counts in the calendar as it was then, which is looked up here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlaBook {
    policies: Vec<SlaPolicy>,
    calendars: BTreeMap<String, Calendar>,
    departments: BTreeMap<Slug, String>,
    duties: BTreeMap<Slug, Duty>,
    states: BTreeMap<Slug, HoldState>,
    /// Calendars as they were, by name and version.
    past: BTreeMap<(String, String), Calendar>,
    version: String,
}

impl SlaBook {
    /// Policies in order of preference, calendars, and the calendar of each department that
    /// has one. Names that lead nowhere count around the clock; `check` refuses them before.
    pub fn new(
        policies: Vec<SlaPolicy>,
        calendars: impl IntoIterator<Item = Calendar>,
        departments: BTreeMap<Slug, String>,
    ) -> Self {
        let calendars: BTreeMap<String, Calendar> = calendars
            .into_iter()
            .map(|calendar| (calendar.name().to_owned(), calendar))
            .collect();
        let version = version(&policies, &calendars, &departments);
        Self {
            policies,
            calendars,
            departments,
            duties: BTreeMap::new(),
            states: BTreeMap::new(),
            past: BTreeMap::new(),
            version,
        }
    }

    /// With the way in which departments are called. Promises and their version do not
    /// change with who is on call.
    #[must_use]
    pub fn with_duties(mut self, duties: BTreeMap<Slug, Duty>) -> Self {
        self.duties = duties;
        self
    }

    /// With the company's own words for what tickets wait for.
    #[must_use]
    pub fn with_states(mut self, states: BTreeMap<Slug, HoldState>) -> Self {
        self.states = states;
        self
    }

    /// With calendars as they were when promises were made in them.
    #[must_use]
    pub fn with_past(mut self, calendars: impl IntoIterator<Item = Calendar>) -> Self {
        let key = |one: &Calendar| (one.name().to_owned(), one.version().to_owned());
        self.past = calendars.into_iter().map(|one| (key(&one), one)).collect();
        self
    }

    /// Every calendar as it stands now.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.values()
    }

    /// The company's own words for what tickets wait for.
    pub const fn states(&self) -> &BTreeMap<Slug, HoldState> {
        &self.states
    }

    /// How that department is called.
    pub fn duty(&self, department: &Slug) -> Option<&Duty> {
        self.duties.get(department)
    }

    /// Who is on call for that department at that instant.
    pub fn on_call(&self, department: &Slug, at: Timestamp) -> Option<&str> {
        self.duty(department)?.rota.as_ref()?.on_call(at)
    }

    /// One policy for everybody, around the clock: for tests and examples.
    pub fn of(policy: SlaPolicy) -> Arc<Self> {
        Arc::new(Self::new(vec![policy], [], BTreeMap::new()))
    }

    /// Changes with everything in it: 12 hexadecimal digits of a SHA-256.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every policy, in order of preference.
    pub fn policies(&self) -> &[SlaPolicy] {
        &self.policies
    }

    /// The policy of that name.
    pub fn policy(&self, name: &str) -> Option<&SlaPolicy> {
        self.policies.iter().find(|policy| policy.name == name)
    }

    /// The policy the routing row names, else the first that speaks for such a ticket.
    pub fn select(&self, wanted: Option<&str>, facts: &PolicyFacts<'_>) -> Option<&SlaPolicy> {
        match wanted {
            Some(name) => self.policy(name),
            None => self
                .policies
                .iter()
                .find(|policy| policy.scope.contains(facts)),
        }
    }

    /// The calendar of that name; around the clock where there is none.
    pub fn calendar(&self, name: &str) -> &Calendar {
        self.calendars.get(name).unwrap_or(&ALWAYS)
    }

    /// The calendar a promise was made in, as it was then; as it is now where it was not
    /// kept.
    pub fn calendar_of(&self, terms: &Terms) -> &Calendar {
        let now = self.calendar(&terms.calendar);
        if now.version() == terms.calendar_version {
            return now;
        }
        let then = (terms.calendar.clone(), terms.calendar_version.clone());
        self.past.get(&then).unwrap_or(now)
    }

    /// The calendar a clock of `policy` counts in while `department` holds the ticket.
    pub fn calendar_for(
        &self,
        policy: &SlaPolicy,
        kind: ClockKind,
        department: &Slug,
    ) -> &Calendar {
        if kind == ClockKind::Triage {
            return &ALWAYS;
        }
        let of_department = || self.departments.get(department);
        let name = match kind {
            // A department is measured in its own hours, whatever the author was promised.
            ClockKind::Ownership => of_department().or(policy.calendar.as_ref()),
            _ => policy.calendar.as_ref().or_else(of_department),
        };
        name.map_or(&ALWAYS, |name| self.calendar(name))
    }
}

fn version(
    policies: &[SlaPolicy],
    calendars: &BTreeMap<String, Calendar>,
    departments: &BTreeMap<Slug, String>,
) -> String {
    let hours: Vec<_> = calendars
        .iter()
        .map(|(name, calendar)| (name, calendar.version().to_owned()))
        .collect();
    version_of(&format!("{policies:?} {hours:?} {departments:?}"))
}
