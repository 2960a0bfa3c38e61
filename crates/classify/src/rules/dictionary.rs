//! Thousands of strings, looked for in one pass over a text.
//!
//! Nearly all of them begin where a word begins, so it is only asked there; the few others
//! everywhere. A string is walked four bytes a step through one hash table, its last one to
//! three bytes in one more step, and small filters that stay in the nearest cache turn away
//! the places where no string begins.

use super::edges::is_word_byte;
use std::collections::BTreeMap;

/// Bytes of one step.
const STEP: usize = 4;

/// The strings that begin a word, and those that begin anywhere, each have a root.
const AT_WORDS: u32 = 0;
const ANYWHERE: u32 = 1;

/// No string ends here.
const NONE: u32 = u32::MAX;

/// Bits of the filters as powers of two, two of them set by each key. Of 32 KiB the steps of ten
/// thousand strings set less than a fifth, of 4 KiB the beginnings of a few hundred less than a
/// twenty-fifth.
const STEP_FILTER_BITS: u32 = 18;
const ANYWHERE_FILTER_BITS: u32 = 15;

/// A string to look for; `at_words` says that it counts only where a word begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) string: Vec<u8>,
    pub(super) at_words: bool,
}

/// The strings, each known by a number.
#[derive(Debug)]
pub(super) struct Dictionary {
    slots: Vec<Slot>,
    roots: [Node; 2],
    /// Every step.
    steps: Filter<STEP_FILTER_BITS>,
    /// First two bytes of strings that begin anywhere.
    pairs: Pairs,
    /// First three bytes of the longer ones.
    anywhere: Filter<ANYWHERE_FILTER_BITS>,
}

/// One step: from a node by one to four bytes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Node, number of bytes and the bytes; 0 for an empty slot.
    key: u64,
    /// Where four bytes lead to.
    node: Node,
    /// The string that ends with this step.
    entry: u32,
}

const EMPTY: Slot = Slot {
    key: 0,
    node: Node(0),
    entry: NONE,
};

/// A node's number, and above it which steps go on from it: a bit for each number of bytes.
#[derive(Clone, Copy, Debug)]
struct Node(u32);

/// Bits of a node's number: a million are more than all rules a file may hold need.
const NODE_BITS: u32 = 27;

impl Node {
    const fn new(number: u32, steps: u32) -> Self {
        Self(steps << NODE_BITS | number)
    }

    const fn number(self) -> u32 {
        self.0 & (u32::MAX >> (32 - NODE_BITS))
    }

    /// A bit for each number of bytes by which a step goes on.
    const fn steps(self) -> u32 {
        self.0 >> NODE_BITS
    }

    const fn ends(self) -> bool {
        self.steps() == 0
    }
}

impl Dictionary {
    /// Puts the strings together, each with the number it is known by. No string may be empty.
    pub(super) fn build(entries: &[(Entry, u32)]) -> Self {
        let mut trie = Trie {
            steps: BTreeMap::new(),
            nodes: 2,
        };
        for (entry, number) in entries {
            trie.insert(entry, *number);
        }
        let mut dictionary = trie.into_table();
        for (entry, _) in entries.iter().filter(|(entry, _)| !entry.at_words) {
            dictionary.announce(&entry.string);
        }
        dictionary
    }

    /// Calls `found` with the string's number, its start and its end, for every string at every
    /// place it stands.
    #[inline]
    pub(super) fn look(&self, text: &[u8], mut found: impl FnMut(u32, usize, usize)) {
        let [word_root, root] = self.roots;
        let mut in_word = false;
        for (at, &byte) in text.iter().enumerate() {
            let was_in_word = std::mem::replace(&mut in_word, is_word_byte(byte));
            if in_word && !was_in_word {
                self.walk(word_root, text, at, &mut found);
            }
            let next = four_at(text, at);
            let begins = match self.pairs.of(next) {
                Pairs::NONE => false,
                Pairs::LONGER => self.anywhere.has(key(ANYWHERE, 3, next)),
                _ => true,
            };
            if begins {
                self.walk(root, text, at, &mut found);
            }
        }
    }

