//! A post as a platform showed it to us, and what makes it the same post again.

use crate::Slug;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Posts older than this on receipt start their clocks at receipt: the lateness is the
/// source's, and a department is not blamed for it.
pub const SLA_START_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// What makes two records the same post: `(platform, id_scope, id)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MentionKey {
    /// Where it stands.
    pub platform: Slug,
    /// Empty where ids are global, else the instance or page.
    #[serde(default)]
    pub id_scope: String,
    /// The platform's own id; never empty.
    pub id: String,
}

impl fmt::Display for MentionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            platform,
            id_scope,
            id,
        } = self;
        if id_scope.is_empty() {
            write!(formatter, "{platform}:{id}")
        } else {
            write!(formatter, "{platform}:{id_scope}:{id}")
        }
    }
}

/// Whether the post stands or is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The post exists in this version.
    #[default]
    Upsert,
    /// The author or the platform removed it. Final: it wins over any version.
    Delete,
}

/// What kind of post it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's own words")]
pub enum Form {
    #[default]
    Post,
    Comment,
    Reply,
    Dm,
    Review,
    Email,
}

impl Form {
    /// Every form, in the contract's order.
    pub const ALL: [Self; 6] = [
        Self::Post,
        Self::Comment,
        Self::Reply,
        Self::Dm,
        Self::Review,
        Self::Email,
    ];

    /// The contract's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Reply => "reply",
            Self::Dm => "dm",
            Self::Review => "review",
            Self::Email => "email",
        }
    }
}

/// Who can read the post on its platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's own words")]
pub enum Visibility {
    #[default]
    Public,
    Unlisted,
    Followers,
    Private,
}

/// Who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// The platform's id of the person; empty when the platform does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The name one writes after `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of followers, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
    /// Whether the platform vouches for the person.
    #[serde(skip_serializing_if = "is_false")]
    pub verified: bool,
}

/// Counts as the platform reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the count its name says")]
pub struct Metrics {
    pub likes: u64,
    pub reposts: u64,
    pub replies: u64,
    pub views: u64,
}

/// A picture, video or sound that came with the post. Never fetched by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `image`, `video`, `audio` or what the platform says.
    #[serde(default)]
    pub kind: String,
    /// Where it lies.
    pub url: String,
    /// The author's description of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// Whether and how we may answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplyCapability {
    /// Whether an answer is possible at all.
    #[serde(default)]
    pub can: bool,
    /// The platform's limits, as it states them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, serde_json::Value>,
}

/// A post, comment, reply, direct message, review or e-mail about the company.
///
/// Serialised it is the contract's mention format, with absent fields left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Upsert unless said otherwise.
    #[serde(default)]
    pub op: Op,
    /// Where it stands.
    pub platform: Slug,
    /// See [`MentionKey::id_scope`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_scope: String,
    /// The platform's own id.
    pub id: String,
    /// Grows with every edit; 0 when the platform does not number versions.
    #[serde(default)]
    pub version: i64,
    /// When this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// What kind of post it is.
    #[serde(default)]
    pub form: Form,
    /// Who can read it there.
    #[serde(default)]
    pub visibility: Visibility,
    /// The words; empty for a deletion or a bare picture. Hostile: never markup.
    #[serde(default)]
    pub text: String,
    /// The platform's own guess of the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// When it was written, by the platform's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Where a person can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Author,
    /// The monitored accounts or queries that found it.
    #[serde(
        default,
        rename = "account",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub accounts: BTreeSet<String>,
    /// The id of the post it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The platform's id of the whole conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The id of the post it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<String>,
    /// Stars of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<f64>,
    /// Counts as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The configured source that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// History, not news: starts no clock and raises no alarm.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backfill: bool,
    /// Whether and how we may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<ReplyCapability>,
    /// Fields we do not know, kept as they came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Mention {
    /// A public post with nothing but an identity and words; the start of most tests.
    pub fn new(platform: Slug, id: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            op: Op::Upsert,
            platform,
            id_scope: String::new(),
            id: id.into(),
            version: 0,
            edited_at: None,
            form: Form::Post,
            visibility: Visibility::Public,
            text: text.into(),
            lang: None,
            created_at: None,
            url: None,
            author: Author::default(),
            accounts: BTreeSet::new(),
            in_reply_to: None,
            conversation_id: None,
            repost_of: None,
            rating: None,
            metrics: None,
            media: Vec::new(),
            source: None,
            backfill: false,
            reply: None,
            extra: BTreeMap::new(),
        }
    }

    /// What makes it the same post again.
    pub fn key(&self) -> MentionKey {
        MentionKey {
            platform: self.platform.clone(),
            id_scope: self.id_scope.clone(),
            id: self.id.clone(),
        }
    }

    /// The key of its records: one author's posts stay in order in one partition.
    /// Without an author the native id spreads the load.
    pub fn partition_key(&self) -> String {
        let rest = if self.author.id.is_empty() {
            &self.id
        } else {
            &self.author.id
        };
        format!("{}:{}:{rest}", self.platform, self.id_scope)
    }
}

