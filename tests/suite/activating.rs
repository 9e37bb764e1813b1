//! `activate` in real shells: variables come with the folder and go with it, and nothing that a value, a path or a folder
//! holds is ever run. Most of it without a terminal, where a test calls the hook as the prompt does: that takes no time.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    plugins::Toy,
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox},
    tools,
};

/// How a shell reads one script and nothing of its user's, how it loads the hook, and what its prompt does.
struct Shell {
    name: &'static str,
    start: &'static [&'static str],
    load: &'static str,
    prompt: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    start: &["bash", "--norc", "--noprofile", "-c"],
    load: "eval \"$(KEYCTL activate bash)\"",
    prompt: "eval \"${PROMPT_COMMAND[@]}\"",
};
const ZSH: Shell = Shell {
    name: "zsh",
    start: &["zsh", "-fc"],
    load: "eval \"$(KEYCTL activate zsh)\"",
    prompt: "for f in $precmd_functions; do $f; done",
};
const FISH: Shell = Shell {
    name: "fish",
    start: &["fish", "--no-config", "-c"],
    load: "KEYCTL activate fish | source",
    prompt: "emit fish_prompt",
};
const POSIX: [&Shell; 3] = [&BASH, &ZSH, &FISH];

impl Shell {
    /// Runs lines in the home folder, with the hook loaded first; `>` is a prompt.
    fn command(&self, sandbox: &Sandbox, lines: &[&str]) -> Command {
        let lines: Vec<&str> =
            [self.load].iter().chain(lines).map(|line| if *line == ">" { self.prompt } else { line }).collect();
        let script = lines.join("\n").replace("KEYCTL ", &format!("{KEYCTL} "));
        let mut command = Command::new("timeout");
        sandbox.environment(&mut command);
        command.arg("60").arg(if self.name == "nu" { tools::nu() } else { self.start[0].into() });
        command.args(&self.start[1..]).arg(script).current_dir(sandbox.home());
        command
    }

    #[track_caller]
    fn runs(&self, sandbox: &Sandbox, lines: &[&str]) -> (String, String) {
        self.ran(sandbox, &mut self.command(sandbox, lines))
    }

    #[track_caller]
    fn ran(&self, sandbox: &Sandbox, command: &mut Command) -> (String, String) {
        let Output { status, stdout, stderr } = command.output().expect(self.name);
        sandbox.no_secret_in(&stderr);
        let home = sandbox.home().display().to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&home, "~");
        assert_eq!(status.code(), Some(0), "{}: {}{}", self.name, text(&stdout), text(&stderr));
        (text(&stdout), text(&stderr))
    }

    /// What it says and prints, in every shell the same.
    #[track_caller]
    fn says(&self, sandbox: &Sandbox, lines: &[&str], out: &str, err: &str) {
        let (stdout, stderr) = self.runs(sandbox, lines);
        assert_eq!((stdout.as_str(), stderr.as_str()), (out, err), "{}", self.name);
    }
}

/// Prints variables of the environment, as a program sees them.
const SHOW: &str = "sh -c 'echo ${A-none} ${B-none} ${KEYCTL_INJECTED-none}'";

