//! The texts of the hooks: a few lines for `sh`, which git has on every system. They start no program but keyctl and the
//! hook that was there before, so a bare `PATH`, as a program with windows has it, is enough.

use std::path::PathBuf;

use crate::{
    failure::{Failure, Kind, Result},
    plain::shell_word,
};

/// What the second line of every hook of keyctl's says.
pub const MARK: &str = "Written by `keyctl scan install-hook`; `keyctl scan uninstall-hook` takes it away.";
/// Stands for the file name of the hook that was there before.
pub(super) const BEFORE_MARK: &str = "@before@";
/// The variable by which a hook is asked for what it would call, and scans nothing.
pub const CHECK: &str = "KEYCTL_HOOK";

/// The other hooks of git. Most can be there without any effect when they do nothing; for those that cannot see
/// [`dispatcher`]. `fsmonitor-watchman` is none of them: git is told of it by its path.
pub(super) const OTHERS: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-auto-gc",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// When git calls a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Before a commit is made.
    Commit,
    /// Before the commit of a merge is made: git asks another hook then.
    Merge,
    /// Before the commit of a patch is made (`git am`), and another one again.
    Patch,
    /// Before anything is sent.
    Push,
}

impl Event {
    /// All. For `git cherry-pick`, `revert` and `rebase` git has none.
    pub const ALL: [Self; 4] = [Self::Commit, Self::Merge, Self::Patch, Self::Push];

    /// What git calls the hook.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "pre-commit",
            Self::Merge => "pre-merge-commit",
            Self::Patch => "pre-applypatch",
            Self::Push => "pre-push",
        }
    }

    /// How to do without the hook.
    #[must_use]
    pub fn without(self) -> &'static str {
        match self {
            Self::Commit => "git commit --no-verify",
            Self::Merge => "git merge --no-verify",
            Self::Patch => "git am --no-verify",
            Self::Push => "git push --no-verify",
        }
    }

    /// The lines for a hook that is written by hand. What git says on standard input is there for what comes after them too.
    #[must_use]
    pub fn lines(self) -> &'static [&'static str] {
        match self {
            Self::Commit | Self::Merge | Self::Patch => &["keyctl scan --staged || exit 1"],
            Self::Push => &[
                "input=$(cat)",
                "printf '%s\\n' \"$input\" | keyctl scan --pushing \"$1\" \"$2\" || exit 1",
                "[ -z \"$input\" ] || exec <<TOLD",
                "$input",
                "TOLD",
            ],
        }
    }

    /// What lefthook shall run.
    pub(super) fn run_of_lefthook(self) -> &'static str {
        match self {
            Self::Commit | Self::Merge | Self::Patch => "run: keyctl scan --staged",
            Self::Push => {
                "run: \"input=$(cat); printf '%s\\\\n' \\\"$input\\\" | keyctl scan --pushing {1} {2}\", use_stdin: true"
            }
        }
    }
}

/// How keyctl is called before a push. Where git says nothing that is a blank line, which is not the same as no word from it.
const PUSHING: &str = "printf '%s\\n' \"$told\" | \"$keyctl\" scan --pushing \"$1\" \"$2\"";
/// The same as it was before.
const FORMER_PUSHING: &str = "printf %s \"$told\" | \"$keyctl\" scan --pushing \"$1\"";

/// What a hook calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The absolute path of the program.
    pub program: PathBuf,
    /// The folder that `KEYCTL_HOME` names, if it is set now.
    pub home: Option<PathBuf>,
}

