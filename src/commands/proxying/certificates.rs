//! The certificates that a command is to trust: what the system trusts, and the authority of its run.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How long a line of PEM is (RFC 7468).
const LINE: usize = 64;

/// All of them as PEM.
#[must_use]
pub fn with_systems(own: &str) -> String {
    let mut text = own.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    // What cannot be read is not trusted.
    for certificate in rustls_native_certs::load_native_certs().certs {
        let letters = STANDARD.encode(&certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in letters.as_bytes().chunks(LINE) {
            let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}
