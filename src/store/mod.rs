//! The store: keys in one age file.
//!
//! `payload` is what is in it, `text` how that is written down, `file` the sealed file itself.

pub mod file;
pub mod payload;
pub mod text;
