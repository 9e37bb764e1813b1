//! Which keys `run` has spoken of today: `reminded`, one line in the data folder.
//!
//! `keyctl-reminded 1 <day> <mark>…`, where the day is the local one and a mark is 32 hexadecimal digits that only who has
//! the identity can tell the name of. It is read and written only where a key that is to be used is due.

use crate::{
    date::Moment,
    home::{self, Home},
    identity::anchor::Id,
    name::KeyName,
    seal::SealKey,
};

use super::{opening::Kept, using::Used};

const FILE: &str = "reminded";
const HEAD: &str = "keyctl-reminded 1 ";
/// Some two thousand keys.
const LARGEST: usize = 64 * 1024;

/// Those of the keys that were not spoken of today as standing like this; from now on they were. Best effort: where it cannot
/// be remembered, it is said again.
pub fn first_today<'n>(used: &Used, keys: Vec<(&'n KeyName, &str)>, now: Moment) -> Vec<&'n KeyName> {
    let key = key(&used.kept);
    let today = now.local_day();
    let mut marks = read(&used.home, &today);
    let mut new = Vec::new();
    for (name, standing) in keys {
        let mark = Id(key.mark(format!("{name} {standing}").as_bytes()));
        if !marks.contains(&mark) {
            marks.push(mark);
            new.push(name);
        }
    }
    if !new.is_empty() {
        let marks: Vec<String> = marks.iter().map(Id::to_string).collect();
        let line = format!("{HEAD}{today} {}\n", marks.join(" "));
        let _ = home::replace_file(&used.home.file(FILE), line.as_bytes(), false);
    }
    new
}

/// Forgets it: what is due is said once more.
pub fn forget(home: &Home) {
    let _ = std::fs::remove_file(home.file(FILE));
}

fn key(kept: &Kept) -> SealKey {
    SealKey::derive(kept.identity.line().expose(), &kept.record.store.0, "keyctl/reminded/v1")
}

/// The marks of a day. What another day left, or another hand, is nothing.
fn read(home: &Home, day: &str) -> Vec<Id> {
    let Ok(Some((bytes, _))) = home::read(&home.file(FILE), LARGEST) else { return Vec::new() };
    let marks = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix(HEAD)?.strip_prefix(day));
    marks.unwrap_or_default().split_ascii_whitespace().filter_map(Id::parse).collect()
}
