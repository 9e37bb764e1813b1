//! One program that does one call: with a time, a bound on what it prints, and nothing of it left when it is not wanted any more.

use std::{
    collections::VecDeque,
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use crate::platform;

/// How much of each stream is kept: the beginning, and more of the end, where most programs say what came of it.
const BEGINNING: usize = 16 * 1024;
const END: usize = 48 * 1024;
/// How often it is looked after, at first and later.
const FIRST_TICK: Duration = Duration::from_millis(2);
const TICK: Duration = Duration::from_millis(25);
/// How long it may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How long the rest of what it printed is waited for: something that it started may hold the pipe open for ever.
const REST: Duration = Duration::from_millis(500);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code; none where a signal ended it.
    Itself(Option<i32>),
    /// Its time was over.
    TimedOut,
    /// It was not wanted any more.
    Stopped,
}

/// What came of it.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub end: End,
    /// What it printed.
    pub stdout: Printed,
    /// What it said on standard error.
    pub stderr: Printed,
}

/// What was printed, the middle cut out where it was too much.
#[derive(Debug, Default)]
pub struct Printed {
    beginning: Vec<u8>,
    end: VecDeque<u8>,
    left_out: u64,
}

/// What a program's keeper does while it runs: `ticks` hears how long that is, and `is_unwanted` ends it.
pub struct Keeper<'k> {
    /// Whether nobody waits for it any more.
    pub is_unwanted: &'k dyn Fn() -> bool,
    /// Hears how long it runs, again and again.
    pub ticks: &'k mut dyn FnMut(Duration),
}

/// Runs a program with nothing on its standard input, in a process group of its own.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn run(command: &mut Command, patience: Duration, keeper: &mut Keeper) -> io::Result<Output> {
    // On Windows this also keeps it from a console on which somebody could be asked.
    platform::detach(command);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = listen(child.stdout.take());
    let stderr = listen(child.stderr.take());
    let end = wait(&mut child, patience, keeper).inspect_err(|_| {
        platform::kill_group(&mut child);
    })?;
    Ok(Output { end, stdout: stdout.rest(), stderr: stderr.rest() })
}

fn wait(child: &mut Child, patience: Duration, keeper: &mut Keeper) -> io::Result<End> {
    let (begun, mut tick) = (Instant::now(), FIRST_TICK);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Itself(status.code()));
        }
        let end = match begun.elapsed() {
            _ if (keeper.is_unwanted)() => End::Stopped,
            elapsed if elapsed >= patience => End::TimedOut,
            elapsed => {
                (keeper.ticks)(elapsed);
                thread::sleep(tick);
                tick = (tick * 2).min(TICK);
                continue;
            }
        };
        finish(child)?;
        return Ok(end);
    }
}

/// Ends a program and all of its group: first it is asked to.
fn finish(child: &mut Child) -> io::Result<()> {
    platform::ask_group_to_end(child);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && child.try_wait()?.is_none() {
        thread::sleep(TICK);
    }
    // What it has started may still be there, also where it is not.
    platform::kill_group(child);
    child.wait().map(drop)
}

/// A stream that is read while its program runs.
struct Heard {
    printed: Arc<Mutex<Printed>>,
    closed: Receiver<()>,
}

fn listen(stream: Option<impl Read + Send + 'static>) -> Heard {
    let printed = Arc::new(Mutex::new(Printed::default()));
    let (done, closed) = channel();
    let shared = Arc::clone(&printed);
    if let Some(mut stream) = stream {
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                shared.lock().unwrap_or_else(PoisonError::into_inner).add(&buffer[..read]);
            }
            let _ = done.send(());
        });
    }
    Heard { printed, closed }
}

impl Heard {
    fn rest(self) -> Printed {
        let _ = self.closed.recv_timeout(REST);
        std::mem::take(&mut self.printed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Printed {
    fn add(&mut self, mut bytes: &[u8]) {
        let room = BEGINNING - self.beginning.len();
        if room > 0 {
            let (first, rest) = bytes.split_at(room.min(bytes.len()));
            self.beginning.extend_from_slice(first);
            bytes = rest;
        }
        self.end.extend(bytes);
        let surplus = self.end.len().saturating_sub(END);
        self.end.drain(..surplus);
        self.left_out += surplus as u64;
    }

    /// How many bytes are cut out.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// It as a text; what is none has `U+FFFD` in its place.
    #[must_use]
    pub fn text(mut self) -> String {
        if self.left_out == 0 {
            self.beginning.extend(self.end);
            return String::from_utf8_lossy(&self.beginning).into_owned();
        }
        let end: Vec<u8> = self.end.into();
        let (beginning, end) = (String::from_utf8_lossy(&self.beginning), String::from_utf8_lossy(&end));
        format!("{beginning}\n[{} bytes left out here]\n{end}", self.left_out)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn sh(script: &str, patience: Duration, is_unwanted: &dyn Fn() -> bool) -> Output {
        let mut command = Command::new("/bin/sh");
        let mut keeper = Keeper { is_unwanted, ticks: &mut |_| {} };
        run(command.args(["-c", script]), patience, &mut keeper).expect("sh")
    }

    #[test]
    fn both_streams_and_the_exit_code_come_back() {
        let output = sh("echo out; echo err >&2; cat; exit 7", Duration::from_secs(20), &|| false);
        assert_eq!(
            (output.end, output.stdout.text(), output.stderr.text()),
            (End::Itself(Some(7)), "out\n".into(), "err\n".into())
        );
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let begun = Instant::now();
        let output = sh("echo begun; sleep 60 & sleep 60", Duration::from_secs(1), &|| false);
        assert_eq!((output.end, output.stdout.text()), (End::TimedOut, "begun\n".into()));
        let asked = AtomicUsize::new(0);
        let output = sh("sleep 60", Duration::from_mins(1), &|| asked.fetch_add(1, Ordering::SeqCst) > 3);
        assert_eq!(output.end, End::Stopped);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn of_too_much_the_beginning_and_the_end_are_kept() {
        let mut printed = Printed::default();
        for number in 0..20_000 {
            printed.add(format!("{number}\n").as_bytes());
        }
        let left_out = printed.left_out();
        let text = printed.text();
        assert!(text.starts_with("0\n1\n") && text.ends_with("19998\n19999\n"));
        let mark = format!("\n[{left_out} bytes left out here]\n");
        assert!(text.contains(&mark) && text.len() == BEGINNING + END + mark.len());
    }
}
