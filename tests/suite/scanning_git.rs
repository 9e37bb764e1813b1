//! What `scan` finds in a repository: what is staged, what the history holds, what a push sends; and that a repository
//! cannot make it run a program, hide something or ask the network.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{
    repository::Repository,
    sandbox::{Sandbox, put_program},
    tools,
};

const SECRET: &str = "sk-planted-3f9a71c2e8b04d56";

fn kept() -> Sandbox {
    Sandbox::with(&[("A", SECRET)])
}

fn line() -> String {
    format!("# settings\nKEY={SECRET}\n")
}

#[test]
fn what_is_staged_is_looked_through_and_not_what_lies_in_the_folder() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.stage(".env", line());
    // Taken out of the file again, but not of the index.
    repository.write(".env", "KEY=\n");
    assert_eq!(repository.places(&["--staged"]), [".env:2"]);
    sandbox.call(&["scan", "--staged"]).run().says(
        "KEY  FORM  WHERE\nA    raw   .env:2\n",
        "keyctl: found 1 key in 1 place; 1 staged file, 43 bytes scanned\n\
         keyctl: hint: take it out of there and stage that: nothing was committed yet\n\
         keyctl: hint: if it is meant to be there: `keyctl scan --staged --accept`, or `git commit --no-verify`\n",
        1,
    );
    repository.git(&["add", ".env"]);
    repository.write(".env", line());
    assert_eq!(repository.places(&["--staged"]), [""; 0]);
}

#[test]
fn where_nothing_is_staged_that_is_said() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let nothing = "keyctl: nothing to look at; 0 staged files, 0 bytes scanned\n";
    sandbox.call(&["scan", "--staged"]).run().says("", nothing, 0);
    repository.commit("script", line());
    // Another mode brings nothing in, nor does what is removed.
    repository.git(&["update-index", "--chmod=+x", "script"]);
    assert_eq!(repository.places(&["--staged"]), [""; 0]);
    repository.git(&["rm", "-q", "-f", "--cached", "script"]);
    assert_eq!(repository.places(&["--staged"]), [""; 0]);
}

#[test]
fn renames_merges_links_and_files_of_bytes_are_looked_through() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    repository.commit("kept", line());
    repository.git(&["mv", "kept", "moved"]);
    assert_eq!(repository.places(&["--staged"]), ["moved:2"]);
    repository.git(&["reset", "-q", "--hard"]);
    repository.stage("bytes", [&[0, 255, 10][..], SECRET.as_bytes(), &[0]].concat());
    assert_eq!(repository.places(&["--staged"]), ["bytes:2"]);
    repository.git(&["reset", "-q", "--hard"]);
    std::os::unix::fs::symlink(SECRET, repository.folder.join("link")).expect("link");
    repository.git(&["add", "link"]);
    assert_eq!(repository.places(&["--staged"]), ["link:1"]);
    repository.git(&["reset", "-q", "--hard"]);
    // What the other branch brings into a merge, and a conflict that is not settled yet.
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.commit("theirs", line());
    repository.commit("first", format!("theirs {SECRET}\n"));
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("first", "ours\n");
    assert!(!repository.tried(&["merge", "-q", "--no-commit", "other"]).status.success());
    sandbox.may_lie_in(&repository.folder.join("first"));
    sandbox.may_lie_in(&repository.folder.join("theirs"));
    assert_eq!(repository.places(&["--staged"]), ["first:1", "theirs:2"]);
}

#[test]
fn a_content_that_is_staged_and_in_a_conflict_is_told_in_both_places() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    repository.stage("staged", line());
    let id = repository.git(&["rev-parse", ":staged"]);
    let entries = [1, 2, 3].map(|stage| format!("100644 {id} {stage}\tconflict\n")).concat();
    let mut git = repository.command(&["update-index", "--index-info"]);
    let mut git = git.stdin(Stdio::piped()).spawn().expect("git");
    git.stdin.take().expect("piped").write_all(entries.as_bytes()).expect("write");
    assert!(git.wait().expect("wait").success());
    assert_eq!(repository.places(&["--staged"]), ["conflict:2", "staged:2"]);
}

