//! CRC-32C (Castagnoli, RFC 3720 appendix B.4), which Google's Secret Manager sends with each secret. It is no protection from
//! anybody, only from accidents; secrets are short, so it goes bit by bit.

/// The polynomial, its bits the other way around.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// The checksum of some bytes.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    #[test]
    fn the_published_sums_come_out() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(b""), 0);
    }
}
