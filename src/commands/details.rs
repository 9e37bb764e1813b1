//! What `set`, `edit` and `rotate` are told of a key beside its secret, checked before anything is asked or opened.

use std::collections::BTreeSet;

use crate::{
    cli,
    date::{Moment, Period, written, zone},
    failure::{Failure, Kind, Result},
    issuer::{self, Checksum, Recognised},
    name::{KeyName, Tag},
    secret::Secret,
    store::{
        facts::{Facts, LONGEST_TEXT, MOST_TAGS, is_page},
        payload::Payload,
    },
    terminal::Terminal,
};

use super::narrowing::Narrowing;

/// What is to become of a field: nothing, or this from now on.
type Change<T> = Option<Option<T>>;

/// Details that were checked.
#[derive(Default)]
pub struct Details {
    expires: Change<Moment>,
    rotate_every: Change<Period>,
    url: Change<String>,
    note: Change<String>,
    tags: Vec<Tag>,
    no_tags: Vec<Tag>,
    not_revoked: bool,
    not_leaked: bool,
    limits: Narrowing,
}

impl Details {
    /// The details of `set`.
    ///
    /// # Errors
    /// `Usage` for what cannot be meant.
    pub fn of_set(given: &cli::Details, now: Moment, terminal: &Terminal) -> Result<Self> {
        let expires = given.expires.as_deref().map(|text| expires(text, now, terminal)).transpose()?;
        Ok(Self {
            expires: expires.map(Some),
            rotate_every: given.rotate_every.map(Some),
            url: given.url.as_deref().map(url).transpose()?.map(Some),
            note: given.note.as_deref().map(|note| words("a note", note)).transpose()?.map(Some),
            tags: given.tags.clone(),
            ..Self::default()
        })
    }

    /// The details of `edit`.
    ///
    /// # Errors
    /// `Usage` for what cannot be meant, and when nothing is to be changed.
    pub fn of_edit(edit: &cli::Edit, now: Moment, terminal: &Terminal) -> Result<Self> {
        let given = Self::of_set(&edit.details, now, terminal)?;
        let details = Self {
            expires: if edit.no_expires { Some(None) } else { given.expires },
            rotate_every: if edit.no_rotate_every { Some(None) } else { given.rotate_every },
            url: if edit.no_url { Some(None) } else { given.url },
            note: if edit.no_note { Some(None) } else { given.note },
            tags: given.tags,
            no_tags: edit.no_tags.clone(),
            not_revoked: edit.not_revoked,
            not_leaked: edit.not_leaked,
            limits: Narrowing::of(&edit.limits)?,
        };
        if details.is_empty() {
            return Err(Failure::new(Kind::Usage, "nothing was said that should change")
                .hint(format!("say what, as in `keyctl edit {} --expires 2027-01-31`", edit.name)));
        }
        Ok(details)
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { expires, rotate_every, url, note, tags, no_tags, not_revoked, not_leaked, limits } = self;
        let fields = expires.is_none() && rotate_every.is_none() && url.is_none() && note.is_none();
        fields && tags.is_empty() && no_tags.is_empty() && !not_revoked && !not_leaked && limits.is_empty()
    }

    /// Whether it is taken back that the key was revoked.
    #[must_use]
    pub fn not_revoked(&self) -> bool {
        self.not_revoked
    }

    /// Whether it is taken back that the key was found leaked.
    #[must_use]
    pub fn not_leaked(&self) -> bool {
        self.not_leaked
    }

    /// Whether a key may be used for more by them, whatever is known of it.
    #[must_use]
    pub fn may_widen(&self) -> bool {
        let is_tagged = !self.tags.is_empty() || !self.no_tags.is_empty();
        is_tagged || self.expires.is_some() || self.not_revoked || self.not_leaked || self.limits.may_widen()
    }

    /// Says that an end was given which the secret itself does not reach.
    pub fn say_of_own_end(&self, own_end: Option<Moment>, terminal: &Terminal) {
        say_of_own_end(self.expires.flatten(), own_end, terminal);
    }

