//! What an item says, whatever the format.

use jiff::Timestamp;
use switchboard_domain::Author;
use switchboard_domain::mention::Media;

/// A feed with its items.
#[derive(Clone, Debug, Default)]
pub(super) struct Feed {
    /// Its own id, or where it says it lies.
    pub(super) identity: Option<String>,
    /// The page it belongs to.
    pub(super) link: Option<String>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Where it stood in the document.
    pub(super) path: String,
    /// As the feed names it.
    pub(super) guid: Option<String>,
    pub(super) link: Option<String>,
    /// Plain text, as is `body`.
    pub(super) title: String,
    pub(super) body: String,
    /// There is something where the words should be, if only a picture.
    pub(super) has_content: bool,
    pub(super) author: Author,
    pub(super) language: Option<String>,
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) in_reply_to: Option<String>,
    pub(super) media: Vec<Media>,
    /// As it came, for the dead letters.
    pub(super) source: String,
}
