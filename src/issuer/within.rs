//! Known kinds within longer texts: a key in a file has something before it and something behind it.

use std::ops::Range;

use super::{
    Checksum,
    shape::Fit,
    table::{self, Kind, Pattern},
};

/// A text within another that looks like a key.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it looks like.
    pub kind: &'static Kind,
    /// Where it stands.
    pub range: Range<usize>,
    /// What its check characters say; wrong ones are no find.
    pub checksum: Checksum,
    /// How long the constant text is that tells it: the longer, the surer.
    pub anchor: usize,
}

/// The constant texts of all kinds, each with the kinds that have it.
pub struct Anchors(Vec<(&'static str, Vec<(&'static Kind, &'static Pattern)>)>);

impl Anchors {
    /// Those of the table.
    #[must_use]
    pub fn known() -> Self {
        let mut anchors: Vec<(&'static str, Vec<_>)> = Vec::new();
        for (kind, pattern) in table::kinds().iter().flat_map(|kind| kind.patterns.iter().map(move |one| (kind, one))) {
            match anchors.iter_mut().find(|(known, _)| *known == pattern.anchor) {
                Some((_, kinds)) => kinds.push((kind, pattern)),
                None => anchors.push((&pattern.anchor, vec![(kind, pattern)])),
            }
        }
        Self(anchors)
    }

    /// The constant texts, in the order of their numbers.
    pub fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(text, _)| *text)
    }

    /// Of each the fewest bytes that stand before it in a key, and from its beginning on.
    pub fn lengths(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.iter().map(|(_, kinds)| {
            let patterns = || kinds.iter().map(|(_, pattern)| *pattern);
            let before = patterns().map(|pattern| pattern.before.0).min();
            let behind = patterns().map(|pattern| pattern.shape.lengths().0 - pattern.before.0).min();
            (before.unwrap_or_default(), behind.unwrap_or_default())
        })
    }

    /// The most bytes that stand before a constant text in a key, and that a key has.
    #[must_use]
    pub fn longest(&self) -> (usize, usize) {
        let patterns = || self.0.iter().flat_map(|(_, kinds)| kinds).map(|(_, pattern)| *pattern);
        let before = patterns().map(|pattern| pattern.before.1).max();
        let longest = patterns().map(|pattern| pattern.shape.lengths().1).max();
        (before.unwrap_or_default(), longest.unwrap_or_default())
    }

    /// The key that has the constant text of this number at this place.
    #[must_use]
    pub fn find(&self, text: &[u8], number: usize, at: usize) -> Option<Found> {
        let (anchor, kinds) = self.0.get(number)?;
        if !text.get(at..)?.starts_with(anchor.as_bytes()) {
            return None;
        }
        let found = kinds.iter().filter_map(|(kind, pattern)| find(text, at, kind, pattern));
        found.max_by_key(|found| found.range.len())
    }
}

fn find(text: &[u8], at: usize, kind: &'static Kind, pattern: &'static Pattern) -> Option<Found> {
    let (least, most) = pattern.before;
    let found = |before: usize| -> Option<Found> {
        let from = at.checked_sub(before).filter(|from| begins(text, *from))?;
        let range = from..from + pattern.shape.begins(&text[from..])?;
        let checksum = match kind.check {
            None => Checksum::NoneKnown,
            Some(check) if check.holds(&text[range.clone()], pattern.anchor.len()) => Checksum::Right,
            Some(_) => return None,
        };
        // What its own check characters prove needs no end.
        let is_alone = checksum == Checksum::Right || ends(text, range.end);
        is_alone.then_some(Found { kind, range, checksum, anchor: pattern.anchor.len() })
    };
    (least..=most).rev().find_map(found)
}

/// Whether a word may begin here: behind no letter or digit, but for one that belongs to `\n` or `%3D`.
fn begins(text: &[u8], at: usize) -> bool {
    match &text[..at] {
        [] | [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', one, other] if one.is_ascii_hexdigit() && other.is_ascii_hexdigit() => true,
        [.., before] => !is_word(*before),
    }
}

/// Whether a word may end here.
fn ends(text: &[u8], at: usize) -> bool {
    !text.get(at).is_some_and(|byte| is_word(*byte)) || !is_word(text[at - 1])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What of a secret its issuer puts into every other one of its kind too.
pub(super) fn constants(secret: &[u8]) -> Vec<Range<usize>> {
    let patterns = table::kinds().iter().flat_map(|kind| &kind.patterns);
    let first = secret.first();
    // By its first letter first: this is asked of each secret of a store for each of the patterns.
    let has = |anchor: &[u8]| anchor.first() == first && secret.starts_with(anchor);
    let may_be = |pattern: &&Pattern| pattern.before.1 > 0 || has(pattern.anchor.as_bytes());
    let fitting = patterns.filter(may_be).filter(|pattern| pattern.shape.fit(secret) == Fit::Whole);
    fitting.max_by_key(|pattern| pattern.anchor.len()).map_or_else(Vec::new, |pattern| pattern.shape.literals(secret))
}