#[test]
fn names_from_a_repository_are_escaped() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.stage("a\x1b]52;c;x\x07\n:b", line());
    let (code, found, said) = repository.scan(&["--staged"]);
    assert_eq!(code, 1, "{said}");
    assert!(found.contains(r"a\u{1b}]52;c;x\u{7}\u{a}:b:2"), "{found}");
    assert!(!found.contains('\x1b') && !said.contains('\x1b'));
}

#[test]
fn submodules_and_pointers_of_git_lfs_are_counted() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let inner = repository.at(sandbox.home().join("inner"));
    std::fs::create_dir(&inner.folder).expect("make");
    inner.git(&["init", "-q"]);
    inner.commit("secret", line());
    repository.git(&["submodule", "--quiet", "add", inner.folder.to_str().expect("text"), "sub"]);
    sandbox.may_lie_in(&repository.folder.join("sub/secret"));
    repository
        .stage("large", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n", "0".repeat(64)));
    let (code, found, said) = repository.scan(&["--staged"]);
    assert_eq!((code, found.as_str()), (0, ""), "{said}");
    assert!(said.contains("1 submodule") && said.contains("1 file in git-lfs"), "{said}");
}

#[test]
fn a_large_file_is_looked_through_to_its_end() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let mut text = "nothing of interest\n".repeat(200_000);
    text.push_str(&line());
    repository.stage("large", text);
    assert_eq!(repository.places(&["--staged"]), ["large:200002"]);
}

#[test]
fn the_history_tells_the_commits_that_brought_a_secret_in_and_whether_they_were_pushed() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let remote = repository.at(sandbox.home().join("remote.git"));
    std::fs::create_dir(&remote.folder).expect("make");
    remote.git(&["init", "-q", "--bare"]);
    repository.git(&["remote", "add", "origin", remote.folder.to_str().expect("text")]);
    let first = repository.commit("config/.env", line());
    repository.commit("config/.env", "KEY=\n");
    repository.git(&["push", "-q", "origin", "main"]);
    let second = repository.commit("notes", format!("{SECRET}, and more\n"));
    repository.git(&["rm", "-q", "notes"]);
    repository.git(&["commit", "-q", "-m", "away"]);
    repository.git(&["commit", "-q", "--allow-empty", "-m", &format!("use {SECRET}")]);
    let third = repository.git(&["rev-parse", "HEAD"]);
    for name in ["COMMIT_EDITMSG", "logs/HEAD", "logs/refs/heads/main"] {
        sandbox.may_lie_in(&repository.folder.join(".git").join(name));
    }
    // On no branch any more, and never in a commit.
    let fourth = repository.commit("lost", format!("{SECRET} lost\n"));
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    repository.stage("once", format!("{SECRET} once\n"));
    let loose = repository.git(&["rev-parse", ":once"]);
    repository.git(&["rm", "-q", "-f", "once"]);
    let places = repository.places(&["--history"]);
    let short = |id: &str| id[..12].to_owned();
    let mut expected = [
        format!("{}:config/.env:2", short(&first)),
        format!("{}:notes:1", short(&second)),
        format!("{}:lost:1", short(&fourth)),
        format!("message of {}", short(&third)),
        format!("object {} in no commit", short(&loose)),
    ];
    expected.sort();
    assert_eq!(places, expected);
    let (_, _, said) = repository.scan(&["--history"]);
    assert!(
        said.contains("\nkeyctl: hint: replace it first: `keyctl rotate A`; then take it out of there\n"),
        "{said}"
    );
    assert!(
        said.ends_with("some of it was pushed already: taking it out of the history does not bring it back\n"),
        "{said}"
    );
    let ran = sandbox.call(&["scan", "--history", "--json"]).run();
    let said: serde_json::Value = serde_json::from_slice(&ran.output.stdout).expect("JSON");
    let findings = said["findings"].as_array().expect("a list");
    let pushed: Vec<&str> = findings
        .iter()
        .map(|finding| &finding["place"])
        .filter(|place| place["pushed"] == true)
        .filter_map(|place| place["commit"].as_str())
        .collect();
    assert_eq!(pushed, [first]);
}

