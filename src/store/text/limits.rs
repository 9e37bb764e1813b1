//! What a key may be used for, as it is written down.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::store::limits::Limits;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "as the limits are")]
pub(super) struct LimitsText {
    projects: Option<BTreeSet<String>>,
    programs: Option<BTreeSet<String>>,
    with_variables: BTreeSet<String>,
    terminal: bool,
    ask: bool,
    proxy_only: bool,
    require_reason: bool,
    stop_expired: bool,
    hide_from_agents: bool,
}

impl LimitsText {
    pub(super) fn into_limits(self) -> Limits {
        let Self {
            projects,
            programs,
            with_variables,
            terminal,
            ask,
            proxy_only,
            require_reason,
            stop_expired,
            hide_from_agents,
        } = self;
        // Without programs they would say nothing now, and something once there are some.
        let variables = programs.as_ref().map(|_| with_variables).unwrap_or_default();
        Limits {
            projects,
            programs,
            variables,
            terminal,
            ask,
            proxy_only,
            reason: require_reason,
            stop_expired,
            hide_from_agents,
        }
    }
}
