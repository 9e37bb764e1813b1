//! An access key of AWS, replaced at AWS by keyctl itself: two keys of the store, the id and the secret, in one step.
//!
//! ```text
//! 1  write down, beside the store, what is about to be done and which access keys there are
//! 2  make a new access key                        IAM CreateAccessKey
//! 3  write it down there, sealed
//! 4  try it until it works                        STS GetCallerIdentity
//! 5  put both halves into the store, in one write
//! 6  switch the old one off                       IAM UpdateAccessKey
//! 7  forget what was written down
//!    ... the overlap: the old one can be switched on again by hand ...
//! 8  delete the old one                           IAM DeleteAccessKey
//! ```
//!
//! The store's key works at every moment: the old one up to 5, the new one after it. Broken off anywhere, the next
//! `rotate` goes on: with the new key where that is written down (from 3 on), and else from the beginning. In between, when
//! AWS had made a key and its answer never came, that key is AWS's to list and nobody's to use, and takes one of the two
//! places a user has. Nothing proves that it came of this: our request may never have arrived, and somebody else have made
//! that key since. So it is named, with what can be done, and never deleted.
//!
//! What was once in the store is never deleted on the way, nor put there again: a rotation that was broken off after (5) and
//! taken back since is over.
//!
//! After the overlap the old key is known by its id, which lies among the former ones in the store, and longer there than
//! its secret does. It is deleted by the next `rotate --due` or `rotate` of the pair, if it is still switched off: whoever
//! has switched it on again needs it. `--finish` ends the overlap at once.

use std::time::Duration;

use crate::{
    date::{Moment, Period},
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    rotation::{AwsIam, Plan},
    rotator::{
        aws_iam::{AccessKey, Client, Listed},
        unfinished::{Intention, Made, Unfinished},
    },
    secret::Secret,
    store::payload::Payload,
};

use super::{
    Meant, Opened, Scene,
    aside::{self, ASIDE, FINISHED, GIVEN_UP},
    bench::Bench,
    keeping::{self, Done, New},
    means::AT_AWS,
    old_key::{self, Old},
};

/// How long a new key may take until it works: IAM's changes take seconds to be known everywhere.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long the old key is kept where nothing is set.
pub(super) const OVERLAP: Period = Period::days(7);
/// How much longer than the old secret its id is kept, by which it is deleted at AWS.
const ID_LONGER: Period = Period::days(400);
/// How far the clocks of AWS and of this machine may be apart: AWS takes no signature that is off by more.
const SKEW_SECONDS: i64 = 300;
/// How long after the beginning of a rotation its key can have been made: two calls with a pause, rounded up.
const LATEST_SECONDS: i64 = 60;
/// After this a key that was made is listed: IAM's changes take seconds, this is a lot more.
const SETTLED_SECONDS: i64 = 900;

/// Replaces the pair, or goes on where that was broken off.
pub(super) fn replace(scene: &Scene, pair: &AwsIam, plan: &Plan, seen: &Opened) -> Result<Done> {
    let (_turn, opened) = scene.turn_for(&Meant::of_pair(pair, &seen.payload)?)?;
    let bench = Bench::new(scene, pair, &opened)?;
    let work = match bench.earlier()? {
        Some(work) => work,
        None => bench.make()?,
    };
    bench.go_on(work, plan)
}

/// Goes on with what was broken off, if there is anything, and makes nothing new. Done with the turn held.
pub(super) fn resume(scene: &Scene, pair: &AwsIam, plan: &Plan, opened: &Opened) -> Result<Option<Done>> {
    let bench = Bench::new(scene, pair, opened)?;
    bench.earlier()?.map(|work| bench.go_on(work, plan)).transpose()
}

/// Whether a rotation of this pair was broken off.
pub(super) fn is_broken_off(scene: &Scene, pair: &AwsIam, opened: &Opened) -> bool {
    let names = [pair.id.clone(), pair.secret.clone()];
    Unfinished::all(&scene.home, &opened.unfinished_key()).iter().any(|work| work.intention.names == names)
}

