//! How much comes out of one file, at the most. A few kilobytes can unpack to petabytes; what is meant to be unpacked seldom
//! has more than some ten times its size.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use super::Amount;

/// So much may come out of anything; a test need not make as much.
const FREE: u64 = if cfg!(test) { 1024 * 1024 } else { 128 * 1024 * 1024 };
/// And beyond that so many times its size.
const RATIO: u64 = 100;
/// But no more than this.
const MOST: u64 = 16 * 1024 * 1024 * 1024;
/// The most entries, in all that lie in one another.
const MOST_ENTRIES: u64 = 1_000_000;

const TOO_LARGE: &str = "more than 16 GB come out of it: the rest was not looked at";
const TOO_DENSE: &str = "more than 100 times its size comes out of it: the rest was not looked at";
const TOO_MANY: &str = "it has more than 1,000,000 entries: the rest was not looked at";

/// What has come out of a file so far.
#[derive(Debug)]
pub(super) struct Limits {
    /// How large the file is; of a stream, what was read of it.
    size: Cell<u64>,
    out: Cell<u64>,
    entries: Cell<u64>,
    met: Cell<Option<&'static str>>,
    told: Cell<bool>,
    /// How much memory what is no file of its own has taken.
    room_taken: Cell<u64>,
}

impl Limits {
    /// Of a file.
    pub fn of_size(size: u64) -> Self {
        let (out, entries, room_taken) = (Cell::default(), Cell::default(), Cell::default());
        Self { size: size.into(), out, entries, met: Cell::default(), told: Cell::default(), room_taken }
    }

    /// Of a stream, which is as large as what is read of it.
    pub fn of_stream() -> Self {
        Self::of_size(0)
    }

    /// How much that was.
    pub fn amount(&self) -> Amount {
        Amount { bytes: self.size.get(), entries: self.entries.get() }
    }

    /// The bound that was met.
    pub fn met(&self) -> Option<&'static str> {
        self.met.get()
    }

    /// Whether this is the first time that it is told.
    pub fn is_told(&self) -> bool {
        !self.told.replace(true)
    }

    /// Counts an entry.
    ///
    /// # Errors
    /// When there are too many.
    pub fn entry(&self) -> io::Result<()> {
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() > MOST_ENTRIES { self.stop(TOO_MANY) } else { self.go_on() }
    }

    /// How much of so much room is left for what is kept in memory.
    pub fn room(&self, most: u64) -> u64 {
        most.saturating_sub(self.room_taken.get())
    }

    /// Takes some of it.
    pub fn take_room(&self, room: u64) {
        self.room_taken.set(self.room_taken.get() + room);
    }

    /// Gives it back.
    pub fn give_room_back(&self, room: u64) {
        self.room_taken.set(self.room_taken.get() - room);
    }

    /// The same bytes, counted as they are read.
    pub fn coming_in<R: Read>(self: &Rc<Self>, reader: R) -> ComingIn<R> {
        ComingIn { reader, limits: self.clone() }
    }

    /// The same bytes, up to a bound.
    pub fn coming_out<R: Read>(self: &Rc<Self>, reader: R) -> ComingOut<R> {
        ComingOut { reader, limits: self.clone() }
    }

    fn came_out(&self, bytes: u64) -> io::Result<()> {
        let out = self.out.get() + bytes;
        self.out.set(out);
        if out > MOST {
            return self.stop(TOO_LARGE);
        }
        if out > FREE && out / RATIO > self.size.get() { self.stop(TOO_DENSE) } else { self.go_on() }
    }

    fn stop(&self, why: &'static str) -> io::Result<()> {
        self.met.set(self.met.get().or(Some(why)));
        self.go_on()
    }

    /// Once a bound is met, nothing more comes out.
    fn go_on(&self) -> io::Result<()> {
        self.met.get().map_or(Ok(()), |why| Err(io::Error::other(why)))
    }
}

/// See [`Limits::coming_in`].
pub(super) struct ComingIn<R> {
    reader: R,
    limits: Rc<Limits>,
}

impl<R: Read> Read for ComingIn<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.limits.size.set(self.limits.size.get() + read as u64);
        Ok(read)
    }
}

/// See [`Limits::coming_out`].
pub(super) struct ComingOut<R> {
    reader: R,
    limits: Rc<Limits>,
}

impl<R: Read> Read for ComingOut<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.limits.go_on()?;
        let read = self.reader.read(bytes)?;
        self.limits.came_out(read as u64)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_bounded_by_what_went_in_and_in_all() {
        let small = Limits::of_size(1000);
        assert!(small.came_out(FREE).is_ok());
        assert!(small.came_out(1).is_err());
        assert_eq!((small.met(), small.is_told(), small.is_told()), (Some(TOO_DENSE), true, false));
        assert!(small.entry().is_err(), "nothing goes on after that");
        let large = Limits::of_size(MOST);
        assert!(large.came_out(MOST).is_ok());
        assert!(large.came_out(1).is_err());
        assert_eq!(large.met(), Some(TOO_LARGE));
        let many = Limits::of_size(0);
        assert!((0..MOST_ENTRIES).all(|_| many.entry().is_ok()));
        assert!(many.entry().is_err());
        assert_eq!(many.met(), Some(TOO_MANY));
    }

    #[test]
    fn room_is_taken_once_and_given_back() {
        let limits = Limits::of_stream();
        limits.take_room(7);
        assert_eq!((limits.room(10), limits.room(5)), (3, 0));
        limits.give_room_back(7);
        assert_eq!(limits.room(10), 10);
    }
}