    /// Whether the secret's own end is the one that counts.
    #[must_use]
    pub fn leaves_own_end(&self) -> bool {
        self.expires.is_none()
    }

    /// Makes sure that no text holds the secret: reports show notes, and the history keeps reasons.
    ///
    /// # Errors
    /// `Usage`.
    pub fn refuse_secret(&self, secret: &Secret) -> Result<()> {
        let texts = [&self.url, &self.note].into_iter().filter_map(|text| text.as_ref()?.as_deref());
        texts
            .chain(self.tags.iter().map(Tag::as_str))
            .chain(self.limits.texts())
            .try_for_each(|text| refuse_within(secret, text))
    }

    /// Refuses what would say nothing of this key.
    ///
    /// # Errors
    /// `Usage`.
    pub fn refuse_in_vain(&self, facts: &Facts, name: &KeyName) -> Result<()> {
        let tags = facts.tags.iter().filter(|tag| !self.no_tags.contains(tag)).chain(&self.tags);
        if !self.tags.is_empty() && tags.collect::<BTreeSet<_>>().len() > MOST_TAGS {
            return Err(Failure::new(Kind::Usage, format!("`{name}` would have more than {MOST_TAGS} tags")));
        }
        self.limits.refuse_in_vain(&facts.limits, name)
    }

    /// Puts what was said among the facts; `own_end` is what the secret says itself, where nothing else is known.
    pub fn put(&self, facts: &mut Facts, own_end: Option<Moment>) {
        facts.expires = facts.expires.or(own_end);
        facts.expires = self.expires.unwrap_or(facts.expires);
        // The reminder of the end itself is never put off.
        if let Some(Some(end)) = self.expires {
            facts.snoozed = facts.snoozed.map(|until| until.min(end));
        }
        facts.rotate_every = self.rotate_every.unwrap_or(facts.rotate_every);
        facts.url = self.url.clone().unwrap_or_else(|| facts.url.take());
        facts.note = self.note.clone().unwrap_or_else(|| facts.note.take());
        facts.tags.retain(|tag| !self.no_tags.contains(tag));
        facts.tags.extend(self.tags.iter().cloned());
        facts.limits = self.limits.on(&facts.limits);
        if self.not_revoked {
            facts.revoked = None;
        }
        if self.not_leaked {
            facts.leaked = None;
        }
    }
}

/// Refuses a text that holds the secret.
///
/// # Errors
/// `Usage`.
pub fn refuse_within(secret: &Secret, text: &str) -> Result<()> {
    if secret.is_within(text) {
        return Err(Failure::new(Kind::Usage, "the secret itself stands in what is to be noted; nothing was changed")
            .hint("notes, tags, pages and reasons are shown; say it without the secret"));
    }
    Ok(())
}

/// Refuses a name that holds the secret: names are shown everywhere, also where no secret may be.
///
/// # Errors
/// `Usage`, which does not say the name.
pub fn refuse_as_name(secret: &Secret, name: &KeyName) -> Result<()> {
    if secret.is_within(name.as_str()) {
        return Err(Failure::new(Kind::Usage, "the secret itself stands in the key's name; nothing was changed")
            .hint("names are shown everywhere: choose another")
            .hint(
                "take this line out of the shell's history, and replace the secret at its issuer if it was a live one",
            ));
    }
    Ok(())
}

/// Says where what is known of any key holds this secret, which may have been kept after that was noted.
pub fn warn_of_texts(secret: &Secret, payload: &Payload, terminal: &Terminal) {
    for (name, key) in &payload.keys {
        let Facts { url, note, tags, revoked, .. } = &key.facts;
        let holds = |text: Option<&String>| text.is_some_and(|text| secret.is_within(text));
        let found = [
            (holds(note.as_ref()), "note", "--no-note"),
            (holds(url.as_ref()), "page", "--no-url"),
            (tags.iter().any(|tag| secret.is_within(tag.as_str())), "tag", "--no-tag TAG"),
            (
                holds(revoked.as_ref().and_then(|revoked| revoked.reason.as_ref())),
                "reason for revoking",
                "--not-revoked",
            ),
        ];
        for (_, what, option) in found.into_iter().filter(|(holds, ..)| *holds) {
            terminal.warn(&format!(
                "the {what} of `{name}` holds the secret itself; reports show it: `keyctl edit {name} {option}`"
            ));
        }
    }
}

