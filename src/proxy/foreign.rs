//! Keys that are not of this run: with somebody else's, what the command knows could be carried to where the host's rule leads,
//! into an account of theirs. So a strict run lets no request through that shows one, where APIs usually take them: in a header
//! or in the address. What looks like no key, such as a cookie, and what stands in a body is not told apart.

use hyper::{
    HeaderMap,
    header::{self, HeaderName},
};

use super::{gate::Asked, inject};

/// How the names of headers end that APIs take keys in.
const HEADERS: &[&str] = &[
    "api-key",
    "apikey",
    "access-token",
    "auth-token",
    "api-token",
    "private-token",
    "job-token",
    "vault-token",
    "security-token",
    "auth-key",
    "subscription-key",
];
/// The parameters of an address that APIs take keys in.
const PARAMETERS: &[&str] =
    &["api_key", "api-key", "apikey", "access_token", "auth_token", "private_token", "job_token", "x-amz-signature"];
/// Where the name of that is a common one.
const GOOGLES: (&str, &str) = ("googleapis.com", "key");

/// Whether a request shows a key where none of these placeholders stands.
#[must_use]
pub fn is_any(asked: &Asked, headers: &HeaderMap, placeholders: &[&str]) -> bool {
    let in_header = headers.iter().any(|(name, value)| {
        carries_a_key(name)
            && !inject::is_name_alone(value.as_bytes())
            && !inject::has_any(value.as_bytes(), placeholders)
    });
    in_header || asked.query.split('&').any(|pair| is_key(pair, asked.host))
}

/// Whether APIs take keys in this header.
fn carries_a_key(name: &HeaderName) -> bool {
    let text = name.as_str();
    *name == header::AUTHORIZATION || text == "x-goog-api-key" || HEADERS.iter().any(|part| text.ends_with(part))
}

/// Whether this part of an address is a key's.
fn is_key(pair: &str, host: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = decoded(name);
    let of_google = || host.ends_with(GOOGLES.0) && name == GOOGLES.1;
    !value.is_empty() && (PARAMETERS.contains(&name.as_str()) || of_google())
}

/// A name in small letters, and what is written by its number as it is.
fn decoded(name: &str) -> String {
    let mut parts = name.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii);
        match number {
            Some(number) => {
                text.push(char::from(number));
                text.push_str(&part[2..]);
            }
            None => text.extend(["%", part]),
        }
    }
    text.make_ascii_lowercase();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_takes_a_key_is_known_however_it_is_written_and_no_other_is() {
        for (pair, host, is_one) in [
            ("api_key=x", "a.example", true),
            ("API%5fKEY=x", "a.example", true),
            ("%61ccess_token=x", "a.example", true),
            ("key=x", "generativelanguage.googleapis.com", true),
            ("k%65y=x", "generativelanguage.googleapis.com", true),
            ("key=x", "a.example", false),
            ("page_token=x", "a.example", false),
            ("api_key=", "a.example", false),
            ("%", "a.example", false),
            ("%zz%4=x", "a.example", false),
        ] {
            assert_eq!(is_key(pair, host), is_one, "{pair}");
        }
    }
}
