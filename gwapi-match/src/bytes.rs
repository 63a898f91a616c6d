//! Short texts, eight bytes at a time: a call that does better with long ones takes longer than to look.

/// Whether two texts are equal.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (Some(last), Some(other_last)) = (one.last_chunk(), other.last_chunk()) else {
        return one.iter().zip(other).all(|(one, other)| one == other);
    };
    // The last word may overlap the one before it.
    let differs = |one: &[u8], other: &[u8]| word(one) ^ word(other);
    let words = one.chunks_exact(8).zip(other.chunks_exact(8));
    words.fold(u64::from_le_bytes(*last) ^ u64::from_le_bytes(*other_last), |all, (one, other)| all | differs(one, other)) == 0
}

/// Bit n: byte n of a text is this one. Of a text with more than 64 bytes the first 64 count.
#[inline]
pub(crate) fn places(byte: u8, text: &[u8]) -> u64 {
    let text = text.get(..64).unwrap_or(text);
    let Some(last) = text.last_chunk() else {
        return text.iter().enumerate().fold(0, |places, (at, other)| places | u64::from(*other == byte) << at);
    };
    let words = text.chunks_exact(8).enumerate();
    let places = words.fold(0, |places, (number, bytes)| places | places_in_word(byte, word(bytes)) << (8 * number));
    // The last word may overlap the one before it.
    places | places_in_word(byte, u64::from_le_bytes(*last)) << (text.len() - 8)
}

/// Bit n: byte n of a word is this one.
#[inline]
fn places_in_word(byte: u8, word: u64) -> u64 {
    const LOW: u64 = u64::MAX / 255 * 0x7f;
    let zeros = word ^ (u64::MAX / 255 * u64::from(byte));
    // The highest bit of each byte that is zero, without a carry from one byte to the next.
    let highest = !(((zeros & LOW) + LOW) | zeros | LOW);
    // Each of these bits is brought to its place in the highest byte by one of the factor's bits.
    (highest >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Eight bytes, the first one lowest.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn same_is_equality(one in "[ab]{0,20}", other in "[ab]{0,20}", flip in 0_usize..20) {
            prop_assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other);
            prop_assert!(same(one.as_bytes(), one.clone().as_bytes()));
            let mut flipped = one.clone().into_bytes();
            if let Some(byte) = flipped.get_mut(flip) {
                *byte ^= 0x80;
                prop_assert!(!same(one.as_bytes(), &flipped));
            }
        }

        #[test]
        fn places_are_where_the_byte_is(
            text in vec(prop_oneof![any::<u8>(), Just(b'/'), Just(0x2e), Just(0xaf)], 0..80),
            byte in prop_oneof![any::<u8>(), Just(b'/'), Just(0x2e), Just(0xaf)],
        ) {
            let expected = text.iter().take(64).enumerate().fold(0, |places, (at, one)| places | u64::from(*one == byte) << at);
            prop_assert_eq!(places(byte, &text), expected);
        }
    }
}
