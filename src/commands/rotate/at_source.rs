//! A key whose secret lies in a source: the new one is written there, over just the version that was seen, and the store notes what it
//! was before. The key's reference stays what it is.
//!
//! The former version stays in the source, and the store refers to it; where a source keeps no versions, the store keeps the former
//! secret itself, which lies beside it from before the write on. What is about to be written lies beside the store, sealed, from before the write until the store has its note
//! (`rotator/unfinished.rs`). So the next `rotate` tells by the source itself whether a write that was broken off has happened.

use crate::{
    commands::{
        change::{Outcome, change},
        details, policy,
        set::looks_like_a_placeholder,
        sourcing::{
            self, Asking,
            writing::{Desk, Seen, Unwritten, Written, refuse_pinned},
        },
        using,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    reference::Remote,
    rotation::Plan,
    rotator::unfinished::{Intention, Made, Unfinished},
    secret::Secret,
    source::Version,
    store::journal::Deed,
};

use super::{
    Opened, Scene,
    aside::{self, FINISHED, GIVEN_UP},
    by_hand,
    fitness::can_be_meant,
    keeping::Done,
    means::Means,
    trying::try_out,
};

/// The word in an intention for what is written to a source.
const AT_SOURCE: &str = "source";

/// What is to be replaced where.
struct Task<'a> {
    scene: &'a Scene<'a>,
    name: &'a KeyName,
    plan: &'a Plan,
    means: &'a Means,
    remote: Remote,
}