fn made(work: &Unfinished) -> Result<AccessKey> {
    let made = work.made.as_ref().and_then(|made| Some((made.id.clone()?, made.secret.copy())));
    let (id, secret) =
        made.ok_or_else(|| Failure::new(Kind::Disk, "what was written down of the new key is not whole"))?;
    Ok(AccessKey { id, secret })
}

impl Bench<'_> {
    /// From the new key to the end: steps 4 to 7.
    fn go_on(&self, work: Unfinished, plan: &Plan) -> Result<Done> {
        let made = made(&work)?;
        let mut work = self.try_out(work, &made)?;
        let done = self.keep(plan, &made)?;
        if let Err(failure) = work.is_kept(&self.sealing) {
            self.terminal().warn(&failure.message);
        }
        self.switch_off(&work, &made)?;
        aside::end(self.scene, self.opened, vec![work], FINISHED);
        // With the new key the user's two places were taken: nothing came of what was begun before it.
        let all = Unfinished::all(&self.scene.home, &self.sealing).into_iter();
        for other in all.filter(|other| other.intention.names == self.names() && other.made.is_none()) {
            aside::remove(self.scene, other);
        }
        Ok(done)
    }

    /// What was begun and broken off, where there is a new key to go on with. Everything else is cleared away.
    fn earlier(&self) -> Result<Option<Unfinished>> {
        aside::say_unreadable(self.scene, self.opened);
        let mut all = Unfinished::all(&self.scene.home, &self.sealing);
        all.retain(|work| work.intention.names == self.names());
        let (mut found, mut without) = (None, Vec::new());
        for work in all {
            let Some((id, kept)) = work.made.as_ref().and_then(|made| Some((made.id.as_deref()?, made.kept))) else {
                without.push(work);
                continue;
            };
            let from_current = work.intention.from.as_deref() == Some(&self.current);
            if id != self.current && self.opened.ended(&self.scene.home)?.contains(work.number()) {
                aside::clear_copy(self.scene, &self.pair.id, work);
            } else if id != self.current && (kept || self.is_former(id).is_some()) {
                // It was in the store, and may be in use wherever it was taken from there.
                self.terminal().say(&format!(
                    "`{id}`, made on {}, was in the store and is not any more; it is left at AWS",
                    work.intention.begun.local()
                ));
                aside::end(self.scene, self.opened, vec![work], FINISHED);
            } else if id == self.current || from_current {
                self.terminal().say(&format!("going on with `{id}`, made on {}", work.intention.begun.local()));
                found = Some(work);
            } else {
                self.give_up(work)?;
            }
        }
        if found.is_none() && !without.is_empty() {
            self.refuse_unknown(without)?;
        }
        Ok(found)
    }

    /// The store has another key by now than this rotation was about: its new key was never in the store.
    fn give_up(&self, work: Unfinished) -> Result<()> {
        let made = made(&work)?;
        let client = self.client(&made.id, &made.secret)?;
        let deleted = client.list().and_then(|listed| {
            if listed.iter().any(|key| key.id == made.id) { client.delete(&made.id) } else { Ok(()) }
        });
        match deleted {
            Ok(()) => self.terminal().say(&format!("deleted `{}` at AWS, which was never in the store", made.id)),
            Err(failure) => self.terminal().warn(&format!("`{}` is left at AWS: {}", made.id, failure.message)),
        }
        aside::end(self.scene, self.opened, vec![work], GIVEN_UP);
        Ok(())
    }

    /// Names the key that may have come of a broken-off rotation. It is left alone: nothing proves that it did.
    fn refuse_unknown(&self, works: Vec<Unfinished>) -> Result<()> {
        let client = self.client_of_store()?;
        let listed = client.list()?;
        let is_unknown = |key: &&Listed| key.id != self.current && self.is_former(&key.id).is_none();
        let unknown = listed.iter().filter(is_unknown).find_map(|key| {
            Some((key, works.iter().find(|work| may_have_made(&work.intention, key))?.intention.begun))
        });
        let now = Moment::now();
        for work in works {
            // A key may be listed only after a while; until then the intention stays.
            if is_settled(&work.intention, now) {
                aside::remove(self.scene, work);
            }
        }
        let Some((Listed { id, .. }, begun)) = unknown else { return Ok(()) };
        let used = match client.was_used(id) {
            Ok(true) => ", and was used since",
            Ok(false) => ", and was not used so far",
            Err(_) => "",
        };
        Err(Failure::new(
            Kind::Negative,
            format!(
                "`{id}` was made at AWS when a rotation was broken off on {}{used}; nothing proves that it came of that, so it is not deleted",
                begun.local()
            ),
        )
        .hint(format!("if it is nobody's: `aws iam delete-access-key --access-key-id {id}`, then go on: `keyctl rotate {}`", self.pair.id)))
    }

    /// Steps 1 to 3.
    fn make(&self) -> Result<Unfinished> {
        let client = self.client_of_store()?;
        let listed = client.list()?;
        self.make_room(&client, &listed)?;
        let intention = Intention {
            names: self.names(),
            begun: Moment::now(),
            replaces: None,
            created: None,
            after: None,
            by: None,
            from: Some(self.current.clone()),
            before: listed.into_iter().map(|key| key.id).collect(),
        };
        let mut work = Unfinished::begin(&self.scene.home, &self.sealing, intention)?;
        let AccessKey { id, secret } = match client.create() {
            Ok(made) => made,
            Err(not_made) if not_made.is_certain => {
                aside::remove(self.scene, work);
                return Err(not_made.failure);
            }
            Err(not_made) => {
                let hint = format!(
                    "AWS may have made a key all the same; the next `keyctl rotate {}` looks for it",
                    self.pair.id
                );
                return Err(not_made.failure.hint(hint));
            }
        };
        if let Err(failure) =
            work.has_made(&self.sealing, Made { id: Some(id.clone()), ..Made::by_program(secret, false) })
        {
            // Nobody has it but this process, and the disk takes nothing: better none than one that may be lost.
            return match client.delete(&id) {
                Ok(()) => {
                    aside::end(self.scene, self.opened, vec![work], GIVEN_UP);
                    Err(failure
                        .hint(format!("`{id}`, which AWS had made, is deleted again; the old key stays in force")))
                }
                Err(_) => Err(failure
                    .hint(format!("AWS has made `{id}`; delete it: `aws iam delete-access-key --access-key-id {id}`"))),
            };
        }
        Ok(work)
    }

    /// A user has two access keys at most: the other one has to go first, if it is the former one.
    fn make_room(&self, client: &Client, listed: &[Listed]) -> Result<()> {
        if listed.len() < 2 {
            return Ok(());
        }
        if let Some(other) = listed.iter().find(|key| key.id != self.current && self.is_former(&key.id).is_none()) {
            return Err(Failure::new(
                Kind::Negative,
                format!("the user has a second access key at AWS, `{}`, which is not of this store; AWS lets nobody have three", other.id),
            )
            .hint(format!("if nobody uses it: `aws iam delete-access-key --access-key-id {}`", other.id)));
        }
        let now = Moment::now();
        if let Some(ends) = old_key::overlap_ends(self.pair, &self.opened.payload, now) {
            return Err(Failure::new(
                Kind::Negative,
                format!("the old key is kept at AWS until {}, and AWS lets nobody have three", ends.local()),
            )
            .hint(format!("to delete the old one now: `keyctl rotate {} --finish`", self.pair.id)));
        }
        old_key::delete(self, client, listed, &Old::OverlapOver).map(drop)
    }

    /// Step 4.
    fn try_out(&self, work: Unfinished, made: &AccessKey) -> Result<Unfinished> {
        let Err(failure) = self.client(&made.id, &made.secret)?.works(PATIENCE) else { return Ok(work) };
        if made.id == self.current {
            return Err(failure);
        }
        let lacks_it = |listed: Vec<Listed>| !listed.iter().any(|key| key.id == made.id);
        let list = || self.client_of_store().and_then(|client| client.list());
        // Before that a list may lack what is there.
        if is_settled(&work.intention, Moment::now()) && list().is_ok_and(lacks_it) {
            aside::end(self.scene, self.opened, vec![work], GIVEN_UP);
            return Err(failure
                .hint(format!("AWS does not list `{}` any more; somebody has deleted it", made.id))
                .hint(format!("the old key stays in force; to make another one: `keyctl rotate {}`", self.pair.id)));
        }
        Err(failure.hint(format!("the old key stays in force; to go on: `keyctl rotate {}`", self.pair.id)))
    }

    /// Step 5.
    fn keep(&self, plan: &Plan, made: &AccessKey) -> Result<Done> {
        let new = [
            New {
                name: self.pair.id.clone(),
                value: Secret::new(made.id.clone().into_bytes()),
                longer: Some(ID_LONGER),
            },
            New { name: self.pair.secret.clone(), value: made.secret.copy(), longer: None },
        ];
        let replaced = || {
            Failure::new(Kind::Negative, format!("`{}` was replaced by another keyctl meanwhile", self.pair.id))
                .hint(format!("to clear the new key away: `keyctl rotate {}`", self.pair.id))
        };
        let look = |payload: &mut Payload| {
            let is_same = payload.key(&self.pair.id)?.value.expose() == self.current.as_bytes();
            if is_same { Ok(()) } else { Err(replaced()) }
        };
        let event = |now| Event::new(Action::Rotate, now).note("at AWS");
        keeping::keep(self.scene, &new, plan, Some(OVERLAP), AT_AWS, look, event).map_err(|failure| {
            match failure.kind {
                Kind::Negative => failure,
                _ => failure.hint(format!("the new key {ASIDE}; to go on: `keyctl rotate {}`", self.pair.id)),
            }
        })
    }

    /// Step 6.
    fn switch_off(&self, work: &Unfinished, made: &AccessKey) -> Result<()> {
        let Some(old) = work.intention.from.as_deref().filter(|old| *old != made.id) else { return Ok(()) };
        let off = |client: Client| match client.list()?.iter().find(|key| key.id == old) {
            Some(key) if key.active => client.set_active(old, false),
            _ => Ok(()),
        };
        let switched = self.client(&made.id, &made.secret).and_then(off).or_else(|failure| {
            // IAM may not know the new key yet where STS does; the old one may switch itself off.
            if self.current == old { self.client_of_store().and_then(off) } else { Err(failure) }
        });
        switched.map_err(|failure| {
            failure
                .hint(format!("the store has the new key; only the old one, `{old}`, is still switched on"))
                .hint(format!("to go on: `keyctl rotate {}`", self.pair.id))
        })
    }
}

