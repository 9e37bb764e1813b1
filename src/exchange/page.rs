//! The bytes of an export while they are written: a buffer that leaves no copy behind.
//!
//! A vector that grows gives its former memory back with the secrets still in it. This one begins with room for what is
//! usual and, where that is not enough, moves to a larger one and wipes the former.

use zeroize::Zeroizing;

use crate::{name::VariableName, secret::Secret};

/// What one variable costs beside its name and its value, at most in the usual case.
const AROUND: usize = 128;

/// A buffer that is wiped, wherever it has been.
pub(super) struct Page(Zeroizing<Vec<u8>>);

impl Page {
    /// An empty page with room for these pairs, quoted.
    pub(super) fn with_room_for(pairs: &[(VariableName, &Secret)]) -> Self {
        let room: usize = pairs.iter().map(|(name, value)| name.as_str().len() + 2 * value.len() + AROUND).sum();
        Self(Zeroizing::new(Vec::with_capacity(room + AROUND)))
    }

    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed * 2));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Adds text.
    pub(super) fn text(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    /// Adds a character.
    pub(super) fn char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// What was written.
    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_that_outgrows_its_room_keeps_what_it_held() {
        let mut page = Page::with_room_for(&[]);
        for _ in 0..1000 {
            page.text("ab");
            page.char('é');
        }
        assert!(*page.finish() == "abé".repeat(1000).into_bytes());
    }
}
