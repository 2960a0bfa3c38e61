//! What there is to learn from: corrections, and the traffic they are weighed against.

use crate::command::labelled;
use crate::config::Config;
use crate::exit::{Done, Failure};
use crate::terminal;
use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use switchboard_classify::train::LabelledPost;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Fact, Status, TicketEvent};
use switchboard_domain::{ClassifiedMention, Label, Mention, Slug};
use switchboard_storage::ticket::MAX_PAGE;
use switchboard_storage::{Sort, Store, TicketQuery, TicketRow, Tickets};

/// Tickets looked through, newest first: half a year of a busy team, read within seconds.
const TICKETS_MAX: usize = 50_000;

/// Posts replayed: beyond these no share moves by a hundredth.
const TRAFFIC_MAX: usize = 5_000;

/// The platform of a post from a file.
const FILE_PLATFORM: &str = "api";

/// A post that people have judged, or that only came in.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) mention: Mention,
    pub(super) brand: Slug,
    /// What it is; the classifier's own word where nobody has said.
    pub(super) label: Label,
}

/// What is known of one correction, as a JSON line: it can be read again as a labelled post.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Correction {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) label: Label,
    pub(super) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lang: Option<String>,
    pub(super) brand: Slug,
    pub(super) given: Label,
    /// Who said so and when; absent where a ticket was resolved under the label it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    pub(super) rules_version: String,
    pub(super) model_version: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) corrections: Vec<Post>,
    /// Where they come from, when it is the store.
    pub(super) records: Vec<Correction>,
    pub(super) traffic: Vec<Post>,
    pub(super) done: Done,
}

impl Material {
    /// Corrections from files of labelled posts, with the traffic of another file.
    pub(super) fn from_files(
        corrections: &[PathBuf],
        traffic: Option<&Path>,
        config: &Config,
    ) -> Result<Self> {
        let labelled::LabelledPosts { posts, done } = labelled::read(corrections)?;
        let mut material = Self {
            corrections: posts
                .into_iter()
                .map(|post| of_file(post.text, post.lang, post.label, config))
                .collect(),
            records: vec![],
            traffic: vec![],
            done,
        };
        if let Some(path) = traffic {
            material.read_traffic(path, config)?;
        }
        Ok(material)
    }

    /// Corrections and traffic as the store has them.
    pub(super) async fn from_store(store: &Store) -> Result<Self> {
        let mut material = Self {
            corrections: vec![],
            records: vec![],
            traffic: vec![],
            done: Done::Fully,
        };
        let tickets = &*store.tickets;
        let mut query = TicketQuery {
            sort: Sort::Newest,
            limit: MAX_PAGE,
            ..TicketQuery::default()
        };
        for _ in 0..TICKETS_MAX / MAX_PAGE {
            let page = tickets.list(&query, &DepartmentScope::All).await?;
            for row in page.items {
                material.take(row, tickets).await?;
            }
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        Ok(material)
    }

    /// Sorts a ticket's post: corrected by hand, confirmed by being resolved, or mere traffic.
    async fn take(&mut self, row: TicketRow, tickets: &dyn Tickets) -> Result<()> {
        let ticket = &row.ticket;
        let confirmed = ticket.status == Status::Resolved && ticket.mention_count == 1;
        if ticket.edited.label {
            let events = tickets.events(ticket.id, &DepartmentScope::All).await?;
            let told = first_word(&events);
            let given = told.as_ref().map_or(ticket.label, |told| told.given);
            let posts = tickets.mentions(ticket.id, &DepartmentScope::All).await?;
            let contents = posts.into_iter().filter_map(|post| post.content);
            if let Some(content) = meant(contents.collect(), given) {
                self.correction(content, ticket.label, told);
            }
            return Ok(());
        }
        let Some(content) = row.mention.and_then(|mention| mention.content) else {
            return Ok(());
        };
        if confirmed {
            let label = content.classification.label;
            self.correction(content, label, None);
        } else if self.traffic.len() < TRAFFIC_MAX {
            let label = content.classification.label;
            self.traffic.push(of_store(content, label));
        }
        Ok(())
    }

    fn correction(&mut self, content: ClassifiedMention, label: Label, told: Option<Told>) {
        if content.mention.text.trim().is_empty() {
            return;
        }
        let verdict = &content.classification;
        let (by, at) = told.map_or((None, None), |told| (Some(told.by), Some(told.at)));
        self.records.push(Correction {
            id: content.mention.key().to_string(),
            text: content.mention.text.clone(),
            label,
            source: content.mention.platform.to_string(),
            lang: content.mention.lang.clone(),
            brand: content.brand.clone(),
            given: verdict.label,
            by,
            at,
            rules_version: verdict.rules_version.clone(),
            model_version: verdict.model_version.clone(),
        });
        self.corrections.push(of_store(content, label));
    }

    fn read_traffic(&mut self, path: &Path, config: &Config) -> Result<()> {
        let name = path.display();
        let failed = |error| Failure::Usage(format!("cannot read `{name}`: {error}"));
        let file = std::fs::File::open(path).map_err(failed)?;
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(failed)?;
            if self.traffic.len() >= TRAFFIC_MAX || line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<TrafficLine>(&line) {
                // Nobody has said what it is: the label is asked of the classifier later.
                Ok(post) => {
                    let post = of_file(post.text, post.lang, Label::General, config);
                    self.traffic.push(post);
                }
                Err(error) => {
                    terminal::note(&format!("{name}:{}: {error}", number + 1));
                    self.done = Done::WithRefusals;
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct TrafficLine {
    text: String,
    lang: Option<String>,
}

/// A person's word on a label.
#[derive(Clone, Debug)]
struct Told {
    given: Label,
    by: String,
    at: Timestamp,
}

/// What the classifier had said before people corrected it, with the last who did.
fn first_word(events: &[TicketEvent]) -> Option<Told> {
    let words = events.iter().flat_map(|event| {
        let facts = event.change.facts.iter();
        facts.filter_map(move |fact| match fact {
            Fact::LabelChanged {
                from,
                by_person: true,
                ..
            } => Some((*from, &event.change)),
            _ => None,
        })
    });
    let words: Vec<_> = words.collect();
    let (given, _) = words.first()?;
    let (_, last) = words.last()?;
    Some(Told {
        given: *given,
        by: last.actor.to_string(),
        at: last.at,
    })
}

/// The post that a ticket's correction was about: the first that had been given the corrected
/// label, else the one that opened it.
fn meant(contents: Vec<ClassifiedMention>, given: Label) -> Option<ClassifiedMention> {
    let at = contents
        .iter()
        .position(|content| content.classification.label == given);
    contents.into_iter().nth(at.unwrap_or(0))
}

fn of_store(content: ClassifiedMention, label: Label) -> Post {
    Post {
        mention: content.mention,
        brand: content.brand,
        label,
    }
}

fn of_file(text: String, lang: Option<String>, label: Label, config: &Config) -> Post {
    let mut mention = Mention::new(Slug::from_any(FILE_PLATFORM), "", text);
    mention.lang = lang;
    Post {
        brand: config.brands.resolve(&mention.accounts),
        mention,
        label,
    }
}

impl Post {
    /// As the trainer takes it.
    pub(super) fn labelled(&self, label: Label) -> LabelledPost {
        LabelledPost {
            text: self.mention.text.clone(),
            label,
            source: self.mention.platform.to_string(),
            lang: self.mention.lang.clone(),
        }
    }
}
