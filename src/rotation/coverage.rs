//! What the user has set for some keys by their names: what of it a key loses or gains with another name.

use std::fmt::Write as _;

use crate::{
    name::KeyName,
    store::{facts::Facts, limits::Limits},
};

use super::{Plan, Reaction, ReasonFrom, Rotator, Rule, Selector, Settings};

/// An entry of `config.toml` that covers a key under one of two names only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The entry, as it begins in the file.
    pub entry: String,
    /// Whether it covers the key under the new name, and not under the old one.
    pub is_new: bool,
    /// What holds or does not hold any more because of it, as the file says it.
    pub settings: Vec<String>,
}

/// What another name makes of a key's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The entries that make a difference.
    pub entries: Vec<Coverage>,
    /// Whether the key would be given more freely: where it has ended, was revoked or found leaked, without a reason, or for more.
    pub loses_protection: bool,
}

impl Settings {
    /// What holds no more for a key, and what newly holds, once it has another name.
    #[must_use]
    pub fn renamed(&self, from: &KeyName, to: &KeyName, facts: &Facts) -> Change {
        let (before, after) = (self.plan(from, facts), self.plan(to, facts));
        let said = |name, plan: &Plan| words(plan, self.records_arguments(name, facts));
        let (was, is) = (said(from, &before), said(to, &after));
        let all = |name| self.limits_for(name, facts).map(|(_, limits)| limits).collect::<Vec<&Limits>>();
        let (were_limited, are_limited) = (all(from), all(to));
        let mut entries = Vec::new();
        for rule in &self.rules {
            if matches!(rule.of, Selector::Tag(_)) {
                continue;
            }
            let is_new = match (rule.of.fits(from, facts), rule.of.fits(to, facts)) {
                (true, false) => false,
                (false, true) => true,
                _ => continue,
            };
            let (here, there) = if is_new { (&is, &was) } else { (&was, &is) };
            // What another entry says all the same makes no difference.
            let counts = |(at, said): (usize, Option<String>)| {
                said.filter(|said| here[at].as_ref() == Some(said) && here[at] != there[at])
            };
            let mut settings: Vec<String> = words_of(rule).into_iter().enumerate().filter_map(counts).collect();
            let other = if is_new { &were_limited } else { &are_limited };
            if !other.contains(&&rule.limits) {
                settings.extend(limits(&rule.limits));
            }
            if !settings.is_empty() {
                entries.push(Coverage { entry: rule.of.to_string(), is_new, settings });
            }
        }
        for (is_new, plan, other) in [(false, &before, &after), (true, &after, &before)] {
            if let Some(Rotator::AwsIam(pair)) = plan.rotator.as_ref().filter(|_| plan.rotator != other.rotator) {
                entries.push(Coverage {
                    entry: format!("[[aws_iam]] id = \"{}\"", pair.id),
                    is_new,
                    settings: Vec::new(),
                });
            }
        }
        let stops = |before, after| before == Reaction::Stop && after == Reaction::Warn;
        let loses_protection = stops(before.expired, after.expired)
            || stops(before.revoked, after.revoked)
            || stops(before.leaked, after.leaked)
            || after.reason < before.reason
            || were_limited.iter().any(|limits| !are_limited.contains(limits));
        Change { entries, loses_protection }
    }
}

/// What holds for a key, each as the file would say it, in the order of [`words_of`].
fn words(plan: &Plan, records_arguments: bool) -> [Option<String>; 9] {
    let rotator = match &plan.rotator {
        Some(Rotator::Program(command)) => Some(program("rotator", command)),
        _ => None,
    };
    [
        plan.every.map(|every| format!("rotate_every = \"{every}\"")),
        plan.overlap.map(|overlap| format!("overlap = \"{overlap}\"")),
        Some(reaction("expired", plan.expired)),
        Some(reaction("revoked", plan.revoked)),
        Some(reaction("leaked", plan.leaked)),
        Some(reason(plan.reason)),
        Some(arguments(records_arguments)),
        rotator,
        plan.check.as_ref().map(|command| program("check", command)),
    ]
}

/// What an entry says.
fn words_of(rule: &Rule) -> [Option<String>; 9] {
    [
        rule.every.map(|every| format!("rotate_every = \"{every}\"")),
        rule.overlap.map(|overlap| format!("overlap = \"{overlap}\"")),
        rule.expired.map(|expired| reaction("expired", expired)),
        rule.revoked.map(|revoked| reaction("revoked", revoked)),
        rule.leaked.map(|leaked| reaction("leaked", leaked)),
        rule.reason.map(reason),
        rule.arguments.map(arguments),
        rule.rotator.as_ref().map(|command| program("rotator", command)),
        rule.check.as_ref().map(|command| program("check", command)),
    ]
}

