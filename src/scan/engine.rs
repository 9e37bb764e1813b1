//! Finds secrets in bytes. A sieve passes over nearly all of them; what it lets through is held against the forms of the
//! secrets byte by byte, so that nothing is found by chance.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    ops::Range,
};

use keyctl_sieve::{Piece, Sieve};
use memchr::memchr_iter;
use zeroize::Zeroizing;

use super::{
    finding::{Hit, What},
    matches::{Find, Held, Match, Sort},
    needles::Needles,
    sampling::Sampling,
    shapes::Shapes,
};
use crate::seal::SealKey;

/// How many bytes of a stream are read before they are looked at.
const BLOCK: usize = 256 * 1024;
/// What the places are multiples of to which a stream is read, in bytes: some processors copy a file from the system's cache at
/// a third of the speed to any other (AMD's `rep movsb`; measured: 2.0 and 6.5 GB/s).
const ALIGNED: usize = 64;
/// How many matches before the last one may be the same as one that comes again by another of its pieces.
const RECENT: usize = 8;

#[cfg(test)]
#[path = "engine_fuzz_tests.rs"]
mod fuzz_tests;
#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;

/// What looks for secrets. Several threads may use one.
pub struct Engine {
    needles: Needles,
    sieve: Option<Sieve>,
    shapes: Option<Shapes>,
    /// The keys by which it marks what it finds.
    marks: Marks,
    /// Whether archives are looked into.
    is_deep: bool,
    /// How far what is found may reach.
    reach: usize,
    /// How many bytes before it tell that it is what it looks like.
    before: usize,
    /// How many bytes of a stream are looked at at once.
    block: usize,
}

/// The keys by which what is found is marked: that of each store by the store's name, which is empty for the personal one.
#[derive(Default)]
pub struct Marks {
    /// For the keys of each store.
    pub of_keys: BTreeMap<String, SealKey>,
    /// For what only looks like a key.
    pub of_shapes: Option<SealKey>,
}

impl Marks {
    /// What stands for a text that is a secret of the key of this name.
    fn of_key(&self, name: &str, text: &[u8]) -> Option<[u8; 16]> {
        let store = name.split_once(':').map_or("", |(store, _)| store);
        self.of_keys.get(store).map(|key| key.mark(text))
    }
}

/// Room for a part of a stream, to be used again for the next stream; wiped when it is dropped.
#[derive(Default)]
pub struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    /// So many bytes that begin at an aligned place. What was in them before is still there.
    fn room(&mut self, length: usize) -> &mut [u8] {
        if self.0.len() < length + ALIGNED {
            // Not grown: what it held would be left behind where it was.
            self.0 = Zeroizing::new(vec![0; length + ALIGNED]);
        }
        let from = self.0.as_ptr().align_offset(ALIGNED);
        &mut self.0[from..from + length]
    }
}

impl Engine {
    /// One that looks for these, and with `shapes` also for texts that look like an issuer's keys.
    #[must_use]
    pub fn new(needles: Needles, shapes: bool) -> Self {
        let longest = needles.patterns.iter().map(|pattern| pattern.written.length).max().unwrap_or_default();
        let sieve = Sampling::of(&needles).map(|sampling| sampling.sieve(&needles));
        let shapes = shapes.then(Shapes::known);
        let (before, of_shapes) = shapes.as_ref().map_or((0, 0), Shapes::reach);
        // As much is kept of a block and looked at again; the next one is read behind it. To both belong a few bytes of what
        // stands around.
        let [before, reach] = [before, longest.max(of_shapes)].map(|bytes| (bytes + 16).next_multiple_of(ALIGNED));
        Self { needles, sieve, shapes, marks: Marks::default(), is_deep: false, reach, before, block: BLOCK }
    }

    /// The same, and what it finds is marked with these keys: the same text of the same store always with the same mark.
    #[must_use]
    pub fn marking(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }

    /// The same, and who looks with it looks into archives too.
    #[must_use]
    pub fn deep(self, is_deep: bool) -> Self {
        Self { is_deep, ..self }
    }

    /// Whether archives are to be looked into.
    #[must_use]
    pub fn is_deep(&self) -> bool {
        self.is_deep
    }

    /// What it looks for.
    #[must_use]
    pub fn needles(&self) -> &Needles {
        &self.needles
    }

    /// Looks through bytes that are one whole: a file, a blob, a variable.
    pub fn look(&self, bytes: &[u8], found: &mut dyn FnMut(Hit)) {
        Part { bytes, from: 0, to: bytes.len(), before: 0, line: 1 }.look(self, &mut Held::default(), found);
    }

