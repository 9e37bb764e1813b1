//! Reading a store's content. No error carries a piece of the text, since any piece of it may be a secret.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;

use super::{
    FIRST_FORMAT, FORMAT,
    limits::LimitsText,
    members::{self, LeftText, MemberText},
    value::{SecretText, secret},
};
use crate::{
    date::{Moment, Period},
    failure::{Failure, Kind, Result},
    hex,
    identity::{
        anchor::Id,
        retired::{Aside, Retired},
    },
    name::{KeyName, SourceName, Tag},
    secret::Secret,
    store::{
        facts::{Facts, Leaked, Revoked},
        journal::{Deed, Revived, Step},
        payload::{Former, Key, Payload, Recovery, Removed},
        revoking::Mark,
        seals::MOST as MOST_SEALS,
    },
};

/// Parses the text. Where it was cut out of another, a line's number would mislead and is not said.
pub(super) fn parse(text: &str, is_cut: bool) -> Result<Payload> {
    let content: Content = deserialize(text).map_err(|error| {
        let newer = deserialize::<Format>(text).is_ok_and(|format| format.format > FORMAT);
        let line =
            error.span().filter(|_| !is_cut).map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        unreadable(newer, line)
    })?;
    if !(FIRST_FORMAT..=FORMAT).contains(&content.format) {
        return Err(unreadable(content.format > FORMAT, None));
    }
    content.into_payload().ok_or_else(|| unreadable(false, None))
}

/// Reads fields out of the text. Its errors do not have the text in them, which they would not wipe; those of a text that is no
/// TOML at all have, and nothing but a hand writes such a one.
fn deserialize<T: for<'t> Deserialize<'t>>(text: &str) -> std::result::Result<T, toml::de::Error> {
    T::deserialize(toml::de::Deserializer::from(toml::de::DeTable::parse(text)?))
}

