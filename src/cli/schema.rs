//! `keyctl schema`

use clap::Args;

/// `keyctl schema`
#[derive(Args)]
#[command(
    after_help = "NAME is `project` for `.keyctl.toml`, `config` for `config.toml`, or that of a command\nwith `--json`, such as `list` and `history-verify`.\nFor an editor that knows taplo, such as VS Code with Even Better TOML: keep the schema beside\nthe file, and name it in the file's first line:\n  keyctl schema project > .keyctl.schema.json\n  #:schema ./.keyctl.schema.json"
)]
pub struct Schema {
    /// The name of a file or a report; without one all are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}
