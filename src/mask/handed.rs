//! A stream that goes on in another process of ours: all that it needs there, as bytes for a pipe.
//!
//! Not the secrets go there but what is looked for, as it was made ready here. Numbers are of 8 bytes, the lowest first; a text
//! has its length before it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Finder, Masker, Pattern, Stream};

/// The bytes of a number.
pub(super) const NUMBER: usize = 8;

/// Writes down a stream and what it looks for.
#[must_use]
pub fn write(stream: &Stream) -> Zeroizing<Vec<u8>> {
    let (masker, held, shown, marked) = stream.kept();
    let marks: usize = masker.marks.iter().map(|mark| NUMBER + mark.len()).sum();
    let numbers = 6 + 3 * masker.patterns.len();
    // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(masker.text.len() + held.len() + marks + NUMBER * numbers));
    put_number(&mut bytes, masker.marks.len());
    masker.marks.iter().for_each(|mark| put(&mut bytes, mark.as_bytes()));
    put(&mut bytes, &masker.text);
    put_number(&mut bytes, masker.patterns.len());
    for Pattern { at, length, secret } in &masker.patterns {
        for number in [at, length, secret] {
            put_number(&mut bytes, *number);
        }
    }
    put(&mut bytes, held);
    put_number(&mut bytes, shown);
    put_number(&mut bytes, marked);
    bytes
}

/// Takes up a stream that was written down; none where that is not what the bytes are.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Stream> {
    let mut rest = bytes;
    let marks = number(&mut rest)?;
    let marks: Vec<String> =
        (0..marks).map(|_| String::from_utf8(text(&mut rest)?.to_vec()).ok()).collect::<Option<_>>()?;
    let all = Zeroizing::new(text(&mut rest)?.to_vec());
    let count = number(&mut rest)?;
    let patterns: Vec<Pattern> = (0..count)
        .map(|_| {
            let pattern = Pattern { at: number(&mut rest)?, length: number(&mut rest)?, secret: number(&mut rest)? };
            let end = pattern.at.checked_add(pattern.length)?;
            (pattern.length > 0 && end <= all.len() && pattern.secret < marks.len()).then_some(pattern)
        })
        .collect::<Option<_>>()?;
    let (held, shown, marked) = (text(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
    let longest = patterns.iter().map(|pattern| pattern.length).max().unwrap_or_default();
    if !rest.is_empty() || held.len() > longest || shown.max(marked) > held.len() {
        return None;
    }
    let finder = Finder::of(&all, &patterns);
    let masker = Masker { text: all, patterns, marks, finder, longest, too_short: Vec::new() };
    Some(Stream::resumed(Arc::new(masker), held, shown, marked))
}

pub(super) fn put_number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u64).to_le_bytes());
}

pub(super) fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    put_number(bytes, text.len());
    bytes.extend_from_slice(text);
}

pub(super) fn number(rest: &mut &[u8]) -> Option<usize> {
    let (number, behind) = rest.split_first_chunk::<NUMBER>()?;
    *rest = behind;
    usize::try_from(u64::from_le_bytes(*number)).ok()
}

pub(super) fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = number(rest)?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(text)
}
