//! The closed sets of label values: what is not listed here cannot become a series.

/// A part of the process that takes records or rows and ends each in one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Platforms to the log.
    Ingest,
    /// Mention to classification.
    Classify,
    /// Doubtful classification to second opinion.
    Opinion,
    /// Classification to ticket.
    Route,
    /// Signals to incidents.
    Alert,
    /// Requests to messages people read.
    Notify,
    /// Rows of the outbox to the log.
    Outbox,
    /// The sealer of the audit chain.
    Audit,
    /// Deadlines of service levels.
    Timer,
}

impl Stage {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Ingest,
        Self::Classify,
        Self::Opinion,
        Self::Route,
        Self::Alert,
        Self::Notify,
        Self::Outbox,
        Self::Audit,
        Self::Timer,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Classify => "classify",
            Self::Opinion => "opinion",
            Self::Route => "route",
            Self::Alert => "alert",
            Self::Notify => "notify",
            Self::Outbox => "outbox",
            Self::Audit => "audit",
            Self::Timer => "timer",
        }
    }
}

/// How a stage finished one record; every record ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The effect stands.
    Forwarded,
    /// Seen before in this or a higher version.
    Duplicate,
    /// A newer version arrived first.
    Superseded,
    /// The author was erased or the post deleted.
    Tombstoned,
    /// Read, and of no concern to this stage.
    Skipped,
    /// Set aside for a person.
    DeadLettered,
}

impl Outcome {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Forwarded,
        Self::Duplicate,
        Self::Superseded,
        Self::Tombstoned,
        Self::Skipped,
        Self::DeadLettered,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Duplicate => "duplicate",
            Self::Superseded => "superseded",
            Self::Tombstoned => "tombstoned",
            Self::Skipped => "skipped",
            Self::DeadLettered => "dead_lettered",
        }
    }
}

/// What became of the question who an author is to the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookupOutcome {
    /// The records know the author.
    Found,
    /// They do not.
    Unknown,
    /// Asked a while ago: the answer still counts.
    Remembered,
    /// They answered with an error: the author is a stranger.
    Failed,
    /// They did not answer in time: the author is a stranger.
    TimedOut,
    /// Not asked, so soon after a failure.
    Skipped,
}

impl LookupOutcome {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Found,
        Self::Unknown,
        Self::Remembered,
        Self::Failed,
        Self::TimedOut,
        Self::Skipped,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Unknown => "unknown",
            Self::Remembered => "remembered",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
        }
    }
}

/// A kind of channel that people are told through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelLabel {
    /// Slack's incoming webhooks.
    Slack,
    /// Any receiver of signed webhooks.
    Webhook,
}

impl ChannelLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Slack, Self::Webhook];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Webhook => "webhook",
        }
    }
}

/// What became of one attempt to tell people, or why there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotifyOutcome {
    /// The channel took it.
    Delivered,
    /// It failed and is tried again.
    Failed,
    /// The channel will never take it: a dead letter.
    Refused,
    /// It was tried until it was no news any more: a dead letter.
    Expired,
    /// It was no news any more when it was first read.
    Skipped,
}

impl NotifyOutcome {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Delivered,
        Self::Failed,
        Self::Refused,
        Self::Expired,
        Self::Skipped,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
        }
    }
}

/// Why ingest refused a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// Not JSON, or not an object.
    Malformed,
    /// Over the size limit of a body or a field.
    TooLarge,
    /// Over the limit of items in a request.
    TooMany,
    /// No native id.
    MissingId,
    /// No text in an upsert.
    MissingText,
    /// A field with a value that cannot be read.
    InvalidField,
    /// No valid token or signature.
    Unauthorized,
    /// Back-pressure: the sender should come again.
    Busy,
}

impl RejectReason {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Malformed,
        Self::TooLarge,
        Self::TooMany,
        Self::MissingId,
        Self::MissingText,
        Self::InvalidField,
        Self::Unauthorized,
        Self::Busy,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::MissingId => "missing_id",
            Self::MissingText => "missing_text",
            Self::InvalidField => "invalid_field",
            Self::Unauthorized => "unauthorized",
            Self::Busy => "busy",
        }
    }
}

/// The classifier's class, as the label `label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassLabel {
    /// A complaint.
    Complaint,
    /// An intent to buy.
    Lead,
    /// A risk to the reputation.
    PrRisk,
    /// Everything else.
    General,
}

impl ClassLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Complaint, Self::Lead, Self::PrRisk, Self::General];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Lead => "lead",
            Self::PrRisk => "pr_risk",
            Self::General => "general",
        }
    }
}

/// A ticket's priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PriorityLabel {
    /// Before everything else.
    Urgent,
    /// Before the ordinary.
    High,
    /// The ordinary.
    Normal,
    /// When nothing else waits.
    Low,
}

impl PriorityLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// A clock of the service levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockLabel {
    /// Until the first answer.
    FirstResponse,
    /// Until the next answer.
    NextResponse,
    /// Until the ticket is resolved.
    Resolution,
    /// Until the department hands it on or is done.
    Ownership,
    /// Until the author hears again.
    PeriodicUpdate,
    /// Until a person has it in hand.
    Triage,
}

impl ClockLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::FirstResponse,
        Self::NextResponse,
        Self::Resolution,
        Self::Ownership,
        Self::PeriodicUpdate,
        Self::Triage,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
            Self::Ownership => "ownership",
            Self::PeriodicUpdate => "periodic_update",
            Self::Triage => "triage",
        }
    }
}

/// Who waits for the store's one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorePriority {
    /// Agents at the page or the API.
    People,
    /// Deadlines.
    Timers,
    /// Records of the log.
    Stream,
}

impl StorePriority {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::People, Self::Timers, Self::Stream];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Timers => "timers",
            Self::Stream => "stream",
        }
    }
}

/// An HTTP method; the unusual ones count as `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
    /// Any other method.
    Other,
}

impl Method {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Get,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Other,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Other => "other",
        }
    }
}

impl Method {
    /// Maps any text to the closed set.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|method| method.as_str() == name)
            .unwrap_or(Self::Other)
    }
}

/// The first digit of an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// 100 to 199.
    Informational,
    /// 200 to 299.
    Success,
    /// 300 to 399.
    Redirect,
    /// 400 to 499.
    ClientError,
    /// 500 and above.
    ServerError,
}

impl StatusClass {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Informational,
        Self::Success,
        Self::Redirect,
        Self::ClientError,
        Self::ServerError,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirect => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        }
    }
}

impl StatusClass {
    /// The class of a status code; a code outside 100 to 499 is the server's fault.
    pub const fn from_status(status: u16) -> Self {
        match status {
            100..=199 => Self::Informational,
            200..=299 => Self::Success,
            300..=399 => Self::Redirect,
            400..=499 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}
