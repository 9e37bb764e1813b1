//! How text is laid out: aligned columns, and lines that fit a width. Pure.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Colour, printable};

/// Rows as aligned columns, two spaces apart; the first row is the head.
#[must_use]
pub fn columns(rows: &[Vec<String>]) -> String {
    aligned(rows, |cell| (cell, None))
}

/// Cells as aligned columns, each in the colour that `look` gives it.
pub(super) fn aligned<C>(rows: &[Vec<C>], look: impl Fn(&C) -> (&str, Option<Colour>)) -> String {
    let widths = widths(rows, |cell| look(cell).0);
    let mut text = String::new();
    for row in rows {
        // Held back until something stands behind them: no line ends with spaces.
        let mut spaces = 0;
        for (at, cell) in row.iter().enumerate() {
            let (cell, colour) = look(cell);
            let cell = printable(cell);
            if !cell.is_empty() {
                text.extend(std::iter::repeat_n(' ', std::mem::take(&mut spaces)));
                let [on, off] =
                    colour.map_or_else(Default::default, |c| [format!("\x1b[{}m", c as u8), "\x1b[0m".into()]);
                text.extend([&on, &*cell, &off]);
            }
            spaces += widths[at].saturating_sub(cell.width()) + 2;
        }
        text.push('\n');
    }
    text
}

/// Aligned columns for a terminal of this width; so many rows only take part in the layout.
pub(super) fn fitted_columns(rows: &[Vec<String>], above: usize, give_way: &[usize], width: usize) -> String {
    let narrow = narrowed(rows, give_way, width);
    let above = narrow[..above].iter().map(Vec::len).sum();
    let rows = narrow.concat();
    let before_last = widths(&rows, String::as_str).iter().rev().skip(1).map(|wide| wide + 2).sum::<usize>();
    let indent = if before_last * 2 > width { 2 } else { before_last };
    columns(&rows).lines().skip(above).map(|line| wrapped(line, width, 0, indent) + "\n").collect()
}

/// How wide the widest cell of each column is.
fn widths<C>(rows: &[Vec<C>], text: impl Fn(&C) -> &str) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let wide = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| printable(text(cell)).width()).max();
    (0..count).map(|at| wide(at).unwrap_or_default()).collect()
}

/// Rows whose columns fit the width as far as those of `give_way` can make room: the widest of them first. What is one word,
/// as a path is, is cut in its middle and gives way before prose does, which goes on in further lines of its column.
pub(super) fn narrowed(rows: &[Vec<String>], give_way: &[usize], width: usize) -> Vec<Vec<Vec<String>>> {
    /// As little as this many columns of a cell still say something.
    const LEAST: usize = 8;
    /// A word that is cut to this many is still told from others.
    const LEAST_OF_WORDS: usize = 16;
    let mut widths = widths(rows, String::as_str);
    let is_prose = |at: &usize| rows.iter().skip(1).any(|row| row.get(*at).is_some_and(|cell| cell.contains(' ')));
    let (prose, words): (Vec<usize>, Vec<usize>) = give_way.iter().copied().partition(is_prose);
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    while total(&widths) > width {
        let widest = |columns: &[usize], least: usize| {
            columns
                .iter()
                .copied()
                .filter(|at| widths.get(*at).is_some_and(|wide| *wide > least))
                .max_by_key(|at| widths[*at])
        };
        let next = widest(&words, LEAST_OF_WORDS)
            .or_else(|| widest(&prose, LEAST_OF_WORDS))
            .or_else(|| widest(give_way, LEAST));
        let Some(widest) = next else { break };
        widths[widest] -= 1;
    }
    let fit = |(at, cell): (usize, &String)| {
        let whole = !give_way.contains(&at) || printable(cell).width() <= widths[at];
        if whole { vec![cell.clone()] } else { broken(&printable(cell), widths[at]) }
    };
    rows.iter().map(|row| side_by_side(&row.iter().enumerate().map(fit).collect::<Vec<_>>())).collect()
}

/// A text in lines of this many columns, broken at its spaces; a word that is wider is cut.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = if word.width() > width { shortened(word, width) } else { word.to_owned() };
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => line.extend([" ", &word]),
            _ => lines.push(word),
        }
    }
    lines
}

/// Cells of several lines each as so many rows, with nothing where a cell has fewer.
fn side_by_side(cells: &[Vec<String>]) -> Vec<Vec<String>> {
    let lines = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let line = |at: usize| cells.iter().map(|cell| cell.get(at).cloned().unwrap_or_default()).collect();
    (0..lines).map(line).collect()
}

/// A text cut in its middle to this many columns.
fn shortened(text: &str, width: usize) -> String {
    let fits = |characters: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let taken = characters.take_while(|c| {
            used += c.width().unwrap_or_default();
            used <= room
        });
        taken.collect::<Vec<char>>()
    };
    let begin = fits(&mut text.chars(), (width - 1) / 2);
    let mut end = fits(&mut text.chars().rev(), width - 1 - (width - 1) / 2);
    end.reverse();
    begin.into_iter().chain(['…']).chain(end).collect()
}

