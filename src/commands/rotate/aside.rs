//! What rotators gave and the store has not got.
//!
//! One rule: what a rotator printed lies beside the store, sealed, from the moment at which it arrives until a person or the
//! store has it. `calling.rs` puts it there while the rotator still runs. It goes away by [`end`], where the store has it, or
//! by [`discard`], where its owner says so; both write into the history which rotation is over, so that a file of it which is
//! put back from a copy is known and not taken. Where the history cannot be read to its end nothing of it is taken. Of what
//! was pruned, or set aside with a history, nothing tells any more: a copy that is older than that would be taken.
//!
//! A secret is *live* if the store still has the one that was given to the rotator: then it takes that one's place. A
//! *stray* one belongs to a secret that the store has not got any more; it is kept as a former secret of the key. Of either
//! kind may be a *doubtful* one, the words of a rotator that went wrong or was not seen to end: the secret in force may be in
//! them as well as an error. It is taken only if the user's check says that it works, or a person does.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    commands::{opening::Kept, record},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, unmade::LEFT_BY_A_ROTATOR},
    home::{Home, Lock},
    name::KeyName,
    rotator::unfinished::{self, Intention, Made, Unfinished, is_plain},
    secret::Secret,
    store::payload::{Key, Payload, Removed},
};

use super::{Opened, Scene, calling};

/// Where a new secret lies that the store has not got.
pub(super) const ASIDE: &str = "lies beside the store, sealed";
/// So often a rotator may go wrong with other words before somebody has to look at them.
const MOST: usize = 8;
/// So many lines of one rotator are tried, and so many of all of them shown.
pub(super) const LINES: usize = 20;

/// What was begun for a key, seen from the key as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The store has what was made, or had it.
    Over,
    /// The history says that it is over: the file was put back from a copy.
    Copy,
    /// Nothing was written down: what was made, if anything, is lost.
    Lost,
    /// What was written down does not open.
    Damaged,
    Live,
    Stray,
    Doubtful,
    StrayDoubtful,
}

impl Standing {
    fn of(work: &Unfinished, key: &Key, sealing: &unfinished::Key, ended: &BTreeSet<String>) -> Self {
        let Some(made) = &work.made else {
            return if work.is_damaged { Self::Damaged } else { Self::Lost };
        };
        if made.kept || secrets(key).any(|secret| made.is(secret)) {
            return Self::Over;
        }
        if ended.contains(work.number()) {
            return Self::Copy;
        }
        let is_other = match &work.intention.replaces {
            Some(mark) => *mark != sealing.mark(&key.value),
            // As versions before wrote it, which went by the dates.
            None => key.facts.changed > work.intention.begun,
        };
        match (made.doubtful, is_other) {
            (false, false) => Self::Live,
            (false, true) => Self::Stray,
            (true, false) => Self::Doubtful,
            (true, true) => Self::StrayDoubtful,
        }
    }

    /// Whether only the history can tell that it is over.
    fn may_be_over(self) -> bool {
        !matches!(self, Self::Over | Self::Lost | Self::Damaged)
    }

    pub(super) fn is_doubtful(self) -> bool {
        matches!(self, Self::Doubtful | Self::StrayDoubtful)
    }
}

/// Whether a new secret was made for another secret than its key has now.
pub(super) fn is_stray(work: &Unfinished, key: &Key, sealing: &unfinished::Key) -> bool {
    Standing::of(work, key, sealing, &BTreeSet::new()) == Standing::Stray
}

/// All that the store has of a key.
fn secrets(key: &Key) -> impl Iterator<Item = &Secret> {
    key.former.iter().map(|former| &former.value).chain([&key.value])
}

