//! HTML in the making. Markup is what stands in the source; all else is text and gets in escaped, and no other way.

use std::fmt::Write as _;

use crate::plain::printable;

/// How many characters of a name are shown; a program's may have thousands.
const LONGEST: usize = 120;

/// A page while it is written.
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Self {
        Self(String::new())
    }

    /// Adds markup.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, for between tags or in quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in printable(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds a name that others have chosen: apart from the text around it, whichever way it is written, and cut in its
    /// middle where it is very long.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.raw("<bdi>");
        match name.chars().count() {
            ..=LONGEST => self.text(name),
            length => {
                let begin: String = name.chars().take(LONGEST / 2).collect();
                let end: String = name.chars().skip(length - LONGEST / 2).collect();
                self.text(&begin).text("…").text(&end)
            }
        }
        .raw("</bdi>")
    }

    /// Adds a number, in groups of three digits.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.text(&super::super::grouped(number))
    }

    /// Adds a place or a length in hundredths.
    pub(super) fn place(&mut self, place: f64) -> &mut Self {
        let _ = write!(self.0, "{place:.2}%");
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(write: impl Fn(&mut Html)) -> String {
        let mut html = Html::new();
        write(&mut html);
        html.finish()
    }

    #[test]
    fn markup_in_a_text_is_text() {
        let hostile = "<script>alert(\"x\")</script>&'\u{202e}\u{0}";
        let escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;\\u{202e}\\u{0}";
        assert_eq!(html(|html| _ = html.text(hostile)), escaped);
        assert_eq!(html(|html| _ = html.name(hostile)), format!("<bdi>{escaped}</bdi>"));
    }

    #[test]
    fn a_very_long_name_is_cut_in_its_middle() {
        let long = format!("begin{}end", "ä".repeat(9_000));
        let shown = html(|html| _ = html.name(&long));
        assert!(shown.starts_with("<bdi>begin") && shown.ends_with("end</bdi>") && shown.contains('…'), "{shown}");
        assert_eq!(shown.chars().count(), LONGEST + 1 + "<bdi></bdi>".len());
        let short = "x".repeat(LONGEST);
        assert_eq!(html(|html| _ = html.name(&short)), format!("<bdi>{short}</bdi>"));
    }

    proptest! {
        #[test]
        fn no_text_opens_or_closes_anything(text in any::<String>()) {
            let shown = html(|html| _ = html.text(&text));
            prop_assert!(!shown.contains(['<', '>', '"', '\'']));
        }
    }
}
