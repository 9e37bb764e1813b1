//! `keyctl rotate --due`: all keys that are due or expired, one after the other. One that fails does not hold up the
//! others. What is done is due no more, so a second call goes on where the first one was broken off.

use std::{
    cell::{OnceCell, RefCell},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    cli::Rotate,
    commands::{
        judging::Clock,
        several::{self, Stores},
        versions::need_yes,
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    home::Home,
    name::KeyName,
    platform::{self, Input},
    rotation::{AwsIam, State, look},
    store::facts::Facts,
    terminal::{Terminal, count},
};

use super::{
    Meant, Opened, Scene, aside, aws,
    means::Means,
    old_key,
    task::{Outcome, Task, What},
};

/// What came of all of it.
#[derive(Default)]
struct Worked<'t> {
    reports: Vec<Value>,
    left: Vec<&'t KeyName>,
    failed: Vec<(&'t KeyName, Kind)>,
}

/// Replaces all that is due in all stores that open without asking, one store after the other.
pub(super) fn all(arguments: &Rotate, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let homes = several::homes(arguments.store.as_ref())?;
    let config = config::read(&Home::find()?)?;
    let Stores { open, left_out } = homes.open(terminal)?;
    let scene = |several::Opened { home, kept, payload }| {
        let scene =
            Scene { home, config: config.clone(), arguments, terminal, expires: None, agreed: RefCell::default() };
        (scene, Opened { kept, payload, ended: OnceCell::new() })
    };
    let scenes: Vec<(Scene, Opened)> = open.into_iter().map(scene).collect();
    let mut all = Vec::new();
    for (scene, opened) in &scenes {
        if !arguments.dry_run {
            aside::clear_over(scene);
        }
        all.extend(tasks(scene, opened)?);
        say_snoozed(scene, opened)?;
    }
    let stores = Stores { open: Vec::new(), left_out };
    stores.say_left_out("are not replaced", terminal);
    if arguments.dry_run {
        list(&all, arguments, terminal)?;
    } else {
        if all.is_empty() {
            terminal.say("nothing is due");
        } else {
            refuse_input()?;
        }
        ask(&all, arguments, terminal)?;
        let Worked { reports, left, failed } = work_off(&all, terminal)?;
        if arguments.json {
            terminal.json(&reports.into())?;
        }
        if !left.is_empty() {
            terminal.warn(&format!("left for you, having no rotator: {}", listed(&left)));
            terminal
                .hint(&format!("one after the other at a terminal, or each by itself: `keyctl rotate {}`", left[0]));
        }
        end(&failed, all.len())?;
    }
    stores.incomplete(false)?;
    Ok(ExitCode::SUCCESS)
}

/// Does one after the other.
fn work_off<'t>(tasks: &'t [Task], terminal: &Terminal) -> Result<Worked<'t>> {
    let mut worked = Worked::default();
    let mut busy: Option<(&Path, String)> = None;
    for (at, task) in tasks.iter().enumerate() {
        let (name, store) = (&task.name, task.scene.home.data());
        let failed = |why: &str| json!({ "names": [name.to_string()], "done": "failed", "why": why });
        // Whoever holds the lock of a store has it for all that is there to do, and may be at work on the same.
        if let Some((_, why)) = busy.as_ref().filter(|(of, _)| *of == store) {
            worked.reports.push(failed(why));
            worked.failed.push((name, Kind::Busy));
            continue;
        }
        terminal.say(&format!("{} of {}: `{name}`", at + 1, tasks.len()));
        match task.work() {
            Ok(outcome) => {
                if let Outcome::Done(done) = &outcome {
                    done.tell(task.scene);
                } else if let Outcome::Left = outcome {
                    if task.goes_by_itself() {
                        terminal.say("left as it is");
                    } else {
                        worked.left.push(name);
                    }
                } else if let Outcome::Nothing = outcome {
                    terminal.say("nothing is left to do here");
                }
                worked.reports.push(outcome.json(name));
            }
            // Whoever ends a question wants to end all of them.
            Err(failure) if failure.kind == Kind::Interrupted => return Err(failure),
            Err(failure) => {
                let is_all = tasks.iter().all(|other| other.scene.home.data() == store);
                if failure.kind == Kind::Busy && worked.reports.is_empty() && is_all {
                    return Err(failure);
                }
                terminal.failure(&failure, None);
                worked.reports.push(failed(&failure.message));
                worked.failed.push((name, failure.kind));
                busy = (failure.kind == Kind::Busy).then_some((store, failure.message)).or(busy);
            }
        }
    }
    Ok(worked)
}

