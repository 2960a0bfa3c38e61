//! A disk that forgets: what was synced stays, what was not survives in part.

use super::vfs::Change;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;

/// What disks write as one.
const SECTOR_BYTES: usize = 512;

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    /// Since the last sync.
    pending: Vec<Change>,
}

/// The files as far as the trace has been followed.
#[derive(Default)]
pub(crate) struct Disk(BTreeMap<String, File>);

impl Disk {
    pub(crate) fn follow(&mut self, name: &str, change: &Change) {
        if matches!(change, Change::Delete) {
            self.0.remove(name);
            return;
        }
        let file = self.0.entry(name.to_owned()).or_default();
        if matches!(change, Change::Sync) {
            for change in std::mem::take(&mut file.pending) {
                apply(&mut file.durable, &change, |_| true);
            }
        } else {
            file.pending.push(change.clone());
        }
    }

    /// The files as they are found after the power came back.
    pub(crate) fn crash_into(&self, dir: &Path, seed: u64) {
        let mut random = SmallRng::seed_from_u64(seed);
        // From nothing survived to everything did, and all between.
        let survival = random.random_range(0.0..=1.0);
        for (name, file) in &self.0 {
            let mut content = file.durable.clone();
            for change in &file.pending {
                if random.random_bool(survival) {
                    let torn = random.random_bool(0.3);
                    apply(&mut content, change, |_| !torn || random.random_bool(0.5));
                }
            }
            if !content.is_empty() || random.random_bool(0.5) {
                std::fs::write(dir.join(name), content).unwrap();
            }
        }
    }
}

/// Sectors that `keeps` refuses stay as they were; beyond the old end they are zero.
fn apply(content: &mut Vec<u8>, change: &Change, mut keeps: impl FnMut(usize) -> bool) {
    match change {
        Change::Truncate { size } => content.resize(*size, 0),
        Change::Write { offset, data } => {
            let end = offset + data.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            let mut at = *offset;
            while at < end {
                let next = end.min((at / SECTOR_BYTES + 1) * SECTOR_BYTES);
                if keeps(at / SECTOR_BYTES) {
                    content[at..next].copy_from_slice(&data[at - offset..next - offset]);
                }
                at = next;
            }
        }
        Change::Sync | Change::Delete => {}
    }
}
