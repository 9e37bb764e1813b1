//! `keyctl mcp`: a server that a coding agent starts, by which it learns of keys and has commands run with them.
//!
//! This process never holds a key and asks nobody anything: each call is done by a keyctl of its own, which has no terminal,
//! nothing on its standard input, a time and a bound. So an agent gets what a person without a terminal would get, by the same
//! rules, and a call that is cancelled is a process that is ended. Nothing but the protocol goes to standard output. An identity
//! that this process was given is the one thing that it hands on, in memory: each call takes it as any keyctl does.

use std::{
    collections::HashMap,
    io::{self, BufReader, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    identity::given::Handed,
    launch::outer,
    mcp::{
        lines::{self, Line},
        message::{self, INVALID, Id, Refusal},
        session::{Asked, Outcome, Session, Step},
    },
    platform,
    terminal::Terminal,
};

mod calls;

/// So many calls are done at a time.
const MOST_CALLS: usize = 8;
/// How long calls that are nearly done may take once nobody asks any more. Clients wait two seconds before they kill.
const LAST: Duration = Duration::from_secs(1);

/// What all calls share.
struct Server {
    /// This keyctl.
    program: PathBuf,
    /// The folder in which it was started: no call leaves it.
    folder: PathBuf,
    /// The identity that is given, for each call.
    handed: Option<Handed>,
    output: Mutex<io::Stdout>,
    /// The calls that are being done, and whether each is still wanted.
    running: Mutex<HashMap<Id, Arc<AtomicBool>>>,
    /// Whether nobody reads the answers any more.
    is_deaf: AtomicBool,
}

/// Serves until standard input ends.
///
/// # Errors
/// `Usage` at a terminal, `Disk` where this program or its folder cannot be told; as an identity has them that is given.
pub fn mcp(terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if io::stdin().is_terminal() {
        return Err(Failure::new(
            Kind::Usage,
            "`mcp` talks with a coding agent on its standard input, not with a person",
        )
        .hint("let the agent start it; how is said in its own manual, as `claude mcp add keyctl -- keyctl mcp`")
        .into());
    }
    let server = Arc::new(Server::here()?);
    outer::keep_files_from_children();
    platform::leave_terminal()
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot leave the terminal: {}", reason(&error))))?;
    let calls = server.serve(terminal);
    server.end(calls);
    Ok(ExitCode::SUCCESS)
}

impl Server {
    fn here() -> Result<Self> {
        let failed =
            |what: &str, error: &io::Error| Failure::new(Kind::Disk, format!("cannot tell {what}: {}", reason(error)));
        let program = std::env::current_exe().map_err(|error| failed("where this program lies", &error))?;
        let folder = std::env::current_dir().and_then(std::fs::canonicalize);
        Ok(Self {
            program,
            folder: folder.map_err(|error| failed("which folder this is", &error))?,
            handed: Handed::new()?,
            output: Mutex::new(io::stdout()),
            running: Mutex::default(),
            is_deaf: AtomicBool::new(false),
        })
    }

    /// Takes what the client says until it says no more. Gives the calls that were begun.
    fn serve(self: &Arc<Self>, terminal: &Terminal) -> Vec<JoinHandle<()>> {
        let (mut session, mut calls) = (Session::default(), Vec::new());
        let mut input = BufReader::new(io::stdin().lock());
        while !self.is_deaf.load(Ordering::SeqCst) {
            let line = match lines::next(&mut input, lines::LONGEST) {
                Ok(Line::Whole(line)) if line.trim_ascii().is_empty() => continue,
                Ok(Line::Whole(line)) => line,
                Ok(Line::TooLong) => {
                    let what = format!("a message may have {} bytes", lines::LONGEST);
                    self.write(&message::error(None, Refusal::new(INVALID, what)));
                    continue;
                }
                Ok(Line::End) => break,
                Err(error) => {
                    terminal.warn(&format!("standard input cannot be read: {}", reason(&error)));
                    break;
                }
            };
            let step = match message::read(&line) {
                Ok(message) => session.take(message),
                Err((id, refusal)) => Step::Answer(message::error(id.as_ref(), refusal)),
            };
            match step {
                Step::Nothing => {}
                Step::Answer(line) => self.write(&line),
                Step::Cancel(id) => {
                    if let Some(is_unwanted) = self.running().get(&id) {
                        is_unwanted.store(true, Ordering::SeqCst);
                    }
                }
                Step::Call(asked) => calls.extend(self.begin(*asked)),
            }
            calls.retain(|call| !call.is_finished());
        }
        calls
    }

    /// Begins a call, unless there is one of this id or there are too many.
    fn begin(self: &Arc<Self>, asked: Asked) -> Option<JoinHandle<()>> {
        let is_unwanted = Arc::new(AtomicBool::new(false));
        {
            let mut running = self.running();
            if running.contains_key(&asked.id) {
                let refusal = Refusal::new(INVALID, "a request with this `id` is still being done");
                self.write(&message::error(Some(&asked.id), refusal));
                return None;
            }
            if running.len() >= MOST_CALLS {
                let what = format!("{MOST_CALLS} calls are being done already; ask again when one of them is");
                self.write(&asked.answer(Outcome::Refused(what)));
                return None;
            }
            running.insert(asked.id.clone(), Arc::clone(&is_unwanted));
        }
        let server = Arc::clone(self);
        Some(thread::spawn(move || server.work(&asked, &is_unwanted)))
    }

    /// Does a call and answers it. A signal that would end this process ends what was started for the call first.
    fn work(&self, asked: &Asked, is_unwanted: &AtomicBool) {
        let held = platform::hold_signals().ok();
        let has_come = || held.as_ref().is_some_and(|held| held.came().is_some());
        let is_stopped = || is_unwanted.load(Ordering::SeqCst) || has_come();
        let outcome = calls::call(self, asked, &is_stopped);
        self.running().remove(&asked.id);
        if !is_stopped() {
            self.write(&asked.answer(outcome));
        }
        if let Some(held) = held {
            // Another call that holds signals back ends the process when it is through.
            let _ = held.follow();
        }
    }

    /// Writes a line. Where nobody reads any more, nothing is wanted any more.
    fn write(&self, line: &str) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let written = output.write_all(line.as_bytes()).and_then(|()| output.write_all(b"\n"));
        if written.and_then(|()| output.flush()).is_err() {
            self.is_deaf.store(true, Ordering::SeqCst);
        }
    }

    /// Waits for what is nearly done, and ends the rest.
    fn end(&self, calls: Vec<JoinHandle<()>>) {
        let begun = Instant::now();
        while begun.elapsed() < LAST && !self.is_deaf.load(Ordering::SeqCst) && !self.running().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        self.running().values().for_each(|is_unwanted| is_unwanted.store(true, Ordering::SeqCst));
        for call in calls {
            let _ = call.join();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Id, Arc<AtomicBool>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
