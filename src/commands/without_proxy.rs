//! What `run` asks of the proxy, in a keyctl that was built without one: a key that is for the proxy alone is given to nobody.

use std::convert::Infallible;

use crate::{
    config::Config,
    failure::{Failure, Kind, Result},
    history::{Event, Reason},
    home::Home,
    identity::{Identity, anchor::Id},
    launch::{outcome::Launched, program::Program},
    name::VariableName,
    secret::Secret,
    store::payload::Payload,
    terminal::Terminal,
};

use super::{
    choosing::{Chosen, Wish},
    opening::Kept,
    preparing::Ready,
    run::Variable,
};

/// Which keys go by the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those whose limits say so.
    Limits,
}

/// There is none.
pub struct Proxied(Infallible);

/// There is none.
pub struct Gateway(Infallible);

/// The failure for what needs the proxy.
#[must_use]
pub fn not_there() -> Failure {
    Failure::new(Kind::Usage, "this keyctl was built without the proxy").hint("build it with the feature `proxy`")
}

/// Nothing is taken aside: the limits refuse what is for the proxy alone.
///
/// # Errors
/// None.
pub fn take_aside(_: &mut Chosen, _: By, _: Option<&Reason>, _: &Config, _: &Terminal) -> Result<Option<Proxied>> {
    Ok(None)
}

/// As it is.
///
/// # Errors
/// None.
pub fn confined(_: By, _: Option<&Gateway>, _: &Program, _: &Home) -> Result<Option<Program>> {
    Ok(None)
}

/// Where another keyctl left news of a frozen key, all of this store are frozen for it from then on: it cannot open them.
///
/// # Errors
/// None.
pub fn forget(_: &Home, _: &Identity, _: Id) -> Result<()> {
    Ok(())
}

/// Another keyctl's requests are for that to write down.
pub fn write_down_left(_: &Home, _: &Kept, _: &Payload, _: &Terminal) {}

/// Never needed.
#[must_use]
pub fn no_need_to_watch() -> Failure {
    not_there()
}

/// All of them.
#[must_use]
pub fn leave_out(_: &[(VariableName, Secret)], caller: Vec<Variable>) -> Vec<Variable> {
    caller
}

/// None.
#[must_use]
pub fn variables(_: Option<&Gateway>) -> Vec<(VariableName, Secret)> {
    Vec::new()
}

/// As it is.
#[must_use]
pub fn sign(_: Option<&Gateway>, event: Event, _: &Terminal) -> Event {
    event
}

impl Proxied {
    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn start(self, _: &Chosen, _: By, _: &Config, _: &Terminal) -> Result<Gateway> {
        match self.0 {}
    }
}

impl Gateway {
    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn launch(
        &mut self,
        _: Ready<'_>,
        _: (&Home, &dyn Fn() -> Result<Wish>),
        _: &Config,
        _: &Terminal,
    ) -> Launched {
        match self.0 {}
    }
}
