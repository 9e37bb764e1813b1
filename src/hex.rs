//! Bytes as hexadecimal digits, and back: ids, seals, hashes and signatures, as files, messages and other programs have
//! them.

/// Two lower-case digits for each byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// What [`encode`] wrote of so many bytes, and nothing else: no capitals, so that each value has one form only.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, two) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(two[0])? << 4 | digit(two[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_are_what_they_stand_for() {
        assert_eq!(encode(&[0x00, 0x0f, 0xa9, 0xff]), "000fa9ff");
        assert_eq!(decode("000fa9ff"), Some([0x00, 0x0f, 0xa9, 0xff]));
        for other in
            ["", "00", "000fa9f", "000fa9ff0", "000FA9FF", "000fa9fg", "+00fa9ff", "0x0fa9ff", " 00fa9ff", "é00fa9f"]
        {
            assert_eq!(decode::<4>(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_value_reads_back_as_it_was_written(bytes: [u8; 32]) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
