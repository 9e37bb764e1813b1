//! What a key may be used for, as its owner has said of it: in these projects, by these programs, with a person there.
//!
//! A program's path is kept as it was given, from the root, and its links are followed where it is held against a use: so what a
//! package manager replaces under the same name stays the same program. A folder's path is kept as it led then, without links.

use std::{collections::BTreeSet, ffi::OsStr, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{facts::Facts, payload::Payload};
use crate::{hex, secret::Secret};

/// The most projects, programs or variables that a key is limited to.
pub const MOST_TEXTS: usize = 100;

/// The limits of a key's use. Nothing said is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a limit of its own")]
pub struct Limits {
    /// Only in these folders, and all below them.
    pub projects: Option<BTreeSet<String>>,
    /// Only by these programs.
    pub programs: Option<BTreeSet<String>>,
    /// What is let through to these programs of the caller's variables by which a program loads other code: each by its name, or
    /// as `NAME=VALUE` with this value alone. Empty where every program may have it.
    pub variables: BTreeSet<String>,
    /// Only where there is a terminal.
    pub terminal: bool,
    /// Only after a yes, each time.
    pub ask: bool,
    /// Only by the proxy: neither given to a program nor shown.
    pub proxy_only: bool,
    /// Only with a reason.
    pub reason: bool,
    /// Only until it has ended.
    pub stop_expired: bool,
    /// Where an agent asks only so that the secret is not shown to it.
    pub hide_from_agents: bool,
}

impl Limits {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What stands for them, where anything is said: two that say the same have the same.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        let Self { projects, programs, variables, .. } = self;
        let flags = self.flags();
        // What is younger than the first marks stands in one only where it is said: so those stay as they are.
        let said = if self.hide_from_agents { &flags[..] } else { &flags[..flags.len() - 1] };
        let text = if variables.is_empty() {
            serde_json::to_vec(&(projects, programs, said))
        } else {
            serde_json::to_vec(&(projects, programs, said, variables))
        };
        (!self.is_empty()).then(|| hex::encode(&Sha256::digest(text.unwrap_or_default())[..8]))
    }

    /// Whether they say nothing of where, by what and before whom it is used.
    #[must_use]
    pub fn are_of_time_and_reason_alone(&self) -> bool {
        Self { reason: false, stop_expired: false, ..self.clone() }.is_empty()
    }

    /// Whether they want a person there, or the proxy.
    #[must_use]
    pub fn want_a_person(&self) -> bool {
        self.ask || self.proxy_only || self.terminal || self.hide_from_agents
    }

    /// Whether something is allowed by these that is not by those.
    #[must_use]
    pub fn are_looser_than(&self, before: &Self) -> bool {
        let folders = looser(self.projects.as_ref(), before.projects.as_ref(), lies_in_one);
        let programs = looser(self.programs.as_ref(), before.programs.as_ref(), BTreeSet::contains);
        let flags = self.flags().into_iter().zip(before.flags()).any(|(after, before)| before && !after);
        // Those of any programs let every variable through.
        let variables =
            before.programs.is_some() && self.variables.iter().any(|said| !is_let_in(&before.variables, said));
        folders || programs || variables || flags
    }

    /// Both together: what either of them does not allow is not allowed.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let [terminal, ask, proxy_only, reason, stop_expired, hide_from_agents] = {
            let (one, other) = (self.flags(), other.flags());
            std::array::from_fn(|at| one[at] || other[at])
        };
        let programs = |all: &BTreeSet<String>, program: &str| all.contains(program);
        let variables = match (&self.programs, &other.programs) {
            (_, None) => Some(self.variables.clone()),
            (None, Some(_)) => Some(other.variables.clone()),
            (Some(_), Some(_)) => both(Some(&self.variables), Some(&other.variables), is_let_in),
        };
        Self {
            projects: both(self.projects.as_ref(), other.projects.as_ref(), lies_in_one),
            programs: both(self.programs.as_ref(), other.programs.as_ref(), programs),
            variables: variables.unwrap_or_default(),
            terminal,
            ask,
            proxy_only,
            reason,
            stop_expired,
            hide_from_agents,
        }
    }

    /// Whether a variable of the caller's is let through to their programs, though it has one load other code.
    #[must_use]
    pub fn let_through(&self, name: &OsStr, value: &OsStr) -> bool {
        self.variables.iter().any(|said| match said.split_once('=') {
            Some((only, with)) => name == only && value == with,
            None => name == said.as_str(),
        })
    }

    /// The same of what the call itself gives: where only its name is known, as of a file's path, it is let through with any value
    /// or not at all.
    #[must_use]
    pub fn let_through_given(&self, name: &str, value: Option<&Secret>) -> bool {
        let is_value = |said: &str| value.is_some_and(|value| value.same_as(&Secret::new(said.as_bytes().to_vec())));
        self.variables.iter().any(|said| match said.split_once('=') {
            Some((only, with)) => name == only && is_value(with),
            None => name == said,
        })
    }

    /// All texts that they name: paths and variables.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.projects, &self.programs].into_iter().flatten().flatten().chain(&self.variables).map(String::as_str)
    }

    fn flags(&self) -> [bool; 6] {
        let Self {
            projects: _,
            programs: _,
            variables: _,
            terminal,
            ask,
            proxy_only,
            reason,
            stop_expired,
            hide_from_agents,
        } = self;
        [*terminal, *ask, *proxy_only, *reason, *stop_expired, *hide_from_agents]
    }
}