#[test]
fn the_name_of_a_folder_is_told_once_wherever_git_keeps_it() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let (one, two) = (format!("a/dump-{SECRET}/one"), format!("a/dump-{SECRET}/two"));
    repository.stage(&one, "1\n");
    repository.stage(&two, "2\n");
    sandbox.may_lie_in(&repository.folder.join(".git/index"));
    let told = |place: &str| format!("KEY  FORM  WHERE\nA    raw   {place}\n");
    let staged = repository.scan(&["--staged"]);
    assert_eq!((staged.0, staged.1), (1, told("a/dump-[secret of A] (its name)")), "{}", staged.2);
    // A tree that no commit has.
    let tree = repository.git(&["write-tree"]);
    repository.git(&["rm", "-q", "-r", "--cached", "a"]);
    repository.git(&["prune", "--expire", "never"]);
    let folder = repository.git(&["rev-parse", &format!("{tree}:a")]);
    let loose = repository.scan(&["--history"]);
    let expected = told(&format!("object {} in no commit (a name in it)", &folder[..12]));
    assert_eq!((loose.0, loose.1), (1, expected), "{}", loose.2);
    let first = repository.commit("before", "0\n");
    let second = repository.commit(&one, "1\n");
    let head = repository.commit(&two, "2\n");
    let expected = told(&format!("{}:a/dump-[secret of A] (its name)", &second[..12]));
    let history = repository.scan(&["--history"]);
    assert_eq!((history.0, history.1), (1, expected.clone()), "{}", history.2);
    let lines = format!("refs/heads/main {head} refs/heads/main {first}\n");
    let pushing = sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run();
    assert_eq!((pushing.code(), pushing.stdout()), (1, expected), "{}", pushing.stderr());
    // What is accepted in git is accepted by its name, and a file in there is another matter.
    assert_eq!(sandbox.call(&["scan", "--history", "--accept", "--yes"]).run().code(), 0);
    assert_eq!(repository.places(&["--history"]), [""; 0]);
    repository.commit(&one, line());
    assert_eq!(repository.places(&["--history"]).len(), 1);
}

