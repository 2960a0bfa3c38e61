//! Authors, their links and their tickets.

use super::PostgresStore;
use super::failure::Fault;
use super::mention;
use super::ticket::{ROWS, scope_parameter, ticket_row};
use super::value::{Place, json, micros, storable, to_column};
use super::work::{Isolation, Work};
use super::{load, retried};
use crate::effect::Purpose;
use crate::effect::profile::{StoredLink, Walk, account, linked, unlinked};
use crate::profiles::PROFILE_ACCOUNTS_MAX;
use crate::{
    AuthorAccount, History, Link, Linked, NewAuthorLink, Profile, Profiles, StorageError,
    TicketRow, Unlink,
};
use async_trait::async_trait;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::AuthorKey;
use tokio_postgres::Row;

#[async_trait]
impl Profiles for PostgresStore {
    async fn profile(
        &self,
        author: &AuthorKey,
        history: History,
        scope: &DepartmentScope,
    ) -> Result<Option<Profile>, StorageError> {
        let scope = scope_parameter(scope);
        let work = self.snapshot().await?;
        let outcome = profile(&work, author, history, scope.as_deref()).await;
        Ok(work.settle(outcome).await?)
    }

    async fn link(
        &self,
        link: NewAuthorLink,
        scope: &DepartmentScope,
    ) -> Result<Linked, StorageError> {
        let scope = scope_parameter(scope);
        retried(|| self.try_link(&link, scope.as_deref())).await
    }

    async fn unlink(&self, wish: Unlink, scope: &DepartmentScope) -> Result<bool, StorageError> {
        let scope = scope_parameter(scope);
        retried(|| self.try_unlink(&wish, scope.as_deref())).await
    }
}

impl PostgresStore {
    async fn try_link(
        &self,
        link: &NewAuthorLink,
        scope: Option<&[String]>,
    ) -> Result<Linked, Fault> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = insert(&mut work, link, scope).await;
        work.settle(outcome).await
    }

    async fn try_unlink(&self, wish: &Unlink, scope: Option<&[String]>) -> Result<bool, Fault> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = take_back(&mut work, wish, scope).await;
        work.settle(outcome).await
    }
}

/// One after the other: two links made at once could make a profile of too many accounts, or
/// a circle.
async fn lock(work: &Work) -> Result<(), Fault> {
    work.query(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':author_link', 0))",
        &[],
    )
    .await?;
    Ok(())
}

async fn profile(
    work: &Work,
    author: &AuthorKey,
    history: History,
    scope: Option<&[String]>,
) -> Result<Option<Profile>, Fault> {
    let walk = walk(work, author).await?;
    let mut accounts = vec![];
    let mut visible = false;
    for key in &walk.accounts {
        let seen = seen(work, key, scope).await?;
        visible |= seen.is_some();
        accounts.extend(seen.or_else(|| walk.told(key)));
    }
    if !visible {
        return Ok(None);
    }
    let mut tickets = tickets(work, &walk.accounts, history, scope).await?;
    let more = tickets.len() > history.limit;
    tickets.truncate(history.limit);
    Ok(Some(Profile {
        accounts,
        links: walk.links.into_iter().map(|stored| stored.link).collect(),
        tickets,
        more,
    }))
}

async fn walk(work: &Work, author: &AuthorKey) -> Result<Walk, Fault> {
    let mut walk = Walk::from(author);
    while walk.accounts.len() <= PROFILE_ACCOUNTS_MAX
        && let Some(fresh) = walk.next()
    {
        let found = links_of(work, &fresh).await?;
        walk.add(found);
    }
    Ok(walk)
}

