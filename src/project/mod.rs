//! The project file: finding it, reading it, and what the user has said about it.
//!
//! There is one gate, [`find::nearest`]: nothing else opens a project file, and no variable, include or flag names
//! another one. What it holds is data. It has no command, no script, no address that a key is sent to, and no way to ask
//! for all keys.

mod approval;
mod draft;
pub mod file;
pub mod find;
pub mod place;
pub mod trust;
