//! `keyctl store recipients accept`: a yes to what others did with the members of a store, or to a file that git took back.
//!
//! What is said yes to is what was shown: the very version, which is looked at once more under the lock.

use crate::{
    commands::{
        change, differences,
        narrowing::{Scene, need_person, need_person_or},
        opening::{self, Kept},
        record,
        versions::need_yes,
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        anchor::Anchor,
        keeper::{Item, write_and_read_back},
    },
    name::KeyName,
    plain::first_names,
    store::{
        accepted::{self, Accepted, Difference, SealIs, State},
        file::{self, SealedFile},
        holding::HeldOn,
        payload::{Key, Payload},
        seen::{self, Seen, Version},
    },
    terminal::{Terminal, count},
};

use super::{accepted_of, name_of};

/// What there is to say yes to.
struct News {
    kept: Kept,
    payload: Payload,
    /// Nothing where it has no members.
    version: Option<Version>,
    before: Option<Accepted>,
    seen: Option<Seen>,
    /// What holds its keys back, though it says less.
    held_on: Vec<HeldOn>,
    difference: Difference,
}

impl News {
    /// Looks at the store as it lies there.
    fn of(home: &Home) -> Result<Self> {
        let kept = opening::identity(home)?;
        let Some(mut sealed) = SealedFile::read(home)? else { return Err(opening::no_file(home, &kept)) };
        if let Some(exposed) = sealed.exposed.take() {
            return Err(exposed);
        }
        let text = sealed.open_unpinned(&kept.identity)?;
        let payload = text.read()?;
        let version = text.version(&payload);
        let before = accepted_of(home, &kept, &payload);
        let seen = Seen::read(&home.file(seen::NAME), &kept.identity, payload.id);
        let settings = config::read(home)?.rotation;
        let held_on = seen.as_ref().map(|seen| seen.holds_on(&payload, version, &opening::judge(home, &settings)));
        let held_on = held_on.unwrap_or_default();
        let difference = accepted::difference(before.as_ref(), &payload, &kept.anchor);
        Ok(Self { kept, payload, version, before, seen, held_on, difference })
    }

    /// What is wrong with it where it is an older copy.
    fn older(&self) -> Option<Failure> {
        let seen = self.seen.as_ref().map(|seen| seen.version);
        file::older(self.payload.generation, seen, &self.kept.anchor).or_else(|| file::another(self.version, seen))
    }

    /// Whether it takes back what was known here: an older version may lack any limit and any revocation that came since, also
    /// of what is kept there no more.
    fn goes_back(&self) -> bool {
        self.older().is_some() || matches!(self.difference.seal, SealIs::Former | SealIs::Strange)
    }

    /// Whether there is nothing to say yes to.
    fn is_none(&self) -> bool {
        let is_own = self.payload.id == self.kept.anchor.store;
        if self.payload.members.is_empty() {
            let knows_of_none = self.before.is_none() && self.seen.is_none();
            let is_pinned = self.payload.seal == self.kept.anchor.seal && knows_of_none;
            return is_own && self.older().is_none() && self.too_far().is_none() && is_pinned;
        }
        let is_newest = self.older().is_none() && self.too_far().is_none();
        is_own && is_newest && self.difference.is_none() && self.freed().is_empty()
    }

    fn too_far(&self) -> Option<Failure> {
        seen::too_far(self.payload.generation, self.seen.as_ref().map(|seen| seen.version), &self.kept.anchor)
    }

    /// The keys that may be used for more by it, each with what is given up by that.
    fn freed(&self) -> Vec<(&KeyName, String)> {
        let of_key = |(name, key): (&'_ KeyName, &'_ Key)| {
            let mut held_on = self.held_on.iter();
            let on = held_on.find(|one| !one.is_gone() && one.name() == name.as_str())?.on(&key.facts);
            Some(differences::in_words(&differences::between(&on, &key.facts)))
        };
        let all = self.payload.keys.iter();
        all.filter_map(|(name, key)| Some((name, of_key((name, key))?))).collect()
    }

    /// What it is, a line each.
    fn lines(&self) -> Vec<String> {
        let older = self.older().map(|older| older.message);
        let differ = (!self.difference.is_addition()).then(|| other_secrets(self.seen.as_ref(), &self.payload));
        let freed = self.freed().into_iter();
        let freed = freed.map(|(name, words)| format!("`{name}` may be used for more than you said yes to: {words}"));
        self.difference.lines().into_iter().chain(older).chain(differ.into_iter().flatten()).chain(freed).collect()
    }

    /// What nobody can say yes to, and what nobody is to say yes to who did not go back himself.
    fn refuse_what_cannot_be(&self, home: &Home, may_be_older: bool) -> Result<()> {
        let own_copy = format!("put your own copy of `{}` back", home.store_file().display());
        if self.payload.id != self.kept.anchor.store {
            return Err(Failure::new(Kind::Store, "another store lies in the place of this one").hint(own_copy));
        }
        if let Some(forged) = self.too_far() {
            return Err(forged.hint(own_copy));
        }
        if self.payload.members.is_empty()
            && accepted::had_members(home.data(), &self.kept.identity, self.payload.id)
            && self.older().is_none()
        {
            return Err(accepted::without_members(&name_of(home)).hint(own_copy));
        }
        if self.payload.members.is_empty() {
            let failure = self.older().unwrap_or_else(|| {
                Failure::new(
                    Kind::Store,
                    "the store was not written by its owner: its seal is not the one that is pinned",
                )
            });
            return Err(failure.hint("get the newest file back").hint(
                "nobody but you is a member; if you want this one: `keyctl recovery restore FILE --accept-older`",
            ));
        }
        if self.payload.member_of(&self.kept.identity).is_none() {
            return Err(Failure::new(
                Kind::Store,
                "the store opens for you, and does not name you: somebody put another file in its place",
            )
            .hint(own_copy));
        }
        if may_be_older {
            return Ok(());
        }
        let name = name_of(home);
        let anyway = |words: &str| format!("{words}: `keyctl store recipients accept {name} --older`");
        if let Some(older) = self.older() {
            return Err(older.hint("get the newest file first").hint(anyway("if you know of it and want this one")));
        }
        let said = match self.difference.seal {
            SealIs::Known | SealIs::New | SealIs::Later => return Ok(()),
            SealIs::Former => "the store has a seal of before: whoever was removed since could have written it",
            SealIs::Strange => {
                "the store has a seal that does not follow on yours: whoever was removed could have written it"
            }
        };
        Err(Failure::new(Kind::Store, said)
            .hint("if it comes from a branch that does not know of a removal: merge it with the newest one")
            .hint(anyway("if you took a removal of your own back, with git")))
    }
}

