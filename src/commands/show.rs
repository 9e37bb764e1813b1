//! `keyctl show` and `keyctl list`: what is known of keys, never their secrets.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli,
    date::Moment,
    failure::Kind,
    home::Home,
    name::KeyName,
    store::payload::Key,
    terminal::{Terminal, count},
};

use super::opening;

/// Shows one key.
///
/// # Errors
/// As the store has them.
pub fn show(arguments: &cli::Show, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let key = payload.key(&arguments.name)?;
    if arguments.json {
        terminal.json(&facts(&arguments.name, key))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Moment::now();
    let when = |moment: Moment| format!("{} ({})", moment.local(), moment.ago(now));
    let form = if key.value.is_text() { "text" } else { "bytes that are no text" };
    let mut rows = vec![
        vec!["name".to_owned(), arguments.name.to_string()],
        vec![
            "secret".into(),
            format!(
                "{}, {form} (to print it: `{} get {}`)",
                count(key.value.len(), "byte"),
                terminal.program(),
                arguments.name
            ),
        ],
        vec!["kept since".into(), when(key.created)],
    ];
    if key.changed != key.created {
        rows.push(vec!["changed".into(), when(key.changed)]);
    }
    if !key.former.is_empty() {
        rows.push(vec!["former".into(), count(key.former.len(), "secret")]);
    }
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

/// Lists all keys.
///
/// # Errors
/// As the store has them. That no key was ever kept is a failure, but an empty list in JSON.
pub fn list(arguments: &cli::List, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kept = match opening::identity(&home) {
        Err(failure) if arguments.json && failure.kind == Kind::Missing => {
            terminal.json(&Value::Array(Vec::new()))?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other?,
    };
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    if arguments.json {
        let keys: Vec<Value> = payload.keys.iter().map(|(name, key)| facts(name, key)).collect();
        terminal.json(&keys.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if payload.keys.is_empty() {
        terminal.say("no key is kept");
        return Ok(ExitCode::SUCCESS);
    }
    let now = Moment::now();
    let mut rows = vec![vec!["NAME".to_owned(), "CHANGED".into(), "FORMER".into()]];
    rows.extend(payload.keys.iter().map(|(name, key)| {
        let former = if key.former.is_empty() { String::new() } else { key.former.len().to_string() };
        vec![name.to_string(), key.changed.ago(now), former]
    }));
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

fn facts(name: &KeyName, key: &Key) -> Value {
    json!({
        "name": name.as_str(),
        "created": key.created,
        "changed": key.changed,
        "bytes": key.value.len(),
        "text": key.value.is_text(),
        "former": key.former.iter().map(|former| json!({ "until": former.until })).collect::<Vec<_>>(),
    })
}
