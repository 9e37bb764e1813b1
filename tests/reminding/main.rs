//! Reminders on real services: a notification daemon on a bus of its own, and systemd's user manager.
//!
//! What they need is installed by `tests/run`; what is missing is an error, never a silent skip.
#![cfg(target_os = "linux")]

mod elsewhere;
mod notifying;
mod session;
mod telling;
mod timing;
