//! The git hooks: real commits and pushes with them, beside hooks that were there before, and what is left when they are
//! taken away.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    repository::Repository,
    sandbox::{KEYCTL, Sandbox, copy_program, put_program},
    tools::{installed_node, python_program},
};

const SECRET: &str = "sk-planted-3f9a71c2e8b04d56";
const INSTALLED: &str = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are installed in `~/project/.git/hooks`\n";
const REMOVED: &str = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are taken away from `~/project/.git/hooks`\n";

fn kept() -> Sandbox {
    Sandbox::with(&[("A", SECRET)])
}

/// A hook of somebody's own: it says that it was called, how, and what it read.
fn put_hook(path: &Path, name: &str) -> Vec<u8> {
    std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
    let text = format!(
        "#!/bin/sh\n# caf\u{e9}, no line end at the end\nif [ \"$1\" ]; then cat; fi >>\"$HOME/called\"\necho {name} \"$#\" >>\"$HOME/called\""
    );
    put_program(text.as_bytes(), path);
    text.into_bytes()
}

/// Every file below a folder, with its content and mode.
fn all(folder: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    names.sort();
    let facts = |path: PathBuf| {
        let mode = path.symlink_metadata().expect("facts").permissions().mode();
        (path.clone(), std::fs::read(&path).unwrap_or_default(), mode)
    };
    names.into_iter().map(facts).collect()
}

fn committed(repository: &Repository<'_>) -> bool {
    repository.tried(&["commit", "-q", "-m", "more"]).status.success()
}

#[test]
fn what_calls_keyctl_later_calls_it_by_the_path_that_its_user_did() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    // What packagers make: the name stays, and each update has it lead to another place.
    let link = sandbox.home().join("bin/keyctl");
    std::fs::create_dir_all(link.parent().expect("folder")).expect("make");
    std::os::unix::fs::symlink(KEYCTL, &link).expect("link");
    let call = |words: &[&str]| {
        let mut command = Command::new(&link);
        sandbox.environment(&mut command);
        let output = command.args(words).current_dir(&repository.folder).output().expect("keyctl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    call(&["scan", "install-hook"]);
    call(&["agent", "install", "claude-code"]);
    for written in [repository.folder.join(".git/hooks/pre-commit"), sandbox.home().join(".claude/settings.json")] {
        let text = std::fs::read_to_string(&written).expect("read");
        assert!(text.contains(link.to_str().expect("text")) && !text.contains(KEYCTL), "{text}");
    }
}

#[test]
fn a_commit_with_a_key_is_stopped_and_one_without_goes_through() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let before = all(&hooks);
    sandbox.call(&["scan", "install-hook"]).run().says("", INSTALLED, 0);
    // The first commit of all.
    repository.stage(".env", format!("KEY={SECRET}\n"));
    let stopped = repository.tried(&["commit", "-q", "-m", "more"]);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned() + &String::from_utf8_lossy(&stopped.stdout);
    assert!(!stopped.status.success() && said.contains(".env:1") && said.contains("git commit --no-verify"), "{said}");
    assert!(!repository.tried(&["rev-parse", "-q", "--verify", "HEAD"]).status.success());
    repository.stage(".env", "KEY=\n");
    assert!(committed(&repository));
    // `commit -a` and `commit FILE` have an index of their own.
    repository.write(".env", format!("KEY={SECRET}\n"));
    assert!(!repository.tried(&["commit", "-q", "-a", "-m", "all"]).status.success());
    assert!(!repository.tried(&["commit", "-q", "-m", "one", ".env"]).status.success());
    // What is only in the folder stops nothing.
    repository.stage("other", "nothing\n");
    assert!(committed(&repository));
    // And who means it gets through.
    repository.git(&["commit", "-q", "-a", "--no-verify", "-m", "all"]);
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", REMOVED, 0);
    assert_eq!(all(&hooks), before);
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", "keyctl: no hook of keyctl's was there\n", 0);
}

#[test]
fn a_push_with_a_key_is_stopped() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let remote = repository.at(sandbox.home().join("remote.git"));
    std::fs::create_dir(&remote.folder).expect("make");
    remote.git(&["init", "-q", "--bare"]);
    let url = remote.folder.to_str().expect("text");
    repository.git(&["remote", "add", "origin", url]);
    let hook = repository.folder.join(".git/hooks/pre-push");
    put_hook(&hook, "theirs");
    let installed = "keyctl: the hook `pre-push` is installed in `~/project/.git/hooks`\nkeyctl: `~/project/.git/hooks/pre-push.before-keyctl` is called first, as it was\n";
    sandbox.call(&["scan", "install-hook", "--pre-push"]).run().says("", installed, 0);
    let clean = repository.commit("clean", "nothing\n");
    repository.git(&["push", "-q", "origin", "main"]);
    // The hook that was there read all that git told it.
    let called = std::fs::read_to_string(sandbox.home().join("called")).expect("called");
    assert_eq!(called, format!("refs/heads/main {clean} refs/heads/main {}\ntheirs 2\n", "0".repeat(40)));
    repository.commit("secret", format!("{SECRET}\n"));
    repository.git(&["rm", "-q", "secret"]);
    repository.git(&["commit", "-q", "-m", "away"]);
    let stopped = repository.tried(&["push", "-q", "origin", "main"]);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned() + &String::from_utf8_lossy(&stopped.stdout);
    assert!(!stopped.status.success() && said.contains(":secret:1") && said.contains("git push --no-verify"), "{said}");
    assert!(!repository.tried(&["push", "-q", url, "main:other"]).status.success(), "by the address");
    assert_eq!(remote.git(&["rev-parse", "main"]), clean);
}

