//! What runs a script: the program that its first line names after `#!` (execve(2)), and where that is `env`, the one that this
//! finds along `PATH`.

use std::{
    ffi::{OsStr, OsString},
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// So much of a file is looked at for its first line, as by the kernel.
const LONGEST_LINE: u64 = 256;

/// What runs a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program that is named.
    pub path: PathBuf,
    /// What that is to find along `PATH`, if it is `env`.
    pub by_name: Option<OsString>,
}

impl Interpreter {
    /// The one of the script that lies here. None where it is no script, or cannot be read: nobody could start it then.
    #[must_use]
    pub fn of(script: &Path) -> Option<Self> {
        let mut head = Vec::new();
        std::fs::File::open(script).ok()?.take(LONGEST_LINE).read_to_end(&mut head).ok()?;
        Self::parse(&head)
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?.trim_ascii();
        let end = line.iter().position(|byte| is_blank(*byte)).unwrap_or(line.len());
        let (path, argument) = line.split_at(end);
        let path = Path::new(OsStr::from_bytes(path));
        let is_env = path.file_name().is_some_and(|name| name == "env");
        let by_name = is_env.then(|| found_by_env(argument.trim_ascii())).flatten();
        (!path.as_os_str().is_empty()).then(|| Self { path: path.to_owned(), by_name })
    }

    /// The program that `env` finds, in these folders.
    #[must_use]
    pub fn found_in(&self, folders: &OsStr) -> Option<PathBuf> {
        let name = self.by_name.as_ref()?;
        let mut paths = std::env::split_paths(folders).map(|folder| folder.join(name));
        paths.find(|path| path.is_file() && super::is_executable(path))
    }
}

/// What `env` is told to start, by this one argument: a name, or after `-S` words, of which the first that is neither an option
/// nor a variable counts. A path is no name: it is found without `PATH`, and joined to a folder it is itself.
fn found_by_env(argument: &[u8]) -> Option<OsString> {
    let words = match argument.strip_prefix(b"-S").or_else(|| argument.strip_prefix(b"--split-string=")) {
        None => vec![argument],
        Some(words) => words.split(|byte| is_blank(*byte)).collect(),
    };
    let is_program = |word: &&&[u8]| !word.is_empty() && !word.starts_with(b"-") && !word.contains(&b'=');
    words.iter().find(is_program).map(|word| OsStr::from_bytes(word).to_owned())
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_runs_a_script_and_env_what_it_is_to_find() {
        let told = |line: &str| {
            let found = Interpreter::parse(line.as_bytes());
            found.map(|one| (one.path.display().to_string(), one.by_name.map(|name| name.display().to_string())))
        };
        for (line, path, name) in [
            ("#!/bin/sh\necho\n", "/bin/sh", None),
            ("#! /bin/sh -e\n", "/bin/sh", None),
            ("#!/usr/bin/python3", "/usr/bin/python3", None),
            ("#!/usr/bin/env node\n", "/usr/bin/env", Some("node")),
            ("#!/usr/bin/env\tnode \r\n", "/usr/bin/env", Some("node")),
            ("#!/usr/bin/env -S deno run --allow-net\n", "/usr/bin/env", Some("deno")),
            ("#!/usr/bin/env -S A=b -i python3 -u\n", "/usr/bin/env", Some("python3")),
            ("#!/usr/bin/env\n", "/usr/bin/env", None),
            ("#!relative\n", "relative", None),
        ] {
            assert_eq!(told(line), Some((path.to_owned(), name.map(str::to_owned))), "{line:?}");
        }
        for none in ["", "#!", "#!\n/bin/sh", "# !/bin/sh", "\u{7f}ELF"] {
            assert_eq!(told(none), None, "{none:?}");
        }
    }
}
