//! What the user has approved: one line a grant, bound to its place, in the file `allowed`.
//!
//! The file tells nobody which projects or keys there are. A line is `HASH SEALED`: the hash, over the file's own salt, the
//! place and the grant, finds the line without the identity, so a project that was never approved is turned away before
//! any keychain is asked. The sealed part, which only the identity can write, says the same in words; it is checked
//! before a key leaves the store, so a line planted by another program is found out.
//!
//! Each grant is approved by itself. A project that asks for less does not ask again; one more key, another variable,
//! another profile or another value does. What was approved stays approved until `keyctl deny`: worktrees of one
//! repository share their approvals, and going back and forth between branches shall not ask each time. Whether a key is
//! optional is no part of a grant.
//!
//! Each store has such a list for its own keys, so that a project which wants keys of one alone opens that one alone. Plain
//! settings, and the exceptions for variables, are in the personal store's.
//!
//! Not protected here: an older copy of this file put back by a program that runs as the user brings back what was
//! approved then and denied since.

use std::{collections::BTreeSet, fmt::Write as _, io, path::PathBuf, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

pub use super::approval::needs_exception;
use super::{
    approval::{Finder, Hash, Item, Record, Salt, approved, needed},
    place::Place,
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    home::{self, Home, Lock},
    name::{KeyName, KeyPath, StoreName, VariableName},
    platform,
    profile::{Grant, variables},
    random,
    seal::SealKey,
};

/// The file's name in the data folder.
pub const NAME: &str = "allowed";
/// Where a list that could not be read is kept.
pub const UNREADABLE: &str = "allowed.unreadable";
/// How the file begins; the salt follows.
const HEAD: &str = "keyctl-allowed 1 ";
/// What the sealing key is derived for.
const PURPOSE: &str = "keyctl/allowed/v1";
/// The most bytes the file may have.
const LARGEST: usize = 4 * 1024 * 1024;
/// Sealed texts are filled up to a multiple of this, so that a line's length says little about names.
const BLOCK: usize = 64;

/// One line: what it is found by, and what is sealed in it.
type Line = (Hash, Vec<u8>);

/// The approvals as they are on the disk. Reading them needs no identity.
pub struct Approvals {
    path: PathBuf,
    store: Option<Arc<StoreName>>,
    salt: Salt,
    lines: Vec<Line>,
    unreadable: Option<String>,
}

impl Approvals {
    /// Reads the list. One that cannot be read is taken for an empty one, and [`Approvals::note`] says so.
    ///
    /// # Errors
    /// When there is no list and the system gives no random bytes for a new one's salt.
    pub fn read(home: &Home) -> Result<Self> {
        let path = home.file(NAME);
        let content = match home::read(&path, LARGEST) {
            Ok(None) => Ok(None),
            Ok(Some((bytes, _))) => understand(&bytes).map(Some),
            Err(failure) => Err(failure.message),
        };
        let (found, unreadable) = match content {
            Ok(found) => (found, None),
            Err(why) => (None, Some(why)),
        };
        let (salt, lines) = match found {
            Some(found) => found,
            None => (random::bytes()?, Vec::new()),
        };
        Ok(Self { path, store: home.store().cloned(), salt, lines, unreadable })
    }

    /// The store whose list this is; none for the personal one.
    #[must_use]
    pub fn store(&self) -> Option<&StoreName> {
        self.store.as_deref()
    }

    /// What is to be told of the list itself, if anything.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let why = self.unreadable.as_ref()?;
        Some(format!(
            "the list of approvals cannot be used and counts as empty: {why}; the next approval keeps it aside as `{UNREADABLE}`"
        ))
    }

    /// Those of the grants that are not approved in this place, as far as this list can tell it without the identity: each
    /// store has one for its own keys.
    #[must_use]
    pub fn unapproved(&self, place: &Place, grants: &[Grant]) -> Vec<Grant> {
        let finder = self.finder(place);
        let store = self.store();
        let missing =
            |grant: &&Grant| needed(std::slice::from_ref(*grant), store).any(|item| !self.lists(&finder, item));
        grants.iter().filter(missing).cloned().collect()
    }

    /// Whether the user has made an exception for this variable in this place, as far as can be told without the identity.
    /// [`Approvals::confirm`] checks it again.
    #[must_use]
    pub fn excepts(&self, place: &Place, variable: &VariableName) -> bool {
        self.lists(&self.finder(place), Item::Exception(variable))
    }

    fn finder(&self, place: &Place) -> Finder {
        Finder::new(&self.salt, place)
    }

    fn lists(&self, finder: &Finder, item: Item) -> bool {
        let hash = finder.hash(item);
        self.lines.iter().any(|(listed, _)| *listed == hash)
    }

    /// The key that the lines of this list are sealed with.
    #[must_use]
    pub fn key(&self, identity: &[u8]) -> SealKey {
        SealKey::derive(identity, &self.salt, PURPOSE)
    }

    /// Makes sure that each of these approvals was written with the identity. To be called with what a command gets,
    /// before it gets it.
    ///
    /// # Errors
    /// `Project` for a grant that is not approved at all, `Store` for an approval that is forged.
    pub fn confirm(&self, place: &Place, grants: &[Grant], key: &SealKey) -> Result<()> {
        let finder = self.finder(place);
        for item in needed(grants, self.store()) {
            let hash = finder.hash(item);
            let mut listed = self.lines.iter().filter(|(line, _)| *line == hash).peekable();
            if listed.peek().is_none() {
                return Err(Failure::new(Kind::Project, format!("`{}` is not approved here", item.variable()))
                    .hint("look at what this project asks for with `keyctl allow`"));
            }
            if !listed.any(|(hash, sealed)| key.open(hash, sealed).is_some()) {
                return Err(Failure::new(
                    Kind::Store,
                    format!(
                        "the approval of `{}` in `{}` was not written with your identity: it is forged",
                        item.variable(),
                        self.path.display()
                    ),
                )
                .hint("if you have a new identity since you approved it, that is why")
                .hint("look at what this project asks for with `keyctl allow`, and approve it anew"));
            }
        }
        Ok(())
    }

    /// What was approved in this place before, sorted, to show what has changed.
    #[must_use]
    pub fn of_place(&self, place: &Place, key: &SealKey) -> Vec<Grant> {
        let finder = self.finder(place);
        let mut grants: Vec<Grant> =
            self.lines.iter().filter_map(|line| of_line(line, &finder, key)).filter_map(|(grant, _)| grant).collect();
        grants.sort();
        grants.dedup();
        grants
    }

    /// Where a key is approved, and as what: sorted by place.
    #[must_use]
    pub fn of_key(&self, name: &KeyName, key: &SealKey) -> Vec<(String, Grant)> {
        let approval = |(hash, sealed): &Line| {
            let record: Record = serde_json::from_slice(&key.open(hash, sealed)?).ok()?;
            let place = record.place().to_owned();
            let grant = approved(record)?.0?;
            // A text with keys of several stores stands in the list of each.
            let is_it = |other: &KeyPath| other.name() == name && other.store() == self.store();
            grant.source.keys().into_iter().any(is_it).then_some((place, grant))
        };
        let mut all: Vec<_> = self.lines.iter().filter_map(approval).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Everything that is approved with this identity, sorted by place.
    #[must_use]
    pub fn all(&self, key: &SealKey) -> Vec<Approved> {
        let approval = |(hash, sealed): &Line| {
            let record: Record = serde_json::from_slice(&key.open(hash, sealed)?).ok()?;
            let (place, since) = (record.place().to_owned(), record.since());
            Some(Approved { place, grant: approved(record)?.0?, since })
        };
        let mut all: Vec<Approved> = self.lines.iter().filter_map(approval).collect();
        all.sort_by(|one, other| (&one.place, &one.grant, one.since).cmp(&(&other.place, &other.grant, other.since)));
        all.dedup_by(|one, other| one.place == other.place && one.grant == other.grant);
        all
    }

    /// Writes the list in the place of the old one; an unreadable one is kept aside first.
    fn write(&self, home: &Home) -> Result<()> {
        let mut text = format!("{HEAD}{}\n", hex::encode(&self.salt));
        for (hash, sealed) in &self.lines {
            let _ = writeln!(text, "{} {}", hex::encode(hash), BASE64.encode(sealed));
        }
        if text.len() > LARGEST {
            return Err(Failure::new(Kind::Disk, "there are more approvals than the list can hold")
                .hint("take some back with `keyctl deny DIR`"));
        }
        if self.unreadable.is_some() {
            let aside = home.file(UNREADABLE);
            match platform::rename(&self.path, &aside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::disk("keep the unreadable list aside as", &aside, &error));
                }
                _ => {}
            }
        }
        home::replace(&self.path, text.as_bytes())
    }
}

