//! Whatever lies in the files: reading ends, in little memory, without a panic; and what is called intact is what was
//! written. Blind mutations of a real history, for as long as `KEYCTL_TEST_FUZZ_SECONDS` says, else two seconds.

#![expect(clippy::print_stdout, reason = "how much was tried is the result")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{
    chain::LONGEST_PLAIN,
    head::Head,
    segment::Files,
    segment_tests::{State, restore, small, state},
    tests::{event, log_in},
    *,
};
use crate::random::Repeatable as Random;

/// The most memory the process may ever have, in KiB, with the files that are made in it, of up to 1 MiB.
const MOST_MEMORY: u64 = 64 * 1024;

/// What is not cut into fields and lines, in bytes.
const LARGE: usize = 64 * 1024;

/// Pieces that a line is made of, or would be if its writer were careless or wicked.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"1.",
    b".",
    b"=",
    b"1.18446744073709551615.",
    b"18446744073709551616",
    b"00000000000000000000",
    b"1.9.AAAA.0000000000000000000000000000000000000000000000000000000000000000\n",
    b"\0\0\0\0",
    b"\xff\xfe",
    b"{\"ev\":\"prune\",\"segment\":1,\"last\":5,\"hash\":\"00\"}",
];

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(bytes.len() + 1);
    let to = at + random.below(bytes.len() - at + 1);
    match random.below(10) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 => drop(bytes.drain(at..to)),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(..at)),
        4 => drop(bytes.splice(at..at, bytes[at..to].to_vec())),
        5 => drop(bytes.splice(at..at, random.of(PIECES).iter().copied())),
        6 => {
            let from = random.below(other.len() + 1);
            drop(bytes.splice(at..to, other[from..].iter().copied().take(4096)));
        }
        // The pieces of a large file would take more memory here than the reader may take.
        7 if bytes.len() < LARGE => {
            let mut fields: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
            // Numbers stand behind every third dot.
            let number = 1 + 3 * random.below(fields.len() / 3);
            if number < fields.len() {
                fields[number] = random.of::<&[u8]>(&[b"18446744073709551615", b"0", b"2", b"01", b""]);
            }
            *bytes = fields.join(&b'.');
        }
        8 if bytes.len() < LARGE => {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let (one, two) = (random.below(lines.len()), random.below(lines.len()));
            if !lines.is_empty() {
                lines.swap(one, two);
            }
            *bytes = lines.concat();
        }
        _ => {
            let filler = [0, b'x', b'.', b'\n'][random.below(4)];
            let length = if random.below(100) == 0 { 1024 * 1024 } else { random.below(20_000) };
            drop(bytes.splice(at..at, std::iter::repeat_n(filler, length)));
        }
    }
}

/// Changes a few things in a few files.
fn attack(random: &mut Random, whole: &State, log: &Log) -> State {
    let mut changed = whole.clone();
    let files: Vec<PathBuf> =
        whole.keys().filter(|path| path.extension().is_some_and(|e| e == "log" || e == "head")).cloned().collect();
    for _ in 0..=random.below(3) {
        let (one, two) = (random.of(&files).clone(), random.of(&files).clone());
        let other = whole[&two].clone();
        match random.below(12) {
            0 => drop(changed.remove(&one)),
            1 => drop(changed.insert(one, other)),
            2 => drop(changed.insert(log.segment(random.number() % 6), other)),
            3 => drop(changed.remove(&log.file("head"))),
            _ => {
                let mut bytes = changed.get(&one).cloned().unwrap_or_default();
                mutate(random, &mut bytes, &other);
                changed.insert(one, bytes);
            }
        }
    }
    changed
}

/// Everything that reads or goes on from what is there. Gives what verify said first.
fn use_all(log: &Log, mark: Mark) -> Verdict {
    let verdict = log.verify(Some(mark));
    let _ = log.read().map(Iterator::count);
    let _ = log.closed_files();
    let _ = log.settle(Moment::from_seconds(0));
    let _ = log.reseal(Moment::from_seconds(0));
    let _ = log.append(&event(99), false);
    let _ = log.verify(None);
    verdict
}

