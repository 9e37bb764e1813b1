//! The store, opened for a command: identity from its keeper, file against the anchor. Used by every command that needs
//! a secret or a name; none of it runs for a command that needs neither.

use std::time::Duration;

use crate::{
    config,
    failure::{Failure, Kind, Result},
    home::{Home, Lock},
    identity::{
        Identity,
        anchor::Anchor,
        given,
        keeper::{Held, Keeper, KeeperKind, Record},
        keychain::{OsKeychain, Presence},
    },
    name::KeyName,
    plain::first_names,
    rotation::Settings,
    secret::Secret,
    store::{
        accepted,
        facts::Facts,
        file::{self, OpenText, Print, SealedFile},
        holding::{self, HeldOn, Stops},
        payload::Payload,
        seen::{self, Seen},
    },
    terminal::Terminal,
};

/// The file in the folder of another's store that is there while its user is not let in yet.
pub const JOINING: &str = "joining";

/// So many keys are named; the rest are counted.
const MOST_NAMES: usize = 8;

/// What a keeper gave: one round trip.
pub struct Kept {
    /// Which store, and who keeps it.
    pub record: Record,
    /// The keeping place.
    pub keeper: Box<dyn Keeper>,
    /// The identity.
    pub identity: Identity,
    /// The anchor.
    pub anchor: Anchor,
    /// The other identity, where one was about to take another's place and it was cut short (rekeying.rs).
    pub other: Option<Other>,
    /// The store's file as it was read to be changed, where it lies elsewhere: git or another home may replace it.
    pub print: Option<Print>,
}

/// The other of two identities that a keeper has.
pub enum Other {
    /// The one that was to come; the store is not made for it.
    Next(Identity),
    /// The one that was; the store is made for the next one already.
    Former(Identity),
}

/// Asks the keeper for identity and anchor.
///
/// # Errors
/// `Missing` where no key was ever kept, `Keychain` when the keeper cannot be reached or has lost them.
pub fn identity(home: &Home) -> Result<Kept> {
    held(home, |keeper| keeper.read())
}

/// Like [`identity`], and gives up where a person would be asked or made to wait.
///
/// # Errors
/// As [`identity`].
pub fn identity_quietly(home: &Home) -> Result<Kept> {
    held(home, |keeper| keeper.read_quietly())
}

fn held(home: &Home, read: impl FnOnce(&dyn Keeper) -> Result<Held>) -> Result<Kept> {
    let is_joining = || home.store().is_some() && home.file(JOINING).exists();
    let kept = if given::is_given() { super::given::kept(home) } else { what_is_held(home, read) };
    kept.map_err(|failure| {
        let failure = if is_joining() { not_joined(home) } else { failure };
        given::why_empty().into_iter().fold(failure, Failure::hint)
    })
}

fn what_is_held(home: &Home, read: impl FnOnce(&dyn Keeper) -> Result<Held>) -> Result<Kept> {
    let Some(record) = Record::read(home)? else { return Err(no_record(home)) };
    let keeper = record.open(home);
    let held = read(keeper.as_ref())?;
    let anchor = held
        .anchor
        .as_ref()
        .map(|line| Anchor::parse(line).filter(|anchor| anchor.store == record.store).ok_or_else(bad_anchor));
    match (held.identity, anchor.transpose()?) {
        (Some(line), Some(anchor)) => match Identity::parse_kept(line)? {
            (identity, None) => Ok(Kept { record, keeper, identity, anchor, other: None, print: None }),
            (former, Some(next)) => {
                Ok(one_of_two(home, Kept { record, keeper, identity: former, anchor, other: None, print: None }, next))
            }
        },
        // Made only half: nothing was ever kept under it.
        (_, None) if file::is_absent(home) => Err(nothing_kept(home)),
        (None, _) => {
            Err(Failure::new(Kind::Keychain, format!("{} has no identity for this store any more", place(&record)))
                .hint("the store itself is untouched; bring the identity back: `keyctl recovery restore FILE`"))
        }
        (Some(_), None) => Err(Failure::new(
            Kind::Keychain,
            format!("{} has the identity, but nothing pins the store to it", place(&record)),
        )
        .hint("pin it again with the recovery copy: `keyctl recovery restore FILE`")),
    }
}

