//! The links on the way to a file or folder: whoever is to be kept from it must exchange none of them.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

/// So many links are followed, as the system does it.
const LINKS: usize = 40;

/// Each link by which a path leads somewhere, and last where it does.
///
/// # Errors
/// Where links lead nowhere.
pub(super) fn on_the_way(path: &Path) -> io::Result<Vec<PathBuf>> {
    let parts = |path: &Path| -> Vec<OsString> {
        path.components().filter(|part| *part != Component::RootDir).map(|part| part.as_os_str().to_owned()).collect()
    };
    let mut rest: VecDeque<OsString> = parts(path).into();
    let (mut at, mut found) = (PathBuf::from("/"), Vec::new());
    while let Some(part) = rest.pop_front() {
        match part.as_bytes() {
            b"." => continue,
            b".." => {
                at.pop();
                continue;
            }
            _ => at.push(part),
        }
        let Ok(to) = std::fs::read_link(&at) else { continue };
        found.push(at.clone());
        if found.len() > LINKS {
            return Err(io::Error::other("too many links"));
        }
        at.pop();
        if to.is_absolute() {
            at = PathBuf::from("/");
        }
        parts(&to).into_iter().rev().for_each(|part| rest.push_front(part));
    }
    found.push(at);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_link_on_the_way_is_a_place_and_so_is_the_end_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("real/deep")).unwrap();
        std::os::unix::fs::symlink("real", root.join("folder")).unwrap();
        std::os::unix::fs::symlink("../folder/deep/file", root.join("real/link")).unwrap();
        std::os::unix::fs::symlink(root.join("real/link"), root.join("first")).unwrap();
        let found = on_the_way(&root.join("first")).unwrap();
        let named: Vec<PathBuf> =
            ["first", "real/link", "folder", "real/deep/file"].iter().map(|name| root.join(name)).collect();
        assert_eq!(found, named);
        std::os::unix::fs::symlink("round", root.join("round")).unwrap();
        assert!(on_the_way(&root.join("round")).is_err());
    }
}
