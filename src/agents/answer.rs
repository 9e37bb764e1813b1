//! What an agent says before it runs a command, and what it is answered.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Agent;

/// A command that an agent is about to run.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// As its shell would get it.
    pub line: String,
    /// Where.
    pub folder: PathBuf,
    /// All that its shell is told.
    input: Map<String, Value>,
}

/// Where an agent may say which folder a command is for, beside the one that it works in.
const FOLDERS: &[&str] = &["working_directory", "workdir", "dir_path", "directory", "cwd"];

/// Reads what an agent says. Nothing where it is about another tool, or is not what its manual says.
#[must_use]
pub fn read(agent: Agent, text: &[u8]) -> Option<Asked> {
    let said: Value = serde_json::from_slice(text).ok()?;
    if said["tool_name"].as_str()? != agent.shell() {
        return None;
    }
    let input = said["tool_input"].as_object()?.clone();
    let line = input.get("command")?.as_str()?.to_owned();
    let here = said["cwd"].as_str().map(Path::new);
    let own = FOLDERS.iter().find_map(|name| input.get(*name)?.as_str()).filter(|folder| !folder.is_empty());
    let folder = match (here, own) {
        (Some(here), Some(own)) => here.join(own),
        (Some(here), None) => here.to_owned(),
        (None, own) => PathBuf::from(own?),
    };
    folder.is_absolute().then_some(Asked { line, folder, input })
}

impl Asked {
    /// The answer by which the agent runs another line instead. Whether it may run it is left to its own rules, as far as it
    /// lets an answer do that (see [`Agent::takes_yes_alone`]).
    #[must_use]
    pub fn answer(mut self, agent: Agent, line: String) -> Value {
        self.input.insert("command".into(), line.into());
        let input = Value::Object(self.input);
        match agent {
            Agent::ClaudeCode => {
                json!({ "hookSpecificOutput": { "hookEventName": agent.event(), "updatedInput": input } })
            }
            // It takes another input only so, and asks for approval after that.
            Agent::Codex => json!({ "hookSpecificOutput": {
                "hookEventName": agent.event(), "permissionDecision": "allow", "updatedInput": input,
            } }),
            Agent::Cursor => json!({ "permission": "allow", "updated_input": input }),
            Agent::GeminiCli => {
                json!({ "hookSpecificOutput": { "hookEventName": agent.event(), "tool_input": input } })
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_agent_gets_the_whole_input_back_with_another_line() {
        for agent in Agent::ALL {
            let said = json!({
                "cwd": "/w", "hook_event_name": agent.event(), "tool_name": agent.shell(),
                "tool_input": { "command": "npm test", "description": "x", "timeout": 5 },
            });
            let asked = read(agent, said.to_string().as_bytes()).unwrap_or_else(|| panic!("{}", agent.word()));
            assert_eq!((asked.line.as_str(), asked.folder.as_path()), ("npm test", Path::new("/w")));
            let answer = asked.answer(agent, "K npm test".into());
            let input = [
                &answer["updated_input"],
                &answer["hookSpecificOutput"]["updatedInput"],
                &answer["hookSpecificOutput"]["tool_input"],
            ];
            let input = input.into_iter().find(|input| input.is_object()).expect("an input");
            assert_eq!(*input, json!({ "command": "K npm test", "description": "x", "timeout": 5 }));
        }
    }

    #[test]
    fn what_is_about_no_command_is_left_alone() {
        let read = |text: &str| read(Agent::ClaudeCode, text.as_bytes());
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "7",
            r#"{"cwd":"/w","tool_name":"Read","tool_input":{"command":"npm test"}}"#,
            r#"{"cwd":"/w","tool_name":"Bash","tool_input":{"file":"x"}}"#,
            r#"{"cwd":"/w","tool_name":"Bash","tool_input":{"command":["npm"]}}"#,
            r#"{"cwd":"w","tool_name":"Bash","tool_input":{"command":"npm test"}}"#,
            r#"{"tool_name":"Bash","tool_input":{"command":"npm test"}}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let there = r#"{"cwd":"/w","tool_name":"Bash","tool_input":{"command":"npm test","workdir":"api"}}"#;
        assert_eq!(read(there).expect("reads").folder, Path::new("/w/api"));
    }
}
