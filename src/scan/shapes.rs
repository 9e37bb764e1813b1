//! Texts that look like an issuer's keys, whoever's they are: by the table of known kinds, and by check characters where a
//! kind has any. No text is taken for a key because it looks random.

use crate::issuer::{Anchors, Found};

/// The longest text that is looked at behind a constant one.
pub(super) const REACH: usize = 24 * 1024;
/// The fewest bytes of a key of any kind: a test of the table holds it to that.
const SHORTEST: usize = 20;
/// The first letter that a key may have in it: what comes before it in ASCII are spaces, quotes and brackets.
const FIRST: u8 = b'+';
/// How a private key begins, which programs write with `\n` and indent.
const PEM: &[u8] = b"-----BEGIN";

/// Keys that their issuers or a standard's authors print in their documentation. Parted by bars, so that no search for
/// leaks stops here.
const EXAMPLES: &[&str] = &[
    "SflKxwRJSMeKKF2QT4|fwpMeJf36POk6yJV_adQssw5c",
    "sk_test_|4eC39HqLyjWDarjtT1zdp7dc",
    "sk_test_|BQokikJOvBiI2HlWgH4olfQ2",
    "sk_test_|tR3PYbcVNZZ796tH88S4VQ2u",
];

/// What finds them.
pub(super) struct Shapes {
    anchors: Anchors,
    /// For each hash of three bytes which list has the constant texts that begin so.
    heads: Box<[u8; 1 << HEAD_BITS]>,
    /// These lists, of their numbers; the first is empty.
    lists: Vec<Vec<usize>>,
}

/// How many bits the hash of three bytes has, of which no constant text has fewer.
const HEAD_BITS: u32 = 13;
const HEAD: usize = 3;

fn hash(head: u32) -> usize {
    (head.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HEAD_BITS)) as usize
}

fn head(bytes: [u8; HEAD]) -> usize {
    let [one, two, three] = bytes;
    hash(u32::from_be_bytes([0, one, two, three]))
}

impl Shapes {
    pub fn known() -> Self {
        let anchors = Anchors::known();
        let (mut heads, mut lists) = (Box::new([0; 1 << HEAD_BITS]), vec![Vec::new()]);
        for (number, text) in anchors.texts().enumerate() {
            let Some(start) = text.as_bytes().first_chunk() else { continue };
            let list = &mut heads[head(*start)];
            if *list == 0 {
                *list = u8::try_from(lists.len()).unwrap_or_default();
                lists.push(Vec::new());
            }
            lists[usize::from(*list)].push(number);
        }
        Self { anchors, heads, lists }
    }

    /// Every one in these bytes, in their order. Of several in one place the one with the longest constant text.
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        long_words(bytes, |from, to| self.find_in(bytes, from, to, &mut found));
        for at in memchr::memmem::find_iter(bytes, PEM) {
            let here = |(_, text): &(usize, &str)| bytes[at..].starts_with(text.as_bytes());
            let number = (0..).zip(self.anchors.texts()).find(here);
            found.extend(number.and_then(|(number, _)| self.private_key(bytes, number, at)));
        }
        found.retain(|found| !is_example(&bytes[found.range.clone()]));
        found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.anchor)));
        let mut alone: Vec<Found> = Vec::new();
        for one in found {
            match alone.last_mut().filter(|last| last.range.end > one.range.start) {
                Some(last) if last.anchor < one.anchor => *last = one,
                Some(_) => {}
                None => alone.push(one),
            }
        }
        alone
    }

    /// Those whose constant text stands in this run of bytes, looked for at each of its places: three bytes and a table
    /// say of nearly all that none does.
    fn find_in(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<Found>) {
        let mut three = 0;
        for (at, byte) in bytes[from..to].iter().enumerate() {
            three = (three << 8 | u32::from(*byte)) & 0x00FF_FFFF;
            let list = self.heads[hash(three)];
            if list != 0 && at >= HEAD - 1 {
                self.find_at(bytes, from + at + 1 - HEAD, list, found);
            }
        }
    }

    #[cold]
    fn find_at(&self, bytes: &[u8], at: usize, list: u8, found: &mut Vec<Found>) {
        found.extend(self.lists[usize::from(list)].iter().filter_map(|number| self.anchors.find(bytes, *number, at)));
    }

    /// A private key that begins here, also as it stands in JSON, YAML or a program.
    fn private_key(&self, bytes: &[u8], number: usize, at: usize) -> Option<Found> {
        self.anchors.find(bytes, number, at).or_else(|| {
            let (text, places) = without_indents(&bytes[at..bytes.len().min(at + REACH)]);
            let mut found = self.anchors.find(&text, number, 0)?;
            found.range = at..at + places.get(found.range.end).copied().unwrap_or(places.len());
            Some(found)
        })
    }
}

