//! `keyctl agent`: the hooks of coding agents, spoken with as each agent's manual says. None of the agents runs here: what is
//! held against is the documented JSON, and what a shell makes of the line that they are given.
#![cfg(target_os = "linux")]

use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::sandbox::{KEYCTL, Sandbox};

const SECRET: &str = "sk-agent-3f9a71c2e8b04d56";

/// Each agent with its settings, its hook and its shell, as its manual has them.
const AGENTS: [(&str, &str, &str, &str); 4] = [
    ("claude-code", ".claude/settings.json", "PreToolUse", "Bash"),
    ("codex", ".codex/hooks.json", "PreToolUse", "Bash"),
    ("cursor", ".cursor/hooks.json", "preToolUse", "Shell"),
    ("gemini-cli", ".gemini/settings.json", "BeforeTool", "run_shell_command"),
];

fn project() -> Sandbox {
    let sandbox = Sandbox::with(&[("api", SECRET)]);
    sandbox.file(".keyctl.toml", "[env]\nAPI_KEY = \"api\"\n");
    sandbox.file("show", "echo \"$API_KEY\"\n");
    sandbox.configure("[agents]\ncommands = [\"sh show\"]\n");
    sandbox
}

/// The command that an agent's settings have it call.
fn hook(settings: &Value, event: &str) -> String {
    let item = &settings["hooks"][event][0];
    let command = if item["command"].is_null() { &item["hooks"][0]["command"] } else { &item["command"] };
    command.as_str().expect("a command").to_owned()
}

/// What an agent would run in place of a line: it asks its hook through a shell, as all of them do.
fn asked(sandbox: &Sandbox, hook: &str, question: &Value) -> (Option<Value>, i32) {
    let mut command = Command::new("sh");
    sandbox.environment(&mut command);
    let script = format!("printf %s \"$QUESTION\" | {hook}");
    let output = command.args(["-c", &script]).env("QUESTION", question.to_string()).output().expect("sh");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (serde_json::from_slice(&output.stdout).ok(), output.status.code().unwrap_or(-1))
}

fn line_of(answer: &Value) -> Option<&str> {
    let specific = &answer["hookSpecificOutput"];
    let inputs = [&answer["updated_input"], &specific["updatedInput"], &specific["tool_input"]];
    inputs.into_iter().find_map(|input| input["command"].as_str())
}

#[test]
fn every_agent_is_given_the_keys_of_listed_commands_masked_and_its_settings_come_back() {
    let sandbox = project();
    sandbox.allow();
    for (agent, file, event, shell) in AGENTS {
        let path = sandbox.home().join(file);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
        let before =
            format!("{{\n    \"theme\": \"dark\",\n    \"hooks\": {{ \"{event}\": [ {{\"matcher\": \"x\"}} ] }} }}");
        std::fs::write(&path, &before).expect("write");
        let installed = sandbox.call(&["agent", "install", agent]).run();
        assert_eq!((installed.stdout().as_str(), installed.code()), ("", 0));
        assert!(installed.stderr().contains(&format!("asks keyctl before it runs a command, as `~/{file}` says\n")));
        assert!(sandbox.call(&["agent", "install", agent]).run().stderr().contains("asks keyctl already"));
        let settings: Value = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("json");
        let hook = hook(&settings, event);
        assert!(hook.starts_with('/') && hook.ends_with(&format!(" agent hook {agent}")), "{hook}");
        let question = |line: &str| {
            json!({
                "session_id": "s", "cwd": sandbox.project(), "hook_event_name": event, "tool_name": shell,
                "tool_input": { "command": line, "description": "d" },
            })
        };
        // What says yes to a whole line says so of one command.
        let says_yes = ["codex", "cursor"].contains(&agent);
        let rest = if says_yes { " 2>&1" } else { " 2>&1 | cat" };
        let (answer, code) = asked(&sandbox, &hook, &question(&format!("sh show{rest}")));
        let answer = answer.expect("an answer");
        let line = line_of(&answer).expect("a line");
        assert_eq!((line, code), (format!("{KEYCTL} run -P default --mask -- sh show{rest}").as_str(), 0));
        let decision = &answer["hookSpecificOutput"]["permissionDecision"];
        assert_eq!(decision.as_str(), (agent == "codex").then_some("allow"), "what it may run is its own to say");
        let mut ran = Command::new("sh");
        sandbox.environment(&mut ran);
        let output = ran.args(["-c", line]).current_dir(sandbox.project()).output().expect("sh");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "[keyctl:API_KEY]\n");
        for other in ["printenv API_KEY", "export PATH=/tmp; sh show", "ls"] {
            assert_eq!(asked(&sandbox, &hook, &question(other)), (None, 0), "{other}");
        }
        for more in ["sh show; rm -rf x", "sh show >x"] {
            let is_answered = asked(&sandbox, &hook, &question(more)).0.is_some();
            assert_eq!(is_answered, !says_yes, "{agent}: {more}");
        }
        let removed = sandbox.call(&["agent", "uninstall", agent]).run();
        assert!(removed.code() == 0 && removed.stderr().contains("asks keyctl no more"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), before);
    }
    let listed = sandbox.call(&["agent", "list", "--json"]).run().stdout();
    let listed: Value = serde_json::from_str(&listed).expect("json");
    assert!(listed.as_array().expect("list").iter().all(|agent| agent["asks"] == "no"), "{listed}");
}

