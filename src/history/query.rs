//! Which entries a question is about. Whatever was sealed is looked through once, in order, and one entry at a time is
//! held; an entry that cannot be meant is passed over without being read in full.
//!
//! A key's name is followed through its renames in both directions: who asks for the name it has now gets the entries from
//! before it was renamed, and who asks for a former one those after. Another key that later took a former name is not
//! mixed in. Entries that had no room for all their names (`more`) are found by those that are written there.

use std::{borrow::Cow, collections::VecDeque, path::Path};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Action, Event, Log, Place, Reader,
    lives::{Lives, Span, Turn},
    verify::Watch,
};
use crate::{
    date::Moment,
    failure::{Failure, Result},
    name::KeyName,
};

/// What entries must have to be shown; all of it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// At this moment or later; entries whose moment cannot be read are then left out.
    pub since: Option<Moment>,
    /// At this moment or earlier.
    pub until: Option<Moment>,
    /// Of this key, under whatever name.
    pub key: Option<Lineage>,
    /// In this project.
    pub project: Option<Project>,
    /// By the program of this file name.
    pub program: Option<String>,
    /// One of these was done; any, if there are none.
    pub actions: Vec<Action>,
    /// The outcome holds this word, or the action is it, in capitals or not.
    pub outcome: Option<String>,
    /// Perhaps done for a coding agent: any, or one whose name holds this word, in capitals or not.
    pub agent: Option<Option<String>>,
}

/// How a project is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Project {
    /// Its folder, or any below that.
    Folder(String),
    /// The last part of its folder.
    Name(String),
}

impl Project {
    fn is_of(&self, folder: &str) -> bool {
        match self {
            Self::Folder(above) => Path::new(folder).starts_with(above),
            Self::Name(name) => Path::new(folder).file_name().is_some_and(|last| last == name.as_str()),
        }
    }
}

/// What a question can be decided by in most entries, without reading all of them.
#[derive(Deserialize)]
struct Glance<'j> {
    #[serde(borrow)]
    ev: Cow<'j, str>,
    #[serde(borrow, default)]
    t: Option<Cow<'j, str>>,
    #[serde(borrow, default)]
    names: Vec<Cow<'j, str>>,
    #[serde(borrow, default)]
    prog: Option<Cow<'j, str>>,
    #[serde(borrow, default)]
    cwd: Option<Cow<'j, str>>,
    #[serde(borrow, default)]
    project: Option<Cow<'j, str>>,
}

impl Query {
    /// Whether every entry is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let Self { since, until, key, project, program, actions, outcome, agent } = self;
        since.is_none()
            && until.is_none()
            && key.is_none()
            && project.is_none()
            && program.is_none()
            && actions.is_empty()
            && outcome.is_none()
            && agent.is_none()
    }

    /// Whether this entry is meant.
    #[must_use]
    pub fn matches(&self, number: u64, event: &Event) -> bool {
        let names = event.names.iter().map(String::as_str);
        let folders = [event.folder.as_deref(), event.project.as_deref()];
        self.fits(number, event.moment, event.action.as_str(), names, event.program.as_deref(), folders)
            && self.outcome.as_deref().is_none_or(|word| has_outcome(event, word))
            && self.agent.as_ref().is_none_or(|wanted| is_through(event, wanted.as_deref()))
    }

    fn fits<'n>(
        &self,
        number: u64,
        moment: Option<Moment>,
        action: &str,
        mut names: impl Iterator<Item = &'n str>,
        program: Option<&str>,
        folders: [Option<&str>; 2],
    ) -> bool {
        let timed = self.since.is_none_or(|since| moment.is_some_and(|moment| moment >= since))
            && self.until.is_none_or(|until| moment.is_some_and(|moment| moment <= until));
        timed
            && (self.actions.is_empty() || self.actions.iter().any(|wanted| wanted.as_str() == action))
            && self.key.as_ref().is_none_or(|key| names.any(|name| key.has(name, number)))
            && self.program.as_ref().is_none_or(|wanted| program == Some(wanted))
            && self.project.as_ref().is_none_or(|project| folders.iter().flatten().any(|folder| project.is_of(folder)))
    }

    /// Whether an entry is meant, from as little of it as possible; what has not this version's form is read in full.
    fn matches_json(&self, number: u64, json: &[u8]) -> bool {
        if self.is_all() {
            return true;
        }
        let in_full = || self.matches(number, &Event::from_json(json));
        let Ok(glance) = serde_json::from_slice::<Glance<'_>>(json) else { return in_full() };
        let is_timed = self.since.is_some() || self.until.is_some();
        let moment = glance.t.filter(|_| is_timed).and_then(|text| text.parse().ok());
        let names = glance.names.iter().map(AsRef::as_ref);
        let folders = [glance.cwd.as_deref(), glance.project.as_deref()];
        self.fits(number, moment, &glance.ev, names, glance.prog.as_deref(), folders)
            && ((self.outcome.is_none() && self.agent.is_none()) || in_full())
    }
}