fn unreadable(newer: bool, line: Option<usize>) -> Failure {
    if newer {
        return Failure::new(Kind::Store, "the store was written by a newer keyctl")
            .hint("update keyctl; nothing was changed");
    }
    let place = line.map(|line| format!(" (line {line})")).unwrap_or_default();
    Failure::new(Kind::Store, format!("the store opens, but its content is not what keyctl writes{place}"))
        .hint("see it with `age -d -i IDENTITY store.age`, or put a good copy of `store.age` back")
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    id: String,
    generation: u64,
    reached: Option<u64>,
    seal: String,
    #[serde(default)]
    seals: Vec<String>,
    log: String,
    #[serde(default)]
    retired: Vec<RetiredText>,
    #[serde(default)]
    aside: Vec<AsideText>,
    written: Option<Moment>,
    history: Option<String>,
    recovery: Option<RecoveryText>,
    #[serde(default)]
    recipients: Vec<MemberText>,
    #[serde(default)]
    wiped_guarded: BTreeSet<KeyName>,
    #[serde(default)]
    wiped_limited: BTreeSet<KeyName>,
    #[serde(default)]
    wiped_secrets: Vec<String>,
    #[serde(default)]
    key: BTreeMap<KeyName, KeyText>,
    #[serde(default)]
    removed: Vec<RemovedText>,
    #[serde(default)]
    step: Vec<StepText>,
    #[serde(default)]
    revoked: Vec<MarkText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetiredText {
    last: u64,
    hash: String,
    key: SecretText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsideText {
    folder: String,
    log: String,
    machine: Option<String>,
    known: Option<String>,
    key: SecretText,
    retired: Vec<RetiredText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryText {
    created: Moment,
    verified: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedText {
    at: Moment,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeakedText {
    at: Moment,
    place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkText {
    mark: String,
    at: Moment,
    reason: Option<String>,
}

/// A table that holds the facts of a key beside fields of its own. serde's `flatten` cannot be had together with
/// `deny_unknown_fields`, so the facts' fields are put into each such table here.
macro_rules! with_facts {
    ($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $($field: $type,)*
            created: Moment,
            changed: Option<Moment>,
            expires: Option<Moment>,
            snoozed: Option<Moment>,
            #[serde(default)]
            frozen: bool,
            rotate_every: Option<Period>,
            url: Option<String>,
            note: Option<String>,
            #[serde(default)]
            tags: BTreeSet<Tag>,
            revoked: Option<RevokedText>,
            leaked: Option<LeakedText>,
            #[serde(default)]
            limits: LimitsText,
            left_with: Option<LeftText>,
            source: Option<SourceName>,
        }

        impl $name {
            /// The fields of its own, and the facts.
            fn split(self) -> (($($type,)*), Facts) {
                let facts = Facts {
                    created: self.created,
                    changed: self.changed.unwrap_or(self.created),
                    expires: self.expires,
                    rotate_every: self.rotate_every,
                    url: self.url,
                    note: self.note,
                    tags: self.tags,
                    revoked: self.revoked.map(revoked),
                    leaked: self.leaked.map(leaked),
                    left_with: self.left_with.map(LeftText::into_left),
                    source: self.source,
                    snoozed: self.snoozed,
                    frozen: self.frozen,
                    limits: self.limits.into_limits(),
                };
                (($(self.$field,)*), facts)
            }
        }
    };
}

with_facts! {
    struct KeyText {
        value: Option<SecretText>,
        base64: Option<SecretText>,
        r#ref: Option<String>,
        former: Option<Vec<FormerText>>,
    }
}

with_facts! {
    struct RemovedText {
        name: KeyName,
        removed: Moment,
        step: Option<u64>,
        value: Option<SecretText>,
        base64: Option<SecretText>,
        r#ref: Option<String>,
        former: Option<Vec<FormerText>>,
    }
}

with_facts! {
    /// What was known of a key before a step.
    struct BeforeText {
        name: KeyName,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerText {
    value: Option<SecretText>,
    base64: Option<SecretText>,
    r#ref: Option<String>,
    source: Option<SourceName>,
    since: Option<Moment>,
    until: Moment,
    expires: Option<Moment>,
    wipe: Option<Moment>,
    revoked: Option<RevokedText>,
    leaked: Option<LeakedText>,
    left_with: Option<LeftText>,
    step: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    number: u64,
    at: Moment,
    deed: String,
    #[serde(default)]
    added: Vec<KeyName>,
    revived: Option<RevivedText>,
    #[serde(default)]
    removed: Vec<KeyName>,
    renamed: Option<[KeyName; 2]>,
    #[serde(default)]
    replaced: Vec<BeforeText>,
    #[serde(default)]
    edited: Vec<BeforeText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevivedText {
    removed: Moment,
    step: Option<u64>,
}

fn revoked(text: RevokedText) -> Revoked {
    Revoked { at: text.at, reason: text.reason }
}

fn leaked(text: LeakedText) -> Leaked {
    Leaked { at: text.at, place: text.place }
}

fn former(text: FormerText, since: Moment) -> Option<Former> {
    Some(Former {
        value: secret(text.value, text.base64, text.r#ref, text.source.as_ref())?,
        since: text.since.unwrap_or(since),
        until: text.until,
        expires: text.expires,
        revoked: text.revoked.map(revoked),
        leaked: text.leaked.map(leaked),
        left_with: text.left_with.map(LeftText::into_left),
        source: text.source,
        wipe: text.wipe,
        step: text.step,
    })
}

/// A key of its parts. The first format did not say since when a former secret was the key's: since the one before it.
fn key(value: Option<Secret>, facts: Facts, former_texts: Option<Vec<FormerText>>) -> Option<Key> {
    let mut since = facts.created;
    let mut all = Vec::new();
    for text in former_texts.unwrap_or_default() {
        let former = former(text, since)?;
        since = former.until;
        all.push(former);
    }
    Some(Key { value: value?, facts, former: all })
}

impl StepText {
    fn into_step(self) -> Option<Step> {
        let before = |texts: Vec<BeforeText>| {
            let split = texts.into_iter().map(BeforeText::split);
            split.map(|((name,), facts)| (name, facts)).collect()
        };
        Some(Step {
            number: self.number,
            at: self.at,
            deed: Deed::ALL.into_iter().find(|deed| deed.word() == self.deed)?,
            added: self.added,
            revived: self.revived.map(|text| Revived { removed: text.removed, step: text.step }),
            removed: self.removed,
            renamed: self.renamed.map(|[from, to]| (from, to)),
            replaced: before(self.replaced),
            edited: before(self.edited),
        })
    }
}

impl MarkText {
    fn into_mark(self) -> Option<Mark> {
        let Self { mark, at, reason } = self;
        Some(Mark { mark: Id::parse(&mark)?, revoked: Revoked { at, reason } })
    }
}

impl RetiredText {
    fn into_retired(self) -> Option<Retired> {
        Some(Retired { key: seal_key(&self.key)?, last: self.last, hash: hex::decode(&self.hash)? })
    }
}

impl AsideText {
    fn into_aside(self) -> Option<Aside> {
        let Self { folder, log, machine, known, key, retired } = self;
        Some(Aside { folder, log: Id::parse(&log)?, machine, known, key: seal_key(&key)?, retired: in_order(retired)? })
    }
}

/// The marks of former seals, if there are no more than are ever written.
fn seals(texts: &[String]) -> Option<Vec<Id>> {
    (texts.len() <= MOST_SEALS).then(|| texts.iter().map(|text| Id::parse(text)).collect())?
}

fn seal_key(text: &SecretText) -> Option<Secret> {
    BASE64.decode(text.0.expose()).ok().map(Secret::new).filter(|key| key.len() == 32)
}

/// The keys, if each ends with a later entry than the one before.
fn in_order(retired: Vec<RetiredText>) -> Option<Vec<Retired>> {
    let retired = retired.into_iter().map(RetiredText::into_retired).collect::<Option<Vec<_>>>()?;
    retired.is_sorted_by(|one, other| one.last < other.last).then_some(retired)
}

impl Content {
    fn into_payload(self) -> Option<Payload> {
        let keys = self.key.into_iter().map(|(name, text)| {
            let ((value, base64, reference, former), facts) = text.split();
            Some((name, key(secret(value, base64, reference, facts.source.as_ref()), facts, former)?))
        });
        let removed = self.removed.into_iter().map(|text| {
            let ((name, removed, step, value, base64, reference, former), facts) = text.split();
            let value = secret(value, base64, reference, facts.source.as_ref());
            Some(Removed { name, removed, step, key: key(value, facts, former)? })
        });
        Some(Payload {
            id: Id::parse(&self.id)?,
            generation: self.generation,
            reached: self.reached,
            seal: Id::parse(&self.seal)?,
            seals: seals(&self.seals)?,
            log: Id::parse(&self.log)?,
            retired: in_order(self.retired)?,
            aside: self.aside.into_iter().map(AsideText::into_aside).collect::<Option<_>>()?,
            history: self.history,
            recovery: self.recovery.map(|text| Recovery { created: text.created, verified: text.verified }),
            members: members::read(self.recipients)?,
            keys: keys.collect::<Option<_>>()?,
            removed: removed.collect::<Option<_>>()?,
            steps: self.step.into_iter().map(StepText::into_step).collect::<Option<_>>()?,
            marks: self.revoked.into_iter().map(MarkText::into_mark).collect::<Option<_>>()?,
            wiped_guarded: self.wiped_guarded,
            wiped_limited: self.wiped_limited,
            wiped_secrets: self.wiped_secrets.iter().map(|text| Id::parse(text)).collect::<Option<_>>()?,
            written: self.written,
            held_on: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_the_content_does_not_have_the_text_in_it() {
        let error = deserialize::<Content>("format = 4\nvalue = \"a-secret\"\n").err().expect("not known");
        assert!(error.span().is_some() && !error.to_string().contains("a-secret"), "{error}");
        assert_eq!(deserialize::<Format>("format = 4\nvalue = \"a-secret\"\n").map(|text| text.format), Ok(4));
    }
}