/// A project that is allowed, with two variables of two keys.
fn project() -> Sandbox {
    let sandbox = Sandbox::with(&[("a", "first-secret"), ("b", "second-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nB = \"b\"\n");
    std::fs::create_dir(sandbox.project().join("below")).expect("make");
    sandbox.allow();
    sandbox
}

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let ran = sandbox.call(&["history", "--action", "activate", "--json"]).run();
    ran.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

#[test]
fn variables_come_with_the_folder_and_go_with_it() {
    for shell in POSIX {
        let sandbox = project();
        let lines =
            [">", SHOW, "cd project", ">", SHOW, "cd below", ">", ">", SHOW, "cd ../..", ">", SHOW, "cd /", ">", SHOW];
        let (none, both) = ("none none none\n", "first-secret second-secret A,B\n");
        shell.says(&sandbox, &lines, &[none, both, both, none, none].concat(), "");
        // Each time it comes in is one entry, whatever the number of prompts.
        let events = events(&sandbox);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((&events[0]["names"], &events[0]["prog"]), (&serde_json::json!(["a", "b"]), &shell.name.into()));
        assert_eq!(events[0]["cwd"], "~/project");
        shell.says(&sandbox, &["cd project/below", ">", "cd ~", ">", "cd project", ">", SHOW], both, "");
        assert_eq!(self::events(&sandbox).len(), 3);
    }
}

#[test]
fn what_a_variable_was_before_comes_back_and_no_program_sees_it_meanwhile() {
    let was = [
        "A=\"old  '$(touch x)\"; export A; B=' unexported '",
        "set -gx A \"old  '\\$(touch x)\"; set -g B ' unexported '",
    ];
    let show = ["echo \"$A,$B\"; env | grep ^B=; true", "echo \"$A,$B\"; env | grep ^B=; true"];
    for (shell, set, then) in [(&BASH, 0, "set -a"), (&ZSH, 0, "set -a"), (&FISH, 1, ""), (&BASH, 0, "")] {
        let sandbox = project();
        let was = was[set].replace("$(", if set == 0 { "\\$(" } else { "$(" });
        let lines =
            [&was, then, "cd project", ">", show[set], "env | grep -c -e old -e unexported", "cd ..", ">", show[set]];
        shell.says(
            &sandbox,
            &lines,
            "first-secret,second-secret\nB=second-secret\n0\nold  '$(touch x), unexported \n",
            "",
        );
        assert!(!sandbox.home().join("x").exists() && !sandbox.project().join("x").exists());
    }
}

#[test]
fn what_the_user_changes_meanwhile_is_theirs() {
    for shell in POSIX {
        let sandbox = project();
        let set = if shell.name == "fish" { "set -gx A mine; set -e B" } else { "export A=mine; unset B" };
        let lines = ["cd project", ">", set, ">", "cd below", ">", SHOW, "cd ~", ">", SHOW];
        shell.says(&sandbox, &lines, "mine none A,B\nmine none none\n", "");
    }
}

#[test]
fn a_variable_that_is_read_only_stays_as_it_is_and_that_is_said_once() {
    let said = "keyctl: this shell does not get `A`: it is read-only here\n";
    for shell in [&BASH, &ZSH] {
        let sandbox = project();
        let lines = ["readonly A=mine", "cd project", ">", ">", SHOW, "cd ..", ">", ">", SHOW, "echo $A"];
        shell.says(&sandbox, &lines, "none second-secret A,B\nnone none none\nmine\n", said);
        assert_eq!(events(&sandbox).len(), 1);
        // One that became so meanwhile stays, is said once and known to be a key; all else goes.
        let lines = ["cd project", ">", "readonly A", "cd ..", ">", ">", SHOW, "cd project", ">", "cd ..", ">", SHOW];
        let said = "keyctl: `A` stays in this shell: it is read-only here\n";
        shell.says(&sandbox, &lines, "first-secret none A\nfirst-secret none A\n", said);
        // And one that is more than a text goes.
        let lines = ["cd project", ">", "typeset -u A", "cd ..", ">", SHOW];
        shell.says(&sandbox, &lines, "none none none\n", "");
    }
}

#[test]
fn a_path_of_fish_comes_back_as_one() {
    let sandbox = project();
    let lines = [
        "set -gx --path A a b; set -gx B a b",
        "cd project",
        ">",
        SHOW,
        "cd ..",
        ">",
        "printenv A B",
        "set -a A c; printenv A",
    ];
    FISH.says(&sandbox, &lines, "first-secret second-secret A,B\na:b\na b\na:b:c\n", "");
}

#[test]
fn other_hooks_of_zsh_stay_whatever_its_arrays_mean() {
    let sandbox = project();
    let mut command = Command::new("timeout");
    sandbox.environment(&mut command);
    let script = format!(
        "setopt ksh_arrays no_unset; precmd_functions=(a b c)\neval \"$({KEYCTL} activate zsh)\"; eval \"$({KEYCTL} activate zsh)\"
        echo \"${{precmd_functions[@]}}\"; {KEYCTL} activate zsh --off >off; . ./off; echo \"${{precmd_functions[@]}}\""
    );
    command.args(["60", "zsh", "-fc", &script]).current_dir(sandbox.home());
    let (printed, said) = ZSH.ran(&sandbox, &mut command);
    assert_eq!((printed.as_str(), said.as_str()), ("__keyctl_hook a b c\na b c\n", ""));
}

#[test]
fn a_variable_that_is_more_than_a_text_stays_as_it_is_and_that_is_said_once() {
    let show = "declare -p A; sh -c 'echo ${B-none}'; env | grep -c first-; true";
    for (made, what, shown) in [
        ("A=(x 'y z')", "an array", "declare -a A=([0]=\"x\" [1]=\"y z\")"),
        ("declare -A A; A[k]=v", "an array", "declare -A A=([k]=\"v\" )"),
        ("declare -i A=7", "more than a text", "declare -i A=\"7\""),
        ("declare -ux A=loud", "more than a text", "declare -xu A=\"LOUD\""),
        ("declare -n A=TARGET", "another name for a variable", "declare -n A=\"TARGET\""),
        ("declare -n A=TARGET; TARGET=t", "another name for a variable", "declare -n A=\"TARGET\""),
        ("declare -ar A=(x)", "read-only", "declare -ar A=([0]=\"x\")"),
    ] {
        let sandbox = project();
        let said = format!("keyctl: this shell does not get `A`: it is {what} here\n");
        let lines = [made, "cd project", ">", ">", show, "cd ..", ">", ">", show, "echo ${TARGET-none}"];
        let target = if made.contains("TARGET=t") { "t" } else { "none" };
        let out = format!("{shown}\nsecond-secret\n0\n{shown}\nnone\n0\n{target}\n");
        BASH.says(&sandbox, &lines, &out, &said);
    }
    let show = "typeset -p A; sh -c 'echo ${B-none}'; env | grep -c first-; true";
    for (made, what, shown) in [
        ("A=(x 'y z')", "an array", "typeset -a A=( x 'y z' )"),
        ("typeset -A A; A[k]=v", "an array", "typeset -A A=( [k]=v )"),
        ("typeset -i A=7", "more than a text", "typeset -i A=7"),
        ("typeset -T A a; a=(x y)", "tied to an array", "typeset -T A a=( x y )"),
        ("readonly A=x", "read-only", "typeset -r A=x"),
    ] {
        let sandbox = project();
        let said = format!("keyctl: this shell does not get `A`: it is {what} here\n");
        let lines = [made, "cd project", ">", ">", show, "cd ..", ">", ">", show];
        ZSH.says(&sandbox, &lines, &format!("{shown}\nsecond-secret\n0\n{shown}\nnone\n0\n"), &said);
    }
}

#[test]
fn no_trap_of_the_users_sees_a_value_and_none_takes_part_in_an_answer() {
    let bash = |signals: &str| format!("trap 'printf \"<%s>\" \"$BASH_COMMAND <$*> $_ ${{BASH_ARGV[*]-}}\"' {signals}");
    let zsh = "print -r -- \"<$ZSH_DEBUG_CMD $*>\"";
    for (shell, strict, trap, kept) in [
        (&BASH, "set -T", bash("DEBUG"), "functrace      \ton"),
        (&BASH, "set -ET", bash("DEBUG RETURN ERR"), "errtrace       \ton"),
        (&BASH, "shopt -s extdebug", bash("DEBUG RETURN ERR"), "shopt -s extdebug"),
        (&BASH, "set -T", bash("DEBUG CHLD USR1"), "SIGCHLD"),
        (&ZSH, "true", format!("trap '{zsh}' DEBUG ZERR"), " DEBUG\n"),
        (&ZSH, "setopt debug_before_cmd", format!("TRAPDEBUG() {{ {zsh} }}"), "TRAPDEBUG ()"),
        (&ZSH, "unsetopt debug_before_cmd", format!("TRAPDEBUG() {{ {zsh} }}"), "TRAPDEBUG ()"),
    ] {
        let sandbox = project();
        let has = "sh -c 'echo ${#A} ${#B}.'";
        let again = "printf %s-secret third | KEYCTL set -q --replace b";
        sandbox.secret("third-secret");
        let still = match shell.name {
            "bash" => "echo still:; trap -p; shopt -p extdebug; set -o | grep trace; true",
            _ => "echo still:; trap; typeset -f TRAPDEBUG; true",
        };
        let lines =
            [strict, &trap, "cd project", ">", has, again, ">", has, "cd ..", ">", "cd project", ">", has, still];
        let (out, err) = shell.runs(&sandbox, &lines);
        let had = ["12 13.", "12 12."].map(|lengths| out.matches(lengths).count());
        assert_eq!(had, [1, 2], "{}: {strict}: {out}{err}", shell.name);
        let (_, left) = out.rsplit_once("still:").expect("said");
        assert!(left.contains(kept), "{}: {kept} went: {left}", shell.name);
        for value in ["first-secret", "second-secret", "third-secret"] {
            assert!(!out.contains(value) && !err.contains(value), "{}: {strict}: {out}{err}", shell.name);
        }
    }
}

#[test]
fn what_a_shell_is_told_is_not_for_a_screen() {
    let sandbox = project();
    for shell in ["bash", "nu"] {
        on_a_terminal(&sandbox, &[KEYCTL, "hook-env", shell], &[]).says(
            "keyctl: what a shell is told has secrets in it, and is not for a screen\n\
             keyctl: hint: a shell is told by its hook: `keyctl activate --help` says how it gets one\n\
             keyctl: hint: to see keys: `keyctl env`\n",
            2,
        );
    }
    assert!(events(&sandbox).is_empty());
}

#[test]
fn keys_leave_a_shell_with_the_program_that_gave_them() {
    for shell in [&BASH, &ZSH, &FISH, &NU] {
        let sandbox = project();
        let program = sandbox.home().join("bin/keyctl");
        std::fs::create_dir(program.parent().expect("folder")).expect("make");
        crate::sandbox::copy_program(KEYCTL, &program);
        let path = program.to_str().expect("text");
        std::fs::write(sandbox.home().join("keyctl.nu"), {
            let mut command = Command::new(&program);
            sandbox.environment(&mut command);
            command.args(["activate", "nu"]).output().expect("keyctl").stdout
        })
        .expect("write");
        let load = shell.load.replace("KEYCTL ", &format!("{path} "));
        let set = match shell.name {
            "nu" => "$env.A = 'mine'; $env.KEYCTL_INJECTED = 'X'",
            "fish" => "set -gx A mine; set -gx KEYCTL_INJECTED X",
            _ => "export A=mine KEYCTL_INJECTED=X",
        };
        let show = if shell.name == "nu" { SHOW.replace("sh -c", "^sh -c") } else { SHOW.to_owned() };
        let state = "sh -c 'echo ${KEYCTL_ACTIVE-none}'";
        let remove = format!("rm {path}");
        let lines = [&load, set, "cd project", ">", &show, &remove, ">", ">", &show, state, "cd ..", ">", &show];
        let mut command = Command::new("timeout");
        sandbox.environment(&mut command);
        command.arg("60").arg(if shell.name == "nu" { tools::nu() } else { shell.start[0].into() });
        let script: Vec<&str> = lines.iter().map(|line| if *line == ">" { shell.prompt } else { line }).collect();
        command.args(&shell.start[1..]).arg(script.join("\n")).current_dir(sandbox.home());
        let ran = shell.ran(&sandbox, &mut command);
        let out = "first-secret second-secret X,A,B\nmine none X\nnone\nmine none X\n";
        let said = "keyctl: `~/bin/keyctl` is gone, and with it what it gave this shell\n";
        assert_eq!(ran, (out.to_owned(), said.to_owned()), "{}", shell.name);
    }
}

#[test]
fn what_the_user_has_put_in_the_place_of_a_command_reaches_neither_hook_nor_answer() {
    let words = "builtin export unset printf set return eval local declare typeset emulate setopt print";
    let instead = format!("shopt -s expand_aliases 2>/dev/null; for f in {words}; do alias $f=echo; done");
    let instead = instead.replace("for f in builtin", "alias -- builtin=echo; for f in");
    let functions = "for f in export unset printf; do eval \"$f() { echo function; }\"; done";
    for shell in [&BASH, &ZSH] {
        let sandbox = project();
        let prompt = "__keyctl_hook";
        for lines in [
            &[&instead, "cd project", prompt, SHOW, "cd ..", prompt, SHOW][..],
            &[functions, "cd project", prompt, SHOW, "cd ..", prompt, SHOW],
        ] {
            shell.says(&sandbox, lines, "first-secret second-secret A,B\nnone none none\n", "");
        }
    }
}

#[test]
fn what_a_shell_heeds_itself_it_does_not_get_and_a_command_does() {
    let sandbox = project();
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nPS0 = \"b\"\nPROMPT = \"b\"\nfish_greeting = \"b\"\n");
    let excepted = ["--variable", "PS0", "--variable", "PROMPT", "--variable", "fish_greeting"];
    let yes = [("project set", ""), ("[y/N] ", "y\r"), ("in this place? [y/N] ", "y\r")];
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL, "allow"][..], &excepted].concat(), &yes);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let show = "sh -c 'echo ${A-none} ${PS0-none} ${PROMPT-none} ${fish_greeting-none}'";
    let b = "second-secret";
    for (shell, name, out) in [
        (&BASH, "PS0", format!("first-secret none {b} {b}\n")),
        (&ZSH, "PROMPT", format!("first-secret {b} none {b}\n")),
        (&FISH, "fish_greeting", format!("first-secret {b} {b} none\n")),
    ] {
        let said = format!("keyctl: this shell does not get `{name}`: a variable of this name is the shell's own\n");
        shell.says(&sandbox, &["cd project", ">", ">", show], &out, &said);
    }
}

