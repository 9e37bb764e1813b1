//! Finding secrets where they lie: copies of a key that replacing it does not reach, and keys in files that nobody meant to
//! put there.
//!
//! `needles` is what is looked for, `engine` finds it in bytes, `finding` is what was found and where. Within the engine
//! `forms` are how a secret is written, `random` what of it is its alone, `sampling` which pieces the `sieve` knows, `matches`
//! which of several is told; `shapes` finds keys that are nobody's known. `tree` looks through files and folders, `sarif` writes what
//! was found for code hosts.

mod forms;
mod matches;
mod random;
mod sampling;
mod shapes;
mod sieve;

pub mod copies;
pub mod engine;
pub mod finding;
pub mod needles;
pub mod sarif;
pub mod tree;
pub mod walk;
