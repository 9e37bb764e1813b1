//! Whether what was read is all there is to read: where it ends is compared with the sealed head and the anchor. Whoever
//! only asks a question does not verify, but no answer is given silently from a history that was cut, or is gone.

use std::thread::sleep;

use super::{
    Log, Mark,
    append::are,
    chain::Position,
    head::Found,
    verify::{LOOKS, PAUSE, count},
};
use crate::failure::{Failure, Kind};

/// What is known of the end before anything is read: what others add meanwhile is then more than that, never less.
pub(super) struct Ends {
    found: Found,
    known: Option<Mark>,
    /// Who knows that.
    knower: &'static str,
    /// An entry that is another than the one that is known, and who knows it.
    other: Option<(u64, &'static str)>,
}

const HEAD: &str = "its sealed end";
pub(super) const ANCHOR: &str = "the anchor";
pub(super) const STORE: &str = "the store";

impl Ends {
    pub(super) fn new(found: Found, known: Option<Mark>, knower: &'static str) -> Self {
        Self { found, known, knower, other: None }
    }

    /// How many entries there are at least.
    pub(super) fn last(&self) -> u64 {
        if let Found::Head(head) = self.found { head.end.seq } else { 0 }
    }

    /// Sees an entry go by.
    pub(super) fn see(&mut self, at: Position) {
        if let Found::Head(head) = self.found
            && head.end.seq == at.seq
            && head.end.hash != at.hash
        {
            self.other = Some((at.seq, HEAD));
        }
        if let Some(known) = self.known
            && known.seq == at.seq
            && known.hash != at.hash
        {
            self.other = Some((at.seq, self.knower));
        }
    }

    /// What is wrong with this being the end.
    pub(super) fn flaw(&self, log: &Log, end: Position) -> Option<Failure> {
        let known = self.known.map(|known| (known.seq, self.knower));
        let head = if let Found::Head(head) = self.found { Some((head.end.seq, HEAD)) } else { None };
        if let Some((seq, who)) = head.max(known).filter(|(seq, _)| *seq > end.seq) {
            return Some(flawed(match end.seq {
                0 => format!("the history is gone, but {} known", are(seq)),
                last => format!("the history is not all there: it ends with #{last}, and {who} knows #{seq}"),
            }));
        }
        if let Some((seq, who)) = self.other {
            return Some(flawed(format!("the history was changed: entry {seq} is not the one that {who} knows")));
        }
        match self.found {
            Found::Head(head) if head.lost > 0 => {
                let lost = count(head.lost);
                Some(flawed(format!("the history is not all there: {lost} lost in a power cut or cut off")))
            }
            Found::Head(_) => None,
            // Nothing was recorded yet.
            Found::Nothing if end.seq == 0 => None,
            Found::Nothing | Found::Foreign => unsealed(log),
        }
    }
}

/// Another keyctl may just be writing the head, so it is looked for once more.
fn unsealed(log: &Log) -> Option<Failure> {
    let mut found = log.find_head();
    for _ in 1..LOOKS {
        if let Ok(Found::Head(_)) = found {
            return None;
        }
        sleep(PAUSE);
        found = log.find_head();
    }
    Some(flawed(match found {
        Ok(Found::Head(_)) => return None,
        Ok(Found::Nothing) => "the history may not be all there: its sealed end is missing",
        Ok(Found::Foreign) | Err(_) => "the history may not be all there: its sealed end does not open",
    }))
}

fn flawed(what: impl Into<String>) -> Failure {
    Failure::new(Kind::Store, what).hint("`keyctl history verify` says what can still be relied on")
}
