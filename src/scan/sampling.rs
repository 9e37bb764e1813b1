//! Which pieces of the forms go into the sieve, so that none is missed and the sieve stays small.
//!
//! A text is looked at in steps of `step` bytes, and of a form every `stride`th piece is known. Where both numbers have no
//! divisor in common, among `step * stride` places in a row is one that is in both: so a match that is longer than that by a
//! piece is found wherever it begins. Few secrets allow long steps and dense pieces; with many secrets it is the other way
//! round.

use keyctl_sieve::{LONGEST_STEP, Piece, Sieve, piece_at};

use super::{
    needles::{Needles, Pattern},
    shares,
};

/// The most pieces for which a longer step is worth its larger table.
const MOST_PIECES: usize = 1 << 19;
/// The narrowest piece: with fewer bytes words would have too many in common.
const NARROWEST: usize = 4;
const USUAL: usize = 6;

/// As many forms are not worth a thread.
const FEW: usize = 4000;

/// How a text is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sampling {
    width: usize,
    step: usize,
    /// How many pieces there are.
    count: usize,
}

impl Sampling {
    /// The longest step that goes with these; none where there is nothing to look for.
    pub fn of(needles: &Needles) -> Option<Self> {
        let shortest = needles.patterns.iter().map(|pattern| pattern.least).min()?;
        let width = shortest.saturating_sub(8).clamp(NARROWEST, USUAL);
        let longest_step = (shortest - width + 1).min(LONGEST_STEP);
        let steps = [longest_step, 5, 3, 2, 1].map(|step| step.min(longest_step));
        let all = Self::counted(steps.map(|step| Self { width, step, count: 0 }), needles);
        let [.., densest] = all;
        Some(all.into_iter().find(|sampling| sampling.count <= MOST_PIECES).unwrap_or(densest))
    }

    /// The sieve with their pieces.
    pub fn sieve(self, needles: &Needles) -> Sieve {
        let mut sieve = Sieve::new(self.width, self.step, self.count);
        let shares = sieve.shares(shares::of(needles.patterns.len(), FEW));
        shares::taken(shares.into_iter(), |mut share| {
            for (of, pattern) in (0..).zip(&needles.patterns) {
                let bytes = needles.bytes_from(pattern);
                self.stretches(needles, pattern, |from, to, stride| {
                    for at in (from..=to - self.width).step_by(stride) {
                        share.add(Piece { bytes: piece_at(bytes, at), of, at: u32::try_from(at).unwrap_or(u32::MAX) });
                    }
                });
            }
        });
        sieve
    }

    /// The same, and how many pieces there are in each: all at once, as the forms of many keys are more than a core keeps near.
    fn counted<const COUNT: usize>(mut all: [Self; COUNT], needles: &Needles) -> [Self; COUNT] {
        let patterns = &needles.patterns;
        let counts = shares::each(patterns.len(), shares::of(patterns.len(), FEW), |range| {
            let mut counts = [0; COUNT];
            for pattern in &patterns[range] {
                for (sampling, count) in all.iter().zip(&mut counts) {
                    let add = |from, to, stride| *count += (to - sampling.width - from) / stride + 1;
                    sampling.stretches(needles, pattern, add);
                }
            }
            counts
        });
        for counts in counts {
            all.iter_mut().zip(counts).for_each(|(sampling, count)| sampling.count += count);
        }
        all
    }

    /// The parts of a form that are looked for, from where to where, each with the stride of its pieces.
    fn stretches(self, needles: &Needles, pattern: &Pattern, mut take: impl FnMut(usize, usize, usize)) {
        let written = &pattern.written;
        let mut is_known = false;
        if let Some(scale) = written.scale {
            let stride = self.stride(pattern.least);
            for &(from, to) in &needles.secrets[pattern.secret].random {
                let (from, to) = scale.outer(from, to);
                let to = to.min(written.length);
                if from + pattern.least <= to {
                    is_known = true;
                    take(from, to, stride);
                }
            }
        }
        if !is_known {
            // Of a form that counts only as a whole a part with all its pieces is enough.
            let enough = self.width + self.step - 1;
            let end = if written.mark >= enough { written.mark } else { written.length };
            take(end - enough, end, 1);
        }
    }

    /// The longest stride with which no match of this length is missed.
    fn stride(self, least: usize) -> usize {
        let longest = ((least - self.width + 1) / self.step).max(1);
        let has_no_divisor_in_common = |stride: &usize| WITHOUT_DIVISOR[self.step] >> (stride % self.step) & 1 == 1;
        (1..=longest).rev().find(has_no_divisor_in_common).unwrap_or(1)
    }
}

/// For each step a bit for every rest of a number that has no divisor in common with it.
const WITHOUT_DIVISOR: [u16; LONGEST_STEP + 1] = {
    let (mut all, mut step) = ([0; LONGEST_STEP + 1], 1);
    while step <= LONGEST_STEP {
        let mut rest = 0;
        while rest < step {
            all[step] |= if common_divisor(rest, step) == 1 { 1 << rest } else { 0 };
            rest += 1;
        }
        step += 1;
    }
    all
};

const fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stride_has_no_divisor_in_common_with_its_step_and_is_the_longest_such() {
        for step in 1..=LONGEST_STEP {
            for least in 4..200 {
                let stride = Sampling { width: 4, step, count: 0 }.stride(least);
                let longest = ((least - 3) / step).max(1);
                assert!(stride <= longest && common_divisor(stride, step) == 1, "{step} {least}: {stride}");
                assert!((stride + 1..=longest).all(|longer| common_divisor(longer, step) > 1), "{step} {least}");
            }
        }
    }
}
