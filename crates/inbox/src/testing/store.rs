//! A store in memory that decides with the domain's own functions.

use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use switchboard_domain::access::{DepartmentScope, Principal};
use switchboard_domain::intake::{self, IdentityState, Incoming, IntakeOutcome};
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{
    Actor, Change as Facts, Refusal, Ticket, TicketEvent, TicketId, decide,
};
use switchboard_domain::{MentionKey, Slug};
use switchboard_storage::access::{Access, NewToken, TokenInfo, User};
use switchboard_storage::dead_letters::{DeadLetters, LetterId, Resolution, Resolved};
use switchboard_storage::{
    Applied, Change, Cursor, ExplainedDecision, Page, Sort, StorageError, StoredMention,
    TicketCount, TicketQuery, TicketRow, Tickets,
};

/// Tickets that show how the API speaks of a store that fails.
const PANICS: TicketId = TicketId(-1);
const UNAVAILABLE: TicketId = TicketId(-2);
const CORRUPT: TicketId = TicketId(-3);

#[derive(Default)]
pub(super) struct MemoryStore(Mutex<State>);

#[derive(Default)]
struct State {
    tickets: BTreeMap<TicketId, Kept>,
    identities: BTreeMap<MentionKey, IdentityState>,
    tokens: Vec<NewToken>,
    resolutions: BTreeMap<LetterId, Resolution>,
}

struct Kept {
    row: TicketRow,
    events: Vec<TicketEvent>,
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn take_in(&self, incoming: &Incoming, now: Timestamp) -> TicketId {
        let mut state = self.state();
        let key = incoming.classified.mention.key();
        let known = state.identities.get(&key).cloned();
        let at = known.as_ref().and_then(|known| known.ticket);
        let ticket = at
            .and_then(|at| state.tickets.get(&at))
            .map(|kept| kept.row.ticket.clone());
        let effect = intake::decide(incoming, known.as_ref(), ticket.as_ref(), now);
        let new_id = TicketId(i64::try_from(state.tickets.len()).unwrap() + 1);
        let id = at.unwrap_or(new_id);
        let content = effect.stores_words.then(|| incoming.classified.clone());
        let change = Facts {
            at: now,
            actor: Actor::System("route".into()),
            facts: effect.facts,
        };
        if effect.outcome == IntakeOutcome::Opened {
            let ticket = Ticket::open(id, &change).unwrap();
            let explanation = ExplainedDecision {
                ticket_version: 1,
                decision: incoming.decision.clone(),
            };
            let row = TicketRow {
                ticket,
                mention: None,
                explanation: Some(explanation),
            };
            let events = vec![TicketEvent {
                ticket: id,
                version: 1,
                change,
            }];
            state.tickets.insert(id, Kept { row, events });
        } else {
            state.tickets.get_mut(&id).unwrap().change(change);
        }
        let kept = state.tickets.get_mut(&id).unwrap();
        kept.row.mention = Some(StoredMention {
            key: key.clone(),
            content,
        });
        state.identities.insert(
            key,
            IdentityState {
                ticket: Some(id),
                ..effect.identity
            },
        );
        id
    }
}

impl Kept {
    fn change(&mut self, change: Facts) {
        self.row.ticket.change(&change);
        let (ticket, version) = (self.row.ticket.id, self.row.ticket.version);
        self.events.push(TicketEvent {
            ticket,
            version,
            change,
        });
    }
}

impl State {
    fn seen(&self, id: TicketId, scope: &DepartmentScope) -> Option<&Kept> {
        let kept = self.tickets.get(&id)?;
        scope.contains(&kept.row.ticket.department).then_some(kept)
    }
}

