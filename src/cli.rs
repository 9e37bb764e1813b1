//! The command line: every argument and its help, and no logic.
#![expect(clippy::struct_excessive_bools, reason = "a flag is a bool")]

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, Parser, Subcommand, ValueHint,
    builder::styling::{AnsiColor, Effects, Styles},
};

use crate::{
    exchange::export::Format,
    history::Reason,
    home,
    identity::keeper::KeeperKind,
    name::{BadName, KeyPath, ProfileName, SourceName, Tag, VariableName, may_be_a_secret},
    reference::Reference,
};

mod agents;
mod alerts;
mod audit;
mod files;
mod groups;
mod history;
mod import;
mod lifecycle;
mod limits;
mod manual;
pub mod plain;
mod projects;
mod proxy;
mod scan;
mod schema;
mod shells;
mod sources;
mod staying;
mod stores;
mod transfer;
mod unlocking;

pub use agents::{Agent, AgentVerb};
pub use alerts::{Alerts, AlertsVerb, DeliverAlert};
pub use audit::Audit;
pub use files::{Files, Render, ToRender};
pub use groups::{Profile, ProfileVerb, Recovery, RecoveryVerb};
pub use history::{
    History, HistoryExport, HistoryFilter, HistoryPrune, HistoryReport, HistoryUsage, HistoryVerb, HistoryVerify,
    HistoryWho, UsageBy,
};
pub use import::{Import, ImportFormat};
pub use lifecycle::{Details, Due, Edit, Forget, Remind, RemindVerb, Revoke, Rollback, Rotate, Undo, Versions, Which};
pub use limits::Limits;
pub use manual::{Completions, Man};
pub use projects::{Allow, Deny, Init};
pub use proxy::{Confine, OneKey, Proxy, ProxyRun, ProxyVerb};
pub use scan::{HookChoice, InstallHook, Scan, ScanSource, ScanVerb};
pub use schema::Schema;
pub use shells::{Activate, HookEnv, Subshell};
pub use sources::{NewSource, Source, SourceVerb};
pub use staying::{LeadSession, Masking, Staying};
use stores::parse_new_name;
pub use stores::{InStore, Means, Merge, NewName, OfAll, RecipientsVerb, Store, StoreVerb};
pub use transfer::{Pull, Push};
pub use unlocking::{CloseOnLock, Lock, Unlock};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

