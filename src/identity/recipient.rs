//! The public half of an identity, as the members of a store hand it to each other.

use std::{fmt, str::FromStr};

/// How a recipient's text begins, and its letters (age's specification, "The X25519 recipient type"; BIP-0173).
const PREFIX: &str = "age1";
const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// How many of the last letters are a checksum.
const CHECKSUM: usize = 6;
/// The points that give everybody the same shared secret, whoever has which identity (RFC 7748, 6.1; the topmost bit does not
/// count). A store that was encrypted to one would be open to the world.
const OPEN_TO_ALL: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// An X25519 recipient: `age1…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient(String);

impl Recipient {
    /// Its text, as `age -r` takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last eight letters, by which people tell recipients apart when they speak.
    #[must_use]
    pub fn ending(&self) -> &str {
        &self.0[self.0.len() - 8..]
    }

    pub(super) fn of(public: &age::x25519::Recipient) -> Self {
        Self(public.to_string())
    }

    /// What age encrypts to. Nothing else than what age has read is ever kept in here.
    pub(super) fn to_age(&self) -> Option<age::x25519::Recipient> {
        self.0.parse().ok()
    }
}

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err("this is the private half; give nobody that, but the line that begins with `age1`".to_owned());
        }
        let read: age::x25519::Recipient = text
            .parse()
            .map_err(|_| "no recipient of age's own kind (`age1…`), or one with a slip in it".to_owned())?;
        let recipient = Self::of(&read);
        match recipient.point() {
            Some(point) if !OPEN_TO_ALL.contains(&crate::hex::encode(&point).as_str()) => Ok(recipient),
            _ => Err("a recipient that everybody has the identity of".to_owned()),
        }
    }
}

impl Recipient {
    /// The point that it stands for, without the bit that does not count.
    fn point(&self) -> Option<[u8; 32]> {
        let data = self.0.strip_prefix(PREFIX)?.as_bytes();
        let (mut point, mut at, mut bits, mut held) = ([0; 32], 0, 0_u32, 0_u32);
        for letter in &data[..data.len().checked_sub(CHECKSUM)?] {
            held = (held << 5 | u32::try_from(LETTERS.iter().position(|known| known == letter)?).ok()?) & 0xfff;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                *point.get_mut(at)? = u8::try_from(held >> bits & 0xff).ok()?;
                at += 1;
            }
        }
        point[31] &= 0x7f;
        (at == point.len()).then_some(point)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hex, identity::Identity};

    /// A recipient's text for a point (BIP-0173, "Checksum").
    fn written(point: &[u8; 32]) -> String {
        let polymod = |values: &[u32]| {
            values.iter().fold(1_u32, |sum, value| {
                let top = sum >> 25;
                let sum = (sum & 0x1ff_ffff) << 5 ^ value;
                [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
                    .iter()
                    .enumerate()
                    .fold(sum, |sum, (at, part)| if top >> at & 1 == 1 { sum ^ part } else { sum })
            })
        };
        let bits: Vec<u32> =
            point.iter().flat_map(|byte| (0..8).rev().map(move |at| u32::from(byte >> at & 1))).collect();
        let group = |some: &[u32]| (0..5).fold(0, |value, at| value << 1 | some.get(at).copied().unwrap_or(0));
        let data: Vec<u32> = bits.chunks(5).map(group).collect();
        let human = b"age"
            .iter()
            .map(|letter| u32::from(letter >> 5))
            .chain([0])
            .chain(b"age".iter().map(|letter| u32::from(letter & 31)));
        let sum = polymod(&human.chain(data.iter().copied()).chain([0; 6]).collect::<Vec<_>>()) ^ 1;
        let all = data.into_iter().chain((0..6).map(|at| sum >> (5 * (5 - at)) & 31));
        format!("age1{}", all.map(|value| char::from(LETTERS[value as usize])).collect::<String>())
    }

    #[test]
    fn an_identitys_public_half_reads_back_and_ends_as_people_say_it() {
        let recipient = Identity::generate().recipient();
        let back: Recipient = recipient.as_str().parse().expect("read");
        assert!(back == recipient && recipient.as_str().ends_with(recipient.ending()) && back.ending().len() == 8);
        assert_eq!(written(&back.point().expect("a point"))[..55], recipient.as_str()[..55]);
        assert_eq!(recipient.as_str().to_uppercase().parse::<Recipient>().ok(), Some(recipient));
    }

    #[test]
    fn what_everybody_could_open_is_no_recipient() {
        for hex in OPEN_TO_ALL {
            let mut point: [u8; 32] = hex::decode(hex).expect("hex");
            for _ in 0..2 {
                let text = written(&point);
                assert!(text.parse::<age::x25519::Recipient>().is_ok(), "age itself takes {text}");
                assert_eq!(text.parse::<Recipient>(), Err("a recipient that everybody has the identity of".to_owned()));
                point[31] |= 0x80;
            }
        }
    }

    #[test]
    fn what_is_no_recipient_is_refused_and_an_identity_with_a_word_of_its_own() {
        let good = Identity::generate().recipient();
        for bad in ["", "age1", "age1qqq", &good.as_str()[1..], &format!("{good} "), "ssh-ed25519 AAAA", "age1pq1qqqq"]
        {
            assert!(bad.parse::<Recipient>().is_err(), "{bad}");
        }
        let identity = Identity::generate();
        let refused = identity.line().expose_text().expect("text").parse::<Recipient>().expect_err("private");
        assert!(refused.starts_with("this is the private half"));
    }
}
