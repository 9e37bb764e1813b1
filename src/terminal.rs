//! The terminal's rules, stated once.
//!
//! - Data goes to standard output and nothing else does; reports are stable columns, or JSON with `--json`.
//! - Questions go to the terminal itself and are answered there, also while standard input is data.
//! - Everything else goes to standard error: `keyctl: …` says what happened, `keyctl: hint: …` what to do. Lower case, no
//!   full stop, names in backticks, no banner, no tip.
//! - No text from outside reaches the terminal with a control character in it: names, paths and commands are escaped here.
//! - Colour only on a terminal, and never with `NO_COLOR` or `--no-color`.
//! - A terminal gets lines that fit it: prose goes on in the next line, but never within backticks, which are there to be
//!   copied, and tables cut the columns that matter least. A pipe or a file gets every line whole.
//! - What lies in the user's home is shown with `~`, as a shell takes it; JSON has whole paths.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use unicode_width::UnicodeWidthStr;

use crate::{
    failure::{Failure, Kind, Result, for_store, reason},
    home::Home,
    name::StoreName,
    platform,
    secret::Secret,
};

mod blocks;
mod layout;
mod progress;

pub use crate::plain::{printable, printable_json};
pub use layout::columns;
use layout::{aligned, fitted_columns, narrowed, wrapped};
pub use progress::Progress;

/// The name in the source's own texts; where the program is called by another, [`Terminal::named`] puts that in.
const USUAL_NAME: &str = "keyctl";

/// How long a yes is waited for that only a person can give.
const PATIENCE: Duration = Duration::from_mins(2);

/// How this call talks to the user.
#[derive(Debug, Clone)]
pub struct Terminal {
    program: String,
    store: Option<Arc<StoreName>>,
    quiet: bool,
    colour: bool,
    coloured_data: bool,
}

/// A cell of a table: its text, and what it stands out in on a terminal.
#[derive(Debug, Clone)]
pub struct Cell(pub String, pub Option<Colour>);

/// A colour, as the terminal's owner has set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Something is wrong.
    Red = 31,
    /// All is well.
    Green = 32,
    /// Something is to be done.
    Yellow = 33,
}

impl Terminal {
    /// The voice of a program called by this name.
    #[must_use]
    pub fn new(program: &str, quiet: bool, no_colour: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let allowed = !no_colour && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let (colour, coloured_data) = (allowed && io::stderr().is_terminal(), allowed && io::stdout().is_terminal());
        Self { program: printable(program).into_owned(), store: None, quiet, colour, coloured_data }
    }

    /// The same voice for a call that is about this store: what it says to type is for that one.
    #[must_use]
    pub fn about(self, store: Option<Arc<StoreName>>) -> Self {
        Self { store, ..self }
    }

    /// The name this program was called by, for messages that tell what to type.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Says rows as aligned columns below what was said before, indented.
    pub fn say_rows(&self, rows: &[Vec<String>]) {
        let shown = |cell: &String| self.named(cell).into_owned();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
        columns(&rows).lines().for_each(|line| self.say(&format!("  {line}")));
    }