/// One thing that is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Where, in words.
    pub place: String,
    /// What.
    pub grant: Grant,
    /// Since when.
    pub since: Moment,
}

/// What a line approves, if it is one of this place.
fn of_line((hash, sealed): &Line, finder: &Finder, key: &SealKey) -> Option<(Option<Grant>, VariableName)> {
    let plain = key.open(hash, sealed)?;
    let (grant, variable) = approved(serde_json::from_slice(&plain).ok()?)?;
    let item = grant.as_ref().map_or(Item::Exception(&variable), Item::Grant);
    (finder.hash(item) == *hash).then_some((grant, variable))
}

/// Approves those of the grants that are of this store in a place, and exceptions for variables that projects may not set. What was approved before stays;
/// what is approved again is sealed anew, so a forged line does not outlive it. Gives the list's note, if there is one.
///
/// # Errors
/// `Usage` for an exception that cannot be made; `Busy` or `Disk` when the list cannot be written.
pub fn add(
    home: &Home,
    place: &Place,
    grants: &[Grant],
    exceptions: &[VariableName],
    identity: &[u8],
    now: Moment,
) -> Result<Option<String>> {
    if let Some(never) = exceptions.iter().find(|variable| variables::never(variable)) {
        return Err(Failure::new(Kind::Usage, format!("`{never}` decides what runs, so keyctl never sets it")));
    }
    home.prepare()?;
    let _lock = Lock::acquire(&home.file("lock"))?;
    let mut approvals = Approvals::read(home)?;
    let key = approvals.key(identity);
    let of_store = grants.iter().filter(|grant| grant.source.is_of(home.store().map(Arc::as_ref)));
    let items: Vec<Item> = of_store.map(Item::Grant).chain(exceptions.iter().map(Item::Exception)).collect();
    let finder = approvals.finder(place);
    for item in items {
        let hash = finder.hash(item);
        let mut plain = serde_json::to_vec(&item.record(place, now))
            .map_err(|_| Failure::new(Kind::Disk, "an approval cannot be written down"))?;
        plain.resize(plain.len().next_multiple_of(BLOCK), b' ');
        let sealed = key.seal(&hash, &plain)?;
        approvals.lines.retain(|(listed, _)| *listed != hash);
        approvals.lines.push((hash, sealed));
    }
    approvals.write(home)?;
    Ok(approvals.note())
}