#[test]
fn a_push_is_looked_through_for_what_the_remote_does_not_have() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let remote = repository.at(sandbox.home().join("remote.git"));
    std::fs::create_dir(&remote.folder).expect("make");
    remote.git(&["init", "-q", "--bare"]);
    repository.git(&["remote", "add", "origin", remote.folder.to_str().expect("text")]);
    repository.commit("old", line());
    repository.git(&["push", "-q", "origin", "main"]);
    let before = repository.git(&["rev-parse", "HEAD"]);
    let push = |lines: String| {
        let ran = sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run();
        (ran.code(), ran.stdout(), ran.stderr())
    };
    let zero = "0".repeat(40);
    // What is there already was there before.
    repository.commit("clean", "nothing\n");
    let clean = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(push(format!("refs/heads/main {clean} refs/heads/main {before}\n")).0, 0);
    // Brought in by one commit and taken out by the next one: it is sent all the same.
    let bad = repository.commit("new", line() + "new\n");
    repository.git(&["rm", "-q", "new"]);
    repository.git(&["commit", "-q", "-m", "away"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    for known in [before.as_str(), &zero, &"1".repeat(40)] {
        let (code, found, said) = push(format!("refs/heads/main {head} refs/heads/main {known}\n"));
        assert_eq!(code, 1, "{said}");
        // Where git finds the branch elsewhere than it is known here, nothing that is known counts.
        let has_old = known != before;
        assert!(found.contains(&format!("{}:new:2", &bad[..12])) && found.contains(":old:") == has_old, "{found}");
    }
    // A branch that is removed sends nothing, and what is none of git's lines is refused.
    let (code, _, said) = push(format!("(delete) {zero} refs/heads/main {before}\n"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(push("--all --all --all --all\n".into()).0, 2);
    // Where git says nothing, its hook gives on a blank line; not even that is no word of git's.
    assert_eq!(push("\n".into()).0, 0);
    assert_eq!(push(String::new()).0, 2);
}

#[test]
fn a_tag_that_is_pushed_is_looked_through_with_what_it_is_on() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("clean", "nothing\n");
    let id = |name: &str| repository.git(&["rev-parse", name]);
    let push = |name: &str| {
        let lines = format!("refs/tags/{name} {} refs/tags/{name} {}\n", id(name), "0".repeat(40));
        let ran = sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run();
        (ran.code(), ran.stdout() + &ran.stderr())
    };
    repository.git(&["tag", "-a", "plain", "-m", "1"]);
    let (code, said) = push("plain");
    assert!(code == 0 && said.contains("; 1 commit and 1 tag to push, "), "{said}");
    repository.git(&["tag", "-a", "message", "-m", &format!("use {SECRET}")]);
    repository.git(&["tag", "-a", "outer", "-m", "1", "message"]);
    let message = format!("message of {}", &id("message")[..12]);
    for (name, pieces) in [("message", "1 commit and 1 tag"), ("outer", "1 commit and 2 tags")] {
        let (code, said) = push(name);
        assert!(code == 1 && said.contains(&message) && said.contains(pieces), "{name}: {said}");
    }
    // On a file's content, and on a folder.
    let path = repository.write("folder/secret", line());
    let blob = repository.git(&["hash-object", "-w", path.to_str().expect("text")]);
    repository.git(&["add", "folder"]);
    let tree = repository.git(&["write-tree"]);
    repository.git(&["rm", "-q", "-r", "-f", "folder"]);
    for (name, object) in [("blob", &blob), ("tree", &tree)] {
        repository.git(&["tag", name, object]);
        repository.git(&["tag", "-a", &format!("{name}-told"), "-m", "1", object]);
        for name in [name, &format!("{name}-told")] {
            let (code, said) = push(name);
            assert!(code == 1 && said.contains(&format!("object {} in no commit", &blob[..12])), "{name}: {said}");
        }
    }
    // What is not here cannot be looked at, and that is said.
    let none = "1".repeat(40);
    let lines = format!("refs/tags/x {none} refs/tags/x {}\n", "0".repeat(40));
    let ran = sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run();
    assert!(ran.stderr().contains("1 object, not here and not fetched"), "{}", ran.stderr());
}

#[test]
fn the_history_takes_a_tag_for_pushed_where_its_commit_was() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let first = repository.commit("clean", "nothing\n");
    repository.git(&["tag", "-a", "message", "-m", &format!("use {SECRET}")]);
    let pushed = || {
        let ran = sandbox.call(&["scan", "--history", "--json"]).run();
        let said: serde_json::Value = serde_json::from_slice(&ran.output.stdout).expect("JSON");
        said["findings"][0]["place"]["pushed"].as_bool()
    };
    assert_eq!(pushed(), Some(false));
    repository.git(&["update-ref", "refs/remotes/origin/main", &first]);
    assert_eq!(pushed(), Some(true));
}

#[test]
fn what_another_remote_has_is_not_known_of_this_one() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    for name in ["origin", "origin/mirror"] {
        let remote = repository.at(sandbox.home().join(name.replace('/', "-")));
        std::fs::create_dir(&remote.folder).expect("make");
        remote.git(&["init", "-q", "--bare"]);
        repository.git(&["config", &format!("remote.{name}.url"), remote.folder.to_str().expect("text")]);
        let fetch = format!("+refs/heads/*:refs/remotes/{name}/*");
        repository.git(&["config", &format!("remote.{name}.fetch"), &fetch]);
    }
    let head = repository.commit("secret", line());
    let push = || {
        let lines = format!("refs/heads/other {head} refs/heads/other {}\n", "0".repeat(40));
        let ran = sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run();
        (ran.code(), ran.stderr())
    };
    repository.git(&["push", "-q", "origin/mirror", "main"]);
    repository.git(&["rev-parse", "--verify", "refs/remotes/origin/mirror/main"]);
    let (code, said) = push();
    assert!(code == 1 && said.contains("1 commit to push"), "{said}");
    repository.git(&["push", "-q", "origin", "main"]);
    let (code, said) = push();
    assert!(code == 0 && said.contains("0 commits to push"), "{said}");
}

