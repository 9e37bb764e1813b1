//! What is found after so much that nobody reads it all. Whoever fills a file with ten thousand copies of one key must not
//! hide another one behind them: of each text in each place the first line is kept with how often it comes again, and of each
//! key and each kind of text so many places that none goes without one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    finding::{Finding, What},
    needles::{Form, Which},
    tree::MOST,
};

/// The most places of which it is known what lies there.
const PLACES: usize = 100_000;
/// So many of each key and each kind of text are kept whatever was counted before.
const FIRST: usize = 10;

/// What is told apart where there is no room for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    key: Option<(Arc<str>, Which)>,
    shape: &'static str,
    /// Whether a whole secret lies there, and no short word: such a key is marked as leaked.
    is_sure: bool,
    is_pushed: bool,
}

impl Sort {
    fn of(what: &What, is_pushed: bool) -> Self {
        match what {
            What::Key { name, which, form, partial } => {
                let is_sure = partial.is_none() && *form != Form::Word;
                Self { key: Some((name.clone(), *which)), shape: "", is_sure, is_pushed }
            }
            What::Shape { id, .. } => Self { key: None, shape: id, is_sure: true, is_pushed },
        }
    }
}

/// How much may still be kept: up to a number, and of each sort the first in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    most: usize,
    taken: usize,
    of_sort: BTreeMap<Sort, usize>,
}

impl Default for Room {
    fn default() -> Self {
        Self { most: PLACES, taken: 0, of_sort: BTreeMap::new() }
    }
}

impl Room {
    /// Whether there is room for this, which then is taken.
    pub fn take(&mut self, what: &What, is_pushed: bool) -> bool {
        let of_sort = self.of_sort.entry(Sort::of(what, is_pushed)).or_default();
        if self.taken >= self.most && *of_sort >= FIRST {
            return false;
        }
        self.taken += 1;
        *of_sort += 1;
        true
    }

    fn take_for(&mut self, finding: &Finding) -> bool {
        self.take(&finding.what, finding.place.is_pushed())
    }
}

/// Where a text lies again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lines {
    first: u64,
    last: u64,
    times: u64,
}

/// What was found beyond the first findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// By the place and the text: findings without their lines.
    places: BTreeMap<Finding, Lines>,
    room: Room,
    more: u64,
}

/// What is not told of the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Untold {
    /// How many there are that are not accepted.
    pub more: u64,
    /// How many of these are a text that is told in the same place.
    pub again: u64,
    /// How many are accepted.
    pub accepted: u64,
}

impl Rest {
    /// Counts a finding that is there so often.
    pub fn add(&mut self, finding: Finding, times: u64) {
        let lines = Lines { first: finding.line, last: finding.line, times };
        let text = text(finding);
        if let Some(known) = self.places.get_mut(&text) {
            // A key that is twice in a line is counted once.
            known.times += if known.last == lines.last { times - 1 } else { times };
            known.last = lines.last;
        } else if self.room.take_for(&text) {
            self.places.insert(text, lines);
        } else {
            self.more += times;
        }
    }

    /// Takes over another one.
    pub fn join(&mut self, other: Self) {
        self.more += other.more;
        for (text, lines) in other.places {
            if let Some(known) = self.places.get_mut(&text) {
                known.first = known.first.min(lines.first);
                known.times += lines.times;
            } else if self.room.take_for(&text) {
                self.places.insert(text, lines);
            } else {
                self.more += lines.times;
            }
        }
    }

    /// Puts the first of each text in each place to the findings, as far as there is room beside those that are not accepted,
    /// and of each key and kind of text in any case. Gives how much is left.
    pub fn tell(self, findings: &mut Vec<Finding>, is_accepted: &dyn Fn(&Finding) -> bool) -> Untold {
        let mut untold = Untold { more: self.more, ..Untold::default() };
        if self.places.is_empty() {
            return untold;
        }
        let mut room = Room { most: MOST, ..Room::default() };
        let mut told = BTreeSet::new();
        for finding in findings.iter().filter(|finding| !is_accepted(finding)) {
            room.take_for(finding);
            told.insert(text(finding.clone()));
        }
        for (text, Lines { first, times, .. }) in self.places {
            let line = if text.line == 0 { 0 } else { first };
            if is_accepted(&text) {
                untold.accepted += times;
            } else if told.contains(&text) {
                untold.again += times;
            } else if room.take_for(&text) {
                untold.again += times - 1;
                findings.push(Finding { line, ..text });
            } else {
                untold.more += times;
            }
        }
        untold.more += untold.again;
        findings.sort();
        untold
    }
}

/// A finding without its line; a name stays one.
fn text(finding: Finding) -> Finding {
    Finding { line: finding.line.min(1), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::finding::Place;

    fn finding(path: &str, line: u64, name: &str) -> Finding {
        let what = What::Key { name: name.into(), which: Which::Current, form: Form::Raw, partial: None };
        Finding { place: Place::File(path.into()), line, what, mark: None }
    }

    fn none(_: &Finding) -> bool {
        false
    }

    #[test]
    fn of_each_text_in_each_place_the_first_line_is_told_and_the_others_are_counted() {
        let mut rest = Rest::default();
        for line in [7, 8, 8, 9] {
            rest.add(finding("a", line, "A"), 1);
        }
        rest.add(finding("a", 3, "B"), 1);
        let mut other = Rest::default();
        other.add(finding("a", 5, "A"), 2);
        other.add(finding("b", 0, "A"), 1);
        rest.join(other);
        let mut findings = vec![finding("a", 1, "C")];
        let untold = rest.clone().tell(&mut findings, &none);
        assert_eq!(findings, [finding("a", 1, "C"), finding("a", 3, "B"), finding("a", 5, "A"), finding("b", 0, "A")]);
        assert_eq!(untold, Untold { more: 4, again: 4, accepted: 0 });
        // What is accepted takes no room, and is counted apart.
        let mut findings = Vec::new();
        let is_a = |finding: &Finding| finding.key().is_some_and(|name| **name == *"A");
        assert_eq!(rest.clone().tell(&mut findings, &is_a), Untold { more: 0, again: 0, accepted: 6 });
        assert_eq!(findings, [finding("a", 3, "B")]);
        // What is told in a place already is not told of that again.
        let mut findings = vec![finding("a", 1, "A")];
        assert_eq!(rest.tell(&mut findings, &none), Untold { more: 5, again: 5, accepted: 0 });
    }

    #[test]
    fn no_key_goes_without_a_place_and_what_has_no_room_is_counted() {
        let mut rest = Rest { room: Room { most: 5, ..Room::default() }, ..Rest::default() };
        for number in 0..30 {
            rest.add(finding(&number.to_string(), 1, "A"), 1);
        }
        rest.add(finding("z", 1, "B"), 1);
        let mut findings: Vec<Finding> = (0..MOST as u64).map(|line| finding("first", line + 1, "A")).collect();
        let untold = rest.tell(&mut findings, &none);
        assert_eq!((findings.len(), untold), (MOST + 1, Untold { more: 30, again: 0, accepted: 0 }));
        assert_eq!(findings.last(), Some(&finding("z", 1, "B")));
    }
}
