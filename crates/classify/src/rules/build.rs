//! From the file to the rule set, collecting every problem on the way.

use super::file::{GuardEntry, RuleEntry, RuleFile};
use super::language_set::{LanguageSet, RULE_LANGUAGES};
use super::matcher::{MatcherBuilder, PatternId};
use super::problem::Problem;
use super::{Context, Rule, RuleSet, examples, file, version_of};
use crate::pool::Pool;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_domain::{Label, NoAnswer};
use toml::Spanned;

/// Rules in one file: above this nobody keeps them apart, and the automaton grows past its
/// cache. The shipped set, five languages of it, uses about half.
pub const RULES_MAX: usize = 600;

/// Bytes of one pattern: longer alternations belong into several patterns of one rule.
pub const PATTERN_BYTES_MAX: usize = 2_000;

/// Patterns in one list of a rule.
pub const PATTERNS_PER_LIST_MAX: usize = 60;

/// The largest weight: five times the base decides alone against everything else.
pub const WEIGHT_MAX: f32 = 10.0;

/// The largest step of severity, the scale's own length.
const SEVERITY_STEP_MAX: i8 = 10;

pub(super) fn build(text: &str) -> Result<RuleSet, Vec<Problem>> {
    let mut problems = Vec::new();
    let file = file::read(text, &mut problems);
    let mut builder = Builder {
        text,
        problems,
        matcher: MatcherBuilder::default(),
        guard_names: BTreeMap::new(),
        owner: Vec::new(),
    };
    let guards = builder.guards(&file.guards);
    let rules = builder.rules(&file);
    let Builder {
        mut problems,
        matcher,
        mut owner,
        ..
    } = builder;
    for (at, rule) in rules.iter().enumerate() {
        for &pattern in &rule.context.any {
            if let Some(slot) = owner.get_mut(pattern as usize) {
                *slot = Some(at);
            }
        }
    }
    let set = RuleSet {
        version: version_of(&file.version, text),
        rules,
        guards,
        matcher: matcher.build(),
        owner,
        notes: Pool::default(),
    };
    // Examples of a set with holes would fail for reasons that are already told.
    if problems.is_empty() {
        problems = examples::failed(&set, &file, text);
    }
    if problems.is_empty() {
        Ok(set)
    } else {
        problems.sort();
        Err(problems)
    }
}

struct Builder<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    matcher: MatcherBuilder,
    guard_names: BTreeMap<String, usize>,
    owner: Vec<Option<usize>>,
}

