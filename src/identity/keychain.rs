//! The operating system's keychain as keeper, through `keyring`: Keychain on macOS, Credential Manager on Windows, the
//! Secret Service on Linux. This file alone imports `keyring`.
//!
//! Every call has a deadline, because a keychain may wait for a prompt nobody sees. A prompt is let come up only where a
//! person can answer it. On Linux reading takes the short way of `secret_service.rs`, where the reason is told.
//!
//! The items: service `keyctl:<store id>`, user names `identity` and `anchor`; where a passphrase opens the identity,
//! `wrapped-a` or `wrapped-b` instead of `identity` (see `wrapped_item.rs`).

use std::{collections::HashMap, sync::mpsc, time::Duration};

use keyring_core::Error;

use super::{
    PREFIX,
    anchor::Id,
    keeper::{Held, Item, Keeper},
};
use crate::{
    failure::{Failure, Kind, Result},
    platform,
    secret::Secret,
};

/// How long a keychain may take that need not ask anybody.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long a change may take: a Secret Service answers once its file is on the disk, which a busy disk may put off for
/// many seconds. One that hangs was found out before: nothing is changed that was not read first.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// How long to wait for an answer that can be done without, while somebody is typing.
const SHORT_DEADLINE: Duration = Duration::from_millis(500);
/// How long a person may take to answer the keychain's prompt.
const PROMPT_DEADLINE: Duration = Duration::from_mins(1);

/// Whether a keychain can take a new identity now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It answers and is open.
    Usable,
    /// It answers and is locked.
    Locked,
    /// There is none, in words that go after "because".
    Absent(&'static str),
}

/// The two items of one store.
pub struct OsKeychain {
    service: String,
    /// The name of the one that has the identity, and how its line begins.
    identity: (&'static str, &'static str),
    lasts: Lasts,
}

/// How long Windows keeps an item; elsewhere it stays.
#[derive(Clone, Copy)]
enum Lasts {
    /// Until it is removed, on this machine.
    Always,
    /// Until the user signs out; never on a disk.
    #[cfg(windows)]
    Session,
}

impl OsKeychain {
    /// The items of this store.
    #[must_use]
    pub fn of_store(store: Id) -> Self {
        Self::of_wrapped(store, Item::Identity.name(), PREFIX)
    }

    /// The same with the identity in an item of this name, whose line begins so: where it is wrapped.
    #[must_use]
    pub fn of_wrapped(store: Id, item: &'static str, prefix: &'static str) -> Self {
        Self { service: format!("keyctl:{store}"), identity: (item, prefix), lasts: Lasts::Always }
    }

    /// The item that says which store belongs to a folder, see [`super::pin`].
    #[must_use]
    pub fn of_folder(folder: Id) -> Self {
        Self {
            service: format!("keyctl-home:{folder}"),
            identity: (Item::Identity.name(), PREFIX),
            lasts: Lasts::Always,
        }
    }

    /// The item of a store that is open for a while, see [`super::unlocked`].
    #[cfg(windows)]
    #[must_use]
    pub fn of_session(store: Id) -> Self {
        Self {
            service: format!("keyctl-unlocked:{store}"),
            identity: (Item::Identity.name(), PREFIX),
            lasts: Lasts::Session,
        }
    }

    /// Keeps a text in that item.
    ///
    /// # Errors
    /// `Keychain`.
    #[cfg(windows)]
    pub fn keep(&self, text: &Secret) -> Result<()> {
        self.write(Item::Identity, text)
    }

    /// The text in that item.
    #[cfg(windows)]
    #[must_use]
    pub fn find(&self) -> Option<Secret> {
        self.read_quietly().ok()?.identity
    }

    /// Removes that item.
    ///
    /// # Errors
    /// `Keychain`.
    #[cfg(windows)]
    pub fn take_away(&self) -> Result<()> {
        self.remove(Item::Identity)
    }

