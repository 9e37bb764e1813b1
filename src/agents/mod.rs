//! Coding agents that ask a program of the user's before they run a command in their shell, and take another command from it.
//!
//! So keys get to the commands that the user names (`[agents]` of `config.toml`) and to no other, masked in what comes back,
//! without the agent having to know of it. Whatever goes wrong here leaves a command as it is: no agent is held up by a key.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::plain::shell_word;

pub mod answer;
pub mod command_line;
pub mod settings;

/// How long an agent waits for an answer: it takes milliseconds.
const SECONDS: u64 = 10;

/// An agent with such a hook, and where that is said (all read in November 2026).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// <https://code.claude.com/docs/en/hooks>
    ClaudeCode,
    /// <https://developers.openai.com/codex/hooks>
    Codex,
    /// <https://cursor.com/docs/agent/hooks>
    Cursor,
    /// <https://geminicli.com/docs/hooks/reference>
    GeminiCli,
}

impl Agent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClaudeCode, Self::Codex, Self::Cursor, Self::GeminiCli];

    /// What it is called in commands.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::GeminiCli => "gemini-cli",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
            Self::GeminiCli => "Gemini CLI",
        }
    }

    /// The user's own settings of it, in which its hooks stand.
    #[must_use]
    pub fn settings_file(self, home: &Path, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
        let folder = |name: Option<&str>, usual: &str| {
            let said = name.and_then(variable).filter(|folder| !folder.is_empty());
            said.map_or_else(|| home.join(usual), PathBuf::from)
        };
        match self {
            Self::ClaudeCode => folder(Some("CLAUDE_CONFIG_DIR"), ".claude").join("settings.json"),
            Self::Codex => folder(Some("CODEX_HOME"), ".codex").join("hooks.json"),
            Self::Cursor => folder(None, ".cursor").join("hooks.json"),
            Self::GeminiCli => folder(None, ".gemini").join("settings.json"),
        }
    }

    /// What its hook before a tool is called.
    fn event(self) -> &'static str {
        match self {
            Self::ClaudeCode | Self::Codex => "PreToolUse",
            Self::Cursor => "preToolUse",
            Self::GeminiCli => "BeforeTool",
        }
    }

    /// What its shell is called.
    fn shell(self) -> &'static str {
        match self {
            Self::ClaudeCode | Self::Codex => "Bash",
            Self::Cursor => "Shell",
            Self::GeminiCli => "run_shell_command",
        }
    }

    /// Whether it takes another line only together with a yes to it, which must not speak for what else stands in the line.
    #[must_use]
    pub fn takes_yes_alone(self) -> bool {
        matches!(self, Self::Codex | Self::Cursor)
    }

    /// What stands in its settings, so that it calls `command`.
    fn entry(self, command: &str) -> Value {
        match self {
            Self::ClaudeCode | Self::Codex => json!({
                "matcher": self.shell(),
                "hooks": [{ "type": "command", "command": command, "timeout": SECONDS }],
            }),
            Self::GeminiCli => json!({
                "matcher": self.shell(),
                "hooks": [{ "type": "command", "name": "keyctl", "command": command, "timeout": SECONDS * 1000 }],
            }),
            Self::Cursor => json!({ "matcher": self.shell(), "command": command, "timeout": SECONDS }),
        }
    }

    /// What it calls: this program, by its whole path.
    #[must_use]
    pub fn call(self, program: &str) -> String {
        format!("{} {}", quoted(program), self.ending())
    }

    /// How its call ends, wherever the program lies.
    fn ending(self) -> String {
        format!("agent hook {}", self.word())
    }
}

/// A word as a shell takes it for one.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if cfg!(windows) {
        return format!("\"{word}\"");
    }
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { shell_word(word) }
}
