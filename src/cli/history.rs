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
    Verify(VerifyHistory),
    /// Print a line to keep elsewhere, which proves the history up to now
    Anchor(Report),
    /// Remove old parts of the history; an entry says so for ever
    #[command(
        after_help = "A history is kept in segments of 4 MiB, each some ten thousand entries; only\nwhole ones are removed, and the last one stays."
    )]
    Prune(PruneHistory),
    /// Go on after damage: seal the end anew, or set the history aside
    Repair {
        /// Do not ask
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

/// `keyctl history verify`
#[derive(Args)]
pub struct VerifyHistory {
    /// Compare with what `history anchor` printed once: the line, a file, or `-`
    #[arg(long, value_name = "MARK|FILE", allow_hyphen_values = true)]
    pub against: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl history prune`
#[derive(Args)]
pub struct PruneHistory {
    /// Remove segments that end before a date, or so long ago: `90d`
    #[arg(long, value_name = "DATE", required_unless_present = "keep_segments", conflicts_with = "keep_segments")]
    pub before: Option<String>,
    /// Remove all segments but the newest COUNT
    #[arg(long, value_name = "COUNT")]
    pub keep_segments: Option<usize>,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}
