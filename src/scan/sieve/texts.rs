//! Finds the places at which one of some constant texts stands, where enough of what keys are made of stands behind it or
//! before it.
//!
//! In sources and prose few stretches of letters and signs are as long as a key. So first every twelfth place alone is looked
//! at, and only whether a key could lie over it: without a branch, as too often one would guess wrong. Around the places that
//! are left three bytes at each of twelve are looked up in a table, which says for nearly all that they are of no text.

/// How many bytes of a text are looked up.
const HEAD: usize = 3;
/// The first letter that a key may have in it: what comes before it in ASCII are spaces, quotes and brackets.
const FIRST: u8 = b'+';
/// With so many bytes of a key from its place on a text is found.
pub const BEHIND: usize = STEP + WORD - 1;
/// Or with so many before it, of base 64 and no other signs.
pub const BEFORE: usize = 27;
/// How many from its place on are needed then.
pub const LAST: usize = 4;

const WORD: usize = size_of::<u64>();
/// Every which place is looked at.
const STEP: usize = 12;
/// How many of them with one list of those that are left.
const PLACES: usize = 500;
/// How many places are looked up at once: so many texts are in a load of eight bytes.
const AT_ONCE: usize = WORD - HEAD + 1;
/// How many bytes around a place are looked at, and how many of them stand before it.
const AROUND: usize = AHEAD + LAST + STEP - 1 + WORD;
const AHEAD: usize = STEP - 1;
/// How many bits the hash of these has.
const HASH_BITS: u32 = 15;

/// The texts.
pub struct Texts {
    /// For each hash of three bytes which of the lists it is, and 0 where no text begins so.
    lists_of: Box<[u8; 1 << HASH_BITS]>,
    /// The texts of each list; the first has none.
    lists: Vec<Vec<Text>>,
}

struct Text {
    /// Its first bytes from those on that are looked up, and which of these count.
    start: u64,
    mask: u64,
    /// Where in it those stand that are looked up.
    at: usize,
    number: usize,
}

impl Default for Texts {
    #[expect(clippy::large_stack_arrays, reason = "32 KiB, once")]
    fn default() -> Self {
        Self { lists_of: Box::new([0; 1 << HASH_BITS]), lists: vec![Vec::new()] }
    }
}

/// The hash of the first three of these bytes.
#[inline]
fn hash(bytes: u64) -> usize {
    const THREE: u32 = 0x00FF_FFFF;
    // Of what the golden ratio's number gives the highest bits depend on all three.
    #[expect(clippy::cast_possible_truncation, reason = "three bytes of it count")]
    let head = bytes as u32 & THREE;
    (head.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HASH_BITS)) as usize
}

/// The highest bit of each byte that no key has in it. It may be set above such a byte too: what is asked is only whether there
/// is any.
#[inline]
fn others(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    (word.wrapping_sub(u64::from(FIRST) * ONES) | word) & (0x80 * ONES)
}

/// How rare some bytes are in sources and prose, roughly: seldom each is of another kind than the one before it, or a hyphen.
fn rarity(bytes: &[u8]) -> usize {
    let kind = |byte: u8| (byte.is_ascii_lowercase(), byte.is_ascii_uppercase(), byte.is_ascii_digit());
    let is_mixed = bytes.windows(2).all(|pair| kind(pair[0]) != kind(pair[1]));
    2 * usize::from(is_mixed) + usize::from(bytes.contains(&b'-'))
}

/// Whether the fifteen bytes up to the fourth from the place on may be of base 64: few other signs may be among them.
#[inline]
fn is_of_base64(around: &[u8; AROUND]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Signs that stand behind the letters in ASCII, in each of its parts: `;` to `?`, `[` to `_` and `{` to `~`.
    let behind_letters = |word: u64| (word & (0x1F * ONES)) + (0x80 - 0x1B) * ONES;
    let colons = |word: u64| {
        let other = word ^ (u64::from(b':') * ONES);
        other.wrapping_sub(ONES) & !other
    };
    let [one, two] = [load(around, 0), load(around, AHEAD + LAST - WORD)];
    (behind_letters(one) | behind_letters(two) | colons(one) | colons(two)) & (0x80 * ONES) == 0
}

