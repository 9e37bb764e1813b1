//! What a member has said yes to: the store's seal and who its members are. It lies in his own folder for the store, sealed
//! with his identity, and each time the store is opened the list inside is held against it.
//!
//! Somebody was added: that is said, and reading goes on; whoever writes would encrypt to the new one, so nothing is written
//! before that is accepted. Somebody is gone, has another recipient, or the seal is another: then it may be somebody else's
//! file, of one who was removed for instance, and nothing is read. A new seal that does not follow on the accepted one is not
//! given by any removal that began there (seals.rs); one that does may still be given by whoever was removed, as he knew the
//! former one, so its fingerprint is to be heard of who removed him.
//!
//! Whoever changes the list writes here first what it will be (`next`), then the store, then the anchor, then here what it is.
//! A kill in between leaves a store that opens. The next state counts only with the anchor of the one it follows on.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        Identity,
        anchor::{Anchor, Id},
        recipient::Recipient,
    },
    name::MemberName,
};

use super::{
    members::Member,
    noted::Note,
    payload::Payload,
    seen::{self, Seen},
};

/// The file's name in the store's folder.
pub const NAME: &str = "members";
const NOTE: Note = Note { head: "keyctl-members 1 ", purpose: "keyctl/members/v1", largest: 256 * 1024 };
/// So many seals of before are remembered.
const MOST_SEALS: usize = 256;

/// A seal, and who the members are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The seal.
    pub seal: Id,
    /// Name, recipient, and whether he made the store.
    members: Vec<(MemberName, Recipient, bool)>,
}

/// What is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it is.
    pub now: State,
    /// What it is about to be, by this member's own doing.
    pub next: Option<State>,
    /// Seals of before: whoever was removed knows one of them.
    pub former: Vec<Id>,
}

#[derive(Serialize, Deserialize)]
struct StateText {
    seal: String,
    members: Vec<(MemberName, String, bool)>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    now: StateText,
    next: Option<StateText>,
    former: Vec<String>,
}

impl State {
    /// The state of a store.
    #[must_use]
    pub fn of(payload: &Payload) -> Self {
        let entry = |member: &Member| (member.name.clone(), member.recipient.clone(), member.founder);
        let mut members: Vec<_> = payload.members.iter().map(entry).collect();
        members.sort();
        Self { seal: payload.seal, members }
    }

    fn from_text(text: StateText) -> Option<Self> {
        let entry =
            |(name, recipient, founder): (MemberName, String, bool)| Some((name, recipient.parse().ok()?, founder));
        let members = text.members.into_iter().map(entry).collect::<Option<_>>()?;
        Some(Self { seal: Id::parse(&text.seal)?, members })
    }

    fn to_text(&self) -> StateText {
        let entry = |(name, recipient, founder): &(MemberName, Recipient, bool)| {
            (name.clone(), recipient.to_string(), *founder)
        };
        StateText { seal: self.seal.to_string(), members: self.members.iter().map(entry).collect() }
    }
}

/// What a store's seal is, held against the one that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SealIs {
    /// The same.
    #[default]
    Known,
    /// One that follows on it.
    New,
    /// One that has nothing to do with it.
    Strange,
    /// One of before, which whoever was removed since knows.
    Former,
    /// The newest of those that this member had said yes to, before he went back to an older one.
    Later,
}

