//! Which system this is: a home that was copied to another one is told by that.

/// The number that the system was given when it was set up; none where it cannot be read without asking another program.
#[must_use]
pub fn system_id() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    read(&std::fs::read_to_string("/etc/machine-id").ok()?)
}

/// In a system that is being set up, and in many containers, there is a word in its place, or nothing.
fn read(text: &str) -> Option<String> {
    let number = text.trim();
    (number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_number_is_one() {
        let number = "0123456789abcdef0123456789abcdef";
        assert_eq!(super::read(&format!("{number}\n")).as_deref(), Some(number));
        assert!(["", "uninitialized\n", "0123"].iter().all(|text| super::read(text).is_none()));
    }
}
