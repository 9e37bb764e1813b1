//! The environment a command starts with: the caller's variables, with the keys in their places, within what the kernel
//! can carry.
//!
//! A secret is borrowed here from first to last. The copies that std makes for the launch itself are the only ones that
//! nobody wipes; a launch replaces this process with all its memory.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
};

use crate::{
    failure::{Failure, Kind, Result},
    name::VariableName,
    platform,
    secret::Secret,
};

/// The variable that tells a nested `keyctl run` which variables an outer one has set.
pub const MARKER: &str = "KEYCTL_INJECTED";

/// The variable that tells it where that one has left what to look for: the number of a file in memory.
pub const LEFT: &str = "KEYCTL_LEFT";

/// The variable by which a shell of `keyctl shell` is known, and what its keys were chosen by: for a prompt to show.
pub const SHELL: &str = "KEYCTL_SHELL";

/// What `--clean` leaves of the caller's variables: who and where the user is, how to find programs, and the language.
const USUAL: &[&str] =
    &["HOME", "PATH", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PWD"];

/// A command's whole environment.
pub struct Environment<'s> {
    /// Name and value, each name once.
    pub variables: Vec<(OsString, Cow<'s, OsStr>)>,
    /// Which of the caller's variables were replaced by another value.
    pub replaced: Vec<VariableName>,
    /// Which of the caller's variables were left as they are.
    pub kept: Vec<VariableName>,
}

/// How the caller's variables are treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Start from the usual few.
    pub clean: bool,
    /// Leave what the caller has set.
    pub keep: bool,
}

impl Rules {
    /// Whether a variable is left as the caller has it.
    #[must_use]
    pub fn leave(self, caller: &[(OsString, OsString)], variable: &VariableName) -> bool {
        let is_it = |name: &OsString| platform::same_variable(name, OsStr::new(variable.as_str()));
        self.keep && caller.iter().any(|(name, _)| is_it(name) && (!self.clean || is_usual(name)))
    }
}

impl<'s> Environment<'s> {
    /// Joins the caller's variables and what is given.
    ///
    /// # Errors
    /// `Usage` for a secret that no environment can carry.
    pub fn join(
        caller: impl Iterator<Item = (OsString, OsString)>,
        given: impl IntoIterator<Item = &'s (VariableName, Secret)>,
        rules: Rules,
    ) -> Result<Self> {
        let mut variables: Vec<(OsString, Cow<'s, OsStr>)> = Vec::new();
        for (name, value) in caller.filter(|(name, _)| !rules.clean || is_usual(name)) {
            // A caller may have a variable twice; the first one counts, as for getenv(3).
            if !variables.iter().any(|(other, _)| *other == name) {
                variables.push((name, value.into()));
            }
        }
        let outer = variables.iter().position(|(name, _)| name == MARKER).map(|at| variables.swap_remove(at).1);
        let mut ours: Vec<String> = outer
            .map(|names| {
                names.to_string_lossy().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
            })
            .unwrap_or_default();
        let (mut replaced, mut kept) = (Vec::new(), Vec::new());
        for (name, secret) in given {
            let value = carried(name, secret)?;
            let place =
                variables.iter_mut().find(|(other, _)| platform::same_variable(other, OsStr::new(name.as_str())));
            match place {
                Some((_, other)) if **other == *value => {}
                Some(_) if rules.keep => {
                    kept.push(name.clone());
                    continue;
                }
                Some((_, other)) => {
                    *other = value.into();
                    if !ours.iter().any(|outer| outer == name.as_str()) {
                        replaced.push(name.clone());
                    }
                }
                None => variables.push((name.as_str().into(), value.into())),
            }
            if !ours.iter().any(|outer| outer == name.as_str()) {
                ours.push(name.to_string());
            }
        }
        if !ours.is_empty() {
            variables.push((MARKER.into(), OsString::from(ours.join(",")).into()));
        }
        Ok(Self { variables, replaced, kept })
    }

    /// Compares with what the kernel carries, before it would say no without a reason.
    ///
    /// # Errors
    /// `Usage` with the numbers.
    pub fn check_limits<'w>(&self, words: impl Iterator<Item = &'w OsStr>) -> Result<()> {
        self.check(words, platform::LONGEST_VARIABLE, platform::largest_launch())
    }

    fn check<'w>(
        &self,
        words: impl Iterator<Item = &'w OsStr>,
        longest: Option<usize>,
        together: Option<usize>,
    ) -> Result<()> {
        // `NAME=VALUE` and a closing NUL, and a pointer to it.
        let width = |(name, value): &(OsString, Cow<'_, OsStr>)| platform::width(name) + platform::width(value) + 2;
        let pointer = size_of::<usize>();
        if let Some(longest) = longest
            && let Some(variable) = self.variables.iter().find(|variable| width(variable) > longest)
        {
            let name = variable.0.to_string_lossy();
            return Err(Failure::new(
                Kind::Usage,
                format!(
                    "`{name}` has {} bytes with its name; the system carries {longest} in one variable",
                    width(variable)
                ),
            )
            .hint(format!("give it as a file: `--file {name}=KEY`, or `as = \"file\"` in the profile")));
        }
        let Some(together) = together else { return Ok(()) };
        let environment: usize = self.variables.iter().map(|variable| width(variable) + pointer).sum();
        let arguments: usize = words.map(|word| platform::width(word) + 1 + pointer).sum();
        if environment + arguments > together {
            return Err(Failure::new(Kind::Usage, format!("the environment has {environment} bytes and the arguments {arguments}; the system carries {together} together"))
                .hint("give the command fewer keys: `--only VARIABLE,...`, or start from `--clean`"));
        }
        Ok(())
    }
}

