//! Commands that have commands of their own: `profile` and `recovery`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Report, keeper_parser, path_parser};
use crate::{
    identity::keeper::KeeperKind,
    name::{ProfileName, StoreName},
};

/// `keyctl profile`
#[derive(Args)]
pub struct Profile {
    /// What to do
    #[command(subcommand)]
    pub verb: ProfileVerb,
}

/// What `keyctl profile` does.
#[derive(Subcommand)]
pub enum ProfileVerb {
    /// List the profiles of this project and of the user's config
    #[command(visible_alias = "ls")]
    List(Report),
    /// Show which key becomes which variable
    Show {
        /// The profile; `default` if none is given
        profile: Option<ProfileName>,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `keyctl recovery`
#[derive(Args)]
pub struct Recovery {
    /// Of this store; by default the personal one
    #[arg(long, value_name = "STORE", global = true)]
    pub store: Option<StoreName>,
    /// What to do
    #[command(subcommand)]
    pub verb: RecoveryVerb,
}

/// What `keyctl recovery` does.
#[derive(Subcommand)]
pub enum RecoveryVerb {
    /// Write a copy that opens the store with a passphrase
    #[command(
        after_help = "The copy is an encrypted age identity file, so plain age opens the store with it too:\n  age -d -i keyctl-recovery.age store.age"
    )]
    Create {
        /// Where to write it; the file must not exist yet
        #[arg(default_value = "keyctl-recovery.age", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print it to standard output instead, on a page with instructions
        #[arg(long, conflicts_with = "file")]
        print: bool,
        /// Read the passphrase from a file instead of asking for it
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        passphrase_file: Option<PathBuf>,
        /// Report as JSON
        #[arg(long, conflicts_with = "print")]
        json: bool,
    },
    /// Prove that a copy opens this store
    Verify {
        /// The copy, or its printed page
        #[arg(value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Read the passphrase from a file instead of asking for it
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        passphrase_file: Option<PathBuf>,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give the identity back to its keeper, on this machine or a new one
    Restore {
        /// The copy, its printed page, or an age identity file
        #[arg(value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Read the passphrase from a file instead of asking for it
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        passphrase_file: Option<PathBuf>,
        /// Who keeps the identity from now on; by default as before
        #[arg(long, value_parser = keeper_parser())]
        keeper: Option<KeeperKind>,
        /// The private SSH key that is to open it, with `--keeper ssh`
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        ssh_key: Option<PathBuf>,
        /// Read the new keeper's passphrase from a file instead of asking for it
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        keeper_passphrase_file: Option<PathBuf>,
        /// The identity that the plugin made, with `--keeper plugin`
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        plugin_identity: Option<PathBuf>,
        /// Accept a store that is older than the newest one written
        #[arg(long)]
        accept_older: bool,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
}
