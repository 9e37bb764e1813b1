//! `keyctl source` and its commands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use crate::name::{KeyPath, SourceName, StoreName};

/// `keyctl source`
#[derive(Args)]
pub struct Source {
    /// What to do
    #[command(subcommand)]
    pub verb: SourceVerb,
}

/// What `keyctl source` does.
#[derive(Subcommand)]
pub enum SourceVerb {
    /// Write a source into your `config.toml`
    Add(Box<NewSource>),
    /// List the sources, without asking any
    List {
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a source, and which keys refer to it
    Show {
        /// Its name
        name: SourceName,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask a source what its credential may do, and warn of more than is needed
    Test {
        /// Its name
        name: SourceName,
        /// Say why, for the history
        #[arg(long, value_name = "TEXT")]
        reason: Option<crate::history::Reason>,
        /// Report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Log in to a source in the browser, and keep the token that comes of it
    Login {
        /// Its name
        name: SourceName,
    },
    /// Take a source out of your `config.toml`; what is in it stays
    Remove {
        /// Its name
        name: SourceName,
        /// Also where keys refer to it still
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Let go what is kept of all sources on this disk
    ForgetCache,
}

/// `keyctl source add`
#[derive(Args)]
pub struct NewSource {
    /// Its name, by which keys refer to it
    pub name: SourceName,
    /// What it is
    #[arg(long = "type", value_name = "TYPE", value_parser = clap::builder::PossibleValuesParser::new(crate::config::sources::types()))]
    pub kind: String,
    /// Where it answers
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,
    /// Its region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Another address than the service's own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// A credential of it: a field, and the key that holds it
    #[arg(long, value_name = "FIELD=KEY", value_parser = parse_credential)]
    pub credential: Vec<(String, KeyPath)>,
    /// Another field of its table: a text, `true`, `false` or the number of `kv`
    #[arg(long = "field", value_name = "FIELD=VALUE", value_parser = parse_field)]
    pub fields: Vec<(String, String)>,
    /// Keep what was fetched so long, sealed: `15m`, `1h`, `1d`
    #[arg(long, value_name = "TIME")]
    pub cache: Option<String>,
    /// How long a run waits for it: `5s`
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Keys of this store may refer to it too, whoever writes into that
    #[arg(long = "for-store", value_name = "STORE")]
    pub stores: Vec<StoreName>,
    /// Say what would be written, and write nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// For `--type command`: the program and its arguments, with `{path}` in one of them
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

fn parse_field(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("this is no `FIELD=VALUE`")?;
    let is_name = !field.is_empty() && field.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_name {
        return Err("a field's name has lower-case letters, digits and `_`".into());
    }
    Ok((field.to_owned(), value.to_owned()))
}

fn parse_credential(text: &str) -> Result<(String, KeyPath), String> {
    let (field, key) = parse_field(text).map_err(|_| "this is no `FIELD=KEY`".to_owned())?;
    let key = key
        .parse()
        .map_err(|bad: crate::name::BadName| format!("{bad}; the secret itself is kept with `keyctl set`"))?;
    Ok((field, key))
}
