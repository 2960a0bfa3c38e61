//! One configuration text with the environment over it, and the problems found so far.

use std::cell::RefCell;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeTable;

use crate::names::unknown_name;
use crate::overlay::{PREFIX, overlay};
use crate::place::{Place, Places, Problem};
use crate::section::Section;

/// A configuration file is a few hundred lines; what is larger is another file by mistake.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// More problems than a reader takes in at once; the first in the file are kept.
pub const PROBLEMS_MAX: usize = 200;

/// A parsed text, read section by section. Problems gather here while sections are read.
pub struct Document<'t> {
    root: Spanned<DeTable<'t>>,
    places: Places,
    reserved: Vec<String>,
    problems: RefCell<Vec<Problem>>,
    /// The text does not parse: what is missing from it is no news.
    broken: bool,
}

impl<'t> Document<'t> {
    /// Parses `text` and lays the variables that begin with `SWITCHBOARD_` over it.
    ///
    /// `file` is the name shown in problems. `reserved` lists the variables (in full, as
    /// `SWITCHBOARD_LOG`) that mean something else and are passed over. A text that does not
    /// parse yields a document all the same, which tells where and is silent about the rest.
    pub fn parse(
        file: &str,
        text: &'t str,
        environment: &'t BTreeMap<String, String>,
        reserved: &[&str],
    ) -> Self {
        let mut document = Self::read_text(file, text);
        let root = document.root.get_mut();
        let misplaced = overlay(root, &mut document.places, environment, reserved);
        document.problems.get_mut().extend(misplaced);
        document.reserved = reserved.iter().map(|name| (*name).to_owned()).collect();
        document
    }

    /// Reads the whole document; keys nobody asked for become problems at the end.
    pub fn read<T>(&self, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let mut section = Section::root(self, self.root.get_ref());
        let value = read(&mut section);
        section.finish();
        value
    }

    /// Adds a problem, for checks that need more than one section.
    pub fn problem(&self, place: &Place, message: impl Into<String>) {
        if !self.broken {
            let problem = Problem {
                place: place.clone(),
                message: message.into(),
            };
            self.problems.borrow_mut().push(problem);
        }
    }

    /// All problems in the order of the file, those of the environment last, at most
    /// [`PROBLEMS_MAX`]. Empty means the configuration may be used.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems.truncate(PROBLEMS_MAX);
        problems
    }

    fn read_text(file: &str, text: &'t str) -> Self {
        let places = Places::new(file, text);
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the file is larger than {TEXT_BYTES_MAX} bytes");
            let problem = Problem {
                place: places.place(0),
                message,
            };
            return Self::new(
                Spanned::new(0..0, DeTable::new()),
                places,
                vec![problem],
                true,
            );
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        let (duplicates, syntax): (Vec<_>, Vec<_>) = errors
            .into_iter()
            .partition(|error| error.message() == DUPLICATE_KEY);
        let broken = !syntax.is_empty();
        // After the first error of syntax the parser guesses; its further errors are echoes.
        let told = duplicates.iter().chain(syntax.first());
        let problems = told
            .map(|error| parser_problem(&places, text, error))
            .collect();
        Self::new(root, places, problems, broken)
    }

    fn new(
        root: Spanned<DeTable<'t>>,
        places: Places,
        problems: Vec<Problem>,
        broken: bool,
    ) -> Self {
        Self {
            root,
            places,
            reserved: Vec::new(),
            problems: RefCell::new(problems),
            broken,
        }
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// What to say of a top-level variable that nobody reads; names are shown as variables.
    pub(crate) fn unknown_variable(&self, variable: &str, known_keys: &[&str]) -> String {
        let as_variables = known_keys
            .iter()
            .map(|key| format!("{PREFIX}{}", key.to_uppercase().replace('-', "_")));
        let known: Vec<String> = as_variables.chain(self.reserved.iter().cloned()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        unknown_name("variable", variable, &known)
    }
}

/// The parser's own words for a key that stands twice.
const DUPLICATE_KEY: &str = "duplicate key";

fn parser_problem(places: &Places, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or_default();
    let place = places.place(span.start);
    let message = match text.get(span) {
        Some(key) if error.message() == DUPLICATE_KEY => format!("`{key}` is set already"),
        _ => error.message().to_owned(),
    };
    Problem { place, message }
}
