//! Calling a rotator, and keeping what it prints whatever becomes of this process: what is about to be done is written
//! down and recorded before, and what came of it is sealed beside the store before anything else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::{
    commands::{
        caller,
        record::{self, Strictness},
        set::looks_like_a_placeholder,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    issuer::{self, Checksum},
    name::KeyName,
    platform::{self, HeldSignals},
    rotator::{
        program::{NotRotated, rotate, stays},
        unfinished::{Intention, Key, Made, Unfinished},
    },
    secret::Secret,
    subprocess::no_thread,
    terminal::Terminal,
};

use super::{
    Opened, Scene,
    aside::{self, ASIDE, end},
    fit::is_an_answer,
};

/// How long a rotator may take.
const ROTATOR: Duration = Duration::from_mins(2);
/// How often it is looked whether a signal came.
const TICK: Duration = Duration::from_millis(50);

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
pub(super) fn call(scene: &Scene, name: &KeyName, command: &[String], opened: &Opened) -> Result<Fresh> {
    let sealing = opened.unfinished_key();
    let old = &opened.payload.key(name)?.value;
    let intention = Intention {
        names: vec![name.clone()],
        begun: Moment::now(),
        replaces: Some(sealing.mark(old)),
        from: None,
        before: Vec::new(),
    };
    let mut unfinished = Unfinished::begin(&scene.home, &sealing, intention)?;
    // The rotator goes on where this process ends, and only this one can keep what it gives.
    let held = platform::hold_signals().map_err(|error| {
        Failure::new(Kind::Disk, format!("signals cannot be held back: {}", crate::failure::reason(&error)))
    });
    // It is given the old secret, and the history has to know that whatever becomes of it.
    let begun = |held| record_use(scene, name, Action::Rotate, command, opened, Some("begun")).map(|()| held);
    let signals = match held.and_then(begun) {
        Ok(signals) => signals,
        Err(failure) => {
            end(scene, unfinished);
            return Err(failure);
        }
    };
    // Should this process not live to its end, the line is not lost; what it is worth is known by then only.
    let mut heard = |line: Secret| {
        let _ = unfinished.has_made(&sealing, Made::by_program(line, true));
    };
    let called = Instant::now();
    let value = rotate_to_the_end(scene, name, command, old, &signals, &mut heard);
    let took = called.elapsed();
    let value = match value {
        Ok(value) => value,
        Err(not) => {
            let NotRotated { failure, printed, exit } = *not;
            let log = record::log(&scene.home, &opened.kept, &opened.payload);
            let event = Event::new(Action::Failed, Moment::now()).names([name]).program(command[0].as_ref());
            let event = event.reason(scene.arguments.reason.as_ref()).ended(took, exit);
            record::change(&log, &event.outcome("not replaced"), scene.terminal);
            let printed = printed.filter(|line| aside::make_room(scene, name, opened, line, unfinished.path()));
            let failure = if let Some(printed) = printed {
                put_aside(scene, name, printed, unfinished, &sealing, failure)
            } else {
                end(scene, unfinished);
                failure
            };
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

/// Records that a program is given a secret, before it is: on the disk when this returns.
pub(super) fn record_use(
    scene: &Scene,
    name: &KeyName,
    action: Action,
    command: &[String],
    opened: &Opened,
    outcome: Option<&str>,
) -> Result<()> {
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    let event = Event::new(action, Moment::now()).names([name]).reason(scene.arguments.reason.as_ref());
    let event = command.first().into_iter().fold(event, |event, program| event.program(program.as_ref()));
    let event = outcome.into_iter().fold(event, Event::outcome);
    let strictness = Strictness { sync: true, ..Strictness::from(&scene.config) };
    let event = caller::sign(event);
    record::usage(&scene.home, &opened.kept, &log, &[&event], strictness, scene.terminal).map(drop)
}

/// Keeps what the program printed before it ended badly: it may be the only copy of a secret that is in force outside.
fn put_aside(
    scene: &Scene,
    name: &KeyName,
    printed: Secret,
    mut unfinished: Unfinished,
    sealing: &Key,
    failure: Failure,
) -> Failure {
    let shown = printed.copy();
    match unfinished.has_made(sealing, Made::by_program(printed, true)) {
        Ok(()) => failure
            .hint(format!("the line it printed {ASIDE}; to be asked about it: `keyctl rotate {name}` at a terminal"))
            .hint(format!("to drop that line: `keyctl rotate {name} --discard`")),
        Err(other) => {
            scene.terminal.warn(&other.message);
            rescue(scene, name, &shown, failure)
        }
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
    name: &KeyName,
    command: &[String],
    old: &Secret,
    signals: &HeldSignals,
    heard: &mut dyn FnMut(Secret),
) -> std::result::Result<Secret, Box<NotRotated>> {
    let (is_over, stop) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    let watch = || watch(scene.terminal, name, signals, &is_over, &stop);
    let new = thread::scope(|scope| {
        // Also where the rest panics: the scope waits for the other thread.
        let _over = Over(&is_over);
        thread::Builder::new()
            .spawn_scoped(scope, watch)
            .map_err(|error| Box::new(NotRotated { failure: no_thread(&error), printed: None, exit: None }))?;
        rotate(command, name, old, ROTATOR, &stop, heard)
    })?;
    if is_hardly_a_secret(&new) {
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
                    terminal.hint("once more stops the rotator: a new secret that it has made is lost then");
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

/// Whether a line is hardly a secret though its program ended well: a word for nothing, a placeholder, a key of a known kind
/// that was cut short.
fn is_hardly_a_secret(new: &Secret) -> bool {
    const NOTHING: [&str; 9] =
        ["null", "(null)", "undefined", "none", "nil", "nan", "true", "false", "[object object]"];
    let text = new.expose_text().unwrap_or_default().trim();
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
        || is_an_answer(new)
        || looks_like_a_placeholder(new)
        || issuer::recognise(new).is_some_and(|recognised| recognised.checksum == Checksum::Wrong)
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
        && scene
            .terminal
            .ask(&Zeroizing::new(format!(
                "{} (Enter clears nothing; write it down) ",
                value.expose_text().unwrap_or_default()
            )))
            .is_ok();
    let hint = if shown {
        format!("keep it as soon as the disk can be written: `keyctl rotate {name} --by-hand`")
    } else {
        format!("the new secret is lost: replace `{name}` at its issuer by hand, then `keyctl rotate {name} --by-hand`")
    };
    failure.hint(hint)
}
