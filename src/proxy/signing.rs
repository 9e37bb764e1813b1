//! Requests to AWS do not carry the key: they are signed with it (Signature Version 4, `web::sigv4`). The command signs with its
//! placeholders, for the service and the region that it means; here that signature is taken off and another made, with the key,
//! for what is really sent, and for the host that it is sent to. So what a host sees of the key proves this one request, there.
//!
//! A pair is known by its variables, as AWS's libraries have them: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, where it is
//! lent for a time, `AWS_SESSION_TOKEN`; or three of one other beginning. The secret half is put into no request at all.

use hyper::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    secret::Secret,
    web::{
        aws,
        sigv4::{Request, Signer, canonical_path, stamp},
    },
};

use super::{gate::Guarded, refusal::Refusal};

/// What the signature's header begins with.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const PAYLOAD: HeaderName = HeaderName::from_static("x-amz-content-sha256");
/// What stands for a body that is not hashed.
const UNHASHED: &[&str] = &["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"];
/// The services that sign a path as it is sent (IAM User Guide, "Create a signed AWS API request").
const PATH_AS_SENT: &[&str] = &["s3", "s3-object-lambda", "s3-outposts", "s3express"];
/// A body without a hash is read as a whole before it goes out, up to so many bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// Which part of what AWS gives out for signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The access key's id, which stands in each signature.
    Id,
    /// What is signed with.
    Secret,
    /// What goes with one that is lent for a time.
    Token,
}

/// How the variables end that they are in.
const ENDS: [(&str, Part); 3] =
    [("ACCESS_KEY_ID", Part::Id), ("SECRET_ACCESS_KEY", Part::Secret), ("SESSION_TOKEN", Part::Token)];

/// The part that a variable is for, and how all that belong to it begin.
fn part_of(variable: &str) -> Option<(Part, &str)> {
    ENDS.iter().find_map(|(end, part)| Some((*part, variable.strip_suffix(end)?)))
}

impl Part {
    /// The part that a variable is for.
    ///
    /// # Errors
    /// `Usage` where its name does not say.
    pub fn of(variable: &str) -> Result<Self> {
        part_of(variable).map(|(part, _)| part).ok_or_else(|| {
            let what = format!("`{variable}` signs requests to AWS, and its name does not say how");
            Failure::new(Kind::Usage, what).hint(
                "call it `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` or `AWS_SESSION_TOKEN`, as AWS's programs do",
            )
        })
    }
}

fn is_with(one: &Guarded, part: Part, other: &Guarded) -> bool {
    let beginning = |key: &Guarded| part_of(key.variable.as_str()).map(|(_, beginning)| beginning.to_owned());
    other.part == Some(part) && beginning(one) == beginning(other)
}

/// Whether all parts are there of whatever signs.
///
/// # Errors
/// `Usage` where one is not.
pub fn are_whole(guarded: &[Guarded]) -> Result<()> {
    let other = |part: Part| if part == Part::Id { Part::Secret } else { Part::Id };
    for key in guarded {
        let Some(part) = key.part else { continue };
        if !guarded.iter().any(|one| is_with(key, other(part), one)) {
            let (_, beginning) = part_of(key.variable.as_str()).unwrap_or((part, ""));
            let end = ENDS.iter().find(|(_, one)| *one == other(part)).map_or("", |(end, _)| end);
            let what =
                format!("`{}` signs requests to AWS with `{beginning}{end}`, which is not kept back", key.variable);
            return Err(Failure::new(Kind::Usage, what).hint("both have to go by the proxy, or neither"));
        }
    }
    Ok(())
}