/// How a store differs from what was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Nothing was accepted yet, or what was is gone or cannot be read.
    pub unknown: bool,
    /// Whether it has another seal.
    pub seal: SealIs,
    /// What a new one is compared by with who gave it to the store.
    pub fingerprint: Option<String>,
    /// Who is new, and who put him there.
    pub added: Vec<Member>,
    /// Who is gone.
    pub removed: Vec<MemberName>,
    /// Who has another recipient.
    pub swapped: Vec<MemberName>,
    /// Another one made the store than before.
    pub founder: bool,
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody was added, and that is all.
    #[must_use]
    pub fn is_addition(&self) -> bool {
        !self.is_none() && Self { added: Vec::new(), ..self.clone() }.is_none()
    }

    /// What is to be heard of whoever gave the store a new seal: anybody who knew the former one could have done it.
    #[must_use]
    pub fn to_be_heard(&self) -> Option<String> {
        let fingerprint = self.fingerprint.as_ref()?;
        Some(format!(
            "hear from whoever removed a member, not by the same way, that the new seal's fingerprint is `{fingerprint}`"
        ))
    }

    /// What it is, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let removed = self.removed.iter().map(|name| format!("`{name}` is not a member any more"));
        let swapped = self.swapped.iter().map(|name| format!("`{name}` has another recipient than before"));
        let added = self.added.iter().map(addition);
        let founder = self.founder.then(|| "another member than before is said to have made the store".to_owned());
        let seal = match self.seal {
            SealIs::Former => Some("its seal is one of before: whoever was removed since knows it"),
            SealIs::Strange => Some("its seal does not follow on the one that you know"),
            SealIs::New if self.removed.is_empty() => Some(
                "it has a new seal, though nobody left of those you know: one was removed and added again, or two removed one",
            ),
            SealIs::New => Some("it has a new seal, as it gets when a member is removed"),
            SealIs::Later => Some("it has the newer seal that you had said yes to before you went back"),
            SealIs::Known => None,
        };
        let unknown = self.unknown.then(|| "nobody said yes to its members on this machine yet".to_owned());
        unknown
            .into_iter()
            .chain(removed)
            .chain(swapped)
            .chain(added)
            .chain(founder)
            .chain(seal.map(str::to_owned))
            .collect()
    }
}

/// The failure for a version that names no members, of a store that has some. Who opens it alone would be bound by nothing: no
/// list, no limits, no version. Whoever is left last is still named.
#[must_use]
pub fn without_members(store: &str) -> Failure {
    let what =
        format!("the store `{store}` names no members any more, and keyctl writes no such file of one that had some");
    Failure::new(Kind::Store, what).hint("somebody put another file in its place: ask whoever pushed it")
}

/// Whether a store has had members for sure, by what is noted of it in this folder: who was accepted, or which version was seen,
/// as nothing of that is noted of one that never had any.
#[must_use]
pub fn had_members(folder: &Path, identity: &Identity, store: Id) -> bool {
    Accepted::read(&folder.join(NAME), identity, store).is_some_and(|known| known.has_members())
        || Seen::read(&folder.join(seen::NAME), identity, store).is_some()
}

/// That a member was added, in words.
#[must_use]
pub fn addition(member: &Member) -> String {
    let Member { name, recipient, by, .. } = member;
    let by = by.as_ref().map(|by| format!(", added by `{by}`")).unwrap_or_default();
    format!("`{name}` (…{}) is new{by}", recipient.ending())
}

impl Accepted {
    /// What is accepted from now on; what was before is remembered by its seal.
    #[must_use]
    pub fn after(before: Option<&Self>, now: State) -> Self {
        let mut former = before.map(|before| before.former.clone()).unwrap_or_default();
        let last = before.map(|before| before.now.seal).filter(|seal| *seal != now.seal && !former.contains(seal));
        former.extend(last);
        former.retain(|seal| *seal != now.seal);
        let surplus = former.len().saturating_sub(MOST_SEALS);
        former.drain(..surplus);
        Self { now, next: None, former }
    }

    /// Whether the store has had members for sure: not only somebody who was about to be the first one.
    fn has_members(&self) -> bool {
        !self.now.members.is_empty()
    }

    /// The same while the store is about to get this state.
    #[must_use]
    pub fn before(self, next: State) -> Self {
        Self { next: Some(next), ..self }
    }