fn reaction(field: &str, reaction: Reaction) -> String {
    format!("{field} = \"{}\"", if reaction == Reaction::Stop { "stop" } else { "warn" })
}

fn reason(from: ReasonFrom) -> String {
    let word = match from {
        ReasonFrom::Nobody => "never",
        ReasonFrom::Agents => "agents",
        ReasonFrom::Everybody => "always",
    };
    format!("require_reason = \"{word}\"")
}

fn arguments(are_recorded: bool) -> String {
    format!("record_arguments = {are_recorded}")
}

fn limits(limits: &Limits) -> Vec<String> {
    let paths = [("projects", &limits.projects), ("programs", &limits.programs)];
    let paths = paths.into_iter().filter_map(|(field, paths)| {
        let paths: Vec<String> = paths.as_ref()?.iter().cloned().collect();
        Some(program(field, &paths))
    });
    let flags = [("terminal", limits.terminal), ("ask", limits.ask), ("proxy_only", limits.proxy_only)];
    paths.chain(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(field, _)| format!("{field} = true"))).collect()
}

fn program(field: &str, command: &[String]) -> String {
    let mut words = format!("{field} = [");
    for (at, word) in command.iter().enumerate() {
        let _ = write!(words, "{}\"{word}\"", if at == 0 { "" } else { ", " });
    }
    words + "]"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Moment;

    fn rule(pattern: &str) -> Rule {
        Rule {
            of: Selector::Name(pattern.into()),
            every: None,
            overlap: None,
            expired: None,
            revoked: None,
            leaked: None,
            reason: None,
            arguments: None,
            limits: Limits::default(),
            rotator: None,
            check: None,
        }
    }

    fn renamed(rules: Vec<Rule>, from: &str, to: &str) -> Change {
        let settings = Settings { rules, ..Settings::default() };
        settings.renamed(&from.parse().expect("good"), &to.parse().expect("good"), &Facts::new(Moment::from_seconds(0)))
    }

    #[test]
    fn what_holds_no_more_and_what_newly_holds_is_told_apart() {
        let rules = || {
            vec![
                Rule { expired: Some(Reaction::Stop), reason: Some(ReasonFrom::Everybody), ..rule("prod/*") },
                Rule { every: "30d".parse().ok(), ..rule("test/*") },
            ]
        };
        let change = renamed(rules(), "prod/a", "test/a");
        let said: Vec<(&str, bool, String)> =
            change.entries.iter().map(|one| (one.entry.as_str(), one.is_new, one.settings.join(", "))).collect();
        let lost = "expired = \"stop\", require_reason = \"always\"";
        assert_eq!(
            said,
            [
                ("[[keys]] match = \"prod/*\"", false, lost.to_owned()),
                ("[[keys]] match = \"test/*\"", true, "rotate_every = \"30d\"".to_owned())
            ]
        );
        assert!(change.loses_protection);
        assert!(!renamed(rules(), "test/a", "prod/a").loses_protection);
        assert_eq!(renamed(rules(), "prod/a", "prod/b"), Change::default());
    }

    #[test]
    fn what_another_entry_says_all_the_same_makes_no_difference() {
        let stop = |pattern| Rule { expired: Some(Reaction::Stop), ..rule(pattern) };
        assert_eq!(renamed(vec![stop("prod/*"), stop("*")], "prod/a", "a"), Change::default());
        // One that says less in front of it does.
        let warn = Rule { expired: Some(Reaction::Warn), ..rule("a") };
        assert!(renamed(vec![warn, stop("*")], "b", "a").loses_protection);
    }

    #[test]
    fn a_limit_that_holds_no_more_is_a_protection_that_is_lost() {
        let asks = |pattern| Rule { limits: Limits { ask: true, ..Limits::default() }, ..rule(pattern) };
        let change = renamed(vec![asks("prod/*")], "prod/a", "a");
        assert!(change.loses_protection);
        assert_eq!(change.entries[0].settings, ["ask = true"]);
        let gained = renamed(vec![asks("prod/*")], "a", "prod/a");
        assert!(!gained.loses_protection && gained.entries[0].is_new);
        assert_eq!(renamed(vec![asks("prod/*"), asks("*")], "prod/a", "a"), Change::default());
    }
}
