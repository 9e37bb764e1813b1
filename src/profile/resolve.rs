//! Which variables a command gets: a profile with what it extends, then the user's extras, then the choice among them.
//!
//! The user's own profiles are looked up before the project's, so a repository cannot put its own in the place of one
//! that the user knows. A profile of the user's may extend one of the project; a project's may only extend its own.

use std::collections::BTreeMap;

use super::{Broken, DEFAULT, Grant, Origin, Profile, Profiles, Source, Wanted, variables};
use crate::{
    failure::{Failure, Kind, Result},
    name::{ProfileName, VariableName},
    platform,
};

/// One profile with all that it extends, the nearest word winning.
pub(super) fn effective(
    profiles: &Profiles,
    name: &ProfileName,
) -> std::result::Result<BTreeMap<VariableName, Source>, Broken> {
    let env = follow(name, |name| profiles.0.get(name).map(|profile| (profile, Origin::Project)))?;
    Ok(env.into_iter().map(|(variable, (source, ..))| (variable, source)).collect())
}

/// A variable's source, who says so, and by which of their profiles it came in: the first one of theirs on the way.
type Entry = (Source, Origin, ProfileName);

/// Follows `extends` from one profile up; what the nearest profile says of a variable counts.
fn follow<'p>(
    name: &ProfileName,
    mut look: impl FnMut(&ProfileName) -> Option<(&'p Profile, Origin)>,
) -> std::result::Result<BTreeMap<VariableName, Entry>, Broken> {
    let mut env: BTreeMap<VariableName, Entry> = BTreeMap::new();
    let mut walked: Vec<(ProfileName, Origin)> = Vec::new();
    let mut entered = name.clone();
    let mut next = Some(name.clone());
    while let Some(name) = next.take() {
        let Some((profile, origin)) = look(&name) else {
            return Err(Broken::Missing { name, by: walked.pop().map(|(by, _)| by) });
        };
        let step = (name, origin);
        if let Some(start) = walked.iter().position(|earlier| *earlier == step) {
            let circle = walked.into_iter().skip(start).chain([step]).map(|(name, _)| name).collect();
            return Err(Broken::Cycle(circle));
        }
        if walked.last().is_none_or(|(_, last)| *last != origin) {
            entered = step.0.clone();
        }
        for (variable, source) in &profile.env {
            if !env.contains_key(variable) && (cfg!(unix) || !env.keys().any(|known| same(known, variable))) {
                env.insert(variable.clone(), (source.clone(), origin, entered.clone()));
            }
        }
        walked.push(step);
        next.clone_from(&profile.extends);
    }
    Ok(env)
}

/// A variable that the user's call adds, and what it becomes.
pub type Extra = (VariableName, Source);

