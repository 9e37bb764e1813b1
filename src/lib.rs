//! keyctl keeps a developer's API keys in one age-encrypted store and gives a command just those its project names.
//!
//! The modules lie in rows; a module may use any row below its own (`tests/suite/architecture.rs` holds them to it).

pub mod commands;

pub mod cli;
pub mod terminal;

pub mod activation;

pub mod agents;
pub mod audit;
pub mod exchange;
pub mod launch;
pub mod mcp;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod reminder;
pub mod report;
pub mod rotator;
pub mod scan;
#[cfg(feature = "sources")]
pub mod source;

pub mod config;
pub mod project;

pub mod alert;
pub mod issuer;
pub mod policy;
pub mod profile;
pub mod rotation;

pub mod history;
pub mod store;

pub mod identity;

pub mod home;
pub mod seal;
pub mod subprocess;
pub mod template;
pub mod web;

pub mod json;
pub mod mask;
pub mod platform;
pub mod random;
pub mod reference;
#[cfg(target_os = "linux")]
pub mod session_bus;

pub mod date;
pub mod failure;
pub mod forms;
pub mod hex;
pub mod name;
pub mod plain;
pub mod schema;
pub mod secret;
