//! Tickets: one file per operation, and how a ticket is shown.
//!
//! | module | holds |
//! |---|---|
//! | [`list`], [`show`], [`sla`] | reading |
//! | [`claim`] … [`priority`] | one change each |
//! | [`change`] | what every change does, and how it can fail |
//! | [`merge`], [`split`], [`regroup`] | posts that change tickets |
//! | [`view`], [`post`], [`explanation`], [`clock`], [`timeline`] | the ticket's JSON |
//! | [`cursor`], [`filter`] | the pages and filters of the list |

pub(crate) mod assign;
pub(crate) mod change;
pub(crate) mod claim;
mod clock;
mod cursor;
mod explanation;
mod filter;
pub(crate) mod hand_over;
pub(crate) mod hold;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod note;
pub(crate) mod post;
pub(crate) mod priority;
mod regroup;
pub(crate) mod relabel;
pub(crate) mod reopen;
pub(crate) mod reply;
pub(crate) mod resolve;
pub(crate) mod show;
pub(crate) mod sla;
pub(crate) mod split;
mod timeline;
pub(crate) mod view;
