//! Quantities that only grow.

use crate::department::{DepartmentLabel, Names};
use crate::family::{Description, LabelValues};
use crate::label::{
    ChannelLabel, ClassLabel, ClockLabel, LookupOutcome, Method, NotifyOutcome, Outcome,
    RejectReason, Stage, StatusClass,
};
use crate::login::{LoginMethod, LoginOutcome};
use crate::opinion::{AdviserLabel, OpinionOutcome};
use crate::platform::PlatformLabel;

/// One counter series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Counter {
    /// Mentions the log has acknowledged.
    MentionsReceived {
        /// Label `platform`.
        platform: PlatformLabel,
    },
    /// Mentions refused at the door.
    MentionsRejected {
        /// Label `platform`.
        platform: PlatformLabel,
        /// Label `reason`.
        reason: RejectReason,
    },
    /// Failed polls, streams and webhooks.
    SourceErrors {
        /// Label `platform`.
        platform: PlatformLabel,
    },
    /// Records finished, each in exactly one outcome.
    StageEvents {
        /// Label `stage`.
        stage: Stage,
        /// Label `outcome`.
        outcome: Outcome,
    },
    /// Attempts repeated after a transient fault.
    StageRetries {
        /// Label `stage`.
        stage: Stage,
    },
    /// Records set aside for a person.
    DeadLetters {
        /// Label `stage`.
        stage: Stage,
    },
    /// Posts about which a second opinion was wanted.
    Opinions {
        /// Label `adviser`.
        adviser: AdviserLabel,
        /// Label `outcome`.
        outcome: OpinionOutcome,
    },
    /// Tickets opened.
    TicketsOpened {
        /// Label `department`.
        department: DepartmentLabel,
        /// Label `label`.
        label: ClassLabel,
    },
    /// Mentions that reached a ticket, the later ones of a conversation too.
    MentionsRouted {
        /// Label `department`.
        department: DepartmentLabel,
        /// Label `label`.
        label: ClassLabel,
    },
    /// Questions who an author is to the company.
    AuthorLookups {
        /// Label `outcome`.
        outcome: LookupOutcome,
    },
    /// Clocks that were stopped in time by what they waited for.
    SlaKept {
        /// Label `department`.
        department: DepartmentLabel,
    },
    /// Deadlines that passed unanswered.
    SlaBreaches {
        /// Label `department`.
        department: DepartmentLabel,
        /// Label `clock`.
        clock: ClockLabel,
    },
    /// Warnings fired ahead of a deadline.
    SlaWarnings {
        /// Label `department`.
        department: DepartmentLabel,
    },
    /// Escalation steps taken.
    SlaEscalations,
    /// Outbox rows the log has acknowledged.
    OutboxPublished,
    /// Audit rows sealed into the chain.
    AuditSealed,
    /// Requests to brokers that failed or got no answer.
    LogRequestErrors,
    /// Times the partitions of a group were dealt out anew.
    LogRebalances,
    /// Incidents opened.
    IncidentsOpened,
    /// Attempts to tell people.
    NotifyAttempts {
        /// Label `channel`.
        channel: ChannelLabel,
        /// Label `outcome`.
        outcome: NotifyOutcome,
    },
    /// Frames sent on streams of live updates.
    LiveFrames,
    /// Attempts to log in.
    Logins {
        /// Label `method`.
        method: LoginMethod,
        /// Label `outcome`.
        outcome: LoginOutcome,
    },
    /// HTTP requests answered.
    HttpRequests {
        /// Label `method`.
        method: Method,
        /// Label `status_class`.
        status_class: StatusClass,
    },
}

/// The counters by name, labels apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterFamily {
    /// `switchboard_mentions_received_total`
    MentionsReceived,
    /// `switchboard_mentions_rejected_total`
    MentionsRejected,
    /// `switchboard_source_errors_total`
    SourceErrors,
    /// `switchboard_stage_events_total`
    StageEvents,
    /// `switchboard_stage_retries_total`
    StageRetries,
    /// `switchboard_dead_letters_total`
    DeadLetters,
    /// `switchboard_opinions_total`
    Opinions,
    /// `switchboard_tickets_opened_total`
    TicketsOpened,
    /// `switchboard_mentions_routed_total`
    MentionsRouted,
    /// `switchboard_author_lookups_total`
    AuthorLookups,
    /// `switchboard_sla_kept_total`
    SlaKept,
    /// `switchboard_sla_breaches_total`
    SlaBreaches,
    /// `switchboard_sla_warnings_total`
    SlaWarnings,
    /// `switchboard_sla_escalations_total`
    SlaEscalations,
    /// `switchboard_outbox_published_total`
    OutboxPublished,
    /// `switchboard_audit_sealed_total`
    AuditSealed,
    /// `switchboard_log_request_errors_total`
    LogRequestErrors,
    /// `switchboard_log_rebalances_total`
    LogRebalances,
    /// `switchboard_incidents_opened_total`
    IncidentsOpened,
    /// `switchboard_notify_attempts_total`
    NotifyAttempts,
    /// `switchboard_live_frames_total`
    LiveFrames,
    /// `switchboard_logins_total`
    Logins,
    /// `switchboard_http_requests_total`
    HttpRequests,
}

