//! One `PromQL` expression: the series it names, as far as a linter looks at it. Whether it
//! is right is for `promtool` to say.

use std::collections::BTreeSet;

/// What our series, the process's and the recorded ones begin with.
const PREFIXES: [&str; 4] = ["switchboard_", "switchboard:", "process_", "up"];

/// An expression, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// For messages.
    pub(crate) place: String,
    /// As it is written, with Grafana's variables.
    pub(crate) text: String,
}

/// A series in an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector<'a> {
    pub(crate) metric: &'a str,
    /// What stands in the braces.
    pub(crate) matchers: &'a str,
    /// What stands in the brackets; empty without.
    pub(crate) range: &'a str,
    /// The function right around it; empty without.
    pub(crate) function: &'a str,
}

impl Query {
    pub(crate) fn new(place: String, text: &str) -> Self {
        Self {
            place,
            text: text.to_owned(),
        }
    }

    /// As Prometheus gets it: every job and instance, and a window that holds a whole test.
    pub(crate) fn filled(&self) -> String {
        let text = self.text.replace("$__rate_interval", "5m");
        text.replace("$job", ".+").replace("$instance", ".+")
    }

    /// The series, in order.
    pub(crate) fn selectors(&self) -> Vec<Selector<'_>> {
        let mut found = Vec::new();
        let mut at = 0;
        for word in words(&self.text) {
            let begin = at + self.text[at..].find(word).unwrap_or_default();
            at = begin + word.len();
            if is_metric(word) {
                found.push(Selector::at(&self.text, begin, word));
            }
        }
        found
    }

    /// The names of its series.
    pub(crate) fn metrics(&self) -> BTreeSet<&str> {
        let selectors = self.selectors();
        selectors.iter().map(|selector| selector.metric).collect()
    }
}

impl<'a> Selector<'a> {
    fn at(text: &'a str, begin: usize, metric: &'a str) -> Self {
        let rest = &text[begin + metric.len()..];
        let (matchers, rest) = enclosed(rest, '{', '}');
        let (range, _) = enclosed(rest, '[', ']');
        let before = text[..begin].strip_suffix('(').unwrap_or_default();
        let function = words(before).last().unwrap_or_default();
        let is_right_before = before.ends_with(function);
        Self {
            metric,
            matchers,
            range,
            function: if is_right_before { function } else { "" },
        }
    }
}

/// What stands between the two at the beginning of `text`, and what follows.
fn enclosed(text: &str, open: char, close: char) -> (&str, &str) {
    let inner = text.strip_prefix(open).and_then(|it| it.split_once(close));
    inner.unwrap_or(("", text))
}

fn is_metric(word: &str) -> bool {
    let begins = PREFIXES[..3].iter().any(|prefix| word.starts_with(prefix));
    begins || word == PREFIXES[3]
}

/// The names in a text, whatever they mean. Names in quotes are among them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)))
        .filter(|word| !word.is_empty())
}

#[test]
fn a_selector_has_its_matchers_its_range_and_its_function() {
    let text = r#"sum by (le) (rate(switchboard_a_bucket{job=~"$job"}[5m])) > up - switchboard_b"#;
    let query = Query::new(String::new(), text);
    let selector = |metric, matchers, range, function| Selector {
        metric,
        matchers,
        range,
        function,
    };
    assert_eq!(
        query.selectors(),
        [
            selector("switchboard_a_bucket", r#"job=~"$job""#, "5m", "rate"),
            selector("up", "", "", ""),
            selector("switchboard_b", "", "", ""),
        ]
    );
}