    /// Reads what is accepted; nothing where there is no file, or one that this identity did not write.
    #[must_use]
    pub fn read(path: &Path, identity: &Identity, store: Id) -> Option<Self> {
        let Text { now, next, former } = NOTE.read(path, identity, store)?;
        let next = match next {
            Some(next) => Some(State::from_text(next)?),
            None => None,
        };
        let former = former.iter().map(|seal| Id::parse(seal)).collect::<Option<_>>()?;
        Some(Self { now: State::from_text(now)?, next, former })
    }

    /// Writes it down.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, home: &Home, identity: &Identity, store: Id) -> Result<()> {
        let text = Text {
            now: self.now.to_text(),
            next: self.next.as_ref().map(State::to_text),
            former: self.former.iter().map(Id::to_string).collect(),
        };
        NOTE.write(&home.file(NAME), &text, identity, store)
    }

    /// The state that a store with this seal is to have, by what the anchor pins.
    fn state(&self, seal: Id, anchor: Id) -> Option<&State> {
        let is_next = |next: &&State| next.seal == seal && (anchor == seal || anchor == self.now.seal);
        if self.now.seal == seal && anchor == seal { Some(&self.now) } else { self.next.as_ref().filter(is_next) }
    }

    /// Whether the store has a seal of before that follows on all others of before, and on the pinned one.
    fn is_newest_of_before(&self, payload: &Payload, anchor: &Anchor) -> bool {
        let mut others = self.former.iter().filter(|seal| **seal != payload.seal);
        payload.follows(anchor.seal) && others.all(|seal| payload.follows(*seal))
    }

    /// Whether the store is in one of the states that were accepted.
    fn accepts(&self, found: &State, anchor: Id) -> bool {
        let is_next = self.next.as_ref() == Some(found) && (anchor == found.seal || anchor == self.now.seal);
        (self.now == *found && anchor == found.seal) || is_next
    }
}

/// What another seal is than the one that is pinned, which whoever removed somebody has marked as a former one.
fn new_seal(payload: &Payload, anchor: &Anchor) -> SealIs {
    // The very one that is pinned is new to a member whose yes was cut short behind the anchor.
    if payload.seal == anchor.seal || payload.follows(anchor.seal) { SealIs::New } else { SealIs::Strange }
}

