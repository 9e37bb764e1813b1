//! Finds the runs of bytes that are long enough for a key: of letters, digits and what else keys have in them. In sources
//! and prose few are.

use std::ops::Range;

/// The first letter that a key may have in it: what comes before it in ASCII are spaces, quotes and brackets.
pub const FIRST: u8 = b'+';
const WORD: usize = size_of::<u64>();

/// The runs of at least 20 bytes, in their order.
pub struct Runs<'b> {
    words: &'b [[u8; WORD]],
    /// What is left behind the last whole word. What is missing in it is in no key, so each run ends.
    end: [u8; WORD],
    at: usize,
}

impl<'b> Runs<'b> {
    /// The fewest bytes of a run.
    pub const SHORTEST: usize = 20;

    /// Those in these bytes.
    #[must_use]
    pub fn of(bytes: &'b [u8]) -> Self {
        let (words, rest) = bytes.as_chunks();
        let mut end = [0; WORD];
        end[..rest.len()].copy_from_slice(rest);
        Self { words, end, at: 0 }
    }

    #[inline]
    fn others(&self, at: usize) -> u64 {
        others(*self.words.get(at).unwrap_or(&self.end))
    }

    /// The next one.
    #[expect(clippy::should_implement_trait, reason = "what is generic over iterators would be compiled elsewhere")]
    pub fn next(&mut self) -> Option<Range<usize>> {
        const HALF: u64 = u32::MAX as u64;
        /// Shifts the first three bytes out, which leaves the last five.
        const FIVE: u32 = 3 * u8::BITS;
        let (words, mut at) = (self.words, self.at);
        let mut before = at.checked_sub(1).map_or(u64::MAX, |before| self.others(before));
        let mut here = self.others(at);
        while at < words.len() {
            let next = words.get(at + 1).map_or_else(|| others(self.end), |word| others(*word));
            // A run that is long enough has, wherever it begins, two words, or five bytes, a word and four bytes.
            if (here | next != 0) && (before >> FIVE | here | next & HALF != 0) {
                (at, before, here) = (at + 1, here, next);
                continue;
            }
            let (mut last, mut others) = (at + 1, next);
            while others == 0 {
                last += 1;
                others = self.others(last);
            }
            let from = WORD * at - if at == 0 { 0 } else { (before.leading_zeros() / u8::BITS) as usize };
            let to = WORD * last + (others.trailing_zeros() / u8::BITS) as usize;
            if to - from >= Self::SHORTEST {
                self.at = last + 1;
                return Some(from..to);
            }
            (at, before, here) = (last + 1, others, self.others(last + 1));
        }
        self.at = at;
        None
    }
}

/// The highest bit of each byte that no key has in it; of a `+` behind such a byte too, with which no key begins.
#[inline]
fn others(word: [u8; WORD]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    (word.wrapping_sub(u64::from(FIRST) * ONES) | word) & (0x80 * ONES)
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
}
