//! Verifying: is this every entry that was ever added, in order and unchanged?
//!
//! Three answers. *Intact* is said only if each line opens in its place, the sealed head says that the log ends just
//! where it does, and no anchor knows better. *Tampered* names the first entry that is wrong. *Not provable* is neither: the
//! head is missing or behind, or entries that were never waited for are gone, as a power cut leaves it and as a cut would.

use std::{fmt, io, sync::LazyLock, thread::sleep, time::Duration};

use memchr::memmem;

use super::{
    Log, Mark,
    chain::Position,
    ends::ANCHOR,
    event::Event,
    head::{Found, Head},
    losses::{Loss, Losses, in_words},
    read::{Step, Walk},
    segment::{self, Files, Turn},
    times::Times,
};
use crate::{date::Moment, failure::reason};

/// How often to look again when the log has more than its head knows: another keyctl may just be adding an entry.
pub(super) const LOOKS: u32 = 5;
/// How long to wait before that.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// What [`Log::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was changed, and the end is the end.
    Intact {
        /// How many entries there are.
        entries: u64,
        /// What was removed before them, as a sealed entry says.
        pruned: Option<Pruned>,
        /// The entry that the anchor confirmed.
        anchored_at: Option<u64>,
        /// How many more the history itself says are missing, in its `gap` and `repair` entries.
        lost: u64,
        /// Whether one of them says that there may be more.
        lost_at_least: bool,
        /// How often the time went back from one entry to the next: a remark, for the order is that of the numbers.
        went_back: u64,
    },
    /// Something was changed.
    Tampered {
        /// The first entry that is wrong or missing.
        at: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing else is wrong, but entries are missing, as notes in it say, and its owner has not said yes to that.
    Unaccepted {
        /// What is missing where.
        losses: Vec<Loss>,
    },
    /// It cannot be said.
    NotProvable {
        /// What is missing for a proof.
        why: String,
    },
}

/// The beginning of a history that was removed on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The last entry that was removed.
    pub last: u64,
    /// When, if the entry says so.
    pub moment: Option<Moment>,
}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pruned")?;
        self.moment.map_or(Ok(()), |moment| write!(f, " on {}", moment.local_day()))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact { entries, pruned, anchored_at, lost, lost_at_least, went_back } => {
                write!(f, "intact ({}", count(*entries))?;
                if let Some(pruned) = pruned {
                    write!(f, ", #{} to #{}, earlier ones {pruned}", pruned.last + 1, pruned.last + entries)?;
                }
                f.write_str(", end proven")?;
                if let Some(seq) = anchored_at {
                    write!(f, ", anchored at #{seq}")?;
                }
                if *lost_at_least {
                    write!(f, ", at least {lost} noted as lost, how many is not known")?;
                } else if *lost > 0 {
                    write!(f, ", {lost} noted as lost")?;
                }
                match went_back {
                    0 => {}
                    1 => f.write_str(", the time went back once")?,
                    times => write!(f, ", the time went back {times} times")?,
                }
                f.write_str(")")
            }
            Self::Tampered { at, why } => write!(f, "tampered at #{at}: {why}"),
            Self::Unaccepted { losses } => write!(f, "not provable: {}", in_words(losses)),
            Self::NotProvable { why } => write!(f, "not provable: {why}"),
        }
    }
}

/// What a proof lacks where nothing was recorded yet, and what a kill leaves, which the next entry mends.
const NOTHING: &str = "there is no history";
const SET_ASIDE: &str = "it was begun anew, and the one before it was set aside; nothing is recorded yet";
const UNFINISHED: &str = "an unfinished entry stands at the end; the next one moves it aside";
const UNSEALED: &str = "after the sealed end; the next one seals them";

impl Verdict {
    /// Whether it calls for somebody to look: nothing was found missing or changed, only not finished.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        match self {
            // A loss was told of when it was noted.
            Self::Intact { .. } | Self::Unaccepted { .. } => false,
            Self::Tampered { .. } => true,
            Self::NotProvable { why } => why != NOTHING && why != UNFINISHED && !why.ends_with(UNSEALED),
        }
    }
}

