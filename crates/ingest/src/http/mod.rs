//! The one engine of the connectors that speak HTTP.
//!
//! | module | holds |
//! |---|---|
//! | `address` | which addresses may be reached, checked again after the name is resolved |
//! | `client` | one GET: limits, time-outs, and what a failure means to the worker |
//! | `pace` | requests a minute per credential, and what a platform says about them |
//! | `settings` | `base_url` and its company in a source's settings |
//! | `tls` | rustls with the machine's own certificates |
//!
//! Redirects are never followed and no proxy is taken from the environment: a request goes
//! where the configuration says, or nowhere.

mod address;
mod client;
mod pace;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tls;

pub use address::{Network, Reach};
pub use client::{BODY_BYTES_MAX, HttpClient, Reply, Validators};
pub use pace::{Pace, retry_after};
pub use settings::{Bearer, HttpSettings, TimeLimits, read_http};
pub(crate) use settings::{parse_url, read_allowed};
pub use tls::tls_config;
