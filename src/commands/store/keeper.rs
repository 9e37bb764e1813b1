//! `keyctl store keeper`: an identity goes to another keeper, or gets another passphrase or key where it is.
//!
//! The order makes a kill at any point harmless: the new place has the identity and gave it back, then the record names it,
//! then the old place is emptied. Until the record stands the old one opens the store, from then on the new one; what was
//! left behind is taken away by whoever does this again, or changes the identity.

use crate::{
    commands::{
        change::{self, Outcome},
        keepers::Wish,
        narrowing::Scene,
        opening::{self, Kept},
        rekey, unbound,
    },
    date::Moment,
    failure::{Failure, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        keeper::{Held, Item, Keeper, KeeperKind, Keeping, Record, write_and_read_back},
        keychain::OsKeychain,
        pin,
        record::FileName,
        unlocked,
        wrapped_item::Slot,
    },
    terminal::Terminal,
};

/// Lets another keep the identity.
///
/// # Errors
/// As both keepers and the store have them, and as [`unbound::hold`]; the old keeper then has it still.
pub fn change(home: &Home, to: KeeperKind, wish: &Wish, terminal: &Terminal) -> Result<()> {
    let now = Moment::now();
    // To use a store that is open is one thing, to hand its identity over for good another.
    unlocked::ask_anew();
    // Whoever is to be asked is asked before anybody has to wait.
    let kept = opening::identity(home)?;
    let stays = kept.record.kind() == to && kept.record.keeper.wrapped_in().is_none();
    // Nobody comes to have it who did not where it lay in the clear, or where a passphrase is asked for on the terminal.
    let is_typed = to.has_passphrase() && wish.passphrase_file.is_none();
    if !stays && !is_typed && kept.record.kind() != KeeperKind::File {
        let payload = opening::store(home, &kept, terminal)?.read()?;
        let scene = Scene { home, kept: &kept, payload: &payload, action: Action::Store };
        unbound::hold(&scene, "whoever opens the new place of the identity", terminal)?;
    }
    let Kept { record: former, .. } = kept;
    let keeper = if stays { former.keeper } else { wish.place(home, former.store, wish.choose(terminal)?, terminal)? };
    let (from, record, has_copy) = {
        let _lock = change::lock(home)?;
        let kept = opening::identity(home)?;
        let payload = opening::store(home, &kept, terminal)?.read()?;
        let kept = rekey::settle(home, kept, &payload, terminal)?;
        clear_former(home, &kept)?;
        if kept.record.keeper == keeper {
            renew_pin(home, &kept.record)?;
            terminal.say(&format!("{} keeps the identity already", to.place()));
            return Ok(());
        }
        let record = Record { keeper, ..kept.record };
        hand_over(home, &kept, &record, terminal)?;
        (kept.record.kind(), record, payload.recovery.is_some())
    };
    change::change(home, terminal, now, |_| {
        Ok(Outcome::changed((), Event::new(Action::Store, now).note(note(from, to))))
    })?;
    terminal.say(&format!("{} keeps the identity now", to.place()));
    say_cost(&record, !has_copy, terminal);
    if from == to && to.has_passphrase() {
        terminal.hint("copies from before still open with the former passphrase; if that leaked: `keyctl store rekey`");
    }
    Ok(())
}

/// What opening costs, where that is something; and that a passphrase can be forgotten, and a device lost.
pub fn say_cost(record: &Record, lacks_copy: bool, terminal: &Terminal) {
    if let Some(cost) = record.cost() {
        terminal.say(&cost);
    }
    if record.kind().has_passphrase() && lacks_copy {
        terminal
            .hint("if the passphrase is forgotten, so are the keys: make a recovery copy, `keyctl recovery create`");
    }
    if record.kind() == KeeperKind::Plugin && lacks_copy {
        terminal.hint("if the device is lost, so are the keys: make a recovery copy, `keyctl recovery create`");
    }
}

fn note(from: KeeperKind, to: KeeperKind) -> String {
    match to {
        KeeperKind::Keychain | KeeperKind::File => format!("identity moved to the {}", to.word()),
        KeeperKind::Passphrase | KeeperKind::KeychainPassphrase if from == to => {
            "the passphrase was changed".to_owned()
        }
        KeeperKind::Ssh if from == to => "identity moved to a file under another SSH key".to_owned(),
        KeeperKind::Passphrase
        | KeeperKind::KeychainPassphrase
        | KeeperKind::Ssh
        | KeeperKind::Plugin
        | KeeperKind::Given => {
            format!("identity moved to {}", to.place())
        }
    }
}

