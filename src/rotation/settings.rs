//! What the user has set for all keys, for some by their names, and for some by their tags.

use std::{fmt, str::FromStr};

use crate::{
    date::Period,
    name::{KeyName, PERSONAL, StoreName, Tag},
    store::{facts::Facts, limits::Limits},
};

/// How long before an end or a planned replacement a key is called soon due.
const SOON: Period = Period::days(14);

/// The settings for all keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How often a key is replaced that has no plan of its own.
    pub every: Option<Period>,
    /// How long before that it is said.
    pub soon: Period,
    /// How long a replaced secret is kept; until it is forgotten, if nothing is said.
    pub overlap: Option<Period>,
    /// What happens when an expired key is to be used.
    pub expired: Reaction,
    /// What happens when a revoked key is to be used.
    pub revoked: Reaction,
    /// What happens when a key is to be used whose secret was found in the clear.
    pub leaked: Reaction,
    /// Who has to say why a key is used.
    pub reason: ReasonFrom,
    /// Settings for some keys; of those that fit, the first that says something counts.
    pub rules: Vec<Rule>,
    /// Access keys of AWS that keyctl itself can replace.
    pub aws_iam: Vec<AwsIam>,
}

/// Whether a key is given all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It is given, and said.
    Warn,
    /// It is not given.
    Stop,
}

/// Who has to say why a key is used, the strictest last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonFrom {
    /// Nobody.
    #[default]
    Nobody,
    /// Whatever says that it is a coding agent.
    Agents,
    /// Everybody.
    Everybody,
}

impl FromStr for ReasonFrom {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, &'static str> {
        match word {
            "never" => Ok(Self::Nobody),
            "agents" => Ok(Self::Agents),
            "always" => Ok(Self::Everybody),
            _ => Err("this is either `never`, `agents` or `always`"),
        }
    }
}

/// Settings for some keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which keys.
    pub of: Selector,
    /// The one store whose keys they are; where none is said those of all are meant, but no program of the user's is called
    /// for any but his own.
    pub store: Option<StoreName>,
    /// How often they are replaced.
    pub every: Option<Period>,
    /// How long a replaced secret is kept.
    pub overlap: Option<Period>,
    /// What happens when an expired one is to be used.
    pub expired: Option<Reaction>,
    /// What happens when a revoked one is to be used.
    pub revoked: Option<Reaction>,
    /// What happens when one is to be used whose secret was found in the clear.
    pub leaked: Option<Reaction>,
    /// Who has to say why one is used.
    pub reason: Option<ReasonFrom>,
    /// Whether the history has the arguments of the programs that get them.
    pub arguments: Option<bool>,
    /// What they may be used for. Unlike all else, this counts beside what other entries and the key itself say.
    pub limits: Limits,
    /// The program that replaces them at their issuer, and its arguments.
    pub rotator: Option<Vec<String>>,
    /// The program that tries a new secret, and its arguments.
    pub check: Option<Vec<String>>,
}

/// Some keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Those whose name fits; `*` stands for any letters, also for none and for `/`.
    Name(String),
    /// Those with a tag.
    Tag(Tag),
}

/// An access key of AWS: two keys of the store that are replaced together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsIam {
    /// The key that holds the access key's id. Both know their store.
    pub id: KeyName,
    /// The key that holds its secret.
    pub secret: KeyName,
    /// The region whose endpoints are asked.
    pub region: String,
    /// Another address in the place of AWS's own.
    pub endpoint: Option<String>,
}

/// What replaces a key at its issuer without a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotator {
    /// A program of the user's, and its arguments.
    Program(Vec<String>),
    /// keyctl, at AWS.
    AwsIam(AwsIam),
}

/// What holds for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How often it is replaced.
    pub every: Option<Period>,
    /// How long before that it is said.
    pub soon: Period,
    /// How long a replaced secret is kept.
    pub overlap: Option<Period>,
    /// What happens when it is expired and to be used.
    pub expired: Reaction,
    /// What happens when it is revoked and to be used.
    pub revoked: Reaction,
    /// What happens when its secret was found in the clear and it is to be used.
    pub leaked: Reaction,
    /// Who has to say why it is used.
    pub reason: ReasonFrom,
    /// What replaces it at its issuer.
    pub rotator: Option<Rotator>,
    /// What tries a new secret.
    pub check: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            every: None,
            soon: SOON,
            overlap: None,
            expired: Reaction::Warn,
            revoked: Reaction::Stop,
            leaked: Reaction::Warn,
            reason: ReasonFrom::Nobody,
            rules: Vec::new(),
            aws_iam: Vec::new(),
        }
    }
}

