//! tar: blocks of 512 bytes, a head and then the content for each entry (POSIX ustar and pax, GNU's long names and sparse
//! files, and what was before them). All of it is looked at as it goes by, what stands in a head too.

use std::io::{self, Read};

use super::{Looking, damaged, drain, fill, too_early};

/// How large a block is.
pub(super) const BLOCK: usize = 512;
/// The most bytes that stand in front of an entry: its long names, its times, its attributes.
const MOST_WORDS: u64 = 1024 * 1024;

/// Whether this begins with a head. Its checksum says so, also of those that no later standard knows.
pub(super) fn is_head(bytes: &[u8]) -> bool {
    let Some(block) = bytes.first_chunk::<BLOCK>() else { return false };
    let field = 148..156;
    let Some(said) = number(&block[field.clone()]).and_then(|said| i64::try_from(said).ok()) else { return false };
    // Where the checksum stands blanks count in its place. Some have added bytes up as signed ones.
    let blanks = i64::from(b' ') * 8;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
    let signed = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(byte.cast_signed())).sum::<i64>();
    let is_sum = |sum: &dyn Fn(&[u8]) -> i64| sum(block) - sum(&block[field.clone()]) + blanks == said;
    said > blanks && (is_sum(&sum) || is_sum(&signed))
}

/// A number: octal digits, or GNU's bytes behind a set bit.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, rest)) = field.split_first() {
        let (large, small) = rest.split_at(rest.len() - 8.min(rest.len()));
        let value = small.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        return large.iter().all(|byte| *byte == 0).then_some(value);
    }
    let digits = field.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
    let digit = |byte: &u8| matches!(byte, b'0'..=b'7').then(|| u64::from(byte - b'0'));
    digits.iter().try_fold(0_u64, |value, byte| value.checked_mul(8)?.checked_add(digit(byte)?))
}

/// Up to the zero byte that ends it.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// What stands in front of an entry and says more of it than its head can.
#[derive(Default)]
struct Before {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Looking<'_> {
    /// Looks through a tar, to the end of what it is in.
    pub(super) fn tar(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        let (mut before, mut last, mut has_ended) = (Before::default(), Vec::new(), false);
        loop {
            let mut block = [0; BLOCK];
            match fill(reader, &mut block)? {
                // Two blocks of zeros end it; further ones may follow where several were put together.
                0 if has_ended => return Ok(()),
                BLOCK => {}
                _ => return Err(too_early()),
            }
            has_ended = block.iter().all(|byte| *byte == 0);
            if has_ended {
                continue;
            }
            if !is_head(&block) {
                self.plain(&mut (&block[..]).chain(reader))?;
                return Err(damaged());
            }
            let size = before.size.or_else(|| number(&block[124..136])).ok_or_else(damaged)?;
            match block[156] {
                b'L' => before.name = Some(text(&words(reader, size)?).to_owned()),
                b'K' => {
                    let words = words(reader, size)?;
                    self.words(text(&words));
                }
                b'x' => self.pax(&words(reader, size)?, &mut before),
                b'g' => self.pax(&words(reader, size)?, &mut Before::default()),
                kind => {
                    self.limits.entry()?;
                    let name = std::mem::take(&mut before).name.unwrap_or_else(|| name_of(&block));
                    let name = self.name(&name, &mut last);
                    // Links, devices, folders and pipes have no content, whatever they say.
                    let size = if (b'1'..=b'6').contains(&kind) { 0 } else { size };
                    if kind == b'S' {
                        pass_map(reader, block[482])?;
                    }
                    self.within(name, |looking| {
                        looking.words(text(&block[157..257]));
                        looking.content(reader, size)
                    })?;
                }
            }
        }
    }

    fn content(&mut self, reader: &mut dyn Read, size: u64) -> io::Result<()> {
        let mut content = (&mut *reader).take(size);
        self.stream(&mut content)?;
        drain(&mut content)?;
        if content.limit() > 0 { Err(too_early()) } else { pass_rest(reader, size) }
    }

    /// What pax says of the next entry: `length key=value` and a line end each.
    fn pax(&mut self, mut words: &[u8], before: &mut Before) {
        while let Some(blank) = memchr::memchr(b' ', words) {
            let length = str::from_utf8(&words[..blank]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| words.get(blank + 1..length)) else { break };
            words = &words[blank + 1 + record.len()..];
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let equals = memchr::memchr(b'=', record).unwrap_or(record.len());
            let value = record.get(equals + 1..).unwrap_or_default();
            match &record[..equals] {
                b"path" | b"GNU.sparse.name" => before.name = Some(value.to_owned()),
                b"size" => before.size = str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()),
                _ => self.words(record),
            }
        }
        // What could not be told apart may hold something all the same.
        self.words(words);
    }
}

/// The name in a head: in ustar's a part that goes before it is elsewhere.
fn name_of(block: &[u8; BLOCK]) -> Vec<u8> {
    let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
    if block[257..].starts_with(b"ustar\0") && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_owned()
}

/// Reads the words that stand in front of an entry.
fn words(reader: &mut dyn Read, size: u64) -> io::Result<Vec<u8>> {
    if size > MOST_WORDS {
        return Err(damaged());
    }
    let mut words = Vec::new();
    (&mut *reader).take(size).read_to_end(&mut words)?;
    if (words.len() as u64) < size {
        return Err(too_early());
    }
    pass_rest(reader, size)?;
    Ok(words)
}

/// Reads over what fills the last block.
fn pass_rest(reader: &mut dyn Read, size: u64) -> io::Result<()> {
    let block = BLOCK as u64;
    drain(&mut (&mut *reader).take((block - size % block) % block))
}

/// Reads over GNU's further blocks that say where the holes of a file are.
fn pass_map(reader: &mut dyn Read, mut goes_on: u8) -> io::Result<()> {
    while goes_on != 0 {
        let mut block = [0; BLOCK];
        if fill(reader, &mut block)? < BLOCK {
            return Err(too_early());
        }
        goes_on = block[504];
    }
    Ok(())
}
