//! `mention.signal`: what crisis detection needs of a post, without its words.

use super::{VERSION, decode, encode};
use crate::record::RecordError;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use switchboard_domain::{ClassifiedMention, Label, MentionKey, Slug};

/// One post, as `alert` counts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionSignal {
    v: u64,
    /// Which post.
    pub mention: MentionKey,
    /// When it was written, as far as that can be believed; never after receipt.
    pub posted_at: Timestamp,
    /// When our process took it.
    pub received_at: Timestamp,
    /// Whose rate it counts in.
    pub brand: Slug,
    /// The one label that routes.
    pub label: Label,
    /// What the post is about, most specific first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// 0 to 10.
    pub severity: u8,
    /// Stands for the author (see [`author_hash`]); absent when the platform named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The author's followers, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_followers: Option<u64>,
    /// It repeats another post.
    #[serde(default)]
    pub repost: bool,
    /// History, not news: it teaches baselines and raises no alarm.
    #[serde(default)]
    pub backfill: bool,
}

impl MentionSignal {
    /// What `alert` needs of a classified mention.
    pub fn of(classified: &ClassifiedMention) -> Self {
        let mention = &classified.mention;
        Self {
            v: VERSION,
            mention: mention.key(),
            posted_at: classified.posted_at(),
            received_at: classified.received_at,
            brand: classified.brand.clone(),
            label: classified.classification.label,
            topics: classified.classification.topics.clone(),
            severity: classified.classification.severity,
            author: author_hash(&mention.platform, &mention.author.id),
            author_followers: mention.author.followers,
            repost: mention.repost_of.is_some(),
            backfill: mention.backfill,
        }
    }

    /// For `mention.signal`; the key is the brand.
    pub fn encode(&self) -> Result<Bytes, RecordError> {
        encode("mention signal", self)
    }

    /// From `mention.signal`.
    pub fn decode(payload: &[u8]) -> Result<Self, RecordError> {
        decode("mention signal", payload)
    }
}

/// 64 bits: enough to count distinct authors of one brand.
const AUTHOR_HASH_BYTES: usize = 8;

/// Hex of the first 8 bytes of SHA-256 over platform and author id: the same author always
/// gives the same text, and the id does not stand in the record.
fn author_hash(platform: &Slug, author_id: &str) -> Option<String> {
    if author_id.is_empty() {
        return None;
    }
    let digest = Sha256::digest(format!("{platform}:{author_id}"));
    Some(hex::encode(&digest[..AUTHOR_HASH_BYTES]))
}
