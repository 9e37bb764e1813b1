//! An alert on its way to the desktop and to the user's own program.
//!
//! A use of keys must not wait for either, and `run` becomes another program that must not find children it never had. So
//! keyctl starts itself once more, gives that one the alert on its standard input, and waits only until it has started
//! another one of itself in the background, which nobody waits for. What goes there are names, never a secret.

use std::{
    io::{Read, Write},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    alert::Settings,
    cli,
    date::Moment,
    failure::{Failure, Result},
    history::{Action, Event},
    platform,
    reminder::notification,
    subprocess::Program,
    terminal::Terminal,
};

/// What a user's program may take to carry it on.
const DEADLINE: Duration = Duration::from_secs(30);
/// The most bytes that alerts are handed over in: each has at most a line of the history, the program's words the most
/// that a config may have.
const LARGEST: u64 = 1024 * 1024;

/// What is delivered.
#[derive(Serialize, Deserialize)]
pub struct Message(Value);

/// What goes to the background.
#[derive(Serialize, Deserialize)]
struct Order {
    alerts: Vec<Message>,
    notify: bool,
    program: Option<Vec<String>>,
}

impl Message {
    /// An alert, as its entry has it.
    #[must_use]
    pub fn of(event: &Event, number: Option<u64>) -> Self {
        let mut value = event.to_kept_value();
        value["n"] = number.into();
        Self(value)
    }

    fn text(&self) -> &str {
        self.0["note"].as_str().unwrap_or_default()
    }

    fn notify(&self) -> Result<()> {
        let shown = notification::show("keyctl: alert", self.text());
        shown.map_err(|failure| failure.hint("`keyctl alerts list` says the same in the terminal"))
    }

    /// Gives the program one line of JSON on its standard input.
    fn tell(&self, command: &[String]) -> Result<()> {
        let program = Program::find(command, "alert program")?;
        program.succeed(format!("{}\n", self.0).into_bytes().into(), Stdio::null(), DEADLINE).map(drop)
    }
}

/// Starts the delivery, if there is something to deliver and a way that is set. What becomes of it is not this call's matter.
pub fn start(settings: &Settings, alerts: Vec<Message>) {
    if alerts.is_empty() || (!settings.notify && settings.program.is_none()) {
        return;
    }
    let order = Order { alerts, notify: settings.notify, program: settings.program.clone() };
    let Ok(order) = serde_json::to_vec(&order) else { return };
    let _ = hand_over(&order, &["deliver-alert"], |child| child.wait().map(drop));
}

fn hand_over(
    order: &[u8],
    words: &[&str],
    then: impl FnOnce(&mut std::process::Child) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    platform::detach(&mut command);
    let mut child = command.spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(order));
    // Also where it did not take everything: what is not waited for stays as a child of what this process becomes.
    then(&mut child).and(written)
}

/// The background's part of it.
///
/// # Errors
/// When it cannot go on; there is nobody to hear of it.
pub fn deliver(arguments: &cli::DeliverAlert, _: &Terminal) -> anyhow::Result<ExitCode> {
    let mut order = Vec::new();
    std::io::stdin().lock().take(LARGEST).read_to_end(&mut order)?;
    if !arguments.stay {
        hand_over(&order, &["deliver-alert", "--stay"], |_| Ok(()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let order: Order = serde_json::from_slice(&order)?;
    let mut failed = None;
    for alert in &order.alerts {
        let told = order.program.as_ref().map_or(Ok(()), |program| alert.tell(program));
        let shown = if order.notify { alert.notify() } else { Ok(()) };
        failed = failed.or(told.err()).or(shown.err());
    }
    failed.map_or(Ok(ExitCode::SUCCESS), |failure| Err(failure.into()))
}

/// Sends a trial alert in each way that is set, and waits for it.
///
/// # Errors
/// `Remote` and the like for the first way that does not work.
pub fn test(settings: &Settings, as_json: bool, terminal: &Terminal) -> Result<()> {
    let event = Event::new(Action::Alert, Moment::now()).rule("test").note("this is a trial; nothing has happened");
    let message = Message::of(&event, None);
    terminal.warn(&format!("alert: {}", message.text()));
    let shown = settings.notify.then(|| ("notification", "the desktop shows it".to_owned(), message.notify()));
    let told = settings.program.as_ref();
    let told = told.map(|program| ("program", format!("`{}` was told", program[0]), message.tell(program)));
    let tried: Vec<(&str, String, Result<()>)> = shown.into_iter().chain(told).collect();
    if as_json {
        let why = |tried: &Result<()>| tried.as_ref().err().map(|failure| failure.message.clone());
        let ways = tried.iter().map(|(by, _, tried)| json!({ "by": by, "failure": why(tried) }));
        terminal.json(&json!({ "told": ways.collect::<Vec<Value>>() }))?;
    } else if tried.is_empty() {
        terminal.say("alerts are shown where they happen and stand in the history; no other way is set");
        terminal.hint("in `config.toml`, under `[alerts]`: `notify = true`, or `program = [\"/path/to/program\"]`");
    }
    let mut failed: Option<Failure> = None;
    for (_, done, tried) in tried {
        match tried {
            Ok(()) if as_json => {}
            Ok(()) => terminal.say(&done),
            Err(failure) if failed.is_none() => failed = Some(failure),
            Err(failure) => terminal.failure(&failure, None),
        }
    }
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_waited_for_though_it_does_not_read_all_that_it_is_given() {
        // This test's own program lists its tests and ends, without a look at its input.
        let mut waited = false;
        let written = hand_over(&vec![b'x'; 4 << 20], &["--list"], |child| {
            waited = true;
            child.wait().map(drop)
        });
        assert!(waited && written.is_err(), "{written:?}");
    }
}
