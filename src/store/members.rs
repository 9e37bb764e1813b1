//! Who may open a store beside the personal one: each member has an identity of his own for it, and the age file is made for
//! all of them. The list lies inside the encryption: outside of it anybody who can write the file could change it.
//!
//! A store without a list is one person's. What tells how far its history has come, the keys of earlier histories and the
//! recovery copy are its founder's own: each other member has a history of his own, which the store knows nothing of.

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    identity::{Identity, anchor::Id, recipient::Recipient},
    name::MemberName,
    secret::Secret,
};

use super::{
    facts::LeftWith,
    payload::{Key, Payload},
};

/// The most members that a store may have.
pub const MOST: usize = 64;

/// One who may open the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What the others call him.
    pub name: MemberName,
    /// The public half of his identity for this store.
    pub recipient: Recipient,
    /// Since when he is in the list.
    pub added: Moment,
    /// Who put him there; nobody else for the founder.
    pub by: Option<MemberName>,
    /// Whether he made the store.
    pub founder: bool,
}

/// Whose history the store's own fields speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// This identity's: it made the store.
    Own,
    /// Another member's: they are left as they are, and not believed.
    Anothers,
}

impl Payload {
    /// Whether the fields for the history and the recovery copy are this identity's.
    #[must_use]
    pub fn whose_log(&self, identity: &Identity) -> Whose {
        let is_own = self.members.is_empty() || self.member_of(identity).is_some_and(|member| member.founder);
        if is_own { Whose::Own } else { Whose::Anothers }
    }

    /// This identity's entry in the list.
    #[must_use]
    pub fn member_of(&self, identity: &Identity) -> Option<&Member> {
        // Most stores have no list, and then the public half need not be computed.
        let recipient = if self.members.is_empty() { return None } else { identity.recipient() };
        self.members.iter().find(|member| member.recipient == recipient)
    }

