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

/// How long a line is at most of what is tangled.
const LONGEST_LINE: usize = 600;

/// Parts of secrets and samples one behind the other, and so that each begins with the last letters of the one before it:
/// these belong to both.
fn tangled_text(random: &mut Random, needles: &Needles, samples: &[&String]) -> Vec<u8> {
    let mut text: Vec<u8> = Vec::new();
    for _ in 0..random.below(150) {
        let piece = match random.below(8) {
            0 | 1 => random.of(samples).as_bytes(),
            2 => random.of::<&[u8]>(&[b"\n", b" ", b".", b"-", b"="]),
            _ if needles.patterns.is_empty() => b"",
            _ => needles.bytes(random.of(&needles.patterns)),
        };
        let follows = |from: &usize| text.last() == Some(&piece[*from]);
        let joints: Vec<usize> = (0..piece.len()).filter(follows).map(|from| from + 1).collect();
        let from = if joints.is_empty() || random.below(8) == 0 { 0 } else { *random.of(&joints) };
        let length = *random.of(&[1, 20, 40, 80, 200]) + random.below(30);
        let part = &piece[from..piece.len().min(from + length)];
        let in_line = text.iter().rev().take_while(|byte| **byte != b'\n').count();
        if in_line + part.len() >= LONGEST_LINE {
            text.push(b'\n');
        }
        text.extend_from_slice(part);
    }
    text
}

/// What was told: where, in which line, and what.
type Told = Vec<(u64, u64, String)>;

fn told(told: &mut Told, hit: &Hit) {
    told.push((hit.at, hit.line, format!("{:?}", hit.what)));
}

fn some_secrets(random: &mut Random, most: usize) -> Vec<Secret> {
    (0..random.below(most)).map(|_| Secret::new(some_secret(random))).collect()
}

fn some_engine(random: &mut Random, secrets: &[Secret]) -> Engine {
    let kept = secrets.iter().map(|secret| Kept { name: "KEY".into(), which: Which::Current, secret });
    Engine::new(Needles::of(kept), random.below(3) > 0)
}

/// What is told of the whole, and that each of it is where it is said to be.
fn told_of_the_whole(engine: &Engine, text: &[u8], secrets: &[Secret]) -> Told {
    let mut whole = Told::new();
    engine.look(text, &mut |hit| {
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
    whole
}

/// Says how much was found.
fn a_stream_tells_the_same(random: &mut Random, mut engine: Engine, text: &[u8], whole: &Told) -> usize {
    engine.block = 1 + random.below(5000);
    let mut parts = Told::new();
    let read = engine.look_through(&mut Dribble { bytes: text, random }, &mut |hit| told(&mut parts, &hit));
    assert_eq!(read.unwrap(), text.len() as u64);
    assert_eq!(parts, *whole);

    engine.block = 1 + random.below(100) * random.below(100);
    let (mut parts, mut passing, mut rest) = (Told::new(), engine.passing(), text);
    while !rest.is_empty() {
        let (now, later) = rest.split_at((1 + random.below(40) * random.below(400)).min(rest.len()));
        passing.take(now, &mut |hit| told(&mut parts, &hit));
        rest = later;
    }
    passing.end(&mut |hit| told(&mut parts, &hit));
    assert_eq!(parts, *whole, "as it passes");
    whole.len()
}

fn one_run(random: &mut Random, samples: &[&String]) -> usize {
    let secrets = some_secrets(random, 6);
    let engine = some_engine(random, &secrets);
    let text = some_text(random, &engine.needles, samples);
    let whole = told_of_the_whole(&engine, &text, &secrets);
    a_stream_tells_the_same(random, engine, &text, &whole)
}

fn one_tangled_run(random: &mut Random, samples: &[&String]) -> usize {
    let secrets = some_secrets(random, 4);
    let mut engine = some_engine(random, &secrets);
    let samples: Vec<&String> = samples.iter().filter(|text| text.len() < LONGEST_LINE / 2).copied().collect();
    let text = tangled_text(random, &engine.needles, &samples);
    let whole = told_of_the_whole(&engine, &text, &secrets);
    // No more than a line is one find, and so many windows are in a short text.
    let longest = engine.needles.patterns.iter().map(|pattern| pattern.written.length).max().unwrap_or_default();
    engine.reach = (longest.max(LONGEST_LINE) + 16).next_multiple_of(ALIGNED);
    a_stream_tells_the_same(random, engine, &text, &whole)
}

/// Seeds by which a stream once told something else than the whole.
const ONCE: &[u64] = &[1_883_004_919_088_478];

fn samples() -> Vec<&'static String> {
    issuer::samples().flat_map(|(_, yes, no)| yes.iter().chain(no)).collect()
}

#[test]
fn what_a_stream_once_told_otherwise_it_tells_as_the_whole_does() {
    let samples = samples();
    for seed in ONCE {
        one_run(&mut Random(*seed), &samples);
    }
}

/// Runs for as long as is said.
fn runs(one_run: impl Fn(&mut Random, &[&String]) -> usize) {
    let seconds = std::env::var("KEYCTL_TEST_FUZZ_SECONDS").map_or(2, |text| text.parse().expect("seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let samples = samples();
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

#[test]
fn whatever_is_looked_through_a_stream_tells_what_the_whole_tells_and_nothing_panics() {
    runs(one_run);
}

#[test]
fn of_finds_that_overlap_one_behind_the_other_a_stream_tells_what_the_whole_tells() {
    runs(one_tangled_run);
}
