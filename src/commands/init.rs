//! `keyctl init`: write a project's `.keyctl.toml`, from a `.env` or by asking.
//!
//! The file is made to be committed, so nothing that could be a secret goes into it: only words that are plainly settings
//! are written down, every other variable becomes the name of a key.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli,
    exchange::dotenv,
    failure::{Failure, Kind, Result},
    home,
    name::{KeyName, VariableName},
    platform,
    profile::variables,
    project::{
        file::{self, Choice},
        find,
    },
    secret::Secret,
    terminal::{Terminal, count},
};

/// The most bytes of a file to take variables from: 1 MiB.
const LARGEST: usize = 1024 * 1024;

/// Writes the file.
///
/// # Errors
/// `Negative` when there is one already.
pub fn init(arguments: &cli::Init, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let path = Path::new(find::NAME);
    if path.symlink_metadata().is_ok() {
        let is_empty = path.symlink_metadata().is_ok_and(|facts| facts.is_file() && facts.len() == 0);
        let failure = Failure::new(Kind::Negative, format!("`{}` exists already", path.display()));
        let hint = "change it with an editor; it holds no secret";
        return Err(failure.hint(if is_empty { "it is empty: remove it, then try again" } else { hint }).into());
    }
    let (from, named) = gather(arguments, terminal)?;
    let in_use = from.as_ref().is_some_and(|from| from.ends_with(".env"));
    let (env, refused) = choose(named, &arguments.prefix, in_use)?;
    if env.is_empty() {
        return Err(Failure::new(Kind::Usage, "there is no variable to write down")
            .hint("name them: `keyctl init OPENAI_API_KEY STRIPE_API_KEY`")
            .into());
    }
    write_new(path, &file::write(&env))?;
    let keys = env.iter().filter(|(_, choice)| !matches!(choice, Choice::Value(_))).count();
    let source = from.as_ref().map(|from| format!(" from `{}`", from.display())).unwrap_or_default();
    terminal.say(&format!(
        "wrote `{}`{source}: {}, {}",
        path.display(),
        count(keys, "key"),
        count(env.len() - keys, "plain setting")
    ));
    if !refused.is_empty() {
        terminal.warn(&format!("left out, because a project file cannot set them: {}", refused.join(", ")));
    }
    let prefix = if arguments.prefix.is_empty() { String::new() } else { format!(" --prefix {}", arguments.prefix) };
    match from.filter(|from| from.ends_with(".env")) {
        Some(from) => {
            terminal
                .hint(&format!("keep their secrets: `keyctl import {}{prefix}`, then `keyctl allow`", from.display()));
        }
        None => terminal.hint("keep each secret with `keyctl set NAME`, then `keyctl allow`"),
    }
    Ok(ExitCode::SUCCESS)
}

type Named = Vec<(VariableName, Option<Secret>)>;
type Env = Vec<(VariableName, Choice)>;

/// Where the variables come from: the call, a file, or answers.
fn gather(arguments: &cli::Init, terminal: &Terminal) -> Result<(Option<PathBuf>, Named)> {
    if !arguments.variables.is_empty() {
        return Ok((None, arguments.variables.iter().map(|name| (name.clone(), None)).collect()));
    }
    let there = |name: &str| Some(PathBuf::from(name)).filter(|path| path.is_file());
    if let Some(path) = arguments.from.clone().or_else(|| there(".env.example")).or_else(|| there(".env")) {
        let named = read(&path)?;
        return Ok((Some(path), named));
    }
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Usage, "there is no `.env.example` and no `.env` here to take variables from")
            .hint("name them: `keyctl init OPENAI_API_KEY STRIPE_API_KEY`"));
    }
    Ok((None, ask(terminal)?))
}

fn read(path: &Path) -> Result<Named> {
    let Some((bytes, _)) = home::read_named(path, LARGEST)? else {
        return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", path.display())));
    };
    let bytes = Secret::new(bytes);
    let entries = dotenv::read(bytes.expose())?.entries;
    Ok(entries.into_iter().filter_map(|entry| Some((entry.name.as_str().parse().ok()?, Some(entry.value)))).collect())
}

fn ask(terminal: &Terminal) -> Result<Named> {
    let mut named = Vec::new();
    loop {
        let answer = terminal.ask("a variable this project needs (empty: that is all): ")?;
        match answer.trim() {
            "" => return Ok(named),
            text => match text.parse() {
                Ok(name) => named.push((name, None)),
                Err(why) => terminal.warn(&crate::name::BadName::to_string(&why)),
            },
        }
    }
}

/// Settings as they are, everything else as keys; and the names that a project file cannot set.
fn choose(named: Named, prefix: &str, in_use: bool) -> Result<(Env, Vec<String>)> {
    let mut env = BTreeMap::new();
    let mut refused = Vec::new();
    for (name, value) in named {
        let setting = value.as_ref().and_then(Secret::expose_text).filter(|text| is_plain_setting(name.as_str(), text));
        let not_for_projects =
            if setting.is_some() { variables::refused_for_value(&name) } else { variables::refused_for_key(&name) };
        if not_for_projects {
            refused.push(format!("`{name}`"));
            continue;
        }
        let choice = if let Some(text) = setting {
            Choice::Value(text.to_owned())
        } else {
            let key: KeyName = format!("{prefix}{name}")
                .parse()
                .map_err(|why| Failure::new(Kind::Usage, format!("with this prefix {why}")))?;
            // A `.env` with nothing after the name says that the project can do without.
            let empty = in_use && value.as_ref().is_some_and(Secret::is_empty);
            if empty { Choice::Optional(key) } else { Choice::Key(key) }
        };
        env.insert(name, choice);
    }
    Ok((env.into_iter().collect(), refused))
}

/// Whether a value is certainly no secret: a truth, a small number, or a word every program knows; and its name does not
/// speak of one.
fn is_plain_setting(name: &str, value: &str) -> bool {
    const WORDS: &[&str] = &[
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "debug",
        "info",
        "warn",
        "warning",
        "error",
        "trace",
        "development",
        "dev",
        "production",
        "prod",
        "staging",
        "test",
        "testing",
        "local",
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "utf-8",
        "json",
        "text",
    ];
    const TELLING: &[&str] = &["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "AUTH", "PIN", "PRIVATE", "SALT"];
    let upper = name.to_ascii_uppercase();
    let number = !value.is_empty() && value.len() <= 5 && value.bytes().all(|byte| byte.is_ascii_digit());
    !TELLING.iter().any(|part| upper.contains(part)) && (number || WORDS.contains(&value.to_lowercase().as_str()))
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let write = || {
        let mut file = platform::create_shared(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| Failure::disk("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::is_plain_setting;

    #[test]
    fn only_what_is_certainly_no_secret_is_taken_for_a_setting() {
        for (name, value) in [("PORT", "3000"), ("DEBUG", "true"), ("LOG_LEVEL", "info"), ("NODE_ENV", "development")] {
            assert!(is_plain_setting(name, value), "{name}");
        }
        for (name, value) in [
            ("PIN", "1234"),
            ("API_KEY", "test"),
            ("DB_PASSWORD", "local"),
            ("PORT", "sk-123"),
            ("HOST", "db.internal"),
            ("X", ""),
            ("N", "123456"),
        ] {
            assert!(!is_plain_setting(name, value), "{name}");
        }
    }
}
