//! What a classified mention does to the tickets there are.

use crate::{Classification, Mention, ReceivedMention, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A mention with its verdict: the record of `mention.classified`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifiedMention {
    /// The post.
    pub mention: Mention,
    /// When our process took it.
    pub received_at: Timestamp,
    /// The verdict.
    pub classification: Classification,
    /// Whose accounts found it.
    pub brand: Slug,
}

impl ClassifiedMention {
    /// The mention as it was received.
    pub fn received(&self) -> ReceivedMention {
        ReceivedMention {
            mention: self.mention.clone(),
            received_at: self.received_at,
        }
    }
}
