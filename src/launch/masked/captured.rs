//! A command whose masked output is wanted as a whole, for another program to read: without a terminal and without input, up to
//! a deadline and a size.

use std::{
    io::Read,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    launch::{environment::Environment, program::Program},
    mask::{Masker, Stream},
    platform::{self, Ended},
};

/// How often a running command is looked after.
const TICK: Duration = Duration::from_millis(10);
/// After the command has ended, how long something that it left behind is waited for.
const QUIET: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 64 * 1024;
/// How many pieces may wait to be masked; then the command waits.
const MOST_WAITING: usize = 16;

/// How long a command may take, and how much of what it prints is kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From its start on; then it is killed, with all of its process group.
    pub deadline: Duration,
    /// Bytes of each of the two streams, as they are after masking.
    pub most: usize,
}

/// What a command printed and how it ended.
pub struct Captured {
    /// How it ended; none where it was killed, at its deadline or because it was to stop.
    pub ended: Option<Ended>,
    /// Its standard output, masked.
    pub output: Vec<u8>,
    /// Its standard error, masked.
    pub errors: Vec<u8>,
    /// How many bytes of either there were beyond the limit; they are not kept.
    pub cut: usize,
}

/// A piece of one of the two streams.
struct Piece {
    is_error: bool,
    bytes: Zeroizing<Vec<u8>>,
}

/// Runs a program to its end or its deadline, and gives what it printed, masked. `stop` ends it before that when it is true.
///
/// # Errors
/// `NotExecutable` when the system does not start it; `Disk` where it cannot be waited for.
pub fn run_captured(
    program: &Program,
    environment: &Environment<'_>,
    masker: &Arc<Masker>,
    limits: Limits,
    stop: &AtomicBool,
) -> Result<Captured> {
    let mut child = program.start(environment, |command| {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        platform::lead_group(command);
        Ok(())
    })?;
    let until = Instant::now() + limits.deadline;
    let wrong = |error: &std::io::Error| {
        Failure::new(Kind::Disk, format!("cannot wait for `{}`: {}", program.name(), reason(error)))
    };
    let pieces = match listen(&mut child) {
        Ok(pieces) => pieces,
        Err(error) => {
            end(&mut child);
            return Err(wrong(&error));
        }
    };
    let (mut output, mut errors) = (Kept::of(masker, limits.most), Kept::of(masker, limits.most));
    let (mut ended, mut quiet_since, mut is_open) = (None, Instant::now(), true);
    loop {
        match pieces.recv_timeout(TICK) {
            Ok(Piece { is_error, bytes }) => {
                if is_error { &mut errors } else { &mut output }.take(&bytes);
                quiet_since = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                is_open = false;
                thread::sleep(TICK);
            }
        }
        if ended.is_none() {
            ended = child.try_wait().map_err(|error| wrong(&error))?;
            quiet_since = Instant::now();
        }
        let is_late = Instant::now() >= until || stop.load(Ordering::SeqCst);
        if ended.is_some() && (!is_open || is_late || quiet_since.elapsed() >= QUIET) {
            break;
        }
        if ended.is_none() && is_late {
            end(&mut child);
            break;
        }
    }
    let ended = ended.map(|status| {
        platform::signal_of(status).map_or_else(|| Ended::Code(status.code().unwrap_or(1)), Ended::Signal)
    });
    let ((output, one), (errors, other)) = (output.finish(), errors.finish());
    Ok(Captured { ended, output, errors, cut: one + other })
}

fn end(child: &mut Child) {
    platform::kill_group(child);
    let _ = child.wait();
}

/// A thread for each stream; each ends with it.
fn listen(child: &mut Child) -> std::io::Result<Receiver<Piece>> {
    let (pieces, received) = sync_channel(MOST_WAITING);
    if let Some(output) = child.stdout.take() {
        hear(output, false, pieces.clone())?;
    }
    if let Some(errors) = child.stderr.take() {
        hear(errors, true, pieces)?;
    }
    Ok(received)
}

fn hear(mut from: impl Read + Send + 'static, is_error: bool, pieces: SyncSender<Piece>) -> std::io::Result<()> {
    let until_its_end = move || {
        loop {
            let mut bytes = Zeroizing::new(vec![0; AT_ONCE]);
            let read = match from.read(&mut bytes) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Ok(read) if read > 0 => read,
                _ => return,
            };
            bytes.truncate(read);
            if pieces.send(Piece { is_error, bytes }).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(until_its_end).map(drop)
}

/// What is kept of one stream.
struct Kept {
    stream: Stream,
    bytes: Vec<u8>,
    most: usize,
    cut: usize,
}

impl Kept {
    fn of(masker: &Arc<Masker>, most: usize) -> Self {
        Self { stream: masker.stream(), bytes: Vec::new(), most, cut: 0 }
    }

    fn take(&mut self, piece: &[u8]) {
        self.stream.push(piece, &mut self.bytes);
        self.cut();
    }

    fn cut(&mut self) {
        self.cut += self.bytes.len().saturating_sub(self.most);
        self.bytes.truncate(self.most);
    }

    fn finish(mut self) -> (Vec<u8>, usize) {
        self.stream.finish(&mut self.bytes);
        self.cut();
        (self.bytes, self.cut)
    }
}
