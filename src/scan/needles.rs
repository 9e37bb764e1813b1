//! What is looked for: each secret of the store in every form in which it is usually written down. Built once per scan and
//! wiped when that is over.

use std::{collections::HashMap, fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{
    forms::{self, Written},
    random,
};
use crate::secret::Secret;

/// The fewest bytes of a secret that is looked for at all: shorter ones are words that lie anywhere.
pub const SHORTEST: usize = 8;
/// From here on a secret is found wherever it stands; a shorter one only as a word of its own.
pub const SURE: usize = 12;
/// The fewest bytes of a secret that count as a part of it: twelve random letters or digits meet by chance once in 10^21 places.
pub const WINDOW: usize = 14;
/// The most bytes of a secret that are looked for.
pub const LONGEST: usize = 4096;
/// With more secrets than this, parts are looked for of the plain form alone: else the table would outgrow what is near a core.
const MANY: usize = 300;

/// A secret to look for.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// The name of its key.
    pub name: &'a str,
    /// Which of the key's secrets.
    pub which: Which,
    /// The secret.
    pub secret: &'a Secret,
}

/// Which of a key's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The one in use.
    Current,
    /// One that was replaced.
    Former,
    /// One of a key that was removed, and is still kept.
    Removed,
    /// One that must not be used any more.
    Revoked,
}

impl Which {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Former => "former",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is.
    Raw,
    /// As it is, and so short that it counts only as a word of its own: weak evidence.
    Word,
    /// With backslashes, as in JSON and most programming languages.
    Escaped,
    /// With percent signs, as in URLs.
    Percent,
    /// In hexadecimal digits.
    Hex,
    /// In base 64, with `+` and `/` or without either.
    Base64,
    /// In base 64, with `-` and `_`.
    Base64Url,
    /// In UTF-16.
    Utf16,
}

impl Form {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Word => "word",
            Self::Escaped => "escaped",
            Self::Percent => "percent",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Utf16 => "utf-16",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The secrets of a store, ready to be looked for.
pub struct Needles {
    text: Zeroizing<Vec<u8>>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) secrets: Vec<Sought>,
    too_short: Vec<Arc<str>>,
}

/// A secret, and whose it is.
pub(super) struct Sought {
    pub length: usize,
    pub owners: Vec<(Arc<str>, Which)>,
    /// Where it is random enough for a part of it to be told from other texts: from where to where.
    pub random: Vec<(usize, usize)>,
}

impl Sought {
    /// Whether what lies between these bytes of it can be told from other texts.
    pub fn has_random_part(&self, from: usize, to: usize) -> bool {
        self.random.iter().any(|(start, end)| to.min(*end).saturating_sub(from.max(*start)) >= WINDOW)
    }
}

/// A form of a secret.
pub(super) struct Pattern {
    pub written: Written,
    /// Which secret, by its number.
    pub secret: usize,
    /// The fewest bytes of it that count: all, where parts are not told.
    pub least: usize,
}

impl Needles {
    /// Makes them ready: a secret that several keys have is looked for once, and is all theirs.
    pub fn of<'a>(kept: impl IntoIterator<Item = Kept<'a>>) -> Self {
        let (mut secrets, mut too_short) = (Vec::<(&[u8], Vec<(Arc<str>, Which)>)>::new(), Vec::<Arc<str>>::new());
        let mut known = HashMap::new();
        for Kept { name, which, secret } in kept {
            let bytes = secret.expose();
            if bytes.len() < SHORTEST {
                if !too_short.iter().any(|other| **other == *name) {
                    too_short.push(name.into());
                }
                continue;
            }
            let number = *known.entry(bytes).or_insert(secrets.len());
            if number == secrets.len() {
                secrets.push((bytes, Vec::new()));
            }
            let owner = (Arc::from(name), which);
            if !secrets[number].1.contains(&owner) {
                secrets[number].1.push(owner);
            }
        }
        let room = secrets.iter().map(|(secret, _)| forms::room(&secret[..secret.len().min(LONGEST)])).sum();
        let text = Zeroizing::new(Vec::with_capacity(room));
        let mut needles = Self { text, patterns: Vec::new(), secrets: Vec::new(), too_short };
        let all_parts = secrets.len() <= MANY;
        for (secret, owners) in secrets {
            needles.add(secret, owners, all_parts);
        }
        needles
    }

    fn add(&mut self, secret: &[u8], owners: Vec<(Arc<str>, Which)>, all_parts: bool) {
        let length = secret.len();
        // What is longer than this is found by its beginning.
        let secret = &secret[..length.min(LONGEST)];
        let random = random::stretches(secret, WINDOW);
        let mut forms = Vec::new();
        if length < SURE {
            forms::write_word(secret, &mut self.text, &mut forms);
        } else {
            let mark = random.iter().max_by_key(|(from, to)| to - from).map_or(secret.len(), |(_, to)| *to);
            forms::write(secret, mark, &mut self.text, &mut forms);
        }
        let number = self.secrets.len();
        for mut written in forms {
            if random.is_empty() || !(all_parts || written.form == Form::Raw) {
                written.scale = None;
            }
            let part = written.scale.map_or(written.length, |scale| scale.least(WINDOW));
            self.patterns.push(Pattern { secret: number, least: part.min(written.length), written });
        }
        self.secrets.push(Sought { length, owners, random });
    }

    /// The bytes of a form.
    pub(super) fn bytes(&self, pattern: &Pattern) -> &[u8] {
        &self.text[pattern.written.at..][..pattern.written.length]
    }

    /// The keys that have a secret too short to look for, each once.
    #[must_use]
    pub fn too_short(&self) -> &[Arc<str>] {
        &self.too_short
    }
}
