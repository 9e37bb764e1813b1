//! All stores for one report: each that opens without asking anybody. One that does not is left out and said, and never passed
//! over in silence; and no verdict is given on what was not looked at.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        keeper::Record,
        keychain::{OsKeychain, Presence},
    },
    name::{PERSONAL, StoreName},
    store::{file, payload::Payload},
    terminal::Terminal,
};

use super::{
    judging::Clock,
    opening::{self, JOINING, Kept},
};

/// A store that was opened.
pub struct Opened {
    /// Where it is.
    pub home: Home,
    /// What its keeper gave.
    pub kept: Kept,
    /// What is in it.
    pub payload: Payload,
}

/// A store that was not.
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Where it is, if that could be told.
    pub home: Option<Home>,
    /// Why.
    pub failure: Failure,
    /// How it opens, where that is all that is needed.
    way: Option<String>,
    /// Whether nobody has let its user in yet.
    is_joining: bool,
    /// Whether a hook goes on without it.
    pub is_passed: bool,
}

/// The stores of a report, before any is opened: the personal one first, if it was made.
pub struct Homes {
    homes: Vec<Home>,
    left_out: Vec<LeftOut>,
}

/// The stores of a report.
#[derive(Default)]
pub struct Stores {
    /// Those that are open, in the order of their names; the personal one is the first.
    pub open: Vec<Opened>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// The one store that was said, or all.
///
/// # Errors
/// As [`Home::of`].
pub fn homes(said: Option<&StoreName>) -> Result<Homes> {
    let mut all = Homes { homes: Vec::new(), left_out: Vec::new() };
    if let Some(said) = said {
        all.homes.push(Home::of(Some(said))?);
        return Ok(all);
    }
    for name in Home::all()? {
        match Home::named(Some(&name)) {
            Ok(home) if home.is_being_removed() => {}
            Ok(home) => all.homes.push(home),
            Err(failure) => all.left_out.push(LeftOut::lost(name.to_string(), None, failure)),
        }
    }
    let personal = Home::find()?;
    let is_made = || Record::read(&personal).map_or(true, |record| record.is_some()) || !file::is_absent(&personal);
    if all.homes.is_empty() || is_made() {
        all.homes.insert(0, personal);
    }
    Ok(all)
}

impl Homes {
    /// Opens them. Where there is but one, it is opened as for any command that is about one: whoever may be asked is asked.
    /// The same is done with the first one where none opens without.
    ///
    /// # Errors
    /// As opening that one has them.
    pub fn open(self, terminal: &Terminal) -> Result<Stores> {
        let first = self.homes.first().cloned();
        let is_alone = self.homes.len() == 1;
        let mut stores =
            if is_alone { Stores { left_out: self.left_out, ..Stores::default() } } else { self.quietly(terminal) };
        if let Some(first) = first.filter(|_| stores.open.is_empty()) {
            stores.left_out.retain(|left| !left.is_of(&first));
            stores.open.push(Opened::open(&first, terminal)?);
        }
        Ok(stores)
    }

    /// Opens the personal one as for a command that is about that, whose failure is the failure of all; and then the others
    /// that ask nobody.
    ///
    /// # Errors
    /// As opening the first one has them.
    pub fn open_with_first(mut self, terminal: &Terminal) -> Result<Stores> {
        if self.homes.first().is_none_or(|first| first.store().is_some()) {
            return self.open(terminal);
        }
        let first = self.homes.remove(0);
        let first = Opened::open(&first, terminal)?;
        let mut stores = self.quietly(terminal);
        stores.open.insert(0, first);
        Ok(stores)
    }

    /// Without the one that is opened already.
    #[must_use]
    pub fn beside(mut self, home: &Home) -> Self {
        self.homes.retain(|other| other.data() != home.data());
        self
    }

