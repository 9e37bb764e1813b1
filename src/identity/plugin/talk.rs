//! One conversation with a plugin's program: its file that was judged is started, answered within a time, and ended with it.
//!
//! It leads a process group of its own, so that it can be ended with all that it started, and cannot read from the terminal.
//! So a Ctrl-C or a terminal that is closed reaches this process alone: what would end it is held back until the plugin is ended
//! first. A SIGKILL leaves nobody to do that. Then its input is at its end, which a plugin sees that reads; one that waits for a
//! touch goes on until it gives up by itself. (Linux could end it then, but has to be told so between fork and exec, which takes
//! `unsafe`.)
//! What it prints is read by a thread, because something it started may hold the pipe open for ever, and no more of it is taken
//! than an answer can have. Of what it says on standard error the last line is kept, for the failure.

use std::{
    io::{self, BufRead, BufReader, Read as _, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use age_core::format::Stanza;
use zeroize::Zeroizing;

use super::wire::{self, Read};
use crate::{
    failure::{Failure, Kind, Result, reason},
    platform::{self, HeldSignals, ProgramFile},
    subprocess::no_thread,
};

/// The most bytes of one stanza, and of what waits to be read.
const LARGEST: usize = 64 * 1024;
/// The most stanzas that a plugin may send.
const MOST: usize = 256;
/// The most bytes that are kept of a line of standard error.
const LONGEST_LINE: u64 = 512;
/// How long a program that has said all may take to end.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether it has.
const TICK: Duration = Duration::from_millis(2);
/// How often it is looked whether somebody wants this process to end.
const TURN: Duration = Duration::from_millis(50);

/// How long a plugin is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For its next answer.
    pub answer: Duration,
    /// For its next answer after it has told a person something: that takes a touch, or a PIN at the device.
    pub touch: Duration,
    /// For all of them, without the time in which a person was asked.
    pub whole: Duration,
}

impl Patience {
    /// What a person has who looks for the key and touches it.
    pub const USUAL: Self =
        Self { answer: Duration::from_secs(10), touch: Duration::from_mins(1), whole: Duration::from_mins(5) };
}

/// A conversation; whoever drops it ends the program.
pub struct Talk {
    child: Child,
    program: String,
    feed: Option<Sender<Zeroizing<Vec<u8>>>>,
    heard: Receiver<Zeroizing<Vec<u8>>>,
    said: Arc<Mutex<String>>,
    said_all: Receiver<()>,
    text: Zeroizing<Vec<u8>>,
    patience: Patience,
    until: Instant,
    at_last: Instant,
    has_told: bool,
    received: usize,
    signals: Option<HeldSignals>,
}

impl Talk {
    /// Starts the file of a program, which is called by this path, for one of the protocol's state machines.
    ///
    /// # Errors
    /// `Keychain` when it cannot be started, `Disk` without a thread.
    pub fn start(path: &Path, file: &ProgramFile, machine: &str, patience: Patience) -> Result<Self> {
        let program = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let failed = |error: io::Error| {
            Failure::new(Kind::Keychain, format!("cannot start the plugin `{}`: {}", path.display(), reason(&error)))
        };
        let mut command = file.command(path.as_os_str()).map_err(failed)?;
        command.arg(format!("--age-plugin={machine}"));
        // With it a plugin may show what it was told, which is the key of a file.
        command.env_remove("AGEDEBUG");
        command.current_dir(path.parent().unwrap_or(path));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        platform::lead_group(&mut command);
        // Where they cannot be held back they do what they always do.
        let signals = platform::hold_signals().ok();
        let mut child = command.spawn().map_err(failed)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (feed, letters) = channel();
        let (hear, heard) = sync_channel(2);
        let (end, said_all) = sync_channel(1);
        let said = Arc::new(Mutex::new(String::new()));
        let now = Instant::now();
        let (until, at_last) = (now + patience.answer, now + patience.whole);
        let kept = Arc::clone(&said);
        let talk = Self {
            child,
            program,
            feed: Some(feed),
            heard,
            said,
            said_all,
            text: Zeroizing::new(Vec::with_capacity(LARGEST)),
            patience,
            until,
            at_last,
            has_told: false,
            received: 0,
            signals,
        };
        if let (Some(input), Some(output), Some(complaints)) = pipes {
            begin(move || write_on(input, &letters))?;
            begin(move || read_on(output, &hear))?;
            begin(move || keep_last_line(complaints, &kept, &end))?;
        }
        Ok(talk)
    }

    /// Sends a stanza. The plugin may not read: its next answer is what is waited for.
    pub fn send(&mut self, tag: &str, arguments: &[&str], body: &[u8]) {
        // Where nobody takes it any more the plugin has ended, which the next answer says.
        drop(self.feed.as_ref().map(|feed| feed.send(wire::written(tag, arguments, body))));
    }

    /// The next stanza from the plugin.
    ///
    /// # Errors
    /// `Keychain` where none comes in time, or something else does.
    pub fn receive(&mut self) -> Result<Stanza> {
        loop {
            match wire::read(&self.text) {
                Read::Stanza(stanza, length) => {
                    self.text.drain(..length);
                    self.received += 1;
                    if self.received > MOST {
                        return Err(self.failure("asks for ever, and was stopped"));
                    }
                    self.until = self.until.max(Instant::now() + self.patience.answer);
                    return Ok(stanza);
                }
                Read::Garbage => return Err(self.garbled()),
                Read::Begun => {}
            }
            if self.signals.as_ref().is_some_and(|signals| signals.came().is_some()) {
                return Err(Failure::new(Kind::Interrupted, "interrupted by a signal"));
            }
            let left = self.until.min(self.at_last).saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left.min(TURN)) {
                Ok(part) if self.text.len() + part.len() > LARGEST => {
                    return Err(self.failure("says more than any plugin has to say, and was stopped"));
                }
                Ok(part) => self.text.extend_from_slice(&part),
                Err(RecvTimeoutError::Timeout) if left > TURN => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.late()),
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    /// The person was told something, which may take a touch.
    pub fn told(&mut self) {
        self.has_told = true;
        self.until = Instant::now() + self.patience.touch;
    }

    /// Asks a person something: that takes as long as it takes.
    pub fn asking<T>(&mut self, ask: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let answer = ask();
        self.at_last += begun.elapsed();
        self.told();
        answer
    }

    /// Ends a conversation in which all was said.
    pub fn finish(mut self) {
        self.feed = None;
        let until = Instant::now() + GRACE;
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(TICK);
        }
    }

    /// A failure of this plugin: "the plugin `x` …".
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(Kind::Keychain, format!("the plugin `{}` {what}", self.program))
    }

    /// The failure of one that does not keep to the protocol.
    pub fn garbled(&self) -> Failure {
        self.failure("says what no plugin says, and was stopped")
    }

    /// Its words for a person, who shall see whose they are.
    pub fn words(&self, words: &str) -> String {
        format!("`{}`: {words}", self.program)
    }

    fn late(&self) -> Failure {
        let seconds = |time: Duration| time.as_secs_f32();
        if Instant::now() >= self.at_last {
            return self.failure(&format!("took longer than {} s, and was stopped", seconds(self.patience.whole)));
        }
        if self.has_told {
            let touch = seconds(self.patience.touch);
            return self.failure(&format!("did not go on within {touch} s of its message, and was stopped"));
        }
        self.failure(&format!("did not answer within {} s, and was stopped", seconds(self.patience.answer)))
    }

    /// The failure of a program that has nothing more to say: how it ended, and its last words.
    fn ended(&mut self) -> Failure {
        let until = Instant::now() + GRACE;
        let status = loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => thread::sleep(TICK),
                Ok(status) => break status,
                Err(_) => break None,
            }
        };
        let how = match status.map(|status| (status.code(), platform::signal_of(status))) {
            Some((Some(code), _)) => format!("ended with exit code {code} before it was done"),
            Some((None, Some(signal))) => format!("was killed by signal {signal} before it was done"),
            Some((None, None)) => "ended before it was done".to_owned(),
            None => "closed its output before it was done, and was stopped".to_owned(),
        };
        // Its last words come by another way than the end of its output.
        let _ = self.said_all.recv_timeout(GRACE / 4);
        let said = self.said.lock().map(|said| said.clone()).unwrap_or_default();
        if said.is_empty() { self.failure(&how) } else { self.failure(&format!("{how}: {said}")) }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            platform::kill_group(&mut self.child);
            let _ = self.child.wait();
        }
        // Whoever wanted this process to end has waited for that alone.
        let _ = self.signals.take().map(HeldSignals::follow);
    }
}

fn begin(work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().spawn(work).map(drop).map_err(|error| no_thread(&error))
}

/// Writes what is sent; that the program reads no more is its own affair.
fn write_on(mut input: ChildStdin, letters: &Receiver<Zeroizing<Vec<u8>>>) {
    while let Ok(text) = letters.recv() {
        if input.write_all(&text).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

/// Reads what the program prints, a little ahead of who listens.
fn read_on(mut output: impl io::Read, hear: &SyncSender<Zeroizing<Vec<u8>>>) {
    let mut room = Zeroizing::new([0; 8 * 1024]);
    loop {
        match output.read(room.as_mut()) {
            Ok(0) => return,
            Ok(count) if hear.send(Zeroizing::new(room[..count].to_vec())).is_err() => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Keeps the last line that has words in it.
fn keep_last_line(complaints: impl io::Read, kept: &Mutex<String>, end: &SyncSender<()>) {
    let mut complaints = BufReader::new(complaints);
    let mut line = Vec::new();
    loop {
        line.clear();
        match complaints.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                if let (false, Ok(mut kept)) = (text.trim().is_empty(), kept.lock()) {
                    text.trim().clone_into(&mut kept);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = end.try_send(());
}
