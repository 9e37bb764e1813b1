//! What is looked for: each secret that is kept in every form in which it is usually written down. Built once per scan and
//! wiped when that is over.

use std::{borrow::Cow, collections::HashMap, fmt, ops::Range, sync::Arc};

use zeroize::Zeroizing;

use super::{random, shares};
pub use crate::forms::Form;
use crate::{
    forms::{self, Written},
    secret::Secret,
};

/// The fewest bytes of a secret that is looked for at all: shorter ones are words that lie anywhere.
pub const SHORTEST: usize = 8;
/// From here on a secret is found wherever it stands; a shorter one only as a word of its own.
pub const SURE: usize = 12;
/// The fewest bytes of a secret that count as a part of it: twelve random letters or digits meet by chance once in 10^21 places.
pub const WINDOW: usize = 14;
/// The most bytes of a secret that are looked for.
pub const LONGEST: usize = 4096;
/// With more secrets than this, parts are looked for of the plain form alone: else they would not be ready soon.
pub const MANY: usize = 2000;
/// As many are not worth a thread.
const FEW: usize = 200;
/// How many forms most secrets have.
const USUAL_FORMS: usize = 16;

/// A secret to look for.
#[derive(Clone)]
pub struct Kept<'a> {
    /// The name of its key, as it is told: `STORE:KEY` for one of another store than the personal one.
    pub name: Cow<'a, str>,
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

/// The secrets of all stores, ready to be looked for.
pub struct Needles {
    /// Their forms, one behind the other: a text for each thread that wrote some.
    texts: Vec<Zeroizing<Vec<u8>>>,
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
    /// In which of the texts it stands.
    text: usize,
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
                    too_short.push(Arc::from(&*name));
                }
                continue;
            }
            let number = *known.entry(bytes).or_insert(secrets.len());
            if number == secrets.len() {
                secrets.push((bytes, Vec::new()));
            }
            let owner = (Arc::from(&*name), which);
            if !secrets[number].1.contains(&owner) {
                secrets[number].1.push(owner);
            }
        }
        let shares = shares::each(secrets.len(), shares::of(secrets.len(), FEW), |range| Share::of(&secrets, range));
        let patterns = Vec::with_capacity(shares.iter().map(|share| share.patterns.len()).sum());
        let mut needles = Self { texts: Vec::new(), patterns, secrets: Vec::new(), too_short };
        let mut random = Vec::new();
        for (text, share) in shares.into_iter().enumerate() {
            needles.patterns.extend(share.patterns.into_iter().map(|pattern| Pattern { text, ..pattern }));
            needles.texts.push(share.text);
            random.extend(share.random);
        }
        let sought = |((secret, owners), random): ((&[u8], _), _)| Sought { length: secret.len(), owners, random };
        needles.secrets.extend(secrets.into_iter().zip(random).map(sought));
        needles
    }

    /// The bytes of a form.
    pub(super) fn bytes(&self, pattern: &Pattern) -> &[u8] {
        &self.texts[pattern.text][pattern.written.at..][..pattern.written.length]
    }

    /// They and what stands behind them.
    pub(super) fn bytes_from(&self, pattern: &Pattern) -> &[u8] {
        &self.texts[pattern.text][pattern.written.at..]
    }

    /// Whether there are too many to look for parts of what is not written as it is.
    #[must_use]
    pub fn are_many(&self) -> bool {
        self.secrets.len() > MANY
    }

    /// The keys that have a secret too short to look for, each once.
    #[must_use]
    pub fn too_short(&self) -> &[Arc<str>] {
        &self.too_short
    }
}

/// What one thread writes.
struct Share {
    text: Zeroizing<Vec<u8>>,
    patterns: Vec<Pattern>,
    /// Of each secret where it is random.
    random: Vec<Vec<(usize, usize)>>,
}

impl Share {
    /// The forms of these of the secrets.
    fn of<T>(secrets: &[(&[u8], T)], range: Range<usize>) -> Self {
        // What is longer than this is found by its beginning.
        let sought = |number: usize| &secrets[number].0[..secrets[number].0.len().min(LONGEST)];
        // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
        let text = Zeroizing::new(Vec::with_capacity(range.clone().map(|number| forms::room(sought(number))).sum()));
        let patterns = Vec::with_capacity(range.len() * USUAL_FORMS);
        let mut share = Self { text, patterns, random: Vec::with_capacity(range.len()) };
        let (mut forms, all_parts) = (Vec::new(), secrets.len() <= MANY);
        for number in range {
            share.add(number, sought(number), all_parts, &mut forms);
        }
        share
    }

    /// Adds a secret; `forms` is room for its forms.
    fn add(&mut self, number: usize, secret: &[u8], all_parts: bool, forms: &mut Vec<Written>) {
        let random = random::stretches(secret, WINDOW);
        if secret.len() < SURE {
            forms::write_word(secret, &mut self.text, forms);
        } else {
            let mark = random.iter().max_by_key(|(from, to)| to - from).map_or(secret.len(), |(_, to)| *to);
            forms::write(secret, mark, &mut self.text, forms);
        }
        for mut written in forms.drain(..) {
            if random.is_empty() || !(all_parts || written.form == Form::Raw) {
                written.scale = None;
            }
            let part = written.scale.map_or(written.length, |scale| scale.least(WINDOW));
            self.patterns.push(Pattern { secret: number, least: part.min(written.length), written, text: 0 });
        }
        self.random.push(random);
    }
}
