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
    platform::{self, ProgramFile},
};

/// The most bytes a program may print: 64 KiB.
pub const LARGEST: usize = 64 * 1024;
/// How often a running program is looked after.
const TICK: Duration = Duration::from_millis(10);
/// The most that one look counts for. What is longer is time in which this process was stopped or the machine slept: then
/// nobody has read what was printed meanwhile, and the program has not had its time either.
const LONGEST_TURN: Duration = Duration::from_millis(100);
/// After the program has ended its output is complete when nothing came for this long; something it started may hold
/// the pipe open for ever.
const QUIET: Duration = Duration::from_secs(1);
/// How long after the deadline what a program started may go on printing.
const GRACE: Duration = Duration::from_secs(5);
/// Where to look when there is no `PATH` (as `confstr(3)` has it, and where administrators install).
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// What to do where a program of the user's cannot be had.
const ANOTHER: &str = "name a program by its absolute path, or one on `PATH`, in `config.toml`";

/// What a program prints, piece by piece, and that there is no more. Where it stops without that word, reading failed.
enum Printed {
    Part(Zeroizing<Vec<u8>>),
    Closed,
}

/// A program that was found, and what messages call it.
pub struct Program {
    path: PathBuf,
    file: Option<ProgramFile>,
    name: String,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    without: Vec<OsString>,
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

/// How a program's output came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody can print any more.
    Closed,
    /// Something holds the pipe open and may go on printing, or it could not be read on.
    Open,
    /// It was more than 64 KiB; the rest was not read.
    TooMuch,
}

/// What a program printed until it ended, or until it was stopped.
pub struct Stopped {
    /// Its exit code or signal; else why that is not known, as where it was stopped.
    pub ended: Result<ExitStatus>,
    /// Its standard output, if that was piped.
    pub output: Zeroizing<Vec<u8>>,
    /// Whether that is all of it.
    pub end: End,
}

/// Who hears of what a program prints.
struct Listener<'l> {
    /// Gets all that was printed so far, each time that there is more.
    hears: &'l mut dyn FnMut(&[u8]),
    /// Whether output without a line ending is waited for until the pipe is closed.
    wants_lines: bool,
}

