//! The closed value sets of columns that are open by nature: a mistyped name would make a row
//! that never wins, and nobody would know.

use super::Context;
use std::collections::BTreeSet;
use switchboard_config::{Located, Problem, Section, unknown_name};
use switchboard_domain::Slug;
use switchboard_domain::routing::Column;

/// Where posts come from, by the names that connectors and importers give. What is pushed
/// over the API may have a name of its own: `[ingest] platforms` adds it.
const PLATFORMS: [&str; 28] = [
    "api",
    "app-store",
    "bluesky",
    "discord",
    "discourse",
    "email",
    "facebook",
    "feed",
    "google-play",
    "google-reviews",
    "hackernews",
    "instagram",
    "lemmy",
    "line",
    "linkedin",
    "mastodon",
    "messenger",
    "reddit",
    "stackexchange",
    "telegram",
    "threads",
    "tiktok",
    "tripadvisor",
    "trustpilot",
    "web",
    "whatsapp",
    "x",
    "youtube",
];

/// The languages of ISO 639-1, and `und` for a post whose language nobody can tell.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co \
    cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi \
    ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw \
    ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc \
    oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv \
    sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk und ur uz ve vi vo wa wo xh yi yo za zh zu";

/// The platforms a table names; an unknown one is a problem at its place.
pub(super) fn platforms(section: &mut Section<'_>, context: &Context) -> Option<BTreeSet<Slug>> {
    let own = context.platforms.iter().map(Slug::as_str);
    let known: Vec<&str> = PLATFORMS.into_iter().chain(own).collect();
    let way_out = "; a name of your own belongs into `platforms` of `[ingest]`";
    slugs(section, Column::Platform, &known, way_out)
}

/// The brands a table names. Without any in the configuration every account is one.
pub(super) fn brands(section: &mut Section<'_>, context: &Context) -> Option<BTreeSet<Slug>> {
    let known: Vec<&str> = context.brands.keys().map(String::as_str).collect();
    slugs(section, Column::Brand, &known, "")
}

/// The languages a table names; an unknown one is a problem at its place.
pub(super) fn languages(section: &mut Section<'_>) -> Option<BTreeSet<String>> {
    let names = section.located_list(Column::Language.as_str())?;
    let known: Vec<&str> = LANGUAGES.split_whitespace().collect();
    let languages = names.into_iter().map(|Located { value, place }| {
        if !known.contains(&value.as_str()) {
            let message = format!("unknown language `{value}`: a code of ISO 639-1, or `und`");
            section.problem(&place, message);
        }
        value
    });
    Some(languages.collect())
}

/// An empty list of known names knows all.
fn slugs(
    section: &mut Section<'_>,
    column: Column,
    known: &[&str],
    way_out: &str,
) -> Option<BTreeSet<Slug>> {
    let names = section.located_list(column.as_str())?;
    let slugs = names.iter().filter_map(|name| {
        let slug = Slug::new(&name.value);
        let message = match &slug {
            Err(error) => Some(error.to_string()),
            Ok(slug) if known.is_empty() || known.contains(&slug.as_str()) => None,
            Ok(slug) => {
                let unknown = unknown_name(column.as_str(), slug.as_str(), known);
                Some(format!("{unknown}{way_out}"))
            }
        };
        if let Some(message) = message {
            section.problem(&name.place, message);
        }
        // Kept all the same: a column that has lost its only name would be a second problem.
        slug.ok()
    });
    Some(slugs.collect())
}

/// A row takes a topic with everything below it, so a name above a known one is known too.
pub(super) fn unknown_topics<'k>(
    named: &[Located<String>],
    known: impl IntoIterator<Item = &'k str>,
) -> Vec<Problem> {
    let known: BTreeSet<&str> = known.into_iter().flat_map(with_those_above).collect();
    let listed: Vec<&str> = known.iter().copied().collect();
    let unknown = named
        .iter()
        .filter(|topic| !known.contains(topic.value.as_str()));
    let problem = |topic: &Located<String>| Problem {
        place: topic.place.clone(),
        message: format!(
            "{}: no rule gives it, and no brand lists it under `topics`",
            unknown_name("topic", &topic.value, &listed)
        ),
    };
    unknown.map(problem).collect()
}

/// `baggage/lost` and `baggage`.
fn with_those_above(topic: &str) -> impl Iterator<Item = &str> {
    let ends = topic.match_indices('/').map(|(end, _)| end);
    ends.chain([topic.len()]).filter_map(|end| topic.get(..end))
}
