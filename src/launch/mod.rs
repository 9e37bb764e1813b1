//! Giving a command its keys: finding it, making its environment, becoming it or staying beside it; and who asks for them.

pub mod agent;
pub mod attended;
pub mod environment;
pub mod files;
pub mod masked;
pub mod outcome;
pub mod outer;
mod private_folder;
pub mod program;
