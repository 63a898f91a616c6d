//! One way to hash texts, with the seed that compile is given: tenants choose the keys.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The hash of a text. Its bytes alone: a text is the only thing that is hashed, so that nothing has to end it.
pub(crate) fn hash(state: &FixedState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}
