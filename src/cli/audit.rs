//! The arguments of `audit`.

use clap::Args;

use super::InStore;
use crate::audit::{self, Severity};

/// `keyctl audit`
#[derive(Args)]
#[command(after_help = audit::in_a_table())]
pub struct Audit {
    /// Which store
    #[command(flatten)]
    pub within: InStore,
    /// End with exit code 1 if a finding is this bad or worse: low, medium or high
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,
    /// Mend what needs no decision: access rights of files, projects that are gone
    #[arg(long)]
    pub fix: bool,
    /// Mend it without asking for a yes
    #[arg(long, short = 'y', requires = "fix")]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}
