//! `[sources.NAME]`: where secrets lie that keys of the store only refer to. They are the user's own and in no project file:
//! a repository must not choose whom a credential is shown to.
//!
//! ```toml
//! [sources.corp]
//! type = "vault"               # what it is; each type has fields of its own, which stand in its chapter
//! timeout = "10s"              # how long a run waits for it; 10 seconds without this, a minute at most
//! cache = "1h"                 # how long what was fetched may be used again, sealed on this disk; never without this
//! stores = ["team"]            # whose keys may refer to it beside those of the personal store
//! paths = ["shop/*"]           # and to which of its places these may refer; without this to any
//! ```
//!
//! A source's own credential is a key of a store and never stands here: `token = { key = "corp/token" }`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use crate::{
    name::{KeyPath, PERSONAL, SourceName, StoreName},
    profile::table::{Reader, Table, Value},
    reference::Reference,
    rotation::matches,
};

pub mod aws;
pub mod azure;
pub mod command;
pub mod connect;
pub mod gcp;
pub mod vault;

/// How long a run waits for a source where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that it may wait.
const LONGEST_TIMEOUT: u64 = 60;
/// The longest that what was fetched may be used again: a week.
const LONGEST_CACHE: u64 = 7 * 86_400;

/// The fields that every source may have.
const COMMON: [&str; 5] = ["type", "timeout", "cache", "stores", "paths"];

/// The sources that the user has, by their names.
pub type Sources = BTreeMap<SourceName, Source>;

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// What it is, and how it is reached.
    pub setting: Setting,
    /// How long a run waits for it.
    pub timeout: Duration,
    /// How long what was fetched may be used again.
    pub cache: Option<Duration>,
    /// The stores whose keys may refer to it, beside the personal one.
    pub stores: BTreeSet<StoreName>,
    /// The places that keys of these stores may refer to, with `*` for any letters; any where nothing is said.
    pub paths: Option<Vec<String>>,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `HashiCorp` Vault or `OpenBao`.
    Vault(vault::Vault),
    /// AWS Secrets Manager.
    AwsSecretsManager(aws::Aws),
    /// The Parameter Store of AWS Systems Manager.
    AwsSsm(aws::Aws),
    /// Azure Key Vault.
    AzureKeyVault(azure::Azure),
    /// Secret Manager of Google Cloud.
    GcpSecretManager(gcp::Gcp),
    /// A Connect server of 1Password.
    Connect(connect::Connect),
    /// A program of the user's.
    Command(command::Command),
}

impl Setting {
    /// Where its credentials are those of whoever runs or has logged in just now: what the table calls that.
    fn of_the_machine(&self) -> Option<&'static str> {
        match self {
            Self::AwsSecretsManager(aws) | Self::AwsSsm(aws) if aws.ways.contains(&aws::Way::Container) => {
                Some("container")
            }
            Self::AwsSecretsManager(aws) | Self::AwsSsm(aws) if aws.ways.contains(&aws::Way::Instance) => {
                Some("instance")
            }
            Self::AzureKeyVault(azure) => match azure.way {
                azure::Way::ManagedIdentity { .. } => Some("managed-identity"),
                azure::Way::Cli { .. } => Some("cli"),
                azure::Way::Client { .. } => None,
            },
            Self::GcpSecretManager(gcp) => match gcp.way {
                gcp::Way::Metadata => Some("metadata"),
                gcp::Way::Cli => Some("cli"),
                gcp::Way::ServiceAccount(_) => None,
            },
            _ => None,
        }
    }
}

/// A type of source, its own fields, and how they are read.
struct Type {
    word: &'static str,
    fields: &'static [&'static str],
    look: fn(&mut Reader, &Value, &Table) -> Option<Setting>,
}