/// Hands every run of bytes to `each` that is long enough for a key: of letters, digits and what else keys have in them. In
/// sources and prose few are.
fn long_words(bytes: &[u8], mut each: impl FnMut(usize, usize)) {
    const WORD: usize = size_of::<u64>();
    const HALF: u64 = u32::MAX as u64;
    let (words, rest) = bytes.as_chunks::<WORD>();
    // What is missing in the last word is in no key, so each run ends.
    let mut end = [0; WORD];
    end[..rest.len()].copy_from_slice(rest);
    let word = |at: usize| words.get(at).map_or_else(|| others(end), |word| others(*word));
    let (mut at, mut here) = (0, word(0));
    while at < words.len() {
        let next = word(at + 1);
        // A run that is long enough has, wherever it begins, one of these words in it and half of the next.
        if here | next & HALF != 0 {
            (at, here) = (at + 1, next);
            continue;
        }
        let before = at.checked_sub(1).map_or(0, |before| word(before).leading_zeros() / u8::BITS) as usize;
        let (mut last, mut others) = (at + 1, next);
        while others == 0 {
            last += 1;
            others = word(last);
        }
        let (from, to) = (WORD * at - before, WORD * last + (others.trailing_zeros() / u8::BITS) as usize);
        if to - from >= SHORTEST {
            each(from, to);
        }
        (at, here) = (last + 1, word(last + 1));
    }
}

/// The highest bit of each byte that no key has in it; of a `+` behind such a byte too, with which no key begins.
fn others(word: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    (word.wrapping_sub(u64::from(FIRST) * ONES) | word) & (0x80 * ONES)
}

/// A PEM text without what stands around its lines where it is part of JSON, YAML or a program, and for each byte of it where
/// it stood.
fn without_indents(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut kept, mut places, mut at, mut begins) = (Vec::new(), Vec::new(), 0, false);
    while let Some(byte) = text.get(at) {
        let (letter, taken) = match (byte, text.get(at + 1)) {
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            _ => (*byte, 1),
        };
        let is_around = begins && matches!(letter, b' ' | b'\t' | b'"' | b'\'' | b'#' | b'*');
        if !is_around {
            begins = letter == b'\n';
            kept.push(letter);
            places.push(at);
        }
        at += taken;
    }
    (kept, places)
}

