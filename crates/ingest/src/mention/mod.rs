//! The mention format as it comes in from strangers: bytes to [`Mention`]s, item by item.
//!
//! | module | holds |
//! |---|---|
//! | `limits` | how large each part may be |
//! | `split` | a body into the bytes of its items |
//! | `json` | one item as JSON, no key twice |
//! | `item`, `field` | a JSON object as a [`Mention`] |
//! | `error` | what a sender is told |
//!
//! What is read generously, because platforms differ: ids as whole numbers become their
//! digits; `null` is absent; `author` may be a plain handle; `account` a text or a list;
//! fields we do not know stay in `extra` under their path (`author.bio`, `media.0.width`).
//! What is changed: a NUL becomes U+FFFD, a time past the last one we can hold becomes that
//! one, an address that is no `http` or `https` address goes to `extra`, a deletion loses its
//! text. Everything else stays as it came; markup, control and direction characters are text.
//!
//! To add a field: `switchboard_domain::Mention`, one line in `item::read_mention`, one row
//! in the tables of `tests`.

mod error;
mod field;
mod item;
mod json;
#[cfg(test)]
mod laws;
mod limits;
mod split;
#[cfg(test)]
mod tests;

pub use error::{BodyError, ItemError, ItemErrorCode, SHOWN_ID_CHARACTERS};
pub use limits::{
    ACCOUNTS_MAX, DEPTH_MAX, EXTRA_BYTES_MAX, ID_BYTES_MAX, ITEM_BYTES_MAX, ITEMS_MAX, MEDIA_MAX,
    NAME_BYTES_MAX, ParseLimits, TEXT_BYTES_MAX, URL_BYTES_MAX,
};

use switchboard_domain::Mention;

/// How a body holds its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/json`: an object, or an array of objects.
    Json,
    /// `application/x-ndjson`: one object a line.
    Lines,
}

impl BodyFormat {
    /// The format a `Content-Type` names; parameters such as `charset` do not matter.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        if is("application/json") {
            Some(Self::Json)
        } else if is("application/x-ndjson") {
            Some(Self::Lines)
        } else {
            None
        }
    }
}

/// One result for each item, in order: what is wrong with one says nothing about the others.
///
/// # Errors
/// [`BodyError`] when the body cannot be cut into items at all; then nothing was read.
pub fn parse_mentions(
    body: &[u8],
    format: BodyFormat,
    limits: &ParseLimits,
) -> Result<Vec<Result<Mention, ItemError>>, BodyError> {
    let items = match format {
        BodyFormat::Json => split::split_json(body, limits.items)?,
        BodyFormat::Lines => split::split_lines(body, limits.items)?,
    };
    let results = items.into_iter().enumerate().map(|(index, item)| {
        item::read_item(item, limits).map_err(|(id, fault)| fault.at(index, id))
    });
    Ok(results.collect())
}

/// One line of a file or a stream; the error's index is 0.
pub fn parse_mention(line: &[u8], limits: &ParseLimits) -> Result<Mention, ItemError> {
    let bytes = line.trim_ascii();
    let item = split::Item {
        bytes,
        depth: split::depth_of(bytes),
    };
    item::read_item(item, limits).map_err(|(id, fault)| fault.at(0, id))
}