#[test]
fn a_hook_that_can_do_nothing_leaves_the_agent_alone() {
    let sandbox = project();
    let hook = format!("{KEYCTL} agent hook claude-code");
    let question =
        |folder: PathBuf| json!({ "cwd": folder, "tool_name": "Bash", "tool_input": { "command": "sh show" } });
    let alone = |what: &str, question: &Value| assert_eq!(asked(&sandbox, &hook, question), (None, 0), "{what}");
    alone("not allowed yet", &question(sandbox.project()));
    sandbox.allow();
    assert!(asked(&sandbox, &hook, &question(sandbox.project())).0.is_some());
    alone("no project", &question(sandbox.home()));
    alone("no folder", &question(sandbox.home().join("nowhere")));
    alone("no question", &json!("x"));
    alone(
        "another tool",
        &json!({ "cwd": sandbox.project(), "tool_name": "Read", "tool_input": { "command": "sh show" } }),
    );
    sandbox.configure("[agents]\ncommands = [\"sh show\"]\nprofiles = [\"test\"]\n");
    alone("another profile", &question(sandbox.project()));
    sandbox.configure("[agents]\ncommands = 7\n");
    let asks = question(sandbox.project()).to_string();
    let said = sandbox.call(&["agent", "hook", "claude-code"]).input(asks).run();
    assert_eq!((said.stdout().as_str(), said.code()), ("", 0));
    assert!(said.stderr().contains("config.toml`, line 2, column 12: "), "{}", said.stderr());
    sandbox.configure("");
    alone("no command listed", &question(sandbox.project()));
    sandbox.configure("[agents]\ncommands = [\"sh show\"]\n");
    sandbox.file(".keyctl.toml", "[env]\nAPI_KEY = \"api\"\nOTHER = \"other\"\n");
    alone("it asks for more than was allowed", &question(sandbox.project()));
}

#[test]
fn settings_behind_a_link_are_changed_where_they_lie_and_that_is_said() {
    let sandbox = project();
    let (folder, dotfiles) = (sandbox.home().join(".claude"), sandbox.home().join("dotfiles"));
    std::fs::create_dir(&folder).expect("make");
    std::os::unix::fs::symlink(dotfiles.join("claude.json"), folder.join("settings.json")).expect("link");
    let call = |verb| sandbox.call(&["agent", verb, "claude-code"]).run();
    call("install").says(
        "",
        "keyctl: `~/.claude/settings.json` is a link to what is not there; nothing was changed\n\
         keyctl: hint: make the file that it is to lead to, or remove the link\n",
        7,
    );
    std::fs::create_dir(&dotfiles).expect("make");
    std::fs::write(dotfiles.join("claude.json"), "{\"theme\": \"dark\"}").expect("write");
    for (verb, says) in [("install", "asks keyctl before it runs a command"), ("uninstall", "asks keyctl no more")] {
        let said = format!(
            "keyctl: Claude Code {says}, as `~/dotfiles/claude.json` says\n\
             keyctl: `~/.claude/settings.json` leads there by a link\n"
        );
        call(verb).says("", &said, 0);
    }
    assert!(folder.join("settings.json").is_symlink());
}

#[test]
fn settings_that_are_not_understood_are_not_touched_and_those_made_for_it_go() {
    let sandbox = project();
    let path = sandbox.home().join(".claude/settings.json");
    let install = || sandbox.call(&["agent", "install", "claude-code"]).run();
    install().says(
        "",
        "keyctl: Claude Code asks keyctl before it runs a command, as `~/.claude/settings.json` says\n",
        0,
    );
    sandbox.call(&["agent", "uninstall", "claude-code"]).run().says(
        "",
        "keyctl: Claude Code asks keyctl no more; `~/.claude/settings.json` had nothing else and is removed\n",
        0,
    );
    assert!(!path.exists());
    for text in ["// mine\n{}", "{\"hooks\": [1]}", ""] {
        std::fs::write(&path, text).expect("write");
        let ran = install();
        assert_eq!(ran.code(), 7);
        assert!(
            ran.stderr().contains("nothing was changed\nkeyctl: hint: put it in by hand: it is to call `"),
            "{}",
            ran.stderr()
        );
        assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
    }
    // A link to where somebody keeps his settings stays one.
    let kept = sandbox.home().join("dotfiles.json");
    std::fs::write(&kept, "{}\n").expect("write");
    std::fs::remove_file(&path).expect("remove");
    std::os::unix::fs::symlink(&kept, &path).expect("link");
    assert_eq!(install().code(), 0);
    assert!(path.is_symlink() && std::fs::read_to_string(&kept).expect("read").contains("agent hook claude-code"));
    sandbox.call(&["agent", "uninstall", "claude-code"]).run();
    assert_eq!(std::fs::read_to_string(&kept).expect("read"), "{}\n");
}