impl CounterFamily {
    /// Every family, in the order of the declaration; the position is the family's index.
    pub const ALL: &[Self] = &[
        Self::MentionsReceived,
        Self::MentionsRejected,
        Self::SourceErrors,
        Self::StageEvents,
        Self::StageRetries,
        Self::DeadLetters,
        Self::Opinions,
        Self::TicketsOpened,
        Self::MentionsRouted,
        Self::AuthorLookups,
        Self::SlaKept,
        Self::SlaBreaches,
        Self::SlaWarnings,
        Self::SlaEscalations,
        Self::OutboxPublished,
        Self::AuditSealed,
        Self::LogRequestErrors,
        Self::LogRebalances,
        Self::IncidentsOpened,
        Self::NotifyAttempts,
        Self::LiveFrames,
        Self::Logins,
        Self::HttpRequests,
    ];

    /// Name, help and label names as exposed.
    #[expect(clippy::too_many_lines, reason = "a table, one entry a family")]
    pub const fn description(self) -> Description {
        match self {
            Self::MentionsReceived => Description {
                name: "switchboard_mentions_received_total",
                help: "Mentions the log has acknowledged.",
                labels: &["platform"],
            },
            Self::MentionsRejected => Description {
                name: "switchboard_mentions_rejected_total",
                help: "Mentions refused at the door.",
                labels: &["platform", "reason"],
            },
            Self::SourceErrors => Description {
                name: "switchboard_source_errors_total",
                help: "Failed polls, streams and webhooks.",
                labels: &["platform"],
            },
            Self::StageEvents => Description {
                name: "switchboard_stage_events_total",
                help: "Records finished, each in exactly one outcome.",
                labels: &["stage", "outcome"],
            },
            Self::StageRetries => Description {
                name: "switchboard_stage_retries_total",
                help: "Attempts repeated after a transient fault.",
                labels: &["stage"],
            },
            Self::DeadLetters => Description {
                name: "switchboard_dead_letters_total",
                help: "Records set aside for a person.",
                labels: &["stage"],
            },
            Self::Opinions => Description {
                name: "switchboard_opinions_total",
                help: "Posts about which a second opinion was wanted.",
                labels: &["adviser", "outcome"],
            },
            Self::TicketsOpened => Description {
                name: "switchboard_tickets_opened_total",
                help: "Tickets opened.",
                labels: &["department", "label"],
            },
            Self::MentionsRouted => Description {
                name: "switchboard_mentions_routed_total",
                help: "Mentions that reached a ticket, by owner and label.",
                labels: &["department", "label"],
            },
            Self::AuthorLookups => Description {
                name: "switchboard_author_lookups_total",
                help: "Authors looked up in the company's records before routing.",
                labels: &["outcome"],
            },
            Self::SlaKept => Description {
                name: "switchboard_sla_kept_total",
                help: "Clocks stopped in time by what they waited for.",
                labels: &["department"],
            },
            Self::SlaBreaches => Description {
                name: "switchboard_sla_breaches_total",
                help: "Deadlines that passed unanswered.",
                labels: &["department", "clock"],
            },
            Self::SlaWarnings => Description {
                name: "switchboard_sla_warnings_total",
                help: "Warnings fired ahead of a deadline.",
                labels: &["department"],
            },
            Self::SlaEscalations => Description {
                name: "switchboard_sla_escalations_total",
                help: "Steps of escalation chains taken.",
                labels: &[],
            },
            Self::OutboxPublished => Description {
                name: "switchboard_outbox_published_total",
                help: "Outbox rows the log has acknowledged.",
                labels: &[],
            },
            Self::AuditSealed => Description {
                name: "switchboard_audit_sealed_total",
                help: "Audit rows sealed into the chain.",
                labels: &[],
            },
            Self::LogRequestErrors => Description {
                name: "switchboard_log_request_errors_total",
                help: "Requests to brokers that failed or got no answer.",
                labels: &[],
            },
            Self::LogRebalances => Description {
                name: "switchboard_log_rebalances_total",
                help: "Times the partitions of a group were dealt out anew.",
                labels: &[],
            },
            Self::IncidentsOpened => Description {
                name: "switchboard_incidents_opened_total",
                help: "Incidents opened.",
                labels: &[],
            },
            Self::LiveFrames => Description {
                name: "switchboard_live_frames_total",
                help: "Frames sent on streams of live updates.",
                labels: &[],
            },
            Self::NotifyAttempts => Description {
                name: "switchboard_notify_attempts_total",
                help: "Attempts to tell people, and requests that were not worth one.",
                labels: &["channel", "outcome"],
            },
            Self::Logins => Description {
                name: "switchboard_logins_total",
                help: "Attempts to log in.",
                labels: &["method", "outcome"],
            },
            Self::HttpRequests => Description {
                name: "switchboard_http_requests_total",
                help: "HTTP requests answered.",
                labels: &["method", "status_class"],
            },
        }
    }
}

