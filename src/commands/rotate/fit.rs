//! What cannot be meant as a new secret, whoever brings it.

use crate::{
    commands::set::refuse_unfit,
    failure::{Failure, Kind, Result},
    name::KeyName,
    secret::Secret,
    store::payload::Key,
};

/// Whether this was meant for a question that needs a yes, and not as a secret.
pub(super) fn is_an_answer(new: &Secret) -> bool {
    let text = new.expose_text().unwrap_or_default().trim();
    ["y", "n", "yes", "no"].iter().any(|answer| text.eq_ignore_ascii_case(answer))
}

/// Refuses what cannot be meant as the new secret of a key.
pub(super) fn fit(new: &Secret, key: &Key, name: &KeyName) -> Result<()> {
    if is_an_answer(new) {
        return Err(Failure::new(Kind::Usage, "this looks like an answer and not like a secret; nothing was replaced")
            .hint(format!("the new secret is asked for: `keyctl rotate {name}`")));
    }
    if new.is_empty() {
        return Err(Failure::new(Kind::Usage, "the new secret is empty; nothing was replaced")
            .hint(format!("pipe it in, or enter it when asked: `keyctl rotate {name}`")));
    }
    refuse_unfit(new, "the new secret")?;
    if key.value.same_as(new) {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{name}` holds this very secret already; nothing was replaced"),
        )
        .hint("make a new one at its issuer first"));
    }
    if let Some(former) = key.former.iter().rev().find(|former| former.value.same_as(new)) {
        return Err(Failure::new(
            Kind::Negative,
            format!(
                "this is the former secret of `{name}` that was replaced on {}; nothing was replaced",
                former.until.local()
            ),
        )
        .hint(format!("if it shall be used again: `keyctl rollback {name}`")));
    }
    Ok(())
}
