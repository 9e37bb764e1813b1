//! What a history costs as it grows: adding an entry, proving all of them, reading all of them, and the memory for it.
//! `tests/bench/history.sh` builds and runs it; `history.sh 1000 50000` takes other sizes.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use keyctl::{
    date::Moment,
    history::{Action, Event, Log, Verdict},
};

/// How many entries, where nothing else is said.
const SIZES: &[u64] = &[1_000, 100_000, 1_000_000];

fn main() {
    let given: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    println!(
        "| entries | files | bytes each | add, first tenth | add, last tenth | the slowest | verify | read | peak memory |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for &size in if given.is_empty() { SIZES } else { &given } {
        measure(size);
    }
}

/// An event as `run` records it.
fn event(number: u64) -> Event {
    let moment = Moment::from_seconds(1_780_000_000 + i64::try_from(number).expect("small"));
    let name = format!("SERVICE_{}_TOKEN", number % 40).parse().expect("a name");
    Event::new(Action::Run, moment)
        .names([&name])
        .program("/usr/bin/node".as_ref())
        .folder(Path::new("/home/user/src/project"))
        .terminal(true)
        .process(4_000_000)
}

fn measure(size: u64) {
    let folder = tempfile::tempdir().expect("folder");
    let log = Log::new(folder.path(), [7; 16], b"AGE-SECRET-KEY-1EXAMPLE");
    let mut times = Vec::new();
    for number in 0..size {
        let event = event(number);
        let started = Instant::now();
        log.append(&event, false).expect("added");
        times.push(started.elapsed());
    }
    let tenth = times.len() / 10;
    let (first, last) = (median(&times[..tenth]), median(&times[times.len() - tenth..]));
    let slowest = times.iter().max().expect("some");
    let files: Vec<u64> = fs::read_dir(folder.path())
        .expect("list")
        .map(|entry| entry.expect("entry"))
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "log"))
        .map(|entry| entry.metadata().expect("facts").len())
        .collect();
    let (entries, verified) = timed(|| match log.verify(None) {
        Verdict::Intact { entries, .. } => entries,
        other => panic!("{other}"),
    });
    let ((), read) = timed(|| {
        let mut reader = log.read().expect("there");
        assert!(reader.all(|entry| entry.is_ok()));
    });
    println!(
        "| {size} | {} | {} | {} | {} | {} | {} | {} | {} |",
        files.len(),
        files.iter().sum::<u64>() / entries,
        micros(first),
        micros(last),
        micros(*slowest),
        rate(entries, verified),
        rate(entries, read),
        memory()
    );
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The system counts a thread's time now and then; what takes less is timed by the clock.
const COUNTED: Duration = Duration::from_millis(20);

/// What a piece of work takes of a core, so that what else the machine does is not counted.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let (started, had) = (Instant::now(), time_on_a_core());
    let done = work();
    let took = time_on_a_core().zip(had).and_then(|(now, then)| now.checked_sub(then));
    (done, took.filter(|took| *took > COUNTED).unwrap_or_else(|| started.elapsed()))
}

/// How long this thread has run, where the system says so (`/proc/thread-self/schedstat`, in nanoseconds).
fn time_on_a_core() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}

fn rate(entries: u64, time: Duration) -> String {
    let each = time.as_nanos() / u128::from(entries);
    format!("{}/s", 1_000_000_000_u128.checked_div(each).unwrap_or_default())
}

/// The most this process ever had; the times that were taken are 16 bytes of it for each entry.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map_or_else(|| "-".into(), |peak| peak.trim().to_owned())
}
