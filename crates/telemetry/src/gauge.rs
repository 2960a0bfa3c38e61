//! Quantities that rise and fall.

use crate::department::{DepartmentLabel, Names};
use crate::family::{Description, LabelValues};
use crate::label::{ClassLabel, PriorityLabel, Stage};
use crate::platform::PlatformLabel;

/// One gauge series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gauge {
    /// Always 1; the label tells the version.
    BuildInfo,
    /// 1 while the process takes traffic, 0 while it starts or drains.
    Ready,
    /// 1 while the last reading of the configuration was taken, 0 after one was refused.
    ConfigLastReloadSuccessful,
    /// Open tickets, counted from the store.
    TicketsOpen {
        /// Label `department`.
        department: DepartmentLabel,
        /// Label `priority`.
        priority: PriorityLabel,
    },
    /// Records waiting before a stage.
    StageBacklog {
        /// Label `stage`.
        stage: Stage,
    },
    /// Age of the oldest record waiting before a stage.
    StageLag {
        /// Label `stage`.
        stage: Stage,
    },
    /// When a stage last finished a record, in Unix time.
    StageProgress {
        /// Label `stage`.
        stage: Stage,
    },
    /// 1 while every source of the platform works, 0 otherwise.
    SourceUp {
        /// Label `platform`.
        platform: PlatformLabel,
    },
    /// When a source of the platform last succeeded, in Unix time.
    SourceLastSuccess {
        /// Label `platform`.
        platform: PlatformLabel,
    },
    /// Dead letters that wait for a person.
    DlqDepth,
    /// Outbox rows not yet acknowledged by the log.
    OutboxDepth,
    /// Age of the oldest outbox row not yet acknowledged.
    OutboxOldestAge,
    /// Brokers this process is connected to; 0 with the embedded log.
    LogBrokersUp,
    /// Mean round trip to the slowest broker.
    LogBrokerRoundTrip,
    /// Mean time the brokers make this process wait.
    LogThrottle,
    /// Records appended by this process that no broker has acknowledged yet.
    LogQueuedRecords,
    /// Size of the embedded log on disk.
    LogBytes,
    /// Size of the embedded store on disk.
    StoreBytes,
    /// Room left on the disk of the data directory.
    DiskFree,
    /// Size of the disk of the data directory.
    DiskSize,
    /// Incidents nobody has ended.
    IncidentsOpen,
    /// Open streams of live updates.
    LiveStreams,
    /// Share of the latest posts that got a label, from 0 to 1.
    LabelShare {
        /// Label `label`.
        label: ClassLabel,
    },
    /// How far the labels of the latest posts are from the model's training.
    LabelDrift,
    /// Mean confidence of the latest verdicts, from 0 to 1.
    ConfidenceMean,
    /// Share of the latest posts' letter groups that the model's training has not seen.
    UnknownNgrams,
}

/// The gauges by name, labels apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaugeFamily {
    /// `switchboard_build_info`
    BuildInfo,
    /// `switchboard_ready`
    Ready,
    /// `switchboard_config_last_reload_successful`
    ConfigLastReloadSuccessful,
    /// `switchboard_tickets_open`
    TicketsOpen,
    /// `switchboard_stage_backlog`
    StageBacklog,
    /// `switchboard_stage_lag_seconds`
    StageLag,
    /// `switchboard_stage_progress_timestamp_seconds`
    StageProgress,
    /// `switchboard_source_up`
    SourceUp,
    /// `switchboard_source_last_success_timestamp_seconds`
    SourceLastSuccess,
    /// `switchboard_dlq_depth`
    DlqDepth,
    /// `switchboard_outbox_depth`
    OutboxDepth,
    /// `switchboard_outbox_oldest_age_seconds`
    OutboxOldestAge,
    /// `switchboard_log_brokers_up`
    LogBrokersUp,
    /// `switchboard_log_broker_round_trip_seconds`
    LogBrokerRoundTrip,
    /// `switchboard_log_throttle_seconds`
    LogThrottle,
    /// `switchboard_log_queued_records`
    LogQueuedRecords,
    /// `switchboard_log_bytes`
    LogBytes,
    /// `switchboard_store_bytes`
    StoreBytes,
    /// `switchboard_disk_free_bytes`
    DiskFree,
    /// `switchboard_disk_size_bytes`
    DiskSize,
    /// `switchboard_incidents_open`
    IncidentsOpen,
    /// `switchboard_live_streams`
    LiveStreams,
    /// `switchboard_label_share`
    LabelShare,
    /// `switchboard_label_drift`
    LabelDrift,
    /// `switchboard_confidence_mean`
    ConfidenceMean,
    /// `switchboard_unknown_ngrams_share`
    UnknownNgrams,
}

