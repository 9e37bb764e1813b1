//! Coding agents, as far as they say so: each sets a variable of its own in the commands it starts.
//!
//! That is a guess and never more: whoever starts keyctl can set such a variable or take it away, and a person may have
//! been handed a shell by an agent. So whatever shows it says "perhaps", and a rule that rests on it makes honest agents
//! say why, and stops no other.
//!
//! Left out on purpose: `CURSOR_TRACE_ID`, which Cursor sets for the person at its terminal too; `AIDER_*` and `CLINE_*`
//! beside the one below, which are a user's own settings; `REPL_ID`, which stands for a machine and not for an agent.

use std::ffi::OsString;

/// A variable, the value it must have if that matters, the agent, and where that is said.
type Marker = (&'static str, Option<&'static str>, &'static str, &'static str);

/// The first that is set counts: Amp also sets what Claude Code does.
const MARKERS: &[Marker] = &[
    ("AGENT", Some("amp"), "Amp", "https://github.com/agentsmd/agents.md/issues/136"),
    ("CLAUDECODE", Some("1"), "Claude Code", "https://code.claude.com/docs/en/env-vars"),
    ("CURSOR_AGENT", None, "Cursor", "https://forum.cursor.com/t/151935"),
    ("GEMINI_CLI", Some("1"), "Gemini CLI", "https://google-gemini.github.io/gemini-cli/docs/tools/shell.html"),
    ("CODEX_SANDBOX", None, "Codex", "https://developers.openai.com/codex/environment-variables"),
    ("CODEX_SANDBOX_NETWORK_DISABLED", None, "Codex", "https://developers.openai.com/codex/environment-variables"),
    ("CODEX_THREAD_ID", None, "Codex", "https://developers.openai.com/codex/environment-variables"),
    ("GOOSE_TERMINAL", None, "goose", "https://github.com/block/goose/tree/main/crates/goose-mcp/src/developer"),
    ("AGENT", Some("goose"), "goose", "https://github.com/agentsmd/agents.md/issues/136"),
    ("CLINE_ACTIVE", None, "Cline", "https://github.com/cline/cline/discussions/5366"),
    ("AUGMENT_AGENT", None, "Augment", "https://github.com/vercel/vercel/tree/main/packages/detect-agent"),
    ("ANTIGRAVITY_AGENT", None, "Antigravity", "https://github.com/vercel/vercel/tree/main/packages/detect-agent"),
    ("OPENCODE", None, "opencode", "https://github.com/anomalyco/opencode/tree/dev/packages/opencode/src"),
];

/// The variable in which an agent may say its own name (<https://github.com/vercel/vercel/tree/main/packages/detect-agent>).
pub const NAMED: &str = "AI_AGENT";
/// The most letters of such a name.
const LONGEST: usize = 32;

/// The coding agent that perhaps started this process, by its environment.
#[must_use]
pub fn perhaps(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let is_set = |name: &str, wanted: Option<&str>| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.is_some_and(|value| wanted.is_none_or(|wanted| value == wanted))
    };
    let known = MARKERS.iter().find(|(name, wanted, ..)| is_set(name, *wanted));
    known.map(|(_, _, agent, _)| (*agent).to_owned()).or_else(|| {
        let named = variable(NAMED).filter(|name| !name.is_empty())?;
        Some(own_name(&named.to_string_lossy()))
    })
}

/// A name as it is kept: letters, digits and `-` of its beginning; what has no letter says only that there is an agent.
#[must_use]
pub fn own_name(text: &str) -> String {
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').take(LONGEST).collect();
    if name.chars().any(|c| c.is_ascii_alphabetic()) { name } else { "an agent".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(set: &[(&str, &str)]) -> Option<String> {
        perhaps(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn an_agent_is_told_by_its_variable_and_a_person_is_not() {
        for (name, wanted, agent, source) in MARKERS {
            assert_eq!(told(&[(name, wanted.unwrap_or("x"))]).as_deref(), Some(*agent));
            assert!(source.starts_with("https://"));
        }
        for set in [
            &[][..],
            &[("CLAUDECODE", "")],
            &[("AI_AGENT", "")],
            &[("CLAUDECODE", "0")],
            &[("AGENT", "/tmp/ssh-agent.sock")],
            &[("CURSOR_TRACE_ID", "1")],
            &[("AIDER_MODEL", "x")],
        ] {
            assert_eq!(told(set), None, "{set:?}");
        }
    }

    #[test]
    fn amp_sets_the_variable_of_another_too() {
        assert_eq!(told(&[("CLAUDECODE", "1"), ("AGENT", "amp")]).as_deref(), Some("Amp"));
    }

    #[test]
    fn an_agent_may_say_its_own_name_in_plain_letters_only() {
        let named = |text: &str| told(&[("AI_AGENT", text)]).expect("told");
        assert_eq!(named("devin@1.2"), "devin");
        assert_eq!(named("claude-code_2.1.0"), "claude-code");
        for odd in ["1", "\u{1b}[31mred", "-"] {
            assert_eq!(named(odd), "an agent");
        }
        assert_eq!(named(&"a".repeat(99)).len(), LONGEST);
    }
}
