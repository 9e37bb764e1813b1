//! `keyctl doctor`: everything that can be wrong with an installation, looked at one by one; with `--online` also whether
//! each key still works where it was issued.

use std::{borrow::Cow, process::ExitCode};

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind},
    history::Verdict,
    home::Home,
    identity::{
        anchor::Id,
        given,
        keeper::{Keeping, Record},
        keychain::{OsKeychain, Presence},
    },
    name::KeyName,
    platform,
    store::{
        file::{self, SealedFile},
        payload::Payload,
    },
    subprocess::Program,
    terminal::{Terminal, count},
};

use super::{
    alerts::watch,
    judging::Clock,
    online,
    opening::{self, Kept},
    other_keyctl, record,
    rotate::pending::{self, Pending},
    several,
};

mod keeper;
mod merging;
mod sandbox;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    Care,
    Bad,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Care => "care",
            Self::Bad => "bad",
        }
    }
}

/// One check: what was looked at, what was seen, and what to do.
struct Finding {
    about: Cow<'static, str>,
    grade: Grade,
    seen: String,
    hints: Vec<String>,
}

impl Finding {
    fn new(about: impl Into<Cow<'static, str>>, grade: Grade, seen: impl Into<String>) -> Self {
        Self { about: about.into(), grade, seen: seen.into(), hints: Vec::new() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn failed(about: &'static str, failure: &Failure) -> Self {
        Self { about: about.into(), grade: Grade::Bad, seen: failure.message.clone(), hints: failure.hints.clone() }
    }
}

/// Looks at everything and reports; nothing is asked of anybody, unless `--online` says so. Nothing is changed, but that a
/// history which is not whole becomes an alert.
///
/// # Errors
/// `Negative` when a check is bad, so that a script can tell.
pub fn doctor(arguments: &cli::Doctor, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let mut findings = vec![name_on_path(terminal.program()), data_folder(&home)];
    findings.extend(Home::ignored().into_iter().map(|ignored| Finding::new("folders", Grade::Care, ignored)));
    findings.extend(leftovers(&home));
    findings.extend(settings(&home));
    findings.extend(sandbox::findings(&home));
    findings.push(keychain(&home));
    findings.extend(store(&home, terminal));
    if arguments.online
        && let Ok((kept, payload, _)) = open(&home)
    {
        findings.extend(answers(&home, &kept, &payload, terminal)?);
    }
    let bad = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    if arguments.json {
        let checks: Vec<_> = findings
            .iter()
            .map(|f| {
                let hints: Vec<_> = f.hints.iter().map(|hint| terminal.named(hint)).collect();
                json!({ "about": f.about, "grade": f.grade.word(), "seen": f.seen, "hints": hints })
            })
            .collect();
        terminal.json(&json!({ "good": bad == 0, "checks": checks }))?;
    } else {
        let rows: Vec<_> =
            findings.iter().map(|f| vec![f.grade.word().to_owned(), f.about.to_string(), f.seen.clone()]).collect();
        terminal.table(&rows, &[])?;
        findings.iter().flat_map(|finding| &finding.hints).for_each(|hint| terminal.hint(hint));
        several::say_others(&home, "doctor", terminal);
    }
    if bad > 0 {
        return Err(Failure::new(Kind::Negative, format!("{} found", count(bad, "fault"))).into());
    }
    Ok(ExitCode::SUCCESS)
}

/// What issuers and checks say of the keys.
fn answers(home: &Home, kept: &Kept, payload: &Payload, terminal: &Terminal) -> anyhow::Result<Vec<Finding>> {
    let online::Answers { tried, untried } = online::ask(home, kept, payload, terminal)?;
    let replace =
        |name: &KeyName| format!("`keyctl rotate {name}` replaces it, `keyctl revoke {name}` keeps it from being used");
    let finding = |online::Answer { name, by, at, outcome }: online::Answer| {
        let (about, at) = (format!("key {name}"), at.local());
        match outcome {
            Ok(true) => Finding::new(about, Grade::Good, format!("works, as of {at}, says {by}")),
            Ok(false) => {
                Finding::new(about, Grade::Bad, format!("does not work, as of {at}, says {by}")).hint(replace(&name))
            }
            Err(failure) => Finding { about: about.into(), grade: Grade::Care, ..Finding::failed("", &failure) },
        }
    };
    let mut findings: Vec<_> = tried.into_iter().map(finding).collect();
    if untried > 0 {
        let whom = if untried == 1 { "it" } else { "them" };
        let seen = format!("{} not tried: no `check` is set for {whom}", count(untried, "key"));
        findings.push(Finding::new("keys", Grade::Good, seen));
    }
    Ok(findings)
}

/// What is wrong with the user's settings: the file itself, and programs it names that are not there.
fn settings(home: &Home) -> Vec<Finding> {
    let config = match config::read(home) {
        Ok(config) => config,
        Err(failure) => return vec![Finding::failed("settings", &failure)],
    };
    let rules = config.rotation.rules.iter();
    let rules = rules.flat_map(|rule| [("rotator", &rule.rotator), ("check", &rule.check)]);
    let programs = rules.chain([("reminder program", &config.reminders.program)]);
    let missing = |(role, command): (&'static str, &Option<Vec<String>>)| {
        let failure = Program::find(command.as_deref()?, role).err()?;
        Some(Finding { grade: Grade::Care, ..Finding::failed("settings", &failure) })
    };
    programs.filter_map(missing).collect()
}

fn name_on_path(name: &str) -> Finding {
    let about = format!("the name `{name}`");
    match other_keyctl::found_by(name) {
        (seen, None) => Finding::new(about, Grade::Good, seen),
        (seen, Some(hint)) => Finding::new(about, Grade::Care, seen).hint(hint),
    }
}

fn data_folder(home: &Home) -> Finding {
    let about = "data folder";
    let Ok(facts) = std::fs::metadata(home.data()) else {
        return Finding::new(about, Grade::Good, format!("`{}` is not there yet", home.data().display()));
    };
    let access = platform::access(&facts);
    let shown = format!("`{}`", home.data().display());
    if access.by_other {
        return Finding::new(about, Grade::Bad, format!("{shown} belongs to another user"));
    }
    if access.writable_by_others || access.readable_by_others {
        let grade = if access.writable_by_others { Grade::Bad } else { Grade::Care };
        return Finding::new(about, grade, format!("{shown} is open to other users"))
            .hint(platform::how_to_make_private(home.data(), true));
    }
    let open: Vec<String> = std::fs::read_dir(home.data())
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            entry.metadata().is_ok_and(|facts| {
                !facts.is_dir() && {
                    let access = platform::access(&facts);
                    access.writable_by_others || access.readable_by_others || access.by_other
                }
            })
        })
        .map(|entry| format!("`{}`", entry.file_name().to_string_lossy()))
        .collect();
    if !open.is_empty() {
        return Finding::new(
            about,
            Grade::Bad,
            format!("in {shown} other users may read or change {}", open.join(", ")),
        )
        .hint("take the others' rights to these files away: `chmod 600 FILE`");
    }
    Finding::new(about, Grade::Good, format!("{shown} is yours alone"))
}

