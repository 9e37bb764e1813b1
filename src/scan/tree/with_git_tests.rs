//! A look through repositories. These tests need git, and where there is none they fail: whoever cannot have it leaves them out by
//! the name of this file (`tests/cross`).

use std::path::Path;

use super::tests::{KEY, folder, found};

fn git(folder: &Path, words: &[&str]) {
    let done = std::process::Command::new("git").arg("-C").arg(folder).args(words).output().expect("git");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_git_ignores_is_left_out_and_no_other_list_is_read() {
    let (_kept, top) = folder(&["a", ".env", "b/target/x", "b/c", "e/.git/config", "d/.hidden/e"]);
    git(&top, &["init", "-q"]);
    std::fs::write(top.join(".gitignore"), ".env\ntarget/\n").expect("write");
    std::fs::write(top.join(".ignore"), "*\n").expect("write");
    let (places, seen) = found(&top, false);
    assert_eq!((places, seen.files), (["a:2", "b/c:2", "d/.hidden/e:2"].map(str::to_owned).into(), 6));
    assert_eq!(found(&top, true).0, [".env:2", "a:2", "b/c:2", "b/target/x:2", "d/.hidden/e:2"]);
    // Where the walk begins below a list, that counts too, but not for where it begins.
    assert_eq!(found(&top.join("b"), false).0, ["c:2"]);
    assert_eq!(found(&top.join("b/target"), false).0, ["x:2"]);
}

#[test]
fn a_repository_is_one_also_where_a_file_leads_to_it() {
    let (_kept, top) = folder(&["a", "b", "c/d", "e/f"]);
    for list in [".gitignore", "c/.gitignore", "e/.gitignore"] {
        std::fs::write(top.join(list), "*\n").expect("write");
    }
    git(&top.join("c"), &["init", "-q"]);
    std::fs::write(top.join("e/.git"), "gitdir: ../c/.git\n").expect("write");
    assert_eq!(found(&top, false).0, ["a:2", "b:2"]);
}

#[test]
fn each_repository_that_a_walk_comes_to_has_its_own_lists_settings_and_files_that_git_keeps() {
    let (_kept, top) = folder(&["one/kept", "one/other", "one/sub/.env", "one/two/kept", "one/two/deep/x", "x"]);
    for name in ["one", "one/two"] {
        git(&top.join(name), &["init", "-q"]);
        git(&top.join(name), &["add", "kept"]);
    }
    std::fs::write(top.join("one/.gitignore"), "kept\n.env\nx\n").expect("write");
    // git makes this folder only where it has templates.
    std::fs::create_dir_all(top.join("one/two/.git/info")).expect("make");
    std::fs::write(top.join("one/two/.git/info/exclude"), "kept\n").expect("write");
    git(&top.join("one/two"), &["config", "remote.o.url", &format!("https://u:{KEY}@example.com/a.git")]);
    let settings = std::fs::read_to_string(top.join("one/two/.git/config")).expect("read").lines().count();
    let places = ["one/kept:2", "one/other:2", &format!("one/two/.git/config:{settings}"), "one/two/deep/x:2"];
    let places = [&places[..], &["one/two/kept:2", "x:2"]].concat();
    let (seen_places, seen) = found(&top, false);
    assert_eq!((seen_places, seen.files, seen.unasked), (places.iter().map(ToString::to_string).collect(), 8, vec![]));
    // One that git says nothing of is named, if anything was left out there.
    for name in ["one", "one/two"] {
        std::fs::write(top.join(name).join(".git/index"), "none").expect("write");
    }
    std::fs::write(top.join("one/two/.git/info/exclude"), "").expect("write");
    let (_, seen) = found(&top, false);
    assert_eq!(seen.unasked.iter().map(|(folder, _)| folder).collect::<Vec<_>>(), [&top.join("one")]);
}

#[cfg(unix)]
#[test]
fn a_list_that_is_a_link_leaves_nothing_out_as_git_has_it() {
    let (_kept, top) = folder(&["a", "b.log", "c/d", "c/f/g", "real/x", "real/y.tmp"]);
    git(&top, &["init", "-q"]);
    std::fs::write(top.join("real/list"), "*\n").expect("write");
    std::fs::write(top.join("real/.gitignore"), "*.tmp\nlist\n").expect("write");
    std::fs::write(top.join(".git/info/exclude"), "b.log\n").expect("write");
    std::os::unix::fs::symlink("../real/list", top.join("c/.gitignore")).expect("link");
    assert_eq!(found(&top, false).0, ["a:2", "c/d:2", "c/f/g:2", "real/x:2"]);
    // Also where the walk begins below it, and where it is one of all.
    assert_eq!(found(&top.join("c/f"), false).0, ["g:2"]);
    std::os::unix::fs::symlink("real/list", top.join(".gitignore")).expect("link");
    assert_eq!(found(&top, false).0.len(), 4);
}

#[test]
fn a_list_for_all_repositories_is_the_one_that_git_names() {
    let (_kept, top) = folder(&["a", "b"]);
    git(&top, &["init", "-q"]);
    std::fs::write(top.join("list"), "a\n").expect("write");
    let after = |value: &str| {
        git(&top, &["config", "core.excludesFile", value]);
        found(&top, false).0
    };
    assert_eq!(after("list"), ["b:2"]);
    assert_eq!(after(""), ["a:2", "b:2"]);
    assert_eq!(after("gone"), ["a:2", "b:2"]);
    assert_eq!(after(top.join("list").to_str().expect("text")), ["b:2"]);
    std::fs::write(
        top.join(".git/config"),
        "[foo \"bar\"]\n\texcludesFile = list\n[core]\n\texcludesFile = list\n\texcludesFile = x\n",
    )
    .expect("write");
    assert_eq!(found(&top, false).0, ["a:2", "b:2"]);
}
