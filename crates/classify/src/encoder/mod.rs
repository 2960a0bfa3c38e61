//! A small sentence encoder from a model folder, as a second opinion off the hot path.
//!
//! What a caller sees (being built; the signatures stand):
//!
//! ```text
//! pub struct SecondModel; // Send + Sync, share it freely behind an `Arc`
//!
//! impl SecondModel {
//!     /// Reads `model.onnx` and `tokenizer.json` of the folder, and the head trained for it.
//!     pub fn open(folder: &Path, head: &Path) -> Result<Self, EncoderError>;
//!     /// Names encoder and head, for example `encoder-1f2e3d4c`.
//!     pub fn version(&self) -> &str;
//!     /// The scores of both together: about ten milliseconds of one core, so call it where
//!     /// blocking is allowed. `first` is the first verdict's. The same input gives the same
//!     /// answer.
//!     pub fn scores(&self, text: &str, first: &Scores) -> Result<Scores, EncoderError>;
//! }
//! ```