/// Where the identity is to be, in words for a sentence: the very file, where it is wrapped in one.
fn place(record: &Record) -> String {
    record.keeper.file().map_or_else(|| record.kind().place().to_owned(), |file| format!("`{file}`"))
}

/// Asks the person whom the keeper of a store may ask, before a lock is taken: nobody else waits for their typing then.
///
/// # Errors
/// As [`identity`] has them, where somebody may be asked.
pub fn ask_first(home: &Home) -> Result<()> {
    if given::is_given() {
        return Ok(());
    }
    let Some(record) = Record::read(home)?.filter(|record| record.kind().may_ask()) else { return Ok(()) };
    // A store that was made only half is finished under the lock.
    if file::is_absent(home) { Ok(()) } else { record.open(home).read().map(drop) }
}

/// Which of two identities is the store's, while it is being changed: the one that its file is made for. The store then has
/// a seal of that one's, which the anchor may not know yet.
fn one_of_two(home: &Home, kept: Kept, next: Identity) -> Kept {
    let is_changed = matches!(SealedFile::read(home), Ok(Some(sealed)) if sealed.is_made_for(&next));
    if is_changed {
        let anchor = Anchor { seal: next.seal_of(kept.record.store), ..kept.anchor };
        Kept { identity: next, anchor, other: Some(Other::Former(kept.identity)), ..kept }
    } else {
        Kept { other: Some(Other::Next(next)), ..kept }
    }
}

/// Asks the keeper for identity and anchor, and lets no prompt come up: for commands that only look.
///
/// # Errors
/// As [`identity`].
pub fn identity_unasked(home: &Home) -> Result<Kept> {
    if given::is_given() {
        return identity(home);
    }
    let record = Record::read(home)?;
    let kind = record.as_ref().map(Record::kind);
    let asks = record.is_some_and(|record| !record.asks_nobody());
    if asks || (kind.is_some_and(KeeperKind::uses_keychain) && OsKeychain::presence() == Presence::Locked) {
        return identity_quietly(home);
    }
    identity(home)
}

/// Reads the store's file, opens it, and holds it against the anchor.
///
/// # Errors
/// `Store` and `Disk`, each in its own words.
pub fn store(home: &Home, kept: &Kept, terminal: &Terminal) -> Result<OpenText> {
    let Some(sealed) = SealedFile::read(home)? else { return Err(no_file(home, kept)) };
    if let Some(exposed) = &sealed.exposed {
        terminal.warn(&exposed.message);
        exposed.hints.iter().for_each(|hint| terminal.hint(hint));
    }
    let opened = opened(home, kept, &sealed);
    let text = opened.map_err(|failure| changed_meanwhile(kept, &sealed).unwrap_or(failure))?;
    if let Some(unaccepted) = unaccepted(home, &text) {
        terminal.warn(&unaccepted.message);
        unaccepted.hints.iter().for_each(|hint| terminal.hint(hint));
    }
    say_held_on(home, &text, terminal);
    super::given::pin_if_new(home, kept, terminal);
    note_seen(home, kept, &text, terminal);
    Ok(text)
}

/// Opens what was read. What its user's settings say of a key by its name and tags is looked at where others wrote it since.
///
/// # Errors
/// `Store`; as the configuration has them.
pub fn opened(home: &Home, kept: &Kept, sealed: &SealedFile) -> Result<OpenText> {
    let mut text = sealed.open(&kept.identity, &kept.anchor)?;
    if text.is_another() {
        text.hold_on(&judge(home, &config::read(home)?.rotation))?;
    }
    Ok(text)
}

