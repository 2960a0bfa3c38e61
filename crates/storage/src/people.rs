//! Users: who they are, what they are trusted with, and whether they may still come in.

use crate::{SessionId, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use switchboard_domain::Slug;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;

/// The users. Every change leaves an audit row.
#[async_trait]
pub trait People: Send + Sync {
    /// `false` when the name is taken. A new user has no password and logs in by a link.
    async fn create_user(
        &self,
        user: User,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// By name, disabled ones too.
    async fn list_people(&self) -> Result<Vec<Person>, StorageError>;

    /// The hash to check a password against; `None` for who is unknown, disabled or has none.
    async fn find_password(&self, name: &str) -> Result<Option<PasswordHash>, StorageError>;

    /// Ends every session of the user but `keep`, and takes back links that nobody used.
    /// `false` when there is no such user.
    async fn set_password(
        &self,
        name: &str,
        password: PasswordHash,
        keep: Option<SessionId>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Disabling ends every session and link at once; the password stays for the day on which
    /// the user is enabled again. `false` when there is no such user, or nothing to change.
    async fn set_disabled(
        &self,
        name: &str,
        disabled: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Gives the user of that name another role and other departments, and ends every session
    /// of the old ones. `false` when there is no such user.
    async fn set_role(&self, user: User, by: &Actor, now: Timestamp) -> Result<bool, StorageError>;
}

/// What a user is trusted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What stands in events and assignments.
    pub name: String,
    /// What they are trusted with.
    pub role: Role,
    /// Whose tickets an agent or viewer sees.
    pub departments: BTreeSet<Slug>,
}

/// A user as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name, role and departments.
    pub user: User,
    /// When they were added.
    pub created_at: Timestamp,
    /// Since when they may no longer come in.
    pub disabled_at: Option<Timestamp>,
    /// Whether they can log in without a link.
    pub has_password: bool,
}

/// An argon2id hash in its text form, salt and cost included. Shows nothing of itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as the hasher wrote it. The caller sees to it that it is no password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to check a password against.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash([REDACTED])")
    }
}
