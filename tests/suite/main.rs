//! The program as its users meet it: each test is a sentence, and states every word that is said.

mod sandbox;

mod allowing;
mod architecture;
mod exchanging;
mod faults;
mod keeping;
mod keychain;
mod launching;
mod leaking;
mod prompting;
mod pty;
mod recording;
mod recovering;
mod running;
mod storing;
mod trusting;
