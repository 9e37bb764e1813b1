//! A command on a terminal of its own, whose output is masked before it reaches the user's.
//!
//! The user's terminal is raw meanwhile: each key goes on as it comes, and what keys mean is up to the command's terminal. For
//! that one to have jobs, so that Ctrl-Z stops the command, its session needs a head that is not the command: a second keyctl
//! (`lead`), which starts the command as a shell starts its jobs, waits for it, and ends as it ended. To begin a session also
//! takes a process of its own, since between fork and exec nothing can be done without `unsafe`.
//!
//! A keyctl that is killed (SIGKILL) leaves the user's terminal raw; the command gets SIGHUP, as its terminal is gone.

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::{
    super::attended,
    pump::{Pumps, failed},
};
use crate::{
    failure::Result,
    launch::{environment::Environment, program::Program},
    mask::Masker,
    platform::{
        Attendant, Ended, Place, Wish,
        pty::{self, Pty, Screen},
        pumping::{self, Ready},
    },
};

/// The words by which keyctl is started as the head of a session.
pub const LEAD: [&str; 2] = ["lead-session", "--"];
/// How often it is looked whether the keys are this process's again.
const TURN: Duration = Duration::from_millis(250);
/// How many keys are taken at once.
const KEYS: usize = 4096;

/// Runs a program so.
///
/// # Errors
/// As [`attended::run`]; `Disk` where there is no terminal to be had or the output cannot be written.
pub fn run(
    program: &Program,
    environment: &Environment<'_>,
    masker: &Arc<Masker>,
    attendant: &mut dyn Attendant,
) -> Result<Ended> {
    let wrong = |error: io::Error| failed(program, &error);
    let user = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(wrong)?);
    let Pty { outer, inner } = Pty::like(&user).map_err(wrong)?;
    let mut pumps = Pumps::new(masker).map_err(wrong)?;
    let errors = errors(&inner, &mut pumps).map_err(wrong)?;
    let keys = outer.try_clone().map_err(wrong)?;
    pumps.start(outer.try_clone().map_err(wrong)?, io::stdout().as_fd().try_clone_to_owned().map_err(wrong)?).map_err(wrong)?;
    let ears = attended::ears(Place::OtherTerminal)?;
    let (input, output) = (inner.try_clone().map_err(wrong)?, inner);
    let mut child = program.start_by(&own_path(), &LEAD, environment, |command| {
        command.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::from(errors));
    })?;
    let screen = Arc::new(Mutex::new(Screen::of(user)));
    locked(&screen).settle();
    let (over, running) = io::pipe().map_err(wrong)?;
    let typed = Arc::clone(&screen);
    thread::Builder::new().spawn(move || type_on(&typed, &keys, &OwnedFd::from(over))).map_err(wrong)?;
    let mut session = Session { screen: Arc::clone(&screen), outer, attendant };
    let ended = attended::attend(&ears, &mut child, program, &mut session);
    let done = pumps.finish();
    drop(running);
    locked(&screen).restore();
    done.map_err(wrong)?;
    ended
}

fn locked(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Errors go to the terminal too, or to wherever they went.
fn errors(inner: &OwnedFd, pumps: &mut Pumps) -> io::Result<OwnedFd> {
    if io::stderr().is_terminal() {
        return inner.try_clone();
    }
    let (reader, writer) = pumping::wide_pipe()?;
    pumps.start(reader, io::stderr().as_fd().try_clone_to_owned()?)?;
    Ok(writer)
}

/// This very program, also where another one lies at its path by now.
fn own_path() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_else(|_| Path::new("keyctl").to_owned())
}

/// Hands on each key as it comes, while this process is in the foreground.
fn type_on(screen: &Mutex<Screen>, keys: &OwnedFd, over: &OwnedFd) {
    let Ok(user) = locked(screen).terminal().try_clone() else { return };
    let mut room = zeroize::Zeroizing::new([0; KEYS]);
    loop {
        let is_ours = {
            let mut screen = locked(screen);
            screen.settle();
            screen.is_ours()
        };
        // In the background the keys are for another program, and to read them would stop this one.
        let ready = if is_ours { pumping::wait(&user, Some(over), Some(TURN)) } else { pumping::wait(over, None, Some(TURN)) };
        match ready {
            Ok(Ready::Nothing) => continue,
            Ok(Ready::Something) if is_ours => {}
            _ => return,
        }
        if !locked(screen).is_ours() {
            continue;
        }
        let Ok(Some(read)) = pumping::read_some(&user, &mut *room) else { return };
        if pumping::write_parts(keys, &[&room[..read]]).is_err() {
            return;
        }
    }
}

/// What is to be done about the user's terminal.
struct Session<'a> {
    screen: Arc<Mutex<Screen>>,
    outer: OwnedFd,
    attendant: &'a mut dyn Attendant,
}

impl Attendant for Session<'_> {
    fn stopping(&mut self, signal: i32) -> bool {
        locked(&self.screen).restore();
        self.attendant.stopping(signal)
    }

    fn goes_on(&mut self) {
        self.attendant.goes_on();
        let mut screen = locked(&self.screen);
        screen.settle();
        screen.size_to(&self.outer);
    }

    fn resized(&mut self) {
        locked(&self.screen).size_to(&self.outer);
    }

    fn pause(&self) -> Option<Duration> {
        self.attendant.pause()
    }

    fn look(&mut self) -> Option<Wish> {
        self.attendant.look()
    }
}

/// What the second keyctl does: it begins a session on the terminal that it was given, and runs the command there.
///
/// # Errors
/// `NotExecutable` when the system does not start it; `Disk` where there is no session to be had.
pub fn lead(program: &Program, environment: &Environment<'_>) -> Result<Ended> {
    let terminal = pty::lead_session_on_terminal().map_err(|error| failed(program, &error))?;
    let ears = attended::ears(Place::JobOfOurs)?;
    let mut child = program.start(environment, |command| {
        command.process_group(0);
    })?;
    pty::give_terminal_to(&child, &terminal);
    attended::attend(&ears, &mut child, program, &mut Head)
}

/// The head of the session.
struct Head;

impl Attendant for Head {
    /// A command that was faster than the terminal was given to it is told to wait for it by these two; it has it by now.
    fn stopping(&mut self, signal: i32) -> bool {
        ![pty::STOPPED_FOR_READING, pty::STOPPED_FOR_WRITING].contains(&signal)
    }
}
