//! `keyctl rotate`: replace a key, by hand or by its rotator, with what that touches.
//!
//! Steps: what replacing touches -> a yes -> the new secret -> does it work -> one write of the store -> what is now.
//! Where a new secret comes to be outside before the store has it (a rotator, AWS), it is written down in between
//! (`rotator/unfinished.rs`), so that neither a kill nor a full disk loses it, and the next `rotate` goes on from there.

mod aside;
mod asking;
#[cfg(feature = "sources")]
mod at_source;
#[cfg(not(feature = "sources"))]
#[path = "at_source_absent.rs"]
mod at_source;
mod aws;
mod bench;
mod by_hand;
mod calling;
mod copies;
mod discard;
mod due;
mod fitness;
mod keeping;
mod leave;
mod means;
pub(super) mod old_key;
mod page;
pub mod pending;
mod program;
mod task;
pub(super) mod touched;
mod trying;

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeSet,
    ffi::OsString,
    process::ExitCode,
};

use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    cli::{self, Rotate},
    config::{self, Config},
    date::{Moment, Period},
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{Home, Lock},
    name::KeyName,
    platform::{self, Input},
    rotation::{AwsIam, Plan, Rotator, look},
    rotator::{aws_iam::Listed, unfinished},
    secret::Secret,
    store::payload::{Key, Payload},
    terminal::Terminal,
};

use self::{asking::Seen, keeping::Done, leave::Agreed, means::Means, old_key::Old, touched::Touched};
use super::{
    details,
    judging::Clock,
    opening::{self, Kept},
    policy, project,
    set::{in_the_arguments, length_beside},
    using,
    versions::need_yes,
};

/// What a call has to work with.
struct Scene<'a> {
    home: Home,
    config: Config,
    arguments: &'a cli::Rotate,
    terminal: &'a Terminal,
    /// The end of the new secret, as it was given.
    expires: Option<Moment>,
    /// The programs that may have a key's secret beyond its limits.
    agreed: RefCell<Vec<Agreed>>,
}

/// The store as it is just now.
struct Opened {
    kept: Kept,
    payload: Payload,
    /// The rotations that are over, once somebody has asked the history for them.
    ended: OnceCell<BTreeSet<String>>,
}

/// A key as it was when it was asked about: by then another one can have its name.
struct Meant {
    name: KeyName,
    value: Secret,
    created: Moment,
}

impl Meant {
    fn of(name: &KeyName, payload: &Payload) -> Result<Self> {
        let key = payload.key(name)?;
        Ok(Self { name: name.clone(), value: key.value.copy(), created: key.facts.created })
    }

    /// Whether it is this key, as it was.
    fn is(&self, key: &Key) -> bool {
        self.created == key.facts.created && key.value.same_as(&self.value)
    }

    /// Whether it is this key with another secret since.
    fn was_replaced(&self, key: &Key) -> bool {
        let is_former = || key.former.iter().any(|former| former.value.same_as(&self.value));
        self.created == key.facts.created && !key.value.same_as(&self.value) && is_former()
    }

    /// Both halves of an access key.
    fn of_pair(pair: &AwsIam, payload: &Payload) -> Result<Vec<Self>> {
        [&pair.id, &pair.secret].into_iter().map(|name| Self::of(name, payload)).collect()
    }

    /// Makes sure that it is there as it was.
    ///
    /// # Errors
    /// `Negative`, `Missing`.
    fn hold(&self, payload: &Payload) -> Result<()> {
        let (name, key) = (&self.name, payload.key(&self.name)?);
        if self.is(key) {
            Ok(())
        } else if self.was_replaced(key) {
            let said = format!("`{name}` was replaced by another keyctl meanwhile; this one did nothing");
            Err(Failure::new(Kind::Negative, said))
        } else {
            Err(self.is_another())
        }
    }

    /// The failure where the name is another key's by now, or the key has another past.
    fn is_another(&self) -> Failure {
        let name = &self.name;
        let said = format!("`{name}` is not the key any more that was asked about; this one did nothing");
        Failure::new(Kind::Negative, said).hint("look again: `keyctl undo --list`")
    }
}

