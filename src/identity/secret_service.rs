//! The short way to the Secret Service on Linux: a few D-Bus calls over the session's local socket.
//!
//! `keyring` is the way in for making, changing and removing items. For reading, which every `keyctl run` does, it takes
//! 12-17 ms in a fresh process, because its store negotiates an encrypted session by Diffie-Hellman and starts an async
//! runtime. This reads the same items in three short exchanges over a *plain* session, which takes about 1.5 ms.
//!
//! What is given up: a plain session shows the secret to whoever can watch this user's session bus. The bus is a local
//! socket of the same user, and whoever can watch it can as well ask the service for the secret itself.
//!
//! Sources: the D-Bus Specification (authentication, message format), the Secret Service API Draft (freedesktop.org).
//! `zvariant` does the marshalling of what is sent and read; here are the socket, the deadline and the calls.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixStream},
    },
    time::{Duration, Instant},
};

use zeroize::Zeroizing;
use zvariant::{
    Endian, ObjectPath, OwnedObjectPath, OwnedValue, Value,
    serialized::{Context, Data},
};

use super::{PREFIX, anchor, keeper::Held};
use crate::secret::Secret;

const SERVICE: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
/// No answer to these calls comes near it; a larger one is no answer.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no session bus, or its address is none this code can use.
    NoBus,
    /// There is a bus, and nobody on it keeps secrets.
    NoService,
    /// The deadline passed.
    Silent,
    /// The answer was an error or no D-Bus at all.
    Refused,
}

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

