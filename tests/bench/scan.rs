//! What a scan costs and finds: gigabytes a second in memory, a tree of files beside merely reading it, and how many of 200
//! planted keys are found in each form. `tests/bench/scan.sh` builds and runs it.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use keyctl::{
    scan::{
        engine::Engine,
        finding::What,
        needles::{Kept, Needles, Which},
        tree,
    },
    secret::Secret,
};

/// How many bytes are looked at in memory.
const BYTES: usize = 64 * 1024 * 1024;
const ROUNDS: usize = 7;
/// Where the numbers of the twenty keys begin.
const TWENTY: u64 = 88_172_645_463_325_252;

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
const URLSAFE: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// Twenty kinds of keys: constant texts, and runs of letters from an alphabet.
const KINDS: &[&[(&str, usize)]] = &[
    &[("sk-proj-", 0), (URLSAFE, 74), ("T3Blbk", 0), ("FJ", 0), (URLSAFE, 74)],
    &[("sk-ant-api03-", 0), (URLSAFE, 93), ("AA", 0)],
    &[("ghp_", 0), (BASE62, 36)],
    &[("AKIA", 0), (BASE32, 16)],
    &[(BASE64, 40)],
    &[("xoxb-", 0), (DIGITS, 12), ("-", 0), (DIGITS, 12), ("-", 0), (BASE62, 24)],
    &[("sk_live_", 0), (BASE62, 24)],
    &[("AIza", 0), (URLSAFE, 35)],
    &[("hf_", 0), (LETTERS, 34)],
    &[("glpat-", 0), (URLSAFE, 20)],
    &[("SG.", 0), (URLSAFE, 22), (".", 0), (URLSAFE, 43)],
    &[("hvs.", 0), (URLSAFE, 95)],
    &[("npm_", 0), (BASE62, 36)],
    &[(HEX, 32)],
    &[(HEX, 64)],
    &[(HEX, 8), ("-", 0), (HEX, 4), ("-", 0), (HEX, 4), ("-", 0), (HEX, 4), ("-", 0), (HEX, 12)],
    &[(BASE64, 43), ("=", 0)],
    &[("postgres://app:", 0), (BASE62, 24), ("@db.example.com:5432/app?sslmode=require", 0)],
    &[("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ", 0), (URLSAFE, 60), (".", 0), (URLSAFE, 43)],
    &[(BASE62, 24)],
];

/// Numbers by lot, the same in each run (xorshift).
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("small") % end
    }

    fn letters(&mut self, alphabet: &str, count: usize) -> String {
        (0..count).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }

    fn key(&mut self, kind: usize) -> String {
        let part = |(text, count): &(&str, usize)| match count {
            0 => (*text).to_owned(),
            count => self.letters(text, *count),
        };
        KINDS[kind % KINDS.len()].iter().map(part).collect()
    }

    fn keys(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|kind| self.key(kind)).collect()
    }
}

/// What looks for these, and after how long it was ready: by the clock, as several threads work on it.
fn engine(keys: &[String], shapes: bool) -> (Engine, Duration) {
    let secrets: Vec<(String, Secret)> =
        keys.iter().enumerate().map(|(at, key)| (at.to_string(), Secret::new(key.clone().into_bytes()))).collect();
    let started = Instant::now();
    let kept = secrets.iter().map(|(name, secret)| Kept { name: name.into(), which: Which::Current, secret });
    let made = Engine::new(Needles::of(kept), shapes);
    (made, started.elapsed())
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    match named[..] {
        // For `scan.sh`: the keys that all programs get, and a process that walks and reads and looks for nothing.
        ["keys"] => Lot(TWENTY).keys(20).iter().enumerate().for_each(|(at, key)| println!("KEY_{at}='{key}'")),
        ["forms"] => forms(),
        ["walk", folder] => {
            let (_, seen) = tree::look(&engine(&[], false).0, &[folder.into()], true);
            assert!(seen.files > 0, "nothing was read");
        }
        ["build"] => (0..20).for_each(|_| println!("{:?}", engine(&Lot(1).keys(10_000), false).1)),
        ["build", count] => {
            let count = count.parse().expect("a number");
            (0..20).for_each(|_| println!("{:?}", engine(&Lot(1).keys(count), false).1));
        }
        ["memory", folder] => memory(Path::new(folder)),
        ["tree", folder] => trees(Path::new(folder)),
        _ => accuracy(),
    }
}

/// Each key in the forms of which each is whole: what another program has to look for to find as much.
fn forms() {
    let mut lot = Lot(1);
    for key in Lot(TWENTY).keys(20) {
        println!("{key}\n{}\n{}", keyctl::hex::encode(key.as_bytes()), key.replace('/', "\\/"));
        for before in ["", "a", "ab"] {
            let standard = STANDARD.encode(format!("{before}{key}"));
            // What the neighbours have a part in is left out.
            let (first, end) = ((8 * before.len()).div_ceil(6), 8 * (before.len() + key.len()) / 6);
            println!("{}", &standard[first..end]);
        }
        println!("{}", String::from_utf8_lossy(&written(&key, &mut lot)[6].1).split(['=', '&']).nth(1).expect("there"));
    }
}

/// Some bytes of the files in a folder.
fn bytes_of(folder: &Path, bytes: &mut Vec<u8>) {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        if bytes.len() >= BYTES {
            break;
        } else if path.is_dir() {
            bytes_of(&path, bytes);
        } else {
            bytes.extend(fs::read(&path).unwrap_or_default());
        }
    }
}

