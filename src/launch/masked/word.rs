//! How the processes between keyctl and a command on a terminal of its own say that there was no command: by a pipe, which the
//! command does not get, to the keyctl that has the history. How they end could also be how the command ended.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, OwnedFd},
};

use crate::{
    failure::{Failure, Kind},
    platform::pumping,
};

/// The most bytes of what is said.
const LONGEST: usize = 4096;

/// Hears it.
pub struct Word {
    heard: OwnedFd,
    said: OwnedFd,
}

impl Word {
    /// Nothing was said yet. Whatever this process starts from here on can say it.
    ///
    /// # Errors
    /// As `pipe(2)` has them.
    pub fn new() -> io::Result<Self> {
        let (heard, said) = pumping::pipe_for_children()?;
        Ok(Self { heard, said })
    }

    /// The number by which a child says it.
    pub fn number(&self) -> String {
        self.said.as_raw_fd().to_string()
    }

    /// What was said, once those who could say it are gone.
    pub fn heard(&self) -> Option<Failure> {
        let mut room = vec![0; pumping::waiting_bytes(&self.heard).min(LONGEST)];
        if room.is_empty() {
            return None;
        }
        let read = pumping::read_some(&self.heard, &mut room).ok()??;
        let said = String::from_utf8_lossy(&room[..read]);
        let (number, message) = said.split_once(' ')?;
        Some(Failure::new(Kind::of_number(number.parse().ok()?)?, message))
    }
}

/// Says it, and whether that was possible.
#[must_use]
pub fn say(number: i32, failure: &Failure) -> bool {
    let text = format!("{} {}", failure.kind as u8, failure.message);
    let text = &text.as_bytes()[..text.len().min(LONGEST)];
    let pipe = File::options().write(true).open(format!("/dev/fd/{number}"));
    pipe.and_then(|mut pipe| pipe.write_all(text)).is_ok()
}