#[inline]
fn load(bytes: &[u8; AROUND], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

impl Texts {
    /// Adds a text of at least three bytes, behind whose beginning at least so many of a key stand with it.
    pub fn add(&mut self, text: &[u8], behind: usize, number: usize) {
        debug_assert!(text.len() >= HEAD);
        // Of a longer one those bytes are looked up that sources and prose have least: the first of several.
        let latest = (text.len() - HEAD).min(behind.saturating_sub(BEHIND));
        let at = (0..=latest).rev().max_by_key(|at| rarity(&text[*at..][..HEAD]));
        let at = at.unwrap_or_default();
        let (mut start, mut mask) = ([0; WORD], [0; WORD]);
        for ((start, mask), byte) in start.iter_mut().zip(&mut mask).zip(&text[at..]) {
            (*start, *mask) = (*byte, u8::MAX);
        }
        let (start, mask) = (u64::from_le_bytes(start), u64::from_le_bytes(mask));
        let list = &mut self.lists_of[hash(start)];
        if *list == 0 {
            // Where there are more lists than a byte can number, the last one is for several.
            *list = u8::try_from(self.lists.len()).unwrap_or(u8::MAX);
            self.lists.resize_with(self.lists.len().max(usize::from(*list) + 1), Vec::new);
        }
        self.lists[usize::from(*list)].push(Text { start, mask, at, number });
    }

    /// Adds to `found` the places at which a text stands, each with the text's number.
    #[inline(never)] // Within its caller it would be compiled as that is, which is small.
    pub fn find(&self, bytes: &[u8], found: &mut Vec<(usize, usize)>) {
        let (mut left, mut before) = ([0; PLACES.next_power_of_two()], None);
        for (part, of_it) in bytes.chunks(STEP * PLACES).enumerate() {
            let count = places(of_it, &mut left);
            for place in &left[..count] {
                let at = STEP * PLACES * part + place;
                let goes_on = before.is_some_and(|before| before + STEP == at);
                before = Some(at);
                self.around(bytes, at, goes_on, found);
            }
        }
    }

    /// Looks up the places up to this one, and where a stretch goes on the places behind it.
    #[inline]
    fn around(&self, bytes: &[u8], at: usize, goes_on: bool, found: &mut Vec<(usize, usize)>) {
        let from = at.wrapping_sub(AHEAD);
        let Some(around) = bytes.get(from..).and_then(|bytes| bytes.first_chunk()) else {
            return self.at_an_end(bytes, at, found);
        };
        if self.any(around, 0) {
            self.tell(around, 0, from, found);
        }
        if goes_on && is_of_base64(around) && self.any(around, AHEAD + LAST) {
            self.tell(around, AHEAD + LAST, from, found);
        }
    }

    /// Whether a text may begin at any of the twelve places from here on.
    #[inline]
    fn any(&self, around: &[u8; AROUND], from: usize) -> bool {
        let any = |word: u64| {
            let list = |place: usize| self.lists_of[hash(word >> (8 * place))];
            (list(0) | list(1) | list(2)) | (list(3) | list(4) | list(5))
        };
        any(load(around, from)) | any(load(around, from + AT_ONCE)) != 0
    }

    /// Tells the texts that do.
    #[cold]
    fn tell(&self, around: &[u8; AROUND], from: usize, begin: usize, found: &mut Vec<(usize, usize)>) {
        for place in from..from + STEP {
            let here = load(around, place);
            let list = self.lists_of[hash(here)];
            if list != 0 {
                let of_here = self.lists[usize::from(list)].iter().filter(|text| here & text.mask == text.start);
                found.extend(of_here.map(|text| (begin.wrapping_add(place).wrapping_sub(text.at), text.number)));
            }
        }
    }

    /// The same where there are too few bytes around a place: with zeros, which no text has.
    #[cold]
    fn at_an_end(&self, bytes: &[u8], at: usize, found: &mut Vec<(usize, usize)>) {
        let mut around = [0; AROUND];
        let begin = at.wrapping_sub(AHEAD);
        for (place, byte) in around.iter_mut().enumerate() {
            *byte = bytes.get(begin.wrapping_add(place)).copied().unwrap_or_default();
        }
        self.tell(&around, 0, begin, found);
        self.tell(&around, AHEAD + LAST, begin, found);
    }
}

/// The places of at most so many at which eight bytes of a key may stand, and how many these are.
#[inline]
fn places(bytes: &[u8], left: &mut [usize; PLACES.next_power_of_two()]) -> usize {
    let (steps, rest) = bytes.as_chunks::<STEP>();
    let (mut count, mut place) = (0, 0);
    let mut take = |word: &[u8; WORD]| {
        left[count % left.len()] = place;
        count += usize::from(others(u64::from_le_bytes(*word)) == 0);
        place += STEP;
    };
    for step in steps {
        let [word @ .., _, _, _, _] = step;
        take(word);
    }
    rest.first_chunk().map(take);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As good as random, and the same in each run.
    fn noise(number: usize) -> u8 {
        let mixed = (number as u64 + 1).wrapping_mul(0xD134_2543_DE82_EF95).rotate_left(29);
        mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()[7]
    }

    fn texts(texts: &[&str], behind: usize) -> Texts {
        let mut all = Texts::default();
        texts.iter().enumerate().for_each(|(number, text)| all.add(text.as_bytes(), behind, number));
        all
    }

    fn found(texts: &Texts, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        texts.find(text, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn a_text_with_enough_of_a_key_behind_it_is_found_wherever_it_stands() {
        let texts = texts(&["abc", "abcd_", "long-text-"], BEHIND + 2);
        for before in 0..60 {
            for after in [0, 1, 7, 50] {
                for (text, number) in [("abc", 0), ("long-text-", 2)] {
                    let key = [text, &"+z~".repeat(9)[..BEHIND + 2 - text.len()]].concat();
                    let text = [" \n".repeat(before), key, "\" \u{e4}".repeat(after)].concat();
                    assert_eq!(found(&texts, text.as_bytes()), [(2 * before, number)], "{text}");
                }
            }
        }
        let both = "-----abcd_4567890123456789---";
        assert_eq!(found(&texts, both.as_bytes()), [(5, 0), (5, 1)]);
    }

    #[test]
    fn a_text_with_enough_of_a_key_before_it_is_found_wherever_it_stands() {
        let texts = texts(&["-us"], LAST);
        for before in 0..60 {
            for after in 0..40 {
                let text =
                    [&" \"".repeat(before), &"0a".repeat(BEFORE)[..BEFORE], "-us1", &"\n{".repeat(after)].concat();
                assert_eq!(found(&texts, text.as_bytes()), [(2 * before + BEFORE, 0)], "{text}");
            }
        }
    }

    #[test]
    fn what_is_found_is_there_and_in_long_bytes_nothing_is_missed() {
        let texts = texts(&["abc", "xyz_", "+-+"], BEHIND);
        // Mostly letters, and here and there what is in no key.
        let letter = |byte: u8| if byte < 240 { b'a' } else { byte };
        let mut bytes: Vec<u8> = (0..300_000).map(|number| letter(noise(number))).collect();
        let mut expected = Vec::new();
        for number in 0..2000 {
            let at = 150 * number + usize::from(noise(number) % 100);
            let text = [&b"abc"[..], b"xyz_", b"+-+"][number % 3];
            bytes[at..at + BEHIND].fill(b'/');
            bytes[at..at + text.len()].copy_from_slice(text);
            expected.push((at, number % 3));
        }
        assert_eq!(found(&texts, &bytes), expected);
        for length in 0..100 {
            assert!(found(&texts, &bytes[..length]).iter().all(|(at, _)| *at < length));
        }
    }

    #[test]
    fn more_texts_than_a_byte_can_number_are_found_too() {
        let numbers: Vec<String> = (100..700).map(|number| format!("{number}_")).collect();
        let texts = texts(&numbers.iter().map(String::as_str).collect::<Vec<_>>(), BEHIND);
        for (number, text) in numbers.iter().enumerate() {
            assert_eq!(found(&texts, format!("{text}{}", "x".repeat(20)).as_bytes()), [(0, number)], "{text}");
        }
    }
}