/// Replaces one key, or all that are due.
///
/// # Errors
/// As store, rotator and check have them; `Usage` without a yes.
pub fn rotate(arguments: &Rotate, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if !arguments.refused.is_empty() {
        if let Some(failure) = length_beside(arguments.generate, &arguments.refused) {
            return Err(failure.into());
        }
        let others = super::plain_words("rotate", &arguments.refused);
        if !others.is_empty() && others.into_iter().all(is_another_name) {
            return Err(Failure::new(Kind::Usage, "`rotate` replaces one key with each call")
                .hint("each by itself, or all that are due: `keyctl rotate --due`")
                .into());
        }
        let name = arguments.name.as_ref().map_or_else(|| "NAME".to_owned(), ToString::to_string);
        let mut failure = in_the_arguments(&name);
        failure.hints[0] = format!("type `keyctl rotate {name}` and enter it when asked, or pipe it in");
        return Err(failure.into());
    }
    let Some(name) = &arguments.name else { return due::all(arguments, terminal) };
    let home = Home::of(name.store())?;
    let config = config::read(&home)?;
    let expires =
        arguments.expires.as_deref().map(|text| details::expires(text, Moment::now(), terminal)).transpose()?;
    let scene = Scene { home, config, arguments, terminal, expires, agreed: RefCell::default() };
    if arguments.discard {
        return Ok(discard::discard(&scene, name)?);
    }
    if arguments.finish {
        return finish(&scene, name);
    }
    if let Some(done) = one(&scene, name)? {
        if arguments.json {
            terminal.json(&done.json())?;
        }
        done.tell(&scene);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a word is plainly another key's name, and no secret: one with a `/`, or one as variables have them.
fn is_another_name(word: &OsString) -> bool {
    let of_variable = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_plain = |word: &str| word.contains('/') || (word.contains('_') && word.chars().all(of_variable));
    let is_name = |word: &str| word.parse::<KeyName>().is_ok_and(|name| !name.looks_like_a_secret());
    word.to_str().is_some_and(|word| is_plain(word) && is_name(word))
}

/// One key, from what replacing it touches to the store. Nothing is given for a dry run.
fn one(scene: &Scene, name: &KeyName) -> Result<Option<Done>> {
    let opened = scene.open()?;
    let key = opened.payload.key(name)?;
    let plan = scene.plan(&opened.payload, name)?;
    let means = Means::of(scene.arguments, &plan);
    hold_to_reason(scene, name, &plan, &opened)?;
    refuse_unread_input(&means, name)?;
    refuse_half(&means, name, &plan)?;
    let lies_in_source = key.remote().is_some();
    let lies = if means.leaves_room(scene.arguments) && !lies_in_source {
        Seen::of(scene, name, &opened)?
    } else {
        Seen::default()
    };
    let doing = format!("replacing `{name}`");
    let ask = || need_yes(scene.arguments.yes, scene.terminal, &doing, || means.question(name));
    if !scene.arguments.dry_run && !scene.terminal.can_ask() {
        ask()?;
    }
    let touched = Touched::by(means.subject(name), &scene.home, &opened.kept, &opened.payload, &scene.config);
    if scene.arguments.dry_run {
        show_alone(scene, means.subject(name), &touched, &means, &lies)?;
        return Ok(None);
    }
    show(scene, means.subject(name), &touched);
    page::show(scene, name, key, &means)?;
    let word = asking::judge(scene, name, &lies, means.is_rotator())?;
    if !word.is_yes() {
        ask()?;
    }
    let done = match &means {
        means if lies_in_source => at_source::replace(scene, name, &plan, means, &opened)?,
        Means::Program(command) => program::replace(scene, name, &plan, Some(command), &opened, &word)?,
        _ if word.is_yes() => program::replace(scene, name, &plan, None, &opened, &word)?,
        Means::Aws(pair) => aws::replace(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)?,
        means => by_hand::replace(scene, name, &plan, means, &opened).map_err(|failure| lies.add_to(failure, name))?,
    };
    Ok(Some(done.with(touched)))
}

/// What lies in a source is given to no program that replaces keys: what is kept here of it is only where it is.
fn refuse_reference(name: &KeyName, key: &Key) -> Result<()> {
    let Some(remote) = key.remote() else { return Ok(()) };
    let source = remote.source;
    Err(Failure::new(Kind::Usage, format!("the secret of `{name}` lies in source `{source}`, and is replaced there"))
        .hint(format!("to keep a secret here instead: `keyctl set {name} --replace`")))
}

/// Replacing a key is a use of it, so it may need a reason; what is refused is recorded.
fn hold_to_reason(scene: &Scene, name: &KeyName, plan: &Plan, opened: &Opened) -> Result<()> {
    let reason = scene.arguments.reason.as_ref();
    if reason.is_some_and(|reason| opened.payload.keys.values().any(|key| key.value.is_within(reason.as_str()))) {
        return Err(policy::in_the_reason(name));
    }
    if scene.arguments.dry_run {
        return Ok(());
    }
    policy::need_reason(name, plan, reason).inspect_err(|_| {
        let event = project::here(Event::new(Action::Rotate, Moment::now())).refused("no reason").names([name]);
        using::record_refusal(&scene.home, &opened.kept, &opened.payload, event, &scene.config, scene.terminal);
    })
}

/// A secret that is piped in beside a rotator would be lost without a word, and the rotator would make one more.
fn refuse_unread_input(means: &Means, name: &KeyName) -> Result<()> {
    let said = match if means.is_rotator() { platform::waiting_input() } else { Input::Nothing } {
        Input::Nothing => return Ok(()),
        Input::Waits => "a secret is piped in",
        Input::MayCome => "standard input is a pipe that is still open, so a secret may come",
    };
    let but = format!("{said}, but `config.toml` names what replaces `{name}`; nothing was replaced");
    Err(Failure::new(Kind::Usage, but)
        .hint(format!("to take what is piped in: `keyctl rotate {name} --by-hand`"))
        .hint(format!("to let it be replaced, with nothing piped in: `keyctl rotate {name} </dev/null`")))
}

/// Nothing that is made here can be half of an access key: AWS alone makes them.
fn refuse_half(means: &Means, name: &KeyName, plan: &Plan) -> Result<()> {
    let (Means::Generated(_), Some(Rotator::AwsIam(pair))) = (means, &plan.rotator) else { return Ok(()) };
    Err(Failure::new(
        Kind::Usage,
        format!("`{name}` is half of an access key of AWS, which AWS alone can make; nothing was replaced"),
    )
    .hint(format!("to let AWS make a new one: `keyctl rotate {}`", pair.id)))
}

/// Ends the overlap of an access key of AWS: the old one is deleted there.
fn finish(scene: &Scene, name: &KeyName) -> anyhow::Result<ExitCode> {
    let opened = scene.open()?;
    let plan = scene.plan(&opened.payload, name)?;
    let Some(Rotator::AwsIam(pair)) = &plan.rotator else {
        return Err(Failure::new(Kind::Usage, format!("`{name}` is no access key of AWS that keyctl replaces"))
            .hint(format!("to wipe its former secrets: `keyctl forget {name}`"))
            .into());
    };
    let meant = Meant::of_pair(pair, &opened.payload)?;
    let which = ask_to_delete(scene, pair, &opened)?;
    let (_turn, opened) = scene.turn_for(&meant)?;
    let resumed = aws::resume(scene, pair, &scene.plan_of_pair(&opened.payload, pair)?, &opened)?;
    let opened = match resumed {
        None => opened,
        Some(done) => {
            done.tell(scene);
            scene.open()?
        }
    };
    let deleted = old_key::finish(scene, pair, &which, &opened)?;
    if scene.arguments.json {
        scene.terminal.json(&json!({ "names": [pair.id.as_str(), pair.secret.as_str()], "deleted": deleted }))?;
    } else if deleted.is_empty() {
        scene.terminal.say("there is no old key at AWS");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks whether the old keys may be deleted that AWS still has, by their ids.
fn ask_to_delete(scene: &Scene, pair: &AwsIam, opened: &Opened) -> Result<Old> {
    let ask = |question: &str| {
        need_yes(scene.arguments.yes, scene.terminal, "deleting the old key at AWS", || question.to_owned())
    };
    if scene.arguments.yes || !scene.terminal.can_ask() {
        return ask("").map(|()| Old::All);
    }
    if aws::is_broken_off(scene, pair, opened) {
        let question = format!("end the rotation of `{}` that was broken off, and delete its old key at AWS?", pair.id);
        return ask(&question).map(|()| Old::All);
    }
    let old = old_key::at_aws(scene, pair, opened)?;
    let words = |key: &Listed| format!("`{}`{}", key.id, if key.active { ", which is still switched on" } else { "" });
    let listed = old.iter().map(words).collect::<Vec<_>>().join(" and ");
    if !old.is_empty() {
        ask(&format!("delete the old key of `{}` at AWS, {listed}?", pair.id))?;
    }
    Ok(Old::These(old.into_iter().map(|key| key.id).collect()))
}

impl Scene<'_> {
    fn open(&self) -> Result<Opened> {
        let kept = opening::identity(&self.home)?;
        let payload = opening::store(&self.home, &kept, self.terminal)?.read()?;
        Ok(Opened { kept, payload, ended: OnceCell::new() })
    }

    fn plan(&self, payload: &Payload, name: &KeyName) -> Result<Plan> {
        // Which programs are called depends on the store: it is that of the call, whatever the name knows.
        let own = name.clone().of(self.home.store());
        Ok(self.config.rotation.plan(&own, &payload.key(name)?.facts))
    }

    /// What holds for a pair: what is set for the secret half, else what is set for the id.
    fn plan_of_pair(&self, payload: &Payload, pair: &AwsIam) -> Result<Plan> {
        let (id, secret) = (self.plan(payload, &pair.id)?, self.plan(payload, &pair.secret)?);
        Ok(Plan { every: secret.every.or(id.every), overlap: secret.overlap.or(id.overlap), ..secret })
    }

    /// Whether a key is to be replaced by now, and is not snoozed.
    fn is_due(&self, name: &KeyName, opened: &Opened) -> Result<bool> {
        let now = Clock::of(&opened.kept, &opened.payload, Moment::now()).judged;
        let facts = &opened.payload.key(name)?.facts;
        Ok(look(facts, &self.plan(&opened.payload, name)?, now).is_to_be_said())
    }

    fn turn(&self) -> Result<Lock> {
        pending::turn(&self.home)
    }

    /// The turn, and the store as it is by then, where these keys are still what was asked about.
    fn turn_for(&self, meant: &[Meant]) -> Result<(Lock, Opened)> {
        let (turn, opened) = (self.turn()?, self.open()?);
        meant.iter().try_for_each(|meant| meant.hold(&opened.payload))?;
        Ok((turn, opened))
    }

    /// Until when the former secret is kept; until it is forgotten, if nothing is said.
    fn overlap(&self, plan: &Plan, usual: Option<Period>, now: Moment) -> Option<Moment> {
        let overlap = self.arguments.overlap.or(plan.overlap).or(usual);
        overlap.map(|overlap| overlap.after(now, &TimeZone::UTC))
    }
}

impl Opened {
    /// The rotations that are over, as the history has it; read once.
    ///
    /// # Errors
    /// As [`aside::ended`].
    fn ended(&self, home: &Home) -> Result<&BTreeSet<String>> {
        if let Some(known) = self.ended.get() {
            return Ok(known);
        }
        let read = aside::ended(home, &self.kept, &self.payload)?;
        Ok(self.ended.get_or_init(|| read))
    }

    fn unfinished_key(&self) -> unfinished::Key {
        unfinished_key(&self.kept)
    }
}

/// The key that rotations are sealed with which are begun and not finished.
fn unfinished_key(kept: &Kept) -> unfinished::Key {
    unfinished::Key::derive(kept.identity.line().expose(), &kept.record.store.0)
}

/// What replacing the key touches, before it is replaced.
fn show(scene: &Scene, name: &KeyName, touched: &Touched) {
    let rows = touched.rows(Moment::now());
    if rows.is_empty() {
        scene.terminal.say(&format!("as far as keyctl knows nothing uses `{name}`"));
    } else {
        scene.terminal.say(&format!("replacing `{name}` touches:"));
        scene.terminal.say_rows(&rows);
    }
    touched.notes.iter().for_each(|note| scene.terminal.say(note));
}

/// The same as a report of its own.
fn show_alone(scene: &Scene, name: &KeyName, touched: &Touched, means: &Means, lies: &Seen) -> Result<()> {
    if scene.arguments.json {
        let mut report = touched.json();
        report["name"] = name.as_str().into();
        report["by"] = means.word().into();
        if let Some(live) = &lies.live {
            report["goes_on_from"] = json!(live.begun);
        }
        return scene.terminal.json(&report);
    }
    let mut rows = vec![["WHAT", "WHERE", "HOW"].map(str::to_owned).to_vec()];
    rows.extend(touched.rows(Moment::now()));
    if rows.len() > 1 {
        scene.terminal.table(&rows, &[1, 2])?;
    } else {
        scene.terminal.say(&format!("as far as keyctl knows nothing uses `{name}`"));
    }
    touched.notes.iter().for_each(|note| scene.terminal.say(note));
    match means {
        Means::Program(command) => scene.terminal.say(&format!("its rotator `{}` would replace it", command[0])),
        Means::Aws(_) => scene.terminal.say("keyctl would replace it at AWS"),
        _ => {}
    }
    if let Some(live) = &lies.live {
        let begun = live.begun.local();
        scene.terminal.say(&format!("it would go on with the secret that the rotator gave on {begun}"));
    } else if !lies.doubtful.is_empty() {
        let came = lies.what_came();
        scene.terminal.say(&format!("what its rotator printed before {came} would be asked about at a terminal"));
    }
    Ok(())
}
