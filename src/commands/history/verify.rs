//! `keyctl history verify`: the proof that nothing of the history was changed.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli,
    date::Moment,
    history::{Log, Loss, Verdict, losses_in_words},
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
    (log, missing): (&Log, &[String]),
    arguments: &cli::HistoryVerify,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let marks = arguments.against.as_deref().map_or(Ok(Ok(Vec::new())), |against| anchor::kept(log, against))?;
    let marks_are_ours = marks.is_ok();
    let verdict = match marks {
        Ok(marks) => log.verify_against(log.known(), &marks, &mut super::checking(terminal)),
        Err(why) => Verdict::NotProvable { why },
    };
    let is_aside = arguments.aside.from.is_some();
    if !is_aside && record::not_whole(&verdict).is_some() && opening::is_superseded(home, kept) {
        return Err(opening::superseded().into());
    }
    if arguments.json {
        let mut answer = as_json(&verdict);
        if !missing.is_empty() {
            answer["aside_missing"] = json!(missing);
        }
        if let Some(unrecorded) = log.gap() {
            answer["unrecorded"] = json!(unrecorded.entries);
            answer["unrecorded_at_least"] = json!(unrecorded.and_more);
        }
        terminal.json(&answer)?;
    }
    for folder in missing {
        terminal.warn(&record::missing_words(folder));
    }
    if let Some(failure) = record::not_whole(&verdict) {
        // That a mark is of another history says nothing of this one.
        if marks_are_ours && !is_aside {
            history_is(home, log, &verdict, terminal);
        }
        return Err(failure.into());
    }
    if !arguments.json {
        terminal.report(&format!("the history is {verdict}"))?;
    }
    if is_aside {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(words) = record::unrecorded_words(log) {
        terminal.warn(&words);
    }
    // What was just proven is vouched for from now on, where the keeper can be written.
    let now = Moment::now();
    if let Ok(Some(settled)) = log.settle(now) {
        record::say_mended(log, &settled, terminal);
        record::renew_anchor(home, kept, settled.mark, now);
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Intact { entries, pruned, anchored_at, lost, lost_at_least, went_back } => json!({
            "answer": "intact",
            "entries": entries,
            "pruned": pruned.map(|pruned| json!({ "last": pruned.last, "t": pruned.moment })),
            "anchored_at": anchored_at,
            "lost": lost,
            "lost_at_least": lost_at_least,
            "went_back": went_back,
        }),
        Verdict::Tampered { at, why } => json!({ "answer": "tampered", "at": at, "why": why }),
        Verdict::Unaccepted { losses } => json!({
            "answer": "not provable",
            "why": losses_in_words(losses),
            "losses": losses.iter().map(as_value).collect::<Vec<_>>(),
        }),
        Verdict::NotProvable { why } => json!({ "answer": "not provable", "why": why }),
    }
}

/// How many are missing is `null` where nobody knows.
fn as_value(loss: &Loss) -> Value {
    json!({ "n": loss.noted, "after": loss.after, "lost": loss.entries, "t": loss.moment })
}
