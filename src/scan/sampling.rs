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
        let at_every = |step| Self { width, step, count: 0 }.counted(needles);
        let steps = [longest_step, 5, 3, 2].into_iter().filter(|step| *step <= longest_step);
        Some(steps.map(at_every).find(|sampling| sampling.count <= MOST_PIECES).unwrap_or_else(|| at_every(1)))
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

    /// The same, and how many pieces there are.
    fn counted(self, needles: &Needles) -> Self {
        let patterns = &needles.patterns;
        let counts = shares::each(patterns.len(), shares::of(patterns.len(), FEW), |range| {
            let mut count = 0;
            for pattern in &patterns[range] {
                self.stretches(needles, pattern, |from, to, stride| count += (to - self.width - from) / stride + 1);
            }
            count
        });
        Self { count: counts.into_iter().sum(), ..self }
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
        (1..=longest).rev().find(|stride| common_divisor(*stride, self.step) == 1).unwrap_or(1)
    }
}

fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}
