//! The end that a key carries in itself, read off without asking anybody. It is not proven: a signature is the issuer's
//! to check, and whoever made the text could have written any date into it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::tz::TimeZone;
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::date::{Moment, written};

/// The most bytes that are looked at. What goes into a request's header is shorter: servers take 8 KiB to 16 KiB.
const LONGEST: usize = 16 * 1024;
/// 2000-01-01T00:00:00Z. Before it no key ended; a smaller number counts something else.
const FIRST: i64 = 946_684_800;
/// 9999-01-01T00:00:00Z. From here on it is how issuers write "never", or a count of milliseconds.
const NEVER: i64 = 253_370_764_800;

/// The end that a key names.
pub(super) fn of(key: &[u8]) -> Option<Moment> {
    let key = Some(key).filter(|key| key.len() <= LONGEST)?;
    let end = json_web_token(key).or_else(|| shared_access_signature(std::str::from_utf8(key).ok()?))?;
    Some(end).filter(|end| (FIRST..NEVER).contains(&end.seconds()))
}

/// The `exp` of a JSON Web Token (RFC 7519): seconds since 1970, also with a fraction, of which only whole ones count.
fn json_web_token(key: &[u8]) -> Option<Moment> {
    #[derive(Deserialize)]
    struct Header {
        #[serde(rename = "alg")]
        _alg: String,
    }
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let mut parts = key.split(|byte| *byte == b'.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || signature.is_empty() {
        return None;
    }
    Zeroizing::new(URL_SAFE_NO_PAD.decode(signature).ok()?);
    let _: Header = json(header)?;
    let Claims { exp } = json(claims)?;
    #[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off; beyond the largest is out of bounds")]
    Some(Moment::from_seconds(exp as i64))
}

fn json<T: DeserializeOwned>(part: &[u8]) -> Option<T> {
    let text = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    // An array would be taken for its fields in their order. The reason why a text cannot be read would quote it.
    text.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(&text).ok())?
}

