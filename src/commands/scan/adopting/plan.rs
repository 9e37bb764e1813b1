//! What of a file goes into the store and out of the file, and what will be in the file then. Nothing is changed here.
//!
//! A `.env` file gives whole values alone: of an address that has a secret in it, the rest would be lost with the line. A
//! history gives each secret that stands alone there as it is. What is found in another form stays, and is told; and so does
//! what the store has no more in use, for which no name would stand in its place.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::{
    names::Names,
    opened::Opened,
    spots::{Spot, spots},
};
use crate::{
    commands::scan::Search,
    exchange::dotenv::{self, Assignment},
    failure,
    name::{KeyName, KeyPath, VariableName},
    scan::{
        finding::{Finding, Hit, Place, What},
        needles::{Form, Which},
        taking_out::{self, Sort},
    },
    secret::Secret,
};

const REPEATED: &str =
    "its variable stands there more than once, and which one counts only its readers know; leave one";
const HAS_BLANKS: &str = "blanks stand within its quotes, at an end of the value; take them out first";
const COMMENTED: &str = "the comment behind the value holds a secret too; take that out first";
const WITHIN_WORD: &str = "it is a part of a longer word there, which may be another secret";
const OVERLAPPING: &str = "another secret begins or ends within it there";

/// A secret that goes out of a file.
pub struct Taken {
    /// The name of its key, with its store.
    pub name: KeyPath,
    /// Whether the store does not have it yet.
    pub is_new: bool,
    /// The secret.
    pub secret: Secret,
    /// The variable that it is the value of in a `.env` file.
    pub variable: Option<VariableName>,
    /// Where it lies there.
    pub findings: Vec<Finding>,
}

/// What stays where it lies, and why.
pub type Left = (Finding, String);

/// A file that something goes out of.
pub struct Plan {
    /// The file, as the user knows it.
    pub path: PathBuf,
    /// What it is.
    pub sort: Sort,
    /// The same, as it was opened.
    pub opened: Opened,
    /// What will be in it.
    pub after: Zeroizing<Vec<u8>>,
    /// What goes out of it.
    pub taken: Vec<Taken>,
    /// What stays in it and why.
    pub left: Vec<Left>,
    /// Whether git keeps the file.
    pub is_tracked: bool,
}

impl Plan {
    /// What goes out of this file; nothing where nothing can, and why not.
    ///
    /// # Errors
    /// `Interrupted`, where the user was asked for a name.
    pub fn of(
        path: PathBuf,
        sort: Sort,
        opened: Opened,
        search: &Search,
        names: &mut Names<'_>,
    ) -> failure::Result<Result<Self, String>> {
        let mut file = Reading {
            path: &path,
            search,
            taken: Vec::new(),
            left: Vec::new(),
            told: Vec::new(),
            gone: BTreeSet::new(),
        };
        let bytes = opened.bytes.expose();
        let after = match sort {
            Sort::Variables => match file.variables(bytes, names)? {
                Ok(after) => after,
                Err(why) => return Ok(Err(why)),
            },
            Sort::History => file.history(bytes, names),
        };
        file.leave_what_stays(
            &after,
            match sort {
                Sort::Variables => "only whole values of a `.env` file are taken out",
                Sort::History => "only what stands there as it is, in one line, is taken out",
            },
        );
        let Reading { taken, left, .. } = file;
        let is_tracked = super::opened::is_tracked(&path);
        Ok(Ok(Self { path, sort, opened, after, taken, left, is_tracked }))
    }

    /// The secrets that go out of it and are to be kept first.
    pub fn new_keys(&self) -> Vec<(KeyName, Secret)> {
        let new = self.taken.iter().filter(|taken| taken.is_new);
        new.map(|taken| (taken.name.name().clone(), taken.secret.copy())).collect()
    }

    /// The names of the keys that go out of it, each once.
    pub fn names(&self) -> Vec<KeyPath> {
        let mut names: Vec<KeyPath> = self.taken.iter().map(|taken| taken.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// In how many places something goes out of it.
    pub fn places(&self) -> usize {
        self.taken.iter().map(|taken| taken.findings.len()).sum()
    }

    /// What was to go out of it and does not, for this reason.
    pub fn staying(&self, why: &str) -> Vec<Left> {
        let all = self.taken.iter().flat_map(|taken| &taken.findings);
        all.map(|finding| (finding.clone(), why.to_owned())).collect()
    }
}

/// A file while it is read.
struct Reading<'s> {
    path: &'s Path,
    search: &'s Search,
    taken: Vec<Taken>,
    left: Vec<Left>,
    /// The texts of what is left, in the same order.
    told: Vec<Secret>,
    /// The lines that go.
    gone: BTreeSet<u64>,
}

impl Reading<'_> {
    fn finding(&self, hit: Hit, line: u64) -> Finding {
        Finding { line, ..Finding::new(Place::File(self.path.to_owned()), hit) }
    }

    fn leave(&mut self, finding: Finding, secret: Secret, why: impl Into<String>) {
        self.left.push((finding, why.into()));
        self.told.push(secret);
    }