/// Whether it is a use of more keys than it names, and a key may be one of the others.
fn may_be_of(event: &Event, name: &KeyName) -> bool {
    event.more > 0 && event.action.is_use() && !event.names.iter().any(|own| own == name.as_str())
}

fn has_outcome(event: &Event, word: &str) -> bool {
    let word = word.to_lowercase();
    let outcome = event.outcome.as_deref().unwrap_or_default().to_lowercase();
    outcome.contains(&word) || (event.action == Action::Failed && word == "failed")
}

fn is_through(event: &Event, wanted: Option<&str>) -> bool {
    let is_wanted = |agent: &str| wanted.is_none_or(|wanted| agent.to_lowercase().contains(&wanted.to_lowercase()));
    event.agent.as_deref().is_some_and(is_wanted)
}

/// The names of one key, each with the entries between which it was the key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The name, after which entry it became the key's, and with which one it ended.
    spans: Vec<(String, u64, u64)>,
    /// Whether any entry has the name that was asked for.
    is_known: bool,
    /// How many uses had more keys than their entries name, and do not name this one.
    cut: u64,
}

/// A rename: the entry's number, the former and the new name.
type Renamed = (u64, String, String);

impl Lineage {
    /// The names of the key that was asked for by this one, and of any that had it before.
    #[must_use]
    pub fn of(name: &str, renames: &[Renamed]) -> Self {
        let mut spans = Vec::new();
        let mut left = vec![(name.to_owned(), 0, u64::MAX)];
        while let Some(span) = left.pop() {
            if spans.contains(&span) {
                continue;
            }
            let (name, from, to) = &span;
            // The rename that gave it the name is the border, and belongs to both.
            for (number, old, new) in renames.iter().filter(|(number, ..)| (from..=to).contains(&number)) {
                let before = |other: &Renamed| other.0 < *number && other.1 == *old;
                let after = |other: &Renamed| other.0 > *number && other.1 == *new;
                if new == name {
                    let since = renames.iter().rfind(|other| before(other)).map_or(0, |other| other.0 + 1);
                    left.push((old.clone(), since, *number));
                } else if old == name {
                    let until = renames.iter().find(|other| after(other)).map_or(u64::MAX, |other| other.0);
                    left.push((new.clone(), *number, until));
                }
            }
            spans.push(span);
        }
        Self { spans, is_known: false, cut: 0 }
    }

    /// The names of just one key.
    pub(super) fn with(spans: Vec<Span>) -> Self {
        Self { spans, is_known: true, cut: 0 }
    }

    /// Whether an entry of this number that has this name is about the key.
    #[must_use]
    pub fn has(&self, name: &str, number: u64) -> bool {
        self.spans.iter().any(|(own, from, to)| own == name && (*from..=*to).contains(&number))
    }

