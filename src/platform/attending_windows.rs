//! Staying beside a command on Windows: there are no signals, and Ctrl-C goes to the whole console group, so to the command too.

use std::{
    io,
    process::{Child, ExitCode},
    thread,
    time::{Duration, Instant},
};

use super::{
    Attendant, Ended, Place,
    windows::{HeldSignals, hold_signals, ignore_interrupts},
};

/// How often a command is looked after while there is something else to look at.
const TICK: Duration = Duration::from_millis(20);

/// What stands for hearing signals elsewhere.
pub struct Ears(());

impl Ears {
    /// From now on a Ctrl-C does not end this process.
    ///
    /// # Errors
    /// Never.
    pub fn open(_: Place) -> io::Result<Self> {
        Ok(Self(()))
    }

    /// None came.
    pub fn asked_to_end(&mut self) -> Option<i32> {
        None
    }

    /// Stays beside a child until it ends.
    ///
    /// # Errors
    /// As `WaitForSingleObject` has them.
    pub fn attend(&mut self, child: &mut Child, attendant: &mut dyn Attendant) -> io::Result<Ended> {
        // Not before the child is there, which would ignore it too.
        ignore_interrupts();
        let mut next_look = Instant::now();
        loop {
            let Some(pause) = attendant.pause() else {
                return Ok(Ended::Code(child.wait()?.code().unwrap_or(1)));
            };
            if let Some(status) = child.try_wait()? {
                return Ok(Ended::Code(status.code().unwrap_or(1)));
            }
            if Instant::now() >= next_look {
                if attendant.look().is_some() {
                    let _ = child.kill();
                }
                next_look = Instant::now() + pause;
            }
            thread::sleep(TICK.min(pause));
        }
    }
}

/// There are no signals here to hold back.
///
/// # Errors
/// Never.
pub fn hold_all_signals() -> io::Result<HeldSignals> {
    hold_signals()
}

/// There are no signals here.
#[must_use]
pub fn signal_that_came() -> Option<i32> {
    None
}

/// Ends this process as the command ended.
#[must_use]
pub fn end_as(ended: Ended) -> ExitCode {
    match ended {
        Ended::Code(code) => super::windows::end_with(code),
        Ended::Signal(_) => ExitCode::FAILURE,
    }
}
