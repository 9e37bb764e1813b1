//! Texts that look like an issuer's keys, whoever's they are: by the table of known kinds, and by check characters where a
//! kind has any. No text is taken for a key because it looks random.

use super::sieve::{Piece, Sieve, piece_at};
use crate::issuer::{Anchors, Found};

/// Of a constant text three bytes are looked for, at every second place of a text.
const WIDTH: usize = 3;
const STEP: usize = 2;
/// The longest text that is looked at behind a constant one.
pub(super) const REACH: usize = 24 * 1024;
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
    sieve: Sieve,
}

impl Shapes {
    pub fn known() -> Self {
        let anchors = Anchors::known();
        let mut pieces = Vec::new();
        for (number, text) in (0..).zip(anchors.texts()) {
            add(text.as_bytes(), number, &mut pieces);
        }
        let mut sieve = Sieve::new(WIDTH, STEP, pieces.len());
        pieces.into_iter().for_each(|piece| sieve.add(piece));
        Self { anchors, sieve }
    }

    /// Every one in these bytes, in their order. Of several in one place the one with the longest constant text.
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        self.sieve.sift(bytes, |at, piece| {
            let Some(at) = at.checked_sub(piece.at as usize) else { return };
            found.extend(
                self.find_at(bytes, piece.of as usize, at).filter(|found| !is_example(&bytes[found.range.clone()])),
            );
        });
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

    fn find_at(&self, bytes: &[u8], number: usize, at: usize) -> Option<Found> {
        let found = self.anchors.find(bytes, number, at);
        let rest = bytes.get(at..)?;
        if found.is_some() || !rest.starts_with(PEM) {
            return found;
        }
        let (text, places) = without_indents(&rest[..rest.len().min(REACH)]);
        let mut found = self.anchors.find(&text, number, 0)?;
        found.range = at..at + places.get(found.range.end).copied().unwrap_or(places.len());
        Some(found)
    }
}

/// The pieces by which a constant text is found at every second place: two that follow each other, and the rarest such.
fn add(text: &[u8], of: u32, pieces: &mut Vec<Piece>) {
    let piece = |at: usize| Piece { bytes: piece_at(text, at), of, at: u32::try_from(at).unwrap_or_default() };
    if text.len() > WIDTH {
        let often = |at: &usize| text[*at..=at + WIDTH].iter().map(|byte| how_often(*byte)).sum::<u32>();
        let at = (0..text.len() - WIDTH).min_by_key(often).unwrap_or_default();
        pieces.extend([piece(at), piece(at + 1)]);
        return;
    }
    pieces.push(piece(0));
    for next in (0..0x80).filter(|byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/.~".contains(byte)) {
        let bytes = piece_at(&[&text[1..], &[next]].concat(), 0);
        pieces.push(Piece { bytes, of, at: 1 });
    }
}

/// How often a byte stands in sources and prose, roughly.
fn how_often(byte: u8) -> u32 {
    match byte {
        b' ' | b'-' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 8,
        b'a'..=b'z' | b'/' | b'.' | b':' => 5,
        b'_' => 4,
        _ => 1,
    }
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
    fn a_key_is_found_in_whatever_stands_around_it_and_not_within_a_longer_word() {
        let key = sample(&["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"]);
        for (text, count) in [
            (format!("{key}"), 1),
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
