//! Staying beside a command, as Unix has it: hearing the signals that are for it, passing them on, stopping when it stops.
//!
//! Signals are heard by handlers and never ignored: what is ignored stays so in the program that is started, and a handler
//! does not. What whoever started this process ignores is left so, for the command too.

use std::{
    io,
    process::{Child, ExitCode},
    sync::MutexGuard,
    thread,
    time::{Duration, Instant},
};

use libc::{SIGCHLD, SIGCONT, SIGWINCH};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{
        Pid, Signal, WaitOptions, getpid, kill_current_process_group, kill_process, kill_process_group, waitpid,
    },
};
use signal_hook::low_level::{emulate_default_handler, raise};

use super::{
    Attendant, Ended, Place, Wish,
    hearing::{BY_TERMINAL, Heard, Sign, ends, hear},
    memory::{forget_handler, let_through, send_signal},
    signals::{HeldSignals, came, hold_signals},
};

/// How long a stop has to last to be one: a job that is stopped and goes on at once does both in any order.
const MOMENT: Duration = Duration::from_millis(10);

/// Signals are heard as long as this lives. To be had before the command is started: else one may be lost.
pub struct Ears {
    held: HeldSignals,
    heard: MutexGuard<'static, Option<Heard>>,
    place: Place,
    /// What came before the command was there.
    early: Vec<Sign>,
}

impl Ears {
    /// Begins to hear what is for a command that runs there.
    ///
    /// # Errors
    /// As `sigaction(2)` has them.
    pub fn open(place: Place) -> io::Result<Self> {
        Ok(Self { held: hold_signals()?, heard: hear()?, place, early: Vec::new() })
    }

    /// The signal that would have ended this process by now. Right before a command is started: whoever sent it wants none.
    pub fn asked_to_end(&mut self) -> Option<i32> {
        let signs = self.take();
        self.early.extend(signs);
        // Between two commands it may be for the one that was.
        let is_first = self.heard.iter().all(|heard| !heard.was_used);
        let early = self.early.iter().map(|sign| sign.signal).find(|signal| is_first && ends(*signal));
        came().or(early)
    }

    /// Whether this process is asked to end, now that its command has ended so. A key on the terminal that the command outlived
    /// was for the command.
    pub fn asked_to_end_after(&mut self, ended: Option<Ended>) -> bool {
        let by_signal = matches!(ended, Some(Ended::Signal(_)));
        let is_meant = |signal: i32| by_signal || !BY_TERMINAL.contains(&signal);
        self.take().iter().any(|sign| ends(sign.signal)) || came().is_some_and(is_meant)
    }

    /// Stays beside a child until it ends.
    ///
    /// # Errors
    /// As `waitpid(2)` has them.
    pub fn attend(&mut self, child: &mut Child, attendant: &mut dyn Attendant) -> io::Result<Ended> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        let mut next_look = Instant::now();
        if let Some(heard) = self.heard.as_mut() {
            heard.was_used = true;
        }
        // What came until here the command may not have: it was not there, or not yet itself.
        let mut signs = std::mem::take(&mut self.early);
        signs.extend(self.take());
        for sign in &mut signs {
            sign.is_sent = true;
        }
        loop {
            match wait(pid, WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
                Some(Change::Ended(ended)) => return Ok(ended),
                Some(Change::Stopped) => self.stop_too(pid, attendant)?,
                None => {}
            }
            for sign in signs {
                self.pass_on(pid, sign, attendant);
            }
            let pause = attendant.pause();
            if pause.is_some() && Instant::now() >= next_look {
                if let Some(wish) = attendant.look() {
                    let _ = kill_process(pid, signal_for(wish));
                }
                next_look = Instant::now() + pause.unwrap_or_default();
            }
            self.listen(pause.map(|_| next_look.saturating_duration_since(Instant::now())));
            signs = self.take();
        }
    }

    fn take(&mut self) -> Vec<Sign> {
        self.heard.as_mut().map(Heard::take).unwrap_or_default()
    }

    fn listen(&self, patience: Option<Duration>) {
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        if let Some(heard) = &*self.heard {
            // Interrupted is woken up too.
            let _ = poll(&mut [PollFd::new(heard.wake(), PollFlags::IN)], patience.as_ref());
        }
    }

    fn pass_on(&self, pid: Pid, sign: Sign, attendant: &mut dyn Attendant) {
        let Sign { signal, is_sent, sender } = sign;
        let is_for_job = BY_TERMINAL.contains(&signal);
        match self.place {
            _ if signal == SIGCHLD => {}
            _ if signal == SIGWINCH => attendant.resized(),
            // What the command sends to its whole group or its parent is not for itself once more.
            _ if sender == Some(pid.as_raw_pid()) => {}
            Place::SameJob if is_for_job && !is_sent => {}
            Place::JobOfOurs if is_for_job || signal == SIGCONT => {
                let signal = Signal::from_named_raw(signal);
                let _ = signal.map(|signal| kill_process_group(pid, signal));
            }
            _ => send_signal(pid, signal),
        }
    }

    /// The command was stopped, by a key or by another program: so is this process, and whoever started it sees that.
    fn stop_too(&self, pid: Pid, attendant: &mut dyn Attendant) -> io::Result<()> {
        thread::sleep(MOMENT);
        if goes_on(pid)? {
            return Ok(());
        }
        attendant.stopping();
        match self.place {
            // The terminal stopped all of the job where it was the terminal.
            Place::SameJob | Place::JobOfOurs => kill_process(getpid(), Signal::STOP)?,
            // The key was for the whole job, and the terminal took it for the command's.
            Place::OtherTerminal => {
                self.held.forget_continued();
                kill_current_process_group(Signal::TSTP)?;
                self.wait_until_continued();
            }
        }
        // Here again once somebody said SIGCONT, which is passed on.
        attendant.goes_on();
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
        let until = Instant::now() + 5 * MOMENT;
        while !self.held.continued() && Instant::now() < until {
            thread::sleep(MOMENT / 10);
        }
    }
}

/// The latest signal that asked this process to end while a command was attended.
#[must_use]
pub fn signal_that_came() -> Option<i32> {
    came()
}

enum Change {
    Ended(Ended),
    Stopped,
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
        return Ok(ended.map(Change::Ended).or_else(|| status.stopping_signal().map(|_| Change::Stopped)));
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
                // What this cannot do, as for SIGKILL and real-time signals, the rest does.
                let _ = emulate_default_handler(signal);
                forget_handler(signal);
                let_through(&[signal]);
                let _ = raise(signal);
            }
            128 + signal
        }
    };
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}
