//! The manual pages, as `man` and `groff` render them, and every line of help.
#![cfg(target_os = "linux")]

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use clap::CommandFactory;

use crate::sandbox::Sandbox;

/// Every command that is not hidden, in words: `keyctl`, `keyctl run`, `keyctl profile list`.
fn commands() -> Vec<(String, clap::Command)> {
    fn below(command: &clap::Command, name: &str, found: &mut Vec<(String, clap::Command)>) {
        found.push((name.to_owned(), command.clone()));
        for next in command.get_subcommands().filter(|next| !next.is_hide_set() && next.get_name() != "help") {
            below(next, &format!("{name} {}", next.get_name()), found);
        }
    }
    let mut found = Vec::new();
    below(&keyctl::cli::Cli::command(), "keyctl", &mut found);
    found
}

fn pages(sandbox: &Sandbox) -> Vec<PathBuf> {
    let count = commands().len();
    let out = sandbox.outside().join("man");
    sandbox.call(&["man".as_ref(), "--out".as_ref(), out.as_os_str()]).run().says(
        "",
        &format!("keyctl: wrote {count} pages to `/sandbox/man`\n"),
        0,
    );
    std::fs::read_dir(out).expect("read").flatten().map(|entry| entry.path()).collect()
}

#[test]
fn there_is_a_page_for_every_command_and_none_for_a_hidden_one() {
    let sandbox = Sandbox::new();
    let pages: BTreeSet<String> =
        pages(&sandbox).iter().map(|path| path.file_name().expect("name").to_string_lossy().into_owned()).collect();
    let wanted: BTreeSet<String> = commands().iter().map(|(name, _)| format!("{}.1", name.replace(' ', "-"))).collect();
    assert_eq!(pages, wanted);
}

#[test]
fn every_page_is_rendered_without_a_warning_and_speaks_of_no_hidden_command() {
    let sandbox = Sandbox::new();
    for page in pages(&sandbox) {
        let groff = Command::new("groff").args(["-ww", "-man", "-Tutf8", "-z"]).arg(&page).output().expect("groff");
        assert_eq!(String::from_utf8_lossy(&groff.stderr), "", "{}", page.display());
        let mut man = Command::new("man");
        sandbox.environment(&mut man);
        let man = man.env("MANWIDTH", "80").args(["--warnings", "-l"]).arg(&page).output().expect("man");
        assert_eq!((String::from_utf8_lossy(&man.stderr).as_ref(), man.status.code()), ("", Some(0)));
        let text = String::from_utf8_lossy(&man.stdout);
        assert!(!text.contains("hold-clipboard") && text.contains("SYNOPSIS"), "{text}");
    }
}

#[test]
fn the_page_that_is_printed_is_the_main_one() {
    let sandbox = Sandbox::new();
    let printed = sandbox.call(&["man"]).run();
    assert_eq!((printed.stderr().as_str(), printed.code()), ("", 0));
    pages(&sandbox);
    assert_eq!(printed.output.stdout, std::fs::read(sandbox.outside().join("man/keyctl.1")).expect("read"));
    assert!(printed.stdout().contains("\n.SH \"EXIT STATUS\"\n"), "{}", printed.stdout());
}

#[test]
fn every_line_of_help_is_one_line_an_order_or_a_thing_and_no_sentence() {
    for (name, command) in commands() {
        let about = command.get_about().unwrap_or_default().to_string();
        let helps = command.get_arguments().filter_map(|argument| argument.get_help().map(ToString::to_string));
        for help in helps.chain([about]) {
            assert!(!help.is_empty() && !help.contains('\n') && !help.ends_with('.'), "{name}: {help}");
            assert!(help.starts_with(char::is_uppercase), "{name}: {help}");
            // A line of help stands beside its option or command on a screen of 100 columns.
            assert!(help.len() <= 82 || name == "keyctl", "{name}: {help}");
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{name} {}", argument.get_id());
        }
    }
}
