//! What `proxy run --sandbox` can do on this machine. Whoever does not ask for it needs none of it, so nothing is bad here.

use super::Finding;
#[cfg(feature = "proxy")]
use super::Grade;
#[cfg(all(target_os = "linux", feature = "proxy"))]
use crate::commands::proxying;
use crate::home::Home;

/// What is needed of Landlock, and since when Linux has that.
#[cfg(all(target_os = "linux", feature = "proxy"))]
const NEEDED: (u8, &str) = (6, "Linux 6.12");

/// What there is.
#[cfg(all(target_os = "linux", feature = "proxy"))]
pub(super) fn findings(_: &Home) -> Vec<Finding> {
    let (landlock, filters) = crate::platform::abilities();
    let has = match landlock {
        Some(version) => format!("Landlock {version}"),
        None => "no Landlock".to_owned(),
    };
    let filter = if filters { "seccomp" } else { "no seccomp" };
    let seen = if filters && landlock >= Some(NEEDED.0) {
        let network = if proxying::has_own_network() {
            "a network of its own"
        } else {
            "no network of its own here, so the proxy's port at any address"
        };
        format!("`proxy run --sandbox` can confine a command: {has}, {filter}, and {network}")
    } else {
        format!("none for `proxy run --sandbox`: {has} and {filter}; it needs Landlock {} ({})", NEEDED.0, NEEDED.1)
    };
    vec![Finding::new("sandbox", Grade::Good, seen)]
}

/// What there is, as it was tried just now.
#[cfg(all(target_os = "macos", feature = "proxy"))]
pub(super) fn findings(home: &Home) -> Vec<Finding> {
    let seen = match crate::commands::proxying::could_confine(home) {
        Ok(()) => "`proxy run --sandbox` can confine a command: sandbox-exec, tried just now".to_owned(),
        Err(why) => format!("none for `proxy run --sandbox`: {why}"),
    };
    vec![Finding::new("sandbox", Grade::Good, seen)]
}

/// There is none yet.
#[cfg(all(not(any(target_os = "linux", target_os = "macos")), feature = "proxy"))]
pub(super) fn findings(_: &Home) -> Vec<Finding> {
    vec![Finding::new("sandbox", Grade::Good, "none for `proxy run --sandbox` on this system yet")]
}

/// Without a proxy nobody is confined.
#[cfg(not(feature = "proxy"))]
pub(super) fn findings(_: &Home) -> Vec<Finding> {
    Vec::new()
}