/// What its user's settings say of keys. Those that cannot be read say nothing.
pub fn settings(home: &Home) -> Settings {
    config::read(home).map(|config| config.rotation).unwrap_or_default()
}

/// By what else the keys of a store are held back: what its user's settings say of them.
pub fn judge<'s>(home: &'s Home, settings: &'s Settings) -> impl Fn(&str, &Facts) -> (Facts, Stops) + 's {
    let named = |name: &str| Some(name.parse::<KeyName>().ok()?.of(home.store()));
    move |name, facts| match named(name) {
        Some(name) => settings.as_said((&name, facts)),
        None => holding::by_itself(name, facts),
    }
}

/// The failure where the call was given an identity that is not this store's: then nothing that the store's own has sealed
/// can be proven, and none of it is forged.
#[must_use]
pub fn given_another(home: &Home, kept: &Kept) -> Option<Failure> {
    let sealed = if given::is_given() { SealedFile::read(home).ok()?? } else { return None };
    if sealed.is_made_for(&kept.identity) {
        return None;
    }
    sealed.open(&kept.identity, &kept.anchor).err()
}

/// Notes the version of a store with members that is newer than what was seen of it: an older copy is known by that when
/// somebody puts it back. Where nothing can be written, or somebody else is writing, the next one notes it.
fn note_seen(home: &Home, kept: &Kept, text: &OpenText, terminal: &Terminal) {
    let Some(version) = text.unseen else { return };
    let Ok(_lock) = Lock::acquire_within(&home.file("lock"), Duration::ZERO) else { return };
    let store = kept.anchor.store;
    // Whoever has changed it since it was read knows a later one.
    let known = Seen::read(&home.file(seen::NAME), &kept.identity, store);
    if known.as_ref().is_some_and(|known| !version.is_in_order_after(&known.version)) {
        return;
    }
    if let Ok(payload) = text.read_as_written() {
        let settings = settings(home);
        let seen = Seen::of(&payload, version)
            .judged(&payload, &judge(home, &settings))
            .with(text.held_on.clone(), known.as_ref());
        if let Err(failure) = seen.refuse_what_is_too_much() {
            terminal.warn(&failure.message);
        }
        let _ = seen.write(home, &kept.identity, store);
    }
}

/// Says it once of a version that is new here, where it is opened to be changed and nothing else looks at it.
pub fn say_held_on_if_new(home: &Home, text: &OpenText, terminal: &Terminal) {
    if text.is_another() {
        say_held_on(home, text, terminal);
    }
}

/// Says which keys may be used for more by what is written there, which counts only once a person says yes to it.
fn say_held_on(home: &Home, text: &OpenText, terminal: &Terminal) {
    let names: Vec<&str> = text.held_on.iter().filter(|one| !one.is_gone()).map(HeldOn::name).collect();
    if names.is_empty() {
        return;
    }
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    let names = first_names(&names, MOST_NAMES);
    terminal.warn(&format!(
        "in the store `{store}` keys may be used for more than you said yes to, and what you knew of holds on: {names}"
    ));
    terminal.hint(&format!("if that is meant, say yes at a terminal: `keyctl store recipients accept {store}`"));
}

/// What keeps a store from being written: it has members whom nobody has said yes to here.
#[must_use]
pub fn unaccepted(home: &Home, text: &OpenText) -> Option<Failure> {
    if text.new_members.is_empty() {
        return None;
    }
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    let added: Vec<String> = text.new_members.iter().map(accepted::addition).collect();
    let said = format!("members of the store `{name}` that you did not say yes to: {}", added.join("; "));
    let hint = format!("nothing is written for them until you do: `keyctl store recipients accept {name}`");
    Some(Failure::new(Kind::Store, said).hint(hint))
}

