//! The rows of a transaction as `crate::effect` asks for them: answered from what was loaded
//! and what was written since, without a word to the server. What nobody has loaded is noted
//! and asked for; then the effect is worked out once more.

use super::failure::{Fault, internal};
use super::load;
use super::value::{Place, json, mention_hash, micros, thread_hash, to_column};
use super::work::Work;
use crate::effect::change::TICKET_EVENTS;
use crate::effect::{EventRow, Known, MentionPlace, Post, Rows};
use crate::row::Hash16;
use crate::{AuditEntry, StorageError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use switchboard_domain::intake::ThreadKey;
use switchboard_domain::sla::DueMilestone;
use switchboard_domain::ticket::{Ticket, TicketId};
use switchboard_domain::{ClassifiedMention, Mention, MentionKey, Slug};

/// How often an effect may ask for more rows: what it wants first names what it wants next,
/// and no chain of ours is longer than post, parent, thread, ticket, words.
const LOADS_MAX: usize = 16;

/// What one transaction has seen and what it will write.
#[derive(Default)]
pub(super) struct Workspace {
    pub(super) loaded: Loaded,
    pub(super) pending: Pending,
    wanted: Wanted,
}

/// Rows as they stood. `None` says that there is no such row.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) identities: HashMap<Hash16, Option<Known>>,
    pub(super) threads: HashMap<Hash16, Option<Holder>>,
    pub(super) tickets: HashMap<TicketId, Option<Ticket>>,
    pub(super) words: HashMap<MentionPlace, Option<ClassifiedMention>>,
    pub(super) words_of: HashMap<TicketId, Vec<ClassifiedMention>>,
    pub(super) first_words: HashMap<TicketId, Option<ClassifiedMention>>,
    pub(super) posts_of: HashMap<TicketId, Vec<Post>>,
    /// Numbers for new tickets.
    pub(super) ids: Vec<i64>,
}

/// Who holds a thread, and when its last post was written.
pub(super) type Holder = (TicketId, Timestamp);

/// Rows that an effect asked for in vain.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) identities: BTreeSet<Hash16>,
    pub(super) threads: BTreeSet<Hash16>,
    pub(super) tickets: BTreeSet<TicketId>,
    pub(super) words: BTreeSet<MentionPlace>,
    pub(super) words_of: BTreeSet<TicketId>,
    pub(super) first_words: BTreeSet<TicketId>,
    pub(super) posts_of: BTreeSet<TicketId>,
    pub(super) ids: usize,
}

