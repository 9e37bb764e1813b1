//! `proxy run --sandbox`: the command is started by a keyctl that confines itself first, and then becomes it.

use crate::{failure::Result, home::Home, launch::program::Program};

use super::{By, Gateway};

/// The program that is started in the command's place, where it is to be confined.
///
/// # Errors
/// `Usage` where this system has no sandbox.
#[cfg(target_os = "linux")]
pub fn confined(by: By, gateway: Option<&Gateway>, program: &Program, home: &Home) -> Result<Option<Program>> {
    let (By::Proxy { sandbox: true, .. }, Some(gateway)) = (by, gateway) else { return Ok(None) };
    let own = std::env::current_exe()
        .map_err(|error| crate::failure::Failure::disk("find", std::path::Path::new("keyctl"), &error))?;
    let config = home.config_file();
    let mut away = vec![home.data().to_owned()];
    away.extend(config.parent().filter(|folder| *folder != home.data()).map(std::path::Path::to_owned));
    let mut words: Vec<std::ffi::OsString> =
        vec!["confine".into(), format!("--port={}", gateway.running.port()).into()];
    for folder in away {
        words.extend(["--away".into(), folder.into_os_string()]);
    }
    // By its whole path: what is confined looks for nothing along `PATH`.
    words.extend(["--".into(), program.path().as_os_str().to_owned()]);
    words.extend(program.words().map(std::ffi::OsStr::to_owned));
    Ok(Some(Program::found(own, "keyctl".into(), words)))
}

/// The same where there is none.
///
/// # Errors
/// `Usage`.
#[cfg(not(target_os = "linux"))]
pub fn confined(by: By, _: Option<&Gateway>, _: &Program, _: &Home) -> Result<Option<Program>> {
    use crate::failure::{Failure, Kind};
    if matches!(by, By::Proxy { sandbox: true, .. }) {
        return Err(Failure::new(Kind::Usage, "there is no sandbox on this system yet; nothing was started"));
    }
    Ok(None)
}

/// Confines this process, and becomes the command.
///
/// # Errors
/// `Usage` where the system cannot do all of it: then nothing is started. As [`Program::become_it`].
#[cfg(target_os = "linux")]
pub fn confine(arguments: crate::cli::Confine) -> anyhow::Result<std::process::ExitCode> {
    use crate::{
        failure::{Failure, Kind, reason},
        launch::environment::{Environment, Rules},
        platform,
    };
    let mut words = arguments.command.into_iter();
    let (Some(path), Some(called)) = (words.next(), words.next()) else {
        return Err(Failure::new(Kind::Usage, "this is started by `keyctl proxy run`, with a command").into());
    };
    let program = Program::found(path.into(), called, words.collect());
    let environment = Environment::join(std::env::vars_os(), &[], Rules::default())?;
    platform::confine(arguments.port, &arguments.away).map_err(|error| {
        let what = format!("this system cannot confine a command, so none was started: {}", reason(&error));
        Failure::new(Kind::Usage, what).hint("Landlock is needed with TCP and sockets (Linux 6.12 and newer)")
    })?;
    program.become_it(&environment).map(|never| match never {}).map_err(Into::into)
}
