//! What a row of the routing table may look at.

use crate::{Author, ClassifiedMention, Form, Label, Slug};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Who an author is to the company, or else how far the voice carries. Everybody is in exactly
/// one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorTier {
    /// Everybody else.
    Standard,
    /// The platform vouches for the person.
    Verified,
    /// Has [`INFLUENCER_FOLLOWERS_MIN`] followers or more, verified or not.
    Influencer,
    /// The company's records know the person; see `[enrichment]`.
    Customer,
    /// The company's records put the person first.
    Vip,
}

/// From so many followers on an author is an influencer: where the trade's own tiers begin
/// to pay people for posts. A row that needs another number narrows with `when`.
pub const INFLUENCER_FOLLOWERS_MIN: u64 = 10_000;

impl AuthorTier {
    /// Every tier; first those that a platform shows, least heard first.
    pub const ALL: [Self; 5] = [
        Self::Standard,
        Self::Verified,
        Self::Influencer,
        Self::Customer,
        Self::Vip,
    ];

    /// Its name in configuration and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Verified => "verified",
            Self::Influencer => "influencer",
            Self::Customer => "customer",
            Self::Vip => "vip",
        }
    }

    /// The tier of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }

    /// The tier of an author, by reach first.
    pub fn of(author: &Author) -> Self {
        if author
            .followers
            .is_some_and(|count| count >= INFLUENCER_FOLLOWERS_MIN)
        {
            Self::Influencer
        } else if author.verified {
            Self::Verified
        } else {
            Self::Standard
        }
    }
}

impl fmt::Display for AuthorTier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// All that routing knows of a post. Never its words and never who wrote it, so that an
/// explanation may outlive both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The label that routes.
    pub label: Label,
    /// Every label over its threshold; the others may bring helpers.
    pub labels: BTreeSet<Label>,
    /// What it is about; a row's topic column matches when any of them lies under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Where it stands.
    pub platform: Slug,
    /// Whose accounts found it.
    pub brand: Slug,
    /// ISO 639-1, or `und`.
    pub language: String,
    /// What kind of post it is.
    pub form: Form,
    /// How far its author's voice carries.
    pub author_tier: AuthorTier,
    /// 0 to 10.
    pub severity: u8,
    /// Of the author; 0 when unknown.
    pub followers: u64,
    /// Of the label, from 0 to 1.
    pub confidence: f32,
}

impl Facts {
    /// The facts of a classified mention.
    pub fn of(classified: &ClassifiedMention) -> Self {
        let mention = &classified.mention;
        let verdict = &classified.classification;
        Self {
            label: verdict.label,
            labels: verdict.labels.clone(),
            topics: verdict.topics.clone(),
            platform: mention.platform.clone(),
            brand: classified.brand.clone(),
            language: verdict.language.clone(),
            form: mention.form,
            author_tier: AuthorTier::of(&mention.author),
            severity: verdict.severity,
            followers: mention.author.followers.unwrap_or(0),
            // Not a number has no place in JSON, and is equal to nothing, itself included.
            confidence: if verdict.confidence.is_finite() {
                verdict.confidence
            } else {
                0.0
            },
        }
    }
}
