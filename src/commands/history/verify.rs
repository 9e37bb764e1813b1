//! `keyctl history verify`: the proof that nothing of the history was changed.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli,
    date::Moment,
    history::{Log, Verdict},
    home::Home,
    terminal::Terminal,
};

use super::{
    super::{
        alerts::watch::history_is,
        opening::{self, Kept},
        record,
    },
    anchor,
};

/// Verifies the history, and vouches for what was proven.
///
/// # Errors
/// `Negative` and `Keychain` for a history that is not whole; `Usage` for a mark that is none.
pub fn verify(
    home: &Home,
    kept: &Kept,
    log: &Log,
    arguments: &cli::HistoryVerify,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let marks = arguments.against.as_deref().map_or(Ok(Ok(Vec::new())), |against| anchor::kept(log, against))?;
    let marks_are_ours = marks.is_ok();
    let verdict = match marks {
        Ok(marks) => log.verify_against(record::known(&kept.anchor), &marks, &mut super::checking(terminal)),
        Err(why) => Verdict::NotProvable { why },
    };
    if record::not_whole(&verdict).is_some() && opening::is_superseded(home, kept) {
        return Err(opening::superseded().into());
    }
    if arguments.json {
        terminal.json(&as_json(&verdict))?;
    }
    if let Some(failure) = record::not_whole(&verdict) {
        // That a mark is of another history says nothing of this one.
        if marks_are_ours {
            history_is(home, log, &verdict, terminal);
        }
        return Err(failure.into());
    }
    if !arguments.json {
        terminal.report(&format!("the history is {verdict}"))?;
    }
    // What was just proven is vouched for from now on, where the keeper can be written.
    let now = Moment::now();
    if let Ok(Some(settled)) = log.settle(now) {
        if let Some(repaired) = settled.repaired {
            terminal.warn(&format!("the history was mended: {repaired}"));
        }
        record::renew_anchor(home, kept, settled.mark, now);
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Intact { entries, pruned, anchored_at, lost, went_back } => json!({
            "answer": "intact",
            "entries": entries,
            "pruned": pruned.map(|pruned| json!({ "last": pruned.last, "t": pruned.moment })),
            "anchored_at": anchored_at,
            "lost": lost,
            "went_back": went_back,
        }),
        Verdict::Tampered { at, why } => json!({ "answer": "tampered", "at": at, "why": why }),
        Verdict::NotProvable { why } => json!({ "answer": "not provable", "why": why }),
    }
}
