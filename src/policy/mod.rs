//! The decision whether a key may be used: by whom, where, and before whom. No file, no clock, no terminal.
//!
//! The strictest of all that is said counts, wherever it was said: each has to allow the use by itself. So whatever is said
//! beside something else never allows more.

use std::path::Path;

use crate::store::limits::{Limits, lies_in_one};

#[cfg(test)]
mod tests;

/// What a key is wanted for. Links in paths are followed already, as they are in limits that are held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Use<'u> {
    /// The program that gets it; none where it is printed or copied.
    pub program: Option<&'u Path>,
    /// Where.
    pub folder: Option<&'u Path>,
    /// Whether there is a terminal on which a person can be asked.
    pub has_terminal: bool,
    /// Whether a coding agent seems to ask.
    pub is_agent: bool,
    /// Whether whoever asks may come to see the secret: all but a program whose output is masked, or that tells nobody.
    pub is_seen: bool,
    /// Whether it goes by the proxy: the program itself does not get it.
    pub by_proxy: bool,
}

/// A limit that a use is not within, in the order in which they are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// It is for the proxy.
    Proxy,
    /// It is for other projects.
    Project,
    /// It is for other programs, or for programs and not to be shown.
    Program,
    /// It needs a terminal.
    Terminal,
    /// It needs a yes, and there is nobody to ask.
    Ask,
    /// It needs the yes of a person, and a coding agent wants to see it.
    Agent,
    /// It is hidden from coding agents, and one may come to see it.
    Hidden,
}

/// What becomes of a use by one that said something of the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// It is, after a yes.
    Asked,
    /// It is not, for these limits.
    Refused(Vec<Limit>),
}

/// Holds a use against what one place says of the key.
#[must_use]
pub fn judge(limits: &Limits, wanted: &Use) -> Verdict {
    let outside = [
        (limits.proxy_only && !wanted.by_proxy, Limit::Proxy),
        (
            limits.projects.as_ref().is_some_and(|folders| !is_in(wanted.folder, |path| lies_in_one(folders, path))),
            Limit::Project,
        ),
        (
            limits.programs.as_ref().is_some_and(|programs| !is_in(wanted.program, |path| programs.contains(path))),
            Limit::Program,
        ),
        (limits.terminal && !wanted.has_terminal, Limit::Terminal),
        (limits.ask && !wanted.has_terminal, Limit::Ask),
        (limits.ask && wanted.is_agent && wanted.program.is_none(), Limit::Agent),
        (limits.hide_from_agents && wanted.is_agent && wanted.is_seen, Limit::Hidden),
    ];
    let refused: Vec<Limit> =
        outside.into_iter().filter(|(is_outside, _)| *is_outside).map(|(_, limit)| limit).collect();
    match (refused.is_empty(), limits.ask) {
        (false, _) => Verdict::Refused(refused),
        (true, true) => Verdict::Asked,
        (true, false) => Verdict::Allowed,
    }
}

impl Limit {
    /// Whether a person at the terminal may let a program have the key all the same which the settings name to replace it or to
    /// try it: where and by what a key is used is not said with that in mind.
    #[must_use]
    pub fn gives_way_to_a_person(self) -> bool {
        matches!(self, Self::Project | Self::Program)
    }
}

/// What is not known, or is no text, is within nothing.
fn is_in(path: Option<&Path>, holds: impl Fn(&str) -> bool) -> bool {
    path.and_then(Path::to_str).is_some_and(holds)
}