    /// Opens those that ask nobody.
    #[must_use]
    pub fn quietly(self, terminal: &Terminal) -> Stores {
        let mut stores = Stores { open: Vec::new(), left_out: self.left_out };
        for home in self.homes {
            match Opened::quietly(&home, terminal) {
                Ok(opened) => stores.open.push(opened),
                Err(failure) => stores.left_out.extend(LeftOut::of(home, failure)),
            }
        }
        stores
    }
}

impl Opened {
    fn open(home: &Home, terminal: &Terminal) -> Result<Self> {
        Self::read(home, opening::identity(home)?, terminal)
    }

    fn quietly(home: &Home, terminal: &Terminal) -> Result<Self> {
        Self::read(home, opening::identity_unasked(home)?, terminal)
    }

    fn read(home: &Home, kept: Kept, terminal: &Terminal) -> Result<Self> {
        let payload = opening::store(home, &kept, terminal)?.read()?;
        Ok(Self { home: home.clone(), kept, payload })
    }

    /// The clock by which its keys are judged.
    #[must_use]
    pub fn clock(&self, now: Moment) -> Clock {
        Clock::of(&self.kept, &self.payload, now)
    }
}

impl Stores {
    /// Says which were left out: what their keys were not is said as `were not looked for`.
    pub fn say_left_out(&self, what: &str, terminal: &Terminal) {
        self.left_out.iter().for_each(|left| left.say(what, terminal));
    }

    /// That not all was looked at: where a store cannot be read, and for a verdict also where one is closed.
    ///
    /// # Errors
    /// Of the kind that reading the store has.
    pub fn incomplete(&self, is_verdict: bool) -> Result<()> {
        let missing: Vec<&LeftOut> = self.left_out.iter().filter(|left| is_verdict || !left.is_closed()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let names: Vec<String> = missing.iter().map(|left| format!("`{}`", left.name)).collect();
        let stores = if names.len() == 1 { "store" } else { "stores" };
        let failure =
            Failure::new(first.failure.kind, format!("the answer is without the {stores} {}", names.join(", ")));
        // Where none is left it may be that one was said.
        Err(if self.open.is_empty() { failure } else { failure.hint("for one store alone: `--store NAME`") })
    }
}

impl LeftOut {
    /// Nothing where no key was ever kept.
    fn of(home: Home, failure: Failure) -> Option<Self> {
        let is_joining = home.store().is_some() && home.file(JOINING).exists();
        if failure.kind == Kind::Missing && !is_joining {
            return None;
        }
        let name = home.store().map_or(PERSONAL, |name| name.as_str()).to_owned();
        let way = if failure.kind == Kind::Keychain { way(&home, &name, &failure) } else { None };
        Some(Self { way, is_joining, ..Self::lost(name, Some(home), failure) })
    }

    fn lost(name: String, home: Option<Home>, failure: Failure) -> Self {
        Self { failure, name, home, way: None, is_joining: false, is_passed: false }
    }

    /// Why, with the store's name.
    fn told(&self) -> Failure {
        let Failure { kind, message, hints } = &self.failure;
        let of_file = |text: &String| match &self.home {
            Some(home) => home.said_of_file(text).into_owned(),
            None => text.clone(),
        };
        Failure { kind: *kind, message: of_file(message), hints: hints.iter().map(of_file).collect() }
            .of_store(&self.name)
    }

    /// Whether it is only closed, to be opened by its user or for him; and not out of order.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.way.is_some() || self.is_joining
    }

    /// Whether what opens it is gone, and only a recovery copy brings it back.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.failure.kind == Kind::Keychain
            && self.failure.hints.iter().any(|hint| hint.contains("`keyctl recovery restore"))
    }

    /// Has a hook go on without it, unless it is out of order and its file lies in the repository with this top: what is wrong
    /// with a store elsewhere is no matter of whoever commits here. Where no top can be told, none is passed.
    pub fn pass_unless_in(&mut self, top: Option<&Path>) {
        let place = self.home.as_ref().map(Home::store_file);
        // Where a file is gone, the folder that it lay in tells.
        let is_in = |top| place.iter().any(|place| lies_in(place, top));
        self.is_passed = self.is_closed() || top.is_some_and(|top| !is_in(top));
    }

