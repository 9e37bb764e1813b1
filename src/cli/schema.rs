//! `keyctl schema`

use clap::Args;

/// `keyctl schema`
#[derive(Args)]
#[command(
    after_help = "For an editor that knows taplo, such as VS Code with Even Better TOML: keep the schema beside\nthe file, and name it in the file's first line:\n  keyctl schema project > .keyctl.schema.json\n  #:schema ./.keyctl.schema.json"
)]
pub struct Schema {
    /// Which: `project`, `config`, or a command whose `--json` it is of, such as `history-verify`; without one the names are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}
