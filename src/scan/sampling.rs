//! Which pieces of the forms go into the sieve, so that none is missed and the sieve stays small.
//!
//! A text is looked at in steps of `step` bytes, and of a form every `stride`th piece is known. Where both numbers have no
//! divisor in common, among `step * stride` places in a row is one that is in both: so a match that is longer than that by a
//! piece is found wherever it begins. Few secrets allow long steps and dense pieces; with many secrets it is the other way
//! round.

use keyctl_sieve::{LONGEST_STEP, Piece, Sieve, piece_at};

use super::needles::{Needles, Pattern};

/// The most pieces for which a longer step is worth its larger table.
const MOST_PIECES: usize = 1 << 19;
/// The narrowest piece: with fewer bytes words would have too many in common.
const NARROWEST: usize = 4;
const USUAL: usize = 6;

/// How a text is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sampling {
    width: usize,
    step: usize,
}

impl Sampling {
    /// The longest step that goes with these; none where there is nothing to look for.
    pub fn of(needles: &Needles) -> Option<Self> {
        let shortest = needles.patterns.iter().map(|pattern| pattern.least).min()?;
        let width = shortest.saturating_sub(8).clamp(NARROWEST, USUAL);
        let longest_step = (shortest - width + 1).min(LONGEST_STEP);
        let at_every = |step| Self { width, step };
        let steps = [longest_step, 5, 3, 2].into_iter().filter(|step| *step <= longest_step);
        let fits = |step: &usize| at_every(*step).count(needles) <= MOST_PIECES;
        Some(at_every(steps.into_iter().find(fits).unwrap_or(1)))
    }

    /// The sieve with their pieces.
    pub fn sieve(self, needles: &Needles) -> Sieve {
        let mut sieve = Sieve::new(self.width, self.step, self.count(needles));
        for (number, at) in self.pieces(needles) {
            let bytes = piece_at(needles.bytes(&needles.patterns[number]), at);
            let (of, at) = (u32::try_from(number).unwrap_or(u32::MAX), u32::try_from(at).unwrap_or(u32::MAX));
            sieve.add(Piece { bytes, of, at });
        }
        sieve
    }

    /// How many pieces there are.
    fn count(self, needles: &Needles) -> usize {
        let stretches = needles.patterns.iter().flat_map(|pattern| self.stretches(needles, pattern));
        stretches.map(|(from, to, stride)| (to - self.width - from) / stride + 1).sum()
    }

    /// Each piece that has to be known: of which form, and where in it.
    fn pieces(self, needles: &Needles) -> impl Iterator<Item = (usize, usize)> + '_ {
        needles.patterns.iter().enumerate().flat_map(move |(number, pattern)| {
            let stretches = self.stretches(needles, pattern);
            stretches.flat_map(move |(from, to, stride)| {
                (from..=to - self.width).step_by(stride).map(move |at| (number, at))
            })
        })
    }

    /// The parts of a form that are looked for, each with the stride of its pieces.
    fn stretches<'n>(
        self,
        needles: &'n Needles,
        pattern: &'n Pattern,
    ) -> impl Iterator<Item = (usize, usize, usize)> + 'n {
        let random = &needles.secrets[pattern.secret].random;
        let parts = pattern.written.scale.into_iter().flat_map(move |scale| {
            let outer = move |&(from, to): &(usize, usize)| scale.outer(from, to);
            random.iter().map(outer).map(|(from, to)| (from, to.min(pattern.written.length)))
        });
        let long = move |(from, to): &(usize, usize)| from + pattern.least <= *to;
        let stride = self.stride(pattern.least);
        let parts = parts.filter(long).map(move |(from, to)| (from, to, stride));
        // Of a form that counts only as a whole a part with all its pieces is enough.
        let enough = self.width + self.step - 1;
        let end = if pattern.written.mark >= enough { pattern.written.mark } else { pattern.written.length };
        let whole = (pattern.written.scale.is_none() || !has_long(needles, pattern)).then_some((end - enough, end, 1));
        parts.chain(whole)
    }

    /// The longest stride with which no match of this length is missed.
    fn stride(self, least: usize) -> usize {
        let longest = ((least - self.width + 1) / self.step).max(1);
        (1..=longest).rev().find(|stride| common_divisor(*stride, self.step) == 1).unwrap_or(1)
    }
}

/// Whether any random stretch of the secret is long enough in this form.
fn has_long(needles: &Needles, pattern: &Pattern) -> bool {
    pattern.written.scale.is_some_and(|scale| {
        let outer = |&(from, to): &(usize, usize)| scale.outer(from, to);
        needles.secrets[pattern.secret]
            .random
            .iter()
            .map(outer)
            .any(|(from, to)| from + pattern.least <= to.min(pattern.written.length))
    })
}

fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}