#[test]
fn a_key_goes_at_its_end_though_nothing_but_the_time_has_changed() {
    let sandbox = project();
    sandbox.call(&["edit", "b", "-q", "--expires", "2027-06-01", "--stop-expired"]).run().says("", "", 0);
    let state = BASH.runs(&sandbox, &["cd project", ">", "echo $KEYCTL_ACTIVE"]).0;
    let prompt = |moment: &str| {
        let call = sandbox.call(&["hook-env", "bash"]).env("KEYCTL_ACTIVE", state.trim()).env("KEYCTL_INJECTED", "A,B");
        call.env("A", "first-secret").env("B", "second-secret").at(moment).run()
    };
    prompt("2027-05-30T00:00:00Z").says("", "", 0);
    let ran = prompt("2027-06-02T00:00:00Z");
    assert!(ran.stdout().starts_with("back A -\nback B -\n"), "{}", ran.stdout());
    assert!(ran.stderr().starts_with("keyctl: no keys for this shell: not given: `b` expired "), "{}", ran.stderr());
}

#[test]
fn a_project_that_is_not_allowed_gets_nothing_and_that_is_said_once() {
    let said = "keyctl: no keys for this shell: `~/project/.keyctl.toml` is not allowed; look at what it asks for: `keyctl allow`\n";
    for shell in POSIX {
        let sandbox = Sandbox::with(&[("a", "first-secret")]);
        sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
        let lines = ["cd project", ">", ">", "cd ..", ">", "cd project", ">", SHOW];
        shell.says(&sandbox, &lines, "none none none\n", said);
        // Another content is another question; and a yes counts at the next prompt, as a no does.
        let other = "echo LEVEL.value = 1 | sed 's/1/\"1\"/' >>.keyctl.toml";
        let allow = "KEYCTL allow --hash (KEYCTL allow --show-hash) -q";
        let allow = if shell.name == "fish" { allow.to_owned() } else { allow.replace(" (", " $(") };
        let lines = ["cd project", ">", other, ">", &allow, ">", SHOW, "KEYCTL deny -q", ">", ">", SHOW];
        let (out, err) = shell.runs(&sandbox, &lines);
        assert_eq!(out, "first-secret none A,LEVEL\nnone none none\n", "{}", shell.name);
        // What was allowed and is denied is the same question once more.
        assert_eq!(err, [said, said].concat(), "{}", shell.name);
    }
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    let ran = sandbox.call(&["hook-env", "bash"]).traced("openat,connect");
    for untouched in ["connect(", "identity.txt", "store.age", "anchor.txt", "history."] {
        assert!(!ran.1.contains(untouched), "{untouched}: {}", ran.1);
    }
}

