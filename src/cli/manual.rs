//! What shells and people learn of keyctl: completions and manual pages.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::path_parser;

/// `keyctl completions`
#[derive(Args)]
pub struct Completions {
    /// The shell that shall read it
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
    /// Also complete names of keys and profiles, by asking keyctl at each Tab
    #[arg(long)]
    pub dynamic: bool,
}

/// `keyctl man`
#[derive(Args)]
pub struct Man {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "DIR", value_parser = path_parser(), value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}
