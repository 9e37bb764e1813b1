//! The tables that tell for a piece whether it may be one of those that are looked for, mostly that it is not.

use zeroize::Zeroize;

/// Up to so many pieces the table that takes half the time is of use.
const FEW: usize = 1 << 14;
/// How large each half of it is at least and at most, by the logarithm.
const NEAR_BITS: [u32; 2] = [13, 16];
/// How many bytes of a half there are for each piece, by the logarithm.
const NEAR_BITS_A_PIECE: u32 = 3;
/// The largest of the others, in bits by its logarithm: a MiB, most of which a core keeps near.
const LARGEST_BITS: u32 = 23;
const SMALLEST_BITS: u32 = 16;
/// How many bits of it there are for each piece, by the logarithm.
const BITS_A_PIECE: u32 = 5;

type Half = Box<[u8; 1 << NEAR_BITS[1]]>;

/// What tells by the hash of a piece whether it may be there: 0 where not.
pub(crate) trait Filter {
    fn may_have(&self, hash: u64) -> u64;
}

/// For few pieces: two halves, each with a byte for each hash. Of all eight bits of both some one is the same where a piece
/// may be there, so no bit has to be picked out.
pub(crate) struct Near {
    halves: [Half; 2],
    mask: usize,
}

impl Near {
    /// None where there are more pieces than it is good for.
    pub(crate) fn of(most: usize) -> Option<Self> {
        let log = usize::BITS - most.leading_zeros() + NEAR_BITS_A_PIECE;
        let mask = (1 << log.clamp(NEAR_BITS[0], NEAR_BITS[1])) - 1;
        let half = || Half::try_from(vec![0; 1 << NEAR_BITS[1]]).ok();
        if most <= FEW { Some(Self { halves: [half()?, half()?], mask }) } else { None }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        let [one, other] = self.places(hash);
        let bit = 1 << (hash >> 13 & 7);
        self.halves[0][one] |= bit;
        self.halves[1][other] |= bit;
    }

    #[inline]
    fn places(&self, hash: u64) -> [usize; 2] {
        let sixteen = |shift: u32| (hash >> shift & 0xFFFF) as usize & self.mask;
        [sixteen(48), sixteen(32)]
    }
}

impl Filter for Near {
    #[inline]
    fn may_have(&self, hash: u64) -> u64 {
        let [one, other] = self.places(hash);
        u64::from(self.halves[0][one] & self.halves[1][other])
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        self.halves.iter_mut().for_each(|half| half.zeroize());
    }
}

/// For any number: two bits of a word for each piece.
pub(crate) struct Wide {
    pub(crate) bits: Vec<u64>,
    pub(crate) shift: u32,
}

impl Wide {
    pub(crate) fn of(most: usize) -> Self {
        let bits = (usize::BITS - most.leading_zeros() + BITS_A_PIECE).clamp(SMALLEST_BITS, LARGEST_BITS);
        Self { bits: vec![0; 1 << (bits - 6)], shift: u64::BITS - bits }
    }
}

impl Filter for Wide {
    #[inline]
    fn may_have(&self, hash: u64) -> u64 {
        let (word, one, other) = places(self.shift, hash);
        self.bits.get(word).map_or(0, |bits| bits >> one & bits >> other & 1)
    }
}

impl Drop for Wide {
    fn drop(&mut self) {
        self.bits.zeroize();
    }
}

/// The two bits that stand for a piece: in one word, which costs one load.
#[inline]
fn places(shift: u32, hash: u64) -> (usize, u64, u64) {
    let bit = hash >> shift;
    (usize::try_from(bit >> 6).unwrap_or_default(), bit & 63, hash >> 30 & 63)
}

/// What a thread fills of a filter.
pub(crate) enum Part<'f> {
    Near(&'f mut Near),
    /// Some of the words of a wide one, which are cut by the highest bits of the hash.
    Wide(&'f mut [u64], u32),
}

impl Part<'_> {
    pub(crate) fn add(&mut self, hash: u64) {
        match self {
            Self::Near(near) => near.add(hash),
            Self::Wide(bits, shift) => {
                let (word, one, other) = places(*shift, hash);
                // Within a part it is the lower bits that count.
                bits[word & (bits.len() - 1)] |= 1 << one | 1 << other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_may_be_there_and_of_the_rest_little_may() {
        // As good as random, and no two the same.
        let hash = |number: u64| {
            (number + 1).wrapping_mul(0xD134_2543_DE82_EF95).rotate_left(29).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        for many in [1, 20, 3_000, FEW] {
            let (mut near, mut wide) = (Near::of(many).expect("few"), Wide::of(many));
            let shift = wide.shift;
            for number in 0..many as u64 {
                Part::Near(&mut near).add(hash(number));
                Part::Wide(&mut wide.bits, shift).add(hash(number));
            }
            for filter in [&near as &dyn Filter, &wide] {
                assert!((0..many as u64).all(|number| filter.may_have(hash(number)) != 0), "{many}");
                let others = (1 << 20..(1 << 20) + 100_000).filter(|number| filter.may_have(hash(*number)) != 0);
                let others = others.count();
                assert!(others < 1_500, "{many}: {others}");
            }
        }
        assert!(Near::of(FEW + 1).is_none());
    }
}
