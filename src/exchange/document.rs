//! Exports that a program reads: `.env`, JSON, YAML, Docker's `--env-file` and GitHub's `$GITHUB_ENV`.
//!
//! - dotenv: readers disagree (see the chapter `dotenv`), so a value is written in the one style that ours, npm's dotenv and
//!   python-dotenv read alike, or refused. Single quotes hold most values; double quotes a CR, as the one escape that all
//!   three know; no quotes at all what has quotes of both kinds. Python expands `${…}` in all of them, and nothing escapes it.
//! - JSON and YAML: text only, so no bytes that are not UTF-8. YAML is printable ASCII in double quotes, names too: a bare
//!   `NO` is a boolean. Both are one line a variable.
//! - Docker reads `NAME=VALUE` raw, with no quoting at all: no line breaks, and no line of 64 KiB (its scanner's limit).
//!   It trims what stands before the name only, so that spaces at either end of a value arrive.
//! - GitHub's runner reads lines up to a delimiter; one that is random cannot be put into a value by someone who would like
//!   to set the next variable. It cuts CR off a line's end on Windows, hence none is written, and it refuses `NODE_OPTIONS`.

use super::page::Page;
use crate::{failure::Result, hex, random};

/// The longest line that Go's `bufio.Scanner` hands out, as Docker uses it.
const LONGEST_DOCKER_LINE: usize = 64 * 1024 - 1;

/// Why a text format cannot take this.
pub(super) fn text_objects(value: &[u8]) -> Option<&'static str> {
    std::str::from_utf8(value).is_err().then_some("it is not UTF-8")
}

/// Why a `.env` file cannot take this.
pub(super) fn dotenv_objects(value: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(value) else {
        return Some("it is not UTF-8");
    };
    let expanded = text.find("${").is_some_and(|at| text[at..].contains('}'));
    if expanded {
        Some("it holds `${…}`, which some readers of .env files replace")
    } else if Style::of(text).is_none() {
        Some("readers of .env files do not agree on how to quote it")
    } else {
        None
    }
}

/// Why Docker's `--env-file` cannot take this.
pub(super) fn docker_objects(name: &str, value: &[u8]) -> Option<&'static str> {
    if value.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        Some("it holds a line break")
    } else if name.len() + 1 + value.len() > LONGEST_DOCKER_LINE {
        Some("it is longer than a line that Docker reads")
    } else {
        text_objects(value)
    }
}

/// Why `$GITHUB_ENV` cannot take this.
pub(super) fn github_objects(name: &str, value: &[u8]) -> Option<&'static str> {
    if name == "NODE_OPTIONS" {
        Some("GitHub takes no variable of this name")
    } else if value.contains(&b'\r') {
        Some("it holds a carriage return")
    } else {
        text_objects(value)
    }
}

/// How a value is written in a `.env` file.
#[derive(Clone, Copy)]
enum Style {
    Bare,
    Single,
    Double,
}

impl Style {
    /// The first style in which all readers find these very characters.
    fn of(text: &str) -> Option<Style> {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:/+=@,%".contains(c)) {
            Some(Style::Bare)
        } else if fits_single_quotes(text) {
            Some(Style::Single)
        } else if fits_double_quotes(text) {
            Some(Style::Double)
        } else if fits_no_quotes(text) {
            Some(Style::Bare)
        } else {
            None
        }
    }
}

/// Python takes `\\` and `\'` as escapes there, npm takes `\'` as no end, and a raw CR becomes LF with everyone.
fn fits_single_quotes(text: &str) -> bool {
    !text.contains(['\'', '\r']) && !text.contains("\\\\") && !text.ends_with('\\')
}

/// No escape but `\r` and `\n` means the same to all three, so no backslash may stand before what is one to any of them.
fn fits_double_quotes(text: &str) -> bool {
    let escape = |after: &str| after.is_empty() || after.starts_with(|c| "\\'\"abfnrtv$\r\n".contains(c));
    !text.contains('"') && !text.match_indices('\\').any(|(at, _)| escape(&text[at + 1..]))
}

/// On one line, no `#` (npm ends there), nothing at the ends that someone would trim or take for an opening quote.
fn fits_no_quotes(text: &str) -> bool {
    let odd = |c: char| c == '#' || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.contains(odd)
        && text.starts_with(|c: char| c.is_ascii_graphic() && !"'\"`".contains(c))
        && text.ends_with(|c: char| c.is_ascii_graphic())
}

/// `NAME=…`, quoted where that is needed. The value was found fit before.
pub(super) fn write_dotenv(page: &mut Page, name: &str, text: &str) {
    page.text(name);
    page.text("=");
    match Style::of(text) {
        Some(Style::Single) => {
            page.text("'");
            page.text(text);
            page.text("'");
        }
        Some(Style::Double) => {
            page.text("\"");
            for (count, part) in text.split('\r').enumerate() {
                if count > 0 {
                    page.text("\\r");
                }
                page.text(part);
            }
            page.text("\"");
        }
        Some(Style::Bare) | None => page.text(text),
    }
    page.text("\n");
}

/// A JSON string; control characters of Unicode are escaped too, for the sake of terminals.
pub(super) fn json_string(page: &mut Page, text: &str) {
    in_double_quotes(page, text, |page, c| {
        if c.is_control() {
            page.text("\\u");
            hexadecimal(page, c, 4);
        } else {
            page.char(c);
        }
    });
}

/// A YAML scalar in double quotes, all of it printable ASCII.
pub(super) fn yaml_string(page: &mut Page, text: &str) {
    in_double_quotes(page, text, |page, c| match u32::from(c) {
        0x20..=0x7e => page.char(c),
        0..=0xff => {
            page.text("\\x");
            hexadecimal(page, c, 2);
        }
        0x100..=0xffff => {
            page.text("\\u");
            hexadecimal(page, c, 4);
        }
        _ => {
            page.text("\\U");
            hexadecimal(page, c, 8);
        }
    });
}

/// What JSON and YAML have in common.
fn in_double_quotes(page: &mut Page, text: &str, other: impl Fn(&mut Page, char)) {
    page.text("\"");
    for c in text.chars() {
        match c {
            '"' => page.text("\\\""),
            '\\' => page.text("\\\\"),
            '\n' => page.text("\\n"),
            '\r' => page.text("\\r"),
            '\t' => page.text("\\t"),
            c => other(page, c),
        }
    }
    page.text("\"");
}

/// The character's number in so many digits.
fn hexadecimal(page: &mut Page, c: char, digits: u32) {
    for place in (0..digits).rev() {
        let digit = (u32::from(c) >> (4 * place)) & 15;
        page.char(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

/// `NAME=VALUE` as it is.
pub(super) fn write_docker(page: &mut Page, name: &str, text: &str) {
    page.text(name);
    page.text("=");
    page.text(text);
    page.text("\n");
}

/// `NAME<<DELIMITER`, the value, `DELIMITER`.
pub(super) fn write_github(page: &mut Page, name: &str, text: &str) -> Result<()> {
    let delimiter = delimiter_outside(text)?;
    for part in [name, "<<", &delimiter, "\n", text, "\n", &delimiter, "\n"] {
        page.text(part);
    }
    Ok(())
}

/// A random line that the text does not hold.
fn delimiter_outside(text: &str) -> Result<String> {
    loop {
        let delimiter = format!("KEYCTL_{}", hex::encode(&random::bytes::<16>()?));
        if !text.contains(&delimiter) {
            return Ok(delimiter);
        }
    }
}
