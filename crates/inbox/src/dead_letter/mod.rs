//! Records no stage could handle: look at them, drive them again, or drop them.
//!
//! The letters stand in the log topic `dead.letter`; which of them are done with stands in
//! the store.
//!
//! | module | holds |
//! |---|---|
//! | [`list`] | `GET /api/v1/dead-letters` |
//! | [`show`] | `GET /api/v1/dead-letters/{id}`, with the record itself |
//! | [`retry`] | `POST /api/v1/dead-letters/{id}/retry` |
//! | [`discard`] | `POST /api/v1/dead-letters/{id}/drop` |
//! | [`view`] | a letter as the API shows it |
//! | [`find`] | one letter by its id, and the errors of all four |

pub(crate) mod discard;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod retry;
pub(crate) mod show;
pub(crate) mod view;
