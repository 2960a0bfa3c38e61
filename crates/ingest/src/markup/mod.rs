//! Tag soup, read the way browsers do: nothing is an error. For the text of posts that come
//! as HTML, and for feeds, of which many are not well-formed.
//!
//! | module | holds |
//! |---|---|
//! | `token` | markup to tags and texts |
//! | `text` | HTML to plain text |

mod text;
mod token;

pub(crate) use text::html_to_text;
pub(crate) use token::{Token, Tokens, attribute};
