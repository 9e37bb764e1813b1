//! The program as its users meet it: each test is a sentence, and states every word that is said.

mod sandbox;
mod tools;

mod aging;
mod architecture;
mod cctv;
mod completing;
mod copying;
mod faults;
mod keeping;
mod keychain;
mod manual;
mod naming;
mod readme;
mod toplevel;
