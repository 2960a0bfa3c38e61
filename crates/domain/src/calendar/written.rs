//! A calendar as it is kept: a promise is counted in the hours it was made under, also after
//! they have changed.

use super::{Calendar, OpenHours, Week};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The lasting form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zone: String,
    /// Monday first.
    weekly: [Vec<OpenHours>; 7],
    overrides: BTreeMap<Date, Vec<OpenHours>>,
}

/// Why a text is not the calendar it should be.
#[derive(Debug, thiserror::Error)]
pub enum WrittenError {
    /// Not what [`Calendar::write`] wrote.
    #[error("the kept calendar `{name}` cannot be read")]
    Unreadable {
        /// The calendar.
        name: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It reads well and is another.
    #[error("the kept calendar `{name}` is version `{found}`, and `{wanted}` was asked for")]
    Another {
        /// The calendar.
        name: String,
        /// What was asked for.
        wanted: String,
        /// What it is.
        found: String,
    },
}

impl Calendar {
    /// As JSON, without its name and version.
    pub fn write(&self) -> String {
        let written = Written {
            zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
            weekly: self.weekly.0.clone(),
            overrides: self.overrides.clone(),
        };
        // Texts and lists of texts: this cannot fail.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// What [`Calendar::write`] wrote for the calendar of that name and version.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(name: &str, version: &str, text: &str) -> Result<Self, WrittenError> {
        let unreadable = |source| WrittenError::Unreadable {
            name: name.to_owned(),
            source,
        };
        let written: Written =
            serde_json::from_str(text).map_err(|error| unreadable(error.into()))?;
        let zone = TimeZone::get(&written.zone).map_err(|error| unreadable(error.into()))?;
        let weekly = Week(written.weekly);
        let calendar = Self::with_version(name.to_owned(), zone, weekly, written.overrides);
        if calendar.version == version {
            return Ok(calendar);
        }
        Err(WrittenError::Another {
            name: name.to_owned(),
            wanted: version.to_owned(),
            found: calendar.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    fn office() -> Calendar {
        let mut weekly = Week::default();
        for text in ["13:00-17:30", "09:00-12:00"] {
            weekly.open(Weekday::Friday, text.parse().unwrap());
        }
        weekly.open(Weekday::Saturday, "22:00-06:00".parse().unwrap());
        let overrides = [(jiff::civil::date(2026, 12, 25), vec![])].into();
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        Calendar::new("office", zone, weekly, overrides).unwrap()
    }

    #[test]
    fn what_was_written_is_the_same_calendar() {
        let office = office();
        let text = office.write();
        insta::assert_snapshot!(text, @r#"{"zone":"Europe/Lisbon","weekly":[[],[],[],[],["09:00-12:00","13:00-17:30"],["22:00-06:00"],[]],"overrides":{"2026-12-25":[]}}"#);
        let again = Calendar::read("office", office.version(), &text).unwrap();
        assert_eq!(again, office);
    }

    #[test]
    fn another_version_is_not_taken_for_it() {
        let error = Calendar::read("office", "0000", &office().write());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("`0000` was asked for"), "{error}");
    }

    #[test]
    fn rubbish_is_refused_by_name() {
        let error = Calendar::read("office", "0000", "{").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the kept calendar `office` cannot be read"
        );
    }
}