/// Keep API keys encrypted on this machine, and give each command just the keys its project names
#[derive(Parser)]
#[command(name = "keyctl", version = concat!(env!("CARGO_PKG_VERSION"), " (API-key store)"), styles = STYLES, max_term_width = 100)]
#[command(
    after_help = "A first key and its use:\n  keyctl set OPENAI_API_KEY\n  keyctl run -k OPENAI_API_KEY -- myapp"
)]
pub struct Cli {
    /// Global options
    #[command(flatten)]
    pub global: Global,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options that every command takes.
#[derive(Args, Default)]
pub struct Global {
    /// Say only what must not be overlooked
    #[arg(long, short, global = true, display_order = 900)]
    pub quiet: bool,
    /// Use no colour (also: the variable `NO_COLOR`)
    #[arg(long = "no-color", global = true, display_order = 901)]
    pub no_colour: bool,
}

/// The commands.
#[derive(Subcommand)]
pub enum Verb {
    /// Run a command with the keys its project names
    #[command(visible_alias = "exec")]
    Run(Run),
    /// Start a shell with the keys its project names
    Shell(Subshell),
    /// Print what lets a shell have a project's keys while it stands in its folder
    Activate(Activate),
    /// Keep a key: its secret is typed unseen, piped in or read from a file
    Set(Set),
    /// Print a key's secret
    Get(Get),
    /// Show what is known of a key, never its secret
    Show(Show),
    /// List the keys that are kept, without their secrets
    #[command(visible_alias = "ls")]
    List(List),
    /// Remove keys from the store
    #[command(visible_alias = "rm", alias = "delete")]
    Remove(Remove),
    /// Give a key another name
    #[command(alias = "mv")]
    Rename(Rename),
    /// Put a key's secret on the clipboard for a while
    Copy(Copy),
    /// Change a key's dates, notes and tags, and leave its secret alone
    Edit(Edit),
    /// Replace a key, or all that are due; the former secret is kept for a while
    Rotate(Rotate),
    /// Write keys of the store to a source, and read them back
    Push(Push),
    /// Bring keys that lie in a source into the store
    Pull(Pull),
    /// Mark a key as not to be used any more
    Revoke(Revoke),
    /// List a key's former secrets by their dates, without showing them
    Versions(Versions),
    /// Bring a key's former secret back into use, or a removed key
    Rollback(Rollback),
    /// Take the last change to the store back; 30 days are kept
    Undo(Undo),
    /// Wipe the former secrets of keys for good
    Forget(Forget),
    /// List the keys that have ended, have to be replaced, or will have to soon
    Due(Due),
    /// Be told of keys that are due: by a notification each day, or not for a while
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Remind(Remind),
    /// Print keys with their secrets, for a shell or another program to read
    Env(Env),
    /// Fill a template in with keys
    Render(Render),
    /// Take keys over from a file, another manager or the environment
    Import(Import),
    /// Write a `.keyctl.toml` that names the keys this project needs
    Init(Init),
    /// Show what this project asks for, and allow it after a yes
    Allow(Allow),
    /// Take back what this project was allowed
    Deny(Deny),
    /// Show the profiles, and which key becomes which variable in each
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Profile(Profile),
    /// Show who used which key when, or prove that no entry was changed
    History(Box<History>),
    /// Show what was unusual about the use of keys, and put it away when seen
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Alerts(Alerts),
    /// Find your keys where they lie in clear, and what else looks like a key
    Scan(Scan),
    /// Make, check or use a recovery copy, which opens the store with a passphrase
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Recovery(Recovery),
    /// Make, list or remove stores, or move an identity between keychain and file
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Store(Store),
    /// Set up secrets managers that keys are fetched from when they are used
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Source(Source),
    /// Open a store that asks once, so that the next commands ask nobody for a while
    Unlock(Unlock),
    /// Close what was opened with `unlock`, at once
    Lock(Lock),
    /// Show what is kept, what this project gets, and what needs care
    Status(Status),
    /// Check the keychain, the files, the recovery copy and which `keyctl` a shell finds
    Doctor(Doctor),
    /// Find what is wrong with your keys, each with the command that mends it
    Audit(Audit),
    /// Have coding agents run the commands that you list with keys, the secrets masked
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Agent(Agent),
    /// Run commands that use their keys without holding them
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Proxy(Proxy),
    /// Serve a coding agent over the Model Context Protocol, without showing it a secret
    Mcp,
    /// Print the JSON Schema of a file that you write, or of a report
    Schema(Schema),
    /// Print a script that lets a shell complete commands and names
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands to a folder
    Man(Man),
    /// Tell a shell which variables come and go (called by its prompt)
    #[command(hide = true)]
    HookEnv(HookEnv),
    /// Hold the clipboard (started by `copy`)
    #[command(hide = true)]
    HoldClipboard(HoldClipboard),
    /// Close an opened store when the screen is locked (started by `unlock`)
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    CloseOnLock(CloseOnLock),
    /// Head the session of a command whose output is masked (started by `run`)
    #[cfg(unix)]
    #[command(hide = true)]
    LeadSession(LeadSession),
    /// Become a command that is confined (started by `proxy run --sandbox`)
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    #[command(hide = true)]
    Confine(Confine),
    /// Mask what outlives a command whose output is masked (started by `run`)
    #[cfg(unix)]
    #[command(hide = true)]
    MaskRest,
    /// Carry an alert to where the user wants it (started where there is one)
    #[command(hide = true)]
    DeliverAlert(DeliverAlert),
}

/// Which keys a command gets.
#[derive(Args, Default)]
pub struct Choice {
    /// Use this profile of the project or of your config (also: `KEYCTL_PROFILE`)
    #[arg(long, short = 'P', value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// Add a key under this variable; `-k NAME` if both have the same name
    #[arg(long = "key", short = 'k', value_name = "VARIABLE=KEY", value_parser = parse_extra)]
    pub keys: Vec<(VariableName, KeyPath)>,
    /// Give only these variables
    #[arg(long, value_name = "VARIABLE,...", value_delimiter = ',')]
    pub only: Vec<VariableName>,
    /// Ignore the project's `.keyctl.toml`
    #[arg(long)]
    pub no_project: bool,
    /// Go on without the keys that the store does not have
    #[arg(long)]
    pub allow_missing: bool,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Ask no source: use what is kept of it, and say how old that is
    #[arg(long)]
    pub offline: bool,
}

/// `keyctl run`
#[derive(Args, Default)]
pub struct Run {
    /// Which keys
    #[command(flatten)]
    pub choice: Choice,
    /// What it gets as files
    #[command(flatten)]
    pub files: Files,
    /// Pass on none of this environment but `PATH`, `HOME` and the like
    #[arg(long)]
    pub clean: bool,
    /// Keep the value of a variable that is set already
    #[arg(long)]
    pub keep: bool,
    /// Say what would be given, and start nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Do not warn about commands that install packages
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// What is done while the command runs
    #[command(flatten)]
    pub staying: Staying,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// `keyctl set`
#[derive(Args)]
#[command(
    after_help = "The secret is asked for without showing it, or read from standard input:\n  keyctl set NAME\n  pbpaste | keyctl set NAME\nNever as an argument: those can be seen by every program and stay in the shell's history."
)]
pub struct Set {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Replace the secret of a key that exists; the former one is kept
    #[arg(long)]
    pub replace: bool,
    /// Read the secret from a file
    #[arg(long, value_name = "FILE", conflicts_with = "generate", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub from_file: Option<PathBuf>,
    /// Keep no secret, but where it lies: in this source of your `config.toml`
    #[arg(long, value_name = "SOURCE", requires = "reference", conflicts_with_all = ["from_file", "generate", "raw", "binary", "allow_empty"])]
    pub source: Option<SourceName>,
    /// Where in the source: `PATH`, `PATH#FIELD` or `PATH@VERSION#FIELD`
    #[arg(long = "ref", id = "reference", value_name = "REF", requires = "source")]
    pub reference: Option<Reference>,
    /// Make a random secret of 32 letters and digits, or of LENGTH
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, require_equals = true, default_missing_value = "32", value_parser = length)]
    pub generate: Option<u16>,
    /// What is known of the key
    #[command(flatten)]
    pub details: Details,
    /// Keep the line ending at the secret's end, which is taken off otherwise
    #[arg(long)]
    pub raw: bool,
    /// Take a secret with NUL bytes, which no variable can carry
    #[arg(long)]
    pub binary: bool,
    /// Take an empty secret
    #[arg(long)]
    pub allow_empty: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// A secret in the arguments, to be refused with the way to clean the shell's history
    #[arg(hide = true, allow_hyphen_values = true)]
    pub refused: Vec<OsString>,
}