fn memory(folder: &Path) {
    let mut bytes = Vec::new();
    bytes_of(folder, &mut bytes);
    println!("| keys | ready after | alone | with shapes |\n|--:|--:|--:|--:|");
    for count in [0, 20, 200, 1000, 10_000] {
        let keys = Lot(0x2545_F491_4F6C_DD1D).keys(count);
        let built = (0..ROUNDS).map(|_| engine(&keys, false).1).min().expect("some");
        let rates = [false, true].map(|shapes| {
            let engine = engine(&keys, shapes).0;
            let best = (0..5).map(|_| timed(|| engine.look(&bytes, &mut |_| {}))).min().expect("some");
            format!("{:.2} GB/s", rate(bytes.len(), best))
        });
        println!("| {count} | {built:.1?} | {} | {} |", rates[0], rates[1]);
    }
}

fn rate(bytes: usize, time: Duration) -> f64 {
    let bytes = u32::try_from(bytes).map_or(f64::MAX, f64::from);
    bytes / time.as_secs_f64() / 1e9
}

fn trees(folder: &Path) {
    let keys = Lot(TWENTY).keys(20);
    let engines = [engine(&[], false).0, engine(&keys, false).0, engine(&keys, true).0];
    let paths = [folder.to_owned()];
    let mut times = [const { Vec::new() }; 3];
    let mut seen = Vec::new();
    // One after the other in each round, so that what else the machine does meets all alike.
    for round in 0..=ROUNDS {
        for (engine, times) in engines.iter().zip(&mut times) {
            let (started, had) = (Instant::now(), time_of_all());
            let looked = tree::look(engine, &paths, true);
            if round > 0 {
                times.push((started.elapsed(), time_of_all().saturating_sub(had)));
            }
            seen.push(looked);
        }
    }
    let (found, read) = (&seen[1], &seen[0].1);
    println!(
        "\n{} files, {} MB, {} threads",
        read.files,
        read.bytes / 1_000_000,
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    println!("\n| | best | median | of a core, median |\n|:--|--:|--:|--:|");
    for (what, mut times) in ["walk and read", "and look for 20 keys", "and for shapes"].into_iter().zip(times) {
        times.sort_unstable();
        let mut cores: Vec<Duration> = times.iter().map(|(_, core)| *core).collect();
        cores.sort_unstable();
        let middle = times.len() / 2;
        println!("| {what} | {:.0?} | {:.0?} | {:.0?} |", times[0].0, times[middle].0, cores[middle]);
    }
    println!("\nkeys found: {}; texts that look like keys: {}", found.0.len(), seen[2].0.len());
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for finding in &seen[2].0 {
        if let What::Shape { id, .. } = finding.what {
            *kinds.entry(id).or_default() += 1;
        }
    }
    println!("{kinds:?}");
}

/// A key as eleven programs and people write it: whole in the first eight.
fn written(key: &str, lot: &mut Lot) -> Vec<(&'static str, Vec<u8>)> {
    let length = lot.below(8);
    let user = lot.letters(LETTERS, length);
    let percent: Vec<String> = key
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let half = key.len() / 2;
    let lines: Vec<&str> = (0..key.len()).step_by(20).map(|at| &key[at..key.len().min(at + 20)]).collect();
    vec![
        ("raw", key.into()),
        ("variable", format!("export KEY=\"{key}\"").into()),
        ("JSON with `\\/`", format!("{{\"key\":\"{}\"}}", key.replace('/', "\\/")).into()),
        ("HTTP Basic", format!("Basic {}", STANDARD.encode(format!("{user}:{key}"))).into()),
        ("base64 for URLs", URL_SAFE.encode(format!("{{\"{user}\":\"{key}\"}}")).into()),
        ("hex", keyctl::hex::encode(key.as_bytes()).into()),
        ("URL", format!("https://api.example.com/?key={}&x=1", percent.concat()).into()),
        ("UTF-16", key.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("cut in two and joined", format!("\"{}\" +\n  \"{}\"", &key[..half], &key[half..]).into()),
        ("lines of 20", lines.join("\n").into()),
        ("last four missing", key[..key.len() - 4].into()),
    ]
}

fn accuracy() {
    let mut lot = Lot(0x9E37_79B9_7F4A_7C15);
    let keys = lot.keys(200);
    let engine = engine(&keys, false).0;
    let mut counts: Vec<(&str, usize, usize)> = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        for (form, bytes) in written(key, &mut lot) {
            let (mut whole, mut part) = (false, false);
            let bytes = [&b"-- "[..], &bytes, b" --\n"].concat();
            engine.look(&bytes, &mut |hit| {
                if let What::Key { name, partial, .. } = hit.what {
                    assert_eq!(*name, number.to_string(), "another one's");
                    *(if partial.is_some() { &mut part } else { &mut whole }) = true;
                }
            });
            let at = counts.iter().position(|(known, ..)| *known == form).unwrap_or_else(|| {
                counts.push((form, 0, 0));
                counts.len() - 1
            });
            counts[at].1 += usize::from(whole);
            counts[at].2 += usize::from(part && !whole);
        }
    }
    println!("\n| form | found whole | found in part |\n|:--|--:|--:|");
    for (form, whole, part) in counts {
        println!("| {form} | {whole} | {part} |");
    }
}

/// What a piece of work takes of a core, so that what else the machine does is not counted.
fn timed(work: impl FnOnce()) -> Duration {
    let (started, had) = (Instant::now(), time_on_a_core());
    work();
    let took = time_on_a_core().zip(had).and_then(|(now, then)| now.checked_sub(then));
    took.unwrap_or_else(|| started.elapsed())
}

/// How long this thread has run, where the system says so (`/proc/thread-self/schedstat`, in nanoseconds).
fn time_on_a_core() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// How long all threads of this process have run, in hundredths of a second (proc(5), fields 14 and 15).
fn time_of_all() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}
