//! The table of usual APIs, `presets.toml`: where their keys go, and how their libraries are led to the proxy.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::{config::proxy::Domain, name::VariableName};

/// What is known of an API.
#[derive(Debug)]
pub struct Preset {
    /// What it is called in `config.toml`.
    pub name: String,
    /// Where its keys go.
    pub domains: Vec<Domain>,
    /// How a placeholder begins.
    pub placeholder: String,
    /// The variables of its library, each with the path behind the proxy's address.
    pub base_url: Vec<(VariableName, String)>,
    /// Whether requests are signed with its keys, and do not carry them.
    pub signs: bool,
    /// The variables that its keys are in which have no shape to be known by.
    variables: Vec<String>,
    /// The kinds of keys that it is for.
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    kinds: Vec<String>,
    domain: Vec<String>,
    #[serde(default)]
    placeholder: String,
    #[serde(default)]
    base_url: BTreeMap<String, String>,
    #[serde(default)]
    signs: bool,
    #[serde(default)]
    variables: Vec<String>,
}

#[derive(Deserialize)]
struct All {
    preset: Vec<Raw>,
}

static TABLE: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    // A test reads all of it.
    let all: All = toml::from_str(include_str!("presets.toml")).expect("presets.toml is read");
    all.preset.into_iter().map(|raw| preset(raw).expect("presets.toml is right")).collect()
});

fn preset(raw: Raw) -> Result<Preset, String> {
    let domains = raw.domain.iter().map(|text| text.parse()).collect::<Result<_, String>>()?;
    let variable = |(name, path): (String, String)| Ok((name.parse().map_err(|why| format!("{why}"))?, path));
    let base_url = raw.base_url.into_iter().map(variable).collect::<Result<_, String>>()?;
    let Raw { name, kinds, placeholder, signs, variables, .. } = raw;
    Ok(Preset { name, domains, placeholder, base_url, signs, variables, kinds })
}

/// All of them.
#[must_use]
pub fn all() -> &'static [Preset] {
    &TABLE
}

/// The one of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Preset> {
    all().iter().find(|preset| preset.name == name)
}

/// The one for keys in this variable.
#[must_use]
pub fn of_variable(variable: &str) -> Option<&'static Preset> {
    all().iter().find(|preset| preset.variables.iter().any(|known| known == variable))
}

/// The one for keys of this kind.
#[must_use]
pub fn of_kind(kind: &str) -> Option<&'static Preset> {
    all().iter().find(|preset| preset.kinds.iter().any(|known| known == kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_whole_and_its_kinds_are_known() {
        let kinds = include_str!("../issuer/kinds.toml");
        assert!(all().len() >= 25);
        for preset in all() {
            assert!(!preset.domains.is_empty(), "{}", preset.name);
            assert!(all().iter().filter(|other| other.name == preset.name).count() == 1, "{} twice", preset.name);
            let leads = preset.base_url.is_empty() || preset.domains[0].one().is_some();
            assert!(leads, "{}: a variable leads to one host", preset.name);
            for kind in &preset.kinds {
                assert!(kinds.contains(&format!("id = \"{kind}\"\n")), "{kind} is no kind");
                assert!(std::ptr::eq(of_kind(kind).expect("found"), preset), "{kind} belongs to two");
            }
        }
        assert_eq!(named("openai").map(|preset| preset.domains[0].to_string()).as_deref(), Some("api.openai.com"));
        assert!(named("nobody").is_none() && of_kind("nobody").is_none());
    }
}
