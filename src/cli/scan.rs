//! The arguments of `scan`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::path_parser;

/// `keyctl scan`
#[derive(Args)]
#[command(after_help = "Exit code: 0 nothing found, 1 found, 7 something could not be read. No secret is shown.")]
pub struct Scan {
    /// Files and folders, or `-` for standard input; without any, this folder
    #[arg(value_name = "PATH", value_parser = path_parser(), value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Look at what git ignores too
    #[arg(long)]
    pub no_ignore: bool,
    /// Look for your own keys alone, not for what looks like one of an issuer's
    #[arg(long)]
    pub no_shapes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Report as SARIF 2.1.0, for code hosts and editors
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
}
