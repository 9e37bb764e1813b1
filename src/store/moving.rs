//! A whole key goes from one store to another: it is in the one before it leaves the other.

use super::payload::{Former, Key, Payload};
use crate::{failure::Result, name::KeyName};

impl Key {
    /// The same key once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        let former = self.former.iter().map(Former::copy).collect();
        Self { value: self.value.copy(), facts: self.facts.clone(), former }
    }

    /// Whether this is that key: kept at the same moment, with the same secrets since.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.facts.created == other.facts.created
            && self.value.same_as(&other.value)
            && self.former.len() == other.former.len()
            && self.former.iter().zip(&other.former).all(|(one, other)| one.value.same_as(&other.value))
    }
}

impl Former {
    /// The same former secret once more.
    pub(super) fn copy(&self) -> Self {
        Self {
            value: self.value.copy(),
            since: self.since,
            until: self.until,
            expires: self.expires,
            revoked: self.revoked.clone(),
            leaked: self.leaked.clone(),
            left_with: self.left_with.clone(),
            source: self.source.clone(),
            wipe: self.wipe,
            step: self.step,
        }
    }
}

impl Payload {
    /// Lets a key go that another store has by now. What was removed under its name before stays; what was done to the key
    /// cannot be taken back here any more.
    ///
    /// # Errors
    /// `Missing`.
    pub fn hand_over(&mut self, name: &KeyName) -> Result<()> {
        let key = self.keys.remove(name).ok_or_else(|| self.missing(name))?;
        self.leave_marks(self.marks_of(key.secrets()));
        self.leave_out_of_steps(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::Moment, identity::anchor::Id, secret::Secret, store::journal::Deed};

    fn store(seal: u8) -> Payload {
        Payload::new(Id([1; 16]), Id([seal; 16]), Id([3; 16]))
    }

    fn set(store: &mut Payload, name: &KeyName, secret: &str, at: i64) {
        let secret = Secret::new(secret.as_bytes().to_vec());
        store.step(Deed::Set, Moment::from_seconds(at), |edit| edit.set(name, secret, true)).expect("set");
    }

    #[test]
    fn a_key_goes_over_whole_and_nothing_of_it_is_left_but_what_was_removed_before() {
        let name: KeyName = "a".parse().expect("good");
        let (mut from, mut to) = (store(2), store(4));
        set(&mut from, &name, "removed", 1);
        from.step(Deed::Remove, Moment::from_seconds(2), |edit| edit.remove(&name)).expect("removed");
        set(&mut from, &name, "one", 3);
        set(&mut from, &name, "two", 4);
        let key = from.keys[&name].copy();
        assert!(key.is(&from.keys[&name]));
        to.step(Deed::Set, Moment::from_seconds(5), |edit| edit.take_over(&name, key)).expect("free");
        let there = &to.keys[&name];
        assert!(there.is(&from.keys[&name]) && there.former.len() == 1 && there.former[0].step.is_none());
        assert_eq!(there.facts, from.keys[&name].facts);
        let again = there.copy();
        assert!(to.step(Deed::Set, Moment::from_seconds(5), |edit| edit.take_over(&name, again)).is_err());
        from.hand_over(&name).expect("there");
        assert!(!from.keys.contains_key(&name) && from.versions_of(&name).len() == 1);
        assert!(from.hand_over(&name).is_err());
        // What was done to the key before is over in the one store, and its coming is a step of the other.
        while from.undo(Moment::from_seconds(6)).is_ok() {}
        assert!(!from.keys.values().any(|key| key.value.expose_text() == Some("two")));
        to.undo(Moment::from_seconds(6)).expect("a step");
        assert!(to.keys.is_empty() && to.removed.len() == 1);
    }

    #[test]
    fn another_secret_or_another_beginning_is_another_key() {
        let name: KeyName = "a".parse().expect("good");
        let key = |secrets: &[&str], at: i64| {
            let mut store = store(2);
            for secret in secrets {
                set(&mut store, &name, secret, at);
            }
            store.keys.remove(&name).expect("there")
        };
        let one = key(&["1", "2"], 1);
        assert!(one.is(&key(&["1", "2"], 1)));
        for other in [key(&["2"], 1), key(&["1", "3"], 1), key(&["3", "2"], 1), key(&["1", "2"], 2)] {
            assert!(!one.is(&other));
        }
    }
}
