//! What each tool does: most of it is a keyctl of its own, whose report is passed on without what an agent has no need of.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    activation::state,
    commands::project::{self, Project},
    config::{self, Config},
    failure::{EXIT_CODES, Failure, Kind, Result, reason},
    home::Home,
    launch::{
        agent,
        environment::{LEFT, MARKER},
        outer,
    },
    mcp::{
        child::{self, End, Keeper, Output},
        message,
        own_failure::Word,
        session::{Asked, Outcome},
        tools::{self, Call},
    },
    name::ProfileName,
    profile::{self, DEFAULT, Grant, Profiles},
};

use super::Server;

/// How long a report may take: a keychain has its own time, and it is shorter.
const REPORT: Duration = Duration::from_mins(1);
/// How often progress is told: clients give up on what they hear nothing of.
const PROGRESS: Duration = Duration::from_secs(5);
/// The states of keys that nothing has to be done about.
const CALM: &[&str] = &["fresh", "no plan"];
/// What is passed on of a key.
const FIELDS: &[&str] = &["name", "state", "created", "changed", "expires", "rotate_by", "tags"];

/// Does a call.
pub(super) fn call(server: &Server, asked: &Asked, is_unwanted: &dyn Fn() -> bool) -> Outcome {
    let caller = Caller { server, asked, is_unwanted };
    let done = match &asked.call {
        Call::ListKeys => caller.keys(|_| true),
        Call::Due => caller.keys(|state| !CALM.contains(&state)),
        Call::Project { folder } => caller.project(folder.as_deref()),
        Call::RunCommand(command) => caller.run(command),
    };
    done.map_or_else(|failure| Outcome::Refused(in_words(&failure)), Outcome::Done)
}

/// A failure and what to do about it, for an agent to read and pass on.
fn in_words(failure: &Failure) -> String {
    let hints = failure.hints.iter().map(|hint| format!("\nhint: {hint}"));
    std::iter::once(failure.message.clone()).chain(hints).collect()
}

struct Caller<'c> {
    server: &'c Server,
    asked: &'c Asked,
    is_unwanted: &'c dyn Fn() -> bool,
}

