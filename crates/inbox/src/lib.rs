//! The agents' API: tickets, queues, log topics and dead letters over HTTP.
//!
//! | module | holds |
//! |---|---|
//! | [`routes`] | the table of every route: path, who may call it, handler, description |
//! | [`state`] | what the operations work with |
//! | [`config`] | `[inbox]`: where people reach the server, and through whom |
//! | [`http`] | what they share: the door, errors, query, body, versions |
//! | [`ticket`] | tickets: one file per operation, and how a ticket is shown |
//! | [`queue`] | the departments' queues in numbers |
//! | [`topic`] | log topics without a Kafka client |
//! | [`live`] | changes as they happen, as server-sent events |
//! | [`incident`] | crises: what happened, who was told, what people do about it |
//! | [`page`] | the agents' page, as far as this build holds it |
//! | [`dead_letter`] | records no stage could handle |
//! | [`session`] | logging in and out: the pages for it, passwords, own sessions |
//! | [`author`] | who wrote: accounts over platforms, and their history |
//! | [`hold_state`] | what a ticket can wait for, in the company's words |
//! | [`person`] | whom a ticket can be given to |
//! | [`token`] | API tokens |
//! | [`openapi`] | the document, made from the table |
//!
//! To add an operation: a file with its error enum, `describe`, handler and tests, and one
//! line in the table. The tests then ask which roles may call it.

mod author;
pub mod config;
mod dead_letter;
mod hold_state;
mod http;
mod incident;
mod live;
mod nearest;
mod openapi;
mod openapi_route;
mod page;
mod person;
mod queue;
mod routes;
#[cfg(test)]
mod routes_tests;
mod session;
mod state;
#[cfg(test)]
mod testing;
mod ticket;
mod token;
mod topic;

pub use config::InboxConfig;
pub use live::updates::Updates;
pub use openapi::document;
pub use state::{Ownership, Parts};

use crate::http::body::BODY_BYTES_MAX;
use crate::http::envelope::{envelop, panicked};
use crate::state::Inbox;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;

/// The whole API and the page, with request ids, security headers, metrics, limits and error
/// bodies, and what has to run beside it.
///
/// `beside`: routes of others on the same listener, which get the same ids, headers and
/// metrics, and keep their own error bodies. The router has a fallback that asks for
/// credentials; `beside` must have none.
pub fn service(parts: Parts, beside: Router) -> (Router, Updates) {
    let inbox = Inbox::new(parts);
    let pages = session::page::router(&inbox);
    let router = routes::router(&inbox)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .merge(beside)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(inbox.clone(), envelop))
        .merge(pages);
    (router, Updates::new(inbox))
}
