//! What can be wrong with a plugin that opens a store: nothing is started for it.

use super::{Finding, Grade};
use crate::identity::plugin::{kept::PluginPlace, place};

/// What is seen of it.
pub(super) fn findings(at: &PluginPlace) -> Vec<Finding> {
    let program = at.program.display();
    let keeper = match place::flaw(&at.program) {
        None => Finding::new("keeper", Grade::Good, format!("the plugin `{program}` opens the identity")),
        Some(flaw) => Finding::failed("keeper", &place::refused(&at.program, &flaw)),
    };
    let real = |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let other = place::first_on_path(&at.name).filter(|other| real(other) != real(&at.program));
    let other = other.map(|other| {
        let seen =
            format!("another `{}` comes first on `PATH`: `{}`; it is not started", at.name.program(), other.display());
        Finding::new("plugin", Grade::Care, seen)
            .hint("take it away if you do not know it")
            .hint("if it is the one you want: `keyctl store keeper --to plugin --plugin-identity FILE`")
    });
    std::iter::once(keeper).chain(other).collect()
}