/// The store as it lies on the disk now, asked for and opened anew: what is in it has come back.
///
/// # Errors
/// As [`identity`] and [`store`] have them.
pub fn anew(home: &Home) -> Result<Payload> {
    let kept = identity(home)?;
    let Some(sealed) = SealedFile::read(home)? else { return Err(no_file(home, &kept)) };
    sealed.open(&kept.identity, &kept.anchor)?.read()
}

/// Whether the store got another identity since the keeper was asked, or is just getting it. What does not open with what
/// was known then proves nothing.
#[must_use]
pub fn is_superseded(home: &Home, kept: &Kept) -> bool {
    let Ok(now) = identity_quietly(home) else { return false };
    let is_at = |kept: &Kept| kept.other.as_ref().map(|other| matches!(other, Other::Next(_)));
    !now.identity.line().same_as(kept.identity.line()) || is_at(&now) != is_at(kept)
}

/// What to say then.
#[must_use]
pub fn superseded() -> Failure {
    Failure::new(Kind::Busy, "the store's identity was being changed just now").hint("do the same once more")
}

/// The failure where the keeper was asked just before the identity was changed, and the file was read just after.
fn changed_meanwhile(kept: &Kept, sealed: &SealedFile) -> Option<Failure> {
    let is_known = |line: &Secret| match &kept.other {
        None => line.same_as(kept.identity.line()),
        Some(Other::Next(next)) => line.same_as(&kept.identity.line_with(next)) && !sealed.is_made_for(next),
        Some(Other::Former(former)) => line.same_as(&former.line_with(&kept.identity)),
    };
    let is_changed = !is_known(&kept.keeper.read_quietly().ok()?.identity?);
    is_changed.then(superseded)
}

/// The failure for a store whose file is not there.
#[must_use]
pub fn no_file(home: &Home, kept: &Kept) -> Failure {
    if kept.anchor.generation == 0 {
        return nothing_kept(home);
    }
    let times = match kept.anchor.generation {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    let failure = Failure::new(
        Kind::Store,
        format!("the store is gone: `{}` was written {times} and is not there", file::path(home).display()),
    );
    let failure = match home.store().filter(|_| home.is_elsewhere()) {
        Some(name) => failure.hint(format!("if it lies elsewhere now: `keyctl store path {name} FILE`")),
        None => failure,
    };
    failure.hint("put your newest copy of `store.age` back; the identity that opens it is still kept")
}

/// The failure for a store of others that nobody has let this user into, as far as is known here.
#[must_use]
pub fn not_joined(home: &Home) -> Failure {
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    Failure::new(Kind::Missing, format!("the store `{name}` is not joined yet"))
        .hint(format!("once a member has added you, and you have the newest file: `keyctl store join {name}`"))
}

/// The failure where there is no key yet.
#[must_use]
pub fn nothing_kept(home: &Home) -> Failure {
    // Where there are other stores that would be said of all of them.
    let is_one_of_many = home.store().is_none() && Home::all().is_ok_and(|others| !others.is_empty());
    let what = if is_one_of_many { "the `personal` store has no key yet" } else { "no key is kept yet" };
    let failure = Failure::new(Kind::Missing, what);
    // Keys that were kept under another folder are not gone: the folder is another one.
    Home::ignored().into_iter().fold(failure, Failure::hint).hint("keep one with `keyctl set NAME`")
}

fn no_record(home: &Home) -> Failure {
    if file::path(home).exists() {
        return Failure::new(
            Kind::Store,
            format!(
                "there is a store, but not `keeper.toml`, which says who keeps its identity, in `{}`",
                home.data().display()
            ),
        )
        .hint("bring the identity back: `keyctl recovery restore FILE`")
        .hint("where it is given, as in CI: put it into `KEYCTL_IDENTITY`");
    }
    nothing_kept(home)
}

/// The failure for an anchor that is none, or that of another store.
pub(super) fn bad_anchor() -> Failure {
    Failure::new(Kind::Keychain, "what pins the store to its identity cannot be read, or is of another store")
        .hint("pin it again with the recovery copy: `keyctl recovery restore FILE`")
}