/// Rows to write, sorted where order keeps transactions from waiting in a circle.
#[derive(Default)]
pub(super) struct Pending {
    /// As they will stand, with the version that stands now; `None` for new ones.
    pub(super) tickets: BTreeMap<TicketId, (Option<u64>, Ticket)>,
    pub(super) events: Vec<Event>,
    /// With the words as they are written: hardly ever does somebody ask for them again.
    pub(super) new_mentions: BTreeMap<MentionPlace, (MentionKey, String)>,
    pub(super) words: BTreeMap<MentionPlace, Option<ClassifiedMention>>,
    /// Posts that change tickets: from where, to where.
    pub(super) moved: Vec<(MentionPlace, MentionPlace)>,
    pub(super) identities: BTreeMap<Hash16, Known>,
    pub(super) threads: BTreeMap<Hash16, Option<Holder>>,
    /// Tickets that leave all their threads.
    pub(super) leaving: BTreeSet<TicketId>,
    pub(super) milestones: Vec<Milestone>,
    pub(super) outbox: Vec<Told>,
    pub(super) audit: Vec<AuditEntry>,
    /// By department, status, label and priority.
    pub(super) tallies: BTreeMap<(Slug, [&'static str; 3]), i64>,
    pub(super) ids_used: usize,
}

pub(super) struct Event {
    pub(super) ticket: TicketId,
    pub(super) version: i64,
    pub(super) department: String,
    pub(super) change: String,
    pub(super) decision: Option<String>,
}

pub(super) struct Milestone {
    pub(super) ticket: TicketId,
    pub(super) due: DueMilestone,
    pub(super) fired_at: i64,
}

/// A row of the outbox: a payload, or the version of the ticket whose event or opening it tells.
pub(super) struct Told {
    pub(super) topic: String,
    pub(super) key: String,
    pub(super) payload: Option<Vec<u8>>,
    pub(super) event: Option<(TicketId, i64)>,
    pub(super) at: i64,
}

impl Workspace {
    /// Works the effect out, loading what it asks for, until it asks for nothing more.
    pub(super) async fn work_out<T>(
        &mut self,
        work: &Work,
        effect: impl Fn(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, Fault> {
        for _ in 0..LOADS_MAX {
            self.pending = Pending::default();
            let outcome = effect(self);
            let wanted = std::mem::take(&mut self.wanted);
            if wanted.is_empty() {
                return Ok(outcome?);
            }
            load::load(work, wanted, &mut self.loaded).await?;
        }
        Err(internal("an effect asks for ever more rows").into())
    }

    /// Numbers that nobody needed.
    pub(super) fn unused_ids(&mut self) -> Vec<i64> {
        let used = self.pending.ids_used.min(self.loaded.ids.len());
        self.loaded.ids.split_off(used)
    }

    fn current_thread(&mut self, key: Hash16) -> Result<Option<Holder>, StorageError> {
        if let Some(holder) = self.pending.threads.get(&key) {
            return Ok(*holder);
        }
        let Some(holder) = self.loaded.threads.get(&key) else {
            self.wanted.threads.insert(key);
            return Err(not_loaded());
        };
        Ok(holder.filter(|(ticket, _)| !self.pending.leaving.contains(ticket)))
    }

    fn pending_words_of(&self, ticket: TicketId) -> bool {
        let of_ticket = |place: &MentionPlace| place.ticket == ticket;
        self.pending.words.keys().any(of_ticket) || self.pending.new_mentions.keys().any(of_ticket)
    }
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.identities.is_empty()
            && self.threads.is_empty()
            && self.tickets.is_empty()
            && self.words.is_empty()
            && self.words_of.is_empty()
            && self.first_words.is_empty()
            && self.posts_of.is_empty()
            && self.ids == 0
    }
}

/// By the version with which they joined, and within it by their order. One change brings
/// fewer posts than 65,536, and no ticket of ours sees 2^47 versions.
fn mention_id(ticket: &Ticket, index: usize) -> i64 {
    (to_column(ticket.version) << 16) | to_column(index as u64)
}

/// Never seen by a caller: what was noted as wanted is loaded first.
fn not_loaded() -> StorageError {
    internal("a row was not loaded")
}

impl Rows for Workspace {
    fn next_ticket_id(&mut self) -> Result<TicketId, StorageError> {
        let next = self.loaded.ids.get(self.pending.ids_used).copied();
        self.pending.ids_used += 1;
        Ok(TicketId(next.unwrap_or_else(|| {
            // Goes on under a number that stays here, to learn how many are needed.
            self.wanted.ids += 1;
            i64::MAX - to_column(self.wanted.ids as u64)
        })))
    }

    fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>, StorageError> {
        if let Some((_, ticket)) = self.pending.tickets.get(&id) {
            return Ok(Some(ticket.clone()));
        }
        self.loaded.tickets.get(&id).cloned().ok_or_else(|| {
            self.wanted.tickets.insert(id);
            not_loaded()
        })
    }

    fn insert_ticket(&mut self, ticket: &Ticket) -> Result<(), StorageError> {
        let row = (None, ticket.clone());
        self.pending.tickets.insert(ticket.id, row);
        Ok(())
    }

    fn update_ticket(&mut self, before: &Ticket, after: &Ticket) -> Result<(), StorageError> {
        let stands = match self.pending.tickets.get(&before.id) {
            Some((stands, _)) => *stands,
            None => Some(before.version),
        };
        let row = (stands, after.clone());
        self.pending.tickets.insert(after.id, row);
        Ok(())
    }

    fn tally(&mut self, before: Option<&Ticket>, after: &Ticket) {
        let steps = before.map(|ticket| (ticket, -1)).into_iter();
        for (ticket, step) in steps.chain([(after, 1)]) {
            let place = [
                ticket.status.as_str(),
                ticket.label.as_str(),
                ticket.priority.as_str(),
            ];
            let place = (ticket.department.clone(), place);
            *self.pending.tallies.entry(place).or_default() += step;
        }
    }

    fn append_event(&mut self, event: EventRow<'_>) -> Result<(), StorageError> {
        let ticket = event.ticket;
        let version = to_column(ticket.version);
        self.pending.events.push(Event {
            ticket: ticket.id,
            version,
            department: ticket.department.to_string(),
            change: event.change.to_owned(),
            decision: event.decision.map(str::to_owned),
        });
        self.pending.outbox.push(Told {
            topic: TICKET_EVENTS.to_owned(),
            key: ticket.id.to_string(),
            payload: None,
            event: Some((ticket.id, version)),
            at: micros(event.at),
        });
        Ok(())
    }

    fn record_milestone(
        &mut self,
        ticket: TicketId,
        due: &DueMilestone,
        fired_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.pending.milestones.push(Milestone {
            ticket,
            due: *due,
            fired_at: micros(fired_at),
        });
        Ok(())
    }

    fn outbox(
        &mut self,
        topic: &str,
        key: &str,
        payload: Vec<u8>,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.pending.outbox.push(Told {
            topic: topic.to_owned(),
            key: key.to_owned(),
            payload: Some(payload),
            event: None,
            at: micros(at),
        });
        Ok(())
    }

    /// Ticket and post stand in their tables: the record is put together when it is told.
    fn queue_new(
        &mut self,
        topic: &str,
        ticket: &Ticket,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.pending.outbox.push(Told {
            topic: topic.to_owned(),
            key: ticket.id.to_string(),
            payload: None,
            event: Some((ticket.id, to_column(ticket.version))),
            at: micros(at),
        });
        Ok(())
    }

    fn audit(&mut self, entry: AuditEntry) {
        self.pending.audit.push(entry);
    }

    fn identity(&mut self, key: &MentionKey) -> Result<Option<Known>, StorageError> {
        let key = mention_hash(key);
        if let Some(known) = self.pending.identities.get(&key) {
            return Ok(Some(known.clone()));
        }
        self.loaded.identities.get(&key).cloned().ok_or_else(|| {
            self.wanted.identities.insert(key);
            not_loaded()
        })
    }

    fn store_identity(&mut self, key: &MentionKey, known: &Known) -> Result<(), StorageError> {
        self.pending
            .identities
            .insert(mention_hash(key), known.clone());
        Ok(())
    }

    fn insert_mention(
        &mut self,
        ticket: &Ticket,
        mention: &Mention,
        content: &str,
    ) -> Result<i64, StorageError> {
        // The change that made it join has a version of its own.
        let id = mention_id(ticket, 0);
        let place = MentionPlace {
            ticket: ticket.id,
            id,
        };
        let row = (mention.key(), content.to_owned());
        self.pending.new_mentions.insert(place, row);
        Ok(id)
    }

    fn words(&mut self, place: MentionPlace) -> Result<Option<ClassifiedMention>, StorageError> {
        if let Some(words) = self.pending.words.get(&place) {
            return Ok(words.clone());
        }
        if let Some((_, words)) = self.pending.new_mentions.get(&place) {
            return Place::new("mention", "content", &place.ticket).json(words);
        }
        self.loaded.words.get(&place).cloned().ok_or_else(|| {
            self.wanted.words.insert(place);
            not_loaded()
        })
    }

    fn set_words(
        &mut self,
        place: MentionPlace,
        content: Option<&ClassifiedMention>,
    ) -> Result<(), StorageError> {
        self.pending.words.insert(place, content.cloned());
        Ok(())
    }

    fn look_up(&mut self, posts: &[MentionKey], threads: &[ThreadKey]) -> Result<(), StorageError> {
        let posts = posts.iter().map(mention_hash);
        let posts = posts.filter(|key| !self.loaded.identities.contains_key(key));
        self.wanted.identities.extend(posts);
        for key in threads {
            let key = thread_hash(key)?;
            if !self.loaded.threads.contains_key(&key) {
                self.wanted.threads.insert(key);
            }
        }
        if self.wanted.is_empty() {
            Ok(())
        } else {
            Err(not_loaded())
        }
    }

    fn posts_of(&mut self, ticket: TicketId) -> Result<Vec<Post>, StorageError> {
        self.loaded.posts_of.get(&ticket).cloned().ok_or_else(|| {
            self.wanted.posts_of.insert(ticket);
            not_loaded()
        })
    }

    fn move_post(
        &mut self,
        from: MentionPlace,
        to: &Ticket,
        index: usize,
    ) -> Result<i64, StorageError> {
        let id = mention_id(to, index);
        let to = MentionPlace { ticket: to.id, id };
        self.pending.moved.push((from, to));
        Ok(id)
    }

    fn words_of(&mut self, ticket: TicketId) -> Result<Vec<ClassifiedMention>, StorageError> {
        if self.pending_words_of(ticket) {
            return Err(internal("words were written before all were asked for"));
        }
        self.loaded.words_of.get(&ticket).cloned().ok_or_else(|| {
            self.wanted.words_of.insert(ticket);
            not_loaded()
        })
    }

    fn first_words(&mut self, ticket: TicketId) -> Result<Option<ClassifiedMention>, StorageError> {
        self.loaded
            .first_words
            .get(&ticket)
            .cloned()
            .ok_or_else(|| {
                self.wanted.first_words.insert(ticket);
                not_loaded()
            })
    }

    fn thread(&mut self, key: &ThreadKey) -> Result<Option<Holder>, StorageError> {
        self.current_thread(thread_hash(key)?)
    }

    fn hold_thread(
        &mut self,
        key: &ThreadKey,
        ticket: TicketId,
        posted_at: Timestamp,
    ) -> Result<(), StorageError> {
        let key = thread_hash(key)?;
        let holder = match self.current_thread(key)? {
            None => (ticket, posted_at),
            Some((holder, last_at)) if holder == ticket => (ticket, last_at.max(posted_at)),
            Some(_) => return Ok(()),
        };
        self.pending.threads.insert(key, Some(holder));
        Ok(())
    }

    fn free_thread(&mut self, key: &ThreadKey) -> Result<(), StorageError> {
        self.pending.threads.insert(thread_hash(key)?, None);
        Ok(())
    }

    fn free_threads_of(&mut self, ticket: TicketId) -> Result<(), StorageError> {
        self.pending.leaving.insert(ticket);
        for holder in self.pending.threads.values_mut() {
            if holder.is_some_and(|(holder, _)| holder == ticket) {
                *holder = None;
            }
        }
        Ok(())
    }
}

impl Pending {
    /// The words of a new post as they will stand: an edit in the same transaction counts.
    pub(super) fn settle_words(&mut self) -> Result<Vec<NewMention>, StorageError> {
        let words = &mut self.words;
        std::mem::take(&mut self.new_mentions)
            .into_iter()
            .map(|(place, (key, content))| {
                let content = match words.remove(&place) {
                    Some(later) => later.as_ref().map(json).transpose()?,
                    None => Some(content),
                };
                Ok(NewMention {
                    place,
                    key,
                    content,
                })
            })
            .collect()
    }
}

/// A post to insert.
pub(super) struct NewMention {
    pub(super) place: MentionPlace,
    pub(super) key: MentionKey,
    pub(super) content: Option<String>,
}
