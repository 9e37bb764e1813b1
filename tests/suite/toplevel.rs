//! The top level holds what a newcomer looks for, and nothing else.

use std::{collections::BTreeSet, process::Command};

use crate::tools::root;

#[test]
fn the_top_level_holds_what_a_newcomer_looks_for_and_nothing_else() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let files = String::from_utf8(listed.stdout).expect("names");
    let top: BTreeSet<&str> = files
        .split('\0')
        .filter_map(|path| path.split('/').next())
        .filter(|name| !name.is_empty() && !name.starts_with('.'))
        .collect();
    let wanted = BTreeSet::from(["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "completions", "src", "tests"]);
    assert_eq!(top, wanted);
}
