//! `keyctl store join`: becoming a member of a store that others have.
//!
//! The first call makes an identity for it and shows its public half, which a member has to add; the store's real id is not
//! known yet, so it is kept under a random one. Once the file opens, the next call shows whose store it is and takes it over:
//!
//! ```text
//! 1  the keeper has the identity under the store's id, and an anchor        a keychain has it twice from here to 4
//! 2  who the members are is accepted
//! 3  the record names the store's id                                        the store is joined
//! 4  what the keeper had under the random id goes, the history says so, then the file `joining` goes
//! ```
//!
//! Killed anywhere the same call goes on. Before 3 no command opens the store, after it each does.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::driver;
use crate::{
    commands::{
        change, keepers,
        opening::{self, JOINING, Kept},
        recipients, record,
        versions::need_yes,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    identity::{
        Identity,
        anchor::{Anchor, Id},
        given,
        keeper::{Item, Keeping, Record, write_and_read_back},
        passphrase, pin,
    },
    name::MemberName,
    store::{
        accepted::{Accepted, State},
        file::SealedFile,
        members::Member,
        payload::Payload,
        seen::{Seen, Version},
    },
    terminal::Terminal,
};

/// The most bytes of the file that says that joining is not over.
const LARGEST: usize = 4096;

/// How a store is joined.
pub struct Wish<'w> {
    /// Where its age file lies; said once.
    pub path: Option<&'w Path>,
    /// Who is to keep the identity.
    pub keeper: keepers::Wish<'w>,
    /// What the others call the one who joins.
    pub name: Option<&'w MemberName>,
    /// Whether a yes was given.
    pub yes: bool,
}

/// What is known while joining is not over.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    format: u32,
    /// The id that the identity is kept under until the store's own is known.
    id: String,
    name: MemberName,
}

impl Joining {
    fn read(home: &Home) -> Result<Option<Self>> {
        let path = home.file(JOINING);
        let Some((bytes, _)) = home::read(&path, LARGEST)? else { return Ok(None) };
        let read = std::str::from_utf8(&bytes).ok().and_then(|text| toml::from_str::<Self>(text).ok());
        let good = read.filter(|joining| joining.format == 1 && Id::parse(&joining.id).is_some());
        let name = home.store().map(ToString::to_string).unwrap_or_default();
        good.map(Some).ok_or_else(|| {
            Failure::new(Kind::Store, format!("`{}` is damaged", path.display()))
                .hint(format!("begin again: `keyctl store remove {name}`, then join it"))
        })
    }

    fn id(&self) -> Id {
        Id::parse(&self.id).unwrap_or_default()
    }

    fn write(&self, home: &Home) -> Result<()> {
        let Self { format, id, name } = self;
        let text = format!(
            "# this store is being joined; written by keyctl\nformat = {format}\nid = \"{id}\"\nname = \"{name}\"\n"
        );
        home::replace(&home.file(JOINING), text.as_bytes())
    }
}

/// Joins a store, as far as that can be done now.
///
/// # Errors
/// As keeper and store have them; `Usage` for the personal one and without a path, `Negative` for one that is there.
pub fn join(home: Home, wish: &Wish, terminal: &Terminal) -> Result<()> {
    if home.store().is_none() {
        return Err(recipients::personal());
    }
    if wish.keeper.kind.is_some() && given::is_given() {
        return Err(given::refused("no keeper is chosen for it"));
    }
    // An identity that was to be given is not made instead.
    if let Some(why) = given::why_empty() {
        return Err(Failure::new(Kind::Usage, why).hint("to make an identity for this machine, unset it"));
    }
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    if home.is_being_removed() {
        return Err(Failure::new(Kind::Negative, format!("the removal of the store `{name}` was cut short"))
            .hint(format!("end it first: `keyctl store remove {name}`")));
    }
    let begun = Joining::read(&home)?;
    let path = wish.path.map(place).transpose()?;
    if begun.is_none() && Record::read(&home)?.is_some() {
        if path.as_ref().is_some_and(|path| home.is_elsewhere() && home.store_file() == *path) {
            return joined_already(&home, terminal);
        }
        return Err(Failure::new(Kind::Negative, format!("the store `{name}` exists already"))
            .hint("to join another one choose another name: what a store is called is each member's own affair"));
    }
    if path.is_none() && !home.is_elsewhere() {
        return Err(Failure::new(Kind::Usage, "say where the store's age file lies: `--path FILE`"));
    }
    opening::ask_first(&home)?;
    let _lock = change::lock(&home)?;
    let former = home.is_elsewhere().then(|| home.store_file());
    let home = match path {
        Some(path) if !home.is_elsewhere() || home.store_file() != path => home.move_elsewhere(path)?,
        _ => home,
    };
    let sealed = match SealedFile::read(&home) {
        Ok(Some(sealed)) => sealed,
        unreadable => {
            leave_nothing(&home, begun.is_none());
            let missing = format!("there is no file `{}`", home.store_file().display());
            // What joining waits for already is not given up for a file that is none.
            let unreadable = unreadable.map_err(|failure| named(&home, &failure));
            if let (Some(former), true) = (former, begun.is_some()) {
                home.move_elsewhere(former)?;
            }
            unreadable?;
            return Err(Failure::new(Kind::Missing, missing));
        }
    };
    let (joining, record, identity) = begin(&home, begun.as_ref(), wish, terminal)
        .inspect_err(|_| leave_nothing(&home, matches!(Record::read(&home), Ok(None))))?;
    if !sealed.is_made_for(&identity) {
        if given::is_given() {
            leave_nothing(&home, begun.is_none());
            return Err(no_member(&home, &joining, &identity));
        }
        return ask_to_be_added(&home, &joining, &identity, terminal);
    }
    let text = sealed.open_unpinned(&identity)?;
    let payload = text.read()?;
    let version = text.version(&payload);
    take_over(&home, &joining, (record, identity), (&payload, version), wish.yes, terminal)
}

