//! A profile's JSON.

use crate::openapi::schema;
use crate::ticket::view::TicketView;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_storage::{AuthorAccount, Link, Profile};
use utoipa::ToSchema;

/// An author, over platforms.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileView {
    /// The accounts, the one that was asked for first.
    accounts: Vec<AccountView>,
    /// What holds them together, oldest first.
    links: Vec<LinkView>,
    /// Their tickets that the caller may see, newest first.
    tickets: Vec<TicketView>,
    /// The `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An account on a platform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// What names it here, as tickets do in `author`.
    key: String,
    platform: String,
    /// Its instance or page, where ids are not global.
    #[serde(skip_serializing_if = "String::is_empty")]
    id_scope: String,
    /// The platform's id of it.
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Somebody said that two accounts are one author's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// Its number: what one deletes.
    id: String,
    /// The keys of the two accounts.
    accounts: Vec<String>,
    reason: String,
    /// Who said so.
    by: String,
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        let last = profile.tickets.last().map(|row| row.ticket.id.to_string());
        Self {
            next: last.filter(|_| profile.more),
            accounts: profile
                .accounts
                .into_iter()
                .map(AccountView::from)
                .collect(),
            links: profile.links.into_iter().map(LinkView::from).collect(),
            tickets: profile.tickets.into_iter().map(TicketView::from).collect(),
        }
    }
}

impl From<AuthorAccount> for AccountView {
    fn from(account: AuthorAccount) -> Self {
        Self {
            key: account.key.into(),
            platform: account.platform.to_string(),
            id_scope: account.id_scope,
            id: account.id,
            handle: account.handle,
            name: account.name,
        }
    }
}

impl From<Link> for LinkView {
    fn from(link: Link) -> Self {
        Self {
            id: link.id.to_string(),
            accounts: link.accounts.map(String::from).into(),
            reason: link.reason,
            by: link.by,
            at: link.at,
        }
    }
}