#[test]
fn a_hook_that_was_there_is_called_first_and_comes_back_byte_for_byte() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let text = put_hook(&hooks.join("pre-commit"), "theirs");
    std::fs::set_permissions(hooks.join("pre-commit"), PermissionsExt::from_mode(0o750)).expect("mode");
    let before = all(&hooks);
    let first = "keyctl: `~/project/.git/hooks/pre-commit.before-keyctl` is called first, as it was\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", &format!("{INSTALLED}{first}"), 0);
    assert_eq!(std::fs::read(hooks.join("pre-commit.before-keyctl")).expect("kept"), text);
    let again = INSTALLED.replace("installed", "there already");
    sandbox.call(&["scan", "install-hook"]).run().says("", &format!("{again}{first}"), 0);
    repository.stage("file", "nothing\n");
    assert!(committed(&repository));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("called")).expect("called"), "theirs 0\n");
    let back = format!("{REMOVED}keyctl: `~/project/.git/hooks/pre-commit` is as it was before\n");
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", &back, 0);
    assert_eq!(all(&hooks), before);
    // One that says no stops the commit, and one that git would not start is not started.
    put_program(b"#!/bin/sh\nexit 3\n", &hooks.join("pre-commit"));
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    repository.stage("file", "more\n");
    assert!(!committed(&repository));
    std::fs::set_permissions(hooks.join("pre-commit.before-keyctl"), PermissionsExt::from_mode(0o644)).expect("mode");
    assert!(committed(&repository));
}

#[test]
fn a_hook_that_was_put_aside_is_never_lost() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let text = put_hook(&hooks.join("pre-commit"), "theirs");
    assert_eq!(sandbox.call(&["scan", "install-hook", "--pre-commit"]).run().code(), 0);
    // Some tool writes its own over keyctl's.
    put_program(b"#!/bin/sh\nexit 0\n", &hooks.join("pre-commit"));
    let before = all(&hooks);
    let said = "keyctl: `~/project/.git/hooks/pre-commit.before-keyctl` is there already, and is another hook\n\
                keyctl: hint: it was put aside before; look at both, and move away the one that you do not need\n";
    sandbox.call(&["scan", "install-hook", "--pre-commit"]).run().says("", said, 7);
    assert_eq!(all(&hooks), before);
    assert_eq!(std::fs::read(hooks.join("pre-commit.before-keyctl")).expect("there"), text);
}

#[test]
fn where_one_of_the_hooks_cannot_be_put_in_the_other_one_is_not_left_in_force() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    put_hook(&hooks.join("pre-push"), "theirs");
    put_hook(&hooks.join("pre-push.before-keyctl"), "other");
    let refused = |install: &[&str], code: i32| {
        let before = all(&hooks);
        let ran = sandbox.call(install).run();
        assert_eq!((ran.code(), all(&hooks)), (code, before), "{}", ran.stderr());
    };
    refused(&["scan", "install-hook"], 7);
    // Where one was there before the other, and where an older keyctl's was.
    put_hook(&hooks.join("pre-commit"), "theirs too");
    refused(&["scan", "install-hook"], 7);
    assert_eq!(sandbox.call(&["scan", "install-hook", "--pre-commit"]).run().code(), 0);
    let mut moved = sandbox.call(&["scan", "install-hook"]);
    moved.command.env("KEYCTL_HOME", sandbox.home().join(".local/share/keyctl"));
    let before = all(&hooks);
    assert_eq!((moved.run().code(), all(&hooks)), (7, before));
}

#[test]
fn a_hook_that_is_a_link_stays_one() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hook = repository.folder.join(".git/hooks/pre-commit");
    let script = repository.folder.join("scripts/check");
    let text = put_hook(&script, "theirs");
    std::os::unix::fs::symlink("../../scripts/check", &hook).expect("link");
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    assert_eq!(std::fs::read(&script).expect("there"), text, "what the link leads to was written over");
    repository.stage("file", "nothing\n");
    assert!(committed(&repository));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("called")).expect("called"), "theirs 0\n");
    assert_eq!(sandbox.call(&["scan", "uninstall-hook"]).run().code(), 0);
    assert_eq!(std::fs::read_link(&hook).expect("a link"), Path::new("../../scripts/check"));
}

#[test]
fn a_hook_that_asks_for_its_own_name_is_left_alone() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    put_program(b"#!/bin/sh\nexec run-hooks \"$(basename \"$0\")\" \"$@\"\n", &hooks.join("pre-push"));
    let before = all(&hooks);
    let said = "keyctl: the hook `~/project/.git/hooks/pre-push` asks under which name it was called, so it cannot be put aside\n\
                keyctl: hint: put these lines into it, near the top:\n\
                keyctl: hint: input=$(cat)\n\
                keyctl: hint: printf '%s\\n' \"$input\" | keyctl scan --pushing \"$1\" \"$2\" || exit 1\n\
                keyctl: hint: [ -z \"$input\" ] || exec <<TOLD\n\
                keyctl: hint: $input\n\
                keyctl: hint: TOLD\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", said, 2);
    assert_eq!(all(&hooks), before, "one of the hooks was written");
    for text in [
        "#!/bin/sh\ncase \"$0\" in *pre-push) exit 1 ;; esac\n",
        "#!/bin/bash\n[[ ${0} == *pre-push ]] || exit 0\n",
        "#!/bin/bash\n[[ ${BASH_SOURCE[0]} == *pre-push ]] || exit 0\n",
        "#!/bin/bash\n[[ $BASH_ARGV0 == *pre-push ]] || exit 0\n",
        "#!/usr/bin/env python3\nimport sys\nsys.exit(sys.argv[0].endswith('pre-push'))\n",
        "@echo off\nif %0 == pre-push exit 1\n",
    ] {
        put_program(text.as_bytes(), &hooks.join("pre-push"));
        let before = all(&hooks);
        sandbox.call(&["scan", "install-hook"]).run().says("", said, 2);
        assert_eq!(all(&hooks), before, "{text}");
    }
    // What is no script has such letters by chance.
    put_program(b"\x7fELF\0 $0 \0", &hooks.join("pre-push"));
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
}

/// The lines of a hint for a hook that is written by hand.
fn hinted(said: &str) -> String {
    let lines = said.lines().filter_map(|line| line.strip_prefix("keyctl: hint: "));
    let lines: Vec<&str> = lines.skip_while(|line| !line.starts_with("put these lines")).skip(1).collect();
    lines.join("\n") + "\n"
}

