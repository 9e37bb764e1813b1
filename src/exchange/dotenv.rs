//! Reading `.env` files.
//!
//! There is no standard, so this is the part on which npm's dotenv (18, and 16 before it) and python-dotenv (1.2) agree,
//! and where they do not, the reading that cannot lose a key without a word. The rules:
//!
//! - The text is UTF-8; a byte order mark in front is skipped. CR and CRLF are line ends as LF is, inside quotes too,
//!   where they become LF: npm turns them before it reads, Python as it opens the file.
//! - A line is blank, a comment (`#`), or `NAME=VALUE`, with an optional `export ` in front and spaces round the parts.
//! - A value without quotes ends with its line, or before a `#` that follows a space, and is trimmed. `A=a#b` is `a#b`
//!   as in Python; npm cuts at any `#`, and half a key is worse than a key with a comment. `A= # c` is
//!   empty, as with npm and with Python since 1.2.
//! - `'…'` and `` `…` `` hold their text as it is. Python has no backquotes and would keep them as part of the value.
//!   A backslash before a closing `'` does not escape it: npm keeps both characters, Python one of them.
//! - In `"…"` `\n \r \t \\ \" \$` are escapes; any other backslash stays. npm knows the first
//!   two only, Python has also `\a \b \f \v \'` and not `\$`.
//! - Quoted values may go over many lines. A comment may follow the closing quote. Anything else there is an error; npm
//!   would take such a value with its quotes, Python would drop the line.
//! - `$` is always literal. Nothing is expanded: what a key is must not depend on who reads it. Python expands `${NAME}`.
//! - `NAME=` is an empty value, `NAME` alone an error. npm's `NAME: value` and names with `.` or `-` are errors: no shell
//!   could have set them.
//! - A name that comes again takes the later value and keeps the earlier place, and the caller is told.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{Broken, Entry, Gathering, Reading, as_text, unreadable};
use crate::{failure::Result, name::VariableName, secret::Secret};

/// A byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a whole `.env` text.
///
/// # Errors
/// When the text is not UTF-8, or lines are broken: all of them are reported, none is quoted.
pub fn read(text: &[u8]) -> Result<Reading> {
    let text = with_one_kind_of_line_end(as_text(text)?);
    let mut gathering = Gathering::default();
    for Assignment { name, value, first, .. } in all(&text)? {
        gathering.keep(Entry { name: name.into(), value, line: first });
    }
    Ok(gathering.reading)
}

/// An assignment as it lies in a text.
pub struct Assignment {
    /// What is set.
    pub name: VariableName,
    /// To what.
    pub value: Secret,
    /// The line on which it begins, counted from 1.
    pub first: usize,
    /// The line on which it ends.
    pub last: usize,
    /// The comment behind the value, from its `#` on; empty where there is none.
    pub comment: Secret,
}

/// Every assignment of a whole `.env` text in its order, also those of one name.
///
/// # Errors
/// As [`read`].
pub fn assignments(text: &[u8]) -> Result<Vec<Assignment>> {
    all(&with_one_kind_of_line_end(as_text(text)?))
}

/// A text without assignments: their lines go, but a comment behind a value stays as a line of its own, and so does a byte
/// order mark. Every other byte is as it was.
#[must_use]
pub fn without<'a>(text: &[u8], left_out: impl IntoIterator<Item = &'a Assignment>) -> Zeroizing<Vec<u8>> {
    let mut comments = BTreeMap::new();
    for one in left_out {
        comments.extend((one.first..one.last).map(|line| (line, &[][..])));
        comments.insert(one.last, one.comment.expose());
    }
    let mut kept = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut line, mut from) = (1, 0);
    if text.starts_with(MARK) {
        kept.extend_from_slice(MARK);
        from = MARK.len();
    }
    while from < text.len() {
        let broken = text[from..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|at| from + at);
        let content = broken.unwrap_or(text.len());
        let end = broken.map_or(content, |at| at + 1 + usize::from(text[at..].starts_with(b"\r\n")));
        match comments.get(&line) {
            None => kept.extend_from_slice(&text[from..end]),
            Some([]) => {}
            Some(comment) => {
                kept.extend_from_slice(comment);
                kept.extend_from_slice(&text[content..end]);
            }
        }
        (line, from) = (line + 1, end);
    }
    kept
}

fn all(text: &str) -> Result<Vec<Assignment>> {
    let mut rest = Rest { text, line: 1 };
    let (mut all, mut broken) = (Vec::new(), Vec::new());
    while !rest.text.is_empty() {
        let (before, first) = (rest.text, rest.line);
        match assignment(&mut rest) {
            Ok(None) => {}
            Ok(Some((name, (value, comment)))) => {
                let goes_on = before[..before.len() - rest.text.len()].ends_with('\n');
                all.push(Assignment { name, value, first, last: rest.line - usize::from(goes_on), comment });
            }
            Err(one) => broken.push(one),
        }
    }
    if broken.is_empty() { Ok(all) } else { Err(unreadable(&broken)) }
}

