//! A real Apache Kafka for tests: started on free ports, stopped by whoever started it.
//!
//! | module | holds |
//! |---|---|
//! | [`guard`] | what a broker asks for before it talks: TLS, a certificate, a password, a token |
//! | [`jars`] | the broker's jars, brought by Maven once into `target/kafka` |
//! | [`node`] | one broker: its settings, its process |
//!
//! Java 17 and Maven have to be there (Debian: `openjdk-17-jre-headless maven`).
//! `KAFKA_BOOTSTRAP=host:port` uses a cluster that runs already; `SWITCHBOARD_SKIP_KAFKA=1`
//! leaves out what needs one, aloud.

mod guard;
mod guarded;
mod jars;
mod node;

pub use guard::{Door, PASSWORD, USER, token};
pub use guarded::GuardedKafka;

use anyhow::{Context, Result, ensure};
use guard::Guard;
use node::{Cluster, Node};
use std::net::TcpListener;
use std::sync::{LazyLock, Mutex, PoisonError};
use tempfile::TempDir;

/// A cluster of combined nodes (broker and controller in one process each).
pub struct Kafka {
    nodes: Mutex<Vec<Node>>,
    bootstrap: String,
    guard: Option<Guard>,
    _dir: Option<TempDir>,
}

/// Whether the tests that need Kafka are to be left out. Says so, if they are.
pub fn is_skipped() -> bool {
    let skipped = std::env::var_os("SWITCHBOARD_SKIP_KAFKA").is_some_and(|value| value == "1");
    if skipped {
        #[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
        {
            eprintln!("SKIPPED: it needs Apache Kafka, and SWITCHBOARD_SKIP_KAFKA=1 is set");
        }
    }
    skipped
}

/// The bootstrap address of this test binary's cluster: one broker, started at the first
/// call. It ends with the process, however that ends.
///
/// # Panics
/// When Kafka cannot be had; the message says what is missing.
pub fn bootstrap() -> String {
    static SHARED: LazyLock<Result<Kafka, String>> =
        LazyLock::new(|| Kafka::existing_or_started().map_err(|error| format!("{error:#}")));
    match &*SHARED {
        Ok(kafka) => kafka.bootstrap(),
        #[expect(clippy::panic, reason = "a test that cannot have its broker fails")]
        Err(reason) => panic!("{reason}"),
    }
}

impl Kafka {
    fn existing_or_started() -> Result<Self> {
        match std::env::var_os("KAFKA_BOOTSTRAP") {
            None => Self::run(1, true, false),
            Some(bootstrap) => Ok(Self {
                nodes: Mutex::default(),
                bootstrap: bootstrap.to_string_lossy().into_owned(),
                guard: None,
                _dir: None,
            }),
        }
    }

    /// A new cluster of so many nodes with nothing in it. Dropping it ends it.
    ///
    /// # Errors
    /// When Java, Maven or the jars are missing, or a broker does not start; says which.
    pub fn start(count: usize) -> Result<Self> {
        Self::run(count, false, false)
    }

    fn run(count: usize, is_fleeting: bool, is_guarded: bool) -> Result<Self> {
        let class_path = jars::class_path()?;
        let dir = tempfile::tempdir().context("cannot make a folder for Kafka's data")?;
        let doors = if is_guarded { guard::DOOR_COUNT } else { 0 };
        let ports = free_ports(count * 2 + doors)?;
        let (brokers, rest) = ports.split_at(count);
        let (controllers, doors) = rest.split_at(count);
        let guard = is_guarded.then(|| Guard::new(dir.path(), doors));
        let guard = guard.transpose()?;
        let cluster = Cluster {
            // No two clusters are taken for one.
            id: format!("c3dpdGNoYm9hcm{:07x}A", rand::random::<u32>() >> 4),
            class_path,
            dir: dir.path().to_owned(),
            controllers: controllers.to_vec(),
            brokers: brokers.to_vec(),
            is_fleeting,
            guard: guard.clone(),
        };
        let mut nodes = Vec::with_capacity(count);
        for index in 0..count {
            nodes.push(Node::start(&cluster, index)?);
        }
        for node in &nodes {
            node.wait_until_ready()?;
        }
        let addresses = brokers.iter().map(|port| format!("127.0.0.1:{port}"));
        Ok(Self {
            nodes: Mutex::new(nodes),
            bootstrap: addresses.collect::<Vec<_>>().join(","),
            guard,
            _dir: Some(dir),
        })
    }

    /// `host:port`, separated by commas.
    pub fn bootstrap(&self) -> String {
        self.bootstrap.clone()
    }

    /// Kills a node on the spot; its data stay.
    pub fn kill(&self, index: usize) {
        self.lock()[index].kill();
    }

    /// Starts a node that was killed, on its data and its port, and waits for it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&self, index: usize) -> Result<()> {
        let mut nodes = self.lock();
        ensure!(!nodes[index].is_running(), "node {index} runs already");
        nodes[index].run()?;
        nodes[index].wait_until_ready()
    }

    /// Starts all that were killed, together: a majority has to be up before any is ready.
    ///
    /// # Errors
    /// When one does not start.
    pub fn restart_all(&self) -> Result<()> {
        let mut nodes = self.lock();
        for node in nodes.iter_mut().filter(|node| !node.is_running()) {
            node.run()?;
        }
        nodes.iter().try_for_each(Node::wait_until_ready)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ports nobody has now. Held all at once, so that they differ.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners: Result<Vec<_>, _> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect();
    let listeners = listeners.context("cannot find free ports for Kafka")?;
    let ports: Result<Vec<_>, _> = listeners
        .iter()
        .map(|listener| listener.local_addr().map(|address| address.port()))
        .collect();
    ports.context("cannot find free ports for Kafka")
}
