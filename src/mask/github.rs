//! Telling GitHub Actions what to mask in its log. By its design these lines hold the secret: the runner takes them out of the
//! log, and replaces what they name from then on. So they are written there alone, and only where masking is asked for.
//!
//! The format is that of GitHub's workflow commands ("Masking a value in a log", docs.github.com): `%`, CR and LF are escaped.

use zeroize::Zeroizing;

use super::{SHORTEST, SHORTEST_LINE, json};
use crate::secret::Secret;

/// The lines for these secrets: each as a whole and, where it has several lines or is JSON, each of those and of its texts. What is so short that it stands
/// anywhere is left out, or the log would be unreadable.
#[must_use]
pub fn lines<'s>(secrets: impl Iterator<Item = &'s Secret> + Clone) -> Zeroizing<Vec<u8>> {
    // Room for all from the start: each byte may become three, as a whole, in a line, in a text of JSON and in a line of that.
    // A line has twelve bytes at least, and takes as many more.
    let room = secrets.clone().map(|secret| 16 * secret.len() + 64).sum::<usize>();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    for secret in secrets {
        let whole = secret.expose().trim_ascii_end();
        if whole.len() >= SHORTEST {
            line(whole, &mut text);
        }
        lines_to_tell(whole, &mut text);
        for found in json::secrets(whole) {
            line(found.trim_ascii(), &mut text);
            lines_to_tell(&found, &mut text);
        }
    }
    text
}

fn lines_to_tell(secret: &[u8], text: &mut Vec<u8>) {
    let lines = super::lines(secret);
    if lines.len() > 1 {
        let lines = lines.into_iter().map(<[u8]>::trim_ascii);
        let told = lines.filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with(b"-----"));
        told.for_each(|part| line(part, text));
    }
}

fn line(value: &[u8], text: &mut Vec<u8>) {
    text.extend_from_slice(b"::add-mask::");
    for byte in value {
        match byte {
            b'%' => text.extend_from_slice(b"%25"),
            b'\r' => text.extend_from_slice(b"%0D"),
            b'\n' => text.extend_from_slice(b"%0A"),
            _ => text.push(*byte),
        }
    }
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_and_each_of_its_lines_is_named_in_the_runners_way() {
        let secrets = ["50%off-3Hq9ZbT7", "short", "-----BEGIN X-----\r\n3Hq9ZbT7mWx2Lc\r\nab\r\n"]
            .map(|text| Secret::new(text.as_bytes().to_vec()));
        assert_eq!(
            String::from_utf8_lossy(&lines(secrets.iter())),
            "::add-mask::50%25off-3Hq9ZbT7\n\
             ::add-mask::-----BEGIN X-----%0D%0A3Hq9ZbT7mWx2Lc%0D%0Aab\n\
             ::add-mask::3Hq9ZbT7mWx2Lc\n"
        );
    }
}
