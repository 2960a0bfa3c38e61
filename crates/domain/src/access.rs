//! Who may do what: one function, deny by default.

use crate::Slug;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person or token is trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads everything and works on every ticket.
    Supervisor,
    /// Works on the tickets of own departments.
    Agent,
    /// Reads the tickets of own departments.
    Viewer,
    /// Brings mentions in, reads nothing.
    Ingest,
}

impl Role {
    /// Every role, most trusted first.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Supervisor,
        Self::Agent,
        Self::Viewer,
        Self::Ingest,
    ];

    /// Its name on the command line and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
            Self::Ingest => "ingest",
        }
    }

    /// Whether the role allows `action` at all.
    pub const fn may(self, action: Action) -> bool {
        match (self, action) {
            (Self::Admin, _)
            | (Self::Supervisor | Self::Agent, Action::ReadTickets | Action::WorkTickets)
            | (Self::Supervisor, Action::ReadTopics)
            | (Self::Viewer, Action::ReadTickets)
            | (Self::Ingest, Action::IngestMentions) => true,
            (Self::Supervisor | Self::Agent | Self::Viewer | Self::Ingest, _) => false,
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Which departments' tickets somebody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepartmentScope {
    /// All of them.
    All,
    /// These; an empty set sees nothing.
    Only(BTreeSet<Slug>),
}

impl DepartmentScope {
    /// Whether `department` lies in it.
    pub fn contains(&self, department: &Slug) -> bool {
        match self {
            Self::All => true,
            Self::Only(departments) => departments.contains(department),
        }
    }
}

/// Who is asking, once the credentials are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The user's or token's name; what stands in events and audit rows.
    pub name: String,
    /// What it is trusted with.
    pub role: Role,
    /// The departments it was given; read through [`Principal::scope`].
    pub departments: BTreeSet<Slug>,
}

/// Something one may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send mentions in.
    IngestMentions,
    /// See tickets, their posts and their events.
    ReadTickets,
    /// Claim, assign, note, reply, resolve, reopen, relabel.
    WorkTickets,
    /// Read log topics other than the queues of own departments.
    ReadTopics,
    /// Dead letters: look, drive again, drop.
    ManageDeadLetters,
    /// Tokens: list, make, revoke.
    ManageAccess,
}

impl Principal {
    /// Whether the role allows `action` at all; the departments are a second question.
    pub const fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }

    /// The departments it sees: all for admins and supervisors, none for ingest tokens.
    pub fn scope(&self) -> DepartmentScope {
        match self.role {
            Role::Admin | Role::Supervisor => DepartmentScope::All,
            Role::Agent | Role::Viewer => DepartmentScope::Only(self.departments.clone()),
            Role::Ingest => DepartmentScope::Only(BTreeSet::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ACTIONS: [Action; 6] = [
        Action::IngestMentions,
        Action::ReadTickets,
        Action::WorkTickets,
        Action::ReadTopics,
        Action::ManageDeadLetters,
        Action::ManageAccess,
    ];

    #[rstest]
    #[case::admin(Role::Admin, [true, true, true, true, true, true])]
    #[case::supervisor(Role::Supervisor, [false, true, true, true, false, false])]
    #[case::agent(Role::Agent, [false, true, true, false, false, false])]
    #[case::viewer(Role::Viewer, [false, true, false, false, false, false])]
    #[case::ingest(Role::Ingest, [true, false, false, false, false, false])]
    fn matrix(#[case] role: Role, #[case] want: [bool; 6]) {
        let principal = Principal {
            name: "p".into(),
            role,
            departments: BTreeSet::new(),
        };
        assert_eq!(ACTIONS.map(|action| principal.may(action)), want);
    }

    #[test]
    fn an_agent_without_departments_sees_nothing() {
        let agent = Principal {
            name: "a".into(),
            role: Role::Agent,
            departments: BTreeSet::new(),
        };
        assert!(!agent.scope().contains(&Slug::from_any("support")));
    }
}
