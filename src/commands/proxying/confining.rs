//! `proxy run --sandbox`: the command is started by a keyctl that confines itself first, and then becomes it. Where this system
//! lets it have a network of its own, the proxy listens in that one, and there is no way to any other; else one port is what it
//! reaches, at whatever address, and that is said.

use std::{ffi::OsStr, fs::File, os::fd::OwnedFd, os::unix::net::UnixStream, path::Path, process::Stdio};

use crate::{
    failure::{Failure, Kind, Result, reason},
    home::Home,
    launch::{
        environment::{Environment, Rules},
        program::Program,
    },
    platform,
    proxy::running::Listening,
    terminal::Terminal,
};

use super::{By, Gateway, closed_places};

/// What a command is handed over to that has a network of its own: the end of the socket that it gives the listener by.
pub type HandedBy = Option<File>;
/// The ports that the proxy is given in a network where all are free.
const FIRST: u16 = 0x8000;

/// Where the proxy is to listen for such a command.
///
/// # Errors
/// `Disk` where there is no socket to be had.
pub fn listening(by: By, terminal: &Terminal) -> Result<(Listening, HandedBy)> {
    if !matches!(by, By::Proxy { sandbox: true, .. }) {
        return Ok((Listening::Here, None));
    }
    if !has_own_network() {
        terminal.warn(
            "this system lets the command have no network of its own: it reaches the proxy's port at any address",
        );
        return Ok((Listening::Here, None));
    }
    let port = FIRST | u16::from_be_bytes(crate::random::bytes()?);
    let pair = UnixStream::pair().map_err(|error| Failure::disk("make", "a socket".as_ref(), &error));
    let (ours, its) = pair?;
    Ok((Listening::Elsewhere(port, ours), Some(File::from(OwnedFd::from(its)))))
}

/// Whether a command can have a network of its own here: a keyctl that is started for it tries.
#[must_use]
pub fn has_own_network() -> bool {
    let Ok(own) = std::env::current_exe() else { return false };
    let mut command = std::process::Command::new(own);
    command.args(["confine", "--check"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The program that is started in the command's place, where it is to be confined.
///
/// # Errors
/// `Usage` where this system has no sandbox.
pub fn confined(by: By, gateway: Option<&Gateway>, program: &Program, home: &Home) -> Result<Option<Program>> {
    let (By::Proxy { sandbox: true, .. }, Some(gateway)) = (by, gateway) else { return Ok(None) };
    let own = std::env::current_exe().map_err(|error| Failure::disk("find", Path::new("keyctl"), &error))?;
    let mut words: Vec<std::ffi::OsString> =
        vec!["confine".into(), format!("--port={}", gateway.running.port()).into()];
    if let Some(socket) = &gateway.handed_by {
        platform::leave_open(socket)
            .map_err(|error| Failure::new(Kind::Disk, format!("cannot leave a socket open: {}", reason(&error))))?;
        words.push(format!("--by={}", platform::number_of(socket)).into());
    }
    for folder in closed_places(home) {
        words.extend(["--away".into(), folder.into_os_string()]);
    }
    // By its whole path: what is confined looks for nothing along `PATH`.
    words.extend(["--".into(), program.path().as_os_str().to_owned()]);
    words.extend(program.words().map(OsStr::to_owned));
    Ok(Some(Program::found(own, "keyctl".into(), words)))
}

/// Confines this process, and becomes the command.
///
/// # Errors
/// `Usage` where the system cannot do all of it: then nothing is started. As [`Program::become_it`].
pub fn confine(arguments: crate::cli::Confine) -> anyhow::Result<std::process::ExitCode> {
    let cannot = |error: &std::io::Error| {
        let what = format!("this system cannot confine a command, so none was started: {}", reason(error));
        Failure::new(Kind::Usage, what).hint("Landlock is needed with TCP and sockets (Linux 6.12 and newer)")
    };
    if arguments.check {
        platform::network::enter().map_err(|error| cannot(&error))?;
        return Ok(std::process::ExitCode::SUCCESS);
    }
    let mut words = arguments.command.into_iter();
    let (Some(path), Some(called)) = (words.next(), words.next()) else {
        return Err(Failure::new(Kind::Usage, "this is started by `keyctl proxy run`, with a command").into());
    };
    let program = Program::found(path.into(), called, words.collect());
    let environment = Environment::join(std::env::vars_os(), &[], Rules::default())?;
    if let Some(socket) = arguments.by {
        let entered = platform::network::enter();
        entered.and_then(|()| platform::network::hand_over(arguments.port, socket)).map_err(|error| cannot(&error))?;
    }
    platform::confine(arguments.port, &arguments.away).map_err(|error| cannot(&error))?;
    program.become_it(&environment).map(|never| match never {}).map_err(Into::into)
}
