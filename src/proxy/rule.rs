//! A rule: one object that decides where a key may go, and by which it is put into a request. There is no other way in: what
//! no rule covers gets no key.

use std::{net::SocketAddr, path::PathBuf};

use crate::{
    config::proxy::{self as config, Domain, Proxy, Rate},
    failure::{Failure, Kind, Result},
    name::VariableName,
    rotation::matches,
};

use super::{path, preset, preset::Preset};

/// Where one key may go, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called.
    pub name: String,
    /// The hosts.
    pub domains: Vec<Domain>,
    /// The one header that the key goes into; in lower case.
    pub header: Option<String>,
    /// The methods that are allowed.
    pub methods: Option<Vec<String>>,
    /// The paths that are allowed, as patterns.
    pub paths: Option<Vec<String>>,
    /// How the placeholder begins.
    pub placeholder: String,
    /// How many requests.
    pub limits: Vec<Rate>,
    /// The most bytes of a request's body.
    pub max_body: Option<u64>,
    /// Variables that lead a library to the proxy, each with the path behind it.
    pub base_url: Vec<(VariableName, String)>,
    /// Who vouches for the hosts.
    pub ca: Option<PathBuf>,
    /// Where the hosts are, whatever their name leads to.
    pub address: Option<SocketAddr>,
    /// Whether requests are signed with the key, and do not carry it.
    pub signs: bool,
    /// Whether it stands in `config.toml`; else it is by the key's shape.
    pub is_written: bool,
}

impl Rule {
    /// Whether it is about this host.
    #[must_use]
    pub fn covers(&self, host: &str, port: u16) -> bool {
        self.domains.iter().any(|domain| domain.covers(host, port))
    }

    /// The host that a library is led to by a variable.
    #[must_use]
    pub fn host(&self) -> Option<(&str, u16)> {
        self.domains.first().and_then(Domain::one)
    }

    /// Whether this may be asked of the host.
    #[must_use]
    pub fn allows_method(&self, method: &str) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(|allowed| allowed == method))
    }

    /// Whether this path may be asked for. With paths said, one that could be read in two ways is none of them.
    #[must_use]
    pub fn allows_path(&self, asked: &str) -> bool {
        let fits = |paths: &Vec<String>| path::is_plain(asked) && paths.iter().any(|allowed| matches(allowed, asked));
        self.paths.as_ref().is_none_or(fits)
    }

    /// The way in that is meant for it, for who asks.
    #[must_use]
    pub fn way(&self) -> &'static str {
        match (self.is_led_by_variable(), self.signs) {
            (true, false) => "base URL",
            (false, false) => "CONNECT",
            (true, true) => "base URL, signed anew",
            (false, true) => "CONNECT, signed anew",
        }
    }

    /// Whether a library is led to the proxy by a variable.
    #[must_use]
    pub fn is_led_by_variable(&self) -> bool {
        !self.base_url.is_empty() && self.host().is_some()
    }

    /// As it is known of an API.
    #[must_use]
    pub fn of_preset(preset: &Preset) -> Self {
        Self {
            name: preset.name.clone(),
            domains: preset.domains.clone(),
            header: None,
            methods: None,
            paths: None,
            placeholder: preset.placeholder.clone(),
            limits: Vec::new(),
            max_body: None,
            base_url: preset.base_url.clone(),
            ca: None,
            address: None,
            signs: preset.signs,
            is_written: false,
        }
    }

    /// What `config.toml` says, over what is known of the API.
    fn of_entry(entry: &config::Rule) -> Result<Self> {
        let preset = match &entry.preset {
            Some(name) => Some(preset::named(name).ok_or_else(|| unknown(name))?),
            None => None,
        };
        let before = preset.map(Self::of_preset);
        let domains = entry.domains.clone().or_else(|| before.as_ref().map(|rule| rule.domains.clone()));
        let domains = domains.unwrap_or_default();
        let first = || domains.first().map(ToString::to_string).unwrap_or_default();
        let name = entry.name.clone().or_else(|| entry.preset.clone()).unwrap_or_else(first);
        let base_url = entry.base_url.clone().or_else(|| before.as_ref().map(|rule| rule.base_url.clone()));
        let placeholder = entry.placeholder.clone().or_else(|| before.map(|rule| rule.placeholder));
        Ok(Self {
            name,
            header: entry.header.clone(),
            methods: entry.methods.clone(),
            paths: entry.paths.clone(),
            placeholder: placeholder.unwrap_or_default(),
            limits: entry.limits.clone(),
            max_body: entry.max_body,
            base_url: base_url.unwrap_or_default(),
            ca: entry.ca.clone(),
            address: entry.address,
            signs: preset.is_some_and(|preset| preset.signs),
            domains,
            is_written: true,
        })
    }
}

