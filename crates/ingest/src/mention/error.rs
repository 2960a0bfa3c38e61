//! What is wrong with a body or with one of its items.

use serde::Serialize;
use switchboard_telemetry::RejectReason;

/// Why one item was refused; its siblings go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("item {index}: {message}")]
pub struct ItemError {
    /// Its place in the body, from 0; blank lines do not count.
    pub index: usize,
    /// Its id, as far as it could be read; cut to [`SHOWN_ID_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For programs.
    pub code: ItemErrorCode,
    /// The field at fault, dotted (`author.followers`, `media.0.url`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people: what is wrong and what to do. Never holds the text of the post.
    pub message: String,
}

/// Enough to find the item again, too little to carry a payload back.
pub const SHOWN_ID_CHARACTERS: usize = 120;

/// The kinds of refusal. Closed: senders may switch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemErrorCode {
    /// The item's bytes are not UTF-8.
    InvalidUtf8,
    /// The item is not JSON (half an escape, a missing comma, a number beyond measure).
    InvalidJson,
    /// The item is JSON, but a list, a text, a number.
    NotAnObject,
    /// A key stands twice in one object: which one is meant cannot be known.
    DuplicateKey,
    /// Objects and lists nest deeper than the limit.
    TooDeep,
    /// The item or a field is over its limit.
    TooLarge,
    /// No `id`, or an empty one.
    MissingId,
    /// No `text`, and `op` is not `delete`.
    MissingText,
    /// A field has another type than the format says.
    WrongType,
    /// A field has the right type and a value that cannot be.
    InvalidValue,
}

impl ItemErrorCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::InvalidUtf8,
        Self::InvalidJson,
        Self::NotAnObject,
        Self::DuplicateKey,
        Self::TooDeep,
        Self::TooLarge,
        Self::MissingId,
        Self::MissingText,
        Self::WrongType,
        Self::InvalidValue,
    ];

    /// The metric's word for it.
    pub const fn reason(self) -> RejectReason {
        match self {
            Self::InvalidUtf8
            | Self::InvalidJson
            | Self::NotAnObject
            | Self::DuplicateKey
            | Self::TooDeep => RejectReason::Malformed,
            Self::TooLarge => RejectReason::TooLarge,
            Self::MissingId => RejectReason::MissingId,
            Self::MissingText => RejectReason::MissingText,
            Self::WrongType | Self::InvalidValue => RejectReason::InvalidField,
        }
    }
}

/// Why a whole body was refused: no item of it can be told from the next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It cannot be cut into items.
    #[error("{0}")]
    NotMentions(String),
    /// More items than the limit.
    #[error("more than {limit} items in one body; send it in parts")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
}

/// An [`ItemError`] before it knows which item it is about.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: ItemErrorCode,
    pub(super) field: Option<String>,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn item(code: ItemErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
        }
    }

    pub(super) fn field(code: ItemErrorCode, field: String, message: impl Into<String>) -> Self {
        Self {
            code,
            field: Some(field),
            message: message.into(),
        }
    }

    pub(super) fn at(self, index: usize, id: Option<String>) -> ItemError {
        let Self {
            code,
            field,
            message,
        } = self;
        ItemError {
            index,
            id,
            code,
            field,
            message,
        }
    }
}

/// Text of a stranger, fit to stand in a message: short, and without control characters.
pub(super) fn shown(text: &str, characters: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(characters)
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    if text.chars().nth(characters).is_some() {
        shown.push('…');
    }
    shown
}
