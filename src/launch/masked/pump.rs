//! From the command to where its output goes, through the masker: a thread for each stream.
//!
//! Where something that the command left behind still has a stream a moment after the command's end, another process takes it
//! over (`rest`): nobody is to wait for it, and nobody to end it.
//!
//! What goes out is what was searched: a copy. Linux could pass a clean stretch on without one (`tee(2)`, `splice(2)`), but then
//! the page may still be a file's or the program's own (`vmsplice(2)`), and become another one after it was searched.

use std::{
    io::{self, IsTerminal},
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use super::rest;
use crate::{
    failure::{Failure, Kind, reason},
    launch::program::Program,
    mask::{Held, Masker, Sink, Stream},
    platform::{
        pty::{self, Pty},
        pumping::{self, Ready},
    },
};

/// How much is read at once: half of what the pipe holds, so that the command writes on meanwhile.
const AT_ONCE: usize = 128 * 1024;
/// How long after the last byte the beginning of a secret is shown, where it is a little one. On a terminal somebody may be
/// typing, and sees each letter come back.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_WHILE_TYPING: Duration = Duration::from_millis(15);
/// After the command has ended: how long something else that prints there is waited for, and for how long it is read at all.
const QUIET: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);
/// And how often it is asked then whether keyctl is to end, which nobody does who still reads.
const TURN: Duration = Duration::from_millis(50);
/// How long somebody who does not read is waited for once keyctl is to end.
const LONGEST_GRACE: Duration = Duration::from_secs(1);

/// What became of a stream: nothing is left of it, or somebody is who still has it.
type Pumped = io::Result<Option<Pump>>;

/// The streams of one command.
pub struct Pumps {
    masker: Arc<Masker>,
    /// Its closing says that the command has ended; the other end is what the threads look at.
    running: Option<OwnedFd>,
    over: Arc<OwnedFd>,
    /// By which each says what became of it, how many have yet to do so, and what they did say.
    say: Sender<Pumped>,
    started: usize,
    said: Receiver<Pumped>,
    sizes: Sizes,
}

/// Terminals of the user's, and the ones that stand for them.
#[derive(Default)]
pub struct Sizes(Vec<(OwnedFd, OwnedFd)>);

impl Sizes {
    /// Gives the ones the size of the others.
    pub fn follow(&self) {
        self.0.iter().for_each(|(from, to)| pty::copy_size(from, to));
    }
}

impl Pumps {
    /// None yet.
    ///
    /// # Errors
    /// As `pipe(2)` has them.
    pub fn new(masker: &Arc<Masker>) -> io::Result<Self> {
        let (over, running) = io::pipe()?;
        let (over, running) = (Arc::new(OwnedFd::from(over)), Some(OwnedFd::from(running)));
        let (say, said) = mpsc::channel();
        Ok(Self { masker: Arc::clone(masker), running, over, say, started: 0, said, sizes: Sizes::default() })
    }

    /// One more.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(&mut self, from: OwnedFd, to: OwnedFd) -> io::Result<()> {
        let (over, say) = (Arc::clone(&self.over), self.say.clone());
        let pump = Pump::new(from, to, self.masker.stream());
        thread::Builder::new().spawn(move || say.send(pump.run(Some(&over))))?;
        self.started += 1;
        Ok(())
    }

    /// One more, to a stream that this process has: what the command gets for it. That is a pipe, and where the stream is a
    /// terminal the inner end of one.
    ///
    /// # Errors
    /// Where the system gives none of them.
    pub fn start_to(&mut self, to: &(impl AsFd + IsTerminal)) -> io::Result<OwnedFd> {
        let own = to.as_fd().try_clone_to_owned()?;
        if !to.is_terminal() {
            let (reader, writer) = pumping::wide_pipe()?;
            self.start(reader, own)?;
            return Ok(writer);
        }
        let pty = Pty::like(to)?;
        pty.take_lines()?;
        pty.leave_output_alone()?;
        let Pty { outer, inner } = pty;
        self.sizes.0.push((own.try_clone()?, outer.try_clone()?));
        self.start(outer, own)?;
        Ok(inner)
    }

    /// The terminals among these.
    pub fn take_sizes(&mut self) -> Sizes {
        std::mem::take(&mut self.sizes)
    }

    /// The command has ended: brings out what it printed, and hands over what somebody else still has. Whoever reads no more is
    /// no failure. Once keyctl itself is to end, whoever does not read is not waited for.
    ///
    /// # Errors
    /// Why something could not be written, or handed over.
    pub fn finish(mut self, mut is_to_end: impl FnMut() -> bool) -> io::Result<()> {
        self.running = None;
        let (mut result, mut until) = (Ok(()), None);
        while self.started > 0 {
            match self.said.recv_timeout(TURN) {
                Ok(pumped) => {
                    self.started -= 1;
                    let done = pumped.and_then(|left| left.map_or(Ok(()), rest::hand_over));
                    if result.is_ok() && done.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
                        result = done;
                    }
                }
                // A thread that sits in a write ends with this process.
                Err(_) if until.is_some_and(|until| Instant::now() >= until) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if until.is_none() && is_to_end() {
                        until = Some(Instant::now() + LONGEST_GRACE);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::Other.into()),
            }
        }
        result
    }
}

