//! Why an encoder cannot be used, or could not judge a post.

use std::path::PathBuf;

/// What goes wrong with a model folder or its head. Whatever was in use before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncoderError {
    /// A file is missing or cannot be read.
    #[error(
        "cannot read `{}`: {reason}; a model folder holds `model.onnx` and `tokenizer.json`",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The tokenizer is none we can follow, or belongs to another model.
    #[error("`tokenizer.json` does not fit: {0}; take the one the model was made with")]
    Tokenizer(String),
    /// The network is none we can run, or gives something else than one vector per token.
    #[error("`model.onnx` does not fit: {0}; take a sentence encoder with one vector per token")]
    Network(String),
    /// The head is no head, is damaged, or was trained for another encoder.
    #[error("the head does not fit: {0}; train one with `switchboard train --encoder FOLDER`")]
    Head(String),
}
