//! `keyctl due`: which keys have ended, have to be replaced, or will have to soon.

use std::{process::ExitCode, sync::Arc};

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::{Moment, zone},
    exchange::calendar::{self, Entry, What, Written},
    failure::{Failure, Kind},
    home::Home,
    name::KeyPath,
    rotation::State,
    terminal::{Cell, Colour, Terminal},
};

use super::{
    judging::{self, Clock, Judged},
    prompt,
    several::{self, LeftOut, Opened, Stores},
};

/// The head of the bars: how much of the time between its last replacement and what comes first is over.
const ELAPSED: &str = "ELAPSED";
/// A key that has no plan and was never replaced for this long is worth a word: a year.
const LONG_SECONDS: i64 = 365 * 86_400;

/// Says how the keys of all stores stand: those with something to do, or all.
///
/// # Errors
/// As the stores have them; `Negative` where `--fail-on` is asked and is so.
pub fn due(arguments: &cli::Due, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let said = arguments.within.store.as_ref();
    if arguments.prompt {
        return Ok(prompt::show(said, terminal));
    }
    let homes = several::homes(said)?;
    let settings = config::read(&Home::find()?)?.rotation;
    let now = Moment::now();
    let stores = match homes.open(terminal) {
        Err(failure) if arguments.json && failure.kind == Kind::Missing => {
            terminal.json(&as_json(&[], &Stores::default(), now))?;
            return Ok(ExitCode::SUCCESS);
        }
        // Where no key is kept none can be due. That it was looked for in the wrong folder is said all the same.
        Err(failure) if arguments.fail_on.is_some() && failure.kind == Kind::Missing => {
            terminal.say(&failure.message);
            failure.hints.iter().for_each(|hint| terminal.hint(hint));
            return Ok(ExitCode::SUCCESS);
        }
        other => other?,
    };
    let mut judged = Vec::new();
    for Opened { home, kept, payload } in &stores.open {
        let of_store = judging::all(payload, &settings, Clock::of(kept, payload, now));
        prompt::leave_read(home, kept, payload.generation, judging::summary(&of_store));
        judged.extend(of_store);
    }
    let judged = judging::tagged(judged, arguments.tag.as_ref())?;
    for (doubt, hint) in doubts(&stores, now) {
        terminal.warn(&doubt);
        terminal.hint(hint);
    }
    match (arguments.json, arguments.ics) {
        (true, _) => terminal.json(&as_json(&judged, &stores, now))?,
        (_, true) => terminal.data(as_calendar(&stores, &judged, now)?.as_bytes())?,
        _ => show(judged.iter().collect(), arguments.all, terminal)?,
    }
    stores.say_left_out("are not shown", terminal);
    if let Some(state) = arguments.fail_on.as_deref() {
        fail_on(state, &judged)?;
    }
    stores.incomplete(arguments.fail_on.is_some())?;
    Ok(ExitCode::SUCCESS)
}

/// What is doubtful of the clock, each once. That it is years ahead is so only if it is ahead of every store: one may just be
/// used seldom.
fn doubts(stores: &Stores, now: Moment) -> Vec<(String, &'static str)> {
    let clocks: Vec<Clock> = stores.open.iter().map(|opened| opened.clock(now)).collect();
    let is_ahead = clocks.iter().all(|clock| clock.ahead_of.is_some());
    let last = clocks.iter().filter_map(|clock| clock.ahead_of).max();
    let counts = |clock: &&Clock| clock.ahead_of.is_none() || is_ahead && clock.ahead_of == last;
    let mut doubts: Vec<_> = clocks.iter().filter(counts).filter_map(Clock::doubt).collect();
    doubts.dedup();
    doubts
}

/// What time has brought counts, and what was found in the clear. That a key is revoked was its owner's own word, and stays true of one that is kept
/// to be found where it leaked.
fn fail_on(state: &str, judged: &[Judged]) -> Result<(), Failure> {
    let words = if state == "due" { &["expired", "leaked", "due", "ends soon"][..] } else { &["expired"] };
    match judging::in_numbers(judged, words) {
        Some(words) => Err(Failure::new(Kind::Negative, words)),
        None => Ok(()),
    }
}