#[test]
fn what_git_says_is_told_without_the_secrets_in_it() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("secret", line());
    let id = "0123456789".repeat(4);
    std::fs::write(repository.folder.join(format!(".git/refs/heads/br-{SECRET}")), format!("{id}\n")).expect("write");
    let (code, _, said) = repository.scan(&["--history"]);
    assert!(code == 7 && said.contains("git says: ") && said.contains("br-[secret of A]"), "{code} {said}");
}

#[test]
fn files_that_git_keeps_although_it_ignores_them_are_looked_at() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.write(".gitignore", "logs/\n");
    let elsewhere = sandbox.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("make");
    for name in ["logs/kept", "logs/link/file", "logs/gone", "logs/name\nof two lines"] {
        repository.write(name, line());
        repository.git(&["add", "-f", name]);
    }
    repository.write("logs/other", line());
    // What became a link, and what is not there, is none of the folder's files.
    std::fs::rename(repository.folder.join("logs/link/file"), elsewhere.join("file")).expect("move");
    sandbox.may_lie_in(&elsewhere.join("file"));
    std::fs::remove_dir(repository.folder.join("logs/link")).expect("remove");
    std::os::unix::fs::symlink(&elsewhere, repository.folder.join("logs/link")).expect("link");
    std::fs::remove_file(repository.folder.join("logs/gone")).expect("remove");
    let kept = ["logs/kept:2", "logs/name\nof two lines:2"];
    assert_eq!(repository.places(&[]), kept);
    assert_eq!(repository.at(repository.folder.join("logs")).places(&["."]).len(), 3, "named itself");
    let all = ["logs/kept:2", "logs/name\nof two lines:2", "logs/other:2"];
    assert_eq!(repository.places(&["--no-ignore"]), all);
    // Another repository that the environment names is not asked for them.
    let elsewhere = sandbox.call(&["scan", "--json"]).env("GIT_DIR", "/nowhere/.git").run();
    assert_eq!(elsewhere.stdout().matches("\"key\": \"A\"").count(), 2, "{}", elsewhere.stdout());
    // From above the repository it is no different.
    let above: Vec<_> = kept.iter().map(|place| format!("project/{place}")).collect();
    let found = repository.at(sandbox.home()).places(&["."]);
    assert!(above.iter().all(|place| found.contains(place)), "{found:?}");
    // Without git, and where it refuses, the rest is looked at, and that is said.
    repository.write("plain", line());
    let ran = sandbox.call(&["scan"]).env("PATH", "/nowhere").run();
    assert!(ran.code() == 1 && ran.stdout().contains("plain:2") && !ran.stdout().contains("logs"), "{}", ran.stdout());
    std::fs::write(repository.folder.join(".git/index"), "none").expect("write");
    assert_eq!(repository.places(&[]), ["plain:2"]);
    std::fs::remove_file(repository.folder.join("plain")).expect("remove");
    let said = "keyctl: not looked at: what git keeps in `.` though it is ignored: git is not found\n\
                keyctl: nothing found; 2 files, ";
    for without in [true, false] {
        let call = sandbox.call(&["scan"]);
        let ran = if without { call.env("PATH", "/nowhere") } else { call }.run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 7), "{}", ran.stderr());
        assert!(ran.stderr().starts_with(said.split("git is").next().expect("words")), "{}", ran.stderr());
        assert!(!without || ran.stderr().starts_with(said), "{}", ran.stderr());
    }
    // Where nothing is left out nothing can be missing.
    assert!(sandbox.call(&["scan", "--no-ignore"]).run().stderr().find("not looked at").is_none());
}

