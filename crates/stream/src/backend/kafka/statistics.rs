//! What librdkafka tells of itself, as metrics.

use rdkafka::Statistics;
use std::sync::{Mutex, PoisonError};
use switchboard_telemetry::{Counter, Gauge, Metrics};

/// Often enough to see a fault come, rarely enough to cost nothing.
pub(super) const STATISTICS_INTERVAL_MS: u32 = 5_000;

/// One client's part in the metrics. Every client counts its errors; the brokers' state is
/// told by one of them, so that the clients do not overwrite each other.
pub(super) struct ClientStatistics {
    metrics: Metrics,
    tells_brokers: bool,
    last: Mutex<Totals>,
}

/// What librdkafka only ever adds to.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Totals {
    request_errors: u64,
    rebalances: u64,
}

impl ClientStatistics {
    pub(super) fn new(metrics: Metrics, tells_brokers: bool) -> Self {
        Self {
            metrics,
            tells_brokers,
            last: Mutex::default(),
        }
    }

    pub(super) fn take(&self, statistics: &Statistics) {
        let now = totals(statistics);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = |now: u64, last: u64| now.saturating_sub(last);
        let errors = grown(now.request_errors, last.request_errors);
        self.metrics.add(Counter::LogRequestErrors, errors);
        let rebalances = grown(now.rebalances, last.rebalances);
        self.metrics.add(Counter::LogRebalances, rebalances);
        *last = now;
        if self.tells_brokers {
            self.tell_brokers(statistics);
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge; nobody counts 2^52 records or microseconds"
    )]
    fn tell_brokers(&self, statistics: &Statistics) {
        // Those with a negative id are the addresses we were told to begin with.
        let brokers = statistics
            .brokers
            .values()
            .filter(|broker| broker.nodeid >= 0);
        let (mut up, mut round_trip_microseconds, mut throttle_milliseconds) = (0_u32, 0, 0);
        for broker in brokers {
            up += u32::from(broker.state == "UP");
            let mean = |window: &Option<rdkafka::statistics::Window>| {
                window.as_ref().map_or(0, |window| window.avg)
            };
            round_trip_microseconds = round_trip_microseconds.max(mean(&broker.rtt));
            throttle_milliseconds = throttle_milliseconds.max(mean(&broker.throttle));
        }
        self.metrics.set(Gauge::LogBrokersUp, f64::from(up));
        let seconds = round_trip_microseconds as f64 / 1e6;
        self.metrics.set(Gauge::LogBrokerRoundTrip, seconds);
        let seconds = throttle_milliseconds as f64 / 1e3;
        self.metrics.set(Gauge::LogThrottle, seconds);
        self.metrics
            .set(Gauge::LogQueuedRecords, statistics.msg_cnt as f64);
    }
}

fn totals(statistics: &Statistics) -> Totals {
    let errors = statistics
        .brokers
        .values()
        .map(|broker| broker.txerrs + broker.rxerrs + broker.req_timeouts);
    let rebalances = statistics
        .cgrp
        .as_ref()
        .map_or(0, |group| group.rebalance_cnt);
    Totals {
        request_errors: errors.sum(),
        rebalances: u64::try_from(rebalances).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::statistics::{Broker, ConsumerGroup, Window};

    fn statistics(errors: u64, rebalances: i64) -> Statistics {
        let broker = |nodeid, state: &str| Broker {
            nodeid,
            state: state.to_owned(),
            txerrs: errors,
            rtt: Some(Window {
                avg: 2_500,
                ..Window::default()
            }),
            ..Broker::default()
        };
        Statistics {
            msg_cnt: 7,
            brokers: [
                ("1".to_owned(), broker(1, "UP")),
                ("2".to_owned(), broker(2, "CONNECT")),
                ("bootstrap".to_owned(), broker(-1, "UP")),
            ]
            .into(),
            cgrp: Some(ConsumerGroup {
                rebalance_cnt: rebalances,
                ..ConsumerGroup::default()
            }),
            ..Statistics::default()
        }
    }

    #[test]
    fn totals_become_steps_and_brokers_are_counted_once() {
        let metrics = Metrics::new("test").unwrap();
        let told = ClientStatistics::new(metrics.clone(), true);
        told.take(&statistics(1, 2));
        told.take(&statistics(3, 2));
        assert_eq!(metrics.counter_value(Counter::LogRequestErrors), 9);
        assert_eq!(metrics.counter_value(Counter::LogRebalances), 2);
        assert!((metrics.gauge_value(Gauge::LogBrokersUp) - 1.0).abs() < 1e-9);
        assert!((metrics.gauge_value(Gauge::LogBrokerRoundTrip) - 0.0025).abs() < 1e-9);
        assert!((metrics.gauge_value(Gauge::LogQueuedRecords) - 7.0).abs() < 1e-9);
    }
}