/// What became of the key that a program was called for.
pub(super) enum Fate<'p> {
    /// It is there, under this name.
    Present(&'p KeyName),
    /// It was removed.
    Removed(&'p Removed),
    /// It is one of these, and nothing tells which.
    Unclear(Vec<&'p KeyName>),
    /// It is nowhere.
    Gone,
}

/// Which key a program was called for: the one that the name stood for then, whatever it is called by now, if it has or had the
/// secret which the program was given. Where that is not known any more, it is told by the secret; a key that was made
/// later only has the name.
pub(super) fn fate<'p>(work: &Unfinished, payload: &'p Payload, sealing: &unfinished::Key) -> Fate<'p> {
    let Intention { names, begun, replaces, created, after, .. } = &work.intention;
    let [name] = names.as_slice() else { return Fate::Gone };
    let Some(mark) = replaces else {
        return payload.keys.get_key_value(name).map_or(Fate::Gone, |(name, _)| Fate::Present(name));
    };
    let is_of_then = |key: &Key| created.is_none_or(|created| created == key.facts.created);
    let had = |key: &Key| is_of_then(key) && secrets(key).any(|secret| sealing.mark(secret) == *mark);
    let (now, step) = payload.became(name, *begun, *after);
    let named = payload.keys.get_key_value(&now);
    let removed = |is_meant: &dyn Fn(&Removed) -> bool| {
        payload.removed.iter().rfind(|removed| is_meant(removed) && had(&removed.key)).map(Fate::Removed)
    };
    if step.is_some()
        && let Some(fate) = removed(&|removed| removed.name == now && removed.step == step)
    {
        return fate;
    }
    if let Some((name, _)) = named.filter(|(_, key)| had(key)) {
        return Fate::Present(name);
    }
    if let Some(fate) = removed(&|removed| removed.name == now) {
        return fate;
    }
    // Its secret was wiped, and it is the same key.
    if let Some((name, _)) = named.filter(|(_, key)| created.is_some() && step.is_none() && is_of_then(key)) {
        return Fate::Present(name);
    }
    let called = |is_meant: &dyn Fn(&Key) -> bool| -> Vec<&'p KeyName> {
        payload.keys.iter().filter(|(_, key)| is_meant(key)).map(|(name, _)| name).collect()
    };
    let current = called(&|key| had(key) && sealing.mark(&key.value) == *mark);
    match (if current.is_empty() { called(&had) } else { current }).as_slice() {
        [] => {}
        [one] => return Fate::Present(one),
        several => return Fate::Unclear(several.to_vec()),
    }
    let is_older = |key: &Key| created.is_none() && key.facts.created <= *begun;
    let older = named.filter(|(_, key)| is_older(key)).map(|(name, _)| Fate::Present(name));
    removed(&|_| true).or(older).unwrap_or(Fate::Gone)
}

/// The key that a program was called for, if it is there and it is clear which one it is.
pub(super) fn owner<'p>(work: &Unfinished, payload: &'p Payload, sealing: &unfinished::Key) -> Option<&'p KeyName> {
    if let Fate::Present(name) = fate(work, payload, sealing) { Some(name) } else { None }
}

/// The key that a program was called for, if it was removed.
pub(super) fn removed<'p>(work: &Unfinished, payload: &'p Payload, sealing: &unfinished::Key) -> Option<&'p Removed> {
    if let Fate::Removed(removed) = fate(work, payload, sealing) { Some(removed) } else { None }
}

/// Whether what a program gave is of a removed key which had another secret after the one that it was to replace: then it
/// is a former one at most, and nothing to go on with.
pub(super) fn is_superseded(work: &Unfinished, payload: &Payload, sealing: &unfinished::Key) -> bool {
    owner(work, payload, sealing).is_none()
        && removed(work, payload, sealing)
            .is_some_and(|removed| work.intention.replaces != Some(sealing.mark(&removed.key.value)))
}

/// Whether what was begun belongs to this name: to its key, or to one of this name that is gone.
pub(super) fn is_of(work: &Unfinished, name: &KeyName, payload: &Payload, sealing: &unfinished::Key) -> bool {
    match (owner(work, payload, sealing), removed(work, payload, sealing)) {
        (Some(owner), _) => owner == name,
        (None, Some(removed)) => removed.name == *name,
        (None, None) => work.intention.names == [name.clone()],
    }
}