    fn take(&mut self, (name, is_new): (KeyPath, bool), secret: Secret, finding: Finding) {
        match self.taken.iter_mut().find(|taken| taken.secret.same_as(&secret)) {
            Some(known) => known.findings.push(finding),
            None => self.taken.push(Taken { name, is_new, secret, variable: None, findings: vec![finding] }),
        }
    }

    /// Tells what is there afterwards and was not told yet: each one, also of a kind that was.
    fn leave_what_stays(&mut self, after: &[u8], why: &str) {
        let mut hits = Vec::new();
        self.search.engine.look(after, &mut |hit| hits.push(hit));
        let mut told = Told::of(&self.left, &self.told);
        // Where each line that went would stand if those before it had gone already.
        let gone: Vec<u64> = self.gone.iter().zip(0..).map(|(line, before)| line - before).collect();
        for hit in hits {
            let from = usize::try_from(hit.at).unwrap_or(usize::MAX);
            let text = Secret::new(after.get(from..from.saturating_add(hit.length)).unwrap_or_default().to_vec());
            // Where it stood before the lines above it went.
            let line = hit.line + gone.partition_point(|gone| *gone <= hit.line) as u64;
            let finding = self.finding(hit, line);
            if !told.take(&finding, &text) && !self.search.is_accepted(&finding) {
                self.left.push((finding, why.to_owned()));
            }
        }
    }

    /// The text of a `.env` file without the lines of whole secrets, or why it cannot be read as one.
    fn variables(
        &mut self,
        bytes: &[u8],
        names: &mut Names<'_>,
    ) -> failure::Result<Result<Zeroizing<Vec<u8>>, String>> {
        let all = match dotenv::assignments(bytes) {
            Ok(all) => all,
            Err(failure) => return Ok(Err(format!("it cannot be read as a `.env` file: {}", failure.message))),
        };
        let (mut names_seen, mut repeated) = (BTreeSet::new(), BTreeSet::new());
        repeated.extend(all.iter().map(|one| &one.name).filter(|name| !names_seen.insert(*name)));
        let mut gone = Vec::new();
        for one in &all {
            let Some((finding, is_exact)) = self.secret_of(one) else { continue };
            if self.search.is_accepted(&finding) {
                continue;
            }
            let why = if repeated.contains(&one.name) {
                Some(REPEATED.to_owned())
            } else if let Some(why) = not_in_use(&finding.what) {
                Some(why)
            } else if !is_exact {
                Some(HAS_BLANKS.to_owned())
            } else {
                self.holds_any(one.comment.expose()).then(|| COMMENTED.to_owned())
            };
            let given = match why {
                Some(why) => Err(why),
                None => names.of_variable(&finding.what, &one.value, &one.name)?,
            };
            match given {
                Ok((name, is_new)) => {
                    let (secret, variable) = (one.value.copy(), Some(one.name.clone()));
                    self.taken.push(Taken { name, is_new, secret, variable, findings: vec![finding] });
                    gone.push(one);
                }
                Err(why) => self.leave(finding, Secret::new(one.value.expose().trim_ascii().to_vec()), why),
            }
        }
        for one in &gone {
            let last = one.last + usize::from(one.comment.is_empty());
            self.gone.extend((one.first..last).map(|line| line as u64));
        }
        Ok(Ok(dotenv::without(bytes, gone)))
    }

    /// The secret that a value is, and whether it is that to the byte: blanks at its ends count for who reads it.
    fn secret_of(&self, one: &Assignment) -> Option<(Finding, bool)> {
        let value = one.value.expose();
        let (start, end) = (value.len() - value.trim_ascii_start().len(), value.trim_ascii_end().len());
        let mut found: Vec<Hit> = Vec::new();
        self.search.engine.look(value, &mut |hit| {
            let from = usize::try_from(hit.at).unwrap_or(usize::MAX);
            if from <= start && from.saturating_add(hit.length) >= end && is_as_it_is(&hit, true) {
                found.push(hit);
            }
        });
        let hit = found.into_iter().min_by_key(|hit| rank(&hit.what))?;
        let is_exact = match &hit.what {
            What::Key { .. } => hit.at == 0 && hit.length == value.len(),
            // The line break at the end of a key that has many lines is kept with it.
            What::Shape { .. } => hit.at == 0 && value[hit.length..].iter().all(|byte| b"\r\n".contains(byte)),
        };
        Some((self.finding(hit, one.first as u64), is_exact))
    }

    fn holds_any(&self, text: &[u8]) -> bool {
        let mut hits = Vec::new();
        self.search.engine.look(text, &mut |hit| hits.push(hit));
        hits.into_iter().any(|hit| !self.search.is_accepted(&self.finding(hit, 1)))
    }

