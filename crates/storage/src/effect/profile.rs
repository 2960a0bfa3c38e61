//! What both databases decide the same way about authors.

use crate::row::json;
use crate::{AuditEntry, AuthorAccount, Link, NewAuthorLink, StorageError, StoredMention, Unlink};
use std::collections::BTreeSet;
use switchboard_domain::author::AuthorKey;
use switchboard_domain::ticket::Ticket;

/// A link with the accounts it joins, as they were when it was made.
pub(crate) struct StoredLink {
    pub(crate) link: Link,
    pub(crate) accounts: [AuthorAccount; 2],
}

/// Accounts that links join, found so far.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) accounts: Vec<AuthorKey>,
    pub(crate) links: Vec<StoredLink>,
    seen: BTreeSet<AuthorKey>,
    asked: usize,
}

impl Walk {
    pub(crate) fn from(author: &AuthorKey) -> Self {
        Self {
            accounts: vec![author.clone()],
            seen: [author.clone()].into(),
            ..Self::default()
        }
    }

    /// The accounts whose links are still to be looked up.
    pub(crate) fn next(&mut self) -> Option<Vec<AuthorKey>> {
        let fresh = self.accounts.get(self.asked..).unwrap_or_default().to_vec();
        self.asked = self.accounts.len();
        (!fresh.is_empty()).then_some(fresh)
    }

    /// The links that those accounts have.
    pub(crate) fn add(&mut self, found: Vec<StoredLink>) {
        for stored in found {
            if self
                .links
                .iter()
                .any(|known| known.link.id == stored.link.id)
            {
                continue;
            }
            for key in &stored.link.accounts {
                if self.seen.insert(key.clone()) {
                    self.accounts.push(key.clone());
                }
            }
            self.links.push(stored);
        }
        self.links.sort_by_key(|stored| stored.link.id);
    }

    /// The account as a link tells of it.
    pub(crate) fn told(&self, key: &AuthorKey) -> Option<AuthorAccount> {
        let accounts = self.links.iter().rev().flat_map(|link| &link.accounts);
        accounts
            .into_iter()
            .find(|account| account.key == *key)
            .cloned()
    }
}

/// The account as a ticket tells of it.
pub(crate) fn account(
    key: &AuthorKey,
    ticket: &Ticket,
    first: Option<&StoredMention>,
) -> AuthorAccount {
    let author = first.and_then(|post| post.content.as_ref());
    let author = author.map(|content| &content.mention.author);
    AuthorAccount {
        key: key.clone(),
        platform: ticket.platform.clone(),
        id_scope: ticket.mention.id_scope.clone(),
        id: ticket.author_id.clone(),
        handle: author.and_then(|author| author.handle.clone()),
        name: author.and_then(|author| author.name.clone()),
    }
}

/// The audit row of a new link.
pub(crate) fn linked(link: &NewAuthorLink, id: i64) -> Result<AuditEntry, StorageError> {
    let [author, other] = &link.accounts;
    let detail = serde_json::json!({ "link": id, "with": other, "reason": link.reason });
    Ok(AuditEntry {
        at: link.now,
        actor: link.by.clone(),
        action: "author.linked".to_owned(),
        subject: format!("author:{author}"),
        detail: json(&detail)?,
    })
}

/// The audit row of a link that was taken back.
pub(crate) fn unlinked(wish: &Unlink) -> Result<AuditEntry, StorageError> {
    let detail = serde_json::json!({ "link": wish.link, "reason": wish.reason });
    Ok(AuditEntry {
        at: wish.now,
        actor: wish.by.clone(),
        action: "author.unlinked".to_owned(),
        subject: format!("author:{}", wish.author),
        detail: json(&detail)?,
    })
}