/// The whole path of the store's file, which has to be there.
fn place(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| Failure::disk("find", path, &error))
}

/// A failure with the name of the file that it is about, which may be given up afterwards.
fn named(home: &Home, failure: &Failure) -> Failure {
    let Failure { kind, message, hints } = failure;
    let message = home.said_of_file(message).into_owned();
    let hints = hints.iter().map(|hint| home.said_of_file(hint).into_owned()).collect();
    Failure { kind: *kind, message, hints }
}

/// What was not begun shall not look as if it had been.
fn leave_nothing(home: &Home, is_nothing: bool) {
    if is_nothing {
        let _ = home.begin_removal().and_then(|()| home.end_removal());
    }
}

/// Makes the identity, or goes on where that was cut short.
fn begin(
    home: &Home,
    begun: Option<&Joining>,
    wish: &Wish,
    terminal: &Terminal,
) -> Result<(Joining, Record, Identity)> {
    let record = Record::read(home)?;
    let name = match (wish.name, begun) {
        (Some(name), _) => name.clone(),
        (None, Some(begun)) => begun.name.clone(),
        // Whoever is given an identity is added already, most times, and has the name that the store knows.
        (None, None) if given::is_given() => {
            recipients::usual_name().or_else(|failure| "ci".parse().map_err(|_| failure))?
        }
        (None, None) => recipients::usual_name()?,
    };
    let id = begun.map_or_else(|| Id::random().map(|id| id.to_string()), |begun| Ok(begun.id.clone()))?;
    let joining = Joining { format: 1, id, name };
    if begun.is_none_or(|begun| begun.name != joining.name) {
        joining.write(home)?;
    }
    let record = if let Some(record) = record {
        wish.keeper.try_on(&record)?;
        record
    } else {
        let keeper = if given::is_given() {
            Keeping::Given
        } else {
            wish.keeper.place(home, joining.id(), wish.keeper.choose(terminal)?, terminal)?
        };
        let record = Record { store: joining.id(), keeper };
        record.write(home)?;
        record
    };
    let place = record.open(home);
    let identity = if let Some(line) = place.read()?.identity {
        Identity::parse(line)?
    } else {
        wish.keeper.passphrase_for(home, &record, terminal)?;
        let identity = Identity::generate();
        write_and_read_back(place.as_ref(), Item::Identity, identity.line())?;
        identity
    };
    Ok((joining, record, identity))
}

/// The same call once more, as by a machine that keeps its home from one build to the next.
fn joined_already(home: &Home, terminal: &Terminal) -> Result<()> {
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    // What each call is given may be another one's by now; what a keeper has was looked at when it was joined.
    if given::is_given() {
        opening::store(home, &opening::identity(home)?, terminal)?;
    }
    terminal.say(&format!("the store `{store}` is joined already, with this file"));
    Ok(())
}

/// The failure for an identity that was given, and is no member's: nobody waits beside a build for a member to add it.
fn no_member(home: &Home, joining: &Joining, identity: &Identity) -> Failure {
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    let (recipient, name) = (identity.recipient(), &joining.name);
    let giver = given::giver().unwrap_or("this call");
    let what = format!("`{}` does not open with the identity that {giver} gives", home.store_file().display());
    Failure::new(Kind::Store, what)
        .hint("if it is the one of another store, give the one that was added here")
        .hint(format!("or a member lets it in: `keyctl store recipients add {store} {name} {recipient}`"))
}

/// The file does not open yet: somebody whom it opens for has to add this identity.
fn ask_to_be_added(home: &Home, joining: &Joining, identity: &Identity, terminal: &Terminal) -> Result<()> {
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    let (recipient, name) = (identity.recipient(), &joining.name);
    terminal.say(&format!(
        "`{}` does not open for you yet; your recipient for the store `{store}` is",
        home.store_file().display()
    ));
    terminal.data(format!("{recipient}\n").as_bytes())?;
    terminal.hint(&format!("a member has to type: `keyctl store recipients add {store} {name} {recipient}`"));
    terminal.hint(&format!("and to hear from you, not by the same way, that it ends with `{}`", recipient.ending()));
    terminal.hint(&format!("once you have the newest file: `keyctl store join {store}`"));
    Ok(())
}