fn show(mut keys: Vec<&Judged>, all: bool, terminal: &Terminal) -> Result<(), Failure> {
    keys.sort_by_key(|key| (std::cmp::Reverse(key.outlook.state), key.outlook.is_without_plan(), key.moment()));
    let shown: Vec<&Judged> = keys.iter().copied().filter(|key| all || key.outlook.state > State::Fresh).collect();
    if !shown.is_empty() {
        terminal.coloured_table(&table(&shown, all, terminal.width()), &[0])?;
    }
    if keys.is_empty() {
        terminal.say("no key is kept");
    } else if shown.is_empty() {
        let next = keys.first().and_then(|key| Some((key, key.moment()?)));
        let next = next.map(|(key, at)| format!("; next is `{}`, {}", key.name, at.from_now(key.at)));
        terminal.say(&format!("nothing is due{}", next.unwrap_or_default()));
    }
    if !all {
        say_without_plan(&keys, terminal);
    }
    Ok(())
}

fn say_without_plan(keys: &[&Judged], terminal: &Terminal) {
    let without: Vec<_> =
        keys.iter().filter(|key| key.outlook.is_without_plan() && key.outlook.state == State::Fresh).collect();
    let old = |key: &&&&Judged| {
        key.outlook.never_rotated && key.at.seconds().saturating_sub(key.key.facts.created.seconds()) > LONG_SECONDS
    };
    let old = without.iter().filter(old).count();
    let never = "never replaced in more than a year";
    match (without.len(), old) {
        (0, _) => {}
        (1, 0) => terminal.say("1 key has no plan: `keyctl due --all` shows it"),
        (1, _) => terminal.say(&format!("1 key has no plan, and was {never}: `keyctl due --all` shows it")),
        (number, 0) => terminal.say(&format!("{number} keys have no plan: `keyctl due --all` shows them")),
        (number, old) => {
            terminal.say(&format!("{number} keys have no plan, {old} of them {never}: `keyctl due --all` shows them"));
        }
    }
}

fn table(keys: &[&Judged], all: bool, screen: Option<usize>) -> Vec<Vec<Cell>> {
    let plain = |text: &str| Cell(text.to_owned(), None);
    let mut rows = vec![["KEY", "STATE", "WHEN", "DATE"].map(plain).to_vec()];
    for key in keys {
        let moment = key.moment();
        let when = moment.map_or_else(String::new, |moment| moment.from_now(key.at));
        let date = moment.map_or_else(String::new, Moment::local_day);
        rows.push(vec![
            plain(&key.name.to_string()),
            Cell(key.words().into(), colour(key)),
            plain(&when),
            plain(&date),
            plain(&remark(key, all)),
        ]);
    }
    if let Some(width) = screen.and_then(|screen| bar_width(&rows, screen)) {
        rows[0].insert(4, plain(ELAPSED));
        for (row, key) in rows[1..].iter_mut().zip(keys) {
            row.insert(4, Cell(bar(key, width), colour(key)));
        }
    }
    rows
}

fn colour(key: &Judged) -> Option<Colour> {
    match key.outlook.state {
        State::Revoked | State::Expired | State::Leaked => Some(Colour::Red),
        State::Due | State::Soon => Some(Colour::Yellow),
        State::Fresh => (!key.outlook.is_without_plan()).then_some(Colour::Green),
    }
}

fn remark(key: &Judged, all: bool) -> String {
    let facts = &key.key.facts;
    if let Some(until) = key.outlook.snoozed {
        return format!("snoozed until {}", until.local_day());
    }
    if let Some(left) = facts.left_with.as_ref().filter(|_| key.outlook.state == State::Due) {
        return format!("left with {}", left.who);
    }
    if key.outlook.state != State::Fresh || !key.outlook.is_without_plan() {
        return if all && key.outlook.never_rotated { "never replaced".to_owned() } else { String::new() };
    }
    if key.outlook.never_rotated {
        format!("kept {}", facts.created.ago(key.at))
    } else {
        format!("replaced {}", facts.changed.ago(key.at))
    }
}

