//! How the new secret comes.

use std::{io::IsTerminal, path::PathBuf};

use crate::{
    cli::Rotate,
    name::KeyName,
    platform::{self, Input},
    rotation::{AwsIam, Plan, Rotator},
};

/// The word for what was replaced at AWS.
pub(super) const AT_AWS: &str = "aws";
/// The word for what a rotator replaced.
pub(super) const BY_ROTATOR: &str = "rotator";

/// How the new secret comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// Somebody types it.
    Typed,
    /// On standard input.
    Piped,
    /// From a file.
    File(PathBuf),
    /// Made here, with so many letters.
    Generated(u16),
    /// From the program that `config.toml` names.
    Program(Vec<String>),
    /// From AWS, both halves at once.
    Aws(AwsIam),
}

impl Means {
    /// What the call says counts, then what the config says, then whoever is there.
    #[must_use]
    pub fn of(arguments: &Rotate, plan: &Plan) -> Self {
        match (arguments.generate, &arguments.from_file, &plan.rotator) {
            (Some(length), ..) => Self::Generated(length),
            (_, Some(file), _) => Self::File(file.clone()),
            (_, _, Some(Rotator::Program(command))) if !arguments.by_hand => Self::Program(command.clone()),
            (_, _, Some(Rotator::AwsIam(pair))) if !arguments.by_hand => Self::Aws(pair.clone()),
            _ if std::io::stdin().is_terminal() => Self::Typed,
            _ => Self::Piped,
        }
    }

    /// The key that is looked at: of an access key of AWS, the half that is secret.
    #[must_use]
    pub fn subject<'n>(&'n self, name: &'n KeyName) -> &'n KeyName {
        if let Self::Aws(pair) = self { &pair.secret } else { name }
    }

    /// Whether no person is needed for it.
    #[must_use]
    pub fn is_rotator(&self) -> bool {
        matches!(self, Self::Program(_) | Self::Aws(_))
    }

    /// Whether it leaves room for what lies aside already: the call does not say itself how the new secret comes, and
    /// nothing is piped in.
    #[must_use]
    pub fn leaves_room(&self, arguments: &Rotate) -> bool {
        match self {
            Self::Program(_) => true,
            Self::Typed => !arguments.by_hand,
            Self::Piped => !arguments.by_hand && platform::waiting_input() == Input::Nothing,
            Self::File(_) | Self::Generated(_) | Self::Aws(_) => false,
        }
    }

    /// The word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Typed | Self::Piped | Self::File(_) => "hand",
            Self::Generated(_) => "generated",
            Self::Program(_) => BY_ROTATOR,
            Self::Aws(_) => AT_AWS,
        }
    }

    /// The question that needs a yes.
    #[must_use]
    pub fn question(&self, name: &KeyName) -> String {
        match self {
            Self::Program(command) => format!("let `{}` replace `{name}`?", command[0]),
            Self::Aws(pair) => format!("replace `{}` and `{}` at AWS?", pair.id, pair.secret),
            _ => format!("replace `{name}`?"),
        }
    }
}
