//! Templates: what they come to, what they may name, and where they are written.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox},
};

/// The project asks for a key that is not kept, and can do without.
const WITHOUT: &str = "keyctl: goes on without `none`\n";
const SECRET: &str = "sk-rendered-5e8d71c2\"'$";

/// A project that may have `stripe/test` as `STRIPE`.
fn project() -> Sandbox {
    let sandbox = Sandbox::with(&[("stripe/test", SECRET), ("other", "sk-other-0c1d2e3f")]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nSTRIPE = \"stripe/test\"\nLEVEL = { value = \"debug\" }\nOPT = { key = \"none\", optional = true }\n",
    );
    sandbox.allow();
    sandbox
}

#[test]
fn a_template_is_filled_in_and_all_else_in_it_stays() {
    let sandbox = project();
    sandbox.file("t", b"a: {{ keyctl \"stripe/test\" | json }}\r\nb={{keyctl \"STRIPE\"|shell}}\n{{ .Values.x }} ${{ secrets.Y }} {{keyctl_x}}\n\xff{{ keyctl \"LEVEL\" }}");
    let ran = sandbox.call(&["render", "t"]).run();
    let wanted = b"a: \"sk-rendered-5e8d71c2\\\"'$\"\r\nb='sk-rendered-5e8d71c2\"'\\''$'\n{{ .Values.x }} ${{ secrets.Y }} {{keyctl_x}}\n\xffdebug";
    assert_eq!((ran.output.stdout.as_slice(), ran.stderr().as_str(), ran.code()), (&wanted[..], "", 0));
    // What the template does not name was not used, and the entry has the template's name.
    let used = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(
        used.contains("\"ev\":\"render\"")
            && used.contains("\"names\":[\"stripe/test\"]")
            && used.contains("\"note\":\"t\""),
        "{used}"
    );
    // A template without a key needs no project, no store and no yes.
    let nobody = Sandbox::new();
    nobody.file("t", "{{ .x }}\n");
    nobody.call(&["render", "t"]).run().says("{{ .x }}\n", "", 0);
    nobody.file("t", "{{ db/password | url }}\n");
    let said = "keyctl: `t` names no key, so all of it stays as it is\nkeyctl: hint: the place of a key in a file is `{{ keyctl \"NAME\" }}`\n";
    nobody.call(&["render", "t"]).run().says("{{ db/password | url }}\n", said, 0);
}

#[test]
fn a_template_may_name_what_the_project_is_allowed_and_what_the_call_names() {
    let sandbox = project();
    sandbox.file("t", "x\n  {{ keyctl \"other\" }}\n{{ keyctl \"STRIP\" }}");
    let (ran, trace) = sandbox.call(&["render", "t"]).traced("openat");
    ran.says(
        "",
        "keyctl: `t`, line 2, column 3: `other` is neither a variable nor a key of this profile\n\
         keyctl: hint: also line 3, column 1: `STRIP` is neither a variable nor a key of this profile; did you mean `STRIPE`?\n\
         keyctl: hint: name it in this call: `-k other`\n\
         keyctl: hint: or have the project ask for it, in `.keyctl.toml`, and `keyctl allow`\n",
        6,
    );
    assert!(!trace.contains("store.age") && !trace.contains("identity.txt"), "{trace}");
    sandbox.file("t", "{{ keyctl \"other\" }}\n");
    sandbox.call(&["render", "t", "-k", "O=other"]).run().says("sk-other-0c1d2e3f\n", "", 0);
    // A file that asks for more is not allowed, and neither is its template; what the call names needs nobody's yes.
    sandbox.file(".keyctl.toml", "[env]\nO = \"other\"\n");
    let ran = sandbox.call(&["render", "t"]).run();
    assert!(ran.code() == 6 && ran.stderr().contains("O <- key other"), "{}", ran.stderr());
    sandbox.call(&["render", "t", "--no-project", "-k", "other"]).run().says("sk-other-0c1d2e3f\n", "", 0);
    let ran = sandbox.call(&["render", "t", "--no-project"]).run();
    ran.says("", "keyctl: no project file is here, and no `-k` names a key\nkeyctl: hint: say what this project needs with `keyctl init`\nkeyctl: hint: or name keys with `-k VARIABLE=KEY`\n", 3);
}

