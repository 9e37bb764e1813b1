//! The variables that `envchain` keeps in the keychain, by namespace.

use crate::{exchange::moved::Moving, failure::Result};

/// Reads a namespace, or all of them.
///
/// # Errors
/// As the keychain has them; `Usage` where its items cannot be listed.
#[cfg(target_os = "linux")]
pub(super) fn read(namespace: Option<&str>) -> Result<Moving> {
    use crate::{
        exchange::moved::Beside,
        failure::{Failure, Kind},
        identity::keychain,
    };
    let mut items = keychain::of_envchain(namespace)?;
    if items.is_empty() {
        let said = match namespace {
            Some(name) => format!("envchain keeps nothing in the namespace `{name}`"),
            None => "envchain keeps nothing in this keychain".to_owned(),
        };
        return Err(Failure::new(Kind::Missing, said));
    }
    items.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    let mut moving = Moving::default();
    for item in items {
        moving.take(&[&item.namespace, &item.name], item.value, Beside::default(), 0);
    }
    Ok(moving)
}

/// Elsewhere items cannot be listed without a question for each; `envchain` hands them over itself.
#[cfg(not(target_os = "linux"))]
pub(super) fn read(namespace: Option<&str>) -> Result<Moving> {
    use crate::failure::{Failure, Kind};
    let name = namespace.unwrap_or("NAMESPACE");
    Err(Failure::new(Kind::Usage, "here envchain itself has to hand its variables over")
        .hint(format!("see their names: `envchain --list {name}`"))
        .hint(format!("then take them: `envchain {name} keyctl import --env VARIABLE…`")))
}