fn unknown(name: &str) -> Failure {
    let all: Vec<&str> = preset::all().iter().map(|preset| preset.name.as_str()).collect();
    Failure::new(Kind::Usage, format!("`config.toml`: there is no preset `{name}`"))
        .hint(format!("there are {}; or say `domain` yourself", all.join(", ")))
}

/// The rules of a key: all that `config.toml` has for its name, and where it has none what is known of its kind.
///
/// # Errors
/// `Usage` for a rule that cannot be.
pub fn of_key(name: &str, kind: Option<&str>, settings: &Proxy) -> Result<Vec<Rule>> {
    let fitting = settings.rules.iter().filter(|entry| matches(&entry.secret, name));
    let written: Vec<Rule> = fitting.map(Rule::of_entry).collect::<Result<_>>()?;
    if !written.is_empty() {
        return Ok(written);
    }
    let known = kind.and_then(preset::of_kind);
    Ok(known.map(Rule::of_preset).into_iter().collect())
}

/// All rules of `config.toml`, each with the keys that it is for.
///
/// # Errors
/// As [`of_key`].
pub fn written(settings: &Proxy) -> Result<Vec<(&str, Rule)>> {
    settings.rules.iter().map(|entry| Ok((&*entry.secret, Rule::of_entry(entry)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(secret: &str) -> config::Rule {
        config::Rule { secret: secret.to_owned(), ..config::Rule::default() }
    }

    #[test]
    fn what_is_written_comes_before_what_is_known_of_a_kind() {
        let own = config::Rule { domains: Some(vec!["llm.corp.example".parse().unwrap()]), ..entry("work/*") };
        let settings = Proxy {
            permissive: false,
            rules: vec![own, config::Rule { preset: Some("openai".into()), ..entry("work/openai") }],
        };
        let hosts = |name: &str, kind| -> Vec<String> {
            of_key(name, kind, &settings).unwrap().iter().map(|rule| rule.domains[0].to_string()).collect()
        };
        assert_eq!(hosts("work/openai", Some("openai")), ["llm.corp.example", "api.openai.com"]);
        assert_eq!(hosts("home/openai", Some("openai")), ["api.openai.com"]);
        assert_eq!(hosts("home/openai", None), [""; 0]);
        let aws = of_key("a", Some("aws-access-key-id"), &settings).unwrap();
        assert_eq!((aws[0].way(), aws[0].host()), ("CONNECT, signed anew", None));
    }

    #[test]
    fn a_preset_gives_way_to_what_is_said() {
        let said = config::Rule {
            preset: Some("openai".into()),
            domains: Some(vec!["localhost:8443".parse().unwrap()]),
            placeholder: Some("x-".into()),
            ..entry("a")
        };
        let rule = Rule::of_entry(&said).unwrap();
        assert_eq!((rule.name.as_str(), rule.placeholder.as_str(), rule.way()), ("openai", "x-", "base URL"));
        assert_eq!(rule.host(), Some(("localhost", 8443)));
        let nobody = config::Rule { preset: Some("nobody".into()), ..entry("a") };
        assert!(Rule::of_entry(&nobody).unwrap_err().message.contains("no preset `nobody`"));
    }

    #[test]
    fn paths_and_methods_are_held_to() {
        let said = config::Rule {
            preset: Some("openai".into()),
            methods: Some(vec!["GET".into()]),
            paths: Some(vec!["/v1/models".into(), "/v1/files/*".into()]),
            ..entry("a")
        };
        let rule = Rule::of_entry(&said).unwrap();
        assert!(rule.allows_method("GET") && !rule.allows_method("POST") && !rule.allows_method("get"));
        for (path, allowed) in [
            ("/v1/models", true),
            ("/v1/models/x", false),
            ("/v1/files/abc", true),
            ("/v1/files/../models", false),
            ("/v1/files/%2e%2e/models", false),
            ("/v1/files/a%2fb", false),
            ("/v1/files/a\\b", false),
            ("/v1/files//b", false),
            ("/v1/files/./b", false),
            ("/V1/models", false),
        ] {
            assert_eq!(rule.allows_path(path), allowed, "{path}");
        }
    }
}
