//! Randomness, from the operating system and from nowhere else. There is no state of our own that a fork, a snapshot or a
//! seed could repeat; who asks for much asks in one call.

use crate::failure::{Failure, Kind, Result};

/// Fills the whole of a buffer, which the caller wipes where it becomes a secret.
///
/// # Errors
/// `Disk` when the system has none to give: nothing goes on with less.
pub fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| Failure::new(Kind::Disk, format!("the system gives no randomness: {error}")))
}

/// So many random bytes, for what need not be wiped: ids, salts, nonces.
///
/// # Errors
/// As [`fill`].
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Numbers for tests: the same for the same seed (xorshift64*).
#[cfg(test)]
pub struct Repeatable(pub u64);

#[cfg(test)]
impl Repeatable {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below this.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % (limit.max(1) as u64)).expect("a usize")
    }

    /// One of these.
    pub fn of<'s, T>(&mut self, some: &'s [T]) -> &'s T {
        &some[self.below(some.len())]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_draws_are_the_same_and_all_of_a_buffer_is_filled() {
        let draws: std::collections::HashSet<[u8; 16]> = (0..100).map(|_| super::bytes().expect("random")).collect();
        assert_eq!(draws.len(), 100);
        // By chance a byte stays 0 in all of 100 draws once in 256^100.
        assert!((0..16).all(|at| draws.iter().any(|draw| draw[at] != 0)));
    }
}
