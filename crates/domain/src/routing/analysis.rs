//! Holes, overlaps and unreachable rows of a table, exactly.
//!
//! Every row is a box: one set of values per column. Holes are what is left of all posts
//! without the boxes; a row is unreachable when nothing is left of its box without the earlier
//! ones. A row with a `when` takes only some of its box, and nobody can say which: it counts as
//! taking nothing, so that a hole is never overlooked, and is listed in
//! [`Analysis::conditional`].
//!
//! A post may have several topics and a row takes it for any of them. It is enough to look at
//! posts of at most one topic: a row wins a post of several only where it would win the one
//! topic it takes, alone, and a post falls into a hole only where each of its topics alone
//! would. Overlaps are told for posts of one topic; with two topics any two topic rows meet.

mod area;
mod region;
mod universe;
mod value_set;

use super::row::Row;
use super::table::RoutingTable;
use crate::Slug;
use region::{Budget, Region, readable_remainder, remainder};
use serde::Serialize;

pub use area::{Area, AreaColumn};
pub use universe::KnownNames;
use universe::Universe;

/// Steps of one analysis, about a second of work. Tables that people write take thousands;
/// only a table made to be tangled takes more, and then the analysis says what it left open.
pub const STEPS_MAX: usize = 3_000_000;

/// Holes listed: whoever has more looks at the largest first.
pub const HOLES_MAX: usize = 50;

/// Overlaps listed, in the order of the rows.
pub const OVERLAPS_MAX: usize = 100;

/// Areas listed for one overlap.
const AREAS_PER_OVERLAP_MAX: usize = 3;

/// What is odd about a table. Rows are counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// Posts that no unconditional row takes, largest area first; areas may share posts.
    pub holes: Vec<Area>,
    /// Pairs of rows that both take some posts, where neither is just the exception of the
    /// other.
    pub overlaps: Vec<Overlap>,
    /// Rows that never win.
    pub unreachable: Vec<Unreachable>,
    /// Rows with a `when`. They count as taking nothing for holes and unreachable rows.
    pub conditional: Vec<usize>,
    /// Where the analysis ended before its end: every statement made is true, more could be
    /// said.
    pub left_open: Vec<LeftOpen>,
}

/// Two rows that both take some posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The row that comes first and so wins; where it has a `when`, only when that holds.
    pub winner: usize,
    /// The row that would take them otherwise.
    pub other: usize,
    /// The posts, without those that still earlier rows take: the largest areas.
    pub areas: Vec<Area>,
    /// Both rows name the same department, so that little hangs on it.
    pub same_department: bool,
}

/// A row that never wins: earlier rows take all it would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    /// The row.
    pub row: usize,
    /// The earlier rows that take its posts.
    pub taken_by: Vec<usize>,
}

/// What an analysis does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOpen {
    /// The holes were not computed: the table is too tangled.
    Holes,
    /// So many holes more than [`HOLES_MAX`].
    MoreHoles(usize),
    /// Whether these rows are reachable was not computed.
    Reachability(Vec<usize>),
    /// Overlaps from this row on were not looked for.
    OverlapsFrom(usize),
}

/// Looks for what is odd about `table`. Pure, and slow enough to belong into checks only.
pub fn analyse(table: &RoutingTable, known: &KnownNames) -> Analysis {
    let subject = Subject::new(table, known);
    let mut analysis = Analysis::default();
    let conditional = subject.boxes.iter().filter(|row| row.is_conditional);
    analysis.conditional = conditional.map(|row| row.number).collect();
    // Each question has its own budget: a tangle in one leaves the others answered.
    subject.holes(&mut analysis, &mut Budget::new(STEPS_MAX));
    subject.unreachable(&mut analysis, &mut Budget::new(STEPS_MAX));
    subject.overlaps(&mut analysis, &mut Budget::new(STEPS_MAX));
    analysis
}

struct Subject<'a> {
    universe: Universe,
    boxes: Vec<RowBox<'a>>,
}

struct RowBox<'a> {
    number: usize,
    region: Region,
    is_conditional: bool,
    department: &'a Slug,
}

