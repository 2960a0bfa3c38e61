//! What a verdict depends on.

use switchboard_domain::Mention;

/// The parts of a post that are judged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Post<'a> {
    /// What was written; empty for a deletion.
    pub(crate) text: &'a str,
    /// The platform's guess at the language.
    pub(crate) lang: Option<&'a str>,
    /// Stars of a review.
    pub(crate) rating: Option<f64>,
    /// How many follow the author, where known.
    pub(crate) followers: Option<u64>,
    /// Whether the platform vouches for the author.
    pub(crate) verified: bool,
}

impl<'a> Post<'a> {
    /// Those of a mention.
    pub(crate) fn of(mention: &'a Mention) -> Self {
        Self {
            text: &mention.text,
            lang: mention.lang.as_deref(),
            rating: mention.rating,
            followers: mention.author.followers,
            verified: mention.author.verified,
        }
    }
}
