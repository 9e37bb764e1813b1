//! What is known of a key, held against what was known before: for the list of what can be taken back, and for the history.

use std::collections::BTreeSet;

use crate::{
    date::{Moment, Period},
    store::{facts::Facts, limits::Limits},
};

/// The word for a reminder that was put off.
pub const SNOOZE: &str = "snooze";

/// One thing that is known otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Which.
    pub field: &'static str,
    /// The same in words, with the old and the new where both are dates or periods; never a text of the owner's.
    pub words: String,
}

/// What differs, in the order in which it is always said.
#[must_use]
pub fn between(before: &Facts, after: &Facts) -> Vec<Difference> {
    let moment = |moment: Option<Moment>| moment.map_or_else(|| "none".to_owned(), Moment::local);
    let period = |period: Option<Period>| period.map_or_else(|| "none".to_owned(), |period| period.words());
    let plain = |field: &'static str| (field, field.to_owned());
    let all = [
        (
            before.expires != after.expires,
            ("end", format!("end {} -> {}", moment(before.expires), moment(after.expires))),
        ),
        (
            before.rotate_every != after.rotate_every,
            ("plan", format!("plan {} -> {}", period(before.rotate_every), period(after.rotate_every))),
        ),
        (before.url != after.url, plain("page")),
        (before.note != after.note, plain("note")),
        (before.tags != after.tags, plain("tags")),
        (
            before.revoked != after.revoked,
            ("revoked", if after.revoked.is_some() { "revoked" } else { "not revoked any more" }.to_owned()),
        ),
        (
            before.leaked != after.leaked,
            ("leaked", if after.leaked.is_some() { "leaked" } else { "not leaked any more" }.to_owned()),
        ),
        (
            before.left_with != after.left_with,
            (
                "left",
                after.left_with.as_ref().map_or("left with nobody".into(), |left| format!("left with {}", left.who)),
            ),
        ),
        (
            before.frozen != after.frozen,
            ("frozen", if after.frozen { "frozen for the proxy" } else { "no longer frozen for the proxy" }.to_owned()),
        ),
        (
            before.snoozed != after.snoozed,
            (SNOOZE, format!("snooze {} -> {}", moment(before.snoozed), moment(after.snoozed))),
        ),
    ];
    let differing = all.into_iter().filter(|(differs, _)| *differs);
    let differing = differing.map(|(_, (field, words))| Difference { field, words });
    differing.chain(limits_between(&before.limits, &after.limits)).collect()
}

/// What differs of what a key may be used for, each as the option of `edit` is called.
#[must_use]
pub fn limits_between(before: &Limits, after: &Limits) -> Vec<Difference> {
    let texts = |texts: Option<&BTreeSet<String>>| match texts {
        None => "any".to_owned(),
        Some(texts) if texts.is_empty() => "none".to_owned(),
        Some(texts) => texts.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
    };
    let flag = |is_set: bool| if is_set { "on" } else { "off" }.to_owned();
    let said = |limits: &Limits| {
        [
            ("only-project", texts(limits.projects.as_ref())),
            ("only-program", texts(limits.programs.as_ref())),
            ("with-variable", texts(Some(&limits.variables))),
            ("needs-terminal", flag(limits.terminal)),
            ("ask", flag(limits.ask)),
            ("proxy-only", flag(limits.proxy_only)),
            ("require-reason", flag(limits.reason)),
            ("stop-expired", flag(limits.stop_expired)),
            ("hide-from-agents", flag(limits.hide_from_agents)),
        ]
    };
    let both = said(before).into_iter().zip(said(after)).filter(|(before, after)| before != after);
    both.map(|((field, before), (_, after))| Difference { field, words: format!("{field} {before} -> {after}") })
        .collect()
}

/// All of them in one line.
#[must_use]
pub fn in_words(differences: &[Difference]) -> String {
    differences.iter().map(|difference| difference.words.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_old_and_new_and_a_note_is_named_only() {
        let before = Facts { note: Some("of the old account".into()), ..Facts::new(Moment::from_seconds(0)) };
        let after =
            Facts { note: Some("of the new account".into()), rotate_every: "90d".parse().ok(), ..before.clone() };
        assert_eq!(in_words(&between(&before, &after)), "plan none -> 90 days, note");
        assert_eq!(in_words(&between(&after, &before)), "plan 90 days -> none, note");
        assert_eq!(between(&after, &after), []);
    }
}
