//! Boxes: one set of values per column, and every post whose values all lie in them.

use super::value_set::ValueSet;
use crate::routing::Column;

/// How many columns a box has sides for.
pub(super) const SIDES: usize = Column::ALL.len();

/// A box. None of its sides is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Region(pub(super) [ValueSet; SIDES]);

/// Steps an analysis may still take. One step compares two boxes.
#[derive(Debug)]
pub(super) struct Budget(usize);

/// The analysis would take longer than it is worth.
#[derive(Debug)]
pub(super) struct OutOfBudget;

impl Budget {
    pub(super) const fn new(steps: usize) -> Self {
        Self(steps)
    }

    fn take(&mut self, steps: usize) -> Result<(), OutOfBudget> {
        self.0 = self.0.checked_sub(steps).ok_or(OutOfBudget)?;
        Ok(())
    }
}

impl Region {
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        let mut sides = self.0.clone();
        for (side, theirs) in sides.iter_mut().zip(&other.0) {
            *side = side.both(theirs);
            if side.is_empty() {
                return None;
            }
        }
        Some(Self(sides))
    }

    pub(super) fn lies_in(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(&other.0)
            .all(|(mine, theirs)| mine.is_subset_of(theirs))
    }

    /// How many combinations of values it holds; only to tell larger from smaller.
    pub(super) fn volume(&self) -> u128 {
        self.0
            .iter()
            .fold(1, |volume, side| volume.saturating_mul(side.len() as u128))
    }

    /// What is left without `other`, in boxes that share nothing.
    fn minus(self, other: &Self) -> Vec<Self> {
        if self.intersection(other).is_none() {
            return vec![self];
        }
        let mut pieces = vec![];
        let mut rest = self;
        for at in 0..SIDES {
            let (Some(mine), Some(theirs)) = (rest.0.get(at), other.0.get(at)) else {
                continue;
            };
            let (outside, inside) = (mine.without(theirs), mine.both(theirs));
            if !outside.is_empty() {
                pieces.push(rest.with(at, outside));
            }
            rest = rest.with(at, inside);
        }
        pieces
    }

    fn with(&self, at: usize, values: ValueSet) -> Self {
        let mut region = self.clone();
        if let Some(side) = region.0.get_mut(at) {
            *side = values;
        }
        region
    }

    /// The same box made as large as `within` allows without touching any of `taken`.
    fn widened(mut self, within: &Self, taken: &[&Self]) -> Self {
        for at in 0..SIDES {
            let Some(mut free) = within.0.get(at).cloned() else {
                continue;
            };
            for other in taken.iter().filter(|other| self.meets_beside(other, at)) {
                if let Some(side) = other.0.get(at) {
                    free = free.without(side);
                }
            }
            self = self.with(at, free);
        }
        self
    }

    fn meets_beside(&self, other: &Self, at: usize) -> bool {
        let sides = self.0.iter().zip(&other.0).enumerate();
        sides
            .filter(|(side, _)| *side != at)
            .all(|(_, (mine, theirs))| !mine.both(theirs).is_empty())
    }
}

/// What is left of `region` without all of `taken`, in boxes that share nothing.
pub(super) fn remainder<'a>(
    region: &Region,
    taken: impl IntoIterator<Item = &'a Region>,
    budget: &mut Budget,
) -> Result<Vec<Region>, OutOfBudget> {
    let mut pieces = vec![region.clone()];
    for other in taken {
        budget.take(pieces.len())?;
        pieces = pieces
            .into_iter()
            .flat_map(|piece| piece.minus(other))
            .collect();
        if pieces.is_empty() {
            break;
        }
    }
    Ok(pieces)
}

/// The same posts as [`remainder`] in few and large boxes, which may share some: large ones
/// are what people understand. Largest first.
pub(super) fn readable_remainder(
    region: &Region,
    taken: &[&Region],
    budget: &mut Budget,
) -> Result<Vec<Region>, OutOfBudget> {
    let pieces = remainder(region, taken.iter().copied(), budget)?;
    budget.take(pieces.len() * taken.len())?;
    let mut large: Vec<_> = pieces
        .into_iter()
        .map(|piece| piece.widened(region, taken))
        .collect();
    large.sort_by(|a, b| b.volume().cmp(&a.volume()).then_with(|| a.cmp(b)));
    large.dedup();
    without_needless(large, budget)
}

/// Leaves out, smallest first, each box that the others hold together.
fn without_needless(
    mut regions: Vec<Region>,
    budget: &mut Budget,
) -> Result<Vec<Region>, OutOfBudget> {
    for at in (0..regions.len()).rev() {
        let region = regions.remove(at);
        if !remainder(&region, &regions, budget)?.is_empty() {
            regions.insert(at, region);
        }
    }
    Ok(regions)
}
