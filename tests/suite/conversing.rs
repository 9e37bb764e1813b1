//! `keyctl mcp`: what a coding agent gets over the Model Context Protocol, from the client of the protocol's own SDK and from
//! lines written by hand; and that no secret is among it.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    sandbox::{KEYCTL, Sandbox},
    tools,
};

const SECRET: &str = "sk-agent-3f9a71c2e8b04d56";
const PROJECT: &str =
    "[env]\nAPI_KEY = \"api\"\nLEVEL = { value = \"debug\" }\n\n[profiles.prod]\nenv = { API_KEY = \"api\" }\n";
const COMMANDS: &str = "[agents]\ncommands = [\"sh show\", \"sleep *\", \"sh *\"]\n";

/// An allowed project in which agents may run something that prints its key.
fn project() -> Sandbox {
    let sandbox = Sandbox::with(&[("api", SECRET)]);
    sandbox.file(".keyctl.toml", PROJECT);
    sandbox.file("show", "echo \"$API_KEY $LEVEL\"; echo err >&2; exit 3\n");
    sandbox.configure(COMMANDS);
    sandbox.allow();
    sandbox
}

/// A server, and the one who asks it.
struct Server<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    answers: BufReader<ChildStdout>,
    last: u64,
}

impl<'s> Server<'s> {
    fn start(sandbox: &'s Sandbox, folder: &Path) -> Self {
        let mut command = Command::new(KEYCTL);
        sandbox.environment(&mut command);
        command.arg("mcp").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Self { sandbox, child, answers, last: 0 };
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "Test Agent", "version": "1" } });
        assert_eq!(server.ask("initialize", hello)["result"]["protocolVersion"], "2025-11-25");
        server
    }

    fn send(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{line}").expect("write");
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("read");
        self.sandbox.no_secret_in(line.as_bytes());
        serde_json::from_str(&line).expect("json")
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that calls read as what is said")]
    fn begin(&mut self, method: &str, parameters: Value) -> u64 {
        self.last += 1;
        let request = json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": parameters });
        self.send(&request.to_string());
        self.last
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.begin(method, parameters);
        let answer = self.answer();
        assert_eq!(answer["id"], id);
        answer
    }

    /// What a tool gives; why not, where it is refused.
    #[expect(clippy::needless_pass_by_value, reason = "so that calls read as what is said")]
    fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let result = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))["result"].take();
        let home = self.sandbox.home().display().to_string();
        match result["isError"].as_bool() {
            Some(false) => Ok(result["structuredContent"].clone()),
            _ => Err(result["content"][0]["text"].as_str().expect("text").replace(&home, "~")),
        }
    }

    /// Says no more, and waits for its end.
    fn end(mut self) -> i32 {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().expect("wait");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.status.code().unwrap_or(-1)
    }
}

/// Whether a process with this word among its arguments is there.
fn is_running(word: &str) -> bool {
    let found = Command::new("pgrep").args(["-f", word]).output().expect("pgrep");
    found.status.success()
}