/// `1 entry`, `2 entries`.
pub(super) fn count(entries: u64) -> String {
    format!("{entries} {}", if entries == 1 { "entry" } else { "entries" })
}

fn tampered(at: u64, why: impl Into<String>) -> Verdict {
    Verdict::Tampered { at, why: why.into() }
}

fn not_provable(why: impl Into<String>) -> Verdict {
    Verdict::NotProvable { why: why.into() }
}

/// What one pass over the log saw.
struct Pass {
    /// Where it began.
    files: Files,
    /// The place after the last line that is right.
    end: Position,
    /// What is wrong with the next line, if there is one.
    flaw: Option<String>,
    /// Whether bytes follow that are no whole line.
    rest: bool,
    /// Whether the log ever stood where the head says it ends.
    at_head: bool,
    /// The chain value at each mark's number.
    at_marks: Vec<Option<[u8; 32]>>,
    lost: u64,
    lost_at_least: bool,
    losses: Losses,
    went_back: u64,
    /// What the newest entry about it says was removed.
    pruned: Option<segment::Pruned>,
    /// The last file.
    last_file: u64,
}

impl Pass {
    /// Nothing seen yet.
    fn at(files: Files, end: Position, at_marks: Vec<Option<[u8; 32]>>) -> Self {
        let (lost, lost_at_least, went_back, pruned, last_file) = Default::default();
        let (flaw, rest, at_head, losses) = Default::default();
        Self { files, end, flaw, rest, at_head, at_marks, lost, lost_at_least, losses, went_back, pruned, last_file }
    }
}

/// Who is told, now and then, how many of about how many entries were looked at.
pub type Watch<'w> = &'w mut dyn FnMut(u64, u64);

/// After how many entries that is.
pub(super) const TOLD_AFTER: u64 = 4096;

impl Log {
    /// Checks the whole history, and compares it with a mark kept elsewhere. Needs no lock and writes nothing.
    #[must_use]
    pub fn verify(&self, anchor: Option<Mark>) -> Verdict {
        self.verify_against(anchor, &[], &mut |_, _| {})
    }

    /// The same, also against marks that its owner kept. That one of these cannot be compared any more is a doubt: the
    /// anchor may lie before what was pruned, but these were asked about.
    #[must_use]
    pub fn verify_against(&self, anchor: Option<Mark>, kept: &[Mark], watch: Watch<'_>) -> Verdict {
        let marks: Vec<Mark> = kept.iter().copied().chain(anchor).collect();
        for look in 1.. {
            // The head before the log: what is added in between is then more than the head knows, never less.
            let seen =
                self.find_head().and_then(|found| Ok((found, self.pass(found, &marks, watch)?, self.find_head()?)));
            let (found, mut pass, after) = match seen {
                Ok(seen) => seen,
                Err(error) => return not_provable(format!("cannot read the history: {}", reason(&error))),
            };
            // A log that lacks what its head knows is not one that is just being written.
            let known = if let Found::Head(head) = found { head.end.seq } else { u64::MAX };
            let growing = pass.end.seq > known || (pass.rest && pass.end.seq == known);
            // Nor is a head that is being written over while it is read; and files may have been pruned meanwhile.
            let half_written = found == Found::Foreign;
            let pruning =
                matches!((found, after), (Found::Head(old), Found::Head(new)) if old.files.base != new.files.base);
            // Others may add faster than a long history is gone over. What was its end when this began is proven then, and
            // what came behind it is theirs: the head has moved on over it.
            let moved = matches!((found, after), (Found::Head(old), Found::Head(new)) if old.end.seq < new.end.seq);
            if let Found::Head(head) = found
                && growing
                && moved
                && !pruning
                && pass.flaw.is_none()
                && pass.at_head
            {
                (pass.end, pass.rest) = (head.end, false);
            } else if ((growing && pass.flaw.is_none()) || half_written || pruning) && look < LOOKS {
                sleep(PAUSE);
                continue;
            }
            let other = self.stray(&pass, after).or_else(|| self.short(&pass));
            let anchor = anchor.map(|mark| (mark, if anchor == self.known { self.knower } else { ANCHOR }));
            let is_empty = pass.end.seq == 0;
            let verdict = judge(found, Pass { flaw: pass.flaw.clone().or(other), ..pass }, anchor, kept);
            // Nothing of it is there yet, and what was there before was set aside.
            let is_unsaid = is_empty && self.first.is_some() && !matches!(verdict, Verdict::Tampered { .. });
            return if is_unsaid { not_provable(SET_ASIDE) } else { verdict };
        }
        unreachable!("the last look is judged")
    }