impl Caller<'_> {
    /// Names and dates of the keys in these states, of all stores that open without asking anybody.
    fn keys(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Value> {
        let report = self.report(&["due", "--json"])?;
        let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
        let state = |key: &Value| key["state"].as_str().unwrap_or_default().to_owned();
        let pick =
            |key: Value| FIELDS.iter().map(|field| ((*field).to_owned(), key[*field].clone())).collect::<Value>();
        let keys: Vec<Value> = list("keys").into_iter().filter(|key| is_wanted(&state(key))).map(pick).collect();
        let left_out: Vec<Value> = list("left_out").iter().map(|store| store["store"].clone()).collect();
        Ok(json!({ "keys": keys, "stores_left_out": left_out }))
    }

    /// What the project in a folder asks for. No store is opened for it.
    fn project(&self, folder: Option<&str>) -> Result<Value> {
        let home = Home::find()?;
        let config = config::read(&home)?;
        let project = project_in(&home, &self.folder(folder)?)?;
        let profiles = &project.file.profiles;
        let profiles: Vec<Value> =
            profiles.0.keys().map(|name| as_json(name, profiles, &config)).collect::<Result<_>>()?;
        let commands: Vec<String> = config.agents.commands.iter().map(ToString::to_string).collect();
        Ok(json!({
            "file": project.file.path.to_string_lossy(),
            "allowed": project.unapproved(&project.file.grants).is_empty(),
            "profiles": profiles,
            "commands": commands,
        }))
    }

    /// Runs a command that the user allows agents to run, in a project, with the secrets masked in what it prints.
    fn run(&self, command: &tools::Command) -> Result<Value> {
        let home = Home::find()?;
        let config = config::read(&home)?;
        let folder = self.folder(command.folder.as_deref())?;
        may_run(command, &config)?;
        project_in(&home, &folder)?;
        let mut words: Vec<OsString> = ["run", "--mask"].map(Into::into).to_vec();
        for (option, value) in [("--profile", &command.profile), ("--reason", &command.reason)] {
            words.extend(value.as_ref().map(|value| format!("{option}={value}").into()));
        }
        words.push("--".into());
        words.extend(command.words.iter().map(Into::into));
        let word = Word::new()?;
        let output = self.start(&words, Some(folder), command.patience, Some(&word))?;
        let left_out = output.stdout.left_out() + output.stderr.left_out();
        let exit_code = match output.end {
            End::Itself(code) => code,
            End::TimedOut | End::Stopped => None,
        };
        let timed_out = output.end == End::TimedOut;
        let (stdout, stderr) = (output.stdout.text(), output.stderr.text());
        let own = word.in_what_was_said(&stderr);
        if let Some((said, kind)) = own.filter(|_| stdout.is_empty()) {
            return Err(Failure::new(kind, said.trim_end()));
        }
        let stderr = own.map_or(stderr.as_str(), |(said, _)| said);
        Ok(json!({
            "exit_code": exit_code,
            "timed_out": timed_out,
            "stdout": stdout,
            "stderr": stderr,
            "left_out_bytes": left_out,
        }))
    }

    /// A folder that an agent names: the one where the server was started, or one below it.
    fn folder(&self, folder: Option<&str>) -> Result<PathBuf> {
        let top = &self.server.folder;
        let Some(said) = folder else { return Ok(top.clone()) };
        let missing = |error: std::io::Error| Failure::disk("find the folder", &top.join(said), &error);
        let folder = top.join(said).canonicalize().map_err(missing)?;
        if folder.starts_with(top) {
            return Ok(folder);
        }
        let what = format!("`{said}` is outside of `{}`, in which the server was started", top.display());
        Err(Failure::new(Kind::Policy, what))
    }

    /// What a keyctl of its own reports as JSON.
    fn report(&self, words: &[&str]) -> Result<Value> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let output = self.start(&words, None, REPORT, None)?;
        let End::Itself(Some(code)) = output.end else {
            return Err(Failure::new(Kind::Busy, "it took too long or was cancelled"));
        };
        if code == 0 && output.stdout.left_out() == 0 {
            let report = serde_json::from_str(&output.stdout.text());
            return report.map_err(|error| Failure::new(Kind::Disk, format!("the report cannot be read: {error}")));
        }
        let said = output.stderr.text();
        let meaning = EXIT_CODES.iter().find(|(known, _)| *known == code.to_string()).map(|(_, meaning)| *meaning);
        let what = if code == 0 { "there are too many keys for one answer" } else { said.trim_end() };
        let kind = Kind::of_number(code).unwrap_or(Kind::Disk);
        Err(Failure::new(kind, format!("{what}\n[exit code {code}: {}]", meaning.unwrap_or("unknown"))))
    }

    /// Starts this program anew, with words of its own, and with the one by which it says that a failure is its own.
    fn start(
        &self,
        words: &[OsString],
        folder: Option<PathBuf>,
        patience: Duration,
        own_failure: Option<&Word>,
    ) -> Result<Output> {
        let client = self.asked.client.as_deref().unwrap_or("mcp-client").replace(' ', "-");
        let mut command = Command::new(&self.server.program);
        command.args(words).current_dir(folder.unwrap_or_else(|| self.server.folder.clone()));
        // Whoever starts a server says nothing of single calls.
        command.env_remove("KEYCTL_PROFILE").env(agent::NAMED, agent::own_name(&client));
        // Nor did whoever started the agent's editor with keys give them to the agent's commands.
        for variable in outer::names(|name| std::env::var_os(name)) {
            command.env_remove(variable.as_str());
        }
        for variable in [MARKER, LEFT, state::VARIABLE] {
            command.env_remove(variable);
        }
        if let Some(handed) = &self.server.handed {
            handed.to(&mut command);
        }
        if let Some(word) = own_failure {
            word.to(&mut command);
        }
        let mut told = Instant::now();
        let mut ticks = |elapsed: Duration| {
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                self.tell_progress(elapsed);
            }
        };
        child::run(&mut command, patience, &mut Keeper { is_unwanted: self.is_unwanted, ticks: &mut ticks }).map_err(
            |error| Failure::new(Kind::NotExecutable, format!("keyctl cannot be started anew: {}", reason(&error))),
        )
    }

    fn tell_progress(&self, elapsed: Duration) {
        if let Some(token) = &self.asked.progress {
            let progress = json!({ "progressToken": token, "progress": elapsed.as_secs(), "message": "still running" });
            self.server.write(&message::notification("notifications/progress", &progress));
        }
    }
}

/// The project of a folder: agents get keys in projects alone.
fn project_in(home: &Home, folder: &Path) -> Result<Project> {
    let there_is_none = || {
        Failure::new(Kind::Missing, format!("there is no `.keyctl.toml` in `{}` or above", folder.display()))
            .hint("agents get keys in projects alone; a person can write one with `keyctl init` and `keyctl allow`")
    };
    project::find(home, Some(folder), None)?.ok_or_else(there_is_none)
}

/// Makes sure that the user allows agents this command, with this profile.
fn may_run(command: &tools::Command, config: &Config) -> Result<()> {
    let (agents, shown) = (&config.agents, command.words.join(" "));
    if !agents.may_run(&command.words) {
        let what = format!("`{shown}` is not among the commands that the user allows agents to run");
        return Err(Failure::new(Kind::Policy, what).hint(
            "the user, and nobody else, can allow it in keyctl's own `config.toml`: `commands = [\"…\"]` under `[agents]`",
        ));
    }
    let profile = command.profile.as_deref().unwrap_or(DEFAULT);
    let name: ProfileName = profile.parse().map_err(|bad| Failure::new(Kind::Usage, format!("{bad}")))?;
    if agents.may_use(&name) {
        return Ok(());
    }
    Err(Failure::new(Kind::Policy, format!("`{name}` is not among the profiles that the user allows agents to use"))
        .hint("the user, and nobody else, can allow it in keyctl's own `config.toml`: `profiles = [\"…\"]` under `[agents]`"))
}

fn as_json(name: &ProfileName, profiles: &Profiles, config: &Config) -> Result<Value> {
    let wanted = profile::resolve(Some(name), Some(profiles), &config.profiles, &[], &[])?;
    let variables: Vec<Value> = wanted.iter().map(|wanted| variable_as_json(&wanted.grant)).collect();
    Ok(json!({ "name": name.as_str(), "usable": config.agents.may_use(name), "variables": variables }))
}

fn variable_as_json(grant: &Grant) -> Value {
    let mut shown = project::as_json(&grant.source);
    shown["variable"] = grant.variable.as_str().into();
    shown
}