/// The text of a hook. One that dispatches calls the hook of the repository it is called in, another one the hook that was
/// there before.
///
/// # Errors
/// `Usage` for a path that cannot stand in a script.
pub(super) fn hook(event: Event, call: &Call, dispatches: bool) -> Result<String> {
    let program = quoted(&call.program, "the program")?;
    let home = match &call.home {
        Some(home) => format!("KEYCTL_HOME={}\nexport KEYCTL_HOME\n", quoted(home, "`KEYCTL_HOME`")?),
        None => String::new(),
    };
    let name = event.name();
    let before = if dispatches { of_repository(name) } else { format!("before=${{0%/*}}/{BEFORE_MARK}\n") };
    // What git says on standard input is for both.
    let (read, first, last) = match event {
        Event::Commit | Event::Merge | Event::Patch => ("", "\"$before\" \"$@\"", "exec \"$keyctl\" scan --staged"),
        Event::Push => (
            "told=\nwhile IFS= read -r line; do\n  told=\"$told$line\n\"\ndone\n",
            "printf %s \"$told\" | \"$before\" \"$@\"",
            PUSHING,
        ),
    };
    let without = event.without();
    Ok(format!(
        "#!/bin/sh\n# {MARK}\n\
         keyctl={program}\n{home}\
         if [ \"${CHECK}\" = check ]; then\n  exec \"$keyctl\" --version\nfi\n\
         # The hook that was here before, as it was.\n{before}{read}\
         if [ -x \"$before\" ]; then\n  {first} || exit $?\nfi\n\
         if [ ! -x \"$keyctl\" ]; then\n  \
           echo \"keyctl: \\`$keyctl\\`, which this hook calls, is not there any more\" >&2\n  \
           echo \"keyctl: hint: write the hook anew: \\`keyctl scan install-hook\\`\" >&2\n  \
           echo \"keyctl: hint: or go on unchecked: \\`{without}\\`\" >&2\n  exit 1\nfi\n\
         {last}\n"
    ))
}

/// The text of a hook for all repositories that only calls that of the repository, and does without one what git does.
pub(super) fn dispatcher(name: &str) -> String {
    let before = of_repository(name);
    let without = match name {
        // As soon as there is such a hook git leaves all of this to it (`push_to_deploy` in its builtin/receive-pack.c).
        "push-to-checkout" => {
            "git update-index -q --ignore-submodules --refresh >/dev/null || exit 1\n\
             git diff-files --quiet --ignore-submodules -- || exit 1\n\
             head=$(git rev-parse -q --verify HEAD || git hash-object -t tree /dev/null)\n\
             git diff-index --quiet --cached --ignore-submodules \"$head\" -- || exit 1\n\
             exec git read-tree -u -m \"$1\"\n"
        }
        // It is called only where a setting asks for one.
        "proc-receive" => "echo \"keyctl: this repository has no hook \\`proc-receive\\`\" >&2\nexit 1\n",
        _ => "",
    };
    format!(
        "#!/bin/sh\n# {MARK}\n# The hook of the repository itself.\n{before}if [ -x \"$before\" ]; then\n  exec \"$before\" \"$@\"\nfi\n{without}"
    )
}

/// Whether a hook that calls keyctl has the text that [`hook`] gives it, whatever program that is; `before` is the name of
/// the hook that it calls first. Whoever changes that text keeps the one before here.
pub(super) fn is_as_written(text: &str, event: Event, before: &str) -> bool {
    let Some(program) = program(text) else { return is_dispatcher(text, event.name()) };
    let call = Call { program, home: word(text, "KEYCTL_HOME=") };
    [false, true].into_iter().any(|dispatches| {
        hook(event, &call, dispatches).is_ok_and(|written| {
            let written = written.replace(BEFORE_MARK, before);
            written == text || written.replace(PUSHING, FORMER_PUSHING) == text
        })
    })
}

/// Whether a hook for all repositories only calls that of the repository.
pub(super) fn is_dispatcher(text: &str, name: &str) -> bool {
    text == dispatcher(name)
}

/// Where the repository that a hook is called in has its own: worktrees share them.
fn of_repository(name: &str) -> String {
    format!(
        "folder=${{GIT_DIR:-$(git rev-parse --git-dir)}}\n\
         if [ -f \"$folder/commondir\" ]; then\n  read -r common <\"$folder/commondir\"\n  \
           case $common in\n    /* | ?:*) folder=$common ;;\n    *) folder=$folder/$common ;;\n  esac\nfi\n\
         before=$folder/hooks/{name}\n"
    )
}

/// What a hook that [`hook`] wrote calls.
pub(super) fn program(text: &str) -> Option<PathBuf> {
    word(text, "keyctl=")
}

