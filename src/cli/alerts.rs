//! `keyctl alerts` and its commands.

use clap::{Args, Subcommand};

use crate::name::StoreName;

/// `keyctl alerts`
#[derive(Args)]
pub struct Alerts {
    /// Of this store; by default the personal one
    #[arg(long, value_name = "STORE", global = true)]
    pub store: Option<StoreName>,
    /// What to do
    #[command(subcommand)]
    pub verb: AlertsVerb,
}

/// What `keyctl alerts` does.
#[derive(Subcommand)]
pub enum AlertsVerb {
    /// List the alerts that were not put away yet
    List {
        /// Also those that were
        #[arg(long, short = 'a')]
        all: bool,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Put alerts away that you have looked at; the history keeps them
    Ack {
        /// Their numbers, as `keyctl alerts list` shows them
        #[arg(value_name = "NUMBER", required_unless_present = "all")]
        numbers: Vec<u64>,
        /// All of them
        #[arg(long, conflicts_with = "numbers")]
        all: bool,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a trial alert in every way that `config.toml` names
    Test {
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
}

/// The part of an alert that goes on by itself.
#[derive(Args)]
pub struct DeliverAlert {
    /// Deliver it here and now
    #[arg(long)]
    pub stay: bool,
}
