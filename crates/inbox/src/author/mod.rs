//! Authors: what else they have written, and the links between their accounts.
//!
//! | module | holds |
//! |---|---|
//! | [`show`] | an author's profile with the history that the caller may see |
//! | [`link`] | saying that two accounts are one author's, and taking it back |
//! | [`view`] | the profile's JSON |

pub(crate) mod link;
pub(crate) mod show;
mod view;

use crate::http::problem::Problem;
use crate::http::query::shown;
use switchboard_domain::author::AuthorKey;

/// The author of a path; what is no key names nobody.
fn author(text: &str) -> Result<AuthorKey, Problem> {
    AuthorKey::try_from(text.to_owned()).map_err(|_| unknown(text))
}

fn unknown(author: &str) -> Problem {
    Problem::not_found(format!("there is no author `{}`", shown(author)))
}
