//! How posts come in: connectors and their workers, and the receiving end of the HTTP API.
//!
//! | module | holds |
//! |---|---|
//! | [`mention`] | the mention format: a stranger's bytes to mentions, error by error |

pub mod mention;
