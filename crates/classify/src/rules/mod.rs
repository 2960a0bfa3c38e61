//! The rule set: read from TOML, checked against its own examples, matched in one pass.
//!
//! A rule hits when one of `any` stands in the post, and one of `with` (if it has some), and
//! none of `not`, and no guard it names under `unless`. A hit adds `weight` to its label,
//! `severity` to the severity, and gives a topic.

mod build;
mod commonness;
mod dictionary;
mod edges;
mod examples;
mod file;
mod language_set;
mod literals;
mod matcher;
mod problem;
mod rest;
mod scan;

pub use build::{PATTERN_BYTES_MAX, PATTERNS_PER_LIST_MAX, RULES_MAX, WEIGHT_MAX};
pub use language_set::{LanguageSet, RULE_LANGUAGES};
pub use problem::Problem;

use crate::normalise::NormalizedText;
use crate::pool::Pool;
use matcher::{Matcher, PatternId};
use scan::{Notes, Scan};
use sha2::{Digest, Sha256};
use switchboard_domain::{Label, NoAnswer};

/// The rules that ship with the product.
pub const SHIPPED_RULES: &str = include_str!("../../../../config/rules.toml");

/// A checked rule set, ready to match.
#[derive(Debug)]
pub struct RuleSet {
    version: String,
    rules: Vec<Rule>,
    guards: Vec<Context>,
    matcher: Matcher,
    /// The rule whose `any` holds the pattern; `None` for patterns that only narrow.
    owner: Vec<Option<usize>>,
    notes: Pool<HitNotes>,
}

/// What is noted while one text is judged.
#[derive(Default)]
struct HitNotes {
    scan: Notes,
    /// Whether each guard holds, once it was asked.
    guards: Vec<Option<bool>>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Unique in the file; stands in the reasons.
    pub name: String,
    /// What a hit adds its weight to.
    pub label: Option<Label>,
    /// How much a hit counts; a weight equal to the base of `general` draws level with it.
    pub weight: f32,
    /// What a hit adds to the severity.
    pub severity: i8,
    /// What the post is about when the rule hits.
    pub topic: Option<String>,
    /// Why the post needs nobody when the rule hits and nothing else speaks against it.
    pub answer: Option<NoAnswer>,
    /// How the reasons name what it adds to the severity.
    severity_name: String,
    context: Context,
    unless: Vec<usize>,
}

impl Rule {
    /// `severity/` and the rule's name.
    pub(crate) fn severity_name(&self) -> &str {
        &self.severity_name
    }
}

/// Patterns that stand or do not stand in a post.
#[derive(Debug, Default)]
struct Context {
    any: Vec<PatternId>,
    with: Vec<PatternId>,
    not: Vec<PatternId>,
}

impl Context {
    fn holds(&self, scan: &mut Scan<'_>) -> bool {
        let mut stands = |ids: &[PatternId]| ids.iter().any(|&id| scan.contains(id));
        // `with` is mostly plain words, which cost nothing to ask for.
        (self.with.is_empty() || stands(&self.with)) && stands(&self.any) && !stands(&self.not)
    }
}

/// A rule that hit, and where.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its first place, in bytes of the original text.
    pub span: Option<(usize, usize)>,
}

impl RuleSet {
    /// Reads and checks a rule file: its form, its patterns and its examples. Returns every
    /// problem there is, in file order.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        build::build(text)
    }

    /// The rule set that ships with the product.
    pub fn shipped() -> Result<Self, Vec<Problem>> {
        Self::parse(SHIPPED_RULES)
    }

    /// The declared version with a short hash of the file.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All rules, in file order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules that hit a text in one of these languages, in file order.
    pub fn hits(&self, text: &NormalizedText, languages: LanguageSet) -> Vec<Hit<'_>> {
        self.notes.with(|notes| {
            notes.guards.clear();
            notes.guards.resize(self.guards.len(), None);
            let mut found = Scan::new(&self.matcher, text, &mut notes.scan);
            self.matcher.look(&mut found, languages);
            self.judge(&mut found, &mut notes.guards)
        })
    }

    fn judge(&self, found: &mut Scan<'_>, guards: &mut [Option<bool>]) -> Vec<Hit<'_>> {
        let mut hits = Vec::new();
        let mut judged = None;
        let mut next = 0;
        while let Some(pattern) = found.candidate_from(next) {
            next = pattern + 1;
            let Some(at) = self.owner.get(pattern as usize).copied().flatten() else {
                continue;
            };
            // A rule's patterns are numbered in a row, so its candidates follow each other.
            if judged.replace(at) == Some(at) {
                continue;
            }
            let Some(rule) = self.rules.get(at) else {
                continue;
            };
            if rule.context.holds(found) && !self.is_guarded(rule, found, guards) {
                let first = rule.context.any.iter().find(|&&id| found.contains(id));
                let span = first.and_then(|&id| found.span(id));
                hits.push(Hit { rule, span });
            }
        }
        hits
    }

    /// Whether one of the rule's guards switches it off. Guards are asked for by many rules
    /// and judged once.
    fn is_guarded(&self, rule: &Rule, scan: &mut Scan<'_>, known: &mut [Option<bool>]) -> bool {
        rule.unless.iter().any(|&guard| {
            let (Some(context), Some(known)) = (self.guards.get(guard), known.get_mut(guard))
            else {
                return false;
            };
            *known.get_or_insert_with(|| context.holds(scan))
        })
    }
}

/// Enough to tell two rule files apart at a glance, in a log line or an explanation.
const VERSION_HASH_DIGITS: usize = 8;

fn version_of(declared: &str, text: &str) -> String {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    let short = hash.get(..VERSION_HASH_DIGITS).unwrap_or_default();
    if declared.is_empty() {
        short.to_owned()
    } else {
        format!("{declared}-{short}")
    }
}
