//! A new secret from the program that the user's config names for the key, its rotator (called in `calling.rs`), on its way
//! into the store.

use std::cell::Cell;

use crate::{
    commands::change::{Outcome, change},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::Plan,
    rotator::{program::stays, unfinished::Unfinished},
    store::payload::{Key, Payload},
};

use super::{
    Meant, Opened, Scene,
    aside::{self, ASIDE, FINISHED, Standing, to_be_judged},
    asking::{self, Word},
    calling::{Fresh, call, rescue, wait_for_earlier},
    fitness::fit,
    keeping::{self, Done, New},
    leave,
    means::BY_ROTATOR,
    pending::{self, Whose},
    trying::{try_out, works},
};

/// A call within this many seconds of a rotation that was broken off after the store was written is the same wish.
const SAME_WISH_SECONDS: i64 = 3600;

/// What lies aside beside the one that is gone on with, until a new secret is in the store.
#[derive(Default)]
struct Others {
    strays: Vec<Unfinished>,
    doubtful: Vec<Unfinished>,
}

/// Lets the program replace the key once it is this call's turn, as [`replace_now`] does it.
pub(super) fn replace(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    command: Option<&[String]>,
    seen: &Opened,
    word: &Word,
) -> Result<Done> {
    let (_turn, opened) = scene.turn_for(&[Meant::of(name, &seen.payload)?])?;
    replace_now(scene, name, plan, command, &opened, word)
}

/// Lets the program replace the key, with the turn held, and puts what it gives into the store. A secret that it gave before, and that the
/// store never got, is taken first; a doubtful one only if the word or the check says so. Without a program only what the
/// word names is taken.
pub(super) fn replace_now(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    command: Option<&[String]>,
    opened: &Opened,
    word: &Word,
) -> Result<Done> {
    let key = opened.payload.key(name)?;
    wait_for_earlier(scene, name, opened)?;
    let (earlier, others) = earlier(scene, name, plan, opened, word)?;
    let mut fresh = match (earlier, command) {
        // Whoever has said yes to what lay there has not said yes to a call.
        (Some(fresh), _) if !word.is_yes() || word.is_of(&fresh.unfinished) => fresh,
        (None, Some(command)) if !word.is_yes() => {
            call(scene, name, leave::both(scene, name, command, plan, opened)?, opened)?
        }
        _ => return Err(asking::gone(name)),
    };
    // The store may have it already, where keyctl ended just after writing it.
    let is_new = !fresh.value.same_as(&key.value);
    if let Err(failure) = if is_new { fit(&fresh.value, key, name) } else { Ok(()) } {
        return Err(unfit(scene, name, opened, fresh, failure));
    }
    if let Some(other) = opened.payload.holder_of(&fresh.value, name) {
        scene.terminal.warn(&format!("`{other}` holds the same secret"));
    }
    let refused = |failure| {
        stays(failure).hint(format!(
            "nothing was replaced in the store; to take the new secret untried: `keyctl rotate {name} --no-check`"
        ))
    };
    let is_to_try = is_new && !fresh.is_tried;
    let tried = if is_to_try { try_out(scene, name, plan, &fresh.value, opened, refused) } else { Ok(()) };
    let kept = tried
        .map_err(|failure| aside_of(scene, name, &fresh, failure))
        .and_then(|()| keep(scene, name, plan, command, key, &fresh, &others));
    let done =
        kept.map_err(|failure| if fresh.is_aside { failure } else { rescue(scene, name, &fresh.value, failure) })?;
    // From here on it is over, and never put into the store again; whoever comes later may have taken it back.
    if is_new && let Err(failure) = fresh.unfinished.is_kept(&opened.unfinished_key()) {
        scene.terminal.warn(&failure.message);
    }
    let mut over = vec![fresh.unfinished];
    if is_new {
        aside::say_left(scene, name, &others.strays, &others.doubtful);
        over.extend(others.strays);
    }
    aside::end(scene, opened, over, FINISHED);
    Ok(done)
}

