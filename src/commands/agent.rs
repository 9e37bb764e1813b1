//! `keyctl agent`: coding agents that ask keyctl before they run a command, and what they are answered.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;

use crate::{
    agents::{
        Agent, answer, command_line, quoted,
        settings::{self, Put, Taken, Trouble},
    },
    cli::{self, AgentVerb},
    config::{self, Config},
    failure::{Failure, Kind, Result},
    home::{self, Home},
    profile::{self, DEFAULT, Grant, Origin},
    terminal::Terminal,
};

use super::{other_keyctl, project};

/// The most bytes of an agent's question, and of its settings: 4 MiB.
const LARGEST: usize = 4 * 1024 * 1024;

/// Does what the verb says.
///
/// # Errors
/// As the agent's settings have them; an agent that asks is never refused anything.
pub fn agent(arguments: cli::Agent, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match arguments.verb {
        AgentVerb::Install(which) => install(which.agent, terminal)?,
        AgentVerb::Uninstall(which) => uninstall(which.agent, terminal)?,
        AgentVerb::List(report) => list(report.json, terminal)?,
        AgentVerb::Hook(which) => {
            if let Some(answer) = answered(which.agent, terminal) {
                terminal.json(&answer)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The answer to an agent that is about to run a command; nothing leaves the command as it is, whatever the reason.
fn answered(agent: Agent, terminal: &Terminal) -> Option<serde_json::Value> {
    let mut text = Vec::new();
    io::stdin().take(LARGEST as u64).read_to_end(&mut text).ok()?;
    let asked = answer::read(agent, &text)?;
    if agent.takes_yes_alone() && !command_line::is_one_command(&asked.line) {
        return None;
    }
    let home = Home::find().ok()?;
    // Without a word, one slip in this file takes the keys from every command.
    let config = config::read(&home).inspect_err(|failure| terminal.failure(failure, None)).ok()?;
    // The profile that is judged below, whatever `KEYCTL_PROFILE` says where the agent works.
    let before = format!("{} run -P {DEFAULT} --mask -- ", quoted(other_keyctl::path_as_called().ok()?.to_str()?));
    let is_wanted =
        |words: &[String], folder: &Path| config.agents.may_run(words) && is_allowed(&home, &config, folder);
    let line = command_line::rewritten(&asked.line, &before, &asked.folder, is_wanted)?;
    Some(asked.answer(agent, line))
}

/// Whether there is a project whose default profile the user has allowed and lets agents use. No store is opened for it: `run`
/// proves it.
fn is_allowed(home: &Home, config: &Config, folder: &Path) -> bool {
    let Ok(Some(project)) = project::find(home, Some(folder), None) else { return false };
    let Ok(wanted) = profile::resolve(None, Some(&project.file.profiles), &config.profiles, &[], &[]) else {
        return false;
    };
    let of_project = wanted.into_iter().filter(|wanted| wanted.origin == Origin::Project);
    let grants: Vec<Grant> = of_project.map(|wanted| wanted.grant).collect();
    let may_use = DEFAULT.parse().is_ok_and(|profile| config.agents.may_use(&profile));
    may_use && !grants.is_empty() && project.unapproved(&grants).is_empty()
}

/// An agent's settings as they are.
struct File {
    /// Where they really lie, also where their name is a link.
    path: PathBuf,
    /// And their name, where that is a link or leads through one.
    link: Option<PathBuf>,
    content: Option<(Vec<u8>, std::fs::Metadata)>,
}

impl File {
    fn of(agent: Agent) -> Result<Self> {
        let home = dirs::home_dir().ok_or_else(|| Failure::new(Kind::Disk, "there is no home folder"))?;
        let path = agent.settings_file(&home, |name| std::env::var_os(name));
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        // How the home folder itself is reached is no news.
        let of_home = path.strip_prefix(&home).ok().and_then(|rest| Some(home.canonicalize().ok()?.join(rest)));
        let is_elsewhere = real != path && of_home.is_none_or(|seen| seen != real);
        let content = home::read_named(&real, LARGEST)?;
        Ok(Self { link: is_elsewhere.then_some(path), path: real, content })
    }

    /// Says where what was changed is, if not where its name says.
    fn say_link(&self, terminal: &Terminal) {
        if let Some(link) = &self.link {
            terminal.say(&format!("`{}` leads there by a link", link.display()));
        }
    }

    fn text(&self) -> std::result::Result<Option<&str>, Trouble> {
        let Some((bytes, _)) = &self.content else { return Ok(None) };
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty());
        text.map(Some).ok_or(Trouble::NoJson)
    }

    fn trouble(&self, trouble: Trouble) -> Failure {
        let what = match trouble {
            Trouble::NoJson => "is no JSON (or JSON with comments)",
            Trouble::OtherShape => "has something else where hooks belong",
        };
        Failure::new(Kind::Disk, format!("`{}` {what}; nothing was changed", self.path.display()))
    }

    /// Writes them, unless somebody else did since they were read.
    fn write(&self, text: &str) -> Result<()> {
        let Some((before, like)) = &self.content else {
            if self.path.is_symlink() {
                let what = format!("`{}` is a link to what is not there; nothing was changed", self.path.display());
                return Err(
                    Failure::new(Kind::Disk, what).hint("make the file that it is to lead to, or remove the link")
                );
            }
            let folder = self.path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder).map_err(|error| Failure::disk("make the folder", folder, &error))?;
            return home::replace(&self.path, text.as_bytes());
        };
        let is_unchanged = || std::fs::read(&self.path).map(|now| now == *before);
        if home::replace_alike(&self.path, text.as_bytes(), like, is_unchanged)? {
            return Ok(());
        }
        Err(Failure::new(
            Kind::Busy,
            format!("`{}` was changed meanwhile; nothing was changed here", self.path.display()),
        )
        .hint("do it again"))
    }
}

fn call(agent: Agent) -> Result<String> {
    let program = other_keyctl::path_as_called()?;
    let text = program
        .to_str()
        .ok_or_else(|| Failure::new(Kind::Usage, format!("`{}` is no text, which settings need", program.display())))?;
    Ok(agent.call(text))
}

fn install(agent: Agent, terminal: &Terminal) -> Result<()> {
    let (file, call) = (File::of(agent)?, call(agent)?);
    let name = agent.name();
    let by_hand = |trouble| file.trouble(trouble).hint(format!("put it in by hand: it is to call `{call}`"));
    let new = match file.text().map_err(by_hand)? {
        None => Put::New(settings::made(agent, &call)),
        Some(text) => settings::put(agent, text, &call).map_err(by_hand)?,
    };
    match new {
        Put::There => terminal.say(&format!("{name} asks keyctl already, as `{}` says", file.path.display())),
        Put::New(text) => {
            file.write(&text)?;
            terminal.say(&format!("{name} asks keyctl before it runs a command, as `{}` says", file.path.display()));
            file.say_link(terminal);
        }
    }
    if agent == Agent::Codex {
        terminal.hint("Codex asks once whether it may call this: `/hooks` in it");
    }
    if agent == Agent::Cursor {
        terminal
            .hint("Cursor does not ask you any more before a command that gets keys: list only what may run unasked");
    }
    if config::read(&Home::find()?)?.agents.commands.is_empty() {
        terminal.hint("no command gets keys yet: list those that may, `commands = [\"npm test\"]` under `[agents]` in `config.toml`");
    }
    Ok(())
}

fn uninstall(agent: Agent, terminal: &Terminal) -> Result<()> {
    let (file, name) = (File::of(agent)?, agent.name());
    let by_hand = |trouble| file.trouble(trouble).hint("take it out by hand");
    let taken = match file.text().map_err(by_hand)? {
        None => Taken::Absent,
        Some(text) => settings::take(agent, text).map_err(by_hand)?,
    };
    match taken {
        Taken::Absent => terminal.say(&format!("{name} does not ask keyctl")),
        Taken::WholeFile => {
            std::fs::remove_file(&file.path).map_err(|error| Failure::disk("remove", &file.path, &error))?;
            terminal
                .say(&format!("{name} asks keyctl no more; `{}` had nothing else and is removed", file.path.display()));
        }
        Taken::Without(text) => {
            file.write(&text)?;
            terminal.say(&format!("{name} asks keyctl no more, as `{}` says", file.path.display()));
            file.say_link(terminal);
        }
    }
    Ok(())
}

fn list(as_json: bool, terminal: &Terminal) -> Result<()> {
    let mut rows = vec![["AGENT", "ASKS KEYCTL", "SETTINGS"].map(str::to_owned).to_vec()];
    let mut report = Vec::new();
    for agent in Agent::ALL {
        let file = File::of(agent)?;
        let calls = file.text().and_then(|text| text.map_or(Ok(Vec::new()), |text| settings::calls(agent, text))).ok();
        let own = call(agent)?;
        let state = match calls.as_deref() {
            None => "not to be told",
            Some([]) => "no",
            Some(calls) if calls.contains(&own) => "yes",
            Some(_) => "another one",
        };
        report.push(json!({ "agent": agent.word(), "asks": state, "settings": file.path }));
        rows.push(vec![agent.word().into(), state.into(), format!("`{}`", file.path.display())]);
    }
    if as_json { terminal.json(&report.into()) } else { terminal.table(&rows, &[2]) }
}