impl Builder<'_> {
    fn problem<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.problems
            .push(Problem::at(self.text, &at.span(), message));
    }

    fn guards(&mut self, entries: &[GuardEntry]) -> Vec<Context> {
        let mut guards = Vec::new();
        for entry in entries {
            let name = entry.name.get_ref().clone();
            if self
                .guard_names
                .insert(name.clone(), guards.len())
                .is_some()
            {
                self.problem(
                    &entry.name,
                    format!("a guard named `{name}` stands above already"),
                );
            }
            guards.push(Context {
                any: self.patterns(&entry.any, LanguageSet::ANY),
                with: Vec::new(),
                not: self.patterns(&entry.not, LanguageSet::ANY),
            });
        }
        guards
    }

    fn rules(&mut self, file: &RuleFile) -> Vec<Rule> {
        let mut names = BTreeSet::new();
        let mut rules = Vec::new();
        for entry in &file.rules {
            let name = entry.name.get_ref();
            if !names.insert(name.as_str()) {
                self.problem(
                    &entry.name,
                    format!("a rule named `{name}` stands above already"),
                );
            }
            if rules.len() == RULES_MAX {
                self.problem(
                    &entry.name,
                    format!("more than {RULES_MAX} rules; merge or drop some"),
                );
                break;
            }
            rules.push(self.rule(entry));
        }
        rules
    }

    fn rule(&mut self, entry: &RuleEntry) -> Rule {
        let languages = self.languages(&entry.languages);
        self.demand_effect(entry);
        self.demand_examples(entry);
        Rule {
            name: entry.name.get_ref().clone(),
            severity_name: format!("severity/{}", entry.name.get_ref()),
            label: self.label(entry),
            weight: self.weight(entry),
            severity: self.severity(entry),
            topic: entry.topic.as_ref().map(|topic| topic.get_ref().clone()),
            answer: self.answer(entry),
            context: Context {
                any: self.patterns(&entry.any, languages),
                with: self.patterns(&entry.with, languages),
                not: self.patterns(&entry.not, languages),
            },
            unless: self.unless(&entry.unless),
        }
    }

    fn languages(&mut self, names: &[Spanned<String>]) -> LanguageSet {
        let mut languages = LanguageSet::NONE;
        for name in names {
            match LanguageSet::of(name.get_ref()) {
                Some(one) => languages = languages.with(one),
                None => self.problem(
                    name,
                    format!(
                        "unknown language `{}` (known: {})",
                        name.get_ref(),
                        RULE_LANGUAGES.join(", ")
                    ),
                ),
            }
        }
        if names.is_empty() {
            LanguageSet::ANY
        } else {
            languages
        }
    }

    fn label(&mut self, entry: &RuleEntry) -> Option<Label> {
        let name = entry.label.as_ref()?;
        let label = Label::parse(name.get_ref());
        if label.is_none() {
            let known = Label::ALL.map(Label::as_str).join(", ");
            self.problem(
                name,
                format!("unknown label `{}` (known: {known})", name.get_ref()),
            );
        }
        label
    }

    fn weight(&mut self, entry: &RuleEntry) -> f32 {
        let Some(weight) = &entry.weight else {
            if entry.label.is_some() {
                self.problem(&entry.name, "a rule with a `label` needs a `weight`");
            }
            return 0.0;
        };
        let value = *weight.get_ref();
        if entry.label.is_none() {
            self.problem(
                weight,
                "a `weight` without a `label` counts for nothing; name the label",
            );
        }
        if !(value > 0.0 && value <= WEIGHT_MAX) {
            self.problem(weight, format!("must be above 0 and at most {WEIGHT_MAX}"));
        }
        value
    }

    fn severity(&mut self, entry: &RuleEntry) -> i8 {
        let Some(step) = &entry.severity else {
            return 0;
        };
        if !(-SEVERITY_STEP_MAX..=SEVERITY_STEP_MAX).contains(step.get_ref()) {
            self.problem(
                step,
                format!("must lie from -{SEVERITY_STEP_MAX} to {SEVERITY_STEP_MAX}"),
            );
        }
        *step.get_ref()
    }

    fn answer(&mut self, entry: &RuleEntry) -> Option<NoAnswer> {
        let answer = entry.answer.as_ref()?;
        match answer.get_ref().as_str() {
            "spam" => Some(NoAnswer::Spam),
            "thanks" => Some(NoAnswer::Thanks),
            other => {
                self.problem(
                    answer,
                    format!("unknown answer `{other}` (known: spam, thanks)"),
                );
                None
            }
        }
    }

    fn unless(&mut self, names: &[Spanned<String>]) -> Vec<usize> {
        let mut guards = Vec::new();
        for name in names {
            if let Some(&guard) = self.guard_names.get(name.get_ref()) {
                guards.push(guard);
            } else {
                let known: Vec<&str> = self.guard_names.keys().map(String::as_str).collect();
                let message = format!(
                    "no guard named `{}` (known: {})",
                    name.get_ref(),
                    known.join(", ")
                );
                self.problem(name, message);
            }
        }
        guards
    }

    fn demand_effect(&mut self, entry: &RuleEntry) {
        let effects = [
            entry.label.is_some(),
            entry.topic.is_some(),
            entry.severity.is_some(),
            entry.answer.is_some(),
        ];
        if !effects.contains(&true) {
            self.problem(
                &entry.name,
                "the rule does nothing; give it a `label`, `topic`, `severity` or `answer`",
            );
        }
        if entry.any.is_empty() {
            self.problem(&entry.name, "the rule has no pattern under `any`");
        }
    }

    fn demand_examples(&mut self, entry: &RuleEntry) {
        for (list, name) in [(&entry.matching, "match"), (&entry.no_match, "no_match")] {
            if list.is_empty() {
                self.problem(
                    &entry.name,
                    format!("the rule needs at least one example under `{name}`"),
                );
            }
        }
    }

    fn patterns(&mut self, patterns: &[Spanned<String>], languages: LanguageSet) -> Vec<PatternId> {
        let mut ids = Vec::new();
        for pattern in patterns {
            if ids.len() == PATTERNS_PER_LIST_MAX {
                self.problem(
                    pattern,
                    format!("more than {PATTERNS_PER_LIST_MAX} patterns in one list"),
                );
                break;
            }
            if pattern.get_ref().len() > PATTERN_BYTES_MAX {
                self.problem(
                    pattern,
                    format!("longer than {PATTERN_BYTES_MAX} bytes; split it"),
                );
                continue;
            }
            match self.matcher.add(pattern.get_ref(), languages) {
                Ok(id) => {
                    self.owner.push(None);
                    ids.push(id);
                }
                Err(message) => self.problem(pattern, message),
            }
        }
        ids
    }
}