/// The text with LF for CRLF and for CR. It only shrinks, so the buffer never grows.
fn with_one_kind_of_line_end(text: &str) -> Zeroizing<String> {
    let mut unified = Zeroizing::new(String::with_capacity(text.len()));
    let mut parts = text.split('\r');
    unified.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if !part.starts_with('\n') {
            unified.push('\n');
        }
        unified.push_str(part);
    }
    unified
}

/// What has not been read yet, and the number of its first line.
struct Rest<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Rest<'a> {
    /// The first line without its end.
    fn first_line(&self) -> &'a str {
        self.text.split('\n').next().unwrap_or_default()
    }

    /// Goes over so many bytes.
    fn skip(&mut self, bytes: usize) {
        let (over, text) = self.text.split_at(bytes);
        self.line += over.matches('\n').count();
        self.text = text;
    }

    /// Goes over what is left of the first line, and says what that was.
    fn skip_line(&mut self) -> &'a str {
        let line = self.first_line();
        self.skip((line.len() + 1).min(self.text.len()));
        line
    }
}

/// The next line, or the next few where a quoted value spans them: an assignment, or nothing.
fn assignment(rest: &mut Rest) -> std::result::Result<Option<(VariableName, Valued)>, Broken> {
    let (line, number) = (rest.first_line(), rest.line);
    let broken = |reason: String| Broken { line: number, reason };
    let content = line.trim();
    if content.is_empty() || content.starts_with('#') {
        rest.skip_line();
        return Ok(None);
    }
    let Some(equals) = line.find('=') else {
        rest.skip_line();
        return Err(broken("there is no `=`, and this is no comment".into()));
    };
    rest.skip(equals + 1);
    // The value is read before the name is judged: it may span lines, and the next line begins behind it.
    let value = value(rest)?;
    let name = without_export(line[..equals].trim()).parse().map_err(|bad| broken(format!("{bad}")))?;
    Ok(Some((name, value)))
}

/// The name behind `export `; a variable may be called `export` too.
fn without_export(name: &str) -> &str {
    match name.strip_prefix("export") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => name,
    }
}

/// A value and the comment behind it, which may hold a former one.
type Valued = (Secret, Secret);

/// The value at the beginning of `rest`, which is left at the next line.
fn value(rest: &mut Rest) -> std::result::Result<Valued, Broken> {
    let line = rest.first_line();
    let content = line.trim_start();
    if let Some(quote @ ('\'' | '"' | '`')) = content.chars().next() {
        rest.skip(line.len() - content.len() + quote.len_utf8());
        return quoted(rest, quote);
    }
    rest.skip_line();
    let value = before_comment(line);
    Ok((secret(value.trim()), secret(line[value.len()..].trim_end())))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// What stands before a `#` that follows a space.
fn before_comment(line: &str) -> &str {
    let mut after_space = false;
    for (at, c) in line.char_indices() {
        if c == '#' && after_space {
            return &line[..at];
        }
        after_space = c.is_whitespace();
    }
    line
}

/// A value whose opening quote has just been read.
fn quoted(rest: &mut Rest, quote: char) -> std::result::Result<Valued, Broken> {
    let opened = rest.line;
    let Some(length) = closing(rest.text, quote) else {
        // The rest of the text lies inside this quote: nothing true can be said about its lines.
        rest.skip(rest.text.len());
        return Err(Broken { line: opened, reason: format!("the {} that opens here is never closed", named(quote)) });
    };
    let inside = &rest.text[..length];
    let bytes = if quote == '"' { unescaped(inside) } else { inside.as_bytes().to_vec() };
    rest.skip(length + quote.len_utf8());
    let value = Secret::new(bytes);
    let line = rest.line;
    let after = rest.skip_line().trim();
    if after.is_empty() || after.starts_with('#') {
        return Ok((value, secret(after)));
    }
    let which = if opened == line { String::new() } else { format!(" of the value that begins on line {opened}") };
    Err(Broken { line, reason: format!("there is more behind the closing {}{which}", named(quote)) })
}

/// A quote in words; in backticks one of them would not be seen.
fn named(quote: char) -> &'static str {
    match quote {
        '\'' => "single quote",
        '"' => "double quote",
        _ => "backquote",
    }
}

/// Where the closing quote stands.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return Some(at);
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    None
}

/// The bytes of a double-quoted text. They are never more than the text has, so the buffer never grows.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let meant = match after.first() {
            _ if *first != b'\\' => None,
            Some(b'n') => Some(b'\n'),
            Some(b'r') => Some(b'\r'),
            Some(b't') => Some(b'\t'),
            Some(&literal @ (b'\\' | b'"' | b'$')) => Some(literal),
            _ => None,
        };
        bytes.push(meant.unwrap_or(*first));
        rest = if meant.is_some() { &after[1..] } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests;
