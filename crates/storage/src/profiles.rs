//! Who wrote: one profile per author over platforms, held together by links that people make
//! and take back, and the author's tickets as far as a department may see them.

use crate::{StorageError, TicketRow};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchboard_domain::Slug;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::AuthorKey;
use switchboard_domain::ticket::{Actor, TicketId};

/// The most accounts of one profile: nobody has more, and a profile is walked link by link.
pub const PROFILE_ACCOUNTS_MAX: usize = 32;

/// Authors. Who has no ticket in the scope does not exist for the caller.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// The profile that this account belongs to; `None` when no ticket of it lies in the scope.
    async fn profile(
        &self,
        author: &AuthorKey,
        history: History,
        scope: &DepartmentScope,
    ) -> Result<Option<Profile>, StorageError>;

    /// Says that two accounts are one author's.
    async fn link(
        &self,
        link: NewAuthorLink,
        scope: &DepartmentScope,
    ) -> Result<Linked, StorageError>;

    /// Takes a link back; what it joined stands apart again. `false` when there is no such
    /// link, it was taken back already, or neither account has a ticket in the scope.
    async fn unlink(&self, wish: Unlink, scope: &DepartmentScope) -> Result<bool, StorageError>;
}

/// Which part of an author's tickets, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Only tickets older than this one.
    pub before: Option<TicketId>,
    /// At most so many.
    pub limit: usize,
}

/// An author.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The accounts, the one that was asked for first.
    pub accounts: Vec<AuthorAccount>,
    /// What holds them together, oldest first.
    pub links: Vec<Link>,
    /// Their tickets in the scope, newest first.
    pub tickets: Vec<TicketRow>,
    /// Whether there are older ones.
    pub more: bool,
}

/// An account on a platform, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorAccount {
    /// What names it here.
    pub key: AuthorKey,
    /// Where it stands.
    pub platform: Slug,
    /// Its instance or page, where ids are not global.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_scope: String,
    /// The platform's id of it.
    pub id: String,
    /// The name one writes after `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A link that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: i64,
    /// The two accounts.
    pub accounts: [AuthorKey; 2],
    /// Why somebody made it.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A wish to link two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuthorLink {
    /// The two, which differ.
    pub accounts: [AuthorKey; 2],
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: Actor,
    /// When.
    pub now: Timestamp,
}

/// What became of a [`NewAuthorLink`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It holds.
    Done(i64),
    /// They are one author's already.
    IsSo,
    /// Together they would have more than [`PROFILE_ACCOUNTS_MAX`] accounts.
    TooMany,
    /// No ticket of this account lies in the scope.
    NotFound(AuthorKey),
}

/// A wish to take a link back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlink {
    /// Which; it must be one of this author's.
    pub author: AuthorKey,
    /// Its number.
    pub link: i64,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: Actor,
    /// When.
    pub now: Timestamp,
}
