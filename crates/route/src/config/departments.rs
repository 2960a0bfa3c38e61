//! `[departments.<name>]`: who works there, how they are called, and whether they answer.

use super::calendars::Calendars;
use super::{Context, Department, Names, dates};
use jiff::civil::DateTime;
use switchboard_config::{Located, Section};
use switchboard_domain::Slug;
use switchboard_domain::calendar::Rota;
use switchboard_domain::calendar::rota::{Cover, Turn};
use switchboard_domain::sla::{Duty, ReplyPolicy};

/// More people than this are departments of their own.
const MEMBERS_MAX: usize = 1_000;

pub(super) fn read(
    root: &mut Section<'_>,
    calendars: &Calendars,
    context: &Context,
) -> Vec<Department> {
    let read = root.sections("departments", |key, section| {
        let slug = Slug::new(&key.value);
        if let Err(error) = &slug {
            section.problem(&key.place, error.to_string());
        }
        let name = section.value("name").unwrap_or_else(|| key.value.clone());
        let calendar = calendars.find(section, "calendar");
        let duty = read_duty(section, context);
        Some(Department {
            slug: slug.ok()?,
            name,
            calendar,
            duty,
        })
    });
    if read.is_empty() {
        root.problem_here("no department: add at least one `[departments.<name>]`");
    }
    read.into_iter().flatten().collect()
}

fn read_duty(section: &mut Section<'_>, context: &Context) -> Duty {
    let members = read_members(section);
    let channels = section.located_list("notify").unwrap_or_default();
    let channels = channels
        .iter()
        .filter_map(|name| context.recipient(section, name, &[]));
    let channels: Vec<String> = channels.collect();
    let rota = section.optional_section("on_call", |rota| read_rota(rota, &members));
    if section.has("on_call") && channels.is_empty() {
        let place = section.place("on_call");
        let message = "whoever is on call could not be called: name a notifier with `notify`";
        section.problem(&place, message);
    }
    Duty {
        channels,
        rota: rota.flatten(),
        reply: read_reply(section, &members),
        members,
    }
}

fn read_members(section: &mut Section<'_>) -> Vec<String> {
    let listed = section.located_list("members").unwrap_or_default();
    if listed.len() > MEMBERS_MAX {
        let message = format!("at most {MEMBERS_MAX} members, here are {}", listed.len());
        section.problem(&section.place("members"), message);
    }
    let mut members: Vec<String> = vec![];
    for Located { value, place } in listed {
        if value.trim().is_empty() {
            section.problem(&place, "a member without a name");
        } else if members.contains(&value) {
            section.problem(&place, format!("`{value}` is named twice"));
        } else {
            members.push(value);
        }
    }
    members
}

fn read_reply(section: &mut Section<'_>, members: &[String]) -> ReplyPolicy {
    let policies = ReplyPolicy::ALL.map(|policy| (policy.as_str(), policy));
    let chosen = section.choice("reply", &policies).unwrap_or_default();
    if chosen == ReplyPolicy::Members && members.is_empty() {
        let place = section.place("reply");
        section.problem(&place, "only members may answer, and there are none");
    }
    chosen
}

fn read_rota(section: &mut Section<'_>, members: &[String]) -> Option<Rota> {
    let zone = dates::zone(section);
    let turns = [("daily", Turn::Day), ("weekly", Turn::Week)];
    let turn = section.choice("rotates", &turns).unwrap_or(Turn::Week);
    let people = read_people(section, members);
    section.required::<String>("begins")?;
    let begins = civil(section, "begins");
    let covers = section.array("covers", |cover| {
        Some(Cover {
            person: one_of(cover, members)?,
            from: required_civil(cover, "from")?,
            until: required_civil(cover, "until")?,
        })
    });
    let covers = covers.into_iter().flatten().collect();
    match Rota::new(zone?, people, (turn, begins?), covers) {
        Ok(rota) => Some(rota),
        Err(error) => {
            section.problem_here(error.to_string());
            None
        }
    }
}

/// The department's members in their order, unless others are named.
fn read_people(section: &mut Section<'_>, members: &[String]) -> Vec<String> {
    let Some(named) = section.located_list("people") else {
        return members.to_vec();
    };
    let known = named
        .into_iter()
        .filter_map(|person| member(section, person, members));
    known.collect()
}

fn one_of(cover: &mut Section<'_>, members: &[String]) -> Option<String> {
    cover.required::<String>("person")?;
    let person: Located<String> = cover.located("person")?;
    member(cover, person, members)
}

fn member(section: &Section<'_>, person: Located<String>, members: &[String]) -> Option<String> {
    if members.contains(&person.value) {
        return Some(person.value);
    }
    let known: Vec<&str> = members.iter().map(String::as_str).collect();
    let unknown = switchboard_config::unknown_name("member", &person.value, &known);
    section.problem(&person.place, unknown);
    None
}

fn required_civil(section: &mut Section<'_>, key: &str) -> Option<DateTime> {
    section.required::<String>(key)?;
    civil(section, key)
}

fn civil(section: &mut Section<'_>, key: &str) -> Option<DateTime> {
    let written: Located<String> = section.located(key)?;
    let read = written.value.parse();
    if read.is_err() {
        let message = format!(
            "`{}` is no time of a wall clock: write it as 2026-01-05T09:00",
            written.value
        );
        section.problem(&written.place, message);
    }
    read.ok()
}

impl Names {
    pub(super) fn of(departments: &[Department]) -> Self {
        let slugs = departments.iter().map(|department| &department.slug);
        Self(slugs.cloned().collect())
    }
}
