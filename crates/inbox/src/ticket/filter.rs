//! The query of a list: parameters in, the store's query out.

use super::cursor;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query, shown};
use crate::nearest::nearest;
use switchboard_domain::access::Principal;
use switchboard_domain::sla::ClockStatus;
use switchboard_domain::ticket::Status;
use switchboard_domain::{Label, Slug};
use switchboard_storage::ticket::{DEFAULT_PAGE, MAX_PAGE};
use switchboard_storage::{Assignee, Sort, TicketQuery};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "department",
        description: "Owned by it.",
        kind: Kind::Text,
    },
    Parameter {
        name: "label",
        description: "Routed by it.",
        kind: Kind::Choice(&["complaint", "lead", "pr_risk", "general"]),
    },
    Parameter {
        name: "status",
        description: "Standing so; without it all.",
        kind: Kind::Choice(&["open", "resolved", "closed"]),
    },
    Parameter {
        name: "sla",
        description: "The worst of its clocks stands so.",
        kind: Kind::Choice(&["running", "paused", "met", "breached", "cancelled"]),
    },
    Parameter {
        name: "assignee",
        description: "Held by that person; `me` for the caller, `none` for nobody.",
        kind: Kind::Text,
    },
    Parameter {
        name: "sort",
        description: "`created` (default): oldest first. `newest`: newest first. `deadline`: the next deadline first.",
        kind: Kind::Choice(&["created", "newest", "deadline"]),
    },
    Parameter {
        name: "cursor",
        description: "The `next` of the page before, with the same sort and filters.",
        kind: Kind::Text,
    },
    Parameter {
        name: "limit",
        description: "At most so many tickets.",
        kind: Kind::Number {
            from: 1,
            to: PAGE_MAX,
            default: PAGE_DEFAULT,
        },
    },
];

#[expect(clippy::cast_possible_truncation, reason = "200 and 50")]
const PAGE_MAX: u32 = MAX_PAGE as u32;
#[expect(clippy::cast_possible_truncation, reason = "200 and 50")]
const PAGE_DEFAULT: u32 = DEFAULT_PAGE as u32;

/// What a list was asked for.
pub(super) struct Filter {
    pub(super) query: TicketQuery,
    /// The same text for the same sort and filters: what a cursor is bound to.
    pub(super) fingerprint: String,
}

/// Reads the parameters. A department that the caller does not see is unknown to them.
pub(super) fn read(
    pairs: Vec<(String, String)>,
    caller: &Principal,
    departments: &[Slug],
) -> Result<Filter, Problem> {
    let given = Query::parse(pairs, PARAMETERS)?;
    let mut query = TicketQuery {
        department: department(given.text("department"), caller, departments)?,
        label: given.text("label").and_then(Label::parse),
        status: choice(given.text("status"), Status::ALL, Status::as_str),
        sla: choice(given.text("sla"), CLOCK_STATUSES, clock_status_name),
        assignee: given.text("assignee").map(|name| assignee(name, caller)),
        sort: match given.text("sort") {
            Some("deadline") => Sort::Deadline,
            Some("newest") => Sort::Newest,
            _ => Sort::Created,
        },
        limit: usize::try_from(given.number("limit")).unwrap_or(DEFAULT_PAGE),
        ..TicketQuery::default()
    };
    let fingerprint = fingerprint(&query);
    if let Some(word) = given.text("cursor") {
        let after = cursor::decode(word, &fingerprint);
        query.after = Some(after.map_err(|error| Problem::bad_request(error.to_string()))?);
    }
    Ok(Filter { query, fingerprint })
}

const CLOCK_STATUSES: [ClockStatus; 5] = [
    ClockStatus::Running,
    ClockStatus::Paused,
    ClockStatus::Met,
    ClockStatus::Breached,
    ClockStatus::Cancelled,
];

pub(super) const fn clock_status_name(status: ClockStatus) -> &'static str {
    match status {
        ClockStatus::Running => "running",
        ClockStatus::Paused => "paused",
        ClockStatus::Met => "met",
        ClockStatus::Breached => "breached",
        ClockStatus::Cancelled => "cancelled",
    }
}

