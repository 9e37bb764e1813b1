//! What a keyctl leaves for one that runs within its command: what to look for. That one has the texts alone that stand in
//! variables and files, and cannot tell which parts of them are secrets.
//!
//! It goes by a file in memory, of which only the command knows, that has every text anyway. Numbers and texts are as in
//! [`handed`](super::handed); there are three lists, each with names and secrets.

use super::handed::{NUMBER, number, put, put_number, text};
use crate::{name::VariableName, secret::Secret};

/// What such a file begins with: a key that is given as one is something else.
const BEGINNING: &[u8] = b"keyctl: to be looked for\n";

/// A variable, and what is looked for under its name.
pub type Named = (VariableName, Secret);

/// Writes three lists down.
#[must_use]
pub fn write(lists: [&[Named]; 3]) -> Secret {
    let length = |(name, secret): &Named| 2 * NUMBER + name.as_str().len() + secret.len();
    let all: usize = lists.iter().flat_map(|list| list.iter()).map(length).sum();
    // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
    let mut bytes = Vec::with_capacity(BEGINNING.len() + lists.len() * NUMBER + all);
    bytes.extend_from_slice(BEGINNING);
    for list in lists {
        put_number(&mut bytes, list.len());
        for (name, secret) in list {
            put(&mut bytes, name.as_str().as_bytes());
            put(&mut bytes, secret.expose());
        }
    }
    Secret::new(bytes)
}

/// Reads them; none where that is not what the bytes are.
#[must_use]
pub fn read(written: &Secret) -> Option<[Vec<Named>; 3]> {
    let mut rest = written.expose().strip_prefix(BEGINNING)?;
    let mut list = || -> Option<Vec<Named>> {
        let mut all = Vec::new();
        for _ in 0..number(&mut rest)? {
            let name = std::str::from_utf8(text(&mut rest)?).ok()?.parse().ok()?;
            all.push((name, Secret::new(text(&mut rest)?.to_vec())));
        }
        Some(all)
    };
    let lists = [list()?, list()?, list()?];
    rest.is_empty().then_some(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> Vec<Named> {
        let named =
            |(name, secret): &(&str, &str)| (name.parse().expect("name"), Secret::new(secret.as_bytes().to_vec()));
        pairs.iter().map(named).collect()
    }

    #[test]
    fn what_is_left_is_read_as_it_was_and_nothing_else_is_read() {
        let lists = [list(&[("A", "one\0"), ("B", "")]), list(&[]), list(&[("C", "three")])];
        let written = write([&lists[0], &lists[1], &lists[2]]);
        let read = read(&written).expect("whole");
        for (read, list) in read.iter().zip(&lists) {
            let is_same = |((name, secret), (other, was)): (&Named, &Named)| name == other && secret.same_as(was);
            assert!(read.len() == list.len() && read.iter().zip(list).all(is_same));
        }
        let bytes = written.expose();
        for cut in 0..bytes.len() {
            assert!(super::read(&Secret::new(bytes[..cut].to_vec())).is_none(), "{cut}");
        }
        assert!(super::read(&Secret::new([bytes, b"x"].concat())).is_none());
        assert!(super::read(&Secret::new(b"sk-live-3Hq9/ZbT7+mWx2Lc".to_vec())).is_none());
    }
}
