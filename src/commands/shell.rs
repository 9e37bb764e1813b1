//! `keyctl shell`: a shell with keys, by the steps of `run`: keyctl becomes the shell, or stays beside it as it does beside a
//! command, so `exit` and its code are the shell's own.

use std::{ffi::OsString, process::ExitCode};

use crate::{cli, launch::environment::SHELL, platform, profile, terminal::Terminal};

use super::run;

/// Becomes the shell.
///
/// # Errors
/// As `run` has them.
pub fn shell(arguments: cli::Subshell, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let cli::Subshell { choice, files, masking, clean, keep, command } = arguments;
    if let Some(outer) = std::env::var_os(SHELL).filter(|outer| !outer.is_empty()) {
        let outer = outer.to_string_lossy();
        terminal
            .say(&format!("a shell in a shell of `keyctl shell` (profile `{outer}`); `exit` leads back into that one"));
    }
    let command = if command.is_empty() { vec![of_user()] } else { command };
    let profile = choice.profile.as_ref().map(ToString::to_string);
    let profile = profile.or_else(|| std::env::var("KEYCTL_PROFILE").ok().filter(|name| !name.is_empty()));
    let mark = profile.unwrap_or_else(|| profile::DEFAULT.to_owned());
    let staying = cli::Staying { masking, watch: false };
    let call = cli::Run { choice, files, clean, keep, staying, command, ..cli::Run::default() };
    run::marked(&call, &[(SHELL.into(), mark.into())], terminal)
}

/// The shell that the user has chosen for themselves.
fn of_user() -> OsString {
    let chosen = std::env::var_os(platform::SHELL_VARIABLE).filter(|shell| !shell.is_empty());
    chosen.unwrap_or_else(|| platform::USUAL_SHELL.into())
}