/// What a rotator gave and nobody can have meant. Where the store has it, that is kept for good: a rotator that has gone
/// back to a former secret has put it in force, and the end of its overlap would wipe it.
fn unfit(scene: &Scene, name: &KeyName, opened: &Opened, fresh: Fresh, failure: Failure) -> Failure {
    let has_it = |payload: &Payload| {
        payload.keys.get(name).is_some_and(|key| key.former.iter().any(|former| former.value.same_as(&fresh.value)))
    };
    if !has_it(&opened.payload) {
        return to_be_judged(failure, name);
    }
    let now = Moment::now();
    let kept = change(&scene.home, scene.terminal, now, |payload| {
        let former = payload.keys.get_mut(name).map(|key| key.former.as_mut_slice()).unwrap_or_default();
        let ending = former.iter_mut().filter(|former| former.value.same_as(&fresh.value) && former.wipe.is_some());
        let freed = ending.map(|former| former.wipe = None).count();
        if freed == 0 {
            return Ok(Outcome::AsItWas(false));
        }
        let event = Event::new(Action::Edit, now).names([name]).note("a former secret is kept for good");
        Ok(Outcome::changed(true, event))
    });
    match kept {
        Ok(kept) => {
            aside::end(scene, opened, vec![fresh.unfinished], FINISHED);
            if kept {
                failure.hint("that former secret is not wiped any more at the end of its overlap")
            } else {
                failure
            }
        }
        Err(other) => {
            scene.terminal.warn(&other.message);
            failure.hint(format!("it {ASIDE}, too"))
        }
    }
}

/// Puts the new secret into the store, if that still has the one that the rotator was given.
fn keep(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    command: Option<&[String]>,
    given: &Key,
    fresh: &Fresh,
    others: &Others,
) -> Result<Done> {
    let new = New { name: name.clone(), value: fresh.value.copy(), longer: None };
    let event = |now| {
        let event = Event::new(Action::Rotate, now);
        let event = command.into_iter().fold(event, |event, command| event.program(command[0].as_ref()));
        fresh.took.into_iter().fold(event, |event, took| event.ended(took, Some(0)))
    };
    let meant = Meant { name: name.clone(), value: given.value.copy(), created: given.facts.created };
    let to_use = Cell::new(None);
    let look = |payload: &mut Payload| {
        let key = payload.key(name)?;
        if !meant.is(key) {
            let (said, hints) = changed_meanwhile(&meant, key, payload);
            to_use.set(Some(hints));
            return Err(Failure::new(Kind::Negative, format!("`{name}` {said}; nothing was changed")));
        }
        aside::keep(payload, name, &others.strays, Moment::now());
        Ok(())
    };
    keeping::keep(scene, &[new], plan, None, BY_ROTATOR, look, event).map_err(|failure| {
        if !fresh.is_aside {
            return failure;
        }
        let go_on = || vec![format!("the new secret {ASIDE}; to go on: `keyctl rotate {name}`")];
        to_use.take().unwrap_or_else(go_on).into_iter().fold(failure, Failure::hint)
    })
}

/// What became of a key while its rotator was at work, and what that means for the new secret: whether it comes to be a former
/// one, and which calls bring it into use.
fn changed_meanwhile(meant: &Meant, key: &Key, payload: &Payload) -> (&'static str, Vec<String>) {
    let name = &meant.name;
    if !meant.was_replaced(key) {
        let aside = format!("the rotator's new secret {ASIDE}");
        // The one that the rotator was called for, of several that had this name.
        let had = |key: &Key| {
            key.value.same_as(&meant.value) || key.former.iter().any(|former| former.value.same_as(&meant.value))
        };
        let removed = payload.removed.iter().rfind(|removed| removed.name == *name && had(&removed.key));
        let back = pending::way_back(name, removed.map_or(Whose::Gone, |removed| Whose::of_removed(removed, payload)));
        return (
            "is not the key any more that its rotator was called for",
            [Some(aside), back].into_iter().flatten().collect(),
        );
    }
    let hints = pending::ways_out(name, key, payload, |former| former.same_as(&meant.value));
    ("was replaced by another keyctl meanwhile", hints)
}

/// The failure of a check, with both ways out.
fn aside_of(scene: &Scene, name: &KeyName, fresh: &Fresh, failure: Failure) -> Failure {
    if !fresh.is_aside || scene.arguments.no_check {
        return failure;
    }
    failure
        .hint(format!("the new secret {ASIDE}; to go on: `keyctl rotate {name}`"))
        .hint(format!("to drop it, and let the rotator make another one: `keyctl rotate {name} --discard`"))
}

