//! What Vault answers: its envelope, and the fields of the secret in it. A body stays in the memory that is wiped; of what is in
//! it only the field that was asked for is decoded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::OWN;
use crate::{
    date::Moment,
    json::{
        self, Members,
        writing::{Writing, room_for},
    },
    secret::Secret,
};

/// The field that a reference without one means, where a secret has several.
const USUAL: &str = "value";

/// The longest time that a lease is believed to last: ten years. A longer one would be beyond what a clock can tell.
const LONGEST_LEASE: u64 = 10 * 365 * 86_400;

/// A secret as a server has it, with all its fields.
pub(super) struct Document {
    body: Zeroizing<Vec<u8>>,
    shape: Shape,
    /// Which version of it this is, where versions are kept.
    pub(super) version: Option<u64>,
    /// What it is lent by; nothing where it stays.
    pub(super) lease: Option<Lent>,
    /// When this version is deleted by itself, where that was set (`delete_version_after`).
    pub(super) expires: Option<Moment>,
}

/// Where in an answer the fields stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `data` has them.
    Plain,
    /// `data` has `data`, which has them, and `metadata`.
    Versioned,
}

/// A secret that is lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lent {
    /// By which it is renewed and given back.
    pub(super) id: String,
    /// For so many seconds.
    pub(super) seconds: u64,
    /// Whether that can be made longer.
    pub(super) renewable: bool,
}

/// An answer that is none of a secret. Nothing is said of what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misshapen;

/// What every answer looks like.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    lease_id: String,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
}

/// What `data` is where versions are kept.
#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
    #[serde(default)]
    destroyed: bool,
    #[serde(default)]
    deletion_time: String,
}

/// How a version is that has no fields any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// It can be brought back.
    Deleted(u64),
    /// It cannot.
    Destroyed(u64),
}

impl Document {
    /// Reads an answer that has a secret.
    pub(super) fn read(body: Zeroizing<Vec<u8>>, shape: Shape) -> Result<Self, Misshapen> {
        let envelope: Envelope = serde_json::from_slice(&body).map_err(|_| Misshapen)?;
        let metadata = match shape {
            Shape::Plain => None,
            Shape::Versioned => Some(read_part::<Versioned>(envelope.data)?.metadata),
        };
        let version = metadata.as_ref().map(|metadata| metadata.version);
        let expires = metadata.and_then(|metadata| metadata.deletion_time.parse().ok());
        let lease = (!envelope.lease_id.is_empty()).then(|| Lent {
            id: envelope.lease_id.clone(),
            seconds: envelope.lease_duration.min(LONGEST_LEASE),
            renewable: envelope.renewable,
        });
        let document = Self { body, shape, version, lease, expires };
        document.fields().map(|_| ())?;
        Ok(document)
    }

    /// The fields, in their order.
    pub(super) fn fields(&self) -> Result<Members<'_>, Misshapen> {
        let envelope: Envelope = serde_json::from_slice(&self.body).map_err(|_| Misshapen)?;
        let fields = match self.shape {
            Shape::Plain => envelope.data,
            Shape::Versioned => read_part::<Versioned>(envelope.data)?.data,
        };
        read_part(fields)
    }

    /// The fields as JSON with another text in one of them; the others stay byte for byte.
    pub(super) fn with(&self, name: &str, value: &str) -> Result<Zeroizing<Vec<u8>>, Misshapen> {
        let others = self.fields()?.0.into_iter().filter(|(other, _)| other != name);
        Ok(write_fields(others, name, value, self.body.len()))
    }
}

/// The name of the field that a reference without one means: the only one, or the one that is called `value`.
pub(super) fn usual_field<'f>(fields: &'f Members) -> Option<&'f str> {
    let mut names = fields.names();
    match (names.next(), names.next()) {
        (None, _) => Some(USUAL),
        (Some(only), None) => Some(only),
        _ => fields.names().find(|name| *name == USUAL),
    }
}

/// The fields of a secret that has this one alone.
pub(super) fn only_field(name: &str, value: &str) -> Zeroizing<Vec<u8>> {
    write_fields([].into_iter(), name, value, 0)
}

fn write_fields<'a>(
    others: impl Iterator<Item = (String, &'a RawValue)>,
    name: &str,
    value: &str,
    room: usize,
) -> Zeroizing<Vec<u8>> {
    let mut json = Writing::with_room(room + room_for(name.len() + value.len()) + 16);
    json.raw("{");
    for (name, value) in others {
        json.text(&name);
        json.raw(":");
        json.raw(value.get());
        json.raw(",");
    }
    json.text(name);
    json.raw(":");
    json.text(value);
    json.raw("}");
    json.done()
}

