//! `proxy run --sandbox` on macOS: the command is started by `sandbox-exec`, which Apple calls deprecated and everybody uses, with
//! a profile of what it may do (see [`seatbelt`]). What such a profile really keeps from it is for the system to say. So before
//! anything is noted or started, a keyctl is started in just this way, and tries all that the command must not do; and the one
//! that becomes the command tries it again. Where one thing is open, or is not clear, there is no command.

use std::{
    ffi::{OsStr, OsString},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    hex,
    home::Home,
    launch::{
        environment::{Environment, Rules},
        program::Program,
    },
    plain::printable,
    platform::{
        self,
        probing::{self, FILE, FOLDERS, Ground},
        seatbelt::{Profile, SANDBOX_EXEC, Taken},
    },
    proxy::running::Listening,
    random, subprocess,
    terminal::Terminal,
};

use super::{By, Gateway, closed_places};

/// How the name of the folder begins that is there to be tried on.
const BEGINNING: &str = "keyctl-sandbox-";
/// What puts both of what a program prints into one: what `sandbox-exec` says is the reason where it fails.
const SHELL: &str = "/bin/sh";
/// So long it may take to try everything.
const DEADLINE: Duration = Duration::from_secs(20);
/// So many of keyctl's own files are tried.
const FILES: usize = 64;

/// What is there as long as a command is confined, for it not to reach.
pub struct Held {
    shut: TcpListener,
    folder: PathBuf,
}

/// See [`Held`].
pub type HandedBy = Option<Held>;

impl Held {
    fn make() -> Result<Self> {
        let shut = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| no_port(&error))?;
        let folder = std::env::temp_dir().join(format!("{BEGINNING}{}", hex::encode(&random::bytes::<12>()?)));
        let failed = |error: &std::io::Error| Failure::disk("make the folder", &folder, error);
        platform::make_private_folder(&folder).map_err(|error| failed(&error))?;
        // From here on it is taken away again, whatever comes.
        let held = Self { shut, folder: folder.clone() };
        let away = held.away();
        let made = std::fs::create_dir_all(&away).and_then(|()| std::fs::write(away.join(FILE), "closed"));
        made.map_err(|error| failed(&error))?;
        Ok(held)
    }

    fn away(&self) -> PathBuf {
        self.folder.join(FOLDERS[0]).join(FOLDERS[1])
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn no_port(error: &std::io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("cannot listen on 127.0.0.1: {}", reason(error)))
}

/// Where the proxy is to listen, and what such a command must not reach.
///
/// # Errors
/// `Disk` where there is no port or no folder to be had.
pub fn listening(by: By, _: &Terminal) -> Result<(Listening, HandedBy)> {
    let is_confined = matches!(by, By::Proxy { sandbox: true, .. });
    Ok((Listening::Here, is_confined.then(Held::make).transpose()?))
}

/// The program that is started in the command's place, where it is to be confined; that it will be was tried.
///
/// # Errors
/// `Usage` where it would not be.
pub fn confined(by: By, gateway: Option<&Gateway>, program: &Program, home: &Home) -> Result<Option<Program>> {
    let (By::Proxy { sandbox: true, .. }, Some(gateway)) = (by, gateway) else { return Ok(None) };
    let Some(held) = &gateway.handed_by else { return Err(cannot("there is nothing to try it on")) };
    let words = words(gateway.running.port(), held, home)?;
    try_it(&words).map_err(|why| cannot(&why))?;
    // By its whole path: what is confined looks for nothing along `PATH`.
    let command = [OsStr::new("--"), program.path().as_os_str()].into_iter().chain(program.words());
    let words = words.into_iter().chain(command.map(OsStr::to_owned)).collect();
    Ok(Some(Program::found(SANDBOX_EXEC.into(), "sandbox-exec".into(), words)))
}

fn cannot(why: &str) -> Failure {
    let what = format!("this system cannot confine a command, so none was started: {why}");
    Failure::new(Kind::Usage, what)
        .hint("`sandbox-exec` is needed as macOS 13 and newer have it, and no sandbox around keyctl")
}