#[test]
fn the_client_of_the_sdk_gets_names_and_masked_output_in_both_eras_of_the_protocol() {
    let sandbox = project();
    let calls = json!([
        ["list_keys", {}],
        ["due", {}],
        ["project", {}],
        ["run_command", { "command": ["sh", "show"], "reason": "to see" }],
        ["run_command", { "command": ["printenv"] }],
    ]);
    let mut client = tools::script(&sandbox, "mcp_client.py");
    client.current_dir(sandbox.project()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = client.spawn().expect("python");
    let asked = json!({ "server": [KEYCTL, "mcp"], "calls": calls }).to_string();
    client.stdin.take().expect("piped").write_all(asked.as_bytes()).expect("write");
    let output = client.wait_with_output().expect("wait");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    sandbox.no_secret_in(&output.stdout);
    let said: Value = serde_json::from_slice(&output.stdout).expect("json");
    for (mode, version) in [("legacy", "2025-11-25"), ("auto", "2026-07-28")] {
        let said = &said[mode];
        assert_eq!(
            (&said["version"], &said["tools"]),
            (&json!(version), &json!(["list_keys", "due", "project", "run_command"]))
        );
        let given = |at: usize| &said["results"][at][1];
        assert_eq!((&given(0)["keys"][0]["name"], &given(1)["keys"]), (&json!("api"), &json!([])));
        assert_eq!(
            (&given(2)["allowed"], &given(2)["commands"]),
            (&json!(true), &json!(["sh show", "sleep *", "sh *"]))
        );
        assert_eq!(given(2)["profiles"][1]["usable"], false);
        let ran = json!({ "exit_code": 3, "timed_out": false, "stdout": "[keyctl:API_KEY] debug\n", "stderr": "err\n", "left_out_bytes": 0 });
        assert_eq!(*given(3), ran);
        assert_eq!(said["results"][4][0], true);
    }
    let history = sandbox.call(&["history", "--json", "api"]).run().stdout();
    let last: Vec<&str> = history.lines().filter(|line| line.contains("to see")).collect();
    assert!(last.len() == 2 && last.iter().all(|line| line.contains("\"agent\":\"mcp\"")), "{history}");
}

#[test]
fn an_identity_that_the_server_is_given_opens_the_store_for_its_calls_and_goes_to_no_command() {
    let sandbox = project();
    sandbox.file(
        "show",
        "echo \"$API_KEY\"; cat <&7; env; ls -l /proc/self/fd; for f in /proc/self/fd/*; do readlink $f; done\n",
    );
    let kept = sandbox.data("identity.txt");
    let identity = std::fs::read_to_string(&kept).expect("a file keeps it");
    let aside = sandbox.home().join("identity");
    std::fs::rename(&kept, &aside).expect("rename");
    sandbox.may_lie_in(&aside);
    sandbox.secret(identity.lines().find(|line| line.starts_with("AGE-")).expect("a line"));
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } } }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": "run_command", "arguments": { "command": ["sh", "show"] } } }),
    ];
    let file = sandbox.file("lines", lines.map(|line| format!("{line}\n")).concat());
    for how in ["7<{aside} KEYCTL_IDENTITY_FILE=/dev/fd/7", "KEYCTL_IDENTITY=\"$(cat {aside})\""] {
        let (how, file) = (how.replace("{aside}", &aside.display().to_string()), file.display());
        let call = format!("(cat {file}; sleep 0.5) | {how} {KEYCTL} mcp");
        let script = sandbox.file("call.sh", &call);
        let ran = sandbox.call(&[""; 0]).under(&["sh", script.to_str().expect("text")]).run();
        let (said, why) = (ran.stdout(), ran.stderr());
        let answer: Value = serde_json::from_str(said.lines().last().expect("an answer")).expect("json");
        let printed = answer["result"]["structuredContent"]["stdout"].as_str().unwrap_or_default();
        assert!(printed.starts_with("[keyctl:API_KEY]\n"), "{call}: {said}{why}");
        assert!(!["AGE-", "KEYCTL_IDENTITY", "memfd"].iter().any(|word| printed.contains(word)), "{call}: {printed}");
    }
}

#[test]
fn what_is_no_message_is_answered_and_the_next_one_too() {
    let sandbox = Sandbox::new();
    let long = format!("\"{}\"\n", "a".repeat(1024 * 1024));
    let lines =
        ["\u{1b}{", "[]", "7", "", r#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#, r#"{"jsonrpc":"2.0","method":"x"}"#]
            .join("\n");
    let ping = r#"{"jsonrpc":"2.0","id":"é","method":"ping"}"#;
    let ran = sandbox.call(&["mcp"]).input(format!("{lines}\n{long}{ping}")).run();
    let codes: Vec<Value> = ran
        .stdout()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("json"))
        .map(|answer| if answer["error"].is_null() { answer["id"].clone() } else { answer["error"]["code"].clone() })
        .collect();
    assert_eq!(codes, [json!(-32700), json!(-32600), json!(-32600), json!(-32600), json!(-32600), json!("é")]);
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
    let ran = sandbox.call(&["mcp"]).input([0xff, 0xfe, 0, 10].repeat(1000)).run();
    assert_eq!((ran.stdout().lines().count(), ran.stderr().as_str(), ran.code()), (1000, "", 0));
}

