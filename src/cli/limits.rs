//! What `edit` can say of what a key may be used for.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::path_parser;
use crate::name::VariableName;

/// Limits of a key's use, and the way back from each.
#[derive(Args)]
pub struct Limits {
    /// Give it only in this folder and below; several times for several
    #[arg(long = "only-project", value_name = "DIR", value_parser = path_parser(), value_hint = ValueHint::DirPath)]
    pub projects: Vec<PathBuf>,
    /// Give it in every folder again
    #[arg(long, conflicts_with = "projects")]
    pub any_project: bool,
    /// Give it only to this program, by its path, and show it to nobody
    #[arg(long = "only-program", value_name = "PROGRAM", value_parser = path_parser(), value_hint = ValueHint::ExecutablePath)]
    pub programs: Vec<PathBuf>,
    /// Give it to every program again, and show it
    #[arg(long, conflicts_with = "programs")]
    pub any_program: bool,
    /// Let this variable through to its programs; with a value only where it has that
    #[arg(long = "with-variable", value_name = "VAR[=VALUE]", value_parser = variable, conflicts_with = "any_program")]
    pub variables: Vec<String>,
    /// Leave those variables out again
    #[arg(long, conflicts_with = "variables")]
    pub without_variables: bool,
    /// Give it only where there is a terminal
    #[arg(long)]
    pub needs_terminal: bool,
    /// Give it without a terminal again
    #[arg(long, conflicts_with = "needs_terminal")]
    pub no_needs_terminal: bool,
    /// Ask for a yes on the terminal each time
    #[arg(long)]
    pub ask: bool,
    /// Ask for no yes any more
    #[arg(long, conflicts_with = "ask")]
    pub no_ask: bool,
    /// Keep it for the proxy: give it to no program, and show it to nobody
    #[arg(long)]
    pub proxy_only: bool,
    /// Give it to programs again, and show it
    #[arg(long, conflicts_with = "proxy_only")]
    pub no_proxy_only: bool,
    /// Give it only with a reason (`--reason`)
    #[arg(long)]
    pub require_reason: bool,
    /// Ask for no reason any more; what `config.toml` says counts again
    #[arg(long, conflicts_with = "require_reason")]
    pub no_require_reason: bool,
    /// Give it no more once it has ended
    #[arg(long)]
    pub stop_expired: bool,
    /// Only warn then; what `config.toml` says counts again
    #[arg(long, conflicts_with = "stop_expired")]
    pub no_stop_expired: bool,
    /// Show it to no coding agent, and give it to the programs of one only masked
    #[arg(long)]
    pub hide_from_agents: bool,
    /// Show it to coding agents again
    #[arg(long, conflicts_with = "hide_from_agents")]
    pub no_hide_from_agents: bool,
}

/// A variable's name, or `NAME=VALUE`.
fn variable(text: &str) -> Result<String, String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    name.parse::<VariableName>().map_err(|error| error.to_string())?;
    if value.is_some_and(|value| value.chars().any(char::is_control)) {
        return Err("a value with control characters cannot be kept".to_owned());
    }
    Ok(text.to_owned())
}