/// A history whose entries were all sealed by who holds the identity, and say anything.
fn sealed_nonsense(random: &mut Random, folder: &Path) {
    let log = log_in(folder);
    let mut chain = log.chain(log.start());
    let mut lines = Vec::new();
    for number in 1..=5 {
        let base = chain.at;
        let mut json = match random.below(3) {
            0 => segment::closing(random.number(), Moment::from_seconds(0)).to_json(LONGEST_PLAIN),
            1 => segment::pruning(random.number() % 3, base, Moment::from_seconds(0)).to_json(LONGEST_PLAIN),
            _ => event(number).to_json(LONGEST_PLAIN),
        };
        if random.below(2) == 0 {
            mutate(random, &mut json, b"{\"names\":[\"A\"],\"lost\":18446744073709551615,\"t\":\"-9999\"}");
        }
        json.truncate(LONGEST_PLAIN);
        lines.extend(chain.seal(&json).unwrap());
    }
    let end = Head { end: chain.at, synced: chain.at, lost: 0, files: Files::first(log.start()) };
    let state = State::from([(log.file("log"), lines), (log.file("head"), head::seal(&end, &log.key).unwrap())]);
    restore(folder, &state);
    use_all(&log, Mark { seq: 3, hash: [0; 32] });
}

/// How many attack at once, each a history of its own: a reader that waits for a writer is no work.
const ATTACKERS: u64 = 16;

/// Not a test of its own: what the next one does in a process of its own, whose memory nobody else needs.
#[test]
#[ignore = "called by another test in a process of its own"]
fn worker() {
    let Some(seconds) = std::env::var_os("KEYCTL_TEST_FUZZ") else { return };
    let until = Instant::now() + Duration::from_secs(seconds.to_str().unwrap().parse().unwrap());
    let first = u64::from(std::process::id()) << 32 | Moment::now().seconds().unsigned_abs();
    let attackers: Vec<_> = (1..=ATTACKERS)
        .map(|number| std::thread::spawn(move || attack_until(until, first.wrapping_mul(number).max(1))))
        .collect();
    let done = attackers.into_iter().map(|attacker| attacker.join().unwrap());
    let (runs, called_intact) = done.reduce(|one, other| (one.0 + other.0, one.1 + other.1)).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    println!("{runs} runs, {called_intact} of them changed nothing that counts; at most {peak:?} KiB");
    assert!(peak.is_none_or(|peak| peak < MOST_MEMORY), "{peak:?} KiB");
    assert!(called_intact * 4 < runs);
}

/// How often, and how often nothing was changed that counts.
fn attack_until(until: Instant, first: u64) -> (u64, u64) {
    // Thousands of small files a second are nothing for a disk.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let log = small(folder.path());
    for number in 1..=14 {
        log.append(&event(number), true).unwrap();
    }
    log.prune(&log.closed_files().unwrap()[0], Moment::from_seconds(0)).unwrap();
    let mark = log.append(&event(15), true).unwrap().mark;
    let whole = state(folder.path());
    let (intact, written) = (log.verify(Some(mark)), super::tests::events(&log));
    assert!(matches!(intact, Verdict::Intact { .. }), "{intact}");
    let (mut runs, mut called_intact) = (0, 0);
    while Instant::now() < until {
        let seed = first.wrapping_add(runs).max(1);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut random = Random(seed);
            random.number();
            if random.below(4) == 0 {
                sealed_nonsense(&mut random, folder.path());
                return false;
            }
            restore(folder.path(), &attack(&mut random, &whole, &log));
            let read: Option<Vec<Event>> =
                log.read().ok().and_then(|entries| entries.map(|entry| entry.ok().map(|(_, event)| event)).collect());
            let verdict = use_all(&log, mark);
            let is_intact = matches!(verdict, Verdict::Intact { .. });
            assert!(!is_intact || (verdict == intact && read.as_ref() == Some(&written)), "{verdict}");
            is_intact
        }));
        runs += 1;
        called_intact += u64::from(ran.unwrap_or_else(|_| panic!("seed {seed}")));
    }
    (runs, called_intact)
}

#[test]
fn no_files_make_the_reader_panic_or_take_much_memory_or_call_intact_what_was_not_written() {
    let seconds = std::env::var("KEYCTL_TEST_FUZZ_SECONDS").unwrap_or_else(|_| "2".into());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "history::fuzz_tests::worker", "--ignored", "--nocapture"])
        .env("KEYCTL_TEST_FUZZ", seconds)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{out}");
    assert!(output.status.success() && out.contains(" runs, "), "{out}{err}");
}