/// How wide the bars can be beside all else; none where there is no room for their head.
fn bar_width(rows: &[Vec<Cell>], screen: usize) -> Option<usize> {
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.0.chars().count()).max();
    let taken: usize = (0..5).filter_map(widest).filter(|width| *width > 0).map(|width| width + 2).sum();
    Some(screen.saturating_sub(taken).min(12)).filter(|width| *width >= ELAPSED.len())
}

/// How much of the time between its last replacement and what comes first is over.
fn bar(key: &Judged, width: usize) -> String {
    // Of one that must not be used any more, or that others may have, no time is left to show.
    let is_gone = matches!(key.outlook.state, State::Revoked | State::Leaked);
    let Some(first) = key.outlook.first().filter(|_| !is_gone) else {
        return String::new();
    };
    let since = key.key.facts.changed.seconds();
    let (passed, whole) = (key.at.seconds().saturating_sub(since), first.seconds().saturating_sub(since).max(1));
    // Rounded down: no time is called over before it is.
    let used = i128::from(passed.clamp(0, whole)) * width as i128 / i128::from(whole);
    let is_over = key.outlook.state >= State::Due;
    let used = if is_over { width } else { usize::try_from(used).unwrap_or_default() };
    "█".repeat(used) + &"░".repeat(width - used)
}

fn as_json(judged: &[Judged], stores: &Stores, now: Moment) -> Value {
    let summary = judging::summary(judged);
    let judged_at = stores.open.iter().map(|opened| opened.clock(now).judged).fold(now, Moment::max);
    let key = |key: &Judged| {
        let mut value = key.as_json();
        value["name"] = key.name.to_string().into();
        value
    };
    json!({
        "now": now,
        "judged_at": judged_at,
        "due": summary.count,
        "next": summary.next,
        "keys": judged.iter().map(key).collect::<Vec<_>>(),
        "left_out": stores.left_out.iter().map(LeftOut::as_json).collect::<Vec<_>>(),
    })
}

fn as_calendar(stores: &Stores, judged: &[Judged], now: Moment) -> Result<String, Failure> {
    let mut entries = Vec::new();
    for Opened { home, payload, .. } in &stores.open {
        let of = Written { store: payload.id, revision: payload.generation, at: payload.written.unwrap_or(now) };
        let own = judged.iter().filter(|key| KeyPath::from(key.name.clone()).store() == home.store().map(Arc::as_ref));
        for key in own.filter(|key| key.outlook.state != State::Revoked) {
            let facts = &key.key.facts;
            for (at, soon, what) in [
                (key.outlook.rotate_by, key.outlook.replaced_soon_from, What::Replacement),
                (key.outlook.expires, key.outlook.ends_soon_from, What::End),
            ] {
                let (url, since) = (facts.url.as_deref(), facts.changed);
                entries.extend(at.zip(soon).map(|(at, soon)| Entry { of, name: key.name, what, at, soon, since, url }));
            }
        }
    }
    if entries.is_empty() {
        return Err(Failure::new(Kind::Negative, "no key has a date, and a calendar without an entry is none")
            .hint("give one: `keyctl edit NAME --expires 2027-01-31` or `--rotate-every 90d`"));
    }
    Ok(calendar::write(&zone::here(), &entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rotation::{Settings, look},
        secret::Secret,
        store::{facts::Facts, payload::Key},
    };
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bar_is_full_when_the_time_is_over_and_never_before(changed in any::<i64>(), days in 1_u16..36_500, at in any::<i64>(), width in 1_usize..13) {
            let facts = Facts {
                rotate_every: Some(crate::date::Period::days(days)),
                ..Facts::new(Moment::from_seconds(changed))
            };
            let key = Key { value: Secret::new(Vec::new()), facts, former: Vec::new() };
            let (name, now) = ("a".parse().expect("good"), Moment::from_seconds(at));
            let clock = Clock::alone(now);
            let key = Judged::new(&name, &key, &Settings::default(), clock);
            prop_assert_eq!(look(&key.key.facts, &key.plan, now), key.outlook);
            let bar = bar(&key, width);
            prop_assert_eq!(bar.chars().count(), width);
            prop_assert_eq!(bar == "█".repeat(width), key.outlook.state == State::Due);
        }
    }
}
