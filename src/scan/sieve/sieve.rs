//! A sieve for bytes: of a text it looks at every few places alone, and lets through those at which one of some short pieces
//! may stand.
//!
//! What is looked for is cut into pieces of a few bytes, and those lie in a table. A text is then looked at in steps: a match
//! that is long enough has one of its pieces at one of these places, wherever it begins. A place costs one multiplication and
//! a look into a table that a processor keeps near (`filter`); so nearly all of a text is passed over without a look.

use zeroize::Zeroize;

use crate::filter::{Filter, Near, Part, Wide};

/// The widest piece: what one load takes.
pub const WIDEST: usize = 8;
/// The longest step.
pub const LONGEST_STEP: usize = 12;
/// Longer ones, for few pieces that are looked for in what is long.
pub const LONG_STEPS: [usize; 2] = [24, 16];
/// How many places are looked at at once.
const AT_ONCE: usize = 6;
/// An odd number without a pattern in its bits: the golden ratio's.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const NONE: u32 = u32::MAX;

/// A piece of something that is looked for.
#[derive(Clone, Copy)]
pub struct Piece {
    /// Its bytes.
    pub bytes: u64,
    /// What it is a piece of.
    pub of: u32,
    /// Where in that it stands.
    pub at: u32,
}

/// The pieces, ready to be found.
pub struct Sieve {
    width: usize,
    step: usize,
    most: usize,
    hashing: Hashing,
    filter: Size,
    /// The first of the pieces that have the same place, by its number in its share.
    heads: Vec<u32>,
    /// The pieces of each share, each with the next one that has its place.
    pieces: Vec<Vec<(Piece, u32)>>,
}

/// What tells where a piece may stand.
enum Size {
    Few(Near),
    Any(Wide),
}

/// Where a piece belongs: all by the highest bits of its hash, in which all of its bytes have a part.
#[derive(Clone, Copy)]
struct Hashing {
    mask: u64,
    /// What is left of a hash for its place among the heads.
    head_shift: u32,
    /// And of that for its share.
    share_shift: u32,
}

/// A part of a sieve, to be filled by a thread of its own.
pub struct Share<'s> {
    number: usize,
    hashing: Hashing,
    filter: Part<'s>,
    heads: &'s mut [u32],
    pieces: &'s mut Vec<(Piece, u32)>,
}

impl Sieve {
    /// A sieve for pieces of this width, which looks at every `step`th place; `most` is how many pieces there may be.
    #[must_use]
    pub fn new(width: usize, step: usize, most: usize) -> Self {
        debug_assert!((1..=LONGEST_STEP).contains(&step) || LONG_STEPS.contains(&step));
        let log = (usize::BITS - most.leading_zeros()).max(1);
        Self {
            width,
            step,
            most,
            hashing: Hashing { mask: mask(width), head_shift: u64::BITS - log, share_shift: log },
            filter: Near::of(most).map_or_else(|| Size::Any(Wide::of(most)), Size::Few),
            heads: vec![NONE; 1 << log],
            pieces: Vec::new(),
        }
    }

