//! Texts with what they stand for, made once and asked often.

use std::{
    hash::{BuildHasher, Hasher},
    num::NonZeroU64,
    sync::Arc,
};

use foldhash::fast::FixedState;

use crate::bytes::same;

/// The hash of a text, with the seed that compile is given: tenants choose the keys. Of its bytes alone: a text is the only
/// thing that is hashed, so that nothing has to end it.
#[inline]
pub(crate) fn hash(state: &FixedState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// A hash table of texts. One that cannot change takes one place in memory for a look-up where a general one takes two, and its
/// texts stand side by side and not wherever the routes that they come from are: with ten thousand of them that is most of what
/// a look-up costs.
///
/// At least half of the slots are free, and what is not in its own slot is in the next that was free. Clones share everything.
#[derive(Debug)]
pub(crate) struct TextMap<T> {
    /// As many as a power of two, or none.
    slots: Arc<[Option<Slot<T>>]>,
    texts: Arc<[u8]>,
}

// Derived, it would ask for `T: Clone`.
impl<T> Clone for TextMap<T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), texts: self.texts.clone() }
    }
}

#[derive(Debug)]
struct Slot<T> {
    tag: NonZeroU64,
    start: u32,
    length: u32,
    value: T,
}

impl<T> TextMap<T> {
    /// A table of texts with their hashes, no two of which are equal.
    pub(crate) fn new<'t>(items: impl ExactSizeIterator<Item = (u64, &'t [u8], T)>) -> Self {
        let count = if items.len() == 0 { 0 } else { (2 * items.len()).next_power_of_two() };
        let mut slots: Vec<Option<Slot<T>>> = std::iter::repeat_with(|| None).take(count).collect();
        let mut texts = Vec::new();
        for (hash, text, value) in items {
            // More than 32 bits can count would be more text than all objects of a cluster have.
            let (start, length) = (texts.len() as u32, text.len() as u32);
            texts.extend_from_slice(text);
            let (before, behind) = slots.split_at_mut(own_slot(hash, count));
            if let Some(free) = behind.iter_mut().chain(before).find(|slot| slot.is_none()) {
                *free = Some(Slot { tag: tag(hash), start, length, value });
            }
        }
        Self { slots: slots.into(), texts: texts.into() }
    }

    /// What a text stands for, and where that is.
    #[inline]
    pub(crate) fn find(&self, hash: u64, text: &[u8]) -> Option<(usize, &T)> {
        let mut at = own_slot(hash, self.slots.len());
        loop {
            let slot = self.slots.get(at)?.as_ref()?;
            if slot.tag == tag(hash) && same(self.text(slot), text) {
                return Some((at, &slot.value));
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// What stands at a place.
    pub(crate) fn at(&self, place: usize) -> Option<&T> {
        self.slots.get(place)?.as_ref().map(|slot| &slot.value)
    }

    /// Hashes, texts and values, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &[u8], &T)> {
        self.slots.iter().flatten().map(|slot| (slot.tag.get(), self.text(slot), &slot.value))
    }

    /// Whether both are clones of one.
    #[cfg(test)]
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slots, &other.slots)
    }

    #[inline]
    fn text(&self, slot: &Slot<T>) -> &[u8] {
        let start = slot.start as usize;
        self.texts.get(start..start + slot.length as usize).unwrap_or_default()
    }
}

/// What is kept of a hash. The lowest bit says that a slot is taken, and nothing else depends on it.
#[inline]
fn tag(hash: u64) -> NonZeroU64 {
    NonZeroU64::MIN | hash
}

/// Where a search begins.
#[inline]
fn own_slot(hash: u64, slots: usize) -> usize {
    (hash >> 1) as usize & slots.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    /// Tenants choose the texts, and must not know which of them meet.
    #[test]
    fn hashes_differ_between_texts_and_between_seeds() {
        let hashes = |seed| {
            let state = FixedState::with_seed(seed);
            (0..1_000_u32).map(move |number| hash(&state, &number.to_le_bytes())).collect::<Vec<_>>()
        };
        let (one, other) = (hashes(1), hashes(2));
        assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 1_000);
        assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    }

    #[test]
    fn every_slot_is_where_some_search_begins() {
        let begins: BTreeSet<usize> = (0..1_000_000).step_by(1_001).map(|hash| own_slot(hash, 64)).collect();
        assert_eq!(begins, (0..64).collect());
    }

    proptest! {
        #[test]
        fn a_map_finds_what_is_in_it(items in btree_map("[a-d]{0,3}", any::<u32>(), 0..60), bits in 0_u32..8, seed: u64) {
            // Few bits, so that many texts have the same hash.
            let state = FixedState::with_seed(seed);
            let hash = |text: &str| hash(&state, text.as_bytes()) & ((1 << bits) - 1);
            let map = TextMap::new(items.iter().map(|(text, value)| (hash(text), text.as_bytes(), *value)));
            prop_assert!(items.len() * 2 <= map.slots.len());
            let all: Vec<String> = "abcd ".chars().flat_map(|one| "abcd ".chars().map(move |other| format!("{one}{other}"))).collect();
            for text in all.iter().map(|text| text.trim()).chain(items.keys().map(String::as_str)) {
                let found = map.find(hash(text), text.as_bytes());
                prop_assert_eq!(found.map(|(_, value)| value), items.get(text));
                prop_assert!(found.is_none_or(|(at, value)| map.at(at) == Some(value)));
            }
            // Another map can be made of what comes out.
            let again = TextMap::new(map.iter().map(|(hash, text, value)| (hash, text, *value)).collect::<Vec<_>>().into_iter());
            let content: BTreeMap<String, u32> =
                again.iter().map(|(_, text, value)| (String::from_utf8(text.to_vec()).unwrap(), *value)).collect();
            prop_assert_eq!(&content, &items);
            prop_assert!(items.iter().all(|(text, value)| again.find(hash(text), text.as_bytes()).map(|(_, found)| found) == Some(value)));
        }
    }
}
