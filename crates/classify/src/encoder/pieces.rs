//! From a text to the numbers of its word pieces, as the model's own tokenizer cuts it.

use super::EncoderError;
use rten_text::models::{Model, WordPiece, WordPieceOptions};
use rten_text::normalizers::{self, BertOptions, Normalizer};
use rten_text::pre_tokenizers::{self, PreTokenizer};
use serde::Deserialize;
use std::collections::HashMap;

/// Pieces of one post that are read, with the mark at either end. What `MiniLM` was trained
/// with; a longer post costs no more, and says what it is about before that.
pub const PIECES_MAX: usize = 128;

/// Characters of one post that are looked at: several times what `PIECES_MAX` pieces of a
/// living language have, and the bound on what a hostile text can cost.
const CHARACTERS_MAX: usize = 4000;

/// Cuts text into pieces.
pub(super) struct Pieces {
    plain: normalizers::Bert,
    words: pre_tokenizers::Bert,
    vocabulary: WordPiece,
    first: i32,
    last: i32,
    largest: i32,
}

/// The part of a `tokenizer.json` that decides how a text is cut.
#[derive(Deserialize)]
struct File {
    normalizer: Option<Plain>,
    model: Kind,
}

#[derive(Deserialize)]
struct Plain {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    lowercase: bool,
    strip_accents: Option<bool>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
    /// Absent in other kinds, or of another form.
    #[serde(default)]
    vocab: serde_json::Value,
}

impl Pieces {
    /// Reads a `tokenizer.json`.
    pub(super) fn parse(json: &[u8]) -> Result<Self, EncoderError> {
        let file: File =
            serde_json::from_slice(json).map_err(|error| foreign(&error.to_string()))?;
        let Some(plain) = file
            .normalizer
            .filter(|plain| plain.kind == "BertNormalizer")
        else {
            return Err(foreign("its normalizer is no `BertNormalizer`"));
        };
        if file.model.kind != "WordPiece" {
            let kind = file.model.kind;
            return Err(foreign(&format!("it is a `{kind}` and no `WordPiece`")));
        }
        let vocabulary: HashMap<String, u32> = serde_json::from_value(file.model.vocab)
            .map_err(|error| foreign(&error.to_string()))?;
        Self::of(vocabulary, &plain)
    }

    fn of(vocabulary: HashMap<String, u32>, plain: &Plain) -> Result<Self, EncoderError> {
        let number = |name: &str| {
            let number = vocabulary.get(name).copied();
            let number = number.and_then(|number| i32::try_from(number).ok());
            number.ok_or_else(|| foreign(&format!("it has no piece `{name}`")))
        };
        let (first, last) = (number("[CLS]")?, number("[SEP]")?);
        number("[UNK]")?;
        let largest = vocabulary.values().copied().max().unwrap_or(0);
        let largest = i32::try_from(largest)
            .map_err(|_| foreign(&format!("it numbers a piece {largest}")))?;
        Ok(Self {
            plain: normalizers::Bert::new(BertOptions {
                lowercase: plain.lowercase,
                strip_accents: plain.strip_accents.unwrap_or(plain.lowercase),
            }),
            words: pre_tokenizers::Bert::new(),
            vocabulary: WordPiece::from_vocab(vocabulary, WordPieceOptions::default()),
            first,
            last,
            largest,
        })
    }

    /// The numbers of a text's pieces between the two marks, at least the marks and at most
    /// [`PIECES_MAX`].
    pub(super) fn numbers(&self, text: &str) -> Result<Vec<i32>, EncoderError> {
        // The steps by hand and not by the library's `Tokenizer`, which follows each piece to
        // its place in the text and panics where it loses it (rten-text 0.27).
        let seen = text.chars().take(CHARACTERS_MAX);
        let text: String = seen.filter(|&character| is_kept(character)).collect();
        let (plain, _) = self.plain.normalize(&text).map_err(unexpected)?;
        let mut numbers = vec![self.first];
        for word in self.words.pre_tokenize(&plain).map_err(unexpected)? {
            if numbers.len() >= PIECES_MAX {
                break;
            }
            let mut keep = |_, number| numbers.push(i32::try_from(number).unwrap_or(self.first));
            self.vocabulary
                .encode_with_offsets(word, &mut keep)
                .map_err(unexpected)?;
        }
        numbers.truncate(PIECES_MAX - 1);
        numbers.push(self.last);
        Ok(numbers)
    }

    /// As many numbers as a post can have, the vocabulary's largest among them: a network
    /// that takes these takes every post.
    pub(super) fn hardest(&self) -> Vec<i32> {
        let mut numbers = vec![self.largest; PIECES_MAX];
        if let [first, .., last] = numbers.as_mut_slice() {
            (*first, *last) = (self.first, self.last);
        }
        numbers
    }
}

/// The original drops what is no text, white space excepted.
fn is_kept(character: char) -> bool {
    let is_text = !character.is_control() && character != char::REPLACEMENT_CHARACTER;
    is_text || character.is_whitespace()
}

fn foreign(why: &str) -> EncoderError {
    EncoderError::Tokenizer(why.to_owned())
}

fn unexpected(error: impl std::fmt::Display) -> EncoderError {
    EncoderError::Tokenizer(error.to_string())
}
