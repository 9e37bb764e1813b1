//! What the history comes to: counted once, and shown as a page for a browser or as a heat map on a terminal.
//!
//! - tally.rs counts the entries as they come; what it holds grows with the days, keys, programs and folders, and with what
//!   happened to keys, and not with their uses.
//! - levels.rs makes shades of numbers, and weeks of days; page and terminal show the same.
//! - lives.rs puts a key's dates from store and history on one line of time.
//! - page.rs writes HTML; what came from outside can only get into it escaped (page/html.rs).
//! - graph.rs writes lines of text.
//!
//! Names, programs and folders come in, never a secret: no part of this takes one.

mod graph;
mod levels;
mod lives;
mod page;
mod tally;

pub use graph::{Drawn, Strokes, draw};
pub use lives::{Life, Term};
pub use page::{Made, write};
pub use tally::{By, Change, Note, Notes, Tally, Usage};

/// A count with its noun, in groups of three digits: `1 use`, `12,480 uses`.
fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_read_in_groups_of_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(super::grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 2_000].map(|number| super::counted(number, "use")), ["0 uses", "1 use", "2,000 uses"]);
    }
}
