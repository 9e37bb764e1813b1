//! The requests of runs that are dead: somebody ended keyctl before it could write down what became of them. They go into the
//! history as they were begun, by the next keyctl that has to do with proxies or shows the history.

use std::{
    fs::File,
    io::ErrorKind,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{
    date::Moment,
    hex,
    history::{Action, Event, request::Request},
    home::{self, Home},
    name::KeyName,
    platform,
    proxy::journal::{self, Begun},
    store::payload::Payload,
    terminal::{Terminal, count},
};

use super::{
    super::{
        caller,
        opening::{self, Kept},
        record,
    },
    freezing,
    register::{self, FOLDER, LOCK},
};

/// What the history has of their end.
const NOT_KNOWN: &str = "its end is not known: keyctl was killed";
/// And of those that were gathered.
const NOT_WRITTEN: &str = "refused: keyctl was killed before it wrote down which";

/// Writes down what they have left. What cannot be written down stays for the next one.
pub fn write_down(home: &Home, kept: &Kept, payload: &Payload, terminal: &Terminal) {
    for run in dead(&home.file(FOLDER)) {
        let path = home.file(FOLDER).join(format!("{}{}", run.0, journal::ENDING));
        let key = freezing::key_for(&kept.identity, payload.id, journal::PURPOSE);
        let Ok(left) = journal::left(&path, &run.0, &key) else { continue };
        let own = register::sealed_by(&kept.identity, payload.id);
        let said = register::read(&home.file(FOLDER).join(&run.0), &own, &run.0);
        let program = said.map(|said| said.program);
        let mut events: Vec<Event> = left.begun.iter().map(|begun| event(begun, program.as_ref())).collect();
        let went_out = events.len();
        if left.refused > 0 {
            events.push(refused(left.refused, program.as_ref()));
        }
        if !events.is_empty() {
            let all: Vec<&Event> = events.iter().collect();
            let log = record::log(home, kept, payload);
            if let Err(failure) = record::append(&log, &all, false, home::LOCK_DEADLINE, terminal) {
                terminal.warn(&format!("requests of a proxy that was killed are not recorded: {}", failure.message));
                continue;
            }
            let refused = usize::try_from(left.refused).unwrap_or(usize::MAX);
            let all = count(went_out.saturating_add(refused), "request");
            terminal.warn(&format!("a proxy was killed; {all} of it stood in no history yet"));
        }
        let _ = std::fs::remove_file(&path);
    }
}

/// The requests of runs that live which are not over yet.
pub fn under_way(home: &Home, kept: &Kept, payload: &Payload) -> Vec<Begun> {
    let (folder, key) = (home.file(FOLDER), freezing::key_for(&kept.identity, payload.id, journal::PURPOSE));
    let names = platform::names_in(&folder);
    let runs = names.iter().filter_map(|name| name.to_str()?.strip_suffix(journal::ENDING));
    let left = runs.filter_map(|run| {
        let path = folder.join(format!("{run}{}", journal::ENDING));
        journal::left(&path, run, &key).ok()
    });
    left.flat_map(|left| left.begun).collect()
}

/// Writes down the same for a store that is opened for it, if there is any need; nobody is asked.
pub fn write_down_unasked(home: &Home, terminal: &Terminal) {
    if dead(&home.file(FOLDER)).is_empty() {
        return;
    }
    let Ok(kept) = opening::identity_unasked(home) else { return };
    let payload = opening::store(home, &kept, terminal).and_then(|text| text.pick(&[]));
    if let Ok(payload) = payload {
        write_down(home, &kept, &payload, terminal);
    }
}

/// The dead runs that have left some, each held as long as this is.
fn dead(folder: &Path) -> Vec<(String, Option<File>)> {
    let names = platform::names_in(folder);
    let runs = names.iter().filter_map(|name| name.to_str()?.strip_suffix(journal::ENDING));
    let held = runs.filter(|run| hex::decode::<8>(run).is_some()).filter_map(|run| {
        match platform::open_untrusted(&folder.join(format!("{run}{LOCK}"))) {
            Ok(file) => platform::try_lock(&file).is_ok().then(|| (run.to_owned(), Some(file))),
            // What shows that it lives is made before it begins anything.
            Err(error) if error.kind() == ErrorKind::NotFound => Some((run.to_owned(), None)),
            Err(_) => None,
        }
    });
    held.collect()
}

fn event(begun: &Begun, program: Option<&String>) -> Event {
    let Begun { at, names, host, method, path } = begun;
    let names: Vec<KeyName> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let request =
        Request { host: host.clone(), method: method.clone(), path: path.clone(), status: None, sent: 0, received: 0 };
    let at = Moment::at(SystemTime::UNIX_EPOCH + Duration::from_millis(*at));
    let mut event = caller::sign(Event::new(Action::Proxy, at).names(&names).request(&request));
    event.program = program.cloned();
    event.outcome(NOT_KNOWN)
}

/// Those of a run that were refused, of which the number alone is known.
fn refused(times: u64, program: Option<&String>) -> Event {
    let mut event = caller::sign(Event::new(Action::Proxy, Moment::now())).note("requests that were refused");
    event.program = program.cloned();
    event.times(times).outcome(NOT_WRITTEN)
}
