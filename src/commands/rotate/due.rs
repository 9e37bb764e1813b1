//! `keyctl rotate --due`: all keys that are due or expired, one after the other. One that fails does not hold up the
//! others. What is done is due no more, so a second call goes on where the first one was broken off.

use std::{io::IsTerminal, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    commands::{judging::Clock, versions::need_yes},
    date::Moment,
    failure::{Failure, Kind, Result},
    name::KeyName,
    platform::{self, Input},
    rotation::{AwsIam, Plan, State, look},
    store::facts::Facts,
    terminal::count,
};

use super::{
    Meant, Opened, Scene, aside,
    asking::{self, Seen, Word},
    aws, by_hand, hold_to_reason,
    keeping::Done,
    means::Means,
    old_key::{self, Old},
    page, program, show,
    touched::Touched,
};

/// One thing to do.
struct Task {
    /// What messages call it: a key, or a pair by its id.
    name: KeyName,
    what: What,
    /// What is replaced, as it was when it was asked about.
    meant: Vec<Meant>,
}

enum What {
    /// A key is due, in these words.
    Replace(&'static str, Means),
    /// A rotation at AWS was broken off.
    GoOn(AwsIam),
    /// An overlap at AWS is over.
    DeleteOld(AwsIam),
}

/// What became of one.
enum Outcome {
    Done(Box<Done>),
    Deleted(Vec<String>),
    /// Nobody was there to replace it, or whoever was did not want to.
    Left,
    /// Another keyctl has done it meanwhile.
    Nothing,
}

/// Replaces all that is due.
pub(super) fn all(scene: &Scene) -> anyhow::Result<ExitCode> {
    let opened = scene.open()?;
    if !scene.arguments.dry_run {
        aside::clear_over(scene);
    }
    let tasks = tasks(scene, &opened)?;
    say_snoozed(scene, &opened)?;
    if scene.arguments.dry_run {
        return list(scene, &tasks);
    }
    if tasks.is_empty() {
        scene.terminal.say("nothing is due");
    }
    if !tasks.is_empty() {
        refuse_input()?;
    }
    ask(scene, &tasks)?;
    let (mut reports, mut left, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (at, task) in tasks.iter().enumerate() {
        let name = &task.name;
        scene.terminal.say(&format!("{} of {}: `{name}`", at + 1, tasks.len()));
        match task.work(scene) {
            Ok(outcome) => {
                if let Outcome::Done(done) = &outcome {
                    done.tell(scene);
                } else if let Outcome::Left = outcome {
                    if task.goes_by_itself() {
                        scene.terminal.say("left as it is");
                    } else {
                        left.push(name);
                    }
                } else if let Outcome::Nothing = outcome {
                    scene.terminal.say("nothing is left to do here");
                }
                reports.push(outcome.json(name));
            }
            // Whoever ends a question wants to end all of them.
            Err(failure) if failure.kind == Kind::Interrupted => return Err(failure.into()),
            // Whoever holds the lock now has it for the others too, and may be at work on the same.
            Err(failure) if failure.kind == Kind::Busy && reports.is_empty() => return Err(failure.into()),
            Err(failure) if failure.kind == Kind::Busy => {
                scene.terminal.failure(&failure, None);
                let rest = tasks[at..].iter().map(|task| &task.name);
                for name in rest {
                    reports.push(json!({ "names": [name.as_str()], "done": "failed", "why": failure.message }));
                    failed.push((name, failure.kind));
                }
                break;
            }
            Err(failure) => {
                scene.terminal.failure(&failure, None);
                reports.push(json!({ "names": [name.as_str()], "done": "failed", "why": failure.message }));
                failed.push((name, failure.kind));
            }
        }
    }
    if scene.arguments.json {
        scene.terminal.json(&reports.into())?;
    }
    if !left.is_empty() {
        scene.terminal.warn(&format!("left for you, having no rotator: {}", listed(&left)));
        scene
            .terminal
            .hint(&format!("one after the other at a terminal, or each by itself: `keyctl rotate {}`", left[0]));
    }
    end(&failed, tasks.len())
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
fn end(failed: &[(&KeyName, Kind)], all: usize) -> anyhow::Result<ExitCode> {
    let Some((_, kind)) = failed.first() else { return Ok(ExitCode::SUCCESS) };
    let kind = if failed.iter().all(|(_, other)| other == kind) { *kind } else { Kind::Negative };
    let names: Vec<&KeyName> = failed.iter().map(|(name, _)| *name).collect();
    let of = if all == 1 { String::new() } else { format!("{} of {all} ", names.len()) };
    Err(Failure::new(kind, format!("{of}not replaced: {}", listed(&names)))
        .hint("to try what is left again: `keyctl rotate --due`")
        .into())
}

fn listed(names: &[&KeyName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What there is to do: first what was broken off and what is over, then what is due, the expired and the oldest first.
fn tasks(scene: &Scene, opened: &Opened) -> Result<Vec<Task>> {
    let payload = &opened.payload;
    let clock = Clock::of(&opened.kept, payload, Moment::now());
    let mut tasks = Vec::new();
    let there = |pair: &&AwsIam| payload.keys.contains_key(&pair.id) && payload.keys.contains_key(&pair.secret);
    for pair in scene.config.rotation.aws_iam.iter().filter(there) {
        let (name, pair) = (pair.id.clone(), pair.clone());
        if aws::is_broken_off(scene, &pair, opened) {
            tasks.push(Task { name, meant: Meant::of_pair(&pair, payload)?, what: What::GoOn(pair) });
        } else if old_key::is_there(&pair, payload, clock.now) {
            tasks.push(Task { name, meant: Meant::of_pair(&pair, payload)?, what: What::DeleteOld(pair) });
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
        let name = if let Means::Aws(pair) = &means { pair.id.clone() } else { name.clone() };
        // The two halves are one thing to do; and what is gone on with is replaced by that.
        let is_known = |task: &Task| task.name == name && !matches!(task.what, What::DeleteOld(_));
        if !tasks.iter().any(is_known) {
            let why = if state.0 == State::Soon { "ends soon" } else { state.0.word() };
            let meant = match &means {
                Means::Aws(pair) => Meant::of_pair(pair, payload)?,
                _ => vec![Meant::of(&name, payload)?],
            };
            tasks.push(Task { name, what: What::Replace(why, means), meant });
        }
    }
    Ok(tasks)
}

/// One yes for all that goes by itself; where a person types a secret, that is the yes.
fn ask(scene: &Scene, tasks: &[Task]) -> Result<()> {
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
    need_yes(scene.arguments.yes, scene.terminal, doing, || format!("{}?", words.join("; ")))
}

/// What would be done.
fn list(scene: &Scene, tasks: &[Task]) -> anyhow::Result<ExitCode> {
    if scene.arguments.json {
        let report = tasks.iter().map(|task| json!({ "name": task.name.as_str(), "why": task.why(), "by": task.by() }));
        scene.terminal.json(&report.collect::<Vec<_>>().into())?;
    } else if tasks.is_empty() {
        scene.terminal.say("nothing is due");
    } else {
        let mut rows = vec![["KEY", "WHY", "BY"].map(str::to_owned).to_vec()];
        rows.extend(tasks.iter().map(|task| vec![task.name.to_string(), task.why().into(), task.by()]));
        scene.terminal.table(&rows, &[])?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Task {
    fn why(&self) -> &'static str {
        match &self.what {
            What::Replace(why, _) => why,
            What::GoOn(_) => "broken off",
            What::DeleteOld(_) => "overlap over",
        }
    }

    fn by(&self) -> String {
        match &self.what {
            What::Replace(_, Means::Program(command)) => command[0].clone(),
            What::Replace(_, means) if !means.is_rotator() => "hand".into(),
            _ => "AWS".into(),
        }
    }

    fn goes_by_itself(&self) -> bool {
        !matches!(&self.what, What::Replace(_, means) if !means.is_rotator())
    }

    /// Whether the key is still to be replaced; of a pair, whether one half is by its own plan and its own end.
    fn is_due(&self, scene: &Scene, means: &Means, opened: &Opened) -> Result<bool> {
        match means {
            Means::Aws(pair) => Ok(scene.is_due(&pair.id, opened)? || scene.is_due(&pair.secret, opened)?),
            _ => scene.is_due(&self.name, opened),
        }
    }

    /// Whether the keys are there that were asked about, with whatever secrets.
    fn is_of_the_same(&self, opened: &Opened) -> bool {
        self.meant.iter().all(|meant| {
            let key = opened.payload.keys.get(&meant.name);
            key.is_some_and(|key| meant.is(key) || meant.was_replaced(key))
        })
    }

    /// Whether another one has done the same meanwhile: nothing of it is due, and what is there is what was asked about.
    fn is_done(&self, scene: &Scene, means: &Means, opened: &Opened) -> Result<bool> {
        Ok(self.is_of_the_same(opened) && !self.is_due(scene, means, opened)?)
    }

    /// Goes on at AWS, unless another one has done that meanwhile.
    fn go_on(&self, scene: &Scene, pair: &AwsIam) -> Result<Option<Done>> {
        let (_turn, opened) = match scene.turn_for(&self.meant) {
            Err(failure) if failure.kind == Kind::Negative => {
                let opened = scene.open()?;
                let is_done = self.is_of_the_same(&opened) && !aws::is_broken_off(scene, pair, &opened);
                return if is_done { Ok(None) } else { Err(failure) };
            }
            held => held?,
        };
        aws::resume(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)
    }

    /// Deletes the old key at AWS, unless another one has seen to it meanwhile.
    fn delete_old(&self, scene: &Scene, pair: &AwsIam) -> Result<Option<Vec<String>>> {
        let (_turn, opened) = (scene.turn()?, scene.open()?);
        if !old_key::is_there(pair, &opened.payload, Moment::now()) {
            return Ok(None);
        }
        self.meant.iter().try_for_each(|meant| meant.hold(&opened.payload))?;
        old_key::finish(scene, pair, &Old::OverlapOver, &opened).map(Some)
    }

    /// What a person says of doubtful words, which no check can judge: a yes to all that is due is none to these. Nothing where
    /// none of them is wanted, and no other call of the rotator.
    fn word(&self, scene: &Scene, means: &Means, plan: &Plan, opened: &Opened, can_ask: bool) -> Result<Option<Word>> {
        let has_check = plan.check.is_some() && !scene.arguments.no_check;
        let seen = Seen::of(scene, &self.name, opened)?;
        if !can_ask || scene.arguments.yes || has_check || !seen.is_to_be_judged() {
            return Ok(Some(Word::default()));
        }
        let word = asking::judge(scene, &self.name, &seen, true)?;
        let is_to_go_on = word.is_yes() || scene.terminal.confirm(&means.question(&self.name))?;
        Ok(is_to_go_on.then_some(word))
    }

    fn work(&self, scene: &Scene) -> Result<Outcome> {
        let done = |done: Done| Outcome::Done(Box::new(done));
        match &self.what {
            What::GoOn(pair) => Ok(self.go_on(scene, pair)?.map_or(Outcome::Nothing, done)),
            What::DeleteOld(pair) => Ok(self.delete_old(scene, pair)?.map_or(Outcome::Nothing, Outcome::Deleted)),
            What::Replace(_, means) => {
                let opened = scene.open()?;
                if self.is_done(scene, means, &opened)? {
                    return Ok(Outcome::Nothing);
                }
                // What the user has said yes to, and not what has its name by now.
                self.meant.iter().try_for_each(|meant| meant.hold(&opened.payload))?;
                // Whoever gave it `/dev/null` for a terminal wants to be asked nothing.
                let can_ask = std::io::stdin().is_terminal() && scene.terminal.can_ask();
                if !means.is_rotator() && !can_ask {
                    return Ok(Outcome::Left);
                }
                let plan = scene.plan(&opened.payload, &self.name)?;
                hold_to_reason(scene, &self.name, &plan, &opened)?;
                let touched =
                    Touched::by(means.subject(&self.name), &scene.home, &opened.kept, &opened.payload, &scene.config);
                let replaced = match means {
                    Means::Program(command) => {
                        let Some(word) = self.word(scene, means, &plan, &opened, can_ask)? else {
                            return Ok(Outcome::Left);
                        };
                        let (_turn, opened) = match scene.turn_for(&self.meant) {
                            // While this one waited for its turn. What fails after that has failed, whatever the key is by then.
                            Err(failure)
                                if failure.kind == Kind::Negative && self.is_done(scene, means, &scene.open()?)? =>
                            {
                                return Ok(Outcome::Nothing);
                            }
                            held => held?,
                        };
                        program::replace_now(scene, &self.name, &plan, Some(command), &opened, &word)?
                    }
                    Means::Aws(pair) => {
                        aws::replace(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)?
                    }
                    _ => {
                        show(scene, &self.name, &touched);
                        let key = opened.payload.key(&self.name)?;
                        page::show(scene, &self.name, key, &Means::Typed)?;
                        let word = asking::judge(scene, &self.name, &Seen::of(scene, &self.name, &opened)?, false)?;
                        if word.is_yes() {
                            program::replace(scene, &self.name, &plan, None, &opened, &word)?
                        } else {
                            match by_hand::ask(scene, &self.name)? {
                                Some(new) => by_hand::take_over(scene, &self.name, &plan, &Means::Typed, new, &opened)?,
                                None => return Ok(Outcome::Left),
                            }
                        }
                    }
                };
                Ok(done(replaced.with(touched)))
            }
        }
    }
}

impl Outcome {
    fn json(&self, name: &KeyName) -> Value {
        match self {
            Self::Done(done) => done.json(),
            Self::Deleted(ids) => json!({ "names": [name.as_str()], "done": "finished", "deleted": ids }),
            Self::Left => json!({ "names": [name.as_str()], "done": "left" }),
            Self::Nothing => json!({ "names": [name.as_str()], "done": "nothing" }),
        }
    }
}