async fn links_of(work: &Work, authors: &[AuthorKey]) -> Result<Vec<StoredLink>, Fault> {
    let authors: Vec<&str> = authors.iter().map(AuthorKey::as_str).collect();
    let found = work
        .query(
            "SELECT id, account, other_account, reason, linked_by, linked_at FROM author_link
             WHERE unlinked_at IS NULL AND (author = ANY($1) OR other = ANY($1)) ORDER BY id",
            &[&authors],
        )
        .await?;
    found.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<StoredLink, Fault> {
    let id: i64 = row.try_get(0)?;
    let place = |column| Place::new("author_link", column, &id);
    let accounts: [AuthorAccount; 2] = [
        place("account").json(row.try_get(1)?)?,
        place("other_account").json(row.try_get(2)?)?,
    ];
    let link = Link {
        id,
        accounts: accounts.clone().map(|account| account.key),
        reason: row.try_get(3)?,
        by: row.try_get(4)?,
        at: place("linked_at").instant(row.try_get(5)?)?,
    };
    Ok(StoredLink { link, accounts })
}

/// The account as its newest ticket in the scope tells of it.
async fn seen(
    work: &Work,
    key: &AuthorKey,
    scope: Option<&[String]>,
) -> Result<Option<AuthorAccount>, Fault> {
    let found = work
        .query_opt(
            "SELECT id, state FROM ticket
             WHERE author = $1 AND ($2::text[] IS NULL OR department = ANY($2))
             ORDER BY id DESC LIMIT 1",
            &[&key.as_str(), &scope],
        )
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let ticket = load::ticket(&row)?;
    let first = mention::first(work, ticket.id).await?;
    Ok(Some(account(key, &ticket, first.as_ref())))
}

/// One more than asked for, where there are more.
async fn tickets(
    work: &Work,
    authors: &[AuthorKey],
    history: History,
    scope: Option<&[String]>,
) -> Result<Vec<TicketRow>, Fault> {
    let authors: Vec<&str> = authors.iter().map(AuthorKey::as_str).collect();
    let before = history.before.map_or(i64::MAX, |before| before.0);
    let limit = to_column(history.limit as u64).saturating_add(1);
    let found = work
        .query(
            "SELECT id FROM ticket
             WHERE author = ANY($1) AND id < $2 AND ($3::text[] IS NULL OR department = ANY($3))
             ORDER BY id DESC LIMIT $4",
            &[&authors, &before, &scope, &limit],
        )
        .await?;
    let ids: Vec<i64> = found
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    let statement = format!("{ROWS} ORDER BY ticket.id DESC");
    let rows = work.query(&statement, &[&ids]).await?;
    rows.iter().map(ticket_row).collect()
}

async fn insert(
    work: &mut Work,
    link: &NewAuthorLink,
    scope: Option<&[String]>,
) -> Result<Linked, Fault> {
    lock(work).await?;
    let mut accounts = vec![];
    for key in &link.accounts {
        match seen(work, key, scope).await? {
            Some(account) => accounts.push(storable(&json(&account)?).into_owned()),
            None => return Ok(Linked::NotFound(key.clone())),
        }
    }
    let [author, other] = &link.accounts;
    let (mine, theirs) = (walk(work, author).await?, walk(work, other).await?);
    if mine.accounts.contains(other) {
        return Ok(Linked::IsSo);
    }
    if mine.accounts.len() + theirs.accounts.len() > PROFILE_ACCOUNTS_MAX {
        return Ok(Linked::TooMany);
    }
    let made = work
        .query(
            "INSERT INTO author_link (author, other, account, other_account, reason, linked_by,
                 linked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            &[
                &author.as_str(),
                &other.as_str(),
                &accounts.first(),
                &accounts.last(),
                &storable(&link.reason),
                &storable(&link.by.to_string()),
                &micros(link.now),
            ],
        )
        .await?;
    let id: i64 = match made.first() {
        Some(row) => row.try_get(0)?,
        None => return Ok(Linked::IsSo),
    };
    work.audit(linked(link, id)?);
    Ok(Linked::Done(id))
}

async fn take_back(
    work: &mut Work,
    wish: &Unlink,
    scope: Option<&[String]>,
) -> Result<bool, Fault> {
    lock(work).await?;
    let walk = walk(work, &wish.author).await?;
    let mut found = walk
        .links
        .iter()
        .filter(|stored| stored.link.id == wish.link);
    let Some(stored) = found.next() else {
        return Ok(false);
    };
    let mut visible = false;
    for key in &stored.link.accounts {
        visible |= seen(work, key, scope).await?.is_some();
    }
    if !visible {
        return Ok(false);
    }
    work.execute(
        "UPDATE author_link SET unlinked_by = $2, unlinked_at = $3, unlink_reason = $4
         WHERE id = $1",
        &[
            &wish.link,
            &storable(&wish.by.to_string()),
            &micros(wish.now),
            &storable(&wish.reason),
        ],
    )
    .await?;
    work.audit(unlinked(wish)?);
    Ok(true)
}