impl Settings {
    /// What holds for a key: what it says itself, else the first rule that says something, else what holds for all.
    #[must_use]
    pub fn plan(&self, name: &KeyName, facts: &Facts) -> Plan {
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.fits(name, facts)).collect();
        let aws = self.aws_iam.iter().find(|pair| pair.has(name));
        let program = || said(&rules, |rule| rule.rotator.clone().filter(|_| rule.may_call_for(name)));
        Plan {
            every: facts.rotate_every.or_else(|| said(&rules, |rule| rule.every)).or(self.every),
            soon: self.soon,
            overlap: said(&rules, |rule| rule.overlap).or(self.overlap),
            expired: if facts.limits.stop_expired {
                Reaction::Stop
            } else {
                said(&rules, |rule| rule.expired).unwrap_or(self.expired)
            },
            revoked: said(&rules, |rule| rule.revoked).unwrap_or(self.revoked),
            leaked: said(&rules, |rule| rule.leaked).unwrap_or(self.leaked),
            reason: self.reason_for(name, facts),
            rotator: aws.cloned().map(Rotator::AwsIam).or_else(|| program().map(Rotator::Program)),
            check: said(&rules, |rule| rule.check.clone().filter(|_| rule.may_call_for(name))),
        }
    }

    /// Who has to say why a key is used: what the plan says of it, without the rest of the plan.
    #[must_use]
    pub fn reason_for(&self, name: &KeyName, facts: &Facts) -> ReasonFrom {
        if facts.limits.reason {
            return ReasonFrom::Everybody;
        }
        let said = self.rules.iter().find_map(|rule| rule.reason.filter(|_| rule.fits(name, facts)));
        said.unwrap_or(self.reason)
    }

    /// The entries that limit what a key may be used for, each with its limits. All of them count.
    pub fn limits_for<'s>(
        &'s self,
        name: &'s KeyName,
        facts: &'s Facts,
    ) -> impl Iterator<Item = (&'s Selector, &'s Limits)> {
        let rules = self.rules.iter().filter(|rule| !rule.limits.is_empty() && rule.fits(name, facts));
        rules.map(|rule| (&rule.of, &rule.limits))
    }

    /// Those for a name of which nothing else is known.
    pub fn limits_by_name<'s>(&'s self, name: &'s KeyName) -> impl Iterator<Item = (&'s Selector, &'s Limits)> {
        let rules = self.rules.iter().filter(|rule| !rule.limits.is_empty() && rule.is_of_store(name));
        let fitting =
            rules.filter(|rule| matches!(&rule.of, Selector::Name(pattern) if matches(pattern, name.as_str())));
        fitting.map(|rule| (&rule.of, &rule.limits))
    }

    /// Whether the history is to have the arguments of a program that gets a key: only where the user asks for that.
    #[must_use]
    pub fn records_arguments(&self, name: &KeyName, facts: &Facts) -> bool {
        let said = self.rules.iter().find_map(|rule| rule.arguments.filter(|_| rule.fits(name, facts)));
        said.unwrap_or(false)
    }
}

fn said<T>(rules: &[&Rule], what: impl Fn(&Rule) -> Option<T>) -> Option<T> {
    rules.iter().find_map(|rule| what(rule))
}

impl fmt::Display for Selector {
    /// As the entry begins in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(pattern) => write!(f, "[[keys]] match = \"{pattern}\""),
            Self::Tag(tag) => write!(f, "[[keys]] tag = \"{tag}\""),
        }
    }
}

impl Rule {
    /// Whether it says something of this key.
    pub(super) fn fits(&self, name: &KeyName, facts: &Facts) -> bool {
        self.is_of_store(name) && self.of.fits(name, facts)
    }

    fn is_of_store(&self, name: &KeyName) -> bool {
        self.store.is_none() || self.may_call_for(name)
    }

    /// Whether its programs are meant for the keys of the store that this one is in. A key of another store has its name of
    /// whoever may write that one: by its name alone nobody is to have a program called, and to get what it gives.
    fn may_call_for(&self, name: &KeyName) -> bool {
        let named = |store: Option<&StoreName>| store.map_or(PERSONAL, StoreName::as_str).to_owned();
        named(self.store.as_ref()) == named(name.store())
    }
}

impl AwsIam {
    /// Whether this key is one of its halves.
    #[must_use]
    pub fn has(&self, name: &KeyName) -> bool {
        self.id.store() == name.store() && (self.id == *name || self.secret == *name)
    }
}

impl Selector {
    fn fits(&self, name: &KeyName, facts: &Facts) -> bool {
        match self {
            Self::Name(pattern) => matches(pattern, name.as_str()),
            Self::Tag(tag) => facts.tags.contains(tag),
        }
    }
}

