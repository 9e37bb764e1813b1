//! Replacing a key outside: by a program of the user's own, or by the service that issued it.
//!
//! Nothing here reads or writes a store. What fails leaves the old secret in force, and the caller writes nothing into
//! it; what came to be outside all the same lies beside it (unfinished.rs).

pub mod aws_iam;
pub mod program;
pub mod unfinished;
