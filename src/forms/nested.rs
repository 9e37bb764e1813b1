//! What stands in JSON that is put into JSON once more: logs do so with what they are given.

use super::{Form, QUOTED, STYLES, Written};

/// How many bytes all that [`write_nested`] writes of a secret takes at most.
pub(crate) fn nested_room(secret: &[u8]) -> usize {
    let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let changed = secret.len() - secret.iter().filter(plain).count();
    // Each becomes six bytes at most, of which one has a backslash before it, or five of which two do.
    if changed == 0 { 0 } else { (STYLES.len() + QUOTED.len()) * (secret.len() + 7 * changed) }
}

/// Writes what becomes of these forms as a string within JSON is put into JSON once more.
pub(crate) fn write_nested(text: &mut Vec<u8>, done: &mut Vec<Written>) {
    for number in 0..done.len() {
        let Written { form: Form::Escaped, at: from, length, .. } = done[number] else { continue };
        let at = text.len();
        for place in from..from + length {
            match text[place] {
                byte @ (b'\\' | b'"') => text.extend_from_slice(&[b'\\', byte]),
                b'\n' => text.extend_from_slice(b"\\n"),
                b'\r' => text.extend_from_slice(b"\\r"),
                b'\t' => text.extend_from_slice(b"\\t"),
                byte => text.push(byte),
            }
        }
        let length = text.len() - at;
        done.push(Written { form: Form::Escaped, at, length, scale: None, mark: length, apart: 0 });
    }
}
