//! Where and by whom keys were used, as far as the history tells: one pass over its entries. A key that was renamed takes
//! its uses along, and one that was removed leaves none to the next key of its name.

use std::collections::{BTreeMap, BTreeSet};

use super::Refused;
use crate::{
    date::Moment,
    history::{
        Action, Event,
        lives::{Counted, Ended},
    },
};

/// The uses of all keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    since: Moment,
    keys: BTreeMap<String, Use>,
    /// Of keys that were removed and whose name another key has now, the earliest first.
    former: Vec<(String, Use)>,
    ended: Ended,
    reaches_back_to: Option<Moment>,
    is_whole: bool,
}

/// The uses of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Use {
    /// When it was last used in each folder.
    places: BTreeMap<String, Moment>,
    /// When it was last used at all.
    last: Option<Moment>,
    /// The programs that got it lately.
    programs: BTreeSet<String>,
    /// What was refused of it lately.
    refused: Refused,
}

impl Use {
    fn join(&mut self, other: Self) {
        self.last = self.last.max(other.last);
        self.programs.extend(other.programs);
        self.refused.join(other.refused);
        for (place, moment) in other.places {
            let last = self.places.entry(place).or_insert(moment);
            *last = moment.max(*last);
        }
    }
}

impl Uses {
    /// None yet; programs are counted from a moment on.
    #[must_use]
    pub fn new(since: Moment) -> Self {
        let (keys, former, ended) = (BTreeMap::new(), Vec::new(), Ended::default());
        Self { since, keys, former, ended, reaches_back_to: None, is_whole: true }
    }

    /// Takes an entry in.
    pub fn add(&mut self, event: &Event) {
        self.reaches_back_to = self.reaches_back_to.or(event.moment);
        for counted in self.ended.follow(event) {
            match counted {
                Counted::MovesTo(old, new) => {
                    if let Some(moved) = self.keys.remove(old) {
                        self.keys.entry(new.to_owned()).or_default().join(moved);
                    }
                }
                Counted::BeginsAnew(name) => self.former.extend(self.keys.remove_entry(name)),
                Counted::GoesOn(name) => {
                    self.keys.remove(name);
                    let former = self.former.iter().rposition(|(own, _)| own == name);
                    self.keys.extend(former.map(|at| self.former.remove(at)));
                }
            }
        }
        if let (Some(moment), Some(why)) = (event.moment.filter(|moment| *moment >= self.since), event.refusal()) {
            for name in &event.names {
                self.keys.entry(name.clone()).or_default().refused.add(event.program.as_ref(), why, moment);
            }
        }
        let Some(moment) = event.moment.filter(|_| event.action.is_use()) else { return };
        // Which keys are meant beside those that are named is not known.
        self.is_whole &= event.more == 0 || moment < self.since;
        for name in &event.names {
            let of_key = self.keys.entry(name.clone()).or_default();
            of_key.last = of_key.last.max(Some(moment));
            if let Some(place) = event.place() {
                let last = of_key.places.entry(place.clone()).or_insert(moment);
                *last = moment.max(*last);
            }
            if event.action == Action::Run && moment >= self.since {
                of_key.programs.extend(event.program.clone());
            }
        }
    }

    /// Takes in that something of the history cannot be read: nothing is then called unused.
    pub fn break_off(&mut self) {
        self.is_whole = false;
    }

    /// Whether it is known what was not used: every entry of that time is there and could be read.
    #[must_use]
    pub fn are_known(&self) -> bool {
        self.is_whole && self.reaches_back_to.is_some_and(|from| from <= self.since)
    }

    /// What was refused of a key lately, if anything was.
    #[must_use]
    pub fn refused(&self, name: &str) -> Option<&Refused> {
        self.keys.get(name).map(|of_key| &of_key.refused).filter(|refused| refused.last.is_some())
    }

    /// The keys of which something was refused lately.
    pub fn all_refused(&self) -> impl Iterator<Item = (&str, &Refused)> {
        self.keys.keys().filter_map(|name| Some((name.as_str(), self.refused(name)?)))
    }

