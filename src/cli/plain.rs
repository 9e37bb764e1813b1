//! `run` as it is called most, read without clap: it would build all that it knows of this command's options first, and each
//! start of a program waits for that. Whatever is not plainly such a call is clap's to read, and to refuse.

use std::ffi::OsString;

use super::{Run, parse_extra};

/// What clap makes of `run [-P PROFILE] [-k KEY]… [--no-project] -- COMMAND…`; nothing for any other call, and for none that clap refuses.
#[must_use]
pub fn run(arguments: &[OsString]) -> Option<Run> {
    let mut words = arguments.iter().skip(1);
    words.next().filter(|verb| *verb == "run" || *verb == "exec")?;
    let mut run = Run::default();
    loop {
        match words.next()?.to_str()? {
            "--" => break,
            "-k" | "--key" => run.choice.keys.push(parse_extra(value(words.next())?).ok()?),
            "-P" | "--profile" if run.choice.profile.is_none() => {
                run.choice.profile = Some(value(words.next())?.parse().ok()?);
            }
            "--no-project" if !run.choice.no_project => run.choice.no_project = true,
            _ => return None,
        }
    }
    run.command = words.cloned().collect();
    (!run.command.is_empty()).then_some(run)
}

/// An option's value, which is not another option.
fn value(word: Option<&OsString>) -> Option<&str> {
    word?.to_str().filter(|word| !word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::{RunAlone, RunVerb};

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    /// All that a call of `run` says, or nothing where one of its other options is set.
    fn said(run: &Run) -> Option<String> {
        let Run { choice, files, clean, keep, dry_run, yes, staying, command } = run;
        let given = [*clean, *keep, *dry_run, *yes, choice.allow_missing, choice.offline];
        let stays = [staying.watch, staying.masking.mask, staying.masking.no_mask];
        let has_files = !files.files.is_empty() || !files.render.is_empty() || files.form.is_some();
        let others = has_files || !choice.only.is_empty() || choice.reason.is_some();
        let is_plain = !others && !given.into_iter().chain(stays).any(|flag| flag);
        is_plain.then(|| format!("{:?} {:?} {} {command:?}", choice.profile, choice.keys, choice.no_project))
    }

    fn by_clap(arguments: &[OsString]) -> Option<String> {
        let RunAlone { global, verb: RunVerb::Run(run) } = RunAlone::try_parse_from(arguments).ok()?;
        if global.quiet || global.no_colour { None } else { said(&run) }
    }

    #[test]
    fn the_usual_calls_are_read_without_clap_and_come_to_the_same() {
        for line in [
            "keyctl run -- myapp",
            "keyctl exec -- myapp --flag -k A",
            "keyctl run -k A -- myapp",
            "keyctl run -k A=team:a/b --key team:B -P prod -- sh -c true",
            "keyctl run --profile prod -- -- --",
            "keyctl run --no-project -k A -- myapp",
        ] {
            let arguments = words(line);
            let read = run(&arguments).unwrap_or_else(|| panic!("left to clap: {line}"));
            assert_eq!(said(&read), by_clap(&arguments), "{line}");
        }
    }

    #[test]
    fn what_clap_refuses_or_more_is_said_in_is_left_to_clap() {
        for line in [
            "keyctl",
            "keyctl run",
            "keyctl run --",
            "keyctl run myapp",
            "keyctl -q run -- myapp",
            "keyctl run --clean -- myapp",
            "keyctl run -kA -- myapp",
            "keyctl run --key=A -- myapp",
            "keyctl run -k -- myapp",
            "keyctl run -k @x -- myapp",
            "keyctl run -P a -P b -- myapp",
            "keyctl run --no-project --no-project -- myapp",
            "keyctl shell -- myapp",
        ] {
            assert!(run(&words(line)).is_none(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_without_clap_comes_to_the_same(line in proptest::collection::vec(0_usize..21, 0..9)) {
            const WORDS: [&str; 21] = [
                "-k", "-k", "--key", "-P", "--profile", "A", "A", "A=b", "team:A", "A=team:b/c", "prod", "--", "--", "myapp", "",
                "-", "-kA", "--key=A", "-x", "run", "--no-project",
            ];
            let said_words = line.into_iter().map(|at| OsString::from(WORDS[at]));
            let arguments: Vec<OsString> = ["keyctl", "run"].into_iter().map(OsString::from).chain(said_words).collect();
            if let Some(read) = run(&arguments) {
                prop_assert_eq!(said(&read), by_clap(&arguments));
                prop_assert!(said(&read).is_some());
            }
        }
    }
}
