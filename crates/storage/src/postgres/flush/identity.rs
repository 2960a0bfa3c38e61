//! Identities and threads.

use super::Sent;
use crate::StorageError;
use crate::effect::Known;
use crate::postgres::Parameter;
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
    /// Those that did not stand when this transaction looked, and those that did.
    pub(super) fn of(pending: &'p Pending, loaded: &Loaded) -> Result<(Self, Self), StorageError> {
        let (mut new, mut changed) = (Self::default(), Self::default());
        for (key, known) in &pending.identities {
            let stands = loaded.identities.get(key).is_some_and(Option::is_some);
            let rows = if stands { &mut changed } else { &mut new };
            rows.push(key, known)?;
        }
        Ok((new, changed))
    }

    fn push(&mut self, key: &'p Hash16, known: &Known) -> Result<(), StorageError> {
        self.key.push(key);
        self.version.push(known.state.version);
        self.revision.push(i64::from(known.state.revision));
        self.deleted.push(known.state.deleted);
        self.accounts.push(json(&known.state.accounts)?);
        self.ticket.push(known.state.ticket.map(|ticket| ticket.0));
        self.mention_id.push(known.mention_id);
        Ok(())
    }

    /// Where somebody else has written one meanwhile, the transaction starts over.
    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO identity (key, version, revision, deleted, accounts, ticket_id,
                       mention_id)
                   SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::boolean[],
                       $5::text[], $6::bigint[], $7::bigint[])",
            parameters: self.columns(),
            rows: self.key.len(),
        }
    }

    pub(super) fn update(&self) -> Sent<'_> {
        Sent {
            text: "UPDATE identity SET version = new.version, revision = new.revision,
                       deleted = new.deleted, accounts = new.accounts, ticket_id = new.ticket_id,
                       mention_id = new.mention_id
                   FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::boolean[],
                       $5::text[], $6::bigint[], $7::bigint[])
                       AS new (key, version, revision, deleted, accounts, ticket_id, mention_id)
                   WHERE identity.key = new.key",
            parameters: self.columns(),
            rows: self.key.len(),
        }
    }

    fn columns(&self) -> Vec<Parameter<'_>> {
        vec![
            &self.key,
            &self.version,
            &self.revision,
            &self.deleted,
            &self.accounts,
            &self.ticket,
            &self.mention_id,
        ]
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
