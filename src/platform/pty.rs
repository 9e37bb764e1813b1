//! A terminal for a command whose output is masked: it has to look like the one that keyctl has, or colour, width and prompts
//! are gone. What the command writes there is read here.

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    process::{getpgrp, getsid},
    pty::{OpenptFlags, grantpt, openpt, unlockpt},
    termios::{
        InputModes, LocalModes, OptionalActions, OutputModes, Termios, tcgetattr, tcgetpgrp, tcgetsid, tcgetwinsize,
        tcsetattr, tcsetpgrp, tcsetwinsize,
    },
};

use super::{memory::hold_back, pumping};

/// A terminal of our own: what is written to `inner` is read from `outer`.
pub struct Pty {
    /// The end that stays here.
    pub outer: OwnedFd,
    /// The end that the command gets.
    pub inner: OwnedFd,
}

impl Pty {
    /// Opens one with the settings and the size of a terminal.
    ///
    /// # Errors
    /// As `posix_openpt(3)` and its kin have them.
    pub fn like(terminal: &impl AsFd) -> io::Result<Self> {
        let outer = outer()?;
        grantpt(&outer)?;
        unlockpt(&outer)?;
        let pty = Self { inner: inner(&outer)?, outer };
        tcsetattr(&pty.inner, OptionalActions::Now, &tcgetattr(terminal)?)?;
        copy_size(terminal, &pty.outer);
        Ok(pty)
    }

    /// Takes lines, shows what is typed and heeds keys such as Ctrl-C, as a terminal does that no program has changed: the one
    /// that it is like may be in use by another program just now.
    ///
    /// # Errors
    /// As `tcsetattr(3)` has them.
    pub fn take_lines(&self) -> io::Result<()> {
        let mut settings = tcgetattr(&self.inner)?;
        settings.input_modes.remove(InputModes::IGNCR | InputModes::INLCR);
        settings.input_modes.insert(InputModes::ICRNL);
        settings.output_modes.insert(OutputModes::OPOST | OutputModes::ONLCR);
        settings.local_modes.insert(
            LocalModes::ICANON
                | LocalModes::ISIG
                | LocalModes::IEXTEN
                | LocalModes::ECHO
                | LocalModes::ECHOE
                | LocalModes::ECHOK,
        );
        Ok(tcsetattr(&self.inner, OptionalActions::Now, &settings)?)
    }

    /// Lets everything pass as it is: the terminal behind it does with it what a terminal does.
    ///
    /// # Errors
    /// As `tcsetattr(3)` has them.
    pub fn leave_output_alone(&self) -> io::Result<()> {
        let mut settings = tcgetattr(&self.inner)?;
        settings.output_modes.remove(OutputModes::OPOST);
        Ok(tcsetattr(&self.inner, OptionalActions::Now, &settings)?)
    }
}

#[cfg(target_os = "linux")]
fn outer() -> io::Result<OwnedFd> {
    Ok(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?)
}

/// Not every system closes it by itself for what is started, so it is told to before anything is.
#[cfg(not(target_os = "linux"))]
fn outer() -> io::Result<OwnedFd> {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&outer, rustix::io::FdFlags::CLOEXEC)?;
    Ok(outer)
}

#[cfg(target_os = "linux")]
fn inner(outer: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    Ok(rustix::pty::ioctl_tiocgptpeer(outer, flags)?)
}

#[cfg(not(target_os = "linux"))]
fn inner(outer: &OwnedFd) -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    let path = rustix::pty::ptsname(outer, Vec::new())?;
    Ok(rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Puts no returns before line ends any more: whoever reads writes to a terminal that does.
pub fn add_no_returns(outer: &impl AsFd) {
    if let Ok(mut settings) = tcgetattr(outer) {
        settings.output_modes.remove(OutputModes::ONLCR);
        let _ = tcsetattr(outer, OptionalActions::Now, &settings);
    }
}

/// Gives one terminal the size of another. The programs in it hear of it.
pub fn copy_size(from: &impl AsFd, to: &impl AsFd) {
    if let Ok(size) = tcgetwinsize(from) {
        let _ = tcsetwinsize(to, size);
    }
}

/// Makes this process the head of a session of its own, whose terminal is the one on its first streams that is one. The
/// terminal is given back.
///
/// # Errors
/// As `setsid(2)` and `ioctl_tty(2)` have them.
pub fn lead_session_on_terminal() -> io::Result<OwnedFd> {
    rustix::process::setsid()?;
    let (input, output) = (io::stdin(), io::stdout());
    let terminal = if input.is_terminal() { input.as_fd() } else { output.as_fd() }.try_clone_to_owned()?;
    rustix::process::ioctl_tiocsctty(&terminal)?;
    Ok(terminal)
}

/// Gives the terminal to a child that heads a group of its own, as shells do with their jobs.
pub fn give_terminal_to(child: &std::process::Child, terminal: &OwnedFd) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = tcsetpgrp(terminal, group);
    }
}

