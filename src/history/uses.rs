//! Who uses a key: each program and folder once, the latest first.

use std::collections::BTreeMap;

use super::{Action, Event, Log};
use crate::{date::Moment, failure::Result, name::KeyName};

/// One way in which a key is used, and when it was last used so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// How: given to a command, printed, copied.
    pub action: Action,
    /// When it last was, if the entry says so.
    pub moment: Option<Moment>,
    /// The program's file name.
    pub program: Option<String>,
    /// The project's folder, or the working directory.
    pub folder: Option<String>,
}

impl Log {
    /// The latest uses of a key, at most so many.
    ///
    /// # Errors
    /// As [`Log::read`] and its entries have them.
    pub fn uses(&self, name: &KeyName, most: usize) -> Result<Vec<Use>> {
        latest(self.read()?, name, most)
    }

    /// When something was last done with a key, if it ever was.
    ///
    /// # Errors
    /// As [`Log::read`] and its entries have them.
    pub fn last(&self, action: &Action, name: &KeyName) -> Result<Option<Moment>> {
        let mut last = None;
        for entry in self.read()? {
            let (_, event) = entry?;
            if event.action == *action && event.names.iter().any(|other| other == name.as_str()) {
                last = last.max(event.moment);
            }
        }
        Ok(last)
    }
}

fn latest(entries: impl Iterator<Item = Result<(u64, Event)>>, name: &KeyName, most: usize) -> Result<Vec<Use>> {
    let mut last = BTreeMap::new();
    for entry in entries {
        let (number, event) = entry?;
        let is_use = matches!(event.action, Action::Run | Action::Get | Action::Copy | Action::Env);
        if is_use && event.names.iter().any(|other| other == name.as_str()) {
            let way = (event.action.as_str().to_owned(), event.program, event.folder);
            last.insert(way, (number, event.moment));
        }
    }
    let mut uses: Vec<_> = last.into_iter().collect();
    uses.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
    let told = uses.into_iter().take(most).map(|((action, program, folder), (_, moment))| Use {
        action: action.as_str().into(),
        moment,
        program,
        folder,
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn each_way_of_use_is_told_once_with_its_last_moment_and_the_latest_first() {
        let moment = Moment::from_seconds;
        let name = |text: &str| text.parse::<KeyName>().expect("good");
        let event = |action, names: &[&str], seconds| {
            Event::new(action, moment(seconds)).names(&names.iter().map(|text| name(text)).collect::<Vec<_>>())
        };
        let run = |names: &[&str], program: &str, folder: &str, seconds| {
            event(Action::Run, names, seconds).program(program.as_ref()).folder(Path::new(folder))
        };
        let entries = [
            run(&["a", "b"], "node", "/shop", 1),
            run(&["a"], "npm", "/shop", 2),
            event(Action::Set, &["a"], 3),
            event(Action::Get, &["a"], 4),
            run(&["b"], "make", "/shop", 5),
            run(&["a"], "node", "/shop", 6),
            run(&["a"], "node", "/blog", 7),
        ];
        let entries = || entries.iter().cloned().enumerate().map(|(at, event)| Ok((at as u64 + 1, event)));
        let told = latest(entries(), &name("a"), 3).expect("whole");
        let told: Vec<_> = told
            .iter()
            .map(|used| (used.action.as_str(), used.program.as_deref(), used.folder.as_deref(), used.moment))
            .collect();
        assert_eq!(
            told,
            [
                ("run", Some("node"), Some("/blog"), Some(moment(7))),
                ("run", Some("node"), Some("/shop"), Some(moment(6))),
                ("get", None, None, Some(moment(4))),
            ]
        );
        assert_eq!(latest(entries(), &name("c"), 3).expect("whole"), []);
    }
}
