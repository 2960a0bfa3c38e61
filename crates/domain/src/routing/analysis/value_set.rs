//! A set of the values of one column, by number.

/// Values are numbered from 0 in their column's list of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ValueSet(Vec<u64>);

impl ValueSet {
    pub(super) fn of(size: usize, values: impl IntoIterator<Item = usize>) -> Self {
        let mut words = vec![0_u64; size.div_ceil(64)];
        for value in values {
            if let Some(word) = words.get_mut(value / 64) {
                *word |= 1 << (value % 64);
            }
        }
        Self(words)
    }

    pub(super) fn full(size: usize) -> Self {
        Self::of(size, 0..size)
    }

    pub(super) fn contains(&self, value: usize) -> bool {
        self.0
            .get(value / 64)
            .is_some_and(|word| word & (1 << (value % 64)) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(&other.0)
            .all(|(&mine, &theirs)| mine & !theirs == 0)
    }

    pub(super) fn both(&self, other: &Self) -> Self {
        self.zip(other, |mine, theirs| mine & theirs)
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        self.zip(other, |mine, theirs| mine & !theirs)
    }

    fn zip(&self, other: &Self, word: impl Fn(u64, u64) -> u64) -> Self {
        Self(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(&mine, &theirs)| word(mine, theirs))
                .collect(),
        )
    }
}
