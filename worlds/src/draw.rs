//! Where chance comes from.

use core::ops::RangeInclusive;

use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};

/// Draws that are the same for the same seed.
///
/// Manifests are drawn by functions and not by combinators of proptest: a tree of strategies for a whole world takes longer to
/// build than everything that is then tested takes to run. What they draw is still a strategy, see [`Cases`](crate::Cases).
#[derive(Debug)]
pub struct Draw {
    rng: TestRng,
    themes: [bool; Theme::ALL.len()],
}

/// What a world can be about. Nobody could see anything in one that is about everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Regular expressions. Compiling them takes longer than everything else in a world, so that most worlds have none, and
    /// those that have any have many.
    Patterns,
    /// GRPCRoutes.
    Grpc,
    /// Connections that carry no requests.
    L4,
    /// ListenerSets.
    Sets,
    /// Services as parents, and XMesh.
    Mesh,
    /// Policies of every kind.
    Policies,
    /// Kinds of backends besides Services.
    Backends,
}

impl Theme {
    /// Every theme, and in how many of a hundred worlds it is.
    const ALL: [(usize, Self); 7] = [
        (15, Self::Patterns),
        (50, Self::Grpc),
        (45, Self::L4),
        (40, Self::Sets),
        (45, Self::Mesh),
        (40, Self::Policies),
        (40, Self::Backends),
    ];
}

impl Draw {
    /// The draws of a seed. Neighbouring seeds have nothing in common.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let halves = [mixed(seed), mixed(!seed)];
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let mut draw = Self { rng: TestRng::from_seed(RngAlgorithm::XorShift, &bytes), themes: Default::default() };
        draw.themes = Theme::ALL.map(|(percent, _)| draw.chance(percent));
        draw
    }

    /// Whether the world is about something.
    #[must_use]
    pub fn is_about(&self, theme: Theme) -> bool {
        Theme::ALL.iter().zip(self.themes).any(|((_, one), is_drawn)| is_drawn && *one == theme)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let scaled = (u128::from(self.number()) * end as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// A number of a range.
    pub fn within(&mut self, range: RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// True in so many of a hundred draws.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// One of these, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, all: &[(usize, T)]) -> T {
        let mut point = self.below(all.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in all {
            match point.checked_sub(*weight) {
                Some(rest) => point = rest,
                None => return *one,
            }
        }
        unreachable!("the point is below the sum of the weights")
    }

    /// Something in so many of a hundred draws.
    pub fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| make(self))
    }

    /// As many as the range allows.
    pub fn several<T>(&mut self, range: RangeInclusive<usize>, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.within(range);
        (0..count).map(|_| make(self)).collect()
    }

    /// The same values in another order.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.below(place + 1));
        }
    }
}

/// SplitMix64: seeds that differ in one bit become numbers that differ in half of them.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::new(1);
        let often = (0..1000).filter(|_| draw.weighted(&[(3, true), (0, false), (1, false)])).count();
        assert!((700..800).contains(&often), "{often}");
        assert_eq!(draw.weighted(&[(0, 'a'), (1, 'b')]), 'b');
    }

    #[test]
    fn equal_seeds_draw_alike_and_neighbours_do_not() {
        let first = |seed| Draw::new(seed).number();
        assert_eq!(first(7), first(7));
        let distinct: std::collections::BTreeSet<u64> = (0..1000).map(first).collect();
        assert_eq!(distinct.len(), 1000);
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut all = [1, 2, 3, 4, 5];
        Draw::new(3).shuffle(&mut all);
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5]);
    }
}
