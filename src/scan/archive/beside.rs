//! What stands beside a packed content in the bytes of its file: comments, frames that are skipped, what comes behind the end.
//! They are looked at as they pass by on their way to be unpacked.

use std::{
    collections::BTreeSet,
    io::{self, Read},
};

use super::{Kind, Looking, drain};
use crate::scan::{
    engine::Passing,
    finding::{Hit, What},
    needles::Form,
};

/// So many hits beside a packed content are kept one by one; after that each text once.
const MOST_BESIDE: usize = 1000;
impl Looking<'_> {
    /// Looks into what was packed, and at its bytes as they are: comments, what is skipped, what stands behind it. What is told
    /// of the content is not told of these again.
    pub(super) fn packed_and_beside(&mut self, kind: Kind, reader: &mut dyn Read) -> io::Result<()> {
        let before = std::mem::take(&mut self.told);
        let mut beside = Beside { reader, passing: self.engine.passing(), hits: Vec::new(), sorts: BTreeSet::new() };
        let ended = self.packed(kind, &mut beside);
        // Also where that could not be unpacked.
        let rest = drain(&mut beside);
        for hit in beside.end() {
            if !self.told.contains(&sort(&hit.what)) {
                self.found(hit);
            }
        }
        self.told.extend(before);
        ended.and(rest)
    }
}

/// What is told, however it is written there.
pub(super) fn sort(what: &What) -> What {
    match what.clone() {
        What::Key { name, which, .. } => What::Key { name, which, form: Form::Raw, partial: None },
        shape @ What::Shape { .. } => shape,
    }
}

/// A reader that looks at what it reads.
struct Beside<'r, 'e> {
    reader: &'r mut dyn Read,
    passing: Passing<'e>,
    hits: Vec<Hit>,
    sorts: BTreeSet<What>,
}

impl Beside<'_, '_> {
    /// What was found.
    fn end(self) -> Vec<Hit> {
        let Self { passing, mut hits, mut sorts, .. } = self;
        passing.end(&mut |hit| keep(hit, &mut hits, &mut sorts));
        hits
    }
}

fn keep(hit: Hit, hits: &mut Vec<Hit>, sorts: &mut BTreeSet<What>) {
    if sorts.insert(sort(&hit.what)) || hits.len() < MOST_BESIDE {
        hits.push(hit);
    }
}

impl Read for Beside<'_, '_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        let (hits, sorts) = (&mut self.hits, &mut self.sorts);
        self.passing.take(&bytes[..read], &mut |hit| keep(hit, hits, sorts));
        Ok(read)
    }
}