/// Takes it back from the job that had it. When the head of a session ends, the job that has the terminal gets SIGHUP, and what
/// the command leaves behind is of its job. On macOS it cannot use the terminal after that all the same.
pub fn take_terminal_back(terminal: &OwnedFd) {
    // What is not in the foreground is stopped for this otherwise.
    hold_back(&[libc::SIGTTOU]);
    let _ = tcsetpgrp(terminal, getpgrp());
}

/// Whether two streams are one: one file or pipe, or one terminal by whatever name, so that what is written to both has an order.
#[must_use]
pub fn are_one(one: &impl AsFd, other: &impl AsFd) -> bool {
    // Only the terminal of this process's own session says which session that is.
    fn is_own(stream: &impl AsFd) -> bool {
        tcgetsid(stream).is_ok_and(|session| getsid(None) == Ok(session))
    }
    pumping::are_one(one, other) || is_own(one) && is_own(other)
}

/// Whether the programs on a terminal of ours want each key as it comes, or keys that are not shown.
#[must_use]
pub fn wants_keys(outer: &OwnedFd) -> bool {
    tcgetattr(outer).is_ok_and(|settings| !settings.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO))
}

/// Whether this is a terminal that shows what comes as it is, and so goes to the begin of a line for a CR alone.
#[must_use]
pub fn shows_as_it_is(stream: &impl AsFd) -> bool {
    tcgetattr(stream).is_ok_and(|settings| !settings.output_modes.contains(OutputModes::OPOST))
}

/// Kills the job that has a terminal of ours.
pub fn kill_job_of(outer: &OwnedFd) {
    if let Ok(group) = tcgetpgrp(outer) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// The user's terminal while a command has one of its own: it hands every key on as it comes, and shows what comes as it is.
pub struct Screen {
    terminal: File,
    /// Its settings as they were; they are kept while it is raw.
    before: Option<Termios>,
    /// It is left alone: this process is about to stop, or is stopped.
    is_resting: bool,
}

impl Screen {
    /// Takes hold of it; [`Screen::settle`] changes it.
    #[must_use]
    pub fn of(terminal: File) -> Self {
        Self { terminal, before: None, is_resting: false }
    }

    /// Whether this process is in the foreground, and so the keys are for it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|group| group == getpgrp())
    }

    /// Makes it raw, if it is this process's turn and it is not raw yet.
    pub fn settle(&mut self) {
        if self.before.is_some() || self.is_resting || !self.is_ours() {
            return;
        }
        if let Ok(before) = tcgetattr(&self.terminal) {
            let mut raw = before.clone();
            raw.make_raw();
            if tcsetattr(&self.terminal, OptionalActions::Now, &raw).is_ok() {
                self.before = Some(before);
            }
        }
    }

    /// Sets it back. What was written is on its way as it was to be, and whoever waits for that to go out (`Drain`) waits for
    /// ever where nobody reads the terminal.
    pub fn restore(&mut self) {
        if let Some(before) = self.before.take()
            && self.is_ours()
        {
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &before);
        }
    }

    /// Sets it back, and leaves it so until [`Screen::wake`]: whoever stopped this process has it now, and not every shell sets
    /// it up anew.
    pub fn rest(&mut self) {
        self.restore();
        self.is_resting = true;
    }

    /// It may be made raw again.
    pub fn wake(&mut self) {
        self.is_resting = false;
    }

    /// Gives a terminal the size of this one.
    pub fn size_to(&self, other: &impl AsFd) {
        copy_size(&self.terminal, other);
    }

    /// The terminal itself.
    #[must_use]
    pub fn terminal(&self) -> &File {
        &self.terminal
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.restore();
    }
}
