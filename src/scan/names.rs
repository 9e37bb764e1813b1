//! Secrets in the names of files and folders: who lists a folder reads them, and git keeps them in every commit.

use std::{
    collections::HashSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{engine::Engine, finding::Hit, needles::SHORTEST};

/// Looks at a name: the last part of a path. What is found there has no line.
pub fn look(engine: &Engine, name: &OsStr, found: &mut dyn FnMut(Hit)) {
    look_at(engine, name.as_encoded_bytes(), found);
}

/// The same for a name in bytes.
pub fn look_at(engine: &Engine, name: &[u8], found: &mut dyn FnMut(Hit)) {
    if name.len() >= SHORTEST {
        engine.look(name, &mut |hit| found(Hit { line: 0, ..hit }));
    }
}

/// The names in many paths, each looked at once.
pub struct Names<'e> {
    engine: &'e Engine,
    seen: HashSet<PathBuf>,
}

impl<'e> Names<'e> {
    /// None was looked at yet.
    #[must_use]
    pub fn new(engine: &'e Engine) -> Self {
        Self { engine, seen: HashSet::new() }
    }

    /// Looks at the names in a path, with the path that ends with each.
    pub fn look(&mut self, path: &Path, found: &mut dyn FnMut(&Path, Hit)) {
        for part in path.ancestors() {
            let Some(name) = part.file_name() else { return };
            // What is above was looked at then too.
            if self.seen.contains(part) {
                return;
            }
            self.seen.insert(part.to_owned());
            look(self.engine, name, &mut |hit| found(part, hit));
        }
    }
}

/// The names in a tree object of git's: for each entry its mode, a space, its name, a zero byte, and the bytes of an id.
pub fn of_tree(tree: &[u8], id_length: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        let from = memchr::memchr(b' ', rest)? + 1;
        let to = from + memchr::memchr(0, &rest[from..])?;
        let name = &rest[from..to];
        rest = rest.get(to + 1 + id_length..).unwrap_or_default();
        Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scan::needles::{Kept, Needles, Which},
        secret::Secret,
    };

    const KEY: &str = "3Hq9ZbT7mWx2LcR5vYk8";

    #[test]
    fn each_name_is_looked_at_once_and_has_no_line() {
        let secret = Secret::new(KEY.as_bytes().to_vec());
        let engine =
            Engine::new(Needles::of([Kept { name: "KEY".into(), which: Which::Current, secret: &secret }]), false);
        let mut names = Names::new(&engine);
        let mut found = Vec::new();
        for path in [format!("a/{KEY}/b"), format!("a/{KEY}/c-{KEY}"), format!("{KEY}/a"), "a".into(), String::new()] {
            names.look(Path::new(&path), &mut |part, hit| found.push((part.to_owned(), hit.line)));
        }
        let expected = [format!("a/{KEY}"), format!("a/{KEY}/c-{KEY}"), KEY.into()];
        assert_eq!(found, expected.map(|path| (PathBuf::from(path), 0)));
    }

    #[test]
    fn the_names_of_a_tree_are_read_whatever_its_ids_are_made_of() {
        let tree = b"100644 a b\0 x\0 40000 dir\0\0\0 \0";
        assert_eq!(of_tree(tree, 4).collect::<Vec<_>>(), [&b"a b"[..], b"dir"]);
        for cut in 0..tree.len() {
            assert!(of_tree(&tree[..cut], 4).count() <= 2);
        }
    }
}
