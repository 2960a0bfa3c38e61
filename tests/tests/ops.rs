//! What those on call rely on: dashboards, alert rules, runbooks and the composed installation,
//! each checked as text, and every query run by a real Prometheus over a real Switchboard.
//!
//! | module | holds |
//! |---|---|
//! | [`boards`] | the dashboards, and the rules a linter for them would have |
//! | [`rules`] | the alert rules: syntax, unit tests, a runbook for each |
//! | [`catalogue`] | every metric named anywhere exists |
//! | [`compose`] | deploy/compose, as far as that goes without an engine |
//! | [`live`] | every query of every panel and alert, over traffic |
//! | [`query`], [`files`], [`prometheus`], [`traffic`] | what these share |
//!
//! Prometheus and its tools are Debian packages. Where they are not there the tests fail and
//! say so; with `SWITCHBOARD_SKIP_PROMETHEUS=1` they go without, aloud.

#[path = "ops/boards.rs"]
mod boards;
#[path = "ops/catalogue.rs"]
mod catalogue;
#[path = "ops/compose.rs"]
mod compose;
#[path = "ops/files.rs"]
mod files;
#[path = "ops/live.rs"]
mod live;
#[path = "ops/prometheus.rs"]
mod prometheus;
#[path = "ops/query.rs"]
mod query;
#[path = "ops/rules.rs"]
mod rules;
#[path = "ops/traffic.rs"]
mod traffic;
