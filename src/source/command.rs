//! A source that is a program of the user's, such as the command line of a secrets manager.
//!
//! It is started without a shell, with nothing on its standard input, up to the deadline. What it prints is the secret if it ends
//! with exit code 0, and nothing else is read from it: prose, colours and questions are for people. The reference goes into
//! its place in an argument and stays one argument; one that begins with `-` was refused when it was read.

use std::{process::Stdio, time::Instant};

use zeroize::Zeroizing;

use super::{Abilities, Fetched, Source, abilities::Ability, failure, fetched::fields_of_text};
use crate::{
    config::sources::{self as config, command::Command},
    failure::Result,
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    subprocess::Program,
};

/// What messages call the program.
const ROLE: &str = "program of the source";

pub(super) struct CommandSource {
    name: SourceName,
    setting: Command,
}

impl CommandSource {
    pub(super) fn new(source: &config::Source, setting: &Command) -> Self {
        Self { name: source.name.clone(), setting: setting.clone() }
    }

    /// Runs the program for one place, and one field where it is the program that takes fields.
    fn output(&self, place: &Place, field: Option<&str>, until: Instant) -> Result<Secret> {
        let program = Program::find(&self.words(place, field)?, ROLE)?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failure(&self.name, "its time is over, so its program was not started"));
        }
        let output = program.succeed(Zeroizing::default(), Stdio::piped(), left).map_err(|mut failed| {
            failed.message = format!("source `{}`: {}", self.name, failed.message);
            failed
        })?;
        let mut secret = Secret::new(output.to_vec());
        secret.trim_added_line_ending();
        Ok(secret)
    }

    /// The program and its arguments, with the reference's parts in their places.
    fn words(&self, place: &Place, field: Option<&str>) -> Result<Vec<String>> {
        let takes = |part: &str| self.setting.command.iter().any(|word| word.contains(part));
        for (part, given) in [("{version}", place.version.as_deref()), ("{field}", field)] {
            let what = part.trim_matches(['{', '}']);
            if given.is_some() && !takes(part) {
                return Err(failure(&self.name, &format!("its program takes no {what}, and `{place}` names one"))
                    .hint(format!(
                        "write `{part}` into an argument of its `command`, or leave it out of the reference"
                    )));
            }
            if given.is_none() && takes(part) {
                return Err(failure(&self.name, &format!("its program wants a {what}, and `{place}` names none")));
            }
        }
        let parts = [("{path}", Some(&*place.path)), ("{version}", place.version.as_deref()), ("{field}", field)];
        Ok(self.setting.command.iter().map(|word| filled(word, &parts)).collect())
    }
}

/// A word with the parts in their places, found in one pass: what a part holds is never looked through again.
fn filled(word: &str, parts: &[(&str, Option<&str>)]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(word.len()), word);
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let part = parts.iter().find(|(part, _)| rest.starts_with(part));
        let (length, text) = part.map_or((1, "{"), |(part, text)| (part.len(), text.unwrap_or_default()));
        filled.push_str(text);
        rest = &rest[length..];
    }
    filled.push_str(rest);
    filled
}

impl Source for CommandSource {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let values = if self.setting.json {
            let output = self.output(place, None, until)?;
            fields_of_text(&self.name, place, output.expose(), fields)
        } else {
            let value = |field: Option<&str>| {
                let secret = self.output(place, field, until)?;
                fields_of_text(&self.name, place, secret.expose(), &[None]).remove(0)
            };
            fields.iter().copied().map(value).collect()
        };
        Ok(Fetched { values, version: None, lease: None, expires: None })
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        Program::find(&self.setting.command, ROLE)?;
        // There is nothing to ask but the program itself.
        let of = |reference: &&Reference| {
            let fetched = self.fetch(&reference.place, &[reference.field.as_deref()], until);
            let read = fetched.is_ok_and(|fetched| fetched.values.iter().all(Result::is_ok));
            Ability { reference: (*reference).clone(), read: Some(read), write: None }
        };
        let unknown = "what else the program's own credential may do".to_owned();
        Ok(Abilities { of: references.iter().map(of).collect(), unknown: vec![unknown], ..Abilities::default() })
    }

    fn name(&self) -> &SourceName {
        &self.name
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    fn source(command: &[&str], json: bool) -> CommandSource {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        CommandSource { name: "corp".parse().expect("name"), setting: Command { command, json } }
    }

    fn said(source: &CommandSource, reference: &str, seconds: u64) -> String {
        let reference: Reference = reference.parse().expect("good");
        let until = Instant::now() + Duration::from_secs(seconds);
        let fetched = source.fetch(&reference.place, &[reference.field.as_deref()], until);
        match fetched.and_then(|mut fetched| fetched.values.remove(0)) {
            Ok(value) => value.expose_text().expect("text").to_owned(),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn a_reference_is_one_argument_whatever_is_in_it() {
        let program = source(&["printf", "%s|", "a{path}b", "{version}", "{field}"], false);
        assert_eq!(said(&program, "x y;$(id)@1#{path}", 10), "ax y;$(id)b|1|{path}|");
        assert_eq!(said(&program, "x", 10), "source `corp`: its program wants a version, and `x` names none");
        let plain = source(&["printf", "%s", "{path}"], false);
        assert_eq!(said(&plain, "x#f", 10), "source `corp`: its program takes no field, and `x` names one");
    }

    #[test]
    fn what_is_printed_counts_only_with_exit_code_0_and_in_time() {
        let shell = |script: &str| source(&["sh", "-c", script, "{path}"], false);
        assert_eq!(said(&shell("echo $0"), "v", 10), "v");
        assert_eq!(
            said(&shell("echo v; exit 3"), "v", 10),
            "source `corp`: the program of the source `sh` ended with exit code 3"
        );
        assert_eq!(
            said(&shell("sleep 30"), "v", 1),
            "source `corp`: the program of the source `sh` did not end within 1 second and was stopped"
        );
        assert!(said(&shell("cat"), "v", 10).ends_with("is empty"));
        assert!(said(&shell("yes"), "v", 10).ends_with("printed more than 64 KiB"));
        let json = source(&["sh", "-c", "echo '{\"p\":\"v1\"}'", "{path}"], true);
        assert_eq!(said(&json, "a#p", 10), "v1");
    }
}
