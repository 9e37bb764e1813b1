//! A program of the user's own that carries the news elsewhere, as a mail or into a chat. It gets them on its standard
//! input: names and dates, never a secret, since nothing here could hold one.

use std::{io, process::Stdio, time::Duration};

use serde::Serialize;

use crate::{date::Moment, failure::Result, subprocess::Program};

/// What a reminder says.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    /// One line.
    pub title: String,
    /// The lines below it, as they are shown on the desktop.
    pub body: String,
    /// The same for who reads it later: every key, each with its date.
    #[serde(skip)]
    pub text: String,
    /// The keys that it is about.
    pub keys: Vec<Due>,
}

/// A key that is due.
#[derive(Debug, Clone, Serialize)]
pub struct Due {
    /// Its name, with the store's where that is not the default one.
    pub name: String,
    /// Why it is due, in one word for scripts.
    pub state: &'static str,
    /// Since when, or from when on.
    pub date: Moment,
}

/// The form in which the program gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The title, and all keys with their dates, as a mail's text.
    Text,
    /// One JSON object on one line, with `title`, `body` and `keys` of `name`, `state` and `date`.
    Json,
}

/// Runs the program, whose name and arguments `command` gives, and waits until it has passed the news on. What it prints
/// goes to standard error.
///
/// # Errors
/// `Usage` for a command that cannot be meant, `NotFound`, `NotExecutable`; `Remote` when it does not end well in time.
pub fn tell(command: &[String], news: &News, form: Form, deadline: Duration) -> Result<()> {
    let program = Program::find(command, "reminder program")?;
    let text = match form {
        Form::Text => format!("{}\n\n{}\n", news.title, news.text),
        Form::Json => format!("{}\n", serde_json::json!(news)),
    };
    program.succeed(text.into_bytes().into(), Stdio::from(io::stderr()), deadline).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::failure::Kind;

    fn said(script: &str, form: Form) -> std::result::Result<(), (Kind, String)> {
        let news = News {
            title: "1 key is due".into(),
            body: "`a` expired".into(),
            text: "`a` expired on 1970-01-02".into(),
            keys: vec![Due { name: "a".into(), state: "expired", date: Moment::from_seconds(86_400) }],
        };
        let command = ["sh", "-c", script].map(str::to_owned);
        tell(&command, &news, form, Duration::from_millis(700)).map_err(|failure| (failure.kind, failure.message))
    }

    #[test]
    fn a_program_reads_the_news_as_text_or_as_json() {
        assert_eq!(said("test \"$(cat)\" = '1 key is due\n\n`a` expired on 1970-01-02'", Form::Text), Ok(()));
        let json = r#"{"body":"`a` expired","keys":[{"date":"1970-01-02T00:00:00Z","name":"a","state":"expired"}],"title":"1 key is due"}"#;
        assert_eq!(said(&format!("test \"$(cat)\" = '{json}'"), Form::Json), Ok(()));
    }

    #[test]
    fn a_program_that_fails_or_hangs_is_named() {
        let bad = |what: &str| Err((Kind::Remote, format!("the reminder program `sh` {what}")));
        assert_eq!(said("exit 3", Form::Text), bad("ended with exit code 3"));
        assert_eq!(said("sleep 60", Form::Json), bad("did not end within 0.7 seconds and was stopped"));
    }
}
