//! The chain over the audit rows: h(i) = SHA-256(h(i-1) ‖ row).

use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A link of the chain.
pub(crate) type ChainHash = [u8; 32];

/// Before the first row.
pub(crate) const GENESIS: ChainHash = [0; 32];

/// An audit row, in the order in which its columns are hashed.
pub(crate) struct AuditColumns<'a> {
    pub(crate) id: i64,
    pub(crate) writer: &'a str,
    pub(crate) writer_sequence: i64,
    pub(crate) at: i64,
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: &'a str,
}

impl AuditColumns<'_> {
    /// The hash that follows `before`. Every column with its length before it.
    pub(crate) fn link(&self, before: &ChainHash) -> ChainHash {
        let mut hasher = Sha256::new_with_prefix(before);
        let (id, sequence, at) = (
            self.id.to_be_bytes(),
            self.writer_sequence.to_be_bytes(),
            self.at.to_be_bytes(),
        );
        let columns: [&[u8]; 8] = [
            &id,
            self.writer.as_bytes(),
            &sequence,
            &at,
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.subject.as_bytes(),
            self.detail.as_bytes(),
        ];
        for bytes in columns {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        hasher.finalize().into()
    }
}

/// How far each writer's rows have been seen.
#[derive(Default)]
pub(crate) struct Sequences(HashMap<String, i64>);

impl Sequences {
    /// What is wrong with a row of that number coming next, if anything.
    pub(crate) fn next(&mut self, writer: &str, sequence: i64) -> Option<String> {
        let last = self.0.entry(writer.to_owned()).or_default();
        let due = *last + 1;
        *last = sequence;
        (sequence != due).then(|| format!("`{writer}` wrote row {due}, {sequence} is there"))
    }

    /// What is wrong when the writer says it has written so many, if anything.
    pub(crate) fn end(&self, writer: &str, last: i64) -> Option<String> {
        let found = self.0.get(writer).copied().unwrap_or_default();
        (found != last).then(|| format!("`{writer}` wrote {last} rows, {found} are there"))
    }
}
