//! `keyctl recovery`: a copy that opens the store without its keeper; made, proven, used.

use std::{path::Path, process::ExitCode};

use serde_json::json;

use crate::{
    cli::{self, RecoveryVerb},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Mark},
    home::Home,
    identity::{
        Identity,
        anchor::{Anchor, Id},
        given,
        keeper::{Item, KeeperKind, Record, write_and_read_back},
        pin, recovery, unlocked,
    },
    platform,
    secret::Secret,
    store::{
        accepted,
        file::SealedFile,
        machine::{self, Machine},
        members::Whose,
        payload::{Payload, Recovery},
        seen::{self, Seen},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{self, Outcome},
    keepers::Wish,
    narrowing::Scene,
    opening, record, unbound,
};

mod copy;

use copy::{new_passphrase, open_with, prove, read_copy, write_new};

/// Does what the verb says.
///
/// # Errors
/// As keeper and store have them.
pub fn recovery(arguments: cli::Recovery, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    // Where it is restored the store need not be there yet.
    let home = match &arguments.verb {
        RecoveryVerb::Restore { .. } => Home::named(arguments.store.as_ref())?,
        _ => Home::of(arguments.store.as_ref())?,
    };
    match arguments.verb {
        RecoveryVerb::Create { file, print, passphrase_file, json } => {
            create(&home, (!print).then_some(&*file), passphrase_file.as_deref(), json, terminal)?;
        }
        RecoveryVerb::Verify { file, passphrase_file, json } => {
            verify(&home, &file, passphrase_file.as_deref(), json, terminal)?;
        }
        RecoveryVerb::Restore {
            file,
            passphrase_file,
            keeper,
            ssh_key,
            plugin_identity,
            keeper_passphrase_file,
            accept_older,
            json,
        } => {
            if given::is_given() {
                return Err(given::refused("it is given to no keeper").into());
            }
            let (passphrase, ssh_key) = (keeper_passphrase_file.as_deref(), ssh_key.as_deref());
            let plugin_identity = plugin_identity.as_deref();
            let wish = Wish { kind: keeper, passphrase_file: passphrase, ssh_key, plugin_identity };
            let (keys, place) = restore(&home, &file, passphrase_file.as_deref(), &wish, accept_older, terminal)?;
            if json {
                terminal.json(&json!({ "opens": true, "keys": keys, "keeper": place.word() }))?;
            } else {
                let (keys, place) = (count(keys, "key"), place.place());
                terminal.say(&format!("the store opens again: {keys}; its identity is kept in {place}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(
    home: &Home,
    file: Option<&Path>,
    passphrase_file: Option<&Path>,
    as_json: bool,
    terminal: &Terminal,
) -> Result<()> {
    // A copy opens the store for good: that it is open for a while is no leave to make one.
    unlocked::ask_anew();
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    if let Some(file) = file.filter(|file| file.exists()) {
        return Err(
            Failure::new(Kind::Negative, format!("`{}` exists already", file.display())).hint("name another file")
        );
    }
    let scene = Scene { home, kept: &kept, payload: &payload, action: Action::Recovery };
    unbound::hold(&scene, "whoever opens the copy", terminal)?;
    let passphrase = new_passphrase(passphrase_file, terminal)?;
    let now = Moment::now();
    let copy = recovery::wrap(&kept.identity, payload.id, payload.seal, now, &passphrase)?;
    // Opened once as the owner would one day, before it is said to be one.
    prove(&payload, &recovery::unwrap(&copy, &passphrase)?)?;
    match file {
        Some(file) => write_new(file, copy.as_bytes())?,
        None => terminal.data(recovery::page(&copy, payload.id, now).as_bytes())?,
    }
    drop((kept, payload));
    let noted = change::change_as(home, terminal, now, |kept, payload| {
        if record::is_own(kept, payload) {
            payload.recovery = Some(Recovery { created: now, verified: None });
        }
        Ok(Outcome::changed((), Event::new(Action::Recovery, now).note("created")))
    });
    if let (Err(_), Some(file)) = (&noted, file) {
        // A copy that the store does not know of would be called missing for ever.
        let _ = std::fs::remove_file(file);
    }
    noted?;
    if let Some(file) = file.filter(|_| as_json) {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        return terminal.json(&json!({ "file": whole.to_string_lossy(), "created": now }));
    }
    say_created(home, file, terminal);
    Ok(())
}

fn say_created(home: &Home, file: Option<&Path>, terminal: &Terminal) {
    if let Some(file) = file {
        terminal.say(&format!("wrote the recovery copy to `{}`", file.display()));
    }
    let shown = file.map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
    terminal.hint("keep it off this machine, and its passphrase apart from it");
    terminal.hint(&format!(
        "it opens the store and does not hold it: back up `{}` too",
        crate::store::file::path(home).display()
    ));
    terminal.hint(&format!("prove it from where you keep it: `{} recovery verify {shown}`", terminal.program()));
}

fn sealed(home: &Home) -> Result<SealedFile> {
    SealedFile::read(home)?.ok_or_else(|| {
        Failure::new(Kind::Missing, format!("there is no store in `{}`", home.data().display()))
            .hint("a recovery copy opens a store, it does not hold one: put your copy of `store.age` there first")
    })
}

fn verify(home: &Home, file: &Path, passphrase_file: Option<&Path>, as_json: bool, terminal: &Terminal) -> Result<()> {
    let copy = read_copy(file, passphrase_file, terminal)?;
    let payload = open_with(home, &copy)?;
    if as_json {
        terminal.json(&json!({ "opens": true, "keys": payload.keys.len() }))?;
    } else {
        let keys = count(payload.keys.len(), "key");
        terminal.report(&format!("the recovery copy opens this store without its keeper: {keys}"))?;
    }
    let now = Moment::now();
    // The keeper may be out of reach just now; that the copy works stays true.
    let noted = change::change_as(home, terminal, now, |kept, payload| {
        let created = payload.recovery.map_or(now, |recovery| recovery.created);
        if record::is_own(kept, payload) {
            payload.recovery = Some(Recovery { created, verified: Some(now) });
        }
        Ok(Outcome::changed((), Event::new(Action::Recovery, now).note("verified")))
    });
    if let Err(failure) = noted {
        terminal.warn(&format!("that it was proven is not noted in the store: {}", failure.message));
    }
    Ok(())
}

fn restore(
    home: &Home,
    file: &Path,
    passphrase_file: Option<&Path>,
    wish: &Wish,
    accept_older: bool,
    terminal: &Terminal,
) -> Result<(usize, KeeperKind)> {
    let copy = read_copy(file, passphrase_file, terminal)?;
    let lock = change::lock(home)?;
    let payload = open_with(home, &copy)?;
    let record = record_for(home, payload.id, wish, terminal)?;
    let keeper = record.open(home);
    let held = keeper.read()?;
    let old = held.anchor.as_ref().and_then(Anchor::parse).filter(|anchor| anchor.store == payload.id);
    let pins_another = old.as_ref().is_some_and(|old| old.seal != payload.seal);
    // The copy proves this store's own seal, which another identity has given it another one for since.
    if pins_another && copy.made_for.is_some() {
        return Err(from_before(record.kind().place(), file));
    }
    let holds_another = |line: Secret| match Identity::parse_kept(line) {
        // Two, where a change of identity was cut short: then either may be what the store is made for.
        Ok((one, other)) => [Some(one), other].iter().flatten().all(|held| !held.line().same_as(copy.identity.line())),
        Err(_) => true,
    };
    if held.identity.is_some_and(holds_another) {
        return Err(Failure::new(
            Kind::Keychain,
            format!("{} holds another identity for this store; it is left alone", record.kind().place()),
        )
        .hint(if record.kind().uses_keychain() {
            "remove that item with the keychain's own tool if it is wrong, then try again"
        } else {
            "move that file away if it is wrong, then try again"
        }));
    }
    if pins_another {
        return Err(forged(record.kind().place()));
    }
    let seen = Seen::read(&home.file(seen::NAME), &copy.identity, payload.id).map(|seen| seen.version.generation);
    let known = old.as_ref().map(|old| old.generation).max(seen);
    if let Some(known) = known.filter(|known| *known > payload.generation && !accept_older) {
        let found = payload.generation;
        return Err(Failure::new(
            Kind::Store,
            format!("the store is an older copy: generation {found}, but {known} was written before"),
        )
        .hint("put the newest `store.age` back, or accept this one: `--accept-older`"));
    }
    if old.is_none() {
        terminal.warn(&format!(
            "taken as it lies here, generation {}: nothing is left that would tell an older copy",
            payload.generation
        ));
    }
    record.write(home)?;
    write_and_read_back(keeper.as_ref(), Item::Identity, copy.identity.line())?;
    let anchor = anchor_for(home, &payload, &copy.identity, old);
    let begins_anew = anchor.entries == 0 && !has_history(home);
    if begins_anew {
        // What the store knows of is the history of the machine that it comes from.
        Machine::come(home, &copy.identity, &payload, platform::system_id().as_deref())?;
    }
    write_and_read_back(keeper.as_ref(), Item::Anchor, &anchor.line())?;
    if record.kind().uses_keychain() {
        pin::write(home, payload.id)?;
    } else {
        // Where there is no keychain there is nothing to take back.
        drop(pin::remove(home));
    }
    if accept_older {
        // Opening it notes what is seen from now on.
        let _ = std::fs::remove_file(home.file(seen::NAME));
        if payload.members.is_empty() {
            // It is from before the first one was let in, and opens as it did then.
            let _ = std::fs::remove_file(home.file(accepted::NAME));
        }
    }
    open_like_any_other(home, terminal).map_err(|failure| {
        let message = format!("the identity is restored, and the store does not open with it yet: {}", failure.message);
        Failure { message, ..failure }
    })?;
    drop(lock);
    record_restore(home, begins_anew, terminal);
    Ok((payload.keys.len(), record.kind()))
}

/// The failure for a store, with the copy that belongs to it, from before a change of identity. Put in the place of the one
/// after that, it would have neither its history nor what else is sealed, and take the present identity away.
fn from_before(keeper: &str, file: &Path) -> Failure {
    let file = file.display();
    Failure::new(
        Kind::Store,
        format!("this store is from before its identity was changed; {keeper} pins the one after that, and stays as it is"),
    )
    .hint("to go on from there: put the newest `store.age` back; a recovery copy made since then opens it too")
    .hint(format!(
        "to get at this older one: put it alone into a folder, then `KEYCTL_HOME=FOLDER keyctl recovery restore {file} --keeper file`"
    ))
}

/// What the keeper still pins is worth more than an identity file that names no store.
fn forged(keeper: &str) -> Failure {
    Failure::new(
        Kind::Store,
        format!("the store opens, but its seal is not the one that {keeper} pins: someone else wrote it"),
    )
    .hint("put your own copy of `store.age` back")
}

/// Who can read the history shall see that a copy was used. The store opens again whether that is recorded or not.
fn record_restore(home: &Home, begins_anew: bool, terminal: &Terminal) {
    let now = Moment::now();
    let recorded = change::change_as(home, terminal, now, |kept, payload| {
        if begins_anew && record::is_own(kept, payload) {
            // The history did not come along: another one begins, with the identity that there is.
            payload.history = None;
        }
        Ok(Outcome::changed((), Event::new(Action::Recovery, now).note("restored")))
    });
    if let Err(failure) = recorded {
        terminal.warn(&format!("not recorded in the history: {}", failure.message));
    }
}

/// The keeper on record, or on a machine that has none the one that is wished for or can be had. What a passphrase opens is
/// put into a new place, with a new one: that the old one is forgotten may be why this is done.
fn record_for(home: &Home, store: Id, wish: &Wish, terminal: &Terminal) -> Result<Record> {
    let recorded = Record::read(home).ok().flatten().filter(|record| record.store == store);
    let kind = match recorded {
        Some(record) if wish.kind.is_none() => record.kind(),
        _ => wish.choose(terminal)?,
    };
    Ok(Record { store, keeper: wish.place(home, store, kind, terminal)? })
}

/// Pins the store as it is now, and the history as far as it was vouched for: by the old anchor, or by the store itself,
/// which carries the mark of the history at its last write.
fn anchor_for(home: &Home, payload: &Payload, identity: &Identity, old: Option<Anchor>) -> Anchor {
    let anchor = old.unwrap_or_else(|| Anchor::first(payload.id, payload.seal));
    // On a new machine the history may not have come along: then it begins anew.
    let is_of_it = has_history(home) && payload.whose_log(identity) == Whose::Own;
    let mark: Option<Mark> =
        payload.history.as_ref().filter(|_| is_of_it).and_then(|mark| machine::unsigned(mark).parse().ok());
    let anchor = Anchor { generation: payload.generation, ..anchor };
    match mark.filter(|mark| mark.seq > anchor.entries) {
        Some(mark) => Anchor { entries: mark.seq, hash: mark.hash, ..anchor },
        None => anchor,
    }
}

fn has_history(home: &Home) -> bool {
    home.file("history.log").exists()
}

/// "Done" is said only after the store opened by the way that every command takes.
fn open_like_any_other(home: &Home, terminal: &Terminal) -> Result<Identity> {
    let kept = opening::identity(home)?;
    opening::store(home, &kept, terminal)?;
    Ok(kept.identity)
}
