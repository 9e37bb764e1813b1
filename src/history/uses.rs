//! Who uses a key: each program and folder once, and once more for each coding agent, the latest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Event, Lineage, Log, Query, started, verify::Watch};
use crate::{
    date::Moment,
    failure::{Failure, Result},
    name::KeyName,
};

/// So many chains of parents are remembered of each way in which a key is used.
const MOST_REMEMBERED: usize = 16;

/// One way in which a key is used, how often, and when it was last used so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// How: given to a command, printed, copied.
    pub action: Action,
    /// When it last was, if the entry says so.
    pub moment: Option<Moment>,
    /// When it was for the first time.
    pub first: Option<Moment>,
    /// How often.
    pub times: u64,
    /// The program's file name.
    pub program: Option<String>,
    /// The project's folder, or the working directory: of a repository's worktrees the one that was allowed.
    pub folder: Option<String>,
    /// The programs that started it, the nearest first, each chain once.
    pub by: BTreeSet<Vec<String>>,
    /// The coding agent that it was used through, perhaps.
    pub agent: Option<String>,
}

impl Log {
    /// The latest uses of a key under all its names, at most so many, how many others may be some of it ([`Lineage::cut`]),
    /// and what ended the reading early if something did.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn uses(&self, name: &KeyName, most: usize) -> Result<(Vec<Use>, u64, Option<Failure>)> {
        let (key, _) = self.life(name, &mut |_, _| {})?;
        let cut = key.cut();
        let query = Query { key: Some(key), ..Query::default() };
        let (uses, flaw) = latest(self.find(&query)?, most);
        Ok((uses, cut, flaw))
    }

    /// All uses of a key whose names are known, as [`Log::uses`] has them, with somebody who is told how far it has come.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn uses_of(&self, key: Lineage, watch: Watch<'_>) -> Result<(Vec<Use>, Option<Failure>)> {
        let query = Query { key: Some(key), ..Query::default() };
        Ok(latest(self.find(&query)?.watched(watch), usize::MAX))
    }
}

/// The ways in which keys are used by these entries, the latest first.
fn latest(entries: impl Iterator<Item = Result<(u64, Event)>>, most: usize) -> (Vec<Use>, Option<Failure>) {
    let mut flaw = None;
    let mut last: BTreeMap<_, (u64, Use)> = BTreeMap::new();
    for entry in started(entries) {
        let (number, event) = match entry {
            Ok(entry) => entry,
            Err(failure) => {
                flaw = Some(failure);
                break;
            }
        };
        if !event.action.is_use() {
            continue;
        }
        let (by, folder) = (event.by.clone(), event.place().cloned());
        // What an agent does is not what its user does, though it may be the same program in the same place.
        let way = (event.action.as_str().to_owned(), event.program.clone(), folder.clone(), event.agent.clone());
        let (latest, used) = last.entry(way).or_insert_with(|| {
            let Event { action, moment, program, agent, .. } = event;
            (number, Use { action, moment, first: moment, times: 0, program, folder, by: BTreeSet::new(), agent })
        });
        *latest = number;
        used.times += 1;
        used.moment = event.moment;
        if !by.is_empty() && used.by.len() < MOST_REMEMBERED {
            used.by.insert(by);
        }
    }
    let mut uses: Vec<_> = last.into_values().collect();
    uses.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    (uses.into_iter().take(most).map(|(_, used)| used).collect(), flaw)
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
        let through = |event: Event, agent: &str| event.agent(Some(agent.into())).by(vec!["zsh".into(), agent.into()]);
        let entries = [
            run(&["a", "b"], "node", "/shop", 1),
            run(&["a"], "npm", "/shop", 2),
            event(Action::Set, &["a"], 3),
            event(Action::Get, &["a"], 4),
            run(&["b"], "make", "/shop", 5),
            through(run(&["a"], "node", "/shop", 6), "claude"),
            run(&["a"], "node", "/blog-worktree", 7).project(Path::new("/blog")),
        ];
        let told = |name: &str| {
            let query = Query { key: Some(Lineage::of(name, &[])), ..Query::default() };
            let numbered = entries.iter().cloned().zip(1..).map(|(event, number)| Ok((number, event)));
            let entries =
                numbered.filter(|entry| entry.as_ref().is_ok_and(|(number, event)| query.matches(*number, event)));
            latest(entries, 4).0
        };
        let uses = told("a");
        let told_of = |used: &Use| {
            let (program, folder) = (used.program.clone().unwrap_or_default(), used.folder.clone().unwrap_or_default());
            (used.action.to_string(), program, folder, used.times, used.first, used.moment)
        };
        let expected = |action: &str, program: &str, folder: &str, times, first, last| {
            (action.to_owned(), program.to_owned(), folder.to_owned(), times, Some(moment(first)), Some(moment(last)))
        };
        assert_eq!(
            uses.iter().map(told_of).collect::<Vec<_>>(),
            [
                expected("run", "node", "/blog", 1, 7, 7),
                expected("run", "node", "/shop", 1, 6, 6),
                expected("get", "", "", 1, 4, 4),
                expected("run", "npm", "/shop", 1, 2, 2),
            ]
        );
        assert_eq!(
            uses.iter().map(|used| used.agent.as_deref()).collect::<Vec<_>>(),
            [None, Some("claude"), None, None]
        );
        assert_eq!(uses[1].by.iter().collect::<Vec<_>>(), [&["zsh", "claude"]]);
        assert_eq!(told("c"), []);
    }
}
