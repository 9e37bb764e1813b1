//! `keyctl store show`: what the files of a store say, and how many keys it has if it opens without asking anybody.

use serde_json::json;

use crate::{
    commands::{doctor::recovery_words, opening},
    date::Moment,
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        given,
        keeper::{KeeperKind, Keeping, Record},
    },
    store::{file::SealedFile, payload::Payload},
    terminal::{Terminal, count},
};

use super::list;

/// Shows one store.
///
/// # Errors
/// `Missing` where there is none; what cannot be opened is shown, not failed on.
pub fn show(home: &Home, as_json: bool, terminal: &Terminal) -> Result<()> {
    let record = match Record::read(home)? {
        None if given::is_given() => Some(opening::identity(home)?.record),
        record => record,
    };
    let Some(record) = record else {
        return Err(Failure::new(Kind::Missing, "there is no store yet").hint("keep a first key: `keyctl set NAME`"));
    };
    let now = Moment::now();
    let opened = open(home);
    let bytes = std::fs::metadata(home.store_file()).ok().map(|facts| facts.len());
    if as_json {
        let known = opened.as_ref().ok();
        let failure = opened.as_ref().err();
        return terminal.json(&json!({
            "name": list::name(home), "id": record.store.to_string(), "keeper": record.kind().word(),
            "folder": home.data(), "path": home.store_file(), "bytes": bytes,
            "generation": known.map(|payload| payload.generation),
            "written": known.and_then(|payload| payload.written),
            "keys": known.map(|payload| payload.keys.len()),
            "members": known.map(|payload| payload.members.iter().map(|member| member.name.to_string()).collect::<Vec<_>>()),
            "seal_fingerprint": known.filter(|payload| !payload.members.is_empty()).map(Payload::seal_fingerprint),
            "recovery": known.and_then(|payload| payload.recovery).map(|recovery| recovery.created),
            "error": failure.map(|failure| &failure.message),
        }));
    }
    let row = |about: &str, said: String| vec![about.to_owned(), said];
    let held = match given::giver() {
        Some(giver) => format!("given by {giver}"),
        None if record.kind() == KeeperKind::Given => "kept nowhere here: each call is given it".to_owned(),
        None => format!("kept in {}", record.kind().place()),
    };
    let size = bytes.and_then(|bytes| usize::try_from(bytes).ok()).map(|bytes| format!(", {}", count(bytes, "byte")));
    let mut rows = vec![
        row("store", list::name(home).to_owned()),
        row("id", record.store.to_string()),
        row("identity", held),
        row(
            "file",
            format!("`{}`{}", home.store_file().display(), size.unwrap_or_else(|| ", which is not there".into())),
        ),
    ];
    if let Keeping::Ssh { key, .. } = &record.keeper {
        rows.push(row("SSH key", format!("`{}`", key.display())));
    }
    if home.is_elsewhere() {
        rows.push(row("folder", format!("`{}`: history, approvals and the rest", home.data().display())));
    }
    match &opened {
        Ok(payload) => {
            rows.push(row("keys", payload.keys.len().to_string()));
            let written = payload.written.map(|at| format!(", last {}", at.ago(now))).unwrap_or_default();
            rows.push(row("written", format!("{}{written}", times(payload.generation))));
            if !payload.members.is_empty() {
                rows.push(row("seal", format!("fingerprint {}", payload.seal_fingerprint())));
                let names: Vec<&str> = payload.members.iter().map(|member| member.name.as_str()).collect();
                rows.push(row("members", names.join(", ")));
            }
            rows.push(row("recovery copy", recovery_words(payload, now).1));
        }
        Err(failure) => rows.push(row("keys", format!("not known: {}", failure.message))),
    }
    terminal.table(&rows, &[])?;
    if let Err(failure) = &opened {
        failure.hints.iter().for_each(|hint| terminal.hint(hint));
    }
    Ok(())
}

fn times(generation: u64) -> String {
    if generation == 1 { "once".to_owned() } else { format!("{generation} times") }
}

/// The store's content, if nobody is asked for it.
pub(super) fn open(home: &Home) -> Result<Payload> {
    let kept = opening::identity_unasked(home)?;
    let Some(sealed) = SealedFile::read(home)? else { return Err(opening::no_file(home, &kept)) };
    sealed.open(&kept.identity, &kept.anchor)?.read()
}
