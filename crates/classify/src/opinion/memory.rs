//! Advice that was given a while ago: the same words get the same answer, for nothing.

use super::adviser::Advice;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};

/// Words and language, hashed: the words themselves are not kept.
pub(super) type Key = [u8; 32];

/// The key of a post in its plain form: case, links, handles and drawn-out letters make no
/// other question of it.
pub(super) fn key(plain: &str, language: &str) -> Key {
    let digest = Sha256::new()
        .chain_update((language.len() as u64).to_le_bytes())
        .chain_update(language)
        .chain_update(plain);
    digest.finalize().into()
}

/// As many as fit, the newest.
#[derive(Debug)]
pub(super) struct Memory {
    kept_for: SignedDuration,
    most: usize,
    given: HashMap<Key, (Advice, Timestamp)>,
    /// The oldest first.
    order: VecDeque<Key>,
}

impl Memory {
    pub(super) fn new(kept_for: SignedDuration, most: usize) -> Self {
        Self {
            kept_for,
            most,
            given: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Advice> {
        let (advice, at) = self.given.get(key)?;
        (now.duration_since(*at) < self.kept_for).then_some(*advice)
    }

    pub(super) fn keep(&mut self, key: Key, advice: Advice, now: Timestamp) {
        if self.given.insert(key, (advice, now)).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.given.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_domain::Scores;

    fn advice() -> Advice {
        let scores = Scores {
            lead: 1.0,
            ..Scores::default()
        };
        Advice::new(&scores).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn is_kept_for_so_long() {
        let mut memory = Memory::new(SignedDuration::from_secs(60), 9);
        memory.keep(key("a", "en"), advice(), at(0));
        assert_eq!(memory.get(&key("a", "en"), at(59)), Some(advice()));
        assert_eq!(memory.get(&key("a", "en"), at(60)), None);
        assert_eq!(memory.get(&key("a", "de"), at(0)), None);
        memory.keep(key("a", "en"), advice(), at(60));
        assert_eq!(memory.get(&key("a", "en"), at(61)), Some(advice()));
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut memory = Memory::new(SignedDuration::from_secs(60), 2);
        for words in ["a", "b", "a", "c"] {
            memory.keep(key(words, "en"), advice(), at(0));
        }
        let known = ["a", "b", "c"].map(|words| memory.get(&key(words, "en"), at(1)).is_some());
        assert_eq!(known, [false, true, true]);
        assert_eq!(memory.given.len(), memory.order.len());
    }

    #[test]
    fn words_and_language_are_not_mixed_up() {
        assert_ne!(key("nla", "e"), key("la", "en"));
    }
}
