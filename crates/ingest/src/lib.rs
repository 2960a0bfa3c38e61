//! How posts come in: connectors and their workers, and the receiving end of the HTTP API.
//!
//! | module | holds |
//! |---|---|
//! | [`mention`] | the mention format: a stranger's bytes to mentions, error by error |
//! | [`receive`] | `POST /api/v1/mentions` |

#[cfg(test)]
mod fake_log;
pub mod mention;
pub mod receive;
mod record;