/// Reads identity and anchor of one store, without ever causing a prompt.
///
/// # Errors
/// See [`Trouble`].
pub fn read(service: &str, deadline: Duration) -> Result<Found, Trouble> {
    let mut bus = Bus::connect(deadline)?;
    // An answered call before `OpenSession`: gnome-keyring 42 can end in an assertion when a connection's first call opens
    // a session (1 in 18,580 calls; 4 of 4 daemons under four clients at once, and 0 of 4 in 32,000 calls with this).
    bus.call(SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias", "s", &"default")?;
    bus.flush()?;
    bus.answer()?;
    let attributes = HashMap::from([("service", service)]);
    bus.call(SERVICE_PATH, SERVICE_INTERFACE, "OpenSession", "sv", &("plain", Value::from("")))?;
    bus.call(SERVICE_PATH, SERVICE_INTERFACE, "SearchItems", "a{ss}", &attributes)?;
    bus.flush()?;
    let (_, session): (OwnedValue, OwnedObjectPath) = bus.answer()?.body()?;
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = bus.answer()?.body()?;
    if open.is_empty() {
        return Ok(if locked.is_empty() { Found::Held(Held::default()) } else { Found::Locked });
    }
    let items: Vec<ObjectPath<'_>> = open.iter().map(|path| path.as_ref()).collect();
    bus.call(SERVICE_PATH, SERVICE_INTERFACE, "GetSecrets", "aoo", &(items, session.as_ref()))?;
    bus.flush()?;
    let secrets: Secrets = bus.answer()?.body()?;
    Ok(sort_out(secrets.into_values().map(|(_, _, value, _)| Secret::new(value))))
}

/// Which of the values is which; two different values for one thing are nobody's to choose from.
fn sort_out(values: impl Iterator<Item = Secret>) -> Found {
    let mut held = Held::default();
    for value in values {
        let slot = match value.expose() {
            text if text.starts_with(PREFIX.as_bytes()) => &mut held.identity,
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

/// Asks for the state of the collection that new items go to.
///
/// # Errors
/// See [`Trouble`].
pub fn default_collection(deadline: Duration) -> Result<Collection, Trouble> {
    let mut bus = Bus::connect(deadline)?;
    bus.call(SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias", "s", &"default")?;
    bus.flush()?;
    let path: OwnedObjectPath = bus.answer()?.body()?;
    if path.as_str() == "/" {
        return Ok(Collection::None);
    }
    let property = ("org.freedesktop.Secret.Collection", "Locked");
    bus.call(path.as_str(), "org.freedesktop.DBus.Properties", "Get", "ss", &property)?;
    bus.flush()?;
    let locked: OwnedValue = bus.answer()?.body()?;
    match bool::try_from(locked) {
        Ok(true) => Ok(Collection::Locked),
        Ok(false) => Ok(Collection::Open),
        Err(_) => Err(Trouble::Refused),
    }
}

/// A connection to the session bus: calls are queued, sent together, and answered in order.
struct Bus {
    stream: UnixStream,
    until: Instant,
    queued: Vec<u8>,
    received: Zeroizing<Vec<u8>>,
    taken: usize,
    serial: u32,
    answered: u32,
}

/// One message that came back.
struct Answer {
    bytes: Zeroizing<Vec<u8>>,
    body_at: usize,
}

/// Everything of a message before its body: byte order, kind, flags, version, body length, serial, fields.
type Header<'a> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Value<'a>)>);

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const FIELD_PATH: u8 = 1;
const FIELD_INTERFACE: u8 = 2;
const FIELD_MEMBER: u8 = 3;
const FIELD_ERROR_NAME: u8 = 4;
const FIELD_REPLY_SERIAL: u8 = 5;
const FIELD_DESTINATION: u8 = 6;
const FIELD_SIGNATURE: u8 = 8;

fn context() -> Context {
    Context::new_dbus(Endian::Little, 0)
}

impl Bus {
    /// Connects, and queues authentication and `Hello`. Authentication is sent together with the first calls: the
    /// daemon reads on where it ended.
    fn connect(deadline: Duration) -> Result<Self, Trouble> {
        let until = Instant::now() + deadline;
        let stream = addresses().find_map(|address| UnixStream::connect_addr(&address).ok()).ok_or(Trouble::NoBus)?;
        let user = rustix::process::geteuid().as_raw().to_string();
        let mut queued = b"\0AUTH EXTERNAL ".to_vec();
        // The digits of the user's number, each as two hexadecimal digits: `0` is 30.
        queued.extend(user.bytes().flat_map(|digit| [b'3', digit]));
        queued.extend(b"\r\nBEGIN\r\n");
        let received = Zeroizing::new(Vec::with_capacity(64 * 1024));
        let mut bus = Self { stream, until, queued, received, taken: 0, serial: 0, answered: 0 };
        bus.queue("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", None)?;
        Ok(bus)
    }

    /// Reads the answer to the authentication: `OK` and the server's id.
    fn authenticated(&mut self) -> Result<(), Trouble> {
        let end = loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                break end;
            }
            if self.received.len() > 512 {
                return Err(Trouble::Refused);
            }
            self.receive()?;
        };
        let line = self.take(end + 1)?;
        if line.starts_with(b"OK ") { Ok(()) } else { Err(Trouble::Refused) }
    }

    fn call<B>(&mut self, path: &str, interface: &str, member: &str, signature: &str, body: &B) -> Result<(), Trouble>
    where
        B: serde::Serialize + zvariant::DynamicType,
    {
        let body = zvariant::to_bytes(context(), body).map_err(|_| Trouble::Refused)?;
        self.queue(SERVICE, path, interface, member, signature, Some(body.bytes()))
    }

    fn queue(
        &mut self,
        to: &str,
        path: &str,
        interface: &str,
        member: &str,
        signature: &str,
        body: Option<&[u8]>,
    ) -> Result<(), Trouble> {
        self.serial += 1;
        let mut fields = Vec::with_capacity(256);
        write_field(&mut fields, FIELD_PATH, b'o', path);
        write_field(&mut fields, FIELD_INTERFACE, b's', interface);
        write_field(&mut fields, FIELD_MEMBER, b's', member);
        write_field(&mut fields, FIELD_DESTINATION, b's', to);
        if !signature.is_empty() {
            write_field(&mut fields, FIELD_SIGNATURE, b'g', signature);
        }
        let body = body.unwrap_or_default();
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| Trouble::Refused);
        self.queued.extend([b'l', METHOD_CALL, 0, 1]);
        self.queued.extend(size(body)?.to_le_bytes());
        self.queued.extend(self.serial.to_le_bytes());
        self.queued.extend(size(&fields)?.to_le_bytes());
        pad(&mut fields);
        self.queued.extend_from_slice(&fields);
        self.queued.extend_from_slice(body);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        let left = self.time_left()?;
        self.stream.set_write_timeout(Some(left)).map_err(|_| Trouble::Refused)?;
        self.stream.write_all(&self.queued).map_err(|error| trouble(&error))?;
        self.queued.clear();
        if self.answered == 0 {
            self.authenticated()?;
            self.answer()?;
        }
        Ok(())
    }

    /// The answer to the oldest call that has none yet; signals in between are passed over.
    fn answer(&mut self) -> Result<Answer, Trouble> {
        self.answered += 1;
        loop {
            let (answer, kind, reply_to, error) = self.message()?;
            if reply_to != Some(self.answered) {
                continue;
            }
            return match kind {
                METHOD_RETURN => Ok(answer),
                ERROR => Err(match error.as_deref() {
                    Some("org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner") => {
                        Trouble::NoService
                    }
                    Some(name) if name.starts_with("org.freedesktop.DBus.Error.Spawn") => Trouble::NoService,
                    Some("org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.TimedOut") => {
                        Trouble::Silent
                    }
                    _ => Trouble::Refused,
                }),
                _ => Err(Trouble::Refused),
            };
        }
    }

    fn message(&mut self) -> Result<(Answer, u8, Option<u32>, Option<String>), Trouble> {
        let start = self.take(16)?;
        let number = |at: usize| u32::from_le_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]) as usize;
        let (body, fields) = (number(4), number(12));
        if start[0] != b'l' || body > LARGEST_MESSAGE || fields > LARGEST_MESSAGE {
            return Err(Trouble::Refused);
        }
        let body_at = (16 + fields).next_multiple_of(8);
        self.taken -= 16;
        let bytes = self.take(body_at + body)?;
        let data = Data::new(&bytes[..body_at], context());
        let (header, _): (Header<'_>, usize) = data.deserialize().map_err(|_| Trouble::Refused)?;
        let field = |code: u8| header.6.iter().find(|(at, _)| *at == code).map(|(_, value)| value);
        let reply_to = field(FIELD_REPLY_SERIAL).and_then(|value| u32::try_from(value).ok());
        let error = field(FIELD_ERROR_NAME).and_then(|value| <&str>::try_from(value).ok()).map(str::to_owned);
        let kind = header.1;
        drop(header);
        Ok((Answer { bytes, body_at }, kind, reply_to, error))
    }

    /// Takes exactly so many bytes off what the bus has sent.
    fn take(&mut self, count: usize) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        while self.received.len() - self.taken < count {
            self.receive()?;
        }
        let bytes = Zeroizing::new(self.received[self.taken..self.taken + count].to_vec());
        self.taken += count;
        Ok(bytes)
    }

    /// Waits for more from the bus. A whole exchange stays in one buffer that is wiped at the end.
    fn receive(&mut self) -> Result<(), Trouble> {
        let left = self.time_left()?;
        self.stream.set_read_timeout(Some(left)).map_err(|_| Trouble::Refused)?;
        let mut piece = Zeroizing::new([0; 8 * 1024]);
        match self.stream.read(piece.as_mut()) {
            Ok(0) => Err(Trouble::Refused),
            Ok(count) => {
                self.received.extend_from_slice(&piece[..count]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(trouble(&error)),
        }
    }

    fn time_left(&self) -> Result<Duration, Trouble> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Trouble::Silent) } else { Ok(left) }
    }
}