/// `keyctl get`
#[derive(Args)]
pub struct Get {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Print it on a terminal without asking first
    #[arg(long)]
    pub show: bool,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Ask no source: use what is kept of it, and say how old that is
    #[arg(long)]
    pub offline: bool,
}

/// `keyctl show`
#[derive(Args)]
pub struct Show {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl list`
#[derive(Args)]
pub struct List {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// Only keys with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Option<Tag>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl remove`
#[derive(Args)]
pub struct Remove {
    /// The keys' names, all of one store
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<KeyPath>,
    /// Do not ask for a yes
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Wipe the secret and its former ones too, also of keys removed before
    #[arg(long)]
    pub forget: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl rename`
#[derive(Args)]
pub struct Rename {
    /// The key's name
    pub old: KeyPath,
    /// Its new name, in the same store
    #[arg(value_parser = parse_new_name)]
    pub new: NewName,
    /// Do not ask where `config.toml` protects the key under its old name alone
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl copy`
#[derive(Args)]
pub struct Copy {
    /// The key's name; `STORE:NAME` for one of another store
    pub name: KeyPath,
    /// Clear the clipboard after this many seconds
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 45, value_parser = seconds)]
    pub seconds: u16,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<Reason>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// The part of `copy` that stays until the clipboard is cleared.
#[derive(Args)]
pub struct HoldClipboard {
    /// How long
    pub seconds: u16,
}

/// `keyctl env`
#[derive(Args)]
pub struct Env {
    /// Which keys
    #[command(flatten)]
    pub choice: Choice,
    /// Write for this reader
    #[arg(long, value_name = "FORMAT", default_value = "dotenv", value_parser = format_parser())]
    pub format: Format,
    /// Show them on this screen without asking
    #[arg(long)]
    pub show: bool,
}

/// A command that only reports.
#[derive(Args)]
pub struct Report {
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl status`
#[derive(Args)]
pub struct Status {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl doctor`
#[derive(Args)]
pub struct Doctor {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// Also let each key's check or AWS say whether the key still works
    #[arg(long)]
    pub online: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// A command line of `run` alone: so that starting a command need not build all the others.
#[derive(Parser)]
#[command(name = "keyctl", styles = STYLES)]
pub struct RunAlone {
    /// Global options
    #[command(flatten)]
    pub global: Global,
    /// `run`
    #[command(subcommand)]
    pub verb: RunVerb,
}

/// The one command of [`RunAlone`].
#[derive(Subcommand)]
pub enum RunVerb {
    /// Run a command with the keys its project names
    #[command(visible_alias = "exec")]
    Run(Run),
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|word| word.parse().expect("one of the words"))
}

fn keeper_parser() -> impl clap::builder::TypedValueParser<Value = KeeperKind> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(KeeperKind::ALL.iter().map(|kind| kind.word()))
        .map(|word| KeeperKind::ALL.iter().copied().find(|kind| kind.word() == word).expect("one of the words"))
}

fn path_parser() -> impl clap::builder::TypedValueParser<Value = PathBuf> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PathBufValueParser::new().map(home::from_user)
}