#[test]
fn every_mistake_in_a_template_is_said_with_its_place_and_nothing_is_written() {
    let sandbox = project();
    sandbox.file(
        "t",
        "{{ keyctl \"STRIPE\" | jsn }}\n é {{ keyctl STRIPE }} {{ keyctl \"STRIPE\"\n{{ keyctl \"sk live\" }}",
    );
    sandbox.call(&["render", "t", "-o", "out"]).run().says(
        "",
        "keyctl: `t`, line 1, column 1: there is no filter `jsn`; did you mean `json`?\n\
         keyctl: hint: also line 2, column 4: write it as `{{ keyctl \"NAME\" }}`, with filters after `|`\n\
         keyctl: hint: also line 2, column 24: `{{ keyctl` is not closed with `}}` on its line\n\
         keyctl: hint: also line 3, column 1: a key's name cannot hold a space; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n",
        2,
    );
    sandbox.file("t", "{{ keyctl \"OPT\" }}");
    sandbox.call(&["render", "t", "-o", "out"]).run().says(
        "",
        "keyctl: `t`: no key named `OPT`\nkeyctl: hint: a template goes on without none of its keys; keep it with `keyctl set NAME`\n",
        3,
    );
    sandbox.call(&["render", "nothing"]).run().says("", "keyctl: there is no file `nothing`\n", 7);
    assert!(!sandbox.project().join("out").exists());
}

#[test]
fn a_secret_in_a_names_place_is_said_nowhere_and_what_is_in_a_text_only_is_said_to_be() {
    let sandbox = project();
    let pasted = "sk_live_abcdefghijklmnopqrstuvwx";
    sandbox.secret(pasted);
    let first = "neither a variable nor a key of this profile";
    let last = "keyctl: hint: or have the project ask for it, in `.keyctl.toml`, and `keyctl allow`\n";
    sandbox.file("t", format!("x{{{{ keyctl \"{pasted}\" }}}} {{{{ keyctl \"{pasted}/y\" }}}}"));
    sandbox.call(&["render", "t"]).run().says(
        "",
        &format!("keyctl: `t`, line 1, column 2: this is {first}\nkeyctl: hint: also line 1, column 50: this is {first}\nkeyctl: hint: if it is a secret, keep it with `keyctl set NAME`, and write that name in the template\n{last}"),
        6,
    );
    // The fault of another name is mended as ever.
    sandbox.file("t", format!("{{{{ keyctl \"{pasted}\" }}}}\n{{{{ keyctl \"other\" }}}}"));
    let ran = sandbox.call(&["run", "--render", "t", "--", "true"]).run();
    assert!(ran.code() == 125 && ran.stderr().contains("hint: name it in this call: `-k other`\n"), "{}", ran.stderr());
    sandbox.no_secret_in(ran.stderr().as_bytes());
    // The yes was to the text, so its key alone is not to be had; and that is said as it is.
    sandbox.file(".keyctl.toml", "[env]\nU = \"x{{ other }}\"\n");
    sandbox.allow();
    sandbox.file("t", "{{ keyctl \"other\" }}");
    sandbox.call(&["render", "t"]).run().says(
        "",
        &format!("keyctl: `t`, line 1, column 1: `other` is in the text of `U` only, and not a key of this profile by itself\nkeyctl: hint: name it in this call: `-k other`\n{last}"),
        6,
    );
}

#[test]
fn a_template_is_not_replaced_by_what_it_comes_to_and_a_pipe_is_not_waited_for() {
    let sandbox = project();
    let template = sandbox.file("t", "{{ keyctl \"STRIPE\" }}");
    fs::hard_link(&template, sandbox.project().join("also")).expect("link");
    for name in ["t", "./t", "also"] {
        let said = format!(
            "keyctl: `{name}` is the template itself, so nothing is written there\nkeyctl: hint: name another file for what it comes to\n"
        );
        sandbox.call(&["render", "t", "-o", name]).run().says("", &said, 2);
    }
    sandbox.call(&["render", "t", "-o", "-"]).run().says(
        "",
        "keyctl: `-o` takes a file, and `-` is none\nkeyctl: hint: leave out `-o`: what the template comes to is printed then\n",
        2,
    );
    assert!(!sandbox.project().join("-").exists());
    assert_eq!(fs::read_to_string(&template).expect("read"), "{{ keyctl \"STRIPE\" }}");
    // A pipe of the shell's has somebody who writes to it; one with a name need not.
    assert!(std::process::Command::new("mkfifo").arg(sandbox.project().join("ff")).status().expect("mkfifo").success());
    let said = "keyctl: `ff` is a named pipe, which may wait without end\nkeyctl: hint: have the shell read it: `<(cat FILE)` in the place of its name\n";
    let under = ["timeout", "20"];
    sandbox.call(&["render", "ff"]).under(&under).run().says("", said, 7);
    sandbox.call(&["run", "--render", "ff", "--", "true"]).under(&under).run().says(
        "",
        &said.replacen('\n', " [E07]\n", 1),
        125,
    );
    let script = "\"$0\" render <(cat t); \"$0\" render /dev/stdin <t; cat t | \"$0\" render /dev/stdin";
    sandbox.call::<&str>(&[]).under(&["bash", "-c", script]).run().says(&SECRET.repeat(3), "", 0);
}

