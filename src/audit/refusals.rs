//! Keys that were asked for and refused: how often, for which program, and when last.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{Facts, Finding, Rule, finding::NAMED};
use crate::{date::Moment, plain::first_few};

/// For so many days a refusal is told of after it happened.
const TOLD_FOR: i64 = 30;

/// What was refused of one key lately.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// How often for each program; without one it was to be shown, or to be used for more.
    pub programs: BTreeMap<Option<String>, u64>,
    /// Why, each once.
    pub why: BTreeSet<String>,
    /// When it last was.
    pub last: Option<Moment>,
}

impl Refused {
    /// How often.
    #[must_use]
    pub fn times(&self) -> u64 {
        self.programs.values().sum()
    }

    /// Takes one in.
    pub(super) fn add(&mut self, program: Option<&String>, why: &str, moment: Moment) {
        *self.programs.entry(program.cloned()).or_default() += 1;
        self.why.insert(why.to_owned());
        self.last = self.last.max(Some(moment));
    }

    pub(super) fn join(&mut self, other: Self) {
        for (program, times) in other.programs {
            *self.programs.entry(program).or_default() += times;
        }
        self.why.extend(other.why);
        self.last = self.last.max(other.last);
    }

    /// For what, the most frequent first: the first few of them.
    fn in_words(&self) -> String {
        let mut all: Vec<(&Option<String>, u64)> =
            self.programs.iter().map(|(program, times)| (program, *times)).collect();
        all.sort_by_key(|(_, times)| Reverse(*times));
        let said = |(program, times): &(&Option<String>, u64)| {
            let to =
                program.as_ref().map_or_else(|| "to be shown or widened".to_owned(), |name| format!("to `{name}`"));
            if all.len() == 1 { to } else { format!("{to} ({times})") }
        };
        first_few(all.iter().map(said), NAMED)
    }
}

pub(super) fn judge(facts: &Facts, findings: &mut Vec<Finding>) {
    findings.extend(facts.keys.iter().filter_map(|key| {
        let refused = facts.uses.refused(key.name)?;
        let last = refused.last.filter(|last| facts.now.seconds() - last.seconds() <= TOLD_FOR * 86_400)?;
        let times = match refused.times() {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let (name, ago, words) = (key.name, last.ago(facts.now), refused.in_words());
        let what = format!("`{name}` was refused {times} in 90 days, last {ago}: {words}");
        let finding = Finding::new(Rule::Refused, what).keys([name]).words("who asked for it, and why it was refused");
        Some(finding.command(format!("keyctl history {name} --outcome refused")))
    }));
}

#[cfg(test)]
mod tests {
    use crate::{
        audit::{
            Uses,
            bench::{ago, facts, key},
            findings,
        },
        history::{Action, Event},
        name::KeyName,
    };

    fn refused(days: i64, name: &str, program: Option<&str>) -> Event {
        let name: KeyName = name.parse().expect("good");
        let event = Event::new(Action::Run, ago(days)).refused("program").names([&name]);
        program.map_or(event.clone(), |program| event.program(program.as_ref()))
    }

    fn said(events: &[Event]) -> Vec<String> {
        let mut uses = Uses::new(ago(90));
        for event in events {
            uses.add(event);
        }
        let mut facts = facts(&uses);
        facts.keys = vec![key("a"), key("b")];
        findings(&facts).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_key_that_was_refused_lately_is_told_of_with_how_often_and_to_whom() {
        let mut events = vec![
            refused(100, "a", Some("old")),
            refused(40, "a", Some("node")),
            refused(3, "a", Some("node")),
            refused(4, "a", None),
            Event::new(Action::Run, ago(2)).names([&"a".parse::<KeyName>().expect("good")]),
        ];
        let once = ["`a` was refused 3 times in 90 days, last 3 days ago: to `node` (2), to be shown or widened (1)"];
        assert_eq!(said(&events), once);
        events.extend(["x", "y"].map(|program| refused(1, "a", Some(program))));
        let more = "to `node` (2), to be shown or widened (1), to `x` (1) and 1 more";
        assert_eq!(said(&events), [format!("`a` was refused 5 times in 90 days, last 1 day ago: {more}")]);
        assert_eq!(said(&[refused(31, "a", Some("node"))]), [""; 0], "it is long ago");
    }

    #[test]
    fn a_renamed_key_takes_along_that_it_was_refused() {
        let names: Vec<KeyName> = ["a", "b"].map(|name| name.parse().expect("good")).into();
        let events = [refused(3, "a", Some("node")), Event::new(Action::Rename, ago(2)).names(&names)];
        assert_eq!(said(&events), ["`b` was refused once in 90 days, last 3 days ago: to `node`"]);
    }
}
