//! Comma-separated values (RFC 4180): a head, then a row for each entry, all with the same columns and ended by CR LF.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, and a program may be called so. Such a cell
//! gets an apostrophe before it, by which spreadsheets know a text; a reader that wants the text takes it off again.

use super::{Entry, schema};
use crate::plain::printable;

/// What begins a formula, in the wide forms of East Asian writing too.
const FORMULA: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠'];

pub(super) fn head() -> String {
    let columns: Vec<&str> = schema::all().map(|field| field.name).collect();
    columns.join(",") + "\r\n"
}

pub(super) fn line(entry: &Entry) -> String {
    let more = if entry.more > 0 { entry.more.to_string() } else { String::new() };
    let time = entry.moment.map(|moment| moment.to_string()).unwrap_or_default();
    let mut cells = vec![entry.number.to_string(), time, entry.action.clone(), entry.keys(), more];
    cells.extend(schema::all().skip(cells.len()).map(|field| entry.rest(field.name).unwrap_or_default()));
    cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let mut text = printable(text).into_owned();
    if text.starts_with(FORMULA) {
        text.insert(0, '\'');
    }
    // Spreadsheets of many countries part cells at a semicolon.
    let is_quoted = text.contains(['"', ',', ';', '\t', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ');
    if is_quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