/// Whether a pattern with `*` fits a name: its pieces come in their order, the first at the start and the last at the end.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Moment;
    use proptest::prelude::*;

    fn rule(of: Selector, every: &str) -> Rule {
        let every = every.parse().ok();
        Rule {
            of,
            store: None,
            every,
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

    #[test]
    fn what_is_said_nearest_to_the_key_counts() {
        let name: KeyName = "aws/deploy".parse().expect("good");
        let tag: Tag = "prod".parse().expect("good");
        let mut facts = Facts::new(Moment::from_seconds(0));
        let settings = Settings {
            every: "1y".parse().ok(),
            rules: vec![
                rule(Selector::Tag(tag.clone()), "30d"),
                Rule { expired: Some(Reaction::Stop), ..rule(Selector::Name("aws/*".into()), "60d") },
            ],
            ..Settings::default()
        };
        let every = |facts: &Facts| settings.plan(&name, facts).every.expect("a plan").to_string();
        assert_eq!(every(&facts), "60d");
        facts.tags.insert(tag);
        assert_eq!(every(&facts), "30d");
        assert_eq!(settings.plan(&name, &facts).expired, Reaction::Stop, "the first rule says nothing of that");
        facts.rotate_every = "7d".parse().ok();
        assert_eq!(every(&facts), "7d");
        assert_eq!(
            settings.plan(&"other".parse().expect("good"), &Facts::new(Moment::from_seconds(0))).every,
            settings.every
        );
    }

    #[test]
    fn no_program_is_called_for_the_key_of_another_store_by_its_name_alone() {
        let of = |store: Option<&str>| {
            let store = store.map(|store| std::sync::Arc::new(store.parse().expect("good")));
            "stripe/live".parse::<KeyName>().expect("good").of(store.as_ref())
        };
        let command = |word: &str| Some(vec![word.to_owned()]);
        let calling = |store: Option<&str>, word: &str| Rule {
            store: store.map(|store| store.parse().expect("good")),
            rotator: command(word),
            check: command(word),
            limits: Limits { ask: true, ..Limits::default() },
            ..rule(Selector::Name("stripe/*".into()), "30d")
        };
        let pair = AwsIam { id: of(None), secret: "s".parse().expect("good"), region: "r".into(), endpoint: None };
        let facts = Facts::new(Moment::from_seconds(0));
        let plan = |rules: &[Rule], pairs: &[AwsIam], store: Option<&str>| {
            let settings = Settings { rules: rules.to_vec(), aws_iam: pairs.to_vec(), ..Settings::default() };
            let name = of(store);
            let limits = [settings.limits_for(&name, &facts).count(), settings.limits_by_name(&name).count()];
            assert_eq!(limits[0], limits[1]);
            (settings.plan(&name, &facts), limits[0])
        };
        let own = calling(None, "own");
        let (of_own, of_team) =
            (plan(std::slice::from_ref(&own), &[], None), plan(std::slice::from_ref(&own), &[], Some("team")));
        assert_eq!((of_own.0.rotator, of_own.0.check), (command("own").map(Rotator::Program), command("own")));
        assert_eq!((of_team.0.rotator, of_team.0.check, of_team.0.every.is_some(), of_team.1), (None, None, true, 1));
        let both = [calling(Some("team"), "team"), own];
        let called = |store| plan(&both, &[], store).0.check;
        assert_eq!((called(Some("team")), called(Some("ops")), called(None)), (command("team"), None, command("own")));
        let personal = plan(&[calling(Some("personal"), "own")], &[], Some("team"));
        assert_eq!((personal.0.every, personal.1), (None, 0));
        let of_pair = |store| plan(&[], std::slice::from_ref(&pair), store).0.rotator.is_some();
        assert!(of_pair(None) && !of_pair(Some("team")));
    }

    #[test]
    fn the_first_rule_that_says_who_needs_a_reason_counts() {
        let settings = Settings {
            reason: ReasonFrom::Agents,
            rules: vec![
                Rule { reason: Some(ReasonFrom::Nobody), ..rule(Selector::Name("dev/*".into()), "1y") },
                Rule { reason: Some(ReasonFrom::Everybody), ..rule(Selector::Name("*/prod".into()), "1y") },
            ],
            ..Settings::default()
        };
        let asked =
            |name: &str| settings.plan(&name.parse().expect("good"), &Facts::new(Moment::from_seconds(0))).reason;
        let facts = Facts::new(Moment::from_seconds(0));
        for name in ["dev/prod", "aws/prod", "aws/test"] {
            assert_eq!(settings.reason_for(&name.parse().expect("good"), &facts), asked(name));
        }
        assert_eq!(asked("dev/prod"), ReasonFrom::Nobody);
        assert_eq!(asked("aws/prod"), ReasonFrom::Everybody);
        assert_eq!(asked("aws/test"), ReasonFrom::Agents);
        assert!(ReasonFrom::Everybody > ReasonFrom::Agents && ReasonFrom::Agents > ReasonFrom::Nobody);
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, fits) in [
            ("aws/*", "aws/id", true),
            ("aws/*", "aws/", true),
            ("aws/*", "aws", false),
            ("*", "x", true),
            ("*/prod", "a/b/prod", true),
            ("*/prod", "a/prod/b", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a**", "a", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_fits_every_pattern_made_by_putting_stars_into_it(name in "[a-c]{1,8}", cuts in prop::collection::vec((0_usize..9, 0_usize..9), 1..3)) {
            let mut pattern = name.clone();
            for (from, to) in cuts {
                let (from, to) = (from.min(pattern.len()), to.min(pattern.len()));
                pattern.replace_range(from.min(to)..from.max(to), "*");
            }
            prop_assert!(matches(&pattern, &name), "{} {}", pattern, name);
        }
    }
}