impl GaugeFamily {
    /// Every family, in the order of the declaration; the position is the family's index.
    pub const ALL: &[Self] = &[
        Self::BuildInfo,
        Self::Ready,
        Self::ConfigLastReloadSuccessful,
        Self::TicketsOpen,
        Self::StageBacklog,
        Self::StageLag,
        Self::StageProgress,
        Self::SourceUp,
        Self::SourceLastSuccess,
        Self::DlqDepth,
        Self::OutboxDepth,
        Self::OutboxOldestAge,
        Self::LogBrokersUp,
        Self::LogBrokerRoundTrip,
        Self::LogThrottle,
        Self::LogQueuedRecords,
        Self::LogBytes,
        Self::StoreBytes,
        Self::DiskFree,
        Self::DiskSize,
        Self::IncidentsOpen,
        Self::LiveStreams,
        Self::LabelShare,
        Self::LabelDrift,
        Self::ConfidenceMean,
        Self::UnknownNgrams,
    ];

    /// Name, help and label names as exposed.
    pub const fn description(self) -> Description {
        match self {
            Self::BuildInfo | Self::Ready | Self::ConfigLastReloadSuccessful => self.of_process(),
            Self::TicketsOpen => Description {
                name: "switchboard_tickets_open",
                help: "Open tickets, counted from the store.",
                labels: &["department", "priority"],
            },
            Self::StageBacklog => Description {
                name: "switchboard_stage_backlog",
                help: "Records waiting before a stage.",
                labels: &["stage"],
            },
            Self::StageLag => Description {
                name: "switchboard_stage_lag_seconds",
                help: "Age of the oldest record waiting before a stage.",
                labels: &["stage"],
            },
            Self::StageProgress => Description {
                name: "switchboard_stage_progress_timestamp_seconds",
                help: "When a stage last finished a record, in Unix time.",
                labels: &["stage"],
            },
            Self::SourceUp => Description {
                name: "switchboard_source_up",
                help: "1 while every source of the platform works, 0 otherwise.",
                labels: &["platform"],
            },
            Self::SourceLastSuccess => Description {
                name: "switchboard_source_last_success_timestamp_seconds",
                help: "When a source of the platform last succeeded, in Unix time.",
                labels: &["platform"],
            },
            Self::DlqDepth => Description {
                name: "switchboard_dlq_depth",
                help: "Dead letters that wait for a person.",
                labels: &[],
            },
            Self::OutboxDepth => Description {
                name: "switchboard_outbox_depth",
                help: "Outbox rows not yet acknowledged by the log.",
                labels: &[],
            },
            Self::OutboxOldestAge => Description {
                name: "switchboard_outbox_oldest_age_seconds",
                help: "Age of the oldest outbox row not yet acknowledged.",
                labels: &[],
            },
            Self::LogBrokersUp
            | Self::LogBrokerRoundTrip
            | Self::LogThrottle
            | Self::LogQueuedRecords
            | Self::LogBytes => self.of_log(),
            Self::StoreBytes | Self::DiskFree | Self::DiskSize => self.of_disk(),
            Self::IncidentsOpen => Description {
                name: "switchboard_incidents_open",
                help: "Incidents that nobody has ended.",
                labels: &[],
            },
            Self::LiveStreams => Description {
                name: "switchboard_live_streams",
                help: "Open streams of live updates.",
                labels: &[],
            },
            Self::LabelShare | Self::LabelDrift | Self::ConfidenceMean | Self::UnknownNgrams => {
                self.of_verdicts()
            }
        }
    }

    /// Those that tell how the stream changes under the model, over the latest thousand posts
    /// or so; the last arm is what it has never seen.
    const fn of_verdicts(self) -> Description {
        match self {
            Self::LabelShare => Description {
                name: "switchboard_label_share",
                help: "Share of the latest thousand posts or so that got the label, from 0 to 1.",
                labels: &["label"],
            },
            Self::LabelDrift => Description {
                name: "switchboard_label_drift",
                help: "Population stability index of the latest labels against the model's training; a rise by 0.25 is a shift.",
                labels: &[],
            },
            Self::ConfidenceMean => Description {
                name: "switchboard_confidence_mean",
                help: "Mean confidence of the latest thousand verdicts or so, from 0 to 1.",
                labels: &[],
            },
            _ => Description {
                name: "switchboard_unknown_ngrams_share",
                help: "Share of letter groups in a sample of the latest posts that the model holds nothing for.",
                labels: &[],
            },
        }
    }

    /// Those that tell of the process itself; the last arm is its configuration's.
    const fn of_process(self) -> Description {
        match self {
            Self::BuildInfo => Description {
                name: "switchboard_build_info",
                help: "Always 1; the label tells the version.",
                labels: &["version"],
            },
            Self::Ready => Description {
                name: "switchboard_ready",
                help: "1 while the process takes traffic, 0 while it starts or drains.",
                labels: &[],
            },
            _ => Description {
                name: "switchboard_config_last_reload_successful",
                help: "1 while the last reading of the configuration was taken, 0 after one was refused.",
                labels: &[],
            },
        }
    }

