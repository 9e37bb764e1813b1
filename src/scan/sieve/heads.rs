//! Finds the places at which one of some texts may begin, by their first three bytes.

/// How many bytes tell a text.
pub const HEAD: usize = 3;
/// How many bits the hash of these has.
const HASH_BITS: u32 = 13;
/// How many places are looked at at once: so many heads are in a load of eight bytes.
const AT_ONCE: usize = size_of::<u64>() - HEAD + 1;

/// For each hash of three bytes a number, 0 where no text begins so.
pub struct Heads(Box<[u8; 1 << HASH_BITS]>);

impl Default for Heads {
    fn default() -> Self {
        Self(Box::new([0; 1 << HASH_BITS]))
    }
}

/// The hash of the first three of these bytes.
fn hash(bytes: u64) -> usize {
    let head = bytes << (u64::BITS - u8::BITS * 3);
    // Of all bits that the golden ratio's number gives the highest depend on all of the head.
    usize::try_from(head.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - HASH_BITS)).unwrap_or_default()
}

impl Heads {
    /// The number for texts that begin so.
    pub fn number(&mut self, head: [u8; HEAD]) -> &mut u8 {
        let [one, two, three] = head;
        &mut self.0[hash(u64::from_le_bytes([one, two, three, 0, 0, 0, 0, 0]))]
    }

    /// The next place from `at` on whose number is not 0, and that number.
    #[must_use]
    pub fn next(&self, bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
        while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            let window = u64::from_le_bytes(*window);
            let numbers: [u8; AT_ONCE] = std::array::from_fn(|place| self.0[hash(window >> (8 * place))]);
            if numbers.iter().fold(0, |any, number| any | number) == 0 {
                at += AT_ONCE;
                continue;
            }
            let place = numbers.iter().position(|number| *number != 0)?;
            return Some((at + place, numbers[place]));
        }
        // The last have too few bytes behind them for a whole load.
        let rest = bytes.get(at..)?;
        let mut window = [0; size_of::<u64>()];
        window[..rest.len()].copy_from_slice(rest);
        let window = u64::from_le_bytes(window);
        let numbers = (0..(rest.len() + 1).saturating_sub(HEAD)).map(|place| self.0[hash(window >> (8 * place))]);
        (at..).zip(numbers).find(|(_, number)| *number != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_head_is_found_at_each_place_and_nothing_else() {
        let mut heads = Heads::default();
        *heads.number(*b"abc") = 7;
        for before in 0..20 {
            for after in 0..20 {
                let text = ["-".repeat(before), "abc".into(), "+".repeat(after)].concat();
                assert_eq!(heads.next(text.as_bytes(), 0), Some((before, 7)), "{text}");
                assert_eq!(heads.next(text.as_bytes(), before + 1), None, "{text}");
                assert_eq!(heads.next(&text.as_bytes()[..before + 2], 0), None, "{text}");
            }
        }
        assert_eq!((heads.next(b"", 0), heads.next(b"", 5)), (None, None));
    }
}
