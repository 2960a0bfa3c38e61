//! `[classify]`: which rules, and when a person looks.

use crate::combine::Thresholds;
use switchboard_config::{Located, Section};

/// The section `[classify]`.
#[derive(Clone, Debug)]
pub struct ClassifyConfig {
    /// A rule file instead of the shipped one. Its problems are those of
    /// [`RuleSet::parse`](crate::RuleSet::parse); whoever reads the file reports them.
    pub rules: Option<Located<String>>,
    /// A model file instead of the shipped one. Whoever reads it reports what is wrong.
    pub model: Option<Located<String>>,
    /// How evidence becomes a verdict.
    pub thresholds: Thresholds,
}

impl ClassifyConfig {
    /// Reads the section; what it leaves out keeps its default.
    pub fn read(section: &mut Section<'_>) -> Self {
        let default = Thresholds::default();
        let rules = section.located("rules");
        let model = section.located("model");
        let mut share = |key, otherwise| section.in_range(key, 0.0..=1.0).unwrap_or(otherwise);
        let label_share_min = share("label_share_min", default.label_share_min);
        let review_confidence_min = share("review_confidence_min", default.review_confidence_min);
        let review_margin_min = share("review_margin_min", default.review_margin_min);
        let mut weight = |key, otherwise| section.in_range(key, 0.0..=10.0).unwrap_or(otherwise);
        Self {
            rules,
            model,
            thresholds: Thresholds {
                general_base: weight("general_base", default.general_base),
                rule_margin: weight("rule_margin", default.rule_margin),
                label_share_min,
                review_confidence_min,
                review_margin_min,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use switchboard_config::Document;

    fn read(text: &str) -> (ClassifyConfig, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("switchboard.toml", text, &environment, &[]);
        let config = document.read(|root| root.section("classify", ClassifyConfig::read));
        let problems = document.into_problems();
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn nothing_written_is_the_default() {
        let (config, problems) = read("");
        assert!(config.rules.is_none() && problems.is_empty());
        assert_eq!(config.thresholds, Thresholds::default());
    }

    #[test]
    fn every_problem_has_its_place() {
        let (config, problems) =
            read("[classify]\nrules = 'own.toml'\nreview_margin_min = 2.0\nreview_margin = 0.1\n");
        assert_eq!(config.rules.unwrap().value, "own.toml");
        insta::assert_snapshot!(problems.join("\n"), @r#"
switchboard.toml:3:21: `review_margin_min` is 2; it must be from 0 to 1
switchboard.toml:4:1: unknown key `review_margin` in `[classify]` (did you mean `review_margin_min`? known: rules, model, label_share_min, review_confidence_min, review_margin_min, general_base, rule_margin)
"#);
    }
}