/// Takes back what was approved in a place, and says how much that was. Without the identity (a locked keychain must not
/// keep anyone from saying no) only what the project asks for today can be found, `asked`.
///
/// # Errors
/// `Busy` or `Disk` when the list cannot be written.
pub fn remove_place(home: &Home, place: &Place, asked: &[Grant], identity: Option<&[u8]>) -> Result<usize> {
    if !home.file(NAME).exists() {
        return Ok(0);
    }
    home.prepare()?;
    let _lock = Lock::acquire(&home.file("lock"))?;
    let mut approvals = Approvals::read(home)?;
    let key = identity.map(|identity| approvals.key(identity));
    let finder = approvals.finder(place);
    let asked: Vec<Hash> = needed(asked, home.store().map(Arc::as_ref)).map(|item| finder.hash(item)).collect();
    let goes =
        |line: &&Line| asked.contains(&line.0) || key.as_ref().is_some_and(|key| of_line(line, &finder, key).is_some());
    // What is sealed twice, for two identities, is one approval and goes as one.
    let gone: BTreeSet<Hash> = approvals.lines.iter().filter(goes).map(|(hash, _)| *hash).collect();
    approvals.lines.retain(|(hash, _)| !gone.contains(hash));
    if !gone.is_empty() {
        approvals.write(home)?;
    }
    Ok(gone.len())
}