    /// Asks once, without causing a prompt.
    #[must_use]
    pub fn presence() -> Presence {
        #[cfg(target_os = "linux")]
        {
            use super::secret_service::{Collection, default_collection};
            use crate::session_bus::Trouble;
            match default_collection(DEADLINE) {
                Ok(Collection::Open) => Presence::Usable,
                Ok(Collection::Locked) => Presence::Locked,
                Ok(Collection::None) => Presence::Absent("the keychain has no default collection"),
                Err(Trouble::NoBus) => Presence::Absent("there is no session bus"),
                Err(Trouble::NoService) => Presence::Absent("no keychain service is on the session bus"),
                Err(Trouble::Silent) => Presence::Absent("the keychain did not answer within 5 s"),
                Err(Trouble::Refused) => Presence::Absent("the keychain answered with an error"),
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let identity = (Item::Identity.name(), PREFIX);
            let probe = Self { service: "keyctl:probe".into(), identity, lasts: Lasts::Always };
            match probe.with_entry(Item::Anchor, DEADLINE, |entry| entry.get_secret().map(|_| ())) {
                Ok(()) => Presence::Usable,
                Err(failure) if failure.message.contains("locked") => Presence::Locked,
                Err(_) => Presence::Absent("the keychain answered with an error"),
            }
        }
    }

    /// One call through `keyring`, on a thread of its own so that the deadline holds whatever it waits for.
    /// A call for what is not there gives `T::default()`.
    fn with_entry<T, F>(&self, item: Item, deadline: Duration, act: F) -> Result<T>
    where
        T: Default + Send + 'static,
        F: FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
    {
        let (service, lasts) = (self.service.clone(), self.lasts);
        let name = if item == Item::Identity { self.identity.0 } else { item.name() };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = sender.send(open_entry(&service, name, lasts).and_then(|entry| act(&entry)));
        });
        match receiver.recv_timeout(deadline) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Error::NoEntry)) => Ok(T::default()),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(silent(deadline)),
        }
    }

    fn read_through_keyring(&self, deadline: Duration) -> Result<Held> {
        let line = |item| {
            let read = |entry: &keyring_core::Entry| entry.get_secret().map(|bytes| Some(Secret::new(bytes)));
            self.with_entry(item, deadline, read)
        };
        Ok(Held { identity: line(Item::Identity)?, anchor: line(Item::Anchor)? })
    }
}

/// The native store's entry. `keyring` opens and installs that store; what it installed makes the entry, because only
/// `keyring-core` can say that a Windows credential stays on this machine instead of roaming.
fn open_entry(service: &str, user: &str, lasts: Lasts) -> keyring_core::Result<keyring_core::Entry> {
    if keyring::Entry::store_status().is_err() {
        // The first error is the true one; a second `Entry::new` would only say that there is no store.
        return Err(Error::NoStorageAccess("the keychain's store did not open".into()));
    }
    let persistence = match lasts {
        Lasts::Always => "Local",
        #[cfg(windows)]
        Lasts::Session => "Session",
    };
    let here: HashMap<&str, &str> =
        if cfg!(windows) { HashMap::from([("persistence", persistence)]) } else { HashMap::new() };
    keyring_core::Entry::new_with_modifiers(service, user, &here)
}

/// What `envchain` keeps in this keychain, in one namespace or in all of them.
///
/// # Errors
/// `Keychain` where it is locked or does not answer.
#[cfg(target_os = "linux")]
pub fn of_envchain(namespace: Option<&str>) -> Result<Vec<super::secret_service::Variable>> {
    use crate::session_bus::Trouble;
    let unreachable = |why: &str| {
        Failure::new(Kind::Keychain, format!("cannot reach the keychain that envchain keeps its variables in: {why}"))
            .hint("run in the desktop session, or under its bus (`DBUS_SESSION_BUS_ADDRESS`)")
    };
    match super::secret_service::of_envchain(namespace, DEADLINE) {
        Ok(Some(variables)) => Ok(variables),
        Ok(None) => Err(locked()),
        Err(Trouble::NoBus) => Err(unreachable("there is no session bus")),
        Err(Trouble::NoService) => Err(unreachable("no keychain service is on the session bus")),
        Err(Trouble::Silent) => Err(silent(DEADLINE)),
        Err(Trouble::Refused) => Err(unreachable("it answered with an error")),
    }
}

