//! Who is on call at an instant: people in turn, and covers that stand in for them.
//!
//! Hand-overs are wall-clock times in the rota's own zone, each at one instant: where the
//! clocks skip it, at the instant behind the gap; where it comes twice, at the first.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// People who are on call in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rota {
    zone: TimeZone,
    people: Vec<String>,
    turn: Turn,
    begins: DateTime,
    covers: Vec<Cover>,
}

/// How long one person's turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From one hand-over to that of the next day.
    Day,
    /// Seven of these.
    Week,
}

/// Somebody stands in, from `from` (included) to `until` (excluded), by the rota's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Who.
    pub person: String,
    /// Where it begins.
    pub from: DateTime,
    /// Where it ends.
    pub until: DateTime,
}

/// Why a rota is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotaError {
    /// A call would reach nobody.
    #[error("the rota names nobody: a call would reach no one")]
    Nobody,
    /// A cover that never holds.
    #[error("the cover by `{0}` ends before it begins")]
    EmptyCover(String),
    /// Nobody could say who has it.
    #[error("the covers by `{0}` and `{1}` overlap")]
    OverlappingCovers(String, String),
}

impl Turn {
    const fn days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

impl Rota {
    /// `people` in turn from `begins` on, where the first one's turn starts; every hand-over
    /// is at that time of day. Before `begins` the turns are counted backwards.
    ///
    /// # Errors
    /// When a call could reach nobody, or two people by the covers.
    pub fn new(
        zone: TimeZone,
        people: Vec<String>,
        (turn, begins): (Turn, DateTime),
        mut covers: Vec<Cover>,
    ) -> Result<Self, RotaError> {
        if people.is_empty() {
            return Err(RotaError::Nobody);
        }
        if let Some(empty) = covers.iter().find(|cover| cover.until <= cover.from) {
            return Err(RotaError::EmptyCover(empty.person.clone()));
        }
        covers.sort_by_key(|cover| cover.from);
        let overlap = covers.windows(2).find(|two| two[1].from < two[0].until);
        if let Some([first, second]) = overlap {
            let [first, second] = [first, second].map(|cover| cover.person.clone());
            return Err(RotaError::OverlappingCovers(first, second));
        }
        Ok(Self {
            zone,
            people,
            turn,
            begins,
            covers,
        })
    }

    /// Everybody who may be on call, covers included.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let covers = self.covers.iter().map(|cover| &cover.person);
        self.people.iter().chain(covers).map(String::as_str)
    }

    /// Who is on call at that instant; `None` only at the ends of time.
    pub fn on_call(&self, at: Timestamp) -> Option<&str> {
        let cover = self.covers.iter().find(|cover| self.holds(cover, at));
        cover.map_or_else(|| self.in_turn(at), |cover| Some(cover.person.as_str()))
    }

    fn holds(&self, cover: &Cover, at: Timestamp) -> bool {
        let edges = self.instant(cover.from).zip(self.instant(cover.until));
        edges.is_some_and(|(from, until)| from <= at && at < until)
    }

    fn in_turn(&self, at: Timestamp) -> Option<&str> {
        let day = self.day_of_duty(at)?;
        let days = self.begins.date().until((Unit::Day, day)).ok()?.get_days();
        let turns = days.div_euclid(self.turn.days());
        let count = i32::try_from(self.people.len()).ok()?;
        let index = usize::try_from(turns.rem_euclid(count)).ok()?;
        self.people.get(index).map(String::as_str)
    }

    /// The date on which the duty that holds at `at` began.
    fn day_of_duty(&self, at: Timestamp) -> Option<Date> {
        let today = self.zone.to_datetime(at).date();
        if self.hand_over(today)? <= at {
            Some(today)
        } else {
            today.yesterday().ok()
        }
    }

    fn hand_over(&self, date: Date) -> Option<Timestamp> {
        let time: Time = self.begins.time();
        self.instant(date.to_datetime(time))
    }

    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        let zoned = self.zone.to_zoned(civil).ok()?;
        Some(zoned.timestamp())
    }
}
