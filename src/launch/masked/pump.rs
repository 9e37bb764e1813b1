//! From the command to where its output goes, through the masker: a thread for each stream.
//!
//! What something that the command left behind prints after the command's end is passed on for a moment. Then nobody reads
//! it any more, as nobody would wait for it without keyctl either.

use std::{
    io::{self, IsTerminal},
    os::fd::OwnedFd,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Kind, reason},
    launch::program::Program,
    mask::{Held, Masker, Sink, Stream},
    platform::pumping::{self, Ready},
};

/// How much is read at once.
const AT_ONCE: usize = 256 * 1024;
/// How long after the last byte the beginning of a secret is shown, where it is a little one. On a terminal somebody may be
/// typing, and sees each letter come back.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_WHILE_TYPING: Duration = Duration::from_millis(15);
/// After the command has ended: how long something else that prints there is waited for, and for how long it is read at all.
const QUIET: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The streams of one command.
pub struct Pumps {
    masker: Arc<Masker>,
    /// Its closing says that the command has ended; the other end is what the threads look at.
    running: Option<OwnedFd>,
    over: Arc<OwnedFd>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Pumps {
    /// None yet.
    ///
    /// # Errors
    /// As `pipe(2)` has them.
    pub fn new(masker: &Arc<Masker>) -> io::Result<Self> {
        let (over, running) = io::pipe()?;
        let (over, running) = (Arc::new(OwnedFd::from(over)), Some(OwnedFd::from(running)));
        Ok(Self { masker: Arc::clone(masker), running, over, threads: Vec::new() })
    }

    /// One more.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(&mut self, from: OwnedFd, to: OwnedFd) -> io::Result<()> {
        let (stream, over) = (self.masker.stream(), Arc::clone(&self.over));
        let patience = if to.is_terminal() { PAUSE_WHILE_TYPING } else { PAUSE };
        let pump = Pump { from, output: Output { to, wrong: None }, stream, patience };
        self.threads.push(thread::Builder::new().spawn(move || pump.run(&over))?);
        Ok(())
    }

    /// The command has ended: brings out what it printed. Whoever reads no more is no failure.
    ///
    /// # Errors
    /// Why something could not be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.running = None;
        let mut result = Ok(());
        for thread in self.threads.drain(..) {
            let done = thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
            if result.is_ok() && done.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
                result = done;
            }
        }
        result
    }
}

/// What is said where a stream cannot be had or written.
pub fn failed(program: &Program, error: &io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("cannot pass on what `{}` prints: {}", program.name(), reason(error)))
}

struct Output {
    to: OwnedFd,
    wrong: Option<io::Error>,
}

impl Sink for Output {
    fn put(&mut self, parts: &[&[u8]]) {
        if self.wrong.is_none() {
            self.wrong = pumping::write_parts(&self.to, parts).err();
        }
    }
}

struct Pump {
    from: OwnedFd,
    output: Output,
    stream: Stream,
    patience: Duration,
}

impl Pump {
    /// Until there is no more. Whoever prints into it hears from the system that nobody reads when this ends before.
    fn run(mut self, over: &OwnedFd) -> io::Result<()> {
        let mut ending: Option<(Instant, usize)> = None;
        while self.output.wrong.is_none() {
            let little = self.stream.holds() == Held::Little;
            let quiet = ending.map(|_| QUIET);
            let patience =
                if little { Some(quiet.map_or(self.patience, |quiet| quiet.min(self.patience))) } else { quiet };
            let running = ending.is_none().then_some(over);
            match pumping::wait(&self.from, running, patience)? {
                // What waits now was written before the end, and is brought out however long it takes.
                Ready::Over => ending = Some((Instant::now(), pumping::waiting_bytes(&self.from))),
                Ready::Nothing if ending.is_some() => break,
                Ready::Nothing => self.stream.pause(&mut self.output),
                Ready::Something => {
                    let Some(read) = pumping::read_some(&self.from, self.stream.room(AT_ONCE))? else { break };
                    self.stream.take(read, &mut self.output);
                    if let Some((since, owed)) = &mut ending {
                        *owed = owed.saturating_sub(read);
                        if *owed == 0 && since.elapsed() > LONGEST_REST {
                            break;
                        }
                    }
                }
            }
        }
        self.stream.finish(&mut self.output);
        self.output.wrong.map_or(Ok(()), Err)
    }
}
