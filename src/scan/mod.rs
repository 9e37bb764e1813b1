//! Finding secrets where they lie: copies of a key that replacing it does not reach, and keys in files that nobody meant to
//! put there.
//!
//! `needles` is what is looked for, `engine` finds it in bytes, `finding` is what was found and where.

pub mod copies;
pub mod engine;
pub mod finding;
pub mod git;
pub mod home;
pub mod hook;
pub mod needles;
pub mod processes;
pub mod walk;
