//! Who asks: the programs above keyctl, the coding agent that perhaps is among them, whether a person is at a terminal.

use std::io::IsTerminal;

use crate::{history::Event, launch::agent, platform};

/// The coding agent that perhaps started this process.
#[must_use]
pub fn agent() -> Option<String> {
    agent::perhaps(|name| std::env::var_os(name))
}

/// The event with what every event says of who asks, as far as it does not say so yet.
#[must_use]
pub fn sign(event: &Event) -> Event {
    let terminal = event.terminal.unwrap_or_else(|| std::io::stderr().is_terminal());
    event.clone().by(platform::parents()).agent(agent()).terminal(terminal).process(std::process::id())
}
