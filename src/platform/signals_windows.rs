//! What would end this process on Windows, held back while it must not end: Ctrl-C, Ctrl-Break, and the closing of the console.
//!
//! Each comes to every program on the console, so also to a command that was started; and unlike "ignore Ctrl-C", a handler is
//! not handed on to it (`SetConsoleCtrlHandler`).

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicI32, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT};

use super::windows::{end_with, hear_console};

/// What a process ends with that Ctrl-C ended (`STATUS_CONTROL_C_EXIT`).
const ENDED_BY_KEY: i32 = 0xC000_013A_u32.cast_signed();
/// What stands for it where the rest of the program speaks of signals (signal.h of Microsoft's C).
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGBREAK: i32 = 21;
/// Where the console is closed, the system ends this process as soon as its handler is done, and after so long at any rate.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// How many hold signals back just now.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);
/// What came meanwhile; 0 is nothing.
static CAME: AtomicI32 = AtomicI32::new(0);

/// It is held back as long as this lives, or another one.
pub struct HeldSignals(());

/// Holds back what would end this process.
///
/// # Errors
/// Never.
pub fn hold_signals() -> io::Result<HeldSignals> {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| hear_console(hear));
    if HOLDERS.fetch_add(1, Ordering::SeqCst) == 0 {
        CAME.store(0, Ordering::SeqCst);
    }
    Ok(HeldSignals(()))
}

/// Whether somebody holds signals back just now, who ends this process if one comes.
#[must_use]
pub fn are_signals_held() -> bool {
    HOLDERS.load(Ordering::SeqCst) > 0
}

impl HeldSignals {
    /// The latest that came.
    #[must_use]
    pub fn came(&self) -> Option<i32> {
        came()
    }

    /// The latest that came, once: whoever comes next asks for one more. [`HeldSignals::give_back`] undoes that.
    #[must_use]
    pub fn take(&self) -> Option<i32> {
        Some(CAME.swap(0, Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Lets one that was taken be one that came, unless another one did since.
    pub fn give_back(&self, signal: i32) {
        let _ = CAME.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Holds nothing back any more, and ends the process if something came, as that would have done.
    ///
    /// # Errors
    /// `Interrupted` where another one holds signals back, who ends the process.
    pub fn follow(self) -> io::Result<()> {
        std::mem::forget(self);
        let others = HOLDERS.fetch_sub(1, Ordering::SeqCst) - 1;
        match came() {
            None => Ok(()),
            Some(_) if others > 0 => Err(io::ErrorKind::Interrupted.into()),
            Some(_) => end_by_key(),
        }
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        HOLDERS.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn came() -> Option<i32> {
    Some(CAME.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Ends this process as Ctrl-C does.
pub(super) fn end_by_key() -> ! {
    end_with(ENDED_BY_KEY)
}

/// Called by the system, on a thread of its own. Says whether that is all; else this process is ended.
extern "system" fn hear(kind: u32) -> i32 {
    if !are_signals_held() {
        return 0;
    }
    let (signal, ends_anyway) = match kind {
        CTRL_C_EVENT => (SIGINT, false),
        CTRL_BREAK_EVENT => (SIGBREAK, false),
        _ => (SIGTERM, true),
    };
    CAME.store(signal, Ordering::SeqCst);
    if ends_anyway {
        thread::sleep(LAST_MOMENT);
    }
    i32::from(!ends_anyway)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_nothing_while_it_is_held_back_and_is_told_to_who_holds_it() {
        let held = hold_signals().expect("held");
        assert_eq!((hear(CTRL_BREAK_EVENT), held.came(), held.take()), (1, Some(SIGBREAK), Some(SIGBREAK)));
        assert_eq!(hear(CTRL_C_EVENT), 1);
        let taken = held.take().expect("came");
        assert!(held.came().is_none() && are_signals_held());
        held.give_back(taken);
        assert_eq!(held.came(), Some(SIGINT));
        let other = hold_signals().expect("held");
        assert_eq!(other.follow().expect_err("it is for the other").kind(), io::ErrorKind::Interrupted);
        let _ = held.take();
        held.follow().expect("nothing came");
    }
}
