//! Durations, in seconds.

use crate::family::{Description, LabelValues};
use crate::label::{ChannelLabel, Method, Stage, StorePriority};
use crate::opinion::AdviserLabel;

/// One histogram series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Histogram {
    /// From receipt of a mention to its ticket.
    MentionToTicket,
    /// Time a stage spends on one record.
    StageDuration {
        /// Label `stage`.
        stage: Stage,
    },
    /// From the post's own time to the end of a stage.
    EventAge {
        /// Label `stage`.
        stage: Stage,
    },
    /// From a question for a second opinion to its answer, or to its failure.
    OpinionDuration {
        /// Label `adviser`.
        adviser: AdviserLabel,
    },
    /// How late a deadline fired.
    SlaTimerLateness,
    /// From a ticket's change to the frame that tells a stream of it.
    LiveDelay,
    /// From the wish to tell people to a channel's yes.
    NotifyLatency {
        /// Label `channel`.
        channel: ChannelLabel,
    },
    /// Time to answer an HTTP request.
    HttpRequestDuration {
        /// Label `method`.
        method: Method,
    },
    /// Time the store's writer spends on one transaction.
    StoreTransaction {
        /// Label `priority`.
        priority: StorePriority,
    },
}

/// The histograms by name, labels apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistogramFamily {
    /// `switchboard_mention_to_ticket_seconds`
    MentionToTicket,
    /// `switchboard_stage_duration_seconds`
    StageDuration,
    /// `switchboard_event_age_seconds`
    EventAge,
    /// `switchboard_opinion_duration_seconds`
    OpinionDuration,
    /// `switchboard_sla_timer_lateness_seconds`
    SlaTimerLateness,
    /// `switchboard_live_delay_seconds`
    LiveDelay,
    /// `switchboard_notify_latency_seconds`
    NotifyLatency,
    /// `switchboard_http_request_duration_seconds`
    HttpRequestDuration,
    /// `switchboard_store_transaction_seconds`
    StoreTransaction,
}

impl HistogramFamily {
    /// Every family, in the order of the declaration; the position is the family's index.
    pub const ALL: &[Self] = &[
        Self::MentionToTicket,
        Self::StageDuration,
        Self::EventAge,
        Self::OpinionDuration,
        Self::SlaTimerLateness,
        Self::LiveDelay,
        Self::NotifyLatency,
        Self::HttpRequestDuration,
        Self::StoreTransaction,
    ];

    /// Name, help and label names as exposed.
    pub const fn description(self) -> Description {
        match self {
            Self::MentionToTicket => Description {
                name: "switchboard_mention_to_ticket_seconds",
                help: "From receipt of a mention to its ticket.",
                labels: &[],
            },
            Self::StageDuration => Description {
                name: "switchboard_stage_duration_seconds",
                help: "Time a stage spends on one record.",
                labels: &["stage"],
            },
            Self::EventAge => Description {
                name: "switchboard_event_age_seconds",
                help: "From the post's own time to the end of a stage.",
                labels: &["stage"],
            },
            Self::OpinionDuration => Description {
                name: "switchboard_opinion_duration_seconds",
                help: "From a question for a second opinion to its answer, or to its failure.",
                labels: &["adviser"],
            },
            Self::SlaTimerLateness => Description {
                name: "switchboard_sla_timer_lateness_seconds",
                help: "How late a deadline fired.",
                labels: &[],
            },
            Self::LiveDelay => Description {
                name: "switchboard_live_delay_seconds",
                help: "From a ticket's change to the frame that tells a stream of it.",
                labels: &[],
            },
            Self::NotifyLatency => Description {
                name: "switchboard_notify_latency_seconds",
                help: "From the wish to tell people to a channel's yes.",
                labels: &["channel"],
            },
            Self::HttpRequestDuration => Description {
                name: "switchboard_http_request_duration_seconds",
                help: "Time to answer an HTTP request.",
                labels: &["method"],
            },
            Self::StoreTransaction => Description {
                name: "switchboard_store_transaction_seconds",
                help: "Time the store's writer spends on one transaction.",
                labels: &["priority"],
            },
        }
    }
}

