//! What of a file goes into the store and out of the file, and what will be in the file then. Nothing is changed here.
//!
//! A `.env` file gives whole values alone: of an address that has a secret in it, the rest would be lost with the line. A
//! history gives each secret that stands there as it is. What is found in another form stays, and is told.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{names::Names, opened::Opened};
use crate::{
    commands::scan::Search,
    exchange::dotenv,
    failure,
    name::{KeyName, VariableName},
    scan::{
        finding::{Finding, Hit, Place, What},
        needles::Form,
        taking_out::{self, Sort},
    },
    secret::Secret,
};

/// A secret that goes out of a file.
pub struct Taken {
    /// The name of its key.
    pub name: KeyName,
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
        let mut file = Reading { path: &path, search, taken: Vec::new(), left: Vec::new() };
        let bytes = opened.bytes.expose();
        let after = match sort {
            Sort::Variables => match file.variables(bytes, names)? {
                Ok(after) => after,
                Err(why) => return Ok(Err(why)),
            },
            Sort::History => file.history(bytes, names),
        };
        let Reading { taken, mut left, .. } = file;
        let why = match sort {
            Sort::Variables => "only whole values of a `.env` file are taken out",
            Sort::History => "only what stands there as it is, in one line, is taken out",
        };
        let mut stays = |hit: Hit| {
            let finding = Finding::new(Place::File(path.clone()), hit);
            let is_told = left.iter().any(|(told, _)| told.what == finding.what);
            if !is_told && !search.is_accepted(&finding) {
                left.push((finding, why.to_owned()));
            }
        };
        search.engine.look(&after, &mut stays);
        let is_tracked = super::opened::is_tracked(&path);
        Ok(Ok(Self { path, sort, opened, after, taken, left, is_tracked }))
    }

    /// The secrets that go out of it and are to be kept first.
    pub fn new_keys(&self) -> Vec<(KeyName, Secret)> {
        let new = self.taken.iter().filter(|taken| taken.is_new);
        new.map(|taken| (taken.name.clone(), taken.secret.copy())).collect()
    }

    /// The names of the keys that go out of it, each once.
    pub fn names(&self) -> Vec<KeyName> {
        let mut names: Vec<KeyName> = self.taken.iter().map(|taken| taken.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// In how many places something goes out of it.
    pub fn places(&self) -> usize {
        self.taken.iter().map(|taken| taken.findings.len()).sum()
    }
}

/// A file while it is read.
struct Reading<'s> {
    path: &'s Path,
    search: &'s Search,
    taken: Vec<Taken>,
    left: Vec<Left>,
}

impl Reading<'_> {
    fn finding(&self, hit: Hit, line: u64) -> Finding {
        Finding { line, ..Finding::new(Place::File(self.path.to_owned()), hit) }
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
        let mut gone = Vec::new();
        for one in &all {
            let value = one.value.expose();
            let mut found = None;
            self.search.engine.look(value, &mut |hit| {
                let is_whole = hit.at == 0 && hit.length >= value.trim_ascii_end().len();
                if is_whole && is_as_it_is(&hit, true) {
                    found.get_or_insert(hit);
                }
            });
            let Some(finding) = found.map(|hit| self.finding(hit, one.first as u64)) else { continue };
            if self.search.is_accepted(&finding) {
                continue;
            }
            match names.of_variable(&finding.what, &one.value, &one.name)? {
                Ok((name, is_new)) => {
                    let (secret, variable) = (one.value.copy(), Some(one.name.clone()));
                    self.taken.push(Taken { name, is_new, secret, variable, findings: vec![finding] });
                    gone.push(one);
                }
                Err(why) => self.left.push((finding, why)),
            }
        }
        Ok(Ok(dotenv::without(bytes, gone)))
    }

    /// The text of a history with the mark in the place of each secret.
    fn history(&mut self, bytes: &[u8], names: &mut Names<'_>) -> Zeroizing<Vec<u8>> {
        let mut hits = Vec::new();
        self.search.engine.look(bytes, &mut |hit| hits.push(hit));
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        for hit in hits {
            let from = usize::try_from(hit.at).unwrap_or(usize::MAX);
            let range = from..from.saturating_add(hit.length);
            // A secret of two keys is told twice.
            let is_covered = ranges.last().is_some_and(|last| last.end > range.start);
            if is_covered || !is_as_it_is(&hit, false) || !taking_out::is_plain(bytes, &range) {
                continue;
            }
            let line = hit.line;
            let (finding, secret) = (self.finding(hit, line), Secret::new(bytes[range.clone()].to_vec()));
            if self.search.is_accepted(&finding) {
                continue;
            }
            if let Some(known) = self.taken.iter_mut().find(|taken| taken.secret.same_as(&secret)) {
                known.findings.push(finding);
            } else {
                let variable = taking_out::variable_of(bytes, range.start);
                match names.of_command(&finding.what, &secret, variable.as_ref()) {
                    Ok((name, is_new)) => {
                        self.taken.push(Taken { name, is_new, secret, variable: None, findings: vec![finding] });
                    }
                    Err(why) => {
                        self.left.push((finding, why));
                        continue;
                    }
                }
            }
            ranges.push(range);
        }
        taking_out::replaced(bytes, &ranges)
    }
}

/// Whether a secret stands there whole and as it is; a short one only where it is all of a value.
fn is_as_it_is(hit: &Hit, is_alone: bool) -> bool {
    match &hit.what {
        What::Key { form, partial, .. } => partial.is_none() && (*form == Form::Raw || is_alone && *form == Form::Word),
        What::Shape { .. } => true,
    }
}
