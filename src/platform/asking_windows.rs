//! Asking on the console of Windows.

use std::{
    fs::{File, OpenOptions},
    io,
    time::Duration,
};

use crate::secret::Secret;

/// Whether this is a console that shows what comes as it is; here none is made so.
#[must_use]
pub fn shows_as_it_is<S>(_: &S) -> bool {
    false
}

/// The console, to ask on while standard input is data.
///
/// # Errors
/// When there is none.
pub fn terminal() -> io::Result<File> {
    super::may_ask()?;
    OpenOptions::new().read(true).write(true).open("CONIN$")
}

/// Asks on the console and reads up to the end of the line, with or without echo.
///
/// # Errors
/// `Interrupted` on Ctrl-C, else as the console has them.
pub fn read_line(question: &str, echo: bool) -> io::Result<Secret> {
    super::may_ask()?;
    let question = question.trim_end();
    let answer = if echo {
        eprint_question(question)?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        dialoguer::Password::new()
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false)
            .interact()
            .map_err(|dialoguer::Error::IO(error)| error)?
    };
    Ok(Secret::new(answer.into_bytes()))
}

/// Asks on the console itself, whatever standard input is, for so long at most. What is typed is shown.
///
/// # Errors
/// `TimedOut`, `UnexpectedEof` on Ctrl-Z, else as the console has them.
pub fn read_line_within(question: &str, patience: Duration) -> io::Result<Secret> {
    use std::io::{BufRead, BufReader, Write};
    let console = terminal()?;
    let mut screen = OpenOptions::new().read(true).write(true).open("CONOUT$")?;
    screen.write_all(question.as_bytes())?;
    // A read of the console cannot be given up: the thread that waits for it ends with this process.
    let (answer, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let read = BufReader::new(console).read_until(b'\n', &mut line);
        let _ = answer.send(read.map(|_| line));
    });
    let line = answers.recv_timeout(patience).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Secret::new(line.trim_ascii_end().to_vec()))
}

fn eprint_question(question: &str) -> io::Result<()> {
    use std::io::Write;
    write!(io::stderr(), "{question} ")
}
