//! The store: keys in one age file.
//!
//! `payload` is what is in it, `facts` what is known of a key, `editing` how keys change, `journal` how that is taken
//! back, `bearers` which key that was, `revoking` which secrets must not be used any more, `leaking` which were found in
//! the clear, `limits` what a key may be used for, `moving` how it goes to another store, `members` who may open it and
//! `accepted` whom of these its owner knows, `seals` how its seal changes, `seen` the newest version that he had, `known` what
//! he notes of its keys, `holding` what of that holds on where another says less, and `noted` how it is noted, `merging` how two
//! versions become one, `bygone` what outlives a key that is wiped, `machine` whose history it knows of; `text` is how all of it
//! is written down, `file` the sealed file itself.

pub mod accepted;
pub mod bearers;
pub mod bygone;
pub mod editing;
pub mod facts;
pub mod file;
pub mod holding;
pub mod journal;
pub mod known;
pub mod leaking;
pub mod limits;
pub mod machine;
pub mod members;
pub mod merging;
pub mod moving;
mod noted;
pub mod payload;
mod referred;
#[cfg(test)]
mod referred_tests;
pub mod revoking;
pub mod seals;
pub mod seen;
pub mod text;

#[cfg(test)]
mod merging_tests;
#[cfg(test)]
mod overlap_tests;
#[cfg(test)]
mod sequence_tests;
#[cfg(test)]
mod tests;
