//! How many streams may be open.

use crate::http::problem::Problem;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use switchboard_telemetry::{Gauge, Metrics};

/// A person with a browser on each of several devices, and a few programs of theirs.
const PRINCIPAL_STREAMS_MAX: usize = 12;

/// A thousand agents at once is beyond what one process is sized for; each stream costs a
/// connection and ten reads a second at the most.
const STREAMS_MAX: usize = 1_000;

/// All open streams of the process.
pub(crate) struct Seats(Arc<Shared>);

struct Shared {
    taken: Mutex<BTreeMap<String, usize>>,
    metrics: Metrics,
}

/// One open stream; it is over when this is dropped.
pub(crate) struct Seat {
    shared: Arc<Shared>,
    holder: String,
}

impl Seats {
    pub(crate) fn new(metrics: Metrics) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Shared { taken, metrics }))
    }

    /// # Errors
    /// 429 when `holder` has too many, 503 when the process has.
    pub(crate) fn take(&self, holder: &str) -> Result<Seat, Problem> {
        let mut taken = self.0.taken();
        if taken.values().sum::<usize>() >= STREAMS_MAX {
            return Err(Problem::busy(format!(
                "{STREAMS_MAX} streams are open, all that one process serves: try again later"
            )));
        }
        let own = taken.entry(holder.to_owned()).or_default();
        if *own >= PRINCIPAL_STREAMS_MAX {
            return Err(Problem::too_many_requests(format!(
                "`{holder}` has {PRINCIPAL_STREAMS_MAX} streams open, the most there may be: \
                 close one first"
            )));
        }
        *own += 1;
        self.0.measure(&taken);
        Ok(Seat {
            shared: Arc::clone(&self.0),
            holder: holder.to_owned(),
        })
    }

    /// Whether anybody listens.
    pub(crate) fn any(&self) -> bool {
        !self.0.taken().is_empty()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.shared.taken();
        if let Some(own) = taken.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.holder);
            }
        }
        self.shared.measure(&taken);
    }
}

impl Shared {
    fn taken(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn measure(&self, taken: &BTreeMap<String, usize>) {
        let streams: usize = taken.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "a gauge of at most a thousand")]
        self.metrics.set(Gauge::LiveStreams, streams as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn refusal(seats: &Seats, holder: &str) -> Option<StatusCode> {
        seats.take(holder).err().map(|problem| problem.status())
    }

    #[test]
    fn a_person_has_so_many_and_gets_one_back() {
        let seats = Seats::new(Metrics::new("test").unwrap());
        let mut own: Vec<_> = (0..PRINCIPAL_STREAMS_MAX)
            .map(|_| seats.take("ann").unwrap_or_else(|_| panic!("refused")))
            .collect();
        assert_eq!(refusal(&seats, "ann"), Some(StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(refusal(&seats, "bob"), None);
        own.pop();
        assert_eq!(refusal(&seats, "ann"), None);
    }

    #[test]
    fn the_process_has_so_many() {
        let metrics = Metrics::new("test").unwrap();
        let seats = Seats::new(metrics.clone());
        let all: Vec<_> = (0..STREAMS_MAX)
            .map(|number| seats.take(&number.to_string()).ok())
            .collect();
        assert!(all.iter().all(Option::is_some));
        assert_eq!(
            refusal(&seats, "one"),
            Some(StatusCode::SERVICE_UNAVAILABLE)
        );
        assert!(seats.any());
        drop(all);
        assert!(!seats.any());
    }
}
