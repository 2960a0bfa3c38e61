//! What is wrong with a rule file, and where.

use std::fmt;
use std::ops::Range;

/// One thing to mend in a rule file. Shown as `line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and the way out.
    pub message: String,
}

impl Problem {
    /// A problem at a byte range of the file.
    pub(crate) fn at(file: &str, span: &Range<usize>, message: impl Into<String>) -> Self {
        let before = file.get(..span.start).unwrap_or(file);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.line, self.column, self.message)
    }
}