impl Histogram {
    /// The family this series belongs to.
    pub const fn family(self) -> HistogramFamily {
        match self {
            Self::MentionToTicket => HistogramFamily::MentionToTicket,
            Self::StageDuration { .. } => HistogramFamily::StageDuration,
            Self::EventAge { .. } => HistogramFamily::EventAge,
            Self::OpinionDuration { .. } => HistogramFamily::OpinionDuration,
            Self::SlaTimerLateness => HistogramFamily::SlaTimerLateness,
            Self::LiveDelay => HistogramFamily::LiveDelay,
            Self::NotifyLatency { .. } => HistogramFamily::NotifyLatency,
            Self::HttpRequestDuration { .. } => HistogramFamily::HttpRequestDuration,
            Self::StoreTransaction { .. } => HistogramFamily::StoreTransaction,
        }
    }

    pub(crate) fn labels(self) -> LabelValues<'static> {
        match self {
            Self::MentionToTicket | Self::SlaTimerLateness | Self::LiveDelay => LabelValues::none(),
            Self::StageDuration { stage } | Self::EventAge { stage } => {
                LabelValues::one(stage.as_str())
            }
            Self::OpinionDuration { adviser } => LabelValues::one(adviser.as_str()),
            Self::HttpRequestDuration { method } => LabelValues::one(method.as_str()),
            Self::NotifyLatency { channel } => LabelValues::one(channel.as_str()),
            Self::StoreTransaction { priority } => LabelValues::one(priority.as_str()),
        }
    }
}

/// The promise is 30 s from mention to ticket at 99.5 %: fine below it, and enough above
/// to tell a stumble from a standstill.
const MENTION_TO_TICKET_BUCKETS: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0,
];

/// A record takes microseconds to classify and milliseconds to store; a second is a fault.
const STAGE_DURATION_BUCKETS: &[f64] = &[
    0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0,
];

/// Posts are seconds old on streams, minutes when polled, days in a backfill.
const EVENT_AGE_BUCKETS: &[f64] = &[
    1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0, 604_800.0,
];

/// A model in this process answers in hundredths of a second, a remote one in seconds or never.
const OPINION_BUCKETS: &[f64] = &[0.01, 0.05, 0.25, 1.0, 5.0];

/// The promise is 2 s late at most while running, 10 s after a start or on Monday at nine.
const TIMER_LATENESS_BUCKETS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 3600.0];

/// The promise is 250 ms from event to screen at p95; a slow client lags by seconds.
const LIVE_BUCKETS: &[f64] = &[0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// The promise is a minute from a crisis to the first channel; a channel may be away for hours.
const NOTIFY_BUCKETS: &[f64] = &[
    0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86_400.0,
];

/// The promise is 200 ms at p95; a long poll may hold a request for half a minute.
const HTTP_BUCKETS: &[f64] = &[
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0,
];

/// No stream transaction may hold the writer over 20 ms; a disk's sync alone takes one.
const TRANSACTION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0,
];

impl HistogramFamily {
    /// Upper bounds in seconds, rising.
    pub const fn buckets(self) -> &'static [f64] {
        match self {
            Self::MentionToTicket => MENTION_TO_TICKET_BUCKETS,
            Self::StageDuration => STAGE_DURATION_BUCKETS,
            Self::EventAge => EVENT_AGE_BUCKETS,
            Self::OpinionDuration => OPINION_BUCKETS,
            Self::SlaTimerLateness => TIMER_LATENESS_BUCKETS,
            Self::LiveDelay => LIVE_BUCKETS,
            Self::NotifyLatency => NOTIFY_BUCKETS,
            Self::HttpRequestDuration => HTTP_BUCKETS,
            Self::StoreTransaction => TRANSACTION_BUCKETS,
        }
    }
}
