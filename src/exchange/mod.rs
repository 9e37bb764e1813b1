//! Keys as other programs write and read them: `.env` files, JSON and other managers' exports in; shells, documents and
//! runners' files out. And the history as other programs read it.
//!
//! Pure: bytes in, bytes out. No file is opened here, nothing is asked and nothing is printed, so each promise is a table
//! of bytes that a test can hold against the real program. Two rules run through all chapters. Reading: whatever is not
//! understood is refused with its line and never with its text, since a broken line of a `.env` file is a secret more
//! often than not, and all that is wrong is told at once. Writing: what the other program reads back is the value byte
//! for byte, or the value is refused; there is no third way in which a key arrives a little different.

use std::collections::HashMap;

use crate::{
    failure::{Failure, Kind},
    name::KeyName,
    secret::Secret,
};

pub mod aws;
pub mod bitwarden;
pub mod calendar;
mod document;
pub mod dotenv;
pub mod events;
pub mod export;
pub mod fnox;
pub mod json;
pub mod moved;
pub mod onepassword;
mod page;
pub mod pass;
mod rows;
mod shell;

/// So many problems are told one by one; a file of another kind altogether would fill the screen.
const TOLD: usize = 20;

/// One key as it was read.
pub struct Entry {
    /// What it is called.
    pub name: KeyName,
    /// Its value, which may be empty: whether that is allowed is the caller's to say.
    pub value: Secret,
    /// The line on which it begins, counted from 1.
    pub line: usize,
}

/// What a text held.
#[derive(Default)]
pub struct Reading {
    /// The keys in the order of their first mention.
    pub entries: Vec<Entry>,
    /// Names that were given more than once; the last value was kept, as every reader of `.env` files does.
    pub repeated: Vec<KeyName>,
}

/// A reading in the making, which finds a name again without a search.
#[derive(Default)]
struct Gathering {
    reading: Reading,
    places: HashMap<KeyName, usize>,
}

impl Gathering {
    /// Keeps an entry. A name that is there already keeps its place, gets the new value and is noted as repeated.
    fn keep(&mut self, entry: Entry) {
        let Reading { entries, repeated } = &mut self.reading;
        if let Some(&place) = self.places.get(&entry.name) {
            if !repeated.contains(&entry.name) {
                repeated.push(entry.name.clone());
            }
            entries[place] = entry;
        } else {
            self.places.insert(entry.name.clone(), entries.len());
            entries.push(entry);
        }
    }
}

/// Something that cannot be read, without its text.
struct Broken {
    line: usize,
    reason: String,
}

/// One failure out of everything that cannot be read.
fn unreadable(broken: &[Broken]) -> Failure {
    if let [only] = broken {
        return Failure::new(Kind::Usage, format!("line {}: {}", only.line, only.reason));
    }
    let failure = Failure::new(Kind::Usage, format!("{} entries cannot be read", broken.len()));
    tell(failure, broken.iter().map(|one| format!("line {}: {}", one.line, one.reason)))
}

/// The failure with a hint for each problem, up to a number that a person still reads.
fn tell(mut failure: Failure, problems: impl ExactSizeIterator<Item = String>) -> Failure {
    let more = problems.len().saturating_sub(TOLD);
    failure.hints.extend(problems.take(TOLD));
    if more > 0 { failure.hint(format!("and {more} more")) } else { failure }
}

/// The text behind a byte order mark, which Windows editors and `PowerShell` put in front.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The bytes as text, or the line that is not UTF-8.
fn as_text(bytes: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(bytes).map(without_mark).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        let failure = unreadable(&[Broken { line, reason: "this is not UTF-8 text".into() }]);
        failure.hint("save the file as UTF-8, or keep the key with `keyctl set` and `--from-file`")
    })
}
