//! What becomes of keys that are to be used though they have ended, are revoked, were found or have to be replaced: the user's policy
//! says whether they are given, and one line says how they stand.

use crate::{
    alert::End,
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Event, Reason},
    name::KeyName,
    rotation::{Plan, Reaction, ReasonFrom, Settings, State},
    store::payload::Payload,
    terminal::Terminal,
};

use super::{
    asking, caller,
    judging::{Clock, Judged},
    limiting::{self, Taker},
    reminded,
    using::Used,
};

/// Holds keys against the policy before a command gets them. Those that are due are spoken of once a day.
///
/// # Errors
/// `Policy` with every key that is not given; the history has it as a failed `event`.
pub fn hold(
    used: &mut Used,
    names: &[KeyName],
    config: &Config,
    now: Moment,
    event: impl FnOnce() -> Event,
    terminal: &Terminal,
) -> Result<()> {
    let clock = Clock::of(&used.kept, &used.payload, now);
    let keys = judged(used, names, &config.rotation, clock);
    let stopped: Vec<&Judged> = keys.iter().filter(|key| reaction(key) == Some(Reaction::Stop)).collect();
    if !stopped.is_empty() {
        let refused = event().refused(&states(&stopped)).names(stopped.iter().map(|key| key.name));
        used.record_refusal(refused, config, terminal);
        return Err(refusal(&used.payload, &stopped, clock));
    }
    say_unfit(&keys, clock, terminal);
    let due: Vec<(&KeyName, &str)> = keys
        .iter()
        .filter(|key| key.outlook.state != State::Expired && key.outlook.is_to_be_said())
        .map(|key| (key.name, if key.key.facts.leaked.is_some() { "leaked" } else { key.words() }))
        .collect();
    // What is not said was not spoken of.
    if !due.is_empty() && !terminal.is_quiet() {
        let new = reminded::first_today(used, due, now);
        let keys: Vec<&Judged> = keys.iter().filter(|key| new.contains(&key.name)).collect();
        if !keys.is_empty() {
            terminal.say(&format!("{}: {}", phrases(&keys, clock), replace(&keys)));
        }
    }
    used.ended = ended(&keys);
    Ok(())
}

/// Why keys are used, and whether that has to be said where they are.
#[derive(Debug, Clone, Copy)]
pub struct Why<'r> {
    /// What was said.
    pub reason: Option<&'r Reason>,
    /// Who has to say it here, whichever the key.
    pub here: ReasonFrom,
}

impl Why<'_> {
    /// Makes sure that there is a reason where one is asked for, and that it holds none of the secrets.
    ///
    /// # Errors
    /// `Policy` with every key that is not given, which the history has as a failed `event`; `Usage` for a secret.
    pub fn hold(
        self,
        used: &Used,
        names: &[KeyName],
        config: &Config,
        event: impl FnOnce() -> Event,
        terminal: &Terminal,
    ) -> Result<()> {
        let keys = || names.iter().filter_map(|name| Some((name, used.payload.keys.get(name)?)));
        if let Some(reason) = self.reason {
            return match keys().find(|(_, key)| key.secret().is_some_and(|value| value.is_within(reason.as_str()))) {
                Some((name, _)) => Err(in_the_reason(name)),
                None => Ok(()),
            };
        }
        let from = keys().map(|(name, key)| (name, self.here.max(config.rotation.reason_for(name, &key.facts))));
        let asked: Vec<(&KeyName, ReasonFrom)> = from.filter(|(_, from)| *from != ReasonFrom::Nobody).collect();
        let agent = if asked.is_empty() { return Ok(()) } else { caller::agent() };
        let stops = |from: ReasonFrom| agent.is_some() || from == ReasonFrom::Everybody;
        let stopped: Vec<&KeyName> = asked.into_iter().filter(|(_, from)| stops(*from)).map(|(name, _)| name).collect();
        if stopped.is_empty() {
            return Ok(());
        }
        let refused = event().refused("no reason").names(stopped.iter().copied());
        used.record_refusal(refused, config, terminal);
        Err(unsaid("given", &stopped, agent.as_deref()))
    }
}

/// Makes sure that there is a reason for replacing a key, where one is asked for.
///
/// # Errors
/// As [`Why::hold`]; nothing is recorded here.
pub fn need_reason(name: &KeyName, plan: &Plan, reason: Option<&Reason>) -> Result<()> {
    let agent = if plan.reason == ReasonFrom::Nobody || reason.is_some() { return Ok(()) } else { caller::agent() };
    if agent.is_some() || plan.reason == ReasonFrom::Everybody {
        return Err(unsaid("replaced", &[name], agent.as_deref()));
    }
    Ok(())
}

