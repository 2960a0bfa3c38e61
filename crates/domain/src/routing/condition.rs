//! The `when` of a row: a CEL expression that narrows it further than columns can.
//!
//! It sees the variables of [`VARIABLES`] and calls the functions of [`FUNCTIONS`], beside the
//! operators and macros of CEL. It never sees the words of the post: explanations hold none,
//! and the same table must decide the same after an erasure.
//!
//! What can be known when the table is built is refused there: a syntax error, an unknown
//! variable or function, a result that is neither true nor false. What only a post can show,
//! such as the first of no topics, counts as not holding, and the verdict says why.

use super::facts::Facts;
use super::scope;
use crate::{Form, Label, Slug};
use cel::common::types::{CelDouble, CelInt, CelString};
use cel::common::value::Val;
use cel::{Context, Env, ExecutionError, Program, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The variables of a condition: the fields of [`Facts`]. `labels` and `topics` are lists of
/// strings, `severity` and `followers` are integers, `confidence` is a double, and the rest
/// are strings.
pub const VARIABLES: [&str; 11] = [
    "label",
    "labels",
    "topics",
    "platform",
    "brand",
    "language",
    "form",
    "author_tier",
    "severity",
    "followers",
    "confidence",
];

/// The functions of a condition, beside the macros `all`, `exists`, `exists_one`, `filter`,
/// `map`. A list of our own, so that an update of the interpreter adds none unseen.
pub const FUNCTIONS: [&str; 8] = [
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "size",
    "startsWith",
    "string",
];

/// Bytes of one condition. It stands in every explanation that it rejects, and its cost grows
/// with its length; what needs more is several rows.
pub const CONDITION_BYTES_MAX: usize = 400;

/// Characters of an error that a verdict repeats.
const ERROR_CHARS_MAX: usize = 120;

/// A condition ready to be asked.
pub(super) struct Condition {
    program: Program,
    env: Arc<Env>,
    variables: Vec<&'static str>,
}

impl Condition {
    /// Reads `when`. An error is a sentence for the person who wrote the table, with the
    /// line and column in `when` where they are known.
    pub(super) fn compile(when: &str) -> Result<Self, String> {
        if when.len() > CONDITION_BYTES_MAX {
            return Err(format!(
                "the condition has {} bytes, at most {CONDITION_BYTES_MAX} are allowed; \
                 split the row",
                when.len()
            ));
        }
        let env = Arc::new(Env::stdlib());
        let program = env.compile(when).map_err(|errors| syntax_error(&errors))?;
        scope::check(&program, when)?;
        let references = program.references();
        let variables = VARIABLES
            .into_iter()
            .filter(|variable| references.has_variable(variable))
            .collect();
        drop(references);
        let condition = Self {
            program,
            env,
            variables,
        };
        samples()
            .iter()
            .try_for_each(|facts| condition.check_types(facts))?;
        Ok(condition)
    }

    /// Whether it holds for `facts`, were their label `label`.
    pub(super) fn holds(&self, facts: &Facts, label: Label) -> Result<bool, String> {
        match self.evaluate(facts, label) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(not_boolean(&other)),
            Err(error) => Err(shortened(&error.to_string())),
        }
    }

    fn evaluate(&self, facts: &Facts, label: Label) -> Result<Value, ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        for &variable in &self.variables {
            bind(&mut context, variable, facts, label);
        }
        self.program.execute(&context)
    }

    /// Errors of type are errors of the expression, whatever the post; the others are not.
    fn check_types(&self, facts: &Facts) -> Result<(), String> {
        match self.evaluate(facts, facts.label) {
            Ok(Value::Bool(_))
            | Err(
                ExecutionError::IndexOutOfBounds(_)
                | ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::Overflow(..)
                | ExecutionError::FunctionError { .. },
            ) => Ok(()),
            Ok(other) => Err(not_boolean(&other)),
            Err(error) => Err(format!(
                "the condition cannot work: {}",
                shortened(&error.to_string())
            )),
        }
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.program.source_info().source)
    }
}

fn bind<'v>(context: &mut Context<'_, 'v>, variable: &str, facts: &'v Facts, label: Label) {
    let text = |text: &'v str| -> Box<dyn Val + 'v> { Box::new(CelString::from(text)) };
    let value = match variable {
        "label" => text(label.as_str()),
        "platform" => text(facts.platform.as_str()),
        "brand" => text(facts.brand.as_str()),
        "language" => text(&facts.language),
        "form" => text(facts.form.as_str()),
        "author_tier" => text(facts.author_tier.as_str()),
        "severity" => Box::new(CelInt::from(i64::from(facts.severity))),
        "followers" => Box::new(CelInt::from(
            i64::try_from(facts.followers).unwrap_or(i64::MAX),
        )),
        "confidence" => Box::new(CelDouble::from(decimal(facts.confidence))),
        "labels" => {
            let labels: Vec<_> = facts.labels.iter().map(|label| label.as_str()).collect();
            return context.add_variable_from_value(variable, labels);
        }
        _ => return context.add_variable_from_value(variable, facts.topics.clone()),
    };
    context.add_variable_as_val(variable, value);
}

/// 0.8 as people write it: widened bit by bit it would be greater than 0.8.
fn decimal(confidence: f32) -> f64 {
    (f64::from(confidence) * 1e6).round() / 1e6
}