/// All types.
const TYPES: &[Type] = &[
    Type {
        word: "vault",
        fields: vault::FIELDS,
        look: |reader, at, fields| vault::look(reader, at, fields).map(Setting::Vault),
    },
    Type {
        word: "aws-secrets-manager",
        fields: aws::FIELDS,
        look: |reader, at, fields| aws::look(reader, at, fields).map(Setting::AwsSecretsManager),
    },
    Type {
        word: "aws-ssm",
        fields: aws::FIELDS,
        look: |reader, at, fields| aws::look(reader, at, fields).map(Setting::AwsSsm),
    },
    Type {
        word: "azure-key-vault",
        fields: azure::FIELDS,
        look: |reader, at, fields| azure::look(reader, at, fields).map(Setting::AzureKeyVault),
    },
    Type {
        word: "gcp-secret-manager",
        fields: gcp::FIELDS,
        look: |reader, at, fields| gcp::look(reader, at, fields).map(Setting::GcpSecretManager),
    },
    Type {
        word: "1password-connect",
        fields: connect::FIELDS,
        look: |reader, at, fields| connect::look(reader, at, fields).map(Setting::Connect),
    },
    Type {
        word: "command",
        fields: command::FIELDS,
        look: |reader, at, fields| command::look(reader, at, fields).map(Setting::Command),
    },
];

/// The words of all types that there are.
#[must_use]
pub fn types() -> Vec<&'static str> {
    TYPES.iter().map(|kind| kind.word).collect()
}

impl Source {
    /// What it is, as `type` has it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.setting {
            Setting::Vault(_) => "vault",
            Setting::AwsSecretsManager(_) => "aws-secrets-manager",
            Setting::AwsSsm(_) => "aws-ssm",
            Setting::AzureKeyVault(_) => "azure-key-vault",
            Setting::GcpSecretManager(_) => "gcp-secret-manager",
            Setting::Connect(_) => "1password-connect",
            Setting::Command(_) => "command",
        }
    }

    /// The keys of stores that it needs itself: its credentials.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        match &self.setting {
            Setting::Vault(vault) => vault.credentials(),
            Setting::AwsSecretsManager(aws) | Setting::AwsSsm(aws) => aws.credentials(),
            Setting::AzureKeyVault(azure) => azure.credentials(),
            Setting::GcpSecretManager(gcp) => gcp.credentials(),
            Setting::Connect(connect) => vec![&connect.token],
            Setting::Command(_) => Vec::new(),
        }
    }

    /// The key that keeps the token of a login in the browser, where it has one.
    #[must_use]
    pub fn log_in_for(&self) -> Option<&KeyPath> {
        match &self.setting {
            Setting::Vault(vault::Vault { login: Some(vault::Login::Oidc { token, .. }), .. }) => Some(token),
            _ => None,
        }
    }

    /// Whether keys of this store may refer to it: the user's own always may, another's only where he said so. Whoever may
    /// write into a shared store would else choose what is fetched with his credential.
    #[must_use]
    pub fn serves(&self, store: Option<&StoreName>) -> bool {
        store.is_none_or(|store| self.stores.contains(store))
    }

    /// Whether keys of this store may refer to this place of it.
    #[must_use]
    pub fn serves_place(&self, store: Option<&StoreName>, reference: &Reference) -> bool {
        // A program may put version and field behind the path: by them nothing leads elsewhere either.
        let fits = |patterns: &Vec<String>| {
            let path = &reference.place.path;
            patterns.iter().any(|pattern| matches(pattern, path)) && !reference.steps_up()
        };
        store.is_none() || self.paths.as_ref().is_none_or(fits)
    }
}

pub(super) fn look(reader: &mut Reader, table: &Table) -> Sources {
    let mut sources = Sources::new();
    let Some(value) = table.get("sources") else { return sources };
    let Some(named) = value.get_ref().as_table() else {
        let _ = reader.table(value, &[]);
        return sources;
    };
    for (key, value) in named {
        let name = key.get_ref().parse::<SourceName>();
        let name = name.map_err(|bad| reader.wrong(key.span().start, bad.to_string())).ok();
        if let (Some(name), Some(source)) = (&name, name.as_ref().and_then(|name| source(reader, name, value))) {
            sources.insert(name.clone(), source);
        }
    }
    sources
}

