//! The tools of the server: what each is called, takes and gives, and what a call of one means.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// How long a command may take if nothing is said, and at most.
const USUAL_SECONDS: u64 = 120;
const MOST_SECONDS: u64 = 600;

/// What an agent wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Names and dates of all keys.
    ListKeys,
    /// Those of the keys that have ended, have to be replaced, or will have to soon.
    Due,
    /// What the project in a folder asks for.
    Project {
        /// Seen from where the server was started.
        folder: Option<String>,
    },
    /// A command with the keys of its project.
    RunCommand(Command),
}

/// A command that an agent wants to have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; there is no shell.
    pub words: Vec<String>,
    /// Where, seen from where the server was started.
    pub folder: Option<String>,
    /// With which profile.
    pub profile: Option<String>,
    /// Why, for the history.
    pub reason: Option<String>,
    /// For how long at most.
    pub patience: Duration,
}

/// Reads what a tool is called with.
///
/// # Errors
/// Nothing for a tool that there is not; what is wrong with the arguments, for the agent to read.
pub fn read(name: &str, arguments: &Map<String, Value>) -> Result<Call, Option<String>> {
    let known = |known: &[&str]| match arguments.keys().find(|name| !known.contains(&name.as_str())) {
        Some(_) if known.is_empty() => Err(Some(format!("`{name}` takes no arguments"))),
        Some(_) => Err(Some(format!("`{name}` takes only `{}`", known.join("`, `")))),
        None => Ok(()),
    };
    match name {
        "list_keys" => known(&[]).map(|()| Call::ListKeys),
        "due" => known(&[]).map(|()| Call::Due),
        "project" => {
            known(&["folder"])?;
            Ok(Call::Project { folder: text(arguments, "folder")? })
        }
        "run_command" => {
            known(&["command", "folder", "profile", "reason", "timeout_seconds"])?;
            Ok(Call::RunCommand(Command {
                words: words(arguments)?,
                folder: text(arguments, "folder")?,
                profile: text(arguments, "profile")?,
                reason: text(arguments, "reason")?,
                patience: patience(arguments)?,
            }))
        }
        _ => Err(None),
    }
}

fn text(arguments: &Map<String, Value>, name: &str) -> Result<Option<String>, Option<String>> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        // No program can be given a NUL, and no folder has one.
        Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text.clone())),
        Some(_) => Err(Some(format!("`{name}` has to be a text"))),
    }
}

fn words(arguments: &Map<String, Value>) -> Result<Vec<String>, Option<String>> {
    let wrong = || {
        Some("`command` has to be a list of texts: the program and its arguments, as `[\"npm\", \"test\"]`".to_owned())
    };
    let list = arguments.get("command").and_then(Value::as_array).ok_or_else(wrong)?;
    let words: Option<Vec<String>> =
        list.iter().map(|word| word.as_str().filter(|word| !word.contains('\0')).map(str::to_owned)).collect();
    words.filter(|words| words.first().is_some_and(|program| !program.is_empty())).ok_or_else(wrong)
}

fn patience(arguments: &Map<String, Value>) -> Result<Duration, Option<String>> {
    let seconds = match arguments.get("timeout_seconds") {
        None | Some(Value::Null) => Some(USUAL_SECONDS),
        // Some clients write whole numbers as `60.0`.
        Some(Value::Number(number)) => {
            let text = number.to_string();
            let seconds = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
            seconds.filter(|seconds| (1..=MOST_SECONDS).contains(seconds))
        }
        Some(_) => None,
    };
    let wrong = || Some(format!("`timeout_seconds` has to be a whole number from 1 to {MOST_SECONDS}"));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// All tools as `tools/list` has them, always in this order.
#[must_use]
pub fn all() -> Value {
    json!([list_keys(), due(), project(), run_command()])
}

fn list_keys() -> Value {
    json!({
        "name": "list_keys",
        "title": "List API keys",
        "description": "Names, dates and states of the API keys that the user keeps with keyctl. Secrets are never included.",
        "inputSchema": { "type": "object", "additionalProperties": false },
        "outputSchema": keys("every key"),
        "annotations": reading("List API keys"),
    })
}

fn due() -> Value {
    json!({
        "name": "due",
        "title": "API keys that are due",
        "description": "The API keys that have ended, have leaked, have to be replaced, or will have to soon.",
        "inputSchema": { "type": "object", "additionalProperties": false },
        "outputSchema": keys("the keys with something to do"),
        "annotations": reading("API keys that are due"),
    })
}

fn project() -> Value {
    let variables = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "variable": { "type": "string" },
                "key": { "type": "string", "description": "the key that this variable is given; its secret is not shown" },
                "optional": { "type": "boolean" },
                "text": { "type": "string", "description": "a text with keys in the places of their names; their secrets are not shown" },
                "keys": { "type": "array", "items": { "type": "string" }, "description": "the keys in that text" },
                "value": { "type": "string", "description": "a plain setting that is no secret" },
                "as": { "type": "string", "description": "the form of the file that it is given as, instead of the variable's own text" },
            },
            "required": ["variable"],
        },
    });
    json!({
        "name": "project",
        "title": "What this project gets",
        "description": "Which variables the project in a folder asks for, by profile, whether the user has allowed that, and which commands `run_command` may run.",
        "inputSchema": {
            "type": "object",
            "properties": { "folder": { "type": "string", "description": FOLDER } },
            "additionalProperties": false,
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "file": { "type": "string" },
                "allowed": { "type": "boolean", "description": "whether the user has said yes to all that it asks for" },
                "profiles": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": { "type": "string" },
                            "usable": { "type": "boolean", "description": "whether `run_command` may use it" },
                            "variables": variables,
                        },
                        "required": ["name", "usable", "variables"],
                    },
                },
                "commands": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "what `run_command` may run, word for word; `*` at the end stands for any more words",
                },
            },
            "required": ["file", "allowed", "profiles", "commands"],
        },
        "annotations": reading("What this project gets"),
    })
}

