//! What AWS credentials may do: whose they are (STS `GetCallerIdentity`, which everybody may ask), whether what is referenced can be read,
//! which is tried, and what policies allow beyond it (IAM `SimulatePrincipalPolicy`), where IAM answers that. Nothing is changed.

use std::time::Instant;

use super::{
    super::{Abilities, abilities::Ability},
    calling::Caller,
    refusal::Refusal,
};
use crate::{failure::Result, reference::Reference};

/// The actions that are asked after.
pub(super) struct Actions {
    pub(super) read: &'static str,
    pub(super) write: &'static str,
    /// What nobody needs to read what is referenced, on all resources, and what it means.
    pub(super) more: &'static [(&'static str, &'static str)],
}

/// How a reference is read, and the ARN of what lies there.
type Look<'l> = dyn Fn(&Reference) -> std::result::Result<Option<String>, Refusal> + 'l;

pub(super) fn of(
    caller: &Caller,
    references: &[&Reference],
    look: &Look,
    actions: &Actions,
    until: Instant,
) -> Result<Abilities> {
    let credentials = caller.chain.credentials(until)?;
    let sts = &caller.chain.sts;
    let who = sts.caller(&credentials, until)?;
    let mut abilities = Abilities { who: Some(who.clone()), ..Abilities::default() };
    if who.ends_with(":root") {
        abilities.more.push("is the root of the account and may do everything".into());
    }
    let principal = principal(&who);
    let mut is_told = true;
    for reference in references {
        let (read, arn) = match look(reference) {
            Ok(arn) => (Some(true), arn),
            Err(refusal) if refusal.code.starts_with("AccessDenied") => (Some(false), None),
            // What is not there says nothing of what may be done.
            Err(_) => (None, None),
        };
        let write = match (&principal, &arn) {
            (Some(principal), Some(arn)) if is_told => {
                let asked = sts.simulate(&credentials, principal, &[actions.write], &[arn], until);
                is_told = asked.is_ok();
                asked.ok().and_then(|decided| Some(decided.first()?.1))
            }
            _ => None,
        };
        abilities.of.push(Ability { reference: (*reference).clone(), read, write });
    }
    let names: Vec<&str> = actions.more.iter().map(|(action, _)| *action).collect();
    let beyond = match &principal {
        Some(principal) if is_told => sts.simulate(&credentials, principal, &names, &["*"], until).ok(),
        _ => None,
    };
    match beyond {
        Some(decided) => {
            let is_allowed = |action: &str| decided.iter().any(|(name, allowed)| name == action && *allowed);
            let more = actions.more.iter().filter(|(action, _)| is_allowed(action));
            abilities.more.extend(more.map(|(_, meaning)| (*meaning).to_owned()));
        }
        None => abilities.unknown.push(format!(
            "what else it may do: IAM tells that only to who has `iam:SimulatePrincipalPolicy`; to read what is referenced it needs `{}` alone",
            actions.read
        )),
    }
    Ok(abilities)
}

/// Whose policies are asked after: the user, or the role that was assumed. The account's root has none.
fn principal(arn: &str) -> Option<String> {
    if arn.ends_with(":root") {
        return None;
    }
    // arn:aws:sts::123456789012:assumed-role/ROLE/SESSION is of arn:aws:iam::123456789012:role/ROLE.
    let Some((head, rest)) = arn.split_once(":assumed-role/") else { return Some(arn.to_owned()) };
    let role = rest.split('/').next()?;
    Some(format!("{}:role/{role}", head.replace(":sts:", ":iam:")))
}

#[cfg(test)]
mod tests {
    use super::principal;

    #[test]
    fn policies_are_those_of_the_user_or_of_the_role() {
        for (arn, of) in [
            ("arn:aws:iam::123456789012:user/u", Some("arn:aws:iam::123456789012:user/u")),
            (
                "arn:aws:sts::123456789012:assumed-role/reader/keyctl-corp",
                Some("arn:aws:iam::123456789012:role/reader"),
            ),
            ("arn:aws-cn:sts::1:assumed-role/r/s", Some("arn:aws-cn:iam::1:role/r")),
            ("arn:aws:iam::123456789012:root", None),
        ] {
            assert_eq!(principal(arn).as_deref(), of);
        }
    }
}
