//! `keyctl store list`: which stores there are. Nothing is opened for it.

use serde_json::{Value, json};

use crate::{
    commands::unlock,
    date::Moment,
    failure::Result,
    home::Home,
    identity::{
        given,
        keeper::{KeeperKind, Record},
    },
    name::PERSONAL,
    store::file,
    terminal::Terminal,
};

/// Lists the stores, the personal one first.
///
/// # Errors
/// When the folder of the stores cannot be found, or standard output cannot be written.
pub fn list(as_json: bool, terminal: &Terminal) -> Result<()> {
    let now = Moment::now();
    let personal = Home::find()?;
    let is_made = Record::read(&personal).map_or(true, |record| record.is_some()) || !file::is_absent(&personal);
    let mut homes = if is_made { vec![Ok(personal)] } else { Vec::new() };
    let others = Home::all()?;
    homes.extend(others.iter().map(|name| Home::named(Some(name)).map_err(|failure| (name, failure))));
    if as_json {
        let all: Vec<Value> = homes.iter().map(|home| match home {
            Ok(home) => {
                let record = Record::read(home).ok().flatten();
                let keeper = record.as_ref().map(|record| record.kind().word());
                let until = record.and_then(|record| unlock::until(&record, home, now));
                json!({ "name": name(home), "keeper": keeper, "unlocked_until": until, "path": home.store_file(), "removing": home.is_being_removed() })
            }
            Err((name, _)) => json!({ "name": name, "keeper": null, "unlocked_until": null, "path": null, "removing": false }),
        }).collect();
        return terminal.json(&all.into());
    }
    if homes.is_empty() {
        terminal.say("there is no store yet; the first `keyctl set NAME` makes the personal one");
        return Ok(());
    }
    let mut rows = vec![["NAME", "KEEPER", "FILE"].map(str::to_owned).to_vec()];
    rows.extend(homes.iter().map(|home| match home {
        Ok(home) => vec![name(home).to_owned(), keeper(home, now), home.store_file().display().to_string()],
        Err((name, failure)) => vec![name.to_string(), "?".to_owned(), failure.message.clone()],
    }));
    terminal.table(&rows, &[])
}

pub(super) fn name(home: &Home) -> &str {
    home.store().map_or(PERSONAL, |name| name.as_str())
}

fn keeper(home: &Home, now: Moment) -> String {
    if home.is_being_removed() {
        return "being removed".to_owned();
    }
    match Record::read(home) {
        Ok(Some(record)) => {
            let until =
                unlock::until(&record, home, now).map(|until| format!(", open until {}", unlock::shown(until, now)));
            record.kind().word().to_owned() + &until.unwrap_or_default()
        }
        Ok(None) if given::is_given() => KeeperKind::Given.word().to_owned(),
        Ok(None) | Err(_) => "unknown".to_owned(),
    }
}
