//! Shells: keys that come and go with the folder, and a shell that has keys.

use std::ffi::OsString;

use clap::{Args, ValueHint};

use super::{Choice, Files, Masking};
use crate::activation::Shell;

/// `keyctl activate`
#[derive(Args)]
#[command(
    after_help = "In the shell's own file:\n  bash        eval \"$(keyctl activate bash)\"           in ~/.bashrc\n  zsh         eval \"$(keyctl activate zsh)\"            in ~/.zshrc\n  fish        keyctl activate fish | source           in ~/.config/fish/config.fish\n  powershell  keyctl activate powershell | Out-String | Invoke-Expression   in $PROFILE\n  nu          keyctl activate nu | save -f ($nu.data-dir)/vendor/autoload/keyctl.nu   once\nEach takes it off again with `--off`; nu by removing that file."
)]
pub struct Activate {
    /// The shell that shall read it
    #[arg(value_parser = shell_parser())]
    pub shell: Shell,
    /// Print what takes it off in a shell that has it, with the variables it gave
    #[arg(long)]
    pub off: bool,
}

/// What the prompt of a shell calls.
#[derive(Args)]
pub struct HookEnv {
    /// The shell that reads the answer
    #[arg(value_parser = shell_parser())]
    pub shell: Shell,
    /// Take back all that was given
    #[arg(long)]
    pub off: bool,
}

/// `keyctl shell`
#[derive(Args)]
pub struct Subshell {
    /// Which keys
    #[command(flatten)]
    pub choice: Choice,
    /// What it gets as files
    #[command(flatten)]
    pub files: Files,
    /// What becomes of what is printed in it
    #[command(flatten)]
    pub masking: Masking,
    /// Pass on none of this environment but `PATH`, `HOME` and the like
    #[arg(long)]
    pub clean: bool,
    /// Keep the value of a variable that is set already
    #[arg(long)]
    pub keep: bool,
    /// The shell and its arguments; by default what `SHELL` says
    #[arg(last = true, value_name = "SHELL", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

fn shell_parser() -> impl clap::builder::TypedValueParser<Value = Shell> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Shell::ALL.map(Shell::name))
        .map(|word| word.parse().expect("one of the words"))
}
