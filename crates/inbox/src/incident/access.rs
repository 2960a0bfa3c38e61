//! Who may see incidents.
//!
//! An incident is of a brand, not of a department, and says more than any one ticket. So it is
//! for those who answer for all departments, and for the one that speaks to the press. For
//! everybody else there are none: the list is empty, an address leads nowhere. Whoever may
//! see one and work on tickets may handle it. Posts keep to the caller's departments all the
//! same.

use crate::http::problem::Problem;
use switchboard_domain::access::{DepartmentScope, Principal};

/// The department that speaks to the press, by the name that the built-in configuration
/// gives it.
const CRISIS_DEPARTMENT: &str = "pr";

/// Asked after the role: an ingest token has no departments.
pub(crate) fn may_see_incidents(caller: &Principal) -> bool {
    match caller.scope() {
        DepartmentScope::All => true,
        DepartmentScope::Only(departments) => departments
            .iter()
            .any(|department| department.as_str() == CRISIS_DEPARTMENT),
    }
}

/// The number in an address, for somebody who may see incidents.
pub(super) fn find(caller: &Principal, id: &str) -> Result<i64, Problem> {
    match id.parse() {
        Ok(number) if may_see_incidents(caller) => Ok(number),
        _ => Err(not_found(id)),
    }
}

pub(super) fn not_found(id: &str) -> Problem {
    let id = crate::http::query::shown(id);
    Problem::not_found(format!("there is no incident `{id}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_domain::Slug;
    use switchboard_domain::access::Role;

    #[rstest]
    #[case::admin(Role::Admin, &[], true)]
    #[case::supervisor(Role::Supervisor, &[], true)]
    #[case::of_the_press_office(Role::Agent, &["support", "pr"], true)]
    #[case::who_only_reads_there(Role::Viewer, &["pr"], true)]
    #[case::of_another_department(Role::Agent, &["support"], false)]
    #[case::of_none(Role::Viewer, &[], false)]
    #[case::a_source(Role::Ingest, &["pr"], false)]
    fn who(#[case] role: Role, #[case] departments: &[&str], #[case] want: bool) {
        let caller = Principal {
            name: "p".into(),
            role,
            departments: departments
                .iter()
                .map(|name| Slug::from_any(name))
                .collect(),
        };
        assert_eq!(may_see_incidents(&caller), want);
    }
}
