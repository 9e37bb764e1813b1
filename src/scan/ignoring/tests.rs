//! What is left out, held against what git itself says.

use std::{collections::BTreeSet, fmt::Write as _, path::Path, process::Command};

use super::Ignoring;

const NAMES: &[&str] = &[
    "a", "b", "foo", "foo.txt", "Foo", "a b", "#x", "!y", "[a]", "a\\b", "x ", "f*o", "aa", "ab.c", ".env", "\u{e9}",
    "foo\t", "{a,b}", "x.{a}", "[a", "a]", "-", "foox",
];
const LINES: &[&str] = &[
    "a",
    "/a",
    "a/",
    "*/a",
    "**/a",
    "a/**",
    "a/**/b",
    "foo*",
    "*.txt",
    "!foo.txt",
    "!a",
    "f?o",
    "[ab]",
    "[!a]*",
    "[^a]*",
    "\\#x",
    "\\!y",
    "#x",
    "x\\ ",
    "x ",
    "*",
    "!*/",
    "!*.txt",
    "/*",
    "!/foo",
    "**",
    "/**",
    "foo/bar",
    "a/*",
    "!a/b",
    "[[:alpha:]]",
    "[a-",
    "a\\",
    "**foo",
    "foo**",
    "a**b",
    "***",
    "/",
    "//",
    "a//b",
    "*a*",
    ".*",
    "!.env",
    "\u{e9}",
    "\\a",
    "[]a]",
    "[\\]]",
    "[a",
    "foo\t",
    "foo/**/",
    "!foo/",
    "[\u{e9}]",
    "?",
    "??",
    "*.[tx]xt",
    "/foo/*/",
    "!**/b",
    "a\\\\b",
    "[a\\]b]",
    "f\\*o",
    "\\[a\\]",
    "b/../a",
    "./a",
    " a",
    "a.",
    "[z-a]",
    "[[:digit:]a]*",
    "[--z]",
    "{a,b}",
    "*.{a,txt}",
    "x.{a}",
    "!{a,b}",
    "foo**/x",
    "/foo**/x",
    "b/foo**",
    "a/foo**x",
    "**/foo/**/a",
    "a/**/",
    "[[:foo:]]",
    "[[:alpha]",
    "![a",
    "a/[!b]",
    "a?b",
    "**/**/a",
    "/**/a/*",
    "\u{feff}a",
    "[a-c-e]",
    "[!]a]",
    "foo\r",
];

/// The same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, number: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % number
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn list(&mut self, most: usize) -> String {
        (0..=self.below(most)).fold(String::new(), |mut list, _| {
            let _ = writeln!(list, "{}", self.of(LINES));
            list
        })
    }
}

/// A repository with lists in many folders.
fn fill(top: &Path, lot: &mut Lot) -> String {
    let mut lists = String::new();
    let mut put = |path: &Path, text: String| {
        let _ = writeln!(lists, "{}: {text:?}", path.display());
        std::fs::write(path, text).expect("write");
    };
    for number in 0..16 {
        let case = top.join(number.to_string());
        let mut folders = vec![case.clone()];
        for _ in 0..14 {
            let folder = (0..lot.below(3)).fold(case.clone(), |folder, _| folder.join(lot.of(NAMES)));
            let path = folder.join(lot.of(NAMES));
            if std::fs::create_dir_all(&folder).is_ok() && !path.exists() {
                std::fs::write(path, "").expect("write");
                folders.push(folder);
            }
        }
        put(&case.join(".gitignore"), lot.list(4));
        if lot.below(5) < 2 {
            put(&folders[lot.below(folders.len())].join(".gitignore"), lot.list(2));
        }
    }
    put(&top.join(".git/info/exclude"), lot.list(1));
    lists
}

/// The files that are not left out.
fn kept(folder: &Path, ignoring: &Ignoring, found: &mut BTreeSet<Vec<u8>>) {
    let list = folder.join(".gitignore");
    let ignoring = if list.is_file() { ignoring.with_list(&list) } else { ignoring.clone() };
    for entry in std::fs::read_dir(folder).expect("read").flatten() {
        let (name, is_folder) = (entry.file_name(), entry.path().is_dir());
        if name == ".git" || ignoring.leaves_out(&name, is_folder, &mut Vec::new()) {
            continue;
        }
        if is_folder {
            kept(&entry.path(), &ignoring.in_folder(&name), found);
        } else {
            found.insert([&ignoring.below, name.as_encoded_bytes()].concat());
        }
    }
}

#[test]
fn what_is_left_out_is_what_git_leaves_out() {
    let count = if std::env::var_os("KEYCTL_TEST_LONG").is_some() { 400 } else { 2 };
    let (mut lot, mut compared) = (Lot(7), 0);
    for _ in 0..count {
        let folder = tempfile::tempdir().expect("folder");
        let top = folder.path().canonicalize().expect("real");
        let git = |words: &[&str]| {
            let mut git = Command::new("git");
            git.args(["-c", "core.excludesFile=", "-c", "core.ignoreCase=false"]).args(words).current_dir(&top);
            git.output().expect("git").stdout
        };
        git(&["init", "-q"]);
        let lists = fill(&top, &mut lot);
        let said = git(&["ls-files", "-z", "--others", "--exclude-standard"]);
        let said: BTreeSet<Vec<u8>> =
            said.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
        let mut found = BTreeSet::new();
        kept(&top, &Ignoring::of_repository(&top, &top), &mut found);
        let text = |paths: Vec<&Vec<u8>>| {
            paths.into_iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect::<Vec<_>>()
        };
        let missed = text(said.difference(&found).collect());
        let more = text(found.difference(&said).collect());
        assert!(missed.is_empty() && more.is_empty(), "lost: {missed:?}\nmore: {more:?}\n{lists}");
        compared += said.len();
    }
    assert!(compared > 20 * count, "hardly anything was compared");
}
