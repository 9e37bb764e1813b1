//! D-Bus on Linux, the session's and the system's: calls over a local socket, sent together, answered in order, up to a
//! deadline; and signals.
//!
//! Small and without a runtime, because every `keyctl run` reads the keychain through it (see
//! `identity/secret_service.rs` for the numbers). What it receives is wiped, since it may hold secrets.
//!
//! Source: the D-Bus Specification (authentication, message format, server addresses). `zvariant` does the marshalling
//! of what is sent and read; here are the socket, the deadline and the calls.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixStream},
    },
    time::{Duration, Instant},
};

use zeroize::Zeroizing;
use zvariant::{
    Endian, Value,
    serialized::{Context, Data},
};

/// No answer to keyctl's calls comes near it; a larger one is no answer.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such bus, or its address is none this code can use.
    NoBus,
    /// There is a bus, and nobody on it has the name that was called.
    NoService,
    /// The deadline passed.
    Silent,
    /// The answer was an error or no D-Bus at all.
    Refused,
}

/// Whom a call goes to: a name on the bus, an object's path and one of its interfaces.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// The well-known name.
    pub service: &'a str,
    /// The object's path.
    pub path: &'a str,
    /// The interface.
    pub interface: &'a str,
}

/// A connection to a bus: calls are queued, sent together, and answered in order.
pub struct Bus {
    stream: UnixStream,
    until: Instant,
    queued: Vec<u8>,
    received: Zeroizing<Vec<u8>>,
    taken: usize,
    serial: u32,
    answered: u32,
    signals: VecDeque<Signal>,
}

/// What somebody on the bus told all who asked to be told.
pub struct Signal {
    /// The object that it is about.
    pub path: String,
    /// What it is called.
    pub member: String,
    /// What it says.
    pub said: Answer,
}

/// One message that came back.
pub struct Answer {
    bytes: Zeroizing<Vec<u8>>,
    body_at: usize,
}

/// One message, and what its header says.
struct Message {
    answer: Answer,
    kind: u8,
    reply_to: Option<u32>,
    error: Option<String>,
    path: Option<String>,
    member: Option<String>,
}

/// Everything of a message before its body: byte order, kind, flags, version, body length, serial, fields.
type Header<'a> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Value<'a>)>);

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;
const FIELD_PATH: u8 = 1;
const FIELD_INTERFACE: u8 = 2;
const FIELD_MEMBER: u8 = 3;
const FIELD_ERROR_NAME: u8 = 4;
const FIELD_REPLY_SERIAL: u8 = 5;
const FIELD_DESTINATION: u8 = 6;
const FIELD_SIGNATURE: u8 = 8;

