//! Calling a rotator, and keeping what it prints whatever becomes of this process: what is about to be done is written
//! down and recorded before, and whatever it prints is sealed beside the store as soon as it arrives.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    commands::{named, record},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    platform::{self, HeldSignals},
    rotator::{
        program::{Called, NotRotated, at_work, rotate, stays},
        unfinished::{Intention, Key, Made, Unfinished},
    },
    secret::Secret,
    subprocess::no_thread,
    terminal::{Terminal, printable},
};

use super::{
    Opened, Scene,
    aside::{self, ASIDE},
    asking::with_secret,
    fitness::is_hardly_a_secret,
    trying::record_use,
};

/// How long a rotator may take.
const ROTATOR: Duration = Duration::from_mins(2);
/// So many letters of a program's name are written down.
const NAMED: usize = 60;
/// How often it is looked whether a signal came.
const TICK: Duration = Duration::from_millis(50);
/// How often it is looked whether an earlier one is still at work: that goes over all processes.
const PAUSE: Duration = Duration::from_millis(300);

/// A new secret that the store does not have yet.
pub(super) struct Fresh {
    pub value: Secret,
    pub unfinished: Unfinished,
    /// Whether it lies on the disk, sealed.
    pub is_aside: bool,
    /// Whether the check has said yes to it.
    pub is_tried: bool,
    /// How long its program took, where it was called just now.
    pub took: Option<Duration>,
}

/// Calls the program, after it is written down that it will be called.
pub(super) fn call(scene: &Scene, name: &KeyName, rotator: Called, opened: &Opened) -> Result<Fresh> {
    let command = rotator.words;
    named::say_left_out(rotator.left_out(), scene.terminal);
    aside::refuse_unclear(scene, name, opened)?;
    aside::refuse_more(scene, name, opened)?;
    let sealing = opened.unfinished_key();
    let key = opened.payload.key(name)?;
    super::refuse_reference(name, key)?;
    let old = &key.value;
    let intention = Intention {
        names: vec![name.clone()],
        begun: Moment::now(),
        replaces: Some(sealing.mark(old)),
        created: Some(key.facts.created),
        after: Some(opened.payload.steps.last().map_or(0, |step| step.number)),
        by: command.first().and_then(|program| short_name(program)),
        from: None,
        before: Vec::new(),
    };
    let mut unfinished = Unfinished::begin(&scene.home, &sealing, intention)?;
    let number = unfinished.number().to_owned();
    // The rotator goes on where this process ends, and only this one can keep what it gives.
    let held = platform::hold_signals().map_err(|error| {
        Failure::new(Kind::Disk, format!("signals cannot be held back: {}", crate::failure::reason(&error)))
    });
    // It is given the old secret, and the history has to know that whatever becomes of it.
    let begun = |held| record_use(scene, name, Action::Rotate, command, opened, Some("begun")).map(|_| held);
    let signals = match held.and_then(begun) {
        Ok(signals) => signals,
        Err(failure) => {
            aside::remove(scene, unfinished);
            return Err(failure);
        }
    };
    // As it comes, since this process may not live to the program's end. What it is worth is known by then only; a disk that
    // does not take it now is asked again then.
    let mut lies = false;
    let mut hears = |printed: &[u8]| {
        lies = unfinished.has_made(&sealing, Made::so_far(Secret::new(printed.to_vec()))).is_ok();
    };
    let called = Instant::now();
    let value = rotate_to_the_end(scene, (name, &number), rotator, old, &signals, &mut hears);
    let took = called.elapsed();
    let value = match value {
        Ok(value) => value,
        Err(not) => {
            let failure = went_wrong(scene, name, command, opened, (*not, took), (unfinished, lies), &sealing);
            if signals.came().is_some() {
                scene.terminal.failure(&failure, None);
            }
            follow(signals)?;
            return Err(failure);
        }
    };
    let aside = unfinished.has_made(&sealing, Made::by_program(value.copy(), false));
    match &aside {
        Ok(()) => {
            if signals.came().is_some() {
                scene.terminal.warn(&format!("the new secret of `{name}` {ASIDE}"));
                scene.terminal.hint(&format!("to go on: `keyctl rotate {name}`"));
            }
            follow(signals)?;
        }
        // Whatever came, the store may still take it.
        Err(failure) => scene.terminal.warn(&failure.message),
    }
    Ok(Fresh { value, unfinished, is_aside: aside.is_ok(), is_tried: false, took: Some(took) })
}

