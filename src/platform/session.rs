//! Leaving the terminal for good, and asking what was started to end: for a server that must never ask anybody anything.

#[cfg(unix)]
pub use on_unix::*;

#[cfg(unix)]
mod on_unix {
    use std::{io, process::Child};

    use rustix::process::{Pid, Signal, getpgid, getppid, kill_process_group, setpgid, setsid};

    use crate::platform::controlling_terminal;

    /// Leaves the terminal: what is started from here on has none to ask on.
    ///
    /// # Errors
    /// When it cannot be left.
    pub fn leave_terminal() -> io::Result<()> {
        if controlling_terminal().is_err() || setsid().is_ok() {
            return Ok(());
        }
        // The head of a process group, as a shell makes one, cannot begin a session: it goes into its parent's group first.
        let group = getppid().map(|parent| getpgid(Some(parent))).transpose()?;
        setpgid(None, group)?;
        setsid().map(drop).map_err(Into::into)
    }

    /// Asks a child that was not waited for yet, and all of its process group, to end.
    pub fn ask_group_to_end(child: &mut Child) {
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

#[cfg(windows)]
pub use on_windows::*;

#[cfg(windows)]
mod on_windows {
    use std::{io, process::Child};

    /// Windows gives a program a console or none where it is started; what this one starts is given none.
    ///
    /// # Errors
    /// None here.
    pub fn leave_terminal() -> io::Result<()> {
        Ok(())
    }

    /// Nothing asks a program to end here but its own window: it is ended after the time that it has.
    pub fn ask_group_to_end(_: &mut Child) {}
}