    fn is_of(&self, home: &Home) -> bool {
        self.home.as_ref().is_some_and(|own| own.data() == home.data())
    }

    /// Says it in one line, and what to do about one that cannot be read.
    pub fn say(&self, what: &str, terminal: &Terminal) {
        terminal.warn(&self.words(what));
        if self.way.is_none() && !self.is_passed {
            self.told().hints.iter().for_each(|hint| terminal.hint(hint));
        }
    }

    /// That it was left out, in one line.
    #[must_use]
    pub fn words(&self, what: &str) -> String {
        if let Some(way) = &self.way {
            return format!("`{}` is locked: its keys {what}; {way}", self.name);
        }
        let why = if self.is_joining { self.failure.message.clone() } else { self.told().message };
        format!("{why}: its keys {what}")
    }

    /// The same for a report.
    #[must_use]
    pub fn as_json(&self) -> Value {
        json!({ "store": self.name, "locked": self.way.is_some(), "reason": self.told().message })
    }
}

fn lies_in(file: &Path, top: &Path) -> bool {
    let place = file.ancestors().find_map(|place| place.canonicalize().ok());
    place.is_some_and(|place| place.starts_with(top.canonicalize().as_deref().unwrap_or(top)))
}

/// Says that there are keys in other stores too, to who had the personal one alone looked at.
pub fn say_others(home: &Home, command: &str, terminal: &Terminal) {
    if let Some(others) = others(home, command) {
        terminal.say(&others);
    }
}

/// The same where the personal one was never made.
#[must_use]
pub fn hint_others(failure: Failure, home: &Home, command: &str) -> Failure {
    match others(home, command) {
        Some(others) if failure.kind == Kind::Missing => failure.hint(others),
        _ => failure,
    }
}

fn others(home: &Home, command: &str) -> Option<String> {
    let others = if home.store().is_some() { Vec::new() } else { Home::all().unwrap_or_default() };
    let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("other stores: {}; see `keyctl {command} --store NAME`", names.join(", ")))
}

/// How a store opens that is only closed: as its failure says, or with the keychain.
fn way(home: &Home, name: &str, failure: &Failure) -> Option<String> {
    if failure.hints.iter().any(|hint| hint.ends_with("`keyctl unlock`")) {
        return Some(format!("`keyctl unlock {name}`"));
    }
    let record = Record::read(home).ok()??;
    let is_locked = record.kind().uses_keychain() && OsKeychain::presence() == Presence::Locked;
    is_locked.then(|| "unlock the keychain".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_goes_on_without_a_store_that_lies_elsewhere_and_not_without_one_of_its_repository() {
        let folder = tempfile::tempdir().expect("folder");
        let (top, other) = (folder.path().join("repo"), folder.path().join("other"));
        std::fs::create_dir(&top).expect("create");
        std::fs::create_dir(&other).expect("create");
        // Also where the file is gone, or its whole clone.
        for (place, is_in) in
            [("repo/team.age", true), ("repo/gone/team.age", true), ("repository/team.age", false), ("x/t.age", false)]
        {
            assert_eq!(lies_in(&folder.path().join(place), &top), is_in, "{place}");
        }
        let failure = || Failure::new(Kind::Store, "it is damaged").hint("put it back");
        let passed = |home: Option<Home>, top: Option<&Path>| {
            let mut left = LeftOut::lost("team".into(), home, failure());
            left.pass_unless_in(top);
            left.is_passed
        };
        let home = || Some(Home::at(&top));
        assert!(!passed(home(), Some(&top)) && passed(home(), Some(&other)) && !passed(home(), None));
        assert!(passed(None, Some(&top)) && !passed(None, None));
    }
}
