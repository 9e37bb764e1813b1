//! The README, run as it is written: every block of it.
//!
//! In a `console` block each line after `$ ` is a command, and below it stands what a terminal shows; `…` stands for what
//! differs from one time to the next, and alone on a line for any lines. A `toml` block is written to the file that its
//! first line names. All blocks are one session in one home.
#![cfg(target_os = "linux")]

use std::{io::Write, os::unix::fs::PermissionsExt, process::Stdio};

use crate::{sandbox::Sandbox, tools};

/// What the README's reader types where it is not shown.
const HIDDEN: &str = "sk-demo-0123456789";

/// Blocks that build or test everything, which a test among those tests cannot; `tests/run` does both.
const NOT_RUN: &[&str] = &["tests/demo", "tests/run", "cargo install --path . --locked"];

struct Block {
    language: String,
    text: String,
}

struct Step {
    command: String,
    screen: String,
}

fn readme() -> String {
    std::fs::read_to_string(tools::root().join("README.md")).expect("README.md")
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in readme.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some(Block { language: language.to_owned(), text: String::new() }),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(block)) => open = Some(Block { text: format!("{}{line}\n", block.text), ..block }),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

fn steps(blocks: &[Block]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for Block { language, text } in blocks {
        if let ("toml", Some(file)) = (language.as_str(), text.lines().next().and_then(|line| line.strip_prefix("# ")))
        {
            let command = format!("mkdir -p \"$(dirname {file})\" && cat >{file} <<'END'\n{text}END");
            steps.push(Step { command, screen: String::new() });
        }
        for line in text.lines().filter(|_| language == "console") {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), screen: String::new() }),
                (None, Some(step)) => step.screen = format!("{}{line}\n", step.screen),
                (None, None) => panic!("a command belongs before `{line}`"),
            }
        }
    }
    steps
}

/// What the commands show, one after the other.
fn screens(steps: &[Step]) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.secret(HIDDEN);
    let answers = |step: &Step| -> Vec<String> {
        step.screen.lines().filter_map(|line| Some(line.split_once("[y/N] ")?.1.to_owned())).collect()
    };
    let input: Vec<_> =
        steps.iter().map(|step| serde_json::json!({ "command": step.command, "answers": answers(step) })).collect();
    let mut console = tools::script(&sandbox, "console.py");
    console.env("HIDDEN", HIDDEN).env("STATE", sandbox.outside().join("state")).env("NO_COLOR", "1");
    let mut console = console.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
    let input = serde_json::to_vec(&input).expect("json");
    console.stdin.take().expect("piped").write_all(&input).expect("write");
    let output = console.wait_with_output().expect("wait");
    assert!(output.status.success());
    let screens: Vec<String> = serde_json::from_slice(&output.stdout).expect("json");
    let home = sandbox.home().display().to_string();
    screens.into_iter().map(|screen| screen.replace(&home, "~")).collect()
}

/// Whether a screen is what was written, `…` for anything.
fn matches(written: &[&str], shown: &[&str]) -> bool {
    match (written.split_first(), shown.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => (0..=shown.len()).any(|skip| matches(rest, &shown[skip..])),
        (Some((written, rest)), Some((shown, more))) => line_matches(written, shown) && matches(rest, more),
        _ => false,
    }
}

fn line_matches(written: &str, shown: &str) -> bool {
    let shown = shown.trim_end();
    let mut parts = written.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = shown.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Every step whose screen is another than what is written, with what it shows.
fn differing(readme: &str) -> Vec<String> {
    let steps = steps(&blocks(readme));
    let shown = screens(&steps);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let differs = |(step, shown): (&Step, &String)| {
        let (written, screen) = (lines(&step.screen), lines(shown));
        let fits = matches(
            &written.iter().map(String::as_str).collect::<Vec<_>>(),
            &screen.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        (!fits).then(|| format!("$ {}\n{shown}", step.command))
    };
    steps.iter().zip(&shown).filter_map(differs).collect()
}

#[test]
fn every_command_in_the_readme_shows_what_is_written_there() {
    let differs = differing(&readme());
    assert!(differs.is_empty(), "the README says otherwise:\n{}", differs.join(""));
}

#[test]
fn a_readme_that_says_otherwise_fails() {
    let changed =
        "```console\n$ keyctl list\nkeyctl: there is nothing\n…\n$ keyctl --version\nkeyctl … (API-key store)\n```\n";
    let differs = differing(changed);
    let said = "$ keyctl list\nkeyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    assert_eq!(differs, [said]);
}

#[test]
fn every_other_block_is_what_it_claims_to_be() {
    for block in blocks(&readme()) {
        match block.language.as_str() {
            "console" => {}
            "toml" => drop(block.text.parse::<toml::Table>().unwrap_or_else(|error| panic!("{error}\n{}", block.text))),
            "sh" => {
                for line in block.text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end()) {
                    assert!(NOT_RUN.contains(&line), "`{line}` belongs in a console block");
                    let path = tools::root().join(line);
                    if line.starts_with("tests/") {
                        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
                        assert!(mode & 0o111 != 0, "{line} cannot be executed");
                    }
                }
            }
            other => panic!("a block of `{other}` is checked by nobody"),
        }
    }
}

#[test]
fn the_readme_fits_a_terminal_and_has_the_programs_own_exit_codes() {
    let readme = readme();
    let mut in_block = false;
    for line in readme.lines() {
        in_block ^= line.starts_with("```");
        assert!(in_block || line.starts_with(['|', '<']) || line.chars().count() <= 80, "{line}");
    }
    for (code, meaning) in keyctl::failure::EXIT_CODES {
        assert!(readme.contains(&format!("| {code} | {meaning} |\n")), "| {code} | {meaning} |");
    }
}