    /// The text of a history with the mark in the place of each secret.
    fn history(&mut self, bytes: &[u8], names: &mut Names<'_>) -> Zeroizing<Vec<u8>> {
        let mut hits = Vec::new();
        self.search.engine.look(bytes, &mut |hit| hits.push(hit));
        let mut ranges = Vec::new();
        for spot in spots(hits) {
            let is_taken = self.take_spot(bytes, &spot, names);
            for (range, hit) in spot.parts.into_iter().filter(|(_, hit)| is_as_it_is(hit, false)) {
                let (what, line) = (hit.what.clone(), hit.line);
                let (finding, secret) = (self.finding(hit, line), Secret::new(bytes[range].to_vec()));
                match &what {
                    _ if self.search.is_accepted(&finding) => {}
                    _ if !is_taken => self.leave(finding, secret, WITHIN_WORD),
                    // It goes with the longer one.
                    What::Key { name, which: Which::Current, .. } => {
                        if let Ok(name) = name.parse() {
                            self.take((name, false), secret, finding);
                        }
                    }
                    _ => {}
                }
            }
            if is_taken {
                ranges.push(spot.range);
            }
        }
        taking_out::replaced(bytes, &ranges)
    }

    /// Whether what lies in a place of a history goes out of it; what could be told apart from the rest is left with a reason.
    fn take_spot(&mut self, bytes: &[u8], spot: &Spot, names: &mut Names<'_>) -> bool {
        let range = &spot.range;
        let fit = spot.whole.iter().filter(|hit| is_as_it_is(hit, false)).min_by_key(|hit| rank(&hit.what));
        let Some(hit) = fit.filter(|_| taking_out::is_plain(bytes, range)) else { return false };
        let (finding, secret) = (self.finding(hit.clone(), hit.line), Secret::new(bytes[range.clone()].to_vec()));
        if self.search.is_accepted(&finding) {
            return false;
        }
        let is_within = |(part, _): &(std::ops::Range<usize>, Hit)| range.start <= part.start && part.end <= range.end;
        let given = if !taking_out::stands_alone(bytes, range) {
            Err(WITHIN_WORD.to_owned())
        } else if !spot.parts.iter().all(is_within) {
            Err(OVERLAPPING.to_owned())
        } else if let Some(why) = not_in_use(&finding.what) {
            Err(why)
        } else {
            names.of_command(&finding.what, &secret, taking_out::variable_of(bytes, range.start).as_ref())
        };
        match given {
            Ok(given) => self.take(given, secret, finding),
            Err(why) => {
                self.leave(finding, secret, why);
                return false;
            }
        }
        true
    }
}

/// What was told of a file, to be found again by its text, or by its key and line: each once.
struct Told {
    by_text: HashMap<u64, VecDeque<usize>>,
    by_line: HashMap<(u64, Arc<str>), VecDeque<usize>>,
    /// Texts are told apart by a hash that nobody outside this call can work out.
    texts: RandomState,
    is_taken: Vec<bool>,
}

impl Told {
    fn of(left: &[Left], secrets: &[Secret]) -> Self {
        let (texts, is_taken) = (RandomState::new(), vec![false; left.len()]);
        let mut told = Self { by_text: HashMap::new(), by_line: HashMap::new(), texts, is_taken };
        for (at, ((finding, _), secret)) in left.iter().zip(secrets).enumerate() {
            told.by_text.entry(told.texts.hash_one(secret.expose())).or_default().push_back(at);
            if let Some(key) = finding.key() {
                told.by_line.entry((finding.line, key.clone())).or_default().push_back(at);
            }
        }
        told
    }

    /// Whether this was told, by an entry that nothing else was yet; the first such entry.
    fn take(&mut self, finding: &Finding, text: &Secret) -> bool {
        let is_taken = &self.is_taken;
        let first = |places: Option<&mut VecDeque<usize>>| {
            let places = places?;
            while places.front().is_some_and(|at| is_taken[*at]) {
                places.pop_front();
            }
            places.front().copied()
        };
        let by_text = first(self.by_text.get_mut(&self.texts.hash_one(text.expose())));
        let by_line = finding.key().and_then(|key| first(self.by_line.get_mut(&(finding.line, key.clone()))));
        let Some(at) = by_text.into_iter().chain(by_line).min() else { return false };
        self.is_taken[at] = true;
        true
    }
}

/// Whether a secret stands there whole and as it is; a short one only where it is all of a value.
fn is_as_it_is(hit: &Hit, is_alone: bool) -> bool {
    match &hit.what {
        What::Key { form, partial, .. } => partial.is_none() && (*form == Form::Raw || is_alone && *form == Form::Word),
        What::Shape { .. } => true,
    }
}

/// What counts before what, where a text is several keys' secret.
fn rank(what: &What) -> u8 {
    match what {
        What::Key { which: Which::Current, .. } => 0,
        What::Shape { .. } => 1,
        What::Key { .. } => 2,
    }
}

/// Why a secret is no key's to use, although the store has it; and what to do.
fn not_in_use(what: &What) -> Option<String> {
    let What::Key { name, which, .. } = what else { return None };
    match which {
        Which::Current => None,
        Which::Former => Some(format!(
            "the store has it only as a former secret of `{name}`; to use it again: `keyctl rollback {name}`"
        )),
        Which::Removed => Some(format!(
            "the store has it only as a secret of `{name}`, which was removed; to have it back: `keyctl rollback {name}`"
        )),
        Which::Revoked => {
            Some(format!("the store has it only as a revoked secret of `{name}`, which nothing may use any more"))
        }
    }
}
