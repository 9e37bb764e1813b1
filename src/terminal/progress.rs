//! How far a long work has come: one line on standard error that is written over, and gone when the work is done.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use unicode_width::UnicodeWidthStr;

use super::{Terminal, printable};

/// What is done sooner needs no word.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written.
const PAUSE: Duration = Duration::from_millis(100);

/// A work that may take long. Only a terminal is told, and not with `--quiet`.
pub struct Progress {
    said_before: String,
    next: Option<Instant>,
    width: usize,
}

impl Terminal {
    /// Begins one, with what it does: `checking the history`.
    #[must_use]
    pub fn progress(&self, doing: &str) -> Progress {
        let told = io::stderr().is_terminal() && !self.is_quiet();
        let said_before = format!("{}: {}", self.program(), printable(doing));
        Progress { said_before, next: told.then(|| Instant::now() + PATIENCE), width: 0 }
    }
}

impl Progress {
    /// Says how much of the whole is done, if it is time to.
    pub fn at(&mut self, done: u64, total: u64) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + PAUSE);
        let text = self.next_line(done, total);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// The line, and as many spaces as a longer one left of itself.
    fn next_line(&mut self, done: u64, total: u64) -> String {
        let line = self.line(done, total);
        let rest = self.width.saturating_sub(line.width());
        self.width = line.width();
        format!("\r{line}{:rest$}", "")
    }

    fn line(&self, done: u64, total: u64) -> String {
        let percent = (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or_default().min(100);
        format!("{}: {percent} %", self.said_before)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.width > 0 {
            let _ = write!(io::stderr().lock(), "\r{:width$}\r", "", width = self.width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_longer_line_is_left() {
        let mut progress = Terminal::new("keyctl", false, true).progress("checking");
        let said: Vec<String> = [100, 0, 5].iter().map(|done| progress.next_line(*done, 100)).collect();
        assert_eq!(said, ["\rkeyctl: checking: 100 %", "\rkeyctl: checking: 0 %  ", "\rkeyctl: checking: 5 %"]);
        progress.width = 0;
    }

    #[test]
    fn a_part_is_said_in_hundredths_and_no_count_makes_it_fail() {
        let progress = Terminal::new("keyctl", false, true).progress("checking the history");
        for (done, total, expected) in
            [(0, 10, "0 %"), (1, 3, "33 %"), (3, 3, "100 %"), (4, 3, "100 %"), (1, 0, "0 %"), (u64::MAX, 1, "100 %")]
        {
            assert_eq!(progress.line(done, total), format!("keyctl: checking the history: {expected}"));
        }
    }
}
