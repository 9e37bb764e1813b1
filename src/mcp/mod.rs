//! The Model Context Protocol, by which a coding agent learns of keys and has commands run with them, and never sees a secret.
//!
//! It is JSON-RPC 2.0, a message a line, on standard input and output (<https://modelcontextprotocol.io/specification>). Two
//! eras are spoken, as the specification of 2026-07-28 asks of a server that wants to be understood by both: that one, in which
//! each request says by itself which version it is of, and those before it, which begin with `initialize`. What is here decides
//! and writes nothing; no secret ever passes through this process, as each call is done by a keyctl of its own (`child`).

pub mod child;
pub mod lines;
pub mod message;
pub mod own_failure;
pub mod session;
pub mod tools;
