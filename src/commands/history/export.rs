//! `keyctl history export`: the entries for other programs.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use crate::{
    cli::HistoryExport,
    date::Moment,
    exchange::events::Form,
    failure::{Failure, Result},
    history::{Log, Query, Watch},
    terminal::{Terminal, count},
};

use super::{list::Lines, new_file, question};

/// Writes the entries, one at a time.
///
/// # Errors
/// As reading the history has them; `Negative` for a file that is there; `Disk`.
pub fn export(log: &Log, arguments: &HistoryExport, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let query = question::query(&arguments.filter, now)?;
    if let Some(path) = &arguments.out {
        to_file(log, &query, arguments.format, path, terminal)?;
    } else {
        let mut watch = super::writing(terminal);
        let mut lines = Lines::new(terminal);
        let written = write(log, &query, arguments.format, &mut watch, |text| lines.add(text));
        // What could be read is written, whatever comes then.
        lines.finish()?;
        drop(watch);
        written?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a new file. What could not be written whole is not left: it would pass for the whole history.
fn to_file(log: &Log, query: &Query, form: Form, path: &Path, terminal: &Terminal) -> Result<()> {
    let file = new_file::create(path, "name a new file")?;
    let written = write_to(file, log, query, form, path, &mut super::reading(terminal));
    match written {
        Ok(number) => {
            let entries = count(number, "entry");
            terminal.say(&format!("wrote {entries} to `{}`", path.display()));
            Ok(())
        }
        Err(failure) => {
            let _ = fs::remove_file(path);
            Err(failure)
        }
    }
}

fn write_to(file: File, log: &Log, query: &Query, form: Form, path: &Path, watch: Watch<'_>) -> Result<usize> {
    let failed = |error: &io::Error| Failure::disk("write", path, error);
    let mut file = BufWriter::with_capacity(64 * 1024, file);
    let number = write(log, query, form, watch, |text| {
        file.write_all(text.as_bytes()).map(|()| true).map_err(|error| failed(&error))
    })?;
    let file = file.into_inner().map_err(|error| failed(error.error()))?;
    file.sync_all().map_err(|error| failed(&error))?;
    Ok(number)
}

/// Hands on the head and then each entry, for as long as they are taken; gives the number of entries.
fn write(
    log: &Log,
    query: &Query,
    form: Form,
    watch: Watch<'_>,
    mut take: impl FnMut(&str) -> Result<bool>,
) -> Result<usize> {
    let mut number = 0;
    let mut goes_on = take(&form.head())?;
    let mut found = log.find(query)?.watched(watch);
    while let Some(entry) = found.next().filter(|_| goes_on) {
        let (n, event) = entry?;
        goes_on = take(&form.line(n, &event))?;
        number += 1;
    }
    Ok(number)
}
