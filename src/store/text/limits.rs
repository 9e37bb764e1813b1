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
    terminal: bool,
    ask: bool,
    proxy_only: bool,
    require_reason: bool,
    stop_expired: bool,
    hide_from_agents: bool,
}

impl LimitsText {
    pub(super) fn into_limits(self) -> Limits {
        let Self { projects, programs, terminal, ask, proxy_only, require_reason, stop_expired, hide_from_agents } =
            self;
        Limits { projects, programs, terminal, ask, proxy_only, reason: require_reason, stop_expired, hide_from_agents }
    }
}