/// Posts at both ends of every scale, so that either side of a comparison is looked at.
fn samples() -> [Facts; 2] {
    let quiet = Facts {
        label: Label::General,
        labels: BTreeSet::new(),
        topics: Vec::new(),
        platform: Slug::from_any("sample"),
        brand: Slug::from_any("sample"),
        language: "und".to_owned(),
        form: Form::Post,
        author_tier: super::AuthorTier::Standard,
        severity: 0,
        followers: 0,
        confidence: 0.0,
    };
    let loud = Facts {
        label: Label::PrRisk,
        labels: Label::ALL.into(),
        topics: vec!["sample/topic".to_owned()],
        author_tier: super::AuthorTier::Influencer,
        severity: 10,
        followers: u64::MAX,
        confidence: 1.0,
        ..quiet.clone()
    };
    [quiet, loud]
}

fn syntax_error(errors: &cel::ParseErrors) -> String {
    let first = errors.errors.first();
    first.map_or_else(
        || "the condition cannot be read".to_owned(),
        |error| {
            let (line, column) = error.pos;
            // The parser goes on to list every token of its grammar.
            let what = error.msg.split(" expecting {").next().unwrap_or_default();
            format!("{line}:{column} of the condition: {}", shortened(what))
        },
    )
}

fn not_boolean(value: &Value) -> String {
    format!(
        "the condition gives `{}`, not true or false",
        value.type_of()
    )
}

fn shortened(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(ERROR_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn facts() -> Facts {
        let [_, loud] = samples();
        Facts {
            topics: vec!["baggage/lost".into()],
            confidence: 0.8,
            severity: 7,
            ..loud
        }
    }

    #[rstest]
    #[case::strings("label == 'pr_risk' && platform == 'sample' && brand != 'x'", true)]
    #[case::more_strings(
        "language == 'und' && form == 'post' && author_tier == 'influencer'",
        true
    )]
    #[case::numbers("severity >= 7 && severity < 8 && followers > 10000", true)]
    #[case::as_written("confidence == 0.8", true)]
    #[case::whole_number_beside_a_fraction("confidence > 0 && confidence < 1", true)]
    #[case::lists("'complaint' in labels && size(topics) == 1", true)]
    #[case::macros("topics.exists(topic, topic.startsWith('baggage'))", true)]
    #[case::macro_that_fails("topics.all(topic, topic.contains('refund'))", false)]
    #[case::two_macros("topics.exists(t, t == 'a') || labels.exists(t, t == 'lead')", true)]
    #[case::choice("severity > 5 ? label == 'pr_risk' : false", true)]
    fn holds(#[case] when: &str, #[case] want: bool) {
        let condition = Condition::compile(when).unwrap();
        assert_eq!(condition.holds(&facts(), Label::PrRisk), Ok(want));
    }

    #[rstest]
    #[case::syntax(
        "severity >",
        "1:11 of the condition: Syntax error: mismatched input '<EOF>'"
    )]
    #[case::empty("", "1:1 of the condition: Syntax error")]
    #[case::unknown_variable(
        "severity > 3 && text == 'x'",
        "1:17 of the condition: unknown variable `text` (known: label, "
    )]
    #[case::second_line(
        "severity > 3 &&\n  text == 'x'",
        "2:3 of the condition: unknown variable `text`"
    )]
    #[case::after_other_letters(
        "brand == 'größe' && text == 'x'",
        "1:21 of the condition: unknown variable `text`"
    )]
    #[case::unknown_inside_a_macro(
        "topics.exists(topic, topi == 'x')",
        "1:22 of the condition: unknown variable `topi`"
    )]
    #[case::known_only_inside_the_macro(
        "topics.exists(t, true) && t == 'x'",
        "1:27 of the condition: unknown variable `t`"
    )]
    #[case::unknown_function("label.matches('x')", "unknown function `matches` (known: contains, ")]
    #[case::behind_a_short_circuit("severity > 100 && foo(label)", "unknown function `foo`")]
    #[case::number("severity", "gives `int`, not true or false")]
    #[case::number_on_one_side("severity > 5 ? true : 1", "gives `int`, not true or false")]
    #[case::wrong_type("label > 3", "cannot work: found no matching overload for '_>_'")]
    #[case::nested_macros("topics.all(a, topics.all(b, a == b))", "a macro within a macro")]
    #[case::message("Foo{a: 1} == Foo{a: 1}", "builds no messages")]
    fn refuses(#[case] when: &str, #[case] words: &str) {
        let error = Condition::compile(when).unwrap_err();
        assert!(error.contains(words), "{error}");
    }

    #[rstest]
    #[case::as_long_as_allowed(CONDITION_BYTES_MAX, true)]
    #[case::longer(CONDITION_BYTES_MAX + 1, false)]
    fn has_a_limit(#[case] bytes: usize, #[case] ok: bool) {
        let when = format!("label != '{}'", "x".repeat(bytes - 11));
        assert_eq!((when.len(), Condition::compile(&when).is_ok()), (bytes, ok));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn whatever_is_written_is_read_or_refused(
            when in "([a-z]{1,8}|[0-9]{1,3}|[-+*/%!<>=&|?:.,'\"\\[\\](){}\\\\@#é ]|severity|topics|true| && | == |\\.all\\(|in ){0,24}"
        ) {
            if let Ok(condition) = Condition::compile(&when) {
                for facts in samples() {
                    let _ = condition.holds(&facts, Label::Lead);
                }
            }
        }
    }
}
