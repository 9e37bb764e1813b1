//! All the places at which a folder or file can be reached and exchanged: where it lies, each link on the way to it, and other
//! mounts of the same file system that have it too (`proc_pid_mountinfo(5)`). Whoever is to be kept from it is kept from these.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use super::links::on_the_way;

/// The mounts that this process sees.
const MOUNTS: &str = "/proc/self/mountinfo";

/// A mount: its file system, what of it is mounted, and where.
struct Mount {
    system: Vec<u8>,
    root: PathBuf,
    at: PathBuf,
}

/// All places of these, whether there is something or not.
///
/// # Errors
/// Where it cannot be read what is mounted, or links lead nowhere.
pub fn all(of: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mounts = mounts(&std::fs::read(MOUNTS)?);
    let mut all = Vec::new();
    for path in of {
        for place in on_the_way(&std::path::absolute(path)?)? {
            all.extend(mounted(&place, &mounts));
            all.push(place);
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Where other mounts have the same, or a part of it.
fn mounted(place: &Path, mounts: &[Mount]) -> Vec<PathBuf> {
    let own = mounts.iter().filter(|mount| place.starts_with(&mount.at));
    let Some(own) = own.max_by_key(|mount| mount.at.components().count()) else { return Vec::new() };
    let Ok(below) = place.strip_prefix(&own.at) else { return Vec::new() };
    let inside = own.root.join(below);
    let same = mounts.iter().filter(|mount| mount.system == own.system);
    let leads = |mount: &Mount| match inside.strip_prefix(&mount.root) {
        Ok(below) if below.as_os_str().is_empty() => Some(mount.at.clone()),
        Ok(below) => Some(mount.at.join(below)),
        Err(_) => mount.root.starts_with(&inside).then(|| mount.at.clone()),
    };
    same.filter_map(leads).filter(|other| other != place).collect()
}

fn mounts(text: &[u8]) -> Vec<Mount> {
    let line = |line: &[u8]| {
        let mut words = line.split(|byte| *byte == b' ').skip(2);
        let system = words.next()?.to_vec();
        Some(Mount { system, root: plain(words.next()?), at: plain(words.next()?) })
    };
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// A path of that list: what would break it up stands there by its octal number.
fn plain(word: &[u8]) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), word);
    while let Some((first, others)) = rest.split_first() {
        let digits = others.get(..3).filter(|_| *first == b'\\');
        let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()).map(|text| u8::from_str_radix(text, 8));
        if let Some(Ok(byte)) = number {
            bytes.push(byte);
            rest = &others[3..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_a_link_leads_to_is_among_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        std::os::unix::fs::symlink("file", root.join("first")).unwrap();
        assert!(all(&[root.join("first")]).unwrap().contains(&root.join("file")));
    }

    #[test]
    fn another_mount_of_the_same_or_of_a_part_is_a_place_too() {
        let list = mounts(
            b"1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 /@home /home rw - btrfs x rw\n3 1 8:2 / /all\\040of rw - btrfs x rw\n\
              4 1 8:2 /@home/u/keys /bound rw - btrfs x rw\n5 1 8:2 /@home/u/keys/in /part rw - btrfs x rw\n\
              6 1 8:2 /@home/u/other /other rw - btrfs x rw\n7 1 8:3 / /home2 rw - ext4 x rw\n",
        );
        let found = mounted(Path::new("/home/u/keys"), &list);
        let named: Vec<PathBuf> = ["/all of/@home/u/keys", "/bound", "/part"].iter().map(PathBuf::from).collect();
        assert_eq!(found, named);
        assert!(mounted(Path::new("/etc/keys"), &list).is_empty());
        assert_eq!(plain(br"/a\134b\9"), Path::new(r"/a\b\9"));
    }
}
