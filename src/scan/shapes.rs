//! Texts that look like an issuer's keys, whoever's they are: by the table of known kinds, and by check characters where a
//! kind has any. No text is taken for a key because it looks random.

use keyctl_sieve::Texts;
use zeroize::Zeroizing;

use crate::issuer::{Anchors, Found};

/// How many bytes a private key has at most with what stands around its lines.
const INDENTED: usize = 24 * 1024;
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
    /// Where constant texts stand.
    texts: Texts,
}

impl Shapes {
    pub fn known() -> Self {
        let (anchors, mut texts) = (Anchors::known(), Texts::default());
        for (number, (text, (_, behind))) in anchors.texts().zip(anchors.lengths()).enumerate() {
            if !text.as_bytes().starts_with(PEM) {
                texts.add(text.as_bytes(), behind, number);
            }
        }
        Self { anchors, texts }
    }

    /// How many bytes of one stand at most before its constant text, and how many it has.
    pub fn reach(&self) -> (usize, usize) {
        let (before, longest) = self.anchors.longest();
        (before, longest.max(INDENTED))
    }

    /// Every one in these bytes, also where several are in one place.
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut places = Vec::new();
        self.texts.find(bytes, &mut places);
        let known = places.into_iter().filter_map(|(at, number)| self.anchors.find(bytes, number, at));
        let mut found: Vec<Found> = known.collect();
        for at in memchr::memmem::find_iter(bytes, PEM) {
            let here = |(_, text): &(usize, &str)| bytes[at..].starts_with(text.as_bytes());
            let number = (0..).zip(self.anchors.texts()).find(here);
            found.extend(number.and_then(|(number, _)| self.private_key(bytes, number, at)));
        }
        found.retain(|found| !is_example(&bytes[found.range.clone()]));
        found
    }

    /// A private key that begins here, also as it stands in JSON, YAML or a program.
    fn private_key(&self, bytes: &[u8], number: usize, at: usize) -> Option<Found> {
        self.anchors.find(bytes, number, at).or_else(|| {
            let (text, places) = without_indents(&bytes[at..bytes.len().min(at + INDENTED)]);
            let mut found = self.anchors.find(&text, number, 0)?;
            found.range = at..at + places.get(found.range.end).copied().unwrap_or(places.len());
            Some(found)
        })
    }
}

/// A PEM text without what stands around its lines where it is part of JSON, YAML or a program, and for each byte of it where
/// it stood.
fn without_indents(text: &[u8]) -> (Zeroizing<Vec<u8>>, Vec<usize>) {
    // Room for all of it: a vector that grows leaves what it held behind.
    let mut kept = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut places, mut at, mut begins) = (Vec::new(), 0, false);
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
    use keyctl_sieve::{BEFORE, BEHIND, LAST};

    use super::*;
    use crate::scan::matches::{Find, Held, Sort};

    fn ids(text: &str) -> Vec<String> {
        let mut held = Held::default();
        let find = |Found { kind, range, anchor, .. }| {
            let what = Sort::Shape { kind, anchor, mark: None };
            Find { start: range.start as u64, end: range.end as u64, line: 1, what }
        };
        held.add(Shapes::known().find(text.as_bytes()).into_iter().map(find).collect());
        let id = |find: Find| match find.what {
            Sort::Shape { kind, .. } => kind.id().to_owned(),
            Sort::Key { .. } => panic!("{find:?}"),
        };
        held.settled(None).into_iter().map(id).collect()
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
    fn no_key_of_a_known_kind_is_so_long_that_streams_become_slow() {
        let (before, longest) = Shapes::known().reach();
        // As much more is kept of each stream and looked at again.
        assert!((1..=200).contains(&before) && (INDENTED..=32 * 1024).contains(&longest), "{before} {longest}");
    }

    #[test]
    fn every_constant_text_has_enough_of_a_key_around_it_to_be_looked_at() {
        let anchors = Anchors::known();
        for (text, (before, from_it_on)) in anchors.texts().zip(anchors.lengths()) {
            let is_looked_at = from_it_on >= BEHIND || (before >= BEFORE && from_it_on >= LAST);
            assert!(is_looked_at || text.as_bytes().starts_with(PEM), "{text}");
        }
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
