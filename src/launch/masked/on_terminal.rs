//! A command on a terminal of its own, whose output is masked before it reaches the user's.
//!
//! The user's terminal is raw meanwhile: each key goes on as it comes, and what keys mean is up to the command's terminal. For
//! that one to have jobs, so that Ctrl-Z stops the command, its session needs a head that is not the command: a second keyctl
//! (`lead`), which starts the command as a shell starts its jobs, waits for it, and ends as it ended. What has to be done between
//! fork and exec is done by keyctl itself in each, as nothing can be done there without `unsafe`: so the command is a third one
//! (`wait_for_terminal`) before it is the command.
//!
//! Where input is no terminal, other programs of the pipeline may be using the terminal (`fzf | …`). So it is left alone until
//! the command sets its own terminal up for keys, as pagers do and questions for passwords, and only as long as it does.
//!
//! What the command leaves behind stays in that session and on that terminal, which `rest` then reads.
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
    time::{Duration, Instant},
};

use super::{
    super::attended,
    pump::{Pumps, Sizes, failed},
    word::Word,
};
use crate::{
    launch::{
        environment::Environment,
        outcome::{Fault, Launched},
        program::Program,
    },
    mask::Masker,
    platform::{
        self, Attendant, Place, Wish,
        pty::{self, Pty, Screen},
        pumping::{self, Ready},
    },
};

/// The word by which keyctl is started as the head of a session.
const LEAD: &str = "lead-session";
/// And as its first job.
const FOLLOW: &str = "--follow";
/// Before the number of the pipe that says that there was no command.
const SAY_TO: &str = "--say-to";
/// How long the first job waits for its terminal at most, and how often it looks.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_micros(200);
/// How often it is looked whether the keys are still this process's, and whether they are again or the command wants them:
/// until then Ctrl-Z stops this process alone.
const TURN: Duration = Duration::from_millis(250);
const TURN_TO_GET_THEM: Duration = Duration::from_millis(40);
/// How many keys are taken at once.
const KEYS: usize = 4096;

/// The user's terminal: the one that keys come from.
///
/// # Errors
/// When there is none.
pub fn users_terminal() -> io::Result<File> {
    let input = io::stdin();
    if input.is_terminal() { Ok(input.as_fd().try_clone_to_owned()?.into()) } else { platform::controlling_terminal() }
}

/// Runs a program so, for the user's terminal.
///
/// # Errors
/// As [`attended::run`], also where there is no terminal to be had; `Beside` where the output cannot be written.
pub fn run(
    user: File,
    program: &Program,
    environment: &Environment<'_>,
    masker: &Arc<Masker>,
    attendant: &mut dyn Attendant,
) -> Launched {
    let wrong = |error: io::Error| failed(program, &error);
    let follows = !io::stdin().is_terminal();
    let mut screen = Screen::of(user);
    let Pty { outer, inner } = terminal_for(&screen, follows).map_err(wrong)?;
    let mut pumps = Pumps::new(masker).map_err(wrong)?;
    let errors = errors(&inner, &mut pumps).map_err(wrong)?;
    let keys = outer.try_clone().map_err(wrong)?;
    pumps
        .start(outer.try_clone().map_err(wrong)?, io::stdout().as_fd().try_clone_to_owned().map_err(wrong)?)
        .map_err(wrong)?;
    let mut ears = attended::ears(Place::OtherTerminal)?;
    if let Some(signal) = ears.asked_to_end() {
        return Err(Fault::CalledOff(signal));
    }
    let input = if follows { Stdio::inherit() } else { Stdio::from(inner.try_clone().map_err(wrong)?) };
    // Before the command is there: what it is typed at once is for it.
    if !follows {
        screen.settle();
    }
    let word = Word::new().map_err(wrong)?;
    let mut child = program.start_by(&own_path(), &[LEAD, SAY_TO, &word.number(), "--"], environment, |command| {
        command.stdin(input).stdout(Stdio::from(inner)).stderr(Stdio::from(errors));
    })?;
    let screen = Arc::new(Mutex::new(screen));
    let beside = |error| Fault::Beside(wrong(error));
    let (over, running) = io::pipe().map_err(beside)?;
    let typed = Arc::clone(&screen);
    let type_on = move || type_on(&typed, &keys, &OwnedFd::from(over), follows);
    thread::Builder::new().spawn(type_on).map_err(beside)?;
    let sizes = pumps.take_sizes();
    let mut session = Session { screen: Arc::clone(&screen), outer, sizes, follows, attendant };
    let ended = attended::attend(&mut ears, &mut child, program, &mut session);
    let how = ended.as_ref().ok().copied();
    let done = pumps.finish(|| ears.asked_to_end_after(how));
    drop(running);
    locked(&screen).restore();
    if let Some(failure) = word.heard() {
        return Err(Fault::NotStarted(failure));
    }
    done.map_err(beside)?;
    ended
}

