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
    pub(super) held: usize,
    /// How much of what is held was shown already, as it is or by a mark.
    shown: usize,
    /// Up to where in what is held the last mark stands for: what overlaps that is part of it.
    marked: usize,
}

impl Stream {
    pub(super) fn new(masker: Arc<Masker>) -> Self {
        Self { masker, bytes: Zeroizing::default(), held: 0, shown: 0, marked: 0 }
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
            let held = self.held;
            self.give(held, held, all);
            // What is there may be the beginning of a form all the same.
            (self.held, self.shown, self.marked) = (held, held, 0);
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
            held if held < SHORTEST => Held::Little,
            _ => Held::Much,
        }
    }

    /// What it looks for, what it has kept back, and of that how much was shown and marked, for [`Stream::resumed`].
    pub(super) fn kept(&self) -> (&Masker, &[u8], usize, usize) {
        (&self.masker, &self.bytes[..self.held], self.shown, self.marked)
    }

    /// One that goes on where another one was.
    pub(super) fn resumed(masker: Arc<Masker>, held: &[u8], shown: usize, marked: usize) -> Self {
        let mut stream = Self::new(masker);
        stream.room(held.len()).copy_from_slice(held);
        Self { held: held.len(), shown, marked, ..stream }
    }

    /// Gives what stands before `begun`, where a form begins that may go on, and keeps the rest. A stretch that has begun before
    /// that and reaches beyond has its mark at once: what overlaps it may go on without end.
    fn give(&mut self, end: usize, begun: usize, all: &mut dyn Sink) {
        let Self { masker, bytes, shown, marked, .. } = self;
        let text = &bytes[..end];
        let mut found = masker.find(text).into_iter().peekable();
        let (mut at, mut marked_to, mut parts) = (*shown, *marked, Vec::new());
        while let Some(first) = found.next() {
            let (from, mut to) = (first.range.start, first.range.end);
            let goes_on = from < marked_to;
            if goes_on {
                to = to.max(marked_to);
            }
            while let Some(other) = found.next_if(|other| other.range.start < to) {
                to = to.max(other.range.end);
            }
            // What begins before it and overlaps it may yet be whole.
            if !goes_on && from >= begun {
                break;
            }
            if to > at {
                if !goes_on {
                    parts.push(&text[at.min(from)..from]);
                    parts.push(masker.marks[masker.patterns[first.pattern].secret].as_bytes());
                }
                at = to;
            }
            marked_to = to;
            if to > begun {
                break;
            }
        }
        if at < begun {
            parts.push(&text[at..begun]);
        }
        if !parts.is_empty() {
            all.put(&parts);
        }
        self.shown = at.max(begun) - begun;
        self.marked = marked_to.saturating_sub(begun);
        self.held = end - begun;
        self.bytes.copy_within(begun..end, 0);
    }
}