#[test]
fn the_settings_of_a_repository_are_looked_at() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    let tree = repository.at(sandbox.home().join("tree"));
    repository.git(&["worktree", "add", "-q", tree.folder.to_str().expect("text")]);
    let url = format!("https://user:{SECRET}@example.com/a.git");
    let settings = repository.folder.join(".git/config");
    sandbox.may_lie_in(&settings);
    let lines = std::fs::read_to_string(&settings).expect("settings").lines().count();
    repository.git(&["config", "remote.origin.url", &url]);
    assert_eq!(repository.places(&[]), [format!(".git/config:{}", lines + 2)]);
    assert_eq!(repository.places(&["--no-ignore"]), [format!(".git/config:{}", lines + 2)]);
    assert_eq!(tree.places(&[]), [format!("{}:{}", settings.canonicalize().expect("real").display(), lines + 2)]);
}

/// A repository whose configuration names a program wherever git reads one.
fn hostile(repository: &Repository<'_>) {
    let evil = repository.sandbox.home().join("evil");
    let mark = repository.sandbox.home().join("ran");
    put_program(format!("#!/bin/sh\necho \"$0 $*\" >>'{}'\nexit 1\n", mark.display()).as_bytes(), &evil);
    let evil = evil.to_str().expect("text");
    let shell = format!("!{evil}");
    for (name, value) in [
        ("core.fsmonitor", evil),
        ("core.pager", evil),
        ("core.editor", evil),
        ("core.askPass", evil),
        ("core.sshCommand", evil),
        ("core.gitProxy", evil),
        ("core.alternateRefsCommand", evil),
        ("credential.helper", &shell),
        ("diff.external", evil),
        ("diff.evil.command", evil),
        ("diff.evil.textconv", evil),
        ("filter.evil.clean", evil),
        ("filter.evil.smudge", evil),
        ("filter.evil.process", evil),
        ("filter.evil.required", "true"),
        ("merge.evil.driver", evil),
        ("interactive.diffFilter", evil),
        ("gpg.program", evil),
        ("log.showSignature", "true"),
        ("pager.diff", evil),
        ("alias.cat-file", &shell),
        ("alias.diff-index", &shell),
        ("alias.rev-parse", &shell),
        ("remote.origin.url", "."),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", evil),
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("protocol.ext.allow", "always"),
        ("trace2.eventTarget", mark.to_str().expect("text")),
    ] {
        repository.git(&["config", name, value]);
    }
    let hooks = repository.folder.join(".git/hooks");
    std::fs::create_dir_all(&hooks).expect("make");
    for hook in ["pre-commit", "post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"] {
        crate::sandbox::copy_program(evil, &hooks.join(hook));
    }
    let _ = std::fs::remove_file(&mark);
}

