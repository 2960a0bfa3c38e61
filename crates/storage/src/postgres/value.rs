//! How values stand in columns: as in every other database of ours.

pub(super) use crate::row::{
    Place, from_column, json, mention_hash, micros, parse_status, thread_hash, to_column,
};

use std::borrow::Cow;

/// PostgreSQL's TEXT holds every character but NUL. What strangers write into ids and keys is
/// stored with a mark in its place; identities go by a hash of the true text.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}
