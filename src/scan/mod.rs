//! Finding secrets where they lie: copies of a key that replacing it does not reach, and keys in files that nobody meant to
//! put there.
//!
//! `needles` is what is looked for, `engine` finds it in bytes, `finding` is what was found and where. Within the engine
//! `crate::forms` are how a secret is written, `random` what of it is its alone, `sampling` which pieces the `sieve` knows, `shares`
//! how many cores make that ready, `matches` which of several is told; `shapes` finds keys that are nobody's known. `tree`
//! looks through files, `walk` finds them in folders, on all cores (`tasks`) and without what git ignores (`ignoring`);
//! `archive` looks into what is packed, `git` through what a repository holds, `names` at what these
//! are called; `rest` is what is found beyond what anyone reads; `home` is where in a home folder keys come to lie. `untold`
//! takes secrets out of the names of places, `sarif` writes what was found for code hosts, `taking_out` is what of it can be
//! taken out of which files, and `hook` lets git ask before a commit and a push. The loops over every byte are the package in
//! `sieve`.

mod ignoring;
mod matches;
mod random;
mod sampling;
mod shapes;
mod shares;
mod tasks;
mod walk;

pub mod archive;
pub mod engine;
pub mod finding;
pub mod git;
pub mod home;
pub mod hook;
pub mod names;
pub mod needles;
pub mod rest;
pub mod sarif;
pub mod taking_out;
pub mod tree;
pub mod untold;