/// Whether AWS lists by now what came of this intention, if anything did.
fn is_settled(intention: &Intention, now: Moment) -> bool {
    now.seconds().saturating_sub(intention.begun.seconds()) > SETTLED_SECONDS
}

/// Whether a key that AWS lists can be the one that came of this intention.
fn may_have_made(intention: &Intention, key: &Listed) -> bool {
    let after = key.created.seconds().saturating_sub(intention.begun.seconds());
    !intention.before.contains(&key.id) && (-SKEW_SECONDS..=LATEST_SECONDS + SKEW_SECONDS).contains(&after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_believed_to_lack_a_new_key_only_when_that_was_made_a_while_ago() {
        let begun = Moment::from_seconds(1_800_000_000);
        let (names, before) = (Vec::new(), Vec::new());
        let intention =
            Intention { names, begun, replaces: None, created: None, after: None, by: None, from: None, before };
        let is_settled = |after: i64| is_settled(&intention, Moment::from_seconds(begun.seconds() + after));
        assert!(!is_settled(-60) && !is_settled(61) && !is_settled(900) && is_settled(901));
    }

    #[test]
    fn only_a_key_made_around_the_beginning_can_have_come_of_it() {
        let begun = Moment::from_seconds(1_800_000_000);
        let intention = Intention {
            names: Vec::new(),
            begun,
            replaces: None,
            created: None,
            after: None,
            by: None,
            from: None,
            before: vec!["AKIAOLD".into()],
        };
        let may = |id: &str, after: i64| {
            let created = Moment::from_seconds(begun.seconds() + after);
            may_have_made(&intention, &Listed { id: id.into(), active: true, created })
        };
        assert!(may("AKIANEW", -300) && may("AKIANEW", 0) && may("AKIANEW", 360));
        assert!(!may("AKIANEW", -301) && !may("AKIANEW", 361) && !may("AKIAOLD", 1));
    }
}
