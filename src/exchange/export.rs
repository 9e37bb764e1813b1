//! Writing keys for a shell, a file or a runner.
//!
//! One contract for all formats: what the real program reads back is the value byte for byte, or the value is refused
//! with a format that can carry it. All refusals are told at once, before anything is written. `shell` and `document`
//! say for each format what it can carry and how.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use super::{document, page::Page, shell, tell};
use crate::{
    failure::{Failure, Kind, Result},
    name::VariableName,
    secret::Secret,
};

/// Who is to read the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A `.env` file for npm's dotenv, python-dotenv and ourselves.
    Dotenv,
    /// Any POSIX shell.
    Sh,
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// `PowerShell`, the Windows one and the newer one.
    Powershell,
    /// A JSON object of strings.
    Json,
    /// A YAML mapping of strings.
    Yaml,
    /// Docker's `--env-file`.
    Docker,
    /// GitHub Actions' `$GITHUB_ENV`.
    Github,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Format; 10] = [
        Format::Dotenv,
        Format::Sh,
        Format::Bash,
        Format::Zsh,
        Format::Fish,
        Format::Powershell,
        Format::Json,
        Format::Yaml,
        Format::Docker,
        Format::Github,
    ];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Dotenv => "dotenv",
            Format::Sh => "sh",
            Format::Bash => "bash",
            Format::Zsh => "zsh",
            Format::Fish => "fish",
            Format::Powershell => "powershell",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::Docker => "docker",
            Format::Github => "github",
        }
    }

    /// Why this format cannot carry this value under this name.
    fn objection(self, name: &str, value: &[u8]) -> Option<&'static str> {
        if value.contains(&0) {
            return Some("it holds a NUL, which no environment can");
        }
        match self {
            Format::Dotenv => document::dotenv_objects(value),
            Format::Sh => shell::sh_objects(name),
            Format::Bash => shell::bash_objects(name),
            Format::Zsh => shell::zsh_objects(name),
            Format::Fish => shell::fish_objects(name),
            Format::Powershell => shell::powershell_objects(value),
            Format::Json | Format::Yaml => document::text_objects(value),
            Format::Docker => document::docker_objects(name, value),
            Format::Github => document::github_objects(name, value),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names: Vec<String> = Self::ALL.iter().map(|format| format!("`{format}`")).collect();
            Failure::new(Kind::Usage, "there is no such format").hint(format!("use one of {}", names.join(", ")))
        })
    }
}

/// Why this format cannot carry this value under this name, if it cannot.
#[must_use]
pub fn objection(format: Format, name: &VariableName, value: &Secret) -> Option<&'static str> {
    format.objection(name.as_str(), value.expose())
}

/// Writes all pairs.
///
/// # Errors
/// When this format cannot carry some of them: all are named, with the reason and a format that can.
pub fn write(format: Format, pairs: &[(VariableName, &Secret)]) -> Result<Zeroizing<Vec<u8>>> {
    let refused: Vec<Refused> = pairs.iter().filter_map(|(name, value)| Refused::by(format, name, value)).collect();
    if !refused.is_empty() {
        return Err(unwritable(format, &refused));
    }
    let mut page = Page::with_room_for(pairs);
    match format {
        Format::Sh => each(pairs, |name, value| shell::write_sh(&mut page, name, value)),
        Format::Bash | Format::Zsh => each(pairs, |name, value| shell::write_bash(&mut page, name, value)),
        Format::Fish => each(pairs, |name, value| shell::write_fish(&mut page, name, value)),
        Format::Powershell => each(pairs, |name, value| shell::write_powershell(&mut page, name, value)),
        Format::Dotenv => texts(pairs).for_each(|(name, text)| document::write_dotenv(&mut page, name, text)),
        Format::Docker => texts(pairs).for_each(|(name, text)| document::write_docker(&mut page, name, text)),
        Format::Github => texts(pairs).try_for_each(|(name, text)| document::write_github(&mut page, name, text))?,
        Format::Json => json(&mut page, pairs),
        Format::Yaml => yaml(&mut page, pairs),
    }
    Ok(page.finish())
}

fn each(pairs: &[(VariableName, &Secret)], mut write: impl FnMut(&str, &[u8])) {
    for (name, value) in pairs {
        write(name.as_str(), value.expose());
    }
}

/// The pairs of a text format, which has refused what is not text.
fn texts<'a>(pairs: &'a [(VariableName, &'a Secret)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.iter().filter_map(|(name, value)| Some((name.as_str(), value.expose_text()?)))
}

/// An object, one member a line.
fn json(page: &mut Page, pairs: &[(VariableName, &Secret)]) {
    page.text("{");
    for (count, (name, text)) in texts(pairs).enumerate() {
        page.text(if count == 0 { "\n  " } else { ",\n  " });
        document::json_string(page, name);
        page.text(": ");
        document::json_string(page, text);
    }
    page.text(if pairs.is_empty() { "}\n" } else { "\n}\n" });
}

/// A mapping, one entry a line; an empty document would be null.
fn yaml(page: &mut Page, pairs: &[(VariableName, &Secret)]) {
    for (name, text) in texts(pairs) {
        document::yaml_string(page, name);
        page.text(": ");
        document::yaml_string(page, text);
        page.text("\n");
    }
    if pairs.is_empty() {
        page.text("{}\n");
    }
}

/// A variable that the format cannot carry.
struct Refused {
    name: VariableName,
    reason: &'static str,
    instead: Option<Format>,
}

impl Refused {
    fn by(format: Format, name: &VariableName, value: &Secret) -> Option<Self> {
        let objection = |format: Format| format.objection(name.as_str(), value.expose());
        let reason = objection(format)?;
        let instead = [Format::Json, Format::Bash, Format::Zsh, Format::Fish];
        let instead = instead.into_iter().find(|&other| objection(other).is_none());
        Some(Self { name: name.clone(), reason, instead })
    }
}

/// One failure out of all refusals.
fn unwritable(format: Format, refused: &[Refused]) -> Failure {
    let way_out = |one: &Refused| match one.instead {
        Some(instead) => format!("`--format {instead}` can carry it"),
        None => "leave it out: no format can carry it".to_owned(),
    };
    if let [only] = refused {
        let message = format!("cannot write `{}` as {format}: {}", only.name, only.reason);
        return Failure::new(Kind::Usage, message).hint(way_out(only));
    }
    let failure = Failure::new(Kind::Usage, format!("cannot write {} variables as {format}", refused.len()));
    tell(failure, refused.iter().map(|one| format!("`{}`: {}; {}", one.name, one.reason, way_out(one))))
}

#[cfg(test)]
mod tests;
