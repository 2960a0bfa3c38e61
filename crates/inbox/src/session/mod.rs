//! Logging in and out: sessions of people in browsers.
//!
//! | module | holds |
//! |---|---|
//! | [`door`] | where passwords and links are tried, within limits |
//! | [`password`], [`common_passwords`] | which passwords are taken, and whether one fits |
//! | [`page`] | the pages for it, which work without JavaScript |
//! | [`show`], [`end`] | the session that asks |
//! | [`list`], [`revoke`] | the sessions of who asks |
//! | [`view`] | how a session is shown |
//!
//! Secrets of sessions and links are random and kept as SHA-256; passwords as argon2id. A
//! session is good only for requests that a page of ours makes (`http::same_origin`).

mod common_passwords;
pub(crate) mod door;
pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod revoke;
pub(crate) mod show;
mod view;

#[cfg(test)]
mod tests;
