//! Which languages a rule speaks.

/// A set of the languages that rules are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageSet(u8);

/// The languages that rules are written for, ISO 639-1.
pub const RULE_LANGUAGES: [&str; 5] = ["en", "es", "fr", "de", "pt"];

impl LanguageSet {
    /// Every language: of a rule, signs that need none; of a text, that we do not know it.
    pub const ANY: Self = Self(0b1_1111);

    /// Each language alone, then all of them.
    pub(super) const SECTIONS: [Self; 6] = [
        Self(1),
        Self(1 << 1),
        Self(1 << 2),
        Self(1 << 3),
        Self(1 << 4),
        Self::ANY,
    ];

    /// The set of one language; `None` when no rules are written for it.
    pub fn of(language: &str) -> Option<Self> {
        let at = RULE_LANGUAGES.iter().position(|&known| known == language)?;
        Some(Self(1 << at))
    }

    /// Both sets.
    #[must_use]
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const NONE: Self = Self(0);

    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