#[test]
fn an_agent_gets_no_more_than_its_user_has_said() {
    let sandbox = project();
    std::fs::create_dir_all(sandbox.project().join("below")).expect("make");
    std::fs::create_dir_all(sandbox.home().join("other")).expect("make");
    let mut server = Server::start(&sandbox, &sandbox.project());
    let mut run = |arguments: Value| server.call("run_command", arguments);
    let show = |more: Value| {
        let mut arguments = json!({ "command": ["sh", "show"] });
        arguments.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        arguments
    };
    let allow = "\nhint: the user, and nobody else, can allow it in keyctl's own `config.toml`:";
    assert_eq!(
        run(json!({ "command": ["printenv", "API_KEY"] })),
        Err(format!(
            "`printenv API_KEY` is not among the commands that the user allows agents to run{allow} `commands = [\"…\"]` under `[agents]`"
        ))
    );
    assert_eq!(
        run(show(json!({ "profile": "prod" }))),
        Err(format!(
            "`prod` is not among the profiles that the user allows agents to use{allow} `profiles = [\"…\"]` under `[agents]`"
        ))
    );
    let outside = "is outside of `~/project`, in which the server was started";
    assert_eq!(run(show(json!({ "folder": "../other" }))), Err(format!("`../other` {outside}")));
    assert_eq!(run(show(json!({ "folder": "/" }))), Err(format!("`/` {outside}")));
    assert!(run(show(json!({ "folder": "nowhere" }))).is_err_and(|why| why.starts_with("cannot find the folder")));
    let below = run(json!({ "command": ["sh", "../show"], "folder": "below" })).expect("runs");
    assert_eq!(below["stdout"], "[keyctl:API_KEY] debug\n");
    // A command may say what keyctl says, and end as keyctl does.
    sandbox.file("show", "echo 'docker: not given [E09]' >&2; exit 125\n");
    let alike = run(show(json!({}))).expect("runs");
    assert_eq!((&alike["exit_code"], &alike["stderr"]), (&json!(125), &json!("docker: not given [E09]\n")));
    sandbox.file("show", "env | grep -c KEYCTL_OWN\n");
    assert_eq!(run(show(json!({}))).expect("runs")["stdout"], "0\n");
    // What cannot be masked it would see.
    sandbox.call(&["set", "api", "--replace"]).input("ab12xy7").run();
    assert_eq!(
        run(show(json!({}))),
        Err("keyctl: `API_KEY`: a secret of fewer than 8 bytes cannot be masked in what an agent reads [E09]\n\
             keyctl: hint: a person can run the command"
            .into())
    );
    let refused = sandbox.call(&["history", "api", "--outcome", "refused", "--json"]).run().stdout();
    assert!(refused.contains("too short to be masked"), "{refused}");
    // What limits the key, and what takes the project's leave away, is said by `run` itself.
    sandbox.call(&["edit", "api", "--ask"]).run();
    assert_eq!(
        run(show(json!({}))),
        Err("keyctl: not given: `api` needs a yes at a terminal, as the store says [E09]\n\
             keyctl: hint: do it yourself, at a terminal\n\
             keyctl: hint: to change that, at a terminal: `keyctl edit api --no-ask`"
            .into())
    );
    sandbox.call(&["deny"]).run();
    assert!(run(show(json!({}))).is_err_and(|why| why.contains("[E06]")));
    std::fs::remove_file(sandbox.project().join(".keyctl.toml")).expect("remove");
    assert!(
        run(show(json!({}))).is_err_and(|why| why.starts_with("there is no `.keyctl.toml` in `~/project` or above"))
    );
    assert_eq!(server.end(), 0);
}

#[test]
fn a_store_that_would_ask_is_said_to_be_closed_and_nobody_is_asked() {
    let sandbox = project();
    sandbox.file("pass", "four words of mine\n");
    let ran = sandbox.call(&["store", "keeper", "--to", "passphrase", "--passphrase-file", "pass"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let mut server = Server::start(&sandbox, &sandbox.project());
    let why = server.call("list_keys", json!({})).expect_err("closed");
    assert!(
        why.ends_with(
            "[exit code 4: the keychain is locked, denies access or cannot be reached, or the history is not provable]"
        ),
        "{why}"
    );
    let why = server.call("run_command", json!({ "command": ["sh", "show"] })).expect_err("closed");
    assert!(why.contains("[E04]"), "{why}");
    assert_eq!(server.end(), 0);
}

#[test]
fn a_command_ends_with_its_time_with_its_request_with_its_server_and_with_whoever_asks() {
    let sandbox = project();
    let begun = Instant::now();
    let run = |seconds: &str, timeout: u64| json!({ "name": "run_command", "arguments": { "command": ["sleep", seconds], "timeout_seconds": timeout } });
    let until = |is_so: &dyn Fn() -> bool| {
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_mins(1), "it does not come to that");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let mut server = Server::start(&sandbox, &sandbox.project());
    let timed_out = server.ask("tools/call", run("7301", 1));
    let result = &timed_out["result"]["structuredContent"];
    assert_eq!((&result["timed_out"], &result["exit_code"]), (&json!(true), &Value::Null));
    assert!(!is_running("^sleep 7301"));
    let id = server.begin("tools/call", run("7302", 600));
    until(&|| is_running("^sleep 7302"));
    server.send(
        &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }).to_string(),
    );
    until(&|| !is_running("^sleep 7302"));
    // Nothing more is said of what was cancelled: the next answer is the next one's.
    assert_eq!(server.ask("ping", json!({}))["result"], json!({}));
    server.begin("tools/call", run("7303", 600));
    until(&|| is_running("^sleep 7303"));
    assert_eq!(server.end(), 0);
    assert!(!is_running("^sleep 7303"));
    let mut server = Server::start(&sandbox, &sandbox.project());
    server.begin("tools/call", run("7304", 600));
    until(&|| is_running("^sleep 7304"));
    let process = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &process]).status().expect("kill").success());
    until(&|| !is_running("^sleep 7304"));
    let status = server.child.wait().expect("wait");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
}

