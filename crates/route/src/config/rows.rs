//! `[routing]` and `[[routing.rows]]`: the routing table.

use super::{Context, Names, columns};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_config::{Located, Place, Section};
use switchboard_domain::routing::{
    AuthorTier, Column, KnownNames, Priority, RoutingTable, Row, RowPriority, Unreachable, analyse,
};
use switchboard_domain::sla::SlaPolicy;
use switchboard_domain::{Form, Label, Slug};

/// A row with the places of its keys, for what only the whole table can tell.
struct PlacedRow {
    row: Row,
    head: Place,
    places: BTreeMap<&'static str, Place>,
}

/// The keys whose place a table problem may point at, besides the columns.
const FIELDS: [&str; 8] = [
    "name",
    "when",
    "department",
    "helpers",
    "informed",
    "approver",
    "priority",
    "sla",
];

/// What a row may refer to.
struct Known<'a> {
    names: &'a Names,
    policies: &'a [SlaPolicy],
    context: &'a Context,
}

/// The table, and every topic its rows name.
pub(super) fn read(
    routing: &mut Section<'_>,
    names: &Names,
    policies: &[SlaPolicy],
    context: &Context,
) -> (Option<RoutingTable>, Vec<Located<String>>) {
    let fallback = required_department(routing, "fallback", names);
    let known = Known {
        names,
        policies,
        context,
    };
    let mut topics = vec![];
    let rows = routing.array("rows", |section| {
        topics.extend(
            section
                .located_list(Column::Topic.as_str())
                .unwrap_or_default(),
        );
        read_row(section, &known)
    });
    let rows: Option<Vec<PlacedRow>> = rows.into_iter().collect();
    let table = rows.zip(fallback);
    let table = table.and_then(|(rows, fallback)| build(routing, rows, fallback));
    let table = table.map(|table| table.with_topics(&context.brands));
    (table, topics)
}

fn build(routing: &Section<'_>, rows: Vec<PlacedRow>, fallback: Slug) -> Option<RoutingTable> {
    let (rows, places): (Vec<Row>, Vec<_>) = rows
        .into_iter()
        .map(|placed| (placed.row, (placed.head, placed.places)))
        .unzip();
    let place = |row: usize, column: Option<&str>| {
        let row = places
            .get(row)
            .map(|(head, by_key)| column.and_then(|column| by_key.get(column)).unwrap_or(head));
        row.unwrap_or(routing.head())
    };
    match RoutingTable::new(rows, fallback) {
        Ok(table) => {
            for row in analyse(&table, &KnownNames::default()).unreachable {
                routing.problem(place(row.row, None), never_wins(&table, &row));
            }
            Some(table)
        }
        Err(problems) => {
            for problem in problems {
                routing.problem(place(problem.row, problem.column), problem.message);
            }
            None
        }
    }
}

fn never_wins(table: &RoutingTable, row: &Unreachable) -> String {
    let names = row
        .taken_by
        .iter()
        .filter_map(|&earlier| table.rows().get(earlier));
    let names: Vec<String> = names.map(|row| format!("`{}`", row.name)).collect();
    let name = table
        .rows()
        .get(row.row)
        .map_or("", |row| row.name.as_str());
    let earlier = names.join(", ");
    format!("row `{name}` never wins: {earlier} before it takes every post; move it up or drop it")
}

fn read_row(section: &mut Section<'_>, known: &Known<'_>) -> Option<PlacedRow> {
    let Known {
        names,
        policies,
        context,
    } = known;
    let name: Option<String> = section.required("name");
    let department = required_department(section, "department", names);
    let row = Row {
        name: name.clone().unwrap_or_default(),
        label: choice_set(section, Column::Label, &Label::ALL.map(|l| (l.as_str(), l))),
        topic: text_set(section, Column::Topic),
        platform: columns::platforms(section, context),
        brand: columns::brands(section, context),
        language: columns::languages(section),
        form: choice_set(
            section,
            Column::Form,
            &Form::ALL.map(|form| (form.as_str(), form)),
        ),
        author_tier: choice_set(
            section,
            Column::AuthorTier,
            &AuthorTier::ALL.map(|tier| (tier.as_str(), tier)),
        ),
        when: section.value("when"),
        helpers: departments(section, "helpers", names),
        informed: departments(section, "informed", names),
        approver: optional_department(section, "approver", names),
        priority: read_priority(section),
        sla: read_policy_name(section, policies),
        department: department.clone().unwrap_or_else(|| Slug::from_any("")),
    };
    // Both are required; what is missing has been told.
    name.and(department)?;
    Some(PlacedRow {
        row,
        head: section.head().clone(),
        places: places(section),
    })
}

fn places(section: &Section<'_>) -> BTreeMap<&'static str, Place> {
    let columns = Column::ALL.map(Column::as_str);
    let keys = columns
        .into_iter()
        .chain(FIELDS)
        .filter(|key| section.has(key));
    keys.map(|key| (key, section.place(key))).collect()
}

fn choice_set<T: Copy + Ord>(
    section: &mut Section<'_>,
    column: Column,
    known: &[(&str, T)],
) -> Option<BTreeSet<T>> {
    section
        .choices(column.as_str(), known)
        .map(|chosen| chosen.into_iter().collect())
}

fn text_set(section: &mut Section<'_>, column: Column) -> Option<BTreeSet<String>> {
    let texts = section.located_list(column.as_str())?;
    Some(texts.into_iter().map(|text| text.value).collect())
}

fn required_department(section: &mut Section<'_>, key: &str, names: &Names) -> Option<Slug> {
    if !section.has(key) {
        section.required::<String>(key)?;
    }
    optional_department(section, key, names)
}

fn optional_department(section: &mut Section<'_>, key: &str, names: &Names) -> Option<Slug> {
    let name: Located<String> = section.located(key)?;
    names.find(section, &name)
}

fn departments(section: &mut Section<'_>, key: &str, names: &Names) -> Vec<Slug> {
    let listed = section.located_list(key).unwrap_or_default();
    listed
        .iter()
        .filter_map(|name| names.find(section, name))
        .collect()
}

/// A number adds points, a name sets the priority.
fn read_priority(section: &mut Section<'_>) -> Option<RowPriority> {
    if !section.has("priority") {
        // Asked all the same, so that it stands among the known keys.
        return section.value::<i8>("priority").map(RowPriority::Add);
    }
    let place = section.place("priority");
    let value = section.value::<toml::Value>("priority")?;
    let read = match &value {
        toml::Value::Integer(points) => i8::try_from(*points).ok().map(RowPriority::Add),
        toml::Value::String(name) => Priority::parse(name).map(RowPriority::Fixed),
        _ => None,
    };
    if read.is_none() {
        let message = "must be points to add (-128 to 127) or one of low, normal, high, urgent";
        section.problem(&place, message);
    }
    read
}

fn read_policy_name(section: &mut Section<'_>, policies: &[SlaPolicy]) -> Option<String> {
    let name: Located<String> = section.located("sla")?;
    if policies.iter().any(|policy| policy.name == name.value) {
        return Some(name.value);
    }
    let known: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    let unknown = switchboard_config::unknown_name("SLA policy", &name.value, &known);
    section.problem(&name.place, unknown);
    None
}
