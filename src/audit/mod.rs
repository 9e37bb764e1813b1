//! The audit: what is not as it should be with the keys, where they go and how they are kept, each with the way to mend it.
//! Decisions only, over facts that were gathered before: no file, no clock, no terminal, and of a secret only what is weak
//! about it.

mod catalog;
mod finding;
mod installation;
mod keys;
mod leaks;
mod projects;
mod refusals;
mod uses;
mod weakness;

pub use catalog::{Aim, Rule, Severity, in_a_table};
pub use finding::{Finding, Mend, Repair};
pub use installation::{Installation, Open, open_to_others};
pub use keys::Key;
pub use leaks::{Leak, Leaked};
pub use projects::{Approval, Project, Standing};
pub use refusals::Refused;
pub use uses::Uses;
pub use weakness::{Weakness, of_secret};

use std::{collections::BTreeMap, path::PathBuf};

use crate::date::{Moment, Period};

/// For how long a key or a project has to go unused to be told of.
pub const UNUSED_FOR: Period = Period::days(90);

/// All that is judged.
pub struct Facts<'f> {
    /// The moment by which keys are judged.
    pub now: Moment,
    /// What was not used from this moment on counts as unused.
    pub since: Moment,
    /// The keys that are kept.
    pub keys: Vec<Key<'f>>,
    /// The names of keys that hold the same secret.
    pub shared: Vec<Vec<&'f str>>,
    /// Where and by whom keys were used.
    pub uses: &'f Uses,
    /// Where the programs lie that keys were given to, as far as a shell finds them by their names.
    pub programs: &'f BTreeMap<String, PathBuf>,
    /// The projects that were allowed.
    pub projects: &'f [Project],
    /// What lies in clear in these.
    pub leaks: &'f [Leak],
    /// How the store and what belongs to it are kept.
    pub installation: Installation,
}

/// Everything that is not as it should be, the worst first.
#[must_use]
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    keys::judge(facts, &mut findings);
    refusals::judge(facts, &mut findings);
    projects::judge(facts, &mut findings);
    leaks::judge(facts.leaks, &mut findings);
    installation::judge(&facts.installation, &mut findings);
    findings.sort_by(|one, other| {
        let order = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.rule);
        order(one).cmp(&order(other)).then_with(|| (&one.keys, &one.places).cmp(&(&other.keys, &other.places)))
    });
    findings
}

/// What these findings come to: how many are high, medium and low.
#[must_use]
pub fn in_numbers(findings: &[Finding]) -> [(Severity, usize); 3] {
    [Severity::High, Severity::Medium, Severity::Low]
        .map(|severity| (severity, findings.iter().filter(|finding| finding.severity == severity).count()))
}

#[cfg(test)]
mod bench {
    use super::*;
    use crate::rotation::State;

    /// A day of the tests, and the one by which use is judged.
    pub const NOW: i64 = 1_800_000_000;
    pub const DAY: i64 = 86_400;

    pub fn ago(days: i64) -> Moment {
        Moment::from_seconds(NOW - days * DAY)
    }

    /// Facts in which nothing is wrong: a history of a year, no key, no project.
    pub fn facts(uses: &Uses) -> Facts<'_> {
        Facts {
            now: ago(0),
            since: ago(90),
            keys: Vec::new(),
            shared: Vec::new(),
            uses,
            programs: const { &BTreeMap::new() },
            projects: &[],
            leaks: &[],
            installation: Installation { recovery: Some(true), ..Installation::default() },
        }
    }

    /// A key with which nothing is wrong.
    pub fn key(name: &str) -> Key<'_> {
        Key {
            name,
            state: State::Fresh,
            ends_soon: false,
            has_plan: true,
            moment: None,
            created: ago(10),
            weakness: None,
            is_for_programs: false,
        }
    }

    /// What is found, in the ids of the rules.
    pub fn ids(facts: &Facts) -> Vec<&'static str> {
        findings(facts).iter().map(|finding| finding.rule.id()).collect()
    }

    #[test]
    fn the_worst_stands_first_and_nothing_is_found_where_nothing_is_wrong() {
        let uses = Uses::new(ago(90));
        let mut facts = facts(&uses);
        assert_eq!(ids(&facts), [""; 0]);
        facts.keys = vec![
            Key { has_plan: false, ..key("a") },
            Key { state: State::Due, ..key("b") },
            Key { state: State::Expired, ..key("c") },
        ];
        facts.installation.recovery = Some(false);
        assert_eq!(ids(&facts), ["key-expired", "key-due", "key-no-plan", "recovery-unproven"]);
        let numbers = in_numbers(&findings(&facts)).map(|(_, number)| number);
        assert_eq!(numbers, [1, 1, 2]);
    }
}
