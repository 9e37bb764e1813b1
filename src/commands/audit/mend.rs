//! `keyctl audit --fix`: mends what needs no decision, and says each.

use crate::{
    audit::{Finding, Repair},
    commands::allow,
    failure::{Failure, Kind, Result, reason},
    home::Home,
    name::KeyName,
    platform,
    terminal::{Terminal, count},
};

/// Mends what can be, after a yes. What was mended is taken out of the findings, and given.
///
/// # Errors
/// `Usage` where nobody can be asked, `Negative` without a yes.
pub fn mend(home: &Home, findings: &mut Vec<Finding>, yes: bool, terminal: &Terminal) -> Result<Vec<Finding>> {
    let repairs: Vec<String> = findings.iter().filter_map(|finding| Some(plan(finding.repair.as_ref()?))).collect();
    if repairs.is_empty() {
        terminal.say("there is nothing that can be mended without a decision of yours");
        return Ok(Vec::new());
    }
    if !yes {
        ask(&repairs, terminal)?;
    }
    let mut mended = Vec::new();
    for finding in std::mem::take(findings) {
        match finding.repair.as_ref().map(|repair| carry_out(home, repair, terminal)) {
            None => findings.push(finding),
            Some(Ok(done)) => {
                terminal.say(&done);
                mended.push(finding);
            }
            Some(Err(why)) => {
                terminal.warn(&why);
                findings.push(finding);
            }
        }
    }
    Ok(mended)
}

fn ask(repairs: &[String], terminal: &Terminal) -> Result<()> {
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Usage, "mending needs a yes").hint("without a terminal: `--yes`"));
    }
    terminal.say_lines("this can be mended:", repairs);
    if terminal.confirm("mend it?")? {
        return Ok(());
    }
    Err(Failure::new(Kind::Negative, "nothing was mended"))
}

fn plan(repair: &Repair) -> String {
    match repair {
        Repair::Close { path, .. } => format!("close `{}` to other users", path.display()),
        Repair::TakeBack { folder, .. } => {
            format!("take back what was allowed in `{}`, which is gone", folder.display())
        }
    }
}

/// What was done, or why it was not.
fn carry_out(home: &Home, repair: &Repair, terminal: &Terminal) -> std::result::Result<String, String> {
    match repair {
        Repair::Close { path, folder } => match platform::make_private(path, *folder) {
            Ok(()) => Ok(format!("closed `{}` to other users", path.display())),
            Err(error) => Err(format!("cannot close `{}` to other users: {}", path.display(), reason(&error))),
        },
        Repair::TakeBack { place, folder, keys } => {
            let names: Vec<KeyName> = keys.iter().filter_map(|name| name.parse().ok()).collect();
            let removed = allow::deny_gone(home, place, folder, &names, terminal).map_err(|failure| failure.message)?;
            Ok(format!("took back {} in `{}`, which is gone", count(removed, "grant"), folder.display()))
        }
    }
}
