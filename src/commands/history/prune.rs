//! `keyctl history prune`: old parts of the history go, and that they went stays on record.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    history::{Log, Segment},
    home::Home,
    terminal::{Terminal, count},
};

use super::{
    super::{opening::Kept, record, versions::need_yes},
    question,
};

/// Removes whole segments from the oldest on. Only a history that is intact is shortened: a flaw is not to be removed.
///
/// # Errors
/// As verifying has them; `Usage` without a yes; as the history has them.
pub fn prune(
    home: &Home,
    kept: &Kept,
    log: &Log,
    arguments: &cli::HistoryPrune,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let now = Moment::now();
    let before = arguments.before.as_deref().map(|text| question::beginning("--before", text, now)).transpose()?;
    let verdict = log.verify_against(log.known(), &[], &mut super::checking(terminal));
    if let Some(failure) = record::not_whole(&verdict) {
        return Err(failure.hint("only a history that is intact is pruned").into());
    }
    let segments = log.closed_files()?;
    let going = match (before, arguments.keep_segments) {
        (Some(before), _) => segments.iter().take_while(|segment| is_before(segment, before)).count(),
        (None, kept) => segments.len().saturating_sub(kept.unwrap_or(usize::MAX)),
    };
    let (Some(first), Some(last)) = (segments.first(), going.checked_sub(1).and_then(|at| segments.get(at))) else {
        return nothing(segments.len(), before.is_some(), arguments.json, terminal);
    };
    let entries = format!("entries #{} to #{}", first.first, last.last);
    let files = if going == 1 { first.name() } else { format!("{}` to `{}", first.name(), last.name()) };
    need_yes(arguments.yes, terminal, "pruning the history", || format!("remove {entries} for good (`{files}`)?"))?;
    let appended = log.prune(last, now)?;
    record::say_mended(log, &appended, terminal);
    record::renew_anchor(home, kept, appended.mark, now);
    if arguments.json {
        terminal.json(&json!({ "segments": going, "first": first.first, "last": last.last }))?;
    } else {
        terminal.say(&format!("removed {}: {entries}; an entry says so", count(going, "segment")));
        terminal.hint("a mark that you kept of one of these can no longer be compared: `keyctl history anchor`");
    }
    Ok(ExitCode::SUCCESS)
}

fn nothing(segments: usize, by_date: bool, as_json: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if as_json {
        terminal.json(&json!({ "segments": 0 }))?;
    } else {
        terminal.say(&match segments {
            0 => "nothing to prune: no part of the history is closed yet; each has 4 MiB".to_owned(),
            _ if by_date => "nothing to prune: no closed segment ends before that".to_owned(),
            _ => format!(
                "nothing to prune: {} to be kept",
                if segments == 1 { "1 segment is".to_owned() } else { format!("{segments} segments are") }
            ),
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether even its last entry is older.
fn is_before(segment: &Segment, moment: Moment) -> bool {
    segment.moment.is_some_and(|last| last < moment)
}
