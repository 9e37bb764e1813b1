//! The network: one request, one answer, no surprises. What speaks to a service stands on this, be it one that issues keys or one
//! that keeps them.
//!
//! `address` says where a service may be, `http` is the client, `trying` what is worth another try, and `sigv4` how a request
//! to AWS is signed.

pub mod address;
pub mod http;
pub mod sigv4;
pub mod trying;
