//! Incidents: what happened, who was told, and what people do about it.
//!
//! | module | holds |
//! |---|---|
//! | [`access`] | who may see them |
//! | [`list`] | `GET /api/v1/incidents` |
//! | [`show`] | `GET /api/v1/incidents/{id}` |
//! | [`handle`] | `POST /api/v1/incidents/{id}/acknowledge`, `…/close`, `…/false-alarm` |
//! | [`view`], [`detail`] | an incident's JSON |

pub(crate) mod access;
mod detail;
pub(crate) mod handle;
pub(crate) mod list;
pub(crate) mod show;
#[cfg(test)]
mod tests;
pub(crate) mod view;