impl Program {
    /// Finds a program of the user's. `command` is its name, an absolute path or one to find on `PATH`, and its
    /// arguments; `role` is what messages call it, as in "the rotator".
    ///
    /// # Errors
    /// `Usage` for a command that cannot be meant, `NotFound`, `NotExecutable`.
    pub fn find(command: &[String], role: &'static str) -> Result<Self> {
        let usage = |what: &str| Failure::new(Kind::Usage, format!("the {role} {what}")).hint(ANOTHER);
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
            return Ok(Self { path, name, arguments, ..Self::of_nobody(role) });
        }
        if candidates.iter().any(|path| path.exists()) {
            return Err(Failure::new(Kind::NotExecutable, format!("the {role} `{name}` is not executable")));
        }
        let there = "put the program there, or name another in `config.toml`";
        let hint = if path.is_absolute() { there } else { ANOTHER };
        Err(Failure::new(Kind::NotFound, format!("the {role} `{name}` is not found")).hint(hint))
    }

    /// A program of the system's, by its absolute path. What it says on standard error is for nobody.
    #[must_use]
    pub fn of_system(path: &Path, arguments: &[&std::ffi::OsStr]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        let name = path.display().to_string();
        Self { path: path.to_owned(), name, arguments, of_system: true, ..Self::of_nobody("program") }
    }

    fn of_nobody(role: &'static str) -> Self {
        Self {
            path: PathBuf::new(),
            file: None,
            name: String::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            without: Vec::new(),
            role,
            of_system: false,
            stop: None,
        }
    }

    /// Its file, which is opened where it is to be judged. From then on that file is started and no other.
    ///
    /// # Errors
    /// `NotExecutable` where it cannot be opened.
    pub fn file(&mut self) -> Result<&ProgramFile> {
        let file = match self.file.take() {
            Some(file) => file,
            None => ProgramFile::open(&self.path).map_err(|error| self.not_started(&error))?,
        };
        Ok(self.file.insert(file))
    }

    fn not_started(&self, error: &io::Error) -> Failure {
        let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::NotExecutable };
        Failure::new(kind, format!("cannot start the {} `{}`: {}", self.role, self.name, reason(error)))
    }

    /// The same program with one more variable; never a secret.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The same program without these variables of the caller's.
    #[must_use]
    pub fn without(mut self, names: Vec<OsString>) -> Self {
        self.without = names;
        self
    }

    /// The variables of the caller's that it is started without.
    #[must_use]
    pub fn left_out(&self) -> &[OsString] {
        &self.without
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
        let listener = Listener { hears: &mut |_| {}, wants_lines: false };
        let Stopped { ended, output, end } = self.start(input, output, deadline, listener)?;
        if end == End::TooMuch {
            return Err(self.failure("printed more than 64 KiB"));
        }
        ended.map(|status| Ended { status, output })
    }

    /// Like [`Program::run`], and gives what it had printed also where it had to be stopped. `hears` gets all that was printed
    /// so far as soon as there is more. A line is waited for until it has its end, or nobody can print any more.
    ///
    /// # Errors
    /// Only where it could not be started.
    pub fn run_or_stop(
        &self,
        input: Zeroizing<Vec<u8>>,
        deadline: Duration,
        hears: &mut dyn FnMut(&[u8]),
    ) -> Result<Stopped> {
        self.start(input, Stdio::piped(), deadline, Listener { hears, wants_lines: true })
    }

    fn start(
        &self,
        input: Zeroizing<Vec<u8>>,
        output: Stdio,
        deadline: Duration,
        mut listener: Listener,
    ) -> Result<Stopped> {
        let own = self.file.as_ref().map(|file| file.command(self.path.as_os_str()));
        let command = own.unwrap_or_else(|| Ok(Command::new(&self.path)));
        let mut command = command.map_err(|error| self.not_started(&error))?;
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        for name in &self.without {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(output);
        if self.of_system {
            command.stderr(Stdio::null());
            platform::detach(&mut command);
        } else {
            platform::lead_group(&mut command);
        }
        // Before the program is there, so that it is not started where nobody could listen to it.
        let (feed, (listen, printed)) = (feed(input)?, listen()?);
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let piped = child.stdout.is_some();
        let _ = (child.stdin.take().map(|pipe| feed.send(pipe)), child.stdout.take().map(|pipe| listen.send(pipe)));
        drop((feed, listen));
        Ok(self.wait(child, piped.then_some(&printed), deadline, &mut listener))
    }

    /// Collects what is printed until the program has ended. The deadline and the quiet at the end are counted in time in which
    /// this process ran: whoever was stopped meanwhile first takes in what lies in the pipe.
    fn wait(
        &self,
        mut child: Child,
        printed: Option<&Receiver<Printed>>,
        deadline: Duration,
        listener: &mut Listener,
    ) -> Stopped {
        // All the room from the start: a vector that grows leaves what it held behind.
        let mut output = Zeroizing::new(Vec::with_capacity(LARGEST));
        let mut end = if printed.is_some() { None } else { Some(End::Closed) };
        let mut ended: Option<Result<ExitStatus>> = None;
        let (mut ran, mut quiet, mut late, mut latest) = (Duration::ZERO, Duration::ZERO, None, Instant::now());
        loop {
            let before = output.len();
            match printed.filter(|_| end.is_none()) {
                Some(printed) => end = take_in(printed, &mut output),
                None => thread::sleep(TICK),
            }
            if output.len() > before {
                (listener.hears)(&output);
                quiet = Duration::ZERO;
            }
            let turn = latest.elapsed().min(LONGEST_TURN);
            latest = Instant::now();
            (ran, quiet) = (ran + turn, quiet + turn);
            if late.is_none() && (ran >= deadline || self.is_to_stop()) {
                late = Some(ran);
            }
            if ended.is_none() {
                ended = match child.try_wait() {
                    Ok(Some(status)) => Some(Ok(status)),
                    Ok(None) if late.is_some() || end == Some(End::TooMuch) => Some(Err(self.late(deadline))),
                    Ok(None) => None,
                    Err(error) => Some(Err(self.failure(&format!("cannot be waited for: {}", reason(&error))))),
                };
                match &ended {
                    Some(Err(_)) => stop(&mut child),
                    Some(Ok(_)) => {}
                    None => continue,
                }
                quiet = Duration::ZERO;
            }
            // What has ended has printed all that it will, and that is read; what it started may print and hold the pipe for
            // ever.
            let is_whole = !listener.wants_lines || late.is_some() || output.ends_with(b"\n");
            let is_enough = quiet >= QUIET && is_whole;
            let is_too_late = late.is_some_and(|late| ran.saturating_sub(late) >= GRACE);
            if end.is_some() || is_enough || is_too_late {
                let ended = ended.unwrap_or_else(|| Err(self.late(deadline)));
                return Stopped { ended, output, end: end.unwrap_or(End::Open) };
            }
        }
    }

    /// The failure of a program that was stopped at its deadline, or before.
    fn late(&self, deadline: Duration) -> Failure {
        if self.is_to_stop() {
            return self.failure("was stopped");
        }
        self.failure(&format!("did not end within {} and was stopped", in_seconds(deadline)))
    }
}

