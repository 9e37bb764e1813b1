//! What is known of a key beside its secrets: its dates, where it is replaced, and what its owner noted.

use std::collections::BTreeSet;

use super::limits::Limits;
use crate::{
    date::{Moment, Period},
    name::{MemberName, SourceName, Tag},
};

/// The most bytes a note, a reason or an address may have.
pub const LONGEST_TEXT: usize = 1000;
/// The most tags a key is given.
pub const MOST_TAGS: usize = 100;

/// Whether a text is the address of a page on the web. It may be opened in a browser, so it is nothing but that.
#[must_use]
pub fn is_page(text: &str) -> bool {
    let begins =
        text.strip_prefix("https://").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() && !"\"'`<>\\^{|}".contains(c));
    begins && is_plain && text.len() <= LONGEST_TEXT
}

/// What is known of a key. All of it is plain to whoever opens the store, and none of it is secret in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When the key was first kept.
    pub created: Moment,
    /// When its secret was last replaced.
    pub changed: Moment,
    /// When its issuer ends the secret. It belongs to the secret: a new one has an end of its own or none.
    pub expires: Option<Moment>,
    /// How often its owner wants the secret replaced.
    pub rotate_every: Option<Period>,
    /// The page where it is replaced.
    pub url: Option<String>,
    /// What the owner noted.
    pub note: Option<String>,
    /// What the owner sorts keys by.
    pub tags: BTreeSet<Tag>,
    /// That the secret must not be used any more. It belongs to the secret, as its end does.
    pub revoked: Option<Revoked>,
    /// That the secret was found lying in the clear. It belongs to the secret too.
    pub leaked: Option<Leaked>,
    /// That somebody has it who may not open the store any more. It belongs to the secret too.
    pub left_with: Option<LeftWith>,
    /// The source in which the secret lies: then the key holds only where it is there. It belongs to the secret too.
    pub source: Option<SourceName>,
    /// Until when no reminder speaks of it.
    pub snoozed: Option<Moment>,
    /// That no proxy uses it. It belongs to the key, as its limits do.
    pub frozen: bool,
    /// What it may be used for. It belongs to the key, whatever its secret.
    pub limits: Limits,
}

/// That a secret must not be used any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Since when.
    pub at: Moment,
    /// Why, in the owner's words.
    pub reason: Option<String>,
}

/// That a secret was found lying in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaked {
    /// When it was found.
    pub at: Moment,
    /// Where it was found first.
    pub place: String,
}

/// That a member could see a secret who was removed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftWith {
    /// Who.
    pub who: MemberName,
    /// When he was removed.
    pub at: Moment,
}

/// What is said of one secret: that it was revoked, that it was found, with whom it left.
pub(super) type Said = (Option<Revoked>, Option<Leaked>, Option<LeftWith>);

impl Facts {
    /// What is known of a key that is kept for the first time.
    #[must_use]
    pub fn new(now: Moment) -> Self {
        Self {
            created: now,
            changed: now,
            expires: None,
            rotate_every: None,
            url: None,
            note: None,
            tags: BTreeSet::new(),
            revoked: None,
            leaked: None,
            left_with: None,
            source: None,
            snoozed: None,
            frozen: false,
            limits: Limits::default(),
        }
    }

    /// Takes on what is said of the secret, where nothing is said yet.
    pub(super) fn take_on(&mut self, (revoked, leaked, left_with): Said) {
        self.revoked = self.revoked.take().or(revoked);
        self.leaked = self.leaked.take().or(leaked);
        self.left_with = self.left_with.take().or(left_with);
    }

    /// Forgets what was true of the former secret alone: its end, that it was revoked or found, that somebody left
    /// with it, in which source it lies, and that reminders were put off.
    pub fn begin_anew(&mut self, since: Moment) {
        let before = self.clone();
        *self = Self {
            changed: since,
            expires: None,
            revoked: None,
            leaked: None,
            left_with: None,
            source: None,
            snoozed: None,
            ..before
        };
    }
}
