//! Making a store: once, and never where one exists.
//!
//! The order makes a kill at any point harmless: first the record of who will keep the identity, then identity and
//! anchor (each read back), then the file. Whatever was made before a kill is found and used again by the next call; an
//! anchor of generation 0 says that no key was ever acknowledged.

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        Identity,
        anchor::{Anchor, Id},
        given,
        keeper::{Item, Keeper, Keeping, Record, write_and_read_back},
        pin,
        plugin::kept::PluginPlace,
        record::FileName,
    },
    store::{
        file::{self, SealedFile},
        payload::Payload,
    },
    terminal::Terminal,
};

use super::{
    change,
    keepers::Wish,
    opening::{self, Kept},
    rekey,
};

/// The store's keeper and content, made if there is none. The caller holds the lock.
///
/// # Errors
/// As opening has them; `Keychain` when a keychain is there but locked.
pub fn open_or_create(home: &Home, wish: &Wish, terminal: &Terminal) -> Result<(Kept, Payload)> {
    if given::is_given() && file::is_absent(home) {
        return Err(super::given::nothing_to_open(home));
    }
    let made = match Record::read(home)? {
        Some(record) => finish_if_cut_short(home, record, wish, terminal)?,
        // A store without its record is opened below, which fails with the way out.
        None if !file::is_absent(home) => None,
        None if !left_of_a_store(home).is_empty() => return Err(remains(home)),
        None if pin::read(home).is_some() => return Err(pin::lost()),
        None => {
            for ignored in Home::ignored() {
                terminal.warn(&ignored);
            }
            Some(create(home, wish, terminal)?)
        }
    };
    made.map_or_else(|| open_existing(home, terminal), Ok)
}

/// The content of the store there is, to be changed: refused where other users could change it too. A change of identity that
/// was cut short is ended first. The caller holds the lock.
///
/// # Errors
/// As opening has them.
pub fn open_existing(home: &Home, terminal: &Terminal) -> Result<(Kept, Payload)> {
    let mut kept = opening::identity(home)?;
    if !kept.record.kind().uses_keychain() && !given::is_given() && pin::read(home).is_some() {
        return Err(pin::contradicted());
    }
    let Some(mut sealed) = SealedFile::read(home)? else { return Err(opening::no_file(home, &kept)) };
    if let Some(exposed) = sealed.exposed.take() {
        return Err(exposed);
    }
    let text = opening::opened(home, &kept, &sealed)?;
    if let Some(unaccepted) = opening::unaccepted(home, &text) {
        return Err(unaccepted);
    }
    opening::say_held_on_if_new(home, &text, terminal);
    super::given::pin_if_new(home, &kept, terminal);
    kept.print = home.is_elsewhere().then(|| sealed.print());
    let payload = text.read_as_written()?;
    Ok((rekey::settle(home, kept, &payload, terminal)?, payload))
}

/// Goes on where the making of a store was cut short; `None` for a store that was made whole.
fn finish_if_cut_short(
    home: &Home,
    record: Record,
    wish: &Wish,
    terminal: &Terminal,
) -> Result<Option<(Kept, Payload)>> {
    // A store of others that is being joined is nobody's to make.
    if !file::is_absent(home) || home.file(opening::JOINING).exists() {
        return Ok(None);
    }
    wish.try_on(&record)?;
    let keeper = record.open(home);
    let held = keeper.read()?;
    let anchor = held.anchor.as_ref().and_then(Anchor::parse);
    if anchor.as_ref().is_some_and(|anchor| anchor.generation > 0) {
        return Ok(None);
    }
    // The anchor is made before the first event: a history without an anchor is of a store that was lost.
    if anchor.is_none() && !left_of_a_store(home).iter().all(|name| name.starts_with("identity")) {
        return Err(remains(home));
    }
    let identity = held.identity.map(Identity::parse).transpose()?;
    if identity.is_none() {
        lacks_no_plugin(home, &record)?;
        wish.passphrase_for(home, &record, terminal)?;
    }
    finish(home, record, keeper, identity, anchor).map(Some)
}

/// Refuses to go on with a plugin whose own identity was given to the call that was cut short, and not to this one.
fn lacks_no_plugin(home: &Home, record: &Record) -> Result<()> {
    let Keeping::Plugin(place) = &record.keeper else { return Ok(()) };
    if place.held().is_some() || place.line_file(home).exists() { Ok(()) } else { Err(begun(home, place)) }
}

/// The failure for a store that a plugin was to keep, and whose making was cut short.
#[must_use]
pub fn begun(home: &Home, place: &PluginPlace) -> Failure {
    let (which, name) = home.store().map(|name| (format!(" `{name}`"), format!(" {name}"))).unwrap_or_default();
    let program = place.name.program();
    Failure::new(Kind::Negative, format!("the making of the store{which} was begun with `{program}`, and not ended"))
        .hint(format!("do it again: `keyctl store create{name} --keeper plugin --plugin-identity FILE`"))
}