/// Whether a command could be confined here.
///
/// # Errors
/// Why not.
pub fn could_confine(home: &Home) -> std::result::Result<(), String> {
    let tried = || -> Result<Vec<OsString>> {
        let held = Held::make()?;
        let proxy =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|proxy| Ok((proxy.local_addr()?.port(), proxy)));
        let (port, _proxy) = proxy.map_err(|error| no_port(&error))?;
        let words = words(port, &held, home)?;
        try_it(&words).map_err(|why| cannot(&why)).map(|()| words)
    };
    tried().map(drop).map_err(|failure| failure.message)
}

/// What `sandbox-exec` is told, up to where the command follows.
fn words(port: u16, held: &Held, home: &Home) -> Result<Vec<OsString>> {
    if !Path::new(SANDBOX_EXEC).is_file() {
        return Err(cannot(&format!("there is no `{SANDBOX_EXEC}`")));
    }
    let own = std::env::current_exe().map_err(|error| Failure::disk("find", Path::new("keyctl"), &error))?;
    let mut places = closed_places(home);
    places.push(held.away());
    let taken = Taken::of(&places, std::env::home_dir().as_deref()).map_err(|error| cannot(&reason(&error)))?;
    let shut = held.shut.local_addr().map_err(|error| no_port(&error))?.port();
    let mut words = Profile::new(port, &taken).words();
    words.extend([own.into_os_string(), "confine".into()]);
    words.extend([format!("--port={port}").into(), format!("--shut={shut}").into()]);
    words.extend(["--folder".into(), held.folder.clone().into_os_string()]);
    for file in closed_files(home) {
        words.extend(["--closed".into(), file.into_os_string()]);
    }
    Ok(words)
}

/// The files of keyctl's own that this process can read. One that it cannot would be closed with no sandbox at all.
fn closed_files(home: &Home) -> Vec<PathBuf> {
    let in_folder = std::fs::read_dir(home.data()).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = std::iter::once(home.config_file()).chain(in_folder);
    all.filter(|path| path.is_file() && std::fs::File::open(path).is_ok()).take(FILES).collect()
}

/// Tries all that is to be kept from a command which is started so.
fn try_it(words: &[OsString]) -> std::result::Result<(), String> {
    // The words of the shell's are its own; what it is given it does not read.
    let mut all: Vec<&OsStr> = ["-c", r#"exec "$@" 2>&1"#, "sh", SANDBOX_EXEC].map(OsStr::new).to_vec();
    all.extend(words.iter().map(OsString::as_os_str));
    all.push(OsStr::new("--check"));
    let program = subprocess::Program::of_system(Path::new(SHELL), &all);
    let ended = program.run(Zeroizing::default(), Stdio::piped(), DEADLINE).map_err(|failure| failure.message)?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.output);
    let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why").trim();
    Err(printable(said.strip_prefix("keyctl: ").unwrap_or(said)).into_owned())
}

/// Sees whether this process is confined, and becomes the command.
///
/// # Errors
/// `Usage` where it is not: then nothing is started. As [`Program::become_it`].
pub fn confine(arguments: crate::cli::Confine) -> anyhow::Result<ExitCode> {
    let ground =
        Ground { port: arguments.port, shut: arguments.shut, folder: arguments.folder, closed: arguments.closed };
    if let Some(wrong) = probing::wrong(&probing::try_all(&ground)) {
        return Err(Failure::new(
            Kind::Usage,
            format!("a command would not be confined, so none was started: {wrong}"),
        )
        .into());
    }
    if arguments.check {
        return Ok(ExitCode::SUCCESS);
    }
    let mut words = arguments.command.into_iter();
    let (Some(path), Some(called)) = (words.next(), words.next()) else {
        return Err(Failure::new(Kind::Usage, "this is started by `keyctl proxy run`, with a command").into());
    };
    let program = Program::found(path.into(), called, words.collect());
    let environment = Environment::join(std::env::vars_os(), &[], Rules::default())?;
    program.become_it(&environment).map(|never| match never {}).map_err(Into::into)
}
