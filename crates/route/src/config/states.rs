//! `[states.<name>]`: the company's own words for what a ticket waits for, each with what it
//! means for the clocks.

use std::collections::BTreeMap;
use switchboard_config::Section;
use switchboard_domain::Slug;
use switchboard_domain::sla::{HoldKind, HoldState};

pub(super) fn read(root: &mut Section<'_>) -> BTreeMap<Slug, HoldState> {
    let kinds = HoldKind::ALL.map(|kind| (kind.as_str(), kind));
    let read = root.sections("states", |key, section| {
        let slug = Slug::new(&key.value);
        if let Err(error) = &slug {
            section.problem(&key.place, error.to_string());
        }
        let is_taken = HoldKind::ALL
            .iter()
            .any(|kind| Slug::from_any(kind.as_str()).as_str() == key.value);
        if is_taken {
            let message = format!("`{}` is there already: choose another name", key.value);
            section.problem(&key.place, message);
        }
        let name = section.value("name").unwrap_or_else(|| key.value.clone());
        if !section.has("kind") {
            section.required::<String>("kind");
        }
        let kind = section.choice("kind", &kinds)?;
        Some((slug.ok()?, HoldState { name, kind }))
    });
    read.into_iter().flatten().collect()
}