fn source(reader: &mut Reader, name: &SourceName, value: &Value) -> Option<Source> {
    let Some(fields) = value.get_ref().as_table() else {
        let _ = reader.table(value, &[]);
        return None;
    };
    let at = value.span().start;
    let Some(word) = fields.get("type") else {
        reader.wrong(at, format!("`type` has to be here: {}", one_of_types()));
        return None;
    };
    let text = reader.text(word)?;
    let Some(kind) = TYPES.iter().find(|kind| kind.word == text) else {
        reader.wrong(word.span().start, format!("there is no such type of source: it is {}", one_of_types()));
        return None;
    };
    let known: Vec<&str> = COMMON.iter().chain(kind.fields).copied().collect();
    reader.known(fields, &known);
    let timeout = fields.get("timeout").and_then(|value| timeout(reader, value)).unwrap_or(TIMEOUT);
    let cache = fields.get("cache").and_then(|value| cache(reader, value));
    let stores = fields.get("stores").map(|value| stores(reader, value)).unwrap_or_default();
    let paths = fields.get("paths").and_then(|value| reader.texts(value));
    let setting = (kind.look)(reader, value, fields)?;
    if let (Some(value), Some(word)) = (fields.get("cache"), setting.of_the_machine()) {
        let why = format!("with `{word}` nothing is kept: whose account that is, is known only once it is asked");
        reader.wrong(value.span().start, why);
    }
    Some(Source { name: name.clone(), setting, timeout, cache, stores, paths })
}

fn one_of_types() -> String {
    let words: Vec<String> = types().iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn timeout(reader: &mut Reader, value: &Value) -> Option<Duration> {
    let seconds = reader.text(value)?.strip_suffix('s').and_then(|number| number.parse::<u64>().ok());
    let seconds = seconds.filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds));
    if seconds.is_none() {
        reader.wrong(value.span().start, format!("this is a time from `1s` to `{LONGEST_TIMEOUT}s`"));
    }
    seconds.map(Duration::from_secs)
}

fn cache(reader: &mut Reader, value: &Value) -> Option<Duration> {
    let seconds = span(reader.text(value)?).filter(|seconds| (60..=LONGEST_CACHE).contains(seconds));
    if seconds.is_none() {
        reader.wrong(value.span().start, "this is a time from `1m` to `7d`, such as `15m`, `1h` or `1d`");
    }
    seconds.map(Duration::from_secs)
}

/// Minutes, hours or days in seconds.
fn span(text: &str) -> Option<u64> {
    let unit = match text.bytes().last()? {
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

fn stores(reader: &mut Reader, value: &Value) -> BTreeSet<StoreName> {
    let mut stores = BTreeSet::new();
    for value in reader.list(value) {
        let Some(store) = reader.parsed::<StoreName>(value) else { continue };
        if store.as_str() == PERSONAL {
            reader.wrong(value.span().start, "keys of the personal store may always refer to a source");
        } else {
            stores.insert(store);
        }
    }
    stores
}

/// A credential of a source: `{ key = "NAME" }`, a key of a store. A secret written down here is refused, and not said back.
pub(super) fn credential(reader: &mut Reader, value: &Value) -> Option<KeyPath> {
    if !value.get_ref().is_table() {
        reader.wrong(
            value.span().start,
            "no secret stands in this file: keep it with `keyctl set NAME`, and write `{ key = \"NAME\" }` here",
        );
        return None;
    }
    let fields = reader.table(value, &["key"])?;
    let Some(key) = fields.get("key") else {
        reader.wrong(value.span().start, "`key` has to be here: the name of the key that holds it");
        return None;
    };
    reader.parsed(key)
}

/// A text that must not be empty, and holds nothing that a terminal or a header obeys.
pub(super) fn plain(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    if text.is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
        reader.wrong(value.span().start, "a short text has to stand here");
        return None;
    }
    Some(text.to_owned())
}

/// A file by its whole path, or one that begins with `~/`.
pub(super) fn file(reader: &mut Reader, value: &Value) -> Option<PathBuf> {
    let text = reader.text(value)?;
    let path = match text.strip_prefix("~/") {
        Some(rest) => dirs::home_dir().map(|home| home.join(rest)),
        None => Some(PathBuf::from(text)),
    };
    let path = path.filter(|path| path.is_absolute());
    if path.is_none() {
        reader.wrong(value.span().start, "this is no file by its whole path, nor one that begins with `~/`");
    }
    path
}
