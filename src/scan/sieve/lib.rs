//! The loops that pass over every byte of what is scanned. None of them is generic: what is generic is compiled where it is
//! called, as that place is compiled.

mod filter;
mod heads;
mod sieve;
mod texts;

pub use heads::{HEAD, Heads};
pub use sieve::{LONG_STEPS, LONGEST_STEP, Piece, Share, Sieve, WIDEST, piece_at};
pub use texts::{BEFORE, BEHIND, LAST, Texts};