fn take_over(
    home: &Home,
    joining: &Joining,
    (record, identity): (Record, Identity),
    (payload, version): (&Payload, Option<Version>),
    yes: bool,
    terminal: &Terminal,
) -> Result<()> {
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    let Some(own) = payload.member_of(&identity) else {
        return Err(Failure::new(
            Kind::Store,
            "the store opens for you, and does not name you: somebody put another file there",
        )
        .hint("ask whoever added you to write it once more"));
    };
    let is_done = record.store == payload.id && record.store != joining.id();
    if !is_done {
        if !yes {
            let lines: Vec<String> = payload.members.iter().map(|member| words(member, own)).collect();
            terminal.say_lines(&format!("the store {} opens for {} members:", payload.id, lines.len()), &lines);
        }
        terminal.hint(&to_be_heard(payload, own));
        need_yes(yes, terminal, "joining a store", || format!("join it as `{}`, under the name `{store}`?", own.name))?;
        switch(home, &record, &identity, (payload, version))?;
    }
    if record.kind().uses_keychain() {
        let former = Record { store: joining.id(), keeper: record.keeper.clone() }.open(home);
        for item in [Item::Identity, Item::Anchor] {
            former.remove(item)?;
        }
    }
    let record = Record { store: payload.id, ..record };
    let (keeper, anchor) =
        (record.open(home), Anchor { generation: payload.generation, ..Anchor::first(payload.id, payload.seal) });
    let log = record::log(home, &Kept { record, keeper, identity, anchor, other: None, print: None }, payload);
    let note = format!("joined as `{}`", own.name);
    // A call that was cut short may have come as far as this.
    let is_noted = |(_, event): (u64, Event)| event.note.as_ref() == Some(&note);
    if !log.read().is_ok_and(|entries| entries.flatten().any(is_noted)) {
        record::change(&log, &Event::new(Action::Store, Moment::now()).note(&note), terminal);
    }
    let path = home.file(JOINING);
    std::fs::remove_file(&path).map_err(|error| Failure::disk("remove", &path, &error))?;
    terminal.say(&format!("joined the store `{store}` as `{}`; its keys are named `{store}:KEY`", own.name));
    terminal.hint(&format!("see them: `keyctl list --store {store}`"));
    if !given::is_given() {
        driver::say_how(home, terminal);
    }
    Ok(())
}

/// Steps 1 to 3.
fn switch(
    home: &Home,
    record: &Record,
    identity: &Identity,
    (payload, version): (&Payload, Option<Version>),
) -> Result<()> {
    let former = record.store;
    let record = Record { store: payload.id, keeper: record.keeper.clone() };
    // What was typed for the place under its former id opens it under the new one.
    if let Some(place) = record.keeper.wrapped_in()
        && let Some(passphrase) = passphrase::held(former, &place)
    {
        passphrase::hold(record.store, &place, &passphrase);
    }
    let place = record.open(home);
    match place.read()?.identity {
        Some(line) if line.same_as(identity.line()) => {}
        Some(_) => {
            return Err(Failure::new(
                Kind::Keychain,
                format!("{} has another identity for this store; it is left alone", record.kind().place()),
            )
            .hint("perhaps you joined it before, under another name or from another folder: `keyctl store list`"));
        }
        None => write_and_read_back(place.as_ref(), Item::Identity, identity.line())?,
    }
    let anchor = Anchor { generation: payload.generation, ..Anchor::first(payload.id, payload.seal) };
    write_and_read_back(place.as_ref(), Item::Anchor, &anchor.line())?;
    Accepted::after(None, State::of(payload)).write(home, identity, payload.id)?;
    if let Some(version) = version {
        Seen::of(payload, version).write(home, identity, payload.id)?;
    }
    if record.kind().uses_keychain() {
        pin::write(home, record.store)?;
    }
    record.write(home)
}

/// By what the one who joins knows that it is the others' store: whoever can write the file and knows his recipient could have
/// made one of his own, with other members by the same names.
fn to_be_heard(payload: &Payload, own: &Member) -> String {
    let is_another = |member: &&Member| member.name != own.name;
    let made = payload.members.iter().filter(is_another).find(|member| member.founder);
    let added = own.by.as_ref().and_then(|by| payload.member(by));
    let Some(other) = made.or(added).or_else(|| payload.members.iter().find(is_another)) else {
        return "you are its only member".to_owned();
    };
    let (name, ending, id) = (&other.name, other.recipient.ending(), payload.id.to_string());
    let id = &id[id.len() - 8..];
    format!(
        "hear from `{name}`, not by the same way, that the recipient ends with `{ending}`, and the store's id with `{id}`"
    )
}

fn words(member: &Member, own: &Member) -> String {
    let Member { name, recipient, by, founder, .. } = member;
    let made = if *founder { ", who made it" } else { "" };
    let by = by.as_ref().map(|by| format!(", added by `{by}`")).unwrap_or_default();
    let you = if name == &own.name { ": that is you" } else { "" };
    format!("`{name}` (…{}){made}{by}{you}", recipient.ending())
}
