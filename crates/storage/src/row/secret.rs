//! Secrets in hand, and what stands of them in columns.

use super::json;
use crate::StorageError;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use switchboard_domain::Slug;
use switchboard_domain::access::Role;

/// How exact "last used" is: a token or session in use costs one write a minute instead of one
/// a request.
const LAST_USED_STEP: SignedDuration = SignedDuration::from_mins(1);

/// All that is kept of a secret. It carries 160 random bits, so a plain hash is enough.
pub(crate) fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether a use at `now` is to be noted.
pub(crate) fn is_stale(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|last| now.duration_since(last) >= LAST_USED_STEP)
}

/// What an audit row says of rights that were given.
pub(crate) fn granted(role: Role, departments: &BTreeSet<Slug>) -> Result<String, StorageError> {
    json(&serde_json::json!({ "role": role, "departments": departments }))
}
