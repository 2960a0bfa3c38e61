//! One row of the routing table as people write it.

use super::facts::AuthorTier;
use super::priority::Priority;
use crate::{Form, Label, Slug};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A column that decides. The order is the order in which columns are tried, and so which
/// one an explanation names when several do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the field of its name in `Row`")]
pub enum Column {
    Label,
    Topic,
    Platform,
    Brand,
    Language,
    Form,
    AuthorTier,
}

impl Column {
    /// Every column, in the order they are tried.
    pub const ALL: [Self; 7] = [
        Self::Label,
        Self::Topic,
        Self::Platform,
        Self::Brand,
        Self::Language,
        Self::Form,
        Self::AuthorTier,
    ];

    /// Its name in configuration and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Topic => "topic",
            Self::Platform => "platform",
            Self::Brand => "brand",
            Self::Language => "language",
            Self::Form => "form",
            Self::AuthorTier => "author_tier",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a row does to the priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RowPriority {
    /// Adds points, or takes them away.
    Add(i8),
    /// Sets the priority whatever the points say.
    Fixed(Priority),
}

/// One row. An absent column fits every post; an empty one is refused, since it fits none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Unique in its table; what explanations call it.
    pub name: String,
    /// Labels it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<BTreeSet<Label>>,
    /// Topics it takes, each with everything below it: `baggage` takes `baggage/lost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<BTreeSet<String>>,
    /// Platforms it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<BTreeSet<Slug>>,
    /// Brands it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BTreeSet<Slug>>,
    /// Languages it takes, ISO 639-1 or `und`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<BTreeSet<String>>,
    /// Forms it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<BTreeSet<Form>>,
    /// Author tiers it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_tier: Option<BTreeSet<AuthorTier>>,
    /// A CEL expression that must hold too; see [`super::condition`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The accountable owner of what it takes.
    pub department: Slug,
    /// Departments that help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<Slug>,
    /// Departments that are told and have nothing to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub informed: Vec<Slug>,
    /// The department that must agree to an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Slug>,
    /// What it does to the priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<RowPriority>,
    /// Name of the SLA policy; absent for the first policy that fits the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
}

impl Row {
    /// A row that takes every post; the start of every other row.
    pub fn new(name: impl Into<String>, department: Slug) -> Self {
        Self {
            name: name.into(),
            label: None,
            topic: None,
            platform: None,
            brand: None,
            language: None,
            form: None,
            author_tier: None,
            when: None,
            department,
            helpers: Vec::new(),
            informed: Vec::new(),
            approver: None,
            priority: None,
            sla: None,
        }
    }

    /// The names one column takes; `None` where it takes every value.
    pub fn names(&self, column: Column) -> Option<Vec<&str>> {
        match column {
            Column::Label => self
                .label
                .as_ref()
                .map(|set| names(set, |label| label.as_str())),
            Column::Topic => self.topic.as_ref().map(|set| names(set, String::as_str)),
            Column::Platform => self.platform.as_ref().map(|set| names(set, Slug::as_str)),
            Column::Brand => self.brand.as_ref().map(|set| names(set, Slug::as_str)),
            Column::Language => self.language.as_ref().map(|set| names(set, String::as_str)),
            Column::Form => self
                .form
                .as_ref()
                .map(|set| names(set, |form| form.as_str())),
            Column::AuthorTier => self
                .author_tier
                .as_ref()
                .map(|set| names(set, |tier| tier.as_str())),
        }
    }
}

fn names<'a, T>(set: &'a BTreeSet<T>, name: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    set.iter().map(name).collect()
}