/// Whether the store has what a program gave, so that only the file is not cleared away yet.
pub(super) fn is_over(work: &Unfinished, payload: &Payload, sealing: &unfinished::Key) -> bool {
    let removed = || removed(work, payload, sealing).map(|removed| &removed.key);
    let key = owner(work, payload, sealing).map_or_else(removed, |name| payload.keys.get(name));
    let made = work.made.as_ref();
    key.zip(made).is_some_and(|(key, made)| made.kept || secrets(key).any(|secret| made.is(secret)))
}

/// What was begun for a key by its rotator, the earliest first.
///
/// # Errors
/// Where the history does not tell whether something of it is over: then nothing of it is taken.
pub(super) fn of(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<Vec<(Standing, Unfinished)>> {
    let Some(key) = opened.payload.keys.get(name) else { return Ok(Vec::new()) };
    let (sealing, all) = (opened.unfinished_key(), begun(scene, name, opened));
    let none = BTreeSet::new();
    let may_be_over = |work: &Unfinished| Standing::of(work, key, &sealing, &none).may_be_over();
    let ended = match all.iter().find(|work| may_be_over(work)) {
        Some(work) => opened.ended(&scene.home).map_err(|failure| untold(failure, name, work))?,
        None => &none,
    };
    Ok(all.into_iter().map(|work| (Standing::of(&work, key, &sealing, ended), work)).collect())
}

/// The same, whatever became of it.
pub(super) fn begun(scene: &Scene, name: &KeyName, opened: &Opened) -> Vec<Unfinished> {
    if !Unfinished::are_there(&scene.home) {
        return Vec::new();
    }
    let sealing = opened.unfinished_key();
    let mut all = Unfinished::all(&scene.home, &sealing);
    all.retain(|work| owner(work, &opened.payload, &sealing) == Some(name));
    all
}

/// The rotations that are over, as the history has it.
///
/// # Errors
/// As the history has them, where it cannot be read to its end: each of them may be over then.
pub(super) fn ended(home: &Home, kept: &Kept, payload: &Payload) -> Result<BTreeSet<String>> {
    record::log(home, kept, payload).endings()
}

/// A failure of the history, where it should tell whether this is over.
fn untold(failure: Failure, name: &KeyName, work: &Unfinished) -> Failure {
    let begun = work.intention.begun.local();
    let said = format!(
        "whether what the rotator of `{name}` gave on {begun} is over cannot be told, so it is not taken: {}",
        failure.message
    );
    let ways = [
        format!("to drop what it gave: `keyctl rotate {name} --discard`"),
        format!("to give the key a secret of your own: `keyctl rotate {name} --by-hand`"),
    ];
    failure.hints.into_iter().chain(ways).fold(Failure::new(failure.kind, said), Failure::hint)
}

/// What came after doubtful words were printed, as far as is known; each is said to be of a program that was not seen to end, or
/// of one that went wrong.
pub(super) fn what_came(unended: impl IntoIterator<Item = bool>) -> &'static str {
    let unended: BTreeSet<bool> = unended.into_iter().collect();
    match (unended.contains(&true), unended.contains(&false)) {
        (true, true) => "it went wrong or keyctl was ended",
        (true, false) => "keyctl was ended",
        _ => "it went wrong",
    }
}

/// Whether a program was not seen to end.
pub(super) fn is_unended(work: &Unfinished) -> bool {
    work.made.as_ref().is_some_and(|made| made.unended)
}

/// The lines of what a rotator printed that can be tried.
pub(super) fn candidates(made: &Made) -> Vec<Secret> {
    made.lines().into_iter().filter(is_plain).take(LINES).collect()
}

/// Whether the very same words lie aside in another file than this one.
pub(super) fn lie_already(scene: &Scene, name: &KeyName, opened: &Opened, words: &Secret, own: &Path) -> bool {
    let is_same = |work: &Unfinished| work.made.as_ref().is_some_and(|made| made.secret.same_as(words));
    // Where that cannot be told they are kept once more.
    let all = of(scene, name, opened).unwrap_or_default();
    all.iter().any(|(standing, work)| standing.is_doubtful() && work.path() != own && is_same(work))
}

