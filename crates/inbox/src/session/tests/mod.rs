//! People in browsers: how sessions begin, what they allow, and how they end.

mod account;
mod guessing;
mod life;
mod link;
mod origin;
mod pages;

use crate::testing::{LINK, World};
use switchboard_telemetry::{Counter, LoginMethod, LoginOutcome};

fn link_path() -> String {
    format!("/login/link/{LINK}")
}

fn logins(world: &World, method: LoginMethod, outcome: LoginOutcome) -> u64 {
    world
        .metrics
        .counter_value(Counter::Logins { method, outcome })
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// Headers of a request, as names and values.
type Headers = &'static [(&'static str, &'static str)];
