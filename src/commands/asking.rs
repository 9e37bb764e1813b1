//! The person at the terminal, whom an identity's keeper may ask for a passphrase.

use crate::{
    failure::Result,
    identity::asking::{self, Person},
    name::KeyName,
    platform,
    secret::Secret,
    terminal::Terminal,
};

/// Says that who is at this terminal is to be asked.
pub fn introduce(terminal: &Terminal) {
    // Where nobody is to be asked, nobody is there: also not to touch a device.
    if platform::is_asking_forbidden() {
        return;
    }
    asking::introduce(Box::new(AtTerminal(terminal.clone())));
}

/// What a person can do about what is done at a terminal alone.
#[must_use]
pub fn by_hand() -> &'static str {
    if platform::is_asking_forbidden() {
        return "`KEYCTL_NO_PROMPT` is set, so nothing is asked: unset it, and do it yourself at a terminal";
    }
    "do it yourself, at a terminal"
}

/// What a person can do where a store says less of a key than what was known of it, which holds on.
#[must_use]
pub fn yes_to_what_it_says(key: &KeyName) -> String {
    let store = key.store().map(ToString::to_string).unwrap_or_default();
    format!(
        "its store says less by now; if that is meant, say yes at a terminal: `keyctl store recipients accept {store}`"
    )
}

/// Asked is on the controlling terminal, and only where messages go to one too: what runs keyctl for somebody else, an agent
/// or a build, must not find its own screen asked.
struct AtTerminal(Terminal);

impl Person for AtTerminal {
    fn is_there(&self) -> bool {
        self.0.can_ask()
    }

    fn passphrase(&self, question: &str) -> Result<Secret> {
        self.0.ask_secret(question)
    }

    fn line(&self, question: &str) -> Result<String> {
        self.0.ask(question)
    }

    fn choose(&self, question: &str, yes: &str, no: Option<&str>) -> Result<bool> {
        let Some(no) = no else { return self.0.ask(&format!("{question} (Enter: {yes}) ")).map(|_| true) };
        loop {
            match self.0.ask(&format!("{question} (1: {yes}, 2: {no}) "))?.trim() {
                "1" => return Ok(true),
                "2" => return Ok(false),
                _ => self.0.warn("type 1 or 2"),
            }
        }
    }

    fn say(&self, text: &str) {
        self.0.warn(text);
    }
}
