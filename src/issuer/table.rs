//! The table of known kinds, and how a text is held against it.

use std::{fmt, sync::LazyLock};

use serde::Deserialize;

use crate::date::Period;

use super::{
    Checksum,
    check::Check,
    shape::{Fit, Shape},
};

pub(super) const TEXT: &str = include_str!("kinds.toml");

/// A kind of key: what its issuer calls it and what is known about it.
pub struct Kind {
    pub(super) id: String,
    name: String,
    url: Option<String>,
    period: Option<Period>,
    pub(super) check: Option<Check>,
    pub(super) patterns: Vec<Pattern>,
    /// Texts that are of this kind, with right check characters if it has any.
    #[cfg(test)]
    pub(super) yes: Vec<String>,
    /// Texts that are not.
    #[cfg(test)]
    pub(super) no: Vec<String>,
    /// Texts that are, but were mistyped.
    #[cfg(test)]
    pub(super) mistyped: Vec<String>,
}

impl Kind {
    /// A short name that does not change: `github-classic`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What to call it, the issuer's name first: `GitHub personal access token (classic)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same in a sentence: `a GitHub …`, `an npm …`.
    #[must_use]
    pub fn one(&self) -> String {
        // Read letter by letter, some begin like a vowel.
        let is_vowel = self.name.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u'])
            || ["npm ", "NVIDIA "].iter().any(|word| self.name.starts_with(word));
        format!("{} {}", if is_vowel { "an" } else { "a" }, self.name)
    }

    /// The issuer's page where its owner replaces it, or the one that says where that is.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// How often it is sensible to replace it; nothing for what ends by itself within hours, or has no issuer to ask.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        self.period
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// One anchor of a kind with one of its shapes.
pub(super) struct Pattern {
    pub(super) anchor: String,
    pub(super) shape: Shape,
    /// The fewest and the most bytes that stand in front of the anchor.
    pub(super) before: (usize, usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: Vec<Row>,
}

/// A row as it is written; `kinds.toml` says what the fields mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    #[serde(default)]
    before: String,
    anchors: Vec<String>,
    after: Vec<String>,
    check: Option<Check>,
    url: Option<String>,
    period: Option<Period>,
    #[cfg_attr(not(test), expect(dead_code, reason = "samples are for the tests"))]
    yes: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "samples are for the tests"))]
    no: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "samples are for the tests"))]
    #[serde(default)]
    mistyped: Vec<String>,
}

/// All kinds, read once.
pub(super) fn kinds() -> &'static [Kind] {
    // A test reads the table, so there is no failure left for a user to see; if there were, no kind would be known.
    static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| read(TEXT).unwrap_or_default());
    &KINDS
}

/// Reads a table.
///
/// # Errors
/// Why it cannot be read, for whoever writes it.
pub(super) fn read(text: &str) -> Result<Vec<Kind>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    table.kind.into_iter().map(kind).collect()
}

fn kind(row: Row) -> Result<Kind, String> {
    let patterns = patterns(&row).map_err(|why| format!("{}: {why}", row.id))?;
    Ok(Kind {
        id: row.id,
        name: row.name,
        url: row.url,
        period: row.period,
        check: row.check,
        patterns,
        #[cfg(test)]
        yes: whole(row.yes),
        #[cfg(test)]
        no: whole(row.no),
        #[cfg(test)]
        mistyped: whole(row.mistyped),
    })
}

fn patterns(row: &Row) -> Result<Vec<Pattern>, String> {
    let before = Shape::read(&row.before)?;
    let mut patterns = Vec::new();
    for anchor in &row.anchors {
        for after in &row.after {
            let shape = Shape::joined([&before, &Shape::literal(anchor), &Shape::read(after)?])?;
            patterns.push(Pattern { anchor: anchor.clone(), shape, before: before.lengths() });
        }
    }
    Ok(patterns)
}

/// The samples without the bars that part them.
#[cfg(test)]
fn whole(samples: Vec<String>) -> Vec<String> {
    samples.into_iter().map(|sample| sample.replace('|', "")).collect()
}

/// The kind that a text is of. Of several the one whose anchor is longest, as that says most: `sk-ant-admin01-` more than
/// `sk-ant-`. What is only cut short comes after all that fits.
pub(super) fn recognise<'a>(kinds: &'a [Kind], text: &[u8]) -> Option<(&'a Kind, Checksum)> {
    let found = kinds.iter().flat_map(|kind| {
        kind.patterns.iter().filter_map(move |pattern| {
            let fit = pattern.fit(kind.check, text)?;
            Some((fit == Fit::Whole, pattern.anchor.len(), kind, pattern))
        })
    });
    let (whole, _, kind, pattern) = found.max_by_key(|(whole, anchor, ..)| (*whole, *anchor))?;
    let checksum = match kind.check {
        None => Checksum::NoneKnown,
        Some(check) if whole && check.holds(text, pattern.anchor.len()) => Checksum::Right,
        Some(_) => Checksum::Wrong,
    };
    Some((kind, checksum))
}

impl Pattern {
    /// How a text fits, if it does. A text that is cut short counts only where check characters are missing then, where
    /// the length is fixed, and where more is there than the anchor.
    fn fit(&self, check: Option<Check>, text: &[u8]) -> Option<Fit> {
        let (least, most) = self.shape.lengths();
        match self.shape.fit(text) {
            Fit::CutShort if check.is_some() && least == most && text.len() > self.anchor.len() => Some(Fit::CutShort),
            Fit::Whole => Some(Fit::Whole),
            _ => None,
        }
    }
}

/// Each kind with its texts that are of it, and with those that are not or were mistyped.
#[cfg(test)]
pub fn samples() -> impl Iterator<Item = (&'static str, &'static [String], impl Iterator<Item = &'static String>)> {
    kinds().iter().map(|kind| (kind.id(), &*kind.yes, kind.no.iter().chain(&kind.mistyped)))
}
