//! Taking secrets out of what a command prints: each in the forms in which programs write it down, replaced by the name of the
//! variable that it was given as.
//!
//! It is a net under accidents and no wall: a program that wants to tell a secret can write it in a way that nobody looks for.
//! What is looked for is `crate::forms`, and beside them JSON within JSON, the lines of a secret that has several, the texts in
//! one that is JSON, and of base64 and hexadecimal digits the lines in which the usual programs break them.
//!
//! All that lies within any occurrence of any form is replaced, and where occurrences overlap that is one stretch. So it hangs
//! on the whole text alone and not on the pieces in which it comes; see `stream` for how little is kept back for that.

pub mod github;
pub mod handed;
mod json;
pub mod left;
mod stream;

use std::{cmp::Reverse, ops::Range, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use keyctl_sieve::{Heads, LONG_STEPS, LONGEST_STEP, Piece, Sieve, WIDEST, piece_at};
use zeroize::Zeroizing;

use crate::{
    forms::{self, Form, Written},
    secret::Secret,
};

pub use stream::{Held, Sink, Stream};

/// The fewest bytes of a secret that is replaced: shorter ones are words that stand anywhere.
pub const SHORTEST: usize = 8;
/// The fewest bytes of what was made of a secret, a text or what a filter makes of it, that is looked for beside it.
pub const SHORTEST_MADE: usize = 12;
/// The fewest bytes of a line of a secret, or of one of its forms, that is replaced by itself.
const SHORTEST_LINE: usize = 12;
/// A secret that is longer than this is replaced in pieces.
const LONGEST: usize = 4096;
/// How long these are; a multiple of three, so that base64 fits together.
const PIECE: usize = 3072;
/// At how many letters the usual programs break base64: `base64`, PEM, and hexadecimal digits: `xxd -p`.
const BASE64_LINES: [usize; 2] = [76, 64];
const HEX_LINE: usize = 60;

/// Whether a secret is replaced at all. White space around it counts for nothing, as a shell leaves that out.
#[must_use]
pub fn is_masked(secret: &Secret) -> bool {
    secret.expose().trim_ascii().len() >= SHORTEST
}

/// The secrets of a command, ready to be found in what it prints.
pub struct Masker {
    /// All forms, one behind the other.
    text: Zeroizing<Vec<u8>>,
    /// Where each stands, sorted by its bytes, none twice.
    patterns: Vec<Pattern>,
    /// What stands for each secret.
    marks: Vec<String>,
    finder: Option<Finder>,
    longest: usize,
    too_short: Vec<String>,
}

struct Pattern {
    at: usize,
    length: usize,
    /// Of which secret, by its number.
    secret: usize,
}

struct Finder {
    /// Where a form may stand.
    sieve: Sieve,
    /// Where one may begin: for the end of what has come so far.
    heads: Heads,
}

/// A form that stands in a text.
struct Found {
    range: Range<usize>,
    pattern: usize,
}

impl Masker {
    /// Makes them ready. Each has the name of the variable that it is given as. Of `texts`, which have secrets in them, only
    /// those forms are looked for in which the secrets in them cannot be seen any more.
    #[must_use]
    pub fn of<'s>(
        given: impl IntoIterator<Item = (&'s str, &'s Secret)>,
        texts: impl IntoIterator<Item = (&'s str, &'s Secret)>,
    ) -> Arc<Self> {
        let mut writer = Writer::default();
        let (mut marks, mut too_short) = (Vec::new(), Vec::new());
        let given: Vec<_> = given.into_iter().collect();
        // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
        let texts: Vec<_> = texts.into_iter().collect();
        writer.text.reserve_exact(given.iter().chain(&texts).map(|(_, secret)| room(secret.expose())).sum());
        for (name, secret) in given {
            if !is_masked(secret) {
                too_short.push(name.to_owned());
                continue;
            }
            writer.add(secret.expose(), marks.len());
            marks.push(format!("[keyctl:{name}]"));
        }
        writer.of_texts = true;
        for (name, text) in texts {
            writer.add(text.expose(), marks.len());
            marks.push(format!("[keyctl:{name}]"));
        }
        let Writer { text, mut patterns, .. } = writer;
        let bytes = |pattern: &Pattern| &text[pattern.at..][..pattern.length];
        patterns.sort_by(|one, other| bytes(one).cmp(bytes(other)).then(one.secret.cmp(&other.secret)));
        patterns.dedup_by(|one, other| bytes(one) == bytes(other));
        let longest = patterns.iter().map(|pattern| pattern.length).max().unwrap_or_default();
        let finder = Finder::of(&text, &patterns);
        Arc::new(Self { text, patterns, marks, finder, longest, too_short })
    }

    /// The variables whose secrets are too short to be told from other words, and stay in what is printed.
    #[must_use]
    pub fn too_short(&self) -> &[String] {
        &self.too_short
    }

    /// Masks a whole text.
    #[must_use]
    pub fn masked(self: &Arc<Self>, text: &[u8]) -> Vec<u8> {
        let (mut stream, mut all) = (self.stream(), Vec::new());
        stream.push(text, &mut all);
        stream.finish(&mut all);
        all
    }

    /// Whether there is anything to mask in a whole text.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        !self.find(text).is_empty()
    }

    /// A text that comes in pieces.
    #[must_use]
    pub fn stream(self: &Arc<Self>) -> Stream {
        Stream::new(Arc::clone(self))
    }

    fn bytes(&self, pattern: &Pattern) -> &[u8] {
        &self.text[pattern.at..][..pattern.length]
    }

    /// All forms that stand whole in a text: the first ones first, and of those that begin together the longest.
    fn find(&self, text: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        let Some(Finder { sieve, .. }) = &self.finder else { return found };
        let mut at = 0;
        while let Some((here, word)) = sieve.next(text, &mut at) {
            for piece in sieve.pieces(word) {
                let number = piece.of as usize;
                let pattern = &self.patterns[number];
                let Some(from) = here.checked_sub(piece.at as usize) else { continue };
                if text[from..].starts_with(self.bytes(pattern)) {
                    found.push(Found { range: from..from + pattern.length, pattern: number });
                }
            }
        }
        found.sort_by_key(|found| (found.range.start, Reverse(found.range.end), found.pattern));
        found
    }

    /// Where at the end of a text a form may have begun that is not whole yet; its length where none has.
    fn begun(&self, text: &[u8]) -> usize {
        let Some(Finder { heads, .. }) = &self.finder else { return text.len() };
        let mut at = (text.len() + 1).saturating_sub(self.longest);
        while let Some((here, _)) = heads.next(text, at) {
            if self.is_beginning(&text[here..]) {
                return here;
            }
            at = here + 1;
        }
        // The last have too few bytes behind them for a head.
        let last = at.max((text.len() + 1).saturating_sub(keyctl_sieve::HEAD));
        (last..text.len()).find(|here| self.is_beginning(&text[*here..])).unwrap_or(text.len())
    }

    /// Whether some form begins so and goes on.
    fn is_beginning(&self, text: &[u8]) -> bool {
        let first = self.patterns.partition_point(|pattern| self.bytes(pattern) < text);
        // The first may be just this text; the next one is longer then.
        let mut next = self.patterns[first..].iter().take(2).map(|pattern| self.bytes(pattern));
        next.any(|bytes| bytes.len() > text.len() && bytes.starts_with(text))
    }
}