    /// Looks through a stream in bounded memory, and says how many bytes there were.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look_through(&self, reader: &mut dyn Read, found: &mut dyn FnMut(Hit)) -> io::Result<u64> {
        self.look_through_with(&mut Buffer::default(), reader, found)
    }

    /// The same with room that was used before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look_through_with(
        &self,
        buffer: &mut Buffer,
        reader: &mut dyn Read,
        found: &mut dyn FnMut(Hit),
    ) -> io::Result<u64> {
        let buffer = buffer.room(self.room());
        let mut window = Window::default();
        loop {
            let ended = fill(reader, buffer, &mut window.filled)?;
            window.look(self, buffer, ended, found);
            if ended {
                return Ok(window.before + window.filled as u64);
            }
        }
    }

    /// The same for bytes that somebody else reads, as they pass by.
    #[must_use]
    pub fn passing(&self) -> Passing<'_> {
        Passing { engine: self, buffer: Buffer::default(), window: Window::default() }
    }

    /// How large a buffer is.
    fn room(&self) -> usize {
        self.before + self.block + self.reach
    }

    /// Every match in these bytes.
    fn matches(&self, bytes: &[u8]) -> Vec<Match> {
        let mut matches = Vec::new();
        if let Some(sieve) = &self.sieve {
            let mut next = 0;
            while let Some((at, word)) = sieve.next(bytes, &mut next) {
                sieve.pieces(word).for_each(|piece| self.hold(bytes, at, piece, &mut matches));
            }
        }
        matches
    }

    /// Tells what was found: of a secret whose it is, each of them.
    fn tell(&self, find: Find, found: &mut dyn FnMut(Hit)) {
        let Find { start: at, end, line, what } = find;
        let length = usize::try_from(end - at).unwrap_or(usize::MAX);
        let mut tell = |what, mark| found(Hit { at, length, line, what, mark });
        match what {
            Sort::Shape { kind, mark, .. } => tell(What::Shape { kind: kind.name(), id: kind.id() }, mark),
            Sort::Key { secret, pattern, bytes, whole } => {
                let secret = &self.needles.secrets[secret];
                let pattern = &self.needles.patterns[pattern as usize];
                let (form, text) = (pattern.written.form, self.needles.bytes(pattern));
                let partial = (!whole).then_some((bytes, secret.length));
                for (name, which) in &secret.owners {
                    let mark = self.marks.of_key(name, text);
                    tell(What::Key { name: name.clone(), which: *which, form, partial }, mark);
                }
            }
        }
    }

    /// Holds the bytes around a place against the form that has a piece there.
    fn hold(&self, bytes: &[u8], at: usize, piece: Piece, matches: &mut Vec<Match>) {
        let Some(pattern) = self.needles.patterns.get(piece.of as usize) else { return };
        let (form, middle) = (self.needles.bytes(pattern), piece.at as usize);
        let is_known = |known: &Match| known.pattern == piece.of && known.end > at && known.is_at(at, middle);
        if matches.iter().rev().take(RECENT).any(is_known) {
            return;
        }
        let same = |(one, other): &(&u8, &u8)| one == other;
        let after = bytes[at..].iter().zip(&form[middle..]).take_while(same).count();
        let before = bytes[..at].iter().rev().zip(form[..middle].iter().rev()).take_while(same).count();
        let (start, end, first) = (at - before, at + after, middle - before);
        let length = end - start;
        if length < pattern.least {
            return;
        }
        let secret = &self.needles.secrets[pattern.secret];
        let (from, to) = match pattern.written.scale {
            _ if length == form.len() => (0, secret.length),
            Some(scale) => scale.inner(first, first + length),
            None => return,
        };
        let is_word = stands_alone(bytes, start, end, pattern.written.apart);
        if is_word && (length == form.len() || secret.has_random_part(from, to)) {
            let whole = length == form.len() && secret.length <= super::needles::LONGEST;
            let bytes = if whole { secret.length } else { to.min(super::needles::LONGEST) - from };
            matches.push(Match { start, end, first, pattern: piece.of, secret: pattern.secret, bytes, whole });
        }
    }
}

/// Where in a stream a buffer is.
#[derive(Default)]
struct Window {
    /// So many bytes are in the buffer.
    filled: usize,
    /// Those before this one were looked at, and are kept as what stands before the others.
    from: usize,
    /// How many bytes came before the buffer's first one, and how many lines ended there.
    before: u64,
    lines: u64,
    /// What was found and is not yet told.
    held: Held,
}