#[test]
fn an_output_file_is_its_owners_alone_whole_or_not_there_and_never_a_links_target() {
    let sandbox = project();
    sandbox.file("t", "{{ keyctl \"STRIPE\" }}");
    let out = sandbox.file("out", "before");
    fs::set_permissions(&out, PermissionsExt::from_mode(0o664)).expect("set");
    sandbox.may_lie_in(&out);
    sandbox.call(&["render", "t", "-o", "out"]).run().says(
        "",
        "keyctl: wrote `out`, readable by you alone; its secrets lie there in clear\n",
        0,
    );
    assert_eq!(fs::read(&out).expect("read"), SECRET.as_bytes());
    assert_eq!(fs::metadata(&out).expect("there").permissions().mode() & 0o7777, 0o600);
    let target = sandbox.file("target", "before");
    std::os::unix::fs::symlink(&target, sandbox.project().join("link")).expect("link");
    fs::create_dir(sandbox.project().join("folder")).expect("make");
    for (name, what) in
        [("link", "is a symbolic link"), ("folder", "is not a regular file"), ("/dev/null", "is not a regular file")]
    {
        let said = format!(
            "keyctl: `{name}` {what}, so nothing is written there\nkeyctl: hint: name a file that is not there yet, or leave out `-o` and use a pipe\n"
        );
        sandbox.call(&["render", "t", "-o", name]).run().says("", &said, 7);
    }
    assert_eq!(fs::read_to_string(&target).expect("read"), "before");
}

#[test]
fn whoever_ends_it_half_way_finds_nothing_beside_the_output_and_what_a_kill_left_goes_with_the_next_one() {
    let sandbox = project();
    sandbox.file("t", "{{ keyctl \"STRIPE\" }}");
    let out = sandbox.file("out", "before");
    sandbox.may_lie_in(&out);
    let beside = || {
        let names = fs::read_dir(sandbox.project()).expect("list").flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".out.")).collect::<Vec<_>>()
    };
    let render = |calls: &str, signal: &str| {
        let inject = format!("inject={calls}:signal={signal}:when=1");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        sandbox.call(&["render", "t", "-o", "out"]).under(&strace).run();
    };
    for signal in ["INT", "TERM", "HUP"] {
        // While it is written, when it gets a name, and when it takes the place.
        for (calls, is_written) in [("fsync", false), ("linkat", true), ("?rename,?renameat,?renameat2", true)] {
            fs::write(&out, "before").expect("write");
            render(calls, signal);
            assert_eq!(beside(), [""; 0], "{calls} {signal}");
            assert_eq!(fs::read(&out).expect("read") == SECRET.as_bytes(), is_written, "{calls} {signal}");
        }
    }
    render("?rename,?renameat,?renameat2", "KILL");
    assert_eq!(beside().len(), 1, "nobody can hold that one back");
    sandbox.call(&["render", "t", "-o", "out"]).run().says(
        "",
        "keyctl: wrote `out`, readable by you alone; its secrets lie there in clear\n",
        0,
    );
    assert_eq!(beside(), [""; 0]);
    // Where nothing is there yet it has no other name at any moment.
    fs::remove_file(&out).expect("remove");
    let (ran, trace) = sandbox.call(&["render", "t", "-o", "out"]).traced("linkat,rename,renameat,renameat2");
    assert_eq!((ran.code(), trace.matches(".tmp").count()), (0, 0), "{trace}");
}

