//! Finds secrets in bytes.

use std::io::{self, Read};

use memchr::{memchr_iter, memmem};

use super::{
    finding::{Hit, What},
    needles::{Form, Needles},
};

/// What looks for secrets. Several threads may use one.
pub struct Engine {
    needles: Needles,
}

impl Engine {
    /// One that looks for these, and with `shapes` also for texts that look like an issuer's keys.
    #[must_use]
    pub fn new(needles: Needles, _shapes: bool) -> Self {
        Self { needles }
    }

    /// Looks through bytes that are one whole: a file, a blob, a variable.
    pub fn look(&self, bytes: &[u8], found: &mut dyn FnMut(Hit)) {
        for (secret, owners) in &self.needles.secrets {
            for at in memmem::find_iter(bytes, secret.as_slice()) {
                let line = 1 + memchr_iter(b'\n', &bytes[..at]).count() as u64;
                for (name, which) in owners {
                    let what = What::Key { name: name.clone(), which: *which, form: Form::Raw, partial: None };
                    found(Hit { at: at as u64, line, what });
                }
            }
        }
    }

    /// Looks through a stream in bounded memory, and says how many bytes there were.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look_through(&self, reader: &mut dyn Read, found: &mut dyn FnMut(Hit)) -> io::Result<u64> {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        reader.read_to_end(&mut bytes)?;
        self.look(&bytes, found);
        Ok(bytes.len() as u64)
    }
}
