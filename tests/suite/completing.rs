//! Completion: the scripts in `completions/`, and names while typing, in real shells on a real terminal.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use crate::{
    keychain::desktop,
    sandbox::Sandbox,
    tools::{self, root},
};

const STATIC: [(&str, &str); 5] = [
    ("bash", "keyctl.bash"),
    ("zsh", "_keyctl"),
    ("fish", "keyctl.fish"),
    ("powershell", "_keyctl.ps1"),
    ("elvish", "keyctl.elv"),
];

/// Two keys and a project with two profiles.
const KEYS: [(&str, &str); 2] = [("openai/dev", "sk-first-secret"), ("stripe/test", "sk-second-secret")];

fn project(sandbox: &Sandbox) {
    sandbox.file(".keyctl.toml", "[env]\nA = \"openai/dev\"\n\n[profiles.prod]\nenv = { A = \"stripe/test\" }\n");
}

/// The words that each line has after Tab.
fn typed(sandbox: &Sandbox, shell: &str, script: &std::path::Path, lines: &[&str]) -> Vec<String> {
    let mut command = tools::script(sandbox, "shells.py");
    command.arg(shell).arg(script).args(lines);
    tools::output(&mut command).lines().map(str::to_owned).collect()
}

fn dynamic(sandbox: &Sandbox, shell: &str) -> std::path::PathBuf {
    let ran = sandbox.call(&["completions", shell, "--dynamic"]).run();
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
    sandbox.file(&format!("dynamic.{shell}"), &ran.output.stdout)
}

#[test]
fn the_scripts_in_the_project_are_those_that_the_program_makes() {
    let sandbox = Sandbox::new();
    let mut stale = Vec::new();
    for (shell, file) in STATIC {
        let ran = sandbox.call(&["completions", shell]).run();
        assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
        let offers = |hidden| ran.stdout().contains(hidden);
        assert!(!offers("hold-clipboard") && !offers("hook-env"), "{shell} offers what is hidden");
        if std::fs::read(root().join("completions").join(file)).unwrap_or_default() != ran.output.stdout {
            stale.push(format!("cargo run --quiet -- completions {shell} > completions/{file}"));
        }
    }
    assert!(stale.is_empty(), "renew what is stale:\n{}", stale.join("\n"));
}

#[test]
fn the_scripts_in_the_project_complete_commands_and_options_in_real_shells() {
    let sandbox = Sandbox::new();
    let lines = ["keyctl recov", "keyctl recovery ver", "keyctl run --no-pr", "keyctl xyz"];
    let completed =
        ["{keyctl}{recovery}", "{keyctl}{recovery}{verify}", "{keyctl}{run}{--no-project}", "{keyctl}{xyz}"];
    for (shell, file) in STATIC.into_iter().take(3) {
        assert_eq!(typed(&sandbox, shell, &root().join("completions").join(file), &lines), completed, "{shell}");
    }
    let ask = "!$edit:completion:arg-completer[keyctl] keyctl profile s | each {|c| echo \"<<\"$c[stem]\">>\"}";
    let offered = typed(&sandbox, "elvish", &root().join("completions/keyctl.elv"), &[ask]);
    assert!(offered[0].starts_with("-q --quiet") && offered[0].ends_with(" list ls show help"), "{offered:?}");
}

