//! `[sources.NAME]` of `type = "command"`: a program of the user's that prints a secret.
//!
//! ```toml
//! [sources.onepassword]
//! type = "command"
//! command = ["op", "read", "--no-newline", "op://{path}"]  # `{path}`, `{version}` and `{field}` of the reference; no shell
//! json = true                                              # what is printed is a JSON object; `#field` is one of its members
//! ```

use crate::{
    config::rotation,
    profile::table::{Reader, Table, Value},
};

/// Its own fields.
pub(super) const FIELDS: &[&str] = &["command", "json"];

/// What stands for the parts of a reference.
pub const PLACES: [&str; 3] = ["{path}", "{version}", "{field}"];

/// A program that prints a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Whether it prints a JSON object whose members are fields.
    pub json: bool,
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Command> {
    let json = fields.get("json").is_some_and(|value| reader.truth(value));
    let Some(value) = fields.get("command") else {
        reader.wrong(at.span().start, "`command` has to be here: a program and its arguments");
        return None;
    };
    let command = rotation::command(reader, value)?;
    let has = |place: &str| command.iter().skip(1).any(|word| word.contains(place));
    if PLACES.iter().any(|place| command[0].contains(place)) {
        reader.wrong(value.span().start, "a reference does not choose the program, only what it is told");
        return None;
    }
    if !has("{path}") {
        reader.wrong(value.span().start, "`{path}` has to be in one of the arguments: it is where the secret lies");
        return None;
    }
    if json && has("{field}") {
        reader.wrong(
            value.span().start,
            "with `json` the field is taken from what is printed, and `{field}` is no argument",
        );
        return None;
    }
    Some(Command { command, json })
}
