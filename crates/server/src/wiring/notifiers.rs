//! One stage per channel that people are told through.

use super::Parts;
use super::stages::Reading;
use crate::config::{Config, Environment};
use crate::exit::Failure;
use crate::secrets::read_file;
use anyhow::Result;
use std::sync::{Arc, Mutex};
use switchboard_alert::notify::guard::SystemLookup;
use switchboard_alert::notify::{
    Notifier, NotifierConfig, NotifyStage, RuntimePause, runner_options,
};
use switchboard_stream::log::OffsetHome;
use switchboard_stream::topic::NOTIFICATION_REQUESTED;

/// A notifier with its secrets in hand.
///
/// # Errors
/// A usage failure when one is not to be had, or is none.
pub(crate) fn open_notifier(
    config: &NotifierConfig,
    environment: &Environment,
) -> Result<Notifier> {
    let opened = config.open(environment, read_file);
    Ok(opened.map_err(|error| Failure::Usage(error.to_string()))?)
}

/// What links to the page begin with.
pub(crate) fn page_base(config: &Config) -> String {
    let listen = || format!("http://{}", config.server.listen);
    let public = config.inbox.public_url.as_ref();
    public.map_or_else(listen, ToString::to_string)
}

impl Parts {
    /// Each reads the requests as a group of its own: a dead channel holds up nobody else.
    pub(super) fn notifiers(&self) -> Result<Vec<Reading>> {
        let configured = self.config.alert.notifiers.iter();
        configured.map(|notifier| self.notifier(notifier)).collect()
    }

    fn notifier(&self, config: &NotifierConfig) -> Result<Reading> {
        let notifier = open_notifier(config, self.config.secrets.environment())?;
        let client = notifier.client(Arc::new(SystemLookup), Arc::clone(&self.clock));
        let stage = NotifyStage {
            notifier: Arc::new(notifier),
            delivery: Arc::new(client),
            incidents: Arc::clone(&self.store.incidents),
            tickets: Arc::clone(&self.store.tickets),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            pause: Arc::new(RuntimePause),
            metrics: self.metrics.clone(),
            page_base: Some(page_base(&self.config)),
            state: Mutex::default(),
        };
        Ok(Reading {
            stage: Arc::new(stage),
            group: Notifier::group(&config.name),
            topics: vec![NOTIFICATION_REQUESTED],
            offsets: OffsetHome::Log,
            options: runner_options(crate::VERSION),
        })
    }
}