/// Copies that a sync tool has put beside the store.
fn leftovers(home: &Home) -> Option<Finding> {
    let names = std::fs::read_dir(home.data()).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let copies: Vec<String> = names
        .filter(|name| name.starts_with("store") && name != "store.age" && name.contains("age"))
        .map(|name| format!("`{name}`"))
        .collect();
    (!copies.is_empty()).then(|| {
        Finding::new("copies", Grade::Care, format!("beside the store lie {}", copies.join(", ")))
            .hint("if a sync tool made them, two machines wrote the store: keep one, compare with `age -d`")
    })
}

fn keychain(home: &Home) -> Finding {
    let about = "keychain";
    let needed = matches!(Record::read(home), Ok(Some(record)) if record.kind().uses_keychain());
    match OsKeychain::presence() {
        Presence::Usable => Finding::new(about, Grade::Good, "answers and is open"),
        Presence::Locked if needed => {
            Finding::new(about, Grade::Bad, "is locked").hint("unlock it in your desktop session")
        }
        Presence::Locked => Finding::new(about, Grade::Care, "is locked"),
        Presence::Absent(why) => Finding::new(about, if needed { Grade::Bad } else { Grade::Care }, why),
    }
}

fn store(home: &Home, terminal: &Terminal) -> Vec<Finding> {
    let record = match Record::read(home) {
        Ok(Some(record)) => record,
        Ok(None) if given::is_given() => Record { store: Id::default(), keeper: Keeping::Given },
        Ok(None) if !file::path(home).exists() => {
            return vec![
                Finding::new("store", Grade::Good, opening::nothing_kept(home).message)
                    .hint("keep one with `keyctl set NAME`"),
            ];
        }
        Ok(None) => {
            return vec![Finding::failed(
                "store",
                &opening::identity(home).err().unwrap_or_else(|| Failure::new(Kind::Store, "the store has no record")),
            )];
        }
        Err(failure) => return vec![Finding::failed("store", &failure)],
    };
    let mut findings = keeper::findings(home, &record);
    findings.extend(merging::finding(home));
    match open(home) {
        Ok((kept, payload, exposed)) => {
            findings.extend(exposed.map(|failure| Finding::failed("store's file", &failure)));
            let keys = count(payload.keys.len(), "key");
            findings.push(Finding::new(
                "store",
                Grade::Good,
                format!("opens: {keys}, generation {}, no older copy", payload.generation),
            ));
            findings.extend(kept.other.is_some().then(unfinished_rekey));
            findings.push(clock(&kept, &payload));
            findings.push(recovery(&payload));
            findings.push(history(home, &kept, &payload, terminal));
            findings.extend(beside_the_history(home, &kept, &payload));
            findings.extend(alerts(home, &kept, &payload));
            findings.extend(unfinished(home, &kept, &payload));
        }
        // Closed it is by the owner's wish, and nobody is asked here.
        Err(failure) if failure.kind == Kind::Keychain && is_closed(home, &record) => {
            let seen = "closed: not looked into, because that would ask for a passphrase";
            findings.push(Finding::new("store", Grade::Good, seen));
        }
        Err(failure) => findings.push(Finding::failed("store", &failure)),
    }
    findings
}

