//! The short way to the Secret Service on Linux: a few D-Bus calls over the session's local socket.
//!
//! `keyring` is the way in for making, changing and removing items. For reading, which every `keyctl run` does, it takes
//! 12-17 ms in a fresh process, because its store negotiates an encrypted session by Diffie-Hellman and starts an async
//! runtime. This reads the same items in three short exchanges over a *plain* session, which takes about 1.5 ms.
//!
//! What is given up: a plain session shows the secret to whoever can watch this user's session bus. The bus is a local
//! socket of the same user, and whoever can watch it can as well ask the service for the secret itself.
//!
//! Source: the Secret Service API Draft (freedesktop.org).

use std::{collections::HashMap, time::Duration};

use zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::{anchor, keeper::Held};
use crate::{
    secret::Secret,
    session_bus::{Bus, Object, Trouble},
};

const SERVICE: Object<'static> = Object {
    service: "org.freedesktop.secrets",
    path: "/org/freedesktop/secrets",
    interface: "org.freedesktop.Secret.Service",
};

/// What a read found.
pub enum Found {
    /// The items, as far as they are there.
    Held(Held),
    /// The items are in a locked collection.
    Locked,
    /// More than one item claims to be the same.
    Ambiguous,
}

/// What the default collection is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Open.
    Open,
    /// Locked.
    Locked,
    /// There is none.
    None,
}

/// What `GetSecrets` gives: item -> (session, parameters, value, content type).
type Secrets = HashMap<OwnedObjectPath, (OwnedObjectPath, Vec<u8>, Vec<u8>, String)>;

/// Reads identity and anchor of one store, without ever causing a prompt. The identity's line begins with `prefix`.
///
/// # Errors
/// See [`Trouble`].
pub fn read(service: &str, prefix: &str, deadline: Duration) -> Result<Found, Trouble> {
    let mut bus = Bus::connect(deadline)?;
    // An answered call before `OpenSession`: gnome-keyring 42 can end in an assertion when a connection's first call opens
    // a session (1 in 18,580 calls; 4 of 4 daemons under four clients at once, and 0 of 4 in 32,000 calls with this).
    bus.call(SERVICE, "ReadAlias", "s", &"default")?;
    bus.flush()?;
    bus.answer()?;
    let attributes = HashMap::from([("service", service)]);
    bus.call(SERVICE, "OpenSession", "sv", &("plain", Value::from("")))?;
    bus.call(SERVICE, "SearchItems", "a{ss}", &attributes)?;
    bus.flush()?;
    let (_, session): (OwnedValue, OwnedObjectPath) = bus.answer()?.body()?;
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = bus.answer()?.body()?;
    if open.is_empty() {
        return Ok(if locked.is_empty() { Found::Held(Held::default()) } else { Found::Locked });
    }
    let items: Vec<ObjectPath<'_>> = open.iter().map(|path| path.as_ref()).collect();
    bus.call(SERVICE, "GetSecrets", "aoo", &(items, session.as_ref()))?;
    bus.flush()?;
    let secrets: Secrets = bus.answer()?.body()?;
    Ok(sort_out(prefix, secrets.into_values().map(|(_, _, value, _)| Secret::new(value))))
}

