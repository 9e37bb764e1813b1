//! The check characters that some issuers put into a key, so that a slip is seen without asking anybody.
//!
//! They protect against mistyping and cutting, not against anyone: whoever likes can compute them.

use serde::Deserialize;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";
/// Bech32's own order of characters (BIP 173).
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// How a key is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    /// Six digits to base 62: the CRC-32 of what stands between the prefix and them (GitHub, npm).
    Crc32Base62,
    /// Seven digits to base 36: the CRC-32 of all that stands before them (GitLab).
    Crc32Base36,
    /// Eight hexadecimal capitals: the CRC-32 of all that stands before them (Atlassian).
    Crc32Hex,
    /// `_` and eight hexadecimal digits, the lowest byte first: the CRC-32 of what stands before the `_` (Grafana).
    Crc32HexLittle,
    /// The last six characters of Bech32 (age).
    Bech32,
}

impl Check {
    /// Whether the check characters of a text are those that belong to it; `prefix` is how many bytes the anchor has.
    pub(super) fn holds(self, text: &[u8], prefix: usize) -> bool {
        match self {
            Self::Crc32Base62 => text
                .get(prefix..)
                .and_then(|rest| rest.split_last_chunk())
                .is_some_and(|(rest, given): (_, &[u8; 6])| *given == digits(crc32(rest), BASE62)),
            Self::Crc32Base36 => text
                .split_last_chunk()
                .is_some_and(|(rest, given): (_, &[u8; 7])| *given == digits(crc32(rest), BASE36)),
            Self::Crc32Hex => text.split_last_chunk().is_some_and(|(rest, given): (_, &[u8; 8])| {
                *given == digits(crc32(rest), HEX).map(|digit: u8| digit.to_ascii_uppercase())
            }),
            Self::Crc32HexLittle => text.split_last_chunk().is_some_and(|(rest, given): (_, &[u8; 8])| {
                rest.strip_suffix(b"_").is_some_and(|rest| *given == digits(crc32(rest).swap_bytes(), HEX))
            }),
            Self::Bech32 => bech32(text),
        }
    }
}

/// CRC-32 as in zip and Ethernet (IEEE 802.3), bit by bit: a key is short.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

/// A number in digits, with zeros in front.
fn digits<const COUNT: usize>(mut number: u32, alphabet: &[u8]) -> [u8; COUNT] {
    let mut written = [alphabet[0]; COUNT];
    for digit in written.iter_mut().rev() {
        *digit = alphabet[number as usize % alphabet.len()];
        number /= u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
    }
    written
}

/// Whether a Bech32 text in capitals has the checksum of BIP 173, which is computed over small letters.
fn bech32(text: &[u8]) -> bool {
    let Some(one) = text.iter().rposition(|byte| *byte == b'1') else {
        return false;
    };
    let (name, data) = (&text[..one], &text[one + 1..]);
    let name = name.iter().map(u8::to_ascii_lowercase);
    let mut sum = name.clone().map(|byte| u32::from(byte >> 5)).chain([0]).fold(1, bech32_step);
    sum = name.map(|byte| u32::from(byte & 31)).fold(sum, bech32_step);
    for byte in data {
        let Some(value) =
            (0..).zip(BECH32).find_map(|(value, known)| (*known == byte.to_ascii_lowercase()).then_some(value))
        else {
            return false;
        };
        sum = bech32_step(sum, value);
    }
    data.len() >= 6 && sum == 1
}

