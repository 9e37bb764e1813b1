//! The old key of a pair at AWS, once its overlap is over: step 8 of `aws.rs`.

use crate::{
    commands::{
        change::{Outcome, change},
        opening,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    rotation::AwsIam,
    rotator::{
        aws_iam::{Client, Listed},
        unfinished::Unfinished,
    },
    store::payload::{Former, Payload},
    terminal::Terminal,
};

use super::{Opened, Scene, bench::Bench, unfinished_key};

/// Which old keys are to be deleted.
pub(super) enum Old {
    /// Whose overlap is over, and which are still switched off.
    OverlapOver,
    /// These, which the user was asked about; whether they are switched on or not.
    These(Vec<String>),
    /// Whichever are there, switched on or not.
    All,
}

/// Deletes old keys at AWS, with the turn held. Says which.
pub(super) fn finish(scene: &Scene, pair: &AwsIam, which: &Old, opened: &Opened) -> Result<Vec<String>> {
    let bench = Bench::new(scene, pair, opened)?;
    let client = bench.client_of_store()?;
    // AWS answers no key that is switched off, such as one that was taken back into the store.
    let has_other = opened.payload.keys.get(&pair.id).is_some_and(|key| !key.former.is_empty());
    let listed = client.list().map_err(|failure| {
        if failure.kind != Kind::Remote || !has_other {
            return failure;
        }
        let id = &bench.current;
        failure.hint(format!("if it is switched off: `aws iam update-access-key --access-key-id {id} --status Active`"))
    })?;
    delete(&bench, &client, &listed, which)
}

/// The old keys that AWS still has, to ask about.
pub(super) fn at_aws(scene: &Scene, pair: &AwsIam, opened: &Opened) -> Result<Vec<Listed>> {
    let bench = Bench::new(scene, pair, opened)?;
    let listed = bench.client_of_store()?.list()?.into_iter();
    Ok(listed.filter(|key| key.id != bench.current && bench.is_former(&key.id).is_some()).collect())
}

/// Whether there may be an old key at AWS whose overlap is over.
pub(super) fn is_there(pair: &AwsIam, payload: &Payload, now: Moment) -> bool {
    let former = payload.keys.get(&pair.id).map(|key| key.former.as_slice()).unwrap_or_default();
    overlap_ends(pair, payload, now).is_none() && former.iter().any(|former| former.wipe.is_some())
}

/// Says that the access key is switched off at AWS which a former secret belongs to, where keyctl has done that.
pub fn say_switched_off(
    home: &Home,
    pairs: &[AwsIam],
    payload: &Payload,
    name: &KeyName,
    former: &Former,
    terminal: &Terminal,
) {
    let Some(pair) = pairs.iter().find(|pair| pair.has(name)) else { return };
    let ids = payload.keys.get(&pair.id).map(|key| key.former.as_slice()).unwrap_or_default();
    let same = |id: &&Former| (id.step, id.until) == (former.step, former.until) && id.wipe.is_some();
    let Some(id) = ids.iter().rev().find(same).and_then(|id| id.value.expose_text()) else { return };
    if is_to_be_switched_off(home, pair, id) {
        terminal.warn(&format!("the rotation at AWS was not finished: `{id}` is perhaps still switched on there"));
        return;
    }
    terminal.warn(&format!("`{id}` is switched off at AWS, so it does not work"));
    terminal.hint(&format!("to switch it on: `aws iam update-access-key --access-key-id {id} --status Active`"));
}

/// Whether switching this key off is what is left of a rotation.
fn is_to_be_switched_off(home: &Home, pair: &AwsIam, id: &str) -> bool {
    let is_left = |work: &Unfinished| {
        work.intention.names == [pair.id.clone(), pair.secret.clone()] && work.intention.from.as_deref() == Some(id)
    };
    Unfinished::are_there(home)
        && opening::identity(home).is_ok_and(|kept| Unfinished::all(home, &unfinished_key(&kept)).iter().any(is_left))
}

/// When the last overlap of the pair ends, if that is still to come.
pub(super) fn overlap_ends(pair: &AwsIam, payload: &Payload, now: Moment) -> Option<Moment> {
    let former = payload.keys.get(&pair.secret).map(|key| key.former.as_slice()).unwrap_or_default();
    former.iter().filter_map(|former| former.wipe).filter(|wipe| *wipe > now).max()
}

/// Step 8: deletes former keys at AWS, and what the store still has of them.
pub(super) fn delete(bench: &Bench, client: &Client, listed: &[Listed], which: &Old) -> Result<Vec<String>> {
    let mut deleted = Vec::new();
    for key in listed.iter().filter(|key| key.id != bench.current) {
        let Some(former) = bench.is_former(&key.id) else { continue };
        let why_not = match which {
            Old::These(ids) if !ids.contains(&key.id) => continue,
            Old::OverlapOver if key.active => Some("switched on at AWS, so somebody may use it"),
            Old::OverlapOver if former.wipe.is_none() => Some("not one that keyctl has switched off"),
            _ => None,
        };
        if let Some(why) = why_not {
            return Err(Failure::new(Kind::Negative, format!("the old key `{}` is {why}; it is not deleted", key.id))
                .hint(format!("if nobody does: `keyctl rotate {} --finish`", bench.pair.id)));
        }
        if is_the_last_to_work(key, listed, &bench.current) {
            let said = format!(
                "the store's own key `{}` is switched off at AWS: without `{}` none would work",
                bench.current, key.id
            );
            let on = format!(
                "to switch it on: `aws iam update-access-key --access-key-id {} --status Active`",
                bench.current
            );
            return Err(Failure::new(Kind::Negative, format!("{said}; nothing was deleted")).hint(on));
        }
        client.delete(&key.id)?;
        let was_on = if key.active { ", which was still switched on" } else { "" };
        bench.terminal().say(&format!("deleted the old key `{}` at AWS{was_on}", key.id));
        deleted.push(key.id.clone());
    }
    let (now, names) = (Moment::now(), bench.names());
    change(&bench.scene.home, bench.terminal(), now, |payload| {
        let is_gone = |id: &str| deleted.iter().any(|gone| gone == id);
        let is_listed = |id: &str| listed.iter().any(|key| key.id == id);
        if wipe_former(bench.pair, payload, is_gone, is_listed) == 0 {
            return Ok(Outcome::AsItWas(()));
        }
        Ok(Outcome::changed((), Event::new(Action::Forget, now).names(&names).note("deleted at AWS")))
    })?;
    Ok(deleted)
}

/// Whether no key would work without this one, the store's own being switched off.
fn is_the_last_to_work(key: &Listed, listed: &[Listed], current: &str) -> bool {
    key.active && listed.iter().any(|own| own.id == current && !own.active)
}

/// Wipes the ids of keys that are gone at AWS, and the secrets that belonged to them: those that were replaced by the same
/// step. Gone is what was deleted now, and what keyctl has switched off and AWS does not list any more. Says how many
/// secrets that were.
fn wipe_former(
    pair: &AwsIam,
    payload: &mut Payload,
    is_deleted: impl Fn(&str) -> bool,
    is_listed: impl Fn(&str) -> bool,
) -> usize {
    let mut steps = Vec::new();
    let mut wipe = |name: &KeyName, is_gone: &mut dyn FnMut(&Former) -> bool| {
        let Some(key) = payload.keys.get_mut(name) else { return 0 };
        let before = key.former.len();
        key.former.retain(|former| !is_gone(former));
        before - key.former.len()
    };
    let ids = wipe(&pair.id, &mut |former| {
        let id = former.value.expose_text().unwrap_or_default();
        let is_gone = is_deleted(id) || (former.wipe.is_some() && !is_listed(id));
        if is_gone {
            steps.push((former.step, former.until));
        }
        is_gone
    });
    ids + wipe(&pair.secret, &mut |former| steps.contains(&(former.step, former.until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::anchor::Id, secret::Secret, store::journal::Deed};

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn an_active_key_is_the_last_to_work_where_the_stores_own_is_switched_off() {
        let key = |id: &str, active| Listed { id: id.into(), active, created: Moment::from_seconds(0) };
        let is_last = |own: bool, other: bool| {
            is_the_last_to_work(&key("OTHER", other), &[key("OWN", own), key("OTHER", other)], "OWN")
        };
        assert!(is_last(false, true));
        assert!(!is_last(true, true) && !is_last(true, false) && !is_last(false, false));
    }

    #[test]
    fn only_what_is_gone_at_aws_is_wiped_with_the_secret_of_the_same_step() {
        let name = |text: &str| text.parse::<KeyName>().expect("good");
        let pair =
            AwsIam { id: name("aws/id"), secret: name("aws/secret"), region: "eu-central-1".into(), endpoint: None };
        let moment = Moment::from_seconds;
        let mut payload = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
        let mut step = |at: i64, halves: &[(&KeyName, &str)], wipe: Option<Moment>| {
            payload
                .step(Deed::Rotate, moment(at), |edit| {
                    for (name, value) in halves {
                        if edit.payload().keys.contains_key(*name) {
                            edit.replace(name, secret(value), wipe)?;
                        } else {
                            edit.set(name, secret(value), false)?;
                        }
                    }
                    Ok(())
                })
                .expect("changed");
        };
        step(1, &[(&pair.id, "AKIA1"), (&pair.secret, "one")], None);
        // Two by hand, each half in a step of its own, then two by keyctl.
        step(2, &[(&pair.id, "AKIA2")], None);
        step(3, &[(&pair.secret, "two")], None);
        step(4, &[(&pair.id, "AKIA3"), (&pair.secret, "three")], Some(moment(100)));
        step(5, &[(&pair.id, "AKIA4"), (&pair.secret, "four")], Some(moment(100)));
        let left = |payload: &Payload, name: &KeyName| -> Vec<String> {
            let former = payload.keys[name].former.iter();
            former.map(|former| former.value.expose_text().expect("text").to_owned()).collect()
        };
        assert_eq!(wipe_former(&pair, &mut payload, |_| false, |id| id == "AKIA2" || id == "AKIA3"), 0);
        assert_eq!(wipe_former(&pair, &mut payload, |id| id == "AKIA3", |id| id == "AKIA2" || id == "AKIA3"), 2);
        assert_eq!(left(&payload, &pair.id), ["AKIA1", "AKIA2"]);
        assert_eq!(left(&payload, &pair.secret), ["one", "two"]);
        assert_eq!(wipe_former(&pair, &mut payload, |_| false, |_| false), 2, "keyctl had switched it off");
        assert_eq!(left(&payload, &pair.id), ["AKIA1"]);
        assert_eq!(left(&payload, &pair.secret), ["one"]);
    }
}