fn locked(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A terminal for the command.
fn terminal_for(screen: &Screen, follows: bool) -> io::Result<Pty> {
    let pty = Pty::like(screen.terminal())?;
    // Another program has the user's set for itself just now: a shell that edits a line, or one of the pipeline.
    if follows || !screen.is_ours() {
        pty.take_lines()?;
    }
    if follows {
        pty.leave_output_alone()?;
    }
    Ok(pty)
}

/// Errors go to the terminal too, or to wherever they went.
fn errors(inner: &OwnedFd, pumps: &mut Pumps) -> io::Result<OwnedFd> {
    if pty::are_one(&io::stderr(), &io::stdout()) { inner.try_clone() } else { pumps.start_to(&io::stderr()) }
}

/// This very program, by its path or, where it does not lie there any more, as Linux has it still.
pub fn own_path() -> PathBuf {
    let own = std::env::current_exe().ok().filter(|path| path.is_file());
    own.unwrap_or_else(|| Path::new("/proc/self/exe").to_owned())
}

/// Hands on each key as it comes, while this process is in the foreground.
fn type_on(screen: &Mutex<Screen>, keys: &OwnedFd, over: &OwnedFd, follows: bool) {
    let Ok(user) = locked(screen).terminal().try_clone() else { return };
    let mut room = zeroize::Zeroizing::new([0; KEYS]);
    loop {
        // In the background the keys are for another program, and to read them would stop this one.
        let is_ours = {
            let mut screen = locked(screen);
            let is_wanted = !follows || pty::wants_keys(keys);
            if is_wanted {
                screen.settle();
            } else {
                screen.restore();
            }
            is_wanted && screen.is_ours()
        };
        let turn = if is_ours && !follows { TURN } else { TURN_TO_GET_THEM };
        let ready =
            if is_ours { pumping::wait(&user, Some(over), Some(turn)) } else { pumping::wait(over, None, Some(turn)) };
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
    sizes: Sizes,
    follows: bool,
    attendant: &'a mut dyn Attendant,
}

impl Attendant for Session<'_> {
    fn stopping(&mut self) {
        locked(&self.screen).rest();
        self.attendant.stopping();
    }

    fn goes_on(&mut self) {
        self.attendant.goes_on();
        let mut screen = locked(&self.screen);
        screen.wake();
        if !self.follows {
            screen.settle();
        }
        screen.size_to(&self.outer);
    }

    fn resized(&mut self) {
        locked(&self.screen).size_to(&self.outer);
        self.sizes.follow();
        self.attendant.resized();
    }

    fn pause(&self) -> Option<Duration> {
        self.attendant.pause()
    }

    fn look(&mut self) -> Option<Wish> {
        let wish = self.attendant.look();
        if wish != Some(Wish::EndNow) {
            return wish;
        }
        // The head of the session would be killed and the command would go on: it is the terminal's job that is meant.
        pty::kill_job_of(&self.outer);
        None
    }
}

/// What the second keyctl does: it begins a session on the terminal that it was given, and runs the command there. The third one
/// says to `say_to` if it cannot become that.
///
/// # Errors
/// `NotStarted` with `NotExecutable` when the system does not start it, and with `Disk` where there is no session to be had.
pub fn lead(program: &Program, environment: &Environment<'_>, say_to: i32) -> Launched {
    let terminal = pty::lead_session_on_terminal().map_err(|error| failed(program, &error))?;
    let mut ears = attended::ears(Place::JobOfOurs)?;
    if let Some(signal) = ears.asked_to_end() {
        return Err(Fault::CalledOff(signal));
    }
    let words = [LEAD, FOLLOW, SAY_TO, &say_to.to_string(), "--"];
    let mut child = program.start_by(&own_path(), &words, environment, |command| {
        command.process_group(0);
    })?;
    pty::give_terminal_to(&child, &terminal);
    let ended = attended::attend(&mut ears, &mut child, program, &mut ());
    pty::take_terminal_back(&terminal);
    ended
}

/// What the third one does before it becomes the command: it waits until the terminal is its own. A command that used it before
/// that would be stopped, and some programs take that ill.
pub fn wait_for_terminal() {
    let Ok(terminal) = platform::controlling_terminal().map(Screen::of) else { return };
    let until = Instant::now() + LONGEST_WAIT;
    while !terminal.is_ours() && Instant::now() < until {
        thread::sleep(MOMENT);
    }
}
