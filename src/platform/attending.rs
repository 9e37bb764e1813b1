//! Staying beside a command, as Unix has it: hearing the signals that are for it, passing them on, stopping when it stops.
//!
//! Signals are heard by handlers and never ignored: what is ignored stays so in the program that is started, and a handler
//! does not. What whoever started this process ignores is left so, for the command too.

use std::{
    io,
    os::unix::net::UnixStream,
    process::{Child, ExitCode},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{
        Pid, Signal, WaitOptions, getpid, kill_current_process_group, kill_process, kill_process_group, waitpid,
    },
};
use signal_hook::{
    flag,
    low_level::{emulate_default_handler, pipe, raise},
};

use super::{
    Attendant, Ended, Place, Wish,
    signals::{HeldSignals, came, hold_signals, is_ignored},
};

/// What a terminal sends to a whole job, so that the command has it already where it is in the same one.
const BY_TERMINAL: &[Signal] = &[Signal::INT, Signal::QUIT];
/// What is sent to this process alone and meant for the command.
const FOR_COMMAND: &[Signal] = &[Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2, Signal::CONT];
/// How long a stop has to last to be one: a job that is stopped and goes on at once does both in any order.
const MOMENT: Duration = Duration::from_millis(10);

/// Which signals came since they were last asked for. The handlers stay for good, so there is one of these, for one command
/// at a time.
static HEARD: Mutex<Option<Heard>> = Mutex::new(None);

struct Heard {
    /// Has a byte for each signal, so that it can be waited for.
    wake: UnixStream,
    came: Vec<(Signal, Arc<AtomicBool>)>,
}

/// Signals are heard as long as this lives. To be had before the command is started: else one may be lost.
pub struct Ears {
    _held: HeldSignals,
    heard: MutexGuard<'static, Option<Heard>>,
    place: Place,
}

impl Ears {
    /// Begins to hear what is for a command that runs there.
    ///
    /// # Errors
    /// As `sigaction(2)` has them.
    pub fn open(place: Place) -> io::Result<Self> {
        let held = hold_signals()?;
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none() {
            *heard = Some(Heard::new()?);
        }
        heard.iter().flat_map(|heard| &heard.came).for_each(|(_, came)| came.store(false, Ordering::SeqCst));
        Ok(Self { _held: held, heard, place })
    }

