//! Authors, their links and their tickets.

use super::SqliteStore;
use super::change::parse;
use super::mention;
use super::ticket::{row, scope_parameter};
use super::transaction::{Purpose, Write};
use super::value::{Place, json, micros};
use crate::effect::profile::{StoredLink, Walk, account, linked, unlinked};
use crate::profiles::PROFILE_ACCOUNTS_MAX;
use crate::{
    AuthorAccount, History, Link, Linked, NewAuthorLink, Profile, Profiles, StorageError,
    TicketRow, Unlink,
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::AuthorKey;
use switchboard_domain::ticket::TicketId;

#[async_trait]
impl Profiles for SqliteStore {
    async fn profile(
        &self,
        author: &AuthorKey,
        history: History,
        scope: &DepartmentScope,
    ) -> Result<Option<Profile>, StorageError> {
        let (author, scope) = (author.clone(), scope_parameter(scope)?);
        self.read(move |snapshot| profile(snapshot, &author, history, scope.as_deref()))
            .await
    }

    async fn link(
        &self,
        link: NewAuthorLink,
        scope: &DepartmentScope,
    ) -> Result<Linked, StorageError> {
        let scope = scope_parameter(scope)?;
        self.write(Purpose::People, move |write| {
            insert(write, &link, scope.as_deref())
        })
        .await
    }

    async fn unlink(&self, wish: Unlink, scope: &DepartmentScope) -> Result<bool, StorageError> {
        let scope = scope_parameter(scope)?;
        self.write(Purpose::People, move |write| {
            take_back(write, &wish, scope.as_deref())
        })
        .await
    }
}

fn profile(
    connection: &Connection,
    author: &AuthorKey,
    history: History,
    scope: Option<&str>,
) -> Result<Option<Profile>, StorageError> {
    let walk = walk(connection, author)?;
    let mut accounts = vec![];
    let mut visible = false;
    for key in &walk.accounts {
        let seen = seen(connection, key, scope)?;
        visible |= seen.is_some();
        accounts.extend(seen.or_else(|| walk.told(key)));
    }
    if !visible {
        return Ok(None);
    }
    let mut tickets = tickets(connection, &walk.accounts, history, scope)?;
    let more = tickets.len() > history.limit;
    tickets.truncate(history.limit);
    Ok(Some(Profile {
        accounts,
        links: walk.links.into_iter().map(|stored| stored.link).collect(),
        tickets,
        more,
    }))
}

fn walk(connection: &Connection, author: &AuthorKey) -> Result<Walk, StorageError> {
    let mut walk = Walk::from(author);
    while walk.accounts.len() <= PROFILE_ACCOUNTS_MAX
        && let Some(fresh) = walk.next()
    {
        let found = links_of(connection, &fresh)?;
        walk.add(found);
    }
    Ok(walk)
}

fn links_of(
    connection: &Connection,
    authors: &[AuthorKey],
) -> Result<Vec<StoredLink>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, other_account, reason, linked_by, linked_at FROM author_link
         WHERE unlinked_at IS NULL AND author IN (SELECT value FROM json_each(?1))
         UNION
         SELECT id, account, other_account, reason, linked_by, linked_at FROM author_link
         WHERE unlinked_at IS NULL AND other IN (SELECT value FROM json_each(?1))
         ORDER BY id",
    )?;
    let mut rows = statement.query([json(&authors)?])?;
    let mut links = vec![];
    while let Some(row) = rows.next()? {
        links.push(stored(row)?);
    }
    Ok(links)
}

fn stored(row: &Row<'_>) -> Result<StoredLink, StorageError> {
    let id: i64 = row.get(0)?;
    let place = |column| Place::new("author_link", column, &id);
    let (account, other): (String, String) = (row.get(1)?, row.get(2)?);
    let accounts: [AuthorAccount; 2] = [
        place("account").json(&account)?,
        place("other_account").json(&other)?,
    ];
    let link = Link {
        id,
        accounts: accounts.clone().map(|account| account.key),
        reason: row.get(3)?,
        by: row.get(4)?,
        at: place("linked_at").instant(row.get(5)?)?,
    };
    Ok(StoredLink { link, accounts })
}

