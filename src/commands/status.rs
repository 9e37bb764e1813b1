//! `keyctl status`: what a developer wants to see, on one screen.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Result},
    history::{self, Log},
    home::Home,
    identity::given,
    name::StoreName,
    rotation::State,
    store::{file::SealedFile, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    doctor::recovery_words,
    judging::{self, Clock, Judged},
    opening::{self, Kept},
    project::{self, Standing},
    record,
    rotate::pending::{self, Whose},
    several, unlock,
};

/// How many leaked keys are named.
const NAMED: usize = 3;

/// How the keys stand.
type Outlook<'p> = Result<Vec<Judged<'p>>>;

/// Shows the store, this project and what needs care.
///
/// # Errors
/// When standard output cannot be written; what cannot be opened is shown, not failed on.
pub fn status(arguments: &cli::Status, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let now = Moment::now();
    let opened = open(&home);
    let others = if home.store().is_some() { Vec::new() } else { unlock::open_others(now) };
    let standing = project::standing(&home, opened.as_ref().ok());
    let outlook = opened.as_ref().ok().map(|(kept, payload)| outlook(&home, kept, payload, now));
    let past = opened.as_ref().ok().map(|(kept, payload)| past(&record::log(&home, kept, payload)));
    if arguments.json {
        terminal.json(&as_json(&home, &opened, &standing, outlook.as_ref(), past, &others, now))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    let mut hints = Vec::new();
    match &opened {
        Ok((kept, payload)) => {
            store_rows(kept, payload, unlock::until(&kept.record, &home, now), now, &mut rows, &mut hints);
            history_rows(past.unwrap_or_default(), now, &mut rows, &mut hints);
            let missing = record::missing_aside(&home, kept, payload);
            let unrecorded = record::unrecorded_words(&record::log(&home, kept, payload));
            rows.extend(unrecorded.map(|words| vec!["history".into(), words]));
            rows.extend(missing.iter().map(|folder| vec!["history".into(), record::missing_words(folder)]));
            rotation_rows(&home, kept, payload, &mut rows);
        }
        Err(failure) => {
            rows.push(vec!["store".to_owned(), failure.message.clone()]);
            hints.extend(failure.hints.clone());
        }
    }
    rows.extend(others.iter().map(|(name, until)| {
        vec!["open".into(), format!("`{name}`, until {}: `keyctl lock {name}`", unlock::shown(*until, now))]
    }));
    match &outlook {
        Some(Ok(judged)) => {
            let words = judging::in_numbers(judged, &["revoked", "expired", "due", "ends soon", "due soon"]);
            rows.extend(words.map(|words| vec!["due".into(), format!("{words}: `keyctl due`")]));
        }
        Some(Err(failure)) => {
            rows.push(vec!["config".into(), failure.message.clone()]);
            hints.extend(failure.hints.clone());
        }
        None => {}
    }
    if let Ok((_, payload)) = &opened {
        leaked_rows(payload, now, &mut rows);
    }
    project_rows(&standing, &mut rows, &mut hints);
    terminal.table(&rows, &[])?;
    for ignored in Home::ignored() {
        terminal.warn(&ignored);
    }
    for hint in &hints {
        terminal.hint(hint);
    }
    several::say_others(&home, "status", terminal);
    Ok(ExitCode::SUCCESS)
}

fn open(home: &Home) -> Result<(Kept, Payload)> {
    let kept = opening::identity_unasked(home)?;
    let Some(sealed) = SealedFile::read(home)? else { return Err(opening::no_file(home, &kept)) };
    let payload = sealed.open(&kept.identity, &kept.anchor)?.read()?;
    Ok((kept, payload))
}

/// How the keys stand; a failure where the user's settings cannot be read.
fn outlook<'p>(home: &Home, kept: &Kept, payload: &'p Payload, now: Moment) -> Outlook<'p> {
    let settings = config::read(home)?.rotation;
    let clock = Clock::of(kept, payload, now);
    Ok(judging::all(payload, &settings, clock))
}