/// A mention with the moment we got it: the record of `mention.received`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceivedMention {
    /// The post.
    pub mention: Mention,
    /// When our process took it, by our clock.
    pub received_at: Timestamp,
}

/// Why the clocks of a mention start where they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartReason {
    /// At the platform's time: it lies within the window before receipt.
    PostTime,
    /// At receipt: the platform gave no time.
    NoPostTime,
    /// At receipt: the post reached us late.
    LateArrival,
    /// At receipt: the platform's time lies in the future.
    FutureTime,
    /// At our own time: something was done to the ticket.
    Change,
}

impl Mention {
    /// Where SLA clocks of a mention start that came in then, and why there.
    pub fn sla_start(&self, received_at: Timestamp) -> (Timestamp, StartReason) {
        let Some(written) = self.created_at else {
            return (received_at, StartReason::NoPostTime);
        };
        if written > received_at {
            return (received_at, StartReason::FutureTime);
        }
        if received_at.duration_since(written) <= SLA_START_WINDOW {
            (written, StartReason::PostTime)
        } else {
            (received_at, StartReason::LateArrival)
        }
    }

    /// The post's own time as far as it can be believed: never after receipt.
    pub fn posted_at(&self, received_at: Timestamp) -> Timestamp {
        self.created_at
            .map_or(received_at, |written| written.min(received_at))
    }
}

impl ReceivedMention {
    /// Where SLA clocks start, and why there.
    pub fn sla_start(&self) -> (Timestamp, StartReason) {
        self.mention.sla_start(self.received_at)
    }

    /// The post's own time as far as it can be believed: never after receipt.
    pub fn posted_at(&self) -> Timestamp {
        self.mention.posted_at(self.received_at)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape serde asks for"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn received(created_at: Option<&str>) -> ReceivedMention {
        let mut mention = Mention::new(Slug::from_any("x"), "1", "hello");
        mention.created_at = created_at.map(|text| text.parse().unwrap());
        ReceivedMention {
            mention,
            received_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        }
    }

    #[rstest]
    #[case::fresh(
        Some("2026-03-01T11:55:00Z"),
        "2026-03-01T11:55:00Z",
        StartReason::PostTime
    )]
    #[case::ten_minutes(
        Some("2026-03-01T11:50:00Z"),
        "2026-03-01T11:50:00Z",
        StartReason::PostTime
    )]
    #[case::late(
        Some("2026-03-01T11:49:59Z"),
        "2026-03-01T12:00:00Z",
        StartReason::LateArrival
    )]
    #[case::future(
        Some("2026-03-01T12:00:01Z"),
        "2026-03-01T12:00:00Z",
        StartReason::FutureTime
    )]
    #[case::absent(None, "2026-03-01T12:00:00Z", StartReason::NoPostTime)]
    #[case::year_one(
        Some("0001-01-01T00:00:00Z"),
        "2026-03-01T12:00:00Z",
        StartReason::LateArrival
    )]
    #[case::year_9999(
        Some("9999-12-30T00:00:00Z"),
        "2026-03-01T12:00:00Z",
        StartReason::FutureTime
    )]
    fn clocks_start(
        #[case] created: Option<&str>,
        #[case] want: Timestamp,
        #[case] why: StartReason,
    ) {
        assert_eq!(received(created).sla_start(), (want, why));
    }
}
