//! Reading: line by line, never more than one line of 8 KiB in memory, whatever the file holds.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use zeroize::Zeroizing;

use super::{
    Log,
    chain::{Chain, LONGEST_LINE, Position},
    event::Event,
};
use crate::failure::{Failure, Kind, Result};

/// What comes next in a log.
pub(super) enum Piece<'a> {
    /// A line, without its line break.
    Line(&'a [u8]),
    /// The rest of the file, shorter than a line may be and without a line break.
    Rest(&'a [u8]),
    /// More bytes without a line break than a line may have.
    TooLong,
    End,
}

/// A log in lines.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(LONGEST_LINE, reader), line: Vec::new() }
    }

    pub(super) fn next(&mut self) -> io::Result<Piece<'_>> {
        self.line.clear();
        let longest = LONGEST_LINE as u64;
        self.reader.by_ref().take(longest).read_until(b'\n', &mut self.line)?;
        Ok(match self.line.as_slice() {
            [] => Piece::End,
            [line @ .., b'\n'] => Piece::Line(line),
            rest if rest.len() == LONGEST_LINE => Piece::TooLong,
            rest => Piece::Rest(rest),
        })
    }
}

/// A place between two entries, from which reading can go on.
#[derive(Debug, Clone, Copy)]
pub struct Place(Position);

impl Place {
    /// The number of the entry before it.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.seq
    }
}

impl Log {
    /// The entries after a place. `None` where the log does not go on there: it was set aside, or goes on in another file.
    #[must_use]
    pub fn read_from(&self, place: &Place) -> Option<Reader<'_>> {
        let open = || {
            let mut file = self.open_log().ok()??;
            let is_there = file.metadata().ok()?.len() >= place.0.offset;
            file.seek(SeekFrom::Start(place.0.offset)).ok().filter(|_| is_there)?;
            Some(Reader::new(Some(file), self.chain(place.0)))
        };
        let goes_on = !matches!(open()?.next_json(), Some(Err(_)));
        if goes_on { open() } else { None }
    }
}

/// The entries of a log, each with its number, from the first. After an error there is nothing more.
pub struct Reader<'a> {
    lines: Option<Lines<File>>,
    chain: Chain<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: Option<File>, chain: Chain<'a>) -> Self {
        Self { lines: file.map(Lines::new), chain }
    }

    /// Where the next entry will stand.
    pub(super) fn place(&self) -> Place {
        Place(self.chain.at)
    }

    /// The next entry, still as the JSON it was sealed as: most that are looked through need not be read any further.
    pub(super) fn next_json(&mut self) -> Option<Result<(u64, Zeroizing<Vec<u8>>)>> {
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.lines = None;
        }
        item
    }

    fn step(&mut self) -> Result<Option<(u64, Zeroizing<Vec<u8>>)>> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let piece = lines.next().map_err(|error| {
            let why = crate::failure::reason(&error);
            Failure::new(Kind::Disk, format!("cannot read the history: {why}"))
        })?;
        let opened = match piece {
            Piece::Line(line) => self.chain.open(line),
            Piece::TooLong => Err("it is longer than 8 KiB"),
            Piece::Rest(_) | Piece::End => return Ok(None),
        };
        match opened {
            Ok(json) => Ok(Some((self.chain.at.seq, json))),
            Err(why) => Err(bad_line(self.chain.at.seq + 1, why)),
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<(u64, Event)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_json()?.map(|(number, json)| (number, Event::from_json(&json))))
    }
}

/// A line that is not what keyctl wrote.
pub(super) fn bad_line(seq: u64, why: &str) -> Failure {
    Failure::new(Kind::Store, format!("the history was changed at entry {seq}: {why}"))
        .hint("`keyctl history verify` says what can still be relied on")
}
