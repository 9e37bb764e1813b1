//! What the user has set for some keys by their names and tags: what of it a key loses or gains with others.

use std::fmt::Write as _;

use crate::{
    name::KeyName,
    store::{
        facts::Facts,
        holding::{self, Stops},
        limits::Limits,
    },
};

use super::{Plan, Reaction, ReasonFrom, Rotator, Rule, Settings};

/// An entry of `config.toml` that covers a key under one of two names, or with one's tags, only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The entry, as it begins in the file.
    pub entry: String,
    /// Whether it covers the key as it is to be, and not as it was.
    pub is_new: bool,
    /// What holds or does not hold any more because of it, as the file says it.
    pub settings: Vec<String>,
}

/// What another name, or what is known of it otherwise, makes of what holds for a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The entries that make a difference.
    pub entries: Vec<Coverage>,
    /// Whether the key would be given more freely: where it has ended, was revoked or found leaked, without a reason, or for more.
    pub loses_protection: bool,
    /// Whether it may be used for more: without a limit, or a reason, that was asked for before, after the end that stops it, or
    /// though it was revoked or found leaked.
    pub widens: bool,
}

/// A key by its name, with what is known of it.
type Known<'k> = (&'k KeyName, &'k Facts);

impl Settings {
    /// What holds no more for a key, and what newly holds, once it is called so and this is known of it.
    #[must_use]
    pub fn change(&self, from: Known, to: Known) -> Change {
        let plan = |(name, facts): Known| self.plan(name, facts);
        let (before, after) = (plan(from), plan(to));
        let said = |(name, facts): Known, plan: &Plan| words(plan, self.records_arguments(name, facts));
        let (was, is) = (said(from, &before), said(to, &after));
        let (were_limited, are_limited) = (self.all_limits(from), self.all_limits(to));
        let mut entries = Vec::new();
        for rule in &self.rules {
            let is_new = match (rule.fits(from.0, from.1), rule.fits(to.0, to.1)) {
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
        let is_let_go = (from.1.expires.is_some() && stops(before.expired, after.expired))
            || (from.1.revoked.is_some() && stops(before.revoked, after.revoked))
            || (from.1.leaked.is_some() && stops(before.leaked, after.leaked));
        let is_lifted = (before.revoked == Reaction::Stop && from.1.revoked.is_some() && to.1.revoked.is_none())
            || (before.leaked == Reaction::Stop && from.1.leaked.is_some() && to.1.leaked.is_none());
        let ((was_said, stopped), (is_said, _)) = (self.as_said(from), self.as_said(to));
        let both = [&was_said, &is_said].map(|facts| (&facts.limits, facts.expires));
        let widens = holding::is_wider(both, stopped.expired) || after.reason < before.reason || is_lifted || is_let_go;
        let loses_protection = widens
            || stops(before.expired, after.expired)
            || stops(before.revoked, after.revoked)
            || stops(before.leaked, after.leaked);
        Change { entries, loses_protection, widens }
    }

    /// What is known of a key as if it said itself what limits it by its name and tags; and what stops it.
    #[must_use]
    pub fn as_said(&self, (name, facts): Known) -> (Facts, Stops) {
        let mut limits = self.limits_for(name, facts).fold(facts.limits.clone(), |all, (_, one)| all.and(one));
        let reason = self.reason_for(name, facts);
        limits.reason |= reason == ReasonFrom::Everybody;
        let plan = self.plan(name, facts);
        let [expired, revoked, leaked] =
            [plan.expired, plan.revoked, plan.leaked].map(|reaction| reaction == Reaction::Stop);
        let stops = Stops { expired, revoked, leaked, unreasoned: reason > ReasonFrom::Nobody };
        (Facts { limits, ..facts.clone() }, stops)
    }

    /// All that limits a key, each by itself: what it says itself comes last.
    fn all_limits<'s>(&'s self, (name, facts): Known<'s>) -> Vec<&'s Limits> {
        self.limits_for(name, facts).map(|(_, limits)| limits).chain([&facts.limits]).collect()
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
    let variables = Some(&limits.variables).filter(|variables| !variables.is_empty());
    let lists =
        [("projects", limits.projects.as_ref()), ("programs", limits.programs.as_ref()), ("with_variables", variables)];
    let lists = lists.into_iter().filter_map(|(field, texts)| {
        let texts: Vec<String> = texts?.iter().cloned().collect();
        Some(program(field, &texts))
    });
    let flags = [
        ("terminal", limits.terminal),
        ("ask", limits.ask),
        ("proxy_only", limits.proxy_only),
        ("hide_from_agents", limits.hide_from_agents),
    ];
    lists.chain(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(field, _)| format!("{field} = true"))).collect()
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
    use crate::{date::Moment, rotation::Selector};

    fn rule(pattern: &str) -> Rule {
        Rule {
            of: Selector::Name(pattern.into()),
            store: None,
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

    fn facts() -> Facts {
        Facts::new(Moment::from_seconds(0))
    }

    fn renamed(rules: Vec<Rule>, from: &str, to: &str) -> Change {
        let settings = Settings { rules, ..Settings::default() };
        let (from, to, facts) = (from.parse().expect("good"), to.parse().expect("good"), facts());
        settings.change((&from, &facts), (&to, &facts))
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
        // What would stop it once it has ended takes a person where it has an end, and only a word where it has none.
        let stops = Rule { expired: Some(Reaction::Stop), ..rule("prod/*") };
        let settings = Settings { rules: vec![stops], ..Settings::default() };
        let of = |end: Option<Moment>| {
            let (from, to) = ("prod/a".parse().expect("good"), "a".parse().expect("good"));
            let facts = Facts { expires: end, ..facts() };
            settings.change((&from, &facts), (&to, &facts))
        };
        let change = of(None);
        assert!(change.loses_protection && !change.widens);
        assert!(of(Some(Moment::from_seconds(5))).widens);
    }

    #[test]
    fn a_tag_an_end_or_a_limit_that_goes_widens_what_a_key_may_be_used_for() {
        let tag = |text: &str| text.parse().expect("good");
        let of_tag = |text: &str| Rule { of: Selector::Tag(tag(text)), ..rule("") };
        let (asks, at) = (Limits { ask: true, ..Limits::default() }, Moment::from_seconds);
        let settings = Settings {
            rules: vec![
                Rule { reason: Some(ReasonFrom::Nobody), ..of_tag("lax") },
                Rule { limits: asks.clone(), reason: Some(ReasonFrom::Everybody), ..of_tag("prod") },
            ],
            ..Settings::default()
        };
        let known = |tags: &[&str], limits: &Limits| Facts {
            tags: tags.iter().map(|text| tag(text)).collect(),
            limits: limits.clone(),
            ..facts()
        };
        let (none, name) = (Limits::default(), "a".parse().expect("good"));
        let stops = |end: Option<i64>| Facts {
            expires: end.map(at),
            ..known(&[], &Limits { stop_expired: true, ..Limits::default() })
        };
        for (before, after, widens) in [
            (known(&["prod"], &none), known(&[], &none), true),
            (known(&[], &none), known(&["prod"], &none), false),
            // The reason goes with the first entry that says something of it.
            (known(&["prod"], &none), known(&["prod", "lax"], &none), true),
            (known(&["prod", "lax"], &none), known(&["lax"], &asks), false),
            (known(&[], &asks), known(&[], &none), true),
            (stops(Some(5)), stops(Some(6)), true),
            (stops(Some(5)), stops(None), true),
            (stops(Some(5)), stops(Some(4)), false),
            (stops(None), stops(Some(5)), false),
            (Facts { expires: Some(at(5)), ..facts() }, facts(), false),
        ] {
            let change = settings.change((&name, &before), (&name, &after));
            assert_eq!(change.widens, widens, "{before:?} -> {after:?}");
        }
        let change = settings.change((&name, &known(&["prod"], &none)), (&name, &known(&[], &none)));
        assert_eq!(change.entries[0].entry, "[[keys]] tag = \"prod\"");
        assert_eq!(change.entries[0].settings, ["require_reason = \"always\"", "ask = true"]);
    }
}