impl Finder {
    fn of(text: &[u8], patterns: &[Pattern]) -> Option<Self> {
        let shortest = patterns.iter().map(|pattern| pattern.length).min()?;
        // Any stretch of this width at any of so many places is within the shortest.
        let width = (shortest / 2 + 1).min(WIDEST);
        let longest = shortest - width + 1;
        let step = LONG_STEPS.into_iter().find(|step| *step <= longest).unwrap_or(longest.min(LONGEST_STEP));
        let mut sieve = Sieve::new(width, step, patterns.len() * step);
        let mut heads = Heads::default();
        for mut share in sieve.shares(1) {
            for (of, pattern) in (0..).zip(patterns) {
                let bytes = &text[pattern.at..][..pattern.length];
                for at in 0..step {
                    share.add(Piece { bytes: piece_at(bytes, at), of, at: u32::try_from(at).unwrap_or(u32::MAX) });
                }
                if let Some(head) = bytes.first_chunk() {
                    *heads.number(*head) = 1;
                }
            }
        }
        Some(Self { sieve, heads })
    }
}

/// How many bytes all that is looked for of a secret takes at most.
fn room(secret: &[u8]) -> usize {
    let texts = json::secrets(secret);
    room_for(secret) + texts.iter().map(|text| room_for(text)).sum::<usize>()
}

fn room_for(part: &[u8]) -> usize {
    2 * (forms::room(part) + forms::nested_room(part)) + 16 * part.len() + 1024
}