fn department(
    name: Option<&str>,
    caller: &Principal,
    departments: &[Slug],
) -> Result<Option<Slug>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let scope = caller.scope();
    let seen: Vec<&Slug> = departments
        .iter()
        .filter(|slug| scope.contains(slug))
        .collect();
    match seen.iter().find(|slug| slug.as_str() == name) {
        Some(slug) => Ok(Some((*slug).clone())),
        None => Err(Problem::bad_request(format!(
            "unknown department `{}` (known: {})",
            shown(name),
            nearest(name, seen.iter().map(|slug| slug.as_str()))
        ))),
    }
}

/// Nobody can be called `me` or `none`: both are words of this parameter.
fn assignee(name: &str, caller: &Principal) -> Assignee {
    match name {
        "me" => Assignee::Person(caller.name.clone()),
        "none" => Assignee::Nobody,
        name => Assignee::Person(name.to_owned()),
    }
}

fn choice<T: Copy, const N: usize>(
    word: Option<&str>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Option<T> {
    all.into_iter().find(|value| Some(name(*value)) == word)
}

/// The place and the length of a page are not part of it: both may change from page to page.
fn fingerprint(query: &TicketQuery) -> String {
    let filters = TicketQuery {
        after: None,
        limit: 0,
        ..query.clone()
    };
    format!("{filters:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_domain::access::Role;

    fn read_as_agent(pairs: &[(&str, &str)]) -> Result<Filter, Problem> {
        let support = Slug::from_any("support");
        let caller = Principal {
            name: "ann".into(),
            role: Role::Agent,
            departments: [support.clone()].into(),
        };
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        read(
            pairs.collect(),
            &caller,
            &[support, Slug::from_any("sales")],
        )
    }

    #[test]
    fn reads_every_filter() {
        let filter = read_as_agent(&[
            ("department", "support"),
            ("label", "pr_risk"),
            ("status", "open"),
            ("sla", "breached"),
            ("assignee", "me"),
            ("sort", "deadline"),
            ("limit", "7"),
        ]);
        let want = TicketQuery {
            department: Some(Slug::from_any("support")),
            label: Some(Label::PrRisk),
            status: Some(Status::Open),
            sla: Some(ClockStatus::Breached),
            assignee: Some(Assignee::Person("ann".into())),
            sort: Sort::Deadline,
            limit: 7,
            ..TicketQuery::default()
        };
        assert_eq!(filter.map(|filter| filter.query).ok(), Some(want));
    }

    #[rstest]
    #[case::nobody("none", Assignee::Nobody)]
    #[case::somebody("bob", Assignee::Person("bob".into()))]
    fn asks_for_whoever_holds_it(#[case] name: &str, #[case] want: Assignee) {
        let filter = read_as_agent(&[("assignee", name)]);
        assert_eq!(
            filter.ok().and_then(|filter| filter.query.assignee),
            Some(want)
        );
    }

    #[rstest]
    #[case::oldest("created", Sort::Created)]
    #[case::newest("newest", Sort::Newest)]
    fn asks_for_an_order(#[case] name: &str, #[case] want: Sort) {
        let filter = read_as_agent(&[("sort", name)]);
        assert_eq!(filter.ok().map(|filter| filter.query.sort), Some(want));
    }

    #[rstest]
    #[case::another_label(&[("label", "lead")])]
    #[case::another_sort(&[("sort", "deadline")])]
    #[case::another_person(&[("assignee", "bob")])]
    fn a_cursor_is_bound_to_sort_and_filters(#[case] other: &[(&str, &str)]) {
        let first = read_as_agent(&[]).map(|filter| filter.fingerprint).ok();
        assert_eq!(
            read_as_agent(&[("limit", "3")]).map(|f| f.fingerprint).ok(),
            first
        );
        assert_ne!(read_as_agent(other).map(|f| f.fingerprint).ok(), first);
    }
}
