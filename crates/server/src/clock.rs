//! The one place that asks the machine for the time.

use jiff::Timestamp;
use switchboard_domain::Clock;

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock the others are given"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