/// A call of git by which a hook finds keyctl.
fn with_keyctl(repository: &Repository<'_>, words: &[&str]) -> (bool, String) {
    let output = repository.command(words).env("PATH", crate::tools::path_with_keyctl()).output().expect("git");
    let said = [output.stdout, output.stderr].concat();
    repository.sandbox.no_secret_in(&said);
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A repository with an empty remote.
fn with_remote<'s>(sandbox: &'s Sandbox, name: &str) -> (Repository<'s>, Repository<'s>) {
    let repository = Repository::new(sandbox);
    let remote = repository.at(sandbox.home().join(name));
    std::fs::create_dir(&remote.folder).expect("make");
    remote.git(&["init", "-q", "--bare"]);
    repository.git(&["remote", "add", "origin", remote.folder.to_str().expect("text")]);
    (repository, remote)
}

#[test]
fn the_lines_for_a_hook_of_ones_own_keep_what_git_says_for_what_comes_after_them() {
    let sandbox = kept();
    let (repository, _) = with_remote(&sandbox, "remote.git");
    let hook = repository.folder.join(".git/hooks/pre-push");
    let rest = "name=$(basename \"$0\")\nwhile read -r a b c d; do echo \"UPLOADING $name $c\"; done\n";
    put_program(format!("#!/bin/sh\n{rest}").as_bytes(), &hook);
    let said = sandbox.call(&["scan", "install-hook", "--pre-push"]).run().stderr();
    put_program(format!("#!/bin/sh -e\n{}{rest}", hinted(&said)).as_bytes(), &hook);
    repository.commit("clean", "nothing\n");
    let (done, said) = with_keyctl(&repository, &["push", "-q", "origin", "main"]);
    assert!(done && said.contains("UPLOADING pre-push refs/heads/main\n"), "{said}");
    // With nothing to push there is nothing to say either.
    let (done, said) = with_keyctl(&repository, &["push", "origin", "main"]);
    assert!(done && !said.contains("UPLOADING"), "{said}");
    repository.commit("secret", format!("{SECRET}\n"));
    let (done, said) = with_keyctl(&repository, &["push", "-q", "origin", "main"]);
    assert!(!done && !said.contains("UPLOADING") && said.contains(":secret:1"), "{said}");
    // Where something else has read it before, nothing passes.
    let late = "cat >/dev/null\nkeyctl scan --pushing \"$1\" \"$2\" || exit 1\n";
    put_program(format!("#!/bin/sh\n{late}").as_bytes(), &hook);
    let (done, said) = with_keyctl(&repository, &["push", "-q", "origin", "main"]);
    assert!(!done && said.starts_with("keyctl: nobody says what is pushed: standard input is empty\n"), "{said}");
    // husky's and the others' are the same lines.
    repository.git(&["config", "core.hooksPath", ".husky/_"]);
    std::fs::create_dir_all(repository.folder.join(".husky/_")).expect("make");
    put_program(b"#!/bin/sh\n", &repository.folder.join(".husky/_/pre-push"));
    let husky = sandbox.call(&["scan", "install-hook", "--pre-push"]).run().stderr();
    assert!(hinted(&husky).starts_with("input=$(cat)\n"), "{husky}");
}

#[test]
fn a_merge_and_a_patch_with_a_key_are_stopped() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("leak", format!("{SECRET}\n"));
    let patch = sandbox.home().join("leak.patch");
    std::fs::write(&patch, repository.git(&["format-patch", "-1", "--stdout"]) + "\n").expect("write");
    sandbox.may_lie_in(&patch);
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("other", "1\n");
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    let merge = || repository.tried(&["merge", "-q", "--no-ff", "-m", "m", "side"]).status.success();
    let am = || repository.tried(&["am", "-q", patch.to_str().expect("text")]).status.success();
    assert!(!merge());
    repository.git(&["merge", "--abort"]);
    assert!(!am());
    repository.git(&["am", "--abort"]);
    assert_eq!(sandbox.call(&["scan", "uninstall-hook"]).run().code(), 0);
    assert!(am());
}

/// What `install-hook` wrote before: two hooks, and what git said was given on otherwise.
fn as_before(folder: &Path, dispatches: bool) {
    let push = folder.join("pre-push");
    let text = std::fs::read_to_string(&push).expect("hook");
    let now = "printf '%s\\n' \"$told\" | \"$keyctl\" scan --pushing \"$1\" \"$2\"";
    assert!(text.contains(now), "{text}");
    put_program(text.replace(now, "printf %s \"$told\" | \"$keyctl\" scan --pushing \"$1\"").as_bytes(), &push);
    for name in ["pre-merge-commit", "pre-applypatch"] {
        std::fs::remove_file(folder.join(name)).expect("remove");
        if dispatches {
            let other = std::fs::read_to_string(folder.join("post-commit")).expect("another");
            put_program(other.replace("post-commit", name).as_bytes(), &folder.join(name));
        }
    }
}

#[test]
fn hooks_of_an_older_keyctl_are_completed_and_taken_away_whole() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let before = all(&hooks);
    for (global, folder) in [(&[][..], &hooks), (&["--global"], &sandbox.data("git-hooks"))] {
        let call = |verb: &str| sandbox.call(&[&["scan", verb], global].concat()).run();
        assert_eq!(call("install-hook").code(), 0);
        let whole = all(folder);
        as_before(folder, !global.is_empty());
        let status = sandbox.call(&["scan", "hook-status"]).run();
        assert!(
            status.code() == 0 && status.stdout().contains("\npre-merge-commit  not installed\n"),
            "{}",
            status.stdout()
        );
        assert!(status.stderr().contains("those of merges and patches"), "{}", status.stderr());
        let installed = call("install-hook");
        assert_eq!((installed.code(), all(folder)), (0, whole), "{}", installed.stderr());
        as_before(folder, !global.is_empty());
        let removed = call("uninstall-hook");
        assert!(removed.stderr().contains("hooks `pre-commit` and `pre-push` are taken away"), "{}", removed.stderr());
    }
    assert_eq!(all(&hooks), before);
    assert!(!sandbox.data("git-hooks").exists());
}