/// Holds a store's facts against what was accepted, and against the anchor's seal.
#[must_use]
pub fn difference(accepted: Option<&Accepted>, payload: &Payload, anchor: &Anchor) -> Difference {
    let found = State::of(payload);
    let Some(accepted) = accepted else {
        let added = payload.members.clone();
        let seal = if payload.seal == anchor.seal { SealIs::Known } else { new_seal(payload, anchor) };
        let fingerprint = (seal == SealIs::New).then(|| payload.seal_fingerprint());
        return Difference { unknown: true, seal, fingerprint, added, ..Difference::default() };
    };
    if accepted.accepts(&found, anchor.seal) {
        return Difference::default();
    }
    let pinned = accepted.state(payload.seal, anchor.seal);
    let before = pinned.unwrap_or(&accepted.now);
    let known = |name: &MemberName| before.members.iter().find(|(other, ..)| other == name);
    let is_swapped =
        |member: &Member| known(&member.name).is_some_and(|(_, recipient, _)| *recipient != member.recipient);
    let founder = |members: &[(MemberName, Recipient, bool)]| {
        members.iter().find(|(.., founder)| *founder).map(|(name, ..)| name.clone())
    };
    let gone = before.members.iter().map(|(name, ..)| name).filter(|name| payload.member(name).is_none());
    let seal = match pinned {
        Some(_) => SealIs::Known,
        None if !accepted.former.contains(&payload.seal) => new_seal(payload, anchor),
        None if accepted.is_newest_of_before(payload, anchor) => SealIs::Later,
        None => SealIs::Former,
    };
    Difference {
        unknown: false,
        seal,
        fingerprint: (seal == SealIs::New).then(|| payload.seal_fingerprint()),
        added: payload.members.iter().filter(|member| known(&member.name).is_none()).cloned().collect(),
        swapped: payload.members.iter().filter(|member| is_swapped(member)).map(|member| member.name.clone()).collect(),
        removed: gone.clone().cloned().collect(),
        founder: founder(&before.members) != founder(&found.members)
            && !gone.clone().any(|name| founder(&before.members).as_ref() == Some(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Moment;

    fn member(name: &str, founder: bool) -> Member {
        let (name, recipient) = (name.parse().expect("good"), Identity::generate().recipient());
        let by = (!founder).then(|| "alice".parse().expect("good"));
        Member { name, recipient, added: Moment::from_seconds(0), by, founder }
    }

    fn store(seal: u8, members: &[Member]) -> Payload {
        let mut payload = Payload::new(Id([1; 16]), Id([seal; 16]), Id([3; 16]));
        payload.members = members.to_vec();
        payload
    }

    fn anchor(seal: u8) -> Anchor {
        Anchor::first(Id([1; 16]), Id([seal; 16]))
    }

    /// The same store with another seal and other members, as a removal leaves it.
    fn after(before: &Payload, seal: u8, members: &[Member]) -> Payload {
        let seals = before.seals.clone();
        let mut payload =
            Payload { seals, members: members.to_vec(), ..Payload::new(before.id, before.seal, before.log) };
        payload.renew_seal(Id([seal; 16]));
        payload
    }

    fn names(difference: &Difference) -> [Vec<String>; 3] {
        let added = difference.added.iter().map(|member| member.name.to_string()).collect();
        let named = |names: &[MemberName]| names.iter().map(MemberName::to_string).collect();
        [added, named(&difference.removed), named(&difference.swapped)]
    }

    #[test]
    fn what_differs_is_named_and_only_an_addition_lets_reading_go_on() {
        let [alice, bob, carol] = [member("alice", true), member("bob", false), member("carol", false)];
        let before = store(2, &[alice.clone(), bob.clone()]);
        let accepted = Accepted::after(None, State::of(&before));
        let look = |payload: &Payload| difference(Some(&accepted), payload, &anchor(2));
        assert!(look(&before).is_none() && look(&store(2, &[bob.clone(), alice.clone()])).is_none());
        let added = look(&store(2, &[alice.clone(), bob.clone(), carol.clone()]));
        assert!(added.is_addition() && names(&added) == [vec!["carol".to_owned()], vec![], vec![]]);
        let removed = look(&after(&before, 5, &[alice.clone(), carol.clone()]));
        assert!(!removed.is_addition() && removed.seal == SealIs::New && removed.to_be_heard().is_some());
        // A new seal where nobody left is odd, and one that does not follow on the known one is nobody's.
        let same = look(&after(&before, 5, &before.members));
        assert!(same.seal == SealIs::New && same.lines()[0].contains("though nobody left"), "{same:?}");
        let strange = look(&store(5, &[alice.clone(), carol.clone()]));
        assert!(strange.seal == SealIs::Strange && strange.to_be_heard().is_none());
        assert_eq!(names(&removed), [vec!["carol".to_owned()], vec!["bob".into()], vec![]]);
        // A removal without another seal is one too, and so is another recipient, or another founder.
        assert!(!look(&store(2, std::slice::from_ref(&alice))).is_addition());
        let swapped = look(&store(2, &[alice.clone(), member("bob", false)]));
        assert!(!swapped.is_addition() && names(&swapped)[2] == ["bob"]);
        let founder = |one: &Member, is| Member { founder: is, ..one.clone() };
        let crowned = look(&store(2, &[founder(&alice, false), founder(&bob, true)]));
        assert!(crowned.founder && !crowned.is_addition());
        assert!(!look(&store(5, &[alice.clone(), bob.clone()])).is_addition());
        let cut_short = difference(Some(&accepted), &after(&before, 5, std::slice::from_ref(&alice)), &anchor(5));
        assert_eq!(cut_short.seal, SealIs::New);
        let unknown = difference(None, &before, &anchor(2));
        assert!(unknown.unknown && !unknown.is_addition() && unknown.added.len() == 2);
    }

    #[test]
    fn what_is_about_to_be_counts_with_the_anchor_that_it_follows_on_and_no_later_one() {
        let [alice, bob] = [member("alice", true), member("bob", false)];
        let (before, after) = (store(2, &[alice.clone(), bob.clone()]), store(5, std::slice::from_ref(&alice)));
        let accepted = Accepted::after(None, State::of(&before)).before(State::of(&after));
        let is_none = |payload: &Payload, seal| difference(Some(&accepted), payload, &anchor(seal)).is_none();
        assert!(is_none(&before, 2) && is_none(&after, 2) && is_none(&after, 5));
        // Put back later, it would bring a seal back that somebody else knows by then.
        assert!(!is_none(&after, 7) && !is_none(&before, 5) && !is_none(&before, 7));
        let done = Accepted::after(Some(&accepted), State::of(&after));
        assert_eq!((done.former.as_slice(), &done.next), (&[Id([2; 16])][..], &None));
        assert_eq!(difference(Some(&done), &before, &anchor(5)).seal, SealIs::Former);
        // Whoever has gone back to the older one goes on to the newer one again; but not to one between.
        let newer = self::after(&before, 5, &before.members);
        let newest = self::after(&newer, 6, &before.members);
        let back = |to: &Payload| {
            let all = [&before, &newer, to]
                .iter()
                .fold(None, |known: Option<Accepted>, store| Some(Accepted::after(known.as_ref(), State::of(store))));
            Accepted::after(all.as_ref(), State::of(&before))
        };
        let is = |accepted: &Accepted, payload: &Payload| difference(Some(accepted), payload, &anchor(2)).seal;
        assert_eq!([is(&back(&newer), &newer), is(&back(&newest), &newest)], [SealIs::Later; 2]);
        assert_eq!([is(&back(&newest), &newer), is(&back(&newer), &newest)], [SealIs::Former, SealIs::New]);
        let many = (0..=MOST_SEALS).fold(done, |done, at| {
            let mut next = store(0, std::slice::from_ref(&alice));
            next.seal.0[..8].copy_from_slice(&(at as u64 + 1000).to_be_bytes());
            Accepted::after(Some(&done), State::of(&next))
        });
        assert_eq!(many.former.len(), MOST_SEALS);
    }

    #[test]
    fn it_reads_back_for_its_owner_and_its_store_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity) = (Home::at(folder.path()), Identity::generate());
        let [alice, bob] = [member("alice", true), member("bob", false)];
        let states = [store(2, &[alice.clone(), bob]), store(5, &[alice])].map(|store| State::of(&store));
        let [now, next] = states;
        let accepted = Accepted { former: vec![Id([9; 16])], ..Accepted::after(None, now).before(next) };
        accepted.write(&home, &identity, Id([1; 16])).expect("written");
        let path = home.file(NAME);
        let read = |identity: &Identity, store: u8| Accepted::read(&path, identity, Id([store; 16]));
        assert_eq!(read(&identity, 1), Some(accepted));
        assert!(read(&identity, 2).is_none() && read(&Identity::generate(), 1).is_none());
        let bytes = std::fs::read(&path).expect("read");
        assert!(!String::from_utf8_lossy(&bytes).contains("alice"));
        for at in [0, NOTE.head.len() + 3, bytes.len() - 1] {
            let mut bent = bytes.clone();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            std::fs::write(&path, bent).expect("write");
            assert!(read(&identity, 1).is_none(), "{at}");
        }
        std::fs::remove_file(&path).expect("remove");
        assert!(read(&identity, 1).is_none());
    }
}
