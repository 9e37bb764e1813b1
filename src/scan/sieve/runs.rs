//! Finds the runs of bytes that are long enough for a key: of letters, digits and what else keys have in them. In sources
//! and prose few are.
//!
//! A block of bytes becomes a number with a bit for each, in which a few shifts tell whether a long run is.

use std::ops::Range;

/// The first letter that a key may have in it: what comes before it in ASCII are spaces, quotes and brackets.
pub const FIRST: u8 = b'+';
/// As many bytes as a number has bits.
const BLOCK: usize = u64::BITS as usize;

/// The runs of at least 20 bytes, in their order.
pub struct Runs<'b> {
    bytes: &'b [u8],
    blocks: &'b [[u8; BLOCK]],
    /// The number of the block that is looked at.
    at: usize,
    /// Which bytes of it may be in a key; those that were told of are none any more.
    keys: u64,
    /// How many bytes right before it are of a run.
    before: usize,
}

impl<'b> Runs<'b> {
    /// The fewest bytes of a run.
    pub const SHORTEST: usize = 20;

    /// Those in these bytes.
    #[must_use]
    pub fn of(bytes: &'b [u8]) -> Self {
        let mut runs = Self { bytes, blocks: bytes.as_chunks().0, at: 0, keys: 0, before: 0 };
        runs.keys = runs.keys_of(0);
        runs
    }

    #[inline]
    fn keys_of(&self, at: usize) -> u64 {
        self.blocks.get(at).map_or_else(|| self.keys_of_last(at), keys)
    }

    /// What is missing in the last block is in no key.
    #[cold]
    fn keys_of_last(&self, at: usize) -> u64 {
        let rest = self.bytes.get(BLOCK * at..).unwrap_or_default();
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        keys(&block)
    }

    fn go_on(&mut self) {
        self.at += 1;
        self.keys = self.keys_of(self.at);
    }

    /// The next one.
    #[expect(clippy::should_implement_trait, reason = "what is generic over iterators would be compiled elsewhere")]
    pub fn next(&mut self) -> Option<Range<usize>> {
        while BLOCK * self.at < self.bytes.len() {
            let (keys, begin) = (self.keys, BLOCK * self.at);
            let (whole, first) = (begins_of_long(keys), keys.trailing_ones() as usize);
            let is_joined = self.before + first >= Self::SHORTEST;
            if whole == 0 && !is_joined {
                self.before = if first == BLOCK { self.before + BLOCK } else { keys.leading_ones() as usize };
                self.go_on();
                continue;
            }
            let within = if is_joined { 0 } else { whole.trailing_zeros() as usize };
            let from = if is_joined { begin - self.before } else { begin + within };
            let mut to = within + (keys >> within).trailing_ones() as usize;
            while to == BLOCK {
                self.go_on();
                to = self.keys.trailing_ones() as usize;
            }
            self.keys &= u64::MAX << to;
            self.before = 0;
            return Some(from..BLOCK * self.at + to);
        }
        None
    }
}

/// A bit for each byte that a key may have in it.
#[inline]
fn keys(block: &[u8; BLOCK]) -> u64 {
    /// Brings the lowest bits of eight bytes together in the highest byte.
    const TOGETHER: u64 = 0x0102_0408_1020_4080;
    // Compared all at once, and without a sign what is not ASCII would be in a key.
    let is_key = block.map(|byte| u8::from(byte.cast_signed() >= FIRST.cast_signed()));
    let (words, _) = is_key.as_chunks();
    let bits = words.iter().map(|word| u64::from_le_bytes(*word).wrapping_mul(TOGETHER) >> 56);
    bits.zip(0..).fold(0, |all, (bits, number)| all | bits << (8 * number))
}

/// A bit for each place from which on 20 bits are set.
#[inline]
fn begins_of_long(keys: u64) -> u64 {
    let two = keys & keys >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    eight & eight >> 8 & four >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut runs = Runs::of(text.as_bytes());
        std::iter::from_fn(|| runs.next()).map(|range| &text[range]).collect()
    }

    #[test]
    fn every_long_run_is_told_whole_and_no_short_one() {
        let long = "a-b_c.d/e+f=g1234567";
        assert_eq!(long.len(), Runs::SHORTEST);
        for before in 0..20 {
            for after in 0..20 {
                let text = [&" x".repeat(before), " ", long, "\"", &"\u{e4}y".repeat(after)].concat();
                assert_eq!(all(&text), [long], "{text}");
                let more = long.repeat(1 + after % 5);
                let three = [&text, " ", &more, &text].concat();
                assert_eq!(all(&three), [long, &more, long], "{three}");
            }
        }
        assert_eq!(all(&long[1..]), [""; 0]);
        assert_eq!(all(""), [""; 0]);
        assert_eq!(all(long), [long]);
    }

    #[test]
    fn runs_are_the_same_wherever_blocks_begin() {
        // Runs of each length behind each other, and one that is longer than blocks.
        let text: String = (0..150).chain([400]).map(|length| "k".repeat(length) + " ").collect();
        for before in 0..BLOCK {
            let text = " ".repeat(before) + &text;
            let wanted: Vec<&str> = text.split(' ').filter(|run| run.len() >= Runs::SHORTEST).collect();
            assert_eq!(all(&text), wanted, "{before}");
        }
        let others: Vec<u8> = (0..=255).filter(|byte| !(FIRST..0x80).contains(byte)).collect();
        for other in others {
            let text = [&[b'k'; 19][..], &[other], &[b'k'; 70], &[other]].concat();
            let mut runs = Runs::of(&text);
            assert_eq!((runs.next(), runs.next()), (Some(20..90), None), "{other}");
        }
    }
}