#[test]
fn a_file_that_git_would_take_along_is_warned_of() {
    let sandbox = project();
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        sandbox.environment(&mut command);
        assert!(command.args(words).current_dir(sandbox.project()).output().expect("git").status.success());
    };
    git(&["init", "-q"]);
    sandbox.allow();
    sandbox.file("t", "{{ keyctl \"STRIPE\" }}");
    sandbox.file(".gitignore", "*.secret\n");
    for name in ["out", "out.secret"] {
        sandbox.may_lie_in(&sandbox.project().join(name));
    }
    let wrote = |name: &str| format!("keyctl: wrote `{name}`, readable by you alone; its secrets lie there in clear\n");
    let warned = "keyctl: git does not ignore `out`: a commit may take the secrets along\nkeyctl: hint: name it in `.gitignore`\n";
    sandbox.call(&["render", "t", "-o", "out"]).run().says("", &(wrote("out") + warned), 0);
    sandbox.call(&["render", "t", "-o", "out.secret"]).run().says("", &wrote("out.secret"), 0);
    // What git keeps already is in no need of a line in `.gitignore`.
    git(&["add", "--force", "--intent-to-add", "out.secret"]);
    let kept = "keyctl: git keeps `out.secret`: the next commit may take the secrets along\nkeyctl: hint: have git drop it and leave the file: `git rm --cached FILE`; then name it in `.gitignore`\n";
    sandbox.call(&["render", "t", "-o", "out.secret"]).run().says("", &(wrote("out.secret") + kept), 0);
}

#[test]
fn a_command_gets_what_a_template_comes_to_as_a_file() {
    let sandbox = project();
    sandbox.file("t", "token: {{ keyctl \"stripe/test\" }}\n");
    let text = format!("token: {SECRET}\n");
    let show = "cat \"$CONFIG\"; stat -L -c %a \"$CONFIG\"";
    sandbox.call(&["run", "--render", "CONFIG=t", "--", "sh", "-c", show]).run().says(
        &format!("{text}600\n"),
        WITHOUT,
        0,
    );
    let show = "cat \"$KEYCTL_RENDERED\"";
    sandbox.call(&["run", "--render", "t", "--", "sh", "-c", show]).run().says(&text, WITHOUT, 0);
    let named = [
        "run",
        "--as",
        "named-file",
        "--render",
        "CONFIG=t",
        "--",
        "sh",
        "-c",
        "cat \"$CONFIG\"; case $CONFIG in /proc/*) echo no; esac",
    ];
    sandbox.call(&named).run().says(&text, WITHOUT, 0);
    // A variable that is left as it is was not given, and the template's key was.
    let keep = ["run", "--reason", "kept", "--keep", "--only", "STRIPE", "--render", "CONFIG=t", "--", "true"];
    sandbox.call(&keep).env("STRIPE", "mine").run().says("", "keyctl: left as it was set: `STRIPE`\n", 0);
    let used = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(used.contains("\"names\":[\"stripe/test\"]") && used.contains("\"reason\":\"kept\""), "{used}");
    sandbox.call(&["run", "-n", "--only", "STRIPE", "--render", "CONFIG=t", "--", "true"]).run().says(
        "VARIABLE  FROM\nSTRIPE    key stripe/test\nCONFIG    template t\n",
        "keyctl: would run `true`; what the store has was not looked at\n",
        0,
    );
    for (variable, said) in [
        (
            "STRIPE",
            "keyctl: `STRIPE` is to be two things, and can only be one [E02]\nkeyctl: hint: give the template a variable of its own: `--render VARIABLE=t`\n",
        ),
        ("LD_PRELOAD", "keyctl: `LD_PRELOAD` decides what runs, so keyctl never sets it [E02]\n"),
    ] {
        sandbox.call(&["run", "--render", &format!("{variable}=t"), "--", "true"]).run().says("", said, 125);
    }
    sandbox.file("t", "{{ keyctl \"other\" }}");
    let ran = sandbox.call(&["run", "--render", "CONFIG=t", "--", "true"]).run();
    assert!(
        ran.code() == 125 && ran.stderr().contains("`other` is neither a variable nor a key of this profile [E06]"),
        "{}",
        ran.stderr()
    );
}

#[test]
fn on_a_screen_it_is_asked_for_first() {
    let sandbox = project();
    sandbox.file("t", "level {{ keyctl \"LEVEL\" }}\n");
    let question = "keyctl: show the secrets on this screen? [y/N] ";
    on_a_terminal(&sandbox, &[KEYCTL, "render", "t"], &[(question, "n\n")]).says(
        &format!("{question}n\nkeyctl: not shown\nkeyctl: hint: into a file that a command reads: `keyctl run --render FILE -- myapp`\n"),
        1,
    );
    on_a_terminal(&sandbox, &[KEYCTL, "render", "t", "--show"], &[]).says("level debug\n", 0);
}
