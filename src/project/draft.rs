//! Writing a first project file, for `keyctl init`: what it writes, the parser reads back as the same.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    name::{KeyName, VariableName},
    profile::{Form, Source},
};

/// What a new project file says of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A key that has to be there.
    Key(KeyName),
    /// A key that the command can do without.
    Optional(KeyName),
    /// A plain setting.
    Value(String),
}

impl From<Choice> for Source {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Key(name) => Self::key(name.into()),
            Choice::Optional(name) => Self::Key { name: name.into(), optional: true, form: Form::Variable },
            Choice::Value(text) => Self::Value(text),
        }
    }
}

/// The text of a new project file, sorted by variable; of two for one variable the later one counts.
#[must_use]
pub fn write(env: &[(VariableName, Choice)]) -> String {
    let mut text = String::from(
        "# Keys this project needs, as variables of its commands: VARIABLE = \"a key's name in your store\".\n\
         # Safe to commit: no secret stands here, and nobody's keys are used before they have looked and said\n\
         # `keyctl allow`. Then `keyctl run -- COMMAND` starts a command with them.\n\n[env]\n",
    );
    let env: BTreeMap<_, _> = env.iter().map(|(variable, choice)| (variable, choice)).collect();
    let width = env.keys().map(|variable| variable.as_str().len()).max().unwrap_or(0);
    for (variable, choice) in &env {
        let _ = write!(text, "{:width$} = ", variable.as_str());
        let _ = match choice {
            Choice::Key(name) => writeln!(text, "\"{name}\""),
            Choice::Optional(name) => writeln!(text, "{{ key = \"{name}\", optional = true }}"),
            Choice::Value(value) => writeln!(text, "{{ value = {} }}", quoted(value)),
        };
    }
    if env.is_empty() {
        text.push_str("# OPENAI_API_KEY = \"openai/dev\"\n");
    }
    text.push_str(
        "\n# Another choice of keys, taken with `keyctl run --profile prod -- COMMAND`:\n\
         # [profiles.prod]\n# extends = \"default\"\n# env = { OPENAI_API_KEY = \"openai/prod\" }\n",
    );
    text
}

/// A text as TOML writes it in one line. Characters that hide or turn others around are written by number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}') =>
            {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        failure::Result,
        project::{
            file::{ProjectFile, parse},
            find::Found,
            place::Place,
        },
    };

    fn project(bytes: &[u8]) -> Result<ProjectFile> {
        let folder = PathBuf::from("/p");
        let place = Place::folder(&folder);
        parse(Found { path: "/p/x".into(), folder, place, bytes: bytes.to_vec() }, |_| false)
    }

    fn any_choice() -> impl Strategy<Value = Choice> {
        let key = "[A-Za-z_][A-Za-z0-9_./+-]{0,20}".prop_map(|name| name.parse::<KeyName>().unwrap());
        prop_oneof![
            key.clone().prop_map(Choice::Key),
            key.prop_map(Choice::Optional),
            any::<String>().prop_filter("no NUL", |text| !text.contains('\0')).prop_map(Choice::Value)
        ]
    }

    #[test]
    fn a_new_file_is_pleasant_to_read() {
        let env = [
            ("STRIPE", Choice::Optional("stripe/test".parse().unwrap())),
            ("OPENAI_API_KEY", Choice::Key("openai/dev".parse().unwrap())),
            ("LOG", Choice::Value("a \"b\"\n\u{202e}".into())),
        ]
        .map(|(variable, choice)| (variable.parse().unwrap(), choice));
        assert!(write(&env).contains(
            "\n[env]\nLOG            = { value = \"a \\\"b\\\"\\n\\u202E\" }\nOPENAI_API_KEY = \"openai/dev\"\n\
             STRIPE         = { key = \"stripe/test\", optional = true }\n"
        ));
        assert!(project(write(&[]).as_bytes()).unwrap().grants.is_empty());
    }

    proptest! {
        // Names that belong to no family of those which a project may not set: `X_CA_Q` does.
        #[test]
        fn what_is_written_reads_back(env in prop::collection::btree_map("X_[B-DF-HJ-NP-TV-Z0-9]{0,12}Q", any_choice(), 0..8)) {
            let env: Vec<(VariableName, Choice)> =
                env.into_iter().map(|(variable, choice)| (variable.parse().unwrap(), choice)).collect();
            let read = project(write(&env).as_bytes()).unwrap();
            let expected = env.into_iter().map(|(variable, choice)| (variable, choice.into())).collect();
            prop_assert_eq!(&read.profiles.0["default"].env, &expected);
        }
    }
}
