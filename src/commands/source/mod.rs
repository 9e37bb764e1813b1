//! `keyctl source`: set secrets managers up, see which keys refer to them, and what their credentials may do.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli::{Source as Arguments, SourceVerb},
    config::{self, Config, sources::Source},
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyName, SourceName},
    reference::Reference,
    terminal::{Terminal, count},
};

use super::{opening, using::Opened};

#[cfg(feature = "sources")]
mod logging_in;
#[cfg(feature = "sources")]
mod testing;
mod writing;

/// What `keyctl source` was asked for.
///
/// # Errors
/// As config, stores and sources have them.
pub fn source(arguments: Arguments, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    match arguments.verb {
        SourceVerb::Add(new) => writing::add(&home, &new, terminal)?,
        SourceVerb::List { json } => list(&config::read(&home)?, json, terminal)?,
        SourceVerb::Show { name, json } => show(&home, &name, json, terminal)?,
        #[cfg(feature = "sources")]
        SourceVerb::Test { name, reason, json } => return testing::test(&home, &name, reason.as_ref(), json, terminal),
        #[cfg(feature = "sources")]
        SourceVerb::Login { name } => logging_in::log_in(&home, &name, terminal)?,
        #[cfg(not(feature = "sources"))]
        SourceVerb::Test { .. } | SourceVerb::Login { .. } => {
            return Err(Failure::new(Kind::Usage, "this keyctl was built without sources").into());
        }
        SourceVerb::Remove { name, yes } => writing::remove(&home, &name, yes, terminal)?,
        SourceVerb::ForgetCache => forget(&home, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A source by its name.
fn named<'c>(config: &'c Config, name: &SourceName) -> Result<&'c Source> {
    config.sources.get(name).ok_or_else(|| {
        let failure = Failure::new(Kind::Missing, format!("there is no source `{name}`"));
        let others: Vec<String> = config.sources.keys().map(|other| format!("`{other}`")).collect();
        let failure = match others.len() {
            0 => failure,
            1 => failure.hint(format!("there is {}", others.concat())),
            _ => failure.hint(format!("there are {}", others.join(", "))),
        };
        failure.hint(format!("set it up: `keyctl source add {name} --type TYPE`"))
    })
}

fn list(config: &Config, as_json: bool, terminal: &Terminal) -> Result<()> {
    if as_json {
        return terminal.json(&config.sources.values().map(as_json_of).collect());
    }
    if config.sources.is_empty() {
        terminal.say("there is no source");
        terminal.hint("set one up: `keyctl source add NAME --type TYPE`");
        return Ok(());
    }
    let mut rows = vec![["NAME", "TYPE", "KEPT FOR", "STORES"].map(str::to_owned).to_vec()];
    rows.extend(config.sources.values().map(|source| {
        vec![source.name.to_string(), source.kind().to_owned(), kept_for(source), stores(source).join(", ")]
    }));
    terminal.table(&rows, &[])
}

fn stores(source: &Source) -> Vec<String> {
    let personal = crate::name::PERSONAL.to_owned();
    [personal].into_iter().chain(source.stores.iter().map(ToString::to_string)).collect()
}

/// How long what was fetched may be used again.
fn kept_for(source: &Source) -> String {
    let Some(cache) = source.cache else { return String::new() };
    let seconds = usize::try_from(cache.as_secs()).unwrap_or(usize::MAX);
    match seconds {
        _ if seconds % 86_400 == 0 => count(seconds / 86_400, "day"),
        _ if seconds % 3_600 == 0 => count(seconds / 3_600, "hour"),
        _ => count(seconds / 60, "minute"),
    }
}

fn as_json_of(source: &Source) -> Value {
    json!({
        "name": source.name.as_str(),
        "type": source.kind(),
        "credentials": source.credentials().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "timeout_s": source.timeout.as_secs(),
        "cache_s": source.cache.map(|cache| cache.as_secs()),
        "stores": stores(source),
    })
}

/// The keys that refer to a source, of every store whose keys may. Each store is seen while it is open.
fn referring(
    home: &Home,
    source: &Source,
    terminal: &Terminal,
    mut see: impl FnMut(Opened, &[(KeyName, Reference)]) -> Result<()>,
) -> Result<Vec<(KeyName, Reference)>> {
    let mut all = Vec::new();
    let others: Vec<Home> = source.stores.iter().filter_map(|store| Home::of(Some(store)).ok()).collect();
    for home in [home.clone()].into_iter().chain(others) {
        let kept = match opening::identity(&home) {
            Err(failure) if failure.kind == Kind::Missing => continue,
            other => other?,
        };
        let payload = opening::store(&home, &kept, terminal)?.read()?;
        let of_source = payload.keys.iter().filter_map(|(name, key)| Some((name.clone(), key.remote()?)));
        let is_it = of_source.filter(|(_, remote)| remote.source == source.name);
        let found: Vec<_> = is_it.map(|(name, remote)| (name, remote.reference)).collect();
        see(Opened::by_nobody(&home, &kept, &payload), &found)?;
        all.extend(found);
    }
    Ok(all)
}

fn show(home: &Home, name: &SourceName, as_json: bool, terminal: &Terminal) -> Result<()> {
    let config = config::read(home)?;
    let source = named(&config, name)?;
    let keys = referring(home, source, terminal, |_, _| Ok(()))?;
    if as_json {
        let mut said = as_json_of(source);
        let key = |(name, reference): &(KeyName, Reference)| json!({ "name": name.to_string(), "ref": reference.to_string() });
        said["keys"] = keys.iter().map(key).collect();
        return terminal.json(&said);
    }
    let mut rows = vec![
        vec!["name".to_owned(), name.to_string()],
        vec!["type".into(), source.kind().into()],
        vec![
            "waits".into(),
            format!("{} at most", count(usize::try_from(source.timeout.as_secs()).unwrap_or(0), "second")),
        ],
    ];
    for key in source.credentials() {
        rows.push(vec!["credential".into(), format!("the key `{key}`")]);
    }
    if source.cache.is_some() {
        rows.push(vec!["kept for".into(), kept_for(source)]);
    }
    if !source.stores.is_empty() {
        rows.push(vec!["stores".into(), stores(source).join(", ")]);
    }
    rows.extend(keys.iter().map(|(name, reference)| vec!["key".into(), format!("`{name}` at `{reference}`")]));
    if keys.is_empty() {
        rows.push(vec!["key".into(), format!("none yet: `keyctl set NAME --source {name} --ref REF`")]);
    }
    terminal.table(&rows, &[])
}

/// Lets go what is kept of sources, for every store.
fn forget(home: &Home, terminal: &Terminal) -> Result<()> {
    let others = Home::all()?.into_iter().filter_map(|store| Home::named(Some(&store)).ok());
    // Also with a config that cannot be read.
    #[cfg(feature = "sources")]
    let config = config::read(home).unwrap_or_default();
    let mut gone = 0;
    for home in [home.clone()].into_iter().chain(others) {
        #[cfg(feature = "sources")]
        super::sourcing::keep_nothing_on_its_way(&home, &config)?;
        let path = home.file(CACHE);
        match std::fs::remove_file(&path) {
            Ok(()) => gone += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::disk("remove", &path, &error)),
        }
    }
    let said = if gone == 0 { "nothing was kept of any source" } else { "let go what was kept of all sources" };
    terminal.say(said);
    Ok(())
}

/// The file of what is kept, also where this keyctl was built without what reads it.
const CACHE: &str = "sources.cache";