fn store_rows(
    kept: &Kept,
    payload: &Payload,
    until: Option<Moment>,
    now: Moment,
    rows: &mut Vec<Vec<String>>,
    hints: &mut Vec<String>,
) {
    let keeper = match given::giver() {
        Some(giver) => format!("identity given by {giver}"),
        None => format!("identity kept in {}", kept.record.kind().place()),
    };
    rows.push(vec!["store".into(), format!("{}; {keeper}", count(payload.keys.len(), "key"))]);
    rows.extend(until.map(|until| vec!["open".into(), format!("until {}: `keyctl lock`", unlock::shown(until, now))]));
    let (proven, words) = recovery_words(payload, now);
    rows.push(vec!["recovery copy".into(), words]);
    if proven {
        return;
    }
    if payload.recovery.is_none() {
        hints.push("make a recovery copy: `keyctl recovery create`".into());
    } else {
        hints.push("prove the recovery copy from where you keep it: `keyctl recovery verify FILE`".into());
    }
}

/// How the history stands.
fn past(log: &Log) -> history::Standing {
    log.standing().unwrap_or_else(|flaw| history::Standing { flaw: Some(flaw), ..Default::default() })
}

/// What was done last, what is missing, and the alerts that nobody has looked at.
fn history_rows(standing: history::Standing, now: Moment, rows: &mut Vec<Vec<String>>, hints: &mut Vec<String>) {
    rows.extend(standing.last.map(|last| vec!["last event".into(), words_of(last, now)]));
    if let Some(flaw) = standing.flaw {
        rows.push(vec!["history".into(), flaw.message]);
        hints.extend(flaw.hints);
    } else if let Some(failure) = record::not_accepted(standing.losses) {
        rows.push(vec!["history".into(), failure.message]);
        hints.extend(failure.hints);
    }
    if !standing.alerts.is_empty() {
        let alerts = count(standing.alerts.len(), "alert");
        rows.push(vec!["alerts".into(), format!("{alerts} not looked at yet: `keyctl alerts list`")]);
    }
}

/// Keys whose secrets were found in the clear and not replaced since, the latest first.
fn leaked_rows(payload: &Payload, now: Moment, rows: &mut Vec<Vec<String>>) {
    let facts = payload.keys.iter().map(|(name, key)| (name, &key.facts)).filter(|(_, facts)| facts.revoked.is_none());
    let mut leaked: Vec<_> = facts.filter_map(|(name, facts)| Some((name, facts.leaked.as_ref()?))).collect();
    leaked.sort_by_key(|(name, leaked)| (std::cmp::Reverse(leaked.at), *name));
    for (name, leaked) in leaked.iter().take(NAMED) {
        let when = leaked.at.ago(now);
        rows.push(vec![
            "leaked".into(),
            format!("`{name}`, in `{}`, found {when}: `keyctl rotate {name}`", leaked.place),
        ]);
    }
    if leaked.len() > NAMED {
        rows.push(vec!["leaked".into(), format!("and {}: `keyctl due`", count(leaked.len() - NAMED, "other key"))]);
    }
}

/// Rotations that were begun and not finished: they may hold the only copy of a new secret.
fn rotation_rows(home: &Home, kept: &Kept, payload: &Payload, rows: &mut Vec<Vec<String>>) {
    let at_work = pending::is_at_work(home);
    for pending in pending::find(home, kept, payload).0 {
        let Some(name) = pending.names.first() else { continue };
        let begun = pending.begun.local();
        rows.push(if at_work {
            vec!["at work".into(), format!("rotation of `{name}`, begun on {begun}")]
        } else if pending.is_stray() {
            let what = format!("rotation of `{name}`, which has another secret by now, of {begun}");
            vec!["unfinished".into(), format!("{what}: see `keyctl doctor`")]
        } else if pending.key == Whose::Present {
            vec!["unfinished".into(), format!("rotation of {begun}, to go on: `keyctl rotate {name}`")]
        } else {
            let what = if pending.key == Whose::Gone { "is gone" } else { "was removed" };
            vec!["unfinished".into(), format!("rotation of `{name}`, which {what}, of {begun}: see `keyctl doctor`")]
        });
    }
}