#[async_trait]
impl Tickets for MemoryStore {
    async fn get(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<TicketRow>, StorageError> {
        match id {
            PANICS => panic!("SELECT secret FROM ticket"),
            UNAVAILABLE => Err(StorageError::Unavailable {
                reason: "disk full".into(),
            }),
            CORRUPT => Err(StorageError::Corrupt {
                table: "ticket",
                column: "label",
                row: "1".into(),
                reason: "not a label".into(),
            }),
            id => Ok(self.state().seen(id, scope).map(|kept| kept.row.clone())),
        }
    }

    async fn list(
        &self,
        query: &TicketQuery,
        scope: &DepartmentScope,
    ) -> Result<Page<TicketRow>, StorageError> {
        let state = self.state();
        let mut rows: Vec<&TicketRow> = state
            .tickets
            .values()
            .map(|kept| &kept.row)
            .filter(|row| scope.contains(&row.ticket.department) && fits(query, &row.ticket))
            .collect();
        rows.sort_by_key(|row| place(query.sort, &row.ticket));
        let after = query.after.map(|cursor| cursor_place(&cursor));
        rows.retain(|row| after.is_none_or(|after| place(query.sort, &row.ticket) > after));
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let last = rows
            .last()
            .filter(|_| more)
            .map(|row| cursor(query.sort, &row.ticket));
        Ok(Page {
            items: rows.into_iter().cloned().collect(),
            next: last,
        })
    }

    async fn mentions(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<StoredMention>, StorageError> {
        let state = self.state();
        Ok(state
            .seen(id, scope)
            .and_then(|kept| kept.row.mention.clone())
            .into_iter()
            .collect())
    }

    async fn events(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketEvent>, StorageError> {
        Ok(self
            .state()
            .seen(id, scope)
            .map(|kept| kept.events.clone())
            .unwrap_or_default())
    }

    async fn explanation(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<ExplainedDecision>, StorageError> {
        Ok(self
            .state()
            .seen(id, scope)
            .and_then(|kept| kept.row.explanation.clone()))
    }

    async fn apply(
        &self,
        change: Change,
        scope: &DepartmentScope,
    ) -> Result<Applied, StorageError> {
        let mut state = self.state();
        let Some(kept) = state.seen(change.ticket, scope) else {
            return Ok(Applied::NotFound);
        };
        let current = Box::new(kept.row.ticket.clone());
        if change
            .expected_version
            .is_some_and(|seen| seen != current.version)
        {
            return Ok(Applied::Conflict { current });
        }
        let facts = match decide(&current, &change.command, &change.actor, change.now) {
            Ok(facts) => facts,
            Err(Refusal::AlreadyClaimed(_)) => return Ok(Applied::Conflict { current }),
            Err(refusal) => return Ok(Applied::Refused(refusal)),
        };
        if facts.is_empty() {
            return Ok(Applied::Done {
                ticket: current,
                changed: false,
            });
        }
        let kept = state.tickets.get_mut(&change.ticket).unwrap();
        kept.change(Facts {
            at: change.now,
            actor: change.actor,
            facts,
        });
        Ok(Applied::Done {
            ticket: Box::new(kept.row.ticket.clone()),
            changed: true,
        })
    }

    async fn open_counts(&self) -> Result<Vec<(Slug, Priority, u64)>, StorageError> {
        let mut counts = BTreeMap::new();
        for kept in self
            .state()
            .tickets
            .values()
            .filter(|kept| kept.row.ticket.is_open())
        {
            let ticket = &kept.row.ticket;
            *counts
                .entry((ticket.department.clone(), ticket.priority))
                .or_default() += 1;
        }
        Ok(counts
            .into_iter()
            .map(|((department, priority), n)| (department, priority, n))
            .collect())
    }

    async fn counts(&self, scope: &DepartmentScope) -> Result<Vec<TicketCount>, StorageError> {
        let state = self.state();
        let tickets = state.tickets.values().map(|kept| &kept.row.ticket);
        let seen = tickets.filter(|ticket| scope.contains(&ticket.department));
        Ok(seen
            .map(|ticket| TicketCount {
                department: ticket.department.clone(),
                status: ticket.status,
                label: ticket.label,
                count: 1,
            })
            .collect())
    }
}

fn fits(query: &TicketQuery, ticket: &Ticket) -> bool {
    query
        .department
        .as_ref()
        .is_none_or(|department| *department == ticket.department)
        && query.label.is_none_or(|label| label == ticket.label)
        && query.status.is_none_or(|status| status == ticket.status)
        && query.sla.is_none_or(|sla| Some(sla) == ticket.sla_status())
        && query
            .assignee
            .as_ref()
            .is_none_or(|name| Some(name) == ticket.assignee.as_ref())
}

type Place = (Timestamp, TicketId);

fn place(sort: Sort, ticket: &Ticket) -> Place {
    cursor_place(&cursor(sort, ticket))
}

fn cursor(sort: Sort, ticket: &Ticket) -> Cursor {
    match sort {
        Sort::Created => Cursor::Created {
            created_at: ticket.created_at,
            id: ticket.id,
        },
        Sort::Deadline => Cursor::Deadline {
            deadline_at: ticket.deadline_at(),
            id: ticket.id,
        },
    }
}

fn cursor_place(cursor: &Cursor) -> Place {
    match *cursor {
        Cursor::Created { created_at, id } => (created_at, id),
        Cursor::Deadline { deadline_at, id } => (deadline_at.unwrap_or(Timestamp::MAX), id),
    }
}

#[async_trait]
impl DeadLetters for MemoryStore {
    async fn resolutions(
        &self,
        _: &str,
        ids: &[LetterId],
    ) -> Result<BTreeMap<LetterId, Resolution>, StorageError> {
        let state = self.state();
        let decided = state.resolutions.iter().filter(|(id, _)| ids.contains(id));
        Ok(decided
            .map(|(id, resolution)| (*id, resolution.clone()))
            .collect())
    }

    async fn resolve(
        &self,
        _: &str,
        id: LetterId,
        resolution: Resolution,
    ) -> Result<Resolved, StorageError> {
        let mut state = self.state();
        if let Some(earlier) = state.resolutions.get(&id) {
            return Ok(Resolved::Already(earlier.clone()));
        }
        state.resolutions.insert(id, resolution);
        Ok(Resolved::Recorded)
    }
}

#[async_trait]
impl Access for MemoryStore {
    async fn create_user(&self, _: User, _: &Actor, _: Timestamp) -> Result<bool, StorageError> {
        Ok(false)
    }

    async fn list_users(&self) -> Result<Vec<User>, StorageError> {
        Ok(vec![])
    }

    async fn create_token(
        &self,
        token: NewToken,
        _: &Actor,
        _: Timestamp,
    ) -> Result<bool, StorageError> {
        self.state().tokens.push(token);
        Ok(true)
    }

    async fn list_tokens(&self) -> Result<Vec<TokenInfo>, StorageError> {
        let info = |token: &NewToken| TokenInfo {
            name: token.name.clone(),
            role: token.role,
            departments: token.departments.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        Ok(self.state().tokens.iter().map(info).collect())
    }

    async fn revoke_token(&self, _: &str, _: &Actor, _: Timestamp) -> Result<bool, StorageError> {
        Ok(false)
    }

    async fn find_token(
        &self,
        secret: &str,
        _: Timestamp,
    ) -> Result<Option<Principal>, StorageError> {
        let state = self.state();
        let found = state.tokens.iter().find(|token| token.secret == secret);
        Ok(found.map(|token| Principal {
            name: token.name.clone(),
            role: token.role,
            departments: token.departments.clone(),
        }))
    }
}