impl Counter {
    /// The family this series belongs to.
    pub const fn family(self) -> CounterFamily {
        match self {
            Self::MentionsReceived { .. } => CounterFamily::MentionsReceived,
            Self::MentionsRejected { .. } => CounterFamily::MentionsRejected,
            Self::SourceErrors { .. } => CounterFamily::SourceErrors,
            Self::StageEvents { .. } => CounterFamily::StageEvents,
            Self::StageRetries { .. } => CounterFamily::StageRetries,
            Self::DeadLetters { .. } => CounterFamily::DeadLetters,
            Self::Opinions { .. } => CounterFamily::Opinions,
            Self::TicketsOpened { .. } => CounterFamily::TicketsOpened,
            Self::MentionsRouted { .. } => CounterFamily::MentionsRouted,
            Self::SlaKept { .. } => CounterFamily::SlaKept,
            Self::SlaBreaches { .. } => CounterFamily::SlaBreaches,
            Self::SlaWarnings { .. } => CounterFamily::SlaWarnings,
            Self::SlaEscalations => CounterFamily::SlaEscalations,
            Self::OutboxPublished => CounterFamily::OutboxPublished,
            Self::AuditSealed => CounterFamily::AuditSealed,
            Self::LogRequestErrors => CounterFamily::LogRequestErrors,
            Self::LogRebalances => CounterFamily::LogRebalances,
            Self::IncidentsOpened => CounterFamily::IncidentsOpened,
            Self::LiveFrames => CounterFamily::LiveFrames,
            Self::AuthorLookups { .. } => CounterFamily::AuthorLookups,
            Self::NotifyAttempts { .. } => CounterFamily::NotifyAttempts,
            Self::Logins { .. } => CounterFamily::Logins,
            Self::HttpRequests { .. } => CounterFamily::HttpRequests,
        }
    }

    pub(crate) fn labels(self, names: &Names) -> LabelValues<'_> {
        match self {
            Self::MentionsReceived { platform } | Self::SourceErrors { platform } => {
                LabelValues::one(platform.as_str())
            }
            Self::MentionsRejected { platform, reason } => {
                LabelValues::two(platform.as_str(), reason.as_str())
            }
            Self::StageEvents { stage, outcome } => {
                LabelValues::two(stage.as_str(), outcome.as_str())
            }
            Self::StageRetries { stage } | Self::DeadLetters { stage } => {
                LabelValues::one(stage.as_str())
            }
            Self::Opinions { adviser, outcome } => {
                LabelValues::two(adviser.as_str(), outcome.as_str())
            }
            Self::TicketsOpened { department, label }
            | Self::MentionsRouted { department, label } => {
                LabelValues::two(names.department(department), label.as_str())
            }
            Self::SlaBreaches { department, clock } => {
                LabelValues::two(names.department(department), clock.as_str())
            }
            Self::SlaKept { department } | Self::SlaWarnings { department } => {
                LabelValues::one(names.department(department))
            }
            Self::SlaEscalations
            | Self::OutboxPublished
            | Self::AuditSealed
            | Self::LogRequestErrors
            | Self::LogRebalances
            | Self::IncidentsOpened
            | Self::LiveFrames => LabelValues::none(),
            Self::AuthorLookups { outcome } => LabelValues::one(outcome.as_str()),
            Self::NotifyAttempts { channel, outcome } => {
                LabelValues::two(channel.as_str(), outcome.as_str())
            }
            Self::Logins { method, outcome } => LabelValues::two(method.as_str(), outcome.as_str()),
            Self::HttpRequests {
                method,
                status_class,
            } => LabelValues::two(method.as_str(), status_class.as_str()),
        }
    }
}
