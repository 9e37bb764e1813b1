//! `run --mask` within the command of another keyctl: what that one gave is masked, and what it made of keys in each of them.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use crate::sandbox::{KEYCTL, Sandbox};

const KEY: &str = "sk-outer-8Tm4/XcQ1+rVz6Ky";
const INNER: &str = "sk-inner-2Wb9/LdP5+eGh3Nf";

/// Runs a script with these words of an outer keyctl, in which `INNER` is an inner one that masks.
#[track_caller]
fn prints(sandbox: &Sandbox, outer: &[&str], script: &str, out: &str) {
    let script = script.replace("INNER", &format!("{KEYCTL} run -q --mask"));
    let words = [outer, &["--", "bash", "-c", &script]].concat();
    sandbox.call(&words).run().says(out, "", 0);
}

fn sandbox() -> Sandbox {
    Sandbox::with(&[("outer", KEY), ("inner", INNER)])
}

#[test]
fn what_is_left_as_the_outer_one_gave_it_is_masked_and_so_is_a_file_that_stays_open() {
    let sandbox = sandbox();
    let outer = ["run", "-k", "K=outer"];
    prints(&sandbox, &outer, "INNER --keep -k K=inner -- printenv K", "[keyctl:K]\n");
    prints(&sandbox, &outer, "INNER -k K=inner -- printenv K", "[keyctl:K]\n");
    let outer = ["run", "--file", "F=outer"];
    prints(&sandbox, &outer, "INNER --keep --file F=inner -- sh -c 'cat $F'", "[keyctl:F]");
    let both = "WAS=$F INNER --file F=inner -- sh -c 'cat $F; echo; cat $WAS'";
    prints(&sandbox, &outer, both, "[keyctl:F]\n[keyctl:F]");
}

#[test]
fn of_what_the_outer_one_composed_or_rendered_each_key_is_masked_and_nothing_else() {
    let sandbox = sandbox();
    sandbox
        .file(".keyctl.toml", "[env]\nURL = \"postgres://app:{{ outer | url }}@host.example/app\"\nKEY = \"outer\"\n");
    sandbox.allow();
    let password =
        "python3 -c 'import os,urllib.parse as p; print(p.unquote(p.urlparse(os.environ[\"URL\"]).password))'";
    let whole = "postgres://app:[keyctl:URL]@host.example/app\n";
    for options in ["--no-project -k I=inner", "--clean --no-project -k I=inner", "--only URL", "--keep --only URL"] {
        let is_there = !options.contains("clean");
        if is_there {
            prints(&sandbox, &["run", "--only", "URL"], &format!("INNER {options} -- {password}"), "[keyctl:URL]\n");
            prints(&sandbox, &["run", "--only", "URL"], &format!("INNER {options} -- printenv URL"), whole);
        } else {
            prints(&sandbox, &["run", "--only", "URL"], &format!("INNER {options} -- echo x"), "x\n");
        }
    }
    // Through one that gives nothing of its own, and one that composes another text.
    let through = format!("{KEYCTL} run -q --no-project -k I=inner -- INNER --no-project -k J=inner -- {password}");
    prints(&sandbox, &["run", "--only", "URL"], &through, "[keyctl:URL]\n");
    sandbox.file("page", "user app key {{ keyctl \"KEY\" }}\nhost host.example\n");
    let cut =
        "INNER --no-project -k I=inner -- sh -c 'cut -d\" \" -f4 $KEYCTL_RENDERED | head -n 1; cat $KEYCTL_RENDERED'";
    let masked = "[keyctl:KEY]\nuser app key [keyctl:KEY]\nhost host.example\n";
    prints(&sandbox, &["run", "--render", "page"], cut, masked);
    let closed = "exec 3>&- 4>&- 5>&- 6>&-; INNER --no-project -k I=inner -- printenv KEY";
    prints(&sandbox, &["run", "--render", "page"], closed, "[keyctl:KEY]\n");
}

#[test]
fn a_pipe_that_nobody_writes_to_is_no_file_of_an_outer_one() {
    let sandbox = sandbox();
    let folder = sandbox.home().join("keyctl-files-x");
    let script = format!(
        "mkdir {0} && mkfifo {0}/f && KEYCTL_INJECTED=LOG LOG={0}/f timeout 20 {KEYCTL} run --mask -k K=inner -- echo hi",
        folder.display()
    );
    let begun = Instant::now();
    sandbox.call(&[""; 0]).under(&["sh", "-c", &script]).run().says("hi\n", "", 0);
    assert!(begun.elapsed() < Duration::from_secs(15));
}
