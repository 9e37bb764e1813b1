//! `keyctl store`, and how other commands say which store they are about.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Report, keeper_parser, path_parser};
use crate::{
    identity::keeper::KeeperKind,
    name::{BadName, KeyName, KeyPath, PERSONAL, StoreName},
};

/// Which store a command is about that is about a whole one.
#[derive(Args, Default)]
pub struct InStore {
    /// Of this store; by default the personal one
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
}

/// What a new keeper needs.
#[derive(Args, Default)]
pub struct Means {
    /// The private SSH key that is to open it, with `ssh`
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub ssh_key: Option<PathBuf>,
    /// Read the new passphrase from a file instead of asking for it
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub passphrase_file: Option<PathBuf>,
    /// The identity that the plugin made, with `age-plugin-NAME --generate` for one
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub plugin_identity: Option<PathBuf>,
}

/// A new name for a key, and the store that was said with it, if one was.
#[derive(Debug, Clone)]
pub struct NewName {
    /// The store.
    pub store: Option<StoreName>,
    /// The name.
    pub name: KeyName,
}

/// Reads `NAME`, or `STORE:NAME`.
pub(super) fn parse_new_name(text: &str) -> Result<NewName, BadName> {
    let (store, name) = text.split_once(':').map_or((None, text), |(store, name)| (Some(store), name));
    Ok(NewName { store: store.map(str::parse).transpose()?, name: name.parse()? })
}

/// `keyctl store`
#[derive(Args)]
pub struct Store {
    /// What to do
    #[command(subcommand)]
    pub verb: StoreVerb,
}

/// What `keyctl store` does.
#[derive(Subcommand)]
pub enum StoreVerb {
    /// Make an empty store; the first `set` makes the personal one by itself
    #[command(
        after_help = "A store beside the personal one has an identity, a history and approvals of its own.\nIts keys are named STORE:KEY, in commands and in project files:\n  keyctl store create team\n  keyctl set team:stripe/test\n  keyctl run -k STRIPE_API_KEY=team:stripe/test -- myapp"
    )]
    Create {
        /// The store's name
        #[arg(default_value = PERSONAL)]
        name: StoreName,
        /// Who keeps its identity; by default the keychain, if there is one
        #[arg(long, value_parser = keeper_parser())]
        keeper: Option<KeeperKind>,
        /// What that keeper needs
        #[command(flatten)]
        means: Means,
        /// Put its age file here, into a repository for one; it must not exist yet
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        path: Option<PathBuf>,
        /// Begin anew where the keychain knows a store whose files are gone
        #[arg(long)]
        anew: bool,
    },
    /// List the stores, who keeps the identity of each, and where they lie
    #[command(visible_alias = "ls")]
    List(Report),
    /// Show what is known of a store, and how many keys it has if it opens unasked
    Show {
        /// The store's name
        #[arg(default_value = PERSONAL)]
        name: StoreName,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a store with its keys, its identity and its history, for good
    #[command(visible_alias = "rm", alias = "delete")]
    Remove {
        /// The store's name; the personal one cannot be removed
        name: StoreName,
        /// Do not ask for a yes
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Move a key to another store, with its former secrets and its dates
    Move {
        /// The key's name; `STORE:NAME` for one of another store
        key: KeyPath,
        /// The store it goes to
        #[arg(long, value_name = "STORE")]
        to: StoreName,
    },
    /// Move a store's identity to another keeper, or give it another passphrase
    Keeper {
        /// The store's name
        #[arg(default_value = PERSONAL)]
        name: StoreName,
        /// Who keeps the identity from now on
        #[arg(long, value_name = "KEEPER", value_parser = keeper_parser())]
        to: KeeperKind,
        /// What that keeper needs
        #[command(flatten)]
        means: Means,
    },
    /// Give a store a new identity, when the old one got into wrong hands
    Rekey {
        /// The store's name
        #[arg(default_value = PERSONAL)]
        name: StoreName,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}
