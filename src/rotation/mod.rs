//! When a key has to be replaced: its owner's plan for it, and how it stands at a moment. Decisions only: no file, no
//! clock, no terminal.
//!
//! A plan counts from the last replacement in UTC, so that the same store says the same on every machine. An end that is
//! exactly now has come.

mod coverage;
mod outlook;
mod settings;

pub use coverage::{Change, Coverage};
pub use outlook::{Outlook, State, Summary, judged_at, look};
pub use settings::{AwsIam, Plan, Reaction, ReasonFrom, Rotator, Rule, Selector, Settings, matches};
