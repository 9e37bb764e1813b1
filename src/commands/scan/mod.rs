//! `keyctl scan`: where keys of all stores lie in clear, and what else looks like a key.

use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli::{self, ScanSource, ScanVerb},
    failure::{Failure, Kind, Result},
    home::Home,
    scan::{
        finding::{Finding, Place},
        git::{Git, pushing::Push},
        hook::Event,
        needles::MANY,
        tree, untold,
    },
    terminal::{Terminal, count},
};

pub(super) mod accepting;
mod adopting;
pub mod hook;
mod marking;
mod objects;
mod report;
mod search;
mod sources;

use super::versions::{need_someone, need_yes};
use report::Report;
pub use search::Search;
use sources::Looked;

/// What stands for standard input.
const INPUT: &str = "-";
/// The most that git tells a pre-push hook: a line for each of thousands of references.
const MOST_TOLD: u64 = 8 * 1024 * 1024;

/// Looks for keys in files, and says where they are; never what they are.
///
/// # Errors
/// As opening the store has them; `Disk` when standard input cannot be read.
pub fn scan(arguments: &cli::Scan, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match &arguments.verb {
        Some(ScanVerb::InstallHook(arguments)) => return Ok(hook::install(arguments, terminal)?),
        Some(ScanVerb::UninstallHook(arguments)) => return Ok(hook::uninstall(arguments, terminal)?),
        Some(ScanVerb::HookStatus(report)) => return Ok(hook::status(report.json, terminal)?),
        None => {}
    }
    let said = arguments.within.store.as_ref();
    let from_input = arguments.paths.iter().any(|path| path == Path::new(INPUT));
    if from_input && arguments.accept {
        return Err(Failure::new(Kind::Usage, "what comes from standard input has no place to be accepted in").into());
    }
    if from_input && arguments.adopt {
        return Err(Failure::new(Kind::Usage, "out of standard input nothing can be taken; name the file").into());
    }
    if arguments.adopt {
        need_someone(arguments.yes, terminal, adopting::DOING)?;
    }
    if from_input && arguments.paths.len() > 1 {
        return Err(Failure::new(Kind::Usage, "`-`, standard input, stands alone").into());
    }
    let event = event_of(&arguments.source);
    let search = Search::begin(said, !arguments.no_shapes, event.is_some(), terminal)
        .map_err(|failure| with_way_out(failure, event))?
        .minding_accepted(arguments.accept, terminal)?
        .deep(arguments.deep);
    let elsewhere = look_elsewhere(&arguments.source, &search);
    let mut looked = if let Some(looked) = elsewhere.map_err(|failure| untold::failure(&search.engine, failure))? {
        looked
    } else if from_input {
        tree::look_through(&search.engine, &Place::Input, &mut std::io::stdin().lock())
            .map_err(|error| Failure::disk("read", Path::new("standard input"), &error))?
            .into()
    } else {
        let here = [PathBuf::from(".")];
        let paths = if arguments.paths.is_empty() { &here[..] } else { &arguments.paths };
        let mut notes = Vec::new();
        let mut also = Vec::new();
        if arguments.adopt {
            let cut_short;
            (also, cut_short) = sources::variables_in(paths, sources::PATIENCE);
            notes.extend(cut_short.then(sources::cut_short));
        }
        Looked { notes, ..tree::look(&search.engine, &[paths, &also].concat(), arguments.no_ignore).into() }
    };
    if search.engine.needles().are_many() {
        let most = format!("{},{:03}", MANY / 1000, MANY % 1000);
        looked.notes.push(format!("parts of secrets in base64, hex and UTF-16: there are more than {most} secrets"));
    }
    let elsewhere = search.elsewhere();
    if elsewhere > 0 {
        let lie = if elsewhere == 1 { "whose secret lies" } else { "whose secrets lie" };
        looked.notes.push(format!("{} {lie} in a source, which is not asked", count(elsewhere, "key")));
    }
    search.tell_rest(&mut looked.findings, &mut looked.seen);
    if arguments.adopt {
        return Ok(adopting::adopt(arguments, &Home::of(said)?, &search, looked, terminal)?);
    }
    let Looked { findings, given, seen, pieces, notes } = looked;
    let (accepted, findings) = search.split(findings);
    search.record(&findings, seen.more, terminal)?;
    let told = |findings: &[Finding]| -> Vec<Finding> {
        findings.iter().map(|finding| untold::finding(&search.engine, finding)).collect()
    };
    let (shown, accepted, seen) = (told(&findings), told(&accepted), untold::seen(&search.engine, seen));
    let (given, seen, notes) = (&given[..], &seen, &notes[..]);
    let is_accepting = arguments.accept && !findings.is_empty();
    let marked = if marks(arguments, from_input) && !is_accepting {
        search.mark_leaked(&findings, terminal)
    } else {
        Vec::new()
    };
    let (pieces, accepted, marked) = (pieces.as_deref(), &accepted[..], &marked[..]);
    let report = Report { search: &search, findings: &shown, seen, pieces, given, notes, event, accepted, marked };
    if is_accepting {
        return Ok(accept(&report, &findings, arguments.yes, terminal)?);
    }
    Ok(report.give(arguments, terminal)?)
}

/// Whether keys that are found are marked as leaked: where they lie to stay, and not what is about to be committed or
/// pushed, what a program carries or what comes from another one.
fn marks(arguments: &cli::Scan, from_input: bool) -> bool {
    let ScanSource { staged, pushing, running, .. } = &arguments.source;
    !(arguments.no_mark || from_input || *staged || *running || pushing.is_some())
}