    /// The empty sieve in shares, to be filled: so many, or the next lower power of two. Where there are few pieces it is one.
    pub fn shares(&mut self, count: usize) -> Vec<Share<'_>> {
        let count = if matches!(self.filter, Size::Few(_)) { 1 } else { count };
        let log = count.clamp(1, self.heads.len()).ilog2();
        self.hashing.share_shift = self.heads.len().ilog2() - log;
        // Each with room for all: what grows leaves a copy behind that nobody wipes. Room that is not used costs nothing.
        self.pieces = (0..1 << log).map(|_| Vec::with_capacity(self.most)).collect();
        let (heads, hashing) = (self.heads.len() >> log, self.hashing);
        let filters: Vec<Part> = match &mut self.filter {
            Size::Few(near) => vec![Part::Near(near)],
            Size::Any(Wide { bits, shift }) => {
                let size = bits.len() >> log;
                bits.chunks_exact_mut(size).map(|bits| Part::Wide(bits, *shift)).collect()
            }
        };
        let parts = filters.into_iter().zip(self.heads.chunks_exact_mut(heads)).zip(&mut self.pieces).enumerate();
        parts.map(|(number, ((filter, heads), pieces))| Share { number, hashing, filter, heads, pieces }).collect()
    }

    /// The next place from `at` on at which a piece may stand, and what does; `at` becomes where to go on.
    #[inline(never)] // Within its caller it would be compiled as that is, which is small.
    pub fn next(&self, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        match &self.filter {
            Size::Few(near) => self.next_in(near, bytes, at),
            Size::Any(wide) => self.next_in(wide, bytes, at),
        }
    }

    fn next_in(&self, filter: &impl Filter, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        // A step that is known when this is compiled takes a third of the time.
        let found = match self.step {
            1 => self.next_by::<1>(filter, bytes, at),
            2 => self.next_by::<2>(filter, bytes, at),
            3 => self.next_by::<3>(filter, bytes, at),
            4 => self.next_by::<4>(filter, bytes, at),
            5 => self.next_by::<5>(filter, bytes, at),
            6 => self.next_by::<6>(filter, bytes, at),
            7 => self.next_by::<7>(filter, bytes, at),
            8 => self.next_by::<8>(filter, bytes, at),
            9 => self.next_by::<9>(filter, bytes, at),
            10 => self.next_by::<10>(filter, bytes, at),
            11 => self.next_by::<11>(filter, bytes, at),
            16 => self.next_by::<16>(filter, bytes, at),
            24 => self.next_by::<24>(filter, bytes, at),
            _ => self.next_by::<LONGEST_STEP>(filter, bytes, at),
        };
        found.or_else(|| self.next_of_last(filter, bytes, at))
    }

    /// The last places have too few bytes behind them for a whole load.
    fn next_of_last(&self, filter: &impl Filter, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        while *at + self.width <= bytes.len() {
            let (here, word) = (*at, piece_at(bytes, *at) & self.hashing.mask);
            *at += self.step;
            if filter.may_have(hash(word)) != 0 {
                return Some((here, word));
            }
        }
        None
    }

    /// The pieces that are what stands at a place.
    #[must_use]
    pub fn pieces(&self, word: u64) -> Pieces<'_> {
        let place = self.hashing.place(hash(word));
        let share = self.pieces.get(self.hashing.share(place)).map_or(&[][..], Vec::as_slice);
        Pieces { share, word, next: self.heads[place] }
    }

    fn next_by<const STEP: usize>(&self, filter: &impl Filter, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        let mut here = *at;
        let load = |bytes: &[u8], at: usize| {
            Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<WIDEST>()?) & self.hashing.mask)
        };
        loop {
            // Some places with one question whether any of them is worth a look.
            while let Some(window) = bytes.get(here..here + (AT_ONCE - 1) * STEP + WIDEST) {
                let may_be_at = |place| load(window, place * STEP).map_or(0, |word| filter.may_have(hash(word)));
                if (0..AT_ONCE).fold(0, |any, place| any | may_be_at(place)) != 0 {
                    break;
                }
                here += AT_ONCE * STEP;
            }
            for _ in 0..AT_ONCE {
                let Some(word) = load(bytes, here) else {
                    *at = here;
                    return None;
                };
                if filter.may_have(hash(word)) != 0 {
                    *at = here + STEP;
                    return Some((here, word));
                }
                here += STEP;
            }
        }
    }
}

#[inline]
fn hash(word: u64) -> u64 {
    word.wrapping_mul(MIX)
}

impl Hashing {
    fn place(self, hash: u64) -> usize {
        usize::try_from(hash >> self.head_shift).unwrap_or_default()
    }

    fn share(self, place: usize) -> usize {
        place >> self.share_shift
    }
}

impl Share<'_> {
    /// Adds a piece if it belongs to this share; only its first bytes count.
    pub fn add(&mut self, piece: Piece) {
        let bytes = piece.bytes & self.hashing.mask;
        let hash = hash(bytes);
        let place = self.hashing.place(hash);
        if self.hashing.share(place) != self.number {
            return;
        }
        // Both tables are cut by the same bits of the hash, so within the share it is the lower ones that count.
        self.filter.add(hash);
        let place = place & (self.heads.len() - 1);
        let next = std::mem::replace(&mut self.heads[place], u32::try_from(self.pieces.len()).unwrap_or(NONE));
        self.pieces.push((Piece { bytes, ..piece }, next));
    }
}

/// Pieces with the same bytes.
pub struct Pieces<'s> {
    share: &'s [(Piece, u32)],
    word: u64,
    next: u32,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        while let Some((piece, after)) = self.share.get(self.next as usize) {
            self.next = *after;
            if piece.bytes == self.word {
                return Some(*piece);
            }
        }
        None
    }
}

impl Drop for Sieve {
    fn drop(&mut self) {
        for (piece, _) in self.pieces.iter_mut().flatten() {
            piece.bytes.zeroize();
        }
    }
}

/// The bits of a piece of this width.
fn mask(width: usize) -> u64 {
    u64::MAX >> (8 * (WIDEST - width))
}

/// The bytes at this place as a piece; what is missing at the end is zero.
#[must_use]
pub fn piece_at(bytes: &[u8], at: usize) -> u64 {
    if let Some(piece) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        return u64::from_le_bytes(*piece);
    }
    let mut piece = [0; WIDEST];
    let rest = &bytes[at..bytes.len().min(at + WIDEST)];
    piece[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(piece)
}
