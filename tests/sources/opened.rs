//! A source as the user's `config.toml` has it.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use keyctl::{
    config,
    date::Moment,
    failure::Result,
    name::KeyPath,
    reference::Reference,
    secret::Secret,
    source::{self, Means, Source},
};

/// Opens what stands in a table called `corp`, with these keys as its credentials.
pub fn open(table: &str, credentials: &[(&str, &str)]) -> Result<Box<dyn Source>> {
    let text = format!("[sources.corp]\n{table}");
    let config = config::check(text.as_bytes(), Path::new("config.toml"))?;
    let key = |(name, secret): &(&str, &str)| {
        (name.parse::<KeyPath>().expect("a name"), Secret::new(secret.as_bytes().to_vec()))
    };
    let credentials: BTreeMap<KeyPath, Secret> = credentials.iter().map(key).collect();
    source::open(&config.sources["corp"], &Means { credentials, clock: Moment::now })
}

/// The secret that a reference leads to, or what was said.
pub fn value(source: &dyn Source, reference: &str, within: Duration) -> std::result::Result<String, String> {
    let reference: Reference = reference.parse().expect("a reference");
    let fields = [reference.field.as_deref()];
    let fetched = source.fetch(&reference.place, &fields, Instant::now() + within);
    match fetched.and_then(|mut fetched| fetched.values.remove(0)) {
        Ok(value) => Ok(value.expose_text().expect("text").to_owned()),
        Err(failure) => Err([failure.message, failure.hints.join("; ")].join(" | ")),
    }
}