/// The failure for keys that nobody said a reason for.
fn unsaid(done: &str, names: &[&KeyName], agent: Option<&str>) -> Failure {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let guess = agent.map(|agent| format!(" (perhaps {agent} asks for it)")).unwrap_or_default();
    let needs = if names.len() == 1 { "needs" } else { "need" };
    Failure::new(Kind::Policy, format!("not {done}: {} {needs} a reason{guess}", names.join(", ")))
        .hint("say why it is used, for the history: `--reason TEXT`")
}

/// The failure for a reason that holds a secret.
#[must_use]
pub fn in_the_reason(name: &KeyName) -> Failure {
    Failure::new(Kind::Usage, format!("the secret of `{name}` itself stands in the reason; nothing was done"))
        .hint("reasons are shown; say it without the secret, and take that call out of the shell's history")
}

/// Holds a key that is taken out by its name against what it may be used for, with a reason where there must be one. That it
/// is not fit for use is said to the person, and the rest left to them, unless its own limits say otherwise. Gives whether a
/// yes was asked for.
///
/// # Errors
/// As [`Why::hold`]; `Policy`.
pub fn ask(
    used: &mut Used,
    name: &KeyName,
    config: &Config,
    reason: Option<&Reason>,
    event: &Event,
    terminal: &Terminal,
) -> Result<bool> {
    let names = std::slice::from_ref(name);
    let why = Why { reason, here: ReasonFrom::Nobody };
    why.hold(used, names, config, || event.clone(), terminal)?;
    let limited =
        limiting::hold(&[(used.opened(), names.to_vec())], Taker::Reader, config, || event.clone(), terminal)?;
    let clock = Clock::of(&used.kept, &used.payload, Moment::now());
    let keys = judged(used, names, &config.rotation, clock);
    let stops = |key: &&Judged| key.key.facts.limits.stop_expired && key.outlook.has_ended;
    let stopped: Vec<&Judged> = keys.iter().filter(stops).collect();
    if !stopped.is_empty() {
        let refused = event.clone().refused(&states(&stopped)).names(names);
        used.record_refusal(refused, config, terminal);
        return Err(refusal(&used.payload, &stopped, clock));
    }
    say_unfit(&keys, clock, terminal);
    if let [key] = &keys[..]
        && key.outlook.state == State::Leaked
        && reaction(key).is_none()
    {
        terminal.warn(&format!("{}: {}", phrase(key, clock), replace(&[key])));
    }
    used.ended = ended(&keys);
    let leave = limited.ask(&[(used.opened(), names.to_vec())], config, || event.clone(), terminal)?;
    Ok(leave.was_asked)
}

/// The keys that have ended or were found, for the watch.
fn ended(keys: &[Judged]) -> Vec<(KeyName, End)> {
    let end = |key: &Judged| match key.outlook.state {
        State::Revoked => Some((key.name.clone(), End::Revoked)),
        State::Expired => Some((key.name.clone(), End::Expired)),
        State::Leaked => Some((key.name.clone(), End::Leaked)),
        _ => None,
    };
    keys.iter().filter_map(end).collect()
}

fn judged<'u>(used: &'u Used, names: &'u [KeyName], settings: &Settings, clock: Clock) -> Vec<Judged<'u>> {
    let key = |name| Some(Judged::new(name, used.payload.keys.get(name)?, settings, clock));
    names.iter().filter_map(key).collect()
}

/// What the policy says of a key that is not fit for use; nothing of one that is.
fn reaction(key: &Judged) -> Option<Reaction> {
    if is_stopped_as_leaked(key) { Some(Reaction::Stop) } else { reaction_to_state(key) }
}

/// Whether the policy keeps it back because its secret was found, whatever else is true of it.
fn is_stopped_as_leaked(key: &Judged) -> bool {
    key.key.facts.leaked.is_some() && key.plan.leaked == Reaction::Stop
}

fn reaction_to_state(key: &Judged) -> Option<Reaction> {
    match key.outlook.state {
        // That it is revoked too makes no ended key fit for use.
        State::Revoked if key.outlook.has_ended && key.plan.expired == Reaction::Stop => Some(Reaction::Stop),
        State::Revoked => Some(key.plan.revoked),
        State::Expired => Some(key.plan.expired),
        // One that was found and is given all the same is spoken of as what is due is.
        State::Leaked | State::Due | State::Soon | State::Fresh => None,
    }
}

fn say_unfit(keys: &[Judged], clock: Clock, terminal: &Terminal) {
    let unfit: Vec<&Judged> = keys.iter().filter(|key| reaction(key).is_some()).collect();
    if !unfit.is_empty() {
        terminal.warn(&format!("{}: {}", phrases(&unfit, clock), replace(&unfit)));
        if let Some((behind, hint)) =
            clock.doubt().filter(|_| unfit.iter().any(|key| key.outlook.state == State::Expired))
        {
            terminal.hint(&behind);
            terminal.hint(hint);
        }
    }
}