/// Takes in what was printed by now, if anything comes within a moment; says how the output ended, if it did.
fn take_in(printed: &Receiver<Printed>, output: &mut Vec<u8>) -> Option<End> {
    let mut next = printed.recv_timeout(TICK);
    loop {
        match next {
            Ok(Printed::Part(part)) => {
                let room = LARGEST - output.len();
                output.extend_from_slice(&part[..part.len().min(room)]);
                if part.len() > room {
                    return Some(End::TooMuch);
                }
            }
            Ok(Printed::Closed) => return Some(End::Closed),
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => return Some(End::Open),
        }
        next = printed.recv_timeout(Duration::ZERO);
    }
}

/// Writes to the program from a thread of its own, since it may not read: to the pipe that is sent to it. That the program
/// closed its input early is its own affair.
fn feed(text: Zeroizing<Vec<u8>>) -> Result<Sender<ChildStdin>> {
    let (send, pipe) = channel::<ChildStdin>();
    begin(move || {
        if let Ok(mut input) = pipe.recv() {
            drop(input.write_all(&text));
        }
    })?;
    Ok(send)
}

/// Reads what the program prints from a thread of its own, since something else may keep the pipe open: from the pipe that
/// is sent to it.
fn listen() -> Result<(Sender<ChildStdout>, Receiver<Printed>)> {
    let (send, printed) = channel();
    let (give, pipe) = channel::<ChildStdout>();
    begin(move || {
        let Ok(mut output) = pipe.recv() else { return };
        let mut room = Zeroizing::new(vec![0; 8 * 1024]);
        loop {
            match output.read(&mut room) {
                Ok(0) => return drop(send.send(Printed::Closed)),
                Ok(count) if send.send(Printed::Part(Zeroizing::new(room[..count].to_vec()))).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    Ok((give, printed))
}

fn begin(work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().spawn(work).map(drop).map_err(|error| no_thread(&error))
}

/// The failure of a machine that has no thread to spare.
#[must_use]
pub fn no_thread(error: &io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("no thread can be started: {}", reason(error)))
        .hint("the system has too many processes, or lets this user have no more (`ulimit -u`)")
}

/// A time in seconds, and tenths where there are any.
fn in_seconds(time: Duration) -> String {
    let seconds = (time.as_secs_f32() * 10.0).round() / 10.0;
    let unit = if (seconds - 1.0).abs() < 0.05 { "second" } else { "seconds" };
    format!("{seconds} {unit}")
}

/// Ends a program that still runs, with its group.
fn stop(child: &mut Child) {
    platform::kill_group(child);
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn waited(program: &Program, child: Child, printed: &Receiver<Printed>, deadline: Duration) -> Stopped {
        program.wait(child, Some(printed), deadline, &mut Listener { hears: &mut |_| {}, wants_lines: true })
    }

    #[test]
    fn all_that_a_program_printed_is_read_though_the_deadline_comes_with_its_end() {
        let program = Program::of_system(Path::new("/bin/true"), &[]);
        let child = Command::new(&program.path).spawn().expect("start");
        thread::sleep(Duration::from_millis(300));
        let (send, printed) = channel();
        for part in ["one ", "two ", "three"] {
            send.send(Printed::Part(Zeroizing::new(part.as_bytes().to_vec()))).expect("sent");
        }
        send.send(Printed::Closed).expect("sent");
        drop(send);
        let stopped = waited(&program, child, &printed, Duration::ZERO);
        let code = stopped.ended.ok().and_then(|status| status.code());
        assert_eq!((stopped.output.as_slice(), code, stopped.end), (&b"one two three"[..], Some(0), End::Closed));
    }

    #[test]
    fn what_could_not_be_read_on_is_not_whole() {
        let program = Program::of_system(Path::new("/bin/true"), &[]);
        let child = Command::new(&program.path).spawn().expect("start");
        let (send, printed) = channel();
        send.send(Printed::Part(Zeroizing::new(b"half".to_vec()))).expect("sent");
        drop(send);
        let stopped = waited(&program, child, &printed, Duration::from_secs(30));
        assert_eq!((stopped.output.as_slice(), stopped.end), (&b"half"[..], End::Open));
    }

    fn ends_well(script: &str, deadline: Duration) {
        let program = Program::find(&["sh", "-c", script].map(str::to_owned), "rotator").expect("sh");
        let stopped = program.run_or_stop(Vec::new().into(), deadline, &mut |_| {}).expect("started");
        assert!(stopped.ended.is_ok_and(|status| status.success()), "it was not stopped");
        assert_eq!((stopped.output.len(), stopped.end), (60_004, End::Closed));
    }

    /// Not a test of its own: another one starts and stops it.
    #[test]
    #[ignore = "another test starts it"]
    fn a_caller_that_is_stopped_while_its_program_ends() {
        ends_well("sleep 0.5; head -c 60000 /dev/zero | tr '\\0' a; echo END", Duration::from_secs(2));
    }

    /// Nor this one.
    #[test]
    #[ignore = "another test starts it"]
    fn a_caller_that_is_stopped_before_its_program_ends() {
        ends_well("sleep 4; head -c 60000 /dev/zero | tr '\\0' a; echo END", Duration::from_secs(2));
    }

    #[test]
    fn time_in_which_the_caller_was_stopped_counts_for_nothing_and_what_was_printed_in_it_is_read() {
        let caller = |end: &str| {
            let test = format!("subprocess::tests::a_caller_that_is_stopped_{end}_its_program_ends");
            let mut command = Command::new(std::env::current_exe().expect("path"));
            command.args(["--exact", &test, "--ignored"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("start")
        };
        let callers = ["while", "while", "while", "before"].map(caller);
        let signal = |name: &str| {
            let numbers = callers.iter().map(|caller| caller.id().to_string());
            let kill = Command::new("kill").arg(name).args(numbers).status();
            assert!(kill.expect("kill").success());
        };
        thread::sleep(Duration::from_millis(250));
        signal("-STOP");
        thread::sleep(Duration::from_secs(3));
        signal("-CONT");
        for caller in callers {
            let output = caller.wait_with_output().expect("ended");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
        }
    }
}