#[test]
fn where_nothing_has_changed_nothing_is_opened_and_nothing_is_said() {
    let sandbox = project();
    let shown = BASH.runs(&sandbox, &["cd project", ">", "echo $KEYCTL_ACTIVE"]).0;
    let bus = sandbox.outside().join("bus");
    let _listening = std::os::unix::net::UnixListener::bind(&bus).expect("bind");
    let call = |state: &str, folder: &std::path::Path| {
        let call = sandbox.call(&["hook-env", "bash"]).env("KEYCTL_ACTIVE", state).inside(folder);
        call.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()))
            .traced("openat,connect,execve,clone")
    };
    for (state, folder) in [(shown.trim(), sandbox.project().join("below")), ("", sandbox.home())] {
        let (ran, trace) = call(state, &folder);
        ran.says("", "", 0);
        for untouched in ["connect(", "identity.txt", "store.age", "anchor.txt", "history.", "allowed", "config.toml"] {
            assert!(!trace.contains(untouched), "{untouched}: {trace}");
        }
        assert!(trace.matches("execve(").count() == 1 && !trace.contains("clone"), "{trace}");
    }
}

#[test]
fn a_key_that_is_replaced_is_another_value_at_the_next_prompt_and_one_more_use() {
    let sandbox = project();
    sandbox.secret("third-secret");
    let replace = "printf third-secret | KEYCTL set -q --replace b";
    let other = "printf fourth-secret | KEYCTL set -q other";
    sandbox.secret("fourth-secret");
    let lines = ["cd project", ">", other, ">", replace, ">", SHOW];
    BASH.says(&sandbox, &lines, "first-secret third-secret A,B\n", "");
    let names: Vec<Value> = events(&sandbox).into_iter().map(|event| event["names"].clone()).collect();
    assert_eq!(names, [serde_json::json!(["a", "b"]), serde_json::json!(["b"])]);
}

