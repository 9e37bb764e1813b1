//! Reading comma-separated values (RFC 4180) whose first row names the columns.

use zeroize::Zeroizing;

use super::{Broken, as_text, unreadable};
use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// The most columns a table may have.
const MOST: usize = 256;

/// A table of texts, any of which may be a secret.
pub(super) struct Table {
    columns: Vec<String>,
    /// The rows behind the first, each with its line.
    pub(super) rows: Vec<(usize, Vec<Secret>)>,
}

impl Table {
    /// Reads a whole text.
    ///
    /// # Errors
    /// When it is not UTF-8, has no row, or rows are broken: all of them are told, none is quoted.
    pub(super) fn read(text: &[u8]) -> Result<Self> {
        let text = as_text(text)?;
        let (mut table, mut broken) = (Self { columns: Vec::new(), rows: Vec::new() }, Vec::new());
        let (mut rest, mut line) = (text, 1);
        while !rest.is_empty() {
            let before = rest;
            let row = row(&mut rest);
            let first = line;
            line += before[..before.len() - rest.len()].matches('\n').count();
            match row {
                Err(reason) => broken.push(Broken { line: first, reason: reason.to_owned() }),
                Ok(row) if table.columns.is_empty() => {
                    let name = |field: &Secret| field.expose_text().unwrap_or_default().trim().to_ascii_lowercase();
                    table.columns = row.iter().map(name).collect();
                }
                Ok(row) if row.len() == 1 && row[0].is_empty() => {}
                Ok(row) if row.len() != table.columns.len() => {
                    let (has, columns) = (row.len(), table.columns.len());
                    broken.push(Broken { line: first, reason: format!("fields: {has}, columns: {columns}") });
                }
                Ok(row) => table.rows.push((first, row)),
            }
        }
        if table.columns.is_empty() && broken.is_empty() {
            return Err(Failure::new(Kind::Usage, "there is no row in the file"));
        }
        if broken.is_empty() { Ok(table) } else { Err(unreadable(&broken)) }
    }

    /// Which column has one of these names.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        self.columns.iter().position(|column| names.contains(&column.as_str()))
    }
}

/// The names of the columns, as far as they are plainly there.
pub(super) fn columns_of(text: &[u8]) -> Vec<String> {
    let first = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let first = String::from_utf8_lossy(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first)).to_ascii_lowercase();
    first.split(',').map(|name| name.trim_matches('"').to_owned()).take(MOST).collect()
}

/// The next row, and `rest` behind it. Where it is broken the rest is behind its first line.
fn row(rest: &mut &str) -> std::result::Result<Vec<Secret>, &'static str> {
    let line_end = |text: &str| text.find('\n').map_or(text.len(), |at| at + 1);
    let (mut row, mut text) = (Vec::new(), *rest);
    loop {
        let (field, after) = match field(text) {
            Ok(read) => read,
            Err(reason) => {
                *rest = &rest[line_end(rest)..];
                return Err(reason);
            }
        };
        row.push(field);
        if row.len() > MOST {
            *rest = &rest[line_end(rest)..];
            return Err("it has more than 256 fields");
        }
        let Some(more) = after.strip_prefix(',') else {
            let after = after.strip_prefix('\r').unwrap_or(after);
            *rest = after.strip_prefix('\n').unwrap_or(after);
            return Ok(row);
        };
        text = more;
    }
}

/// The field at the beginning of a text, and what is behind it: a comma, the line's end or nothing.
fn field(text: &str) -> std::result::Result<(Secret, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', '\n', '\r']).unwrap_or(text.len());
        let (field, after) = text.split_at(end);
        if field.contains('"') {
            return Err("a quote stands inside a field that does not begin with one");
        }
        return Ok((Secret::new(field.as_bytes().to_vec()), after));
    };
    // As large as it can get, so that it never moves.
    let closed = closing(quoted).ok_or("the quote that opens here is never closed")?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(closed));
    let mut parts = quoted[..closed].split("\"\"");
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        bytes.push(b'"');
        bytes.extend_from_slice(part.as_bytes());
    }
    let after = &quoted[closed + 1..];
    if !(after.is_empty() || after.starts_with([',', '\n', '\r'])) {
        return Err("there is more behind a closing quote");
    }
    Ok((Secret::new(bytes.to_vec()), after))
}

/// Where the quote stands that closes a field.
fn closing(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('"')?;
        if !text[at + 1..].starts_with('"') {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
        let table = Table::read(text.as_bytes()).unwrap_or_else(|failure| panic!("{failure:?}"));
        let text = |field: &Secret| field.expose_text().expect("text").to_owned();
        table.rows.iter().map(|(line, row)| (*line, row.iter().map(text).collect())).collect()
    }

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        let text = "\u{feff}A,B\r\n1,2\r\n\"x,\"\"y\"\"\nz\",\r\n\r\nlast,\"\"";
        let own = |line, a: &str, b: &str| (line, vec![a.to_owned(), b.to_owned()]);
        assert_eq!(rows(text), [own(2, "1", "2"), own(3, "x,\"y\"\nz", ""), own(6, "last", "")]);
        assert_eq!(columns_of(text.as_bytes()), ["a", "b"]);
    }

    #[test]
    fn broken_rows_are_told_by_their_line_and_never_quoted() {
        for (text, said) in [
            ("", "there is no row in the file"),
            ("a,b\nSECRET\n", "line 2: fields: 1, columns: 2"),
            ("a,b\n1,\"SECRET\n", "line 2: the quote that opens here is never closed"),
            ("a,b\n1,SE\"CRET\n", "line 2: a quote stands inside a field that does not begin with one"),
            ("a,b\n\"SECRET\"x,1\n", "line 2: there is more behind a closing quote"),
        ] {
            let failure = Table::read(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_by_the_book_is_read_back(fields in proptest::collection::vec(".{0,9}", 2..5)) {
            let head = vec!["c"; fields.len()].join(",");
            let row: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            prop_assert_eq!(rows(&format!("{head}\n{}", row.join(","))), [(2, fields)]);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a,\"\r\n]{0,40}") {
            let _ = Table::read(text.as_bytes());
        }
    }
}
