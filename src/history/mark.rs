//! A mark: what stands for an entry and all before it, small enough to be kept elsewhere.

use std::{fmt, str::FromStr};

use super::Log;
use crate::{
    failure::{Failure, Kind, Result},
    hex,
};

/// Bytes of a log's short name, of two digits each.
const NAME: usize = 4;

/// The last entry at some moment: its number and the chain value that stands for it and all before it.
///
/// Kept elsewhere it is an anchor. Only a mark of a durable append may become one: others may be lost in a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The entry's number, from 1.
    pub seq: u64,
    /// The chain value after it.
    pub hash: [u8; 32],
}

impl fmt::Display for Mark {
    /// `12.<64 hex digits>`: one word, for the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, hex::encode(&self.hash))
    }
}

impl FromStr for Mark {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let read = || {
            let (seq, hash) = text.split_once('.')?;
            Some(Self { seq: seq.parse().ok()?, hash: hex::decode(hash)? })
        };
        read().ok_or_else(|| "not a mark of the history".to_owned())
    }
}

impl Log {
    /// The short name of this log: the beginning of the chain value that its first entry is bound to. Nothing is told by it
    /// but whether two marks are of one history.
    #[must_use]
    pub fn name(&self) -> String {
        hex::encode(&self.start().hash[..NAME])
    }

    /// A mark as its owner keeps it: `1a2b3c4d.12.<64 hex digits>`, the log's short name before it.
    #[must_use]
    pub fn written(&self, mark: &Mark) -> String {
        format!("{}.{mark}", self.name())
    }

    /// Reads marks that were kept, one a line; empty lines and those that begin with `#` are passed over. `Err` inside is
    /// the name of another log that one of them is of.
    ///
    /// # Errors
    /// `Usage` where a line is none, or all of them are empty.
    pub fn marks(&self, text: &str) -> Result<std::result::Result<Vec<Mark>, String>> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut marks = Vec::new();
        for line in lines {
            let read = || {
                let (name, mark) = line.split_once('.')?;
                hex::decode::<NAME>(name)?;
                mark.parse::<Mark>().ok().filter(|mark| mark.seq > 0).map(|mark| (name, mark))
            };
            let (name, mark) = read().ok_or_else(no_mark)?;
            if name != self.name() {
                return Ok(Err(name.to_owned()));
            }
            marks.push(mark);
        }
        if marks.is_empty() { Err(no_mark()) } else { Ok(Ok(marks)) }
    }
}

fn no_mark() -> Failure {
    Failure::new(Kind::Usage, "this is no mark of a history").hint("`keyctl history anchor` prints one")
}
