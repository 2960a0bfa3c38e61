//! Every rule is tested on the sentences written beside it.

use super::RuleSet;
use super::file::RuleFile;
use super::language_set::LanguageSet;
use super::problem::Problem;
use crate::normalise::normalise;

/// The examples that do not come out as their rule says.
pub(super) fn failed(set: &RuleSet, file: &RuleFile, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for entry in &file.rules {
        let name = entry.name.get_ref();
        let wanted = entry.matching.iter().map(|example| (example, true));
        let unwanted = entry.no_match.iter().map(|example| (example, false));
        for (example, want) in wanted.chain(unwanted) {
            if set.rule_hits(name, example.get_ref()) != want {
                let verb = if want { "does not match" } else { "matches" };
                let message = format!("rule `{name}` {verb} this example");
                problems.push(Problem::at(text, &example.span(), message));
            }
        }
    }
    problems
}

impl RuleSet {
    /// Whether the named rule hits the text, in whatever language it is.
    pub fn rule_hits(&self, name: &str, text: &str) -> bool {
        self.hits(&normalise(text), LanguageSet::ANY)
            .iter()
            .any(|hit| hit.rule.name == name)
    }
}
