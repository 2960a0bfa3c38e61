//! The platforms a series may name.

/// A platform as a label; senders name platforms freely, series do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlatformLabel {
    /// The mention API, and mentions that name no platform.
    Api,
    /// App Store reviews.
    AppStore,
    /// Bluesky.
    Bluesky,
    /// Discord.
    Discord,
    /// Discourse forums.
    Discourse,
    /// E-mail.
    Email,
    /// Facebook pages.
    Facebook,
    /// RSS, Atom and JSON feeds.
    Feed,
    /// A file read from disk.
    File,
    /// Google Business reviews.
    GoogleBusiness,
    /// Google Play reviews.
    GooglePlay,
    /// Hacker News.
    HackerNews,
    /// Instagram.
    Instagram,
    /// Lemmy and its kin.
    Lemmy,
    /// `LinkedIn` organisations.
    LinkedIn,
    /// Mastodon and compatible servers.
    Mastodon,
    /// Reddit.
    Reddit,
    /// Stack Exchange sites.
    StackExchange,
    /// Telegram.
    Telegram,
    /// Threads.
    Threads,
    /// `TikTok`.
    TikTok,
    /// Trustpilot reviews.
    Trustpilot,
    /// Webhooks described by configuration.
    Webhook,
    /// X.
    X,
    /// `YouTube` comments.
    YouTube,
    /// Every platform not listed: a sender of the API may name any.
    Other,
}

impl PlatformLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Api,
        Self::AppStore,
        Self::Bluesky,
        Self::Discord,
        Self::Discourse,
        Self::Email,
        Self::Facebook,
        Self::Feed,
        Self::File,
        Self::GoogleBusiness,
        Self::GooglePlay,
        Self::HackerNews,
        Self::Instagram,
        Self::Lemmy,
        Self::LinkedIn,
        Self::Mastodon,
        Self::Reddit,
        Self::StackExchange,
        Self::Telegram,
        Self::Threads,
        Self::TikTok,
        Self::Trustpilot,
        Self::Webhook,
        Self::X,
        Self::YouTube,
        Self::Other,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::AppStore => "app_store",
            Self::Bluesky => "bluesky",
            Self::Discord => "discord",
            Self::Discourse => "discourse",
            Self::Email => "email",
            Self::Facebook => "facebook",
            Self::Feed => "feed",
            Self::File => "file",
            Self::GoogleBusiness => "google_business",
            Self::GooglePlay => "google_play",
            Self::HackerNews => "hackernews",
            Self::Instagram => "instagram",
            Self::Lemmy => "lemmy",
            Self::LinkedIn => "linkedin",
            Self::Mastodon => "mastodon",
            Self::Reddit => "reddit",
            Self::StackExchange => "stackexchange",
            Self::Telegram => "telegram",
            Self::Threads => "threads",
            Self::TikTok => "tiktok",
            Self::Trustpilot => "trustpilot",
            Self::Webhook => "webhook",
            Self::X => "x",
            Self::YouTube => "youtube",
            Self::Other => "other",
        }
    }
}

impl PlatformLabel {
    /// Maps any platform name to the closed set; unknown names are [`PlatformLabel::Other`].
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == name)
            .unwrap_or(Self::Other)
    }
}