/// One secret that is piped in cannot be meant for many keys, and nobody would read it.
fn refuse_input() -> Result<()> {
    let said = match platform::waiting_input() {
        Input::Nothing => return Ok(()),
        Input::Waits => "a secret is piped in",
        Input::MayCome => "standard input is a pipe that is still open, so a secret may come",
    };
    Err(Failure::new(Kind::Usage, format!("{said}, but `--due` is for many keys; nothing was replaced"))
        .hint("to replace one key by it: `keyctl rotate NAME`")
        .hint("to replace all that is due, with nothing piped in: `keyctl rotate --due </dev/null`"))
}

/// Whether a secret that ends soon is in the first half of its time, and has more than a day: its issuer gives none for
/// longer, and would be asked for one more with each call.
fn is_new(facts: &Facts, now: Moment) -> bool {
    facts.expires.is_some_and(|end| {
        let half = facts.changed.seconds().midpoint(end.seconds());
        now.seconds() < half.min(end.seconds().saturating_sub(86_400))
    })
}

/// What is due and is left alone, since its owner has put it off, or it is new.
fn say_snoozed(scene: &Scene, opened: &Opened) -> Result<()> {
    let clock = Clock::of(&opened.kept, &opened.payload, Moment::now());
    let (mut snoozed, mut new) = (Vec::new(), Vec::new());
    for (name, key) in &opened.payload.keys {
        let outlook = look(&key.facts, &scene.plan(&opened.payload, name)?, clock.judged);
        if outlook.snoozed.is_some() && outlook.is_to_be_replaced() {
            snoozed.push(name);
        } else if outlook.ends_soon() && is_new(&key.facts, clock.judged) {
            new.push(name);
        }
    }
    if let Some(first) = new.first() {
        scene.terminal.say(&format!("left out, being new though they end soon: {}", listed(&new)));
        scene.terminal.hint(&format!("to replace one all the same: `keyctl rotate {first}`"));
    }
    if let Some(first) = snoozed.first() {
        scene.terminal.say(&format!("left out, being snoozed: {}", listed(&snoozed)));
        scene.terminal.hint(&format!("to replace one all the same: `keyctl rotate {first}`"));
    }
    Ok(())
}

/// The end of all of it: the kind of failure, if all that failed were of one kind.
fn end(failed: &[(&KeyName, Kind)], all: usize) -> Result<()> {
    let Some((_, kind)) = failed.first() else { return Ok(()) };
    let kind = if failed.iter().all(|(_, other)| other == kind) { *kind } else { Kind::Negative };
    let names: Vec<&KeyName> = failed.iter().map(|(name, _)| *name).collect();
    let of = if all == 1 { String::new() } else { format!("{} of {all} ", names.len()) };
    Err(Failure::new(kind, format!("{of}not replaced: {}", listed(&names)))
        .hint("to try what is left again: `keyctl rotate --due`"))
}

