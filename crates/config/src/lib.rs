//! Reads TOML so that all problems come at once, each with its place and the nearest name.
//!
//! | module | holds |
//! |---|---|
//! | [`document`] | one text with the environment over it, and the problems found |
//! | [`section`] | a table being read, key by key |
//! | [`place`] | lines, columns and variables; [`Problem`] |
//! | [`secret`] | references to secrets, and secrets in hand |
//! | [`names`] | "did you mean" |
//!
//! There are no product sections here: each crate reads its own from a [`Section`], and
//! `server` puts them together. No file and no environment is touched: both are arguments.
//!
//! ```
//! use std::collections::BTreeMap;
//! use switchboard_config::{Document, Section};
//!
//! struct Intake { listen: String, workers: u16 }
//!
//! fn read_intake(section: &mut Section<'_>) -> Intake {
//!     Intake {
//!         listen: section.value_or("listen", "127.0.0.1:8080".to_owned()),
//!         workers: section.in_range("workers", 1..=64).unwrap_or(4),
//!     }
//! }
//!
//! let text = "
//! [intake]
//! lisen = '0.0.0.0:80'
//! workers = 'many'
//!
//! [intakes]
//! ";
//! let environment = BTreeMap::new();
//! let document = Document::parse("switchboard.toml", text, &environment, &[]);
//! let intake = document.read(|root| root.section("intake", read_intake));
//! assert_eq!(intake.workers, 4);
//!
//! let lines: Vec<String> = document.into_problems().iter().map(ToString::to_string).collect();
//! assert_eq!(lines, [
//!     "switchboard.toml:3:1: unknown key `lisen` in `[intake]` (did you mean `listen`? known: \
//!      listen, workers)",
//!     "switchboard.toml:4:11: `workers`: invalid type: string \"many\", expected u16",
//!     "switchboard.toml:6:2: unknown key `intakes` (did you mean `intake`? known: intake)",
//! ]);
//! ```
//!
//! # Adding a section
//!
//! 1. In the crate that needs it, write `fn read(section: &mut Section<'_>) -> YourConfig`, with
//!    a default for every key that has one.
//! 2. Call it from the root in `server`: `root.section("name", YourConfig::read)`.
//! 3. A check across sections keeps a [`Located`] value and reports to [`Document::problem`].

pub mod document;
mod duration;
pub mod names;
mod overlay;
pub mod place;
pub mod secret;
pub mod section;

pub use document::{Document, PROBLEMS_MAX, TEXT_BYTES_MAX};
pub use names::{nearest, unknown_name};
pub use place::{Located, Place, Problem};
pub use secret::{Secret, SecretError, SecretReference};
pub use section::Section;
