//! One stretch of opening hours on the clock of the wall.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Minutes of a day; as an end it means midnight.
pub(super) const DAY_MINUTES: u16 = 24 * 60;

/// Open from one wall-clock time to another, which lies on the next day where it is not later:
/// `09:00-17:30`, `22:00-06:00`, `00:00-24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpenHours {
    from_minute: u16,
    until_minute: u16,
}

/// Why a text is no opening hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not two times with a hyphen between them.
    #[error(
        "`{0}` is no opening hours: write them as `09:00-17:30`, over midnight as `22:00-06:00`"
    )]
    Malformed(String),
    /// Nobody works for no time at all.
    #[error("`{0}` begins and ends at the same time: write `00:00-24:00` for a whole day")]
    Empty(String),
}

impl OpenHours {
    /// A whole day.
    pub const ALL_DAY: Self = Self {
        from_minute: 0,
        until_minute: DAY_MINUTES,
    };

    /// Minutes after midnight at which it begins.
    pub const fn from_minute(self) -> u16 {
        self.from_minute
    }

    /// Minutes after midnight at which it ends, on the day that [`Self::crosses_midnight`]
    /// tells.
    pub const fn until_minute(self) -> u16 {
        self.until_minute
    }

    /// Whether it ends on the day after the one on which it begins.
    pub const fn crosses_midnight(self) -> bool {
        self.until_minute <= self.from_minute
    }
}

impl FromStr for OpenHours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let malformed = || HoursError::Malformed(text.to_owned());
        let (from, until) = text.split_once('-').ok_or_else(malformed)?;
        let from_minute = minute(from.trim()).ok_or_else(malformed)?;
        let until_minute = minute(until.trim()).ok_or_else(malformed)?;
        if from_minute == DAY_MINUTES {
            return Err(malformed());
        }
        if from_minute == until_minute {
            return Err(HoursError::Empty(text.to_owned()));
        }
        Ok(Self {
            from_minute,
            until_minute,
        })
    }
}

/// `HH:MM`; `24:00` is the end of a day.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

impl fmt::Display for OpenHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, until] = [self.from_minute, self.until_minute];
        write!(
            formatter,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            until / 60,
            until % 60
        )
    }
}

impl TryFrom<String> for OpenHours {
    type Error = HoursError;
    fn try_from(text: String) -> Result<Self, HoursError> {
        text.parse()
    }
}

impl From<OpenHours> for String {
    fn from(hours: OpenHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_day_at_work("09:00-17:30", false)]
    #[case::over_midnight("22:00-06:00", true)]
    #[case::from_midnight_to_midnight("00:00-24:00", false)]
    #[case::until_midnight("18:00-24:00", false)]
    #[case::until_midnight_written_as_zero("18:00-00:00", true)]
    fn reads_and_writes(#[case] text: &str, #[case] crosses: bool) {
        let hours: OpenHours = text.parse().unwrap();
        assert_eq!(
            (hours.to_string().as_str(), hours.crosses_midnight()),
            (text, crosses)
        );
    }

    #[rstest]
    #[case::one_time("09:00")]
    #[case::no_minutes("9-17")]
    #[case::one_digit("9:00-17:00")]
    #[case::minute_60("09:60-17:00")]
    #[case::hour_25("09:00-25:00")]
    #[case::after_midnight("09:00-24:01")]
    #[case::begins_at_the_end("24:00-06:00")]
    #[case::no_time_at_all("09:00-09:00")]
    #[case::signs("+9:00-17:00")]
    #[case::nothing("")]
    fn refuses(#[case] text: &str) {
        assert!(text.parse::<OpenHours>().is_err());
    }
}
