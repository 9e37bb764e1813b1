//! Reading fnox's `fnox.toml`: which secrets it has that are encrypted with age, and those age files ("Age", fnox's
//! documentation). Each is Base64 in the place of a value, under a provider of the type `age`.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use toml::{Table, Value};

use super::as_text;
use crate::failure::{Failure, Kind, Result};

/// One secret, still encrypted.
pub struct Sealed {
    /// What it is called, a profile's name before it.
    pub words: Vec<String>,
    /// The age file.
    pub file: Vec<u8>,
    /// What its owner wrote of it.
    pub description: Option<String>,
}

/// All that such a file says.
#[derive(Default)]
pub struct Fnox {
    /// What age opens.
    pub sealed: Vec<Sealed>,
    /// Where the identity is, as the file says.
    pub key_file: Option<PathBuf>,
    /// How many secrets somebody else keeps.
    pub elsewhere: usize,
}

/// The part of a profile, and of the whole file.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Part {
    default_provider: Option<String>,
    age_key_file: Option<PathBuf>,
    providers: Table,
    secrets: Table,
    profiles: Table,
}

/// Reads a whole file.
///
/// # Errors
/// `Usage` when it is no such file; nothing of it is quoted.
pub fn read(text: &[u8]) -> Result<Fnox> {
    let text = as_text(text)?;
    let whole: Part = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Failure::new(Kind::Usage, format!("line {line}: this is not as fnox writes it"))
    })?;
    let mut fnox = Fnox { key_file: whole.age_key_file.clone(), ..Fnox::default() };
    take(&whole, &whole, None, &mut fnox);
    for (name, profile) in &whole.profiles {
        let part = profile
            .clone()
            .try_into::<Part>()
            .map_err(|_| Failure::new(Kind::Usage, "a profile is not as fnox writes it"))?;
        take(&part, &whole, Some(name), &mut fnox);
    }
    Ok(fnox)
}

fn take(part: &Part, whole: &Part, profile: Option<&str>, fnox: &mut Fnox) {
    let provider =
        |name: &str| part.providers.get(name).or_else(|| whole.providers.get(name)).and_then(Value::as_table);
    let usual = part.default_provider.as_deref().or(whole.default_provider.as_deref());
    for (name, secret) in &part.secrets {
        let text = |field: &str| secret.get(field).and_then(Value::as_str);
        let by = text("provider").or(usual).and_then(provider);
        let by_age = by.filter(|by| by.get("type").and_then(Value::as_str) == Some("age"));
        let (Some(by), Some(value)) = (by_age, text("value")) else {
            fnox.elsewhere += 1;
            continue;
        };
        fnox.key_file = fnox.key_file.take().or_else(|| by.get("key_file")?.as_str().map(PathBuf::from));
        let file = STANDARD.decode(value.trim()).unwrap_or_else(|_| value.as_bytes().to_vec());
        let words = profile.into_iter().chain([name.as_str()]).map(str::to_owned).collect();
        fnox.sealed.push(Sealed { words, file, description: text("description").map(str::to_owned) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_age_opens_is_found_in_the_file_and_its_profiles() {
        let text = "default_provider = \"mine\"\n[providers]\nmine = { type = \"age\", recipients = [\"age1x\"], key_file = \"~/k.txt\" }\n\
                    op = { type = \"1password\", vault = \"x\" }\n[secrets]\nA = { value = \"YWJj\", description = \"d\" }\n\
                    B = { provider = \"op\", value = \"x/y\" }\nC = { default = \"plain\" }\nD = { provider = \"gone\", value = \"x\" }\n\
                    [profiles.prod.secrets]\nA = { provider = \"mine\", value = \"not base64!\" }\n";
        let fnox = read(text.as_bytes()).expect("read");
        let sealed: Vec<_> = fnox.sealed.iter().map(|one| (one.words.join("/"), one.file.as_slice())).collect();
        assert_eq!(sealed, [("A".to_owned(), &b"abc"[..]), ("prod/A".to_owned(), b"not base64!")]);
        assert_eq!((fnox.elsewhere, fnox.key_file), (3, Some("~/k.txt".into())));
        assert_eq!(fnox.sealed[0].description.as_deref(), Some("d"));
        assert!(read(b"").expect("empty").sealed.is_empty());
    }

    #[test]
    fn what_is_something_else_is_told_by_its_line_and_never_quoted() {
        for (text, said) in [
            ("[secrets]\nA = { value = \"SECRET }\n", "line 2: this is not as fnox writes it"),
            ("secrets = \"SECRET\"\n", "line 1: this is not as fnox writes it"),
            ("[profiles]\na = \"SECRET\"\n", "a profile is not as fnox writes it"),
        ] {
            let failure = read(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }
}