    fn walk(
        &self,
        root: Node,
        text: &[u8],
        start: usize,
        found: &mut impl FnMut(u32, usize, usize),
    ) {
        let mut at = start;
        let mut node = root;
        loop {
            let next = four_at(text, at);
            let left = text.len() - at;
            let steps = self.steps_from(node, next) & ((2 << left.min(STEP)) - 1);
            for length in 1..STEP {
                if steps >> length & 1 == 1
                    && let Some(slot) = self.slot(key(node.number(), length, next))
                {
                    found(slot.entry, start, at + length);
                }
            }
            if steps >> STEP & 1 == 0 {
                return;
            }
            let Some(slot) = self.slot(key(node.number(), STEP, next)) else {
                return;
            };
            at += STEP;
            if slot.entry != NONE {
                found(slot.entry, start, at);
            }
            if slot.node.ends() {
                return;
            }
            node = slot.node;
        }
    }

    /// The steps that may go on from a node with these bytes, a bit for each number of bytes.
    /// All are looked up before one is decided on: most often there is none, and a processor
    /// guesses one answer better than four.
    #[inline]
    fn steps_from(&self, node: Node, next: u32) -> u32 {
        let has =
            |length: usize| u32::from(self.steps.has(key(node.number(), length, next))) << length;
        (has(1) | has(2) | has(3) | has(STEP)) & node.steps()
    }

    fn slot(&self, key: u64) -> Option<&Slot> {
        let mut at = self.place(key);
        loop {
            let slot = self.slots.get(at)?;
            if slot.key == key {
                return Some(slot);
            }
            if slot.key == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The upper bits of the hash, as many as the table has.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fewer bits than the table's length"
    )]
    const fn place(&self, key: u64) -> usize {
        (mixed(key) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// Lets the beginning of a string that may stand anywhere through.
    fn announce(&mut self, string: &[u8]) {
        let first = four_at(string, 0);
        match string.len() {
            1 => (0..=255).for_each(|second| self.pairs.add(first | second << 8, Pairs::SHORT)),
            2 => self.pairs.add(first, Pairs::SHORT),
            _ => {
                self.pairs.add(first, Pairs::LONGER);
                self.anywhere.add(key(ANYWHERE, 3, first));
            }
        }
    }
}

/// The steps while they are collected, in an order that does not change.
struct Trie {
    steps: BTreeMap<u64, Slot>,
    nodes: u32,
}

impl Trie {
    fn insert(&mut self, entry: &Entry, number: u32) {
        let mut node = if entry.at_words { AT_WORDS } else { ANYWHERE };
        let steps = entry.string.chunks(STEP);
        let last = steps.len().saturating_sub(1);
        for (nth, step) in steps.enumerate() {
            let key = key(node, step.len(), four_at(step, 0));
            let nodes = &mut self.nodes;
            let slot = self.steps.entry(key).or_insert_with(|| {
                *nodes += 1;
                Slot {
                    key,
                    node: Node(*nodes - 1),
                    ..EMPTY
                }
            });
            node = slot.node.number();
            if nth == last {
                slot.entry = number;
            }
        }
    }

    fn into_table(self) -> Dictionary {
        let mut going_on: BTreeMap<u32, u32> = BTreeMap::new();
        for &key in self.steps.keys() {
            let (node, length) = taken_apart(key);
            *going_on.entry(node).or_default() |= 1 << length;
        }
        let with_steps = |node| Node::new(node, going_on.get(&node).copied().unwrap_or(0));
        let mut dictionary = Dictionary {
            // At most three quarters full, so that a search ends after a step or two.
            slots: vec![EMPTY; (self.steps.len() * 4 / 3).next_power_of_two().max(2)],
            roots: [with_steps(AT_WORDS), with_steps(ANYWHERE)],
            steps: Filter::new(),
            pairs: Pairs::new(),
            anywhere: Filter::new(),
        };
        for (key, mut slot) in self.steps {
            slot.node = with_steps(slot.node.number());
            dictionary.steps.add(key);
            let mut at = dictionary.place(key);
            while dictionary.slots.get(at).is_some_and(|slot| slot.key != 0) {
                at = (at + 1) & (dictionary.slots.len() - 1);
            }
            if let Some(free) = dictionary.slots.get_mut(at) {
                *free = slot;
            }
        }
        dictionary
    }
}

/// For every pair of bytes, in two bits, whether strings begin with it: most places of a text
/// are turned away by this alone.
#[derive(Debug)]
struct Pairs {
    bits: Vec<u64>,
}

impl Pairs {
    /// No string.
    const NONE: u64 = 0;
    /// Strings of three bytes or more.
    const LONGER: u64 = 1;
    /// A string of one or two bytes.
    const SHORT: u64 = 2;

    fn new() -> Self {
        Self {
            bits: vec![0; (1 << 16) / 32],
        }
    }

    fn add(&mut self, bytes: u32, kind: u64) {
        let (word, shift) = Self::place(bytes);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= kind << shift;
        }
    }

    /// What begins with the first two of these bytes.
    #[inline]
    fn of(&self, bytes: u32) -> u64 {
        let (word, shift) = Self::place(bytes);
        self.bits.get(word).map_or(0, |word| word >> shift & 3)
    }

    #[inline]
    const fn place(bytes: u32) -> (usize, u32) {
        let pair = bytes & 0xffff;
        ((pair / 32) as usize, pair % 32 * 2)
    }
}

/// A set of steps that may say yes too often and never no too often.
#[derive(Debug)]
struct Filter<const BITS: u32> {
    bits: Vec<u64>,
}

impl<const BITS: u32> Filter<BITS> {
    fn new() -> Self {
        Self {
            bits: vec![0; 1 << (BITS - 6)],
        }
    }

