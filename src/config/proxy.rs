//! `[proxy]`: which key goes to which host, for commands that use keys without holding them.
//!
//! ```toml
//! [proxy]
//! egress = "permissive"            # other hosts may be reached too; without this ("strict") only those of the rules
//!
//! [[proxy.rules]]
//! secret = "work/openai"           # a key's name, or one with `*`; `STORE:NAME` for one of another store
//! preset = "openai"                # what is known of this API; each field below it says otherwise
//! name = "openai"                  # what the rule is called
//! domain = ["api.openai.com"]      # the hosts that the key is for; `host:port`, `*.example.com`
//! header = "authorization"         # only in this header; without it in each
//! methods = ["GET", "POST"]        # only these
//! paths = ["/v1/*"]                # only these; `*` stands for any letters
//! placeholder = "sk-"              # how the text begins that the command gets in the key's place
//! limit = ["5/s", "200/h"]         # at most so many requests: a second, a minute, an hour, a day
//! max_body = "10MB"                # of a request
//! base_url = { OPENAI_BASE_URL = "/v1" } # variables that lead the command's library to the proxy, with the path behind it
//! ca = "/etc/ssl/company.pem"      # who vouches for the host, where that is not one of the system's authorities
//! address = "10.0.0.5:8443"        # where the host is, whatever its name leads to
//! ```
//!
//! A project's file cannot say any of it: where a key is sent is its owner's word alone.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use crate::{
    name::VariableName,
    profile::table::{Reader, Table, Value},
};

/// `[proxy]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Whether other hosts than those of rules may be reached.
    pub permissive: bool,
    /// The rules, in their order; all that fit a key count.
    pub rules: Vec<Rule>,
}

/// `[[proxy.rules]]`: what is said of some keys. Nothing said is what the preset has, or no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Which keys, as a pattern.
    pub secret: String,
    /// The preset that it begins with.
    pub preset: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// Which hosts.
    pub domains: Option<Vec<Domain>>,
    /// The one header that the key goes into.
    pub header: Option<String>,
    /// The methods that are allowed.
    pub methods: Option<Vec<String>>,
    /// The paths that are allowed, as patterns.
    pub paths: Option<Vec<String>>,
    /// How the placeholder begins.
    pub placeholder: Option<String>,
    /// How many requests, all of these together.
    pub limits: Vec<Rate>,
    /// The most bytes of a request's body.
    pub max_body: Option<u64>,
    /// Variables that become the proxy's address, each with the path behind it.
    pub base_url: Option<Vec<(VariableName, String)>>,
    /// A file with the certificates of who vouches for the hosts.
    pub ca: Option<PathBuf>,
    /// Where the hosts are, whatever their name leads to.
    pub address: Option<SocketAddr>,
}

/// A host, or all below one, at a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain {
    /// In lower case, without the `*.` before it.
    host: String,
    /// All below that host, and not itself.
    below: bool,
    /// Where it listens.
    port: u16,
}

/// So many in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In what time.
    pub period: Duration,
}

/// The most requests of a limit: each is remembered for its time.
const MOST: u32 = 1_000_000;

/// The port of HTTPS.
pub const HTTPS: u16 = 443;