fn read_part<'a, T: Deserialize<'a>>(part: Option<&'a RawValue>) -> Result<T, Misshapen> {
    serde_json::from_str(part.ok_or(Misshapen)?.get()).map_err(|_| Misshapen)
}

/// What an answer has as its data, where that is no secret.
pub(super) fn data<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    serde_json::from_str(envelope.data?.get()).ok()
}

/// What an answer of "not there" says of a version that was there.
pub(super) fn gone(body: &[u8]) -> Option<Gone> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let metadata = read_part::<Versioned>(envelope.data).ok()?.metadata;
    match metadata {
        Metadata { version, destroyed: true, .. } => Some(Gone::Destroyed(version)),
        Metadata { version, deletion_time, .. } => (!deletion_time.is_empty()).then_some(Gone::Deleted(version)),
    }
}

/// A lease as the answer to its renewal has it.
pub(super) fn lease(body: &[u8]) -> Option<Lent> {
    let Envelope { lease_id: id, lease_duration: seconds, renewable, .. } = serde_json::from_slice(body).ok()?;
    let seconds = seconds.min(LONGEST_LEASE);
    (!id.is_empty()).then_some(Lent { id, seconds, renewable })
}

/// The number of a version that was written.
pub(super) fn written(body: &[u8]) -> Option<u64> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    Some(read_part::<Metadata>(envelope.data).ok()?.version)
}

/// Whether the server says this among its errors. They are for telling failures apart alone, and shown nowhere.
pub(super) fn says(body: &[u8], part: &str) -> bool {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    let errors = serde_json::from_slice::<Errors>(body).map(|said| said.errors).unwrap_or_default();
    errors.iter().any(|error| error.contains(part))
}

/// What is known of a place where engines lie, from `sys/internal/ui/mounts/PATH`.
#[derive(Deserialize)]
pub(super) struct Mount {
    /// The path, with its last `/`.
    pub(super) path: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
}

impl Mount {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        read_part(envelope.data).ok()
    }

    /// Whether it keeps texts, and no versions of them; whether it keeps versions.
    pub(super) fn keeps_versions(&self) -> bool {
        self.is_kv() && self.options.iter().any(|options| options.get("version").is_some_and(|version| version == "2"))
    }

    pub(super) fn is_kv(&self) -> bool {
        ["kv", "generic"].contains(&self.kind.as_str())
    }

    /// Whether it is of the server itself and its tokens, in whichever namespace. A KV may be called as it likes.
    pub(super) fn is_own(&self) -> bool {
        let kind = self.kind.as_str();
        ["system", "identity", "cubbyhole", "token"].contains(&kind)
            || kind.starts_with("ns_")
            || !self.is_kv() && self.path.split('/').any(|part| OWN.contains(&part))
    }
}

/// A token that a login gave.
pub(super) struct Granted {
    pub(super) token: Secret,
    /// Whether it is one that nobody can renew or give back.
    pub(super) is_batch: bool,
    /// For so many seconds; 0 where it does not end.
    pub(super) seconds: u64,
}

impl Granted {
    /// Reads the answer to a login or a renewal.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            auth: Auth<'a>,
        }
        #[derive(Deserialize)]
        struct Auth<'a> {
            #[serde(borrow)]
            client_token: &'a RawValue,
            #[serde(default)]
            token_type: String,
            #[serde(default)]
            lease_duration: u64,
        }
        let Auth { client_token, token_type, lease_duration } = serde_json::from_slice::<Answer>(body).ok()?.auth;
        // One that has to be written otherwise than it is, as a new line has, can be sent with no request.
        let is_plain = client_token.get().bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let token = json::text_of(client_token).filter(|token| is_plain && !token.is_empty())?;
        Some(Self { token, is_batch: token_type == "batch", seconds: lease_duration.min(LONGEST_LEASE) })
    }
}

/// What a token may do at these paths.
pub(super) fn capabilities(body: &[u8]) -> Option<BTreeMap<String, Vec<String>>> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    read_part(envelope.data).ok()
}

/// What a token says of itself.
#[derive(Deserialize)]
pub(super) struct Own {
    #[serde(default)]
    pub(super) policies: Vec<String>,
    #[serde(default)]
    pub(super) ttl: u64,
    #[serde(default)]
    pub(super) expire_time: Option<String>,
    #[serde(default)]
    pub(super) renewable: bool,
}

