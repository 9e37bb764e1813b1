//! A sieve for bytes: of a text it looks at every few places alone, and lets through those at which one of some short pieces
//! may stand.
//!
//! What is looked for is cut into pieces of a few bytes, and those lie in a table. A text is then looked at in steps: a match
//! that is long enough has one of its pieces at one of these places, wherever it begins. A place costs one multiplication and
//! two bits of a table that a processor keeps near; so nearly all of a text is passed over without a look.

use zeroize::Zeroize;

/// The widest piece: what one load takes.
pub const WIDEST: usize = 8;
/// The longest step.
pub const LONGEST_STEP: usize = 12;
/// Longer ones, for few pieces that are looked for in what is long.
pub const LONG_STEPS: [usize; 2] = [24, 16];
/// How many places are looked at at once.
const AT_ONCE: usize = 4;
/// The largest table, in bits by its logarithm: a MiB, most of which a core keeps near.
const LARGEST_BITS: u32 = 23;
const SMALLEST_BITS: u32 = 16;
/// How many bits of it there are for each piece, by the logarithm.
const BITS_A_PIECE: u32 = 5;
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
    bits: Vec<u64>,
    /// The first of the pieces that have the same place, by its number in its share.
    heads: Vec<u32>,
    /// The pieces of each share, each with the next one that has its place.
    pieces: Vec<Vec<(Piece, u32)>>,
}

/// Where a piece belongs: all by the highest bits of its hash, in which all of its bytes have a part.
#[derive(Clone, Copy)]
struct Hashing {
    mask: u64,
    /// What is left of a hash for its bit.
    bit_shift: u32,
    /// And for its place among the heads.
    head_shift: u32,
    /// And of that for its share.
    share_shift: u32,
}

/// A part of a sieve, to be filled by a thread of its own.
pub struct Share<'s> {
    number: usize,
    hashing: Hashing,
    bits: &'s mut [u64],
    heads: &'s mut [u32],
    pieces: &'s mut Vec<(Piece, u32)>,
}

impl Sieve {
    /// A sieve for pieces of this width, which looks at every `step`th place; `most` is how many pieces there may be.
    #[must_use]
    pub fn new(width: usize, step: usize, most: usize) -> Self {
        debug_assert!((1..=LONGEST_STEP).contains(&step) || LONG_STEPS.contains(&step));
        let log = (usize::BITS - most.leading_zeros()).max(1);
        let bits = (log + BITS_A_PIECE).clamp(SMALLEST_BITS, LARGEST_BITS);
        let (bit_shift, head_shift) = (u64::BITS - bits, u64::BITS - log);
        Self {
            width,
            step,
            most,
            hashing: Hashing { mask: mask(width), bit_shift, head_shift, share_shift: log },
            bits: vec![0; 1 << (bits - 6)],
            heads: vec![NONE; 1 << log],
            pieces: Vec::new(),
        }
    }

