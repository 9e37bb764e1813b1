//! Which signals are heard for a command, and who sent them.
//!
//! Every signal that would end this process is heard, as far as there can be a handler: else whatever is there for the command
//! would stay, and so would the command. Not SIGKILL, which nobody hears, and not those by which a program crashes (SIGSEGV,
//! SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS). The handlers stay for good.
//!
//! What a terminal sends to a whole job the command has already where it is in the same one; what another program sends to this
//! process alone it has not. Linux says which of the two it was. Where the system does not, it counts as the terminal's while
//! this process is in its foreground. A program that sends SIGINT to a whole group makes the command hear it twice, as it
//! does with SIGTERM: who was meant cannot be told.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
};

use libc::{
    SIGABRT, SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM,
    SIGWINCH, SIGXCPU,
};
use signal_hook::{
    iterator::{backend::SignalDelivery, exfiltrator::WithOrigin},
    low_level::siginfo::{Cause, Origin},
};

use super::{
    HeldSignals,
    memory::let_through,
    signals::{hold_signals, ignored},
};

/// What a terminal sends to a whole job.
pub(super) const BY_TERMINAL: [i32; 2] = [SIGINT, SIGQUIT];
/// What else ends a program that does not hear it.
const ENDING: [i32; 9] = [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGABRT];
/// And what does so on Linux alone.
#[cfg(target_os = "linux")]
const ENDING_HERE: [i32; 3] = [libc::SIGIO, libc::SIGPWR, libc::SIGSTKFLT];
#[cfg(not(target_os = "linux"))]
const ENDING_HERE: [i32; 0] = [];

static HEARD: Mutex<Option<Heard>> = Mutex::new(None);

/// Hears signals; there is one of these, for one command at a time.
pub(super) struct Heard {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
    /// Whether a command was attended already, which what came since may be for.
    pub(super) was_used: bool,
}

/// A signal that was heard.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    pub(super) signal: i32,
    /// It is for this process alone, as far as is known: no terminal sent it to the whole job.
    pub(super) is_sent: bool,
    /// Which one, where that is known.
    pub(super) sender: Option<i32>,
}

/// Holds back every signal that would end this process and can be held back. Whatever comes is the command's that is attended
/// next.
///
/// # Errors
/// As `sigaction(2)` has them.
pub fn hold_all_signals() -> io::Result<HeldSignals> {
    let held = hold_signals()?;
    drop(hear()?);
    Ok(held)
}

/// Whoever has this hears signals.
pub(super) fn hear() -> io::Result<MutexGuard<'static, Option<Heard>>> {
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    if heard.is_none() {
        *heard = Some(Heard::new()?);
    }
    // Whoever started this process may have held them back for itself, as programs do that wait for signals in turn.
    let_through(&all().collect::<Vec<_>>());
    Ok(heard)
}

impl Sign {
    fn of(origin: &Origin) -> Self {
        let Origin { signal, cause, process, .. } = *origin;
        let is_sent = match cause {
            _ if !BY_TERMINAL.contains(&signal) => true,
            Cause::Sent(_) => true,
            Cause::Unknown => !is_in_foreground(),
            _ => false,
        };
        Self { signal, is_sent, sender: process.map(|process| process.pid) }
    }
}

impl Heard {
    fn new() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let ignored = ignored();
        let heard = all().filter(|signal| *signal == SIGCHLD || !ignored.has(*signal));
        let delivery = SignalDelivery::with_pipe(read, write, WithOrigin::default(), heard)?;
        Ok(Self { delivery, was_used: false })
    }

    /// What came since this was last asked for.
    pub(super) fn take(&mut self) -> Vec<Sign> {
        self.delivery.pending().map(|origin| Sign::of(&origin)).collect()
    }

    /// Has something to read when a signal came.
    pub(super) fn wake(&self) -> &UnixStream {
        self.delivery.get_read()
    }
}

fn all() -> impl Iterator<Item = i32> {
    BY_TERMINAL.into_iter().chain(ENDING).chain(ENDING_HERE).chain(real_time()).chain([SIGCONT, SIGCHLD, SIGWINCH])
}

/// Whether a signal ends a program that does not hear it.
pub(super) fn ends(signal: i32) -> bool {
    ![SIGCONT, SIGCHLD, SIGWINCH].contains(&signal)
}

#[cfg(target_os = "linux")]
fn real_time() -> impl Iterator<Item = i32> {
    libc::SIGRTMIN()..=libc::SIGRTMAX()
}

#[cfg(not(target_os = "linux"))]
fn real_time() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

fn is_in_foreground() -> bool {
    let foreground = super::controlling_terminal().ok().and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    foreground == Some(rustix::process::getpgrp())
}