fn refusal(payload: &Payload, stopped: &[&Judged], clock: Clock) -> Failure {
    let is_revoked = |key: &&&Judged<'_>| key.outlook.state == State::Revoked && key.plan.revoked == Reaction::Stop;
    let mut failure =
        Failure::new(Kind::Policy, format!("not given: {}", phrases(stopped, clock))).hint(replace(stopped));
    // Where its store does not say so any more there is nothing to edit.
    let (held_on, own): (Vec<&Judged>, Vec<&Judged>) =
        stopped.iter().partition(|key| payload.held_on_for(key.name).is_some());
    if let Some(key) = held_on.first() {
        failure = failure.hint(asking::yes_to_what_it_says(key.name));
    }
    if let Some(key) = own.iter().find(is_revoked) {
        failure = failure.hint(format!("if it may be used after all: `keyctl edit {} --not-revoked`", key.name));
    }
    if let Some(key) = own.iter().find(|key| is_stopped_as_leaked(key)) {
        failure = failure.hint(format!("if nobody else can have seen it: `keyctl edit {} --not-leaked`", key.name));
    }
    let ended = || own.iter().filter(|key| key.outlook.has_ended && key.plan.expired == Reaction::Stop);
    if let Some(key) = ended().find(|key| key.key.facts.limits.stop_expired) {
        failure = failure.hint(format!("to be warned only: `keyctl edit {} --no-stop-expired`", key.name));
    }
    if ended().any(|key| !key.key.facts.limits.stop_expired) {
        failure = failure.hint("to be warned only: `expired = \"warn\"` in `config.toml`");
    }
    if let Some((behind, hint)) = clock.doubt().filter(|_| ended().next().is_some()) {
        failure = failure.hint(behind).hint(hint);
    }
    failure
}

/// Why they are not given, in words.
fn states(stopped: &[&Judged]) -> String {
    let of_state = |key: &&&Judged| reaction_to_state(key) == Some(Reaction::Stop);
    let by_state = stopped.iter().filter(of_state).map(|key| key.outlook.state.word());
    let leaked = stopped.iter().filter(|key| is_stopped_as_leaked(key)).map(|_| State::Leaked.word());
    let mut words: Vec<&str> = by_state.chain(leaked).collect();
    words.sort_unstable();
    words.dedup();
    words.join(", ")
}

fn phrases(keys: &[&Judged], clock: Clock) -> String {
    keys.iter().map(|key| phrase(key, clock)).collect::<Vec<_>>().join(", ")
}

fn phrase(key: &Judged, clock: Clock) -> String {
    let found = key
        .key
        .facts
        .leaked
        .as_ref()
        .filter(|_| is_stopped_as_leaked(key) && matches!(key.outlook.state, State::Revoked | State::Expired));
    let found = found.map(|leaked| format!(" and was found in `{}`", leaked.place)).unwrap_or_default();
    phrase_of_state(key, clock) + &found
}

fn phrase_of_state(key: &Judged, clock: Clock) -> String {
    let name = key.name;
    let when = key.moment().map(|moment| moment.ago(clock.judged)).unwrap_or_default();
    match (key.outlook.state, &key.key.facts.revoked) {
        (State::Revoked, Some(revoked)) => {
            let why = revoked.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let ended = key.outlook.expires.filter(|_| key.outlook.has_ended);
            let ended = ended.map(|end| format!(" and expired {}", end.ago(clock.judged))).unwrap_or_default();
            format!("`{name}` was revoked {when}{why}{ended}")
        }
        (State::Expired, _) => format!("`{name}` expired {when}"),
        (State::Leaked, _) => {
            let place = key.key.facts.leaked.as_ref().map(|leaked| leaked.place.as_str()).unwrap_or_default();
            format!("`{name}` was found in `{place}` {when}")
        }
        (State::Soon, _) => {
            let when = key.moment().map(|moment| moment.from_now(clock.judged)).unwrap_or_default();
            format!("`{name}` expires {when}")
        }
        (State::Due, _) if key.outlook.left.is_some() => {
            let who = key.key.facts.left_with.as_ref().map(|left| left.who.as_str()).unwrap_or_default();
            format!("`{name}` left with `{who}` {when}")
        }
        _ => format!("`{name}` was to be replaced {when}"),
    }
}

fn replace(keys: &[&Judged]) -> String {
    match keys {
        [key] => format!("replace it with `keyctl rotate {}`", key.name),
        _ => "replace each with `keyctl rotate NAME`".to_owned(),
    }
}
