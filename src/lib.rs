//! keyctl keeps a developer's API keys in one age-encrypted store and gives a command just those its project names.
//!
//! The modules lie in rows; a module may use any row below its own (`tests/suite/architecture.rs` holds them to it).

pub mod config;
pub mod date;
pub mod exchange;
pub mod failure;
pub mod history;
pub mod home;
pub mod identity;
pub mod name;
pub mod platform;
pub mod profile;
pub mod project;
pub mod seal;
pub mod secret;
pub mod store;