/// A text broken at its spaces, except in backticks. `used` columns of the first line are taken, and the lines after it
/// begin with `indent` spaces.
pub(super) fn wrapped(text: &str, width: usize, mut used: usize, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len() + 16);
    let (mut quoted, mut begun) = (false, used > 0);
    for piece in text.split_inclusive(|c| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    }) {
        let wide = piece.trim_end_matches(' ').width();
        if begun && used + wide > width {
            lines.truncate(lines.trim_end_matches(' ').len());
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            (used, begun) = (indent, false);
        }
        lines.push_str(piece);
        used += piece.width();
        begun |= wide > 0;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_coloured_table_lines_up_as_a_plain_one_does() {
        let rows = || [vec![("name", None), ("state", None)], vec![("a\x1b", None), ("due", Some(Colour::Yellow))]];
        assert_eq!(
            aligned(&rows(), |cell| *cell),
            "name     state\na\\u{1b}  \x1b[33mdue\x1b[0m\n",
            "what is kept is escaped, and what is ours is not"
        );
        assert_eq!(aligned(&rows(), |(text, _)| (text, None)), "name     state\na\\u{1b}  due\n");
    }

    #[test]
    fn prose_goes_on_in_the_next_line_and_what_is_to_be_copied_stays_whole() {
        let line = "hint: keep each of them with `keyctl set NAME --replace`, and no other";
        assert_eq!(
            wrapped(line, 40, 8, 2),
            "hint: keep each of them with\n  `keyctl set NAME --replace`, and no\n  other"
        );
        assert_eq!(wrapped(line, 10, 0, 2).matches("\n  `keyctl set NAME --replace`,\n").count(), 1);
        assert_eq!([wrapped(line, 200, 8, 2), wrapped("", 10, 8, 2)], [line, ""]);
        assert_eq!(wrapped("an unpaired ` goes on and on", 14, 0, 2), "an unpaired\n  ` goes on and on");
        assert_eq!(
            fitted_columns(&[vec!["care".to_owned(), "words".into(), "one two three four".into()]], 0, &[], 27),
            "care  words  one two three\n             four\n"
        );
    }

    #[test]
    fn a_table_that_is_too_wide_gives_way_where_it_may_and_only_as_far_as_it_must() {
        let rows = [vec!["1".to_owned(), "a-long-name-of-a-key".into(), "~/a/folder/somewhere/deep".into()]];
        let narrowed = |give_way: &[usize], width| narrowed(&rows, give_way, width).concat();
        assert_eq!(narrowed(&[1, 2], 60), rows);
        assert_eq!(narrowed(&[1, 2], 40), [["1", "a-long-n…-of-a-key", "~/a/fold…ere/deep"]]);
        assert_eq!(narrowed(&[2], 40)[0][1], "a-long-name-of-a-key");
        assert_eq!(narrowed(&[1, 2], 5), [["1", "a-l…-key", "~/a…deep"]]);
        assert_eq!(columns(&narrowed(&[1, 2], 40)).trim_end().width(), 40);
        assert_eq!(shortened("日本語日本語", 8).width(), 7);
    }

    #[test]
    fn prose_in_a_column_goes_on_below_and_no_word_of_it_is_cut_that_fits() {
        let cells = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            cells(["#", "WHAT", "WHERE"]),
            cells(["1", "alert (`a` was given to `node` for the first time)", "~/a/folder/somewhere/deep"]),
            cells(["2", "run", "~/a"]),
        ];
        let shown = fitted_columns(&rows, 0, &[1, 2], 50);
        assert_eq!(
            shown,
            "#  WHAT                        WHERE\n1  alert (`a` was given to     ~/a/fol…ere/deep\n   `node` for the first time)\n2  run                         ~/a\n"
        );
        assert_eq!(
            fitted_columns(&rows, 2, &[1, 2], 50),
            "2  run                         ~/a\n",
            "its lines are not shown"
        );
        assert_eq!(broken("of-one-word-that-is-long and more", 10), ["of-o…-long", "and more"]);
    }

    proptest! {
        #[test]
        fn wrapping_changes_nothing_but_spaces_and_every_line_fits_that_can(text in "[a-z` ]{0,120}", width in 10_usize..60) {
            let lines = wrapped(&text, width, 0, 2);
            let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(bare(&lines), bare(&text));
            for line in lines.lines().filter(|line| line.trim_end().len() > width) {
                let word = line.trim();
                prop_assert!(!word.contains(' ') || word.contains('`'), "{:?}", line);
            }
        }
    }

    #[test]
    fn columns_line_up_and_end_without_spaces() {
        let rows = [vec!["name".to_owned(), "changed".into()], vec!["openai/dev".into(), "now".into()]];
        assert_eq!(columns(&rows), "name        changed\nopenai/dev  now\n");
    }
}