impl Answer {
    fn body<T>(&self) -> Result<T, Trouble>
    where
        T: serde::de::DeserializeOwned + zvariant::Type,
    {
        let data = Data::new(&self.bytes[self.body_at..], context());
        data.deserialize().map(|(body, _)| body).map_err(|_| Trouble::Refused)
    }
}

/// One header field: its code and a variant of one text, as path (`o`), string (`s`) or signature (`g`). By hand, because
/// zvariant writes the signature of several arguments with the brackets of a structure, which a body has not.
fn write_field(fields: &mut Vec<u8>, code: u8, kind: u8, text: &str) {
    pad(fields);
    fields.extend([code, 1, kind, 0]);
    if kind == b'g' {
        fields.push(u8::try_from(text.len()).unwrap_or_default());
    } else {
        fields.extend(u32::try_from(text.len()).unwrap_or_default().to_le_bytes());
    }
    fields.extend_from_slice(text.as_bytes());
    fields.push(0);
}

/// Structures begin at multiples of eight.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

fn trouble(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Trouble::Silent,
        _ => Trouble::Refused,
    }
}

/// The session bus's local sockets, in order: `DBUS_SESSION_BUS_ADDRESS`, else the user's runtime folder.
fn addresses() -> impl Iterator<Item = SocketAddr> {
    let given = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|text| !text.is_empty());
    let runtime = || std::env::var("XDG_RUNTIME_DIR").ok().filter(|folder| folder.starts_with('/'));
    let text = given.or_else(|| runtime().map(|folder| format!("unix:path={folder}/bus")));
    let text = text.unwrap_or_default();
    text.split(';').filter_map(address).collect::<Vec<_>>().into_iter()
}

/// One address of the form `unix:path=…` or `unix:abstract=…` (D-Bus Specification, "Server Addresses").
fn address(text: &str) -> Option<SocketAddr> {
    let parts = text.strip_prefix("unix:")?;
    parts.split(',').find_map(|part| match part.split_once('=')? {
        ("path", path) => SocketAddr::from_pathname(std::path::PathBuf::from(unescape(path)?)).ok(),
        ("abstract", name) => SocketAddr::from_abstract_name(unescape(name)?.as_bytes()).ok(),
        _ => None,
    })
}

/// Takes `%2f` and the like back.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bus_is_found_by_path_and_by_abstract_name() {
        let path = address("unix:path=/run/user/1000/bus%20x,guid=abc").expect("path");
        assert_eq!(path.as_pathname(), Some(std::path::Path::new("/run/user/1000/bus x")));
        let name = address("unix:guid=1,abstract=/tmp/dbus-X").expect("abstract");
        assert_eq!(name.as_abstract_name(), Some(&b"/tmp/dbus-X"[..]));
        for other in ["tcp:host=localhost,port=1", "autolaunch:", "", "unix:path=%zz", "unix:path=%2"] {
            assert!(address(other).is_none(), "{other}");
        }
    }

    #[test]
    fn two_different_identities_are_nobodys_to_choose_from() {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let one = || secret("AGE-SECRET-KEY-1A");
        assert!(matches!(sort_out([one(), secret("AGE-SECRET-KEY-1B")].into_iter()), Found::Ambiguous));
        let found = sort_out([one(), one(), secret("keyctl-anchor 1"), secret("other")].into_iter());
        assert!(matches!(found, Found::Held(Held { identity: Some(_), anchor: Some(_) })));
    }
}