/// What the command gets.
///
/// The profile is the chosen one, else `default` where there is one; `extra` (`-k`) is added last and wins; `only`, if
/// it is not empty, leaves just these.
///
/// # Errors
/// `Missing` for a profile or variable that is not there, `Usage` for a call that contradicts itself or sets what
/// nobody may set.
pub fn resolve(
    chosen: Option<&ProfileName>,
    project: Option<&Profiles>,
    user: &Profiles,
    extra: &[Extra],
    only: &[VariableName],
) -> Result<Vec<Wanted>> {
    check_extra(extra)?;
    let mut wanted = match choose(chosen, project, user) {
        Some(name) => of_profile(&name, project, user)?,
        None if extra.is_empty() => return Err(nothing(project, user)),
        None => Vec::new(),
    };
    for (variable, source) in extra {
        wanted.retain(|wanted| !same(&wanted.grant.variable, variable));
        let profile = chosen.cloned().unwrap_or_else(default);
        let grant = Grant { profile, variable: variable.clone(), source: source.clone() };
        wanted.push(Wanted { grant, origin: Origin::User });
    }
    if let Some(never) = wanted.iter().find(|wanted| variables::never(&wanted.grant.variable)) {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{}` decides what runs, so keyctl never sets it", never.grant.variable),
        )
        .hint("give the key another variable"));
    }
    pick(wanted, only)
}

/// Later ones win, but two on one command line are a slip.
fn check_extra(extra: &[Extra]) -> Result<()> {
    for (at, (variable, source)) in extra.iter().enumerate() {
        if let Some((_, other)) = extra[..at].iter().find(|(earlier, other)| same(earlier, variable) && other != source)
        {
            return Err(Failure::new(
                Kind::Usage,
                format!("`{variable}` is to be both {} and {}, and can only be one", said(other), said(source)),
            )
            .hint("give each key a variable of its own"));
        }
    }
    Ok(())
}

/// A key that the call names, with its form.
fn said(source: &Source) -> String {
    source.keys().first().map_or_else(String::new, |name| format!("`{name}`{}", source.remarks()))
}

fn choose(chosen: Option<&ProfileName>, project: Option<&Profiles>, user: &Profiles) -> Option<ProfileName> {
    let there = |name: &ProfileName| user.0.contains_key(name) || project.is_some_and(|all| all.0.contains_key(name));
    chosen.cloned().or_else(|| Some(default()).filter(there))
}

fn of_profile(name: &ProfileName, project: Option<&Profiles>, user: &Profiles) -> Result<Vec<Wanted>> {
    let mut in_project = false;
    let look = |name: &ProfileName| {
        let own = user.0.get(name).filter(|_| !in_project).map(|profile| (profile, Origin::User));
        own.or_else(|| {
            in_project = true;
            project?.0.get(name).map(|profile| (profile, Origin::Project))
        })
    };
    let env = follow(name, look).map_err(|broken| {
        let kind = if matches!(broken, Broken::Missing { .. }) { Kind::Missing } else { Kind::Usage };
        let failure = Failure::new(kind, broken.to_string());
        if kind == Kind::Missing { failure.hint(listed(project, user)) } else { failure }
    })?;
    Ok(env
        .into_iter()
        .map(|(variable, (source, origin, profile))| Wanted { grant: Grant { profile, variable, source }, origin })
        .collect())
}

/// Whether what a command prints is masked: the nearest profile that says so counts. A project's profile extends only its own,
/// so it may ask for masking and take back what it asks for itself, and never what a profile of the user's says.
#[must_use]
pub fn masks(chosen: Option<&ProfileName>, project: Option<&Profiles>, user: &Profiles) -> bool {
    let mut next = choose(chosen, project, user);
    let (mut in_project, mut walked) = (false, 0);
    while let Some(name) = next.take() {
        let own = user.0.get(&name).filter(|_| !in_project);
        let Some(profile) = own.or_else(|| {
            in_project = true;
            project?.0.get(&name)
        }) else {
            return false;
        };
        walked += 1;
        // What extends itself is refused elsewhere.
        let is_circle = walked > MOST_EXTENDED;
        if let Some(mask) = profile.mask {
            return mask;
        }
        next = profile.extends.clone().filter(|_| !is_circle);
    }
    false
}

/// More profiles than these extend each other in a circle, or nobody could follow them.
const MOST_EXTENDED: usize = 1000;

/// Just these, in the order of their names.
fn pick(mut wanted: Vec<Wanted>, only: &[VariableName]) -> Result<Vec<Wanted>> {
    for variable in only {
        if !wanted.iter().any(|wanted| same(&wanted.grant.variable, variable)) {
            let names: Vec<String> = wanted.iter().map(|wanted| format!("`{}`", wanted.grant.variable)).collect();
            let failure = Failure::new(Kind::Missing, format!("`--only` names `{variable}`, which is not asked for"));
            return Err(if names.is_empty() {
                failure
            } else {
                failure.hint(format!("there are {}", names.join(", ")))
            });
        }
    }
    wanted.retain(|wanted| only.is_empty() || only.iter().any(|variable| same(variable, &wanted.grant.variable)));
    wanted.sort_by(|one, other| one.grant.variable.cmp(&other.grant.variable));
    Ok(wanted)
}

fn nothing(project: Option<&Profiles>, user: &Profiles) -> Failure {
    let message = match project {
        Some(_) => "no profile is chosen and there is no `default`",
        None => "no project file is here, and no `-k` names a key",
    };
    let failure = Failure::new(Kind::Missing, message);
    let chosen = if project.is_some_and(|all| !all.0.is_empty()) || !user.0.is_empty() {
        failure.hint(format!("{}; choose one with `-P PROFILE`", listed(project, user)))
    } else {
        failure.hint("say what this project needs with `keyctl init`")
    };
    chosen.hint("or name keys with `-k VARIABLE=KEY`")
}

/// The profiles there are, as a hint.
fn listed(project: Option<&Profiles>, user: &Profiles) -> String {
    let mut names: Vec<&ProfileName> = project.iter().flat_map(|all| all.0.keys()).chain(user.0.keys()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return "there are no profiles here".into();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("there {} {}", if names.len() == 1 { "is" } else { "are" }, names.join(", "))
}

fn same(one: &VariableName, other: &VariableName) -> bool {
    platform::same_variable(one.as_str().as_ref(), other.as_str().as_ref())
}

/// The name `default`, which is a name by the rules of names.
fn default() -> ProfileName {
    DEFAULT.parse().expect("`default` is a profile's name")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile's name, what it extends, and its variables with their keys.
    type Written<'w> = (&'w str, Option<&'w str>, &'w [(&'w str, &'w str)]);

    fn profiles(text: &[Written]) -> Profiles {
        let key = |name: &str| Source::key(name.parse().unwrap());
        Profiles(
            text.iter()
                .map(|(name, extends, env)| {
                    let env = env.iter().map(|(variable, name)| (variable.parse().unwrap(), key(name))).collect();
                    (
                        name.parse().unwrap(),
                        Profile { extends: extends.map(|name| name.parse().unwrap()), env, mask: None },
                    )
                })
                .collect(),
        )
    }

    fn extra(pairs: &[(&str, &str)]) -> Vec<Extra> {
        pairs.iter().map(|(variable, key)| (variable.parse().unwrap(), Source::key(key.parse().unwrap()))).collect()
    }

    /// `variable=key profile origin` a line.
    fn said(wanted: Result<Vec<Wanted>>) -> String {
        let line = |Wanted { grant, origin }: &Wanted| {
            let [_, text] = grant.source.parts();
            format!("{}={text} {} {origin:?}", grant.variable, grant.profile)
        };
        match wanted {
            Ok(wanted) => wanted.iter().map(line).collect::<Vec<_>>().join("; "),
            Err(failure) => format!("{:?}: {failure} | {}", failure.kind, failure.hints.join(" | ")),
        }
    }

    fn named(name: &str) -> ProfileName {
        name.parse().unwrap()
    }

    #[test]
    fn the_nearest_profile_says_whether_output_is_masked_and_no_project_unsays_it_for_one_of_the_users() {
        let with = |mut all: Profiles, said: &[(&str, bool)]| {
            for (name, mask) in said {
                all.0.get_mut(&named(name)).unwrap().mask = Some(*mask);
            }
            all
        };
        let written = profiles(&[("default", None, &[]), ("loud", Some("default"), &[]), ("base", None, &[])]);
        let project = with(written, &[("default", true), ("loud", false), ("base", false)]);
        let written =
            profiles(&[("mine", Some("base"), &[]), ("loudly", Some("default"), &[]), ("new", Some("base"), &[])]);
        let user = with(written, &[("mine", true), ("loudly", false)]);
        let masked = |name: Option<&str>| masks(name.map(named).as_ref(), Some(&project), &user);
        assert!(masked(None) && masked(Some("default")) && masked(Some("mine")));
        assert!(!masked(Some("loud")) && !masked(Some("loudly")) && !masked(Some("new")) && !masked(Some("none")));
        let user = with(profiles(&[("default", None, &[])]), &[("default", true)]);
        assert!(masks(None, Some(&with(project.clone(), &[("default", false)])), &user) && masks(None, None, &user));
        let circle = profiles(&[("a", Some("b"), &[]), ("b", Some("a"), &[])]);
        assert!(!masks(Some(&named("a")), Some(&circle), &Profiles::default()));
    }

    #[test]
    fn a_profile_takes_over_what_it_extends_and_says_the_last_word() {
        let project =
            profiles(&[("default", None, &[("A", "dev"), ("B", "b")]), ("prod", Some("default"), &[("A", "prod")])]);
        let none = Profiles::default();
        assert_eq!(said(resolve(None, Some(&project), &none, &[], &[])), "A=dev default Project; B=b default Project");
        assert_eq!(
            said(resolve(Some(&named("prod")), Some(&project), &none, &[], &[])),
            "A=prod prod Project; B=b prod Project"
        );
    }

    #[test]
    fn the_users_profile_comes_first_and_may_extend_one_of_the_project() {
        let project =
            profiles(&[("default", None, &[("A", "theirs"), ("B", "theirs")]), ("mine", None, &[("C", "c")])]);
        let user = profiles(&[("mine", Some("default"), &[("A", "mine")])]);
        assert_eq!(
            said(resolve(Some(&named("mine")), Some(&project), &user, &[], &[])),
            "A=mine mine User; B=theirs default Project"
        );
    }

    #[test]
    fn a_project_can_extend_no_profile_of_the_users() {
        let project = profiles(&[("default", Some("work"), &[])]);
        let user = profiles(&[("work", None, &[("A", "secret")])]);
        assert_eq!(
            said(resolve(None, Some(&project), &user, &[], &[])),
            "Missing: profile `default` extends `work`, which is not there | there are `default`, `work`"
        );
    }

    #[test]
    fn profiles_of_one_name_on_both_sides_are_no_circle() {
        let project = profiles(&[("base", Some("prod"), &[]), ("prod", None, &[("A", "a")])]);
        let user = profiles(&[("prod", Some("base"), &[])]);
        assert_eq!(said(resolve(Some(&named("prod")), Some(&project), &user, &[], &[])), "A=a base Project");
    }

    #[test]
    fn a_circle_and_a_missing_profile_are_named() {
        let project = profiles(&[("a", Some("b"), &[]), ("b", Some("c"), &[]), ("c", Some("b"), &[])]);
        let none = Profiles::default();
        assert_eq!(
            said(resolve(Some(&named("a")), Some(&project), &none, &[], &[])),
            "Usage: profiles extend each other in a circle: `b` extends `c` extends `b` | "
        );
        assert_eq!(
            said(resolve(Some(&named("x")), Some(&project), &none, &[], &[])),
            "Missing: there is no profile `x` | there are `a`, `b`, `c`"
        );
        assert_eq!(
            said(resolve(None, Some(&project), &none, &[], &[])),
            "Missing: no profile is chosen and there is no `default` | there are `a`, `b`, `c`; choose one with `-P PROFILE` | \
             or name keys with `-k VARIABLE=KEY`"
        );
        assert_eq!(
            said(resolve(None, None, &none, &[], &[])),
            "Missing: no project file is here, and no `-k` names a key | say what this project needs with `keyctl init` | \
             or name keys with `-k VARIABLE=KEY`"
        );
    }

    #[test]
    fn an_extra_key_wins_and_needs_no_approval() {
        let project = profiles(&[("default", None, &[("A", "theirs")])]);
        let none = Profiles::default();
        assert_eq!(
            said(resolve(None, Some(&project), &none, &extra(&[("A", "mine"), ("B", "b")]), &[])),
            "A=mine default User; B=b default User"
        );
        assert_eq!(said(resolve(None, None, &none, &extra(&[("B", "b")]), &[])), "B=b default User");
    }

    #[test]
    fn two_extra_keys_for_one_variable_are_both_named() {
        let none = Profiles::default();
        assert_eq!(
            said(resolve(None, None, &none, &extra(&[("A", "x"), ("A", "y")]), &[])),
            "Usage: `A` is to be both `x` and `y`, and can only be one | give each key a variable of its own"
        );
        assert_eq!(said(resolve(None, None, &none, &extra(&[("A", "x"), ("A", "x")]), &[])), "A=x default User");
    }

    #[test]
    fn only_leaves_just_these_and_says_what_there_is() {
        let project = profiles(&[("default", None, &[("A", "a"), ("B", "b")])]);
        let none = Profiles::default();
        let only: Vec<VariableName> = vec!["B".parse().unwrap()];
        assert_eq!(said(resolve(None, Some(&project), &none, &[], &only)), "B=b default Project");
        let only: Vec<VariableName> = vec!["C".parse().unwrap()];
        assert_eq!(
            said(resolve(None, Some(&project), &none, &[], &only)),
            "Missing: `--only` names `C`, which is not asked for | there are `A`, `B`"
        );
    }

    #[test]
    fn what_decides_what_runs_is_never_set() {
        let none = Profiles::default();
        assert_eq!(
            said(resolve(None, None, &none, &extra(&[("LD_PRELOAD", "x")]), &[])),
            "Usage: `LD_PRELOAD` decides what runs, so keyctl never sets it | give the key another variable"
        );
    }
}