    /// Whether the history knows the name that was asked for.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// How many uses had no room to name all their keys, among which this one may be.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Every other name that the key had, or another one of its name, in the order of the alphabet.
    #[must_use]
    pub fn other_names(&self) -> Vec<&str> {
        let asked = self.spans.first().map(|(name, ..)| name);
        let mut names: Vec<&str> =
            self.spans.iter().map(|(name, ..)| name).filter(|name| Some(*name) != asked).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What is in every entry that had no room for all its names.
const MORE: &str = "\"more\":";
/// What is in every entry that something failed.
const FAILED: &str = "\"ev\":\"failed\"";
/// What stands before the names where a rename is told in words.
const RENAME_OF: &str = "rename of `";
/// What stands between them.
const TO: &str = "` to `";

/// A rename in words, which [`renamed`] finds the names in.
#[must_use]
pub fn rename_in_words(old: &KeyName, new: &KeyName) -> String {
    format!("{RENAME_OF}{old}{TO}{new}`")
}

/// The former and the new name, if the entry is a rename, or one that was taken back.
#[must_use]
pub fn renamed(event: &Event) -> Option<(&str, &str)> {
    match event.action {
        Action::Rename => match event.names.as_slice() {
            [old, new] => Some((old, new)),
            _ => None,
        },
        Action::Undo => {
            let (old, new) = event.note.as_deref()?.strip_prefix(RENAME_OF)?.strip_suffix('`')?.split_once(TO)?;
            Some((new, old))
        }
        _ => None,
    }
}

impl Log {
    /// The names of every key that was ever called so, from all renames that were recorded, and what ended the reading early
    /// if something did.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn lineage(&self, name: &KeyName, watch: Watch<'_>) -> Result<(Lineage, Option<Failure>)> {
        let finders = ["\"rename\"", RENAME_OF, FAILED].map(memchr::memmem::Finder::new);
        let own = format!("\"{}\"", name.as_str());
        let own = memchr::memmem::Finder::new(&own);
        let cuts = memchr::memmem::Finder::new(MORE);
        let (mut renames, mut is_known, mut cut) = (Vec::new(), false, 0);
        let mut latest: Option<(u64, Event)> = None;
        let flaw = self.each(watch, |number, json| {
            // Any other text of an entry may be just this one.
            let has_name = || Event::from_json(json).names.iter().any(|own| own == name.as_str());
            is_known = is_known || (own.find(json).is_some() && has_name());
            if finders.iter().any(|finder| finder.find(json).is_some()) {
                let event = Event::from_json(json);
                if latest.as_ref().is_some_and(|(number, rename)| event.unmakes(*number, rename)) {
                    (_, latest) = (renames.pop(), None);
                }
                let names = renamed(&event).map(|(old, new)| (number, old.to_owned(), new.to_owned()));
                if let Some(names) = names {
                    renames.push(names);
                    latest = Some((number, event));
                }
            }
            cut += u64::from(cuts.find(json).is_some() && may_be_of(&Event::from_json(json), name));
        })?;
        Ok((Lineage { is_known, cut, ..Lineage::of(name.as_str(), &renames) }, flaw))
    }

    /// The names of the key that is called so now, or was last: not those of another one that had the name before.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn life(&self, name: &KeyName, watch: Watch<'_>) -> Result<(Lineage, Option<Failure>)> {
        let turns = ["rename", "remove", "undo", "rollback", "set", "import"];
        let others = ["edit", "rotate", "revoke", "forget", "failed"];
        let words = turns.iter().chain(&others).map(|word| format!("\"ev\":\"{word}\""));
        let finders: Vec<_> = words.map(|word| memchr::memmem::Finder::new(&word).into_owned()).collect();
        let cuts = memchr::memmem::Finder::new(MORE);
        let mut cut = 0;
        let mut lives = Lives::default();
        // What a change says counts once the next one is there, as that is when it is known not to have failed.
        let mut latest: Option<(u64, Event)> = None;
        let flaw = self.each(watch, |number, json| {
            if finders.iter().any(|finder| finder.find(json).is_some()) {
                let event = Event::from_json(json);
                if latest.as_ref().is_some_and(|(number, change)| event.unmakes(*number, change)) {
                    latest = None;
                } else if (event.is_change() || Turn::of(&event).is_some())
                    && let Some((number, change)) = latest.replace((number, event))
                {
                    lives.follow_entry(number, &change);
                }
            }
            cut += u64::from(cuts.find(json).is_some() && may_be_of(&Event::from_json(json), name));
        })?;
        if let Some((number, change)) = latest {
            lives.follow_entry(number, &change);
        }
        Ok((Lineage { cut, ..Lineage::with(lives.names_of(name.as_str())) }, flaw))
    }

    /// Hands each entry's number and text to `see`, and gives what ended the reading early if something did.
    fn each(&self, watch: Watch<'_>, mut see: impl FnMut(u64, &[u8])) -> Result<Option<Failure>> {
        let mut reader = self.read()?.watched(watch);
        while let Some(number) = reader.advance() {
            match number {
                Ok(number) => see(number, reader.json()),
                Err(failure) => return Ok(Some(failure)),
            }
        }
        Ok(None)
    }

    /// The entries that a question is about, in their order.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn find<'l>(&'l self, query: &'l Query) -> Result<Found<'l>> {
        Ok(Found { reader: self.read()?, query, after: 0 })
    }

    /// Those of them that come after a place; where it cannot be found again, as when the log has gone on in another file,
    /// everything before it is read once more.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn find_after<'l>(&'l self, place: &Place, query: &'l Query) -> Result<Found<'l>> {
        let reader = match self.read_from(place) {
            Some(reader) => reader,
            None => self.read()?,
        };
        Ok(Found { reader, query, after: place.number() })
    }
}

