//! Giving a command its keys: finding it, making its environment, becoming it; and who asks for them.

pub mod agent;
pub mod environment;
pub mod program;
