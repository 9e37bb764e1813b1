//! `keyctl push` and `keyctl pull` of a keyctl that was built without sources.

use std::process::ExitCode;

use crate::{
    cli::{Pull, Push},
    failure::{Failure, Kind},
    terminal::Terminal,
};

/// There is no source to write to.
///
/// # Errors
/// `Usage`, always.
pub fn push(_: &Push, _: &Terminal) -> anyhow::Result<ExitCode> {
    Err(absent().into())
}

/// There is no source to fetch from.
///
/// # Errors
/// `Usage`, always.
pub fn pull(_: &Pull, _: &Terminal) -> anyhow::Result<ExitCode> {
    Err(absent().into())
}

fn absent() -> Failure {
    Failure::new(Kind::Usage, "this keyctl was built without sources").hint("take a keyctl with the feature `sources`")
}
