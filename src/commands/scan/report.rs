//! What a scan says: which key lies where and how, and what to do. Never a secret, nor a part of one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    cli,
    commands::several::LeftOut,
    failure::Result,
    name::KeyPath,
    plain::first_names,
    scan::{
        finding::{Finding, Place, What},
        hook::Event,
        needles::{Form, Which},
        sarif,
        tree::Seen,
    },
    terminal::{Terminal, count},
};

use super::{Search, search};

/// How many of what could not be looked at are named.
const NAMED: usize = 5;
/// The exit code where something was found that is not accepted.
pub const FOUND: u8 = 1;
/// The exit code where nothing was, and not all could be looked at.
pub const UNREADABLE: u8 = 7;

/// What is told of a scan that is over.
pub struct Report<'s> {
    /// What was looked for.
    pub search: &'s Search,
    /// What was found.
    pub findings: &'s [Finding],
    /// What was looked through.
    pub seen: &'s Seen,
    /// What that is called, where it is no files.
    pub pieces: Option<&'s str>,
    /// What `keyctl run` gave to programs that still run.
    pub given: &'s [Finding],
    /// What was not looked at, and why.
    pub notes: &'s [String],
    /// The hook that this is for.
    pub event: Option<Event>,
    /// What was found and is accepted.
    pub accepted: &'s [Finding],
    /// The keys that were marked as leaked for it.
    pub marked: &'s [KeyPath],
}