    /// When a key was last used.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<Moment> {
        self.keys.get(name)?.last
    }

    /// When a key was last used in a folder.
    #[must_use]
    pub fn last_in(&self, name: &str, folder: &str) -> Option<Moment> {
        self.keys.get(name)?.places.get(folder).copied()
    }

    /// All programs that got any key lately, by name.
    #[must_use]
    pub fn all_programs(&self) -> BTreeSet<&str> {
        self.keys.values().flat_map(|of_key| &of_key.programs).map(String::as_str).collect()
    }

    /// The programs that got a key lately, by name.
    #[must_use]
    pub fn programs(&self, name: &str) -> Vec<&str> {
        self.keys.get(name).into_iter().flat_map(|of_key| &of_key.programs).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{audit::bench::ago, name::KeyName};

    fn event(action: Action, names: &[&str], days: i64) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(action, ago(days)).names(&names)
    }

    fn run(names: &[&str], program: &str, folder: &str, days: i64) -> Event {
        event(Action::Run, names, days).program(program.as_ref()).folder(Path::new(folder))
    }

    fn uses(events: &[Event]) -> Uses {
        let mut uses = Uses::new(ago(90));
        for event in events {
            uses.add(event);
        }
        uses
    }

    #[test]
    fn the_last_use_is_known_of_each_key_in_each_folder_and_programs_of_late_alone() {
        let uses = uses(&[
            event(Action::Set, &["a"], 200),
            run(&["a"], "old", "/shop", 100),
            run(&["a", "b"], "node", "/shop", 30),
            event(Action::Get, &["a"], 20).program("no".as_ref()),
            run(&["a"], "npm", "/blog", 40),
        ]);
        assert_eq!((uses.last("a"), uses.last("b"), uses.last("c")), (Some(ago(20)), Some(ago(30)), None));
        assert_eq!((uses.last_in("a", "/shop"), uses.last_in("b", "/blog")), (Some(ago(30)), None));
        assert_eq!(uses.programs("a"), ["node", "npm"]);
        assert!(uses.are_known());
    }

    #[test]
    fn a_renamed_key_takes_its_uses_along() {
        let uses = uses(&[
            event(Action::Set, &["x"], 200),
            run(&["a"], "node", "/shop", 30),
            run(&["b"], "npm", "/shop", 50),
            event(Action::Rename, &["a", "b"], 20),
        ]);
        assert_eq!((uses.last("a"), uses.last("b"), uses.last_in("b", "/shop")), (None, Some(ago(30)), Some(ago(30))));
        assert_eq!(uses.programs("b"), ["node", "npm"]);
    }

    #[test]
    fn a_removed_key_leaves_no_use_to_another_one_of_its_name_and_has_them_again_when_it_comes_back() {
        let removed = [
            event(Action::Set, &["a"], 200),
            run(&["a"], "node", "/shop", 30),
            event(Action::Remove, &["a"], 20),
            event(Action::Set, &["a"], 10),
        ];
        assert_eq!((uses(&removed).last("a"), uses(&removed).programs("a").len()), (None, 0));
        let back = [&removed[..3], &[event(Action::Rollback, &["a"], 5)]].concat();
        assert_eq!(uses(&back).last("a"), Some(ago(30)));
    }

    #[test]
    fn nothing_is_called_unused_where_the_history_is_short_broken_or_leaves_names_out() {
        assert!(!uses(&[]).are_known());
        assert!(!uses(&[event(Action::Set, &["a"], 89)]).are_known());
        let mut broken = uses(&[event(Action::Set, &["a"], 91)]);
        assert!(broken.are_known());
        broken.break_off();
        assert!(!broken.are_known());
        let cut = |days| Event { more: 3, ..run(&["a"], "node", "/shop", days) };
        assert!(!uses(&[event(Action::Set, &["a"], 200), cut(10)]).are_known());
        assert!(uses(&[event(Action::Set, &["a"], 200), cut(100)]).are_known());
    }
}
