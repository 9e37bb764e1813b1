//! `keyctl history` and its commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Report, path_parser};

/// `keyctl history`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct History {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<HistoryVerb>,
    /// Show only the last COUNT entries
    #[arg(short = 'n', value_name = "COUNT")]
    pub last: Option<usize>,
    /// Report as JSON, one entry a line
    #[arg(long)]
    pub json: bool,
    /// Draw uses by day, and by week for each key
    #[arg(long, conflicts_with_all = ["json", "last"])]
    pub graph: bool,
}

/// What `keyctl history` does beside listing.
#[derive(Subcommand)]
pub enum HistoryVerb {
    /// Prove that no entry was changed, added or cut off
    #[command(after_help = "Exit codes: 0 intact, 1 tampered with, 4 not provable.")]
    Verify(Report),
    /// Go on after damage: seal the end anew, or set the history aside
    Repair {
        /// Do not ask
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Write a page for the browser: uses by day, the keys' dates, alerts
    #[command(
        name = "report",
        after_help = "Exit codes: 0 written, 1 written of a history that was tampered with, 4 of one that is not provable."
    )]
    Page(Page),
}

/// `keyctl history report`
#[derive(Args)]
pub struct Page {
    /// Write it to this file, readable by you alone; `-` is standard output
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub html: PathBuf,
    /// Count from here on: a date such as `2026-01-31`, or `90d` for the last 90 days
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Write over a file that is there
    #[arg(long, short)]
    pub force: bool,
}
