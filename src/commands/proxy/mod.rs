//! `keyctl proxy`: commands that use keys without holding them, where keys may go, and how one is stopped.

mod rules;
mod status;

use std::process::ExitCode;

use crate::{
    cli::{self, ProxyVerb},
    terminal::Terminal,
};

use super::{
    proxying::{self, By},
    run,
};

/// Does what the verb says.
///
/// # Errors
/// As each has them.
pub fn proxy(arguments: cli::Proxy, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match arguments.verb {
        ProxyVerb::Run(arguments) => {
            let by = By::Proxy { unprotected: arguments.unprotected, sandbox: arguments.sandbox };
            return run::keeping_back(&arguments.run, &[], by, terminal);
        }
        ProxyVerb::Rules(report) => rules::rules(report.json, terminal)?,
        ProxyVerb::Status(report) => status::status(report.json, terminal)?,
        ProxyVerb::Freeze(one) => proxying::freeze(&one.name, terminal)?,
        ProxyVerb::Unfreeze(one) => proxying::unfreeze(&one.name, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}