    /// A member by his name.
    #[must_use]
    pub fn member(&self, name: &MemberName) -> Option<&Member> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// How many identities the file is made for.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.members.len().max(1)
    }

    /// Puts another member into the list.
    ///
    /// # Errors
    /// `Negative` where the name or the recipient is in it already, or it is full.
    pub fn add_member(&mut self, member: Member) -> Result<()> {
        let Member { name, recipient, .. } = &member;
        if let Some(other) = self.members.iter().find(|other| other.recipient == *recipient) {
            let called = if other.name == *name { String::new() } else { format!(", as `{}`", other.name) };
            return Err(Failure::new(Kind::Negative, format!("this recipient is a member already{called}")));
        }
        if self.member(name).is_some() {
            return Err(Failure::new(
                Kind::Negative,
                format!("there is a member `{name}` already, with another recipient"),
            )
            .hint("choose another name, or remove that one first"));
        }
        if self.members.len() >= MOST {
            return Err(Failure::new(Kind::Negative, format!("a store has at most {MOST} members")));
        }
        self.members.push(member);
        Ok(())
    }

    /// Takes a member out of the list, and gives the store another seal, which he will never learn. Every secret that is or was
    /// kept is one that he has: it says so until it is replaced. Recovery copies prove the former seal, so there is none any more.
    ///
    /// # Errors
    /// `Missing` where there is none of this name, `Negative` for the last one.
    pub fn remove_member(&mut self, name: &MemberName, seal: Id, now: Moment) -> Result<Member> {
        let Some(at) = self.members.iter().position(|member| member.name == *name) else {
            return Err(self.no_member(name));
        };
        if self.members.len() == 1 {
            return Err(Failure::new(
                Kind::Negative,
                format!("`{name}` is the last member; nobody could open the store any more"),
            )
            .hint("to give it up: `keyctl store remove`"));
        }
        let member = self.members.remove(at);
        self.renew_seal(seal);
        self.recovery = None;
        self.mark_departures(&LeftWith { who: name.clone(), at: now }, |_| true);
        Ok(member)
    }

    /// Marks all secrets that are or were kept of which this is true; what was said first stands.
    pub(super) fn mark_departures(&mut self, gone: &LeftWith, is_his: impl Fn(&Secret) -> bool) {
        let removed = self.removed.iter_mut().map(|removed| &mut removed.key);
        self.keys.values_mut().chain(removed).for_each(|key| key.leave_with(gone, &is_his));
    }

    /// The failure for a name that no member has.
    #[must_use]
    pub fn no_member(&self, name: &MemberName) -> Failure {
        let failure = Failure::new(Kind::Missing, format!("there is no member `{name}`"));
        let names: Vec<String> = self.members.iter().map(|member| format!("`{}`", member.name)).collect();
        if names.is_empty() {
            return failure.hint("the store is one person's: it has no members yet");
        }
        failure.hint(format!("its members are {}", names.join(", ")))
    }

    /// With whom this very secret left, wherever it is or was kept.
    #[must_use]
    pub fn left_with(&self, value: &Secret) -> Option<LeftWith> {
        // No secret of a store that nobody left is compared with all the others.
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let marked = keys.flat_map(Key::departures).filter_map(|(other, left)| Some((other, left?)));
        marked.into_iter().find(|(other, _)| other.same_as(value)).map(|(_, left)| left.clone())
    }

    /// Sees to it that every key says of itself that its secret is one that somebody left with.
    pub(super) fn settle_departures(&mut self) {
        let unmarked = self.keys.iter().filter(|(_, key)| key.facts.left_with.is_none());
        let found: Vec<_> =
            unmarked.filter_map(|(name, key)| Some((name.clone(), self.left_with(&key.value)?))).collect();
        for (name, left) in found {
            if let Some(key) = self.keys.get_mut(&name) {
                key.facts.left_with = Some(left);
            }
        }
    }

    /// Whether anything in it says that somebody left with a secret, be it only what a step knows of how it was before.
    pub(super) fn speaks_of_departures(&self) -> bool {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let mut steps = self.steps.iter().flat_map(|step| step.replaced.iter().chain(&step.edited));
        keys.flat_map(Key::departures).any(|(_, left)| left.is_some())
            || steps.any(|(_, facts)| facts.left_with.is_some())
    }
}

impl Key {
    /// Its secrets, each with whom it left.
    fn departures(&self) -> impl Iterator<Item = (&Secret, Option<&LeftWith>)> {
        let former = self.former.iter().map(|former| (&former.value, former.left_with.as_ref()));
        former.chain([(&self.value, self.facts.left_with.as_ref())])
    }

