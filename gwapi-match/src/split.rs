//! Which backend gets a request: weights as exact shares (requirements chapter I).

use serde::Serialize;

/// The weights of a list of backends, ready to pick from.
///
/// A backend that does not resolve keeps its weight: whoever picks it answers 500, and the others keep their shares
/// (I-006).
///
/// ```
/// use gwapi_match::split::{Pick, Split};
/// let split = Split::new([90, 0, 10]);
/// assert_eq!(split.total(), 100);
/// assert_eq!((split.at(0), split.at(89), split.at(90)), (Pick::Backend(0), Pick::Backend(0), Pick::Backend(2)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// For each backend the sum of the weights up to and including its own.
    ends: Box<[u32]>,
}

/// What was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Pick {
    /// The backend at this place of the list.
    Backend(usize),
    /// None, since no backend has any weight: the request is answered and never forwarded (I-003).
    None,
}

impl Split {
    /// Makes a split of weights in the order of the list. The API allows 16 × 1,000,000 (I-001); a sum beyond `u32` is cut.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut total = 0_u32;
        let ends = weights.into_iter().map(|weight| {
            total = total.saturating_add(weight);
            total
        });
        Self { ends: ends.collect() }
    }

    /// The sum of all weights.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The backend at a point of `0..total()`: every backend has as many points as it has weight, in the order of the list.
    /// Behind the last point there is none.
    #[must_use]
    pub fn at(&self, point: u32) -> Pick {
        // Backends of weight 0 end where the one before them ends, so that no point is theirs (I-002).
        let index = self.ends.partition_point(|end| *end <= point);
        if index < self.ends.len() { Pick::Backend(index) } else { Pick::None }
    }

    /// The backend for a sample that is uniform over all of `u64`. Each pick takes its own.
    #[must_use]
    pub fn sample(&self, random: u64) -> Pick {
        self.at(scale(random, self.total()))
    }
}

/// Maps a uniform `u64` to `0..end`. The product's upper half has no modulo bias: every point gets the same number of
/// samples up to one in 2^64.
pub(crate) fn scale(random: u64, end: u32) -> u32 {
    let point = (u128::from(random) * u128::from(end)) >> 64;
    u32::try_from(point).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many of all points each backend gets.
    fn counts(split: &Split, backends: usize) -> Vec<u32> {
        let mut counts = vec![0; backends];
        for point in 0..split.total() {
            match split.at(point) {
                Pick::Backend(index) => counts[index] += 1,
                Pick::None => panic!("nothing at point {point} of {}", split.total()),
            }
        }
        counts
    }

    #[test]
    fn law_8_all_points_give_the_exact_weights() {
        for weights in [vec![70, 30, 0], vec![0, 0, 1], vec![1], vec![0, 5, 0, 5, 0], vec![1, 2, 3, 4]] {
            assert_eq!(counts(&Split::new(weights.iter().copied()), weights.len()), weights);
        }
    }

    #[test]
    fn i_001_the_largest_list_that_the_api_allows_fits() {
        let split = Split::new([1_000_000; 16]);
        assert_eq!(split.total(), 16_000_000);
        assert_eq!(split.at(15_999_999), Pick::Backend(15));
        assert_eq!(split.at(16_000_000), Pick::None);
        assert_eq!(Split::new([u32::MAX, u32::MAX]).total(), u32::MAX, "more than the API allows does no harm");
    }

    #[test]
    fn pitfall_29_an_invalid_backend_takes_its_own_share_only() {
        // The middle backend does not resolve. Its weight stays in the split, so that 500 is answered for 1 in 4 points.
        assert_eq!(counts(&Split::new([2, 1, 1]), 3), [2, 1, 1]);
    }

    #[test]
    fn pitfall_30_weight_zero_gets_nothing_and_costs_nothing() {
        let split = Split::new([0, 3, 0, 1, 0]);
        assert_eq!(counts(&split, 5), [0, 3, 0, 1, 0]);
        assert_eq!(split.sample(0), Pick::Backend(1), "I-002: also at the edges");
        assert_eq!(split.sample(u64::MAX), Pick::Backend(3));
    }

    #[test]
    fn pitfall_34_no_weight_at_all_never_picks() {
        for split in [Split::new([]), Split::new([0]), Split::new([0, 0, 0]), Split::default()] {
            assert_eq!(split.total(), 0);
            for random in [0, 1, u64::MAX / 2, u64::MAX] {
                assert_eq!(split.sample(random), Pick::None, "I-003, X-23");
            }
            assert_eq!(split.at(0), Pick::None);
        }
    }

    #[test]
    fn i_020_a_backend_that_is_listed_twice_counts_twice() {
        assert_eq!(counts(&Split::new([1, 1]), 2), [1, 1]);
    }

    proptest! {
        #[test]
        fn law_8_holds_for_any_weights(weights in prop::collection::vec(0_u32..200, 0..16)) {
            let split = Split::new(weights.iter().copied());
            prop_assert_eq!(counts(&split, weights.len()), weights);
        }

        #[test]
        fn law_8_samples_follow_the_points(weights in prop::collection::vec(0_u32..=1_000_000, 1..16), random: u64) {
            let split = Split::new(weights.iter().copied());
            let pick = split.sample(random);
            prop_assert_eq!(pick == Pick::None, split.total() == 0);
            if let Pick::Backend(index) = pick {
                prop_assert!(weights[index] > 0);
                prop_assert_eq!(split.at(scale(random, split.total())), pick);
            }
        }

        #[test]
        fn law_8_even_samples_give_the_weights(weights in prop::collection::vec(0_u32..50, 1..8)) {
            // One sample in the middle of each point's stretch: as many samples as points, so the counts are the weights.
            let split = Split::new(weights.iter().copied());
            let total = u128::from(split.total());
            let mut counts = vec![0; weights.len()];
            for point in 0..total {
                let random = ((2 * point + 1) << 64) / (2 * total);
                if let Pick::Backend(index) = split.sample(u64::try_from(random).unwrap()) {
                    counts[index] += 1;
                }
            }
            prop_assert_eq!(counts, weights);
        }
    }
}