#[test]
fn at_a_terminal_it_says_whom_it_is_for() {
    let sandbox = Sandbox::new();
    let screen = crate::pty::on_a_terminal(&sandbox, &[KEYCTL, "mcp"], &[]);
    screen.says(
        "keyctl: `mcp` talks with a coding agent on its standard input, not with a person\n\
         keyctl: hint: let the agent start it; how is said in its own manual, as `claude mcp add keyctl -- keyctl mcp`\n",
        2,
    );
}

#[test]
fn what_is_hidden_from_agents_is_shown_to_none_and_given_only_where_it_is_masked() {
    let mut sandbox = project();
    sandbox.call(&["edit", "api", "--hide-from-agents"]).run().says("", "keyctl: changed `api`\n", 0);
    let shown = sandbox.call(&["show", "api"]).run().stdout();
    assert!(shown.contains("limits      hidden from agents\n"), "{shown}");
    assert!(sandbox.call(&["list"]).run().stdout().contains("hidden"));
    let run = ["run", "--", "sh", "-c", "echo ${#API_KEY}"];
    sandbox.call(&run).run().says("25\n", "", 0);
    sandbox.variables.push(("CLAUDECODE".into(), "1".into()));
    let refused =
        "keyctl: not given: `api` is hidden from agents, and perhaps Claude Code asks for it, as the store says";
    let hints = "keyctl: hint: to change that, at a terminal: `keyctl edit api --no-hide-from-agents`\n";
    let person = "keyctl: hint: do it yourself, at a terminal\n";
    sandbox.call(&["get", "api"]).run().says("", &format!("{refused}\n{person}{hints}"), 9);
    sandbox.call(&["copy", "api"]).env("DISPLAY", ":7399").run().says("", &format!("{refused}\n{person}{hints}"), 9);
    sandbox.call(&["env"]).run().says("", &format!("{refused}\n{person}{hints}"), 9);
    let masked = "keyctl: hint: an agent gives it to a program whose output is masked: `keyctl run --mask -- myapp`\n";
    sandbox.call(&run).run().says("", &format!("{refused} [E09]\n{person}{masked}{hints}"), 125);
    sandbox.call(&["run", "--mask", "--", "sh", "show"]).run().says("[keyctl:API_KEY] debug\n", "err\n", 3);
    // What is too short to be masked would be seen all the same; and what GitHub is told, an agent would read.
    sandbox.set("short", "a1b2c3");
    sandbox.call(&["edit", "short", "--hide-from-agents"]).run();
    let short = sandbox.call(&["run", "--mask", "--no-project", "-k", "short", "--", "true"]).run();
    assert!(short.code() == 125 && short.stderr().contains("`short` is hidden from agents"), "{}", short.stderr());
    sandbox.set("blanks", " a1b2c3 ");
    sandbox.call(&["edit", "blanks", "--hide-from-agents"]).run();
    let short = sandbox.call(&["run", "--mask", "--no-project", "-k", "blanks", "--", "printenv", "blanks"]).run();
    assert!(short.code() == 125 && short.stderr().contains("`blanks` is hidden from agents"), "{}", short.stderr());
    let ran = sandbox.call(&["run", "--mask", "--", "sh", "show"]).env("GITHUB_ACTIONS", "true").run();
    ran.says("[keyctl:API_KEY] debug\n", "err\n", 3);
    let ran = sandbox.call(&["edit", "api", "--no-hide-from-agents"]).run();
    assert_eq!(ran.code(), 9, "to show it again takes a person: {}", ran.stderr());
    let refusals = sandbox.call(&["history", "api", "--outcome", "refused", "--json"]).run().stdout();
    assert_eq!(refusals.matches("refused: hidden").count(), 4, "{refusals}");
}

#[test]
fn what_an_agents_editor_was_given_is_not_given_to_its_commands() {
    let mut sandbox = project();
    sandbox.set("hidden", "hidden-long-secret-77");
    sandbox.call(&["edit", "hidden", "--hide-from-agents"]).run();
    sandbox.file("show", "echo \"$HID:$PLAIN:$API_KEY:$KEYCTL_INJECTED\"\n");
    sandbox.variables.push(("HID".into(), "hidden-long-secret-77".into()));
    sandbox.variables.push(("PLAIN".into(), "stays".into()));
    sandbox.variables.push(("KEYCTL_INJECTED".into(), "HID".into()));
    let mut server = Server::start(&sandbox, &sandbox.project());
    let ran = server.call("run_command", json!({ "command": ["sh", "show"] })).expect("runs");
    assert_eq!(ran["stdout"], ":stays:[keyctl:API_KEY]:API_KEY,LEVEL\n");
    assert_eq!(server.end(), 0);
}
