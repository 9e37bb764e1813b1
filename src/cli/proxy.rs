//! `keyctl proxy`: commands that use keys without holding them.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

use super::{Report, Run};
use crate::name::KeyPath;

/// `keyctl proxy`
#[derive(Args)]
pub struct Proxy {
    /// What to do
    #[command(subcommand)]
    pub verb: ProxyVerb,
}

/// What `keyctl proxy` does.
#[derive(Subcommand)]
pub enum ProxyVerb {
    /// Run a command that uses its keys without holding them
    #[command(visible_alias = "exec")]
    Run(Box<ProxyRun>),
    /// List which key goes to which host
    Rules(Report),
    /// List the proxies that run, and what they did so far
    Status(Report),
    /// Let no proxy use a key, from its next request on
    Freeze(OneKey),
    /// Let proxies use it again
    Unfreeze(OneKey),
}

/// `keyctl proxy run`
#[derive(Args)]
pub struct ProxyRun {
    /// What `run` takes
    #[command(flatten)]
    pub run: Run,
    /// Give the keys that no rule is for as they are
    #[arg(long)]
    pub unprotected: bool,
    /// Let it reach the proxy alone: no other network, no keychain (Linux, macOS)
    #[arg(long)]
    pub sandbox: bool,
}

/// A command on its way into its sandbox.
#[cfg(not(target_os = "macos"))]
#[derive(Args)]
pub struct Confine {
    /// See whether it could have a network of its own, and do no more
    #[arg(long, exclusive = true)]
    pub check: bool,
    /// The one port that it reaches
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Listen at that port in a network of its own, and hand that over by the socket of this number
    #[arg(long)]
    pub by: Option<i32>,
    /// Folders that it does not reach
    #[arg(long)]
    pub away: Vec<PathBuf>,
    /// The command's path, what it is called by, and its arguments
    #[arg(last = true, required_unless_present = "check", num_args = 2..)]
    pub command: Vec<OsString>,
}

/// A command in its sandbox, or what tries one.
#[cfg(target_os = "macos")]
#[derive(Args)]
pub struct Confine {
    /// See whether it is confined, and do no more
    #[arg(long)]
    pub check: bool,
    /// The one port that it reaches
    #[arg(long)]
    pub port: u16,
    /// A port that it does not reach
    #[arg(long)]
    pub shut: u16,
    /// A folder to try it on
    #[arg(long)]
    pub folder: PathBuf,
    /// Files that it does not read
    #[arg(long)]
    pub closed: Vec<PathBuf>,
    /// The command's path, what it is called by, and its arguments
    #[arg(last = true, required_unless_present = "check", num_args = 2..)]
    pub command: Vec<OsString>,
}

/// A key.
#[derive(Args)]
pub struct OneKey {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
}

impl Proxy {
    /// Whether a command is to be run.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self.verb, ProxyVerb::Run(_))
    }
}
