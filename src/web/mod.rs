//! The network: one request, one answer, no surprises. What speaks to a service stands on this, be it one that issues keys or one
//! that keeps them.
//!
//! `address` says where a service may be, `http` is the client, `trying` what is worth another try, `sigv4` how a request
//! to AWS is signed, `aws_answer` how its Query APIs answer, and `aws` what all that speak with AWS know of it.

pub mod address;
pub mod aws;
pub mod aws_answer;
pub mod http;
pub mod sigv4;
pub mod trying;