#[test]
fn a_repository_cannot_make_a_scan_run_a_program() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("kept", line());
    repository.stage(".gitattributes", "* diff=evil filter=evil merge=evil\n");
    let path = repository.write("staged", format!("\n{SECRET}\n"));
    let id = repository.git(&["hash-object", "-w", "--no-filters", path.to_str().expect("text")]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{id},staged")]);
    // A content that is not here: a partial clone would fetch it.
    let none = "1".repeat(40);
    repository.git(&["update-index", "--add", "--info-only", "--cacheinfo", &format!("100644,{none},promised")]);
    hostile(&repository);
    let ran = sandbox.home().join("ran");
    // The trap is one: git itself walks into it.
    let _ = repository.tried(&["status"]);
    assert!(ran.exists(), "the trap does not work");
    std::fs::remove_file(&ran).expect("remove");
    assert_eq!(repository.places(&["--staged"]), ["staged:2"]);
    assert_eq!(repository.places(&["--history"]).len(), 2);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let _ = std::fs::remove_file(&ran);
    let lines = format!("refs/heads/main {head} refs/heads/main {}\n", "0".repeat(40));
    assert_eq!(sandbox.call(&["scan", "--pushing", "origin"]).input(lines).run().code(), 1);
    sandbox.call(&["scan", "hook-status"]).run();
    sandbox.call(&["scan", "--home"]).run();
    sandbox.call(&["scan"]).run();
    assert!(!ran.exists(), "{}", std::fs::read_to_string(&ran).unwrap_or_default());
    let (_, _, said) = repository.scan(&["--staged"]);
    assert!(said.contains("1 object, not here and not fetched"), "{said}");
}

#[test]
fn a_repository_cannot_hide_what_is_staged() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    // Before the first commit the whole index is new, wherever in the project this is asked.
    std::fs::create_dir(repository.folder.join("below")).expect("make");
    let below = repository.at(repository.folder.join("below"));
    repository.stage("early", line());
    assert_eq!(below.places(&["--staged"]), ["early:2"]);
    let early = repository.git(&["rev-parse", ":early"]);
    repository.git(&["rm", "-q", "-f", "early"]);
    repository.commit("first", "1\n");
    let clean = repository.git(&["rev-parse", ":first"]);
    repository.stage("secret", format!("\n{SECRET}\n"));
    let id = repository.git(&["rev-parse", ":secret"]);
    repository.git(&["replace", &id, &clean]);
    for (name, value) in [
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.renames", "copies"),
        ("diff.orderFile", "/dev/full"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository.write(".gitattributes", "* -diff binary\n");
    repository.write(".gitignore", "*\n");
    repository.write(".git/info/exclude", "*\n");
    assert_eq!(below.places(&["--staged"]), ["secret:2"]);
    assert_eq!(below.places(&["--history"]), [format!("object {} in no commit", &early[..12]), "secret:2".to_owned()]);
}

#[test]
fn a_shallow_and_a_partial_clone_say_what_they_lack_and_fetch_nothing() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("secret", line());
    repository.git(&["rm", "-q", "secret"]);
    repository.git(&["commit", "-q", "-m", "away"]);
    repository.commit("clean", "nothing\n");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repository.folder.display());
    let clone = |words: &[&str], name: &str| {
        let folder = sandbox.home().join(name);
        repository.git(&[&["clone", "-q"], words, &[&url, folder.to_str().expect("text")]].concat());
        repository.at(folder)
    };
    let shallow = clone(&["--depth", "1"], "shallow");
    let (code, _, said) = shallow.scan(&["--history"]);
    assert!(code == 0 && said.contains("this shallow clone does not have"), "{said}");
    let partial = clone(&["--filter=blob:none"], "partial");
    let objects = || partial.git(&["count-objects", "-v"]);
    let before = objects();
    let (code, _, said) = partial.scan(&["--history"]);
    assert!(code == 0 && said.contains("this partial clone has not fetched yet"), "{said}");
    assert_eq!(objects(), before, "something was fetched");
    // Nor for what a push would send.
    let head = partial.git(&["rev-parse", "HEAD"]);
    let zero = "0".repeat(40);
    let lines = format!("refs/heads/main {head} refs/heads/main {zero}\n");
    let ran = sandbox.call(&["scan", "--pushing", "elsewhere"]).inside(&partial.folder).input(lines).run();
    assert!(ran.code() == 0 && ran.stderr().contains("1 object, not here and not fetched"), "{}", ran.stderr());
    assert_eq!(objects(), before, "something was fetched");
    // Sparse: what is not in the folder is still staged, and in the history.
    partial.git(&["sparse-checkout", "set", "--no-cone", "none"]);
    partial.write("more", line());
    partial.git(&["add", "--sparse", "more"]);
    assert_eq!(partial.places(&["--staged"]), ["more:2"]);
}