/// What was done, to what, by which program, and how long ago; the history has the rest.
fn words_of(event: crate::history::Event, now: Moment) -> String {
    const NAMED: usize = 3;
    let named = event.names.len().min(NAMED);
    let more = (event.names.len() - named) as u64 + event.more;
    let action = match event.action.as_str() {
        "segment" => "a file of the history was closed".to_owned(),
        "ack" => "alerts were looked at".to_owned(),
        "alert" => "alert:".to_owned(),
        "gap" => "uses were noted as not recorded".to_owned(),
        other => other.to_owned(),
    };
    let words = [
        Some(action),
        (named > 0).then(|| event.names[..named].join(", ")),
        (more > 0).then(|| format!("and {more} more")),
        event.program.map(|program| format!("by {program}")),
    ];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    event.moment.map_or(words.clone(), |moment| format!("{words}, {}", moment.ago(now)))
}

fn project_rows(standing: &Result<Option<Standing>>, rows: &mut Vec<Vec<String>>, hints: &mut Vec<String>) {
    match standing {
        Ok(None) => rows.push(vec!["project".into(), "no `.keyctl.toml` here".into()]),
        Err(failure) => {
            rows.push(vec!["project".into(), failure.message.clone()]);
            hints.extend(failure.hints.clone());
        }
        Ok(Some(standing)) => {
            let state = match (standing.allowed, standing.changed) {
                (true, _) => "allowed",
                (false, true) => "changed since it was allowed",
                (false, false) => "not allowed yet",
            };
            rows.push(vec![
                "project".into(),
                format!("`{}`: {}, {state}", standing.file.display(), count(standing.keys.len(), "key")),
            ]);
            if !standing.allowed {
                hints.push("see what it asks for, and allow it: `keyctl allow`".into());
            }
            if !standing.missing.is_empty() {
                rows.push(vec!["missing".into(), standing.missing.join(", ")]);
                hints.push("keep each with `keyctl set NAME`".into());
            }
        }
    }
}

fn as_json(
    home: &Home,
    opened: &Result<(Kept, Payload)>,
    standing: &Result<Option<Standing>>,
    outlook: Option<&Outlook>,
    past: Option<history::Standing>,
    others: &[(StoreName, Moment)],
    now: Moment,
) -> Value {
    let failed = |failure: &Failure| json!({ "error": failure.message, "code": failure.kind as u8 });
    let store = match opened {
        Ok((kept, payload)) => json!({
            "keys": payload.keys.len(),
            "keeper": kept.record.kind().word(),
            "unlocked_until": unlock::until(&kept.record, home, now),
            "generation": payload.generation,
            "recovery": payload.recovery.map(|recovery| json!({ "created": recovery.created, "verified": recovery.verified })),
        }),
        Err(failure) => failed(failure),
    };
    let project = match standing {
        Ok(None) => Value::Null,
        Ok(Some(standing)) => {
            json!({ "file": standing.file.to_string_lossy(), "allowed": standing.allowed, "keys": standing.keys, "missing": standing.missing })
        }
        Err(failure) => failed(failure),
    };
    let due = match outlook {
        None => Value::Null,
        Some(Err(failure)) => failed(failure),
        Some(Ok(judged)) => {
            let number = |state| judged.iter().filter(|key| key.outlook.state == state).count();
            json!({
                "revoked": number(State::Revoked), "expired": number(State::Expired), "leaked": number(State::Leaked), "due": number(State::Due),
                "soon": number(State::Soon), "next": judging::summary(judged).next,
            })
        }
    };
    let history = match past {
        None => Value::Null,
        Some(history::Standing { flaw: Some(failure), .. }) => failed(&failure),
        Some(history::Standing { alerts, losses, .. }) => {
            let missing = record::not_accepted(losses).map(|failure| failure.message);
            json!({ "alerts": alerts.len(), "missing": missing })
        }
    };
    json!({
        "home": home.data().to_string_lossy(), "now": now, "store": store, "history": history, "due": due,
        "project": project, "others_open": others.iter().map(|(name, until)| json!({ "name": name, "until": until })).collect::<Vec<_>>(),
    })
}