/// The keys that a request uses, with those that sign it and do not stand in it.
#[must_use]
pub fn used(guarded: &[Guarded], shown: &[usize]) -> Vec<usize> {
    let mut keys = shown.to_vec();
    for id in shown.iter().filter(|key| guarded[**key].part == Some(Part::Id)) {
        keys.extend((0..guarded.len()).filter(|at| is_with(&guarded[*id], Part::Secret, &guarded[*at])));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether each part stands where it belongs, and nowhere else. A host gets the token with a signature alone, and never the
/// secret half.
///
/// # Errors
/// Why it is not sent.
pub fn hold(guarded: &[Guarded], found: &[(usize, HeaderName)]) -> std::result::Result<(), Refusal> {
    let mut ids: Vec<usize> = Vec::new();
    for (key, name) in found {
        let fits = match guarded[*key].part {
            None => continue,
            Some(Part::Id) => *name == header::AUTHORIZATION,
            Some(Part::Token) => *name == TOKEN,
            Some(Part::Secret) => false,
        };
        if !fits {
            return Err(Refusal::Header);
        }
        ids.extend((guarded[*key].part == Some(Part::Id)).then_some(*key));
    }
    let is_lone = |(key, _): &(usize, HeaderName)| match (guarded[*key].part, &ids[..]) {
        (None, _) => false,
        (Some(_), [id]) => *id != *key && !is_with(&guarded[*key], Part::Id, &guarded[*id]),
        (Some(_), _) => true,
    };
    if found.iter().any(is_lone) {
        Err(Refusal::Unsigned("; one key signs, and its own token goes with it"))
    } else {
        Ok(())
    }
}

/// Whether an address carries a signature itself.
#[must_use]
pub fn is_presigned(query: &str) -> bool {
    query.split('&').any(|pair| pair.to_ascii_lowercase().starts_with("x-amz-signature="))
}

/// Why one of those is not sent.
pub const PRESIGNED: Refusal = Refusal::Unsigned("; a signature is made for a header, not for an address");

/// The key that signs, among those of a request.
#[must_use]
pub fn signer(guarded: &[Guarded], keys: &[usize]) -> Option<usize> {
    keys.iter().copied().find(|key| guarded[*key].part == Some(Part::Secret))
}

/// What stands for the body in the signature; nothing where that has to be hashed here.
///
/// # Errors
/// For a body that is signed itself.
pub fn payload(headers: &HeaderMap) -> std::result::Result<Option<String>, Refusal> {
    let Some(value) = headers.get(PAYLOAD) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash || UNHASHED.contains(&text) {
        return Ok(Some(text.to_owned()));
    }
    // Each piece of such a body is signed for itself, from the first signature on.
    Err(Refusal::Unsigned("; a body that is signed in pieces is not signed anew"))
}

/// The hash of a body.
#[must_use]
pub fn hash(body: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(&sha2::Sha256::digest(body))
}

/// What is sent, but for the headers.
pub struct Sent<'s> {
    /// The method.
    pub method: &'s str,
    /// The host as it is named in the request.
    pub host: &'s str,
    /// The path.
    pub path: &'s str,
    /// What stands behind it.
    pub query: &'s str,
    /// What stands for the body.
    pub payload: &'s str,
}

/// Puts a signature with the key in the place of the command's. The id stands in there by now.
///
/// # Errors
/// Where it is none that can be made anew.
pub fn sign(headers: &mut HeaderMap, sent: &Sent, secret: &Secret) -> std::result::Result<(), Refusal> {
    let unknown = Refusal::Unsigned("; it is no signature of version 4");
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(Said::read);
    let said = said.ok_or(unknown)?;
    let at = match headers.get(DATE) {
        Some(value) => value.to_str().ok().and_then(moment).ok_or(unknown)?,
        None => Moment::now(),
    };
    headers.insert(DATE, HeaderValue::from_str(&stamp(at)).map_err(|_| unknown)?);
    let query = pairs(sent.query).ok_or(unknown)?;
    let is_as_sent = PATH_AS_SENT.contains(&&*said.service);
    let path = if is_as_sent { sent.path.to_owned() } else { canonical_path(sent.path) };
    let signature = {
        let is_signed = |name: &HeaderName| {
            said.names.iter().any(|one| one == name.as_str()) || name.as_str().starts_with("x-amz-")
        };
        let named = headers.iter().filter(|(name, _)| *name != header::HOST && is_signed(name));
        let named: Option<Vec<_>> = named.map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        let mut all = named.ok_or(unknown)?;
        all.push(("host", sent.host));
        let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request { method: sent.method, path: &path, query: &query, headers: &all, body: &[] };
        let signer = Signer { id: &said.id, secret, region: &said.region, service: &said.service, at };
        signer.authorize_for(&request, sent.payload)
    };
    let mut value = HeaderValue::from_str(&signature).map_err(|_| unknown)?;
    value.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, value);
    Ok(())
}