#[test]
fn a_worktree_and_a_bare_repository_are_looked_through() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    let tree = repository.at(sandbox.home().join("tree"));
    repository.git(&["worktree", "add", "-q", tree.folder.to_str().expect("text")]);
    tree.stage("secret", line());
    assert_eq!(tree.places(&["--staged"]), ["secret:2"]);
    assert_eq!(repository.places(&["--staged"]), [""; 0]);
    tree.git(&["commit", "-q", "-m", "more"]);
    let bare = repository.at(sandbox.home().join("bare.git"));
    repository.git(&["clone", "-q", "--bare", ".", bare.folder.to_str().expect("text")]);
    assert_eq!(bare.places(&["--history"]).len(), 1);
    // Names of objects that are longer.
    let long = repository.at(sandbox.home().join("long"));
    std::fs::create_dir(&long.folder).expect("make");
    long.git(&["init", "-q", "--object-format=sha256"]);
    long.commit("secret", line());
    assert_eq!(long.places(&["--history"]).len(), 1);
    let (code, _, said) = repository.at(sandbox.home()).scan(&["--staged"]);
    assert_eq!((code, said.lines().next()), (2, Some("keyctl: this folder is in no git repository")));
}

/// What the schema of SARIF 2.1.0, by OASIS, objects to.
fn objections(sandbox: &Sandbox, report: &str) -> String {
    let mut command = tools::script(sandbox, "validate.py");
    let mut child = command
        .arg(tools::sarif_schema())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python, from tests/run");
    child.stdin.take().expect("piped").write_all(report.as_bytes()).expect("write");
    let output = child.wait_with_output().expect("output");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

#[test]
fn what_code_hosts_read_is_as_the_schema_of_sarif_says_for_each_kind_of_place() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("a folder/first", line());
    repository.commit("a folder/first", "1\n");
    // A blob that no commit has, and one that is staged.
    repository.stage("loose", format!("{}other\n", line()));
    repository.stage("loose", "1\n");
    let staged = repository.stage("staged & \u{e4}", line());
    let mut tar = Command::new("tar");
    tar.args(["czf", "a b.tgz", "a folder", "staged & \u{e4}"]).current_dir(staged.parent().expect("folder"));
    assert!(tar.status().expect("tar").success());
    let mut running = Command::new("sleep").arg("60").env("LEAKED", SECRET).spawn().expect("sleep");
    let mut kinds = Vec::new();
    for (words, input, least) in [
        (&["--staged"][..], "", 1),
        (&["--history"], "", 2),
        (&["--running"], "", 1),
        (&["--home"], "", 0),
        (&["-"], SECRET, 1),
        (&["."], "", 1),
        (&["--deep", "a b.tgz"], "", 1),
        (&["--no-shapes", "/nowhere"], "", 0),
    ] {
        let ran = sandbox.call(&[&["scan", "--sarif"], words].concat()).input(input).run();
        assert_eq!(objections(&sandbox, &ran.stdout()), "", "{words:?}");
        let report: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("json");
        let results = report["runs"][0]["results"].as_array().expect("results");
        assert!(results.len() >= least, "{words:?}: {}", ran.stdout());
        let logical = |result: &serde_json::Value| result["locations"][0]["logicalLocations"][0]["kind"].clone();
        kinds.extend(results.iter().filter_map(|result| logical(result).as_str().map(str::to_owned)));
    }
    running.kill().expect("kill");
    running.wait().expect("wait");
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ["member", "module", "object", "resource", "variable"]);
    let wrong = objections(&sandbox, "{\"version\": \"2.1.0\", \"runs\": [{}], \"more\": 1}");
    assert!(wrong.contains("'tool' is a required property") && wrong.contains("'more' was unexpected"), "{wrong}");
}
