//! Giving a command its keys: finding it, making its environment, becoming it.

pub mod environment;
pub mod program;