/// The bus itself.
pub const DAEMON: Object<'static> =
    Object { service: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus" };
/// The most signals that wait to be looked at, while an answer is waited for.
const MOST_WAITING: usize = 64;

fn context() -> Context {
    Context::new_dbus(Endian::Little, 0)
}

impl Bus {
    /// Connects to the session bus, and queues authentication and `Hello`. Authentication is sent together with the
    /// first calls: the daemon reads on where it ended.
    ///
    /// # Errors
    /// `NoBus`.
    pub fn connect(deadline: Duration) -> Result<Self, Trouble> {
        Self::connect_first(&session_addresses(), deadline)
    }

    /// Connects to the system's bus.
    ///
    /// # Errors
    /// `NoBus`.
    pub fn connect_to_system(deadline: Duration) -> Result<Self, Trouble> {
        Self::connect_first(&system_addresses(), deadline)
    }

    /// Connects to the user's own bus or else the session's; they differ where a session was given a bus of its own.
    ///
    /// # Errors
    /// `NoBus`.
    pub fn connect_to_user(deadline: Duration) -> Result<Self, Trouble> {
        let addresses: Vec<_> = user_address().into_iter().chain(session_addresses()).collect();
        Self::connect_first(&addresses, deadline)
    }

    fn connect_first(addresses: &[SocketAddr], deadline: Duration) -> Result<Self, Trouble> {
        let until = Instant::now() + deadline;
        let connected = addresses.iter().find_map(|address| UnixStream::connect_addr(address).ok());
        let stream = connected.ok_or(Trouble::NoBus)?;
        let user = rustix::process::geteuid().as_raw().to_string();
        let mut queued = b"\0AUTH EXTERNAL ".to_vec();
        // The digits of the user's number, each as two hexadecimal digits: `0` is 30.
        queued.extend(user.bytes().flat_map(|digit| [b'3', digit]));
        queued.extend(b"\r\nBEGIN\r\n");
        let received = Zeroizing::new(Vec::with_capacity(64 * 1024));
        let signals = VecDeque::new();
        let mut bus = Self { stream, until, queued, received, taken: 0, serial: 0, answered: 0, signals };
        bus.queue(DAEMON, "Hello", "", &[])?;
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

    /// Queues a call. `signature` is that of the body, without the brackets of a structure.
    ///
    /// # Errors
    /// `Refused` for a body that no message can carry.
    pub fn call<B>(&mut self, to: Object<'_>, member: &str, signature: &str, body: &B) -> Result<(), Trouble>
    where
        B: serde::Serialize + zvariant::DynamicType,
    {
        let body = zvariant::to_bytes(context(), body).map_err(|_| Trouble::Refused)?;
        self.queue(to, member, signature, body.bytes())
    }

    fn queue(&mut self, to: Object<'_>, member: &str, signature: &str, body: &[u8]) -> Result<(), Trouble> {
        self.serial += 1;
        let mut fields = Vec::with_capacity(256);
        write_field(&mut fields, FIELD_PATH, b'o', to.path);
        write_field(&mut fields, FIELD_INTERFACE, b's', to.interface);
        write_field(&mut fields, FIELD_MEMBER, b's', member);
        write_field(&mut fields, FIELD_DESTINATION, b's', to.service);
        if !signature.is_empty() {
            write_field(&mut fields, FIELD_SIGNATURE, b'g', signature);
        }
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

    /// Sends the calls that were queued.
    ///
    /// # Errors
    /// `Silent` at the deadline, `Refused` by a bus that does not want this user.
    pub fn flush(&mut self) -> Result<(), Trouble> {
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

    /// Gives what comes next this long.
    pub fn extend(&mut self, deadline: Duration) {
        self.until = Instant::now() + deadline;
    }

    /// The next signal; none where the deadline passes before there is one.
    ///
    /// # Errors
    /// As [`Trouble`] has them, but for `Silent`.
    pub fn signal(&mut self) -> Result<Option<Signal>, Trouble> {
        loop {
            if let Some(signal) = self.signals.pop_front() {
                return Ok(Some(signal));
            }
            match self.message() {
                Ok(message) => self.keep_signal(message),
                Err(Trouble::Silent) => return Ok(None),
                Err(trouble) => return Err(trouble),
            }
        }
    }

    fn keep_signal(&mut self, message: Message) {
        if message.kind != SIGNAL {
            return;
        }
        if self.signals.len() == MOST_WAITING {
            self.signals.pop_front();
        }
        let (path, member) = (message.path.unwrap_or_default(), message.member.unwrap_or_default());
        self.signals.push_back(Signal { path, member, said: message.answer });
    }

    /// The answer to the oldest call that has none yet; signals in between wait.
    ///
    /// # Errors
    /// As [`Trouble`] has them.
    pub fn answer(&mut self) -> Result<Answer, Trouble> {
        self.answered += 1;
        loop {
            let message = self.message()?;
            if message.reply_to != Some(self.answered) {
                self.keep_signal(message);
                continue;
            }
            return match message.kind {
                METHOD_RETURN => Ok(message.answer),
                ERROR => Err(match message.error.as_deref() {
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

    fn message(&mut self) -> Result<Message, Trouble> {
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
        let text = |code: u8| field(code).and_then(|value| <&str>::try_from(value).ok()).map(str::to_owned);
        let (error, member) = (text(FIELD_ERROR_NAME), text(FIELD_MEMBER));
        let path = match field(FIELD_PATH) {
            Some(Value::ObjectPath(path)) => Some(path.as_str().to_owned()),
            _ => None,
        };
        let kind = header.1;
        drop(header);
        Ok(Message { answer: Answer { bytes, body_at }, kind, reply_to, error, path, member })
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
        // Who listens for hours takes no more room than for one message.
        if self.taken == self.received.len() {
            self.received.clear();
            self.taken = 0;
        }
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
    /// The body as what its signature says.
    ///
    /// # Errors
    /// `Refused` when it is something else.
    pub fn body<T>(&self) -> Result<T, Trouble>
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

/// The session bus's local sockets, in order: `DBUS_SESSION_BUS_ADDRESS`, else the user's own bus.
fn session_addresses() -> Vec<SocketAddr> {
    match std::env::var("DBUS_SESSION_BUS_ADDRESS") {
        Ok(text) if !text.is_empty() => text.split(';').filter_map(address).collect(),
        _ => user_address().into_iter().collect(),
    }
}

/// The system bus's local socket (D-Bus Specification, "Well-known Message Bus Instances").
fn system_addresses() -> Vec<SocketAddr> {
    match std::env::var("DBUS_SYSTEM_BUS_ADDRESS") {
        Ok(text) if !text.is_empty() => text.split(';').filter_map(address).collect(),
        _ => ["/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"]
            .iter()
            .filter_map(|path| SocketAddr::from_pathname(path).ok())
            .collect(),
    }
}

/// The bus in the user's runtime folder, where the user's systemd is.
fn user_address() -> Option<SocketAddr> {
    let folder =
        std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from).filter(|folder| folder.is_absolute())?;
    SocketAddr::from_pathname(folder.join("bus")).ok()
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
}
