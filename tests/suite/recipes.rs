//! The recipes of the README, "CI, containers and services" and "In other tools": each is read from there and tried with the
//! program that it is for.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    sandbox::{Sandbox, put_program},
    tools,
};

const TOKEN: &str = "sk-deploy-0123456789";

/// The example whose first line names this file, without that line.
fn recipe(file: &str) -> String {
    let readme = fs::read_to_string(tools::root().join("README.md")).expect("README.md");
    let mut lines = readme.lines();
    let names = |line: &str| {
        ["# ", "// "]
            .iter()
            .any(|mark| line.strip_prefix("    ").and_then(|line| line.strip_prefix(mark)) == Some(file))
    };
    lines.find(|line| names(line)).unwrap_or_else(|| panic!("the README has no {file}"));
    let block: Vec<&str> = lines.map_while(|line| line.strip_prefix("    ")).collect();
    block.join("\n") + "\n"
}

/// A project that asks for `DEPLOY_TOKEN` and is allowed it, with a script that needs it.
fn project() -> Sandbox {
    let sandbox = Sandbox::with(&[("deploy", TOKEN)]);
    sandbox.file(".keyctl.toml", "[env]\nDEPLOY_TOKEN = \"deploy\"\n");
    sandbox.allow();
    put_program(
        b"#!/bin/sh\nprintf 'deployed with %s characters' \"${#DEPLOY_TOKEN}\"\n",
        &sandbox.project().join("deploy.sh"),
    );
    sandbox
}

const DEPLOYED: &str = "deployed with 20 characters";

/// A command in the project, which finds `keyctl`.
fn command(sandbox: &Sandbox, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    sandbox.environment(&mut command);
    command.current_dir(sandbox.project()).env("PATH", tools::path_with_keyctl()).stdin(Stdio::null());
    command
}

#[test]
fn make_and_just_start_their_lines_through_it() {
    let sandbox = project();
    sandbox.file("Makefile", recipe("Makefile"));
    assert_eq!(tools::output(&mut command(&sandbox, "make", &["-s", "deploy"])), DEPLOYED);
    sandbox.file("justfile", recipe("justfile"));
    assert_eq!(tools::output(&mut command(&sandbox, tools::python_program("just"), &["deploy"])), DEPLOYED);
}

#[test]
fn a_script_of_npm_starts_its_program_through_it() {
    let sandbox = project();
    sandbox.file("package.json", recipe("package.json"));
    sandbox.file("app.js", "process.stdout.write(`${process.env.DEPLOY_TOKEN.length}`)");
    assert_eq!(tools::output(&mut command(&sandbox, "npm", &["run", "-s", "start"])), "20");
}

#[test]
fn pytest_has_the_keys_in_its_environment() {
    let sandbox = project();
    sandbox.file("test_it.py", "import os\ndef test_it():\n    assert len(os.environ['DEPLOY_TOKEN']) == 20\n");
    let pytest = tools::python_program("pytest");
    let words = ["run", "--mask", "--", pytest.to_str().expect("text"), "-q", "-p", "no:cacheprovider"];
    let said = tools::output(command(&sandbox, "keyctl", &words).env("PYTHONDONTWRITEBYTECODE", "1"));
    assert!(said.contains("1 passed"), "{said}");
    // As README has it: else pytest cuts the middle out of what it compared, and both ends are shown.
    let text = include_str!("../../README.md");
    let call = text.split("Tests: `").nth(1).and_then(|rest| rest.split('`').next()).expect("the recipe");
    sandbox.file("test_it.py", "import os\ndef test_it():\n    assert os.environ['DEPLOY_TOKEN'] == 'no'\n");
    let words: Vec<&str> = call.split(' ').skip(1).map(|word| if word == "pytest" { words[3] } else { word }).collect();
    let failed = command(&sandbox, "keyctl", &words).env("PYTHONDONTWRITEBYTECODE", "1").output().expect("run");
    let said = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(said.contains("[keyctl:DEPLOY_TOKEN]") && !said.contains(&TOKEN[..8]), "{said}");
}