#[test]
fn a_remote_at_another_address_has_nothing_that_is_known_of_the_former_one() {
    let sandbox = kept();
    let (repository, _) = with_remote(&sandbox, "private.git");
    let other = repository.at(sandbox.home().join("public.git"));
    std::fs::create_dir(&other.folder).expect("make");
    other.git(&["init", "-q", "--bare"]);
    repository.commit("secret", format!("{SECRET}\n"));
    repository.git(&["push", "-q", "origin", "main"]);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    let push = |words: &[&str]| {
        let done = repository.tried(&[words, &["push", "origin", "main"]].concat());
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (public, private) = (other.folder.to_str().expect("text"), sandbox.home().join("private.git"));
    let (done, said) = push(&[]);
    assert!(done && said.contains("nothing to look at; 0 commits to push"), "{said}");
    // A remote that was set anew, and one that is only pushed to elsewhere, by settings of three kinds.
    repository.git(&["remote", "set-url", "origin", public]);
    let (done, said) = push(&[]);
    assert!(!done && said.contains("1 commit to push"), "{said}");
    repository.git(&["remote", "set-url", "origin", private.to_str().expect("text")]);
    repository.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    for words in [
        ["-c".to_owned(), format!("remote.origin.pushurl={public}")],
        ["-c".to_owned(), format!("url.{public}.pushInsteadOf={}", private.display())],
    ] {
        let (done, said) = push(&words.each_ref().map(String::as_str));
        assert!(!done && said.contains("2 commits to push"), "{words:?}: {said}");
    }
    assert_eq!(other.git(&["for-each-ref"]), "");
    // The same address written otherwise for both is the same.
    let words = ["-c".to_owned(), format!("url.{}.insteadOf=here:", private.display())];
    repository.git(&["remote", "set-url", "origin", "here:"]);
    let (done, said) = push(&words.each_ref().map(String::as_str));
    assert!(done && said.contains("1 commit to push"), "{said}");
}

#[test]
fn names_of_branches_and_tags_are_looked_at_before_a_push_and_in_the_history() {
    let sandbox = kept();
    let (repository, _) = with_remote(&sandbox, "remote.git");
    repository.commit("clean", "nothing\n");
    repository.git(&["push", "-q", "origin", "main"]);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    repository.git(&["tag", &format!("v-{SECRET}")]);
    for (what, place) in [
        (format!("HEAD:refs/heads/br-{SECRET}"), "refs/heads/br-[secret of A] (its name)\n"),
        (format!("v-{SECRET}"), "refs/tags/v-[secret of A] (its name)\n"),
    ] {
        let done = repository.tried(&["push", "-q", "origin", &what]);
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        assert!(!done.status.success() && said.contains(place), "{said}");
    }
    let (code, found, said) = repository.scan(&["--history"]);
    let expected = "KEY  FORM  WHERE\nA    raw   refs/tags/v-[secret of A] (its name)\n";
    assert_eq!((code, found.as_str()), (1, expected), "{said}");
    assert_eq!(sandbox.call(&["scan", "--history", "--accept", "--yes"]).run().code(), 0);
    assert_eq!(repository.scan(&["--history"]).0, 0);
}

#[test]
fn what_others_added_to_a_hook_of_keyctls_is_not_wiped() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let add = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("hook");
        std::fs::write(path, format!("{text}git lfs pre-push \"$@\"\n")).expect("write");
        text
    };
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    let written = add(&hooks.join("pre-push"));
    let before = all(&hooks);
    let said = "keyctl: keyctl's hook `~/project/.git/hooks/pre-push` was changed, by hand or by another program\n\
                keyctl: hint: move what was added into `~/project/.git/hooks/pre-push.before-keyctl`, which is called first, or take it out; then try again\n";
    for verb in ["install-hook", "uninstall-hook"] {
        sandbox.call(&["scan", verb]).run().says("", said, 2);
        assert_eq!(all(&hooks), before, "{verb}");
    }
    // One that is as it was is no matter of the other one's.
    assert_eq!(sandbox.call(&["scan", "uninstall-hook", "--pre-commit"]).run().code(), 0);
    std::fs::write(hooks.join("pre-push"), written).expect("write");
    sandbox.call(&["scan", "uninstall-hook"]).run().says(
        "",
        "keyctl: the hook `pre-push` is taken away from `~/project/.git/hooks`\n",
        0,
    );
    // In the folder for all repositories, in one that calls keyctl and in one that does not.
    assert_eq!(sandbox.call(&["scan", "install-hook", "--global"]).run().code(), 0);
    let folder = sandbox.data("git-hooks");
    for name in ["pre-commit", "post-commit"] {
        let written = add(&folder.join(name));
        let before = all(&folder);
        let said = format!(
            "keyctl: keyctl's hook `~/.local/share/keyctl/git-hooks/{name}` was changed, by hand or by another program\n\
             keyctl: hint: move what was added into the hooks of the repositories that need it, or take it out; then try again\n"
        );
        for verb in ["install-hook", "uninstall-hook"] {
            sandbox.call(&["scan", verb, "--global"]).run().says("", &said, 2);
            assert_eq!(all(&folder), before, "{verb}");
        }
        assert_eq!(repository.git(&["config", "--global", "core.hooksPath"]), folder.to_str().expect("text"));
        std::fs::write(folder.join(name), written).expect("write");
    }
    assert_eq!(sandbox.call(&["scan", "uninstall-hook", "--global"]).run().code(), 0);
    assert!(!folder.exists());
}

#[test]
fn the_hooks_of_all_repositories_are_not_taken_away_from_one_of_them() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    assert_eq!(sandbox.call(&["scan", "install-hook", "--global"]).run().code(), 0);
    let before = all(&sandbox.data("git-hooks"));
    // The repository's own are, where it has some.
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", REMOVED, 0);
    let said = "keyctl: the hooks in `~/.local/share/keyctl/git-hooks` are those of all repositories; nothing was taken away\n\
                keyctl: hint: to take them away from all: `keyctl scan uninstall-hook --global`\n";
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", said, 2);
    assert_eq!(all(&sandbox.data("git-hooks")), before);
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
}

