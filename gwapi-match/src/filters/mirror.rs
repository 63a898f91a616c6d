//! `RequestMirror` (H-044 to H-051): a copy of a share of the requests for another backend.
//!
//! The copy goes to one endpoint of the mirror backend (H-045), its answer is thrown away, and neither its failure nor its
//! slowness touches the request itself (H-044, H-051). Several mirrors each get a copy (H-046) and each take a sample of
//! their own.

use gwapi_core::model::Fraction;

use crate::split::scale;

/// Whether a request is copied, for a sample that is uniform over all of `u64`: exactly the configured share is (H-047).
///
/// ```
/// use gwapi_core::model::Fraction;
/// use gwapi_match::filters::mirror::selected;
/// let third = Fraction { numerator: 1, denominator: 3 };
/// assert!(selected(third, u64::MAX / 3) && !selected(third, u64::MAX / 3 + 1));
/// ```
#[must_use]
pub fn selected(fraction: Fraction, random: u64) -> bool {
    fraction.denominator > 0 && scale(random, fraction.denominator) < fraction.numerator
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many of one sample for each part of the denominator are selected.
    fn count(numerator: u32, denominator: u32) -> u32 {
        let middle = |part: u32| ((2 * u128::from(part) + 1) << 64) / (2 * u128::from(denominator));
        let selected = (0..denominator).filter(|part| {
            let random = u64::try_from(middle(*part)).unwrap();
            selected(Fraction { numerator, denominator }, random)
        });
        selected.count().try_into().unwrap()
    }

    #[test]
    fn h_047_the_share_is_exact() {
        assert_eq!(count(20, 100), 20);
        assert_eq!(count(35, 100), 35);
        assert_eq!(count(1, 2), 1);
        assert_eq!(count(7, 1000), 7);
    }

    #[test]
    fn h_047_nothing_and_everything() {
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(selected(Fraction::ALL, random));
            assert!(!selected(Fraction { numerator: 0, denominator: 100 }, random));
            assert!(selected(Fraction { numerator: u32::MAX, denominator: u32::MAX }, random));
            assert!(!selected(Fraction { numerator: 1, denominator: 0 }, random), "no such share");
        }
    }

    proptest! {
        #[test]
        fn h_047_any_share_is_exact(denominator in 1_u32..500, numerator in 0_u32..500) {
            prop_assert_eq!(count(numerator, denominator), numerator.min(denominator));
        }
    }
}
