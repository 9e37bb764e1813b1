//! `keyctl history` and its commands.

use clap::{Args, Subcommand};

use super::Report;

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
}
