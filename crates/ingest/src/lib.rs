//! How posts come in: connectors and their workers, and the receiving end of the HTTP API.
//!
//! | module | holds |
//! |---|---|
//! | [`mention`] | the mention format: a stranger's bytes to mentions, error by error |
//! | [`receive`] | `POST /api/v1/mentions` |
//! | [`connector`] | what a source is to the worker, and the list of all connectors |
//! | [`sample`] | what one recorded response holds, by the connectors' own mapping |
//! | [`http`] | the one engine of connectors that speak HTTP: limits, errors, what may be reached |
//! | [`worker`] | one task per source: poll, append, and only then the cursor |
//! | [`file`](mod@file) | the connector that reads files of JSON lines |
//! | [`feed`] | RSS, Atom and JSON feeds |
//! | [`hackernews`] | Hacker News: Algolia's search, Firebase's items |
//! | [`mastodon`] | hashtag timelines of Mastodon and its kin |
//! | [`bluesky`] | the connector of Bluesky's stream |
//! | [`replay`], [`api_client`] | the client's side of `switchboard replay`, and of our API |
//! | [`config`] | `[ingest]` and `[sources.<name>]` |
//!
//! # Adding a connector
//!
//! 1. A folder here with `mod.rs` (settings and descriptor), `client.rs` (HTTP) and `map.rs`
//!    (reply → `Mention`, pure); the platform's own types never leave it.
//! 2. One line in [`connector::CONNECTORS`], in its place by name.
//! 3. `docs/connectors/<name>.md`, `tests/fixtures/<name>/` with a `settings.toml`, and an
//!    example in `config/`. The contract test in `connector::tests` says what is missing.

pub mod api_client;
mod backlog;
pub mod bluesky;
pub mod config;
pub mod connector;
#[cfg(test)]
mod fake_log;
pub mod feed;
mod fields;
pub mod file;
pub mod hackernews;
pub mod http;
mod markup;
pub mod mastodon;
pub mod mention;
pub mod receive;
mod record;
pub mod replay;
pub mod sample;
mod words;
pub mod worker;
