//! `[rotation]`, `[policy]`, `[[keys]]` and `[[aws_iam]]`: what the user has set about replacing keys.
//!
//! ```toml
//! [rotation]
//! default = "90d"              # for keys without a plan of their own
//! soon = "14d"                 # how long before it is said
//! overlap = "7d"               # how long a replaced secret is kept; without it until `forget`
//!
//! [policy]
//! expired = "stop"             # or "warn", as it is without this
//! revoked = "warn"             # or "stop", as it is without this
//! leaked = "stop"              # or "warn", as it is without this: a key that `scan` found
//! require_reason = "agents"    # or "always"; without this nobody has to say why a key is used
//!
//! [[keys]]                     # for some keys; the first entry that says something counts
//! match = "prod/*"             # or tag = "prod"
//! store = "team"               # only of that store; without it of all, but `rotator` and `check` are for `personal` alone
//! rotate_every = "30d"
//! overlap = "1d"
//! expired = "stop"
//! revoked = "stop"
//! leaked = "stop"
//! require_reason = "always"    # "never": not for these
//! record_arguments = true      # the history has the arguments of a program that `run` gives one of them; each argument
//!                              # with one of the secrets in it is left out. Other secrets in arguments are not known
//! projects = ["~/shop"]        # only in these folders and below them
//! programs = ["/usr/bin/node"] # only for these programs, by their whole paths; never shown
//! with_variables = ["NODE_OPTIONS=--use-openssl-ca"] # what has a program load other code is left out for these but for
//!                              # this variable, here with this value alone; without one (`"NODE_OPTIONS"`) with any
//! terminal = true              # only where there is a terminal
//! ask = true                   # only after a yes on it, each time
//! proxy_only = true            # only by the proxy: neither given to a program nor shown
//! hide_from_agents = true      # never shown to a coding agent, nor given to a program of one whose output is not masked
//!                              # of these six what any entry says counts, beside what the key itself says (`edit`)
//! rotator = ["/usr/local/bin/new-key"]
//! check = ["/usr/local/bin/try-key"]
//!
//! [[aws_iam]]                  # an access key of AWS that keyctl replaces itself
//! store = "team"               # where they are kept; without it in `personal`
//! id = "aws/id"
//! secret = "aws/secret"
//! region = "eu-central-1"
//! ```

use std::sync::Arc;

use super::limits;
use crate::{
    name::{KeyName, StoreName},
    profile::table::{Reader, Table, Value},
    rotation::{AwsIam, Reaction, Rule, Selector, Settings},
};

/// The tables' names at the top of the file.
pub(super) const TABLES: [&str; 4] = ["rotation", "policy", "keys", "aws_iam"];

pub(super) fn look(reader: &mut Reader, table: &Table) -> Settings {
    let mut settings = Settings::default();
    if let Some(fields) = table.get("rotation").and_then(|value| reader.table(value, &["default", "soon", "overlap"])) {
        settings.every = fields.get("default").and_then(|value| reader.parsed(value));
        settings.soon = fields.get("soon").and_then(|value| reader.parsed(value)).unwrap_or(settings.soon);
        settings.overlap = fields.get("overlap").and_then(|value| reader.parsed(value));
    }
    let policy = ["expired", "revoked", "leaked", "require_reason"];
    if let Some(fields) = table.get("policy").and_then(|value| reader.table(value, &policy)) {
        settings.expired = fields.get("expired").and_then(|value| reaction(reader, value)).unwrap_or(settings.expired);
        settings.revoked = fields.get("revoked").and_then(|value| reaction(reader, value)).unwrap_or(settings.revoked);
        settings.leaked = fields.get("leaked").and_then(|value| reaction(reader, value)).unwrap_or(settings.leaked);
        settings.reason = fields.get("require_reason").and_then(|value| reader.parsed(value)).unwrap_or_default();
    }
    let rules = table.get("keys").map(|value| reader.list(value)).unwrap_or_default();
    settings.rules = rules.iter().filter_map(|value| rule(reader, value)).collect();
    let pairs = table.get("aws_iam").map(|value| reader.list(value)).unwrap_or_default();
    settings.aws_iam = pairs.iter().filter_map(|value| aws_iam(reader, value)).collect();
    settings
}

