//! Finding secrets in files: where copies of a key lie that replacing it does not reach.

pub mod copies;
pub mod git;
pub mod home;
pub mod hook;
pub mod processes;
pub mod walk;
