//! Sources in the clouds, each against what is as strict as the cloud: AWS as moto plays it, with signatures and policies enforced;
//! Azure, Google and 1Password Connect, and AWS's own ways to credentials, as `server.py` plays them, which the makers' own clients are held
//! against too. And signatures against Amazon's published vectors and two other signers.
//!
//! `tests/run` installs what this needs; what is missing is an error, never a silent skip.
#![cfg(all(unix, feature = "sources"))]

mod aws;
mod azure;
#[path = "../sources/conformance.rs"]
mod conformance;
mod conforming;
mod connect;
mod google;
mod makers;
mod server;
mod signing;
mod ways;
mod whole;