    /// Writes rows as aligned columns. On a terminal that is too narrow the columns of `give_way` are cut in the middle, and
    /// what is too wide still goes on below its last column.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn table(&self, rows: &[Vec<String>], give_way: &[usize]) -> Result<()> {
        self.table_below(&[], rows, give_way).map(drop)
    }

    /// Writes rows that go on in the columns of a table that was written before. `false` when nobody reads any more.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn table_below(&self, above: &[Vec<String>], rows: &[Vec<String>], give_way: &[usize]) -> Result<bool> {
        let shown = |cell: &String| self.named(cell).into_owned();
        let rows: Vec<Vec<String>> = above.iter().chain(rows).map(|row| row.iter().map(shown).collect()).collect();
        let text = match columns_of(&io::stdout()) {
            Some(width) => fitted_columns(&rows, above.len(), give_way, width),
            None => columns(&rows).split_inclusive('\n').skip(above.len()).collect(),
        };
        self.stream(self.lines(&text).as_bytes())
    }

    /// A text with what it says to type under the name this program was called by, and with `~` for the user's home.
    #[must_use]
    pub fn named<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match with_tilde(text) {
            Cow::Borrowed(text) => self.renamed(text),
            Cow::Owned(text) => Cow::Owned(self.renamed(&text).into_owned()),
        }
    }

    fn renamed<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(store) = &self.store else { return self.as_called(text) };
        let said = for_store(text, store.as_str());
        // Where its file lies is looked up for the few texts that speak of it.
        let home = if said.contains("store.age`") { Home::named(Some(store)).ok() } else { None };
        let said = home.map_or_else(|| said.to_string(), |home| home.said_of_file(&said).into_owned());
        Cow::Owned(self.as_called(&said).into_owned())
    }

    fn as_called<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.program == USUAL_NAME {
            return Cow::Borrowed(text);
        }
        let command = |before: &str| (format!("{before}{USUAL_NAME} "), format!("{before}{} ", self.program));
        let ((quoted, renamed), (example, other)) = (command("`"), command("\n  "));
        Cow::Owned(text.replace(&quoted, &renamed).replace(&example, &other))
    }

    /// Writes data to standard output, byte for byte.
    ///
    /// # Errors
    /// `Disk` when it cannot be written. A reader that went away is no failure: there is nobody left to tell.
    pub fn data(&self, bytes: &[u8]) -> Result<()> {
        self.stream(bytes).map(drop)
    }

    /// The same for data in pieces: `false` when nobody reads them any more, and no more of them need be made.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn stream(&self, bytes: &[u8]) -> Result<bool> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::new(Kind::Disk, format!("cannot write to standard output: {}", reason(&error)))),
        }
    }

    /// Writes lines of a report to standard output, escaped.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn report(&self, text: &str) -> Result<()> {
        self.data(self.lines(text).as_bytes())
    }

    fn lines(&self, text: &str) -> String {
        let text = self.named(text);
        let mut lines: Vec<Cow<'_, str>> = text.lines().map(printable).collect();
        lines.push(Cow::Borrowed(""));
        lines.join("\n")
    }

    /// How many columns the screen has that standard output is; `None` where it is none.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        const USUAL: usize = 80;
        io::stdout().is_terminal().then(|| columns_of(&io::stdout()).unwrap_or(USUAL))
    }

    /// Writes rows to standard output as [`columns`] has them, in colour where that is wanted. On a terminal that is too
    /// narrow the columns of `give_way`, each cell of which is one word, are cut in the middle.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn coloured_table(&self, rows: &[Vec<Cell>], give_way: &[usize]) -> Result<()> {
        let mut rows = rows.to_vec();
        if let Some(width) = self.width() {
            let texts: Vec<Vec<String>> =
                rows.iter().map(|row| row.iter().map(|cell| cell.0.clone()).collect()).collect();
            for (row, mut lines) in rows.iter_mut().zip(narrowed(&texts, give_way, width)) {
                row.iter_mut().zip(lines.swap_remove(0)).for_each(|(cell, text)| cell.0 = text);
            }
        }
        self.data(aligned(&rows, |Cell(text, colour)| (text, colour.filter(|_| self.coloured_data))).as_bytes())
    }

    /// Writes a value as JSON to standard output.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn json(&self, value: &serde_json::Value) -> Result<()> {
        self.data(format!("{}\n", printable_json(&format!("{value:#}"))).as_bytes())
    }

    /// Whether only what must not be overlooked is said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says what happened; `--quiet` silences it.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// Says what should not be overlooked, also with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.line("", text);
    }

    /// Says what to do, also with `--quiet`.
    pub fn hint(&self, text: &str) {
        self.line("hint: ", text);
    }

    /// Says a line and then lines of detail under it, each escaped by itself.
    pub fn say_lines(&self, head: &str, lines: &[String]) {
        self.line("", head);
        for line in lines {
            write_line(&format!("  {}", printable(line)));
        }
    }

    /// Says why it failed and what to do about it. `tag` is for scripts, where the exit code cannot tell the kind.
    pub fn failure(&self, failure: &Failure, tag: Option<Kind>) {
        let tag = tag.map(|kind| format!(" [E{:02}]", kind as u8)).unwrap_or_default();
        let (red, plain) = if self.colour { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
        let message = self.named(&failure.message);
        let said = format!("{}{tag}", printable(&message));
        let said = fitted(&said, self.program.width() + 2);
        write_line(&format!("{red}{}:{plain} {said}", self.program));
        for hint in &failure.hints {
            self.hint(hint);
        }
    }

    fn line(&self, kind: &str, text: &str) {
        let (dim, plain) = if self.colour { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
        let said = format!("{kind}{}", printable(&self.named(text)));
        let said = fitted(&said, self.program.width() + 2);
        write_line(&format!("{dim}{}:{plain} {said}", self.program));
    }

    /// Whether a person can be asked: there is a terminal to ask on, and this call is not part of a pipeline's silence.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stderr().is_terminal() && platform::terminal().is_ok()
    }

    /// Asks for a yes; everything else is a no.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C, `Usage` when there is nobody to ask.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let answer = self.ask(&format!("{question} [y/N] "))?;
        Ok(is_yes(&answer))
    }

    /// Asks for a yes on the terminal that belongs to this session, whatever standard input and standard error are, for two
    /// minutes at most; everything else is a no. What is in a pipe cannot answer.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C, `Policy` where nobody answers, `Usage` where there is no terminal.
    pub fn consent(&self, question: &str) -> Result<bool> {
        let question = self.question(&format!("{} [y/N] ", self.named(question)));
        let answer = platform::read_line_within(&question, PATIENCE).map_err(|error| nobody_answers(&error))?;
        Ok(is_yes(&String::from_utf8_lossy(answer.expose())))
    }

    /// Asks for one visible line.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub fn ask(&self, question: &str) -> Result<String> {
        let line = platform::read_line(&self.question(question), true).map_err(|error| nobody_answers(&error))?;
        Ok(String::from_utf8_lossy(line.expose()).into_owned())
    }

    /// Asks for a secret, which is not shown while it is typed. Echo is back on whatever ends the question.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub fn ask_secret(&self, question: &str) -> Result<Secret> {
        platform::read_line(&self.question(question), false).map_err(|error| nobody_answers(&error))
    }

    fn question(&self, text: &str) -> String {
        // The answer is typed behind it, so the space at its end stays.
        let used = self.program.width() + 2;
        let words = text.trim_end();
        format!("{}: {}{}", self.program, fitted(&printable(words), used), &text[words.len()..])
    }
}