#[test]
fn a_folder_that_one_repository_names_is_not_said_to_be_for_all() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.git(&["config", "core.hooksPath", "~/mine"]);
    let installed = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are installed in `~/mine`\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", installed, 0);
    let status = || sandbox.call(&["scan", "hook-status"]).run().stdout();
    assert!(status().starts_with("hooks             `~/mine`\n"), "{}", status());
    let removed = installed.replace("installed in", "taken away from");
    sandbox.call(&["scan", "uninstall-hook"]).run().says("", &removed, 0);
    // The same folder, once the user's own settings name it.
    repository.git(&["config", "--unset", "core.hooksPath"]);
    repository.git(&["config", "--global", "core.hooksPath", "~/mine"]);
    let all = "keyctl: git uses this folder in all of your repositories (`core.hooksPath`)\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", &format!("{installed}{all}"), 0);
    assert!(status().starts_with("hooks             `~/mine`, for all repositories\n"), "{}", status());
}

#[test]
fn a_folder_of_hooks_is_told_without_the_key_in_its_name() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let stripe = ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat();
    repository.git(&["config", "core.hooksPath", &format!("~/hooks/{stripe}")]);
    put_hook(&sandbox.home().join("hooks").join(&stripe).join("pre-commit"), "theirs");
    for words in [&["install-hook"][..], &["hook-status"], &["hook-status", "--json"], &["uninstall-hook"]] {
        let ran = sandbox.call(&[&["scan"], words].concat()).run();
        let said = ran.stdout() + &ran.stderr();
        assert!(ran.code() == 0 && said.contains("hooks/[like: Stripe secret key]"), "{words:?}: {said}");
        assert!(!said.contains(&stripe), "{words:?}: {said}");
    }
    // The same with one that is kept, and as long as the store opens.
    sandbox.may_lie_in(&repository.folder.join(".git/config"));
    repository.git(&["config", "core.hooksPath", &format!("~/hooks/{SECRET}")]);
    for words in [&["install-hook"][..], &["hook-status"], &["hook-status", "--json"], &["uninstall-hook"]] {
        let ran = sandbox.call(&[&["scan"], words].concat()).run();
        let said = ran.stdout() + &ran.stderr();
        assert!(ran.code() == 0 && said.contains("hooks/[secret of A]") && !said.contains(SECRET), "{words:?}: {said}");
    }
    repository.git(&["config", "core.hooksPath", &format!("~/hooks/{stripe}")]);
    put_program(b"#!/bin/sh\nbasename \"$0\"\n", &sandbox.home().join("hooks").join(&stripe).join("pre-commit"));
    let refused = sandbox.call(&["scan", "install-hook"]).run();
    assert!(refused.code() == 2 && !refused.stderr().contains(&stripe), "{}", refused.stderr());
}

#[test]
fn hooks_for_all_repositories_leave_to_git_what_it_does_without_one() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    assert_eq!(sandbox.call(&["scan", "install-hook", "--global"]).run().code(), 0);
    let called = || std::fs::read_to_string(sandbox.home().join("called")).unwrap_or_default();
    let put = |repository: &Repository<'_>, name: &str| {
        let hook = repository.folder.join(".git/hooks").join(name);
        std::fs::create_dir_all(hook.parent().expect("parent")).expect("make");
        put_program(format!("#!/bin/sh\necho {name} \"$#\" >>\"$HOME/called\"\nexit 1\n").as_bytes(), &hook);
    };
    let there = repository.at(sandbox.home().join("there"));
    std::fs::create_dir(&there.folder).expect("make");
    there.git(&["init", "-q", "-b", "main"]);
    there.git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
    there.git(&["config", "receive.procReceiveRefs", "refs/for"]);
    let url = there.folder.to_str().expect("text");
    let push = |to: &str| repository.tried(&["push", "-q", url, to]);
    // Its files follow what is pushed: into a branch without a commit, and into one with some.
    for text in ["1\n", "2\n"] {
        repository.commit("file", text);
        let pushed = push("main");
        assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
        assert_eq!(std::fs::read_to_string(there.folder.join("file")).expect("file"), text);
        assert_eq!(there.git(&["status", "--porcelain"]), "");
    }
    // What somebody is at work on is not written over, staged or not.
    repository.commit("file", "3\n");
    there.write("file", "mine\n");
    assert!(!push("main").status.success());
    there.git(&["add", "file"]);
    assert!(!push("main").status.success());
    assert_eq!(std::fs::read_to_string(there.folder.join("file")).expect("file"), "mine\n");
    let refused = push("main:refs/for/main");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("this repository has no hook `proc-receive`"), "{said}");
    assert_eq!(called(), "");
    // And its own hooks are called.
    there.git(&["reset", "-q", "--hard"]);
    put(&there, "push-to-checkout");
    assert!(!push("main").status.success());
    assert_eq!(called(), "push-to-checkout 1\n");
    std::fs::remove_file(there.folder.join(".git/hooks/push-to-checkout")).expect("remove");
    put(&there, "proc-receive");
    assert!(!push("main:refs/for/main").status.success());
    assert_eq!(called(), "push-to-checkout 1\nproc-receive 0\n");
    put(&repository, "post-index-change");
    repository.stage("more", "1\n");
    assert!(called().contains("\npost-index-change 2\n"), "{}", called());
}

#[test]
fn worktrees_share_the_hooks_and_a_folder_that_git_was_told_of_is_used() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    let tree = repository.at(sandbox.home().join("tree"));
    repository.git(&["worktree", "add", "-q", tree.folder.to_str().expect("text")]);
    sandbox.call(&["scan", "install-hook"]).inside(&tree.folder).run().says("", INSTALLED, 0);
    for place in [&repository, &tree] {
        place.stage("secret", format!("{SECRET}\n"));
        assert!(!committed(place));
        place.git(&["reset", "-q", "--hard"]);
    }
    assert_eq!(sandbox.call(&["scan", "uninstall-hook"]).run().code(), 0);
    // A folder in the project: by a path that counts from its top.
    repository.git(&["config", "core.hooksPath", "tools/hooks"]);
    let below = repository.folder.join("below");
    std::fs::create_dir(&below).expect("make");
    put_hook(&repository.folder.join("tools/hooks/pre-commit"), "theirs");
    let said = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are installed in `~/project/tools/hooks`\n\
                keyctl: `~/project/tools/hooks/pre-commit.before-keyctl` is called first, as it was\n\
                keyctl: this folder is one of the project's own: others would get these hooks with it, do not commit them\n";
    sandbox.call(&["scan", "install-hook"]).inside(&below).run().says("", said, 0);
    repository.stage("file", "nothing\n");
    assert!(committed(&repository));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("called")).expect("called"), "theirs 0\n");
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
}

