//! Who asks: the programs above keyctl, the coding agent that perhaps is among them, whether a person is at a terminal.

use std::io::IsTerminal;

use crate::{history::Event, launch::agent, platform};

/// The coding agent that perhaps started this process.
#[must_use]
pub fn agent() -> Option<String> {
    agent::perhaps(|name| std::env::var_os(name))
}

/// The event with what every event says of who asks. One that says it already stays as it is.
#[must_use]
pub fn sign(event: &Event) -> Event {
    if event.process.is_some() {
        return event.clone();
    }
    let terminal = event.terminal.unwrap_or_else(|| std::io::stderr().is_terminal());
    event.clone().by(platform::parents()).agent(agent()).terminal(terminal).process(std::process::id())
}
