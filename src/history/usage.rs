//! How much is used: each key, program or project with the number of its uses, the first and the last one, and by whom.
//!
//! One pass over the entries. A key that was renamed takes its uses along to the new name; one that was removed leaves none to
//! the next key of its name. What is held grows with the number of different keys, programs and folders, and not with that
//! of entries.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Event,
    lives::{Counted, Ended},
    started,
};
use crate::{
    date::Moment,
    failure::{Failure, Result},
};

/// What uses are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// The key that was used.
    #[default]
    Key,
    /// The program that got it.
    Program,
    /// The project's folder, or the working directory.
    Project,
}

/// The uses of one key, program or project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// How many.
    pub uses: u64,
    /// The first one's moment, if its entry says it.
    pub first: Option<Moment>,
    /// The last one's.
    pub last: Option<Moment>,
    /// Which keys were used.
    pub keys: BTreeSet<String>,
    /// By which programs.
    pub programs: BTreeSet<String>,
    /// In which projects.
    pub projects: BTreeSet<String>,
}

/// All that was used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Each by its name.
    pub usages: BTreeMap<String, Usage>,
    /// Of keys that were removed and whose name another key has now, by that name, the earliest first.
    pub former: Vec<(String, Usage)>,
    /// Which names have no key now.
    ended: Ended,
    /// The moment of the first entry there is, of whatever kind: what was before is not known.
    pub reaches_back_to: Option<Moment>,
    /// How many of the uses had more keys than their entry names: each is counted for those alone that it names.
    pub cut: u64,
}

impl Usage {
    fn add(&mut self, event: &Event, by: By) {
        self.uses += 1;
        // A clock may have been ahead for a while: what is later in the log may be earlier.
        self.first = self.first.into_iter().chain(event.moment).min();
        self.last = self.last.max(event.moment);
        // Which keys are used together tells nothing of one of them, and there may be thousands.
        if by != By::Key {
            extend(&mut self.keys, &event.names);
        }
        extend(&mut self.programs, event.program.as_ref());
        extend(&mut self.projects, event.place());
    }

    /// Takes in another one.
    fn join(&mut self, other: Self) {
        self.uses += other.uses;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.keys.extend(other.keys);
        self.programs.extend(other.programs);
        self.projects.extend(other.projects);
    }
}

fn extend<'t>(set: &mut BTreeSet<String>, texts: impl IntoIterator<Item = &'t String>) {
    for text in texts {
        if !set.contains(text) {
            set.insert(text.clone());
        }
    }
}

impl Tally {
    /// Counts the uses in these entries that are at a moment or later, if one is given; and gives what ended the reading
    /// early, if something did.
    pub fn count(
        entries: impl Iterator<Item = Result<(u64, Event)>>,
        by: By,
        since: Option<Moment>,
    ) -> (Self, Option<Failure>) {
        let mut tally = Self::default();
        for entry in started(entries) {
            match entry {
                Ok((_, event)) => tally.add(&event, by, since),
                Err(failure) => return (tally, Some(failure)),
            }
        }
        (tally, None)
    }

    fn add(&mut self, event: &Event, by: By, since: Option<Moment>) {
        self.reaches_back_to = self.reaches_back_to.or(event.moment);
        for counted in self.ended.follow(event) {
            match counted {
                Counted::MovesTo(old, new) => self.rename(old, new, by),
                // Of a program it is told which names it used, whosever they were.
                _ if by != By::Key => {}
                Counted::BeginsAnew(name) => {
                    let former = self.usages.remove(name);
                    self.former.extend(former.map(|usage| (name.to_owned(), usage)));
                }
                Counted::GoesOn(name) => {
                    self.usages.remove(name);
                    let former = self.former.iter().rposition(|(own, _)| own == name);
                    self.usages.extend(former.map(|at| self.former.remove(at)));
                }
            }
        }
        let is_early = since.is_some_and(|since| event.moment.is_none_or(|moment| moment < since));
        if is_early || !event.action.is_use() {
            return;
        }
        self.cut += u64::from(event.more > 0);
        let names = match by {
            By::Key => event.names.as_slice(),
            By::Program => event.program.as_slice(),
            By::Project => event.place().map(std::slice::from_ref).unwrap_or_default(),
        };
        for name in names {
            match self.usages.get_mut(name) {
                Some(usage) => usage.add(event, by),
                None => self.usages.entry(name.clone()).or_default().add(event, by),
            }
        }
    }

    fn rename(&mut self, old: &str, new: &str, by: By) {
        if by != By::Key {
            for usage in self.usages.values_mut().filter(|usage| usage.keys.contains(old)) {
                usage.keys.remove(old);
                usage.keys.insert(new.to_owned());
            }
            return;
        }
        let Some(mut moved) = self.usages.remove(old) else { return };
        moved.keys.remove(old);
        moved.keys.insert(new.to_owned());
        // Who had the new name before was another key; it is counted with this one, as both are asked for by it.
        self.usages.entry(new.to_owned()).or_default().join(moved);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{history::Action, name::KeyName};

    fn event(action: Action, names: &[&str], seconds: i64) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(action, Moment::from_seconds(seconds)).names(&names)
    }

    fn run(names: &[&str], program: &str, folder: &str, seconds: i64) -> Event {
        event(Action::Run, names, seconds).program(program.as_ref()).folder(Path::new(folder))
    }

    /// Name, uses, seconds of the first and the last, number of programs.
    type Told = (String, u64, Option<i64>, Option<i64>, usize);