/// Takes back what was approved in a place that is not there any more, and says how much that was.
///
/// # Errors
/// `Busy` or `Disk` when the list cannot be written.
pub fn remove_gone(home: &Home, place: &str, identity: &[u8]) -> Result<usize> {
    home.prepare()?;
    let _lock = Lock::acquire(&home.file("lock"))?;
    let mut approvals = Approvals::read(home)?;
    let key = approvals.key(identity);
    let is_there = |(hash, sealed): &&Line| {
        let record = key.open(hash, sealed).and_then(|plain| serde_json::from_slice::<Record>(&plain).ok());
        record.is_some_and(|record| record.place() == place)
    };
    let gone: BTreeSet<Hash> = approvals.lines.iter().filter(is_there).map(|(hash, _)| *hash).collect();
    approvals.lines.retain(|(hash, _)| !gone.contains(hash));
    if !gone.is_empty() {
        approvals.write(home)?;
    }
    Ok(gone.len())
}

/// Which identities the approvals are good for, while one takes another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reseal {
    /// For both: nobody is asked again, whichever it comes to be.
    ForBoth,
    /// For the one they are handed to, and no more for the other.
    ForOne,
}

/// Seals every approval that one identity wrote for another one too. What neither wrote stays as it is. The caller holds the
/// lock.
///
/// # Errors
/// `Disk` when the list cannot be written; it is then as it was.
pub fn hand_over(home: &Home, from: &[u8], to: &[u8], how: Reseal) -> Result<()> {
    let mut approvals = Approvals::read(home)?;
    if approvals.lines.is_empty() || approvals.unreadable.is_some() {
        return Ok(());
    }
    let (from, to) = (approvals.key(from), approvals.key(to));
    let opens = |key: &SealKey, (hash, sealed): &Line| key.open(hash, sealed);
    let good: BTreeSet<Hash> =
        approvals.lines.iter().filter(|line| opens(&to, line).is_some()).map(|(hash, _)| *hash).collect();
    let (mut lines, mut changed) = (Vec::new(), false);
    for line in std::mem::take(&mut approvals.lines) {
        let Some(plain) = opens(&from, &line) else {
            lines.push(line);
            continue;
        };
        if !good.contains(&line.0) {
            lines.push((line.0, to.seal(&line.0, &plain)?));
            changed = true;
        }
        match how {
            Reseal::ForBoth => lines.push(line),
            Reseal::ForOne => changed = true,
        }
    }
    approvals.lines = lines;
    if changed { approvals.write(home) } else { Ok(()) }
}

/// What differs between two sets of grants, for showing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Asked for now and not before.
    pub added: Vec<Grant>,
    /// Approved before and not asked for now.
    pub removed: Vec<Grant>,
    /// The same variable of the same profile, from another source: before and now.
    pub changed: Vec<(Grant, Grant)>,
}

/// Compares what was approved with what is asked for.
#[must_use]
pub fn changes(before: &[Grant], now: &[Grant]) -> Changes {
    let lacks = |set: &[Grant], grant: &Grant| !set.iter().any(|other| other.encode() == grant.encode());
    let mut removed: Vec<Grant> = before.iter().filter(|grant| lacks(now, grant)).cloned().collect();
    let mut changes = Changes::default();
    for grant in now.iter().filter(|grant| lacks(before, grant)) {
        let same = |other: &Grant| other.profile == grant.profile && other.variable == grant.variable;
        match removed.iter().position(same) {
            Some(at) => changes.changed.push((removed.remove(at), grant.clone())),
            None => changes.added.push(grant.clone()),
        }
    }
    changes.removed = removed;
    changes
}

/// The salt and the lines of a list, or why it is none.
fn understand(bytes: &[u8]) -> std::result::Result<(Salt, Vec<Line>), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let mut lines = text.split_terminator('\n');
    let head = lines.next().unwrap_or_default();
    let Some(salt) = head.strip_prefix(HEAD) else {
        let newer = head
            .strip_prefix("keyctl-allowed ")
            .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        return Err(if newer { "a newer keyctl wrote it" } else { "it does not begin as one" }.into());
    };
    let salt = hex::decode(salt).ok_or("its first line is damaged")?;
    let mut found = Vec::new();
    for (at, line) in lines.enumerate() {
        let parsed =
            line.split_once(' ').and_then(|(hash, sealed)| Some((hex::decode(hash)?, BASE64.decode(sealed).ok()?)));
        found.push(parsed.ok_or_else(|| format!("its line {} is damaged", at + 2))?);
    }
    Ok((salt, found))
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