impl Own {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        read_part(envelope.data).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versioned(data: &str) -> Document {
        let body = format!(
            "{{\"lease_id\":\"\",\"data\":{{\"data\":{data},\"metadata\":{{\"version\":3,\"destroyed\":false}}}}}}"
        );
        Document::read(Zeroizing::new(body.into_bytes()), Shape::Versioned).expect("a document")
    }

    #[test]
    fn fields_are_found_and_one_is_usual() {
        let usual = |data: &str| usual_field(&versioned(data).fields().expect("fields")).map(str::to_owned);
        assert_eq!(versioned(r#"{"a":"1"}"#).version, Some(3));
        assert_eq!(usual(r#"{"only":"x"}"#).as_deref(), Some("only"));
        assert_eq!(usual(r#"{"a":"1","value":"x"}"#).as_deref(), Some("value"));
        assert_eq!(usual(r#"{"a":"1","b":"x"}"#), None);
        assert_eq!(usual("{}").as_deref(), Some("value"));
    }

    #[test]
    fn other_fields_stay_as_they_were_when_one_is_written() {
        let document = versioned(r#"{"password":"old","n":1.10,"o":{"a": [1,  2]}}"#);
        let new = document.with("password", "n\"ew").expect("written");
        assert_eq!(
            String::from_utf8(new.to_vec()).expect("text"),
            r#"{"n":1.10,"o":{"a": [1,  2]},"password":"n\"ew"}"#
        );
        assert_eq!(*only_field("a", "b"), b"{\"a\":\"b\"}");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_a_word_of_it() {
        for body in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"data":null}"#,
            r#"{"data":"sk-1"}"#,
            r#"{"data":{"data":null,"metadata":{"version":1}}}"#,
            r#"{"data":{"data":{"a":"sk-1"}}}"#,
            r#"{"data":{"data":["sk-1"],"metadata":{"version":1}}}"#,
            r#"{"data":{"data":{"a":"sk-1"},"metadata":{"version":"one"}}}"#,
            r#"{"data":{"data":{"a":"sk-1},"metadata":{"version":1}}}"#,
        ] {
            let said =
                Document::read(Zeroizing::new(body.as_bytes().to_vec()), Shape::Versioned).map(|_| ()).unwrap_err();
            assert_eq!(said, Misshapen, "{body}");
        }
    }

    #[test]
    fn deleted_and_destroyed_are_told_apart() {
        let body = |rest: &str| format!("{{\"data\":{{\"data\":null,\"metadata\":{{\"version\":1,{rest}}}}}}}");
        assert_eq!(
            gone(body(r#""destroyed":false,"deletion_time":"2026-11-26T19:32:09Z""#).as_bytes()),
            Some(Gone::Deleted(1))
        );
        assert_eq!(gone(body(r#""destroyed":true,"deletion_time":"""#).as_bytes()), Some(Gone::Destroyed(1)));
        assert_eq!(gone(br#"{"errors":[]}"#), None);
    }

    #[test]
    fn a_lease_and_a_token_are_read() {
        let body =
            br#"{"lease_id":"database/creds/app/x","renewable":true,"lease_duration":5,"data":{"password":"p"}}"#;
        let lent = Lent { id: "database/creds/app/x".into(), seconds: 5, renewable: true };
        let document = Document::read(Zeroizing::new(body.to_vec()), Shape::Plain).expect("a document");
        assert_eq!((document.lease, document.version), (Some(lent.clone()), None));
        assert_eq!(lease(body), Some(lent));
        let endless = lease(br#"{"lease_id":"x","lease_duration":18446744073709551615}"#);
        assert_eq!(endless.map(|lent| lent.seconds), Some(LONGEST_LEASE));
        let granted = Granted::read(
            br#"{"auth":{"client_token":"s.x","lease_duration":60,"renewable":true,"token_type":"service"}}"#,
        );
        assert!(
            granted.is_some_and(|granted| granted.token.same_as(&Secret::new(b"s.x".to_vec())) && !granted.is_batch)
        );
        assert!(
            Granted::read(br#"{"auth":null}"#).is_none() && Granted::read(br#"{"auth":{"client_token":""}}"#).is_none()
        );
        assert!(says(br#"{"errors":["check-and-set parameter did not match"]}"#, "check-and-set") && !says(b"x", ""));
    }
}
