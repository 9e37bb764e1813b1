//! The part of `unlock` that stays: it closes the store when the screen is locked, the machine goes to sleep or the user logs
//! out, and goes with the time. It holds no secret, and is nothing that other commands need.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use crate::{
    cli,
    failure::{Failure, Kind, Result, reason},
    identity::{
        anchor::Id,
        unlocked::{kernel, logind::Watch},
    },
    platform,
    session_bus::Trouble,
    terminal::Terminal,
};

/// How often it is looked whether the store is still open by the call that this belongs to, and the user still logged in.
const TURN: Duration = Duration::from_secs(20);
/// How long the answer may take that it listens.
const LONGEST_ANSWER: u64 = 512;

/// Starts it, and returns once it listens.
///
/// # Errors
/// Why it cannot.
pub fn start(store: Id, seconds: u64) -> std::result::Result<(), String> {
    let failed = |error: std::io::Error| format!("its watcher did not start: {}", reason(&error));
    let mut watcher = Command::new(std::env::current_exe().map_err(failed)?);
    watcher.args(["close-on-lock", &store.to_string(), &seconds.to_string()]);
    // Nothing of the caller's is held: no folder, no pipe, no terminal.
    watcher.current_dir(Path::new("/")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    platform::detach(&mut watcher);
    let mut watcher = watcher.spawn().map_err(failed)?;
    let mut answer = String::new();
    if let Some(output) = watcher.stdout.take() {
        BufReader::new(output.take(LONGEST_ANSWER)).read_line(&mut answer).map_err(failed)?;
    }
    match answer.strip_prefix("no: ") {
        None if answer == "listening\n" => Ok(()),
        why => Err(why.unwrap_or("its watcher ended").trim().to_owned()),
    }
}

/// It: until the time is up or the store was closed.
///
/// # Errors
/// `Usage` where it was not started by `unlock`; as the keyring has them.
pub fn watch(arguments: &cli::CloseOnLock, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let store = Id::parse(&arguments.store)
        .ok_or_else(|| Failure::new(Kind::Usage, "this is started by `keyctl unlock`, with the id of a store"))?;
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut watch = match Watch::begin() {
        Ok(watch) => watch,
        Err(trouble) => {
            terminal.data(format!("no: {}\n", words_of(trouble)).as_bytes())?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let own = kernel::number(store);
    terminal.data(b"listening\n")?;
    close_in_time(&mut watch, store, own, until)?;
    Ok(ExitCode::SUCCESS)
}

fn close_in_time(watch: &mut Watch, store: Id, own: Option<kernel::Number>, until: Instant) -> Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Where the bus is gone nothing is heard any more: closed too early is better than too late.
        let is_over = watch.wait(left.min(TURN)).unwrap_or(true);
        // Closed meanwhile, or opened anew, which has a watcher of its own.
        if own.is_none() || kernel::number(store) != own {
            return Ok(());
        }
        if is_over {
            return kernel::take_away(store).map(drop);
        }
        if left.is_zero() {
            return Ok(());
        }
    }
}

fn words_of(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::NoBus => "there is no system bus",
        Trouble::NoService => "there is no systemd-logind, which tells of it",
        Trouble::Silent => "systemd-logind did not answer within 5 s",
        Trouble::Refused => "systemd-logind answered with an error",
    }
}
