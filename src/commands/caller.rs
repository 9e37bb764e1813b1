//! Who asks: the programs above keyctl, the coding agent that perhaps is among them, whether a person is at a terminal.

use std::io::IsTerminal;

use crate::{history::Event, launch::agent, platform};

/// The coding agent that perhaps started this process.
#[must_use]
pub fn agent() -> Option<String> {
    agent::perhaps(|name| std::env::var_os(name))
}

/// The event with what every event says of who asks.
#[must_use]
pub fn sign(event: Event) -> Event {
    let terminal = std::io::stderr().is_terminal();
    event.by(platform::parents()).agent(agent()).terminal(terminal).process(std::process::id())
}
