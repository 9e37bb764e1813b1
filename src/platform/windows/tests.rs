//! What is Windows' own: these run there, and under wine.

use std::{fs, io::Write, os::windows::fs::OpenOptionsExt};

use super::*;

#[test]
fn a_locked_file_can_be_read_and_written_and_no_other_lock_is_given_for_it() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("lock");
    let mut held = open_or_create_private(&path, false).expect("made");
    try_lock(&held).expect("free");
    held.write_all(b"7").expect("write");
    assert_eq!(fs::read(&path).expect("read"), b"7");
    let other = File::open(&path).expect("open");
    assert!(matches!(try_lock(&other), Err(TryLockError::WouldBlock)));
    // Nor that of std, which is on all bytes.
    assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    drop(held);
    try_lock(&other).expect("free again");
}

#[test]
fn a_file_that_somebody_has_open_for_a_moment_is_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let [new, place] = ["new", "place"].map(|name| folder.path().join(name));
    fs::write(&new, "new").expect("write");
    fs::write(&place, "old").expect("write");
    // As one has it who shares it with nobody but readers: no system replaces that.
    let open = OpenOptions::new().read(true).share_mode(1).open(&place).expect("open");
    assert!(fs::rename(&new, &place).is_err());
    let reader = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(open);
    });
    rename(&new, &place).expect("in its place");
    reader.join().expect("done");
    assert_eq!(fs::read(&place).expect("read"), b"new");
    // What can never be is said at once.
    fs::create_dir(&new).expect("make");
    let begun = Instant::now();
    rename(&place, &new).expect_err("a folder is there");
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn a_file_is_told_from_the_one_that_takes_its_place() {
    let folder = tempfile::tempdir().expect("folder");
    let [path, other] = ["file", "other"].map(|name| folder.path().join(name));
    fs::write(&path, "x").expect("write");
    fs::write(&other, "x").expect("write");
    let file = File::open(&path).expect("open");
    assert!(is_at(&file, &path) && !is_at(&file, &other) && !is_at(&file, folder.path()));
    assert_ne!(place_of(&file).expect("told"), place_of(&File::open(&other).expect("open")).expect("told"));
    fs::rename(&path, folder.path().join("elsewhere")).expect("rename");
    assert!(!is_at(&file, &path));
    fs::rename(&other, &path).expect("rename");
    assert!(!is_at(&file, &path) && is_at(&file, &folder.path().join("elsewhere")));
}

#[test]
fn a_process_that_ended_is_not_running() {
    assert!(may_be_running(std::process::id()));
    let mut child = Command::new("cmd").args(["/c", "exit"]).spawn().expect("cmd");
    child.wait().expect("ends");
    assert!(!may_be_running(child.id()) && !may_be_running(4_194_305));
}
