//! Adding an entry, at a cost that does not grow with the history:
//!
//! 1. take the lock; read the head; if it says that the log's file is closed, go on at step 9;
//! 2. open the log for appending and ask for its length; a log shorter than its head: stop, unless only entries are gone
//!    that were never waited for (head.rs);
//! 3. a log longer than its head: read just the bytes after it. Whole lines that open move the head on, an unfinished rest
//!    goes to `history.torn`, a whole line that does not open stops;
//! 4. compare with the anchor, if it is this far;
//! 5. seal what there is to say, a `repair` and a `gap` first where they are due, and write it with one call;
//! 6. wait for the disk, if the entry is durable or [`UNSYNCED`] entries have not been waited for;
//! 7. replace the head. Only then is the entry acknowledged.
//!
//! Once in some ten thousand entries the file is then long enough and is closed. The entry is safe already, so that what
//! fails here fails no command: whoever adds the next entry finds how far it came and goes on from there.
//!
//! 8. write a `segment` entry; wait for the disk, so that of a closed file nothing is ever lost; put down a head that says
//!    `closed`, and wait for that;
//! 9. give the file its number, unless there is one of that number: then it has it already. Make an empty log; wait for the
//!    folder;
//! 10. put down a head that says where the new file begins, and wait for it. Only now may it grow.
//!
//! A kill in 8 leaves the head of before and a line or a part of one behind it: step 3 takes it in, sees that it closes the
//! file, and goes on in 8. A kill or a power cut later leaves the head that says `closed`, with which it goes on at 9, or
//! the new one. At each of these moments there is just one file that the next line belongs to.
//!
//! Pruning is an entry too. It is added and waited for, then a head that says where the history begins now, and only then
//! are the files removed: a kill in between leaves an entry that step 3 takes in, or a head that knows which files may still
//! be there. The next one who adds an entry removes them.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    time::Duration,
};

use super::{
    Log, Mark,
    chain::{Chain, LONGEST_PLAIN, Position},
    event::{Action, Event},
    gap::Unrecorded,
    head::{self, Found, Head},
    read::{Lines, Piece, bad_line},
    segment::{self, Files, Turn},
    verify::count,
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result, reason},
    home, platform,
};

/// The most entries that may be unsure to be on the disk: it bounds what a power cut, or a cut that looks like one, takes.
const UNSYNCED: u64 = 64;

/// An entry that was added.
#[derive(Debug)]
pub struct Appended {
    /// The entry: an anchor, if it is durable.
    pub mark: Mark,
    /// What had to be mended first, to be said once.
    pub repaired: Option<String>,
    /// How many before it could not be recorded, as a `gap` entry says now.
    pub gap: Option<Unrecorded>,
    /// How many were found to be gone, as a `repair` entry says now.
    pub lost: u64,
    /// Why it is not certain to stay, though it is written: the disk did not say that it has it, or its sealed end does not
    /// say so.
    pub doubt: Option<Failure>,
}

impl Appended {
    /// The same, if it is certain.
    ///
    /// # Errors
    /// The doubt.
    pub fn sure(self) -> Result<Self> {
        match self.doubt {
            Some(doubt) => Err(doubt),
            None => Ok(self),
        }
    }
}

impl Log {
    /// Adds one entry, for whoever has only the history: tests and benches. Commands add theirs with [`Log::append_all`].
    ///
    /// # Errors
    /// As [`Log::append_all`].
    pub fn append(&self, event: &Event, durable: bool) -> Result<Appended> {
        self.append_all(&[event], durable, home::LOCK_DEADLINE)
    }

    /// Adds entries that belong together, in one write, and gives the mark of the last. With `durable` they are on the disk when
    /// this returns; without, a kill cannot lose them but a power cut can. Another keyctl is waited for at most so long.
    ///
    /// # Errors
    /// `Store` when the history is not what its head or the anchor says; `Busy`; `Disk`, and then the entries may still be
    /// recorded.
    pub fn append_all(&self, events: &[&Event], durable: bool, patience: Duration) -> Result<Appended> {
        self.append_perhaps(events, durable, patience)?.sure()
    }

