//! The registry: one handle that every part of the process clones.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

use crate::counter::{Counter, CounterFamily};
use crate::department::{DepartmentLabel, Names};
use crate::family::Description;
use crate::gauge::{Gauge, GaugeFamily};
use crate::histogram::{Histogram, HistogramFamily};
use crate::label::{
    ChannelLabel, ClassLabel, ClockLabel, LookupOutcome, NotifyOutcome, Outcome, PriorityLabel,
    Stage,
};
use crate::opinion::{AdviserLabel, OpinionOutcome};

/// The registry could not be built; a start ends here.
#[derive(Debug, thiserror::Error)]
#[error("cannot register the metrics: {0}")]
pub struct TelemetryError(#[from] prometheus::Error);

/// Every series of the process. A clone is cheap and shares the values.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    counters: Vec<IntCounterVec>,
    gauges: Vec<GaugeVec>,
    histograms: Vec<HistogramVec>,
    names: RwLock<Names>,
}

impl Metrics {
    /// A registry of its own, with `build_info` set and what alerts look at at 0, so that the
    /// first increase is visible to `rate()`.
    pub fn new(version: &str) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let inner = Inner {
            counters: register_counters(&registry)?,
            gauges: register_gauges(&registry)?,
            histograms: register_histograms(&registry)?,
            registry,
            names: RwLock::new(Names::new(version)),
        };
        let metrics = Self {
            inner: Arc::new(inner),
        };
        metrics.start_at_zero();
        metrics.set(Gauge::BuildInfo, 1.0);
        Ok(metrics)
    }

    /// Adds [`PROCESS_SERIES`](crate::PROCESS_SERIES), which are read at each exposition; once
    /// per registry. Only Linux tells them.
    ///
    /// # Errors
    /// When it is done twice.
    pub fn watch_process(&self) -> Result<(), TelemetryError> {
        #[cfg(target_os = "linux")]
        self.inner.registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        Ok(())
    }

    /// Gives these departments series of their own, the first
    /// [`DEPARTMENTS_MAX`](crate::DEPARTMENTS_MAX) of all calls together. Their counters begin
    /// at 0.
    pub fn register_departments(&self, departments: &[&str]) {
        let mut names = self
            .inner
            .names
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = departments
            .iter()
            .filter_map(|department| names.register(department))
            .collect();
        drop(names);
        for department in new {
            self.start_department_at_zero(department);
        }
    }

    /// The label of a department; an unregistered name is "other".
    pub fn department(&self, name: &str) -> DepartmentLabel {
        self.names().find(name)
    }

    /// Adds to a counter. Count a batch once, not each item.
    pub fn add(&self, counter: Counter, amount: u64) {
        self.with_counter(counter, |series| series.inc_by(amount));
    }

    /// Sets a gauge, in the base unit its name ends in.
    pub fn set(&self, gauge: Gauge, value: f64) {
        self.with_gauge(gauge, |series| series.set(value));
    }

    /// Records a duration in seconds. A negative one (clocks differ, posts are dated ahead)
    /// counts as 0; one that is not a number is left out.
    pub fn observe(&self, histogram: Histogram, seconds: f64) {
        if !seconds.is_nan() {
            self.with_histogram(histogram, |series| series.observe(seconds.max(0.0)));
        }
    }

    /// Replaces all of `tickets_open`: combinations that are not listed become 0, and
    /// departments that share the label "other" are summed.
    pub fn set_tickets_open(&self, open: &[(&str, PriorityLabel, u64)]) {
        let mut sums: HashMap<(DepartmentLabel, PriorityLabel), f64> = HashMap::new();
        for (department, priority, count) in open {
            *sums
                .entry((self.department(department), *priority))
                .or_default() += as_f64(*count);
        }
        let departments = self.names().department_labels();
        for department in departments {
            for priority in PriorityLabel::ALL.iter().copied() {
                let count = sums
                    .get(&(department, priority))
                    .copied()
                    .unwrap_or_default();
                self.set(
                    Gauge::TicketsOpen {
                        department,
                        priority,
                    },
                    count,
                );
            }
        }
    }

    /// Everything in the Prometheus text format 0.0.4, families in order of name.
    pub fn expose(&self) -> String {
        let families = self.inner.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_else(|error| {
                tracing::error!(%error, "metrics could not be written out");
                String::new()
            })
    }

    /// The present value of a counter.
    pub fn counter_value(&self, counter: Counter) -> u64 {
        self.with_counter(counter, prometheus::IntCounter::get)
            .unwrap_or_default()
    }

    /// The present value of a gauge.
    pub fn gauge_value(&self, gauge: Gauge) -> f64 {
        self.with_gauge(gauge, prometheus::Gauge::get)
            .unwrap_or_default()
    }

    /// How many durations were recorded.
    pub fn histogram_count(&self, histogram: Histogram) -> u64 {
        self.with_histogram(histogram, prometheus::Histogram::get_sample_count)
            .unwrap_or_default()
    }

    /// The sum of all durations recorded, in seconds.
    pub fn histogram_sum(&self, histogram: Histogram) -> f64 {
        self.with_histogram(histogram, prometheus::Histogram::get_sample_sum)
            .unwrap_or_default()
    }

    fn start_at_zero(&self) {
        for stage in Stage::ALL.iter().copied() {
            self.add(Counter::StageRetries { stage }, 0);
            self.add(Counter::DeadLetters { stage }, 0);
            for outcome in Outcome::ALL.iter().copied() {
                self.add(Counter::StageEvents { stage, outcome }, 0);
            }
        }
        for channel in ChannelLabel::ALL.iter().copied() {
            for outcome in NotifyOutcome::ALL.iter().copied() {
                self.add(Counter::NotifyAttempts { channel, outcome }, 0);
            }
        }
        for outcome in LookupOutcome::ALL.iter().copied() {
            self.add(Counter::AuthorLookups { outcome }, 0);
        }
        for adviser in AdviserLabel::ALL.iter().copied() {
            self.with_histogram(Histogram::OpinionDuration { adviser }, |_| ());
            for outcome in OpinionOutcome::ALL.iter().copied() {
                self.add(Counter::Opinions { adviser, outcome }, 0);
            }
        }
        for counter in [
            Counter::SlaEscalations,
            Counter::OutboxPublished,
            Counter::AuditSealed,
            Counter::LogRequestErrors,
            Counter::LogRebalances,
            Counter::IncidentsOpened,
        ] {
            self.add(counter, 0);
        }
        for gauge in [
            Gauge::LogBrokersUp,
            Gauge::LogBrokerRoundTrip,
            Gauge::LogThrottle,
            Gauge::LogQueuedRecords,
        ] {
            self.set(gauge, 0.0);
        }
        self.start_promises_at_zero();
    }

    /// The durations that promises are measured by.
    fn start_promises_at_zero(&self) {
        for histogram in [
            Histogram::MentionToTicket,
            Histogram::SlaTimerLateness,
            Histogram::LiveDelay,
        ] {
            self.with_histogram(histogram, |_| ());
        }
        for channel in ChannelLabel::ALL.iter().copied() {
            self.with_histogram(Histogram::NotifyLatency { channel }, |_| ());
        }
    }

    fn start_department_at_zero(&self, department: DepartmentLabel) {
        for label in ClassLabel::ALL.iter().copied() {
            self.add(Counter::MentionsRouted { department, label }, 0);
            self.add(Counter::TicketsOpened { department, label }, 0);
        }
        for clock in ClockLabel::ALL.iter().copied() {
            self.add(Counter::SlaBreaches { department, clock }, 0);
        }
        self.add(Counter::SlaKept { department }, 0);
        self.add(Counter::SlaWarnings { department }, 0);
    }

    fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.inner
            .names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    // The lookups below fail only when a family's label names and a variant's label values
    // differ in number; the test over the whole space of labels holds that they never do.

    fn with_counter<T>(
        &self,
        counter: Counter,
        act: impl FnOnce(&prometheus::IntCounter) -> T,
    ) -> Option<T> {
        let names = self.names();
        let family = self.inner.counters.get(counter.family() as usize)?;
        let labels = counter.labels(&names);
        let series = family
            .get_metric_with_label_values(labels.as_slice())
            .ok()?;
        Some(act(&series))
    }

    fn with_gauge<T>(&self, gauge: Gauge, act: impl FnOnce(&prometheus::Gauge) -> T) -> Option<T> {
        let names = self.names();
        let family = self.inner.gauges.get(gauge.family() as usize)?;
        let labels = gauge.labels(&names);
        let series = family
            .get_metric_with_label_values(labels.as_slice())
            .ok()?;
        Some(act(&series))
    }

    fn with_histogram<T>(
        &self,
        histogram: Histogram,
        act: impl FnOnce(&prometheus::Histogram) -> T,
    ) -> Option<T> {
        let family = self.inner.histograms.get(histogram.family() as usize)?;
        let labels = histogram.labels();
        let series = family
            .get_metric_with_label_values(labels.as_slice())
            .ok()?;
        Some(act(&series))
    }
}

