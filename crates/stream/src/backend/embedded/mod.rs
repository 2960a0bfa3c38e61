//! The log in one SQLite file: nothing to install, nothing acknowledged before fsync.
//!
//! | module | holds |
//! |---|---|
//! | `schema` | the file: its tables, settings and identity |
//! | `codec` | rows: records to one checked lz4 blob and back |
//! | `catalog` | topics and watermarks in memory |
//! | `writer` | the one thread that writes: group commit across callers and topics |
//! | `append` | the caller's half of an append: limits, partitions, compression |
//! | `reader` | read-only connections |
//! | `coordinator` | which member of a group reads which partition |
//! | `consumer` | one member |
//! | `retention` | what may go, in bounded steps |
//! | `disk` | whether there is room for more |

mod append;
mod catalog;
mod codec;
mod consumer;
mod coordinator;
mod disk;
mod failure;
mod groups;
mod reader;
mod retention;
mod schema;
mod writer;

pub use disk::{check_room, free_bytes};
pub use schema::{FILE_NAME, FORMAT, renew_incarnation};

use crate::log::{
    Consumer, Lag, Log, LogError, LogRecord, NewRecord, Position, Subscription, Watermarks,
};
use crate::topic::{TopicName, TopicSpec};
use append::QueueRoom;
use async_trait::async_trait;
use catalog::Catalog;
use coordinator::Coordinator;
use jiff::Timestamp;
use reader::ReaderPool;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use writer::Request;

/// How to open the log.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The folder `log.db` lies in; created when it is missing.
    pub dir: PathBuf,
    /// Random bytes that become the log's incarnation if the file is new.
    pub identity_seed: [u8; 16],
    /// The SQLite file system to use; `None` for the operating system's. Tests put a
    /// recording one here.
    pub vfs: Option<String>,
}

impl EmbeddedOptions {
    /// The log in `dir`, on the operating system's files.
    pub fn new(dir: impl Into<PathBuf>, identity_seed: [u8; 16]) -> Self {
        Self {
            dir: dir.into(),
            identity_seed,
            vfs: None,
        }
    }
}

/// The log in one file. Close it before the process ends; a process that dies instead
/// loses nothing that was acknowledged.
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the log, its writer and its consumers hold together.
pub(crate) struct Shared {
    incarnation: Arc<str>,
    path: String,
    catalog: Catalog,
    requests: mpsc::Sender<Request>,
    room: QueueRoom,
    readers: ReaderPool,
    coordinator: Coordinator,
    /// Counts commits: readers that wait for records wake up on every change.
    commits: watch::Sender<u64>,
}

impl EmbeddedLog {
    /// Opens or creates the log. Blocks on disk for a few milliseconds.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when the file is not a log of ours, [`LogError::Unavailable`]
    /// when it cannot be opened.
    pub fn open(options: &EmbeddedOptions) -> Result<Self, LogError> {
        let file = schema::open(options)?;
        let (requests, queue) = mpsc::channel(writer::QUEUE_REQUESTS);
        let (commits, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            incarnation: file.incarnation,
            readers: ReaderPool::new(file.path.clone(), options.vfs.clone()),
            path: file.path.display().to_string(),
            catalog: Catalog::load(&file.connection)
                .map_err(|error| failure::log_error(&file.path.display().to_string(), &error))?,
            requests,
            room: QueueRoom::new(),
            coordinator: Coordinator::new(),
            commits,
        });
        let thread = writer::start(file.connection, queue, &shared)?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Writes out what is queued, refuses everything later, and ends the writer thread.
    /// Calling it again does nothing.
    pub async fn close(&self) -> Result<(), LogError> {
        let thread = self.take_writer();
        let Some(thread) = thread else { return Ok(()) };
        // An error means that the thread has ended already.
        let _ = self.shared.requests.send(Request::Close).await;
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        self.shared.readers.close();
        // Whoever waits for records learns that none will come.
        self.shared.commits.send_modify(|commits| *commits += 1);
        match joined {
            Ok(Ok(())) => Ok(()),
            _ => Err(LogError::Unavailable {
                reason: "the log's writer thread panicked".into(),
            }),
        }
    }

    fn take_writer(&self) -> Option<JoinHandle<()>> {
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        // Without a runtime to wait on: the thread ends after what is queued.
        if let Some(thread) = self.take_writer()
            && self.shared.requests.try_send(Request::Close).is_ok()
        {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    fn incarnation(&self) -> Arc<str> {
        Arc::clone(&self.shared.incarnation)
    }

    async fn ensure_topics(&self, specs: &[TopicSpec]) -> Result<(), LogError> {
        let specs = specs.to_vec();
        self.shared
            .administer(move |connection, catalog| catalog.ensure(connection, &specs))
            .await?;
        // New partitions have to be dealt out.
        self.shared.coordinator.tell();
        Ok(())
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        self.shared.append(records).await
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Box<dyn Consumer>, LogError> {
        self.register_group(&subscription.group, &subscription.topics)
            .await?;
        Ok(Box::new(consumer::EmbeddedConsumer::join(
            Arc::clone(&self.shared),
            subscription,
        )))
    }

    async fn read(
        &self,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        self.shared
            .read(topic, partition, from, max_records, wait)
            .await
    }

    async fn offset_at(
        &self,
        topic: &TopicName,
        partition: u32,
        time: Timestamp,
    ) -> Result<u64, LogError> {
        let partition = self.shared.catalog.partition(topic, partition)?;
        self.shared.offset_at(&partition, time).await
    }

    async fn watermarks(&self, topic: &TopicName) -> Result<Vec<Watermarks>, LogError> {
        Ok(self.shared.catalog.topic(topic)?.watermarks())
    }

    async fn check_room(&self) -> Result<(), LogError> {
        let path = Path::new(&self.shared.path);
        check_room(path.parent().unwrap_or(path))
    }

    async fn backlog(&self, group: &str, topic: &TopicName) -> Result<u64, LogError> {
        self.shared.backlog(group, topic)
    }

    async fn lag(&self, group: &str, topic: &TopicName) -> Result<Lag, LogError> {
        Ok(Lag {
            records: self.shared.backlog(group, topic)?,
            oldest: self.shared.oldest_unread(group, topic).await?,
        })
    }

    async fn register_group(&self, group: &str, topics: &[TopicName]) -> Result<(), LogError> {
        Self::register_group(self, group, topics).await
    }

    async fn keep_groups(&self, prefix: &str, kept: &[String]) -> Result<(), LogError> {
        self.keep_groups_of(prefix, kept).await
    }

    async fn enforce_retention(&self, now: Timestamp) -> Result<u64, LogError> {
        Self::enforce_retention(self, now).await
    }

    async fn close(&self) -> Result<(), LogError> {
        Self::close(self).await
    }
}