/// What a signature says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    id: String,
    region: String,
    service: String,
    /// The headers that were signed.
    names: Vec<String>,
}

impl Said {
    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let part = |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = part("Credential")?.split('/');
        let mut next = || scope.next().map(str::to_owned);
        let (id, _day, region, service, end) = (next()?, next()?, next()?, next()?, next()?);
        let is_service =
            !service.is_empty() && service.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_one = aws::is_region(&region) && is_service && end == "aws4_request" && next().is_none();
        part("Signature")?;
        let names = part("SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect();
        is_one.then_some(Self { id, region, service, names })
    }
}

/// `20150830T123600Z`.
fn moment(text: &str) -> Option<Moment> {
    let digits =
        |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (day, time) = (digits(0, 8)?, digits(9, 15)?);
    if text.len() != 16 || text.get(8..9) != Some("T") || !text.ends_with('Z') {
        return None;
    }
    let text = format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..]);
    text.parse().ok()
}

/// Names and values of a query, not encoded.
fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let some = query.split('&').filter(|pair| !pair.is_empty());
    some.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    })
    .collect()
}

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let number = (*first == b'%').then(|| std::str::from_utf8(after.get(..2)?).ok());
        if let Some(digits) = number {
            bytes.push(u8::from_str_radix(digits?, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
    }

    const OWN: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20110909/us-east-1/service/aws4_request, \
                       SignedHeaders=host;x-gone, Signature=00";

    #[test]
    fn a_request_gets_the_published_signature_whatever_it_was_signed_with() {
        let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
        let mut given = headers(&[("authorization", OWN), ("x-amz-date", "20150830T123600Z"), ("accept", "*/*")]);
        let sent = Sent {
            method: "GET",
            host: "example.amazonaws.com",
            path: "/",
            query: "Param2=value2&Param1=val%75e1",
            payload: &hash(b""),
        };
        sign(&mut given, &sent, &secret).unwrap();
        assert_eq!(
            given["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
    }

    #[test]
    fn what_is_no_signature_of_version_4_is_not_signed() {
        let secret = Secret::new(b"x".to_vec());
        for (authorization, date, query) in [
            ("Bearer AKIDEXAMPLE", "20150830T123600Z", ""),
            (
                "AWS4-ECDSA-P256-SHA256 Credential=A/1/*/s3/aws4_request, SignedHeaders=host, Signature=0",
                "20150830T123600Z",
                "",
            ),
            ("AWS4-HMAC-SHA256 Credential=A/1/us-east-1/s3, SignedHeaders=host, Signature=0", "20150830T123600Z", ""),
            (
                "AWS4-HMAC-SHA256 Credential=A/1/us east/s3/aws4_request, SignedHeaders=host, Signature=0",
                "20150830T123600Z",
                "",
            ),
            (OWN, "2015-08-30T12:36:00Z", ""),
            (OWN, "20151330T123600Z", ""),
            (OWN, "", ""),
            (OWN, "20150830T123600Z", "a=%zz"),
            (OWN, "20150830T123600Z", "a=%ff"),
            (OWN, "20150830T123600Z", "a=%"),
        ] {
            let mut given = headers(&[("authorization", authorization), ("x-amz-date", date)]);
            let sent = Sent { method: "GET", host: "h", path: "/", query, payload: "UNSIGNED-PAYLOAD" };
            assert!(
                matches!(sign(&mut given, &sent, &secret), Err(Refusal::Unsigned(_))),
                "{authorization} {date} {query}"
            );
            assert_eq!(given["authorization"], authorization);
        }
    }

    #[test]
    fn what_stands_for_a_body_is_kept_or_it_is_refused() {
        let of = |text: &str| payload(&headers(&[("x-amz-content-sha256", text)]));
        for kept in [&*hash(b"x"), "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
            assert_eq!(of(kept), Ok(Some(kept.to_owned())));
        }
        for refused in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-EVENTS", "", "abc"] {
            assert!(matches!(of(refused), Err(Refusal::Unsigned(_))), "{refused}");
        }
        assert_eq!(payload(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn an_address_that_is_signed_itself_is_known() {
        assert!(is_presigned("a=b&X-Amz-Signature=00") && is_presigned("x-amz-signature=0"));
        assert!(!is_presigned("") && !is_presigned("x-amz-signatures=0"));
    }
}
