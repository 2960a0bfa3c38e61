//! Label values of second opinions on a post's label.

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdviserLabel {
    /// A model in this process.
    Encoder,
    /// A model behind an endpoint.
    Remote,
}

impl AdviserLabel {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[Self::Encoder, Self::Remote];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Remote => "remote",
        }
    }
}

/// What became of the wish to ask about one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpinionOutcome {
    /// The label is another now.
    Changed,
    /// The label stands, and the adviser thinks so, too.
    Confirmed,
    /// The adviser thinks otherwise, and the first verdict weighs more.
    Outweighed,
    /// The adviser was not sure itself.
    Unsure,
    /// The answer was an error, or none that can be read.
    Failed,
    /// There was no answer in time.
    TimedOut,
    /// Not asked: the budget of the minute or the day is used up.
    SkippedBudget,
    /// Not asked: the adviser failed a moment ago, or asked to be left alone.
    SkippedPause,
    /// Not asked: the posts before it took too long.
    SkippedLate,
    /// Not asked: the post is no public one, and the adviser is none of the house.
    SkippedPrivate,
    /// Not asked: the adviser does not read the post's language.
    SkippedLanguage,
}

impl OpinionOutcome {
    /// Every value, in the order of the declaration.
    pub const ALL: &[Self] = &[
        Self::Changed,
        Self::Confirmed,
        Self::Outweighed,
        Self::Unsure,
        Self::Failed,
        Self::TimedOut,
        Self::SkippedBudget,
        Self::SkippedPause,
        Self::SkippedLate,
        Self::SkippedPrivate,
        Self::SkippedLanguage,
    ];

    /// The label value as exposed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Confirmed => "confirmed",
            Self::Outweighed => "outweighed",
            Self::Unsure => "unsure",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::SkippedBudget => "skipped_budget",
            Self::SkippedPause => "skipped_pause",
            Self::SkippedLate => "skipped_late",
            Self::SkippedPrivate => "skipped_private",
            Self::SkippedLanguage => "skipped_language",
        }
    }
}