    /// A closed file beyond the last one. What lies under a number that was pruned is not looked at.
    fn stray(&self, pass: &Pass, after: Found) -> Option<String> {
        let last = if let Found::Head(head) = after { head.files.current } else { 0 }.max(pass.last_file);
        let stray = self.segments().into_iter().find(|number| *number > last)?;
        Some(format!("`{}` is none of its segments", segment::name(stray)))
    }

    /// Where even a part is missing that ended when the identity was changed: that the store knows, without any head.
    fn short(&self, pass: &Pass) -> Option<String> {
        let former = self.former.last().filter(|former| pass.end.seq < former.last)?;
        let missing = count(former.last - pass.end.seq);
        Some(format!("{missing} missing: the store knows that the identity was changed after #{}", former.last))
    }

    fn pass(&self, found: Found, marks: &[Mark], watch: Watch<'_>) -> io::Result<Pass> {
        let files = self.beginning(&found)?;
        let mut walk = Walk::new(self, &files);
        let (end, at_marks) = (walk.chain.at, vec![None; marks.len()]);
        let mut pass = Pass::at(files, end, at_marks);
        let mut times = Times::default();
        let total = if let Found::Head(head) = found { head.end.seq } else { 0 }.saturating_sub(files.base.seq);
        let see = |pass: &mut Pass, at: Position| {
            pass.end = at;
            pass.at_head |= matches!(found, Found::Head(head) if (head.end.seq, head.end.hash) == (at.seq, at.hash));
            for (_, hash) in marks.iter().zip(&mut pass.at_marks).filter(|(mark, _)| mark.seq == at.seq) {
                *hash = Some(at.hash);
            }
        };
        see(&mut pass, walk.chain.at);
        loop {
            match walk.step()? {
                Step::File => continue,
                Step::Entry => {
                    let (lost, at_least) = lost(walk.chain.json());
                    pass.lost = pass.lost.saturating_add(lost);
                    pass.lost_at_least |= at_least;
                    pass.losses.see(walk.chain.at.seq, walk.chain.json());
                    pass.went_back += u64::from(times.follow(walk.chain.json()).is_some());
                    // One that the head does not know yet is of a pruning that is just going on.
                    let is_known = !matches!(found, Found::Head(head) if head.end.seq < walk.chain.at.seq);
                    if let Some(Turn::Prunes(pruned)) = walk.turn.filter(|_| is_known) {
                        pass.pruned = Some(pruned);
                    }
                    see(&mut pass, walk.chain.at);
                    let done = walk.chain.at.seq - files.base.seq;
                    if done.is_multiple_of(TOLD_AFTER) {
                        watch(done, total);
                    }
                    continue;
                }
                Step::Flaw(why) => pass.flaw = Some(why),
                Step::Rest => pass.rest = true,
                Step::End => {}
            }
            break;
        }
        pass.last_file = walk.number;
        Ok(pass)
    }
}

/// How many entries this one says are missing, and whether there may be more; the few that say so are found without reading
/// the others as JSON.
fn lost(json: &[u8]) -> (u64, bool) {
    static FIELD: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new(b"\"lost\":"));
    if FIELD.find(json).is_none() {
        return (0, false);
    }
    let event = Event::from_json(json);
    (event.lost.unwrap_or_default(), event.is_at_least())
}

