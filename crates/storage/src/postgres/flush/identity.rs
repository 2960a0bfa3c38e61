//! Identities and threads.

use super::Sent;
use crate::StorageError;
use crate::postgres::value::{json, micros};
use crate::postgres::workspace::{Holder, Loaded, Pending};
use crate::row::Hash16;
use switchboard_domain::ticket::TicketId;

#[derive(Default)]
pub(super) struct IdentityRows<'p> {
    key: Vec<&'p [u8]>,
    version: Vec<i64>,
    revision: Vec<i64>,
    deleted: Vec<bool>,
    accounts: Vec<String>,
    ticket: Vec<Option<i64>>,
    mention_id: Vec<Option<i64>>,
}

impl<'p> IdentityRows<'p> {
    pub(super) fn of(pending: &'p Pending) -> Result<Self, StorageError> {
        let mut rows = Self::default();
        for (key, known) in &pending.identities {
            rows.key.push(key);
            rows.version.push(known.state.version);
            rows.revision.push(i64::from(known.state.revision));
            rows.deleted.push(known.state.deleted);
            rows.accounts.push(json(&known.state.accounts)?);
            rows.ticket.push(known.state.ticket.map(|ticket| ticket.0));
            rows.mention_id.push(known.mention_id);
        }
        Ok(rows)
    }

    pub(super) fn upsert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO identity (key, version, revision, deleted, accounts, ticket_id,
                       mention_id)
                   SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::boolean[],
                       $5::text[], $6::bigint[], $7::bigint[])
                   ON CONFLICT (key) DO UPDATE SET version = excluded.version,
                       revision = excluded.revision, deleted = excluded.deleted,
                       accounts = excluded.accounts, ticket_id = excluded.ticket_id,
                       mention_id = excluded.mention_id",
            parameters: vec![
                &self.key,
                &self.version,
                &self.revision,
                &self.deleted,
                &self.accounts,
                &self.ticket,
                &self.mention_id,
            ],
            rows: self.key.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct ThreadRows<'p> {
    leaving: Vec<i64>,
    freed: Vec<&'p [u8]>,
    freed_of: Vec<i64>,
    held: Vec<&'p [u8]>,
    held_by: Vec<i64>,
    last_at: Vec<i64>,
}

impl<'p> ThreadRows<'p> {
    pub(super) fn of(pending: &'p Pending, loaded: &Loaded) -> Self {
        let mut rows = Self {
            leaving: pending.leaving.iter().map(|ticket| ticket.0).collect(),
            ..Self::default()
        };
        for (key, holder) in &pending.threads {
            rows.change(key, *holder, loaded.threads.get(key).copied().flatten());
        }
        rows
    }

    fn change(&mut self, key: &'p Hash16, holder: Option<Holder>, before: Option<Holder>) {
        let ticket_of = |holder: Option<Holder>| holder.map(|(ticket, _)| ticket);
        if let Some(TicketId(ticket)) = ticket_of(before)
            && ticket_of(before) != ticket_of(holder)
        {
            self.freed.push(key);
            self.freed_of.push(ticket);
        }
        if let Some((ticket, last_at)) = holder {
            self.held.push(key);
            self.held_by.push(ticket.0);
            self.last_at.push(micros(last_at));
        }
    }

    pub(super) fn leave(&self) -> Sent<'_> {
        Sent {
            text: "DELETE FROM open_thread WHERE ticket_id = ANY($1)",
            parameters: vec![&self.leaving],
            rows: self.leaving.len(),
        }
    }

    pub(super) fn free(&self) -> Sent<'_> {
        Sent {
            text: "DELETE FROM open_thread USING unnest($1::bytea[], $2::bigint[])
                       AS freed (key, ticket_id)
                   WHERE open_thread.key = freed.key AND open_thread.ticket_id = freed.ticket_id",
            parameters: vec![&self.freed, &self.freed_of],
            rows: self.freed.len(),
        }
    }

    /// Who holds it meanwhile keeps it.
    pub(super) fn hold(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO open_thread (key, ticket_id, last_at)
                   SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])
                   ON CONFLICT (key) DO UPDATE
                       SET last_at = greatest(open_thread.last_at, excluded.last_at)
                   WHERE open_thread.ticket_id = excluded.ticket_id",
            parameters: vec![&self.held, &self.held_by, &self.last_at],
            rows: self.held.len(),
        }
    }
}