impl<'a> Subject<'a> {
    fn new(table: &'a RoutingTable, known: &KnownNames) -> Self {
        let universe = Universe::new(table.rows(), known);
        let to_box = |(number, row): (usize, &'a Row)| RowBox {
            number,
            region: universe.region(row),
            is_conditional: row.when.is_some(),
            department: &row.department,
        };
        let boxes = table.rows().iter().enumerate().map(to_box).collect();
        Self { universe, boxes }
    }

    /// The rows before `end` that certainly take every post of their box.
    fn certain(&self, end: usize) -> impl Iterator<Item = &RowBox<'a>> {
        self.boxes
            .iter()
            .take(end)
            .filter(|row| !row.is_conditional)
    }

    fn areas(&self, regions: &[Region]) -> Vec<Area> {
        regions
            .iter()
            .map(|region| Area::new(&self.universe, region))
            .collect()
    }

    fn hole_regions(&self, budget: &mut Budget) -> Result<Vec<Region>, region::OutOfBudget> {
        let taken: Vec<_> = self
            .certain(self.boxes.len())
            .map(|row| &row.region)
            .collect();
        readable_remainder(&self.universe.everything(), &taken, budget)
    }

    fn holes(&self, analysis: &mut Analysis, budget: &mut Budget) {
        let Ok(holes) = self.hole_regions(budget) else {
            analysis.left_open.push(LeftOpen::Holes);
            return;
        };
        let listed = holes.get(..HOLES_MAX).unwrap_or(&holes);
        analysis.holes = self.areas(listed);
        if holes.len() > HOLES_MAX {
            analysis
                .left_open
                .push(LeftOpen::MoreHoles(holes.len() - HOLES_MAX));
        }
    }

    fn unreachable(&self, analysis: &mut Analysis, budget: &mut Budget) {
        let mut unknown = vec![];
        for row in &self.boxes {
            let meeting = self
                .certain(row.number)
                .filter(|by| by.region.intersection(&row.region).is_some());
            let meeting: Vec<_> = meeting.collect();
            match remainder(&row.region, meeting.iter().map(|by| &by.region), budget) {
                Ok(left) if left.is_empty() => analysis.unreachable.push(Unreachable {
                    row: row.number,
                    taken_by: meeting.iter().map(|by| by.number).collect(),
                }),
                Ok(_) => {}
                Err(_) => unknown.push(row.number),
            }
        }
        if !unknown.is_empty() {
            analysis.left_open.push(LeftOpen::Reachability(unknown));
        }
    }

    fn overlaps(&self, analysis: &mut Analysis, budget: &mut Budget) {
        let never: Vec<_> = analysis.unreachable.iter().map(|row| row.row).collect();
        let reachable: Vec<_> = self
            .boxes
            .iter()
            .filter(|row| !never.contains(&row.number))
            .collect();
        for (at, winner) in reachable.iter().enumerate() {
            for other in reachable.iter().skip(at + 1) {
                let found = self.overlap(winner, other, budget);
                let is_full = analysis.overlaps.len() == OVERLAPS_MAX;
                match found {
                    Ok(None) => {}
                    Ok(Some(overlap)) if !is_full => analysis.overlaps.push(overlap),
                    Ok(Some(_)) | Err(_) => {
                        analysis
                            .left_open
                            .push(LeftOpen::OverlapsFrom(winner.number));
                        return;
                    }
                }
            }
        }
    }

    fn overlap(
        &self,
        winner: &RowBox<'_>,
        other: &RowBox<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Overlap>, region::OutOfBudget> {
        let is_exception =
            winner.region.lies_in(&other.region) || other.region.lies_in(&winner.region);
        let Some(shared) = winner.region.intersection(&other.region) else {
            return Ok(None);
        };
        if is_exception {
            return Ok(None);
        }
        let taken = self.certain(winner.number).map(|row| &row.region);
        let taken: Vec<_> = taken
            .filter(|by| by.intersection(&shared).is_some())
            .collect();
        let left = readable_remainder(&shared, &taken, budget)?;
        if left.is_empty() {
            return Ok(None);
        }
        Ok(Some(Overlap {
            winner: winner.number,
            other: other.number,
            areas: self.areas(left.get(..AREAS_PER_OVERLAP_MAX).unwrap_or(&left)),
            same_department: winner.department == other.department,
        }))
    }
}

#[cfg(test)]
mod tests;
