//! How a store's seal changes: once for each removal, and where a merge joins two of them.
//!
//! The store remembers the seals it had before as keyed marks. Only who knew a seal, or a file that was made after it, can
//! show its mark: so a file whose seal is new follows on the one that was accepted, or it does not, and that is told without
//! asking anybody. Two people who each merge the same two seals come to the same one, whoever merges into whose.

use crate::{
    failure::{Failure, Kind, Result},
    hex,
    identity::anchor::Id,
    seal::SealKey,
};

use super::payload::Payload;

/// So many seals of before are remembered.
pub const MOST: usize = 256;

impl Payload {
    /// What two people compare to know that they mean the same seal, which itself nobody says aloud. Of 64 bits: whoever was
    /// removed shall not find a seal that has the fingerprint of another.
    #[must_use]
    pub fn seal_fingerprint(&self) -> String {
        let mark = SealKey::derive(&self.seal.0, &self.id.0, "keyctl/seal-fingerprint/v1").mark(b"");
        mark[..8].chunks(2).map(hex::encode).collect::<Vec<_>>().join("-")
    }

    /// Whether the store had this seal before the one that it has.
    #[must_use]
    pub fn follows(&self, seal: Id) -> bool {
        self.seals.contains(&self.mark_of_seal(seal))
    }

    /// Gives the store another seal.
    pub(super) fn renew_seal(&mut self, seal: Id) {
        self.seals.push(self.mark_of_seal(self.seal));
        self.seals.drain(..self.seals.len().saturating_sub(MOST));
        self.seal = seal;
    }

    fn mark_of_seal(&self, seal: Id) -> Id {
        Id(SealKey::derive(&self.id.0, &[], "keyctl/former-seal/v1").mark(&seal.0))
    }
}

/// The seal of what two versions become, and the marks of those before it.
///
/// # Errors
/// `Store` for a side whose seal is not that of what both come from, nor one that follows on it.
pub(super) fn merged(base: Option<&Payload>, ours: &Payload, theirs: &Payload) -> Result<(Id, Vec<Id>)> {
    // Whoever was removed before that knows a seal of before only, on which the other side's may well follow.
    for (side, words) in [(ours, "this side"), (theirs, "the other side")] {
        if base.is_some_and(|base| side.seal != base.seal && !side.follows(base.seal)) {
            return Err(of_nobody(&format!("{words} has a seal that does not follow on that of what both come from")));
        }
    }
    if ours.seal == theirs.seal {
        return Ok((ours.seal, both(&ours.seals, &theirs.seals)));
    }
    // Without that nobody can tell whether one side removed a member or the other added him.
    if base.is_none() {
        return Err(of_nobody("the two sides have other seals, and what both come from cannot be read"));
    }
    match (ours.follows(theirs.seal), theirs.follows(ours.seal)) {
        // What the side says that has the former one may be by whoever was removed.
        (true, false) => return Ok((ours.seal, ours.seals.clone())),
        (false, true) => return Ok((theirs.seal, theirs.seals.clone())),
        (true, true) => return Err(of_nobody("each side says of the other's seal that it is the former one")),
        (false, false) => {}
    }
    let (one, other) = (ours.seal.min(theirs.seal), ours.seal.max(theirs.seal));
    let key = SealKey::derive(&[one.0, other.0].concat(), &ours.id.0, "keyctl/joined-seals/v1");
    let mut seals = both(&ours.seals, &theirs.seals);
    seals.extend([one, other].map(|seal| ours.mark_of_seal(seal)));
    seals.drain(..seals.len().saturating_sub(MOST));
    Ok((Id(key.mark(b"")), seals))
}

fn of_nobody(what: &str) -> Failure {
    Failure::new(Kind::Store, what)
        .hint("it is of a branch that does not know of the last removal, or by somebody who was removed")
        .hint("ask whoever pushed it; this side stays as it was")
}