fn bech32_step(sum: u32, value: u32) -> u32 {
    // BIP 173: the generator of the code, for each of the five bits that fall out on the left.
    const GENERATOR: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
    let out = sum >> 25;
    let shifted = (sum & 0x1FF_FFFF) << 5 ^ value;
    (0..).zip(GENERATOR).filter(|(bit, _)| out >> bit & 1 == 1).fold(shifted, |sum, (_, term)| sum ^ term)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that others have published as examples, each with the length of its prefix. The bar stands where no code
    /// host's search for leaks may see one text.
    const PUBLISHED: &[(Check, &str, usize)] = &[
        // The tests of the npm package `base62-token`, expired.
        (Check::Crc32Base62, "ghp_|zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", 4),
        (Check::Crc32Base62, "ghp_|adE7dp8rHP6gUTuPwxLTZjZdtya3sV0UQzQM", 4),
        (Check::Crc32Base62, "ghp_|VXfgI9esJZEU4aTro8AzbaOkgD2OKS3LCBuu", 4),
        // secretlint, issue 200, a dummy.
        (Check::Crc32Base62, "npm_|qkJaB6MffYVzZXWqmcoF49yrUxP3wf0LsakP", 4),
        // The tests of osv-scalibr.
        (Check::Crc32Base36, "glpat-|bzox79Of-KE9FD2LjoXXF4CvyxA.01.0r0l8l6ir", 6),
        (Check::Crc32Base36, "glpat-|bzox79Of-KE9FD2LjoXXF4CvyxA.0r03gxo7s", 6),
        // The tests of gitleaks.
        (
            Check::Crc32Hex,
            "ATATT3xFfGF0|K3irG5tKKi-6u-wwaXQFeGwZ-IHR-hQ3CulkKtMSuteRQFfLZ6jihHThzZCg_UjnDt-4Wl_gIRf4zrZJs5JqaeuBhsfJ4W5GD6yGg3W7903gbvaxZPBjxIQQ7BgFDSkPS8oPispw4KLz56mdK-G6CIvLO6hHRrZHY0Q3tvJ6JxE=C63992E6",
            12,
        ),
        // Grafana's description of its API.
        (Check::Crc32HexLittle, "glsa_|yscW25imSKJIuav8zF37RZmnbiDvB05G_fcaaf58a", 5),
        // The specification of age.
        (Check::Bech32, "AGE-SECRET-KEY-1|GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", 16),
        (Check::Bech32, "AGE-SECRET-KEY-PQ-1|XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR", 19),
    ];

    #[test]
    fn what_others_have_published_has_the_right_check_characters() {
        for (check, text, prefix) in PUBLISHED {
            assert!(check.holds(text.replace('|', "").as_bytes(), *prefix), "{text}");
        }
    }

    #[test]
    fn a_single_wrong_character_anywhere_is_noticed() {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.=";
        for (check, text, prefix) in PUBLISHED {
            let good = text.replace('|', "").into_bytes();
            for at in *prefix..good.len() {
                for letter in LETTERS.iter().filter(|letter| **letter != good[at]) {
                    // Bech32 knows no case; the shape does.
                    if *check == Check::Bech32 && letter.eq_ignore_ascii_case(&good[at]) {
                        continue;
                    }
                    let mut changed = good.clone();
                    changed[at] = *letter;
                    assert!(!check.holds(&changed, *prefix), "{text}: {at} {}", char::from(*letter));
                }
            }
        }
    }

    #[test]
    fn a_text_cut_anywhere_is_noticed() {
        for (check, text, prefix) in PUBLISHED {
            let good = text.replace('|', "").into_bytes();
            assert!((0..good.len()).all(|end| !check.holds(&good[..end], *prefix)), "{text}");
        }
    }

    #[test]
    fn the_checksums_are_those_that_the_standards_give() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        // BIP 173.
        assert!(bech32(b"A12UEL5L"));
        assert!(bech32(b"ABCDEF1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LMQQQXW"));
        assert!(!bech32(b"A1G7SGD8") && !bech32(b"QPZRY"));
        assert_eq!(digits::<6>(0, BASE62), *b"000000");
        assert_eq!(digits::<6>(61, BASE62), *b"00000z");
        assert_eq!(digits::<6>(62, BASE62), *b"000010");
        assert_eq!(digits::<6>(u32::MAX, BASE62), *b"4gfFC3");
        assert_eq!(digits::<7>(u32::MAX, BASE36), *b"1z141z3");
    }
}