/// Whether a store would open if somebody was asked, as far as that can be told.
fn is_closed(home: &Home, record: &Record) -> bool {
    !record.asks_nobody() && record.open(home).mark().is_ok_and(|mark| mark.is_some()) && !file::is_absent(home)
}

/// Opens the store without asking anybody; and what is wrong with who may read its file, or with who has become a member.
///
/// # Errors
/// As opening the store has them.
pub(super) fn open(home: &Home) -> crate::failure::Result<(Kept, Payload, Option<Failure>)> {
    let kept = opening::identity_unasked(home)?;
    let Some(sealed) = SealedFile::read(home)? else { return Err(opening::no_file(home, &kept)) };
    let text = sealed.open(&kept.identity, &kept.anchor)?;
    let (payload, unaccepted) = (text.read()?, opening::unaccepted(home, &text));
    Ok((kept, payload, sealed.exposed.or(unaccepted)))
}

/// The state of the recovery copy, in words for `status` too.
#[must_use]
pub fn recovery_words(payload: &Payload, now: Moment) -> (bool, String) {
    if payload.members.len() > 1 {
        return (true, "not needed: another member can let you in anew".to_owned());
    }
    match payload.recovery {
        None => (false, "none: if the identity is lost, so are the keys".to_owned()),
        Some(recovery) => match recovery.verified {
            None => (false, format!("made {}, never proven", recovery.created.ago(now))),
            Some(moment) => (true, format!("made {}, proven {}", recovery.created.ago(now), moment.ago(now))),
        },
    }
}

/// A change of identity that was broken off.
fn unfinished_rekey() -> Finding {
    Finding::new(
        "identity",
        Grade::Care,
        "a change of the identity was cut short; the next change to the store ends it",
    )
    .hint("to end it now: `keyctl store rekey`")
}

fn clock(kept: &Kept, payload: &Payload) -> Finding {
    match Clock::of(kept, payload, Moment::now()).doubt() {
        Some((behind, hint)) => Finding::new("clock", Grade::Care, behind).hint(hint),
        None => Finding::new("clock", Grade::Good, "is not behind what keyctl has seen"),
    }
}

