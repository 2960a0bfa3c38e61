//! Names of repositories and records: `at://did/collection/key`.

use super::json::{code_of_absent, text};
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use serde_json::Value;
use std::fmt;

pub(super) const POST: &str = "app.bsky.feed.post";
pub(super) const REPOST: &str = "app.bsky.feed.repost";

/// The name of one record. Its authority is a DID: handles change hands, and a post named by
/// one would become another post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordName<'a> {
    pub(super) did: &'a str,
    pub(super) collection: &'a str,
    pub(super) key: &'a str,
}

impl<'a> RecordName<'a> {
    /// `None` when a part is missing or holds what no name can hold.
    pub(super) fn parse(uri: &'a str) -> Option<Self> {
        let mut parts = uri.strip_prefix("at://")?.split('/');
        let name = Self {
            did: parts.next()?,
            collection: parts.next()?,
            key: parts.next()?,
        };
        (parts.next().is_none() && name.is_valid()).then_some(name)
    }

    pub(super) fn new(did: &'a str, collection: &'a str, key: &'a str) -> Option<Self> {
        let name = Self {
            did,
            collection,
            key,
        };
        name.is_valid().then_some(name)
    }

    fn is_valid(&self) -> bool {
        is_did(self.did) && is_collection(self.collection) && is_key(self.key)
    }

    /// The page people read it on. By DID, so that it outlives the handle.
    pub(super) fn page(&self) -> String {
        format!("https://bsky.app/profile/{}/post/{}", self.did, self.key)
    }
}

impl fmt::Display for RecordName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "at://{}/{}/{}",
            self.did, self.collection, self.key
        )
    }
}

/// The record's name in the field `uri` of `value`, which stands at `path` in the item.
pub(super) fn named<'a>(value: &'a Value, path: &str) -> Result<RecordName<'a>, Unmapped> {
    let path = format!("{path}.uri");
    let Some(uri) = text(value, "uri") else {
        let code = code_of_absent(value.get("uri"), ItemErrorCode::MissingId);
        return Err(Unmapped::new(path, code, "the post's `at://` address"));
    };
    RecordName::parse(uri).ok_or_else(|| {
        let reason = "must be `at://did/collection/key`";
        Unmapped::new(path, ItemErrorCode::InvalidValue, reason)
    })
}

/// The author of the record named by `uri`.
pub(super) fn authority(uri: &str) -> Option<&str> {
    let did = uri.strip_prefix("at://")?.split('/').next()?;
    is_did(did).then_some(did)
}

/// `did:method:identifier`, short enough to stand in an id of ours.
pub(super) fn is_did(text: &str) -> bool {
    /// The longest in use (`did:web`) is a host name.
    const BYTES_MAX: usize = 256;
    let mut parts = text.splitn(3, ':');
    let (scheme, method, rest) = (parts.next(), parts.next(), parts.next());
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'%' | b'-');
    text.len() <= BYTES_MAX
        && scheme == Some("did")
        && method.is_some_and(|method| {
            !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_lowercase())
        })
        && rest.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(allowed) && !rest.ends_with([':', '%'])
        })
}

fn is_collection(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    text.contains('.') && text.bytes().all(allowed)
}

fn is_key(text: &str) -> bool {
    /// The format allows 512; every key in use is a time of 13 letters or a word, and the
    /// whole name must fit an id of ours.
    const BYTES_MAX: usize = 128;
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'~' | b'-');
    (1..=BYTES_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::post("at://did:plc:abc/app.bsky.feed.post/3k", true)]
    #[case::web("at://did:web:example.com/app.bsky.feed.post/3k", true)]
    #[case::handle("at://ann.example/app.bsky.feed.post/3k", false)]
    #[case::no_key("at://did:plc:abc/app.bsky.feed.post", false)]
    #[case::empty_key("at://did:plc:abc/app.bsky.feed.post/", false)]
    #[case::too_long("at://did:plc:abc/app.bsky.feed.post/3k/x", false)]
    #[case::space("at://did:plc:abc/app.bsky.feed.post/3 k", false)]
    #[case::other_scheme("https://did:plc:abc/app.bsky.feed.post/3k", false)]
    fn names(#[case] uri: &str, #[case] valid: bool) {
        assert_eq!(RecordName::parse(uri).is_some(), valid);
    }

    #[test]
    fn a_name_is_written_as_it_was_read() {
        let uri = "at://did:plc:abc/app.bsky.feed.post/3k";
        assert_eq!(RecordName::parse(uri).unwrap().to_string(), uri);
        assert_eq!(authority(uri), Some("did:plc:abc"));
    }
}