#[test]
fn keys_whose_use_is_limited_are_not_for_a_whole_shell() {
    let limits: [&[&str]; 5] =
        [&["--only-program", "/bin/true"], &["--needs-terminal"], &["--ask"], &["--proxy-only"], &["--require-reason"]];
    let said = "keyctl: not for a whole shell, as their use is limited: `B`; give them to one command: `keyctl run -- COMMAND`\n";
    for limit in limits {
        let sandbox = project();
        sandbox.call(&[&["edit", "b"], limit].concat()).run().says("", "keyctl: changed `b`\n", 0);
        let lines = ["cd project", ">", ">", SHOW, "cd ..", ">", "cd project", ">", SHOW];
        BASH.says(&sandbox, &lines, &"first-secret none A\n".repeat(2), said);
        let names: Vec<Value> = events(&sandbox).into_iter().map(|event| event["names"].clone()).collect();
        assert_eq!(names, [serde_json::json!(["a"]), serde_json::json!(["a"])]);
    }
    let sandbox = project();
    sandbox.configure("[[projects]]\nfolder = \"~/project\"\nrequire_reason = \"always\"\n");
    BASH.says(&sandbox, &["cd project", ">", SHOW], "none none none\n", &said.replace("`B`", "`A`, `B`"));
    // A part of the project would be left with it.
    let sandbox = project();
    let below = sandbox.project().join("below");
    let limit = ["edit", "b", "-q", "--only-project", below.to_str().expect("text")];
    sandbox.call(&limit).run().says("", "", 0);
    let lines = ["cd project/below", ">", SHOW, "cd ..", ">", SHOW, "cd below", ">", SHOW];
    BASH.says(&sandbox, &lines, &"first-secret none A\n".repeat(3), said);
    // A folder outside of which a key is not to be used is another matter.
    let sandbox = project();
    let elsewhere = sandbox.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("make");
    let limit = ["edit", "b", "-q", "--only-project", elsewhere.to_str().expect("text")];
    sandbox.call(&limit).run().says("", "", 0);
    let (out, err) = BASH.runs(&sandbox, &["cd project", ">", ">", SHOW]);
    assert_eq!(out, "none none none\n");
    assert!(err.starts_with("keyctl: no keys for this shell: not given: `b` is only for `~/elsewhere`"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn a_shell_in_which_an_agent_seems_to_work_gets_nothing() {
    let sandbox = project();
    let said = "keyctl: no keys for this shell: perhaps Claude Code works in it; give them to one command: `keyctl run -- COMMAND`\n";
    for shell in POSIX {
        let mut command = shell.command(&sandbox, &["cd project", ">", ">", SHOW]);
        let ran = shell.ran(&sandbox, command.env("CLAUDECODE", "1"));
        assert_eq!(ran, ("none none none\n".to_owned(), said.to_owned()), "{}", shell.name);
    }
    // What it has inherited goes at its first prompt.
    let inner = format!("{}\n{}\n{SHOW}\n", BASH.load, BASH.prompt).replace("KEYCTL ", &format!("{KEYCTL} "));
    sandbox.file("inner", inner);
    BASH.says(
        &sandbox,
        &["cd project", ">", "bash --norc inner", "CLAUDECODE=1 bash --norc inner"],
        "first-secret second-secret A,B\nnone none none\n",
        said,
    );
}

#[test]
fn a_store_that_asks_is_not_asked_and_nothing_hangs() {
    let toy = Toy::with(&[("A", "first-secret")]);
    toy.sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    toy.sandbox.allow();
    for faults in ["pin", "touch"] {
        toy.faults(faults);
        let begun = std::time::Instant::now();
        let (out, err) = BASH.runs(&toy.sandbox, &["cd project", ">", ">", ">", SHOW]);
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(out, "none none none\n");
        assert!(err.starts_with("keyctl: no keys for this shell: ") && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn a_missing_key_is_said_once_and_comes_as_soon_as_it_is_kept() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nB = \"b\"\nC = { key = \"c\", optional = true }\n");
    sandbox.allow();
    sandbox.secret("second-secret");
    let keep = "printf second-secret | KEYCTL set -q b";
    let lines = ["cd project", ">", ">", SHOW, keep, ">", ">", SHOW];
    let said =
        "keyctl: no keys for this shell: no key named `b`; keep it with `keyctl set b`\nkeyctl: goes on without `c`\n";
    BASH.says(&sandbox, &lines, "none none none\nfirst-secret second-secret A,B\n", said);
}

/// Values that some quoting gets wrong. The last two are for shells that take any bytes.
fn nasty() -> Vec<Vec<u8>> {
    let texts = [
        "plain",
        "",
        " ",
        "a\nb",
        "end\n",
        "\n\n",
        "a\r\nb",
        "\t",
        "'",
        "''",
        "it's",
        "\"",
        "`touch x`",
        "$(touch x)",
        "${HOME}",
        "$HOME",
        "\\",
        "a\\",
        "\\n",
        "\\'",
        "-n",
        "--",
        "-rf",
        "!",
        "!!",
        "#",
        "# a",
        "a=b",
        "~",
        "*",
        "?[a-z]*",
        "{a,b}",
        "; touch x",
        "'; touch x; '",
        "'\n touch x \n'",
        "<x >x",
        "%s%n",
        "\u{1}\u{7f}",
        "\u{1b}[31m",
        "é",
        "日本語",
        "\u{1f511}",
        "\u{2018}a\u{2019}",
        "\u{feff}a",
        "#\n",
        "x:y",
        "a[$(touch x)]",
        "(touch x)",
        "$env:PATH",
        "null",
        "[]",
    ];
    let mut values: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.extend(["k".repeat(60_000).into_bytes(), "it's \\ \n".repeat(2_000).into_bytes()]);
    values.extend([b"a\xffb".to_vec(), (1..=255).collect()]);
    values
}

/// A project with all of these, and what a shell's programs are to see.
fn nasty_project() -> (Sandbox, BTreeMap<String, Vec<u8>>) {
    let sandbox = Sandbox::new();
    let (mut file, mut values) = ("[env]\n".to_owned(), BTreeMap::new());
    for (number, value) in nasty().into_iter().enumerate() {
        let name = format!("V{number:02}");
        let call = sandbox.call(&["set", &name, "--raw", "--binary", "--allow-empty", "-q"]).input(&value);
        assert_eq!(call.run().code(), 0, "{name}");
        file.push_str(&[&name, " = \"", &name, "\"\n"].concat());
        values.insert(name, value);
    }
    sandbox.file(".keyctl.toml", file);
    sandbox.allow();
    (sandbox, values)
}

/// The variables of ours in what `env -0` printed.
fn variables(printed: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let pair = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        Some((String::from_utf8(line[..at].to_vec()).ok()?, line[at + 1..].to_vec()))
    };
    printed.split(|byte| *byte == 0).filter_map(pair).filter(|(name, _)| name.starts_with('V')).collect()
}

#[test]
fn every_value_arrives_in_every_shell_byte_for_byte_and_none_is_run() {
    let (sandbox, values) = nasty_project();
    load_by_nu(&sandbox);
    let texts: BTreeMap<_, _> = values
        .iter()
        .filter(|(_, value)| std::str::from_utf8(value).is_ok())
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect();
    for (shell, values) in [(&BASH, &values), (&ZSH, &values), (&FISH, &values), (&NU, &texts)] {
        for locale in ["C.UTF-8", "C"] {
            let mut command = shell.command(&sandbox, &["cd project", ">", "/usr/bin/env -0"]);
            let Output { status, stdout, stderr } = command.env("LC_ALL", locale).output().expect(shell.name);
            assert!(status.success(), "{}: {}", shell.name, String::from_utf8_lossy(&stderr));
            let seen = variables(&stdout);
            for (name, value) in values {
                let other = seen.get(name).map(|value| OsString::from_vec(value.clone()));
                assert!(
                    other.as_ref().map(|other| other.as_encoded_bytes()) == Some(value),
                    "{}: {name} {:?}",
                    shell.name,
                    value.escape_ascii().to_string()
                );
            }
            assert_eq!(seen.len(), values.len(), "{}", shell.name);
            let lines = String::from_utf8_lossy(&stderr).lines().count();
            assert_eq!(
                lines,
                self::nasty().len() - values.len(),
                "{}: {}",
                shell.name,
                String::from_utf8_lossy(&stderr)
            );
        }
    }
    for folder in [sandbox.home(), sandbox.project()] {
        assert!(!folder.join("x").exists(), "a value was run");
    }
}

/// nu, as it runs what its hooks say before a prompt.
const NU: Shell = Shell {
    name: "nu",
    start: &["nu", "--no-config-file", "--no-std-lib", "-c"],
    load: "source ~/keyctl.nu",
    prompt: "for hook in $env.config.hooks.pre_prompt { do --env $hook }",
};

/// What nu loads has to lie in a file.
fn load_by_nu(sandbox: &Sandbox) {
    for (name, words) in [("keyctl.nu", &["activate", "nu"][..]), ("off.nu", &["activate", "nu", "--off"])] {
        let hook = sandbox.call(words).run();
        std::fs::write(sandbox.home().join(name), &hook.output.stdout).expect("write");
    }
}

#[test]
fn nu_has_variables_as_the_others_have_and_what_was_there_before() {
    let sandbox = project();
    load_by_nu(&sandbox);
    let show = "print $\"($env.A? | default none) ($env.B? | default none) ($env.KEYCTL_INJECTED? | default none)\"";
    let out = "first-secret second-secret A,B\nmine none none\nfirst-secret second-secret A,B\n0\ntheirs none none\n";
    let lines = [
        "$env.A = 'mine'",
        "cd project",
        ">",
        ">",
        show,
        "cd ..",
        ">",
        show,
        "cd project/below",
        ">",
        show,
        "print (^/usr/bin/env | lines | where $it =~ mine | length)",
        "$env.A = 'theirs'",
        "cd ~",
        ">",
        show,
    ];
    NU.says(&sandbox, &lines, out, "");
    assert_eq!(events(&sandbox).len(), 2);
    let lines = ["cd project", ">", show, "source ~/off.nu", show, ">", show, "print ('KEYCTL_ACTIVE' in $env)"];
    NU.says(&sandbox, &lines, "first-secret second-secret A,B\nnone none none\nnone none none\nfalse\n", "");
}

#[test]
fn the_hook_stands_beside_what_the_prompt_does_already_and_once_however_often_it_is_loaded() {
    let sandbox = project();
    let load = BASH.load;
    for (before, after) in [
        ("PROMPT_COMMAND='echo one;'", "one\n"),
        ("PROMPT_COMMAND=('echo one' 'echo two')", "one\ntwo\n"),
        ("unset PROMPT_COMMAND", ""),
    ] {
        // As bash does: each element, and the status of the last command for each.
        let prompt = "(exit 7); for one in \"${PROMPT_COMMAND[@]}\"; do eval \"$one\"; done";
        let script = [
            "set -eu",
            before,
            load,
            load,
            "set +e",
            "cd project",
            prompt,
            "echo $? $A",
            "declare -p PROMPT_COMMAND | grep -o __keyctl_hook",
        ];
        let script = script.join("\n").replace("KEYCTL ", &format!("{KEYCTL} "));
        let mut command = Command::new("bash");
        sandbox.environment(&mut command);
        let ran = BASH.ran(&sandbox, command.args(["--norc", "-c", &script]).current_dir(sandbox.home()));
        let status = if after.is_empty() { "7" } else { "0" };
        assert_eq!(ran, (format!("{after}{status} first-secret\n__keyctl_hook\n"), String::new()), "{before}");
    }
    let status = |shell: &Shell, line: &str| {
        shell.says(&sandbox, &["cd project", ">", line], "7\n", "");
    };
    status(&BASH, "(exit 7); __keyctl_hook; echo $?");
    status(&ZSH, "(exit 7); __keyctl_hook; echo $?");
    status(&FISH, "sh -c 'exit 7'; __keyctl_hook; echo $status");
    let again = ZSH.load;
    ZSH.says(&sandbox, &[again, "echo $precmd_functions $chpwd_functions"], "__keyctl_hook __keyctl_hook\n", "");
}

#[test]
fn a_shell_that_is_strict_or_shows_what_it_runs_goes_on_and_shows_no_value() {
    let sandbox = project();
    for (shell, strict) in
        [(&BASH, "set -eux"), (&BASH, "set -xv"), (&ZSH, "set -eux"), (&ZSH, "set -xv"), (&FISH, "set -g fish_trace 1")]
    {
        let lines = [strict, "cd project", ">", ">", "cd ..", ">", "cd project", ">", "sh -c 'echo ${#A}'"];
        // `ran` looks for values in what is shown.
        let (out, err) = shell.runs(&sandbox, &lines);
        assert!(out.ends_with("12\n"), "{}: {out}{err}", shell.name);
    }
}

#[test]
fn neither_the_programs_path_nor_a_folders_is_run_and_a_folder_that_is_gone_is_none() {
    let sandbox = project();
    let odd = "it's \"a\" $(touch x) `touch x` \\ ü";
    let program = sandbox.home().join(odd).join("keyctl");
    std::fs::create_dir_all(program.parent().expect("folder")).expect("make");
    crate::sandbox::copy_program(KEYCTL, &program);
    let other = sandbox.home().join(format!("{odd} too"));
    std::fs::create_dir(&other).expect("make");
    std::fs::write(other.join(".keyctl.toml"), "[env]\nC = \"a\"\n").expect("write");
    for shell in POSIX {
        let load = shell.load.replace("KEYCTL ", "\"$PROGRAM\" ");
        let gone = "mkdir gone; cd gone; rmdir ../gone";
        let left = "env | grep -c ^A=; true";
        let script =
            [&load, "cd project", shell.prompt, SHOW, "cd $OTHER", shell.prompt, "cd ..", gone, shell.prompt, left]
                .join("\n");
        let mut command = Command::new(shell.start[0]);
        sandbox.environment(&mut command);
        let script = script.replace("$OTHER", "\"$OTHER\"");
        command.args(&shell.start[1..]).arg(script).env("PROGRAM", &program).env("OTHER", &other);
        let ran = shell.ran(&sandbox, command.current_dir(sandbox.home()));
        let out = "first-secret second-secret A,B\n0\n";
        assert_eq!(ran.0, out, "{}", shell.name);
        assert!(ran.1.contains(&format!("`~/{odd} too/.keyctl.toml` is not allowed")), "{}", ran.1);
        assert_eq!(ran.1.lines().count(), 1, "{}", ran.1);
        for folder in [sandbox.home(), sandbox.project(), other.clone()] {
            assert!(!folder.join("x").exists());
        }
    }
}

#[test]
fn off_takes_the_hook_and_its_variables_away() {
    let sandbox = project();
    for (shell, off) in [
        (&BASH, "eval \"$(KEYCTL activate bash --off)\""),
        (&ZSH, "eval \"$(KEYCTL activate zsh --off)\""),
        (&FISH, "KEYCTL activate fish --off | source"),
    ] {
        let left = if shell.name == "fish" {
            "functions -a | grep __keyctl; true"
        } else {
            "typeset -f | grep __keyctl; true"
        };
        let state = "sh -c 'echo ${KEYCTL_ACTIVE-none}'";
        let lines = ["cd project", ">", SHOW, off, SHOW, state, left, ">", SHOW];
        shell.says(&sandbox, &lines, "first-secret second-secret A,B\nnone none none\nnone\nnone none none\n", "");
    }
}

#[test]
fn what_a_command_got_by_run_or_shell_stays_in_the_shells_in_it() {
    let sandbox = project();
    sandbox.secret("third-secret");
    sandbox.set("c", "third-secret").says("", "keyctl: kept `c`\n", 0);
    let inner = format!("{}\n{}\n{SHOW}\ncd ~\n{}\n{SHOW}\n", BASH.load, BASH.prompt, BASH.prompt)
        .replace("KEYCTL ", &format!("{KEYCTL} "));
    sandbox.file("inner", inner);
    let both = "third-secret second-secret A,B\nthird-secret none A\n";
    for lines in [
        &["cd project", "KEYCTL run --no-project -k A=c -- bash --norc inner"][..],
        &["cd project", ">", "KEYCTL run -q --no-project -k A=c -- bash --norc inner"],
    ] {
        BASH.says(&sandbox, lines, both, "");
    }
}

#[test]
fn a_shell_with_keys_is_the_users_own_and_known_by_a_variable() {
    let mut sandbox = project();
    sandbox.variables.push(("SHELL".into(), "/bin/sh".into()));
    let show = "echo \"$A $KEYCTL_SHELL\"; exit 7";
    sandbox.call(&["shell"]).input(show).run().says("first-secret default\n", "", 7);
    sandbox.call(&["shell", "--clean"]).input(show).run().says("first-secret default\n", "", 7);
    let call = ["shell", "--no-project", "-k", "A=b", "--", "sh", "-c", "echo $0 $A $1", "x", "y"];
    sandbox.call(&call).run().says("x second-secret y\n", "", 0);
    let said = "keyctl: a shell in a shell of `keyctl shell` (profile `prod`); `exit` leads back into that one\n";
    sandbox.call(&["shell"]).env("KEYCTL_SHELL", "prod").input(show).run().says("first-secret default\n", said, 7);
    let show = "echo \"$A\"; cat \"$F\"; exit 7\n";
    let call = ["shell", "--mask", "--no-project", "-k", "A=b", "--file", "F=b"];
    sandbox.call(&call).input(show).run().says("[keyctl:A]\n[keyctl:A]", "", 7);
    sandbox.call(&["shell", "-k", "C=none"]).run().says(
        "",
        "keyctl: no key named `none` [E03]\nkeyctl: hint: keep it with `keyctl set none`\n",
        125,
    );
    sandbox.call(&["shell"]).env("SHELL", "/no/shell").run().says("", "keyctl: no command `/no/shell`\n", 127);
    let used = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(used.contains("\"ev\":\"run\"") && used.contains("\"prog\":\"sh\""), "{used}");
}

#[test]
fn a_shell_calls_it_by_the_name_that_its_user_does() {
    let sandbox = Sandbox::new();
    let link = sandbox.home().join("keys");
    std::os::unix::fs::symlink(KEYCTL, &link).expect("link");
    let hook = |program: &std::ffi::OsStr, path: &std::path::Path| {
        let mut command = Command::new(program);
        sandbox.environment(&mut command);
        let output = command.args(["activate", "bash"]).env("PATH", path).output().expect("keyctl");
        String::from_utf8(output.stdout).expect("text")
    };
    let named = link.to_str().expect("text");
    for text in [hook(link.as_os_str(), "/".as_ref()), hook("keys".as_ref(), &sandbox.home())] {
        assert!(text.contains(named) && !text.contains(KEYCTL), "{text}");
    }
    assert!(hook(KEYCTL.as_ref(), &sandbox.home()).contains(KEYCTL));
}

#[test]
fn variables_come_at_the_prompt_of_a_shell_on_a_terminal() {
    let sandbox = project();
    for shell in ["bash", "zsh", "fish"] {
        let hook = sandbox.call(&["activate", shell]).run();
        let hook = sandbox.file("hook", &hook.output.stdout);
        let show = "!echo \"<<$A-$B>>\"";
        let lines = [show, "!cd below", show, "!cd ../..", show, "!cd project; echo \"<<$A>>\"", show];
        let mut command = tools::script(&sandbox, "shells.py");
        command.arg(shell).arg(hook).args(lines);
        let said = tools::output(&mut command);
        let said: Vec<&str> = said.lines().collect();
        let both = "first-secret-second-secret";
        // What stands on the same line as the `cd` sees it where the shell says at once that it has moved.
        let at_once = if shell == "bash" { "" } else { "first-secret" };
        assert_eq!(said, [both, "", both, "", "-", at_once, both], "{shell}");
    }
}
