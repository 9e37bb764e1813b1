//! What is asked of the history, from words to a query.

use std::path::{Path, PathBuf, is_separator};

use crate::{
    cli::HistoryFilter,
    date::{Moment, written, zone},
    failure::{Failure, Kind, Result},
    history::{Lineage, Log, Query, Watch, query::Project},
    name::KeyName,
    store::file::OpenText,
};

/// The query that these words mean.
///
/// # Errors
/// `Usage` for what is no date.
pub fn query(filter: &HistoryFilter, now: Moment) -> Result<Query> {
    let since = filter.since.as_deref().map(|text| date("--since", text, now)).transpose()?;
    let until = filter.until.as_deref().map(|text| date("--until", text, now)).transpose()?;
    let (since, until) = (since.map(|(first, _)| first), until.map(|(_, last)| last));
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(Failure::new(Kind::Usage, "`--since` is later than `--until`"));
    }
    Ok(Query {
        since,
        until,
        key: None,
        project: filter.project.as_deref().map(project),
        program: filter.program.clone(),
        actions: filter.action.clone(),
        outcome: filter.outcome.clone(),
        agent: filter.agent.clone().map(|name| Some(name).filter(|name| !name.is_empty())),
    })
}

/// The first and the last second of a date, as [`written::read_past`] reads it.
///
/// # Errors
/// `Usage` for what is no date.
pub fn date(option: &str, text: &str, now: Moment) -> Result<(Moment, Moment)> {
    let read = written::read_past(text, now, &zone::here());
    read.map_err(|why| Failure::new(Kind::Usage, format!("`{option}`: {why}")))
}

/// The first second of a date in the past, for what looks back from there: a day that is still to come is a slip.
///
/// # Errors
/// `Usage` for what is no date, and for one in the future.
pub fn beginning(option: &str, text: &str, now: Moment) -> Result<Moment> {
    let (first, _) = date(option, text, now)?;
    if first > now {
        return Err(Failure::new(Kind::Usage, format!("`{option}`: that is still to come")));
    }
    Ok(first)
}

/// A folder, if it is written as one; else the name of one.
fn project(text: &str) -> Project {
    let is_folder = matches!(text, "." | "..") || text.contains(is_separator);
    if !is_folder {
        return Project::Name(text.to_owned());
    }
    // What is gone from the disk may still be in the history, so it need not be there.
    let folder = Path::new(text).canonicalize().or_else(|_| std::path::absolute(text));
    Project::Folder(folder.unwrap_or_else(|_| PathBuf::from(text)).to_string_lossy().into_owned())
}

/// The key's names, if the store or the history knows it.
///
/// # Errors
/// `Missing` where neither does, or what ended the reading of the history early; as reading has them.
pub fn key(name: &KeyName, log: &Log, store: &OpenText, watch: Watch<'_>) -> Result<Lineage> {
    let (lineage, flaw) = log.lineage(name, watch)?;
    if lineage.is_known() {
        return Ok(lineage);
    }
    let payload = store.read()?;
    if payload.keys.contains_key(name) {
        return Ok(lineage);
    }
    // In what could not be read there may be one of this name.
    if let Some(flaw) = flaw {
        return Err(flaw);
    }
    let mut failure = payload.missing(name);
    // Nothing is to be kept by who only asks; a mistyped command stands here as well.
    if failure.hints.iter().any(|hint| hint.starts_with("keep it")) {
        failure.hints = vec!["`keyctl list` shows the names, `keyctl history --help` what can be asked".into()];
    }
    Err(failure)
}

// Its paths are those of Unix.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_a_folder_where_it_is_written_as_one() {
        let folder = |text: &str| Project::Folder(text.to_owned());
        assert_eq!([project("shop"), project("/gone/shop")], [Project::Name("shop".into()), folder("/gone/shop")]);
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).expect("here");
        assert_eq!(project("."), folder(&here.to_string_lossy()));
        assert_eq!(project("./gone"), folder(&here.join("gone").to_string_lossy()));
    }
}
