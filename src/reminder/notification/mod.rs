//! A notification on the desktop, through what each platform has for it.
//!
//! The text never becomes a part of a script or an argument: other users can read arguments.

#[cfg(target_os = "linux")]
mod freedesktop;
#[cfg(target_os = "linux")]
use freedesktop as platform;

pub mod osascript;
#[cfg(target_os = "macos")]
use osascript as platform;

pub mod toast;
#[cfg(windows)]
use toast as platform;

use std::time::Duration;

use crate::failure::{Failure, Kind, Result};

/// How long a desktop may take to answer. PowerShell alone may need two seconds to start.
const DEADLINE: Duration = Duration::from_secs(if cfg!(windows) { 15 } else { 5 });

/// Shows a notification: one line of title, and a body that may have more lines.
///
/// # Errors
/// `Remote` when there is no desktop to show it on, or it does not answer in time. What else says the same is for the caller to
/// say.
pub fn show(title: &str, body: &str) -> Result<()> {
    platform::show(&plain(title).replace('\n', " "), &plain(body), DEADLINE)
}

/// No control characters but the end of a line: some desktops drop the whole text for one.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn unreachable(what: impl Into<String>) -> Failure {
    Failure::new(Kind::Remote, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_desktop() {
        assert_eq!(plain("two\nlines, \u{1b}[31mred\0"), "two\nlines, \u{fffd}[31mred\u{fffd}");
    }
}
