//! What every operation shares on its way in and out.
//!
//! | module | holds |
//! |---|---|
//! | [`body`] | a JSON body, read strictly |
//! | [`envelope`] | the outermost layer: request id, headers, metrics, error bodies |
//! | [`gate`] | who is asking, and whether the route is for them |
//! | [`problem`] | the one shape of every error |
//! | [`query`] | query parameters, read strictly |
//! | [`request_id`] | names for requests |
//! | [`version`] | `If-Match` and `ETag` |

pub(crate) mod body;
pub(crate) mod envelope;
pub(crate) mod gate;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod request_id;
pub(crate) mod version;
