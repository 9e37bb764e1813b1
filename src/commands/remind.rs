//! `keyctl remind`: a notification on each day on which a key is due, from the system's own timer.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli::{self, RemindVerb},
    config,
    date::{Moment, Period, zone},
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    name::KeyName,
    reminder::{
        notification,
        program::{self, Due, Form, News},
        timer::{self, Call, Runs, State as Timer},
    },
    rotation::{Outlook, State, judged_at},
    store::{facts::Facts, journal::Deed, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    judging::{self, Clock, Judged},
    opening::{self, Kept},
    prompt,
};

/// How many keys a notification names; desktops show few lines.
const NAMED: usize = 6;
/// How long the user's own program may take.
const DEADLINE: Duration = Duration::from_mins(1);
const DAY: i64 = 86_400;
/// The file with the moment of the last reminder, so that the timer tells nothing twice.
const TOLD: &str = "told";

/// Does what the command says.
///
/// # Errors
/// As the store, the timer and the notification have them.
pub fn remind(arguments: cli::Remind, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match arguments.verb {
        RemindVerb::Install => install(terminal)?,
        RemindVerb::Uninstall => uninstall(terminal)?,
        RemindVerb::Status(report) => status(report.json, terminal)?,
        RemindVerb::Now { once } => now(once, terminal)?,
        RemindVerb::Snooze { names, all, period, off } => {
            snooze(&names, all, Some(period).filter(|_| !off), terminal)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn install(terminal: &Terminal) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot tell where this program lies: {error}")))?;
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let home = if set("KEYCTL_HOME") { Some(Home::find()?.data().to_owned()) } else { None };
    let elsewhere = ["XDG_DATA_HOME", "XDG_CONFIG_HOME"].into_iter().find(|name| home.is_none() && set(name));
    let arguments = ["remind", "now", "--once"].map(str::to_owned).to_vec();
    let installed = timer::install(&Call { program, arguments, home })?;
    let how = if installed.changed { "reminders are installed" } else { "reminders were installed already" };
    terminal.say(&format!("{how}: a notification on each day on which a key is due"));
    if let Some(name) = elsewhere {
        terminal.hint(&format!("`{name}` is set here: your keys are found only if the whole session has it"));
    }
    installed.remains.iter().for_each(|remains| terminal.hint(remains));
    Ok(())
}

fn uninstall(terminal: &Terminal) -> Result<()> {
    let uninstalled = timer::uninstall()?;
    terminal.say(if uninstalled.removed { "reminders are uninstalled" } else { "reminders were not installed" });
    uninstalled.remains.iter().for_each(|remains| terminal.hint(remains));
    Ok(())
}

fn status(as_json: bool, terminal: &Terminal) -> Result<()> {
    let timer = timer::status()?;
    let own = config::read(&Home::find()?)?.reminders.program;
    if as_json {
        return terminal.json(&timer_as_json(&timer, own.as_deref()));
    }
    let (said, hint) = in_words(&timer);
    let mut rows = vec![vec!["reminders".to_owned(), said]];
    if let Timer::Present { program, .. } = &timer {
        rows.push(vec!["calls".into(), format!("`{}`", program.display())]);
    }
    if let Some([program, ..]) = own.as_deref() {
        rows.push(vec!["also tells".into(), format!("`{program}`")]);
    }
    terminal.table(&rows, &[])?;
    if let Some(hint) = hint {
        terminal.hint(hint);
    }
    Ok(())
}

fn in_words(timer: &Timer) -> (String, Option<&'static str>) {
    const AGAIN: &str = "put it right: `keyctl remind install`";
    match timer {
        Timer::Absent => ("not installed".into(), Some("a notification when a key is due: `keyctl remind install`")),
        Timer::Foreign(file) => (format!("`{}` is not keyctl's", file.display()), None),
        Timer::Incomplete(file) => (format!("`{}` is missing", file.display()), Some(AGAIN)),
        Timer::Present { callable: false, .. } => ("installed, but the program is gone".into(), Some(AGAIN)),
        Timer::Present { runs: Runs::Off, .. } => ("installed, but switched off".into(), Some(AGAIN)),
        Timer::Present { runs: Runs::AtLogin, .. } => ("installed; begin when you log in".into(), None),
        Timer::Present { runs: Runs::Waiting(None), .. } => ("installed, once a day".into(), None),
        Timer::Present { runs: Runs::Waiting(Some(next)), .. } => {
            (format!("installed; next on {}", next.local()), None)
        }
    }
}

fn timer_as_json(timer: &Timer, own: Option<&[String]>) -> Value {
    let word = match timer {
        Timer::Absent => "absent",
        Timer::Foreign(_) => "foreign",
        Timer::Incomplete(_) => "incomplete",
        Timer::Present { callable: false, .. } => "program gone",
        Timer::Present { runs: Runs::Off, .. } => "off",
        Timer::Present { .. } => "installed",
    };
    let (program, next) = match timer {
        Timer::Present { program, runs, .. } => {
            let next = if let Runs::Waiting(next) = runs { *next } else { None };
            (Some(program.to_string_lossy().into_owned()), next)
        }
        _ => (None, None),
    };
    json!({ "state": word, "calls": program, "next": next, "also_tells": own.and_then(|own| own.first()) })
}

/// Tells of the keys that are due: on the desktop, and to the user's own program. One of the two is enough.
fn now(once: bool, terminal: &Terminal) -> Result<()> {
    let home = Home::find()?;
    let config = config::read(&home)?;
    let now = Moment::now();
    let told = if once { read_told(&home) } else { None };
    let mut told_already = false;
    // The timer's call has nobody to unlock a keychain. What the prompt knows is told then, without names.
    let news = match open(&home, terminal) {
        Ok((kept, clock, payload)) => {
            let judged = judging::all(&payload, &config.rotation, clock);
            prompt::leave_read(&home, &kept, payload.generation, judging::summary(&judged, clock));
            let news = news(&judged, &payload, clock, told);
            told_already = news.is_none() && told.is_some() && self::news(&judged, &payload, clock, None).is_some();
            news
        }
        Err(failure) if failure.kind == Kind::Missing => None,
        Err(failure) if failure.kind != Kind::Keychain => return Err(failure),
        Err(failure) => match prompt::words_of(&home, now) {
            Some(_) if told.is_some_and(|told| told <= now && told.local_day() == now.local_day()) => {
                told_already = true;
                None
            }
            Some(words) => {
                let body = "see which: keyctl due".to_owned();
                Some(News { title: words, text: body.clone(), body, keys: Vec::new() })
            }
            None => return Err(failure),
        },
    };
    let Some(news) = news else {
        terminal.say(if told_already { "it was told already" } else { "there is nothing to remind of" });
        return Ok(());
    };
    let shown = notification::show(&news.title, &news.body)
        .map_err(|failure| failure.hint("`keyctl due` says the same in the terminal"));
    let form = if config.reminders.json { Form::Json } else { Form::Text };
    let told = config.reminders.program.as_ref().map(|command| program::tell(command, &news, form, DEADLINE));
    match (shown, told) {
        (Ok(()), told) => {
            if let Some(Err(failure)) = told {
                terminal.warn(&failure.message);
            }
            terminal.say(&format!("reminded: {}", news.title));
        }
        (Err(failure), Some(Err(other))) => return Err(failure.hint(other.message)),
        (Err(failure), Some(Ok(()))) => terminal.say(&format!("reminded by the program alone: {}", failure.message)),
        (Err(failure), None) => {
            return Err(failure
                .hint("to be told without a desktop, by a mail or a chat: `[reminders] program` in `config.toml`"));
        }
    }
    let _ = home::replace_file(&home.file(TOLD), format!("{now}\n").as_bytes(), false);
    Ok(())
}

fn open(home: &Home, terminal: &Terminal) -> Result<(Kept, Clock, Payload)> {
    let kept = opening::identity_unasked(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    let clock = Clock::of(&kept, &payload, Moment::now());
    Ok((kept, clock, payload))
}

/// When a reminder was last shown.
fn read_told(home: &Home) -> Option<Moment> {
    let (bytes, _) = home::read(&home.file(TOLD), 64).ok()??;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}

fn news(judged: &[Judged], payload: &Payload, clock: Clock, told: Option<Moment>) -> Option<News> {
    let is_news = |key: &&Judged| is_news(key, dated(payload, key), clock.judged, told);
    let mut keys: Vec<&Judged> = judged.iter().filter(is_news).collect();
    keys.sort_by_key(|key| (std::cmp::Reverse(key.outlook.state), key.moment()));
    let (first, _) = keys.split_first()?;
    let title = match keys.len() {
        1 => sentence(first, clock),
        number => format!("{} to replace", count(number, "API key")),
    };
    let mut lines: Vec<String> = keys.iter().take(NAMED).map(|key| sentence(key, clock)).collect();
    if keys.len() == 1 {
        lines.clear();
    } else if keys.len() > NAMED {
        lines.push(format!("and {} more", keys.len() - NAMED));
    }
    let way = match keys.len() {
        1 => format!("keyctl rotate {}", first.name),
        _ => "keyctl due".into(),
    };
    let dated = keys.iter().map(|key| dated_sentence(key)).chain([way.clone()]).collect::<Vec<_>>();
    lines.push(way);
    let due = |key: &&Judged| Due {
        name: key.name.to_string(),
        state: key.outlook.state.word(),
        date: key.moment().unwrap_or(clock.judged),
    };
    let keys = keys.iter().map(due).collect();
    Some(News { title, body: lines.join("\n"), text: dated.join("\n"), keys })
}

/// Since when a key has the dates that it has: since it got its secret, or since they were changed, as far as the steps tell.
fn dated(payload: &Payload, key: &Judged) -> Moment {
    let facts = &key.key.facts;
    let differs = |before: &Facts| (before.expires, before.rotate_every) != (facts.expires, facts.rotate_every);
    let changed = payload.steps.iter().filter(|step| {
        step.replaced.iter().any(|(name, _)| name == key.name)
            || step.edited.iter().any(|(name, before)| name == key.name && differs(before))
    });
    changed.map(|step| step.at).fold(facts.changed, Moment::max)
}

/// What is due is told each day until it is done or put off. What is soon due is told when it comes to be so, a week
/// before, and on the last three days: a reminder that comes every day is one that nobody reads. A day on which the
/// machine was off is made up for. It comes to be so also when it gets these dates (`dated`), or is put off no more.
fn is_news(key: &Judged, dated: Moment, now: Moment, told: Option<Moment>) -> bool {
    let Outlook { state, snoozed, soon_from, .. } = key.outlook;
    // A reminder of another time than now was told by a clock that was wrong.
    let told = told.filter(|told| *told <= now);
    if state != State::Soon && key.outlook.is_to_be_said() {
        return told.is_none_or(|told| told.local_day() != now.local_day());
    }
    let (State::Soon, None, Some(first), Some(from)) = (state, snoozed, key.moment(), soon_from) else {
        return false;
    };
    let from = [Some(dated), key.key.facts.snoozed].into_iter().flatten().fold(from, Moment::max);
    let before = |days: i64| first.seconds() - days * DAY;
    let Some(told) = told else { return true };
    [from.seconds(), before(7), before(3), before(2), before(1)]
        .into_iter()
        .any(|moment| told.seconds() < moment && moment <= now.seconds() && moment >= from.seconds())
}

fn sentence(key: &Judged, clock: Clock) -> String {
    let when = key.moment().map(|moment| moment.from_now(clock.judged)).unwrap_or_default();
    let name = key.name;
    match key.outlook.state {
        State::Expired => format!("{name} expired {when}"),
        State::Leaked => format!("{name} was found leaked {when}"),
        State::Soon if key.outlook.ends_soon() => format!("{name} expires {when}"),
        State::Soon => format!("{name} is to be replaced {when}"),
        _ => format!("{name} was to be replaced {when}"),
    }
}

/// The same with its date, which stays true however late it is read.
fn dated_sentence(key: &Judged) -> String {
    let day = key.moment().map(Moment::local_day).unwrap_or_default();
    let name = key.name;
    match key.outlook.state {
        State::Expired => format!("{name} expired on {day}"),
        State::Leaked => format!("{name} was found leaked on {day}"),
        State::Soon if key.outlook.ends_soon() => format!("{name} expires on {day}"),
        State::Soon => format!("{name} is to be replaced by {day}"),
        _ => format!("{name} was to be replaced by {day}"),
    }
}

/// Leaves keys out of all reminders for a while, or no more.
fn snooze(names: &[KeyName], all: bool, period: Option<Period>, terminal: &Terminal) -> Result<()> {
    let home = Home::find()?;
    let settings = config::read(&home)?.rotation;
    let now = Moment::now();
    let until = period.map(|period| period.after(now, &zone::here()));
    let (snoozed, awake, some_due, ending) = change(&home, terminal, now, |payload| {
        let clock = Clock { judged: judged_at(now, payload.written), ..Clock::alone(now) };
        let is_due = |key: &Judged| key.outlook.is_to_be_replaced();
        let keys = judging::all(payload, &settings, clock);
        let due: Vec<&Judged> = keys.iter().filter(|key| is_due(key)).collect();
        // What is snoozed already stays so for as long as was said; to end that, only those count.
        let meant = |key: &&&Judged| key.outlook.snoozed.is_some() == until.is_none();
        let chosen = if all { due.iter().filter(meant).map(|key| key.name.clone()).collect() } else { names.to_vec() };
        let (names, some_due) = (chosen, !due.is_empty());
        let ends = |key: &&Judged| {
            let end = key.outlook.expires.filter(|end| *end > clock.judged && until.is_some_and(|until| *end < until));
            end.filter(|_| names.contains(key.name)).map(|end| (key.name.clone(), end))
        };
        let ending: BTreeMap<KeyName, Moment> = keys.iter().filter_map(|key| ends(&key)).collect();
        let (mut changed, mut awake) = (false, Vec::new());
        payload.step(Deed::Edit, now, |edit| {
            names.iter().try_for_each(|name| {
                // The reminder of the end itself is another one than those before it, and is not put off with them.
                let until = ending.get(name).copied().or(until);
                let differs = edit.change(name, |facts| facts.snoozed = until)?;
                awake.extend((!differs && until.is_none()).then(|| name.clone()));
                changed |= differs;
                Ok(())
            })
        })?;
        let event =
            Event::new(Action::Edit, now).names(&names).note(if until.is_some() { "snoozed" } else { "not snoozed" });
        let snoozed: Vec<KeyName> = names.into_iter().filter(|name| !awake.contains(name)).collect();
        let answer = (snoozed, awake, some_due, ending);
        Ok(if changed { Outcome::changed(answer, event) } else { Outcome::AsItWas(answer) })
    })?;
    let is_whole = |name: &&KeyName| !ending.contains_key(*name);
    let listed: Vec<String> = snoozed.iter().filter(is_whole).map(|name| format!("`{name}`")).collect();
    match (listed.is_empty(), until) {
        (true, Some(_)) if !ending.is_empty() => {}
        (true, None) if !awake.is_empty() => {}
        (true, Some(_)) if some_due => terminal.say("every key that is due is snoozed already"),
        (true, None) if some_due => terminal.say("no key that is due is snoozed"),
        (true, _) => terminal.say("no key is due"),
        (false, Some(until)) => {
            terminal.say(&format!("no reminder of {} until {}", listed.join(", "), until.local()));
        }
        (false, None) => terminal.say(&format!("{} reminded of again", are(&listed))),
    }
    for name in awake {
        terminal.say(&format!("`{name}` was not snoozed"));
    }
    for (name, end) in ending {
        terminal.say(&format!("no reminder of `{name}` until {}, when its issuer ends it", end.local()));
    }
    Ok(())
}

fn are(listed: &[String]) -> String {
    format!("{} {}", listed.join(", "), if listed.len() == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::anchor::Id, rotation::Settings, secret::Secret};

    const SET_ON: i64 = 20_000;

    fn day(day: i64) -> Moment {
        Moment::from_seconds(day * DAY)
    }

    fn store() -> (KeyName, Payload) {
        let name: KeyName = "b".parse().expect("good");
        let mut payload = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
        let set = payload.step(Deed::Set, day(SET_ON), |edit| edit.set(&name, Secret::new(b"b".to_vec()), false));
        set.expect("new");
        (name, payload)
    }

    fn edit(payload: &mut Payload, name: &KeyName, at: i64, change: impl FnOnce(&mut Facts)) {
        payload.step(Deed::Edit, day(at), |edit| edit.change(name, change)).expect("there");
    }

    /// The days after the reminder of one on which the timer tells again, each being told of.
    fn told_on(payload: &Payload, name: &KeyName, mut told: i64) -> Vec<i64> {
        let mut days = Vec::new();
        for today in told + 1..told + 20 {
            let clock = Clock::alone(day(today));
            let key = Judged::new(name, &payload.keys[name], &Settings::default(), clock);
            if is_news(&key, dated(payload, &key), clock.judged, Some(day(told))) {
                days.push(today - SET_ON);
                told = today;
            }
        }
        days
    }

    #[test]
    fn a_key_that_ends_soon_when_it_is_kept_is_told_of_though_another_was_told_before() {
        let (name, mut payload) = store();
        payload.keys.get_mut(&name).expect("there").facts.expires = Some(day(SET_ON + 13));
        assert_eq!(told_on(&payload, &name, SET_ON - 1), [0, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(told_on(&payload, &name, SET_ON)[..2], [6, 10]);
    }

    #[test]
    fn a_key_that_gets_an_end_that_is_near_or_is_put_off_no_more_is_told_of_once_and_not_for_a_note() {
        let (name, mut payload) = store();
        edit(&mut payload, &name, SET_ON + 50, |facts| facts.expires = Some(day(SET_ON + 60)));
        assert_eq!(told_on(&payload, &name, SET_ON + 49)[..3], [50, 53, 57]);
        assert_eq!(told_on(&payload, &name, SET_ON + 50)[..2], [53, 57]);
        edit(&mut payload, &name, SET_ON + 51, |facts| facts.note = Some("mine".into()));
        assert_eq!(told_on(&payload, &name, SET_ON + 50)[..2], [53, 57]);
        edit(&mut payload, &name, SET_ON + 51, |facts| facts.snoozed = Some(day(SET_ON + 55)));
        assert_eq!(told_on(&payload, &name, SET_ON + 50)[..2], [55, 57]);
    }
}
