//! A set of texts, found by a text or by anything that can be compared with one.

use std::{cmp::Ordering, sync::Arc};

use foldhash::fast::FixedState;

use crate::hashing::{TextMap, hash};

/// Texts, each with its number in their order.
#[derive(Debug)]
pub(super) struct Texts {
    sorted: Box<[Arc<str>]>,
    numbers: TextMap<u32>,
    /// Bit n: a text has that length, modulo 64.
    lengths: u64,
    /// A longer text is not looked up at all: a client could send one of many kilobytes.
    longest: usize,
    hasher: FixedState,
}

impl Texts {
    pub(super) fn new(mut texts: Vec<Arc<str>>, hasher: &FixedState) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let items = texts.iter().enumerate();
        // A number is counted in 32 bits, as the texts' bytes are.
        let items = items.map(|(number, text)| (hash(hasher, text.as_bytes()), text.as_bytes(), number as u32));
        let numbers = TextMap::new(items);
        let lengths = texts.iter().fold(0, |lengths, text| lengths | length_bit(text.len()));
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        Self { sorted: texts.into(), numbers, lengths, longest, hasher: hasher.clone() }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// In the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.sorted.iter()
    }

    /// The text with that number.
    pub(super) fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.sorted.get(number as usize)
    }

    /// The number of a text.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        if !self.has_length(text.len()) {
            return None;
        }
        self.numbers.find(hash(&self.hasher, text), text).map(|(_, number)| *number)
    }

    /// Whether a text of that length may be among them.
    pub(super) fn has_length(&self, length: usize) -> bool {
        self.lengths & length_bit(length) != 0 && length <= self.longest
    }

    /// The number of the text that something is equal to, given how texts compare with it.
    pub(super) fn find_by(&self, order: impl Fn(&[u8]) -> Ordering) -> Option<u32> {
        let at = self.sorted.binary_search_by(|text| order(text.as_bytes())).ok()?;
        u32::try_from(at).ok()
    }
}

fn length_bit(length: usize) -> u64 {
    1 << (length % 64)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A client may send what it likes: what no text is as long as is not even hashed.
    #[test]
    fn what_is_longer_or_of_another_length_is_not_looked_up() {
        let texts = Texts::new(["a", "dddd"].map(Arc::from).into(), &FixedState::with_seed(7));
        let known: Vec<usize> = (0..200).filter(|length| texts.has_length(*length)).collect();
        assert_eq!(known, [1, 4]);
    }

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
