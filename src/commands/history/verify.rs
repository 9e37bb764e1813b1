//! `keyctl history verify`: the proof that nothing of the history was changed.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    date::Moment,
    history::{Log, Verdict},
    home::Home,
    terminal::Terminal,
};

use super::super::{opening::Kept, record};

/// Verifies the history, and vouches for what was proven.
///
/// # Errors
/// `Negative` and `Keychain` for a history that is not whole.
pub fn verify(home: &Home, kept: &Kept, log: &Log, as_json: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let verdict = log.verify(record::known(&kept.anchor));
    if as_json {
        terminal.json(&match &verdict {
            Verdict::Intact { entries, anchored_at, lost, .. } => {
                json!({ "answer": "intact", "entries": entries, "anchored_at": anchored_at, "lost": lost })
            }
            Verdict::Tampered { at, why } => json!({ "answer": "tampered", "at": at, "why": why }),
            Verdict::NotProvable { why } => json!({ "answer": "not provable", "why": why }),
        })?;
    }
    if let Some(failure) = record::not_whole(&verdict) {
        return Err(failure.into());
    }
    if !as_json {
        terminal.report(&format!("the history is {verdict}"))?;
    }
    // What was just proven is vouched for from now on, where the keeper can be written.
    if let Ok(Some(mark)) = log.settle() {
        record::renew_anchor(home, kept, mark, Moment::now());
    }
    Ok(ExitCode::SUCCESS)
}