    fn told(entries: &[Event], by: By, since: Option<i64>) -> Vec<Told> {
        let entries = entries.iter().cloned().zip(1..).map(|(event, number)| Ok((number, event)));
        let (tally, flaw) = Tally::count(entries, by, since.map(Moment::from_seconds));
        assert!(flaw.is_none());
        let seconds = |moment: Option<Moment>| moment.map(Moment::seconds);
        let one = |(name, tally): (&String, &Usage)| {
            (name.clone(), tally.uses, seconds(tally.first), seconds(tally.last), tally.programs.len())
        };
        tally.usages.iter().map(one).collect()
    }

    #[test]
    fn a_clock_that_was_ahead_or_behind_for_one_use_makes_neither_the_first_nor_the_last_untrue() {
        let entries = [5, 9, 2, 6].map(|seconds| event(Action::Get, &["a"], seconds));
        assert_eq!(told(&entries, By::Key, None), [("a".to_owned(), 4, Some(2), Some(9), 0)]);
    }

    #[test]
    fn uses_are_counted_by_key_program_and_project() {
        let entries = [
            event(Action::Set, &["a"], 1),
            run(&["a", "b"], "node", "/shop", 2),
            run(&["a"], "npm", "/shop", 3),
            event(Action::Failed, &["a"], 4),
            event(Action::Get, &["b"], 5),
            run(&["a"], "node", "/blog", 6),
        ];
        let row = |name: &str, uses, first, last, programs| (name.to_owned(), uses, Some(first), Some(last), programs);
        assert_eq!(told(&entries, By::Key, None), [row("a", 3, 2, 6, 2), row("b", 2, 2, 5, 1)]);
        assert_eq!(told(&entries, By::Key, Some(3)), [row("a", 2, 3, 6, 2), row("b", 1, 5, 5, 0)]);
        assert_eq!(told(&entries, By::Program, None), [row("node", 2, 2, 6, 1), row("npm", 1, 3, 3, 1)]);
        assert_eq!(told(&entries, By::Project, None), [row("/blog", 1, 6, 6, 1), row("/shop", 2, 2, 3, 2)]);
    }

    #[test]
    fn a_use_of_more_keys_than_are_named_is_counted_as_one_that_was_cut() {
        let cut = |seconds| Ok((1, Event { more: 3, ..run(&["a"], "node", "/shop", seconds) }));
        let count = |since: Option<i64>| {
            let entries = [cut(1), Ok((2, run(&["a"], "node", "/shop", 2))), cut(3)].into_iter();
            Tally::count(entries, By::Key, since.map(Moment::from_seconds)).0.cut
        };
        assert_eq!((count(None), count(Some(2))), (2, 1));
    }

    #[test]
    fn what_was_counted_before_a_flaw_is_given_with_it() {
        let entries = [Ok((1, run(&["a"], "node", "/shop", 1))), Err(Failure::new(crate::failure::Kind::Store, "cut"))];
        let (tally, flaw) = Tally::count(entries.into_iter(), By::Key, None);
        assert_eq!((tally.usages["a"].uses, flaw.expect("one").message.as_str()), (1, "cut"));
    }

    #[test]
    fn of_worktrees_the_folder_counts_that_was_allowed() {
        let entries = ["/shop", "/shop-fix"].map(|folder| run(&["a"], "node", folder, 1).project(Path::new("/shop")));
        assert_eq!(told(&entries, By::Project, None), [("/shop".to_owned(), 2, Some(1), Some(1), 1)]);
    }

    #[test]
    fn a_renamed_key_is_one_key_of_a_program() {
        let entries =
            [run(&["a"], "node", "/shop", 1), event(Action::Rename, &["a", "z"], 2), run(&["z"], "node", "/shop", 3)];
        let entries = entries.into_iter().map(|event| Ok((1, event)));
        let (tally, _) = Tally::count(entries, By::Program, None);
        assert_eq!(tally.usages["node"].keys.iter().collect::<Vec<_>>(), ["z"]);
    }

    #[test]
    fn a_removed_key_leaves_its_uses_to_no_other_key_and_gets_them_back() {
        let get = |seconds| event(Action::Get, &["a"], seconds);
        let entries = [
            get(1),
            get(2),
            event(Action::Remove, &["a"], 3),
            event(Action::Set, &["a"], 4),
            get(5),
            event(Action::Undo, &["a"], 6).note("set of the new key `a`"),
            event(Action::Undo, &["a"], 7).note("remove of `a`"),
            get(8),
        ];
        let count = |entries: &[Event]| {
            let entries = entries.iter().cloned().zip(1..).map(|(event, number)| Ok((number, event)));
            let (tally, _) = Tally::count(entries, By::Key, None);
            let former: Vec<u64> = tally.former.iter().map(|(_, usage)| usage.uses).collect();
            (tally.usages.get("a").map(|usage| usage.uses), former)
        };
        assert_eq!(count(&entries[..3]), (Some(2), vec![]), "it is told of until there is another");
        assert_eq!(count(&entries[..4]), (None, vec![2]));
        assert_eq!(count(&entries[..5]), (Some(1), vec![2]));
        assert_eq!(count(&entries), (Some(3), vec![]));
        assert_eq!(told(&entries, By::Program, None), []);
    }

    #[test]
    fn a_renamed_key_takes_its_uses_along_and_brings_them_back() {
        let rename = event(Action::Rename, &["a", "z"], 3);
        let undone = event(Action::Undo, &["a", "z"], 5).note("rename of `a` to `z`");
        let entries = [
            run(&["a"], "node", "/shop", 1),
            run(&["z"], "npm", "/shop", 2),
            rename,
            run(&["z"], "make", "/", 4),
            undone,
        ];
        let row = |name: &str, uses, last, programs| (name.to_owned(), uses, Some(1), Some(last), programs);
        assert_eq!(told(&entries[..4], By::Key, None), [row("z", 3, 4, 3)]);
        assert_eq!(told(&entries, By::Key, None), [row("a", 3, 4, 3)]);
    }
}