/// The marks of both, each once, the latest last: a long list does not push those of the other one out.
fn both(one: &[Id], other: &[Id]) -> Vec<Id> {
    let age = |marks: &[Id], mark: Id| marks.iter().rev().position(|known| *known == mark);
    let youngest = |mark: &Id| [age(one, *mark), age(other, *mark)].into_iter().flatten().min();
    let mut all = [one, other].concat();
    all.sort_by_key(|mark| (std::cmp::Reverse(youngest(mark)), *mark));
    all.dedup();
    all.drain(..all.len().saturating_sub(MOST));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::empty;

    fn with(seals: impl IntoIterator<Item = u8>) -> Payload {
        let mut store = empty();
        seals.into_iter().for_each(|seal| store.renew_seal(Id([seal; 16])));
        store
    }

    fn meet(base: Option<&Payload>, ours: &Payload, theirs: &Payload) -> Payload {
        let sides = [merged(base, ours, theirs), merged(base, theirs, ours)].map(|side| side.expect("meets"));
        assert!(sides[0] == sides[1], "it makes a difference whose turn it was");
        let [(seal, seals), _] = sides;
        Payload { seal, seals, ..empty() }
    }

    #[test]
    fn two_removals_are_joined_to_one_seal_by_whoever_merges_and_every_later_merge_knows_it() {
        let (base, alice, carol) = (empty(), with([5]), with([6]));
        let joined = meet(Some(&base), &alice, &carol);
        assert!([base.seal, alice.seal, carol.seal].iter().all(|seal| joined.follows(*seal) && joined.seal != *seal));
        // What one of them has removed since, what the other still has of before, and both once more.
        let later = Payload { seals: joined.seals.clone(), seal: joined.seal, ..empty() };
        assert_eq!(meet(Some(&alice), &alice, &joined).seal, joined.seal);
        assert_eq!(meet(Some(&carol), &joined, &carol).seal, joined.seal);
        assert_eq!(meet(Some(&joined), &later, &joined).seal, joined.seal);
        let mut third = later;
        third.renew_seal(Id([7; 16]));
        let other = meet(Some(&base), &joined, &with([8]));
        let all = meet(Some(&joined), &third, &other);
        assert!(all.follows(third.seal) && all.follows(other.seal) && all.seals.len() == 7);
        // Removed and added again: a seal follows on the other, whoever is in the list.
        assert_eq!(meet(Some(&base), &base, &alice).seal, alice.seal);
    }

    #[test]
    fn a_seal_that_follows_on_none_is_of_nobody() {
        let (base, alice) = (empty(), with([5]));
        let made_up = Payload { seal: Id([7; 16]), ..empty() };
        let said = |base: Option<&Payload>, ours: &Payload, theirs: &Payload| {
            merged(base, ours, theirs).expect_err("refused").message
        };
        assert!(said(Some(&base), &base, &made_up).starts_with("the other side has a seal that does not follow"));
        assert!(said(Some(&alice), &made_up, &with([6])).starts_with("this side has a seal that does not follow"));
        assert!(said(None, &alice, &base).contains("what both come from cannot be read"));
        // The seal of before the removal, put on top of it: that the others' follows on it says nothing for it.
        let mut later = with([5]);
        later.renew_seal(Id([6; 16]));
        for ours in [&alice, &later] {
            assert!(said(Some(&alice), ours, &base).starts_with("the other side has a seal that does not follow"));
            assert!(said(Some(&alice), &base, ours).starts_with("this side has a seal that does not follow"));
        }
        let mut turned = with([5]);
        turned.renew_seal(Id([6; 16]));
        let mut other = with([6]);
        other.renew_seal(Id([5; 16]));
        assert!(said(Some(&base), &turned, &other).contains("each side says of the other's seal"));
    }

    #[test]
    fn the_list_has_an_end_and_a_long_one_leaves_the_latest_of_the_other() {
        let mut long = with([5]);
        for at in 0..MOST as u64 {
            let mut seal = Id([9; 16]);
            seal.0[..8].copy_from_slice(&at.to_be_bytes());
            long.renew_seal(seal);
        }
        assert!(long.seals.len() == MOST && !long.follows(empty().seal));
        let mut short = with([5]);
        short.renew_seal(Id([6; 16]));
        let joined = both(&long.seals, &short.seals);
        assert!(joined.len() == MOST && short.seals.iter().all(|mark| joined.contains(mark)));
        assert!(joined == both(&short.seals, &long.seals), "it makes a difference whose turn it was");
    }

    #[test]
    fn a_fingerprint_is_of_one_seal_in_one_store() {
        let store = empty();
        let fingerprint = store.seal_fingerprint();
        assert!(fingerprint.len() == 19 && fingerprint == empty().seal_fingerprint());
        assert!(fingerprint != with([5]).seal_fingerprint());
        assert!(fingerprint != Payload { id: Id([8; 16]), ..empty() }.seal_fingerprint());
    }
}