impl Domain {
    /// Whether this host at this port is meant.
    #[must_use]
    pub fn covers(&self, host: &str, port: u16) -> bool {
        if port != self.port {
            return false;
        }
        match (self.below, host.len().checked_sub(self.host.len() + 1)) {
            (false, _) => host.eq_ignore_ascii_case(&self.host),
            (true, Some(dot)) if dot > 0 => {
                host.as_bytes()[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(&self.host)
            }
            (true, _) => false,
        }
    }

    /// Host and port, where it is one host.
    #[must_use]
    pub fn one(&self) -> Option<(&str, u16)> {
        (!self.below).then_some((&*self.host, self.port))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.below { "*." } else { "" })?;
        f.write_str(&self.host)?;
        if self.port == HTTPS { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no host: `api.example.com`, `*.example.com`, `localhost:8443`", shown(text));
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?),
            None => (text, HTTPS),
        };
        let (host, below) = host.strip_prefix("*.").map_or((host, false), |host| (host, true));
        let is_label = |label: &str| {
            let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !label.is_empty() && label.len() <= 63 && label.chars().all(inner) && !label.starts_with('-')
        };
        let is_host = host.len() <= 253 && host.split('.').all(is_label);
        // All below `com` is nobody's host.
        let is_wide = below && !host.contains('.');
        if !is_host || is_wide {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), below, port })
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no limit: `5/s`, `60/min`, `200/h`, `10000/day`", shown(text));
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" | "day" => 86_400,
            _ => return Err(wrong()),
        };
        let count = count.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(wrong)?;
        Ok(Self { count, period: Duration::from_secs(seconds) })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.period.as_secs() {
            1 => "s",
            60 => "min",
            3600 => "h",
            _ => "day",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// A text as it can be shown.
fn shown(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(60).collect()
}

/// Bytes: `500KB`, `10MB`, `1GB`.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1)];
    let found = units.iter().find_map(|(unit, size)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(*size)
    });
    found.ok_or_else(|| format!("`{}` is no size: `500KB`, `10MB`, `1GB`", shown(text)))
}

pub(super) fn look(reader: &mut Reader, table: &Table) -> Proxy {
    let Some(fields) = table.get("proxy").and_then(|value| reader.table(value, &["egress", "rules"])) else {
        return Proxy::default();
    };
    let mut proxy = Proxy::default();
    if let Some(value) = fields.get("egress") {
        match reader.text(value) {
            Some("permissive") => proxy.permissive = true,
            Some("strict") | None => {}
            Some(_) => reader.wrong(value.span().start, "this is either `strict` or `permissive`"),
        }
    }
    let rules = fields.get("rules").map(|value| reader.list(value)).unwrap_or_default();
    proxy.rules = rules.iter().filter_map(|value| rule(reader, value)).collect();
    proxy
}

fn rule(reader: &mut Reader, value: &Value) -> Option<Rule> {
    let known = [
        "secret",
        "preset",
        "name",
        "domain",
        "header",
        "methods",
        "paths",
        "placeholder",
        "limit",
        "max_body",
        "base_url",
        "ca",
        "address",
    ];
    let fields = reader.table(value, &known)?;
    let Some(secret) = fields.get("secret") else {
        reader.wrong(value.span().start, "`secret` has to be here: the key, or some with `*`");
        return None;
    };
    if !fields.contains_key("preset") && !fields.contains_key("domain") {
        reader.wrong(value.span().start, "either `preset` or `domain` has to say where the key goes");
    }
    let mut words = |name: &str, read: fn(&str) -> Result<String, String>| {
        fields.get(name).and_then(|value| all(reader, value, read))
    };
    let (methods, paths) = (words("methods", method), words("paths", path));
    let mut one = |name: &str, read: fn(&str) -> Result<String, String>| {
        fields.get(name).and_then(|value| checked(reader, value, read))
    };
    let (preset, name, header) = (one("preset", word), one("name", word), one("header", header));
    let placeholder = one("placeholder", placeholder);
    Some(Rule {
        secret: checked(reader, secret, pattern)?,
        preset,
        name,
        domains: fields.get("domain").and_then(|value| all(reader, value, Domain::from_str)),
        header,
        methods,
        paths,
        placeholder,
        limits: fields.get("limit").and_then(|value| all(reader, value, Rate::from_str)).unwrap_or_default(),
        max_body: fields.get("max_body").and_then(|value| checked(reader, value, bytes)),
        base_url: fields.get("base_url").and_then(|value| base_url(reader, value)),
        ca: fields.get("ca").and_then(|value| checked(reader, value, file)),
        address: fields.get("address").and_then(|value| checked(reader, value, address)),
    })
}

fn checked<T>(reader: &mut Reader, value: &Value, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
    let text = reader.text(value)?;
    read(text).map_err(|why| reader.wrong(value.span().start, why)).ok()
}

/// A text, or a list of them.
fn all<T>(reader: &mut Reader, value: &Value, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
    if value.get_ref().as_str().is_some() {
        return checked(reader, value, read).map(|one| vec![one]);
    }
    let list = reader.list(value);
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        reader.wrong(value.span().start, "something has to stand here; without this field there is no such limit");
    }
    Some(list.iter().filter_map(|value| checked(reader, value, &read)).collect())
}

