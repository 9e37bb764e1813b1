//! Writing JSON that holds secrets, in memory that is wiped: a vector that grows leaves behind what it held, so there is room
//! first.

use zeroize::Zeroizing;

/// A JSON text that is put together of pieces, in memory that is wiped.
pub struct Writing(Zeroizing<Vec<u8>>);

impl Writing {
    /// Room for so many bytes; see [`room_for`].
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room)))
    }

    /// Adds what is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.grow(json.len());
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Adds a text as a string.
    pub fn text(&mut self, text: &str) {
        self.grow(room_for(text.len()));
        serde_json::to_writer(&mut *self.0, text).expect("a vector takes everything");
    }

    /// The whole.
    #[must_use]
    pub fn done(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// More room where there is not enough: into a new place, and the old one is wiped.
    fn grow(&mut self, more: usize) {
        if self.0.capacity() - self.0.len() >= more {
            return;
        }
        let mut larger = Vec::with_capacity((self.0.len() + more) * 2);
        larger.extend_from_slice(&self.0);
        self.0 = Zeroizing::new(larger);
    }
}

/// The most bytes that a string takes of a text of so many: each a `\u00XX`, and the quotes.
#[must_use]
pub fn room_for(length: usize) -> usize {
    length * 6 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::decoded;

    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in ["", "plain", "a\"b\\c", "\u{0}\u{1f}\n\r\t", "ä🔑\u{2028}", "\\u0041", "\u{7f}"] {
            let mut writing = Writing::with_room(0);
            writing.text(text);
            let json = String::from_utf8(writing.done().to_vec()).expect("text");
            assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
            assert_eq!(decoded(&json).expect("whole"), text.as_bytes());
        }
    }

    #[test]
    fn pieces_stand_behind_each_other_however_little_room_there_was() {
        let mut writing = Writing::with_room(3);
        writing.raw("{");
        writing.text("a");
        writing.raw(":[1,2]}");
        assert_eq!(*writing.done(), b"{\"a\":[1,2]}");
    }
}