fn is_usual(name: &OsStr) -> bool {
    let among = |names: &[&str]| names.iter().any(|usual| platform::same_variable(name, OsStr::new(usual)));
    among(USUAL)
        || name == SHELL
        || name == LEFT
        || among(platform::ESSENTIAL_VARIABLES)
        || name.to_string_lossy().starts_with("LC_")
}

fn carried<'s>(name: &VariableName, secret: &'s Secret) -> Result<&'s OsStr> {
    if secret.expose().contains(&0) {
        return Err(Failure::new(
            Kind::Usage,
            format!("the secret for `{name}` has a NUL byte, which no environment can hold"),
        )
        .hint(format!("give it as a file: `--file {name}=KEY`, or `as = \"file\"` in the profile")));
    }
    platform::variable_value(secret.expose()).ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            format!("the secret for `{name}` is no text, which this system's environment cannot hold"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<(VariableName, Secret)> {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("good"), Secret::new(value.as_bytes().to_vec())))
            .collect()
    }

    fn caller(pairs: &[(&str, &str)]) -> impl Iterator<Item = (OsString, OsString)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>().into_iter()
    }

    fn value<'e>(environment: &'e Environment<'_>, name: &str) -> Option<&'e str> {
        let mut all = environment.variables.iter().filter(|(other, _)| other == name);
        let first = all.next().and_then(|(_, value)| value.to_str());
        assert!(all.next().is_none(), "{name} is there twice");
        first
    }

    #[test]
    fn a_variable_of_the_callers_is_replaced_once_and_said() {
        let keys = given(&[("K", "new"), ("L", "same"), ("M", "x")]);
        let made = Environment::join(caller(&[("K", "old"), ("L", "same")]), &keys, Rules::default()).expect("fits");
        assert_eq!([value(&made, "K"), value(&made, "L"), value(&made, "M")], [Some("new"), Some("same"), Some("x")]);
        assert_eq!(made.replaced.iter().map(VariableName::as_str).collect::<Vec<_>>(), ["K"]);
        let keys = given(&[("K", "new")]);
        let kept = Environment::join(caller(&[("K", "old")]), &keys, Rules { keep: true, clean: false }).expect("fits");
        assert_eq!((value(&kept, "K"), kept.kept.len()), (Some("old"), 1));
    }

    #[test]
    fn the_inner_of_two_nested_runs_wins_in_silence() {
        let (first, second) = (given(&[("K", "outer")]), given(&[("K", "inner"), ("L", "x")]));
        let outer = Environment::join(caller(&[]), &first, Rules::default()).expect("fits");
        let outer = outer.variables.into_iter().map(|(name, value)| (name, value.into_owned()));
        let inner = Environment::join(outer, &second, Rules::default()).expect("fits");
        assert_eq!((value(&inner, "K"), value(&inner, MARKER)), (Some("inner"), Some("K,L")));
        assert!(inner.replaced.is_empty());
    }

    #[test]
    fn a_clean_environment_has_the_usual_few_and_the_keys() {
        let keys = given(&[("K", "v")]);
        let made = Environment::join(
            caller(&[("HOME", "/h"), ("LC_ALL", "C"), ("AWS_PROFILE", "p")]),
            &keys,
            Rules { clean: true, keep: false },
        )
        .expect("fits");
        let names: Vec<_> = made.variables.iter().filter_map(|(name, _)| name.to_str()).collect();
        assert_eq!(names, ["HOME", "LC_ALL", "K", MARKER]);
    }

    #[test]
    fn what_the_kernel_cannot_carry_is_said_with_the_numbers() {
        let keys = given(&[("K", "12345678")]);
        let made = Environment::join(caller(&[]), &keys, Rules::default()).expect("fits");
        let check = |longest, together| {
            made.check([OsStr::new("cmd")].into_iter(), longest, together).err().map(|failure| failure.message)
        };
        assert_eq!(check(Some(18), Some(1000)), None);
        assert_eq!(
            check(Some(10), None).as_deref(),
            Some("`K` has 11 bytes with its name; the system carries 10 in one variable")
        );
        assert_eq!(
            check(None, Some(40)).as_deref(),
            Some("the environment has 45 bytes and the arguments 12; the system carries 40 together")
        );
        let keys = given(&[("K", "a\0b")]);
        let nul = Environment::join(caller(&[]), &keys, Rules::default()).err().expect("refused");
        assert_eq!(nul.message, "the secret for `K` has a NUL byte, which no environment can hold");
    }
}
