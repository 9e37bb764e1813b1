//! `keyctl scan`: where keys of the store lie in clear, and what else looks like a key.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli,
    failure::{Failure, Kind},
    home::Home,
    scan::{finding::Place, tree},
    terminal::Terminal,
};

mod report;
mod search;

use report::Report;
pub use search::Search;

/// What stands for standard input.
const INPUT: &str = "-";

/// Looks for keys in files, and says where they are; never what they are.
///
/// # Errors
/// As opening the store has them; `Disk` when standard input cannot be read.
pub fn scan(arguments: &cli::Scan, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let from_input = arguments.paths.iter().any(|path| path == Path::new(INPUT));
    if from_input && arguments.paths.len() > 1 {
        return Err(Failure::new(Kind::Usage, "`-`, standard input, stands alone").into());
    }
    let search = Search::begin(&home, !arguments.no_shapes, terminal)?;
    let (findings, seen) = if from_input {
        tree::look_through(&search.engine, &Place::Input, &mut std::io::stdin().lock())
            .map_err(|error| Failure::disk("read", Path::new("standard input"), &error))?
    } else {
        let here = [PathBuf::from(".")];
        let paths = if arguments.paths.is_empty() { &here[..] } else { &arguments.paths };
        tree::look(&search.engine, paths, arguments.no_ignore)
    };
    search.record(&findings, seen.more, terminal)?;
    Ok(Report { search: &search, findings: &findings, seen: &seen }.give(arguments.json, arguments.sarif, terminal)?)
}