/// The lines of a secret: between line ends, and between those that are written as two letters. That is how a `.env` file or
/// JSON has a private key in one line, and who undoes it prints lines.
fn lines(secret: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut rest) = (Vec::new(), secret);
    while let Some(at) = memchr::memmem::find(rest, b"\\n") {
        lines.extend(rest[..at].split(|byte| *byte == b'\n'));
        rest = &rest[at + 2..];
    }
    lines.extend(rest.split(|byte| *byte == b'\n'));
    lines
}

/// Writes down what is looked for.
#[derive(Default)]
struct Writer {
    text: Zeroizing<Vec<u8>>,
    patterns: Vec<Pattern>,
    forms: Vec<Written>,
    /// What is added is a text with secrets in it: as it is it may be shown, but for these.
    of_texts: bool,
}

impl Writer {
    fn add(&mut self, secret: &[u8], number: usize) {
        self.part(secret, number);
        if !self.of_texts {
            for text in &json::secrets(secret) {
                self.part(text, number);
            }
        }
    }

    /// A secret, or a text in one.
    fn part(&mut self, secret: &[u8], number: usize) {
        // As a shell passes it on that takes blanks for ends of words.
        let trimmed = secret.trim_ascii();
        if secret.len() > LONGEST {
            let mut rest = trimmed;
            // A last piece that is short is one with the piece before it.
            while rest.len() >= PIECE + PIECE / 2 {
                let (piece, behind) = rest.split_at(PIECE);
                self.forms_of(piece, number);
                rest = behind;
            }
            self.forms_of(rest, number);
        } else {
            self.forms_of(secret, number);
            if trimmed.len() < secret.len() {
                self.forms_of(trimmed, number);
            }
        }
        self.lines_of(trimmed, number);
    }

    fn forms_of(&mut self, secret: &[u8], secret_number: usize) {
        forms::write(secret, secret.len(), &mut self.text, &mut self.forms);
        if !self.of_texts {
            forms::write_nested(&mut self.text, &mut self.forms);
        }
        let of_texts = self.of_texts;
        let hides = |form| matches!(form, Form::Hex | Form::Base64 | Form::Base64Url);
        let is_wanted = |form| if of_texts { hides(form) } else { form != Form::Utf16 };
        let written = self.forms.drain(..).filter(|written| is_wanted(written.form));
        let patterns = written.map(|Written { at, length, .. }| Pattern { at, length, secret: secret_number });
        self.patterns.extend(patterns.filter(|pattern| pattern.length >= SHORTEST));
    }

    /// The lines of a secret, and the lines that become of it.
    fn lines_of(&mut self, secret: &[u8], number: usize) {
        let lines = lines(secret);
        if lines.len() > 1 && !self.of_texts {
            for line in lines {
                // The other half of a line's end may be written so too.
                let line = line.strip_suffix(b"\\r").unwrap_or(line).trim_ascii();
                // What says where a key begins and ends is the same in all of them.
                if !line.starts_with(b"-----") {
                    self.line(line, number);
                }
            }
        }
        let mut letters = Zeroizing::new(vec![0; secret.len() * 4 / 3 + 4]);
        if STANDARD_NO_PAD.encode_slice(secret, &mut letters).is_ok() {
            // The last letter may have to do with what comes behind the secret.
            let whole = &letters[..secret.len() * 8 / 6];
            for width in BASE64_LINES {
                self.broken(whole, width, number);
            }
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(2 * secret.len()));
        digits.extend(secret.iter().flat_map(|byte| forms::lower_hex(*byte)));
        self.broken(&digits, HEX_LINE, number);
    }

    /// A form that a program broke into lines: all of them as one, and the full ones by themselves, with a line's number before
    /// them for one. The last may be so short that to look for it would take longer than for all the others.
    fn broken(&mut self, form: &[u8], width: usize, secret: usize) {
        if form.len() <= width {
            return;
        }
        form.chunks_exact(width).for_each(|line| self.line(line, secret));
        for end in [&b"\n"[..], b"\r\n"] {
            let at = self.text.len();
            for (number, line) in form.chunks(width).enumerate() {
                self.text.extend_from_slice(if number == 0 { b"" } else { end });
                self.text.extend_from_slice(line);
            }
            self.patterns.push(Pattern { at, length: self.text.len() - at, secret });
        }
    }

    fn line(&mut self, line: &[u8], secret: usize) {
        if line.len() >= SHORTEST_LINE {
            self.patterns.push(Pattern { at: self.text.len(), length: line.len(), secret });
            self.text.extend_from_slice(line);
        }
    }
}

#[cfg(test)]
mod tests;