/// What is said where a stream cannot be had or written.
pub fn failed(program: &Program, error: &io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("cannot pass on what `{}` prints: {}", program.name(), reason(error)))
}

/// Where masked text is written.
pub struct Output {
    /// There.
    pub to: OwnedFd,
    wrong: Option<io::Error>,
}

impl Sink for Output {
    fn put(&mut self, parts: &[&[u8]]) {
        if self.wrong.is_none() {
            self.wrong = pumping::write_parts(&self.to, parts).err();
        }
    }
}

/// One stream on its way.
pub struct Pump {
    /// Where it is read.
    pub from: OwnedFd,
    /// Where it goes.
    pub output: Output,
    /// What is on the way.
    pub stream: Stream,
    patience: Duration,
}

impl Pump {
    /// Between these.
    pub fn new(from: OwnedFd, to: OwnedFd, stream: Stream) -> Self {
        let patience = if to.is_terminal() { PAUSE_WHILE_TYPING } else { PAUSE };
        Self { from, output: Output { to, wrong: None }, stream, patience }
    }

    /// Until there is no more, or the command is over and somebody else still has the stream: then this is what is left.
    ///
    /// # Errors
    /// Why something could not be written.
    pub fn run(mut self, over: Option<&OwnedFd>) -> Pumped {
        let mut ending: Option<(Instant, usize)> = None;
        while self.output.wrong.is_none() {
            let little = self.stream.holds() == Held::Little;
            let quiet = ending.map(|_| QUIET);
            let patience =
                if little { Some(quiet.map_or(self.patience, |quiet| quiet.min(self.patience))) } else { quiet };
            let running = over.filter(|_| ending.is_none());
            match pumping::wait(&self.from, running, patience)? {
                // What waits now was written before the end, and is brought out however long it takes.
                Ready::Over => ending = Some((Instant::now(), pumping::waiting_bytes(&self.from))),
                Ready::Nothing if ending.is_some() => return Ok(Some(self)),
                Ready::Nothing => self.stream.pause(&mut self.output),
                Ready::Something => {
                    let Some(read) = pumping::read_some(&self.from, self.stream.room(AT_ONCE))? else { break };
                    self.stream.take(read, &mut self.output);
                    if let Some((since, owed)) = &mut ending {
                        *owed = owed.saturating_sub(read);
                        if *owed == 0 && since.elapsed() > LONGEST_REST && self.output.wrong.is_none() {
                            return Ok(Some(self));
                        }
                    }
                }
            }
        }
        self.stream.finish(&mut self.output);
        self.output.wrong.map_or(Ok(None), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::{Read, Write},
    };

    use proptest::{prelude::*, sample::Index};

    use super::*;
    use crate::secret::Secret;

    const KEY: &str = "sk-live-3Hq9/ZbT7+mWx2Lc";
    const LINES: &str = "two\nlines-of-it-here";

    /// What comes out between two pipes of a text that is written in pieces with these ends.
    fn pumped(masker: &Arc<Masker>, text: &[u8], ends: &[usize]) -> Vec<u8> {
        let (from, writer) = pumping::wide_pipe().expect("pipe");
        let (mut reader, to) = io::pipe().expect("pipe");
        let mut pump = Pump::new(from, to.into(), masker.stream());
        // A machine that stands still for a moment is no pause.
        pump.patience = Duration::from_mins(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut writer = File::from(writer);
                let pieces = ends.windows(2).map(|ends| &text[ends[0]..ends[1]]);
                pieces.for_each(|piece| writer.write_all(piece).expect("write"));
            });
            scope.spawn(move || assert!(pump.run(None).expect("pump").is_none()));
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("read");
            all
        })
    }

    /// Secrets, beginnings of them and text between, some of which ends where a read or the pipe does.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let between = prop_oneof![
            4 => 0..60_usize,
            1 => AT_ONCE - 40..AT_ONCE + 40,
            1 => 2 * AT_ONCE - 40..2 * AT_ONCE + 40,
        ];
        let part = (between, prop::sample::select(vec![KEY, LINES]), any::<Index>(), any::<bool>());
        prop::collection::vec(part, 0..12).prop_map(|parts| {
            let mut text = Vec::new();
            for (between, secret, end, is_whole) in parts {
                text.extend(b"some text\n".iter().cycle().take(between));
                text.extend(&secret.as_bytes()[..if is_whole { secret.len() } else { end.index(secret.len()) }]);
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

        #[test]
        fn what_goes_through_pipes_is_masked_as_the_whole_text_is(
            text in text(),
            cuts in prop::collection::vec(any::<Index>(), 0..40),
        ) {
            let secrets = [KEY, LINES].map(|text| Secret::new(text.as_bytes().to_vec()));
            let masker = Masker::of(["K", "L"].into_iter().zip(&secrets), []);
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            ends.extend([0, text.len()]);
            ends.sort_unstable();
            let all = pumped(&masker, &text, &ends);
            prop_assert!(all == masker.masked(&text), "{} of {} bytes", all.len(), text.len());
            prop_assert!(memchr::memmem::find(&all, KEY.as_bytes()).is_none());
        }
    }
}
