//! `keyctl audit`: what is not as it should be with keys, projects and the store, on one page, each with the way to mend it.

use std::process::ExitCode;

use crate::{
    audit::{self, Finding, Severity},
    cli, config,
    failure::{Failure, Kind},
    home::Home,
    store::payload::Payload,
    terminal::{Terminal, count},
};

use super::{doctor, opening::Kept, several};

mod gather;
mod mend;
mod page;
mod search;

/// Looks at everything, and says what is wrong; with `--fix` mends what needs no decision.
///
/// # Errors
/// As opening the store has them; `Negative` where `--fail-on` is asked and is so, or nothing was to be mended after all.
pub fn audit(arguments: &cli::Audit, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let config = config::read(&home);
    let (kept, payload, closed) = open(&home, arguments, terminal)?;
    let (config, refused) = match config {
        Ok(config) => (config, None),
        Err(failure) => (config::Config::default(), Some(failure.message)),
    };
    let gathered = gather::all(&home, &kept, &payload, &config.rotation, refused, terminal)?;
    let others = several::homes(arguments.within.store.as_ref())?.beside(&home);
    let searched = search::search((&home, kept, &payload), others, config, &gathered.projects, terminal)?;
    let mut findings = audit::findings(&gathered.facts(&payload, &searched.leaks));
    if let Some(store) = home.store() {
        for finding in &mut findings {
            finding.say_for(store);
        }
    }
    let mut mended = closed;
    // Where something was closed already, that there is nothing else goes without saying.
    if arguments.fix && (mended.is_empty() || findings.iter().any(|finding| finding.repair.is_some())) {
        mended.extend(mend::mend(&home, &mut findings, arguments.yes, terminal)?);
    }
    let page = page::Page { findings: &findings, mended: &mended, gathered: &gathered, searched: &searched };
    if arguments.json {
        terminal.json(&page.as_json())?;
    } else {
        page.show(payload.keys.len(), terminal)?;
        several::say_others(&home, "audit", terminal);
    }
    let bad = |least: Severity| findings.iter().filter(|finding| finding.severity >= least).count();
    match arguments.fail_on.map(|least| (least, bad(least))) {
        Some((least, number)) if number > 0 => {
            let worse = if least == Severity::High { "" } else { " or worse" };
            let are = if number == 1 { "is" } else { "are" };
            let what = format!("{} {are} {}{worse}", count(number, "finding"), least.word());
            Err(Failure::new(Kind::Negative, what).into())
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Opens the store. An identity that others may read is not used: with `--fix` it is closed first, and given.
fn open(home: &Home, arguments: &cli::Audit, terminal: &Terminal) -> anyhow::Result<(Kept, Payload, Vec<Finding>)> {
    let failure = match doctor::open(home) {
        Ok((kept, payload, _)) => return Ok((kept, payload, Vec::new())),
        Err(failure) => failure,
    };
    let mut found = audit::open_to_others(&gather::open_to_others(home));
    found.retain(|finding| finding.repair.is_some());
    if failure.kind != Kind::Disk || found.is_empty() {
        return Err(several::hint_others(failure, home, "audit").into());
    }
    if !arguments.fix {
        return Err(failure.hint("or let keyctl close it: `keyctl audit --fix`").into());
    }
    let closed = mend::mend(home, &mut found, arguments.yes, terminal)?;
    let (kept, payload, _) = doctor::open(home)?;
    Ok((kept, payload, closed))
}
