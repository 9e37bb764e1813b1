//! What rotators gave and the store has not got. It lies beside the store, sealed, until the store has it, a better one
//! came in, or its owner drops it.
//!
//! A secret is *live* if the store still has the one that was given to the rotator: then it takes that one's place. A
//! *stray* one belongs to a secret that the store has not got any more; it is kept as a former secret of the key. Of either
//! kind may be a *doubtful* one, a line from a rotator that went wrong: it may be the secret in force as well as the words
//! of an error. It is taken only if the user's check says that it works, or a person does; and it is dropped only if a
//! person has said no to it, or `--discard`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use serde_json::json;

use crate::{
    commands::{record, versions::need_yes},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Lock,
    name::KeyName,
    rotator::unfinished::{self, Unfinished},
    secret::Secret,
    store::payload::{Key, Payload},
    terminal::{Terminal, count},
};

use super::{Opened, Scene};

/// Where a new secret lies that the store has not got.
pub(super) const ASIDE: &str = "lies beside the store, sealed";

/// Of a rotator that goes wrong again and again, this many lines are kept: the earliest, and the latest one.
const MOST: usize = 8;

/// What was begun for a key, seen from the key as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The store has what was made, or had it.
    Over,
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
    pub(super) fn of(work: &Unfinished, key: &Key, sealing: &unfinished::Key) -> Self {
        let Some(made) = &work.made else {
            return if work.is_damaged { Self::Damaged } else { Self::Lost };
        };
        if made.kept || key.value.same_as(&made.secret) || key.former.iter().any(|f| f.value.same_as(&made.secret)) {
            return Self::Over;
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

    pub(super) fn is_doubtful(self) -> bool {
        matches!(self, Self::Doubtful | Self::StrayDoubtful)
    }
}

/// What was begun for a key by its rotator, the earliest first.
pub(super) fn of(scene: &Scene, name: &KeyName, opened: &Opened) -> Vec<(Standing, Unfinished)> {
    let Some(key) = opened.payload.keys.get(name) else { return Vec::new() };
    if !Unfinished::are_there(&scene.home) {
        return Vec::new();
    }
    let sealing = opened.unfinished_key();
    let all = Unfinished::all(&scene.home, &sealing).into_iter().filter(|work| is_of(work, name));
    all.map(|work| (Standing::of(&work, key, &sealing), work)).collect()
}

fn is_of(work: &Unfinished, name: &KeyName) -> bool {
    work.intention.names == [name.clone()]
}

/// What lies aside for a key, as far as a question has to know of it.
#[derive(Default)]
pub(super) struct Seen {
    /// Since when a secret lies there that would be taken.
    pub live: Option<Moment>,
    /// Lines that somebody has to judge, the latest first: where each lies, since when, and how long it is.
    pub doubtful: Vec<(PathBuf, Moment, usize)>,
}

impl Seen {
    pub(super) fn of(scene: &Scene, name: &KeyName, opened: &Opened) -> Self {
        let mut seen = Self::default();
        for (standing, work) in of(scene, name, opened) {
            let begun = work.intention.begun;
            match (standing, &work.made) {
                (Standing::Live, _) => seen.live = Some(begun),
                (Standing::Doubtful | Standing::StrayDoubtful, Some(made)) => {
                    seen.doubtful.insert(0, (work.path().to_owned(), begun, made.letters()));
                }
                _ => {}
            }
        }
        seen
    }
}

/// The word of whoever called on doubtful lines; nothing where nobody was asked.
#[derive(Clone, Default)]
pub(super) struct Word<'p> {
    /// The line that a person wants.
    pub take: Option<&'p Path>,
    /// Those that a person was asked about and does not want.
    pub declined: Vec<&'p Path>,
}

impl Word<'_> {
    /// Whether nobody was asked.
    pub(super) fn is_unattended(&self) -> bool {
        self.take.is_none() && self.declined.is_empty()
    }
}

/// Asks about each doubtful line whether it is the new secret, the latest first, until one is.
pub(super) fn judge<'s>(scene: &Scene, name: &KeyName, seen: &'s Seen) -> Result<Word<'s>> {
    if scene.arguments.yes || seen.live.is_some() || seen.doubtful.is_empty() || !scene.terminal.can_ask() {
        return Ok(Word::default());
    }
    let mut word = Word::default();
    for (path, begun, letters) in &seen.doubtful {
        let question = format!(
            "the rotator of `{name}` went wrong on {} after printing a line of {}; take that line as the new secret?",
            begun.local(),
            count(*letters, "character"),
        );
        if scene.terminal.confirm(&question)? {
            word.take = Some(path);
            break;
        }
        word.declined.push(path);
    }
    Ok(word)
}

