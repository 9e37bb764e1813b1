//! Which of several finds in one place is told: a secret that is all there, rather than a part of the same one in another
//! form; and what is known, rather than what only looks like a key.
//!
//! A stream is looked through in windows, and what is told of it is the same however these lie. Where finds overlap one behind
//! the other, what is told of the first may depend on the last. So each find comes in once, with all of its length, and is held
//! until nothing that comes can change what is told of it: what has its end in the part that is known is settled, and only what
//! reaches over the end of that waits, with what it may lie on. So little is held of however long a row.

use std::cmp::Reverse;

use crate::issuer::Kind;

#[cfg(test)]
#[path = "matches_tests.rs"]
mod tests;

/// A place where a form of a secret stands, or a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    /// From where to where in the bytes.
    pub start: usize,
    pub end: usize,
    /// Where in the form it begins.
    pub first: usize,
    /// The form, by its number.
    pub pattern: u32,
    /// The secret, by its number.
    pub secret: usize,
    /// How many of the secret's bytes it has.
    pub bytes: usize,
    /// Whether these are all.
    pub whole: bool,
}

impl Match {
    /// Whether the form lies here as this match has it: its byte `middle` at the place `at`.
    pub fn is_at(&self, at: usize, middle: usize) -> bool {
        self.start + middle == self.first + at
    }
}

/// Something that was found, and where in the stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Find {
    pub start: u64,
    pub end: u64,
    /// The line in which it begins.
    pub line: u64,
    pub what: Sort,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sort {
    /// A secret or a part of it, as a [`Match`] has them.
    Key { secret: usize, pattern: u32, bytes: usize, whole: bool },
    /// What looks like a key, how long the constant text is that tells it, and what stands for it.
    Shape { kind: &'static Kind, anchor: usize, mark: Option<[u8; 16]> },
}

impl Find {
    /// Its secret; none where it only looks like one.
    fn secret(&self) -> Option<usize> {
        match self.what {
            Sort::Key { secret, .. } => Some(secret),
            Sort::Shape { .. } => None,
        }
    }

    /// How much is told with it.
    fn worth(&self) -> (bool, usize) {
        match self.what {
            Sort::Key { bytes, whole, .. } => (whole, bytes),
            Sort::Shape { anchor, .. } => (false, anchor),
        }
    }

    /// Which of those that have the same place and the same worth: the form that is written first.
    fn order(&self) -> (u32, &'static str) {
        match self.what {
            Sort::Key { pattern, .. } => (pattern, ""),
            Sort::Shape { kind, .. } => (0, kind.id()),
        }
    }
}

/// What was found, of which it is not yet settled whether it is told.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// In the order of their beginnings, and of each secret and of what looks like a key none that overlap.
    finds: Vec<Find>,
    /// Where the last of the keys ends that went before them.
    covered: u64,
}

impl Held {
    /// Adds what begins in the next part of the stream. Of finds of one secret that overlap the best stays.
    pub fn add(&mut self, finds: Vec<Find>) {
        if finds.is_empty() {
            return;
        }
        self.finds.extend(finds);
        // By where they begin too, so that those of an earlier part are looked at as they were.
        self.finds.sort_by_key(|one| (one.secret(), one.start, Reverse(one.end), one.order()));
        self.finds.dedup_by(|one, last| {
            let overlaps = one.secret() == last.secret() && one.start < last.end;
            if overlaps && last.worth() < one.worth() {
                std::mem::swap(one, last);
            }
            overlaps
        });
        self.finds.sort_by_key(|one| (one.start, one.secret().is_none()));
    }

    pub fn is_empty(&self) -> bool {
        self.finds.is_empty()
    }

    /// Those that begin here or behind it.
    pub fn from(&mut self, start: u64) -> &mut [Find] {
        let first = self.finds.partition_point(|one| one.start < start);
        &mut self.finds[first..]
    }

    /// Takes out what is settled when everything is known that begins before `to`, and leaves of that out what only looks like
    /// a key and lies on one. Without a `to` nothing comes any more.
    pub fn settled(&mut self, to: Option<u64>) -> Vec<Find> {
        let count = to.map_or(self.finds.len(), |to| {
            let edge = self.edge(to);
            self.finds.partition_point(|one| one.start < edge)
        });
        if count == 0 {
            return Vec::new();
        }
        let covered = Covered::of(self.covered, self.finds.iter().filter(|one| one.secret().is_some()));
        let mut settled: Vec<Find> = self.finds.drain(..count).collect();
        let keys = settled.iter().filter(|one| one.secret().is_some());
        self.covered = keys.map(|one| one.end).fold(self.covered, u64::max);
        settled.retain(|one| one.secret().is_some() || !covered.touch(one.start, one.end));
        settled
    }

    /// Up to where it is settled what is told.
    fn edge(&self, to: u64) -> u64 {
        let first = |keys: bool, edge: u64| {
            let reaches_over = |one: &&Find| one.secret().is_some() == keys && one.end > edge;
            self.finds.iter().find(reaches_over).map_or(edge, |one| one.start.min(edge))
        };
        // What reaches over it may yet have to give way to what begins behind it.
        let keys = first(true, to);
        // And so may what lies on a key that may have to.
        first(false, keys)
    }
}

/// The bytes that some keys lie on: from where to where, in order and apart.
struct Covered(Vec<(u64, u64)>);

impl Covered {
    /// What these lie on, which are in the order of their beginnings, and what lies before `from`.
    fn of<'f>(from: u64, keys: impl Iterator<Item = &'f Find>) -> Self {
        let mut covered = vec![(0, from)];
        for one in keys {
            match covered.last_mut().filter(|(_, end)| *end >= one.start) {
                Some((_, end)) => *end = one.end.max(*end),
                None => covered.push((one.start, one.end)),
            }
        }
        Self(covered)
    }

    /// Whether any of it lies between these places.
    fn touch(&self, from: u64, to: u64) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(next).is_some_and(|(start, _)| *start < to)
    }
}
