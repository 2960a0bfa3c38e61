//! What one recorded response holds, without network, clock or configuration: the same
//! mapping that a poll uses, for `switchboard connector try` and for tests.

use crate::mention::{ItemErrorCode, ParseLimits, TEXT_BYTES_MAX, parse_mention};
use serde_json::Value;
use switchboard_domain::Mention;

/// The mentions of a response, and what of it is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// In the order of the response, reposts and deletions included.
    pub mentions: Vec<Mention>,
    /// Items that are no mention; their siblings are in `mentions`.
    pub refused: Vec<Refused>,
}

/// An item that could not be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where in the response, from its root `$`: `$[3].account.id`.
    pub path: String,
    /// For programs.
    pub code: ItemErrorCode,
    /// What was expected there. Never holds the text of the post.
    pub reason: String,
    /// The item as it came, for the dead letters.
    pub bytes: Vec<u8>,
}

impl Sampled {
    /// A response of which nothing can be used.
    pub fn refuse_all(bytes: &[u8], reason: impl Into<String>) -> Self {
        let mut sampled = Self::default();
        sampled.refuse("$", ItemErrorCode::InvalidValue, reason, bytes);
        sampled
    }

    /// Sets an item aside.
    pub fn refuse(
        &mut self,
        path: impl Into<String>,
        code: ItemErrorCode,
        reason: impl Into<String>,
        bytes: &[u8],
    ) {
        /// Enough to see what came; a whole response may be a hundred times this.
        const KEPT_BYTES_MAX: usize = 64 * 1024;
        self.refused.push(Refused {
            path: path.into(),
            code,
            reason: reason.into(),
            bytes: bytes[..bytes.len().min(KEPT_BYTES_MAX)].to_vec(),
        });
    }

    /// Takes the result of mapping one item. The mention goes through the same reader as
    /// those of the API, so that no connector brings what a sender may not.
    pub fn take(&mut self, path: &str, item: &Value, mapped: Result<Mention, Unmapped>) {
        let checked = mapped.and_then(within_limits);
        match checked {
            Ok(mention) => self.mentions.push(mention),
            Err(Unmapped {
                path: inner,
                code,
                reason,
            }) => {
                let bytes = item.to_string();
                self.refuse(format!("{path}{inner}"), code, reason, bytes.as_bytes());
            }
        }
    }
}

/// Why an item is no mention, told from the item's own root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Empty for the item as a whole, else `.account.id`.
    pub path: String,
    /// For programs.
    pub code: ItemErrorCode,
    /// What was expected.
    pub reason: String,
}

impl Unmapped {
    /// About one field of the item; `path` as in `.account.id`.
    pub fn new(path: impl Into<String>, code: ItemErrorCode, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code,
            reason: reason.into(),
        }
    }
}

fn within_limits(mut mention: Mention) -> Result<Mention, Unmapped> {
    if mention.text.len() > TEXT_BYTES_MAX {
        let end = mention.text.floor_char_boundary(TEXT_BYTES_MAX);
        mention.text.truncate(end);
    }
    let written = serde_json::to_vec(&mention)
        .map_err(|error| Unmapped::new("", ItemErrorCode::InvalidValue, error.to_string()))?;
    parse_mention(&written, &ParseLimits::default()).map_err(|error| {
        let field = error.field.map_or_else(String::new, |field| {
            format!(" (the mention's field `{field}`)")
        });
        Unmapped::new("", error.code, format!("{}{field}", error.message))
    })
}

#[cfg(test)]
mod tests {
    use crate::connector::CONNECTORS;
    use proptest::prelude::*;

    /// Pieces that make readers go further than noise does.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(vec![
            "{\"id\":1,",
            "\"content\":\"<p>x\"",
            "\"account\":{\"id\":\"1\"}",
            "}",
            "[",
            "]",
            "null",
            "event: update\ndata: ",
            "event: delete\ndata: 1\n\n",
            "{\"hits\":[",
            "\"objectID\":\"1\"",
            "<rss><channel>",
            "<item>",
            "</item>",
            "<title>é&amp;&#x;",
            "<![CDATA[",
            "<!--",
            "<a href='",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<feed>",
            "<entry/>",
            "\u{feff}",
            "{\"items\":[{}]",
        ]);
        let piece = prop_oneof![
            known.prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn no_bytes_break_a_sample(bytes in pieces(), url in prop::option::of("https?://[a-z]{1,3}\\.example/[a-z/]{0,9}")) {
            for descriptor in CONNECTORS {
                let sampled = (descriptor.sample)(&bytes, url.as_deref());
                prop_assert!(sampled.refused.iter().all(|refused| !refused.path.is_empty()));
            }
        }
    }
}