/// A variable that `envchain` keeps.
pub struct Variable {
    /// The namespace it is in.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// How `envchain` marks its items (`envchain_linux.c`).
const SCHEMA: &str = "envchain.EnvironmentVariable";

/// Reads what `envchain` keeps, in one namespace or in all, without ever causing a prompt. Nothing is given where an item is
/// locked.
///
/// # Errors
/// See [`Trouble`].
pub fn of_envchain(namespace: Option<&str>, deadline: Duration) -> Result<Option<Vec<Variable>>, Trouble> {
    let mut bus = Bus::connect(deadline)?;
    // As in `read`.
    bus.call(SERVICE, "ReadAlias", "s", &"default")?;
    bus.flush()?;
    bus.answer()?;
    let mut attributes = HashMap::from([("xdg:schema", SCHEMA)]);
    attributes.extend(namespace.map(|name| ("name", name)));
    bus.call(SERVICE, "OpenSession", "sv", &("plain", Value::from("")))?;
    bus.call(SERVICE, "SearchItems", "a{ss}", &attributes)?;
    bus.flush()?;
    let (_, session): (OwnedValue, OwnedObjectPath) = bus.answer()?.body()?;
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = bus.answer()?.body()?;
    if !locked.is_empty() {
        return Ok(None);
    }
    if open.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let items: Vec<ObjectPath<'_>> = open.iter().map(|path| path.as_ref()).collect();
    for item in &items {
        let property = ("org.freedesktop.Secret.Item", "Attributes");
        let of_item = Object { path: item.as_str(), interface: "org.freedesktop.DBus.Properties", ..SERVICE };
        bus.call(of_item, "Get", "ss", &property)?;
    }
    bus.call(SERVICE, "GetSecrets", "aoo", &(items, session.as_ref()))?;
    bus.flush()?;
    let mut names = Vec::with_capacity(open.len());
    for _ in &open {
        let attributes: OwnedValue = bus.answer()?.body()?;
        let attributes = HashMap::<String, String>::try_from(attributes).map_err(|_| Trouble::Refused)?;
        names.push(attributes);
    }
    let mut secrets: Secrets = bus.answer()?.body()?;
    let variables = open.iter().zip(names).filter_map(|(path, mut names)| {
        let (_, _, value, _) = secrets.remove(path)?;
        Some(Variable { namespace: names.remove("name")?, name: names.remove("key")?, value: Secret::new(value) })
    });
    Ok(Some(variables.collect()))
}

/// Which of the values is which; two different values for one thing are nobody's to choose from.
fn sort_out(prefix: &str, values: impl Iterator<Item = Secret>) -> Found {
    let mut held = Held::default();
    for value in values {
        let slot = match value.expose() {
            text if text.starts_with(prefix.as_bytes()) => &mut held.identity,
            text if text.starts_with(anchor::PREFIX.as_bytes()) => &mut held.anchor,
            _ => continue,
        };
        if slot.as_ref().is_some_and(|other| !other.same_as(&value)) {
            return Found::Ambiguous;
        }
        *slot = Some(value);
    }
    Found::Held(held)
}

/// How often a keychain is asked for its default collection before it has none: gnome-keyring 42.1 was seen to answer so though
/// it had one, twice in sweeps that kill programs while they talk to it.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Asks for the state of the collection that new items go to.
///
/// # Errors
/// See [`Trouble`].
pub fn default_collection(deadline: Duration) -> Result<Collection, Trouble> {
    let mut bus = Bus::connect(deadline)?;
    let mut looks = 0;
    let path = loop {
        bus.call(SERVICE, "ReadAlias", "s", &"default")?;
        bus.flush()?;
        let path: OwnedObjectPath = bus.answer()?.body()?;
        looks += 1;
        match path.as_str() {
            "/" if looks == LOOKS => return Ok(Collection::None),
            "/" => std::thread::sleep(BETWEEN_LOOKS),
            _ => break path,
        }
    };
    let property = ("org.freedesktop.Secret.Collection", "Locked");
    let collection = Object { path: path.as_str(), interface: "org.freedesktop.DBus.Properties", ..SERVICE };
    bus.call(collection, "Get", "ss", &property)?;
    bus.flush()?;
    let locked: OwnedValue = bus.answer()?.body()?;
    match bool::try_from(locked) {
        Ok(true) => Ok(Collection::Locked),
        Ok(false) => Ok(Collection::Open),
        Err(_) => Err(Trouble::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_identities_are_nobodys_to_choose_from() {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let one = || secret("AGE-SECRET-KEY-1A");
        let sort_out = |values: Vec<Secret>| super::sort_out("AGE-SECRET-KEY-1", values.into_iter());
        assert!(matches!(sort_out(vec![one(), secret("AGE-SECRET-KEY-1B")]), Found::Ambiguous));
        let found = sort_out(vec![one(), one(), secret("keyctl-anchor 1"), secret("keyctl-wrapped 1 a x")]);
        assert!(matches!(found, Found::Held(Held { identity: Some(_), anchor: Some(_) })));
    }
}
