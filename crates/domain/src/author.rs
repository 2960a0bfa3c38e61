//! What is known of an author beyond the post: whether it is one of us, and what the
//! company's own records say.

use crate::mention::Author;
use crate::routing::AuthorTier;
use crate::{Mention, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a post's author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorFacts {
    /// Set when it is one of our own accounts.
    pub ours: Option<Ours>,
    /// Set when the company's records were asked and answered.
    pub looked_up: Option<LookedUp>,
}

impl AuthorFacts {
    /// The tier that counts: the company's own word, else what the platform shows.
    pub fn tier(&self, author: &Author) -> AuthorTier {
        let told = self.looked_up.as_ref().and_then(|found| found.tier);
        told.unwrap_or_else(|| AuthorTier::of(author))
    }
}

/// Who speaks through an account of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ours {
    /// A colleague, as far as we know.
    Person,
    /// A machine; whether its answers count is the policy's to say.
    Machine,
}

/// What the company's records say of an author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedUp {
    /// The author's tier; `None` when the records name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<AuthorTier>,
    /// The number under which the company knows them; `None` for who is no customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// When the records were asked.
    pub at: Timestamp,
}

/// The accounts through which we speak ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnAccounts {
    accounts: BTreeMap<Account, Ours>,
}

/// `platform:` is empty where the account is ours on every platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Account {
    platform: Option<Slug>,
    name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// Without `@`, in small letters.
    Handle(String),
    Id(String),
}

impl OwnAccounts {
    /// Adds an account: `@handle` on every platform, `x:@handle`, or `x:id` with the
    /// platform's own id. `None` for what is neither.
    #[must_use]
    pub fn add(&mut self, text: &str, who: Ours) -> Option<()> {
        let account = Account::parse(text.trim())?;
        self.accounts.insert(account, who);
        Some(())
    }

    /// Who of us wrote it; `None` for everybody else.
    pub fn recognise(&self, mention: &Mention) -> Option<Ours> {
        let author = &mention.author;
        let handle = author.handle.as_deref().and_then(handle);
        let id = Some(&author.id).filter(|id| !id.is_empty());
        let names = [id.cloned().map(Name::Id), handle];
        let mut names = names.into_iter().flatten();
        names.find_map(|name| {
            let on = |platform| Account {
                platform,
                name: name.clone(),
            };
            let here = self.accounts.get(&on(Some(mention.platform.clone())));
            here.or_else(|| self.accounts.get(&on(None))).copied()
        })
    }
}

impl Account {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with('@') {
            let name = handle(text)?;
            return Some(Self {
                platform: None,
                name,
            });
        }
        let (platform, name) = text.split_once(':')?;
        let name = match name.strip_prefix('@') {
            Some(_) => handle(name)?,
            None if name.is_empty() => return None,
            None => Name::Id(name.to_owned()),
        };
        Some(Self {
            platform: Some(Slug::new(platform).ok()?),
            name,
        })
    }
}

fn handle(text: &str) -> Option<Name> {
    let bare = text.trim_start_matches('@').to_lowercase();
    (!bare.is_empty()).then_some(Name::Handle(bare))
}

/// Names an author on a platform: a hash, so that it can stand in addresses and indexes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorKey(String);

/// The text names no author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an author is named by 32 hexadecimal digits")]
pub struct NoAuthorKey;

impl AuthorKey {
    /// The author of that id; `None` for who has none. `id_scope` as in a mention.
    pub fn new(platform: &Slug, id_scope: &str, id: &str) -> Option<Self> {
        if id.is_empty() {
            return None;
        }
        let mut hasher = Sha256::new();
        for part in [platform.as_str(), id_scope, id] {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let hash = hasher.finalize();
        Some(Self(hex::encode(hash.get(..16).unwrap_or_default())))
    }

    /// As 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AuthorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<AuthorKey> for String {
    fn from(key: AuthorKey) -> Self {
        key.0
    }
}

impl TryFrom<String> for AuthorKey {
    type Error = NoAuthorKey;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 32 && text.bytes().all(digit) {
            Ok(Self(text))
        } else {
            Err(NoAuthorKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn post(platform: &str, id: &str, handle: Option<&str>) -> Mention {
        let mut mention = Mention::new(Slug::from_any(platform), "1", "we are sorry");
        mention.author.id = id.to_owned();
        mention.author.handle = handle.map(str::to_owned);
        mention
    }

    #[rstest]
    #[case::everywhere("@Acme_Help", post("x", "7", Some("acme_help")), true)]
    #[case::with_its_sign("@acme_help", post("x", "7", Some("@ACME_help")), true)]
    #[case::on_its_platform("x:@acme_help", post("x", "7", Some("acme_help")), true)]
    #[case::on_another("x:@acme_help", post("mastodon", "7", Some("acme_help")), false)]
    #[case::on_its_instance(
        "mastodon:@help@acme.social",
        post("mastodon", "7", Some("help@acme.social")),
        true
    )]
    #[case::by_id("bluesky:did:plc:abc", post("bluesky", "did:plc:abc", None), true)]
    #[case::id_is_no_handle("x:acme", post("x", "7", Some("acme")), false)]
    #[case::handle_is_no_id("@7", post("x", "7", None), false)]
    #[case::stranger("@acme_help", post("x", "7", Some("acme_helps")), false)]
    #[case::nobody("@acme_help", post("x", "", None), false)]
    fn recognises(#[case] account: &str, #[case] post: Mention, #[case] want: bool) {
        let mut own = OwnAccounts::default();
        own.add(account, Ours::Person).unwrap();
        assert_eq!(own.recognise(&post).is_some(), want);
    }

    #[rstest]
    #[case::no_platform("acme")]
    #[case::nothing("@")]
    #[case::no_name("x:")]
    #[case::no_slug("X Y:@acme")]
    fn refuses(#[case] account: &str) {
        assert_eq!(OwnAccounts::default().add(account, Ours::Person), None);
    }

    #[rstest]
    #[case::same("x", "", "ann", true)]
    #[case::another_platform("y", "", "ann", false)]
    #[case::another_instance("x", "a", "ann", false)]
    #[case::another_cut("x", "a", "nn", false)]
    fn a_key_names_one_account(
        #[case] platform: &str,
        #[case] scope: &str,
        #[case] id: &str,
        #[case] want: bool,
    ) {
        let ann = AuthorKey::new(&Slug::from_any("x"), "", "ann").unwrap();
        let other = AuthorKey::new(&Slug::from_any(platform), scope, id).unwrap();
        assert_eq!(ann == other, want);
        assert_eq!(AuthorKey::try_from(ann.to_string()), Ok(ann));
    }

    #[rstest]
    #[case::short("00")]
    #[case::no_digits("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    fn what_is_no_key(#[case] text: &str) {
        assert_eq!(AuthorKey::try_from(text.to_owned()), Err(NoAuthorKey));
        assert_eq!(AuthorKey::new(&Slug::from_any("x"), "", ""), None);
    }
}
