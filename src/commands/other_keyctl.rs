//! The other `keyctl`: keyutils' program for the kernel's keyrings, which Linux systems have at `/usr/bin/keyctl`.
//!
//! A call that is plainly meant for it gets a hint with its path and exit code 2, never a silent hand-over: a script
//! must not depend on which of the two stands first on `PATH`. It is plain where the verb is one that only keyutils has,
//! or where an operand is a kernel key id: `@u`, `%user:name`, or a number. No key's name here can look like those.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    platform,
};

use super::mistyped;

/// The name that both programs have.
pub const NAME: &str = "keyctl";

/// keyutils 1.6.3's verbs that are not ours (`keyctl(1)`).
const THEIRS: &[&str] = &[
    "add",
    "chgrp",
    "chown",
    "clear",
    "describe",
    "dh_compute",
    "dh_compute_kdf",
    "dh_compute_kdf_oi",
    "get_persistent",
    "id",
    "instantiate",
    "invalidate",
    "link",
    "move",
    "negate",
    "new_session",
    "newring",
    "padd",
    "pinstantiate",
    "pipe",
    "pkey_query",
    "pkey_encrypt",
    "pkey_decrypt",
    "pkey_sign",
    "pkey_verify",
    "prequest2",
    "print",
    "pupdate",
    "purge",
    "rdescribe",
    "read",
    "reap",
    "reject",
    "request",
    "request2",
    "restrict_keyring",
    "rlist",
    "search",
    "security",
    "session",
    "setperm",
    "supports",
    "timeout",
    "unlink",
    "update",
    "watch",
    "watch_add",
    "watch_rm",
    "watch_session",
    "watch_sync",
    "--test",
];

/// Verbs that both have.
const SHARED: &[&str] = &["show", "list", "revoke"];

/// The hint, if this call is meant for the other program. `arguments` are without the program's own name.
#[must_use]
pub fn meant(arguments: &[OsString]) -> Option<Failure> {
    let (verb, operands) = arguments.split_first()?;
    let verb = verb.to_str()?;
    let kernel = |operand: &OsString| operand.to_str().is_some_and(is_kernel_key);
    let theirs = THEIRS.contains(&verb)
        || (SHARED.contains(&verb) && operands.iter().any(kernel))
        || (verb == "show" && operands.is_empty());
    if !theirs {
        return None;
    }
    let failure = Failure::new(
        Kind::Usage,
        "this is keyctl, the API-key store; the kernel's keyrings have another program of this name",
    );
    let ours = mistyped::meant_elsewhere(verb).filter(|_| !operands.iter().any(kernel));
    let failure = ours.into_iter().fold(failure, |failure, ours| failure.hint(format!("here that is `keyctl {ours}`")));
    Some(match others().into_iter().next() {
        Some(path) => failure.hint(format!("call that one by its path: `{}`", path.display())),
        None => failure.hint("that one is in the package keyutils"),
    })
}

/// A key id as keyutils takes it: a special keyring, a name with its type, or a number.
fn is_kernel_key(operand: &str) -> bool {
    let number = operand.strip_prefix('-').unwrap_or(operand);
    operand.starts_with(['@', '%']) || (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Every other program named `keyctl` on `PATH` and in the system's folders, in that order.
#[must_use]
pub fn others() -> Vec<std::path::PathBuf> {
    let own = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/bin".into(), "/bin".into()]);
    let candidates = folders
        .flat_map(|folder| platform::program_names(OsStr::new(NAME)).into_iter().map(move |name| folder.join(name)));
    let mut found: Vec<std::path::PathBuf> = Vec::new();
    for candidate in candidates.filter(|path| path.is_file() && platform::is_executable(path)) {
        let Ok(real) = std::fs::canonicalize(&candidate) else { continue };
        if Some(&real) != own.as_ref()
            && !found.iter().any(|path| std::fs::canonicalize(path).is_ok_and(|other| other == real))
        {
            found.push(candidate);
        }
    }
    found
}

fn first_on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| platform::program_names(name.as_ref()).into_iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file() && platform::is_executable(path))
}

/// The whole path that this program was called by, or is found by on `PATH`, where that leads to it: its name is the one that
/// the user knows, and an update may put another program behind it. Else where it really lies. Whatever writes down where keyctl
/// is, for a shell, a hook, a timer or git to call later, writes this.
///
/// # Errors
/// `Disk` where the system cannot tell where it lies.
pub fn path_as_called() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(|error| {
        Failure::new(Kind::Disk, format!("cannot tell where this program lies: {}", reason(&error)))
    })?;
    let real = own.canonicalize().ok();
    let called = std::env::args_os().next().map(PathBuf::from);
    let is_this = |path: &PathBuf| path.is_absolute() && path.canonicalize().ok() == real;
    let found = || first_on_path(called.as_ref()?.file_name()?.to_str()?);
    Ok(called.clone().filter(is_this).or_else(|| found().filter(is_this)).unwrap_or(own))
}

/// Which program a shell finds by this name, in words, and a hint where that calls for one.
pub fn found_by(name: &str) -> (String, Option<&'static str>) {
    let own = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let first = first_on_path(name);
    let others: Vec<String> = others().iter().map(|path| format!("`{}`", path.display())).collect();
    let shown = |path: &Option<PathBuf>| {
        path.as_ref().map_or_else(|| "nothing".to_owned(), |path| format!("`{}`", path.display()))
    };
    if first.as_ref().and_then(|path| std::fs::canonicalize(path).ok()) != own {
        let seen = format!("a shell finds {}, this is {}", shown(&first), shown(&own));
        return (seen, Some("put this one's folder earlier on `PATH`, or call it by its path"));
    }
    let seen = format!("a shell finds this one, {}", shown(&own));
    match others.as_slice() {
        [] => (seen, None),
        others if name != NAME => (format!("{seen}; `{NAME}` is {}", others.join(", ")), None),
        others => (
            format!("{seen}, before {}", others.join(", ")),
            Some(
                "for the kernel's keyrings call the other one by its path; scripts that say `keyctl show @u` get this one, which tells them so",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(line: &str) -> bool {
        meant(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn a_call_for_the_kernels_keyrings_is_told_from_one_for_keys() {
        for line in [
            "show",
            "show @u",
            "list @s",
            "list 123",
            "show -3",
            "show %user:x",
            "padd user name @u",
            "new_session",
            "add user k v @u",
            "request2 user a b",
        ] {
            assert!(theirs(line), "{line}");
        }
        for line in [
            "show openai/dev",
            "list",
            "list --json",
            "run -- myapp",
            "set A",
            "get A",
            "",
            "shwo",
            "--version",
            "--help",
        ] {
            assert!(!theirs(line), "{line}");
        }
    }
}