    fn leave_with(&mut self, gone: &LeftWith, is_his: &impl Fn(&Secret) -> bool) {
        let former = self.former.iter_mut().map(|former| (&former.value, &mut former.left_with));
        let all = former.chain([(&self.value, &mut self.facts.left_with)]);
        for (_, left) in all.filter(|(value, left)| left.is_none() && is_his(value)) {
            *left = Some(gone.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        journal::Deed,
        payload::Recovery,
        tests::{all_say_so, at, empty, name, set},
    };

    fn two() -> (Payload, Identity, Identity) {
        let (alice, bob) = (Identity::generate(), Identity::generate());
        let mut store = empty();
        for (name, identity, founder) in [("alice", &alice, true), ("bob", &bob, false)] {
            let (name, recipient) = (name.parse().expect("good"), identity.recipient());
            store.add_member(Member { name, recipient, added: at(0), by: None, founder }).expect("new");
        }
        (store, alice, bob)
    }

    fn left(store: &Payload, key: &str) -> bool {
        store.keys[&name(key)].facts.left_with.is_some()
    }

    #[test]
    fn the_fields_of_a_history_are_the_founders_and_a_store_without_a_list_is_its_owners() {
        let (store, alice, bob) = two();
        assert_eq!((store.whose_log(&alice), store.whose_log(&bob)), (Whose::Own, Whose::Anothers));
        assert_eq!(store.whose_log(&Identity::generate()), Whose::Anothers);
        assert_eq!((empty().whose_log(&bob), empty().readers(), store.readers()), (Whose::Own, 1, 2));
    }

    #[test]
    fn whoever_is_removed_leaves_with_every_secret_and_with_no_later_one() {
        let (mut store, ..) = two();
        for (key, value, day) in [("a", "a1", 0), ("a", "a2", 1), ("b", "b1", 1), ("c", "c1", 1)] {
            set(&mut store, key, value, day);
        }
        store.step(Deed::Remove, at(2), |edit| edit.remove(&name("c"))).expect("there");
        let seal = store.seal;
        store.recovery = Some(Recovery { created: at(1), verified: None });
        store.remove_member(&"bob".parse().expect("good"), Id([7; 16]), at(3)).expect("there");
        assert!(
            store.seal != seal
                && store.recovery.is_none()
                && store.members.len() == 1
                && left(&store, "a")
                && left(&store, "b")
        );
        set(&mut store, "a", "a3", 4);
        set(&mut store, "n", "n1", 4);
        assert!(!left(&store, "a") && !left(&store, "n"));
        // Wherever one of these comes back it says so: rolled back, kept again, brought back, undone.
        store.step(Deed::Rollback, at(5), |edit| edit.roll_back(&name("a"), 2)).expect("back");
        assert!(left(&store, "a"));
        store.undo(at(5)).expect("a step");
        assert!(!left(&store, "a"));
        store.undo(at(5)).expect("the new key");
        store.undo(at(5)).expect("the new secret");
        assert!(left(&store, "a"));
        store.step(Deed::Rollback, at(6), |edit| edit.roll_back(&name("c"), 1)).expect("back");
        set(&mut store, "d", "b1", 6);
        assert!(left(&store, "c") && left(&store, "d") && all_say_so(&store));
        // Taken back behind the removal, an older secret says so too, and what was edited back.
        let (mut older, ..) = two();
        set(&mut older, "a", "a1", 0);
        older
            .step(Deed::Edit, at(1), |edit| edit.change(&name("a"), |facts| facts.note = Some("n".into())))
            .expect("there");
        set(&mut older, "a", "a2", 1);
        older.remove_member(&"bob".parse().expect("good"), Id([7; 16]), at(3)).expect("there");
        for _ in 0..2 {
            older.undo(at(4)).expect("a step");
            assert!(left(&older, "a") && all_say_so(&older));
        }
        let last = store.remove_member(&"alice".parse().expect("good"), Id([8; 16]), at(7)).expect_err("the last");
        assert!(last.message.contains("is the last member") && store.seal == Id([7; 16]));
        assert_eq!(
            store.remove_member(&"bob".parse().expect("good"), seal, at(7)).expect_err("gone").kind,
            Kind::Missing
        );
    }

    #[test]
    fn no_name_and_no_recipient_is_in_the_list_twice_and_the_list_has_an_end() {
        let (mut store, alice, _) = two();
        let member = |name: &str, identity: &Identity| {
            let (name, recipient) = (name.parse().expect("good"), identity.recipient());
            Member { name, recipient, added: at(0), by: None, founder: false }
        };
        for (name, identity, said) in [
            ("carol", &alice, "this recipient is a member already, as `alice`"),
            ("alice", &alice, "this recipient is a member already"),
            ("bob", &Identity::generate(), "there is a member `bob` already, with another recipient"),
        ] {
            assert_eq!(store.add_member(member(name, identity)).expect_err(name).message, said);
        }
        for at in store.members.len()..MOST {
            store.add_member(member(&format!("m{at}"), &Identity::generate())).expect("room");
        }
        assert!(
            store.add_member(member("zoe", &Identity::generate())).expect_err("full").message.contains("at most 64")
        );
    }
}
