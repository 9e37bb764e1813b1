//! Whatever is looked through: the scanner ends, without a panic; a stream tells what the whole of it tells, however it is
//! cut; and each find is where it is said to be. For as long as `KEYCTL_TEST_FUZZ_SECONDS` says, else two seconds.

#![expect(clippy::print_stdout, reason = "how much was tried is the result")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use super::*;
use crate::{
    issuer,
    random::Repeatable as Random,
    scan::needles::{Form, Kept, Which},
    secret::Secret,
};

/// Pieces that stand around keys, and such as a careless reader stumbles over.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\\n",
    b"\\\\",
    b"\\u00",
    b"%",
    b"%3D",
    b"\"",
    b"=",
    b"==",
    b"-----BEGIN",
    b"-----BEGIN PRIVATE KEY-----",
    b"-----END PRIVATE KEY-----\n",
    b"ghp_",
    b"eyJ",
    b"sk-proj-",
    b"T3BlbkFJ",
    b"JQQJ99",
    b":AA",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x82",
    b"\x1b[0m",
];

/// A reader that gives as much at a time as it likes.
struct Dribble<'b> {
    bytes: &'b [u8],
    random: &'b mut Random,
}

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.random.below(40) * self.random.below(400);
        let length = most.max(1).min(buffer.len()).min(self.bytes.len());
        buffer[..length].copy_from_slice(&self.bytes[..length]);
        self.bytes = &self.bytes[length..];
        Ok(length)
    }
}

/// A secret as a store may have it.
fn some_secret(random: &mut Random) -> Vec<u8> {
    const LETTERS: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.!$&<>\\\"' \n\xe2\x82\xac";
    let alphabet = &LETTERS[..*random.of(&[62, 64, 67, LETTERS.len()])];
    let length = *random.of(&[7, 8, 11, 12, 13, 14, 20, 40, 64, 200, 5000]);
    (0..length).map(|_| *random.of(alphabet)).collect()
}

/// Secrets in their forms, whole and cut, samples of known kinds, noise, and all of that changed a little.
fn some_text(random: &mut Random, needles: &Needles, samples: &[&String]) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..random.below(30) {
        match random.below(8) {
            0 | 1 if !needles.patterns.is_empty() => {
                let form = needles.bytes(random.of(&needles.patterns));
                let from = random.below(form.len()) * random.below(2);
                let to = if random.below(2) == 0 { form.len() } else { from + random.below(form.len() - from + 1) };
                text.extend_from_slice(&form[from..to]);
            }
            2 | 3 => text.extend_from_slice(random.of(samples).as_bytes()),
            4 => text.extend(std::iter::repeat_n(*random.of(b"\0 a-=\n"), random.below(3000))),
            5 => (0..random.below(60)).for_each(|_| text.push(random.number().to_le_bytes()[3])),
            _ => text.extend_from_slice(random.of::<&[u8]>(PIECES)),
        }
    }
    for _ in 0..random.below(4) {
        let at = random.below(text.len() + 1);
        match random.below(4) {
            0 if at < text.len() => text[at] ^= 1 << random.below(8),
            1 => drop(text.drain(at..(at + random.below(9)).min(text.len()))),
            2 => drop(text.splice(at..at, random.of::<&[u8]>(PIECES).iter().copied())),
            _ => text.truncate(at),
        }
    }
    text
}

/// What was told: where, in which line, and what.
type Told = Vec<(u64, u64, String)>;

fn told(told: &mut Told, hit: &Hit) {
    told.push((hit.at, hit.line, format!("{:?}", hit.what)));
}

fn one_run(random: &mut Random, samples: &[&String]) -> usize {
    let secrets: Vec<Secret> = (0..random.below(6)).map(|_| Secret::new(some_secret(random))).collect();
    let kept = secrets.iter().map(|secret| Kept { name: "KEY".into(), which: Which::Current, secret });
    let mut engine = Engine::new(Needles::of(kept), random.below(3) > 0);
    let text = some_text(random, &engine.needles, samples);
    let mut whole = Told::new();
    engine.look(&text, &mut |hit| {
        assert!(hit.at < text.len() as u64);
        let before = &text[..usize::try_from(hit.at).unwrap()];
        assert_eq!(hit.line, 1 + memchr_iter(b'\n', before).count() as u64, "the line of {:?}", hit.what);
        if let What::Key { form: Form::Raw, partial: None, .. } = hit.what {
            // Line ends and blanks at the beginning of a line may be others.
            let plain = |text: &[u8]| text.iter().copied().filter(|byte| !b"\r \t".contains(byte)).collect::<Vec<_>>();
            let is_here = |secret: &Secret| plain(&text[before.len()..][..hit.length]) == plain(secret.expose());
            assert!(secrets.iter().any(is_here), "no secret is at {}", hit.at);
        }
        told(&mut whole, &hit);
    });
    engine.block = 1 + random.below(5000);
    let mut parts = Told::new();
    let read = engine.look_through(&mut Dribble { bytes: &text, random }, &mut |hit| told(&mut parts, &hit));
    assert_eq!(read.unwrap(), text.len() as u64);
    assert_eq!(parts, whole);
    whole.len()
}

#[test]
fn whatever_is_looked_through_a_stream_tells_what_the_whole_tells_and_nothing_panics() {
    let seconds = std::env::var("KEYCTL_TEST_FUZZ_SECONDS").map_or(2, |text| text.parse().expect("seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let samples: Vec<&String> = issuer::samples().flat_map(|(_, yes, no)| yes.iter().chain(no)).collect();
    let first = crate::date::Moment::now().seconds().unsigned_abs() << 20;
    let (mut runs, mut found) = (0, 0);
    while Instant::now() < until {
        let seed = first + runs;
        let ran = catch_unwind(AssertUnwindSafe(|| one_run(&mut Random(seed.max(1)), &samples)));
        found += ran.unwrap_or_else(|_| panic!("seed {seed}"));
        runs += 1;
    }
    println!("{runs} runs, {found} finds");
    assert!(found as u64 > runs, "{found} finds in {runs} runs");
}
