//! What `doctor` sees of who keeps the identity, and of what a change of keeper has left behind.

use std::path::Path;

use super::{Finding, Grade};
use crate::{
    commands::creating,
    home::{self, Home},
    identity::{
        given,
        keeper::{KeeperKind, Keeping, Record},
        passphrase, pin,
        plugin::{kept::PluginPlace, place},
        record::FileName,
        ssh,
        wrapping::LARGEST,
    },
    platform,
    store::file,
    terminal::count,
};

/// Everything about the keeper that needs no opening.
pub(super) fn findings(home: &Home, record: &Record) -> Vec<Finding> {
    let mut findings: Vec<Finding> = given().into_iter().collect();
    findings.push(keeper(home, record));
    if let Keeping::Plugin(place) = &record.keeper {
        findings.extend(another_plugin(place));
    }
    if let Keeping::Ssh { key, .. } = &record.keeper {
        findings.push(ssh_key(key));
    }
    findings.extend(left(home, record));
    if !record.kind().uses_keychain() && !given::is_given() && pin::read(home).is_some() {
        findings.push(Finding::failed("folder", &pin::contradicted()));
    }
    findings
}

/// That another identity is used than the one that is kept.
fn given() -> Option<Finding> {
    let said = format!("given by {}, and used for every store; no keeper is asked", given::giver()?);
    Some(Finding::new("identity", Grade::Good, said))
}

fn keeper(home: &Home, record: &Record) -> Finding {
    const UNNOTICED: &str = "putting all of the folder back to an older state would go unnoticed";
    match &record.keeper {
        Keeping::Keychain => Finding::new("keeper", Grade::Good, "the keychain keeps the identity"),
        Keeping::File => Finding::new("keeper", Grade::Care, "`identity.txt` keeps the identity: whoever copies the whole folder can open the store, and putting all of it back to an older state would go unnoticed")
            .hint("where there is a keychain: `keyctl store keeper --to keychain`"),
        Keeping::Passphrase(file) => {
            let work = home::read(&home.file(&file.to_string()), LARGEST).ok().flatten();
            let work = work.and_then(|(bytes, _)| passphrase::work_of_file(&bytes));
            let cost = work.map(|work| format!(" (scrypt 2^{work})")).unwrap_or_default();
            let seen = format!("a passphrase opens the identity{cost}; {UNNOTICED}");
            if work.is_none_or(passphrase::is_enough) {
                return Finding::new("keeper", Grade::Good, seen);
            }
            Finding::new("keeper", Grade::Care, format!("{seen}, and a guess costs little"))
                .hint("wrap it for as much work as this machine does in a second: `keyctl store keeper --to passphrase`")
        }
        Keeping::KeychainPassphrase(_) => {
            Finding::new("keeper", Grade::Good, "the keychain keeps the identity, and a passphrase opens it")
        }
        Keeping::Ssh { key, .. } => {
            let seen = format!("the SSH key `{}` opens the identity; {UNNOTICED}", key.display());
            Finding::new("keeper", Grade::Good, seen)
        }
        Keeping::Given => Finding::new("keeper", Grade::Good, format!("nobody here keeps the identity, each call is given it; {UNNOTICED}")),
        Keeping::Plugin(place) => {
            let seen = format!("the plugin `{}` opens the identity; {UNNOTICED}", place.program.display());
            match place::flaw(&place.program) {
                None if !home.file(&place.file.to_string()).exists() && file::is_absent(home) => {
                    Finding::failed("keeper", &creating::begun(home, place))
                }
                None => Finding::new("keeper", Grade::Good, seen),
                Some(flaw) => Finding::failed("keeper", &place::refused(&place.program, &flaw)),
            }
        }
    }
}

/// Whether another program of the plugin's name comes first on `PATH`.
fn another_plugin(at: &PluginPlace) -> Option<Finding> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let other = place::first_on_path(&at.name).filter(|other| real(other) != real(&at.program))?;
    let (name, other) = (at.name.program(), other.display());
    let seen = format!("another `{name}` comes first on `PATH`: `{other}`; it is not started");
    let finding = Finding::new("plugin", Grade::Care, seen).hint("take it away if you do not know it");
    Some(finding.hint("if it is the one you want: `keyctl store keeper --to plugin --plugin-identity FILE`"))
}

fn ssh_key(key: &Path) -> Finding {
    let about = "SSH key";
    match ssh::look(key) {
        Err(failure) => Finding::failed(about, &failure),
        Ok(look) if look.exposed => {
            Finding::new(about, Grade::Bad, format!("other users may read or change `{}`", key.display()))
                .hint(platform::how_to_make_private(key, false))
        }
        Ok(look) if !look.encrypted => {
            let seen = "it has no passphrase: whoever copies it and the folder can open the store";
            Finding::new(about, Grade::Care, seen).hint(format!("give it one: `ssh-keygen -p -f {}`", key.display()))
        }
        Ok(_) => Finding::new(about, Grade::Good, "it is there, yours alone, and has a passphrase"),
    }
}

/// What a change of keeper has left that was cut short.
fn left(home: &Home, record: &Record) -> Vec<Finding> {
    let again = || format!("take it away: `keyctl store keeper --to {}`", record.kind().word());
    let mut findings = Vec::new();
    if record.kind() != KeeperKind::File && home.file("identity.txt").exists() {
        let seen =
            format!("{} keeps the identity, but `identity.txt` still lies in the folder too", record.kind().place());
        findings.push(Finding::new("identity file", Grade::Bad, seen).hint(again()));
    }
    let files = FileName::all_in(home).into_iter().filter(|file| record.keeper.file() != Some(*file)).count();
    if files > 0 {
        let seen = format!("{} of the identity that a former keeper opens still in the folder", count(files, "file"));
        findings.push(Finding::new("identity file", Grade::Care, seen).hint(again()));
    }
    findings
}
