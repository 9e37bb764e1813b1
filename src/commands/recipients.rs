//! `keyctl store recipients`: who may open a store, for how long each member says yes to it.
//!
//! Whoever changes the list has said yes to it, so what is accepted is changed with it (accepted.rs): what it will be before
//! the store is written, what it is behind the anchor. The others are told by the store itself when they open it next.

use serde_json::json;

use crate::{
    cli::RecipientsVerb,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{anchor::Id, recipient::Recipient, unlocked},
    name::{MemberName, StoreName},
    scan::git::Git,
    store::{
        accepted::{self, Accepted, State},
        holding::Judge,
        known::Known,
        members::Member,
        payload::Payload,
        seen::{self, Seen, Version},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{self, Outcome},
    narrowing::Scene,
    opening::{self, Kept},
    unbound,
    versions::need_yes,
};

mod accepting;

pub use accepting::other_secrets;

/// Does what the verb says.
///
/// # Errors
/// As keeper and store have them; `Usage` for the personal store, and without a yes.
pub fn recipients(verb: &RecipientsVerb, terminal: &Terminal) -> Result<()> {
    let home = |name: &StoreName| {
        let home = Home::of(Some(name))?;
        if home.store().is_some() { Ok(home) } else { Err(personal()) }
    };
    match verb {
        RecipientsVerb::Add { store, name, recipient, me, yes } => {
            add(&home(store)?, (name, recipient), me.as_ref(), *yes, terminal)
        }
        RecipientsVerb::List { store, json } => list(&home(store)?, *json, terminal),
        RecipientsVerb::Remove { store, name, yes } => remove(&home(store)?, name, *yes, terminal),
        RecipientsVerb::Accept { store, older, yes } => accepting::accept(&home(store)?, *older, *yes, terminal),
    }
}

/// The failure for the one store that is never anybody else's too.
#[must_use]
pub fn personal() -> Failure {
    Failure::new(Kind::Usage, "the personal store is one person's")
        .hint("for keys that others need too, make another: `keyctl store create NAME --path FILE`")
}

fn name_of(home: &Home) -> String {
    home.store().map(ToString::to_string).unwrap_or_default()
}

/// What a member is called by others where nothing was said: as git calls him, else as the system does.
///
/// # Errors
/// `Usage` where neither makes a name.
pub fn usual_name() -> Result<MemberName> {
    let from_git = || {
        let git = Git::at(&std::env::current_dir().ok()?).ok()?;
        MemberName::from_words(&String::from_utf8(git.answer(&["config", "user.name"]).ok()??).ok()?)
    };
    let from_system = || {
        let login = |name: &&str| std::env::var(name).ok().and_then(|login| MemberName::from_words(&login));
        ["USER", "LOGNAME", "USERNAME"].iter().find_map(login)
    };
    from_git().or_else(from_system).ok_or_else(|| {
        Failure::new(Kind::Usage, "it is not known what the others call you")
            .hint("say it: `--me NAME`, or `--as NAME` where you join")
    })
}

/// What is accepted here of the store's members.
fn accepted_of(home: &Home, kept: &Kept, payload: &Payload) -> Option<Accepted> {
    Accepted::read(&home.file(accepted::NAME), &kept.identity, payload.id)
}

/// Writes down what the store's members are about to be, by this user's own doing.
fn announce(home: &Home, kept: &Kept, payload: &Payload, before: State) -> Result<()> {
    let accepted = accepted_of(home, kept, payload).unwrap_or_else(|| Accepted::after(None, before));
    accepted.before(State::of(payload)).write(home, &kept.identity, payload.id)
}

/// What is known of the keys of a store with members before its user changes it.
#[must_use]
pub fn known_before(payload: &Payload, judge: Judge) -> Option<Known> {
    let known = || Known::of(payload).judged(payload, judge).with(payload.held_on.clone());
    (!payload.members.is_empty()).then(known)
}

/// Writes down what is accepted, where that changed, and that this version was seen, once store and anchor are written.
pub fn settle(
    home: &Home,
    kept: &Kept,
    noted: Option<Seen>,
    (payload, version): (&Payload, Option<Version>),
    terminal: &Terminal,
) {
    // A store without members has none of it.
    let (Some(noted), Some(version)) = (noted, version) else { return };
    let before = accepted_of(home, kept, payload);
    let now = Accepted::after(before.as_ref(), State::of(payload));
    if before.as_ref() != Some(&now)
        && let Err(failure) = now.write(home, &kept.identity, payload.id)
    {
        // What was announced opens the store as well, until the next change writes this.
        terminal.warn(&format!("kept, but who its members are is not noted: {}", failure.message));
    }
    // Until the next one that can be written the anchor knows the generation.
    let _ = Seen { version, ..noted }.write(home, &kept.identity, payload.id);
}

/// What is to be noted of the version that its user is about to make of a store with members; which that is is known once it is
/// written. What cannot be noted is not made.
///
/// # Errors
/// `Store`.
pub fn to_be_noted(
    home: &Home,
    kept: &Kept,
    known: Option<&Known>,
    payload: &Payload,
    judge: Judge,
) -> Result<Option<Seen>> {
    if payload.members.is_empty() {
        return Ok(None);
    }
    // What was changed here was asked for here; what others had taken away before holds on, and what is gone is not forgotten.
    let held_on = known.map(|known| known.holds_on_by_owner(payload, judge)).unwrap_or_default();
    let before = Seen::read(&home.file(seen::NAME), &kept.identity, payload.id);
    let noted =
        Seen::of(payload, Version::of(payload.generation, &[])).judged(payload, judge).with(held_on, before.as_ref());
    noted.refuse_what_is_too_much()?;
    Ok(Some(noted))
}

fn add(
    home: &Home,
    (name, recipient): (&MemberName, &Recipient),
    me: Option<&MemberName>,
    yes: bool,
    terminal: &Terminal,
) -> Result<()> {
    // Another opens it for good from then on: that it is open for a while is no leave for that.
    unlocked::ask_anew();
    let store = name_of(home);
    let now = Moment::now();
    let newcomer = |by: &MemberName| {
        let (name, recipient) = (name.clone(), recipient.clone());
        Member { name, recipient, added: now, by: Some(by.clone()), founder: false }
    };
    {
        // What cannot be done is said before anybody is asked.
        let kept = opening::identity(home)?;
        let mut payload = opening::store(home, &kept, terminal)?.read()?;
        let own = own_name(&mut payload, &kept, me, now)?;
        payload.add_member(newcomer(&own))?;
        let scene = Scene { home, kept: &kept, payload: &payload, action: Action::Store };
        unbound::hold(&scene, &format!("`{name}`"), terminal)?;
    }
    let lines = [format!("`{name}`"), recipient.to_string()];
    if !yes {
        terminal
            .say_lines(&format!("all keys of the store `{store}`, and their former secrets, will open for"), &lines);
    }
    need_yes(yes, terminal, "adding a member", || {
        format!("did `{name}` tell you that the recipient ends with `{}`?", recipient.ending())
    })?;
    let members = change::change_as(home, terminal, now, |kept, payload| {
        let before = State::of(payload);
        let own = own_name(payload, kept, me, now)?;
        payload.add_member(newcomer(&own))?;
        announce(home, kept, payload, before)?;
        let note = format!("added the member `{name}` (…{})", recipient.ending());
        Ok(Outcome::changed(payload.members.len(), Event::new(Action::Store, now).note(note)))
    })?;
    terminal.say(&format!("the store `{store}` opens for `{name}` too: {}", count(members, "member")));
    let does = if home.is_elsewhere() { "commit it, and push" } else { "hand it over" };
    terminal
        .hint(&format!("what lets `{name}` in is the file as it is now, `{}`: {does}", home.store_file().display()));
    Ok(())
}

/// What this user is called in the store. Who lets the first one in becomes a member by that.
fn own_name(payload: &mut Payload, kept: &Kept, me: Option<&MemberName>, now: Moment) -> Result<MemberName> {
    if let Some(own) = payload.member_of(&kept.identity) {
        return match me.filter(|me| **me != own.name) {
            Some(me) => Err(Failure::new(Kind::Usage, format!("you are `{}` in this store, not `{me}`", own.name))),
            None => Ok(own.name.clone()),
        };
    }
    let name = me.cloned().map_or_else(usual_name, Ok)?;
    let recipient = kept.identity.recipient();
    payload.add_member(Member { name: name.clone(), recipient, added: now, by: None, founder: true })?;
    Ok(name)
}

fn list(home: &Home, as_json: bool, terminal: &Terminal) -> Result<()> {
    let kept = opening::identity(home)?;
    let text = opening::store(home, &kept, terminal)?;
    let payload = text.pick(&[])?;
    let own = payload.member_of(&kept.identity).map(|member| member.name.clone());
    let is_accepted = |member: &Member| !text.new_members.contains(member);
    if as_json {
        let all: Vec<_> = payload.members.iter().map(|member| json!({
            "name": member.name, "recipient": member.recipient.as_str(), "added": member.added, "by": member.by,
            "founder": member.founder, "you": Some(&member.name) == own.as_ref(), "accepted": is_accepted(member),
        })).collect();
        return terminal.json(&all.into());
    }
    if payload.members.is_empty() {
        let name = name_of(home);
        terminal.say(&format!("the store `{name}` opens for you alone; to let another in: `keyctl store recipients add {name} NAME RECIPIENT`"));
        return Ok(());
    }
    let mut rows = vec![["NAME", "RECIPIENT", "ADDED", "BY"].map(str::to_owned).to_vec()];
    let now = Moment::now();
    rows.extend(payload.members.iter().map(|member| {
        let by = match &member.by {
            Some(by) => by.to_string(),
            None if member.founder => "made the store".to_owned(),
            None => String::new(),
        };
        let remark = if Some(&member.name) == own.as_ref() {
            "you"
        } else if is_accepted(member) {
            ""
        } else {
            "not accepted"
        };
        vec![member.name.to_string(), member.recipient.to_string(), member.added.ago(now), by, remark.to_owned()]
    }));
    terminal.table(&rows, &[1])
}

fn remove(home: &Home, name: &MemberName, yes: bool, terminal: &Terminal) -> Result<()> {
    let store = name_of(home);
    let now = Moment::now();
    let seal = Id::random()?;
    let is_self = {
        let kept = opening::identity(home)?;
        let mut payload = opening::store(home, &kept, terminal)?.read()?;
        let is_self = payload.member_of(&kept.identity).is_some_and(|own| own.name == *name);
        let seen = seen(&payload);
        payload.remove_member(name, seal, now)?;
        if !yes {
            terminal.say_lines(&format!("`{name}` goes on having what there is until now:"), &seen);
        }
        if is_self {
            terminal.warn(&format!("that is you: this machine does not open the store `{store}` any more then"));
        }
        is_self
    };
    need_yes(yes, terminal, "removing a member", || format!("remove `{name}` from the store `{store}`?"))?;
    let (keys, fingerprint, left) = change::change_as(home, terminal, now, |kept, payload| {
        let before = State::of(payload);
        payload.remove_member(name, seal, now)?;
        announce(home, kept, payload, before)?;
        let note = format!("removed the member `{name}`; the store has a new seal");
        let told = (payload.keys.len(), payload.seal_fingerprint(), payload.members.len());
        Ok(Outcome::changed(told, Event::new(Action::Store, now).note(note)))
    })?;
    terminal.say(&format!("removed `{name}`: what is written from now on does not open for that identity"));
    terminal.hint(&format!("copies of the file from before go on opening for `{name}`, with what was in them"));
    if keys > 0 && !is_self {
        terminal.hint(&format!(
            "{} left with `{name}`; to see and replace them: `keyctl due --store {store}`",
            count(keys, "key")
        ));
    }
    let are_others = left > 1;
    if !is_self {
        let asked = if are_others { "the others are asked to say yes to it; " } else { "" };
        terminal.hint(&format!("{asked}a recovery copy of before proves the former seal, so make a new one"));
    }
    if !is_self && are_others {
        terminal.hint(&format!("tell them, not by the same way, that the new seal's fingerprint is `{fingerprint}`"));
    }
    Ok(())
}

/// Every key whose secrets somebody could see, a line each.
fn seen(payload: &Payload) -> Vec<String> {
    let former = |number: usize| match number {
        0 => String::new(),
        number => format!(", and {}", count(number, "former secret")),
    };
    let keys = payload.keys.iter().map(|(name, key)| format!("`{name}`{}", former(key.former.len())));
    let removed = payload
        .removed
        .iter()
        .map(|removed| format!("`{}`, which was removed{}", removed.name, former(removed.key.former.len())));
    let lines: Vec<String> = keys.chain(removed).collect();
    if lines.is_empty() { vec!["nothing: no key was ever kept".to_owned()] } else { lines }
}