fn reaction(reader: &mut Reader, value: &Value) -> Option<Reaction> {
    match reader.text(value)? {
        "warn" => Some(Reaction::Warn),
        "stop" => Some(Reaction::Stop),
        _ => {
            reader.wrong(value.span().start, "this is either `warn` or `stop`");
            None
        }
    }
}

fn rule(reader: &mut Reader, value: &Value) -> Option<Rule> {
    let known = [
        "match",
        "tag",
        "store",
        "rotate_every",
        "overlap",
        "expired",
        "revoked",
        "leaked",
        "require_reason",
        "record_arguments",
        "projects",
        "programs",
        "with_variables",
        "terminal",
        "ask",
        "proxy_only",
        "hide_from_agents",
        "rotator",
        "check",
    ];
    let fields = reader.table(value, &known)?;
    let of = match (fields.get("match"), fields.get("tag")) {
        (Some(pattern), None) => Selector::Name(pattern_of(reader, pattern)?),
        (None, Some(tag)) => Selector::Tag(reader.parsed(tag)?),
        _ => {
            reader.wrong(value.span().start, "either `match` or `tag` has to say for which keys this is");
            return None;
        }
    };
    Some(Rule {
        of,
        store: fields.get("store").and_then(|value| reader.parsed(value)),
        every: fields.get("rotate_every").and_then(|value| reader.parsed(value)),
        overlap: fields.get("overlap").and_then(|value| reader.parsed(value)),
        expired: fields.get("expired").and_then(|value| reaction(reader, value)),
        revoked: fields.get("revoked").and_then(|value| reaction(reader, value)),
        leaked: fields.get("leaked").and_then(|value| reaction(reader, value)),
        reason: fields.get("require_reason").and_then(|value| reader.parsed(value)),
        arguments: fields.get("record_arguments").map(|value| reader.truth(value)),
        limits: limits::look(reader, fields),
        rotator: fields.get("rotator").and_then(|value| command(reader, value)),
        check: fields.get("check").and_then(|value| command(reader, value)),
    })
}

fn pattern_of(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./+*".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        reader.wrong(value.span().start, "this is no name of a key, nor one with `*` in the place of any letters");
        return None;
    }
    Some(text.to_owned())
}

/// A program and its arguments. There is no shell, so a single text would only look as if there were one.
pub(super) fn command(reader: &mut Reader, value: &Value) -> Option<Vec<String>> {
    let words = reader.texts(value)?;
    if words.first().is_none_or(String::is_empty) {
        reader.wrong(
            value.span().start,
            "a program has to stand here, as in `[\"/usr/local/bin/program\", \"argument\"]`",
        );
        return None;
    }
    Some(words)
}

fn aws_iam(reader: &mut Reader, value: &Value) -> Option<AwsIam> {
    let fields = reader.table(value, &["store", "id", "secret", "region", "endpoint"])?;
    for name in ["id", "secret", "region"] {
        if !fields.contains_key(name) {
            reader.wrong(value.span().start, format!("`{name}` has to be here"));
        }
    }
    let (id, secret, region) = (fields.get("id")?, fields.get("secret")?, fields.get("region")?);
    let (id, secret) = (reader.parsed(id)?, reader.parsed(secret)?);
    if id == secret {
        reader.wrong(value.span().start, "`id` and `secret` are two keys");
        return None;
    }
    let store = fields.get("store").and_then(|value| reader.parsed::<StoreName>(value)).and_then(StoreName::other);
    let store = store.map(Arc::new);
    let [id, secret]: [KeyName; 2] = [id, secret].map(|name: KeyName| name.of(store.as_ref()));
    let region_name = reader.text(region)?;
    if region_name.is_empty() || !region_name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        reader.wrong(region.span().start, "this is no region of AWS, such as `eu-central-1`");
        return None;
    }
    let endpoint = fields.get("endpoint").and_then(|value| reader.text(value)).map(str::to_owned);
    Some(AwsIam { id, secret, region: region_name.to_owned(), endpoint })
}