fn base_url(reader: &mut Reader, value: &Value) -> Option<Vec<(VariableName, String)>> {
    let Some(table) = value.get_ref().as_table() else {
        reader.wrong(value.span().start, "expected a table: `{ OPENAI_BASE_URL = \"/v1\" }`");
        return None;
    };
    let mut found = Vec::new();
    for (key, value) in table {
        let behind = checked(reader, value, |text| if text.is_empty() { Ok(String::new()) } else { path(text) });
        match key.get_ref().parse::<VariableName>() {
            Ok(variable) => found.extend(behind.map(|behind| (variable, behind))),
            Err(why) => reader.wrong(key.span().start, why.to_string()),
        }
    }
    Some(found)
}

fn pattern(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./+*:".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("this is no name of a key, nor one with `*` in the place of any letters".to_owned());
    }
    Ok(text.to_owned())
}

fn word(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || text.len() > 40 || !text.chars().all(fits) {
        return Err("a name has small letters, digits and `-`".to_owned());
    }
    Ok(text.to_owned())
}

fn header(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || !text.chars().all(fits) {
        return Err("this is no name of a header, such as `x-api-key`".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

fn method(text: &str) -> Result<String, String> {
    let is_method = !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase());
    if is_method { Ok(text.to_owned()) } else { Err("this is no method, such as `GET`".to_owned()) }
}

fn path(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_graphic() && !"?#\\%\"".contains(c);
    let is_path = text.starts_with('/') && text.chars().all(fits) && !text.split('/').any(|part| part == "..");
    if is_path { Ok(text.to_owned()) } else { Err("this is no path, such as `/v1/*`".to_owned()) }
}

fn placeholder(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.len() > 40 || !text.chars().all(fits) {
        return Err("a placeholder begins with at most 40 letters, digits, `-`, `_` and `.`".to_owned());
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "this is no address with its port, such as `10.0.0.5:8443`".to_owned())
}

fn file(text: &str) -> Result<PathBuf, String> {
    let path = match text.strip_prefix("~/").zip(dirs::home_dir()) {
        Some((below, home)) => home.join(below),
        None => PathBuf::from(text),
    };
    if path.is_absolute() { Ok(path) } else { Err("this is no file by its whole path".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().expect(text)
    }

    #[test]
    fn a_domain_covers_just_its_host_and_port() {
        for (of, host, port, covers) in [
            ("api.x.com", "api.x.com", 443, true),
            ("api.x.com", "API.X.com", 443, true),
            ("api.x.com", "api.x.com", 8443, false),
            ("api.x.com", "x.api.x.com", 443, false),
            ("api.x.com", "api.x.com.evil.net", 443, false),
            ("api.x.com", "evilapi.x.com", 443, false),
            ("api.x.com", "api.x.com.", 443, false),
            ("*.x.com", "a.x.com", 443, true),
            ("*.x.com", "a.b.x.com", 443, true),
            ("*.x.com", "x.com", 443, false),
            ("*.x.com", ".x.com", 443, false),
            ("*.x.com", "ax.com", 443, false),
            ("localhost:8443", "localhost", 8443, true),
            ("localhost:8443", "localhost", 443, false),
        ] {
            assert_eq!(domain(of).covers(host, port), covers, "{of} {host}:{port}");
            assert_eq!(domain(of).to_string(), of);
        }
        for wrong in
            ["", "https://x.com", "x.com/", "u@x.com", "x..com", "*.com", "*", "x.com:0", "x.com:99999", "a b", "é.com"]
        {
            assert!(wrong.parse::<Domain>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_and_sizes_are_read() {
        for text in ["5/s", "60/min", "200/h", "10000/day"] {
            assert_eq!(text.parse::<Rate>().expect(text).to_string(), text);
        }
        for wrong in ["", "5", "0/s", "-1/s", "5/week", "5 / s", "/s", "99999999999/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        assert_eq!((bytes("10MB"), bytes("1GB"), bytes("5B")), (Ok(10_000_000), Ok(1_000_000_000), Ok(5)));
        for wrong in ["", "MB", "10", "1.5MB", "99999999999GB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
