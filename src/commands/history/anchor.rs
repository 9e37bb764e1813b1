//! `keyctl history anchor`: a line to keep elsewhere, and what it proves one day.

use std::{io::Read, path::Path, process::ExitCode};

use serde_json::json;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    history::{Log, Mark},
    home,
    terminal::Terminal,
};

use super::super::record;

/// The most bytes of marks that are read: some hundreds of them.
const LARGEST: usize = 64 * 1024;

/// Prints the mark of the last entry, once all is proven and surely on the disk: who keeps it vouches for what it stands
/// for, so what is not intact gets none.
///
/// # Errors
/// `Missing` where nothing was recorded yet; as verifying has them; as [`Log::append_all`].
pub fn anchor(log: &Log, as_json: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let none_yet = || Failure::new(Kind::Missing, "nothing was recorded yet");
    if !log.has_begun()? {
        return Err(none_yet().into());
    }
    let verdict = log.verify_against(log.known(), &[], &mut super::checking(terminal));
    if let Some(failure) = record::not_whole(&verdict) {
        return Err(failure.hint("only a history that is intact has a mark to keep").into());
    }
    let settled = log.settle(Moment::now())?.ok_or_else(none_yet)?;
    record::say_mended(log, &settled, terminal);
    if let Some(words) = record::unrecorded_words(log) {
        terminal.warn(&words);
    }
    let mark = settled.mark;
    let line = log.written(&mark);
    if as_json {
        let hash = hex::encode(&mark.hash);
        terminal.json(&json!({ "mark": line, "log": log.name(), "n": mark.seq, "hash": hash }))?;
    } else {
        terminal.report(&line)?;
        // Who writes it to a file knows.
        if terminal.width().is_some() {
            terminal.hint("keep it where nobody on this machine can change it");
            terminal.hint("compare with it one day: `keyctl history verify --against MARK`");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The marks that a call names: one itself, a file of them, or `-` for standard input. `Err` inside says why they prove
/// nothing about this history.
///
/// # Errors
/// `Usage` where there is none; `Disk` for a file that cannot be read.
pub fn kept(log: &Log, against: &str) -> Result<std::result::Result<Vec<Mark>, String>> {
    let text = if against == "-" {
        from_standard_input()?
    } else if let Ok(marks) = log.marks(against) {
        return Ok(of_this_one(log, marks));
    } else {
        match home::read_named(Path::new(against), LARGEST)? {
            Some((bytes, _)) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                return Err(Failure::new(Kind::Usage, "what to verify against is neither a mark nor a file")
                    .hint("`keyctl history anchor` prints a mark"));
            }
        }
    };
    Ok(of_this_one(log, log.marks(&text)?))
}

fn of_this_one(log: &Log, marks: std::result::Result<Vec<Mark>, String>) -> std::result::Result<Vec<Mark>, String> {
    marks.map_err(|name| format!("the mark is of another history, `{name}`; this one is `{}`", log.name()))
}

fn from_standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(LARGEST as u64).read_to_string(&mut text).map_err(|error| {
        let why = crate::failure::reason(&error);
        Failure::new(Kind::Disk, format!("cannot read standard input: {why}"))
    })?;
    Ok(text)
}
