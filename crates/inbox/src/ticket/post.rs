//! A post as the API shows it: the contract's mention, or what is left of a deleted one.

use serde_json::{Map, Value};
use switchboard_domain::{Mention, MentionKey};
use switchboard_storage::StoredMention;

/// The post with its words.
pub(crate) fn standing(mention: &Mention) -> Value {
    serde_json::to_value(mention).unwrap_or_default()
}

/// A post of a ticket's conversation, with its own verdict and the moment we got it.
pub(crate) fn joined(post: &StoredMention) -> Value {
    let Some(content) = &post.content else {
        return deleted(&post.key);
    };
    let mut shown = standing(&content.mention);
    if let Some(fields) = shown.as_object_mut() {
        let verdict = serde_json::to_value(&content.classification).unwrap_or_default();
        fields.insert("classification".to_owned(), verdict);
        fields.insert(
            "received_at".to_owned(),
            content.received_at.to_string().into(),
        );
    }
    shown
}

/// The post's identity; its words are gone for good.
pub(crate) fn deleted(key: &MentionKey) -> Value {
    let mut post = identity(key);
    post.insert("deleted".to_owned(), true.into());
    Value::Object(post)
}

/// The post's identity; its words stand elsewhere.
pub(crate) fn named(key: &MentionKey) -> Value {
    Value::Object(identity(key))
}

fn identity(key: &MentionKey) -> Map<String, Value> {
    let mut post = Map::new();
    post.insert("platform".to_owned(), key.platform.as_str().into());
    if !key.id_scope.is_empty() {
        post.insert("id_scope".to_owned(), key.id_scope.as_str().into());
    }
    post.insert("id".to_owned(), key.id.as_str().into());
    post
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_domain::Slug;

    #[test]
    fn a_deleted_post_keeps_no_words() {
        let mention = Mention::new(Slug::from_any("x"), "1", "hello");
        assert_eq!(standing(&mention)["text"], "hello");
        assert_eq!(
            deleted(&mention.key()).to_string(),
            r#"{"deleted":true,"id":"1","platform":"x"}"#
        );
    }
}
