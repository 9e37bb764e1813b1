//! Where something stands in a store's text.
//!
//! memchr is the fastest at that, and asks the processor first what it can do. Where that is a virtual one each answer comes
//! from the machine below it: the nine of them took as long as reading ten times the text of a usual store. So a short text is
//! gone through a word at a time, and only a long one is worth asking for.

use memchr::{arch::all::memchr::One, memmem};

/// Up to here a text is short: some hundred keys.
const SHORT: usize = 64 * 1024;

/// What is searched for, made for one text.
pub struct Mark {
    bytes: &'static [u8],
    fast: Option<memmem::Finder<'static>>,
}

impl Mark {
    /// It in a text of this length; there is at least one character in it.
    pub fn within(length: usize, mark: &'static str) -> Self {
        Self { bytes: mark.as_bytes(), fast: (length > SHORT).then(|| memmem::Finder::new(mark)) }
    }

    /// Where it stands first.
    pub fn find(&self, text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        match &self.fast {
            Some(finder) => finder.find(bytes),
            None => One::new(self.bytes[0]).iter(bytes).find(|at| bytes[*at..].starts_with(self.bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, SHORT};

    #[test]
    fn short_and_long_texts_are_searched_alike() {
        for (text, mark, at) in [
            ("", "\n[", None),
            ("[a]\n", "\n[", None),
            ("a\n[b]\n[c]\n", "\n[", Some(1)),
            ("\n\n\n[", "\n[", Some(2)),
            ("a = \"\"\nb = \"\"\"", "\"\"\"", Some(11)),
            ("\"\"", "\"\"\"", None),
        ] {
            assert_eq!(Mark::within(text.len(), mark).find(text), at, "{text:?}");
            assert_eq!(Mark::within(SHORT + 1, mark).find(text), at, "{text:?}");
        }
    }
}