/// Takes back that a store was begun whose keeper never got its identity. What no store can be missed of is not called one.
pub fn forget_unmade(home: &Home) {
    let is_begun = || Record::read(home).ok().flatten();
    // Without one there is nothing to wait for, and no folder to make.
    let Some(_lock) = is_begun().and_then(|_| change::lock(home).ok()) else { return };
    let Some(record) = is_begun() else { return };
    let is_made = !file::is_absent(home) || !left_of_a_store(home).is_empty() || home.file(opening::JOINING).exists();
    // What a keychain has cannot be looked at here.
    if is_made || record.kind().uses_keychain() {
        return;
    }
    // With it goes what leads a plugin to its key.
    let _ = record.open(home).remove(Item::Identity);
    let _ = record.remove(home);
}

/// What lies in the folder that only a store leaves behind.
fn left_of_a_store(home: &Home) -> Vec<String> {
    let names = ["identity.txt", "anchor.txt", "history.log", "history.head"];
    let left = names.into_iter().filter(|name| std::fs::symlink_metadata(home.file(name)).is_ok());
    FileName::all_in(home).iter().map(ToString::to_string).chain(left.map(str::to_owned)).collect()
}

/// The failure for a folder where a store was: a new one would take its place, and a new identity that of the old.
fn remains(home: &Home) -> Failure {
    let left: Vec<String> = left_of_a_store(home).iter().map(|name| format!("`{name}`")).collect();
    Failure::new(Kind::Store, format!("a store was here before, and left in `{}`: {}", home.data().display(), left.join(", ")))
        .hint("put your copy of `store.age` and `keeper.toml` back, or only `store.age` and then `keyctl recovery restore FILE`")
        .hint("to begin anew, move what is left away first")
}

fn create(home: &Home, wish: &Wish, terminal: &Terminal) -> Result<(Kept, Payload)> {
    let store = Id::random()?;
    let kind = wish.choose(terminal)?;
    let record = Record { store, keeper: wish.place(home, store, kind, terminal)? };
    record.write(home)?;
    let keeper = record.open(home);
    finish(home, record, keeper, None, None)
}

fn finish(
    home: &Home,
    record: Record,
    keeper: Box<dyn Keeper>,
    identity: Option<Identity>,
    anchor: Option<Anchor>,
) -> Result<(Kept, Payload)> {
    let identity = if let Some(identity) = identity {
        identity
    } else {
        let identity = Identity::generate();
        write_and_read_back(keeper.as_ref(), Item::Identity, identity.line())?;
        identity
    };
    let anchor = if let Some(anchor) = anchor.filter(|anchor| anchor.store == record.store) {
        anchor
    } else {
        let anchor = Anchor::first(record.store, Id::random()?);
        write_and_read_back(keeper.as_ref(), Item::Anchor, &anchor.line())?;
        anchor
    };
    if record.kind().uses_keychain() {
        pin::write(home, record.store)?;
    }
    let payload = Payload::new(record.store, anchor.seal, identity.log_of(record.store));
    Ok((Kept { record, keeper, identity, anchor, other: None, print: None }, payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::keeper::{
        Held,
        scripted::{Fault, Scripted},
    };
    use crate::secret::Secret;
    use std::{cell::RefCell, rc::Rc};

    /// A keychain that outlives the call it is handed to, as a real one does.
    struct Shared(Rc<Scripted>);

    impl Keeper for Shared {
        fn read(&self) -> Result<Held> {
            self.0.read()
        }
        fn write(&self, item: Item, line: &Secret) -> Result<()> {
            self.0.write(item, line)
        }
        fn remove(&self, item: Item) -> Result<()> {
            self.0.remove(item)
        }
    }

    fn keychain(fault: Fault) -> Rc<Scripted> {
        Rc::new(Scripted { fault, lines: RefCell::default() })
    }

    #[test]
    fn a_keychain_that_forgets_refuses_or_gives_something_else_makes_no_store() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        let record = Record { store: Id([7; 16]), keeper: Keeping::File };
        for (fault, said) in [
            (Fault::ForgetsWrites, "the keychain took the identity but does not give it back"),
            (Fault::GivesOldValue, "the keychain took the identity but does not give it back"),
            (Fault::Locked, "the keychain is locked"),
        ] {
            let made = finish(&home, record.clone(), Box::new(Shared(keychain(fault))), None, None);
            let failure = made.err().expect("refused");
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Keychain, said));
            assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 0, "nothing lies in the folder");
        }
    }

    #[test]
    fn an_identity_that_was_kept_before_a_kill_is_used_again_and_not_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        let record = Record { store: Id([7; 16]), keeper: Keeping::File };
        let keychain = keychain(Fault::None);
        let first = Identity::generate();
        let line = Secret::new(first.line().expose().to_vec());
        keychain.write(Item::Identity, &line).expect("kept");
        let again = Identity::parse(line).expect("an identity");
        let (kept, payload) =
            finish(&home, record.clone(), Box::new(Shared(keychain.clone())), Some(again), None).expect("made");
        assert!(kept.identity.line().same_as(first.line()));
        let held = keychain.read().expect("open");
        assert!(held.identity.is_some_and(|line| line.same_as(first.line())));
        let anchor = held.anchor.as_ref().and_then(Anchor::parse).expect("an anchor");
        assert_eq!((anchor.store, anchor.seal, anchor.generation), (record.store, payload.seal, 0));
    }
}
