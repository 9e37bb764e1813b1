//! Staying beside a command on Windows: there are no signals, and Ctrl-C goes to all on the console, so to the command too.

use std::{
    io,
    process::{Child, ExitCode},
    thread,
    time::{Duration, Instant},
};

use super::{
    Attendant, Ended, Place,
    signals_windows::{HeldSignals, came, end_by_key, hold_signals},
};

/// How often a command is looked after while there is something else to look at.
const TICK: Duration = Duration::from_millis(20);

/// As long as this lives, a Ctrl-C does not end this process. To be had before the command is started.
pub struct Ears(HeldSignals);

impl Ears {
    /// From now on a Ctrl-C does not end this process.
    ///
    /// # Errors
    /// Never.
    pub fn open(_: Place) -> io::Result<Self> {
        Ok(Self(hold_signals()?))
    }

    /// What would have ended this process by now. Right before a command is started: whoever pressed the key wants none.
    pub fn asked_to_end(&mut self) -> Option<i32> {
        self.0.came()
    }

    /// Stays beside a child until it ends.
    ///
    /// # Errors
    /// As `WaitForSingleObject` has them.
    pub fn attend(&mut self, child: &mut Child, attendant: &mut dyn Attendant) -> io::Result<Ended> {
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

/// Holds back all that would end this process.
///
/// # Errors
/// Never.
pub fn hold_all_signals() -> io::Result<HeldSignals> {
    hold_signals()
}

/// What came while it was held back.
#[must_use]
pub fn signal_that_came() -> Option<i32> {
    came()
}

/// Ends this process as the command ended.
#[must_use]
pub fn end_as(ended: Ended) -> ExitCode {
    match ended {
        Ended::Code(code) => super::windows::end_with(code),
        Ended::Signal(_) => end_by_key(),
    }
}
