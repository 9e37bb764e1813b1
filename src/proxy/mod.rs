//! The proxy: a command uses a key without ever holding it. It gets a placeholder, and the key is put in on the way to the one
//! host that it belongs to.
//!
//! What it promises: a placeholder that goes anywhere else is worth nothing there. What it does not: a command that may use a
//! key can do with it whatever its rules let through, for as long as it runs; and without a sandbox it runs as the same user, and
//! can ask for the key where that user can.

pub mod authority;
pub mod body;
pub mod budget;
pub mod connections;
pub mod foreign;
pub mod frozen;
pub mod gate;
pub mod inject;
pub mod journal;
pub mod pass;
pub mod path;
pub mod preset;
pub mod records;
pub mod refusal;
pub mod rule;
pub mod running;
pub mod server;
pub mod signing;
pub mod tally;
pub mod tunnel;
pub mod upstream;
pub mod window;
