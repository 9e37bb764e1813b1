//! `proxy run --sandbox` where there is no sandbox: nothing is started.

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    launch::program::Program,
    proxy::running::Listening,
    terminal::Terminal,
};

use super::{By, Gateway};

/// None has one.
pub type HandedBy = Option<std::convert::Infallible>;

/// The proxy listens as it always does.
///
/// # Errors
/// None.
#[expect(clippy::unnecessary_wraps, reason = "where there is a sandbox it can fail")]
pub fn listening(_: By, _: &Terminal) -> Result<(Listening, HandedBy)> {
    Ok((Listening::Here, None))
}

/// The command is started as it is.
///
/// # Errors
/// `Usage` for one that is to be confined.
pub fn confined(by: By, _: Option<&Gateway>, _: &Program, _: &Home) -> Result<Option<Program>> {
    if matches!(by, By::Proxy { sandbox: true, .. }) {
        return Err(Failure::new(Kind::Usage, "there is no sandbox on this system yet; nothing was started"));
    }
    Ok(None)
}