impl Window {
    /// Looks at a buffer that is full or the last one, and makes room in it.
    fn look(&mut self, engine: &Engine, buffer: &mut [u8], has_ended: bool, found: &mut dyn FnMut(Hit)) {
        let Self { filled, from, before, lines, ref mut held } = *self;
        let to = if has_ended { filled } else { filled - engine.reach };
        Part { bytes: &buffer[..filled], from, to, before, line: lines + 1 }.look(engine, held, found);
        if has_ended {
            return;
        }
        let gone = to - engine.before;
        self.lines += memchr_iter(b'\n', &buffer[..gone]).count() as u64;
        buffer.copy_within(gone..filled, 0);
        (self.filled, self.from, self.before) = (filled - gone, engine.before, before + gone as u64);
    }
}

/// A stream that passes by and is looked at on its way, in bounded memory.
pub struct Passing<'e> {
    engine: &'e Engine,
    buffer: Buffer,
    window: Window,
}

impl Passing<'_> {
    /// Looks at the next bytes.
    pub fn take(&mut self, mut bytes: &[u8], found: &mut dyn FnMut(Hit)) {
        let buffer = self.buffer.room(self.engine.room());
        while !bytes.is_empty() {
            let free = &mut buffer[self.window.filled..];
            let (now, later) = bytes.split_at(bytes.len().min(free.len()));
            free[..now.len()].copy_from_slice(now);
            self.window.filled += now.len();
            if self.window.filled == buffer.len() {
                self.window.look(self.engine, buffer, false, found);
            }
            bytes = later;
        }
    }

    /// Looks at the last of them.
    pub fn end(mut self, found: &mut dyn FnMut(Hit)) {
        let buffer = self.buffer.room(self.engine.room());
        self.window.look(self.engine, buffer, true, found);
    }
}

/// Reads until the buffer is full. Says whether the stream ended.
fn fill(reader: &mut dyn Read, buffer: &mut [u8], filled: &mut usize) -> io::Result<bool> {
    while *filled < buffer.len() {
        match reader.read(&mut buffer[*filled..]) {
            Ok(0) => return Ok(true),
            Ok(read) => *filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Whether no bytes of a word are so near to these.
fn stands_alone(bytes: &[u8], start: usize, end: usize, apart: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !bytes[..start].iter().rev().take(apart).any(is_word) && !bytes[end..].iter().take(apart).any(is_word)
}

/// A part of a stream, of which is looked for what begins from `from` to `to`: behind that stands all that this may reach to,
/// or the stream has its end there.
struct Part<'b> {
    bytes: &'b [u8],
    from: usize,
    to: usize,
    /// How many bytes stood before it.
    before: u64,
    /// The line in which it begins.
    line: u64,
}

impl Part<'_> {
    /// Tells what is settled by now, and holds what is not.
    fn look(self, engine: &Engine, held: &mut Held, found: &mut dyn FnMut(Hit)) {
        held.add(self.finds(engine));
        if held.is_empty() {
            return;
        }
        self.describe(engine, held.from(self.before + self.from as u64));
        let is_last = self.to == self.bytes.len();
        let to = (!is_last).then_some(self.before + self.to as u64);
        held.settled(to).into_iter().for_each(|find| engine.tell(find, found));
    }

    /// All that begins in it.
    fn finds(&self, engine: &Engine) -> Vec<Find> {
        let matches = engine.matches(self.bytes).into_iter().map(|one| {
            let Match { pattern, secret, bytes, whole, .. } = one;
            (one.start..one.end, Sort::Key { secret, pattern, bytes, whole })
        });
        let shapes = engine.shapes.iter().flat_map(|shapes| shapes.find(self.bytes));
        let shapes = shapes.map(|one| (one.range, Sort::Shape { kind: one.kind, anchor: one.anchor, mark: None }));
        let here = matches.chain(shapes).filter(|(range, _)| (self.from..self.to).contains(&range.start));
        let [before, line] = [self.before, self.line];
        let find = |(range, what): (Range<usize>, _)| Find {
            start: before + range.start as u64,
            end: before + range.end as u64,
            line,
            what,
        };
        here.map(find).collect()
    }

    /// Says of what was found here in which line it begins, and marks what only looks like a key: of what is told later the bytes
    /// are gone by then.
    fn describe(&self, engine: &Engine, finds: &mut [Find]) {
        let (mut line, mut counted) = (self.line, 0);
        let place = |place: u64| usize::try_from(place - self.before).unwrap_or(usize::MAX);
        for find in finds {
            let (start, end) = (place(find.start), place(find.end));
            line += memchr_iter(b'\n', &self.bytes[counted..start]).count() as u64;
            (counted, find.line) = (start, line);
            if let (Sort::Shape { mark, .. }, Some(key)) = (&mut find.what, &engine.marks.of_shapes) {
                *mark = Some(key.mark(&self.bytes[start..end]));
            }
        }
    }
}