/// A rotator that goes wrong again and again is not called for ever: each time it may have made a secret.
///
/// # Errors
/// `Negative` with the ways out; as [`of`].
pub(super) fn refuse_more(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<()> {
    let all = of(scene, name, opened)?;
    let words: Vec<_> = all.iter().filter(|(standing, _)| standing.is_doubtful()).map(|(_, work)| work).collect();
    if words.len() < MOST {
        return Ok(());
    }
    let (times, came) = (words.len(), what_came(words.into_iter().map(is_unended)));
    let said =
        format!("the rotator of `{name}` printed other words {times} times before {came}; it is not called again");
    Err(to_be_judged(Failure::new(Kind::Negative, said), name))
}

/// Where it is not clear whose it is what a rotator gave, none of these keys' rotators is called: one of them has a new secret
/// already.
///
/// # Errors
/// `Negative` with the ways out; as [`of`].
pub(super) fn refuse_unclear(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<()> {
    if !Unfinished::are_there(&scene.home) {
        return Ok(());
    }
    let sealing = opened.unfinished_key();
    let mut all = Unfinished::all(&scene.home, &sealing);
    all.retain(|work| work.made.as_ref().is_some_and(|made| !made.kept));
    for work in &all {
        let Fate::Unclear(names) = fate(work, &opened.payload, &sealing) else { continue };
        let is_over = || {
            let ended = opened.ended(&scene.home).map_err(|failure| untold(failure, name, work))?;
            Ok(ended.contains(work.number()))
        };
        if names.contains(&name) && !is_over()? {
            let these = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
            let (begun, before) = (work.intention.begun.local(), &work.intention.names[0]);
            let said = format!(
                "what a rotator gave on {begun} is of {these}, which had the same secret; no rotator of these is called"
            );
            return Err(Failure::new(Kind::Negative, said)
                .hint(format!("to give one of them a secret of your own: `keyctl rotate {name} --by-hand`"))
                .hint(format!("to drop what was given: `keyctl rotate {before} --discard`")));
        }
    }
    Ok(())
}

/// With both ways to get rid of doubtful words.
pub(super) fn to_be_judged(failure: Failure, name: &KeyName) -> Failure {
    failure
        .hint(format!("to be asked about what it printed: `keyctl rotate {name}` at a terminal"))
        .hint(format!("to drop that, and let the rotator make another one: `keyctl rotate {name} --discard`"))
}

/// Keeps secrets that nobody took as former ones of the key.
pub(super) fn keep(payload: &mut Payload, name: &KeyName, strays: &[Unfinished], now: Moment) {
    for (work, made) in strays.iter().filter_map(|work| Some((work, work.made.as_ref()?))) {
        payload.keep_beside(name, made.secret.copy(), work.intention.begun, now);
    }
}

/// Says what became of what lay aside, once the key has a new secret: strays are kept with it, and doubtful words stay.
pub(super) fn say_left(scene: &Scene, name: &KeyName, strays: &[Unfinished], doubtful: &[Unfinished]) {
    for work in strays {
        let begun = work.intention.begun.local();
        scene.terminal.warn(&format!(
            "a secret of `{name}` that its rotator gave on {begun} and nobody took is kept as a former one"
        ));
    }
    let Some(latest) = doubtful.last() else { return };
    let when = match doubtful.len() {
        1 => format!("on {}", latest.intention.begun.local()),
        times => format!("{times} times"),
    };
    let came = what_came(doubtful.iter().map(is_unended));
    scene.terminal.warn(&format!("what the rotator of `{name}` printed {when} before {came} still {ASIDE}"));
    scene.terminal.hint(&format!(
        "to be asked about it: `keyctl rotate {name}` at a terminal; to drop it: `keyctl rotate {name} --discard`"
    ));
}

/// What was written down and does not open.
pub(super) fn say_damaged(scene: &Scene, name: &KeyName, work: &Unfinished) {
    let begun = work.intention.begun.local();
    let file = work.path().file_name().unwrap_or_default().to_string_lossy();
    scene.terminal.warn(&format!("what the rotator of `{name}` gave on {begun} is damaged: `{file}`"));
    scene.terminal.hint(&format!("to drop it: `keyctl rotate {name} --discard`"));
}

/// Names the files that do not open: one of them may hold a secret that a rotator gave.
pub(super) fn say_unreadable(scene: &Scene, opened: &Opened) {
    for file in Unfinished::find(&scene.home, &opened.unfinished_key()).unreadable {
        scene.terminal.warn(&format!("`{file}` is damaged or of another store; it may hold a rotator's new secret"));
    }
}

/// Clears away the file of a rotation that the history says is over.
pub(super) fn clear_copy(scene: &Scene, name: &KeyName, work: Unfinished) {
    let begun = work.intention.begun.local();
    scene.terminal.warn(&format!(
        "removed a copy of what a rotation of `{name}`, begun on {begun}, had left: that one is over, and what was wiped or dropped stays so"
    ));
    remove(scene, work);
}

/// How a rotation came to be over, as the history has it: the store has what was made, or had it.
pub(super) const FINISHED: &str = "finished";
/// What was made never came into the store, and is gone at AWS or left there.
pub(super) const GIVEN_UP: &str = "given up";

/// Ends what is over. The history knows of it before the files are gone.
pub(super) fn end(scene: &Scene, opened: &Opened, works: Vec<Unfinished>, how: &str) {
    if let Some(event) = of_the_end(Action::Rotate, &works, &opened.payload, &opened.unfinished_key()) {
        let log = record::log(&scene.home, &opened.kept, &opened.payload);
        record::change(&log, &event.outcome(how), scene.terminal);
    }
    for work in works {
        remove(scene, work);
    }
}

/// Clears away what was only left because keyctl was killed after the store had it. Best effort: where a rotation is at work
/// it does that itself.
pub(super) fn clear_over(scene: &Scene) {
    if !Unfinished::are_there(&scene.home) {
        return;
    }
    let turn = Lock::acquire_within(&scene.home.file("rotate.lock"), Duration::ZERO);
    let (Ok(_turn), Ok(opened)) = (turn, scene.open()) else { return };
    let sealing = opened.unfinished_key();
    let mut works = Unfinished::all(&scene.home, &sealing);
    works.retain(|work| is_over(work, &opened.payload, &sealing));
    end(scene, &opened, works, FINISHED);
}

/// Drops what lies aside, because its owner says so.
///
/// # Errors
/// `Negative` while its program still works, `Disk`.
pub(super) fn discard(scene: &Scene, opened: &Opened, name: &KeyName, works: Vec<Unfinished>) -> Result<()> {
    calling::refuse_while_at_work(name, &works)?;
    let event = of_the_end(Action::Forget, &works, &opened.payload, &opened.unfinished_key())
        .unwrap_or_else(|| Event::new(Action::Forget, Moment::now()).names([name]))
        .note(LEFT_BY_A_ROTATOR);
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    record::change(&log, &event.reason(scene.arguments.reason.as_ref()), scene.terminal);
    works.into_iter().try_for_each(Unfinished::end)
}

/// The entry that says which rotations are over, if any of these has made something: under the names that their keys have
/// now, since another key may have the one that a rotation was begun under.
pub(super) fn of_the_end(
    action: Action,
    works: &[Unfinished],
    payload: &Payload,
    sealing: &unfinished::Key,
) -> Option<Event> {
    let works: Vec<&Unfinished> = works.iter().filter(|work| work.made.is_some()).collect();
    let present = |work: &&Unfinished| match owner(work, payload, sealing) {
        Some(owner) => vec![owner.clone()],
        None => work.intention.names.clone(),
    };
    let names: BTreeSet<KeyName> = works.iter().flat_map(present).collect();
    let numbers = works.iter().map(|work| work.number().to_owned()).collect();
    (!works.is_empty()).then(|| Event::new(action, Moment::now()).names(&names).ending(numbers))
}

/// A file that is not needed. One that cannot be removed is found once more, which does no harm.
pub(super) fn remove(scene: &Scene, work: Unfinished) {
    if let Err(failure) = work.end() {
        scene.terminal.warn(&failure.message);
    }
}

#[cfg(test)]
mod tests;
