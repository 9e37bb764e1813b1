//! The shape of a key's text: runs of characters from an alphabet, and texts that are always the same.
//!
//! Written as pieces between spaces: `base62{36}`, `digit{8,10}`, `'T3BlbkFJ'`. A run takes as many characters as it may,
//! and never gives one back: a run without a fixed length is followed by what it could not have taken itself, or it is
//! refused here. So a text is looked at once from its beginning to its end, and no text takes longer than its length.

/// A set of ASCII characters: bit `n` for character `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Alphabet(u128);

impl Alphabet {
    const fn of(ranges: &[(u8, u8)]) -> Self {
        let (mut set, mut range) = (0, 0);
        while range < ranges.len() {
            let (mut letter, last) = ranges[range];
            while letter <= last {
                set |= 1 << letter;
                letter += 1;
            }
            range += 1;
        }
        Self(set)
    }

    fn has(self, byte: u8) -> bool {
        byte.is_ascii() && self.0 & (1 << byte) != 0
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const DIGITS: (u8, u8) = (b'0', b'9');
const UPPER: (u8, u8) = (b'A', b'Z');
const LOWER: (u8, u8) = (b'a', b'z');

/// The alphabets by name. Base 64 in URLs has `-` and `_` for `+` and `/` (RFC 4648); base 32 has no digits but 2 to 7.
#[rustfmt::skip]
const ALPHABETS: &[(&str, Alphabet)] = &[
    ("digit",     Alphabet::of(&[DIGITS])),
    ("letter",    Alphabet::of(&[UPPER, LOWER])),
    ("hex",       Alphabet::of(&[DIGITS, (b'a', b'f')])),
    ("HEX",       Alphabet::of(&[DIGITS, (b'A', b'F')])),
    ("anyhex",    Alphabet::of(&[DIGITS, (b'A', b'F'), (b'a', b'f')])),
    ("base32",    Alphabet::of(&[(b'2', b'7'), LOWER])),
    ("BASE32",    Alphabet::of(&[(b'2', b'7'), UPPER])),
    ("base36",    Alphabet::of(&[DIGITS, LOWER])),
    ("BASE36",    Alphabet::of(&[DIGITS, UPPER])),
    ("base62",    Alphabet::of(&[DIGITS, UPPER, LOWER])),
    ("base64",    Alphabet::of(&[DIGITS, UPPER, LOWER, (b'+', b'+'), (b'/', b'/')])),
    ("base64url", Alphabet::of(&[DIGITS, UPPER, LOWER, (b'-', b'-'), (b'_', b'_')])),
    // What ends a text of 32 bytes or 64 bytes in base 64, where four bits or two are left over.
    ("base64end", Alphabet::of(&[(b'A', b'A'), (b'Q', b'Q'), (b'g', b'g'), (b'w', b'w')])),
    ("padding",   Alphabet::of(&[(b'=', b'=')])),
    ("BECH32",    Alphabet::of(&[(b'0', b'0'), (b'2', b'9'), (b'A', b'A'), (b'C', b'H'), (b'J', b'N'), (b'P', b'Z')])),
    // A label as in a host's name.
    ("label",     Alphabet::of(&[DIGITS, LOWER, (b'-', b'-'), (b'_', b'_')])),
    // Base 62 and the marks that a URL carries as they are (RFC 3986, "unreserved").
    ("unreserved", Alphabet::of(&[DIGITS, UPPER, LOWER, (b'-', b'.'), (b'_', b'_'), (b'~', b'~')])),
    ("newline",   Alphabet::of(&[(b'\n', b'\n'), (b'\r', b'\r')])),
    // The lines of a PEM file (RFC 7468), and the words in its first and last line.
    ("pem",       Alphabet::of(&[DIGITS, UPPER, LOWER, (b'+', b'+'), (b'/', b'/'), (b'=', b'='), (b'\n', b'\n'), (b'\r', b'\r')])),
    ("words",     Alphabet::of(&[UPPER, (b' ', b' ')])),
];

/// The most characters a run may have.
const LONGEST_RUN: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    Run { of: Alphabet, least: usize, most: usize },
}

impl Piece {
    fn read(text: &str) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix('\'') {
            let literal = inner.strip_suffix('\'').filter(|literal| !literal.is_empty());
            return literal.map(|literal| Self::Literal(literal.into())).ok_or_else(|| format!("no end of {text}"));
        }
        let (name, counts) = text.strip_suffix('}').and_then(|text| text.split_once('{')).unwrap_or((text, "1"));
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        let (_, of) =
            ALPHABETS.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("no alphabet {name}"))?;
        match (least.parse(), most.parse()) {
            (Ok(least), Ok(most)) if least <= most && (1..=LONGEST_RUN).contains(&most) => {
                Ok(Self::Run { of: *of, least, most })
            }
            _ => Err(format!("no lengths in {text}")),
        }
    }

    /// The fewest and the most bytes.
    fn lengths(&self) -> (usize, usize) {
        match self {
            Self::Literal(text) => (text.len(), text.len()),
            Self::Run { least, most, .. } => (*least, *most),
        }
    }

    /// How many bytes of a text it takes.
    fn take(&self, text: &[u8]) -> usize {
        match self {
            Self::Literal(literal) => text.iter().zip(literal).take_while(|(given, meant)| given == meant).count(),
            Self::Run { of, most, .. } => text.iter().take(*most).take_while(|byte| of.has(**byte)).count(),
        }
    }

    /// The characters it may begin with.
    fn first(&self) -> Alphabet {
        match self {
            Self::Literal(text) => Alphabet(text.first().filter(|byte| byte.is_ascii()).map_or(0, |byte| 1 << byte)),
            Self::Run { of, .. } => *of,
        }
    }
}

