//! `keyctl import`: what is taken over, and from where.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{InStore, path_parser};
use crate::name::VariableName;

/// `keyctl import`
#[derive(Args)]
pub struct Import {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// A file or a folder with keys; `-` is standard input
    #[arg(required_unless_present_any = ["env", "format"], value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Take these variables from the environment instead of a file
    #[arg(long, value_name = "VARIABLE", num_args = 1.., conflicts_with = "file")]
    pub env: Vec<VariableName>,
    /// What it is; by default its name and its content say so
    #[arg(long, visible_alias = "from", value_enum, conflicts_with = "env")]
    pub format: Option<ImportFormat>,
    /// The age identities that open what `passage`, `fnox` or `sops` keep
    #[arg(long, value_name = "FILE", conflicts_with = "env", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub identity: Option<PathBuf>,
    /// Put this before each key's name, such as `myproject/`
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// Replace the secrets of keys that exist; the former ones are kept
    #[arg(long)]
    pub replace: bool,
    /// Remove the file once every key was read back from the store
    #[arg(long, conflicts_with = "env")]
    pub delete: bool,
    /// Say what would be kept, and keep nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What a file to import is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// `NAME=value` lines
    Dotenv,
    /// A JSON object of strings
    Json,
    /// The `credentials` file of AWS; by default `~/.aws/credentials`
    Aws,
    /// What Bitwarden exports in clear, as JSON or CSV
    Bitwarden,
    /// What 1Password exports: a `.1pux` as it is, its `export.data`, or CSV
    #[value(name = "1password")]
    OnePassword,
    /// The folder of `pass`; by default `~/.password-store`
    Pass,
    /// The folder of `gopass`; by default its root store
    Gopass,
    /// The folder of `passage`; by default `~/.passage/store`
    Passage,
    /// A file that SOPS encrypted, read by `sops` itself
    Sops,
    /// The age-encrypted secrets of `fnox.toml`
    Fnox,
    /// The namespaces of `envchain` (Linux); FILE is the name of one
    Envchain,
}
