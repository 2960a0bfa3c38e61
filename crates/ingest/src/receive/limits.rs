//! What one receiver takes, and how long it waits.

use crate::mention::ParseLimits;
use std::time::Duration;

/// The contract's limit of one body.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of all bodies being worked on at once. A body costs about four times its size on
/// the way to the log, so this bounds the receiver at half a gigabyte.
pub const BODIES_IN_FLIGHT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// How long a request waits for room among the others before it is sent away.
pub const ROOM_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long a body may take to arrive: 16 MiB over the slowest uplink worth serving (5 Mbit/s).
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long the log may take to make records durable. A healthy one takes milliseconds;
/// senders commonly give up after 15 to 30 s, and must get their 503 before.
pub const APPEND_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long the log may take to say how far behind the classifier is: one that is away lets
/// nobody wait for the answer to a question that is only asked on the way.
pub const BACKLOG_WAIT_MAX: Duration = Duration::from_secs(3);

/// What a sender is told to wait when there is no room: long enough for a queue to drain,
/// short enough that a post is still news.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How old the last look at the backlog may be. The classifier drains tens of thousands of
/// records a second, and a look costs a query.
pub const BACKLOG_AGE_MAX: Duration = Duration::from_secs(1);

/// Unclassified records from which on mentions are refused: at the slowest classifier we
/// accept (2,000 a second) the last of them waits 100 s.
pub const BACKLOG_MAX: u64 = 200_000;

/// Characters of an `Idempotency-Key`: a UUID fits seven times, an index key stays short.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;

/// The limits of one receiver; the default is the constants of this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveLimits {
    /// Bytes of one body; more is 413.
    pub body_bytes: usize,
    /// Items and their sizes.
    pub parse: ParseLimits,
    /// Unclassified records from which on the answer is 503.
    pub backlog: u64,
    /// How long an append may take before the answer is 503.
    pub append_wait: Duration,
}

impl Default for ReceiveLimits {
    fn default() -> Self {
        Self {
            body_bytes: BODY_BYTES_MAX,
            parse: ParseLimits::default(),
            backlog: BACKLOG_MAX,
            append_wait: APPEND_WAIT_MAX,
        }
    }
}