    /// Those that tell of the data directory; the last arm is its disk's size.
    const fn of_disk(self) -> Description {
        match self {
            Self::StoreBytes => Description {
                name: "switchboard_store_bytes",
                help: "Size of the embedded store on disk; 0 with PostgreSQL.",
                labels: &[],
            },
            Self::DiskFree => Description {
                name: "switchboard_disk_free_bytes",
                help: "Room left on the disk of the data directory.",
                labels: &[],
            },
            _ => Description {
                name: "switchboard_disk_size_bytes",
                help: "Size of the disk of the data directory.",
                labels: &[],
            },
        }
    }

    /// Those that tell of the log; the last arm is its size.
    const fn of_log(self) -> Description {
        match self {
            Self::LogBrokersUp => Description {
                name: "switchboard_log_brokers_up",
                help: "Brokers this process is connected to; 0 with the embedded log.",
                labels: &[],
            },
            Self::LogBrokerRoundTrip => Description {
                name: "switchboard_log_broker_round_trip_seconds",
                help: "Mean round trip to the slowest broker.",
                labels: &[],
            },
            Self::LogThrottle => Description {
                name: "switchboard_log_throttle_seconds",
                help: "Mean time the brokers make this process wait.",
                labels: &[],
            },
            Self::LogQueuedRecords => Description {
                name: "switchboard_log_queued_records",
                help: "Records appended by this process that no broker has acknowledged yet.",
                labels: &[],
            },
            _ => Description {
                name: "switchboard_log_bytes",
                help: "Size of the embedded log on disk; 0 with Kafka.",
                labels: &[],
            },
        }
    }
}

impl Gauge {
    /// The family this series belongs to.
    pub const fn family(self) -> GaugeFamily {
        match self {
            Self::BuildInfo => GaugeFamily::BuildInfo,
            Self::Ready => GaugeFamily::Ready,
            Self::ConfigLastReloadSuccessful => GaugeFamily::ConfigLastReloadSuccessful,
            Self::TicketsOpen { .. } => GaugeFamily::TicketsOpen,
            Self::StageBacklog { .. } => GaugeFamily::StageBacklog,
            Self::StageLag { .. } => GaugeFamily::StageLag,
            Self::StageProgress { .. } => GaugeFamily::StageProgress,
            Self::SourceUp { .. } => GaugeFamily::SourceUp,
            Self::SourceLastSuccess { .. } => GaugeFamily::SourceLastSuccess,
            Self::DlqDepth => GaugeFamily::DlqDepth,
            Self::OutboxDepth => GaugeFamily::OutboxDepth,
            Self::OutboxOldestAge => GaugeFamily::OutboxOldestAge,
            Self::LogBrokersUp => GaugeFamily::LogBrokersUp,
            Self::LogBrokerRoundTrip => GaugeFamily::LogBrokerRoundTrip,
            Self::LogThrottle => GaugeFamily::LogThrottle,
            Self::LogQueuedRecords => GaugeFamily::LogQueuedRecords,
            Self::LogBytes => GaugeFamily::LogBytes,
            Self::StoreBytes => GaugeFamily::StoreBytes,
            Self::DiskFree => GaugeFamily::DiskFree,
            Self::DiskSize => GaugeFamily::DiskSize,
            Self::IncidentsOpen => GaugeFamily::IncidentsOpen,
            Self::LiveStreams => GaugeFamily::LiveStreams,
            Self::LabelShare { .. } => GaugeFamily::LabelShare,
            Self::LabelDrift => GaugeFamily::LabelDrift,
            Self::ConfidenceMean => GaugeFamily::ConfidenceMean,
            Self::UnknownNgrams => GaugeFamily::UnknownNgrams,
        }
    }

    pub(crate) fn labels(self, names: &Names) -> LabelValues<'_> {
        match self {
            Self::BuildInfo => LabelValues::one(names.version()),
            Self::LabelShare { label } => LabelValues::one(label.as_str()),
            Self::TicketsOpen {
                department,
                priority,
            } => LabelValues::two(names.department(department), priority.as_str()),
            Self::StageBacklog { stage }
            | Self::StageLag { stage }
            | Self::StageProgress { stage } => LabelValues::one(stage.as_str()),
            Self::SourceUp { platform } | Self::SourceLastSuccess { platform } => {
                LabelValues::one(platform.as_str())
            }
            Self::Ready
            | Self::ConfigLastReloadSuccessful
            | Self::DlqDepth
            | Self::OutboxDepth
            | Self::OutboxOldestAge
            | Self::LogBrokersUp
            | Self::LogBrokerRoundTrip
            | Self::LogThrottle
            | Self::LogQueuedRecords
            | Self::LogBytes
            | Self::StoreBytes
            | Self::DiskFree
            | Self::DiskSize
            | Self::IncidentsOpen
            | Self::LiveStreams
            | Self::LabelDrift
            | Self::ConfidenceMean
            | Self::UnknownNgrams => LabelValues::none(),
        }
    }
}