/// Whether it is one that somebody made to be read: `AKIA…EXAMPLE`, rows of one letter or of letters in their order.
fn is_example(text: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    let longest_row = |step: u8| {
        let follows = |pair: &[u8]| pair[0].is_ascii_alphanumeric() && pair[1] == pair[0].wrapping_add(step);
        let rows = text.windows(2).scan(0, |row, pair| {
            *row = if follows(pair) { *row + 1 } else { 0 };
            Some(*row)
        });
        rows.max().unwrap_or_default()
    };
    has(b"EXAMPLE")
        || has(b"example")
        || EXAMPLES.iter().any(|known| has(known.replace('|', "").as_bytes()))
        // Long keys in base 64 have rows of `A` where there are zeros.
        || (text.len() < 200 && (longest_row(0) >= 7 || longest_row(1) >= 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        Shapes::known().find(text.as_bytes()).iter().map(|found| found.kind.id().to_owned()).collect()
    }

    /// Made up, with right check characters where it has any.
    fn sample(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn every_kind_is_found_by_its_samples_and_by_nothing_else() {
        let (shapes, mut count) = (Shapes::known(), 0);
        for (id, yes, no) in crate::issuer::samples() {
            // Of what an issuer prints itself nothing is said.
            for text in yes.iter().filter(|text| !is_example(text.as_bytes())) {
                assert_eq!(ids(&format!("key: \"{text}\",\n")), [id], "{text}");
                assert_eq!(ids(text), [id], "{text}");
                count += 1;
            }
            // A part of it may be one: what has a blank before it, or ends with `==` and has a letter behind that.
            for text in no {
                let found = shapes.find(text.as_bytes());
                let whole = |found: &Found| found.kind.id() == id && found.range.len() == text.len();
                assert!(!found.iter().any(whole), "{id}: {text}");
            }
        }
        assert!(count > 120, "{count}");
    }

    #[test]
    fn a_key_is_found_in_whatever_stands_around_it_and_not_within_a_longer_word() {
        let key = sample(&["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"]);
        for (text, count) in [
            (key.clone(), 1),
            (format!("a = '{key}';"), 1),
            (format!("https://x.test/?k%3D{key}&y=1"), 1),
            (format!("\"one\\n{key}\\ntwo\""), 1),
            (format!("Bearer {key}."), 1),
            (format!("risk_{key}"), 0),
            (format!("x{key}"), 0),
            (format!("{key}x"), 0),
            (format!("{key}_x"), 0),
            (format!("{key} {key}"), 2),
        ] {
            assert_eq!(ids(&text).len(), count, "{text}");
        }
    }

    #[test]
    fn of_wrong_check_characters_and_of_what_documents_show_nothing_is_said() {
        let right = sample(&["ghp", "_", "aaaaaaaaaabbbbbbbbbbccccccccccd"]);
        assert_eq!(ids(&format!("{right}00000")), [""; 0]);
        assert_eq!(ids("AKIAIOSFODNN7EXAMPLE"), [""; 0]);
        assert_eq!(ids(&["AK", "IAQ3EXB4LK5WZ7R2TN"].concat()), ["aws-access-key-id"]);
        assert_eq!(ids(&["AK", "IAABCDEFGHIJKLMNOP"].concat()), [""; 0]);
    }

    #[test]
    fn every_long_word_is_looked_at_whole_and_no_short_one() {
        let long = "a-b_c.d/e+f=g1234567";
        assert_eq!(long.len(), SHORTEST);
        for before in 0..20 {
            for after in 0..20 {
                let text = [&" x".repeat(before), " ", long, "\"", &"\u{e4}y".repeat(after)].concat();
                let mut words = Vec::new();
                long_words(text.as_bytes(), |from, to| words.push(text[from..to].to_owned()));
                assert_eq!(words, [long], "{text}");
            }
        }
        long_words(&long.as_bytes()[1..], |_, _| panic!("too short"));
        long_words(b"", |_, _| panic!("nothing"));
        let mut whole = 0;
        long_words(long.as_bytes(), |from, to| whole += to - from);
        assert_eq!(whole, SHORTEST);
    }

    #[test]
    fn a_private_key_is_found_in_json_and_in_yaml() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        let head = ["-----BEGIN PRI", "VATE KEY-----"].concat();
        let end = ["-----END PRI", "VATE KEY-----"].concat();
        for between in ["\n", "\r\n", "\\n", "\n    ", "\\n\" +\n  \""] {
            let text = [&head, body, body, &end].map(String::from).join(between);
            assert_eq!(ids(&format!("key: {text}\n")), ["private-key"], "{between:?}");
        }
    }
}
