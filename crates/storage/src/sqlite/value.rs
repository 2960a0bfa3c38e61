//! How values stand in columns: as in every other database of ours.

pub(super) use crate::row::{
    Place, clock_status, from_column, json, mention_hash, micros, parse_status, to_column,
};