#[test]
fn hooks_for_all_repositories_call_those_of_each_one() {
    let sandbox = kept();
    let one = Repository::new(&sandbox);
    let hooks = one.folder.join(".git/hooks");
    put_hook(&hooks.join("pre-commit"), "own");
    put_hook(&hooks.join("post-commit"), "after");
    let before = all(&hooks);
    let said = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are installed in `~/.local/share/keyctl/git-hooks`\n\
                keyctl: hint: they hold in all repositories but those with a `core.hooksPath` of their own; a repository's own hooks are called first\n";
    sandbox.call(&["scan", "install-hook", "--global"]).run().says("", said, 0);
    let folder = std::fs::metadata(sandbox.data("git-hooks")).expect("there");
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    one.stage("file", "nothing\n");
    assert!(committed(&one));
    let called = || std::fs::read_to_string(sandbox.home().join("called")).expect("called");
    assert_eq!(called(), "own 0\nafter 0\n");
    one.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&one));
    one.git(&["reset", "-q", "--hard"]);
    // From another worktree, whose own folder is not where hooks lie.
    let tree = one.at(sandbox.home().join("tree"));
    one.git(&["worktree", "add", "-q", tree.folder.to_str().expect("text")]);
    tree.stage("more", "nothing\n");
    assert!(committed(&tree));
    assert_eq!(called(), "own 0\nafter 0\nown 0\nown 0\nafter 0\n");
    let status = sandbox.call(&["scan", "hook-status"]).run();
    status.says(
        &format!(
            "hooks             `~/.local/share/keyctl/git-hooks`, for all repositories\n\
             pre-commit        installed\n\
             pre-merge-commit  installed\n\
             pre-applypatch    installed\n\
             pre-push          installed\n\
             calls             `{KEYCTL}`\n"
        ),
        "",
        0,
    );
    let removed = "keyctl: the hooks `pre-commit`, `pre-merge-commit`, `pre-applypatch` and `pre-push` are taken away from `~/.local/share/keyctl/git-hooks`\n";
    sandbox.call(&["scan", "uninstall-hook", "--global"]).run().says("", removed, 0);
    assert!(!sandbox.data("git-hooks").exists());
    assert_eq!(std::fs::read_to_string(sandbox.home().join(".gitconfig")).expect("config"), "");
    assert_eq!(all(&hooks), before);
}

#[test]
fn a_folder_that_the_user_set_for_all_repositories_stays_his() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let own = sandbox.home().join("my hooks");
    put_hook(&own.join("pre-commit"), "mine");
    let before = all(&own);
    repository.git(&["config", "--global", "core.hooksPath", "~/my hooks"]);
    assert_eq!(sandbox.call(&["scan", "install-hook", "--global"]).run().code(), 0);
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("called")).expect("called"), "mine 0\n");
    assert_eq!(sandbox.call(&["scan", "uninstall-hook", "--global"]).run().code(), 0);
    assert_eq!(all(&own), before);
    assert_eq!(repository.git(&["config", "--global", "core.hooksPath"]), "~/my hooks");
}

#[test]
fn a_program_that_was_moved_stops_the_commit_and_says_how_to_go_on() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    // A folder with everything that a script could take for something else.
    let folder = sandbox.home().join("it's $HOME `here` \"too\"");
    std::fs::create_dir(&folder).expect("make");
    let binary = folder.join("keyctl");
    copy_program(KEYCTL, &binary);
    let mut install = Command::new(&binary);
    sandbox.environment(&mut install);
    let output = install.args(["scan", "install-hook"]).current_dir(&repository.folder).output().expect("start");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    repository.stage("file", "nothing\n");
    // As a program with windows calls it: nothing on its path but the system's own.
    let mut commit = repository.command(&["commit", "-q", "-m", "more"]);
    assert!(commit.env("PATH", "/usr/bin:/bin").output().expect("git").status.success());
    std::fs::rename(&binary, folder.join("moved")).expect("move");
    repository.stage("file", "more\n");
    let stopped = repository.tried(&["commit", "-q", "-m", "more"]);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!stopped.status.success());
    assert_eq!(
        said,
        format!(
            "keyctl: `{}`, which this hook calls, is not there any more\n\
             keyctl: hint: write the hook anew: `keyctl scan install-hook`\n\
             keyctl: hint: or go on unchecked: `git commit --no-verify`\n",
            binary.display()
        )
    );
    let status = sandbox.call(&["scan", "hook-status", "--json"]).run();
    let value: serde_json::Value = serde_json::from_slice(&status.output.stdout).expect("JSON");
    assert_eq!((status.code(), value["hooks"][0]["state"].as_str()), (1, Some("program gone")));
    assert_eq!(value["hooks"][0]["calls"].as_str(), binary.to_str());
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    assert!(committed(&repository));
}

#[test]
fn a_store_elsewhere_is_found_by_the_hook() {
    let sandbox = Sandbox::new();
    let repository = Repository::new(&sandbox);
    let elsewhere = sandbox.home().join("else where");
    sandbox.secret(SECRET);
    let call = |words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", &elsewhere);
    assert_eq!(call(&["set", "A"]).input(SECRET).run().code(), 0);
    assert_eq!(call(&["scan", "install-hook"]).run().code(), 0);
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
}