/// What was begun before for this key: what is to be gone on with, if there is anything, and what else lies aside. Of two
/// the later one counts.
fn earlier(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    opened: &Opened,
    word: &Word,
) -> Result<(Option<Fresh>, Others)> {
    let key = opened.payload.key(name)?;
    let (mut found, mut others, mut doubtful) = (None, Others::default(), Vec::new());
    aside::say_unreadable(scene, opened);
    for (standing, unfinished) in aside::of(scene, name, opened)? {
        let begun = unfinished.intention.begun;
        match standing {
            Standing::Over => {
                let is_current = unfinished.made.as_ref().is_some_and(|made| made.is(&key.value));
                let is_just_now = Moment::now().seconds().abs_diff(begun.seconds()) <= SAME_WISH_SECONDS.unsigned_abs();
                if is_current && is_just_now && !scene.is_due(name, opened)? {
                    scene.terminal.say(&format!(
                        "`{name}` holds the secret already that its rotator gave on {}; it is not called again",
                        begun.local()
                    ));
                    found = going_on(unfinished);
                } else {
                    aside::end(scene, opened, vec![unfinished], FINISHED);
                }
            }
            Standing::Copy => aside::clear_copy(scene, name, unfinished),
            Standing::Lost => {
                scene.terminal.warn(&format!(
                    "on {} keyctl was ended before the rotator of `{name}` had printed anything: if it made a new secret, that is lost",
                    begun.local()
                ));
                aside::remove(scene, unfinished);
            }
            Standing::Damaged => aside::say_damaged(scene, name, &unfinished),
            Standing::Live => {
                scene.terminal.say(&format!("going on with the secret that the rotator gave on {}", begun.local()));
                let before: Option<Fresh> = std::mem::replace(&mut found, going_on(unfinished));
                others.strays.extend(before.map(|fresh| fresh.unfinished));
            }
            Standing::Stray => others.strays.push(unfinished),
            Standing::Doubtful | Standing::StrayDoubtful => doubtful.push((standing, unfinished)),
        }
    }
    if found.is_none() {
        found = of_doubtful(scene, name, plan, opened, &mut doubtful, word)?;
    }
    others.doubtful = doubtful.into_iter().map(|(_, unfinished)| unfinished).collect();
    Ok((found, others))
}

fn going_on(unfinished: Unfinished) -> Option<Fresh> {
    let made = unfinished.made.as_ref()?;
    let value = made.sole_line().filter(|_| made.doubtful).unwrap_or_else(|| made.secret.copy());
    Some(Fresh { value, unfinished, is_aside: true, is_tried: false, took: None })
}

/// A line of doubtful words that a person has taken, or that the check says works. Nobody else takes one.
///
/// # Errors
/// `Negative` where nobody was asked and nothing tells what the words are worth: the secret in force may be in them, and the
/// rotator would make one more each time. As the check has them where it gives no answer, which is no no.
fn of_doubtful(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    opened: &Opened,
    doubtful: &mut Vec<(Standing, Unfinished)>,
    word: &Word,
) -> Result<Option<Fresh>> {
    let mut chosen = None;
    match word {
        Word::Declined | Word::GoOn(_) => {}
        Word::Take(_, line) => {
            chosen = doubtful.iter().position(|(_, work)| word.is_of(work)).map(|at| (at, line.copy(), false));
        }
        Word::Unattended => {
            let live = |(standing, _): &&(Standing, Unfinished)| *standing == Standing::Doubtful;
            let Some((_, latest)) = doubtful.iter().rfind(live) else { return Ok(None) };
            let Some(check) = plan.check.as_ref().filter(|_| !scene.arguments.no_check) else {
                let what = if latest.made.as_ref().is_some_and(|made| made.sole_line().is_some()) {
                    "a line"
                } else {
                    "something"
                };
                let (begun, came) = (latest.intention.begun.local(), aside::what_came([aside::is_unended(latest)]));
                let said = format!(
                    "the rotator of `{name}` printed {what} on {begun} before {came}, which may be the secret in force; it is not called again"
                );
                return Err(to_be_judged(Failure::new(Kind::Negative, said), name));
            };
            for (at, (_, work)) in doubtful.iter().enumerate().rev().filter(|(_, one)| live(one)) {
                for line in work.made.as_ref().map(aside::candidates).unwrap_or_default() {
                    let answer = works(scene, name, check, &line, opened);
                    if answer.map_err(|failure| unanswered(failure, name))? {
                        chosen = Some((at, line, true));
                        break;
                    }
                }
                if chosen.is_some() {
                    break;
                }
            }
        }
    }
    let Some((at, value, is_tried)) = chosen else { return Ok(None) };
    let (_, unfinished) = doubtful.remove(at);
    let (begun, came) = (unfinished.intention.begun.local(), aside::what_came([aside::is_unended(&unfinished)]));
    scene.terminal.warn(&format!("going on with the line that the rotator printed on {begun} before {came}"));
    Ok(Some(Fresh { value, unfinished, is_aside: true, is_tried, took: None }))
}

/// The failure of a check that did not say whether words work which lie aside.
fn unanswered(failure: Failure, name: &KeyName) -> Failure {
    to_be_judged(failure.hint(format!("nothing was replaced, and the rotator of `{name}` is not called again")), name)
}
