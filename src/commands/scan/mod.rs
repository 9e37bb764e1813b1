//! `keyctl scan`: find the store's own keys wherever they lie.

pub mod hook;
pub mod sources;

use std::{io::Read, process::ExitCode, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli::{self, ScanVerb},
    config::{self, Config},
    failure::{Failure, Kind, Result},
    home::Home,
    scan::{
        engine::Engine,
        finding::{Finding, Place, What},
        git::Git,
        home as places,
        needles::{Kept, Needles, Which},
        walk,
    },
    store::payload::Payload,
    terminal::{Terminal, count},
};

use super::opening;
use sources::Looked;

/// Looks through what was asked for.
///
/// # Errors
/// As the store and the sources have them.
pub fn scan(arguments: &cli::Scan, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match &arguments.verb {
        Some(ScanVerb::InstallHook(arguments)) => return Ok(hook::install(arguments, terminal)?),
        Some(ScanVerb::UninstallHook(arguments)) => return Ok(hook::uninstall(arguments, terminal)?),
        Some(ScanVerb::HookStatus(report)) => return Ok(hook::status(report.json, terminal)?),
        None => {}
    }
    let home = Home::find()?;
    let config = config::read(&home)?;
    let engine = Engine::new(needles(arguments, &home, &config, terminal)?, !arguments.no_shapes);
    let looked = look(arguments, &engine)?;
    report(&looked, arguments, terminal)
}

fn needles(arguments: &cli::Scan, home: &Home, config: &Config, terminal: &Terminal) -> Result<Needles> {
    let before_git = arguments.source.staged || arguments.source.pushing.is_some();
    let opened = opening::identity(home).and_then(|kept| opening::store(home, &kept, terminal)?.read());
    match opened {
        Ok(payload) => Ok(of_payload(&payload)),
        Err(failure) if before_git && !arguments.no_shapes => {
            let goes_on =
                failure.kind == Kind::Missing || failure.kind == Kind::Keychain && config.scan.shapes_when_locked;
            if !goes_on {
                let name = if arguments.source.staged { "commit" } else { "push" };
                let failure = failure.hint(format!("or go on unchecked: `git {name} --no-verify`"));
                return Err(failure.hint(
                    "or look only for what looks like a key: `locked = \"shapes\"` below `[scan]` in `config.toml`",
                ));
            }
            terminal.warn(&format!("{}: only what looks like a key is looked for", failure.message));
            Ok(Needles::of([]))
        }
        Err(failure) => Err(failure),
    }
}

fn of_payload(payload: &Payload) -> Needles {
    let current = payload.keys.iter().map(|(name, key)| Kept {
        name: name.as_str(),
        which: if key.facts.revoked.is_some() { Which::Revoked } else { Which::Current },
        secret: &key.value,
    });
    let former = payload.keys.iter().flat_map(|(name, key)| {
        key.former.iter().map(|former| Kept { name: name.as_str(), which: Which::Former, secret: &former.value })
    });
    Needles::of(current.chain(former))
}

fn look(arguments: &cli::Scan, engine: &Engine) -> Result<Looked> {
    let git = || Git::at(&std::env::current_dir().unwrap_or_default());
    let source = &arguments.source;
    if source.staged {
        return sources::staged(&git()?, engine);
    }
    if source.history {
        return sources::history(&git()?, engine);
    }
    if let Some(remote) = &source.pushing {
        let mut lines = String::new();
        let _ = std::io::stdin().lock().take(1024 * 1024).read_to_string(&mut lines);
        return sources::pushing(&git()?, engine, remote, &lines);
    }
    if source.running {
        return sources::running(engine);
    }
    let mut looked = Looked::default();
    let mut folders = arguments.paths.clone();
    if source.home {
        let bases = places::Bases::of_user().ok_or_else(|| Failure::new(Kind::Disk, "there is no home folder"))?;
        let (projects, _) = places::project_files(&bases.home, Duration::from_secs(10));
        let all = places::places(&bases, std::env::var_os("HISTFILE").map(Into::into)).into_iter().chain(projects);
        folders.extend(all.map(|target| target.path));
    }
    let walked = walk::each_file(&folders, &walk::Bounds::default(), &mut |path, bytes| {
        looked.bytes += bytes.len() as u64;
        engine.look(bytes, &mut |hit| looked.findings.push(Finding::new(Place::File(path.to_owned()), hit)));
    });
    looked.pieces = count(walked.files, "file");
    Ok(looked)
}

fn report(looked: &Looked, arguments: &cli::Scan, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let words = |finding: &Finding| match &finding.what {
        What::Key { name, which, form, .. } => (name.to_string(), format!("{which}, {form}")),
        What::Shape { kind, .. } => ((*kind).to_owned(), "looks like one".to_owned()),
    };
    if arguments.json {
        let value = |finding: &Finding| json!({ "key": words(finding).0, "place": finding.whereabouts() });
        let findings: Vec<Value> = looked.findings.iter().map(value).collect();
        terminal.json(&json!({ "bytes": looked.bytes, "findings": findings, "notes": looked.notes }))?;
    } else {
        let row = |finding: &Finding| {
            let (name, form) = words(finding);
            vec![name, form, finding.whereabouts()]
        };
        let rows: Vec<_> = looked.findings.iter().map(row).collect();
        if !rows.is_empty() {
            terminal.table(&rows, &[2])?;
        }
        for finding in &looked.given {
            terminal.say(&format!("{} in {}: given by keyctl run", words(finding).0, finding.whereabouts()));
        }
    }
    for note in &looked.notes {
        terminal.say(&format!("not looked at: {note}"));
    }
    let found = match looked.findings.len() {
        0 => "nothing found".to_owned(),
        number => count(number, "finding"),
    };
    terminal.say(&format!("{}, {}: {found}", looked.pieces, count(usize::try_from(looked.bytes)?, "byte")));
    Ok(if looked.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
