//! A form (`application/x-www-form-urlencoded`) that may hold a secret: wiped, and written into room that is there from the start.

use std::fmt::Write as _;

use zeroize::Zeroizing;

/// The content type of one.
pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The fields, encoded down to the unreserved characters.
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let room: usize = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut form = Zeroizing::new(String::with_capacity(room));
    for (at, (name, value)) in fields.iter().enumerate() {
        form.push_str(if at == 0 { "" } else { "&" });
        encode(&mut form, name);
        form.push('=');
        encode(&mut form, value);
    }
    form
}

fn encode(form: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => form.push(byte.into()),
            _ => {
                let _ = write!(form, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn a_form_is_encoded_in_the_room_that_it_has() {
        let form = form(&[("a", "b c&d=é"), ("e.f", "")]);
        assert_eq!(*form, "a=b%20c%26d%3D%C3%A9&e.f=");
        assert!(form.capacity() < 60);
    }
}