impl Report<'_> {
    /// Tells it in the way that was asked for. The exit code says whether something was found, or something else could not
    /// be looked at.
    ///
    /// # Errors
    /// `Disk` when it cannot be written.
    pub fn give(&self, arguments: &cli::Scan, terminal: &Terminal) -> Result<ExitCode> {
        let shown = if arguments.all { self.accepted } else { &[] };
        if arguments.json {
            terminal.json(&self.json())?;
        } else if arguments.sarif {
            terminal.json(&sarif::write(self.findings, &self.search.left_out_words(), sentence))?;
        } else {
            table(self.findings, shown, terminal)?;
        }
        say_what_was_not_seen(self.search, self.seen, self.given, self.notes, terminal);
        // A hook says at each commit only what that commit is about.
        if self.event.is_none() {
            say_what_is_too_short(self.search, terminal);
        }
        self.say(terminal);
        let hidden = self.seen.more_accepted;
        match self.accepted.len() as u64 + hidden {
            0 => {}
            _ if arguments.all && hidden == 0 => {}
            _ if arguments.all => terminal.say(&format!("and {}", places(hidden, "more accepted one"))),
            number => {
                let (ones, are) = if number == 1 { ("one", "is") } else { ("ones", "are") };
                let all = if self.event == Some(Event::Commit) { "keyctl scan --staged --all" } else { "--all" };
                terminal.say(&format!("{number} accepted {ones} {are} not shown: `{all}`"));
            }
        }
        let is_unread = !self.search.saw_all(self.seen, self.event);
        let is_clean = self.findings.is_empty() && self.seen.more == 0;
        if let Some(event) = self.event.filter(|_| is_clean && is_unread) {
            search::say_stopped(event, &self.search.missed(self.event), terminal);
        }
        Ok(match (is_clean, is_unread) {
            (true, false) => ExitCode::SUCCESS,
            (true, true) => ExitCode::from(UNREADABLE),
            _ => ExitCode::from(FOUND),
        })
    }

    fn say(&self, terminal: &Terminal) {
        let scanned = scanned(self.seen, self.pieces);
        if self.findings.is_empty() && self.seen.more == 0 {
            terminal.say(&format!(
                "{}; {scanned}",
                match (self.seen.bytes, self.accepted) {
                    (0, _) => "nothing to look at",
                    (_, []) => "nothing found",
                    _ => "nothing else found",
                }
            ));
            return;
        }
        terminal.say(&format!("{}; {scanned}", self.summary()));
        match (self.findings, self.seen.more) {
            (_, 0) => {}
            // Only where more is accepted than can be told apart.
            ([], _) => terminal.hint("they are more than can be listed; look through less at once: `keyctl scan PATH`"),
            (_, more) => terminal.warn(&format!("and {}, not listed", places(more, "more place"))),
        }
        say_marked(self.marked, terminal);
        match self.event {
            Some(event) => Self::say_how_to_stop_it(event, terminal),
            None => self.say_what_to_do(terminal),
        }
        if self.findings.iter().any(|finding| matches!(finding.what, What::Shape { .. })) {
            terminal
                .hint("if one that looks like a key is yours: replace it, and keep the new one with `keyctl set NAME`");
        }
    }

    /// Nobody else has it yet, so nothing has to be replaced.
    fn say_how_to_stop_it(event: Event, terminal: &Terminal) {
        terminal.hint(match event {
            Event::Commit | Event::Merge | Event::Patch => {
                "take it out of there and stage that: nothing was committed yet"
            }
            Event::Push => "take it out of these commits, as with `git rebase -i`: nothing was sent yet",
        });
        let accept = if event == Event::Push { "" } else { "`keyctl scan --staged --accept`, or " };
        terminal.hint(&format!("if it is meant to be there: {accept}`{}`", event.without()));
    }

    fn say_what_to_do(&self, terminal: &Terminal) {
        let keys: BTreeSet<&str> = self.findings.iter().filter_map(replaceable).collect();
        match keys.iter().collect::<Vec<_>>()[..] {
            [] => {}
            [name] => terminal.hint(&format!("replace it first: `keyctl rotate {name}`; then take it out of there")),
            _ => terminal.hint("replace each first: `keyctl rotate NAME`; then take it out of there"),
        }
        if self
            .findings
            .iter()
            .any(|finding| matches!(finding.what, What::Key { which, .. } if which != Which::Current))
        {
            terminal.hint("one that is not in use any more may still be taken by its issuer: end it there");
        }
        if self.findings.iter().any(|finding| !finding.place.names().is_empty()) {
            terminal.hint("an archive is never rewritten: make that anew without it, or remove it");
        }
        if self.findings.iter().any(|finding| finding.place.is_pushed()) {
            terminal.warn("some of it was pushed already: taking it out of the history does not bring it back");
        } else if self.findings.iter().any(|finding| matches!(finding.place.outermost(), Place::Object { .. })) {
            terminal.hint("none of it was pushed, as far as is known here: rewrite those commits before they are");
        }
        if let [name] = self.marked {
            terminal.hint(&format!("if nobody else can have seen it: `keyctl edit {name} --not-leaked`"));
        }
    }

    fn summary(&self) -> String {
        if self.findings.is_empty() {
            return format!("found {}", places(self.seen.more, "place"));
        }
        let copies = self.findings.iter().filter(|finding| matches!(finding.what, What::Key { .. })).count();
        let shapes = self.findings.len() - copies;
        let names: BTreeSet<&Arc<str>> = self.findings.iter().filter_map(Finding::key).collect();
        let keys = format!("{} in {}", count(names.len(), "key"), count(copies, "place"));
        let alike = if shapes == 1 {
            "1 text that looks like a key".into()
        } else {
            format!("{shapes} texts that look like a key")
        };
        match (copies, shapes) {
            (0, _) => format!("found {alike}"),
            (_, 0) => format!("found {keys}"),
            _ => format!("found {keys}, and {alike}"),
        }
    }

    fn json(&self) -> Value {
        let seen = self.seen;
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let unreadable = seen.unreadable.iter().map(|(file, why)| json!({ "path": path(file), "reason": why }));
        json!({
            "findings": self.findings.iter().map(as_json).collect::<Vec<_>>(),
            "accepted": self.accepted.iter().map(as_json).collect::<Vec<_>>(),
            "marked": self.marked,
            "more": seen.more,
            "files": seen.files,
            "bytes": seen.bytes,
            "keys_known": self.search.knows_keys(),
            "too_short": self.search.engine.needles().too_short().iter().map(|name| &**name).collect::<Vec<_>>(),
            "unreadable": unreadable.collect::<Vec<_>>(),
            "more_unreadable": seen.more_unreadable,
            "no_files": seen.no_files,
            "given": self.given.iter().map(as_json).collect::<Vec<_>>(),
            "not_looked_at": self.notes.iter().cloned().chain(unasked(seen)).collect::<Vec<_>>(),
            "left_out": self.search.left_out.iter().map(LeftOut::as_json).collect::<Vec<_>>(),
            "not_entered": seen.elsewhere.iter().map(|folder| path(folder)).collect::<Vec<_>>(),
        })
    }
}