fn judge(found: Found, pass: Pass, anchor: Option<(Mark, &str)>, kept: &[Mark]) -> Verdict {
    if let Some(why) = &pass.flaw {
        return tampered(pass.end.seq + 1, why);
    }
    let base = pass.files.base.seq;
    let names =
        kept.iter().map(|mark| (mark, "a mark that was kept")).chain(anchor.as_ref().map(|(mark, who)| (mark, *who)));
    for ((mark, name), hash) in names.zip(&pass.at_marks).filter(|((mark, _), _)| mark.seq >= base) {
        if let Some(verdict) = compare(mark, name, *hash, &pass) {
            return verdict;
        }
    }
    let head = match found {
        Found::Head(head) => head,
        Found::Foreign => return tampered(pass.end.seq, "the sealed end was changed"),
        Found::Nothing if pass.end.seq == 0 && !pass.rest => return not_provable(NOTHING),
        Found::Nothing => return not_provable(format!("the end of {} is not sealed", count(pass.end.seq - base))),
    };
    if let Some(verdict) = doubt_of_the_end(&head, &pass) {
        return verdict;
    }
    let pruned = pass.pruned.filter(|_| base > 0).map(|pruned| Pruned { last: base, moment: pruned.moment });
    if let (Some(mark), Some(pruned)) = (kept.iter().find(|mark| mark.seq < base), &pruned) {
        return not_provable(format!("entry {}, which a mark that was kept knows, was {pruned}", mark.seq));
    }
    if base > 0 && pass.pruned.is_none_or(|pruned| (pruned.last, pruned.hash) != (base, pass.files.base.hash)) {
        return tampered(base + 1, "no entry says that the ones before were pruned");
    }
    let losses = pass.losses.left();
    if !losses.is_empty() {
        return Verdict::Unaccepted { losses };
    }
    let marks = kept
        .iter()
        .chain(anchor.as_ref().map(|(mark, _)| mark))
        .map(|mark| mark.seq)
        .filter(|seq| *seq > 0 && *seq >= base);
    let (entries, anchored_at) = (pass.end.seq - base, marks.max());
    let Pass { lost, lost_at_least, went_back, .. } = pass;
    Verdict::Intact { entries, pruned, anchored_at, lost, lost_at_least, went_back }
}

/// What is wrong with an entry that a mark knows.
fn compare(mark: &Mark, name: &str, hash: Option<[u8; 32]>, pass: &Pass) -> Option<Verdict> {
    match hash {
        None => {
            let missing = count(mark.seq - pass.end.seq);
            Some(tampered(pass.end.seq + 1, format!("{missing} missing: {name} knows #{}", mark.seq)))
        }
        Some(hash) if hash != mark.hash => {
            Some(tampered(mark.seq, format!("rewritten: {name} knows another entry of this number")))
        }
        Some(_) => None,
    }
}

/// What keeps the end from being proven by its head.
fn doubt_of_the_end(head: &Head, pass: &Pass) -> Option<Verdict> {
    let missing = head.end.seq.saturating_sub(pass.end.seq);
    if missing > 0 && pass.end.seq >= head.synced.seq {
        return Some(not_provable(format!(
            "the last {} missing, lost in a power cut or cut off; the disk was not waited for",
            if missing == 1 { "entry is".into() } else { format!("{missing} entries are") }
        )));
    }
    if missing > 0 {
        return Some(tampered(pass.end.seq + 1, format!("{} missing", count(missing))));
    }
    if !pass.at_head {
        return Some(tampered(head.end.seq, "the sealed end knows another entry of this number"));
    }
    if pass.rest {
        return Some(not_provable(UNFINISHED));
    }
    if pass.end.seq > head.end.seq {
        let more = count(pass.end.seq - head.end.seq);
        return Some(not_provable(format!("{more} {UNSEALED}")));
    }
    (head.lost > 0)
        .then(|| not_provable(format!("{} lost in a power cut or cut off; the next one notes it", count(head.lost))))
}