#[test]
fn a_task_of_vs_code_and_a_dev_container_name_what_is_there() {
    let sandbox = project();
    let tasks: Value = serde_json::from_str(&recipe(".vscode/tasks.json")).expect("JSON");
    let task = &tasks["tasks"][0];
    let words: Vec<&str> = task["args"].as_array().expect("arguments").iter().filter_map(Value::as_str).collect();
    assert_eq!((&tasks["version"], &task["type"]), (&"2.0.0".into(), &"process".into()));
    assert_eq!(tools::output(&mut command(&sandbox, task["command"].as_str().expect("a program"), &words)), DEPLOYED);
    let container: Value = serde_json::from_str(&recipe(".devcontainer/devcontainer.json")).expect("JSON");
    for (name, taken) in container["remoteEnv"].as_object().expect("variables") {
        assert_eq!(taken, &Value::from(format!("${{localEnv:{name}}}")));
        let shown = tools::output(&mut command(&sandbox, "keyctl", &["run", "--", "printenv", name]));
        assert_eq!(shown.trim_end().len(), 20);
    }
}

#[test]
fn compose_names_the_variables_that_it_takes_from_its_own_environment() {
    let sandbox = project();
    let file = sandbox.file("compose.yaml", recipe("compose.yaml"));
    // A variable without a value is the caller's (compose-spec, "environment").
    let read = "import sys, yaml\nfor name in yaml.safe_load(open(sys.argv[1]))['services']['app']['environment']: print(name)";
    let names = tools::output(&mut command(&sandbox, tools::python(), &["-c", read, file.to_str().expect("text")]));
    assert_eq!(names, "DEPLOY_TOKEN\n");
}

