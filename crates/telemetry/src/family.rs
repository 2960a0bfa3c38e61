//! What every family of series has: a name, a help text, label names.

/// How a family of series is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The full name with prefix and unit.
    pub name: &'static str,
    /// One sentence for whoever reads the exposition.
    pub help: &'static str,
    /// Label names; their values come from closed enums.
    pub labels: &'static [&'static str],
}

/// The label values of one series, without an allocation on the hot path.
pub(crate) struct LabelValues<'a> {
    values: [&'a str; 2],
    count: usize,
}

impl<'a> LabelValues<'a> {
    pub(crate) const fn none() -> Self {
        Self {
            values: [""; 2],
            count: 0,
        }
    }

    pub(crate) const fn one(value: &'a str) -> Self {
        Self {
            values: [value, ""],
            count: 1,
        }
    }

    pub(crate) const fn two(first: &'a str, second: &'a str) -> Self {
        Self {
            values: [first, second],
            count: 2,
        }
    }

    pub(crate) fn as_slice(&self) -> &[&'a str] {
        self.values.get(..self.count).unwrap_or(&[])
    }
}
