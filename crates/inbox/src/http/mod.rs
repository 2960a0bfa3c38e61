//! What every operation shares on its way in and out.
//!
//! | module | holds |
//! |---|---|
//! | [`body`] | a JSON body, read strictly |
//! | [`cookie`] | the cookie that carries a session |
//! | [`envelope`] | the outermost layer: request id, headers, metrics, error bodies |
//! | [`gate`] | who is asking, and whether the route is for them |
//! | [`peer`] | from where a request comes |
//! | [`problem`] | the one shape of every error |
//! | [`query`] | query parameters, read strictly |
//! | [`rate_limit`] | how often something may be tried |
//! | [`request_id`] | names for requests |
//! | [`same_origin`] | whether a page of our own asked |
//! | [`version`] | `If-Match` and `ETag` |

pub(crate) mod body;
pub(crate) mod cookie;
pub(crate) mod envelope;
pub(crate) mod gate;
pub(crate) mod peer;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod rate_limit;
pub(crate) mod request_id;
pub(crate) mod same_origin;
pub(crate) mod version;