/// Names what could not be looked at, or was not.
pub fn say_what_was_not_seen(search: &Search, seen: &Seen, given: &[Finding], notes: &[String], terminal: &Terminal) {
    search.left_out.iter().for_each(|left| left.say("were not looked for", terminal));
    for finding in given {
        let Place::Process { pid, program, variable } = &finding.place else { continue };
        let name = finding.key().map_or("", |name| name);
        terminal.say(&format!("`{name}` in {program} ({pid}): {variable} was given by `keyctl run`"));
    }
    for note in notes.iter().cloned().chain(unasked(seen).take(NAMED)) {
        terminal.say(&format!("not looked at: {note}"));
    }
    if seen.unasked.len() > NAMED {
        terminal.say(&format!("and that of {} more", seen.unasked.len() - NAMED));
    }
    for (path, why) in seen.unreadable.iter().take(NAMED) {
        terminal.warn(&format!("cannot read `{}`: {why}", path.display()));
    }
    let more =
        seen.unreadable.len().saturating_sub(NAMED) + usize::try_from(seen.more_unreadable).unwrap_or(usize::MAX);
    if more > 0 {
        terminal.warn(&format!("and {more} more could not be read"));
    }
    for path in seen.elsewhere.iter().take(NAMED) {
        terminal.say(&format!("not entered, as it is another file system: `{}`", path.display()));
    }
    if seen.elsewhere.len() > NAMED {
        terminal.say(&format!("and {} more", seen.elsewhere.len() - NAMED));
    }
    match seen.no_files {
        0 => {}
        1 => terminal.say("1 pipe, socket or device was not looked at"),
        number => terminal.say(&format!("{number} pipes, sockets or devices were not looked at")),
    }
}

/// Names the keys that are too short to be looked for.
pub fn say_what_is_too_short(search: &Search, terminal: &Terminal) {
    let short = search.engine.needles().too_short();
    if !short.is_empty() {
        terminal.say(&format!("too short to look for: {}", first_names(short, NAMED)));
    }
}

/// Says which keys were marked as leaked.
pub fn say_marked(names: &[KeyPath], terminal: &Terminal) {
    let it = if names.len() == 1 { "it is" } else { "they are" };
    if !names.is_empty() {
        terminal.say(&format!("marked as leaked until {it} replaced: {}", first_names(names, NAMED)));
    }
}

/// What git may keep of repositories and does not say.
fn unasked(seen: &Seen) -> impl Iterator<Item = String> {
    let words = |(folder, why): &(PathBuf, String)| {
        format!("what git keeps in `{}` though it is ignored: {why}", folder.display())
    };
    seen.unasked.iter().map(words)
}

/// The key that can be replaced now: of one that is removed or not in use there is nothing left to do here.
fn replaceable(finding: &Finding) -> Option<&str> {
    finding.key().map(|name| &**name).filter(|_| matches!(finding.what, What::Key { which: Which::Current, .. }))
}

/// Prints a row for each finding, those that are accepted after the others.
pub fn table(findings: &[Finding], accepted: &[Finding], terminal: &Terminal) -> Result<()> {
    if findings.is_empty() && accepted.is_empty() {
        return Ok(());
    }
    let mut rows = rows(findings);
    rows.extend(self::rows(accepted).into_iter().skip(1).map(|mut row| {
        row[0].push_str(" (accepted)");
        row
    }));
    terminal.table(&rows, &[2, 1])
}

fn rows(findings: &[Finding]) -> Vec<Vec<String>> {
    let head = ["KEY", "FORM", "WHERE"].map(str::to_owned).to_vec();
    let row = |finding: &Finding| [columns(finding).to_vec(), vec![finding.whereabouts()]].concat();
    [head].into_iter().chain(findings.iter().map(row)).collect()
}

/// Whose secret was found, and in which form.
pub fn columns(finding: &Finding) -> [String; 2] {
    match &finding.what {
        What::Key { name, which: Which::Current, form, partial } => [name.to_string(), written(*form, *partial)],
        What::Key { name, which, form, partial } => [format!("{name} ({which})"), written(*form, *partial)],
        What::Shape { kind, .. } => ["?".to_owned(), format!("like: {kind}")],
    }
}

/// The words for a form, and for how much of a secret is there.
fn written(form: Form, partial: Option<(usize, usize)>) -> String {
    match (form, partial) {
        (Form::Word, _) => "short word (weak)".to_owned(),
        (form, None) => form.to_string(),
        (Form::Raw, Some((has, of))) => format!("partial ({has} of {of})"),
        (form, Some((has, of))) => format!("{form}, partial ({has} of {of})"),
    }
}

