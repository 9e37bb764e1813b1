//! `keyctl copy`: a secret on the clipboard, and off it again after a while.
//!
//! On X11 and Wayland a clipboard's content lives in the program that offers it. So `copy` starts itself once more as
//! `hold-clipboard`, gives it the secret through a pipe, and returns; that one offers it, asks clipboard managers not to
//! keep it, and clears it after the time if nothing else was copied meanwhile.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result, reason},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    platform,
    secret::{LARGEST, Secret},
    terminal::Terminal,
};

use super::{
    limiting, policy, project,
    sourcing::{self, Asking},
    using::Used,
};

/// Puts the secret on the clipboard.
///
/// # Errors
/// As the store has them; `Usage` where there is no clipboard or the secret is no text.
pub fn copy(arguments: &cli::Copy, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let config = config::read(&home)?;
    let mut used = sourcing::take_out(&home, &arguments.name, &config, terminal)?;
    refuse_bytes(&used, &arguments.name)?;
    check_display(&arguments.name)?;
    let event =
        Event::new(Action::Copy, Moment::now()).names([arguments.name.name()]).reason(arguments.reason.as_ref());
    let event = project::here(event);
    let was_asked = policy::ask(&mut used, &arguments.name, &config, arguments.reason.as_ref(), &event, terminal)?;
    let event = limiting::signed(event, was_asked);
    let asking = Asking { config: &config, offline: false, event: &|| event.clone(), terminal };
    let (from, mut held) = sourcing::fetch_one(&mut used, &arguments.name, arguments.reason.as_ref(), asking)?;
    refuse_bytes(&used, &arguments.name)?;
    let event = event.sources(from);
    let number = used.record(event.clone(), &config, terminal)?;
    held.heed_signals()?;
    if let Err(failure) = start_holder(&used.payload.key(&arguments.name)?.value, arguments.seconds) {
        used.record_failure(event.not_given(number, &failure.message), terminal);
        return Err(failure.into());
    }
    held.leave(terminal);
    if arguments.json {
        terminal.json(&json!({ "name": arguments.name.as_str(), "seconds": arguments.seconds }))?;
    } else {
        terminal.say(&format!("`{}` is on the clipboard for {} s", arguments.name, arguments.seconds));
    }
    Ok(ExitCode::SUCCESS)
}

/// No clipboard takes what is no text.
fn refuse_bytes(used: &Used, name: &KeyName) -> Result<()> {
    if used.payload.key(name)?.value.is_text() {
        return Ok(());
    }
    Err(Failure::new(Kind::Usage, format!("the secret of `{name}` is no text, which no clipboard takes")))
}

fn check_display(name: &KeyName) -> Result<()> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return Err(Failure::new(
            Kind::Usage,
            "there is no clipboard here: neither `WAYLAND_DISPLAY` nor `DISPLAY` is set",
        )
        .hint(format!("print it instead: `keyctl get {name}`")));
    }
    Ok(())
}

/// Starts the holder and waits until it says that the clipboard has the secret.
fn start_holder(secret: &Secret, seconds: u16) -> Result<()> {
    let failed =
        |error: std::io::Error| Failure::new(Kind::Disk, format!("cannot reach the clipboard: {}", reason(&error)));
    let program = std::env::current_exe().map_err(failed)?;
    let mut holder = Command::new(program);
    holder.args(["hold-clipboard", &seconds.to_string()]);
    holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    platform::detach(&mut holder);
    let mut holder = holder.spawn().map_err(failed)?;
    if let Some(mut input) = holder.stdin.take() {
        input.write_all(secret.expose()).map_err(failed)?;
    }
    let mut answer = String::new();
    if let Some(output) = holder.stdout.take() {
        BufReader::new(output.take(512)).read_line(&mut answer).map_err(failed)?;
    }
    match answer.strip_prefix("no: ") {
        None if answer == "held\n" => Ok(()),
        why => Err(Failure::new(
            Kind::Disk,
            format!("cannot reach the clipboard: {}", why.unwrap_or("its holder ended").trim()),
        )),
    }
}

/// The holder: offers the secret until its time is up or something else is copied.
///
/// # Errors
/// When there is no clipboard; `copy` says so.
pub fn hold(arguments: &cli::HoldClipboard, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(LARGEST));
    std::io::stdin().lock().take(LARGEST as u64).read_to_string(&mut text)?;
    let until = Instant::now() + Duration::from_secs(arguments.seconds.into());
    let mut clipboard =
        match arboard::Clipboard::new().and_then(|mut clipboard| offer(&mut clipboard, &text).map(|()| clipboard)) {
            Ok(clipboard) => clipboard,
            Err(error) => {
                terminal.data(format!("no: {error}\n").as_bytes())?;
                return Ok(ExitCode::FAILURE);
            }
        };
    terminal.data(b"held\n")?;
    // Asked now and then, so that the holder goes as soon as something else was copied.
    while Instant::now() < until {
        std::thread::sleep(until.saturating_duration_since(Instant::now()).min(Duration::from_millis(500)));
        let still = clipboard.get_text().map(zeroize::Zeroizing::new).is_ok_and(|now| *now == *text);
        if !still {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let _ = clipboard.clear();
    Ok(ExitCode::SUCCESS)
}

/// Offers the text, and asks whoever keeps a history of the clipboard to leave it out.
fn offer(clipboard: &mut arboard::Clipboard, text: &str) -> std::result::Result<(), arboard::Error> {
    #[cfg(target_os = "macos")]
    use arboard::SetExtApple as _;
    #[cfg(target_os = "linux")]
    use arboard::SetExtLinux as _;
    #[cfg(windows)]
    use arboard::SetExtWindows as _;
    clipboard.set().exclude_from_history().text(text)
}
