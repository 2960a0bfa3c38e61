//! Names that people write in configuration and that appear in topics and URLs.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A name of 1 to 40 characters from `a-z`, `0-9` and `-`.
///
/// Cheap to clone: slugs are copied onto every record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

/// The text is not a slug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name of 1 to 40 characters from a-z, 0-9 and `-`")]
pub struct SlugError(String);

/// Long enough for any department or brand, short enough for a topic name and a metric label.
pub const MAX_SLUG_LENGTH: usize = 40;

impl Slug {
    /// # Errors
    /// Fails when `text` is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        let fits = (1..=MAX_SLUG_LENGTH).contains(&text.len());
        if fits && text.bytes().all(is_slug_byte) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(SlugError(text.chars().take(60).collect()))
        }
    }

    /// The nearest slug to any text: lower case, other characters folded to single dashes.
    /// Text with nothing usable in it becomes `default`.
    pub fn from_any(text: &str) -> Self {
        let mut slug = String::with_capacity(text.len().min(MAX_SLUG_LENGTH));
        for character in text.chars().flat_map(char::to_lowercase) {
            if slug.len() == MAX_SLUG_LENGTH {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(Arc::from(if slug.is_empty() { "default" } else { slug }))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_slug_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::new(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.as_ref().to_owned()
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("support", true)]
    #[case::digits_and_dash("team-7", true)]
    #[case::empty("", false)]
    #[case::capital("Support", false)]
    #[case::forty("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true)]
    #[case::forty_one("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    #[case::not_ascii("größe", false)]
    fn accepts_only_slugs(#[case] text: &str, #[case] ok: bool) {
        assert_eq!(Slug::new(text).is_ok(), ok);
    }

    #[rstest]
    #[case::spaces("Virgin America", "virgin-america")]
    #[case::handle("@JetBlue!", "jetblue")]
    #[case::nothing_usable("日本", "default")]
    fn from_any_finds_the_nearest(#[case] text: &str, #[case] want: &str) {
        assert_eq!(Slug::from_any(text).as_str(), want);
    }
}
