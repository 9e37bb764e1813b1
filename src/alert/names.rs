//! Which key a name means to the watch: what is usual goes with a key through its renames, and ends with it.
//!
//! Most names mean what they always did and have no row here. A row is written where a key was renamed or removed:
//!
//! ```text
//! name:u64  key:u64  before:u64  day:u32  gone:u8
//! ```
//!
//! The key is the hash by which the state knows it; `before` is the one that the name meant before a removal, to be brought
//! back. All in the order of the names' hashes.

use super::{
    bytes::{number, take, wide},
    state::mixed,
};

/// The most rows; those that were not changed for the longest time go first, and their keys are new ones then.
const MOST: usize = 300;

/// What names mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names(Vec<Row>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    name: u64,
    key: u64,
    before: u64,
    day: u32,
    gone: bool,
}

impl Names {
    /// The key that a name means.
    pub(super) fn key(&self, name: u64) -> u64 {
        self.find(name).map_or(name, |at| self.0[at].key)
    }

    /// A key gets another name; its former one means another key from now on.
    pub(super) fn rename(&mut self, old: u64, new: u64, day: u32) {
        let key = self.key(old);
        self.put(Row { name: new, key, before: 0, day, gone: false });
        self.put(Row { name: old, key: mixed(key, old), before: 0, day, gone: false });
    }

    /// The key of this name is removed, and the next one of it will be another.
    pub(super) fn remove(&mut self, name: u64, day: u32) {
        let key = self.key(name);
        self.put(Row { name, key: mixed(key, name), before: key, day, gone: true });
    }

    /// That a key was kept under this name is taken back; the one that was removed before it may come back next.
    pub(super) fn unkeep(&mut self, name: u64, day: u32) {
        let before = self.find(name).map_or(0, |at| self.0[at].before);
        self.put(Row { name, key: mixed(self.key(name), name), before, day, gone: true });
    }

    /// A key that was removed is back: in any case, or only if no other has its name by now. Says whether one was.
    pub(super) fn bring_back(&mut self, name: u64, day: u32, in_any_case: bool) -> bool {
        let row = self.find(name).map(|at| self.0[at]).ok();
        let Some(row) = row.filter(|row| row.before != 0 && (in_any_case || row.gone)) else { return false };
        self.put(Row { key: row.before, before: 0, day, gone: false, ..row });
        true
    }

    /// A key is kept under this name. Says whether that is another one than before.
    pub(super) fn keep(&mut self, name: u64) -> bool {
        match self.find(name) {
            Ok(at) => std::mem::take(&mut self.0[at].gone),
            Err(_) => false,
        }
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let mut rows = self.0.clone();
        if rows.len() > MOST {
            rows.sort_by_key(|row| std::cmp::Reverse(row.day));
            rows.truncate(MOST);
            rows.sort_by_key(|row| row.name);
        }
        bytes.extend(u16::try_from(rows.len()).unwrap_or_default().to_be_bytes());
        for Row { name, key, before, day, gone } in rows {
            bytes.extend([name, key, before].map(u64::to_be_bytes).as_flattened());
            bytes.extend(day.to_be_bytes());
            bytes.push(u8::from(gone));
        }
    }

    pub(super) fn read(rest: &mut &[u8]) -> Option<Self> {
        let count = u16::from_be_bytes(take(rest)?);
        let mut row = || {
            let (name, key, before) = (wide(rest)?, wide(rest)?, wide(rest)?);
            Some(Row { name, key, before, day: number(rest)?, gone: take::<1>(rest)? == [1] })
        };
        (0..count).map(|_| row()).collect::<Option<Vec<_>>>().map(Self)
    }

    fn find(&self, name: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&name, |row| row.name)
    }

    fn put(&mut self, row: Row) {
        match self.find(row.name) {
            Ok(at) => self.0[at] = row,
            Err(at) => self.0.insert(at, row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 20_000;

    #[test]
    fn a_key_is_known_by_each_of_its_names_and_its_former_names_mean_others() {
        let mut names = Names::default();
        assert_eq!(names.key(1), 1);
        names.rename(1, 2, DAY);
        assert!(names.key(2) == 1 && names.key(1) != 1);
        names.rename(2, 3, DAY);
        assert!(names.key(3) == 1 && names.key(2) != 1 && names.key(1) != names.key(2));
        names.rename(3, 1, DAY);
        assert!(names.key(1) == 1 && names.key(3) != 1);
        let mut bytes = Vec::new();
        names.write(&mut bytes);
        assert_eq!(Names::read(&mut bytes.as_slice()), Some(names));
        assert_eq!(Names::read(&mut &bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn what_was_removed_comes_back_and_what_is_kept_instead_is_another_key() {
        let mut names = Names::default();
        assert!(!names.bring_back(1, DAY, true) && !names.keep(1));
        names.remove(1, DAY);
        assert_ne!(names.key(1), 1);
        assert!(names.bring_back(1, DAY, false) && names.key(1) == 1);
        names.remove(1, DAY);
        assert!(names.keep(1) && !names.keep(1));
        let other = names.key(1);
        assert!(other != 1 && !names.bring_back(1, DAY, false), "a former secret of the other one came back");
        names.unkeep(1, DAY);
        assert!(names.bring_back(1, DAY, true) && names.key(1) == 1);
        names.remove(1, DAY);
        names.keep(1);
        names.remove(1, DAY);
        assert!(![1, other].contains(&names.key(1)), "each is another one");
    }

    #[test]
    fn no_more_rows_are_kept_than_the_state_has_room_for() {
        let mut names = Names::default();
        (1..=1_000).for_each(|name| names.remove(name, u32::try_from(name).expect("small")));
        let mut bytes = Vec::new();
        names.write(&mut bytes);
        let names = Names::read(&mut bytes.as_slice()).expect("names");
        assert!(names.0.len() == MOST && names.key(1_000) != 1_000 && names.key(1) == 1);
    }
}