/// Shows what was found, and accepts it after a yes.
fn accept(report: &Report, findings: &[Finding], yes: bool, terminal: &Terminal) -> Result<ExitCode> {
    let Report { search, seen, .. } = report;
    need_someone(yes, terminal, "accepting what was found")?;
    report::table(report.findings, &[], terminal)?;
    report::say_what_was_not_seen(search, seen, report.given, report.notes, terminal);
    report::say_what_is_too_short(search, terminal);
    // What is accepted of a text in a file is accepted wherever it lies in there.
    let other = seen.more.saturating_sub(seen.again);
    if other > 0 {
        terminal.warn(&format!("{} are not listed, nor accepted", report::places(other, "more place")));
    }
    let places = report::places(findings.len() as u64 + seen.more.min(seen.again), "place");
    need_yes(yes, terminal, "accepting what was found", || {
        format!("accept {places}, so that later scans do not tell of them?")
    })?;
    search.accept(findings, terminal)?;
    terminal.say(&format!("accepted {places}; `keyctl scan --all` shows them again"));
    for name in search.marked_before(findings) {
        terminal
            .hint(&format!("`{name}` is marked as leaked still; to take that back: `keyctl edit {name} --not-leaked`"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What git is about to do when it asks for this.
fn event_of(source: &ScanSource) -> Option<Event> {
    if source.staged { Some(Event::Commit) } else { source.pushing.as_ref().map(|_| Event::Push) }
}

/// A failure that holds a commit or a push up, with what the user can do about that.
fn with_way_out(failure: Failure, event: Option<Event>) -> Failure {
    let Some(event) = event else { return failure };
    let failure = failure.hint(format!("or go on unchecked: `{}`", event.without()));
    if failure.kind == Kind::Keychain {
        return failure
            .hint("or let what looks like a key suffice then: `locked = \"shapes\"` below `[scan]` in `config.toml`");
    }
    failure
}

/// Looks through what was asked for in the place of files.
fn look_elsewhere(source: &ScanSource, search: &Search) -> Result<Option<Looked>> {
    let engine = &search.engine;
    let git = || {
        let here = std::env::current_dir().map_err(|error| Failure::disk("find", Path::new("."), &error))?;
        Git::at(&here)
    };
    Ok(Some(match source {
        ScanSource { staged: true, .. } => sources::staged(&git()?, engine)?,
        ScanSource { history: true, .. } => sources::history(&git()?, engine)?,
        ScanSource { pushing: Some(words), .. } => {
            let git = git()?;
            sources::pushing(&git, engine, &pushed(&git, words)?)?
        }
        ScanSource { home: true, .. } => sources::home(git().ok().as_ref(), engine)?,
        ScanSource { running: true, .. } => sources::running(engine)?,
        _ => return Ok(None),
    }))
}

/// What is pushed, by what git tells a hook or the pre-commit framework one of its own.
fn pushed(git: &Git, words: &[String]) -> Result<Push> {
    let (remote, address) = (words.first().map_or("", |remote| remote), words.get(1).map(String::as_str));
    let lines = told()?;
    let by_framework = || Push::of_framework(git, |name| std::env::var(name).ok());
    // A blank line is what a hook gives on where git told it of nothing; without even that, git's words went elsewhere.
    match if lines.trim().is_empty() { by_framework()? } else { None } {
        Some(push) => Ok(push),
        None if lines.is_empty() => Err(told_nothing()),
        None => Push::of_git(remote, address, &lines),
    }
}

fn told_nothing() -> Failure {
    let failure = Failure::new(Kind::Usage, "nobody says what is pushed: standard input is empty")
        .hint("a hook that reads it before has to give it on; `keyctl scan install-hook` writes one that does");
    with_way_out(failure, Some(Event::Push))
}

/// What git tells a pre-push hook.
fn told() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return Err(Failure::new(Kind::Usage, "git tells on standard input what is pushed")
            .hint("this is for the hook that `keyctl scan install-hook` writes"));
    }
    told_by(input.lock())
}

/// All of what git tells: a reference that was left out would be pushed unseen.
fn told_by(input: impl Read) -> Result<String> {
    let mut told = String::new();
    let read = input.take(MOST_TOLD + 1).read_to_string(&mut told);
    read.map_err(|error| Failure::disk("read", Path::new("standard input"), &error))?;
    if told.len() as u64 > MOST_TOLD {
        let failure = Failure::new(Kind::Usage, "git tells of more references than are looked at in one push");
        return Err(with_way_out(failure.hint("push some of them at a time"), Some(Event::Push)));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_tells_is_read_to_its_end_or_refused() {
        let line = "refs/heads/a 1 refs/heads/a 0 and letters to 64 bytes, the last\n";
        let whole = usize::try_from(MOST_TOLD).expect("small");
        assert!(whole.is_multiple_of(line.len()), "it would be cut at the end of a line: {}", line.len());
        let lines = line.repeat(whole / line.len());
        assert_eq!(told_by(lines.as_bytes()).map(|told| told.len()).ok(), Some(whole));
        let more = lines + line;
        let failure = told_by(more.as_bytes()).expect_err("too many");
        assert_eq!((failure.kind, failure.hints.len()), (Kind::Usage, 2), "{}", failure.message);
    }
}
