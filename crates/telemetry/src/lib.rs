//! Every metric of Switchboard, and how the process logs.
//!
//! | module | holds |
//! |---|---|
//! | [`counter`], [`gauge`], [`histogram`] | one enum variant per series, labels inside |
//! | [`label`], [`platform`], [`department`], [`login`], [`opinion`] | the closed sets of label values |
//! | [`metrics`] | the registry behind [`Metrics`] |
//! | [`process`] | what the operating system knows: memory, processor time, files |
//! | [`logging`] | [`init_tracing`] |
//!
//! ```
//! use switchboard_telemetry::{Counter, Metrics, Outcome, Stage};
//!
//! let metrics = Metrics::new("0.1.0")?;
//! let forwarded = Counter::StageEvents { stage: Stage::Route, outcome: Outcome::Forwarded };
//! metrics.add(forwarded, 3);
//! assert_eq!(metrics.counter_value(forwarded), 3);
//! # Ok::<(), switchboard_telemetry::TelemetryError>(())
//! ```
//!
//! # Adding a series
//!
//! 1. Add the variant to `Counter`, `Gauge` or `Histogram`, and to its family below it; the
//!    compiler then asks for the name, the help text and the labels.
//! 2. A label value comes from a closed enum: never an author, an address, a ticket, a text.
//! 3. `UPDATE_DOCS=1 cargo test -p switchboard-telemetry` rewrites `docs/metrics.md`.
//! 4. Show it: a panel in `deploy/grafana/dashboards` or a rule in `deploy/prometheus/rules`.
//!    `tests/tests/ops` asks for one, and fills it with traffic.

pub mod counter;
pub mod department;
pub mod family;
pub mod gauge;
pub mod histogram;
pub mod label;
pub mod logging;
pub mod login;
pub mod metrics;
pub mod opinion;
pub mod platform;
pub mod process;

pub use counter::{Counter, CounterFamily};
pub use department::{DEPARTMENTS_MAX, DepartmentLabel};
pub use family::Description;
pub use gauge::{Gauge, GaugeFamily};
pub use histogram::{Histogram, HistogramFamily};
pub use label::{
    ChannelLabel, ClassLabel, ClockLabel, LookupOutcome, Method, NotifyOutcome, Outcome,
    PriorityLabel, RejectReason, Stage, StatusClass, StorePriority,
};
pub use logging::{LogFormat, LoggingError, init_tracing};
pub use login::{LoginMethod, LoginOutcome};
pub use metrics::{Metrics, TelemetryError};
pub use opinion::{AdviserLabel, OpinionOutcome};
pub use platform::PlatformLabel;
pub use process::PROCESS_SERIES;