#[test]
fn where_the_store_cannot_be_opened_the_commit_is_stopped_unless_the_user_wants_less() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    // Its identity is gone, as it is where a keychain does not answer.
    std::fs::rename(sandbox.data("identity.txt"), sandbox.home().join("aside")).expect("move");
    repository.stage("file", "nothing\n");
    let stopped = repository.tried(&["commit", "-q", "-m", "more"]);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!stopped.status.success() && said.contains("`git commit --no-verify`"), "{said}");
    assert!(said.contains("`locked = \"shapes\"` below `[scan]` in `config.toml`"), "{said}");
    sandbox.configure("[scan]\nlocked = \"shapes\"\n");
    let gone = repository.tried(&["commit", "-q", "-m", "more"]);
    let said = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(gone.status.success() && said.contains("looking only for what looks like a key"), "{said}");
    // A token of GitHub's with the checksum that theirs have.
    repository.stage("file", format!("ghp_{}\n", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"));
    assert!(!committed(&repository));
}

#[test]
fn a_locked_keychain_stops_the_commit_and_says_the_way_out() {
    let (sandbox, keychain) = crate::keychain::desktop();
    let repository = Repository::new(&sandbox);
    sandbox.set("A", SECRET).says("", "keyctl: kept `A`\n", 0);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    keychain.lock();
    repository.stage("file", "nothing\n");
    let stopped = repository.tried(&["commit", "-q", "-m", "more"]);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!stopped.status.success() && said.starts_with("keyctl: the keychain is locked\n"), "{said}");
    assert!(said.contains("keyctl: hint: or go on unchecked: `git commit --no-verify`\n"), "{said}");
}

#[test]
fn who_has_no_store_is_not_stopped() {
    let sandbox = Sandbox::new();
    let repository = Repository::new(&sandbox);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    repository.stage("file", "nothing\n");
    assert!(committed(&repository));
}

#[test]
fn hooks_that_husky_writes_are_left_to_it() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let husky = installed_node("husky");
    std::fs::write(repository.folder.join("package.json"), "{}").expect("write");
    let mut node = Command::new("node");
    sandbox.environment(&mut node);
    let script =
        format!("import('{}').then(husky => process.stdout.write(husky.default()))", husky.join("index.js").display());
    let output = node.args(["-e", &script]).current_dir(&repository.folder).output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = "keyctl: husky writes the hooks here and would take keyctl's away again\n\
                keyctl: hint: put this line into `.husky/pre-commit`, near the top: `keyctl scan --staged || exit 1`\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", said, 2);
    // And that is right.
    std::fs::write(repository.folder.join(".husky/pre-commit"), "keyctl scan --staged || exit 1\n").expect("write");
    repository.stage("file", format!("{SECRET}\n"));
    let commit = || {
        let mut commit = repository.command(&["commit", "-q", "-m", "more"]);
        commit.env("PATH", crate::tools::path_with_keyctl()).output().expect("git").status.success()
    };
    assert!(!commit());
    repository.stage("file", "nothing\n");
    assert!(commit());
}

#[test]
fn hooks_that_lefthook_writes_are_left_to_it() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let lefthook = installed_node("lefthook-linux-x64").join("bin/lefthook");
    let write = || {
        let mut lefthook = Command::new(&lefthook);
        sandbox.environment(&mut lefthook);
        let output = lefthook.arg("install").current_dir(&repository.folder).output().expect("lefthook");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(repository.folder.join("lefthook.yml"), "pre-commit: { commands: { ok: { run: \"true\" } } }\n")
        .expect("write");
    write();
    let said = "keyctl: lefthook writes the hooks here and would take keyctl's away again\n\
                keyctl: hint: put this into `lefthook-local.yml`: `pre-commit: { commands: { keyctl: { run: keyctl scan --staged } } }`\n\
                keyctl: hint: then run `lefthook install`\n";
    sandbox.call(&["scan", "install-hook"]).run().says("", said, 2);
    let line = said.split('`').nth(3).expect("a line");
    std::fs::write(repository.folder.join("lefthook-local.yml"), format!("{line}\n")).expect("write");
    write();
    repository.stage("file", format!("{SECRET}\n"));
    let commit = || {
        let path = std::env::join_paths(
            std::iter::once(lefthook.parent().expect("folder").to_owned())
                .chain(std::env::split_paths(&crate::tools::path_with_keyctl())),
        );
        let mut commit = repository.command(&["commit", "-q", "-m", "more"]);
        commit.env("PATH", path.expect("path")).output().expect("git").status.success()
    };
    assert!(!commit());
    repository.stage("file", "nothing\n");
    assert!(commit());
}

/// The framework of <https://pre-commit.com>, called in a repository.
fn framework(repository: &Repository<'_>, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(python_program("pre-commit"));
    repository.sandbox.environment(&mut command);
    command.env("PATH", crate::tools::path_with_keyctl()).args(words).current_dir(&repository.folder);
    let output = command.output().expect("pre-commit");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

const NO_HOOKS: &str =
    "repos: [{repo: local, hooks: [{id: ok, name: ok, entry: 'true', language: system, always_run: true}]}]\n";

#[test]
fn the_hook_of_the_pre_commit_framework_calls_keyctl_first() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    repository.stage(".pre-commit-config.yaml", NO_HOOKS);
    let (installed, said) = framework(&repository, &["install"]);
    assert!(installed, "{said}");
    let before = all(&hooks);
    sandbox.call(&["scan", "install-hook"]).run().says("", INSTALLED, 0);
    let stays = std::fs::read(hooks.join("pre-commit")).expect("there");
    assert!(before.iter().any(|(path, text, _)| path.ends_with("pre-commit") && *text == stays));
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
    // Installed again it goes on calling keyctl.
    assert!(framework(&repository, &["install"]).0);
    assert!(!committed(&repository));
    repository.stage("file", "nothing\n");
    assert!(committed(&repository));
    sandbox.call(&["scan", "hook-status"]).run().says(
        &format!(
            "hooks             `~/project/.git/hooks`\npre-commit        installed\npre-merge-commit  installed\npre-applypatch    installed\npre-push          installed\ncalls             `{KEYCTL}`\n"
        ),
        "",
        0,
    );
    assert_eq!(sandbox.call(&["scan", "uninstall-hook"]).run().code(), 0);
    assert_eq!(all(&hooks), before);
}