/// What a secret says of itself by its shape: whether it was mistyped, which is said, and when it ends.
#[must_use]
pub fn of_secret(name: &KeyName, secret: &Secret, terminal: &Terminal) -> Option<Moment> {
    if let Some(Recognised { kind, checksum: Checksum::Wrong }) = issuer::recognise(secret) {
        terminal.warn(&format!(
            "`{name}` looks like {}, but its check characters are wrong: mistyped, or cut short?",
            kind.one()
        ));
    }
    let own_end = issuer::own_expiry(secret);
    if let Some(end) = own_end.filter(|end| *end <= Moment::now()) {
        terminal.warn(&format!("the secret of `{name}` ended on {}, as it says itself", end.local()));
    }
    own_end
}

/// Says that an end which was given is later than the one that the secret says itself.
pub fn say_of_own_end(given: Option<Moment>, own_end: Option<Moment>, terminal: &Terminal) {
    if let (Some(given), Some(own)) = (given, own_end)
        && given > own
    {
        terminal.warn(&format!("`--expires` is later than the end that the secret says itself ({})", own.local()));
    }
}

/// The moment at which a secret ends, as it was typed.
///
/// # Errors
/// `Usage` for what is no date.
pub fn expires(text: &str, now: Moment, terminal: &Terminal) -> Result<Moment> {
    let moment = written::read(text, now, &zone::here())
        .map_err(|why| Failure::new(Kind::Usage, format!("`--expires`: {why}")))?;
    if moment <= now {
        terminal.warn(&format!("`--expires` is in the past ({}): the key counts as expired", moment.local()));
    }
    Ok(moment)
}

/// A page on the web.
fn url(text: &str) -> Result<String> {
    if !is_page(text) {
        return Err(Failure::new(Kind::Usage, "`--url` takes the address of a page, `https://…`"));
    }
    Ok(text.to_owned())
}

/// A line of the owner's own words.
///
/// # Errors
/// `Usage` for more than a line.
pub fn words(what: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_TEXT || text.chars().any(char::is_control) {
        let why = format!("{what} is one line of text with at most {LONGEST_TEXT} bytes");
        return Err(Failure::new(Kind::Usage, why));
    }
    Ok(text.to_owned())
}

/// What may surprise of a secret that was just kept: that it was revoked or found before, and that the former one's end was its own.
pub fn say_of_new_secret(name: &KeyName, facts: &Facts, former_end: Option<Moment>, terminal: &Terminal) {
    if let Some(revoked) = &facts.revoked {
        terminal.warn(&format!(
            "this secret was revoked on {}: `run` and `env` do not give it, unless the policy says so",
            revoked.at.local()
        ));
    }
    if let Some(leaked) = &facts.leaked {
        terminal.warn(&format!("this secret was found in `{}` on {}", leaked.place, leaked.at.local()));
    }
    if let Some(left) = &facts.left_with {
        terminal.warn(&format!("`{}` has this secret too, who was removed on {}", left.who, left.at.local()));
    }
    if let (Some(end), None) = (former_end, facts.expires) {
        say_of_former_end(name, end, terminal);
    }
}

/// Says that an end was the former secret's alone.
pub fn say_of_former_end(name: &KeyName, end: Moment, terminal: &Terminal) {
    terminal.hint(&format!(
        "{} was the former secret's end; say when this one ends: `keyctl edit {name} --expires DATE`",
        end.local_day()
    ));
}

/// The dates of a key in words, for what was just done to it: `; expires 2027-01-31 00:00; to be replaced every 90 days`.
#[must_use]
pub fn in_words(facts: &Facts) -> String {
    let expires = facts.expires.map(|moment| format!("; expires {}", moment.local()));
    let plan = facts.rotate_every.map(|period| format!("; to be replaced every {}", period.words()));
    [expires, plan].into_iter().flatten().collect()
}
