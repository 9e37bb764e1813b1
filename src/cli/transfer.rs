//! Moving keys between the store and a source.

use clap::Args;

use crate::{
    history::Reason,
    name::{KeyPath, SourceName},
    reference::Reference,
};

/// `keyctl push`
#[derive(Args)]
pub struct Push {
    /// The keys; `STORE:NAME` for those of another store
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<KeyPath>,
    /// The source to write to
    #[arg(long, value_name = "SOURCE")]
    pub source: SourceName,
    /// Where to write one key: `PATH#FIELD`
    #[arg(long = "ref", value_name = "REFERENCE", required_unless_present = "under")]
    pub reference: Option<Reference>,
    /// Where to write each under its own name: `PATH/NAME#value`
    #[arg(long, value_name = "PATH", conflicts_with = "reference")]
    pub under: Option<String>,
    /// Write over another secret that lies there
    #[arg(long)]
    pub replace: bool,
    /// Let the keys refer to it once it was read back; the secrets become former ones
    #[arg(long)]
    pub refer: bool,
    /// Show what would be written where, and write nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// `keyctl pull`
#[derive(Args)]
pub struct Pull {
    /// Keys that refer to a source; `STORE:NAME` for those of another store
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<KeyPath>,
    /// Show what would be brought from where, and change nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
}