/// Whether one line may lie aside, which lies at `own` already as far as it was heard: not if it lies elsewhere too, and
/// not too many of them.
pub(super) fn make_room(scene: &Scene, name: &KeyName, opened: &Opened, line: &Secret, own: &Path) -> bool {
    let mut lines: Vec<Unfinished> = of(scene, name, opened)
        .into_iter()
        .filter(|(standing, work)| standing.is_doubtful() && work.path() != own)
        .map(|(_, work)| work)
        .collect();
    if lines.iter().any(|work| work.made.as_ref().is_some_and(|made| made.secret.same_as(line))) {
        return false;
    }
    if lines.len() >= MOST
        && let Some(latest) = lines.pop()
    {
        let begun = latest.intention.begun.local();
        scene.terminal.warn(&format!(
            "dropped the line that the rotator of `{name}` printed on {begun}, which the check did not take: too many lie aside"
        ));
        end(scene, latest);
    }
    true
}

/// Keeps secrets that nobody took as former ones of the key.
pub(super) fn keep(payload: &mut Payload, name: &KeyName, strays: &[Unfinished], now: Moment) {
    for (work, made) in strays.iter().filter_map(|work| Some((work, work.made.as_ref()?))) {
        payload.keep_beside(name, made.secret.copy(), work.intention.begun, now);
    }
}

/// Ends what a new secret in the store has made superfluous: the strays that were kept with it, and the doubtful lines that a
/// person does not want. The others stay, and that is said.
pub(super) fn clear(scene: &Scene, name: &KeyName, strays: Vec<Unfinished>, doubtful: Vec<Unfinished>, word: &Word) {
    for work in strays {
        let begun = work.intention.begun.local();
        scene.terminal.warn(&format!(
            "a secret of `{name}` that its rotator gave on {begun} and nobody took is kept as a former one"
        ));
        end(scene, work);
    }
    let (declined, kept): (Vec<_>, Vec<_>) =
        doubtful.into_iter().partition(|work| word.declined.contains(&work.path()));
    if !declined.is_empty() {
        let lines = count(declined.len(), "line");
        scene.terminal.say(&format!("dropped {lines} of the rotator of `{name}` that you did not want"));
    }
    for work in declined {
        end(scene, work);
    }
    say_kept(scene.terminal, name, &kept);
}

/// That lines still lie there which nobody was asked about.
fn say_kept(terminal: &Terminal, name: &KeyName, kept: &[Unfinished]) {
    if kept.is_empty() {
        return;
    }
    let lies = if kept.len() == 1 { "lies" } else { "lie" };
    terminal.warn(&format!(
        "{} that the rotator of `{name}` printed before it went wrong still {lies} beside the store",
        count(kept.len(), "other line")
    ));
    terminal.hint(&format!(
        "to be asked about each: `keyctl rotate {name}` at a terminal; to drop all: `keyctl rotate {name} --discard`"
    ));
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
    for work in Unfinished::all(&scene.home, &sealing) {
        let [name] = work.intention.names.as_slice() else { continue };
        let Some(key) = opened.payload.keys.get(name) else { continue };
        if Standing::of(&work, key, &sealing) == Standing::Over {
            end(scene, work);
        }
    }
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

/// `keyctl rotate NAME --discard`: drops what lies aside for a key, also for one that is gone.
pub(super) fn discard(scene: &Scene, name: &KeyName) -> Result<ExitCode> {
    let _turn = scene.turn()?;
    let opened = scene.open()?;
    let all = Unfinished::all(&scene.home, &opened.unfinished_key()).into_iter();
    let works: Vec<Unfinished> = all.filter(|work| work.intention.names.contains(name)).collect();
    if works.iter().any(|work| !is_of(work, name)) {
        return Err(Failure::new(Kind::Usage, format!("the rotation of `{name}` was begun at AWS; it is not dropped"))
            .hint(format!("to go on with it: `keyctl rotate {name}`")));
    }
    if works.is_empty() && !opened.payload.keys.contains_key(name) {
        return Err(opened.payload.missing(name));
    }
    if !works.is_empty() {
        let dates = works.iter().map(|work| work.intention.begun.local()).collect::<Vec<_>>().join(", ");
        let what = format!("what the rotator of `{name}` left beside the store ({dates})");
        need_yes(scene.arguments.yes, scene.terminal, &format!("dropping {what}"), || {
            format!("drop {what}? It may be a secret in force")
        })?;
        let log = record::log(&scene.home, &opened.kept, &opened.payload);
        let event = Event::new(Action::Forget, Moment::now()).names([name]).note("what its rotator left");
        record::change(&log, &event.reason(scene.arguments.reason.as_ref()), scene.terminal);
    }
    let number = works.len();
    for work in works {
        work.end()?;
    }
    if scene.arguments.json {
        scene.terminal.json(&json!({ "names": [name.as_str()], "discarded": number }))?;
    } else if number == 0 {
        scene.terminal.say(&format!("nothing lies beside the store for `{name}`"));
    } else {
        scene.terminal.say(&format!("dropped what the rotator of `{name}` left beside the store"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is finished needs no file. One that cannot be removed is found once more, which does no harm.
pub(super) fn end(scene: &Scene, unfinished: Unfinished) {
    if let Err(failure) = unfinished.end() {
        scene.terminal.warn(&failure.message);
    }
}