/// Whether a path lies in one of these folders, or is one.
#[must_use]
pub fn lies_in_one(folders: &BTreeSet<String>, path: &str) -> bool {
    folders.iter().any(|folder| Path::new(path).starts_with(folder))
}

/// Whether a variable is let through as it is said here: with any value, or with this one.
fn is_let_in(variables: &BTreeSet<String>, said: &str) -> bool {
    variables.contains(said) || said.split_once('=').is_some_and(|(name, _)| variables.contains(name))
}

type Covers = fn(&BTreeSet<String>, &str) -> bool;

fn looser(after: Option<&BTreeSet<String>>, before: Option<&BTreeSet<String>>, covers: Covers) -> bool {
    match (after, before) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(after), Some(before)) => after.iter().any(|path| !covers(before, path)),
    }
}

fn both(one: Option<&BTreeSet<String>>, other: Option<&BTreeSet<String>>, covers: Covers) -> Option<BTreeSet<String>> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    let within = |paths: &BTreeSet<String>, all| -> Vec<String> {
        paths.iter().filter(|path| covers(all, path)).cloned().collect()
    };
    Some(within(one, other).into_iter().chain(within(other, one)).collect())
}

impl Payload {
    /// Whether such a limit stands anywhere in it, be it only in what a step knows of how it was before.
    pub(super) fn speaks_of_limits(&self, such: impl Fn(&Limits) -> bool) -> bool {
        self.speaks_of(|facts| such(&facts.limits))
    }

    /// The same of all that is known of keys.
    pub(super) fn speaks_of(&self, such: impl Fn(&Facts) -> bool) -> bool {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let before = self.steps.iter().flat_map(|step| step.replaced.iter().chain(&step.edited));
        let mut all = keys.map(|key| &key.facts).chain(before.map(|(_, facts)| facts));
        all.any(such)
    }
}

#[cfg(test)]
pub(crate) mod bench {
    use proptest::prelude::*;

    use super::*;