/// Waits for a rotator of this key that is still at work though the keyctl that had called it is gone: a second one beside it
/// could end with the secret in force that nobody has.
///
/// # Errors
/// `Negative` where it takes longer than a rotator may.
pub(super) fn wait_for_earlier(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<()> {
    for work in aside::begun(scene, name, opened) {
        if !work.made.as_ref().is_none_or(|made| made.unended) {
            continue;
        }
        let begun = work.intention.begun;
        let left = begun.seconds().saturating_add(ROTATOR.as_secs().cast_signed()) - Moment::now().seconds();
        let until = Instant::now() + Duration::from_secs(left.max(0).unsigned_abs()).min(ROTATOR);
        let mut is_said = false;
        while let Some((process, program)) = at_work(work.number()).first() {
            if Instant::now() >= until {
                return Err(still_at_work(name, &work, *process, program, "nothing was replaced"));
            }
            if !is_said {
                scene
                    .terminal
                    .say(&format!("waiting for the rotator of `{name}` that was called on {}", begun.local()));
                is_said = true;
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Refuses to drop what a rotator leaves that still works: it may print a secret that is in force.
///
/// # Errors
/// `Negative`, with the way out.
pub(super) fn refuse_while_at_work(name: &KeyName, works: &[Unfinished]) -> Result<()> {
    let busy = works.iter().find_map(|work| Some((work, at_work(work.number()).into_iter().next()?)));
    busy.map_or(Ok(()), |(work, (process, program))| {
        Err(still_at_work(name, work, process, &program, "nothing was dropped"))
    })
}

fn still_at_work(name: &KeyName, work: &Unfinished, process: u32, program: &str, so: &str) -> Failure {
    let begun = work.intention.begun.local();
    let program = printable(program);
    Failure::new(
        Kind::Negative,
        format!(
            "the rotator of `{name}` that was called on {begun} is still at work, as process {process} (`{program}`); {so}"
        ),
    )
    .hint("once it has ended: the same call again")
    .hint(format!("to stop it, with what it has not printed yet: `kill {process}`"))
}

/// What a program is called by where what it has printed is asked about.
fn short_name(program: &str) -> Option<String> {
    let name = Path::new(program).file_name()?.to_string_lossy();
    Some(name.chars().take(NAMED).collect())
}

/// Keeps what a program printed that gave no new secret, unless there is nothing in it or it is kept already. `lies` says whether
/// the disk has all of it.
fn went_wrong(
    scene: &Scene,
    name: &KeyName,
    command: &[String],
    opened: &Opened,
    (not, took): (NotRotated, Duration),
    (unfinished, lies): (Unfinished, bool),
    sealing: &Key,
) -> Failure {
    let NotRotated { failure, printed, exit } = not;
    let own = unfinished.path();
    let new = printed.filter(|words| !aside::lie_already(scene, name, opened, words, own));
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    let event = Event::new(Action::Failed, Moment::now()).names([name]).program(command[0].as_ref());
    let event = event.reason(scene.arguments.reason.as_ref()).ended(took, exit).outcome("not replaced");
    // What it has started and left behind may still make a secret: the next call waits for that.
    let is_to_go = new.is_none() && at_work(unfinished.number()).is_empty();
    let is_over = is_to_go && unfinished.made.is_some();
    let event = if is_over { event.ending(vec![unfinished.number().to_owned()]) } else { event };
    record::change(&log, &event, scene.terminal);
    if let Some(words) = new {
        return put_aside(scene, name, words, (unfinished, lies), sealing, failure);
    }
    if is_to_go {
        aside::remove(scene, unfinished);
    }
    failure
}

/// Keeps what the program printed before it ended badly: the only copy of a secret that is in force outside may be in it.
fn put_aside(
    scene: &Scene,
    name: &KeyName,
    words: Secret,
    (mut unfinished, lies): (Unfinished, bool),
    sealing: &Key,
    failure: Failure,
) -> Failure {
    let mut shown = words.copy();
    shown.trim_line_ending();
    let lies = lies && unfinished.made.as_ref().is_some_and(|made| made.secret.same_as(&words));
    match unfinished.has_made(sealing, Made::by_program(words, true)) {
        Err(other) if !lies => {
            scene.terminal.warn(&other.message);
            rescue(scene, name, &shown, failure)
        }
        _ => failure
            .hint(format!("what it printed {ASIDE}; to be asked about it: `keyctl rotate {name}` at a terminal"))
            .hint(format!("to drop that: `keyctl rotate {name} --discard`")),
    }
}

/// Says that something is over when it goes away, however that comes.
struct Over<'f>(&'f AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Calls the program, and says to whoever wants this process to end that it waits; whoever insists has it stopped.
fn rotate_to_the_end(
    scene: &Scene,
    (name, number): (&KeyName, &str),
    rotator: Called,
    old: &Secret,
    signals: &HeldSignals,
    hears: &mut dyn FnMut(&[u8]),
) -> std::result::Result<Secret, Box<NotRotated>> {
    let (is_over, stop) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    let command = rotator.words;
    let watch = || watch(scene.terminal, name, signals, &is_over, &stop);
    let new = thread::scope(|scope| {
        // Also where the rest panics: the scope waits for the other thread.
        let _over = Over(&is_over);
        thread::Builder::new()
            .spawn_scoped(scope, watch)
            .map_err(|error| Box::new(NotRotated { failure: no_thread(&error), printed: None, exit: None }))?;
        rotate(rotator, (name, number), old, ROTATOR, &stop, hears)
    })?;
    if is_hardly_a_secret(&new, old) {
        let said = format!("the rotator `{}` printed what looks like no secret", command[0]);
        let failure = stays(Failure::new(Kind::Remote, said));
        return Err(Box::new(NotRotated { failure, printed: Some(new), exit: Some(0) }));
    }
    Ok(new)
}

/// Looks after the signals until the rotator has ended: the first is put off, the second too, and the third stops it.
fn watch(terminal: &Terminal, name: &KeyName, signals: &HeldSignals, is_over: &AtomicBool, stop: &AtomicBool) {
    let (mut latest, mut times) = (None, 0);
    while !is_over.load(Ordering::SeqCst) {
        if let Some(signal) = signals.take() {
            (latest, times) = (Some(signal), times + 1);
            match times {
                1 => terminal.warn(&format!(
                    "waiting for the rotator of `{name}`, so that its new secret is not lost; at most {} seconds",
                    ROTATOR.as_secs()
                )),
                2 => {
                    terminal.warn(&format!("still waiting; the store has the old secret of `{name}`"));
                    terminal.hint("once more stops the rotator: a new secret that it has not printed by then is lost");
                }
                _ => stop.store(true, Ordering::SeqCst),
            }
        }
        thread::sleep(TICK);
    }
    if let Some(signal) = latest {
        signals.give_back(signal);
    }
}

/// Ends the process if a signal came meanwhile.
fn follow(signals: HeldSignals) -> Result<()> {
    signals.follow().map_err(|error| {
        Failure::new(Kind::Interrupted, format!("interrupted by a signal: {}", crate::failure::reason(&error)))
    })
}

/// Neither the store nor the file beside it took the secret, and the old one may be dead: a person can keep it.
pub(super) fn rescue(scene: &Scene, name: &KeyName, value: &Secret, failure: Failure) -> Failure {
    let question = format!("the new secret of `{name}` can be kept nowhere; show it here, so that it is not lost?");
    let shown = scene.terminal.can_ask()
        && scene.terminal.confirm(&question).is_ok_and(|yes| yes)
        && scene.terminal.ask(&with_secret("", value, " (Enter clears nothing; write it down) ")).is_ok();
    let hint = if shown {
        format!("keep it as soon as the disk can be written: `keyctl rotate {name} --by-hand`")
    } else {
        format!("the new secret is lost: replace `{name}` at its issuer by hand, then `keyctl rotate {name} --by-hand`")
    };
    failure.hint(hint)
}
