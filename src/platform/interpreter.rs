//! What runs a script: the program that its first line names after `#!` (execve(2)), and where that is `env`, the one that this
//! finds along `PATH`.
//!
//! What `env` is told is taken for what it says only where it is plain: a name, or after `-S` variables and a name. Options change
//! where it looks (`-i`, `-C`, `-u PATH`), and quotes what the name is: what then is found is not guessed.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::program::{OnPath, head};

/// So much of a file is looked at for its first line, as by the kernel.
const LONGEST_LINE: u64 = 256;

/// What runs a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program that is named.
    pub path: PathBuf,
    /// What that is to find along `PATH`, if it is `env`.
    pub on_path: Option<OnPath>,
}

impl Interpreter {
    /// The one of the script that lies here. None where it is no script, or cannot be read: nobody could start it then.
    #[must_use]
    pub fn of(script: &Path) -> Option<Self> {
        Self::parse(&head(script, LONGEST_LINE).ok()?)
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?.trim_ascii();
        let end = line.iter().position(|byte| is_blank(*byte)).unwrap_or(line.len());
        let (path, argument) = line.split_at(end);
        let path = Path::new(OsStr::from_bytes(path));
        let is_env = path.file_name().is_some_and(|name| name == "env");
        let on_path = is_env.then(|| found_by_env(argument.trim_ascii())).flatten();
        (!path.as_os_str().is_empty()).then(|| Self { path: path.to_owned(), on_path })
    }

    /// Whether another program runs it in each folder: it is named by a path that does not begin at the root.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        let is_path = |name: &OsString| name.as_bytes().contains(&b'/') && !Path::new(name).is_absolute();
        !self.path.is_absolute() || matches!(&self.on_path, Some(OnPath::Name(name)) if is_path(name))
    }

    /// The program that `env` finds, in these folders.
    #[must_use]
    pub fn found_in(&self, folders: &OsStr) -> Option<PathBuf> {
        let Some(OnPath::Name(name)) = &self.on_path else { return None };
        let mut paths = std::env::split_paths(folders).map(|folder| folder.join(name));
        paths.find(|path| path.is_file() && super::is_executable(path))
    }
}

/// What `env` is told to start, by this one argument; nothing where it is told nothing. A path from the root is found without
/// `PATH`, and joined to a folder it is itself.
fn found_by_env(argument: &[u8]) -> Option<OnPath> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(byte) || !byte.is_ascii();
    let words = match argument.strip_prefix(b"-S").or_else(|| argument.strip_prefix(b"--split-string=")) {
        None => vec![argument],
        Some(words) => words.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty()).collect(),
    };
    let set_path = |word: &[u8]| word.starts_with(b"PATH=");
    let name = words.iter().find(|word| set_path(word) || !word.contains(&b'='))?;
    if name.is_empty() {
        return None;
    }
    let is_name = !name.starts_with(b"-") && !set_path(name) && words.iter().copied().flatten().all(is_plain);
    Some(if is_name { OnPath::Name(OsStr::from_bytes(name).to_owned()) } else { OnPath::Unclear })
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_runs_a_script_and_env_what_it_is_to_find() {
        let told =
            |line: &str| Interpreter::parse(line.as_bytes()).map(|one| (one.path.display().to_string(), one.on_path));
        let name = |name: &str| Some(OnPath::Name(name.into()));
        for (line, path, on_path) in [
            ("#!/bin/sh\necho\n", "/bin/sh", None),
            ("#! /bin/sh -e\n", "/bin/sh", None),
            ("#!/usr/bin/python3", "/usr/bin/python3", None),
            ("#!/usr/bin/env node\n", "/usr/bin/env", name("node")),
            ("#!/usr/bin/env\tnode \r\n", "/usr/bin/env", name("node")),
            ("#!/usr/bin/env -S deno run --allow-net\n", "/usr/bin/env", name("deno")),
            ("#!/usr/bin/env -S A=b python3 -u\n", "/usr/bin/env", name("python3")),
            ("#!/usr/bin/env --split-string=deno run\n", "/usr/bin/env", name("deno")),
            ("#!/usr/bin/env\n", "/usr/bin/env", None),
            ("#!relative\n", "relative", None),
        ] {
            assert_eq!(told(line), Some((path.to_owned(), on_path)), "{line:?}");
        }
        for none in ["", "#!", "#!\n/bin/sh", "# !/bin/sh", "\u{7f}ELF"] {
            assert_eq!(told(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_env_is_told_in_another_way_is_not_guessed() {
        for line in [
            "-vS node",
            "-iS node",
            "-i node",
            "-S -i node",
            "-S -u FOO node",
            "-S -C /tmp node",
            "-S \"node\"",
            "-S 'node' x",
            "-S ${NODE}",
            "-S no\\cde",
            "-S PATH=/evil node",
            "-S A=b PATH=/evil node",
            "-S node # more",
            "node x",
        ] {
            assert_eq!(found_by_env(line.as_bytes()), Some(OnPath::Unclear), "{line}");
        }
    }

    #[test]
    fn a_path_that_does_not_begin_at_the_root_is_told_apart() {
        let is_relative = |line: &str| Interpreter::parse(line.as_bytes()).is_some_and(|one| one.is_relative());
        assert!(is_relative("#!node") && is_relative("#!./node") && is_relative("#!/usr/bin/env ./node"));
        assert!(
            !is_relative("#!/usr/bin/env node") && !is_relative("#!/bin/sh") && !is_relative("#!/usr/bin/env /bin/sh")
        );
    }
}
