//! Classified mentions → tickets.

use super::failure::Fault;
use super::load;
use super::value::{mention_hash, thread_hash};
use super::work::{Isolation, Work};
use super::workspace::{Loaded, Workspace};
use super::{PostgresStore, retried};
use crate::effect::Purpose;
use crate::effect::intake::{self, Prepared};
use crate::row::Hash16;
use crate::{Intake, IntakeBatch, StorageError, TakenIn};
use async_trait::async_trait;
use futures::try_join;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use switchboard_domain::intake::{Incoming, ThreadKeys};
use switchboard_domain::{OffsetMove, Op};

/// Mentions of one transaction: people lock the one ticket they change and wait for nothing
/// else, so it may take some tens of milliseconds. What a transaction costs by itself (its
/// statements, its fsync, the router's waiting for it) hardly counts any more over so many.
const BATCH_MENTIONS: usize = 256;

#[async_trait]
impl Intake for PostgresStore {
    fn batch_max(&self) -> usize {
        BATCH_MENTIONS
    }

    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<TakenIn>, StorageError> {
        let prepared = Prepared::of(&batch.items)?;
        retried(|| self.try_take_in(&batch, &prepared)).await
    }

    async fn set_aside(
        &self,
        key: String,
        letter: Vec<u8>,
        offset: OffsetMove,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let work = self
            .write(Purpose::Intake, Isolation::ReadCommitted)
            .await?;
        let outcome = async {
            work.move_offset(&offset).await?;
            work.outbox("dead.letter", &key, &letter, now).await
        }
        .await;
        Ok(work.settle(outcome).await?)
    }
}

impl PostgresStore {
    async fn try_take_in(
        &self,
        batch: &IntakeBatch,
        prepared: &[Prepared],
    ) -> Result<Vec<TakenIn>, Fault> {
        let mut work = Work::connect(Arc::clone(&self.parts), Purpose::Intake).await?;
        let mut workspace = Workspace::default();
        let outcome = take_in(&mut work, &mut workspace, (batch, prepared)).await;
        let settled = work.settle(outcome).await;
        if settled.is_ok() {
            self.parts.keep_spare_ids(workspace.unused_ids());
        }
        settled
    }
}

async fn take_in(
    work: &mut Work,
    workspace: &mut Workspace,
    (batch, prepared): (&IntakeBatch, &[Prepared]),
) -> Result<Vec<TakenIn>, Fault> {
    let asked = Asked::of(&batch.items, prepared)?;
    let loaded = &mut workspace.loaded;
    // One journey to the server for what needs no answer of the others.
    try_join!(
        work.open(Isolation::RepeatableRead),
        work.move_offset(&batch.offset),
        load::identities(work, &asked.identities, &mut loaded.identities),
        load::threads(work, &asked.threads, &mut loaded.threads),
    )?;
    asked.load(work, loaded).await?;
    let taken = workspace
        .work_out(work, |rows| intake::take_in(rows, batch, prepared))
        .await?;
    workspace.flush(work).await?;
    Ok(taken)
}

/// What the batch will ask for, as far as it can be told beforehand.
struct Asked {
    identities: BTreeSet<Hash16>,
    threads: BTreeSet<Hash16>,
    posts: Vec<Post>,
}

/// One post's keys.
struct Post {
    identity: Hash16,
    parent: Option<Hash16>,
    threads: Vec<Hash16>,
    is_upsert: bool,
}

impl Asked {
    fn of(items: &[Incoming], prepared: &[Prepared]) -> Result<Self, StorageError> {
        let posts = items.iter().zip(prepared);
        let posts: Vec<Post> = posts
            .map(|(item, prepared)| Post::of(item, &prepared.threads))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            identities: posts
                .iter()
                .flat_map(|post| std::iter::once(post.identity).chain(post.parent))
                .collect(),
            threads: posts
                .iter()
                .flat_map(|post| post.threads.iter().copied())
                .collect(),
            posts,
        })
    }

    /// The tickets that identities and threads name, and numbers for the new ones.
    async fn load(&self, work: &Work, loaded: &mut Loaded) -> Result<(), Fault> {
        let of_posts = loaded
            .identities
            .values()
            .flatten()
            .filter_map(|known| known.state.ticket);
        let of_threads = loaded.threads.values().flatten().map(|(ticket, _)| *ticket);
        let tickets: BTreeSet<_> = of_posts.chain(of_threads).collect();
        if !tickets.is_empty() {
            load::tickets(work, &tickets, loaded).await?;
        }
        let new = self.likely_new(loaded);
        if new > 0 {
            load::draw_ids(work, new, loaded).await?;
        }
        Ok(())
    }

    /// How many tickets this opens: exact but for parents and windows, and then the effect
    /// asks for more or leaves some over.
    fn likely_new(&self, loaded: &Loaded) -> usize {
        let mut joined: BTreeSet<Hash16> = BTreeSet::new();
        let mut new = 0;
        for post in self.posts.iter().filter(|post| post.is_upsert) {
            let is_known = matches!(loaded.identities.get(&post.identity), Some(Some(_)));
            let joins = post.threads.iter().any(|thread| {
                joined.contains(thread) || matches!(loaded.threads.get(thread), Some(Some(_)))
            });
            let again = !joined.insert(post.identity);
            joined.extend(&post.threads);
            new += usize::from(!(is_known || joins || again));
        }
        new
    }
}

impl Post {
    fn of(item: &Incoming, keys: &ThreadKeys) -> Result<Self, StorageError> {
        let mention = &item.classified.mention;
        let threads = keys.conversation.iter().chain(&keys.windowed);
        Ok(Self {
            identity: mention_hash(&mention.key()),
            parent: keys.parent.as_ref().map(mention_hash),
            threads: threads.map(thread_hash).collect::<Result<_, _>>()?,
            is_upsert: mention.op == Op::Upsert,
        })
    }
}