/// Writes a new secret to the source, and notes it.
pub(super) fn replace(scene: &Scene, name: &KeyName, plan: &Plan, means: &Means, opened: &Opened) -> Result<Done> {
    let remote = remote_of(name, opened)?;
    refuse_pinned(name, &remote)?;
    refuse_rotator(name, means)?;
    let task = Task { scene, name, plan, means, remote };
    let event = || Event::new(Action::Rotate, Moment::now()).names([name]);
    let asking = Asking { config: &scene.config, offline: false, event: &event, terminal: scene.terminal };
    // Whoever types a secret does not do so for nothing: it is asked for once the source has answered, and not where an earlier
    // rotation may only need its note.
    sourcing::hold_to_store(&scene.config, &scene.home, name, &task.remote)?;
    let (desk, mut seen) = open(&task.remote, asking).inspect_err(|failure| {
        let event = event().reason(scene.arguments.reason.as_ref()).not_given(None, &failure.message);
        using::record_refusal(&scene.home, &opened.kept, &opened.payload, event, &scene.config, scene.terminal);
    })?;
    let is_given = matches!(means, Means::Piped | Means::File(_));
    let new =
        if is_given || task.broken_off(opened).is_empty() { Some(by_hand::take(scene, name, means)?) } else { None };
    let _turn = scene.turn()?;
    let opened = scene.open()?;
    if remote_of(name, &opened)? != task.remote {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{name}` refers to another place meanwhile; this one did nothing"),
        ));
    }
    if let Some(done) = task.resume(&opened, &seen)? {
        let is_another = |new: &Secret| seen.value.as_ref().is_some_and(|value| !value.same_as(new));
        if !new.as_ref().is_some_and(is_another) {
            return Ok(done);
        }
    }
    let new = if let Some(new) = new {
        new
    } else {
        seen = desk.look(&task.remote.reference)?;
        by_hand::take(scene, name, means)?
    };
    task.judge(&new, &seen, &opened)?;
    task.write(&desk, &new, &seen, &opened)
}

/// Opens the source, and looks what lies there.
fn open(remote: &Remote, asking: Asking) -> Result<(Desk, Seen)> {
    let desk = Desk::open(&remote.source, asking)?;
    let seen = desk.look(&remote.reference)?;
    Ok((desk, seen))
}

fn remote_of(name: &KeyName, opened: &Opened) -> Result<Remote> {
    let key = opened.payload.key(name)?;
    key.remote()
        .ok_or_else(|| Failure::new(Kind::Negative, format!("the secret of `{name}` lies in no source any more")))
}

/// A program that replaces a key is given its secret, and its answer is the store's; neither holds here.
fn refuse_rotator(name: &KeyName, means: &Means) -> Result<()> {
    if !means.is_rotator() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Usage,
        format!("`config.toml` names what replaces `{name}`, but its secret lies in a source; nothing was replaced"),
    )
    .hint(format!("to write a secret of your own there: `keyctl rotate {name} --by-hand`"))
    .hint(format!("or bring the secret into the store first: `keyctl pull {name}`")))
}

impl Task<'_> {
    /// What was begun for this key and not finished.
    fn broken_off(&self, opened: &Opened) -> Vec<Unfinished> {
        let mut all = aside::begun(self.scene, self.name, opened);
        all.retain(|work| work.intention.by.as_deref() == Some(AT_SOURCE));
        all
    }

    /// Goes on with what was broken off: where the source has the secret that was to be written, it was, and is noted now. Else
    /// nothing has come of it, and what was to be written never was in force.
    fn resume(&self, opened: &Opened, seen: &Seen) -> Result<Option<Done>> {
        let works = self.broken_off(opened);
        let is_there = |work: &&Unfinished| {
            let made = work.made.as_ref().filter(|made| !made.kept);
            made.zip(seen.value.as_ref()).is_some_and(|(made, value)| made.secret.same_as(value))
        };
        let Some(work) = works.iter().find(is_there) else {
            for work in &works {
                self.give_up(work, seen)?;
            }
            aside::end(self.scene, opened, works, GIVEN_UP);
            return Ok(None);
        };
        // What a source without versions had before is nowhere else any more.
        let former = work.made.as_ref().and_then(|made| made.former.as_ref());
        let before =
            Seen { value: former.map(Secret::copy), version: work.intention.from.clone().map(Version), expires: None };
        let written = Written { version: seen.version.clone(), overtaken: None, is_unsure: false };
        let begun = work.intention.begun.local();
        self.scene.terminal.say(&format!("went on with the rotation of `{}` that was begun on {begun}", self.name));
        let done = self.note(&before, &written)?;
        aside::end(self.scene, opened, works, FINISHED);
        Ok(Some(done))
    }

    /// Says what has become of a write that the source shows nothing of. Where there is another secret than before and the source
    /// keeps no versions, what it had and what was to be written may be nowhere else: the store keeps both.
    fn give_up(&self, work: &Unfinished, seen: &Seen) -> Result<()> {
        let Self { scene, name, remote, .. } = self;
        let begun = work.intention.begun;
        let kept = work.made.as_ref().and_then(|made| Some((made, made.former.as_ref()?)));
        let is_as_before =
            kept.is_none_or(|(_, former)| seen.value.as_ref().is_some_and(|value| value.same_as(former)));
        let Some((made, former)) = kept.filter(|_| !is_as_before) else {
            let is_known =
                kept.is_some() || seen.version.as_ref().map(|version| &version.0) == work.intention.from.as_ref();
            let what = if is_known { "has written nothing to" } else { "has left nothing that is the newest in" };
            scene.terminal.warn(&format!(
                "a rotation of `{name}` that was begun on {} {what} source `{}`; its secret is dropped",
                begun.local(),
                remote.source
            ));
            return Ok(());
        };
        let now = Moment::now();
        change(&scene.home, scene.terminal, now, |payload| {
            for secret in [former, &made.secret] {
                payload.keep_beside(name, secret.copy(), begun, now);
            }
            let event = Event::new(Action::Edit, now).names([*name]).note("kept what a rotation left");
            Ok(Outcome::changed((), event))
        })?;
        scene.terminal.warn(&format!(
            "a rotation of `{name}` that was begun on {} was broken off, and source `{}` has another secret since; \
             what it had then and what was to be written are kept as former ones",
            begun.local(),
            remote.source
        ));
        Ok(())
    }

    /// Whether it can be meant, and works.
    fn judge(&self, new: &Secret, seen: &Seen, opened: &Opened) -> Result<()> {
        let Self { scene, name, plan, means, .. } = self;
        can_be_meant(new, name)?;
        if seen.value.as_ref().is_some_and(|value| value.same_as(new)) {
            let said = format!("source `{}` has this very secret already; nothing was replaced", self.remote.source);
            return Err(Failure::new(Kind::Negative, said));
        }
        if scene.arguments.reason.as_ref().is_some_and(|reason| new.is_within(reason.as_str())) {
            return Err(policy::in_the_reason(name));
        }
        if looks_like_a_placeholder(new) {
            scene.terminal.warn("this looks like a placeholder, not like a secret; taken all the same");
        }
        try_out(scene, name, plan, new, opened, |failure| by_hand::untried(failure, name, plan, means))
    }

    fn write(&self, desk: &Desk, new: &Secret, seen: &Seen, opened: &Opened) -> Result<Done> {
        let Self { scene, name, remote, .. } = self;
        let sealing = opened.unfinished_key();
        let key = opened.payload.key(name)?;
        let intention = Intention {
            names: vec![(*name).clone()],
            begun: Moment::now(),
            replaces: Some(sealing.mark(&key.value)),
            created: Some(key.facts.created),
            after: opened.payload.steps.last().map(|step| step.number),
            by: Some(AT_SOURCE.into()),
            from: seen.version.as_ref().map(|version| version.0.clone()),
            before: Vec::new(),
        };
        let mut work = Unfinished::begin(&scene.home, &sealing, intention)?;
        // A source without versions keeps nothing of it.
        let former = seen.value.as_ref().filter(|_| seen.version.is_none()).map(Secret::copy);
        let made = Made { former, ..Made::by_program(new.copy(), false) };
        if let Err(failure) = work.has_made(&sealing, made) {
            aside::remove(scene, work);
            return Err(failure);
        }
        let written = match desk.write(&remote.reference, new, seen) {
            Ok(written) => written,
            Err(Unwritten::Refused(failure)) => {
                aside::end(scene, opened, vec![work], GIVEN_UP);
                return Err(failure.hint(format!("`{name}` has the secret still that it had")));
            }
            Err(Unwritten::Overtaken(failure)) => {
                aside::end(scene, opened, vec![work], GIVEN_UP);
                return Err(failure.hint(format!("`{name}` has the secret that somebody else has written since")));
            }
            Err(Unwritten::Unknown(failure)) => {
                return Err(failure.hint(format!("whether it was written shows the next `keyctl rotate {name}`")));
            }
        };
        let done = self.note(seen, &written)?;
        if let Err(failure) = work.is_kept(&sealing) {
            scene.terminal.warn(&failure.message);
        }
        aside::end(scene, opened, vec![work], FINISHED);
        Ok(done)
    }

    /// Notes in the store what the source has done: what was there before, and since when there is another.
    fn note(&self, seen: &Seen, written: &Written) -> Result<Done> {
        let Self { scene, name, plan, remote, means } = self;
        let now = Moment::now();
        let (facts, until) = change(&scene.home, scene.terminal, now, |payload| {
            let until = scene.overlap(plan, None, crate::rotation::judged_at(now, payload.written));
            payload.step(Deed::Rotate, now, |edit| {
                edit.note_written(name, written.replaced(remote, seen), None, until)?;
                edit.change(name, |facts| facts.expires = scene.expires)
            })?;
            let facts = payload.key(name)?.facts.clone();
            let event = Event::new(Action::Rotate, now).names([*name]).reason(scene.arguments.reason.as_ref());
            Ok(Outcome::changed((facts, until), event))
        })?;
        let version = written.version.as_ref().map(|version| format!(", version {}", version.0)).unwrap_or_default();
        scene.terminal.say(&format!("source `{}` has the new secret of `{name}`{version}", remote.source));
        written.say_of_other(remote, scene.terminal);
        if let (Some(end), None) = (seen.expires, scene.expires) {
            details::say_of_former_end(name, end, scene.terminal);
        }
        Ok(Done::at_source((*name).clone(), means.word(), facts, plan.every, until))
    }
}
