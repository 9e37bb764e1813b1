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
    const THREE: u32 = 0x00FF_FFFF;
    // Of what the golden ratio's number gives the highest bits depend on all three.
    #[expect(clippy::cast_possible_truncation, reason = "three bytes of it count")]
    let head = bytes as u32 & THREE;
    (head.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HASH_BITS)) as usize
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
            let number = |place: usize| self.0[hash(window >> (8 * place))];
            if (number(0) | number(1) | number(2)) | (number(3) | number(4) | number(5)) == 0 {
                at += AT_ONCE;
                continue;
            }
            return (0..AT_ONCE).map(|place| (at + place, number(place))).find(|(_, number)| *number != 0);
        }
        // The last have too few bytes behind them for a whole load: they are looked at in the last that can be loaded.
        let last = match bytes.last_chunk() {
            Some(last) => *last,
            None => std::array::from_fn(|place| bytes.get(place).copied().unwrap_or_default()),
        };
        let (window, begin) = (u64::from_le_bytes(last), bytes.len().saturating_sub(last.len()));
        let end = (bytes.len() + 1).saturating_sub(HEAD);
        (at..end).map(|at| (at, self.0[hash(window >> (8 * (at - begin)))])).find(|(_, number)| *number != 0)
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