fn register_counters(registry: &Registry) -> Result<Vec<IntCounterVec>, TelemetryError> {
    let mut families = Vec::new();
    for family in CounterFamily::ALL {
        let description = family.description();
        let vector = IntCounterVec::new(options(description), description.labels)?;
        registry.register(Box::new(vector.clone()))?;
        families.push(vector);
    }
    Ok(families)
}

fn register_gauges(registry: &Registry) -> Result<Vec<GaugeVec>, TelemetryError> {
    let mut families = Vec::new();
    for family in GaugeFamily::ALL {
        let description = family.description();
        let vector = GaugeVec::new(options(description), description.labels)?;
        registry.register(Box::new(vector.clone()))?;
        families.push(vector);
    }
    Ok(families)
}

fn register_histograms(registry: &Registry) -> Result<Vec<HistogramVec>, TelemetryError> {
    let mut families = Vec::new();
    for family in HistogramFamily::ALL {
        let description = family.description();
        let options = HistogramOpts::from(options(description)).buckets(family.buckets().to_vec());
        let vector = HistogramVec::new(options, description.labels)?;
        registry.register(Box::new(vector.clone()))?;
        families.push(vector);
    }
    Ok(families)
}

fn options(description: Description) -> Opts {
    Opts::new(description.name, description.help)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticket counts stay far below 2^53"
)]
fn as_f64(count: u64) -> f64 {
    count as f64
}
