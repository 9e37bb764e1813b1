//! Programs that keyctl calls on its own account: one that the user names in his configuration, or one of the system's.
//! Each runs without a shell, in a process group of its own, up to a deadline; so it cannot ask on the terminal, and a
//! Ctrl-C does not reach it. What it is told goes to its standard input, never into an argument.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    platform,
};

/// The most bytes a program may print: 64 KiB.
pub const LARGEST: usize = 64 * 1024;
/// How often a running program is looked after.
const TICK: Duration = Duration::from_millis(10);
/// The most that one turn of looking counts for: this process may have been stopped in it (a Ctrl-Z), and a program was not
/// silent for as long as nobody listened.
const LONGEST_TURN: Duration = Duration::from_millis(100);
/// After the program has ended its output is complete when nothing came for this long; something it started may hold
/// the pipe open for ever.
const QUIET: Duration = Duration::from_secs(1);
/// How long what an ended program started may go on printing, and how long the end of a line is waited for.
const GRACE: Duration = Duration::from_secs(5);
/// Where to look when there is no `PATH` (as `confstr(3)` has it, and where administrators install).
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a program prints, piece by piece.
type Printed = Receiver<Zeroizing<Vec<u8>>>;

/// A program that was found, and what messages call it.
pub struct Program {
    path: PathBuf,
    name: String,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    role: &'static str,
    of_system: bool,
    stop: Option<Arc<AtomicBool>>,
}

/// How a program ended, and what it printed.
pub struct Ended {
    /// Its exit code or signal.
    pub status: ExitStatus,
    /// Its standard output, if that was piped.
    pub output: Zeroizing<Vec<u8>>,
}

/// What a program printed until it ended, or until it was stopped.
pub struct Stopped {
    /// Its exit code or signal; `None` where it was stopped.
    pub status: Option<ExitStatus>,
    /// Its standard output, if that was piped.
    pub output: Zeroizing<Vec<u8>>,
    /// Whether that is all: nothing holds the pipe open any more.
    pub is_all: bool,
}

