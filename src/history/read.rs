//! Reading: line by line, over all files, never more than one line of 8 KiB in memory, whatever the files hold.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use super::{
    Log,
    chain::{self, Chain, LONGEST_LINE, OUT_OF_ORDER, Position},
    ends::Ends,
    event::Event,
    head::Found,
    open_file,
    segment::{self, Files, Turn},
    times::Times,
    verify::{TOLD_AFTER, Watch},
};
use crate::failure::{Failure, Kind, Result};

/// How much is read at once.
const BUFFER: usize = 32 * 1024;

/// A number that no entry ever has, and that can still be counted on from.
const MOST: u64 = u64::MAX / 2;

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
        Self { reader: BufReader::with_capacity(BUFFER, reader), line: Vec::new() }
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
pub struct Place {
    at: Position,
    /// The number of the file.
    number: u64,
    /// Whether the entry before it closes the file.
    closed: bool,
    /// When that entry was made.
    times: Times,
}

impl Place {
    /// The number of the entry before it.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.at.seq
    }
}

/// One step over a history.
pub(super) enum Step {
    /// Another file was opened.
    File,
    /// An entry; the walk has its JSON.
    Entry,
    /// The next entry is wrong, or missing, for this reason.
    Flaw(String),
    /// An unfinished line at the end of the last file.
    Rest,
    End,
}

/// A walk over all files of a history, from where its chain begins, while another keyctl may be adding to it. After a flaw,
/// a rest or the end there is nothing more.
pub(super) struct Walk<'a> {
    log: &'a Log,
    pub chain: Chain<'a>,
    /// The number of the open file, or of the one that is to be opened.
    pub number: u64,
    /// Whether the open file has a number, and not only gets one.
    pub numbered: bool,
    /// Files with a smaller number than this are surely closed.
    known: u64,
    lines: Option<Lines<File>>,
    /// Whether nothing of the open file was read yet.
    fresh: bool,
    /// What the last entry says of the files.
    pub turn: Option<Turn>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(log: &'a Log, files: &Files) -> Self {
        Self::at(log, files.base, files.pruned + 1, files.current)
    }

    fn at(log: &'a Log, at: Position, number: u64, known: u64) -> Self {
        let chain = log.chain(at);
        Self { log, chain, number, numbered: false, known, lines: None, fresh: false, turn: None }
    }

    /// A walk that goes on from a place. The file it lies in may have got its number since.
    fn from(log: &'a Log, place: &Place) -> Option<Self> {
        let mut walk = Self::at(log, place.at, place.number, place.number);
        let mut file = open_file(&log.file("log")).ok()?;
        if log.has_segment(place.number) {
            file = open_file(&log.segment(place.number)).ok()?;
            walk.numbered = true;
        }
        let mut file = file.filter(|file| file.metadata().is_ok_and(|facts| facts.len() >= place.at.offset))?;
        file.seek(SeekFrom::Start(place.at.offset)).ok()?;
        (walk.lines, walk.fresh) = (Some(Lines::new(file)), place.at.offset == 0);
        walk.turn = place.closed.then_some(Turn::Closes);
        Some(walk)
    }

    /// Whether the last entry was one that closes its file.
    fn closed(&self) -> bool {
        self.turn == Some(Turn::Closes)
    }

    pub(super) fn step(&mut self) -> io::Result<Step> {
        loop {
            let closed = self.closed();
            let Some(lines) = &mut self.lines else { return self.open() };
            let flaw = match lines.next()? {
                Piece::Line(_) if closed => "it stands behind the end of its segment",
                Piece::Line(line) => match self.chain.open(line) {
                    Ok(()) => {
                        self.fresh = false;
                        self.turn = Turn::of(self.chain.json());
                        return Ok(Step::Entry);
                    }
                    Err(why) => why,
                },
                Piece::TooLong => "it is longer than 8 KiB",
                Piece::Rest(_) if !self.numbered => return Ok(Step::Rest),
                Piece::Rest(_) => "it is unfinished",
                Piece::End if self.numbered && !closed => "it is missing",
                // The last one may have been closed and got its number while it was read.
                Piece::End if self.numbered || (closed && self.log.has_segment(self.number)) => {
                    self.number += 1;
                    self.lines = None;
                    continue;
                }
                Piece::End => return Ok(Step::End),
            };
            return Ok(Step::Flaw(self.named(flaw)));
        }
    }

    /// Opens the next file. A file gets its number while others read, so `history.log` is the one that is looked for only
    /// if none has the number afterwards.
    fn open(&mut self) -> io::Result<Step> {
        let file = loop {
            if let Some(file) = open_file(&self.log.segment(self.number))? {
                self.numbered = true;
                break Some(file);
            }
            if self.number < self.known {
                return Ok(Step::Flaw(format!("its segment `{}` is missing", segment::name(self.number))));
            }
            let file = open_file(&self.log.file("log"))?;
            if !self.log.has_segment(self.number) {
                self.numbered = false;
                break file;
            }
        };
        self.chain.next_file();
        self.fresh = true;
        self.turn = None;
        let Some(file) = file else { return Ok(Step::End) };
        self.lines = Some(Lines::new(file));
        Ok(Step::File)
    }

    /// A flaw with the file that it is in, where there is more than one.
    fn named(&self, flaw: &str) -> String {
        let name = if self.numbered { segment::name(self.number) } else { "history.log".to_owned() };
        if self.number == 1 && !self.numbered {
            flaw.to_owned()
        } else if self.fresh && flaw == OUT_OF_ORDER {
            format!(
                "`{name}` does not go on from the entry before; a segment is missing, doubled or in another's place"
            )
        } else {
            format!("{flaw}, in `{name}`")
        }
    }
}

