//! Log topics over HTTP: how a department's own systems read their queue without Kafka.
//!
//! | module | holds |
//! |---|---|
//! | [`position`] | where a reader stands, as one opaque word |
//! | [`read`] | `GET /api/v1/topics/{name}` |
//! | [`reader`] | reading every partition at once |

pub(crate) mod position;
pub(crate) mod read;
pub(crate) mod reader;