/// The account as its newest ticket in the scope tells of it.
fn seen(
    connection: &Connection,
    key: &AuthorKey,
    scope: Option<&str>,
) -> Result<Option<AuthorAccount>, StorageError> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT id, state FROM ticket
             WHERE author = ?1 AND (?2 IS NULL OR department IN (SELECT value FROM json_each(?2)))
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![key.as_str(), scope], |row| row.try_into())
        .optional()?;
    let Some((id, state)) = found else {
        return Ok(None);
    };
    let ticket = parse(TicketId(id), &state)?;
    let first = mention::first(connection, ticket.id)?;
    Ok(Some(account(key, &ticket, first.as_ref())))
}

/// One more than asked for, where there are more.
fn tickets(
    connection: &Connection,
    authors: &[AuthorKey],
    history: History,
    scope: Option<&str>,
) -> Result<Vec<TicketRow>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, state FROM ticket
         WHERE author IN (SELECT value FROM json_each(?1)) AND id < ?2
           AND (?3 IS NULL OR department IN (SELECT value FROM json_each(?3)))
         ORDER BY id DESC LIMIT ?4",
    )?;
    let before = history.before.map_or(i64::MAX, |before| before.0);
    let limit = i64::try_from(history.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let mut found = statement.query(params![json(&authors)?, before, scope, limit])?;
    let mut rows = vec![];
    while let Some(columns) = found.next()? {
        let state: String = columns.get(1)?;
        let ticket = parse(TicketId(columns.get(0)?), &state)?;
        rows.push(row(connection, ticket)?);
    }
    Ok(rows)
}

fn insert(
    write: &mut Write<'_>,
    link: &NewAuthorLink,
    scope: Option<&str>,
) -> Result<Linked, StorageError> {
    let mut accounts = vec![];
    for key in &link.accounts {
        match seen(write.transaction(), key, scope)? {
            Some(account) => accounts.push(json(&account)?),
            None => return Ok(Linked::NotFound(key.clone())),
        }
    }
    let [author, other] = &link.accounts;
    let walks = [author, other].map(|key| walk(write.transaction(), key));
    let [mine, theirs] = walks;
    let (mine, theirs) = (mine?, theirs?);
    if mine.accounts.contains(other) {
        return Ok(Linked::IsSo);
    }
    if mine.accounts.len() + theirs.accounts.len() > PROFILE_ACCOUNTS_MAX {
        return Ok(Linked::TooMany);
    }
    write
        .prepare(
            "INSERT INTO author_link (author, other, account, other_account, reason, linked_by,
                 linked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            author.as_str(),
            other.as_str(),
            accounts.first(),
            accounts.last(),
            link.reason,
            link.by.to_string(),
            micros(link.now)
        ])?;
    let id = write.last_id();
    write.audit(linked(link, id)?);
    Ok(Linked::Done(id))
}

fn take_back(
    write: &mut Write<'_>,
    wish: &Unlink,
    scope: Option<&str>,
) -> Result<bool, StorageError> {
    let walk = walk(write.transaction(), &wish.author)?;
    let mut found = walk
        .links
        .iter()
        .filter(|stored| stored.link.id == wish.link);
    let Some(stored) = found.next() else {
        return Ok(false);
    };
    let mut visible = false;
    for key in &stored.link.accounts {
        visible |= seen(write.transaction(), key, scope)?.is_some();
    }
    if !visible {
        return Ok(false);
    }
    write
        .prepare(
            "UPDATE author_link SET unlinked_by = ?2, unlinked_at = ?3, unlink_reason = ?4
             WHERE id = ?1",
        )?
        .execute(params![
            wish.link,
            wish.by.to_string(),
            micros(wish.now),
            wish.reason
        ])?;
    write.audit(unlinked(wish)?);
    Ok(true)
}