/// The last of the entries that a question is about.
pub struct Last {
    /// These, each with its number.
    pub entries: Vec<(u64, Event)>,
    /// How many there are in all.
    pub all: u64,
    /// What ended the reading early, if something did.
    pub flaw: Option<Failure>,
}

/// The entries that a question is about, each with its number. After an error there is nothing more.
pub struct Found<'l> {
    reader: Reader<'l>,
    query: &'l Query,
    /// Only entries after the one of this number.
    after: u64,
}

impl<'l> Found<'l> {
    /// With somebody who is told now and then how far the reading has come.
    #[must_use]
    pub fn watched(self, watch: Watch<'l>) -> Self {
        Self { reader: self.reader.watched(watch), ..self }
    }

    /// Only the last ones, at most so many, and how many there are in all. No more than these are held.
    pub fn take_last(&mut self, most: usize) -> Last {
        let (mut last, mut all, mut flaw) = (VecDeque::new(), 0, None);
        while let Some(number) = self.advance() {
            let number = match number {
                Ok(number) => number,
                Err(failure) => {
                    flaw = Some(failure);
                    break;
                }
            };
            all += 1;
            // What is not shown in the end need not be read in full.
            if last.len() >= most {
                last.pop_front();
            }
            if most > 0 {
                let json = Zeroizing::new(self.reader.json().to_vec());
                last.push_back((number, json, self.reader.went_back()));
            }
        }
        let event =
            |(number, json, back): (u64, Zeroizing<Vec<u8>>, _)| (number, Event::from_json(&json).going_back(back));
        Last { entries: last.into_iter().map(event).collect(), all, flaw }
    }

    /// Where reading can go on once more has been added.
    #[must_use]
    pub fn place(&self) -> Place {
        self.reader.place()
    }

    /// Goes to the next entry that is meant, and gives its number.
    fn advance(&mut self) -> Option<Result<u64>> {
        loop {
            match self.reader.advance()? {
                Ok(number) if number <= self.after || !self.query.matches_json(number, self.reader.json()) => {}
                other => return Some(other),
            }
        }
    }
}

