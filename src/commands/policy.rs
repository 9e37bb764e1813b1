//! What becomes of keys that are to be used though they have ended, are revoked or have to be replaced: the user's policy
//! says whether they are given, and one line says how they stand.

use crate::{
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::{Reaction, Settings, State},
    terminal::Terminal,
};

use super::{
    judging::{Clock, Judged},
    record::Strictness,
    reminded,
    using::Used,
};

/// Holds keys against the policy before a command gets them. Those that are due are spoken of once a day.
///
/// # Errors
/// `Policy` with every key that is not given; the history has it as a failed `event`.
pub fn hold(
    used: &Used,
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
        let refused = Event { action: Action::Failed, note: None, ..event() };
        let refused = refused.names(stopped.iter().map(|key| key.name)).outcome(outcome(&stopped));
        // That it is refused does not hang on its being written down.
        used.record(&refused, Strictness::default(), terminal)?;
        return Err(refusal(&stopped, clock));
    }
    say_unfit(&keys, clock, terminal);
    let due: Vec<&KeyName> = keys
        .iter()
        .filter(|key| key.outlook.state == State::Due && key.outlook.is_to_be_said())
        .map(|key| key.name)
        .collect();
    // What is not said was not spoken of.
    if !due.is_empty() && !terminal.is_quiet() {
        let new = reminded::first_today(used, due, now);
        let keys: Vec<&Judged> = keys.iter().filter(|key| new.contains(&key.name)).collect();
        if !keys.is_empty() {
            terminal.say(&format!("{}: {}", phrases(&keys, clock), replace(&keys)));
        }
    }
    Ok(())
}

/// Says it of a key that a person takes out by its name, and leaves the rest to them.
pub fn warn(used: &Used, name: &KeyName, settings: &Settings, terminal: &Terminal) {
    let clock = Clock::of(&used.kept, &used.payload, Moment::now());
    say_unfit(&judged(used, std::slice::from_ref(name), settings, clock), clock, terminal);
}

fn judged<'u>(used: &'u Used, names: &'u [KeyName], settings: &Settings, clock: Clock) -> Vec<Judged<'u>> {
    let key = |name| Some(Judged::new(name, used.payload.keys.get(name)?, settings, clock));
    names.iter().filter_map(key).collect()
}

/// What the policy says of a key that is not fit for use; nothing of one that is.
fn reaction(key: &Judged) -> Option<Reaction> {
    match key.outlook.state {
        State::Revoked => Some(key.plan.revoked),
        State::Expired => Some(key.plan.expired),
        State::Due | State::Soon | State::Fresh => None,
    }
}

fn say_unfit(keys: &[Judged], clock: Clock, terminal: &Terminal) {
    let unfit: Vec<&Judged> = keys.iter().filter(|key| reaction(key).is_some()).collect();
    if !unfit.is_empty() {
        terminal.warn(&format!("{}: {}", phrases(&unfit, clock), replace(&unfit)));
        if let Some((behind, hint)) =
            clock.behind().filter(|_| unfit.iter().any(|key| key.outlook.state == State::Expired))
        {
            terminal.hint(&behind);
            terminal.hint(hint);
        }
    }
}

fn refusal(stopped: &[&Judged], clock: Clock) -> Failure {
    let has = |state| stopped.iter().find(|key| key.outlook.state == state).map(|key| key.name);
    let mut failure =
        Failure::new(Kind::Policy, format!("not given: {}", phrases(stopped, clock))).hint(replace(stopped));
    if let Some(name) = has(State::Revoked) {
        failure = failure.hint(format!("if it may be used after all: `keyctl edit {name} --not-revoked`"));
    }
    if has(State::Expired).is_some() {
        failure = failure.hint("to be warned only: `expired = \"warn\"` in `config.toml`");
        if let Some((behind, hint)) = clock.behind() {
            failure = failure.hint(behind).hint(hint);
        }
    }
    failure
}

fn outcome(stopped: &[&Judged]) -> String {
    let mut words: Vec<&str> = stopped.iter().map(|key| key.outlook.state.word()).collect();
    words.sort_unstable();
    words.dedup();
    format!("refused: {}", words.join(", "))
}

fn phrases(keys: &[&Judged], clock: Clock) -> String {
    keys.iter().map(|key| phrase(key, clock)).collect::<Vec<_>>().join(", ")
}

fn phrase(key: &Judged, clock: Clock) -> String {
    let name = key.name;
    let when = key.moment().map(|moment| moment.ago(clock.judged)).unwrap_or_default();
    match (key.outlook.state, &key.key.facts.revoked) {
        (State::Revoked, Some(revoked)) => {
            let why = revoked.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("`{name}` was revoked {when}{why}")
        }
        (State::Expired, _) => format!("`{name}` expired {when}"),
        _ => format!("`{name}` was to be replaced {when}"),
    }
}

fn replace(keys: &[&Judged]) -> String {
    match keys {
        [key] => format!("replace it with `keyctl rotate {}`", key.name),
        _ => "replace each with `keyctl rotate NAME`".to_owned(),
    }
}