/// What SARIF's readers are told of one.
fn sentence(finding: &Finding) -> String {
    let here = match (finding.place.names(), finding.is_name()) {
        ([], true) => "in this name".to_owned(),
        ([], false) => "here".to_owned(),
        (_, true) => format!("in a name in this archive, `{}`", sarif::inner(finding)),
        (_, false) => format!("in this archive, in `{}`", sarif::inner(finding)),
    };
    match &finding.what {
        What::Key { name, which: Which::Current, form, partial } => {
            format!("The key {name} lies {here} ({}); replace it, then take it out.", written(*form, *partial))
        }
        What::Key { name, which, form, partial } => {
            format!(
                "A {which} secret of {name} lies {here} ({}); end it at its issuer, then take it out.",
                written(*form, *partial)
            )
        }
        What::Shape { kind, .. } if !finding.place.names().is_empty() => {
            format!("What lies {here} looks like a key: {kind}.")
        }
        What::Shape { kind, .. } if finding.is_name() => format!("This name looks like a key: {kind}."),
        What::Shape { kind, .. } => format!("This looks like a key: {kind}."),
    }
}

pub fn as_json(finding: &Finding) -> Value {
    let mut place = match finding.place.outermost() {
        Place::File(path) => json!({ "kind": "file", "path": path.to_string_lossy() }),
        Place::Staged(path) => json!({ "kind": "staged", "path": path.to_string_lossy() }),
        Place::Object { commit, path, pushed } => {
            json!({ "kind": "commit", "commit": commit, "path": path.to_string_lossy(), "pushed": pushed })
        }
        Place::Loose(id) => json!({ "kind": "object", "object": id }),
        Place::Reference(name) => {
            json!({ "kind": "reference", "reference": name, "pushed": finding.place.is_pushed() })
        }
        Place::Process { pid, program, variable } => {
            json!({ "kind": "process", "pid": pid, "program": program, "variable": variable })
        }
        Place::Input | Place::Within { .. } => json!({ "kind": "input" }),
    };
    if !finding.place.names().is_empty() {
        place["inside"] = finding.place.names().iter().map(|name| name.to_string_lossy()).collect();
    }
    let what = match &finding.what {
        What::Key { name, which, form, partial } => json!({
            "kind": "key", "key": &**name, "secret": which.as_str(), "form": form.as_str(),
            "partial": partial.map(|(has, of)| json!({ "bytes": has, "of": of })),
        }),
        What::Shape { kind, id } => json!({ "kind": "shape", "issuer_kind": id, "issuer_name": kind }),
    };
    json!({ "what": what, "place": place, "line": finding.line })
}

/// So many of something.
pub fn places(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// How much was looked through.
fn scanned(seen: &Seen, pieces: Option<&str>) -> String {
    let bytes = amount(seen.bytes);
    if let Some(pieces) = pieces {
        let within = if seen.entries == 0 { String::new() } else { format!(" and {} in archives", seen.entries) };
        return format!("{pieces}{within}, {bytes} scanned");
    }
    match (seen.files, seen.entries) {
        (0, 0) => format!("{bytes} scanned"),
        (0, entries) => format!("{} of archives, {bytes} scanned", places(entries, "entry")),
        (files, 0) => format!("{}, {bytes} scanned", places(files, "file")),
        (files, entries) => format!("{} and {entries} in archives, {bytes} scanned", places(files, "file")),
    }
}

/// A number of bytes as people say it.
fn amount(bytes: u64) -> String {
    let (mut whole, mut rest, mut unit) = (bytes, 0, "bytes");
    for larger in ["kB", "MB", "GB", "TB"] {
        if whole < 1000 {
            break;
        }
        (whole, rest, unit) = (whole / 1000, whole % 1000 / 100, larger);
    }
    match (whole, unit) {
        (1, "bytes") => "1 byte".to_owned(),
        (_, "bytes") => format!("{whole} bytes"),
        (0..10, _) => format!("{whole}.{rest} {unit}"),
        _ => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_said_in_two_digits_or_three() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (9_960, "9.9 kB"),
            (10_000, "10 kB"),
            (1_250_000, "1.2 MB"),
            (123_456_789_000, "123 GB"),
        ] {
            assert_eq!(amount(bytes), words);
        }
    }
}
