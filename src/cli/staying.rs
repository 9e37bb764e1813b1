//! What `keyctl run` does while the command runs.

use std::ffi::OsString;

use clap::Args;

/// Why keyctl stays beside the command.
#[derive(Args, Default)]
pub struct Staying {
    /// What becomes of what the command prints
    #[command(flatten)]
    pub masking: Masking,
    /// Start the command anew when one of its keys is replaced
    #[arg(long)]
    pub watch: bool,
}

/// Whether what a command prints is masked.
#[derive(Args, Default)]
pub struct Masking {
    /// Replace secrets in what the command prints (also: `mask = true` in a profile)
    #[arg(long, overrides_with = "no_mask")]
    pub mask: bool,
    /// Do not, although a profile says so
    #[arg(long, overrides_with = "mask")]
    pub no_mask: bool,
}

impl Masking {
    /// Whether it is, where the profile says this.
    #[must_use]
    pub fn masks(&self, profile: bool) -> bool {
        self.mask || (profile && !self.no_mask)
    }
}

/// The head of a session on a terminal that was made for a command.
#[derive(Args)]
pub struct LeadSession {
    /// Be its first job: wait for the terminal, then become the command
    #[arg(long)]
    pub follow: bool,
    /// The descriptor to which it is said that there was no command
    #[arg(long, value_name = "NUMBER")]
    pub say_to: i32,
    /// The command's path, what it is called by, and its arguments
    #[arg(last = true, required = true, num_args = 2..)]
    pub command: Vec<OsString>,
}
