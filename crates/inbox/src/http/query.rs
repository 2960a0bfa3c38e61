//! Query parameters, read strictly: one list per operation says which there are, what they
//! may hold, and stands in the OpenAPI document too.

use super::problem::Problem;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A parameter of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: Kind,
}

/// What a parameter may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Any text; the operation judges it.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number from, to, and what stands when it is absent.
    Number { from: u32, to: u32, default: u32 },
}

/// The parameters of a request, checked against the operation's list.
#[derive(Debug)]
pub(crate) struct Query {
    known: &'static [Parameter],
    pairs: Vec<(String, String)>,
}

/// The query string cannot be read; the message names what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("unknown parameter `{name}` (known: {known})")]
    Unknown { name: String, known: String },
    #[error("`{0}` stands more than once")]
    Twice(&'static str),
    #[error("`{name}` must be one of {known}, not `{value}`")]
    NotAChoice {
        name: &'static str,
        value: String,
        known: String,
    },
    #[error("`{name}` must be a whole number from {} to {}, not `{value}`", range.start(), range.end())]
    OutOfRange {
        name: &'static str,
        value: String,
        range: RangeInclusive<u32>,
    },
}

/// Enough of a wrong value to recognise it.
const SHOWN_CHARACTERS: usize = 60;

impl Query {
    /// Refuses what the list does not know. An empty value counts as absent: forms send
    /// those.
    pub(crate) fn parse(
        pairs: Vec<(String, String)>,
        known: &'static [Parameter],
    ) -> Result<Self, QueryError> {
        let mut seen: Vec<&'static str> = Vec::with_capacity(known.len());
        for (name, value) in &pairs {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                return Err(QueryError::Unknown {
                    name: shown(name),
                    known: names(known),
                });
            };
            if seen.contains(&parameter.name) {
                return Err(QueryError::Twice(parameter.name));
            }
            seen.push(parameter.name);
            parameter.check(value)?;
        }
        Ok(Self { known, pairs })
    }

    /// The text of a parameter, when it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(given, _)| given == name);
        pair.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A number, or its default.
    pub(crate) fn number(&self, name: &str) -> u32 {
        let given = self.text(name).and_then(|text| text.parse().ok());
        given.unwrap_or_else(|| {
            let parameter = self.known.iter().find(|parameter| parameter.name == name);
            match parameter.map(|parameter| parameter.kind) {
                Some(Kind::Number { default, .. }) => default,
                _ => 0,
            }
        })
    }
}

impl Parameter {
    fn check(&self, value: &str) -> Result<(), QueryError> {
        match self.kind {
            _ if value.is_empty() => Ok(()),
            Kind::Text => Ok(()),
            Kind::Choice(choices) if choices.contains(&value) => Ok(()),
            Kind::Choice(choices) => Err(QueryError::NotAChoice {
                name: self.name,
                value: shown(value),
                known: choices.join(", "),
            }),
            Kind::Number { from, to, .. } => {
                let fits = u32::from_str(value).is_ok_and(|number| (from..=to).contains(&number));
                let value = shown(value);
                let error = QueryError::OutOfRange {
                    name: self.name,
                    value,
                    range: from..=to,
                };
                fits.then_some(()).ok_or(error)
            }
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::bad_request(error.to_string())
    }
}

fn names(known: &[Parameter]) -> String {
    if known.is_empty() {
        return "none".to_owned();
    }
    known
        .iter()
        .map(|parameter| parameter.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// What a client sent, short enough to be sent back.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const KNOWN: &[Parameter] = &[
        Parameter {
            name: "name",
            description: "",
            kind: Kind::Text,
        },
        Parameter {
            name: "sort",
            description: "",
            kind: Kind::Choice(&["created", "deadline"]),
        },
        Parameter {
            name: "limit",
            description: "",
            kind: Kind::Number {
                from: 1,
                to: 200,
                default: 50,
            },
        },
    ];

    fn parse(pairs: &[(&str, &str)]) -> Result<Query, QueryError> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Query::parse(pairs.collect(), KNOWN)
    }

    #[rstest]
    #[case::unknown(&[("nmae", "x")], "unknown parameter `nmae` (known: name, sort, limit)")]
    #[case::twice(&[("name", "x"), ("name", "x")], "`name` stands more than once")]
    #[case::choice(&[("sort", "age")], "`sort` must be one of created, deadline, not `age`")]
    #[case::zero(&[("limit", "0")], "`limit` must be a whole number from 1 to 200, not `0`")]
    #[case::too_many(&[("limit", "201")], "`limit` must be a whole number from 1 to 200, not `201`")]
    #[case::word(&[("limit", "ten")], "`limit` must be a whole number from 1 to 200, not `ten`")]
    fn refuses(#[case] pairs: &[(&str, &str)], #[case] message: &str) {
        assert_eq!(parse(pairs).unwrap_err().to_string(), message);
    }

    #[test]
    fn reads_values_and_defaults() {
        let query = parse(&[("name", "x"), ("sort", ""), ("limit", "200")]).unwrap();
        assert_eq!(query.text("name"), Some("x"));
        assert_eq!(query.text("sort"), None, "empty counts as absent");
        assert_eq!(query.number("limit"), 200);
        assert_eq!(parse(&[]).unwrap().number("limit"), 50);
    }
}
