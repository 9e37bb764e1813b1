//! Rotations that are over, as entries say it ([`Event::ending`](super::Event::ending)).

use std::collections::BTreeSet;

use memchr::memmem;

use super::{Log, event::ENDED};
use crate::failure::Result;

impl Log {
    /// The rotations that are over, by the numbers of their files beside the store. The few entries that say so are found
    /// without reading the others as JSON.
    ///
    /// # Errors
    /// As [`Log::read`], and where the history cannot be read to its end: what was not read may say more.
    pub fn endings(&self) -> Result<BTreeSet<String>> {
        let field = format!("\"{ENDED}\":");
        let says_so = memmem::Finder::new(&field);
        let (mut endings, mut reader) = (BTreeSet::new(), self.read()?);
        while let Some(number) = reader.advance() {
            number?;
            if says_so.find(reader.json()).is_some() {
                endings.extend(reader.event().endings().map(str::to_owned));
            }
        }
        Ok(endings)
    }
}
