//! Signals that would end this process, held back while it must not end.

use std::{
    io,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use rustix::process::Signal;
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
    low_level::emulate_default_handler,
};

/// How many hold signals back just now: a question may be asked while something else must not be cut short either.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);
/// Whether nothing holds signals back just now: then each does what it always does.
static CALM: AtomicBool = AtomicBool::new(true);
/// The signal that came meanwhile; 0 is none.
static CAME: AtomicUsize = AtomicUsize::new(0);
/// Whether this process was stopped and goes on, with a terminal that others have used meanwhile.
static CONTINUED: AtomicBool = AtomicBool::new(false);

/// Whether a write beyond the limit for files was tried; nobody asks.
static TOO_LARGE: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Lets a write beyond the limit that this process has for files fail (EFBIG, setrlimit(2)) instead of ending it. The signal
/// is caught and not ignored: so the program that this one becomes has the default again. Who started this process and
/// ignores it has it ignored all along, and so does that program.
pub fn outlive_file_limit() {
    if super::file_limit().is_none() || is_ignored(Signal::XFSZ.as_raw()) {
        return;
    }
    // Where it cannot be caught it is as it always was.
    let _ = flag::register(Signal::XFSZ.as_raw(), Arc::clone(&TOO_LARGE));
}

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT are held back as long as this lives, or another one.
pub struct HeldSignals(());

/// Holds back what would end this process.
///
/// # Errors
/// As `sigaction(2)` has them.
pub fn hold_signals() -> io::Result<HeldSignals> {
    watch()?;
    CONTINUED.store(false, Ordering::SeqCst);
    if HOLDERS.fetch_add(1, Ordering::SeqCst) == 0 {
        CAME.store(0, Ordering::SeqCst);
        CALM.store(false, Ordering::SeqCst);
    }
    Ok(HeldSignals(()))
}

/// Whether somebody holds signals back just now, who ends this process if one comes.
#[must_use]
pub fn are_signals_held() -> bool {
    HOLDERS.load(Ordering::SeqCst) > 0
}

impl HeldSignals {
    /// The latest signal that came.
    #[must_use]
    pub fn came(&self) -> Option<i32> {
        came()
    }

    /// The latest signal that came, once: whoever comes next asks for one more. [`HeldSignals::give_back`] undoes that.
    #[must_use]
    pub fn take(&self) -> Option<i32> {
        let signal = came();
        if signal.is_some() {
            CAME.store(0, Ordering::SeqCst);
        }
        signal
    }

    /// Lets a signal that was taken be one that came, unless another one did since.
    pub fn give_back(&self, signal: i32) {
        let signal = usize::try_from(signal).unwrap_or_default();
        let _ = CAME.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Whether the process was stopped and goes on.
    #[expect(clippy::unused_self, reason = "it is known only while signals are held")]
    pub(super) fn continued(&self) -> bool {
        CONTINUED.load(Ordering::SeqCst)
    }

    #[expect(clippy::unused_self, reason = "it is known only while signals are held")]
    pub(super) fn forget_continued(&self) {
        CONTINUED.store(false, Ordering::SeqCst);
    }

    /// Holds nothing back any more, and ends the process if a signal came, as that would have done.
    ///
    /// # Errors
    /// When it cannot be ended so; `Interrupted` where another one holds signals back, who ends the process.
    pub fn follow(self) -> io::Result<()> {
        drop(self);
        match came() {
            None => Ok(()),
            Some(_) if HOLDERS.load(Ordering::SeqCst) > 0 => Err(io::ErrorKind::Interrupted.into()),
            Some(signal) => emulate_default_handler(signal),
        }
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        if HOLDERS.fetch_sub(1, Ordering::SeqCst) == 1 {
            CALM.store(true, Ordering::SeqCst);
        }
    }
}

pub(super) fn came() -> Option<i32> {
    i32::try_from(CAME.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
}

/// Installs the handlers, which stay for good: where nothing is held back they do what the system would have done.
fn watch() -> io::Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().map_err(|_| io::ErrorKind::Other)?;
    if !*watched {
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| !is_ignored(*signal)) {
            flag::register_conditional_default(signal, &CALM)?;
            flag::register_usize(signal, &CAME, usize::try_from(signal).unwrap_or_default())?;
        }
        flag::register(SIGCONT, &CONTINUED)?;
        *watched = true;
    }
    Ok(())
}

/// Whether whoever started this process has switched a signal off for it.
pub(super) fn is_ignored(signal: i32) -> bool {
    ignored().has(signal)
}

/// The signals that whoever started this process has switched off for it, as `nohup` does; they stay so then. Only Linux tells
/// (`SigIgn` in `/proc/self/status`).
pub(super) fn ignored() -> Ignored {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    Ignored(mask.unwrap_or_default())
}

/// One bit for each signal.
pub(super) struct Ignored(u64);

impl Ignored {
    pub(super) fn has(&self, signal: i32) -> bool {
        self.0 >> (signal - 1) & 1 == 1
    }
}
