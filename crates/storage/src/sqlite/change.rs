//! The rows of a transaction as `crate::effect` asks for them: a statement for each call.

use super::failure::corrupt;
use super::transaction::Write;
use super::value::{Place, json, micros, to_column};
use super::{mention, thread};
use crate::effect::change::TICKET_EVENTS;
use crate::effect::{EventRow, Known, MentionPlace, Post, Rows};
use crate::row::TicketColumns;
use crate::{AuditEntry, StorageError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use switchboard_domain::intake::ThreadKey;
use switchboard_domain::sla::DueMilestone;
use switchboard_domain::ticket::{Ticket, TicketId};
use switchboard_domain::{ClassifiedMention, Mention, MentionKey};

pub(super) fn load(write: &Write<'_>, id: TicketId) -> Result<Option<Ticket>, StorageError> {
    let state: Option<String> = write
        .prepare("SELECT state FROM ticket WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    state.map(|state| parse(id, &state)).transpose()
}

pub(super) fn parse(id: TicketId, state: &str) -> Result<Ticket, StorageError> {
    Place::new("ticket", "state", &id).json(state)
}

impl Rows for Write<'_> {
    fn next_ticket_id(&mut self) -> Result<TicketId, StorageError> {
        let last: Option<i64> = self
            .prepare("SELECT max(id) FROM ticket")?
            .query_row([], |row| row.get(0))?;
        Ok(TicketId(last.unwrap_or_default() + 1))
    }

    fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>, StorageError> {
        load(self, id)
    }

    fn insert_ticket(&mut self, ticket: &Ticket) -> Result<(), StorageError> {
        let columns = TicketColumns::of(ticket)?;
        self.prepare(
            "INSERT INTO ticket (id, version, created_at, updated_at, department, label, status,
                 priority, assignee, needs_review, default_view, sla_status, deadline_at,
                 next_due_at, state, author)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            columns.id,
            columns.version,
            columns.created_at,
            columns.updated_at,
            columns.department,
            columns.label,
            columns.status,
            columns.priority,
            columns.assignee,
            columns.needs_review,
            columns.default_view,
            columns.sla_status,
            columns.deadline_at,
            columns.next_due_at,
            columns.state,
            columns.author
        ])?;
        Ok(())
    }

    fn update_ticket(&mut self, before: &Ticket, after: &Ticket) -> Result<(), StorageError> {
        let columns = TicketColumns::of(after)?;
        let updated = self
            .prepare(
                "UPDATE ticket SET version = ?2, updated_at = ?4, department = ?5, label = ?6,
                     status = ?7, priority = ?8, assignee = ?9, needs_review = ?10,
                     default_view = ?11, sla_status = ?12, deadline_at = ?13, next_due_at = ?14,
                     state = ?15
                 WHERE id = ?1 AND version = ?16 AND created_at = ?3",
            )?
            .execute(params![
                columns.id,
                columns.version,
                columns.created_at,
                columns.updated_at,
                columns.department,
                columns.label,
                columns.status,
                columns.priority,
                columns.assignee,
                columns.needs_review,
                columns.default_view,
                columns.sla_status,
                columns.deadline_at,
                columns.next_due_at,
                columns.state,
                to_column(before.version)
            ])?;
        if updated == 1 {
            return Ok(());
        }
        // The state was read in this transaction, so the column contradicts it.
        let reason = format!("the column is not {}, which the state says", before.version);
        Err(corrupt("ticket", "version", after.id, reason))
    }

    fn tally(&mut self, before: Option<&Ticket>, after: &Ticket) {
        Write::tally(self, before, after);
    }

    fn append_event(&mut self, event: EventRow<'_>) -> Result<(), StorageError> {
        let ticket = event.ticket;
        self.prepare(
            "INSERT INTO ticket_event (ticket_id, version, department, change, decision)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            ticket.id.0,
            to_column(ticket.version),
            ticket.department.as_str(),
            event.change,
            event.decision
        ])?;
        let number = self.last_id();
        self.prepare(
            "INSERT INTO outbox (topic, key, number, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            TICKET_EVENTS,
            ticket.id.to_string(),
            number,
            micros(event.at)
        ])?;
        Ok(())
    }

    fn record_milestone(
        &mut self,
        ticket: TicketId,
        due: &DueMilestone,
        fired_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.prepare(
            "INSERT INTO sla_milestone (ticket_id, clock, cycle, milestone, due_at, fired_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            ticket.0,
            due.clock.as_str(),
            due.cycle,
            due.milestone.to_string(),
            micros(due.due_at),
            micros(fired_at)
        ])?;
        Ok(())
    }

    fn outbox(
        &mut self,
        topic: &str,
        key: &str,
        payload: Vec<u8>,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        Write::outbox(self, topic, key, &payload, at)
    }

    fn queue_new(
        &mut self,
        topic: &str,
        ticket: &Ticket,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.prepare(
            "INSERT INTO outbox (topic, key, opened, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            topic,
            ticket.id.to_string(),
            ticket.id.0,
            micros(at)
        ])?;
        Ok(())
    }

    fn audit(&mut self, entry: AuditEntry) {
        Write::audit(self, entry);
    }

    fn identity(&mut self, key: &MentionKey) -> Result<Option<Known>, StorageError> {
        mention::find(self, key)
    }

    fn store_identity(&mut self, key: &MentionKey, known: &Known) -> Result<(), StorageError> {
        mention::store_identity(self, key, known)
    }

    fn insert_mention(
        &mut self,
        ticket: &Ticket,
        mention: &Mention,
        content: &str,
    ) -> Result<i64, StorageError> {
        mention::insert(self, ticket.id, mention, content)
    }

    fn words(&mut self, place: MentionPlace) -> Result<Option<ClassifiedMention>, StorageError> {
        let content: Option<String> = self
            .prepare("SELECT content FROM mention WHERE id = ?1")?
            .query_row([place.id], |row| row.get(0))?;
        content
            .map(|content| Place::new("mention", "content", &place.id).json(&content))
            .transpose()
    }

    fn set_words(
        &mut self,
        place: MentionPlace,
        content: Option<&ClassifiedMention>,
    ) -> Result<(), StorageError> {
        self.prepare("UPDATE mention SET content = ?2 WHERE id = ?1")?
            .execute(params![place.id, content.map(json).transpose()?])?;
        Ok(())
    }

    fn look_up(&mut self, _: &[MentionKey], _: &[ThreadKey]) -> Result<(), StorageError> {
        // Each is asked for when it is needed.
        Ok(())
    }

    fn posts_of(&mut self, ticket: TicketId) -> Result<Vec<Post>, StorageError> {
        mention::posts(self, ticket)
    }

    fn move_post(
        &mut self,
        from: MentionPlace,
        to: &Ticket,
        _: usize,
    ) -> Result<i64, StorageError> {
        mention::move_to(self, from, to.id)
    }

    fn words_of(&mut self, ticket: TicketId) -> Result<Vec<ClassifiedMention>, StorageError> {
        let mentions = mention::all(self.transaction(), ticket)?;
        Ok(mentions
            .into_iter()
            .filter_map(|mention| mention.content)
            .collect())
    }

    fn first_words(&mut self, ticket: TicketId) -> Result<Option<ClassifiedMention>, StorageError> {
        let first = mention::first(self.transaction(), ticket)?;
        Ok(first.and_then(|first| first.content))
    }

    fn thread(&mut self, key: &ThreadKey) -> Result<Option<(TicketId, Timestamp)>, StorageError> {
        thread::holder(self, key)
    }

    fn hold_thread(
        &mut self,
        key: &ThreadKey,
        ticket: TicketId,
        posted_at: Timestamp,
    ) -> Result<(), StorageError> {
        thread::hold(self, key, ticket, posted_at)
    }

    fn free_thread(&mut self, key: &ThreadKey) -> Result<(), StorageError> {
        thread::free(self, key)
    }

    fn free_threads_of(&mut self, ticket: TicketId) -> Result<(), StorageError> {
        thread::free_all(self, ticket)
    }
}
