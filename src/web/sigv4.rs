//! AWS Signature Version 4: how a request proves that its sender knows the secret, without carrying it.
//!
//! The steps and their names are those of the IAM User Guide, "Create a signed AWS API request".

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::{date::Moment, hex, secret::Secret};

/// The algorithm's name, as it begins the string to sign and the `Authorization` header.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is signed of a request.
pub struct Request<'r> {
    /// `GET` or `POST`.
    pub method: &'r str,
    /// The path as it is signed: what [`canonical_path`] makes of the one that is sent.
    pub path: &'r str,
    /// Names and values of the query, not encoded.
    pub query: &'r [(&'r str, &'r str)],
    /// Every header that counts, in any order and case: `host` and `x-amz-date` must be among them.
    pub headers: &'r [(&'r str, &'r str)],
    /// The body as it is sent.
    pub body: &'r [u8],
}

/// Who signs, for which service in which region, and when.
pub struct Signer<'s> {
    /// The access key's public half.
    pub id: &'s str,
    /// Its secret half.
    pub secret: &'s Secret,
    /// As in `us-east-1`.
    pub region: &'s str,
    /// As in `iam`.
    pub service: &'s str,
    /// The moment that `x-amz-date` names.
    pub at: Moment,
}

/// A moment as `x-amz-date` has it: `20150830T123600Z`.
#[must_use]
pub fn stamp(at: Moment) -> String {
    at.to_string().replace(['-', ':'], "")
}

/// Percent-encodes all but the unreserved characters of RFC 3986, with capital hexadecimal digits, as AWS wants both
/// queries and forms.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// The path that is signed, for one that is sent: without empty parts, `.` and `..`, and with each part encoded once more, as
/// all services want it but S3, which takes it as it is sent.
#[must_use]
pub fn canonical_path(sent: &str) -> String {
    encoded_again(&normal(sent))
}

/// The path without empty parts, `.` and `..` (RFC 3986, 6.2.2.3); whether it ends with `/` stays.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

fn encoded_again(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

impl Signer<'_> {
    /// The value of the `Authorization` header.
    #[must_use]
    pub fn authorize(&self, request: &Request) -> String {
        self.authorize_for(request, &hex::encode(&Sha256::digest(request.body)))
    }

    /// The same for a body that is not here: with its hash, or with what stands for one that is not hashed.
    #[must_use]
    pub fn authorize_for(&self, request: &Request, payload: &str) -> String {
        let canonical = request.canonical(payload);
        let signature = hex::encode(&mac(&self.key(), self.string_to_sign(&canonical).as_bytes()));
        format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.id,
            self.scope(),
            request.signed_headers()
        )
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day(), self.region, self.service)
    }

    fn day(&self) -> String {
        stamp(self.at)[..8].to_owned()
    }

    fn string_to_sign(&self, canonical: &str) -> String {
        format!("{ALGORITHM}\n{}\n{}\n{}", stamp(self.at), self.scope(), hex::encode(&Sha256::digest(canonical)))
    }

    /// The key of this day, region and service. Of the secret itself no copy stays: its first use is wiped here.
    fn key(&self) -> [u8; 32] {
        let mut start = zeroize::Zeroizing::new(Vec::with_capacity(4 + self.secret.len()));
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(self.secret.expose());
        let day = mac(&start, self.day().as_bytes());
        let region = mac(&day, self.region.as_bytes());
        let service = mac(&region, self.service.as_bytes());
        mac(&service, b"aws4_request")
    }
}

impl Request<'_> {
    fn canonical(&self, payload: &str) -> String {
        let mut query: Vec<_> = self.query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
        query.sort();
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut canonical = format!("{}\n{}\n{}\n", self.method, self.path, query.join("&"));
        for (name, value) in self.sorted_headers() {
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{}\n{payload}", self.signed_headers());
        canonical
    }

    fn signed_headers(&self) -> String {
        self.sorted_headers().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(";")
    }

    /// Names in lower case, in order, each once; values trimmed, with single spaces, several joined by commas.
    fn sorted_headers(&self) -> Vec<(String, String)> {
        let mut sorted: Vec<(String, String)> = Vec::new();
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            match sorted.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                None => sorted.push((name, value)),
            }
        }
        sorted.sort();
        sorted
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("Host", "example.amazonaws.com");
    const DATE: (&str, &str) = ("X-Amz-Date", "20150830T123600Z");

    fn with_signer<T>(act: impl FnOnce(&Signer) -> T) -> T {
        // AWS's own example key, which the published vectors are made with.
        let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
        let at = "2015-08-30T12:36:00Z".parse().expect("a moment");
        act(&Signer { id: "AKIDEXAMPLE", secret: &secret, region: "us-east-1", service: "service", at })
    }

    #[test]
    fn every_step_of_a_form_is_as_aws_published_it() {
        let request = Request {
            method: "POST",
            path: "/",
            query: &[],
            headers: &[DATE, ("Content-Type", "application/x-www-form-urlencoded; charset=utf8"), HOST],
            body: b"Param1=value1",
        };
        let canonical = "POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf8\n\
                         host:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n\
                         9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        assert_eq!(request.canonical(&hex::encode(&Sha256::digest(request.body))), canonical);
        with_signer(|signer| {
            assert_eq!(
                signer.string_to_sign(canonical),
                "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n\
                 2e1cf7ed91881a30569e46552437e4156c823447bf1781b921b5d486c568dd1c"
            );
            assert_eq!(
                signer.authorize(&request),
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"
            );
        });
    }

    #[test]
    fn the_published_requests_get_the_published_signatures() {
        type Pairs = &'static [(&'static str, &'static str)];
        const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let vectors: &[(&str, &str, Pairs, Pairs, &str)] = &[
            ("GET", "/", &[], &[], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "GET",
                "/",
                &[("Param2", "value2"), ("Param1", "value1")],
                &[],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "/",
                &[(UNRESERVED, UNRESERVED)],
                &[],
                "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
            ),
            ("GET", "/%E1%88%B4", &[], &[], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            (
                "GET",
                "/",
                &[],
                &[("My-Header2", " \"a   b   c\""), ("My-Header1", " value1")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
            (
                "POST",
                "/",
                &[],
                &[("My-Header1", "value1")],
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "POST",
                "/",
                &[("Param1", "value1")],
                &[],
                "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            ),
        ];
        for (method, path, query, more, signature) in vectors {
            let headers: Vec<_> = [DATE, HOST].iter().chain(more.iter()).copied().collect();
            let request = Request { method, path, query, headers: &headers, body: b"" };
            let made = with_signer(|signer| signer.authorize(&request));
            assert!(made.ends_with(&format!("Signature={signature}")), "{method} {path} {query:?} {more:?}: {made}");
        }
    }

    #[test]
    fn a_form_is_encoded_down_to_the_unreserved_characters() {
        assert_eq!(encode("a b/c+d=é~"), "a%20b%2Fc%2Bd%3D%C3%A9~");
    }
}