/// The `se` of an Azure shared access signature, alone, in a URL or in a connection string. Storage (`sv`) writes a date
/// or a moment of ISO 8601 in UTC, Service Bus, Event Hubs and such (`sr` without `sv`) seconds since 1970.
fn shared_access_signature(key: &str) -> Option<Moment> {
    const NAME: &str = "SharedAccessSignature";
    let text = key.find(NAME).map_or(key, |at| key[at + NAME.len()..].trim_start_matches(['=', ' ']));
    let query = text.split_once('?').map_or(text, |(_, query)| query).split([';', '#']).next()?;
    let field = |name: &str| {
        let mut found = query.split('&').filter_map(|field| field.split_once('=')).filter(|(known, _)| *known == name);
        let (_, value) = found.next()?;
        // Written twice it is not known which of the two counts.
        (found.next().is_none() && !value.is_empty()).then_some(value)
    };
    let (end, _) = (field("se")?, field("sig")?);
    if field("sv").is_none() {
        field("sr")?;
        return end.bytes().all(|byte| byte.is_ascii_digit()).then(|| end.parse().ok())?.map(Moment::from_seconds);
    }
    let end = end.replace("%3A", ":").replace("%3a", ":").replace("%2B", "+").replace("%2b", "+");
    let is_a_date = end.as_bytes().get(4) == Some(&b'-');
    is_a_date.then(|| written::read(&end, Moment::from_seconds(FIRST), &TimeZone::UTC).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token_of(header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.c2lnbmF0dXJl")
    }

    fn token(claims: &str) -> String {
        token_of(r#"{"alg":"HS256","typ":"JWT"}"#, claims)
    }

    fn end(key: &str) -> Option<String> {
        of(key.as_bytes()).map(|end| end.to_string())
    }

    #[test]
    fn a_web_token_says_its_end_in_seconds() {
        for (claims, read) in [
            (r#"{"exp":1800000000}"#, Some("2027-01-15T08:00:00Z")),
            (r#"{"sub":"é","exp":1800000000.999,"iat":1}"#, Some("2027-01-15T08:00:00Z")),
            (r#"{"exp":1.8e9}"#, Some("2027-01-15T08:00:00Z")),
            (r#"{"a":{"exp":"x"},"exp":1800000000}"#, Some("2027-01-15T08:00:00Z")),
            (r#"{"exp":"1800000000"}"#, None),
            (r#"{"exp":null}"#, None),
            (r#"{"exp":1800000000,"exp":1900000000}"#, None),
            (r#"{"exp":1800000000000}"#, None),
            (r#"{"exp":-1}"#, None),
            (r#"{"exp":1e400}"#, None),
            (r#"{"exp":18446744073709551616}"#, None),
            (r#"{"exp":1800000000"#, None),
            (r#"{"nbf":1800000000}"#, None),
            ("[1800000000]", None),
        ] {
            assert_eq!(end(&token(claims)).as_deref(), read, "{claims}");
        }
    }

    #[test]
    fn an_end_is_a_moment_of_the_years_2000_to_9998() {
        for (seconds, read) in [
            ("946684799", None),
            ("946684799.999", None),
            ("946684800", Some("2000-01-01T00:00:00Z")),
            ("253370764799", Some("9998-12-31T23:59:59Z")),
            ("253370764799.5", Some("9998-12-31T23:59:59Z")),
            ("253370764800", None),
        ] {
            assert_eq!(end(&token(&format!(r#"{{"exp":{seconds}}}"#))).as_deref(), read, "{seconds}");
        }
        for (date, read) in [
            ("1999-12-31T23:59:59Z", None),
            ("2000-01-01T00:00:00Z", Some("2000-01-01T00:00:00Z")),
            ("9998-12-31T23:59:59Z", Some("9998-12-31T23:59:59Z")),
            ("9999-01-01T00:00:00Z", None),
            ("9999-12-31", None),
        ] {
            assert_eq!(end(&format!("sv=2024-11-04&se={date}&sig=c2ln")).as_deref(), read, "{date}");
        }
    }

    #[test]
    fn what_is_no_web_token_has_no_end() {
        let good = token(r#"{"exp":1800000000}"#);
        assert!(end(&good).is_some());
        for bad in [
            good.replace("c2lnbmF0dXJl", ""),
            good.replace("c2lnbmF0dXJl", "c2ln.bmF0"),
            good.replace("c2lnbmF0dXJl", "c2ln+mF0"),
            good.replacen('.', ",", 1),
            good.rsplit_once('.').expect("three").0.to_owned(),
            format!(" {good}"),
            format!("{good}\n"),
            token_of(r#"{"typ":"JWT"}"#, r#"{"exp":1800000000}"#),
            token_of(r#"{"alg":1}"#, r#"{"exp":1800000000}"#),
            token_of("alg", r#"{"exp":1800000000}"#),
            r#"{"alg":"HS256"}.{"exp":1800000000}.x"#.to_owned(),
            "..".to_owned(),
            String::new(),
        ] {
            assert_eq!(end(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_longer_than_16_kib_is_not_looked_at() {
        let of_length = |length: usize| {
            let heads = (0..4).map(|pad| token(&format!(r#"{{"exp":1800000000,"p":"{}"}}"#, "x".repeat(pad))));
            let heads = heads.map(|token| token.rsplit_once('.').expect("three").0.to_owned() + ".");
            // Four characters of base 64 hold three bytes; one left over holds none.
            let head = heads.into_iter().find(|head| (length - head.len()) % 4 != 1).expect("one of four");
            format!("{head}{}", "A".repeat(length - head.len()))
        };
        assert_eq!((of_length(LONGEST).len(), of_length(LONGEST + 1).len()), (16_384, 16_385));
        assert!(end(&of_length(LONGEST)).is_some());
        assert!(end(&of_length(LONGEST + 1)).is_none());
        let signature = |length: usize| "sv=2024-11-04&se=2027-01-31&sig=".to_owned() + &"a".repeat(length - 32);
        assert!(end(&signature(LONGEST)).is_some());
        assert!(end(&signature(LONGEST + 1)).is_none());
    }

    #[test]
    fn a_shared_access_signature_says_its_end_wherever_it_stands() {
        let there = Some("2027-01-31T12:30:00Z");
        for (key, read) in [
            ("sv=2024-11-04&ss=b&se=2027-01-31T12%3A30%3A00Z&sig=a%2Fb%3D", there),
            ("?sv=2024-11-04&ss=b&se=2027-01-31T12:30:00Z&sig=a", there),
            (
                "https://a.blob.core.windows.net/c?sp=r&st=2026-01-31&se=2027-01-31T12:30Z&sv=2024-11-04&sr=c&sig=a",
                there,
            ),
            ("https://a.blob.core.windows.net/c?se=2027-01-31T14%3a30%3a00%2B02%3a00&sv=2024-11-04&sig=a#x", there),
            (
                "BlobEndpoint=https://a.net/;SharedAccessSignature=sv=2024-11-04&se=2027-01-31T12:30:00Z&sig=a;X=y",
                there,
            ),
            ("sv=2024-11-04&se=2027-01-31&sig=a", Some("2027-01-31T00:00:00Z")),
            ("SharedAccessSignature sr=a.net&sig=a%3D&se=1801398600&skn=n", there),
            ("sr=a.net&sig=a%3D&se=1801398600", there),
            // Neither kind's way to write it.
            ("sv=2024-11-04&se=1801398600&sig=a", None),
            ("sr=a.net&se=2027-01-31&sig=a", None),
            ("sv=2024-11-04&se=90d&sig=a", None),
            ("sr=a.net&se=+1801398600&sig=a", None),
            // Not one at all.
            ("se=2027-01-31&sig=a", None),
            ("se=1801398600&sig=a", None),
            ("sv=2024-11-04&se=2027-01-31", None),
            ("sv=2024-11-04&se=2027-01-31&sig=", None),
            ("sv=2024-11-04&se=2027-01-31&se=2028-01-31&sig=a", None),
            ("sv=2024-11-04&xse=2027-01-31&sig=a", None),
        ] {
            assert_eq!(end(key).as_deref(), read, "{key}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
            let _ = of(&bytes);
            let _ = of(text.as_bytes());
            let _ = of(token(&text).as_bytes());
            let _ = of(format!("sv=1&se={text}&sig=a").as_bytes());
            let _ = of(format!("SharedAccessSignature{text}").as_bytes());
        }

        #[test]
        fn every_second_in_bounds_is_read_off(seconds in FIRST..NEVER) {
            let read = of(token(&format!(r#"{{"exp":{seconds}}}"#)).as_bytes());
            prop_assert_eq!(read, Some(Moment::from_seconds(seconds)));
        }
    }
}