/// The real client of Docker against a server that writes down what it is sent. Where there is no client `tests/long` says so.
#[test]
#[ignore = "needs Docker's client, which is too large for a commit"]
fn dockers_client_sends_what_the_pipe_had() {
    let sandbox = project();
    let line = recipe_line("docker run --env-file");
    let line = line.replace("IMAGE", "app").replace("docker run", "docker run --rm --pull never");
    let server = tools::script(&sandbox, "docker_server.py")
        .arg(sandbox.outside().join("docker.sock"))
        .stdout(Stdio::piped())
        .spawn();
    let mut server = server.expect("python");
    let socket = sandbox.outside().join("docker.sock");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !socket.exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut docker = command(&sandbox, "bash", &["-c", &line]);
    let ran = docker.env("DOCKER_HOST", format!("unix://{}", socket.display())).output().expect("bash");
    let sent = server.wait_with_output_of_one_line();
    assert_eq!(sent, format!("DEPLOY_TOKEN={TOKEN}\n"), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A command of the README that stands alone in its line.
fn recipe_line(begins: &str) -> String {
    let readme = fs::read_to_string(tools::root().join("README.md")).expect("README.md");
    let mut lines = readme.lines().filter_map(|line| line.strip_prefix("    "));
    lines.find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("the README has no `{begins}`")).to_owned()
}

trait OneLine {
    fn wait_with_output_of_one_line(&mut self) -> String;
}

impl OneLine for std::process::Child {
    fn wait_with_output_of_one_line(&mut self) -> String {
        use std::io::BufRead;
        let mut line = String::new();
        let _ = std::io::BufReader::new(self.stdout.take().expect("piped")).read_line(&mut line);
        let _ = self.kill();
        let _ = self.wait();
        line
    }
}

/// `systemd-creds` keeps its own key in a folder of the system's, which is another one here. That needs root.
#[test]
fn a_unit_of_systemd_is_one_and_its_credential_opens_the_store() {
    let sandbox = project();
    let unit = recipe("app.service").replace("/opt/app/server", "/bin/true");
    let unit = sandbox.file("app.service", unit);
    let verified = command(&sandbox, "systemd-analyze", &["verify", "--man=no", unit.to_str().expect("text")])
        .output()
        .expect("systemd");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let start = recipe("app.service")
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=").map(str::to_owned))
        .expect("a program");
    // The machine has the store, and its identity as a credential alone.
    let state = sandbox.home().join("state");
    fs::create_dir(&state).expect("make");
    fs::copy(sandbox.data("store.age"), state.join("store.age")).expect("copy");
    sandbox.may_lie_in(&sandbox.data("identity.txt"));
    let script = "mount -t tmpfs tmpfs /var/lib/systemd && systemd-creds --with-key=host encrypt --name=keyctl-identity \"$1\" \"$2/keyctl.cred\" &&\n\
        ! grep -q AGE- \"$2/keyctl.cred\" && mkdir -m 700 /var/lib/systemd/now &&\n\
        systemd-creds --name=keyctl-identity decrypt \"$2/keyctl.cred\" /var/lib/systemd/now/keyctl-identity &&\n\
        chmod 400 /var/lib/systemd/now/keyctl-identity &&\n\
        CREDENTIALS_DIRECTORY=/var/lib/systemd/now exec sh -c \"$3\"";
    let start =
        start.replace("/opt/app/server", "./deploy.sh").replace(" -k DEPLOY_TOKEN", " --no-project -k DEPLOY_TOKEN");
    let identity = sandbox.data("identity.txt");
    let words =
        ["--mount", "sh", "-c", script, "sh", identity.to_str().expect("text"), state.to_str().expect("text"), &start];
    assert_eq!(tools::output(command(&sandbox, "unshare", &words).env("KEYCTL_HOME", &state)), DEPLOYED);
}

#[test]
fn the_workflow_gets_its_keys_from_nothing_but_the_repository_and_two_values() {
    let sandbox = Sandbox::new();
    let path = sandbox.project().join("app.age");
    let path = path.to_str().expect("text");
    sandbox.call(&["store", "create", "app", "--keeper", "file", "--path", path]).run();
    sandbox.set("app:deploy", TOKEN);
    sandbox.file(".keyctl.toml", "[env]\nDEPLOY_TOKEN = \"app:deploy\"\n");
    put_program(
        b"#!/bin/sh\nprintf 'deployed with %s characters' \"${#DEPLOY_TOKEN}\"\n",
        &sandbox.project().join("test.sh"),
    );
    // What its user does, as the README has it.
    let join = recipe_line("KEYCTL_HOME=~/ci keyctl store join");
    let recipient = tools::output(&mut command(&sandbox, "bash", &["-c", &join]));
    let add = recipe_line("keyctl store recipients add").replace("age1…", recipient.trim()) + " --me boss --yes";
    tools::output(&mut command(&sandbox, "bash", &["-c", &add]));
    let hash = tools::output(&mut command(&sandbox, "bash", &["-c", &recipe_line("keyctl allow --show-hash")]));
    let identity = fs::read_to_string(sandbox.home().join("ci/stores/app/identity.txt")).expect("made");
    // The machine of the build: another place, another home.
    let work = sandbox.outside().join("runner/work");
    fs::create_dir_all(&work).expect("make");
    let clone = "cp -r \"$1/.\" \"$2\" && git -C \"$2\" init -q && cd \"$2\"";
    tools::output(&mut command(
        &sandbox,
        "bash",
        &["-c", clone, "bash", sandbox.project().to_str().expect("text"), work.to_str().expect("text")],
    ));
    let workflow = sandbox.file("workflow.yml", recipe(".github/workflows/test.yml"));
    let read = "import json, sys, yaml\njob = yaml.safe_load(open(sys.argv[1]))['jobs']['test']\n\
        print(json.dumps([job['env'], [step['run'] for step in job['steps'] if 'run' in step]]))";
    let job = tools::output(&mut command(&sandbox, tools::python(), &["-c", read, workflow.to_str().expect("text")]));
    let job: Value = serde_json::from_str(&job).expect("json");
    let filled = |text: &Value| {
        let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
        text.replace("${{ secrets.KEYCTL_IDENTITY }}", &identity).replace("${{ vars.KEYCTL_ALLOW }}", hash.trim())
    };
    let mut said = String::new();
    for step in job[1].as_array().expect("steps") {
        let mut shell = command(&sandbox, "bash", &["-e", "-c", &filled(step)]);
        let variables = job[0].as_object().expect("variables").iter().map(|(name, value)| (name, filled(value)));
        said = tools::output(shell.current_dir(&work).env("HOME", sandbox.outside().join("runner")).envs(variables));
    }
    assert_eq!(said, DEPLOYED);
    let line = identity.lines().last().expect("a line");
    let on_the_machine = |file: &PathBuf| file.starts_with(sandbox.outside().join("runner"));
    for file in sandbox.files().iter().filter(|file| on_the_machine(file)) {
        assert!(!String::from_utf8_lossy(&fs::read(file).expect("read")).contains(line), "{}", file.display());
    }
}