impl Program {
    /// Finds a program of the user's. `command` is its name, an absolute path or one to find on `PATH`, and its
    /// arguments; `role` is what messages call it, as in "the rotator".
    ///
    /// # Errors
    /// `Usage` for a command that cannot be meant, `NotFound`, `NotExecutable`.
    pub fn find(command: &[String], role: &'static str) -> Result<Self> {
        let usage = |what: &str| {
            Failure::new(Kind::Usage, format!("the {role} {what}"))
                .hint("name a program by its absolute path, or one on `PATH`, in `config.toml`")
        };
        let Some((name, arguments)) = command.split_first().filter(|(name, _)| !name.is_empty()) else {
            return Err(usage("names no program"));
        };
        let path = Path::new(name);
        // A relative path would mean another program in every folder that someone else filled.
        let candidates: Vec<PathBuf> = if path.is_absolute() {
            vec![path.to_owned()]
        } else if path.components().count() > 1 || name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(usage(&format!("`{name}` is a relative path")));
        } else {
            let folders = std::env::var_os("PATH").unwrap_or_else(|| OsString::from(USUAL_PATH));
            std::env::split_paths(&folders)
                .filter(|folder| folder.is_absolute())
                .flat_map(|folder| {
                    platform::program_names(name.as_ref()).into_iter().map(move |name| folder.join(name))
                })
                .collect()
        };
        if let Some(path) = candidates.iter().find(|path| path.is_file() && platform::is_executable(path)) {
            let arguments = arguments.iter().map(OsString::from).collect();
            let (path, name) = (path.clone(), name.clone());
            return Ok(Self { path, name, arguments, variables: Vec::new(), role, of_system: false, stop: None });
        }
        if candidates.iter().any(|path| path.exists()) {
            return Err(Failure::new(Kind::NotExecutable, format!("the {role} `{name}` is not executable")));
        }
        let hint = if path.is_absolute() {
            "put the program there, or name another in `config.toml`"
        } else {
            "name a program by its absolute path, or one on `PATH`, in `config.toml`"
        };
        Err(Failure::new(Kind::NotFound, format!("the {role} `{name}` is not found")).hint(hint))
    }

    /// A program of the system's, by its absolute path. What it says on standard error is for nobody.
    #[must_use]
    pub fn of_system(path: &Path, arguments: &[&std::ffi::OsStr]) -> Self {
        Self {
            path: path.to_owned(),
            name: path.display().to_string(),
            arguments: arguments.iter().map(OsString::from).collect(),
            variables: Vec::new(),
            role: "program",
            of_system: true,
            stop: None,
        }
    }

    /// The same program with one more variable; never a secret.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The same program, which is stopped as soon as this is true.
    #[must_use]
    pub fn stopped_by(mut self, stop: &Arc<AtomicBool>) -> Self {
        self.stop = Some(Arc::clone(stop));
        self
    }

    fn is_to_stop(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::SeqCst))
    }

    /// A failure of this program: "the rotator `x` …".
    #[must_use]
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(Kind::Remote, format!("the {} `{}` {what}", self.role, self.name))
    }

    /// Runs the program to its end and gives what it printed.
    ///
    /// # Errors
    /// As [`Program::run`], and `Remote` when it does not end with exit code 0.
    pub fn succeed(&self, input: Zeroizing<Vec<u8>>, output: Stdio, deadline: Duration) -> Result<Zeroizing<Vec<u8>>> {
        let ended = self.run(input, output, deadline)?;
        self.judge(ended.status).map(|()| ended.output)
    }

    /// Whether the program ended with exit code 0.
    ///
    /// # Errors
    /// `Remote` with how it ended where not.
    pub fn judge(&self, status: ExitStatus) -> Result<()> {
        match (status.code(), platform::signal_of(status)) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(self.failure(&format!("ended with exit code {code}"))),
            (None, Some(signal)) => Err(self.failure(&format!("was killed by signal {signal}"))),
            (None, None) => Err(self.failure("did not end well")),
        }
    }

    /// Runs the program with this on its standard input, however it ends.
    ///
    /// # Errors
    /// `NotFound` and `NotExecutable` when it cannot be started, `Disk` without a thread; `Remote` when it does not end in time, and then its
    /// whole process group is killed, or prints more than 64 KiB.
    pub fn run(&self, input: Zeroizing<Vec<u8>>, output: Stdio, deadline: Duration) -> Result<Ended> {
        let Stopped { status, output, .. } = self.run_or_stop(input, output, deadline, &mut |_| {})?;
        status.map(|status| Ended { status, output }).ok_or_else(|| self.late(deadline))
    }

    /// The failure of a program that was stopped at its deadline, or before.
    #[must_use]
    pub fn late(&self, deadline: Duration) -> Failure {
        if self.is_to_stop() {
            return self.failure("was stopped");
        }
        self.failure(&format!("did not end within {} seconds and was stopped", deadline.as_secs_f32()))
    }

    /// Like [`Program::run`], and gives what it had printed also where it had to be stopped. Whatever has come so far is shown
    /// to `heard` while the program runs, once its first line is whole.
    ///
    /// # Errors
    /// As [`Program::run`], but for the deadline.
    pub fn run_or_stop(
        &self,
        input: Zeroizing<Vec<u8>>,
        output: Stdio,
        deadline: Duration,
        heard: &mut dyn FnMut(&[u8]),
    ) -> Result<Stopped> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(output);
        if self.of_system {
            command.stderr(Stdio::null());
            platform::detach(&mut command);
        } else {
            platform::lead_group(&mut command);
        }
        // Before the program is there, so that it is not started where nobody could listen to it.
        let (feed, (listen, printed)) = (feed(input)?, listen()?);
        let mut child = command.spawn().map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::NotExecutable };
            Failure::new(kind, format!("cannot start the {} `{}`: {}", self.role, self.name, reason(&error)))
        })?;
        let _ = (child.stdin.take().map(|pipe| feed.send(pipe)), child.stdout.take().map(|pipe| listen.send(pipe)));
        drop((feed, listen));
        self.wait(Instant::now(), child, &printed, deadline, heard)
    }

    /// Collects what is printed until the program has ended.
    fn wait(
        &self,
        begun: Instant,
        mut child: Child,
        printed: &Printed,
        deadline: Duration,
        heard: &mut dyn FnMut(&[u8]),
    ) -> Result<Stopped> {
        let mut is_heard = false;
        // All the room from the start: a vector that grows leaves what it held behind.
        let mut output = Zeroizing::new(Vec::with_capacity(LARGEST));
        let (mut status, mut is_over, mut is_all) = (None, false, false);
        let (mut quiet, mut since_end) = (Duration::ZERO, Duration::ZERO);
        loop {
            let turn = Instant::now();
            let mut came = false;
            if is_all {
                thread::sleep(TICK);
            } else {
                match printed.recv_timeout(TICK) {
                    Ok(part) if output.len() + part.len() > LARGEST => {
                        stop(&mut child, is_over);
                        return Err(self.failure("printed more than 64 KiB"));
                    }
                    Ok(part) => {
                        output.extend_from_slice(&part);
                        came = true;
                        if !is_heard && output.contains(&b'\n') {
                            heard(&output);
                            is_heard = true;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => is_all = true,
                }
            }
            if is_over {
                let turn = turn.elapsed().min(LONGEST_TURN);
                (quiet, since_end) = (if came { Duration::ZERO } else { quiet + turn }, since_end + turn);
                // All that was printed is read, even where that takes a moment longer than the deadline; what the program
                // started may hold the pipe for ever, and may be about to end the line.
                let is_amid_a_line = status.is_some() && !self.of_system && output.last() != Some(&b'\n');
                let patience = if is_amid_a_line { GRACE } else { QUIET };
                if is_all || quiet >= patience || since_end >= GRACE {
                    return Ok(Stopped { status, output, is_all });
                }
                continue;
            }
            status =
                child.try_wait().map_err(|error| self.failure(&format!("cannot be waited for: {}", reason(&error))))?;
            is_over = status.is_some();
            if !is_over && (begun.elapsed() >= deadline || self.is_to_stop()) {
                stop(&mut child, false);
                is_over = true;
            }
        }
    }
}

/// Writes to the program from a thread of its own, since it may not read: to the pipe that is sent to it. That the program
/// closed its input early is its own affair.
fn feed(text: Zeroizing<Vec<u8>>) -> Result<Sender<ChildStdin>> {
    let (send, pipe) = channel::<ChildStdin>();
    start(move || {
        if let Ok(mut input) = pipe.recv() {
            drop(input.write_all(&text));
        }
    })?;
    Ok(send)
}

/// Reads what the program prints from a thread of its own, since something else may keep the pipe open: from the pipe that
/// is sent to it.
fn listen() -> Result<(Sender<ChildStdout>, Printed)> {
    let (send, printed) = channel();
    let (give, pipe) = channel::<ChildStdout>();
    start(move || {
        let Ok(mut output) = pipe.recv() else { return };
        let mut room = Zeroizing::new(vec![0; 8 * 1024]);
        loop {
            match output.read(&mut room) {
                Ok(0) => return,
                Ok(count) if send.send(Zeroizing::new(room[..count].to_vec())).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    Ok((give, printed))
}

fn start(work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().spawn(work).map(drop).map_err(|error| no_thread(&error))
}

/// The failure of a machine that has no thread to spare.
#[must_use]
pub fn no_thread(error: &io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("no thread can be started: {}", reason(error)))
        .hint("the system has too many processes, or lets this user have no more (`ulimit -u`)")
}

/// Ends the program and its group. Once it was waited for, its number may be another's, so then nothing is killed.
fn stop(child: &mut Child, ended: bool) {
    if !ended {
        platform::kill_group(child);
        let _ = child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_program_printed_is_read_though_the_deadline_comes_with_its_end() {
        let program = Program::of_system(Path::new("/bin/true"), &[]);
        let child = Command::new(&program.path).spawn().expect("start");
        thread::sleep(Duration::from_millis(300));
        let (send, printed) = channel();
        for part in ["one ", "two ", "three"] {
            send.send(Zeroizing::new(part.as_bytes().to_vec())).expect("sent");
        }
        drop(send);
        let ended = program.wait(Instant::now(), child, &printed, Duration::ZERO, &mut |_| {}).expect("it ended");
        let code = ended.status.and_then(|status| status.code());
        assert_eq!((ended.output.as_slice(), code), (&b"one two three"[..], Some(0)));
    }

    #[test]
    fn what_was_printed_while_this_process_was_stopped_is_read_to_its_end() {
        let program = Program::of_system(Path::new("/bin/true"), &[]);
        let child = Command::new(&program.path).spawn().expect("start");
        let (send, printed) = channel();
        // As after a Ctrl-Z that lasted: all of the time is over before anybody listens, and what lies in the pipe comes in
        // pieces from a thread that was stopped as well.
        thread::sleep(Duration::from_millis(300));
        let pieces = thread::spawn(move || {
            for part in ["one ", "two ", "three"] {
                thread::sleep(Duration::from_millis(100));
                send.send(Zeroizing::new(part.as_bytes().to_vec())).expect("listened to");
            }
        });
        let long_ago = Instant::now().checked_sub(Duration::from_mins(2)).expect("a machine that runs for long");
        let ended = program.wait(long_ago, child, &printed, Duration::from_secs(1), &mut |_| {}).expect("it ended");
        pieces.join().expect("said");
        let code = ended.status.and_then(|status| status.code());
        assert_eq!((ended.output.as_slice(), code, ended.is_all), (&b"one two three"[..], Some(0), true));
    }
}