#[test]
fn keyctl_is_a_hook_of_the_pre_commit_framework() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    // The framework takes hooks from a commit of a repository.
    let ours = repository.at(sandbox.home().join("keyctl"));
    std::fs::create_dir(&ours.folder).expect("make");
    ours.git(&["init", "-q"]);
    let hooks = std::fs::read(crate::tools::root().join(".pre-commit-hooks.yaml")).expect("read");
    let revision = ours.commit(".pre-commit-hooks.yaml", hooks);
    let config = format!(
        "default_install_hook_types: [pre-commit, pre-push]\n\
         repos: [{{repo: {}, rev: {revision}, hooks: [{{id: keyctl}}, {{id: keyctl-push}}]}}]\n",
        ours.folder.display()
    );
    repository.stage(".pre-commit-config.yaml", config);
    let (installed, said) = framework(&repository, &["install", "--install-hooks"]);
    assert!(installed, "{said}");
    let run = |words: &[&str]| {
        let mut command = repository.command(words);
        let output = command.env("PATH", crate::tools::path_with_keyctl()).output().expect("git");
        let said = [output.stdout, output.stderr].concat();
        sandbox.no_secret_in(&said);
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    repository.stage("file", format!("{SECRET}\n"));
    let (done, said) = run(&["commit", "-q", "-m", "more"]);
    assert!(!done && said.contains("file:1"), "{said}");
    repository.stage("file", "nothing\n");
    let (done, said) = run(&["commit", "-q", "-m", "more"]);
    assert!(done, "{said}");
    let remote = repository.at(sandbox.home().join("remote.git"));
    std::fs::create_dir(&remote.folder).expect("make");
    remote.git(&["init", "-q", "--bare"]);
    repository.git(&["remote", "add", "origin", remote.folder.to_str().expect("text")]);
    // The first push of all, for which the framework gives no ids.
    let clean = repository.git(&["rev-parse", "HEAD"]);
    let first = repository.commit("secret", format!("{SECRET}\n"));
    let (done, said) = run(&["push", "-q", "origin", "main"]);
    assert!(!done && said.contains(&format!("{}:secret:1", &first[..12])), "{said}");
    assert_eq!(remote.git(&["for-each-ref"]), "");
    repository.git(&["reset", "-q", "--hard", &clean]);
    let (done, said) = run(&["push", "-v", "origin", "main"]);
    assert!(done, "{said}");
    repository.commit("secret", format!("{SECRET}\n"));
    let (done, said) = run(&["push", "-q", "origin", "main"]);
    assert!(!done && said.contains(":secret:1"), "{said}");
    let of_one = "not looked at: other references of this push: pre-commit tells of one alone";
    assert_eq!(said.matches(of_one).count(), 1, "{said}");
}

#[test]
fn a_hook_that_the_framework_has_renamed_is_still_keyctls() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    repository.stage(".pre-commit-config.yaml", NO_HOOKS);
    let text = put_hook(&hooks.join("pre-commit"), "own");
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    let (installed, said) = framework(&repository, &["install"]);
    assert!(installed && hooks.join("pre-commit.legacy").exists(), "{said}");
    let again = sandbox.call(&["scan", "install-hook"]).run();
    assert!(again.code() == 0 && again.stderr().contains("are there already"), "{}", again.stderr());
    repository.stage("file", format!("{SECRET}\n"));
    assert!(!committed(&repository));
    assert_eq!(std::fs::read_to_string(sandbox.home().join("called")).expect("called"), "own 0\n");
    // What the framework calls first is the user's own again.
    let removed = sandbox.call(&["scan", "uninstall-hook"]).run();
    assert!(removed.code() == 0 && removed.stderr().starts_with(REMOVED), "{}", removed.stderr());
    assert_eq!(std::fs::read(hooks.join("pre-commit.legacy")).expect("there"), text);
    assert!(!hooks.join("pre-commit.before-keyctl").exists());
    assert!(framework(&repository, &["uninstall"]).0);
    assert_eq!(std::fs::read(hooks.join("pre-commit")).expect("there"), text);
    // And where the framework goes first.
    assert!(framework(&repository, &["install"]).0);
    assert_eq!(sandbox.call(&["scan", "install-hook"]).run().code(), 0);
    assert!(framework(&repository, &["uninstall"]).0);
    assert_eq!(sandbox.call(&["scan", "uninstall-hook"]).run().code(), 0);
    assert_eq!(std::fs::read(hooks.join("pre-commit")).expect("there"), text);
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_hook_or_the_new_one_in_force() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let hooks = repository.folder.join(".git/hooks");
    let hook = hooks.join("pre-push");
    let text = put_hook(&hook, "theirs");
    let before = all(&hooks);
    let in_force = || {
        let now = std::fs::read(&hook).expect("no hook is there");
        if now == text {
            return false;
        }
        assert!(String::from_utf8_lossy(&now).contains("scan --pushing"), "half a hook is there");
        assert_eq!(std::fs::read(hooks.join("pre-push.before-keyctl")).expect("the old one is lost"), text);
        true
    };
    // Each call that changes a file, the first time it is made, the second time, and so on.
    let calls = ["link", "linkat", "rename", "unlink", "fchmod", "fsync", "write"];
    for (words, ends_ours) in [("install-hook", true), ("uninstall-hook", false)] {
        let mut seen = [0; 2];
        for call in calls {
            for nth in 1..20 {
                let inject = format!("inject={call}:signal=KILL:when={nth}");
                let traced = ["strace", "-qq", "-o", "/dev/null", "-e", &inject];
                let ran = sandbox.call(&["scan", words, "--pre-push"]).under(&traced).run();
                let ours = in_force();
                // From the same beginning each time.
                let back = if ends_ours { "uninstall-hook" } else { "install-hook" };
                assert_eq!(sandbox.call(&["scan", back, "--pre-push"]).run().code(), 0);
                if ran.output.status.success() {
                    assert_eq!(ours, ends_ours, "{words} {call} {nth}");
                    break;
                }
                seen[usize::from(ours)] += 1;
            }
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{words}: no kill came early or late enough: {seen:?}");
        // What is there when the other command begins.
        let next = if ends_ours { "install-hook" } else { "uninstall-hook" };
        assert_eq!(sandbox.call(&["scan", next, "--pre-push"]).run().code(), 0);
    }
    let left_over = |path: &Path| path.extension().is_some_and(|end| end == "tmp");
    assert_eq!(all(&hooks).into_iter().filter(|(path, ..)| !left_over(path)).collect::<Vec<_>>(), before);
}
