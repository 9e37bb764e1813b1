//! The program as its users meet it: each test is a sentence, and states every word that is said.

mod sandbox;

mod architecture;
mod faults;
mod keeping;
mod keychain;
mod launching;
mod pty;
mod running;