    fn add(&mut self, key: u64) {
        let (word, bits) = Self::place(key);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bits;
        }
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let (word, bits) = Self::place(key);
        self.bits.get(word).is_some_and(|word| word & bits == bits)
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as many bits as the filter has"
    )]
    const fn place(key: u64) -> (usize, u64) {
        let hash = mixed(key);
        let word = (hash >> (64 - BITS + 6)) as usize;
        (word, 1 << (hash >> 40 & 63) | 1 << (hash >> 34 & 63))
    }
}

/// The step's node, number of bytes and bytes; never 0.
#[inline]
const fn key(node: u32, length: usize, bytes: u32) -> u64 {
    let kept = bytes & (u32::MAX >> (32 - 8 * length));
    (node as u64) << 35 | (length as u64) << 32 | kept as u64
}

const fn taken_apart(key: u64) -> (u32, u32) {
    ((key >> 35) as u32, (key >> 32 & 7) as u32)
}

#[inline]
const fn mixed(key: u64) -> u64 {
    (key ^ (key >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The four bytes from `at` on, zeros after the end.
#[inline]
fn four_at(bytes: &[u8], at: usize) -> u32 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(four) => u32::from_le_bytes(*four),
        None => rest
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u32::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn found(entries: &[(Entry, u32)], text: &str) -> Vec<(u32, usize, usize)> {
        let mut found = Vec::new();
        let dictionary = Dictionary::build(entries);
        dictionary.look(text.as_bytes(), |entry, from, to| {
            found.push((entry, from, to));
        });
        found.sort_unstable();
        found
    }

    fn sought_plainly(entries: &[(Entry, u32)], text: &str) -> Vec<(u32, usize, usize)> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        for (entry, number) in entries {
            for at in 0..bytes.len() {
                let within = at > 0 && is_word_byte(bytes[at - 1]) || !is_word_byte(bytes[at]);
                if bytes[at..].starts_with(&entry.string) && !(entry.at_words && within) {
                    found.push((*number, at, at + entry.string.len()));
                }
            }
        }
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            strings in prop::collection::btree_set(("[ab]{1,9}|[ab ]{1,9}|é?[ab]{1,3}", any::<bool>()), 0..30),
            text in "[ab ]{0,60}|[abé ]{0,40}",
        ) {
            let entry = |(string, at_words): (String, bool)| Entry {
                at_words: at_words && is_word_byte(string.as_bytes()[0]),
                string: string.into_bytes(),
            };
            let entries: BTreeSet<Entry> = strings.into_iter().map(entry).collect();
            let entries: Vec<(Entry, u32)> = entries.into_iter().zip(0..).collect();
            prop_assert_eq!(found(&entries, &text), sought_plainly(&entries, &text));
        }
    }
}
