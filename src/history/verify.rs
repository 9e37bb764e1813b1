//! Verifying: is this every entry that was ever added, in order and unchanged?
//!
//! Three answers. *Intact* is said only if each line opens in its place, the sealed head says that the log ends just
//! where it does, and no anchor knows better. *Tampered* names the first entry that is wrong. *Not provable* is neither: the
//! head is missing or behind, or entries that were never waited for are gone, as a power cut leaves it and as a cut would.

use std::{fmt, io, thread::sleep, time::Duration};

use super::{
    Log, Mark,
    chain::Position,
    event::Event,
    head::{self, Found},
    read::{Lines, Piece},
};
use crate::failure::reason;

/// How often to look again when the log has more than its head knows: another keyctl may just be adding an entry.
const LOOKS: u32 = 5;

/// What [`Log::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was changed, and the end is the end.
    Intact {
        /// How many entries there are.
        entries: u64,
        /// The entry that the anchor confirmed.
        anchored_at: Option<u64>,
        /// How many more the history itself says are missing, in its `gap` and `repair` entries.
        lost: u64,
    },
    /// Something was changed.
    Tampered {
        /// The first entry that is wrong or missing.
        at: u64,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be said.
    NotProvable {
        /// What is missing for a proof.
        why: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact { entries, anchored_at, lost } => {
                write!(f, "intact ({}, end proven", count(*entries))?;
                if let Some(seq) = anchored_at {
                    write!(f, ", anchored at #{seq}")?;
                }
                if *lost > 0 {
                    write!(f, ", {lost} noted as lost")?;
                }
                f.write_str(")")
            }
            Self::Tampered { at, why } => write!(f, "tampered at #{at}: {why}"),
            Self::NotProvable { why } => write!(f, "not provable: {why}"),
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
    /// The place after the last line that is right.
    end: Position,
    /// What is wrong with the next line, if there is one.
    flaw: Option<&'static str>,
    /// Whether bytes follow that are no whole line.
    rest: bool,
    /// Whether the log ever stood where the head says it ends.
    at_head: bool,
    /// The chain value at the anchor's number.
    at_anchor: Option<[u8; 32]>,
    lost: u64,
}

impl Log {
    /// Checks the whole history, and compares it with a mark kept elsewhere. Needs no lock and writes nothing.
    #[must_use]
    pub fn verify(&self, anchor: Option<Mark>) -> Verdict {
        for look in 1.. {
            // The head before the log: what is added in between is then more than the head knows, never less.
            let (found, pass) = match head::read(&self.file("head"), &self.key)
                .and_then(|found| Ok((found, self.pass(found, anchor)?)))
            {
                Ok(seen) => seen,
                Err(error) => return not_provable(format!("cannot read the history: {}", reason(&error))),
            };
            // A log that lacks what its head knows is not one that is just being written.
            let known = if let Found::Head(head) = found { head.end.seq } else { u64::MAX };
            let growing = pass.end.seq > known || (pass.rest && pass.end.seq == known);
            // Nor is a head that is being written over while it is read.
            let half_written = found == Found::Foreign;
            if ((growing && pass.flaw.is_none()) || half_written) && look < LOOKS {
                sleep(Duration::from_millis(10));
                continue;
            }
            return judge(found, &pass, anchor);
        }
        unreachable!("the last look is judged")
    }

    fn pass(&self, found: Found, anchor: Option<Mark>) -> io::Result<Pass> {
        let mut chain = self.chain(self.start());
        let mut pass = Pass { end: chain.at, flaw: None, rest: false, at_head: false, at_anchor: None, lost: 0 };
        let see = |pass: &mut Pass, at: Position| {
            pass.end = at;
            pass.at_head |= matches!(found, Found::Head(head) if head.end == at);
            if anchor.is_some_and(|anchor| anchor.seq == at.seq) {
                pass.at_anchor = Some(at.hash);
            }
        };
        see(&mut pass, chain.at);
        let Some(file) = self.open_log()? else { return Ok(pass) };
        let mut lines = Lines::new(file);
        loop {
            match lines.next()? {
                Piece::End => break,
                Piece::Rest(_) => pass.rest = true,
                Piece::TooLong => pass.flaw = Some("it is longer than 8 KiB"),
                Piece::Line(line) => match chain.open(line) {
                    Ok(json) => {
                        pass.lost = pass.lost.saturating_add(lost(&json));
                        see(&mut pass, chain.at);
                        continue;
                    }
                    Err(why) => pass.flaw = Some(why),
                },
            }
            break;
        }
        Ok(pass)
    }
}

/// How many entries this one says are missing; the few that say so are found without reading the others as JSON.
fn lost(json: &[u8]) -> u64 {
    const FIELD: &[u8] = b"\"lost\":";
    if !json.windows(FIELD.len()).any(|window| window == FIELD) {
        return 0;
    }
    Event::from_json(json).lost.unwrap_or_default()
}

fn judge(found: Found, pass: &Pass, anchor: Option<Mark>) -> Verdict {
    let next = pass.end.seq + 1;
    if let Some(why) = pass.flaw {
        return tampered(next, why);
    }
    if let Some(anchor) = anchor {
        match pass.at_anchor {
            None => {
                let missing = count(anchor.seq - pass.end.seq);
                return tampered(next, format!("{missing} missing: the anchor knows #{}", anchor.seq));
            }
            Some(hash) if hash != anchor.hash => {
                return tampered(anchor.seq, "rewritten: the anchor knows another entry of this number");
            }
            Some(_) => {}
        }
    }
    let head = match found {
        Found::Head(head) => head,
        Found::Foreign => return tampered(pass.end.seq, "the sealed end was changed"),
        Found::Nothing if pass.end.seq == 0 && !pass.rest => return not_provable("there is no history"),
        Found::Nothing => return not_provable(format!("the end of {} is not sealed", count(pass.end.seq))),
    };
    let missing = head.end.seq.saturating_sub(pass.end.seq);
    if missing > 0 && pass.end.seq >= head.synced.seq {
        return not_provable(format!(
            "the last {} missing, lost in a power cut or cut off; the disk was not waited for",
            if missing == 1 { "entry is".into() } else { format!("{missing} entries are") }
        ));
    }
    if missing > 0 {
        return tampered(next, format!("{} missing", count(missing)));
    }
    if !pass.at_head {
        return tampered(head.end.seq, "the sealed end knows another entry of this number");
    }
    if pass.rest {
        return not_provable("an unfinished entry stands at the end; the next one moves it aside");
    }
    if pass.end.seq > head.end.seq {
        let more = count(pass.end.seq - head.end.seq);
        return not_provable(format!("{more} after the sealed end; the next one seals them"));
    }
    if head.lost > 0 {
        return not_provable(format!("{} lost in a power cut or cut off; the next one notes it", count(head.lost)));
    }
    let anchored_at = anchor.map(|anchor| anchor.seq).filter(|seq| *seq > 0);
    Verdict::Intact { entries: pass.end.seq, anchored_at, lost: pass.lost }
}