fn listed(names: &[&KeyName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What there is to do: first what was broken off and what is over, then what is due, the expired and the oldest first.
fn tasks<'s>(scene: &'s Scene, opened: &Opened) -> Result<Vec<Task<'s>>> {
    let payload = &opened.payload;
    let clock = Clock::of(&opened.kept, payload, Moment::now());
    let mut tasks = Vec::new();
    let store = scene.home.store();
    let there = |pair: &&AwsIam| {
        pair.id.store() == store.map(Arc::as_ref)
            && [&pair.id, &pair.secret].iter().all(|half| payload.keys.contains_key(*half))
    };
    for pair in scene.config.rotation.aws_iam.iter().filter(there) {
        let (name, pair) = (pair.id.clone().of(store), pair.clone());
        if aws::is_broken_off(scene, &pair, opened) {
            tasks.push(Task { scene, name, meant: Meant::of_pair(&pair, payload)?, what: What::GoOn(pair) });
        } else if old_key::is_there(&pair, payload, clock.now) {
            tasks.push(Task { scene, name, meant: Meant::of_pair(&pair, payload)?, what: What::DeleteOld(pair) });
        }
    }
    let mut due = Vec::new();
    for (name, key) in &payload.keys {
        let plan = scene.plan(payload, name)?;
        let outlook = look(&key.facts, &plan, clock.judged);
        if outlook.is_to_be_said() && !(outlook.ends_soon() && is_new(&key.facts, clock.judged)) {
            due.push((std::cmp::Reverse(outlook.state), outlook.first(), name, Means::of(scene.arguments, &plan)));
        }
    }
    due.sort_by(|one, other| (one.0, one.1, one.2).cmp(&(other.0, other.1, other.2)));
    for (state, _, name, means) in due {
        let name = if let Means::Aws(pair) = &means { pair.id.clone().of(store) } else { name.clone() };
        // The two halves are one thing to do; and what is gone on with is replaced by that.
        let is_known = |task: &Task| task.name == name && !matches!(task.what, What::DeleteOld(_));
        if !tasks.iter().any(is_known) {
            let why = if state.0 == State::Soon { "ends soon" } else { state.0.word() };
            let meant = match &means {
                Means::Aws(pair) => Meant::of_pair(pair, payload)?,
                _ => vec![Meant::of(&name, payload)?],
            };
            tasks.push(Task { scene, name, what: What::Replace(why, means), meant });
        }
    }
    Ok(tasks)
}

/// One yes for all that goes by itself; where a person types a secret, that is the yes.
fn ask(tasks: &[Task], arguments: &Rotate, terminal: &Terminal) -> Result<()> {
    let names = |is_meant: fn(&What) -> bool| -> Vec<&KeyName> {
        let tasks = tasks.iter().filter(|task| task.goes_by_itself() && is_meant(&task.what));
        tasks.map(|task| &task.name).collect()
    };
    let replaced = names(|what| !matches!(what, What::DeleteOld(_)));
    let deleted = names(|what| matches!(what, What::DeleteOld(_)));
    let mut words = Vec::new();
    if !replaced.is_empty() {
        words.push(format!("let their rotators replace {}: {}", count(replaced.len(), "key"), listed(&replaced)));
    }
    if !deleted.is_empty() {
        words.push(format!("delete the old key at AWS of {}", listed(&deleted)));
    }
    if words.is_empty() {
        return Ok(());
    }
    let doing = if replaced.is_empty() { "deleting an old key at AWS" } else { "replacing what is due" };
    need_yes(arguments.yes, terminal, doing, || format!("{}?", words.join("; ")))
}

/// What would be done.
fn list(tasks: &[Task], arguments: &Rotate, terminal: &Terminal) -> Result<()> {
    if arguments.json {
        let report =
            tasks.iter().map(|task| json!({ "name": task.name.to_string(), "why": task.why(), "by": task.by() }));
        terminal.json(&report.collect::<Vec<_>>().into())?;
    } else if tasks.is_empty() {
        terminal.say("nothing is due");
    } else {
        let mut rows = vec![["KEY", "WHY", "BY"].map(str::to_owned).to_vec()];
        rows.extend(tasks.iter().map(|task| vec![task.name.to_string(), task.why().into(), task.by()]));
        terminal.table(&rows, &[])?;
    }
    Ok(())
}