    /// The empty sieve in shares, to be filled: so many, or the next lower power of two.
    pub fn shares(&mut self, count: usize) -> Vec<Share<'_>> {
        let log = count.clamp(1, self.heads.len()).ilog2();
        self.hashing.share_shift = self.heads.len().ilog2() - log;
        // Each with room for all: what grows leaves a copy behind that nobody wipes. Room that is not used costs nothing.
        self.pieces = (0..1 << log).map(|_| Vec::with_capacity(self.most)).collect();
        let (bits, heads, hashing) = (self.bits.len() >> log, self.heads.len() >> log, self.hashing);
        let tables = self.bits.chunks_exact_mut(bits).zip(self.heads.chunks_exact_mut(heads));
        let parts = tables.zip(&mut self.pieces).enumerate();
        parts.map(|(number, ((bits, heads), pieces))| Share { number, hashing, bits, heads, pieces }).collect()
    }

    /// The next place from `at` on at which a piece may stand, and what does; `at` becomes where to go on.
    pub fn next(&self, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        // A step that is known when this is compiled takes a third of the time.
        let found = match self.step {
            1 => self.next_by::<1>(bytes, at),
            2 => self.next_by::<2>(bytes, at),
            3 => self.next_by::<3>(bytes, at),
            4 => self.next_by::<4>(bytes, at),
            5 => self.next_by::<5>(bytes, at),
            6 => self.next_by::<6>(bytes, at),
            7 => self.next_by::<7>(bytes, at),
            8 => self.next_by::<8>(bytes, at),
            9 => self.next_by::<9>(bytes, at),
            10 => self.next_by::<10>(bytes, at),
            11 => self.next_by::<11>(bytes, at),
            16 => self.next_by::<16>(bytes, at),
            24 => self.next_by::<24>(bytes, at),
            _ => self.next_by::<LONGEST_STEP>(bytes, at),
        };
        found.or_else(|| self.next_of_last(bytes, at))
    }

    /// The last places have too few bytes behind them for a whole load.
    fn next_of_last(&self, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        while *at + self.width <= bytes.len() {
            let (here, word) = (*at, piece_at(bytes, *at) & self.hashing.mask);
            *at += self.step;
            if self.is_set(word) != 0 {
                return Some((here, word));
            }
        }
        None
    }

    /// The pieces that are what stands at a place.
    #[must_use]
    pub fn pieces(&self, word: u64) -> Pieces<'_> {
        let place = self.hashing.place(word.wrapping_mul(MIX));
        let share = self.pieces.get(self.hashing.share(place)).map_or(&[][..], Vec::as_slice);
        Pieces { share, word, next: self.heads[place] }
    }

    fn next_by<const STEP: usize>(&self, bytes: &[u8], at: &mut usize) -> Option<(usize, u64)> {
        let mut here = *at;
        loop {
            // Four places with one question whether any of them is worth a look.
            while let Some(window) = bytes.get(here..here + (AT_ONCE - 1) * STEP + WIDEST) {
                let [one, two] = [self.may_be_at(window, 0), self.may_be_at(window, STEP)];
                let [three, four] = [self.may_be_at(window, 2 * STEP), self.may_be_at(window, 3 * STEP)];
                if one | two | three | four != 0 {
                    break;
                }
                here += AT_ONCE * STEP;
            }
            for _ in 0..AT_ONCE {
                let Some(word) = self.load(bytes, here) else {
                    *at = here;
                    return None;
                };
                if self.is_set(word) != 0 {
                    *at = here + STEP;
                    return Some((here, word));
                }
                here += STEP;
            }
        }
    }

    #[inline]
    fn load(&self, bytes: &[u8], at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<WIDEST>()?) & self.hashing.mask)
    }

    #[inline]
    fn may_be_at(&self, bytes: &[u8], at: usize) -> u64 {
        self.load(bytes, at).map_or(0, |word| self.is_set(word))
    }

    #[inline]
    fn is_set(&self, word: u64) -> u64 {
        let (word, one, other) = self.hashing.bits(word.wrapping_mul(MIX));
        self.bits.get(word).map_or(0, |bits| bits >> one & bits >> other & 1)
    }
}

impl Hashing {
    /// The two bits that stand for a piece: in one word, which costs one load.
    #[inline]
    fn bits(self, hash: u64) -> (usize, u64, u64) {
        let bit = hash >> self.bit_shift;
        (usize::try_from(bit >> 6).unwrap_or_default(), bit & 63, hash >> 30 & 63)
    }

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
        let hash = bytes.wrapping_mul(MIX);
        let place = self.hashing.place(hash);
        if self.hashing.share(place) != self.number {
            return;
        }
        let (word, one, other) = self.hashing.bits(hash);
        // Both tables are cut by the same bits of the hash, so within the share it is the lower ones that count.
        let (word, place) = (word & (self.bits.len() - 1), place & (self.heads.len() - 1));
        self.bits[word] |= 1 << one | 1 << other;
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
        self.bits.zeroize();
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