    /// The same where what is written but not certain to stay is no failure: then there is a doubt.
    ///
    /// # Errors
    /// As [`Log::append_all`], and then nothing is recorded.
    pub fn append_perhaps(&self, events: &[&Event], durable: bool, patience: Duration) -> Result<Appended> {
        let _lock = self.lock(patience)?;
        Writer::open(self)?.add(events, durable)
    }

    pub(super) fn read_head(&self) -> Result<Found> {
        let path = self.file("head");
        self.find_head().map_err(|error| Failure::disk("read", &path, &error))
    }

    /// Puts down a head and waits for the disk.
    pub(super) fn put_head(&self, head: &Head) -> Result<()> {
        let path = self.file("head");
        head::replace(&path, &head::seal(head, &self.key)?, true)
            .and_then(|()| platform::sync_folder(&self.folder))
            .map_err(|error| Failure::disk("write", &path, &error))
    }

    /// Gives a closed file its number and begins the next one: steps 9 and 10.
    fn next_file(&self, closed: &Head) -> Result<Head> {
        let (log, segment) = (self.file("log"), self.segment(closed.files.current));
        let length = |path| std::fs::symlink_metadata(path).map(|facts| facts.len()).ok();
        let name = segment::name(closed.files.current);
        if length(&segment).is_none() {
            if length(&log) != Some(closed.end.offset) {
                return Err(stopped(format!("the history is not what its sealed end says, which closes `{name}`")));
            }
            platform::rename(&log, &segment).map_err(|error| Failure::disk("rename", &log, &error))?;
        } else if length(&segment) != Some(closed.end.offset) {
            return Err(stopped(format!("`{name}` is not what the sealed end of the history says")));
        }
        drop(self.open_for_append()?);
        platform::sync_folder(&self.folder).map_err(|error| Failure::disk("sync", &self.folder, &error))?;
        let end = Position { offset: 0, ..closed.end };
        let files = Files { current: closed.files.current + 1, closed: false, ..closed.files };
        let head = Head { end, synced: end, files, ..*closed };
        self.put_head(&head)?;
        Ok(head)
    }

    pub(super) fn open_for_append(&self) -> Result<File> {
        let path = self.file("log");
        platform::open_or_create_private(&path, true).map_err(|error| Failure::disk("open", &path, &error))
    }

    /// Makes the first head, before the first line: so a log without a head is never just one that was interrupted.
    pub(super) fn begin(&self) -> Result<Head> {
        let start = self.start();
        let head = Head { end: start, synced: start, lost: 0, files: Files::first(start) };
        self.put_head(&head)?;
        Ok(head)
    }
}