    fn paths(all: &'static [&'static str]) -> impl Strategy<Value = Option<BTreeSet<String>>> {
        let some = prop::collection::btree_set(prop::sample::select(all), 0..3);
        prop::option::of(some.prop_map(|paths| paths.into_iter().map(str::to_owned).collect()))
    }

    /// Folders that lie in each other, and some that only begin alike.
    pub const FOLDERS: &[&str] = &["/", "/a", "/a/b", "/a/bc", "/d"];
    pub const PROGRAMS: &[&str] = &["/bin/x", "/bin/y", "/bin/z"];

    pub const VARIABLES: &[&str] = &["A", "A=", "A=x", "A=y", "B", "B=x"];

    /// Any limits.
    pub fn any_limits() -> impl Strategy<Value = Limits> {
        (paths(FOLDERS), paths(PROGRAMS), paths(VARIABLES), any::<[bool; 6]>()).prop_map(
            |(projects, programs, variables, [terminal, ask, proxy_only, reason, stop_expired, hide_from_agents])| {
                Limits {
                    projects,
                    variables: programs.as_ref().and(variables).unwrap_or_default(),
                    programs,
                    terminal,
                    ask,
                    proxy_only,
                    reason,
                    stop_expired,
                    hide_from_agents,
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{bench::any_limits, *};

    fn paths(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn one_folder_more_is_looser_and_one_below_is_not() {
        let only = |folders: &[&str]| Limits { projects: Some(paths(folders)), ..Limits::default() };
        for (before, after, is_looser) in [
            (Limits::default(), only(&["/a"]), false),
            (only(&["/a"]), Limits::default(), true),
            (only(&["/a"]), only(&["/a/b", "/a/c"]), false),
            (only(&["/a"]), only(&["/a", "/b"]), true),
            (only(&["/a"]), only(&["/ab"]), true),
            (only(&["/a"]), only(&[]), false),
        ] {
            assert_eq!(after.are_looser_than(&before), is_looser, "{before:?} -> {after:?}");
        }
    }

    #[test]
    fn one_variable_more_is_looser_and_one_with_its_value_alone_is_not() {
        let with = |variables: &[&str]| Limits {
            programs: Some(paths(&["/x"])),
            variables: paths(variables),
            ..Limits::default()
        };
        let of_any = Limits::default();
        assert!(!with(&["A"]).are_looser_than(&of_any) && of_any.are_looser_than(&with(&["A"])));
        for (before, after, is_looser) in [
            (&[][..], &["A"][..], true),
            (&["A"], &["A=x"], false),
            (&["A=x"], &["A"], true),
            (&["A=x"], &["A=y"], true),
            (&["A", "B"], &["B"], false),
        ] {
            assert_eq!(with(after).are_looser_than(&with(before)), is_looser, "{before:?} -> {after:?}");
        }
        let both = with(&["A", "B=x"]).and(&with(&["A=x", "B", "C"]));
        assert_eq!(both.variables, paths(&["A=x", "B=x"]));
        let given = |name: &str, value: &str| both.let_through_given(name, Some(&Secret::new(value.into())));
        assert!(given("A", "x") && !given("A", "y") && !given("C", "") && !both.let_through_given("A", None));
        assert!(with(&["A"]).let_through_given("A", None) && !with(&["A"]).let_through_given("B", None));
        for (name, value, is) in
            [("A", "x", true), ("A", "y", false), ("a", "x", false), ("B", "x", true), ("C", "", false)]
        {
            assert_eq!(both.let_through(OsStr::new(name), OsStr::new(value)), is, "{name}={value}");
        }
    }

    #[test]
    fn one_program_more_is_looser_and_so_is_each_flag_that_goes() {
        let only = |programs: &[&str]| Limits { programs: Some(paths(programs)), ..Limits::default() };
        assert!(
            only(&["/x", "/y"]).are_looser_than(&only(&["/x"])) && !only(&["/x"]).are_looser_than(&only(&["/x", "/y"]))
        );
        let none = Limits::default();
        for flag in [
            Limits { terminal: true, ..Limits::default() },
            Limits { ask: true, ..Limits::default() },
            Limits { proxy_only: true, ..Limits::default() },
            Limits { reason: true, ..Limits::default() },
            Limits { stop_expired: true, ..Limits::default() },
            Limits { hide_from_agents: true, ..Limits::default() },
        ] {
            assert!(none.are_looser_than(&flag) && !flag.are_looser_than(&none) && !flag.is_empty());
        }
    }

    proptest! {
        #[test]
        fn both_together_are_no_looser_than_either(one in any_limits(), other in any_limits()) {
            let both = one.and(&other);
            prop_assert!(!both.are_looser_than(&one) && !both.are_looser_than(&other));
            prop_assert_eq!(&both.and(&one), &both);
            prop_assert_eq!(one.and(&Limits::default()), one);
        }
    }
}
