//! How a store's content is written down: TOML that a person can read after `age -d`.
//!
//! keyctl always writes it in one form: first the facts of the store, then one table a key, sorted by name, every value
//! on one line. So `run` can cut out the tables of the keys it needs and need not parse the thousands it does not need
//! ([`pick`]). A text that a person has edited and sealed again may hold multi-line strings, in which a line could look
//! like a table's head: it is parsed whole.
//!
//! Unknown fields and newer formats are refused: an older keyctl must not drop what a newer one wrote. No error carries
//! a piece of the text, since any piece of it may be a secret.

use zeroize::Zeroizing;

use super::payload::Payload;
use crate::{failure::Result, name::KeyName};

mod limits;
mod marks;
mod members;
mod reading;
mod remote;
mod value;
mod writing;

#[cfg(test)]
mod tests;

use marks::Mark;
pub use writing::write;

/// The newest format this keyctl reads. The second one has dates of expiry, plans and steps, the third one marks of revoked
/// secrets that were wiped, the fourth one keys of former identities, the fifth one histories that were set aside, the sixth
/// one secrets that were found in the clear, the seventh one limits of what a key may be used for, members, and secrets that
/// somebody left with, the eighth one variables that a limit lets through, and what is hidden from agents, the ninth one keys
/// whose secret lies in a source, the tenth one keys that are frozen, and names of wiped keys that took a person, the eleventh
/// one what is left of wiped keys that were limited in another way, and whose a history is that was set aside. Each is written
/// only where there is something that it alone has, so that a keyctl that knows an earlier one goes on reading all other
/// stores.
pub const FORMAT: u32 = 11;
/// The format that is written where keys are frozen, or names are left of wiped keys that took a person.
const FROZEN_FORMAT: u32 = 10;
/// The format that is written where a key's secret lies in a source.
const SOURCES_FORMAT: u32 = 9;
/// The format that is written where a limit lets variables through, or something is hidden from agents.
const VARIABLES_FORMAT: u32 = 8;
/// The format that is written where there are limits, members, or secrets that somebody left with.
const LIMITS_FORMAT: u32 = 7;
/// The format that is written where secrets were found in the clear.
const LEAKS_FORMAT: u32 = 6;
/// The format that is written where there are histories that were set aside.
const ASIDE_FORMAT: u32 = 5;
/// The format that is written where there are keys of former identities.
const RETIRED_FORMAT: u32 = 4;
/// The format that is written where there are marks of revoked secrets.
const MARKS_FORMAT: u32 = 3;
/// The format that is written where there is nothing in the store that only a newer one has.
const COMMON_FORMAT: u32 = 2;
/// The oldest format it reads; it has nothing that the newest does not have.
const FIRST_FORMAT: u32 = 1;

/// Reads a whole text.
///
/// # Errors
/// `Store`: not what keyctl writes, or a newer format.
pub fn read(text: &str) -> Result<Payload> {
    reading::parse(text, false)
}

/// Reads the facts alone: what stands before the first table.
///
/// # Errors
/// As [`read`].
pub fn facts(text: &str) -> Result<Payload> {
    reading::parse(tables(text).next().unwrap_or_default(), false)
}

/// Reads the facts and the tables of these keys alone, in one pass over the text.
///
/// # Errors
/// As [`read`].
pub fn pick(text: &str, wanted: &[&KeyName]) -> Result<Payload> {
    let has = |mark| Mark::within(text.len(), mark).find(text).is_some();
    if has("\"\"\"") || has("'''") {
        return read(text);
    }
    let mut picked = Zeroizing::new(String::with_capacity(text.len().min(64 * 1024)));
    for table in tables(text) {
        let head = table.lines().next().unwrap_or_default();
        let name = head.strip_prefix("[key.\"").and_then(|rest| rest.strip_suffix("\"]"));
        let is_fact = !table.starts_with('[');
        if !is_fact && name.is_none() && !is_our_head(head) {
            return read(text);
        }
        if is_fact || name.is_some_and(|name| wanted.iter().any(|wanted| wanted.as_str() == name)) {
            if picked.len() + table.len() > picked.capacity() {
                return read(text);
            }
            picked.push_str(table);
        }
    }
    reading::parse(&picked, true)
}

/// Whether keyctl writes tables with this head, beside those of keys. Another hand may write TOML in other ways.
fn is_our_head(head: &str) -> bool {
    let former = head.starts_with("[[key.\"") && head.ends_with("\".former]]");
    former
        || ["[[removed]]", "[[removed.former]]", "[[step]]", "[[step.replaced]]", "[[step.edited]]", "[[revoked]]"]
            .contains(&head)
}

/// The names of all keys, without looking at a value.
#[must_use]
pub fn names(text: &str) -> Vec<String> {
    let name = |table: &str| Some(table.lines().next()?.strip_prefix("[key.\"")?.strip_suffix("\"]")?.to_owned());
    tables(text).filter_map(name).collect()
}

/// Splits a text before each line that begins with `[`. The first piece is what stands before any table.
fn tables(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let head = Mark::within(text.len(), "\n[");
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = head.find(rest).map_or(rest.len(), |at| at + 1);
        let (table, after) = rest.split_at(end);
        rest = after;
        Some(table)
    })
}