impl Log {
    /// The entries after a place. `None` where the history does not go on there any more: it was set aside, or pruned.
    #[must_use]
    pub fn read_from(&self, place: &Place) -> Option<Reader<'_>> {
        let found = self.find_head().ok()?;
        let from = || {
            let reader = Reader::new(Walk::from(self, place)?, Ends::new(found, self.known, self.knower));
            Some(Reader { times: place.times, ..reader })
        };
        let goes_on = !matches!(from()?.advance(), Some(Err(_)));
        if goes_on { from() } else { None }
    }

    /// Where the history begins: as its head says, or without one as its newest `prune` entry does.
    pub(super) fn beginning(&self, found: &Found) -> io::Result<Files> {
        if let Found::Head(head) = found {
            return Ok(head.files);
        }
        let whole = Files::first(self.start());
        let number = self.segments().first().copied();
        let path = number.map_or_else(|| self.file("log"), |number| self.segment(number));
        let Some(file) = open_file(&path)? else { return Ok(whole) };
        let mut lines = Lines::new(file);
        let Piece::Line(first) = lines.next()? else { return Ok(whole) };
        let Some((seq, hash)) = chain::claimed(first).filter(|(seq, _)| (2..MOST).contains(seq)) else {
            return Ok(whole);
        };
        // What stands before the first line is not there to be hashed, but all lines after it open by what the first one
        // says of itself, and one of them says what stood before.
        let mut walk = Walk::at(self, Position { seq, offset: 0, hash }, number.unwrap_or(1), 0);
        (walk.lines, walk.numbered) = (Some(lines), number.is_some());
        let mut files = whole;
        while let Step::File | Step::Entry = walk.step()? {
            // The newest counts. That nothing after it is missing shows when it is walked over from there.
            if let Some(Turn::Prunes(_)) = walk.turn {
                files.follow(walk.turn);
                files.current = files.pruned + 1;
            }
        }
        Ok(files)
    }
}

/// The entries of a log, each with its number, from the first. After an error there is nothing more.
pub struct Reader<'a> {
    walk: Walk<'a>,
    is_over: bool,
    ends: Ends,
    times: Times,
    /// By how many seconds the time went back with the last entry.
    went_back: Option<u64>,
    /// Before which entry it begins.
    base: u64,
    watch: Option<Watch<'a>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(walk: Walk<'a>, ends: Ends) -> Self {
        let base = walk.chain.at.seq;
        Self { walk, is_over: false, ends, times: Times::default(), went_back: None, base, watch: None }
    }

    /// With somebody who is told now and then how many of about how many entries were gone over.
    #[must_use]
    pub fn watched(mut self, watch: Watch<'a>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Where the next entry will stand.
    pub(super) fn place(&self) -> Place {
        let Walk { chain, number, .. } = &self.walk;
        Place { at: chain.at, number: *number, closed: self.walk.closed(), times: self.times }
    }

    /// Goes to the next entry and gives its number; [`Reader::json`] then has it as it was sealed. Most that are looked
    /// through need not be read any further.
    pub(super) fn advance(&mut self) -> Option<Result<u64>> {
        let item = if self.is_over { None } else { self.step().transpose() };
        self.is_over = !matches!(item, Some(Ok(_)));
        item
    }

    /// The JSON of the entry that was gone to last.
    pub(super) fn json(&self) -> &[u8] {
        self.walk.chain.json()
    }

    /// By how many seconds the time went back with that entry.
    pub(super) fn went_back(&self) -> Option<u64> {
        self.went_back
    }

    /// That entry.
    pub(super) fn event(&self) -> Event {
        Event::from_json(self.json()).going_back(self.went_back)
    }

    /// Notes what an entry says beside itself, and gives its number.
    fn see(&mut self) -> u64 {
        let at = self.walk.chain.at;
        self.ends.see(at);
        self.went_back = self.times.follow(self.walk.chain.json());
        let done = at.seq - self.base;
        if done.is_multiple_of(TOLD_AFTER)
            && let Some(watch) = &mut self.watch
        {
            watch(done, self.ends.last().saturating_sub(self.base));
        }
        at.seq
    }

    fn step(&mut self) -> Result<Option<u64>> {
        loop {
            let step = self.walk.step().map_err(|error| {
                let why = crate::failure::reason(&error);
                Failure::new(Kind::Disk, format!("cannot read the history: {why}"))
            })?;
            return match step {
                Step::File => continue,
                Step::Entry => Ok(Some(self.see())),
                Step::Flaw(why) => Err(bad_line(self.walk.chain.at.seq + 1, &why)),
                Step::Rest | Step::End => self.ends.flaw(self.walk.log, self.walk.chain.at).map_or(Ok(None), Err),
            };
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<(u64, Event)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.advance()?.map(|number| (number, self.event())))
    }
}

/// A line that is not what keyctl wrote.
pub(super) fn bad_line(seq: u64, why: &str) -> Failure {
    Failure::new(Kind::Store, format!("the history was changed at entry {seq}: {why}"))
        .hint("`keyctl history verify` says what can still be relied on")
}
