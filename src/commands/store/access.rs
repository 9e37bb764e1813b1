//! `keyctl store access`: who can open which store, and what opening asks for. Read from the stores themselves, so that it is
//! never what somebody once wrote down; a store that would ask somebody is named, and not opened for it.

use serde_json::{Value, json};

use crate::{
    failure::Result,
    home::Home,
    identity::keeper::{KeeperKind, Record},
    store::{file, payload::Payload},
    terminal::Terminal,
};

use super::{list, show};

/// Shows the table.
///
/// # Errors
/// When the folder of the stores cannot be found, or standard output cannot be written.
pub fn access(as_json: bool, terminal: &Terminal) -> Result<()> {
    let personal = Home::find()?;
    let is_made = Record::read(&personal).map_or(true, |record| record.is_some()) || !file::is_absent(&personal);
    let mut homes = if is_made { vec![personal] } else { Vec::new() };
    for name in Home::all()? {
        homes.extend(Home::named(Some(&name)).ok().filter(|home| !home.is_being_removed()));
    }
    if as_json {
        let all: Vec<Value> = homes.iter().map(one_as_json).collect();
        return terminal.json(&all.into());
    }
    if homes.is_empty() {
        terminal.say("there is no store yet; the first `keyctl set NAME` makes the personal one");
        return Ok(());
    }
    let mut rows = vec![["STORE", "WHO", "KEEPER HERE", "OPENING ASKS FOR"].map(str::to_owned).to_vec()];
    for home in &homes {
        let keeper = Record::read(home).ok().flatten().map(|record| record.kind());
        let who = match show::open(home) {
            Ok(payload) => who(&payload).join(", "),
            Err(failure) => format!("not known: {}", failure.message),
        };
        let word = keeper.map_or("unknown", KeeperKind::word);
        rows.push(vec![list::name(home).to_owned(), who, word.to_owned(), keeper.map_or("", asks).to_owned()]);
    }
    terminal.table(&rows, &[])
}

fn one_as_json(home: &Home) -> Value {
    let keeper = Record::read(home).ok().flatten().map(|record| record.kind());
    let opened = show::open(home);
    let members = opened
        .as_ref()
        .ok()
        .map(|payload| payload.members.iter().map(|member| member.name.to_string()).collect::<Vec<_>>());
    json!({
        "store": list::name(home), "keeper": keeper.map(KeeperKind::word), "asks": keeper.map(asks),
        "members": members, "keys": opened.as_ref().ok().map(|payload| payload.keys.len()),
        "error": opened.as_ref().err().map(|failure| &failure.message),
    })
}

/// Who can open it.
fn who(payload: &Payload) -> Vec<String> {
    if payload.members.is_empty() {
        return vec!["you alone".to_owned()];
    }
    payload.members.iter().map(|member| member.name.to_string()).collect()
}

/// What somebody has to give before it opens.
fn asks(keeper: KeeperKind) -> &'static str {
    match keeper {
        KeeperKind::Keychain => "the keychain to be unlocked",
        KeeperKind::File => "nothing",
        KeeperKind::Passphrase => "the passphrase",
        KeeperKind::KeychainPassphrase => "the keychain to be unlocked, and the passphrase",
        KeeperKind::Ssh => "the SSH key, and its passphrase if it has one",
        KeeperKind::Plugin => "the plugin, and what it asks for",
        KeeperKind::Given => "the identity, with each call",
    }
}