    /// Stays beside a child until it ends.
    ///
    /// # Errors
    /// As `waitpid(2)` has them.
    pub fn attend(&self, child: &mut Child, attendant: &mut dyn Attendant) -> io::Result<Ended> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        let mut next_look = Instant::now();
        loop {
            self.quiet();
            match wait(pid, WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
                Some(Change::Ended(ended)) => return Ok(ended),
                Some(Change::Stopped(signal)) => self.stop_too(pid, signal, attendant)?,
                None => {}
            }
            self.pass_on(pid, attendant);
            let pause = attendant.pause();
            if pause.is_some() && Instant::now() >= next_look {
                if let Some(wish) = attendant.look() {
                    let _ = kill_process(pid, signal_for(wish));
                }
                next_look = Instant::now() + pause.unwrap_or_default();
            }
            self.listen(pause.map(|_| next_look.saturating_duration_since(Instant::now())));
        }
    }

    /// Takes what woke this up: what is there to know is in the flags and with the system.
    fn quiet(&self) {
        let mut bytes = [0; 64];
        if let Some(Heard { wake, .. }) = &*self.heard {
            while rustix::io::read(wake, &mut bytes).is_ok_and(|read| read == bytes.len()) {}
        }
    }

    fn listen(&self, patience: Option<Duration>) {
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        if let Some(Heard { wake, .. }) = &*self.heard {
            // Interrupted is woken up too.
            let _ = poll(&mut [PollFd::new(wake, PollFlags::IN)], patience.as_ref());
        }
    }

    fn pass_on(&self, pid: Pid, attendant: &mut dyn Attendant) {
        for (signal, _) in self.all().filter(|(_, came)| came.swap(false, Ordering::SeqCst)) {
            let is_by_terminal = BY_TERMINAL.contains(signal);
            match self.place {
                _ if *signal == Signal::CHILD => {}
                _ if *signal == Signal::WINCH => attendant.resized(),
                Place::SameJob if is_by_terminal => {}
                Place::JobOfOurs if is_by_terminal || *signal == Signal::CONT => {
                    let _ = kill_process_group(pid, *signal);
                }
                _ => {
                    let _ = kill_process(pid, *signal);
                }
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &(Signal, Arc<AtomicBool>)> {
        self.heard.iter().flat_map(|heard| &heard.came)
    }

    /// The command was stopped, by a key or by another program: so is this process, and whoever started it sees that.
    fn stop_too(&self, pid: Pid, signal: i32, attendant: &mut dyn Attendant) -> io::Result<()> {
        thread::sleep(MOMENT);
        if goes_on(pid)? {
            return Ok(());
        }
        if attendant.stopping(signal) {
            match self.place {
                // The terminal stopped all of the job where it was the terminal.
                Place::SameJob | Place::JobOfOurs => kill_process(getpid(), Signal::STOP)?,
                // The key was for the whole job, and the terminal took it for the command's.
                Place::OtherTerminal => {
                    self.all().filter(|(signal, _)| *signal == Signal::CONT).for_each(|(_, came)| {
                        came.store(false, Ordering::SeqCst);
                    });
                    kill_current_process_group(Signal::TSTP)?;
                    self.wait_until_continued();
                }
            }
            // Here again once somebody said SIGCONT, which is passed on.
            attendant.goes_on();
        }
        match self.place {
            Place::SameJob => {}
            Place::OtherTerminal => kill_process(pid, Signal::CONT)?,
            Place::JobOfOurs => kill_process_group(pid, Signal::CONT)?,
        }
        Ok(())
    }

    /// A stop takes hold of each thread in its own time. Where nobody could continue this process, as in a container without a
    /// shell that has jobs, the system does not stop it: then the command is not to stay so either.
    fn wait_until_continued(&self) {
        let mut continued = self.all().filter(|(signal, _)| *signal == Signal::CONT);
        let Some((_, came)) = continued.next() else { return };
        let until = Instant::now() + 5 * MOMENT;
        while !came.load(Ordering::SeqCst) && Instant::now() < until {
            thread::sleep(MOMENT / 10);
        }
    }
}

/// The latest signal that asked this process to end while a command was attended.
#[must_use]
pub fn signal_that_came() -> Option<i32> {
    came()
}

impl Heard {
    fn new() -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut came = Vec::new();
        let others = [Signal::CHILD, Signal::WINCH];
        let all = BY_TERMINAL.iter().chain(FOR_COMMAND).chain(&others);
        for signal in all.filter(|signal| **signal == Signal::CHILD || !is_ignored(signal.as_raw())) {
            let flag = Arc::new(AtomicBool::new(false));
            flag::register(signal.as_raw(), Arc::clone(&flag))?;
            // After the flag: whoever is woken up finds it set.
            pipe::register(signal.as_raw(), woken.try_clone()?)?;
            came.push((*signal, flag));
        }
        Ok(Self { wake, came })
    }
}

enum Change {
    Ended(Ended),
    /// By this signal.
    Stopped(i32),
}

fn wait(pid: Pid, options: WaitOptions) -> io::Result<Option<Change>> {
    loop {
        let status = match waitpid(Some(pid), options) {
            Err(Errno::INTR) => continue,
            answer => answer?,
        };
        let Some((_, status)) = status else { return Ok(None) };
        let code = status.exit_status().map(Ended::Code);
        let ended = code.or_else(|| status.terminating_signal().map(Ended::Signal));
        return Ok(ended.map(Change::Ended).or_else(|| status.stopping_signal().map(Change::Stopped)));
    }
}

/// Whether a command that was stopped goes on by now. One that has ended since is still there to be waited for.
fn goes_on(pid: Pid) -> io::Result<bool> {
    match waitpid(Some(pid), WaitOptions::NOHANG | WaitOptions::CONTINUED) {
        Err(Errno::INTR) | Ok(None) => Ok(false),
        Ok(Some((_, status))) => Ok(status.continued()),
        Err(error) => Err(error.into()),
    }
}

fn signal_for(wish: Wish) -> Signal {
    match wish {
        Wish::End => Signal::TERM,
        Wish::EndNow => Signal::KILL,
    }
}

/// Ends this process as the command ended: by the same signal, so that who started it sees just that, or with its code. The
/// first process of a container is not ended by its own signals, and gets the code that shells have for them.
#[must_use]
pub fn end_as(ended: Ended) -> ExitCode {
    let code = match ended {
        Ended::Code(code) => code,
        Ended::Signal(signal) => {
            if getpid() != Pid::INIT {
                // What the first cannot do by itself, as for SIGKILL, the second does.
                let _ = emulate_default_handler(signal);
                let _ = raise(signal);
            }
            128 + signal
        }
    };
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}