const FOLDER: &str = "a folder at or below the one in which this server was started; that one if nothing is said";

fn run_command() -> Value {
    json!({
        "name": "run_command",
        "title": "Run a command with the project's API keys",
        "description": "Run one of the commands that the user allows agents to run, with the API keys of its project in the environment. There is no shell and no terminal, and the secrets are masked in what comes back. `project` says which commands are allowed.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "command": {
                    "type": "array",
                    "items": { "type": "string" },
                    "minItems": 1,
                    "description": "the program and its arguments, a word each",
                },
                "folder": { "type": "string", "description": FOLDER },
                "profile": { "type": "string", "description": "a profile of the project; the default one if nothing is said" },
                "reason": { "type": "string", "description": "why, in a few words, for the user's history" },
                "timeout_seconds": {
                    "type": "integer", "minimum": 1, "maximum": MOST_SECONDS, "default": USUAL_SECONDS,
                },
            },
            "required": ["command"],
            "additionalProperties": false,
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "exit_code": { "type": ["integer", "null"], "description": "null where a signal or the time-out ended it" },
                "timed_out": { "type": "boolean" },
                "stdout": { "type": "string" },
                "stderr": { "type": "string" },
                "left_out_bytes": { "type": "integer", "description": "how much was cut out of the middle of both" },
            },
            "required": ["exit_code", "timed_out", "stdout", "stderr", "left_out_bytes"],
        },
        "annotations": {
            "title": "Run a command with the project's API keys",
            "readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": true,
        },
    })
}

fn keys(which: &str) -> Value {
    let moment = || json!({ "type": ["string", "null"], "description": "RFC 3339, in UTC" });
    json!({
        "type": "object",
        "properties": {
            "keys": {
                "type": "array",
                "description": which,
                "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "state": { "type": "string", "description": "such as `fresh`, `due`, `expired`, `revoked` or `leaked`" },
                        "created": moment(),
                        "changed": moment(),
                        "expires": moment(),
                        "rotate_by": moment(),
                        "tags": { "type": "array", "items": { "type": "string" } },
                    },
                    "required": ["name", "state", "created", "changed", "expires", "rotate_by", "tags"],
                },
            },
            "stores_left_out": {
                "type": "array",
                "items": { "type": "string" },
                "description": "stores that could not be read without asking somebody",
            },
        },
        "required": ["keys", "stores_left_out"],
    })
}

fn reading(title: &str) -> Value {
    json!({ "title": title, "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, arguments: Value) -> Result<Call, Option<String>> {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        read(name, &arguments)
    }

    #[test]
    fn a_command_is_its_words_and_has_a_time() {
        let call = called("run_command", json!({ "command": ["npm", "test"], "timeout_seconds": 5.0, "reason": null }));
        let Ok(Call::RunCommand(command)) = call else { panic!("{call:?}") };
        assert_eq!((command.words, command.patience), (vec!["npm".into(), "test".into()], Duration::from_secs(5)));
        for wrong in [
            json!({}),
            json!({ "command": "npm test" }),
            json!({ "command": [] }),
            json!({ "command": [""] }),
            json!({ "command": ["a\0b"] }),
            json!({ "command": ["a", 1] }),
            json!({ "command": ["a"], "shell": true }),
            json!({ "command": ["a"], "folder": 7 }),
            json!({ "command": ["a"], "timeout_seconds": 0 }),
            json!({ "command": ["a"], "timeout_seconds": 1.5 }),
            json!({ "command": ["a"], "timeout_seconds": 1e300 }),
        ] {
            assert!(matches!(called("run_command", wrong.clone()), Err(Some(_))), "{wrong}");
        }
        assert_eq!(called("list_keys", json!({ "a": 1 })), Err(Some("`list_keys` takes no arguments".into())));
        assert_eq!(called("get", json!({})), Err(None));
    }

    #[test]
    fn every_tool_that_is_listed_can_be_called() {
        for tool in all().as_array().expect("list") {
            let name = tool["name"].as_str().expect("name");
            let called = called(name, json!({ "command": ["a"] }));
            assert!(!matches!(called, Err(None)), "{name}");
            assert_eq!(
                (&tool["inputSchema"]["type"], &tool["outputSchema"]["type"]),
                (&json!("object"), &json!("object"))
            );
        }
    }
}
