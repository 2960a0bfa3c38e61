//! What other sections of the file say, and rows and policies refer to.

use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;
use switchboard_config::{Located, Section};
use switchboard_domain::Slug;

/// The contract's join window: the next day's "still waiting" belongs to yesterday's ticket.
const JOIN_WINDOW_DEFAULT: Duration = Duration::from_hours(24);

/// What is read before departments, table and promises.
#[derive(Clone, Debug)]
pub struct Context {
    /// How long an author's next post to the same account joins the open ticket.
    pub join_window: SignedDuration,
    /// Whom a step of an escalation chain may call: the notifiers by name, and what several
    /// of them take.
    pub recipients: Vec<String>,
    /// The brands of `[brands]`, each with the topics it sorts its posts by beside those that
    /// the classifier's rules give; without any every account is a brand of its own name.
    pub brands: BTreeMap<String, BTreeSet<String>>,
    /// The company's own platforms, beside those that connectors know.
    pub platforms: Vec<Slug>,
    /// Reads a file that the configuration names; for a path, its text.
    pub read_file: fn(&str) -> io::Result<String>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            join_window: SignedDuration::try_from(JOIN_WINDOW_DEFAULT)
                .unwrap_or(SignedDuration::MAX),
            recipients: vec![],
            brands: BTreeMap::new(),
            platforms: vec![],
            read_file: |_path| Err(io::Error::other("files are not read here")),
        }
    }
}

impl Context {
    /// Reads `join_window` of `[store]`; the section has keys of others too.
    pub fn read_join_window(&mut self, store: &mut Section<'_>) {
        let window = store.duration_or("join_window", JOIN_WINDOW_DEFAULT);
        self.join_window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    }

    /// Reads `platforms` of `[ingest]`: names of one's own for what is pushed over the API.
    pub fn read_platforms(&mut self, ingest: &mut Section<'_>) {
        for name in ingest.located_list("platforms").unwrap_or_default() {
            match Slug::new(&name.value) {
                Ok(slug) => self.platforms.push(slug),
                Err(error) => ingest.problem(&name.place, error.to_string()),
            }
        }
    }

    /// The notifier of that name, or one of the `others` that stand for some; an unknown one
    /// is a problem at its place.
    pub(super) fn recipient(
        &self,
        section: &Section<'_>,
        name: &Located<String>,
        others: &[&str],
    ) -> Option<String> {
        let mut known: Vec<&str> = self.recipients.iter().map(String::as_str).collect();
        known.extend(others);
        if known.contains(&name.value.as_str()) {
            return Some(name.value.clone());
        }
        let unknown = switchboard_config::unknown_name("notifier", &name.value, &known);
        let way_out = if self.recipients.is_empty() {
            "; there is no `[alert.notifiers.<name>]` yet"
        } else {
            ""
        };
        section.problem(&name.place, format!("{unknown}{way_out}"));
        None
    }
}