/// The path that stands behind this at the beginning of a line.
fn word(text: &str, variable: &str) -> Option<PathBuf> {
    let line = text.lines().find_map(|line| line.strip_prefix(variable))?;
    Some(line.strip_prefix('\'')?.strip_suffix('\'')?.replace("'\\''", "'").into())
}

/// A path as a word of a script.
fn quoted(path: &std::path::Path, what: &str) -> Result<String> {
    let refused =
        |why: &str| Failure::new(Kind::Usage, format!("a hook cannot call {what} `{}`: {why}", path.display()));
    let text = path.to_str().ok_or_else(|| refused("its path is no text"))?;
    if text.chars().any(char::is_control) {
        return Err(refused("its path has control characters"));
    }
    if !path.is_absolute() {
        return Err(refused("its path is not absolute"));
    }
    // git's own shell on Windows wants no backslashes.
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
    Ok(shell_word(&text))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call(program: &str) -> Call {
        Call { program: program.into(), home: None }
    }

    #[test]
    fn the_hook_calls_what_was_there_first_and_then_keyctl_by_its_whole_path() {
        let call = Call { program: "/opt/it's/keyctl".into(), home: Some("/home/me/keys".into()) };
        assert_eq!(
            hook(Event::Commit, &call, false).unwrap(),
            "#!/bin/sh\n\
             # Written by `keyctl scan install-hook`; `keyctl scan uninstall-hook` takes it away.\n\
             keyctl='/opt/it'\\''s/keyctl'\n\
             KEYCTL_HOME='/home/me/keys'\n\
             export KEYCTL_HOME\n\
             if [ \"$KEYCTL_HOOK\" = check ]; then\n  exec \"$keyctl\" --version\nfi\n\
             # The hook that was here before, as it was.\n\
             before=${0%/*}/@before@\n\
             if [ -x \"$before\" ]; then\n  \"$before\" \"$@\" || exit $?\nfi\n\
             if [ ! -x \"$keyctl\" ]; then\n  \
             echo \"keyctl: \\`$keyctl\\`, which this hook calls, is not there any more\" >&2\n  \
             echo \"keyctl: hint: write the hook anew: \\`keyctl scan install-hook\\`\" >&2\n  \
             echo \"keyctl: hint: or go on unchecked: \\`git commit --no-verify\\`\" >&2\n  exit 1\nfi\n\
             exec \"$keyctl\" scan --staged\n"
        );
        assert_eq!(program(&hook(Event::Push, &call, true).unwrap()), Some("/opt/it's/keyctl".into()));
    }

    #[test]
    fn a_path_that_a_script_cannot_hold_is_refused() {
        let said = |program: &str| hook(Event::Commit, &call(program), false).unwrap_err().message;
        assert_eq!(said("keyctl"), "a hook cannot call the program `keyctl`: its path is not absolute");
        assert_eq!(said("/a\nrm"), "a hook cannot call the program `/a\nrm`: its path has control characters");
    }

    proptest! {
        #[test]
        fn a_path_that_was_written_reads_back(path in "/[^\\p{Cc}]{0,40}") {
            prop_assert_eq!(program(&hook(Event::Commit, &call(&path), false).unwrap()), Some(path.into()));
        }

        #[test]
        fn what_was_written_is_told_from_what_somebody_added(
            path in "/[^\\p{Cc}]{0,40}", home in proptest::option::of("/[^\\p{Cc}]{0,40}"), dispatches: bool, at in 0..400_usize,
        ) {
            let call = Call { program: path.into(), home: home.map(PathBuf::from) };
            for event in Event::ALL {
                let text = hook(event, &call, dispatches).unwrap().replace(BEFORE_MARK, "before");
                prop_assert!(is_as_written(&text, event, "before"), "{}", text);
                let mut lines: Vec<&str> = text.lines().collect();
                lines.insert(2 + at % (lines.len() - 1), "git lfs pre-push");
                prop_assert!(!is_as_written(&(lines.join("\n") + "\n"), event, "before"));
            }
        }
    }
}
