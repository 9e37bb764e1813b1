//! A question on a Unix terminal: one line, key by key, with or without echo.
//!
//! Not by the terminal's own line editor: that one carries at most 4,095 bytes. Whatever ends the question, the terminal
//! is set back first: an answer, a key that gives up, or a signal, whose own effect follows then.

use std::{
    fs::File,
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use rustix::{
    process::{Signal, kill_current_process_group},
    termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
};
use signal_hook::consts::{SIGINT, SIGQUIT};
use zeroize::Zeroizing;

use super::{
    signals::{HeldSignals, hold_signals},
    terminal,
};
use crate::secret::{LARGEST, Secret};

/// Asks on the terminal and reads up to the end of the line. Ctrl-Z stops this job, and the question is asked again when
/// it goes on. SIGTERM, SIGHUP and SIGQUIT (also Ctrl-\\) end the process as they always do, with the terminal set back.
///
/// # Errors
/// `Interrupted` on Ctrl-C and SIGINT, `UnexpectedEof` on Ctrl-D in an empty line, else as the terminal has them.
pub fn read_line(question: &str, echo: bool) -> io::Result<Secret> {
    read_until(question, echo, None)
}

/// The same with echo, for so long at most.
///
/// # Errors
/// As [`read_line`]; `TimedOut`.
pub fn read_line_within(question: &str, patience: Duration) -> io::Result<Secret> {
    read_until(question, true, Instant::now().checked_add(patience))
}

fn read_until(question: &str, echo: bool, until: Option<Instant>) -> io::Result<Secret> {
    let file = terminal()?;
    loop {
        let signals = hold_signals()?;
        match ask_once(&file, question, Manner { echo, until }, &signals)? {
            End::Answer(mut line) => {
                // A signal that came with the last key is not lost.
                signals.follow()?;
                return Ok(Secret::new(std::mem::take(&mut line)));
            }
            End::Given(kind) => return Err(kind.into()),
            End::Stopped => {
                signals.follow()?;
                // To the whole job, as the terminal does it: the shell sees all of it stopped.
                kill_current_process_group(Signal::TSTP)?;
            }
            End::Continued => signals.follow()?,
            End::Signal(signal) => {
                signals.give_back(signal);
                signals.follow()?;
            }
        }
    }
}

/// One go at the question; the terminal is as before when this returns.
fn ask_once(terminal: &File, question: &str, manner: Manner, signals: &HeldSignals) -> io::Result<End> {
    let _restore = Raw::enter(terminal)?;
    let end = edit_line(terminal, question, manner, signals)?;
    // What comes next begins on a line of its own, unless the terminal is gone: then nobody sees it.
    let _ = (&*terminal).write_all(b"\n");
    Ok(end)
}

/// How a question is asked.
#[derive(Clone, Copy)]
struct Manner {
    /// What is typed is shown.
    echo: bool,
    /// Nobody waits for longer.
    until: Option<Instant>,
}

/// What ended a line.
enum End {
    Answer(Zeroizing<Vec<u8>>),
    Given(io::ErrorKind),
    Stopped,
    Continued,
    Signal(i32),
}

fn edit_line(mut terminal: &File, question: &str, manner: Manner, signals: &HeldSignals) -> io::Result<End> {
    let Manner { echo, until } = manner;
    terminal.write_all(question.as_bytes())?;
    // Reserved at once, so that growing leaves no copy behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LARGEST));
    loop {
        match next_key(terminal, until, signals)? {
            Key::End(end) => return Ok(end),
            Key::Byte(b'\r' | b'\n') => return Ok(End::Answer(line)),
            Key::Byte(3) => return Ok(End::Given(io::ErrorKind::Interrupted)),
            Key::Byte(4) if line.is_empty() => return Ok(End::Given(io::ErrorKind::UnexpectedEof)),
            Key::Byte(26) => return Ok(End::Stopped),
            Key::Byte(28) => return Ok(End::Signal(SIGQUIT)),
            Key::Byte(8 | 127) => {
                // A character may have several bytes; those after the first begin with the bits 10.
                while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
                if echo {
                    terminal.write_all(b"\x08 \x08")?;
                }
            }
            Key::Byte(21) => {
                if echo {
                    terminal.write_all(&b"\x08 \x08".repeat(line.len()))?;
                }
                line.clear();
            }
            Key::Byte(byte) if line.len() < LARGEST && (byte >= 32 || byte == b'\t') => {
                line.push(byte);
                if echo {
                    terminal.write_all(&[byte])?;
                }
            }
            Key::Byte(_) => {}
        }
    }
}

enum Key {
    Byte(u8),
    End(End),
}

/// The next key, or the signal that came before one. Not by `poll`, which knows no `/dev/tty` on macOS: a read gives up
/// by itself after a tenth of a second.
fn next_key(mut terminal: &File, until: Option<Instant>, signals: &HeldSignals) -> io::Result<Key> {
    loop {
        match signals.came() {
            None => {}
            Some(SIGINT) => return Ok(Key::End(End::Given(io::ErrorKind::Interrupted))),
            Some(signal) => return Ok(Key::End(End::Signal(signal))),
        }
        if signals.continued() {
            return Ok(Key::End(End::Continued));
        }
        if until.is_some_and(|until| until <= Instant::now()) {
            return Ok(Key::End(End::Given(io::ErrorKind::TimedOut)));
        }
        let mut key = [0];
        match terminal.read(&mut key) {
            // Nothing was typed yet; a terminal that went away gives nothing either, but has no modes any more.
            Ok(0) if tcgetattr(terminal).is_err() => return Ok(Key::End(End::Given(io::ErrorKind::UnexpectedEof))),
            Ok(0) => {}
            Ok(_) => return Ok(Key::Byte(key[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A terminal that gives each key at once and shows none, until this is dropped.
struct Raw<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Raw<'t> {
    fn enter(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        raw.input_modes.remove(InputModes::IXON);
        // A read waits for at most one tenth of a second.
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(terminal, OptionalActions::Flush, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
