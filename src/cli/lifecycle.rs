//! Commands about a key's life: its dates and notes, replacing it, and taking changes back.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand, ValueHint};

use super::{InStore, OfAll, path_parser};
use crate::{
    date::Period,
    history::Reason,
    name::{KeyPath, StoreName, Tag},
};

/// What `set` and `edit` can say of a key beside its secret.
#[derive(Args)]
pub struct Details {
    /// When its issuer ends it: a date such as `2027-01-31`, or `90d`, or `"in 6 months"`
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub expires: Option<String>,
    /// How often to replace it, such as `90d`, `6mo` or `1y`
    #[arg(long, value_name = "PERIOD", allow_hyphen_values = true)]
    pub rotate_every: Option<Period>,
    /// The page where its issuer replaces it
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,
    /// A note of your own, which is no secret
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Sort it under this tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<Tag>,
}

/// `keyctl edit`
#[derive(Args)]
#[command(
    after_help = "What a key may be used for is held against every `run`, `env`, `get` and `copy`,\ntogether with what `config.toml` says (`[[keys]]`): the strictest counts. A list\nof folders or programs takes the place of the one before. What widens a limit\nneeds a yes on the terminal; no option stands for it. Links are followed, and a\nprogram is the file that is started, not what it is told to do; variables that\nhave it load other code (LD_PRELOAD, PYTHONPATH, GIT_SSH and the like) are left\nout for it, PATH and HOME are not. A rotator, a check and a rotation at AWS are\nheld to what the store says, too."
)]
pub struct Edit {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// What is to be known of it
    #[command(flatten)]
    pub details: Details,
    /// Take the date of its end away
    #[arg(long, conflicts_with = "expires")]
    pub no_expires: bool,
    /// Take its own plan away; what `config.toml` says counts again
    #[arg(long, conflicts_with = "rotate_every")]
    pub no_rotate_every: bool,
    /// Take the page away
    #[arg(long, conflicts_with = "url")]
    pub no_url: bool,
    /// Take the note away
    #[arg(long, conflicts_with = "note")]
    pub no_note: bool,
    /// Take a tag away; may be given several times
    #[arg(long = "no-tag", value_name = "TAG")]
    pub no_tags: Vec<Tag>,
    /// Take back that it was revoked
    #[arg(long)]
    pub not_revoked: bool,
    /// Take back that it was found leaked
    #[arg(long)]
    pub not_leaked: bool,
    /// What it may be used for
    #[command(flatten)]
    pub limits: super::Limits,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl versions`
#[derive(Args)]
#[command(
    after_help = "Former secrets are counted from the latest one, so their numbers move with each\nchange; the mark stays with its secret until `store rekey`, and is the same for\nthe same secret in all of this store. `rollback --to` takes either. A secret\nthat came into use again is still listed where it was. `forget` wipes all former\nones, and what was removed under the name."
)]
pub struct Versions {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl rollback`
#[derive(Args)]
pub struct Rollback {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Which former secret, by its number or mark in `keyctl versions`; else the latest
    #[arg(long, value_name = "NUMBER|MARK", value_parser = parse_version)]
    pub to: Option<Which>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl undo`
#[derive(Args)]
pub struct Undo {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// List what can be taken back, the latest first, and take nothing back
    #[arg(long, conflicts_with_all = ["yes", "skip"])]
    pub list: bool,
    /// Let the latest change stand, so that the one before it can be taken back
    #[arg(long)]
    pub skip: bool,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl forget`
#[derive(Args)]
pub struct Forget {
    /// The keys' names, all of one store
    #[arg(required_unless_present = "all", value_name = "NAME")]
    pub names: Vec<KeyPath>,
    /// The former secrets of all keys, and all removed keys
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl revoke`
#[derive(Args)]
pub struct Revoke {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Why, for yourself and for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl due`
#[derive(Args, Default)]
#[command(
    after_help = "A key is due when its plan says so (`--rotate-every`, or `rotation.default` in\n`config.toml`), leaked when `scan` found it, expired when its issuer has ended\nit, and ends soon 14 days before that, or as long as `rotation.soon` says. What\nleaked or ends soon is to be replaced like what is due: prompt, `run`,\n`rotate --due` and `--fail-on due` count it. For `--fail-on` snoozed keys count,\nand revoked ones do not: that was your own word.\n\nOn a terminal the bar under ELAPSED says how much of a key's time is over: from\nits last replacement to its end or its next replacement, whichever comes first.\nIt says nothing of its use: `keyctl history` does.\n\nA store that would have to ask for a passphrase or a touch is left out and named,\nunless it is the only one or `--store` says it; in JSON it stands under\n`left_out`. With `--fail-on` that is exit code 4, as not all was looked at. One\nthat cannot be read at all ends it with the exit code that this has by itself."
)]
pub struct Due {
    /// Which stores
    #[command(flatten)]
    pub within: OfAll,
    /// Show every key, also those with nothing to do
    #[arg(long, short = 'a')]
    pub all: bool,
    /// Only keys with this tag
    #[arg(long, value_name = "TAG", conflicts_with = "prompt")]
    pub tag: Option<Tag>,
    /// End with exit code 1 if one is expired; for `due` also if one is due or ends soon
    #[arg(long, value_name = "STATE", value_parser = ["due", "expired"])]
    pub fail_on: Option<String>,
    /// Print a few words for a shell's prompt if a key is due; all stores stay closed
    #[arg(long, conflicts_with_all = ["all", "fail_on", "ics", "json"])]
    pub prompt: bool,
    /// Print a calendar (iCalendar) of all ends and replacements
    #[arg(long, conflicts_with = "json")]
    pub ics: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl remind`
#[derive(Args)]
#[command(
    after_help = "The keys of all stores are told of, those of another store as `STORE:NAME`. Of one\nthat would have to ask for a passphrase or a touch only how many are due is told."
)]
pub struct Remind {
    /// What to do
    #[command(subcommand)]
    pub verb: RemindVerb,
}

/// What `keyctl remind` does.
#[derive(Subcommand)]
pub enum RemindVerb {
    /// Show a notification each day on which a key is due
    Install,
    /// Show no more notifications
    Uninstall,
    /// Show whether notifications are installed, and when the next one can come
    Status(super::Report),
    /// Show the notification now, if a key is due or will be soon
    Now {
        /// Which stores
        #[command(flatten)]
        within: OfAll,
        /// Only what was not told yet (the timer's own call)
        #[arg(long, hide = true)]
        once: bool,
    },
    /// Leave keys out of all reminders for a while, at most until they end
    Snooze {
        /// The keys' names, all of one store
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<KeyPath>,
        /// All keys that are due, expired or end soon
        #[arg(long, conflicts_with = "names")]
        all: bool,
        /// Of this store alone; by default of all
        #[arg(long, value_name = "STORE", requires = "all")]
        store: Option<StoreName>,
        /// For how long
        #[arg(long = "for", value_name = "PERIOD", default_value = "7d", allow_hyphen_values = true)]
        period: Period,
        /// Remind of them again from now on
        #[arg(long, conflicts_with = "period")]
        off: bool,
    },
}

/// `keyctl rotate`
#[derive(Args)]
#[command(
    after_help = "The new secret is asked for without showing it, or read from standard input, unless `config.toml`\nnames a rotator for the key:\n  keyctl rotate NAME\n  pbpaste | keyctl rotate NAME --yes\n\n`--due` is about all stores, one after the other. One that would have to ask for a\npassphrase or a touch is left out and named, unless it is the only one or\n`--store` says it."
)]
pub struct Rotate {
    /// The key's name; `STORE:NAME` for one of another store
    #[arg(required_unless_present = "due")]
    pub name: Option<KeyPath>,
    /// All keys that are due, expired or end soon, one after the other
    #[arg(long, conflicts_with_all = ["name", "generate", "from_file", "by_hand", "expires", "open"])]
    pub due: bool,
    /// Of this store alone; by default of all
    #[arg(long, value_name = "STORE", requires = "due")]
    pub store: Option<StoreName>,
    /// Delete the old access key at AWS now, and make no new one
    #[arg(long, conflicts_with_all = ["due", "dry_run", "generate", "from_file", "by_hand", "expires", "overlap", "open"])]
    pub finish: bool,
    /// Drop what the key's rotator left beside the store, and replace nothing
    #[arg(long, conflicts_with_all = ["due", "finish", "dry_run", "generate", "from_file", "by_hand", "expires", "overlap", "no_check", "open"])]
    pub discard: bool,
    /// Show what replacing it touches, and replace nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Make the new secret here: 32 random letters and digits, or LENGTH
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, require_equals = true, default_missing_value = "32", value_parser = super::length)]
    pub generate: Option<u16>,
    /// Read the new secret from a file
    #[arg(long, value_name = "FILE", conflicts_with = "generate", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub from_file: Option<PathBuf>,
    /// Type or pipe the new secret in, also where `config.toml` names a rotator
    #[arg(long, conflicts_with_all = ["generate", "from_file"])]
    pub by_hand: bool,
    /// Keep the former secret this long; by default as `config.toml` says, else for good
    #[arg(long, value_name = "PERIOD")]
    pub overlap: Option<Period>,
    /// When the issuer ends the new secret
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
    /// Do not try the new secret with the check that `config.toml` names
    #[arg(long)]
    pub no_check: bool,
    /// Open the issuer's page in the browser
    #[arg(long)]
    pub open: bool,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// A secret in the arguments, to be refused with the way to clean the shell's history
    #[arg(hide = true, allow_hyphen_values = true)]
    pub refused: Vec<OsString>,
}

/// Which former secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// By its place, the latest being 1.
    Number(usize),
    /// By its mark.
    Mark(String),
}

/// The number or the mark of a former secret. A mark has eight letters, and no key had so many secrets.
fn parse_version(text: &str) -> Result<Which, String> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Which::Mark(text.to_ascii_lowercase()));
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("takes a number from 1 on or a mark, as `keyctl versions` lists them".into()),
        Ok(number) => Ok(Which::Number(number)),
    }
}
