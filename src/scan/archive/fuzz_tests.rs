//! Whatever calls itself an archive: looking into it ends, without a panic, and soon. And whatever stands around it, an archive
//! that is whole gives what is in it. For as long as `KEYCTL_TEST_FUZZ_SECONDS` says, else two seconds.

#![expect(clippy::print_stdout, reason = "how much was tried is the result")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    tests::{KEY, OTHERS, gzip, tar, told, zip},
    *,
};
use crate::random::Repeatable as Random;

/// Longer than any of these takes on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(20);

fn some_content(random: &mut Random) -> Vec<u8> {
    let mut content = Vec::new();
    for _ in 0..random.below(4) {
        match random.below(4) {
            0 => content.extend(KEY.as_bytes()),
            1 => content.extend(std::iter::repeat_n(*random.of(b"\0a\n"), random.below(3000))),
            2 => content.extend(*random.of(&[&b"PK\x03\x04"[..], b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh91AY&SY"])),
            _ => (0..random.below(90)).for_each(|_| content.push(random.number().to_le_bytes()[2])),
        }
    }
    content
}

fn some_name(random: &mut Random) -> Vec<u8> {
    let length = *random.of(&[1, 1, 3, 20, 99, 100, 101, 300]);
    (0..length).map(|_| *random.of(b"ab/.!\\\n\x1b\xff \xe2\x82\xac")).collect()
}

/// An archive with the text in it, in so many others; and where it is then.
fn wrapped(random: &mut Random, text: &[u8], depth: usize) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..depth {
        let (name, other, content) = (some_name(random), some_name(random), some_content(random));
        bytes = match random.below(4) {
            0 => gzip(&bytes),
            1 => tar(&[(&other, &content), (&name, &bytes)]),
            2 => zip(&[(&name, &bytes, true), (&other, &content, false)]),
            _ => zip(&[(&other, &content, true), (&name, &bytes, false)]),
        };
    }
    bytes
}

/// Some bytes are changed, cut out, or put in twice.
fn bend(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let length = random.below(40).min(bytes.len() - at);
        match random.below(6) {
            0 => drop(bytes.drain(at..at + length)),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, bytes[at..at + length].to_vec())),
            // Numbers at their ends.
            3 => bytes[at..at + length.min(8)].fill(*random.of(&[0, 0x7f, 0x80, 0xff])),
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
}

fn one_run(random: &mut Random) -> usize {
    let text = format!("{}key={KEY}\n", "\n".repeat(random.below(2000)));
    let depth = random.below(DEEPEST + 1);
    let mut bytes = wrapped(random, text.as_bytes(), depth);
    let lines = text.lines().count();
    let whole = told(&bytes);
    let (end, is_first) = (format!(":{lines}"), |place: &String| place.ends_with(&format!(":{lines}")));
    assert!(whole.iter().any(is_first), "{end} is not in {whole:?}");
    if random.below(8) == 0 {
        bytes = STANDARD.decode(random.of::<&str>(OTHERS)).expect("base64");
    }
    bend(random, &mut bytes);
    let begun = Instant::now();
    let bent = told(&bytes);
    assert!(begun.elapsed() < SOON, "it takes too long");
    bent.len()
}

#[test]
fn whatever_calls_itself_an_archive_is_looked_into_without_a_panic_and_what_is_whole_is_found() {
    let seconds = std::env::var("KEYCTL_TEST_FUZZ_SECONDS").map_or(2, |text| text.parse().expect("seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let first = crate::date::Moment::now().seconds().unsigned_abs() << 20;
    let (mut runs, mut tellings) = (0, 0);
    while Instant::now() < until {
        let seed = first + runs;
        let ran = catch_unwind(AssertUnwindSafe(|| one_run(&mut Random(seed.max(1)))));
        tellings += ran.unwrap_or_else(|_| panic!("seed {seed}"));
        runs += 1;
    }
    println!("{runs} runs, {tellings} tellings");
    assert!(tellings as u64 > runs / 2, "{tellings} tellings in {runs} runs");
}
