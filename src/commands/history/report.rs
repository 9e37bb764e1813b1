//! `keyctl history report`: a page of what was done, for a browser.

use std::{io::Write as _, path::Path, process::ExitCode};

use crate::{
    cli, config,
    date::{Moment, zone},
    failure::{Failure, Kind, Result},
    history::Verdict,
    home::{self, Home},
    report::{self, Life, Made, Tally, Term},
    store::payload::{Key, Payload},
    terminal::{Terminal, count},
};

use super::{
    super::{
        judging::{self, Clock, Judged},
        opening::Kept,
        record,
    },
    new_file, question,
};

/// What to do about a file that is there.
const OVERWRITE: &str = "write over it with `--force`, or name another file";

/// Counts the entries and writes the page. A history that is not whole gets one too, which says so, and so does the exit
/// code.
///
/// # Errors
/// `Usage` for a date that is none, `Negative` for a file that is there; as the history and the disk have them.
pub fn report(
    home: &Home,
    kept: &Kept,
    payload: &Payload,
    arguments: &cli::HistoryReport,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let now = Moment::now();
    let since = arguments.since.as_deref().map(|text| question::beginning("--since", text, now)).transpose()?;
    let to_stdout = arguments.html == Path::new("-");
    if !to_stdout {
        check_target(&arguments.html, arguments.force)?;
    }
    let settings = config::read(home)?.rotation;
    let log = record::log(home, kept, payload);
    let verdict = log.verify_against(log.known(), &[], &mut super::checking(terminal));
    let mut tally = Tally::new(zone::here(), since);
    let flaw = tally.add_all(log.read()?.watched(&mut super::reading(terminal)));
    // Where nothing is wrong and only the proof is missing, all that there is was counted.
    let unread = flaw.map(|failure| failure.message).filter(|_| matches!(verdict, Verdict::Tampered { .. }));
    let judged = judging::all(payload, &settings, Clock::of(kept, payload, now));
    let own_folder = std::env::home_dir().map(|folder| folder.to_string_lossy().into_owned());
    let page = report::write(&Made {
        now,
        tally: &tally,
        lives: &lives(&judged, &tally),
        verdict: &verdict,
        unread: unread.as_deref(),
        home: own_folder.as_deref(),
    });
    if to_stdout {
        terminal.data(page.as_bytes())?;
    } else {
        write(&arguments.html, page.as_bytes(), arguments.force)?;
        let uses = usize::try_from(tally.uses).unwrap_or(usize::MAX);
        let told = format!("{} of {}", count(uses, "use"), count(tally.keys.len(), "key"));
        terminal.say(&format!("wrote `{}`: {told}; open it in a browser", arguments.html.display()));
    }
    match record::not_whole(&verdict) {
        Some(failure) => Err(failure.into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The keys that are kept, and those that the history knows of and the store no longer does.
fn lives(judged: &[Judged], tally: &Tally) -> Vec<Life> {
    let mut lives: Vec<Life> = judged
        .iter()
        .map(|key| Life {
            name: key.name.to_string(),
            words: Some(key.words()),
            outlook: Some(key.outlook),
            terms: terms(key.key),
        })
        .collect();
    let gone = tally.changes.keys().filter(|name| judged.iter().all(|key| key.name.as_str() != **name));
    lives.extend(gone.map(|name| Life { name: name.clone(), words: None, outlook: None, terms: Vec::new() }));
    lives
}

/// The times of a key's secrets, without these.
fn terms(key: &Key) -> Vec<Term> {
    let since = |revoked: &Option<crate::store::facts::Revoked>| revoked.as_ref().map(|revoked| revoked.at);
    let former = key.former.iter().map(|former| Term {
        since: former.since,
        expires: former.expires,
        revoked: since(&former.revoked),
    });
    let facts = &key.facts;
    let current = Term { since: facts.changed, expires: facts.expires, revoked: since(&facts.revoked) };
    former.chain([current]).collect()
}

/// Refuses before the work is done what will not be written to after it.
fn check_target(path: &Path, force: bool) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(facts) if !facts.is_file() => {
            Err(Failure::new(Kind::Usage, format!("`{}` is not a regular file", path.display()))
                .hint("name a file, or `-` for standard output"))
        }
        Ok(_) if !force => Err(new_file::exists(path, OVERWRITE)),
        _ => Ok(()),
    }
}

/// Writes the file: readable by its owner alone, and whole or not at all.
fn write(path: &Path, page: &[u8], force: bool) -> Result<()> {
    if force {
        return home::replace(path, page);
    }
    let mut file = new_file::create(path, OVERWRITE)?;
    file.write_all(page).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = std::fs::remove_file(path);
        Failure::disk("write", path, &error)
    })
}