/// Old and new place both open the store until the record names the new one.
fn hand_over(home: &Home, kept: &Kept, record: &Record, terminal: &Terminal) -> Result<()> {
    let (from, to) = (kept.record.kind(), record.kind());
    let place = record.open(home);
    let made = write_and_read_back(place.as_ref(), Item::Identity, kept.identity.line())
        .and_then(|()| write_and_read_back(place.as_ref(), Item::Anchor, &kept.anchor.line()));
    if made.is_err() && record.keeper.wrapped_in().is_some() {
        let _ = place.remove(Item::Identity);
    }
    made?;
    // The pin stands whenever the record says keychain: before it does, and until it no longer does.
    if to.uses_keychain() {
        pin::write(home, record.store)?;
    }
    record.write(home)?;
    if from.uses_keychain() && !to.uses_keychain() {
        pin::remove(home)?;
    }
    let items: &[Item] = if share_anchor(from, to) { &[Item::Identity] } else { &[Item::Identity, Item::Anchor] };
    for item in items {
        if let Err(failure) = kept.keeper.remove(*item) {
            terminal.warn(&format!("{} still has the {}: {}", from.place(), item.name(), failure.message));
        }
    }
    Ok(())
}

/// Whether two kinds have the anchor in the same place: the keychain's item, or the file in the folder.
fn share_anchor(one: KeeperKind, other: KeeperKind) -> bool {
    one.uses_keychain() == other.uses_keychain()
}

fn renew_pin(home: &Home, record: &Record) -> Result<()> {
    if record.kind().uses_keychain() {
        return pin::write(home, record.store);
    }
    drop(pin::remove(home));
    Ok(())
}

/// Takes the identity away from every place that the record does not name, where a move was cut short. The caller has opened
/// the store by the one that it names.
///
/// # Errors
/// As the keepers have them.
pub fn clear_former(home: &Home, kept: &Kept) -> Result<()> {
    let own = &kept.record;
    for kind in [KeeperKind::Keychain, KeeperKind::File] {
        let keeping = if kind == KeeperKind::File { Keeping::File } else { Keeping::Keychain };
        if own.keeper == keeping {
            continue;
        }
        let former = Record { keeper: keeping, store: own.store }.open(home);
        let left = match kind {
            // Where no keychain can be reached there is nothing to take back.
            KeeperKind::Keychain if !own.kind().uses_keychain() => former.read_quietly().unwrap_or_default(),
            _ => former.read()?,
        };
        clear(former.as_ref(), left, kept, share_anchor(own.kind(), kind))?;
    }
    for slot in Slot::ALL.into_iter().filter(|slot| own.keeper != Keeping::KeychainPassphrase(*slot)) {
        let former = OsKeychain::of_wrapped(own.store, slot.item(), slot.prefix());
        let left = if own.kind().uses_keychain() { former.read()? } else { former.read_quietly().unwrap_or_default() };
        if left.identity.is_some() {
            former.remove(Item::Identity)?;
        }
    }
    // What a passphrase opens cannot be looked into; that the store's own keeper opens it makes any other needless.
    for file in FileName::all_in(home).into_iter().filter(|file| own.keeper.file() != Some(*file)) {
        Record { keeper: Keeping::Passphrase(file), store: own.store }.open(home).remove(Item::Identity)?;
    }
    let of_own_plugin = own.keeper.file().map(FileName::of_plugin);
    for name in FileName::all_of_plugins_in(home).into_iter().filter(|name| of_own_plugin.as_ref() != Some(name)) {
        let path = home.file(&name);
        std::fs::remove_file(&path).map_err(|error| Failure::disk("remove", &path, &error))?;
    }
    Ok(())
}

fn clear(former: &dyn Keeper, left: Held, kept: &Kept, shares_anchor: bool) -> Result<()> {
    let there = left.identity.is_some() || (left.anchor.is_some() && !shares_anchor);
    if there && left.identity.is_none_or(|line| line.same_as(kept.identity.line())) {
        former.remove(Item::Identity)?;
        if !shares_anchor {
            former.remove(Item::Anchor)?;
        }
    }
    Ok(())
}
