//! What came of a learning, for people and for programs.

use super::TAKES_HOLD;
use crate::terminal;
use anyhow::Result;
use serde_json::{Value, json};
use std::path::PathBuf;
use switchboard_classify::learn::{Comparison, Figures};

/// The candidate beside the model in use.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) before: String,
    pub(super) after: String,
    /// Corrections the candidate was trained on.
    pub(super) trained_on: usize,
    /// Corrections it was judged on.
    pub(super) held_back: usize,
    /// Posts replayed that it was not trained on.
    pub(super) replayed: usize,
    /// Those of them that get another label.
    pub(super) replayed_moved: usize,
    pub(super) comparison: Comparison,
    /// Where it lies, once it is in use.
    pub(super) adopted: Option<PathBuf>,
}

impl Outcome {
    pub(super) fn tell(&self, json: bool, dry_run: bool) -> Result<()> {
        if json {
            terminal::line(&serde_json::to_string(&self.as_json())?);
            return Ok(());
        }
        for line in self.lines(dry_run) {
            terminal::line(&line);
        }
        Ok(())
    }

    fn lines(&self, dry_run: bool) -> Vec<String> {
        let comparison = &self.comparison;
        let mut lines = vec![
            format!("in use {}, candidate {}", self.before, self.after),
            format!(
                "{} corrections trained, {} held back; of {} replayed posts {} get another label",
                self.trained_on, self.held_back, self.replayed, self.replayed_moved
            ),
            format!("{:28} {:>6} {:>7} {:>7}", "", "posts", "before", "after"),
            row("macro-F1", &comparison.macro_f1),
            row("share right", &comparison.right),
        ];
        let labels = comparison.labels.iter();
        lines.extend(labels.map(|(label, figures)| row(&format!("F1 of {label}"), figures)));
        let departments = comparison.departments.iter();
        lines.extend(departments.map(|(name, figures)| row(&format!("F1 of `{name}`"), figures)));
        let refusals = comparison.refusals.iter();
        lines.extend(refusals.map(|why| format!("refused: {why}")));
        if let Some(path) = &self.adopted {
            lines.push(format!("adopted: {}; {TAKES_HOLD}", path.display()));
        } else if comparison.is_won() && dry_run {
            lines.push("it would be adopted".to_owned());
        }
        lines
    }

    fn as_json(&self) -> Value {
        let comparison = &self.comparison;
        let labels = comparison.labels.iter();
        let departments = comparison.departments.iter();
        json!({
            "in_use": self.before,
            "candidate": self.after,
            "adopted": self.adopted,
            "refusals": comparison.refusals,
            "corrections": { "trained": self.trained_on, "held_back": self.held_back },
            "replayed": { "posts": self.replayed, "other_label": self.replayed_moved },
            "macro_f1": figures(&comparison.macro_f1),
            "right": figures(&comparison.right),
            "labels": labels
                .map(|(label, of)| (label.to_string(), figures(of)))
                .collect::<serde_json::Map<_, _>>(),
            "departments": departments
                .map(|(name, of)| (name.to_string(), figures(of)))
                .collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn row(name: &str, figures: &Figures) -> String {
    format!(
        "{name:28} {:6} {:7.3} {:7.3}",
        figures.posts, figures.before, figures.after
    )
}

fn figures(of: &Figures) -> Value {
    json!({ "posts": of.posts, "before": of.before, "after": of.after })
}