/// Which secrets are others than those that were there when the store was seen last, a line for each way.
pub fn other_secrets(seen: Option<&Seen>, payload: &Payload) -> Vec<String> {
    let unknown = || vec!["which secrets differ is not known: none were noted here before".to_owned()];
    seen.map_or_else(unknown, |seen| seen.differences(payload))
}

/// Says yes to it.
///
/// # Errors
/// As keeper and store have them; `Usage` without a yes; as [`need_person`] where keys may be used for more by it; `Store` for what nobody can say yes to; `Busy` for another than was
/// shown.
pub fn accept(home: &Home, may_be_older: bool, yes: bool, terminal: &Terminal) -> Result<()> {
    let store = name_of(home);
    let asked = {
        let news = News::of(home)?;
        if news.is_none() {
            // What git has merged here is noted as seen by that.
            opening::store(home, &news.kept, terminal)?;
            terminal.say(&format!("nothing to say yes to: the store `{store}` is as you know it"));
            return Ok(());
        }
        news.refuse_what_cannot_be(home, may_be_older)?;
        let freed: Vec<&KeyName> = news.freed().into_iter().map(|(name, _)| name).collect();
        // No option stands for that yes, so it is always said what it is to.
        if !yes || !freed.is_empty() || news.goes_back() {
            terminal.say_lines(&format!("what is new with the store `{store}`:"), &news.lines());
            news.difference.to_be_heard().iter().for_each(|hint| terminal.hint(hint));
        }
        let question = format!("go on with the store `{store}` as it is now");
        let scene = || Scene { home, kept: &news.kept, payload: &news.payload, action: Action::Store };
        if !freed.is_empty() {
            // What let keys be used for more here would have taken that yes as well.
            let names = first_names(&freed, usize::MAX);
            need_person(&scene(), &freed, &format!("{question}, and let {names} be used for more"), terminal)?;
        } else if news.goes_back() {
            let refused = format!("to go back to an older version of the store `{store}` takes a yes at a terminal");
            let refused = Failure::new(Kind::Policy, refused + "; nothing was accepted");
            need_person_or(&scene(), &[], &question, refused, terminal)?;
        } else {
            need_yes(yes, terminal, "saying yes to other members", || format!("{question}?"))?;
        }
        news.version
    };
    let _lock = change::lock(home)?;
    let news = News::of(home)?;
    if news.version != asked {
        return Err(
            Failure::new(Kind::Busy, "the store was changed meanwhile; nothing was accepted").hint("look at it again")
        );
    }
    news.refuse_what_cannot_be(home, may_be_older)?;
    let members = news.payload.readers();
    keep(home, news, terminal)?;
    terminal.say(&format!("the store `{store}` opens again as it is now: {}", count(members, "member")));
    Ok(())
}

/// Writes it down: first the anchor, by which what is accepted counts.
fn keep(home: &Home, news: News, terminal: &Terminal) -> Result<()> {
    let said = news.difference.lines().into_iter().chain(news.older().map(|older| older.message));
    let note = format!("accepted: {}", said.collect::<Vec<_>>().join("; "));
    let News { kept, payload, version, before, held_on, .. } = news;
    let settings = config::read(home)?.rotation;
    let seen = version.map(|version| {
        // What nobody was asked about, since it is not there, waits on; but not for a secret that the yes was to, nor for
        // one that a key had before which it was to.
        let (gone, freed): (Vec<_>, Vec<_>) = held_on.into_iter().partition(HeldOn::is_gone);
        let is_answered = |one: &HeldOn| {
            let of_key = |freed: &HeldOn| freed.name() == one.name() && payload.has_as_former(one);
            freed.iter().any(|freed| freed.secret() == one.secret() || of_key(freed))
        };
        let held_on = gone.into_iter().filter(|one| !is_answered(one)).collect();
        Seen::of(&payload, version).judged(&payload, &opening::judge(home, &settings)).with(held_on, None)
    });
    seen.iter().try_for_each(Seen::refuse_what_is_too_much)?;
    let anchor = Anchor { seal: payload.seal, generation: payload.generation, ..kept.anchor.clone() };
    write_and_read_back(kept.keeper.as_ref(), Item::Anchor, &anchor.line())?;
    let kept = Kept { anchor, ..kept };
    Accepted::after(before.as_ref(), State::of(&payload)).write(home, &kept.identity, payload.id)?;
    if let Some(seen) = seen {
        seen.write(home, &kept.identity, payload.id)?;
    }
    record::change(&record::log(home, &kept, &payload), &Event::new(Action::Store, Moment::now()).note(note), terminal);
    Ok(())
}