impl Iterator for Found<'_> {
    type Item = Result<(u64, Event)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.advance()?.map(|number| (number, self.reader.event())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn renames(list: &[(u64, &str, &str)]) -> Vec<Renamed> {
        list.iter().map(|(number, old, new)| (*number, (*old).to_owned(), (*new).to_owned())).collect()
    }

    #[test]
    fn a_key_is_followed_through_its_renames_and_no_other_key_is_mixed_in() {
        // `a` became `b` with 5; another `a` was kept, and became `c` with 9.
        let all = renames(&[(5, "a", "b"), (9, "a", "c")]);
        let entries = [("a", 2), ("a", 5), ("b", 5), ("b", 7), ("a", 7), ("a", 9), ("c", 9), ("c", 11), ("b", 11)];
        let of = |name: &str| {
            let key = Lineage::of(name, &all);
            entries.into_iter().filter(|(name, number)| key.has(name, *number)).collect::<Vec<_>>()
        };
        assert_eq!(of("b"), [("a", 2), ("a", 5), ("b", 5), ("b", 7), ("b", 11)]);
        assert_eq!(of("c"), [("a", 7), ("a", 9), ("c", 9), ("c", 11)]);
        assert_eq!(of("a"), entries, "both were called so");
        assert_eq!(of("d"), []);
        assert_eq!(Lineage::of("a", &all).other_names(), ["b", "c"]);
    }

    #[test]
    fn names_that_go_round_in_a_circle_come_to_an_end() {
        let circle: Vec<Renamed> = (0..200)
            .map(|at| if at % 2 == 0 { (at, "a", "b") } else { (at, "b", "a") })
            .map(|(at, old, new)| (at + 1, old.to_owned(), new.to_owned()))
            .collect();
        let key = Lineage::of("a", &circle);
        assert!((1..=200).all(|number| key.has("a", number) || key.has("b", number)));
    }

    #[test]
    fn a_rename_is_read_from_its_entry_and_from_the_one_that_took_it_back() {
        let event = |action, names: [&str; 2]| {
            Event::new(action, Moment::from_seconds(0)).names(&names.map(|name| name.parse::<KeyName>().expect("good")))
        };
        let name = |text: &str| text.parse::<KeyName>().expect("good");
        let undone = event(Action::Undo, ["a", "b"]).note(rename_in_words(&name("a"), &name("b")));
        assert_eq!(undone.note.as_deref(), Some("rename of `a` to `b`"));
        assert_eq!(renamed(&event(Action::Rename, ["a", "b"])), Some(("a", "b")));
        assert_eq!(renamed(&undone), Some(("b", "a")));
        assert_eq!(renamed(&undone.clone().note("rotate of `a`")), None);
        assert_eq!(renamed(&event(Action::Set, ["a", "b"])), None);
    }

    fn sample() -> Event {
        let event = Event::new(Action::Failed, Moment::from_seconds(1_800_000_000))
            .names(&["a".parse::<KeyName>().expect("good")])
            .program("/usr/bin/node".as_ref())
            .folder(Path::new("/home/me/shop"))
            .outcome("refused: expired");
        event.agent(Some("Claude Code".into())).project(Path::new("/home/me/main"))
    }

    #[test]
    fn an_entry_has_to_be_all_that_is_asked_for() {
        let moment = |seconds| Some(Moment::from_seconds(seconds));
        let none = Query::default;
        let folder = |text: &str| Some(Project::Folder(text.into()));
        let name = |text: &str| Some(Project::Name(text.into()));
        for (query, is_meant) in [
            (none(), true),
            (Query { since: moment(1_800_000_000), until: moment(1_800_000_000), ..none() }, true),
            (Query { since: moment(1_800_000_001), ..none() }, false),
            (Query { until: moment(1_799_999_999), ..none() }, false),
            (Query { key: Some(Lineage::of("a", &[])), ..none() }, true),
            (Query { key: Some(Lineage::of("b", &[])), ..none() }, false),
            (Query { project: folder("/home/me/shop"), ..none() }, true),
            (Query { project: folder("/home/me"), ..none() }, true),
            (Query { project: folder("/home/me/sho"), ..none() }, false),
            (Query { project: name("shop"), ..none() }, true),
            (Query { project: name("me"), ..none() }, false),
            (Query { project: name("main"), ..none() }, true),
            (Query { project: folder("/home/me/main"), ..none() }, true),
            (Query { program: Some("node".into()), ..none() }, true),
            (Query { program: Some("nod".into()), ..none() }, false),
            (Query { actions: vec![Action::Run, Action::Failed], ..none() }, true),
            (Query { actions: vec![Action::Run], ..none() }, false),
            (Query { outcome: Some("Refused".into()), ..none() }, true),
            (Query { outcome: Some("failed".into()), ..none() }, true),
            (Query { outcome: Some("revoked".into()), ..none() }, false),
            (Query { agent: Some(None), ..none() }, true),
            (Query { agent: Some(Some("claude".into())), ..none() }, true),
            (Query { agent: Some(Some("cursor".into())), ..none() }, false),
            (Query { actions: vec![Action::Failed], program: Some("npm".into()), ..none() }, false),
        ] {
            assert_eq!(query.matches(7, &sample()), is_meant, "{query:?}");
            assert_eq!(query.matches_json(7, sample().to_value().to_string().as_bytes()), is_meant, "{query:?}");
        }
        let timeless = Event { moment: None, ..sample() };
        assert!(none().matches(1, &timeless) && !Query { since: moment(0), ..none() }.matches(1, &timeless));
    }

    proptest! {
        #[test]
        fn a_glance_never_decides_otherwise_than_the_whole_entry(
            key in "[ab\"]", program in "[\\PC\n\"]{0,4}", word in "[a-c]?", json in "[\\{\\}\"a-z:,0-9 ]{0,40}", odd in any::<bool>(),
        ) {
            let mut event = sample();
            event.names = vec![key];
            event.program = Some(program.clone());
            let mut value = event.to_value();
            if odd {
                value["names"] = 7.into();
                value["t"] = serde_json::Value::Null;
            }
            let queries = [
                Query { key: Some(Lineage::of("a", &[])), ..Query::default() },
                Query { program: Some(program), ..Query::default() },
                Query { since: Some(Moment::from_seconds(5)), outcome: Some(word), ..Query::default() },
            ];
            for text in [value.to_string(), json] {
                for query in &queries {
                    let whole = query.matches(3, &Event::from_json(text.as_bytes()));
                    prop_assert_eq!(query.matches_json(3, text.as_bytes()), whole);
                }
            }
        }
    }
}
