//! The arguments of `scan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{OfAll, Report, path_parser};

/// `keyctl scan`
#[derive(Args)]
#[command(
    after_help = "Exit code: 0 nothing found, 1 found, 7 something could not be read. No secret is shown.\nA key of yours that lies whole in a file, in the history or in your home folder is\nmarked as leaked until it is replaced: `status`, `due` and `run` say so.\nOne in the name of a file or folder is told once, in JSON as line 0.\nWhat `--adopt` has taken over `keyctl undo` takes back; the file stays without it.\nThe keys of all stores are looked for. A store that would have to ask for a\npassphrase or a touch is left out and named, unless it is the only one or\n`--store` says it: exit code 7, and in JSON `left_out`. Before a commit and a push\nit is only named."
)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Scan {
    /// What to look through in the place of files
    #[command(flatten)]
    pub source: ScanSource,
    /// Whose keys are looked for
    #[command(flatten)]
    pub within: OfAll,
    /// Files and folders, or `-` for standard input; without any, this folder
    #[arg(value_name = "PATH", value_parser = path_parser(), value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Look at what git ignores too
    #[arg(long)]
    pub no_ignore: bool,
    /// Look into archives too: zip (jar, whl, docx), tar, gzip, bzip2, xz, zstd
    #[arg(long, conflicts_with = "running")]
    pub deep: bool,
    /// Look for your own keys alone, not for what looks like one of an issuer's
    #[arg(long)]
    pub no_shapes: bool,
    /// Do not mark keys that are found as leaked
    #[arg(long)]
    pub no_mark: bool,
    /// Accept what is found: later scans count it and tell of the rest
    #[arg(long, group = "doing", conflicts_with_all = ["json", "sarif", "running", "pushing"])]
    pub accept: bool,
    /// Take keys out of `.env` files and shell histories, once the store has them
    #[arg(long, group = "doing", conflicts_with_all = ["sarif", "staged", "history", "pushing", "running"])]
    pub adopt: bool,
    /// Put this before each adopted key's name, such as `myproject/`
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true, requires = "adopt")]
    pub prefix: String,
    /// Show what was accepted too
    #[arg(long)]
    pub all: bool,
    /// Do not ask for a yes
    #[arg(long, short = 'y', requires = "doing")]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Report as SARIF 2.1.0, for code hosts and editors
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// The hooks
    #[command(subcommand)]
    pub verb: Option<ScanVerb>,
}

/// What `scan` looks through in the place of files.
#[derive(Args, Default)]
#[group(multiple = false, conflicts_with = "paths")]
pub struct ScanSource {
    /// Look through what is staged for the next commit
    #[arg(long)]
    pub staged: bool,
    /// Look through every object of the git repository
    #[arg(long)]
    pub history: bool,
    /// Look through what a push sends (for the pre-push hook)
    #[arg(long, value_names = ["REMOTE", "ADDRESS"], num_args = 0..=2, default_missing_value = "")]
    pub pushing: Option<Vec<String>>,
    /// Look where keys come to lie in your home folder
    #[arg(long)]
    pub home: bool,
    /// Look at what your running programs carry
    #[arg(long)]
    pub running: bool,
}

/// What else `keyctl scan` does.
#[derive(Subcommand)]
pub enum ScanVerb {
    /// Let git look for keys before each commit and each push, by hooks
    InstallHook(InstallHook),
    /// Take the hooks away and put back what was there
    UninstallHook(InstallHook),
    /// Show which hooks are in force here
    HookStatus(Report),
}

/// Which hooks.
#[derive(Args)]
pub struct HookChoice {
    /// Only those before a commit, a merge's and `git am`'s too
    #[arg(long)]
    pub pre_commit: bool,
    /// Only the one before a push
    #[arg(long)]
    pub pre_push: bool,
}

/// `keyctl scan install-hook` and `uninstall-hook`
#[derive(Args)]
pub struct InstallHook {
    /// In all of your repositories (git's `core.hooksPath`)
    #[arg(long)]
    pub global: bool,
    /// Which hooks
    #[command(flatten)]
    pub choice: HookChoice,
}
