//! Time zones and dates as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use switchboard_config::{Located, Section};

/// The section's own zone, which it must name.
pub(super) fn zone(section: &mut Section<'_>) -> Option<TimeZone> {
    section.required::<String>("time_zone")?;
    let zone: Located<String> = section.located("time_zone")?;
    let found = TimeZone::get(&zone.value);
    if found.is_err() {
        let message = format!(
            "`{}` is no IANA time zone, for example Europe/Berlin",
            zone.value
        );
        section.problem(&zone.place, message);
    }
    found.ok()
}

pub(super) fn date(section: &Section<'_>, written: &Located<String>) -> Option<Date> {
    let date = written.value.parse();
    if date.is_err() {
        let message = format!("`{}` is no date: write it as 2026-12-25", written.value);
        section.problem(&written.place, message);
    }
    date.ok()
}
