//! SIGHUP: departments, routing table, policies, calendars and states, and the classifier with
//! what it has learned, are read again and replace the old ones at once; what is wrong is told,
//! and the old ones stay.
//!
//! Everything else of the file needs a start: sources, notifiers, listeners, log and store.

use super::classifier::{check_topics, next_classifier};
use super::open::ensure_topics;
use super::{Parts, with_past};
use crate::config::{Config, Environment};
use anyhow::{Result, ensure};
use std::path::PathBuf;
use switchboard_domain::Slug;
use switchboard_telemetry::Gauge;
use tokio::signal::unix::{SignalKind, signal};

/// Where the configuration is read from again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Again {
    /// The file; without one the built-in default holds for ever.
    pub(crate) file: Option<PathBuf>,
    /// As it was at the start: a process cannot be given another one.
    pub(crate) environment: Environment,
}

impl Parts {
    /// Listens for the signal until the process ends.
    ///
    /// # Errors
    /// When the signal cannot be listened for.
    pub(crate) fn reload_on_signal(&self, again: Again) -> Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let parts = self.clone();
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("reload", async move {
            while let Some(Some(())) = stop.run_until_cancelled(hangup.recv()).await {
                let reloaded = parts.reload(&again).await;
                let successful = if reloaded.is_ok() { 1.0 } else { 0.0 };
                parts
                    .metrics
                    .set(Gauge::ConfigLastReloadSuccessful, successful);
                if let Err(error) = reloaded {
                    tracing::error!(%error, "the new configuration is refused; the old one stays");
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn reload(&self, again: &Again) -> Result<()> {
        let config = Config::load(again.file.as_deref(), &again.environment)?;
        check_topics(&config)?;
        self.require_notifiers(&config)?;
        let classifier = next_classifier(&config, &self.config.server.data_dir)?;
        let route = &config.route;
        ensure_topics(&*self.log, &self.config, route).await?;
        let names: Vec<&str> = route.slugs().map(Slug::as_str).collect();
        self.metrics.register_departments(&names);
        let route = &with_past(route, &self.store).await?;
        let before = self.ownership.route.get();
        self.ownership.set(route);
        let model = classifier.model().version().to_owned();
        self.classifier.set(classifier);
        tracing::info!(
            table_before = before.table.version(),
            table = route.table.version(),
            promises_before = before.book.version(),
            promises = route.book.version(),
            departments = names.len(),
            model,
            "departments, routing table, promises and the classifier were read again"
        );
        Ok(())
    }

    /// An escalation that names a notifier which does not run would call nobody.
    fn require_notifiers(&self, config: &Config) -> Result<()> {
        let running = &self.config.alert.notifiers;
        for new in &config.alert.notifiers {
            ensure!(
                running.iter().any(|one| one.name == new.name),
                "the notifier `{}` is new: it needs a restart",
                new.name
            );
        }
        Ok(())
    }
}
