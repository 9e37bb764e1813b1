//! Settling: all entries are on the disk, so that the last one may become an anchor.

use std::time::Duration;

use super::{Appended, Log, append::Writer, head::Found};
use crate::{date::Moment, failure::Result};

/// How long another is waited for that writes: to vouch for what was proven can wait for the next time.
const PATIENCE: Duration = Duration::from_secs(1);

impl Log {
    /// Waits until every entry is on the disk, and gives the mark of the last: it may become an anchor. What has to be
    /// mended for that is, as when an entry is added, and noted in one. `None` where nothing was ever recorded.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn settle(&self, moment: Moment) -> Result<Option<Appended>> {
        let _lock = self.lock(PATIENCE)?;
        if !self.has_begun()? {
            return Ok(None);
        }
        let settled = Writer::open(self)?.settle(moment)?;
        Ok(Some(settled).filter(|settled| settled.mark.seq > 0))
    }

    /// Whether anything lies here of a history, or is known of one.
    ///
    /// # Errors
    /// `Disk` where the head cannot be read.
    pub fn has_begun(&self) -> Result<bool> {
        let is_known = self.first.is_some() || self.known.is_some_and(|known| known.seq > 0);
        let has_log = || std::fs::symlink_metadata(self.file("log")).is_ok_and(|facts| facts.len() > 0);
        Ok(is_known || has_log() || self.read_head()? != Found::Nothing || !self.segments().is_empty())
    }
}
