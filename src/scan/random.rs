//! Where a secret is random: only a part of that is its alone. What an issuer puts into each of its keys, the head of a web
//! token, a host's name in an address: all that stands in other texts too.

use std::ops::Range;

use crate::issuer;

/// How often letters, capitals and digits take turns in a part that was drawn by lot; words seldom get there.
const LEAST_TURNS: u32 = 4;

/// The stretches of a secret in which it is random, each at least so long.
pub(super) fn stretches(secret: &[u8], window: usize) -> Vec<(usize, usize)> {
    let same = same_in_others(secret);
    let sums = || {
        let mut sums = Vec::with_capacity(secret.len() + 1);
        sums.push(0);
        sums
    };
    let mut free = Free { turns: sums(), barred: sums(), last: None };
    for (at, byte) in secret.iter().enumerate() {
        free.take(*byte, same.iter().any(|range| range.contains(&at)));
    }
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for from in 0..(secret.len() + 1).saturating_sub(window) {
        let to = from + window;
        let turns = free.turns[to] - free.turns[from + 1];
        if free.barred[to] != free.barred[from] || turns < LEAST_TURNS {
            continue;
        }
        match stretches.last_mut().filter(|(_, end)| *end >= from) {
            Some((_, end)) => *end = to,
            None => stretches.push((from, to)),
        }
    }
    stretches
}

/// Sums over what came so far.
struct Free {
    /// How often the kind of letter changed.
    turns: Vec<u32>,
    /// How many bytes are part of nothing random.
    barred: Vec<u32>,
    last: Option<u8>,
}

impl Free {
    fn take(&mut self, byte: u8, same: bool) {
        let kind = match byte {
            b'a'..=b'z' => Some(0),
            b'A'..=b'Z' => Some(1),
            b'0'..=b'9' => Some(2),
            // These part words as well as they stand in random texts.
            _ => None,
        };
        let turns = kind.is_some() && self.last.is_some() && kind != self.last;
        self.last = kind.or(self.last);
        let barred = same || !(kind.is_some() || b"-_+/=".contains(&byte));
        self.turns.push(self.turns.last().copied().unwrap_or_default() + u32::from(turns));
        self.barred.push(self.barred.last().copied().unwrap_or_default() + u32::from(barred));
    }
}

/// What stands in other secrets of its kind too.
fn same_in_others(secret: &[u8]) -> Vec<Range<usize>> {
    let mut same = issuer::constants(secret);
    if secret.starts_with(b"eyJ") {
        // Head and claims of a web token are readable, and much of both is in each token of an issuer.
        same.extend(secret.iter().rposition(|byte| *byte == b'.').map(|end| 0..end));
    }
    if memchr::memmem::find(secret, b"-----BEGIN ").is_some() {
        // Of a private key the public half is a part. That of a long RSA key lies in its first half.
        let (half, end) = if secret.len() > 1000 { (secret.len() / 2, secret.len() * 9 / 10) } else { (0, 0) };
        same.extend([0..half, end..secret.len()]);
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(secret: &str) -> Vec<&str> {
        stretches(secret.as_bytes(), 14).into_iter().map(|(from, to)| &secret[from..to]).collect()
    }

    #[test]
    fn what_was_drawn_by_lot_is_told_from_words_and_from_what_an_issuer_puts_into_each_key() {
        for (secret, random) in [
            ("3Hq9ZbT7mWx2LcR5vYk8", &["3Hq9ZbT7mWx2LcR5vYk8"][..]),
            ("postgres://app:3Hq9ZbT7mWx2LcR5@db-production-1.example.com/app", &["3Hq9ZbT7mWx2LcR5"]),
            ("correct-horse-battery-staple", &[]),
            ("my-project-12345-a-service-account", &[]),
            ("short3Hq9", &[]),
            ("eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSJ9.3Hq9ZbT7mWx2LcR5vYk8", &["3Hq9ZbT7mWx2LcR5vYk8"]),
        ] {
            assert_eq!(of(secret), random, "{secret}");
        }
        let openai = format!("sk-{}T3Blbk{}{}", "a1B2".repeat(5), "FJ", "c3D4".repeat(5));
        assert_eq!(of(&openai), ["a1B2".repeat(5), "c3D4".repeat(5)]);
    }
}
