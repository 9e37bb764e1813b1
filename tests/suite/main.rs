//! The program as its users meet it: each test is a sentence, and states every word that is said.
//!
//! On Linux alone: these are the words of a machine without a keychain, and macOS and Windows always have one. What
//! differs there has unit tests in `src/platform`, and `tests/round-trip` for the real keychain.
#![cfg(target_os = "linux")]

mod sandbox;
mod tools;

mod activating;
mod adopting;
mod aging;
mod alerting;
mod allowing;
mod architecture;
mod assisting;
mod attending;
mod auditing;
mod cctv;
mod clock;
mod completing;
mod composing;
mod conversing;
mod copying;
mod dueing;
mod enduring;
mod exchanging;
mod faults;
mod given;
mod guarding;
mod handing;
mod hooking;
mod keepers;
mod keeping;
mod keychain;
mod launching;
mod leaked;
mod leaking;
#[cfg(all(unix, feature = "sources"))]
mod logging_in;
mod manual;
mod masking;
mod mending;
mod mistyping;
mod moving;
mod naming;
mod nested;
mod outliving;
mod own_memory;
mod paging;
mod plugins;
mod policing;
mod prompting;
mod proxying;
mod pty;
mod questioning;
mod readme;
mod recipes;
mod recording;
mod recovering;
mod rekeying;
mod rendering;
mod reporting;
mod repository;
mod restricting;
mod revoking;
mod rotating;
mod rotating_aside;
mod rotating_aws;
mod running;
mod scanning;
mod scanning_archives;
mod scanning_elsewhere;
mod scanning_git;
mod schemas;
mod segmenting;
mod several;
mod sourcing;
mod stores;
mod storing;
mod teams;
mod toplevel;
mod trusting;
mod undoing;
mod unlocking;
mod vaulting;
mod watching;
mod witnessing;