/// A log that is open at its end, under the lock.
pub(super) struct Writer<'a> {
    log: &'a Log,
    file: File,
    chain: Chain<'a>,
    synced: Position,
    files: Files,
    /// What had to be mended, a phrase each.
    repaired: Vec<String>,
    /// How many entries are gone and not yet noted.
    lost: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn open(log: &'a Log) -> Result<Self> {
        let found = log.read_head()?;
        let nothing_yet = matches!(found, Found::Nothing);
        let log_is_empty = || std::fs::metadata(log.file("log")).map_or(true, |facts| facts.len() == 0);
        if nothing_yet && let Some(known) = log.least().filter(|known| known.seq > 0 && log_is_empty()) {
            return Err(stopped(format!("the history is gone, but {} known", are(known.seq))));
        }
        if nothing_yet && !log.segments().is_empty() {
            return Err(stopped(NO_HEAD));
        }
        let found = match found {
            Found::Head(head) if head.files.closed => Found::Head(log.next_file(&head)?),
            other => other,
        };
        let file = log.open_for_append()?;
        let facts = file.metadata().map_err(|error| Failure::disk("read", &log.file("log"), &error))?;
        let length = facts.len();
        let head = match found {
            Found::Head(head) => head,
            Found::Nothing if length == 0 => log.begin()?,
            Found::Nothing => return Err(stopped(NO_HEAD)),
            Found::Foreign => return Err(stopped("the sealed end of the history does not open")),
        };
        if length < head.synced.offset {
            return Err(stopped("the history is shorter than its sealed end"));
        }
        // What was surely on the disk is there: go from it over what else is.
        let from = if length < head.end.offset { head.synced } else { head.end };
        let mut writer = Self::at(log, file, from, head);
        if length != from.offset {
            writer.roll_forward()?;
        }
        writer.compare_with_anchor()?;
        writer.note_lost(&head)?;
        writer.finish()?;
        Ok(writer)
    }

    pub(super) fn at(log: &'a Log, file: File, from: Position, head: Head) -> Self {
        let chain = log.chain(from);
        Self { log, file, chain, synced: head.synced, files: head.files, repaired: Vec::new(), lost: 0 }
    }

    /// Ends what a kill broke off: the closing of a file, the removal of pruned ones.
    fn finish(&mut self) -> Result<()> {
        if self.files.closed {
            self.close()?;
        }
        if self.files.left <= self.files.pruned {
            // Who only wants to add an entry is not kept from it by a file that cannot be removed.
            let _ = self.remove_pruned();
        }
        Ok(())
    }

    pub(super) fn head(&self) -> Head {
        Head { end: self.chain.at, synced: self.synced, lost: self.lost, files: self.files }
    }

    /// Closes the file after its `segment` entry: step 8 from there, and the rest.
    fn close(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|error| Failure::disk("sync", &self.log.file("log"), &error))?;
        self.synced = self.chain.at;
        let closed = self.head();
        self.log.put_head(&closed)?;
        let head = self.log.next_file(&closed)?;
        self.file = self.log.open_for_append()?;
        (self.chain.at, self.synced, self.files) = (head.end, head.synced, head.files);
        Ok(())
    }

    /// Step 8: the entry that closes the file, and then that.
    pub(super) fn close_long_file(&mut self, moment: Moment) -> Result<()> {
        let from = self.chain.at.offset;
        let mut line = Vec::new();
        self.seal(&segment::closing(self.files.current, moment), &mut line)?;
        self.write(&line, from)?;
        self.files.closed = true;
        self.close()
    }

    /// Removes the files that were pruned. First a head that does not begin with them is surely on the disk.
    fn remove_pruned(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|error| Failure::disk("sync", &self.log.file("log"), &error))?;
        self.synced = self.chain.at;
        self.log.put_head(&self.head())?;
        let folder = &self.log.folder;
        self.log.remove_pruned(&self.files).map_err(|error| Failure::disk("remove files from", folder, &error))?;
        self.files.left = self.files.pruned + 1;
        self.log.put_head(&self.head())
    }

    /// Adds the entry that says that all up to the end of a closed file are removed, and removes them.
    pub(super) fn prune(mut self, file: u64, last: Position, moment: Moment) -> Result<Appended> {
        let event = segment::pruning(file, last, moment);
        self.files.pruned = file;
        self.files.base = Position { offset: 0, ..last };
        let appended = self.add_at_once(&[&event], moment, true)?.sure()?;
        self.remove_pruned()?;
        Ok(appended)
    }

    /// Whether the last file has any.
    pub(super) fn has_entries(&self) -> bool {
        self.chain.at.offset > 0
    }

    pub(super) fn files(&self) -> Files {
        self.files
    }

    /// Goes over the lines after the chain's place to the end, and moves an unfinished rest aside.
    pub(super) fn roll_forward(&mut self) -> Result<()> {
        let path = self.log.file("log");
        let failed = |error: &io::Error| Failure::disk("read", &path, error);
        self.file.seek(SeekFrom::Start(self.chain.at.offset)).map_err(|error| failed(&error))?;
        let mut lines = Lines::new(&self.file);
        let rest = loop {
            match lines.next().map_err(|error| failed(&error))? {
                Piece::Line(_) if self.files.closed => {
                    return Err(bad_line(self.chain.at.seq + 1, "it stands behind the end of its segment"));
                }
                Piece::End => break Vec::new(),
                Piece::Rest(rest) => break rest.to_vec(),
                Piece::TooLong => return Err(bad_line(self.chain.at.seq + 1, "it is longer than 8 KiB")),
                Piece::Line(line) => {
                    self.chain.open(line).map_err(|why| bad_line(self.chain.at.seq + 1, why))?;
                    self.files.follow(Turn::of(self.chain.json()));
                }
            }
        };
        if !rest.is_empty() {
            self.move_aside(&rest)?;
        }
        Ok(())
    }

    /// Takes note of entries that are gone. The head forgets them before the log grows over their place, and remembers how
    /// many they were until a `repair` entry says so.
    fn note_lost(&mut self, head: &Head) -> Result<()> {
        let gone = head.end.seq.saturating_sub(self.chain.at.seq);
        self.lost = head.lost.saturating_add(gone);
        if self.lost > 0 {
            let are = if self.lost == 1 { "is" } else { "are" };
            self.repaired.push(format!("{} that the disk was not waited for {are} gone", count(self.lost)));
        }
        if gone > 0 {
            self.log.put_head(&self.head())?;
        }
        Ok(())
    }

    fn move_aside(&mut self, rest: &[u8]) -> Result<()> {
        let (torn, path) = (self.log.file("torn"), self.log.file("log"));
        self.log.clear_the_way("torn");
        platform::open_or_create_private(&torn, true)
            .and_then(|mut file| file.write_all(rest))
            .map_err(|error| Failure::disk("write", &torn, &error))?;
        self.cut_to(self.chain.at.offset).map_err(|error| Failure::disk("shorten", &path, &error))?;
        let what = format!("an unfinished entry of {} bytes was moved to `history.torn`", rest.len());
        self.repaired.push(what);
        Ok(())
    }

    /// Cuts the log, through a handle of its own: Windows lets none that appends do it.
    fn cut_to(&self, length: u64) -> io::Result<()> {
        platform::open_or_create_private(&self.log.file("log"), false)?.set_len(length)
    }

    pub(super) fn compare_with_anchor(&self) -> Result<()> {
        let Some(known) = self.log.least() else { return Ok(()) };
        let at = self.chain.at;
        if known.seq > at.seq {
            return Err(stopped(format!("the history ends {} before one that is known", count(known.seq - at.seq))));
        }
        if known.seq == at.seq && known.hash != at.hash {
            return Err(stopped(format!("entry {} of the history is not the one that is known", at.seq)));
        }
        Ok(())
    }

    pub(super) fn add(mut self, events: &[&Event], durable: bool) -> Result<Appended> {
        let appended = self.add_at_once(events, moment_of(events), durable)?;
        if appended.doubt.is_none() && self.chain.at.offset >= self.log.longest {
            let _ = self.close_long_file(moment_of(events));
        }
        Ok(appended)
    }

    pub(super) fn settle(mut self, moment: Moment) -> Result<Appended> {
        let is_unsaid = self.chain.at.seq == 0 && self.log.first.is_some();
        if is_unsaid || !self.repaired.is_empty() {
            return self.add_at_once(&[], moment, true)?.sure();
        }
        self.file.sync_data().map_err(|error| Failure::disk("sync", &self.log.file("log"), &error))?;
        Ok(Appended {
            mark: Mark { seq: self.chain.at.seq, hash: self.chain.at.hash },
            repaired: None,
            gap: None,
            lost: 0,
            doubt: None,
        })
    }

    /// Adds what has to be noted first, and then entries, if there are any, with one write.
    pub(super) fn add_at_once(&mut self, events: &[&Event], moment: Moment, durable: bool) -> Result<Appended> {
        let from = self.chain.at.offset;
        let mut lines = Vec::new();
        if let Some(first) = self.log.first.as_ref().filter(|_| self.chain.at.seq == 0) {
            self.seal(&Event { moment: first.moment.or(Some(moment)), ..first.clone() }, &mut lines)?;
        }
        let repaired = (!self.repaired.is_empty()).then(|| self.repaired.join("; "));
        if let Some(what) = &repaired {
            let repair = Event::new(Action::Repair, moment).note(what.as_str());
            let is_loss = self.lost > 0;
            let after = self.chain.at.seq;
            self.seal(&if is_loss { repair.lost(self.lost).missing_after(after) } else { repair }, &mut lines)?;
        }
        let gap = self.log.gap().filter(|_| !events.is_empty());
        if let Some(lost) = gap {
            self.seal(&Event::gap(lost, moment), &mut lines)?;
        }
        for event in events {
            self.seal(event, &mut lines)?;
        }
        self.write(&lines, from)?;
        let unsure = |doing: &str, ending: &str, error: &io::Error| {
            Failure::disk(doing, &self.log.file(ending), error).hint("the entry may be recorded all the same")
        };
        // What says how much is missing must not go missing the same way: the next count would be of that alone.
        let notes_a_loss = repaired.is_some() || gap.is_some();
        let mut doubt = None;
        if durable || notes_a_loss || self.chain.at.seq - self.synced.seq >= UNSYNCED {
            match self.file.sync_data() {
                Ok(()) => self.synced = self.chain.at,
                Err(error) => doubt = Some(unsure("sync", "log", &error)),
            }
        }
        let lost = std::mem::take(&mut self.lost);
        if let Some(noted) = gap.filter(|_| doubt.is_none()) {
            self.log.clear_gap(noted);
        }
        if doubt.is_none() {
            let head = head::seal(&self.head(), &self.log.key)?;
            let replaced = head::replace(&self.log.file("head"), &head, false);
            doubt = replaced.err().map(|error| unsure("write", "head", &error));
        }
        let mark = Mark { seq: self.chain.at.seq, hash: self.chain.at.hash };
        Ok(Appended { mark, repaired, gap, lost, doubt })
    }

    fn seal(&mut self, event: &Event, lines: &mut Vec<u8>) -> Result<()> {
        lines.extend(self.chain.seal(&event.to_json(LONGEST_PLAIN))?);
        Ok(())
    }

    /// One write call. What a full disk took only in part is taken back; if that fails too, the next append heals it.
    fn write(&mut self, lines: &[u8], from: u64) -> Result<()> {
        let path = self.log.file("log");
        let why = loop {
            match self.file.write(lines) {
                Ok(written) if written == lines.len() => return Ok(()),
                Ok(written) => break format!("the disk took {written} of {} bytes; it may be full", lines.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break reason(&error),
            }
        };
        let _ = self.cut_to(from);
        Err(Failure::new(Kind::Disk, format!("cannot write `{}`: {why}", path.display())))
    }
}

/// When the last of them was.
fn moment_of(events: &[&Event]) -> Moment {
    events.last().and_then(|event| event.moment).unwrap_or(Moment::from_seconds(0))
}

const NO_HEAD: &str = "the end of the history is not sealed: `history.head` is missing";

pub(super) fn stopped(what: impl Into<String>) -> Failure {
    Failure::new(Kind::Store, what)
        .hint("`keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there")
}

/// `1 entry is`, `2 entries are`.
pub(super) fn are(entries: u64) -> String {
    format!("{} {}", count(entries), if entries == 1 { "is" } else { "are" })
}