impl Keeper for OsKeychain {
    #[cfg(target_os = "linux")]
    fn read(&self) -> Result<Held> {
        use super::secret_service::{Found, read};
        use crate::session_bus::Trouble;
        match read(&self.service, self.identity.1, DEADLINE) {
            Ok(Found::Held(held)) => Ok(held),
            Ok(Found::Locked) if a_person_can_answer() => self.read_through_keyring(PROMPT_DEADLINE),
            Ok(Found::Locked) => Err(locked()),
            Ok(Found::Ambiguous) => Err(ambiguous()),
            Err(Trouble::NoBus) => Err(unreachable("there is no session bus")),
            Err(Trouble::NoService) => Err(unreachable("no keychain service is on the session bus")),
            Err(Trouble::Silent) => Err(silent(DEADLINE)),
            Err(Trouble::Refused) => Err(unreachable("it answered with an error")),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn read(&self) -> Result<Held> {
        if platform::is_asking_forbidden() { self.read_quietly() } else { self.read_through_keyring(PROMPT_DEADLINE) }
    }

    #[cfg(target_os = "linux")]
    fn read_quietly(&self) -> Result<Held> {
        use super::secret_service::{Found, read};
        match read(&self.service, self.identity.1, SHORT_DEADLINE) {
            Ok(Found::Held(held)) => Ok(held),
            _ => Err(locked()),
        }
    }

    /// macOS cannot be asked without the risk of its prompt.
    #[cfg(not(target_os = "linux"))]
    fn read_quietly(&self) -> Result<Held> {
        if cfg!(target_os = "macos") { Err(locked()) } else { self.read_through_keyring(SHORT_DEADLINE) }
    }

    fn write(&self, item: Item, line: &Secret) -> Result<()> {
        let bytes = zeroize::Zeroizing::new(line.expose().to_vec());
        let deadline = if a_person_can_answer() { PROMPT_DEADLINE } else { WRITE_DEADLINE };
        self.with_entry(item, deadline, move |entry| entry.set_secret(&bytes))
    }

    fn remove(&self, item: Item) -> Result<()> {
        self.with_entry(item, WRITE_DEADLINE, keyring_core::Entry::delete_credential)
    }
}

/// Whether a prompt of the system's would be seen: on a desktop, with someone at the terminal.
fn a_person_can_answer() -> bool {
    use std::io::IsTerminal;
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY");
    desktop && std::io::stderr().is_terminal() && !platform::is_asking_forbidden()
}

fn locked() -> Failure {
    let failure = Failure::new(Kind::Keychain, "the keychain is locked");
    if cfg!(target_os = "linux") {
        failure.hint("unlock it in your desktop, or here: `gnome-keyring-daemon --unlock --replace --components=secrets`, then type its password and press Ctrl-D twice")
    } else if cfg!(target_os = "macos") {
        failure.hint("unlock it: `security unlock-keychain`; over ssh macOS never shows its prompt")
    } else {
        failure.hint("sign in to Windows as the user who keeps the store")
    }
}

fn unreachable(why: &str) -> Failure {
    Failure::new(Kind::Keychain, format!("cannot reach the keychain that keeps this store's identity: {why}"))
        .hint("run in the desktop session, or under its bus (`DBUS_SESSION_BUS_ADDRESS`)")
        .hint("to open the store without it: `keyctl recovery restore FILE --keeper file`")
}

fn silent(deadline: Duration) -> Failure {
    Failure::new(Kind::Keychain, format!("the keychain did not answer within {} s", deadline.as_secs()))
        .hint("a prompt of it may be waiting on the desktop; if it hangs, restart the keychain service")
}

fn ambiguous() -> Failure {
    Failure::new(Kind::Keychain, "the keychain has more than one item for this store, and they differ")
        .hint("another program made one: remove the wrong `keyctl:` item with the desktop's keychain tool")
}

/// What `keyring` says, in the words of the design: locked, denied, absent, unreachable. Its own texts may hold what was
/// read, so none is passed on.
fn explain(error: &Error) -> Failure {
    match error {
        Error::NoStorageAccess(reason) => {
            let reason = reason.to_string().to_lowercase();
            // errSecAuthFailed -25293, errSecUserCanceled -128 (Security framework result codes).
            let denied = ["denied", "-25293", "-128", "cancel", "dismissed"].iter().any(|word| reason.contains(word));
            if denied {
                Failure::new(Kind::Keychain, "the keychain denied access")
                    .hint("allow keyctl when the keychain asks, then try again")
            } else {
                locked()
            }
        }
        // errSecInteractionNotAllowed, as macOS answers over ssh.
        Error::PlatformFailure(reason) if reason.to_string().contains("-25308") => locked(),
        Error::PlatformFailure(_) => unreachable("it answered with an error"),
        Error::Ambiguous(_) => ambiguous(),
        Error::NoDefaultStore => unreachable("there is none on this machine"),
        Error::TooLong(..) => Failure::new(Kind::Keychain, "the keychain does not take a line of this length"),
        _ => unreachable("it answered in a way that keyctl does not know"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_of_a_keychain_has_its_own_words() {
        let reason = |text: &str| -> Box<dyn std::error::Error + Send + Sync> { text.into() };
        for (error, said) in [
            (Error::NoStorageAccess(reason("Prompt dismissed")), "the keychain denied access"),
            (Error::NoStorageAccess(reason("OSStatus -25293")), "the keychain denied access"),
            (Error::NoStorageAccess(reason("collection is locked")), "the keychain is locked"),
            (Error::PlatformFailure(reason("OSStatus -25308")), "the keychain is locked"),
            (
                Error::PlatformFailure(reason("broken pipe")),
                "cannot reach the keychain that keeps this store's identity: it answered with an error",
            ),
            (
                Error::NoDefaultStore,
                "cannot reach the keychain that keeps this store's identity: there is none on this machine",
            ),
            (Error::Ambiguous(Vec::new()), "the keychain has more than one item for this store, and they differ"),
            (Error::TooLong("password".into(), 1280), "the keychain does not take a line of this length"),
            (
                Error::BadEncoding(b"AGE-SECRET-KEY-1".to_vec()),
                "cannot reach the keychain that keeps this store's identity: it answered in a way that keyctl does not know",
            ),
        ] {
            let failure = explain(&error);
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Keychain, said));
        }
    }
}
