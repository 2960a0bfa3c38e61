//! Which thread a post belongs to.
//!
//! A thread is one author's open ticket on the same platform in the same conversation.
//! Without a conversation id its root is the post it answers, else the post itself; and a
//! post by the same author to the same account joins within the join window.

use crate::{Mention, MentionKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// A thread's name: a hash, so that an index of threads holds no author.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ThreadKey(String);

impl ThreadKey {
    /// The hash as 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hex::encode(&hasher.finalize()[..16]))
    }
}

impl fmt::Display for ThreadKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The threads a post may join, to be tried in this order, and that its ticket then holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadKeys {
    /// Joins at any distance in time.
    pub conversation: Option<ThreadKey>,
    /// The post it answers: when that is the same author's, their tickets are one.
    pub parent: Option<MentionKey>,
    /// Join only within the join window of the thread's last post.
    pub windowed: Vec<ThreadKey>,
}

/// The threads of a post. None without an author: two strangers never share a ticket.
pub fn thread_keys(mention: &Mention) -> ThreadKeys {
    let (platform, scope, author) = (
        mention.platform.as_str(),
        mention.id_scope.as_str(),
        mention.author.id.as_str(),
    );
    if author.is_empty() {
        return ThreadKeys::default();
    }
    if let Some(conversation) = &mention.conversation_id {
        let key = ThreadKey::new(&["conversation", platform, scope, conversation, author]);
        return ThreadKeys {
            conversation: Some(key),
            ..ThreadKeys::default()
        };
    }
    let root = mention.in_reply_to.as_deref();
    ThreadKeys {
        conversation: root.map(|root| ThreadKey::new(&["root", platform, scope, root, author])),
        parent: root.map(|root| MentionKey {
            id: root.to_owned(),
            ..mention.key()
        }),
        windowed: mention
            .accounts
            .iter()
            .map(|account| ThreadKey::new(&["account", platform, account, author]))
            .collect(),
    }
}

/// The posts that an answer of ours may belong to: the one it answers, else the one that
/// began the conversation.
pub fn answered_posts(answer: &Mention) -> impl Iterator<Item = MentionKey> + '_ {
    let ids = answer.in_reply_to.iter().chain(&answer.conversation_id);
    ids.map(|id| MentionKey {
        id: id.clone(),
        ..answer.key()
    })
}

/// The thread in which that author would answer an answer of ours; `None` for an author
/// without an id.
pub fn answer_thread(answer: &Mention, author_id: &str) -> Option<ThreadKey> {
    let mut reply = answer.clone();
    author_id.clone_into(&mut reply.author.id);
    reply.in_reply_to = Some(answer.id.clone());
    thread_keys(&reply).conversation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Slug;

    fn post(author: &str, account: Option<&str>) -> Mention {
        let mut mention = Mention::new(Slug::from_any("x"), "1", "hello");
        mention.author.id = author.into();
        mention.accounts = account.into_iter().map(str::to_owned).collect();
        mention
    }

    #[test]
    fn strangers_share_no_thread() {
        assert_eq!(thread_keys(&post("", Some("acme"))), ThreadKeys::default());
    }

    #[test]
    fn a_conversation_id_is_the_only_thread() {
        let mut mention = post("ann", Some("acme"));
        mention.conversation_id = Some("c1".into());
        let keys = thread_keys(&mention);
        assert!(keys.conversation.is_some() && keys.windowed.is_empty() && keys.parent.is_none());
    }

    #[test]
    fn author_account_and_platform_each_make_another_thread() {
        let of = |author, account| thread_keys(&post(author, Some(account))).windowed;
        assert_eq!(of("ann", "acme"), of("ann", "acme"));
        assert_ne!(of("ann", "acme"), of("bob", "acme"));
        assert_ne!(of("ann", "acme"), of("ann", "other"));
    }

    #[test]
    fn a_reply_names_its_root_and_its_parent() {
        let mut mention = post("ann", Some("acme"));
        mention.in_reply_to = Some("0".into());
        let keys = thread_keys(&mention);
        assert!(keys.conversation.is_some());
        assert_eq!(keys.parent.unwrap().id, "0");
        assert_eq!(keys.windowed.len(), 1);
    }
}