#[test]
fn names_of_keys_profiles_programs_and_files_complete_while_typing() {
    let sandbox = Sandbox::with(&KEYS);
    project(&sandbox);
    let pairs = [
        ("keyctl get op", "{keyctl}{get}{openai/dev}"),
        ("keyctl show st", "{keyctl}{show}{stripe/test}"),
        ("keyctl set --replace st", "{keyctl}{set}{--replace}{stripe/test}"),
        ("keyctl remove openai/dev st", "{keyctl}{remove}{openai/dev}{stripe/test}"),
        ("keyctl rename op", "{keyctl}{rename}{openai/dev}"),
        ("keyctl copy st", "{keyctl}{copy}{stripe/test}"),
        ("keyctl run -k X=op", "{keyctl}{run}{-k}{X=openai/dev}"),
        ("keyctl env --key=X=st", "{keyctl}{env}{--key=X=stripe/test}"),
        ("keyctl run -k op", "{keyctl}{run}{-k}{openai/dev}"),
        ("keyctl run -P pr", "{keyctl}{run}{-P}{prod}"),
        ("keyctl env --profile=pr", "{keyctl}{env}{--profile=prod}"),
        ("keyctl profile show pr", "{keyctl}{profile}{show}{prod}"),
        ("keyctl run -- keyct", "{keyctl}{run}{--}{keyctl}"),
        ("keyctl run -P prod -- cat .keyctl.t", "{keyctl}{run}{-P}{prod}{--}{cat}{.keyctl.toml}"),
        ("keyctl get unknown", "{keyctl}{get}{unknown}"),
    ];
    let (lines, completed): (Vec<&str>, Vec<&str>) = pairs.into_iter().unzip();
    for shell in ["bash", "zsh", "fish"] {
        assert_eq!(typed(&sandbox, shell, &dynamic(&sandbox, shell), &lines), completed, "{shell}");
    }
}

#[test]
fn every_shell_is_told_every_name() {
    let sandbox = Sandbox::with(&KEYS);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = sandbox
            .call(&["--", "keyctl", "get", ""])
            .env("KEYCTL_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "2")
            .env("_CLAP_IFS", "\n")
            .run();
        let names: Vec<String> = ran.stdout().lines().take(2).map(|line| line.trim().to_owned()).collect();
        assert_eq!((names, ran.stderr().as_str(), ran.code()), (KEYS.map(|(name, _)| name.to_owned()).to_vec(), "", 0));
    }
}

#[test]
fn where_nothing_is_kept_or_the_identity_is_gone_nothing_is_said() {
    let empty = Sandbox::new();
    let gone = Sandbox::with(&KEYS);
    std::fs::remove_file(gone.data("identity.txt")).expect("remove");
    for sandbox in [empty, gone] {
        for shell in ["bash", "zsh", "fish"] {
            let script = dynamic(&sandbox, shell);
            assert_eq!(typed(&sandbox, shell, &script, &["keyctl get op"]), ["{keyctl}{get}{op}"], "{shell}");
        }
        asked(&sandbox);
    }
}

/// What the shell is told for `keyctl get op`: nothing but options, in no time, also with a terminal and a display.
fn asked(sandbox: &Sandbox) {
    let begun = Instant::now();
    let call = sandbox.call(&["--", "keyctl", "get", "op"]).env("KEYCTL_COMPLETE", "bash");
    call.env("_CLAP_COMPLETE_INDEX", "2").env("DISPLAY", ":99").run().says("", "", 0);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_keychain_that_is_locked_or_hangs_is_not_waited_for_and_nobody_is_asked() {
    let (mut sandbox, keychain) = desktop();
    sandbox.set("openai/dev", "sk-first-secret").says("", "keyctl: kept `openai/dev`\n", 0);
    // A display and a terminal, where every other command would let the keychain's prompt come up.
    sandbox.variables.push(("DISPLAY".into(), ":99".into()));
    let script = dynamic(&sandbox, "zsh");
    assert_eq!(typed(&sandbox, "zsh", &script, &["keyctl get op"]), ["{keyctl}{get}{openai/dev}"]);
    keychain.lock();
    assert_eq!(typed(&sandbox, "zsh", &script, &["keyctl get op"]), ["{keyctl}{get}{op}"]);
    asked(&sandbox);
    keychain.signal("STOP");
    asked(&sandbox);
}

#[test]
fn a_script_made_by_a_path_asks_that_very_program() {
    let sandbox = Sandbox::with(&KEYS);
    let ran = sandbox.call(&["completions", "fish", "--dynamic"]).run();
    assert!(ran.stdout().contains(&format!("=fish {} --", crate::sandbox::KEYCTL)), "{}", ran.stdout());
}
