//! What the company's own records say of an author: asked before routing, remembered for a
//! while, and never waited for long. Who cannot be asked is a stranger.

use async_trait::async_trait;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_domain::author::{AuthorKey, LookedUp};
use switchboard_domain::mention::Author;
use switchboard_domain::routing::AuthorTier;
use switchboard_domain::{ClassifiedMention, Clock, Op, Slug};
use switchboard_telemetry::{Counter, LookupOutcome, Metrics};

/// Authors remembered: a busy day's, at some hundred bytes each.
const REMEMBERED_MAX: usize = 10_000;

/// After a failure nobody is asked for so long: records that are down cost one wait, not one
/// per batch.
const PAUSE_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(10);

/// The longest name of a customer that is kept; more is cut.
const CUSTOMER_CHARACTERS_MAX: usize = 100;

/// The company's records of its customers.
#[async_trait]
pub trait Directory: Send + Sync {
    /// What they say of that author; an error in words, without who was asked for.
    async fn ask(&self, author: &Asked) -> Result<Told, String>;
}

/// Whom the records are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where the author writes.
    pub platform: Slug,
    /// The instance or page, where ids are not global.
    pub id_scope: String,
    /// Id, handle and name there.
    pub author: Author,
}

/// What the records say; nothing of a stranger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The author's tier.
    pub tier: Option<AuthorTier>,
    /// The number under which the company knows them.
    pub customer: Option<String>,
}

/// Asks the records.
pub struct Enricher {
    directory: Arc<dyn Directory>,
    timeout: Duration,
    cache_for: SignedDuration,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    told: HashMap<AuthorKey, LookedUp>,
    /// The oldest first.
    order: VecDeque<AuthorKey>,
    silent_until: Option<Timestamp>,
}

impl Enricher {
    /// `timeout` is for all questions of a batch together; an answer is remembered for
    /// `cache_for`.
    pub fn new(
        directory: Arc<dyn Directory>,
        (timeout, cache_for): (Duration, SignedDuration),
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        Self {
            directory,
            timeout,
            cache_for,
            clock,
            metrics,
            memory: Mutex::default(),
        }
    }

    /// What is known of the author of each post, in their order.
    pub(crate) async fn look_up(&self, posts: &[ClassifiedMention]) -> Vec<Option<LookedUp>> {
        let keys: Vec<Option<AuthorKey>> = posts.iter().map(key).collect();
        self.ask_about(&keys, posts).await;
        let now = self.clock.now();
        let memory = self.memory();
        let known = keys
            .iter()
            .map(|key| memory.get(key.as_ref()?, self.cache_for, now));
        known.collect()
    }

    /// Asks about everybody whom nobody remembers, all at once.
    async fn ask_about(&self, keys: &[Option<AuthorKey>], posts: &[ClassifiedMention]) {
        let now = self.clock.now();
        let mut fresh: HashMap<&AuthorKey, Asked> = HashMap::new();
        for (key, post) in keys.iter().zip(posts) {
            let Some(key) = key else { continue };
            if self.memory().get(key, self.cache_for, now).is_some() {
                self.count(LookupOutcome::Remembered);
            } else {
                fresh.entry(key).or_insert_with(|| asked(post));
            }
        }
        if fresh.is_empty() {
            return;
        }
        if self.memory().silent_until.is_some_and(|until| now < until) {
            let skipped = LookupOutcome::Skipped;
            let counter = Counter::AuthorLookups { outcome: skipped };
            self.metrics.add(counter, fresh.len() as u64);
            return;
        }
        let questions = fresh.into_iter().map(|(key, asked)| self.ask(key, asked));
        join_all(questions).await;
    }

    async fn ask(&self, key: &AuthorKey, asked: Asked) {
        let answer = tokio::time::timeout(self.timeout, self.directory.ask(&asked)).await;
        let at = self.clock.now();
        match answer {
            Ok(Ok(told)) => {
                let found = told != Told::default();
                self.memory().keep(key.clone(), remembered(told, at));
                self.count(if found {
                    LookupOutcome::Found
                } else {
                    LookupOutcome::Unknown
                });
            }
            Ok(Err(reason)) => {
                tracing::warn!(reason, "the author look-up failed");
                self.fell_silent(LookupOutcome::Failed, at);
            }
            Err(_elapsed) => self.fell_silent(LookupOutcome::TimedOut, at),
        }
    }

    fn fell_silent(&self, outcome: LookupOutcome, at: Timestamp) {
        self.count(outcome);
        let until = at.saturating_add(PAUSE_AFTER_FAILURE);
        self.memory().silent_until = until.ok();
    }

    fn count(&self, outcome: LookupOutcome) {
        self.metrics.add(Counter::AuthorLookups { outcome }, 1);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn get(&self, key: &AuthorKey, cache_for: SignedDuration, now: Timestamp) -> Option<LookedUp> {
        let told = self.told.get(key)?;
        (now.duration_since(told.at) < cache_for).then(|| told.clone())
    }

    fn keep(&mut self, key: AuthorKey, told: LookedUp) {
        if self.told.insert(key.clone(), told).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.told.remove(&oldest);
        }
    }
}

/// History and deletions need no look-up, and who has no id cannot be asked about.
fn key(post: &ClassifiedMention) -> Option<AuthorKey> {
    let mention = &post.mention;
    if mention.op == Op::Delete || mention.backfill {
        return None;
    }
    AuthorKey::new(&mention.platform, &mention.id_scope, &mention.author.id)
}

fn asked(post: &ClassifiedMention) -> Asked {
    Asked {
        platform: post.mention.platform.clone(),
        id_scope: post.mention.id_scope.clone(),
        author: post.mention.author.clone(),
    }
}

fn remembered(told: Told, at: Timestamp) -> LookedUp {
    let customer = told.customer.map(|name| {
        let kept = name.chars().take(CUSTOMER_CHARACTERS_MAX);
        kept.collect::<String>()
    });
    LookedUp {
        tier: told.tier,
        customer: customer.filter(|name| !name.is_empty()),
        at,
    }
}