fn recovery(payload: &Payload) -> Finding {
    let (good, words) = recovery_words(payload, Moment::now());
    let finding = Finding::new("recovery copy", if good { Grade::Good } else { Grade::Care }, words);
    match (good, payload.recovery) {
        (true, _) => finding,
        (false, None) => finding.hint("make a recovery copy: `keyctl recovery create`"),
        (false, Some(_)) => {
            finding.hint("prove the recovery copy from where you keep it: `keyctl recovery verify FILE`")
        }
    }
}

/// Rotations that were broken off, each with a key to go on with.
fn unfinished(home: &Home, kept: &Kept, payload: &Payload) -> Vec<Finding> {
    let at_work = pending::is_at_work(home);
    let finding = |pending: Pending| {
        let names = pending.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let aside = match (&pending.damaged, pending.has_secret, pending.doubt) {
            (Some(file), ..) => format!("; `{file}`, which held its new secret, is damaged"),
            (None, true, Some(came)) => {
                format!("; what its rotator printed before {came} lies beside the store, sealed")
            }
            (None, true, None) => "; its new secret lies beside the store, sealed".into(),
            (None, false, _) => String::new(),
        };
        let begun = pending.begun.local();
        if at_work {
            return Finding::new("rotation", Grade::Good, format!("that of {names}, begun on {begun}, is at work"));
        }
        let seen = format!("that of {names}, begun on {begun}, is not finished{aside}");
        let finding = Finding::new("rotation", Grade::Care, seen);
        pending.hints().into_iter().fold(finding, Finding::hint)
    };
    let unreadable = |file: String| {
        let folder = home.data().display();
        let hint = format!("if no new secret of a rotator is missing, remove it: `{folder}/{file}`");
        Finding::new("rotation", Grade::Care, format!("`{file}` is damaged or of another store")).hint(hint)
    };
    let (all, others) = pending::find(home, kept, payload);
    all.into_iter().map(finding).chain(others.into_iter().map(unreadable)).collect()
}

/// Whether the history is whole; where it is not, that becomes an alert too.
fn history(home: &Home, kept: &Kept, payload: &Payload, terminal: &Terminal) -> Finding {
    let log = record::log(home, kept, payload);
    let verdict = log.verify(log.known());
    if !matches!(verdict, Verdict::Intact { .. }) && opening::is_superseded(home, kept) {
        return Finding::failed("history", &opening::superseded());
    }
    watch::history_is(home, &log, &verdict, terminal);
    let grade = match verdict {
        Verdict::Intact { .. } => Grade::Good,
        Verdict::Tampered { .. } => Grade::Bad,
        Verdict::Unaccepted { .. } | Verdict::NotProvable { .. } => Grade::Care,
    };
    let hints = record::not_whole(&verdict).map(|failure| failure.hints).unwrap_or_default();
    Finding { hints, ..Finding::new("history", grade, verdict.to_string()) }
}

/// What vouches for less of the history than the store knows of, and what was set aside and is gone.
fn beside_the_history(home: &Home, kept: &Kept, payload: &Payload) -> Vec<Finding> {
    let unrecorded = record::unrecorded_words(&record::log(home, kept, payload));
    let behind = record::behind(home, kept, payload).map(|words| Finding::new("anchor", Grade::Care, words));
    let missing = record::missing_aside(home, kept, payload).into_iter().map(|folder| record::missing_words(&folder));
    let of_it = missing.chain(unrecorded).map(|words| Finding::new("history", Grade::Care, words));
    behind.into_iter().chain(of_it).collect()
}

/// The alerts that nobody has looked at, if there are any.
fn alerts(home: &Home, kept: &Kept, payload: &Payload) -> Option<Finding> {
    // What keeps them from being read is said of the history itself.
    let number = record::log(home, kept, payload).standing().ok()?.alerts.len();
    let words = format!("{} not looked at yet", count(number, "alert"));
    (number > 0).then(|| Finding::new("alerts", Grade::Care, words).hint("see the alerts: `keyctl alerts list`"))
}