/// Writes a line to standard error, at once: a command may be writing there too. A terminal that shows what comes as it is,
/// while a command has one of its own, goes to the next line's begin only where it is told.
fn write_line(text: &str) {
    let line = format!("{text}\n");
    let line = if platform::shows_as_it_is(&io::stderr()) { line.replace('\n', "\r\n") } else { line };
    // Nothing is to be done when standard error cannot be written; the exit code still tells.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn nobody_answers(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::TimedOut => {
            Failure::new(Kind::Policy, format!("nobody answered within {} minutes", PATIENCE.as_secs() / 60))
        }
        io::ErrorKind::Interrupted => Failure::new(Kind::Interrupted, "interrupted; nothing was changed"),
        io::ErrorKind::UnexpectedEof => {
            Failure::new(Kind::Usage, "the input ended before there was an answer; nothing was changed")
        }
        _ if platform::is_asking_forbidden() => {
            Failure::new(Kind::Usage, "`KEYCTL_NO_PROMPT` is set, so nothing is asked")
                .hint("say beforehand what is wanted, with an option (`--help`) or on standard input; or unset it")
        }
        _ => Failure::new(Kind::Usage, "there is no terminal to ask on"),
    }
}

/// How many columns there are to write on, if this is a terminal.
#[cfg(unix)]
fn columns_of(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0.into())
}

/// How many columns there are to write on, if this is a console.
#[cfg(windows)]
fn columns_of(stream: &impl std::os::windows::io::AsHandle) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0.into())
}

/// Broken into lines where standard error is a terminal that is too narrow; `used` columns of the first one are taken.
fn fitted(text: &str, used: usize) -> Cow<'_, str> {
    columns_of(&io::stderr()).map_or(Cow::Borrowed(text), |width| Cow::Owned(wrapped(text, width, used, 2)))
}

/// A text with `~` for the user's home where a path begins with that, as a shell takes it back: not in quotes. A home that
/// is none is shown as it is, since that may be what is wrong.
fn with_tilde(text: &str) -> Cow<'_, str> {
    let home = if cfg!(unix) { std::env::var("HOME").ok() } else { None };
    let usable =
        |home: &&str| home.len() > 1 && home.starts_with('/') && text.contains(home) && Path::new(home).is_dir();
    let Some(home) = home.as_deref().filter(usable) else { return Cow::Borrowed(text) };
    let mut shown = Cow::Borrowed(text);
    for (at, _) in text.rmatch_indices(home) {
        let begins = text[..at].ends_with(['`', ' ']) || at == 0;
        let ends = text[at + home.len()..].starts_with(['/', '`', ' ']) || at + home.len() == text.len();
        if begins && ends {
            shown.to_mut().replace_range(at..at + home.len(), "~");
        }
    }
    shown
}

/// A count with its noun: `1 key`, `2 keys`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix("entry")) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}entries"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_is_said_under_the_name_the_program_was_called_by() {
        let terminal = |name| Terminal::new(name, false, true);
        let text = "see `keyctl set --help`, of keyctl:\n  keyctl set A";
        assert_eq!(terminal("apikeyctl").named(text), "see `apikeyctl set --help`, of keyctl:\n  apikeyctl set A");
        assert_eq!(terminal("keyctl").named(text), text);
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([count(1, "key"), count(2, "key"), count(0, "entry")], ["1 key", "2 keys", "0 entries"]);
    }
}
