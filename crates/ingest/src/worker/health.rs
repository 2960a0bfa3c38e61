//! What the metrics say about sources: several may share a platform, and one series.

use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use switchboard_telemetry::{Counter, Gauge, Metrics, PlatformLabel};

/// All sources of the process.
pub(super) struct SourceHealth {
    metrics: Metrics,
    sources: Mutex<Vec<(PlatformLabel, bool)>>,
}

impl SourceHealth {
    /// Every source counts as up until it fails.
    pub(super) fn new(metrics: Metrics, platforms: impl Iterator<Item = PlatformLabel>) -> Self {
        let sources = Mutex::new(platforms.map(|platform| (platform, true)).collect());
        Self { metrics, sources }
    }

    pub(super) const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(super) fn succeeded(&self, source: usize, now: Timestamp) {
        if let Some(platform) = self.note(source, true) {
            let seconds = now.as_duration().as_secs_f64();
            self.metrics
                .set(Gauge::SourceLastSuccess { platform }, seconds);
        }
    }

    pub(super) fn failed(&self, source: usize) {
        if let Some(platform) = self.note(source, false) {
            self.metrics.add(Counter::SourceErrors { platform }, 1);
        }
    }

    fn note(&self, source: usize, up: bool) -> Option<PlatformLabel> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = sources.get_mut(source)?;
        entry.1 = up;
        let platform = entry.0;
        let all_up = sources.iter().all(|(other, up)| *other != platform || *up);
        self.metrics
            .set(Gauge::SourceUp { platform }, f64::from(u8::from(all_up)));
        Some(platform)
    }
}
