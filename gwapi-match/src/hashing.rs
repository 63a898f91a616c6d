//! Hash tables that are made once and asked often: one place in memory for each look-up, where a general one has two or three.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The hash of a text, with the seed that compile is given: tenants choose the keys. Of its bytes alone: a text is the only
/// thing that is hashed, so that nothing has to end it.
#[inline]
pub(crate) fn hash(state: &FixedState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// A place of a table, with the hash of what stands there. A table is a slice of them: as many as a power of two, at least
/// half of them free, and what is not at its own place stands behind it.
pub(crate) type Slot<T> = Option<(u64, T)>;

/// How many slots a table of so many items has.
pub(crate) fn slots_for(items: usize) -> usize {
    if items == 0 { 0 } else { (2 * items).next_power_of_two() }
}

/// A table of these items, no two of which are equal.
pub(crate) fn table<T, C: FromIterator<Slot<T>>>(items: impl ExactSizeIterator<Item = (u64, T)>) -> C {
    let mut slots: Vec<Slot<T>> = std::iter::repeat_with(|| None).take(slots_for(items.len())).collect();
    for item in items {
        put(&mut slots, item);
    }
    slots.into_iter().collect()
}

/// Puts an item that is not there into a free slot.
pub(crate) fn put<T>(slots: &mut [Slot<T>], item: (u64, T)) {
    let Some(last) = slots.len().checked_sub(1) else { return };
    let own = item.0 as usize & last;
    let (before, behind) = slots.split_at_mut(own);
    if let Some(free) = behind.iter_mut().chain(before).find(|slot| slot.is_none()) {
        *free = Some(item);
    }
}

/// An item and where it stands.
#[inline]
pub(crate) fn find<T>(slots: &[Slot<T>], hash: u64, is: impl Fn(&T) -> bool) -> Option<(usize, &T)> {
    let last = slots.len().checked_sub(1)?;
    let mut at = hash as usize & last;
    loop {
        let (other, item) = slots.get(at)?.as_ref()?;
        if *other == hash && is(item) {
            return Some((at, item));
        }
        at = (at + 1) & last;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn a_table_finds_what_is_in_it(items in btree_map(0_u32..100, any::<u32>(), 0..60), bits in 0_u32..6) {
            // Few bits, so that many items have the same hash.
            let hash = |key: u32| u64::from(key) & ((1 << bits) - 1);
            let slots: Vec<Slot<(u32, u32)>> = table(items.iter().map(|(key, value)| (hash(*key), (*key, *value))));
            prop_assert!(slots.iter().flatten().count() * 2 <= slots.len());
            for key in 0..100 {
                let found = find(&slots, hash(key), |(other, _)| *other == key);
                prop_assert_eq!(found.map(|(_, (_, value))| value), items.get(&key));
                prop_assert!(found.is_none_or(|(at, item)| slots[at] == Some((hash(key), *item))));
            }
            let all: BTreeMap<u32, u32> = slots.into_iter().flatten().map(|(_, item)| item).collect();
            prop_assert_eq!(all, items);
        }
    }
}
