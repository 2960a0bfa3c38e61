//! A broker with a listener for each way in.

use super::guard::{Door, Guard};
use super::{Kafka, jars};
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::LazyLock;

/// One broker that knows [`super::USER`].
pub struct GuardedKafka {
    kafka: Kafka,
    guard: Guard,
}

impl GuardedKafka {
    /// This test binary's: started at the first call, ended with the process.
    ///
    /// # Panics
    /// When Kafka cannot be had; the message says what is missing.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Result<GuardedKafka, String>> =
            LazyLock::new(|| GuardedKafka::start().map_err(|error| format!("{error:#}")));
        match &*SHARED {
            Ok(broker) => broker,
            #[expect(clippy::panic, reason = "a test that cannot have its broker fails")]
            Err(reason) => panic!("{reason}"),
        }
    }

    fn start() -> Result<Self> {
        let kafka = Kafka::run(1, true, true)?;
        let guard = kafka.guard.clone().context("a broker without a guard")?;
        Guard::introduce(&jars::class_path()?, &kafka.bootstrap)?;
        Ok(Self { kafka, guard })
    }

    /// `host:port` of that way in.
    pub fn address(&self, door: Door) -> String {
        match door {
            Door::Open => self.kafka.bootstrap(),
            door => self.guard.address(door),
        }
    }

    /// The folder with `authority.pem`, `stranger.pem` (another authority, which signed
    /// nothing), `client.pem` and `client.key`.
    pub fn certificates(&self) -> &Path {
        self.guard.dir()
    }
}