/// How a text fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// From its beginning to its end.
    Whole,
    /// As far as it goes, but it ends too soon.
    CutShort,
    /// Not.
    No,
}

/// What a text has to look like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape(Vec<Piece>);

impl Shape {
    /// A text that is always the same.
    pub(super) fn literal(text: &str) -> Self {
        Self(vec![Piece::Literal(text.into())])
    }

    /// Reads pieces between spaces.
    ///
    /// # Errors
    /// Why it cannot be read, for whoever writes the table.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.split_whitespace().map(Piece::read).collect::<Result<_, _>>()?))
    }

    /// One after the other.
    ///
    /// # Errors
    /// When a run could swallow what comes after it.
    pub(super) fn joined(parts: [&Self; 3]) -> Result<Self, String> {
        let pieces: Vec<Piece> = parts.into_iter().flat_map(|part| part.0.clone()).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let (least, most) = piece.lengths();
            for next in pieces[at + 1..].iter().take(if least == most { 0 } else { usize::MAX }) {
                if piece.first().meets(next.first()) {
                    return Err(format!("{piece:?} could swallow {next:?}"));
                }
                if next.lengths().0 > 0 {
                    break;
                }
            }
        }
        Ok(Self(pieces))
    }

    /// The fewest and the most bytes of a text that fits.
    pub(super) fn lengths(&self) -> (usize, usize) {
        self.0.iter().map(Piece::lengths).fold((0, 0), |sum, piece| (sum.0 + piece.0, sum.1 + piece.1))
    }

    /// Holds a text against it.
    pub(super) fn fit(&self, text: &[u8]) -> Fit {
        let mut rest = text;
        for piece in &self.0 {
            let taken = piece.take(rest);
            rest = &rest[taken..];
            if taken < piece.lengths().0 {
                return if rest.is_empty() { Fit::CutShort } else { Fit::No };
            }
        }
        if rest.is_empty() { Fit::Whole } else { Fit::No }
    }

    /// How many bytes fit of a text that begins with what fits. The last run ends with its letters, not before them.
    pub(super) fn begins(&self, text: &[u8]) -> Option<usize> {
        let mut rest = text;
        for piece in &self.0 {
            let taken = piece.take(rest);
            if taken < piece.lengths().0 {
                return None;
            }
            rest = &rest[taken..];
        }
        let goes_on = match (self.0.last(), rest.first()) {
            (Some(Piece::Run { of, .. }), Some(next)) => {
                of.has(*next) && (next.is_ascii_alphanumeric() || b"-_".contains(next))
            }
            _ => false,
        };
        (!goes_on).then_some(text.len() - rest.len())
    }

    /// Where the constant texts stand in a text that fits.
    pub(super) fn literals(&self, text: &[u8]) -> Vec<std::ops::Range<usize>> {
        let (mut at, mut literals) = (0, Vec::new());
        for piece in &self.0 {
            let taken = piece.take(&text[at..]);
            if matches!(piece, Piece::Literal(_)) {
                literals.push(at..at + taken);
            }
            at += taken;
        }
        literals
    }

    /// Makes a text that fits out of numbers, for tests.
    #[cfg(test)]
    pub(super) fn make(&self, mut number: impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut text = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.extend(literal),
                Piece::Run { of, least, most } => {
                    let letters: Vec<u8> = (0..128).filter(|byte| of.has(*byte)).collect();
                    let length = least + number(most - least + 1);
                    text.extend((0..length).map(|_| letters[number(letters.len())]));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::joined([&Shape::default(), &Shape::default(), &Shape::read(text).expect(text)]).expect(text)
    }

    #[test]
    fn a_text_fits_from_its_beginning_to_its_end_or_is_cut_short_or_does_not() {
        for (pieces, text, fit) in [
            ("'k_' hex{4}", "k_09af", Fit::Whole),
            ("'k_' hex{4}", "k_09a", Fit::CutShort),
            ("'k_' hex{4}", "k_", Fit::CutShort),
            ("'k_' hex{4}", "k", Fit::CutShort),
            ("'k_' hex{4}", "", Fit::CutShort),
            ("'k_' hex{4}", "k_09afa", Fit::No),
            ("'k_' hex{4}", "k_09aF", Fit::No),
            ("'k_' hex{4}", "k-09af", Fit::No),
            ("'k_' hex{4}", "K_09af", Fit::No),
            ("digit{2,3} ':' letter", "12:a", Fit::Whole),
            ("digit{2,3} ':' letter", "123:a", Fit::Whole),
            ("digit{2,3} ':' letter", "1:a", Fit::No),
            ("digit{2,3} ':' letter", "1234:a", Fit::No),
            ("digit{2,3} ':' letter", "123", Fit::CutShort),
            ("hex{2} padding{0,2}", "ff", Fit::Whole),
            ("hex{2} padding{0,2}", "ff==", Fit::Whole),
            ("hex{2} padding{0,2}", "ff===", Fit::No),
            ("base62{2} 'aa' base62{2}", "aaaaaa", Fit::Whole),
            ("base62{4}", "aé1", Fit::No),
        ] {
            assert_eq!(shape(pieces).fit(text.as_bytes()), fit, "{pieces} {text}");
        }
        assert_eq!(shape("'é' digit").fit("é7".as_bytes()), Fit::Whole);
    }

    #[test]
    fn a_run_that_could_swallow_what_follows_is_refused() {
        for bad in
            ["base62{2,3} 'a'", "base62{2,3} hex{2}", "hex{2,3} padding{0,2} 'a'", "hex{0,1} padding{0,1} digit{0,1}"]
        {
            let read = Shape::read(bad).expect(bad);
            let joined = Shape::joined([&Shape::default(), &Shape::default(), &read]);
            assert!(joined.is_err_and(|why| why.contains("could swallow")), "{bad}");
        }
        let (before, anchor) = (Shape::read("digit{2,3}").expect("good"), Shape::literal("7:"));
        assert!(Shape::joined([&before, &anchor, &Shape::default()]).is_err());
        assert!(Shape::joined([&before, &Shape::literal(":7"), &Shape::default()]).is_ok());
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for bad in [
            "nothing{3}",
            "hex{3",
            "hex{}",
            "hex{3,2}",
            "hex{a}",
            "hex{0}",
            "hex{20001}",
            "'a",
            "''",
            "'",
            "hex{1,2,3}",
        ] {
            assert!(Shape::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_alphabets_have_the_sizes_in_their_names() {
        for (name, size) in
            [("digit", 10), ("hex", 16), ("HEX", 16), ("anyhex", 22), ("base32", 32), ("BASE32", 32), ("base36", 36)]
                .into_iter()
                .chain([
                    ("BASE36", 36),
                    ("letter", 52),
                    ("base62", 62),
                    ("base64", 64),
                    ("base64url", 64),
                    ("unreserved", 66),
                ])
                .chain([("BECH32", 32)])
        {
            let found = ALPHABETS.iter().find(|(known, _)| *known == name).expect(name).1;
            assert_eq!((0..=255).filter(|byte| found.has(*byte)).count(), size, "{name}");
        }
    }
}
