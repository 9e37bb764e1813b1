//! `[scan]`: what a scan does where the store cannot be opened.
//!
//! ```toml
//! [scan]
//! locked = "shapes"   # a commit is looked through for what looks like an issuer's key; without this it is stopped
//! ```

use crate::profile::table::{Reader, Table};

/// `[scan]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scan {
    /// Where the keychain is locked, what is to be committed or pushed is looked through for shapes alone.
    pub shapes_when_locked: bool,
}

pub(super) fn look(reader: &mut Reader, table: &Table) -> Scan {
    let mut scan = Scan::default();
    let Some(fields) = table.get("scan").and_then(|value| reader.table(value, &["locked"])) else { return scan };
    if let Some(value) = fields.get("locked") {
        match reader.text(value) {
            Some("shapes") => scan.shapes_when_locked = true,
            Some("fail") | None => {}
            Some(_) => reader.wrong(value.span().start, "this is either `fail` or `shapes`"),
        }
    }
    scan
}