/// How many characters a secret gets that is made here.
fn length(text: &str) -> Result<u16, String> {
    within(text, 8, 4096)
}

/// For how many seconds a secret is on the clipboard.
fn seconds(text: &str) -> Result<u16, String> {
    within(text, 1, 3600)
}

fn within(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("this is a whole number from {least} to {most}"))
}

/// Reads `VARIABLE=KEY`, or `NAME` for both; the key may be of another store.
fn parse_extra(text: &str) -> Result<(VariableName, KeyPath), BadName> {
    if let Some((variable, key)) = text.split_once('=') {
        Ok((variable.parse()?, key.parse()?))
    } else {
        let variable = text.split_once(':').map_or(text, |(_, name)| name);
        let key: KeyPath = text.parse()?;
        let variable = variable.parse().map_err(|why: BadName| match VariableName::nearest(variable) {
            // A name is said back; what may be a secret is not.
            Some(near) if !may_be_a_secret(text) => why.and(&format!("write `{near}={text}`")),
            _ => why,
        })?;
        Ok((variable, key))
    }
}

/// `run`'s exit code for its own failures, as `env`, `nice` and `timeout` have it (POSIX, "env": 125).
pub const RUN_FAILED: u8 = 125;
/// `store merge`'s for them where git called it: above 128 git gives the merge up, and marks no conflict that could be committed
/// (gitattributes(5), "Defining a custom merge driver").
pub const MERGE_FAILED: u8 = 129;
