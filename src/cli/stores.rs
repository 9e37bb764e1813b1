//! `keyctl store`, and how other commands say which store they are about.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Report, keeper_parser, path_parser};
use crate::{
    identity::{keeper::KeeperKind, recipient::Recipient},
    name::{BadName, KeyName, KeyPath, MemberName, PERSONAL, StoreName},
};

/// Which store a command is about that is about a whole one.
#[derive(Args, Default)]
pub struct InStore {
    /// Of this store; by default the personal one
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
}

/// Which of all stores a command is about that is about all of them.
#[derive(Args, Default)]
pub struct OfAll {
    /// Of this store alone; by default of all
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

impl Merge {
    /// Whether git waits for it. What two versions come from it merges for itself, and goes on without where that fails.
    #[must_use]
    pub fn is_called_by_git(&self) -> bool {
        self.path.is_some() && !self.unseen
    }
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
    /// Show who can open which store, and what opening asks for
    Access(Report),
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
    /// Say where a store's age file lies now, when its repository was moved
    Path {
        /// The store's name
        name: StoreName,
        /// Its age file, which lies there already
        #[arg(value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Join a store of others whose age file lies here; call it again once you are added
    #[command(
        after_help = "The first call makes an identity for you alone and prints its public half, the recipient.\nA member adds it, and you get the newest file:\n  keyctl store join team --path repo/team.age\n  keyctl store recipients add team bob age1...       (typed by a member)\n  git pull\n  keyctl store join team"
    )]
    Join {
        /// What you call the store; its keys are named NAME:KEY
        name: StoreName,
        /// Its age file; said once
        #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
        path: Option<PathBuf>,
        /// Who keeps your identity for it; by default the keychain, if there is one
        #[arg(long, value_parser = keeper_parser())]
        keeper: Option<KeeperKind>,
        /// What that keeper needs
        #[command(flatten)]
        means: Means,
        /// What the others call you; by default as git or the system does
        #[arg(long = "as", value_name = "NAME")]
        me: Option<MemberName>,
        /// Do not ask for a yes
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Say who may open a store: add, list, remove and accept members
    Recipients(Recipients),
    /// Merge two versions of a store's file key by key, as git asks for it
    Merge(Merge),
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

/// `keyctl store recipients`
#[derive(Args)]
pub struct Recipients {
    /// What to do
    #[command(subcommand)]
    pub verb: RecipientsVerb,
}

/// What `keyctl store recipients` does.
#[derive(Subcommand)]
pub enum RecipientsVerb {
    /// Let another open the store: all its keys, and their former secrets
    Add {
        /// The store's name
        store: StoreName,
        /// What the others call the one who is let in
        name: MemberName,
        /// The recipient that `keyctl store join` printed there
        #[arg(value_name = "RECIPIENT")]
        recipient: Recipient,
        /// What the others call you, where you let the first one in
        #[arg(long, value_name = "NAME")]
        me: Option<MemberName>,
        /// Do not ask for a yes
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// List who may open the store
    #[command(visible_alias = "ls")]
    List {
        /// The store's name
        store: StoreName,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write nothing more for a member; what was seen is to be replaced
    #[command(visible_alias = "rm")]
    Remove {
        /// The store's name
        store: StoreName,
        /// The member's name
        name: MemberName,
        /// Do not ask for a yes
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Say yes to members that others added or removed
    Accept {
        /// The store's name
        store: StoreName,
        /// Also to a file that is older than the one you had, which git took back
        #[arg(long)]
        older: bool,
        /// Do not ask for a yes
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

/// `keyctl store merge`
#[derive(Args)]
#[command(
    after_help = "Called by git once it is told so, in the repository that the file lies in:\n  keyctl store merge --install\n\nExit code 0: merged. 1: merged too, with nothing lost, but look at it: both sides\nchanged the same. Above 1: it could not be merged, and ours is as it was; with\n`--path` that is 129, by which git gives the merge up."
)]
pub struct Merge {
    /// What both versions come from; an empty file where nothing is
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub base: Option<PathBuf>,
    /// Our version; the merged one takes its place
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub ours: Option<PathBuf>,
    /// The other version
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub theirs: Option<PathBuf>,
    /// Where the file lies in the repository
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub path: Option<PathBuf>,
    /// Merge what two versions come from: say and record nothing
    #[arg(long, hide = true)]
    pub unseen: bool,
    /// Tell git of it: write `.gitattributes` and this clone's settings
    #[arg(long, conflicts_with_all = ["base", "ours", "theirs", "path", "uninstall"])]
    pub install: bool,
    /// Take that back
    #[arg(long, conflicts_with_all = ["base", "ours", "theirs", "path"])]
    pub uninstall: bool,
}
