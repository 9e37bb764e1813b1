//! What a project asks for: options of `init`, `allow` and `deny`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::path_parser;
use crate::name::VariableName;

/// `keyctl init`
#[derive(Args)]
pub struct Init {
    /// Take the variables from this file; by default `.env.example` or `.env`
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub from: Option<PathBuf>,
    /// Put this before each key's name, such as `myproject/`
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// Variables the project needs; each is taken as the name of a key too
    #[arg(value_name = "VARIABLE")]
    pub variables: Vec<VariableName>,
}

/// `keyctl allow`
#[derive(Args)]
pub struct Allow {
    /// A folder of the project; by default this one
    #[arg(value_name = "DIR", value_parser = path_parser(), value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
    /// Allow without asking if what the project asks for has this hash
    #[arg(long, value_name = "HASH")]
    pub hash: Option<String>,
    /// Print the hash of what the project asks for, and allow nothing
    #[arg(long, conflicts_with = "hash")]
    pub show_hash: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Let this project set a variable that others may not, such as `HTTPS_PROXY`
    #[arg(long, value_name = "VARIABLE")]
    pub variable: Vec<VariableName>,
}

/// `keyctl deny`
#[derive(Args)]
pub struct Deny {
    /// A folder of the project; by default this one
    #[arg(value_name = "DIR", value_parser = path_parser(), value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}
