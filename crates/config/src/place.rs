//! Where a value stands: a line and a column of the file, or an environment variable.

use std::fmt;
use std::sync::Arc;

/// Where a key or a value was written. Ordered as a reader meets them: the file from top to
/// bottom, then the variables by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file. Lines and columns count from 1; a column is a character, not a byte.
    File {
        /// The file's name as given to [`crate::Document::parse`].
        file: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In the environment.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(formatter, "{file}:{line}:{column}"),
            Self::Variable(name) => formatter.write_str(name),
        }
    }
}

/// A value that remembers its place, for checks that need more than one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// One mistake, where it stands, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where to look.
    pub place: Place,
    /// What is wrong there: lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// Turns byte offsets into places. Variables have offsets too, one each, past the end of the
/// text: so a value from the environment travels through the parser's types like any other.
pub(crate) struct Places {
    file: Arc<str>,
    text: String,
    line_starts: Vec<usize>,
    variables: Vec<Variable>,
}

pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Places {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let after_newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = [0]
            .into_iter()
            .chain(after_newlines.map(|(index, _)| index + 1))
            .collect();
        Self {
            file: file.into(),
            text: text.to_owned(),
            line_starts,
            variables: Vec::new(),
        }
    }

    /// Takes a variable in and returns the offset that stands for it.
    pub(crate) fn add_variable(&mut self, name: &str, value: &str) -> usize {
        self.variables.push(Variable {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        self.text.len() + self.variables.len()
    }

    pub(crate) fn variable(&self, offset: usize) -> Option<&Variable> {
        let index = offset.checked_sub(self.text.len() + 1)?;
        self.variables.get(index)
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        if let Some(variable) = self.variable(offset) {
            return Place::Variable(variable.name.clone());
        }
        let offset = offset.min(self.text.len());
        let line = self
            .line_starts
            .partition_point(|start| *start <= offset)
            .max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        let before = self.text.as_bytes().get(start..offset).unwrap_or_default();
        Place::File {
            file: Arc::clone(&self.file),
            line,
            column: count_characters(before) + 1,
        }
    }
}

/// Counts the bytes that begin a character, so that an offset inside one does no harm. The
/// byte order mark is not a column anybody sees.
fn count_characters(bytes: &[u8]) -> usize {
    let visible = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    visible
        .iter()
        .filter(|byte| (**byte & 0b1100_0000) != 0b1000_0000)
        .count()
}
