//! A set of texts, found by a text or by anything that can be compared with one.

use std::{cmp::Ordering, sync::Arc};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::hashing::hash;

/// Texts, each with its number in their order.
#[derive(Debug)]
pub(super) struct Texts {
    sorted: Box<[Arc<str>]>,
    numbers: HashTable<(Arc<str>, u32)>,
    /// A longer text is not looked up at all: a client could send one of many kilobytes.
    longest: usize,
    hasher: FixedState,
}

impl Texts {
    pub(super) fn new(mut texts: Vec<Arc<str>>, hasher: &FixedState) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let hash_of = |text: &Arc<str>| hash(hasher, text.as_bytes());
        let mut numbers = HashTable::with_capacity(texts.len());
        for (number, text) in (0..).zip(&texts) {
            numbers.insert_unique(hash_of(text), (text.clone(), number), |(text, _)| hash_of(text));
        }
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        Self { sorted: texts.into(), numbers, longest, hasher: hasher.clone() }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The text with that number.
    pub(super) fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.sorted.get(number as usize)
    }

    /// The number of a text.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        if text.len() > self.longest {
            return None;
        }
        let hash = hash(&self.hasher, text);
        let (_, number) = self.numbers.find(hash, |(other, _)| other.as_bytes() == text)?;
        Some(*number)
    }

    /// The number of the text that something is equal to, given how texts compare with it.
    pub(super) fn find_by(&self, order: impl Fn(&[u8]) -> Ordering) -> Option<u32> {
        let at = self.sorted.binary_search_by(|text| order(text.as_bytes())).ok()?;
        u32::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn both_ways_find_what_is_there(texts in vec("[ab]{0,3}", 0..20), other in "[ab]{0,5}", seed: u64) {
            let set = Texts::new(texts.iter().map(|text| text.as_str().into()).collect(), &FixedState::with_seed(seed));
            for text in texts.iter().chain([&other]) {
                let found = set.find(text.as_bytes());
                prop_assert_eq!(found.and_then(|number| set.text(number)).map(|found| &**found), texts.contains(text).then_some(text.as_str()));
                prop_assert_eq!(set.find_by(|one| one.iter().cmp(text.as_bytes())), found);
            }
            prop_assert_eq!(set.len(), texts.iter().collect::<std::collections::BTreeSet<_>>().len());
        }
    }
}
