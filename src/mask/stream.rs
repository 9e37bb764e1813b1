//! A text that comes in pieces: what is sure is given at once, and what may yet become a secret is kept back.
//!
//! Kept back are just the bytes at the end that are the beginning of a form, and what goes on is judged together with them. So
//! the pieces in which a text comes change nothing: what is given is what masking the whole text gives.
//!
//! A beginning may also be all that comes for now, such as the last letter of a prompt. So when nothing more has come for a
//! moment, what is kept back is given after all, if it is only a little: fewer than eight bytes. Should the rest of a secret
//! come after that, the rest is masked still. Whoever wrote a secret in two goes with a pause between them has shown fewer
//! than eight bytes of it, and these are often the ones that an issuer begins all its keys with. More than that is kept back
//! for as long as it takes.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Masker, SHORTEST};

/// What a stream keeps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing that is still to be shown.
    Nothing,
    /// So little that it is shown when nothing more comes.
    Little,
    /// What is not shown before it is known to be no secret.
    Much,
}

/// Where masked text goes: parts that follow each other.
pub trait Sink {
    /// Takes them.
    fn put(&mut self, parts: &[&[u8]]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.extend_from_slice(part);
        }
    }
}

/// A text that is masked piece by piece.
pub struct Stream {
    masker: Arc<Masker>,
    /// What was kept back, and behind it room for the next piece.
    bytes: Zeroizing<Vec<u8>>,
    held: usize,
    /// Where in what is held a form begins that may go on; before it is what overlaps that one.
    begun: usize,
    /// How much of what is held was shown already.
    shown: usize,
}

impl Stream {
    pub(super) fn new(masker: Arc<Masker>) -> Self {
        Self { masker, bytes: Zeroizing::default(), held: 0, begun: 0, shown: 0 }
    }

    /// Room for the next piece, behind what was kept back; [`Stream::take`] says how much of it is filled.
    pub fn room(&mut self, size: usize) -> &mut [u8] {
        let needed = self.held + size;
        if self.bytes.len() < needed {
            // Once and for all, so that nothing is left behind where it grew.
            let mut larger = Zeroizing::new(vec![0; self.masker.longest + size]);
            larger[..self.held].copy_from_slice(&self.bytes[..self.held]);
            self.bytes = larger;
        }
        &mut self.bytes[self.held..needed]
    }

    /// Takes a piece that was put into the room, and gives what is sure to `all`.
    pub fn take(&mut self, size: usize, all: &mut dyn Sink) {
        let end = self.held + size;
        let begun = self.masker.begun(&self.bytes[..end]);
        self.give(end, begun, all);
    }

    /// Takes a piece from elsewhere.
    pub fn push(&mut self, piece: &[u8], all: &mut dyn Sink) {
        // No more at once than there is room for anyway.
        for part in piece.chunks(64 * 1024) {
            self.room(part.len()).copy_from_slice(part);
            self.take(part.len(), all);
        }
    }

    /// Nothing more comes for now.
    pub fn pause(&mut self, all: &mut dyn Sink) {
        if self.holds() == Held::Little {
            let (begun, end) = (self.begun, self.held);
            self.give(end, end, all);
            self.bytes.copy_within(begun..end, 0);
            self.held = end - begun;
            (self.begun, self.shown) = (0, self.held);
        }
    }

    /// Nothing more comes at all.
    pub fn finish(&mut self, all: &mut dyn Sink) {
        self.give(self.held, self.held, all);
    }

    /// What is kept back now.
    #[must_use]
    pub fn holds(&self) -> Held {
        match self.held {
            held if held == self.shown => Held::Nothing,
            held if held - self.begun < SHORTEST => Held::Little,
            _ => Held::Much,
        }
    }

    /// Gives what stands before `begun`, where a form begins that may go on, and keeps the rest.
    fn give(&mut self, end: usize, begun: usize, all: &mut dyn Sink) {
        let Self { masker, bytes, shown, .. } = self;
        let text = &bytes[..end];
        let found = masker.find(text);
        let (mut at, mut keep, mut parts) = (*shown, begun, Vec::new());
        let mut found = found.into_iter().peekable();
        while let Some(first) = found.next() {
            let (from, mut to) = (first.range.start, first.range.end);
            while let Some(other) = found.next_if(|other| other.range.start < to) {
                to = to.max(other.range.end);
            }
            // What overlaps it may go on: then the stretch is not whole yet.
            if to > begun {
                keep = keep.min(from);
                break;
            }
            if to > at {
                parts.push(&text[at.min(from)..from]);
                parts.push(masker.marks[masker.patterns[first.pattern].secret].as_bytes());
                at = to;
            }
        }
        if at < keep {
            parts.push(&text[at..keep]);
        }
        if !parts.is_empty() {
            all.put(&parts);
        }
        self.shown = at.max(keep) - keep;
        self.held = end - keep;
        self.begun = begun - keep;
        self.bytes.copy_within(keep..end, 0);
    }
}
