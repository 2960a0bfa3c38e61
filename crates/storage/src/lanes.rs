//! How a page of tickets is walked, in every database: which lanes of the index, and from
//! where on.

use crate::row::micros;
use crate::ticket::{DEFAULT_PAGE, MAX_PAGE};
use crate::{Cursor, Sort, TicketQuery};
use switchboard_domain::Label;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Status, Ticket};

/// One department, status and label: within it the index is in order.
pub(crate) struct Lane {
    pub(crate) department: String,
    pub(crate) status: &'static str,
    pub(crate) label: &'static str,
}

/// One walk along every lane.
#[derive(Clone, Copy)]
pub(crate) enum Walk {
    Creation,
    /// As before, from its end.
    Newest,
    Deadline,
    WithoutDeadline,
}

/// Before every ticket.
const START: (i64, i64) = (i64::MIN, i64::MIN);

/// After every ticket: where a walk from the end begins.
const END: (i64, i64) = (i64::MAX, i64::MAX);

/// The walks one after the other, each with the place (instant, id) that it begins after.
pub(crate) fn walks(query: &TicketQuery) -> Vec<(Walk, (i64, i64))> {
    match (query.sort, query.after) {
        (Sort::Created, Some(Cursor::Created { created_at, id })) => {
            vec![(Walk::Creation, (micros(created_at), id.0))]
        }
        (Sort::Created, _) => vec![(Walk::Creation, START)],
        (Sort::Newest, Some(Cursor::Newest { created_at, id })) => {
            vec![(Walk::Newest, (micros(created_at), id.0))]
        }
        (Sort::Newest, _) => vec![(Walk::Newest, END)],
        (
            Sort::Deadline,
            Some(Cursor::Deadline {
                deadline_at: None,
                id,
            }),
        ) => {
            vec![(Walk::WithoutDeadline, (0, id.0))]
        }
        (
            Sort::Deadline,
            Some(Cursor::Deadline {
                deadline_at: Some(at),
                id,
            }),
        ) => {
            vec![
                (Walk::Deadline, (micros(at), id.0)),
                (Walk::WithoutDeadline, START),
            ]
        }
        (Sort::Deadline, _) => vec![(Walk::Deadline, START), (Walk::WithoutDeadline, START)],
    }
}

/// Where the next page begins.
pub(crate) fn cursor(sort: Sort, ticket: &Ticket) -> Cursor {
    match sort {
        Sort::Created => Cursor::Created {
            created_at: ticket.created_at,
            id: ticket.id,
        },
        Sort::Newest => Cursor::Newest {
            created_at: ticket.created_at,
            id: ticket.id,
        },
        Sort::Deadline => Cursor::Deadline {
            deadline_at: ticket.deadline_at(),
            id: ticket.id,
        },
    }
}

/// Tickets on the page.
pub(crate) fn page_limit(query: &TicketQuery) -> usize {
    match query.limit {
        0 => DEFAULT_PAGE,
        limit => limit.min(MAX_PAGE),
    }
}

/// The departments that the query asks for and the scope allows; `None` for all there are.
pub(crate) fn departments(query: &TicketQuery, scope: &DepartmentScope) -> Option<Vec<String>> {
    if let Some(department) = &query.department {
        let allowed = scope.contains(department);
        return Some(
            allowed
                .then(|| department.to_string())
                .into_iter()
                .collect(),
        );
    }
    match scope {
        DepartmentScope::Only(departments) => {
            Some(departments.iter().map(ToString::to_string).collect())
        }
        DepartmentScope::All => None,
    }
}

/// Every lane of the departments that the query looks into.
pub(crate) fn lanes(query: &TicketQuery, departments: Vec<String>) -> Vec<Lane> {
    let mut lanes = vec![];
    for department in departments {
        for status in Status::ALL {
            if query.status.is_some_and(|wanted| wanted != status) {
                continue;
            }
            for label in Label::ALL {
                let in_view = query
                    .default_view
                    .is_none_or(|view| view != (label == Label::General));
                if query.label.is_none_or(|wanted| wanted == label) && in_view {
                    let department = department.clone();
                    lanes.push(Lane {
                        department,
                        status: status.as_str(),
                        label: label.as_str(),
                    });
                }
            }
        }
    }
    lanes
}
