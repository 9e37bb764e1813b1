//! Many patterns in one text. In a list of texts each stands with its address, and a program that may lie anywhere corrects
//! every address at each start, page by page: these lists alone would be a tenth of all that it corrects.

/// Patterns, one behind the other, and where each ends.
#[derive(Clone, Copy)]
pub(in crate::profile) struct Patterns {
    text: &'static str,
    ends: &'static [u16],
}

/// The patterns that are written here.
macro_rules! patterns {
    ($($pattern:literal),* $(,)?) => {{
        const ENDS: &[u16] = &$crate::profile::variables::patterns::ends([$($pattern),*]);
        $crate::profile::variables::patterns::Patterns::new(concat!($($pattern),*), ENDS)
    }};
}
pub(in crate::profile) use patterns;

/// Where each of these ends in what they are together.
pub(in crate::profile) const fn ends<const COUNT: usize>(patterns: [&str; COUNT]) -> [u16; COUNT] {
    let (mut ends, mut end, mut at) = ([0; COUNT], 0, 0);
    while at < COUNT {
        end += patterns[at].len();
        assert!(end <= u16::MAX as usize, "longer than their ends can say");
        let [low, high, ..] = end.to_le_bytes();
        ends[at] = u16::from_le_bytes([low, high]);
        at += 1;
    }
    ends
}

impl Patterns {
    pub(in crate::profile) const fn new(text: &'static str, ends: &'static [u16]) -> Self {
        Self { text, ends }
    }

    /// How many they are.
    pub(super) const fn count(self) -> usize {
        self.ends.len()
    }

    /// The first byte of one of them.
    pub(super) const fn first_byte(self, at: usize) -> u8 {
        self.text.as_bytes()[self.begin(at)]
    }

    const fn begin(self, at: usize) -> usize {
        if at == 0 { 0 } else { self.ends[at - 1] as usize }
    }

    /// Each of them.
    pub(in crate::profile) fn iter(self) -> impl Iterator<Item = &'static str> {
        (0..self.count()).map(move |at| self.at(at))
    }

    /// One of them.
    pub(super) fn at(self, at: usize) -> &'static str {
        &self.text[self.begin(at)..usize::from(self.ends[at])]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_pattern_is_what_was_written() {
        let some = patterns!["LD_*", "A", "*_PATH"];
        assert_eq!(some.iter().collect::<Vec<_>>(), ["LD_*", "A", "*_PATH"]);
        assert_eq!((some.count(), some.first_byte(0), some.first_byte(2)), (3, b'L', b'*'));
        assert_eq!(patterns![].iter().count(), 0);
    }
}
