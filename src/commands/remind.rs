//! `keyctl remind`: a notification on each day on which a key is due, from the system's own timer.

use std::{process::ExitCode, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli::{self, RemindVerb},
    config::{self, Reminders},
    date::Moment,
    failure::{Kind, Result},
    home::{self, Home},
    name::StoreName,
    reminder::{
        notification,
        program::{self, Due, Form, News},
        timer::{self, Call, Runs, State as Timer},
    },
    rotation::{Outlook, Settings, State},
    store::{facts::Facts, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    judging::{self, Clock, Judged},
    other_keyctl, prompt,
    several::{self, LeftOut, Opened, Stores},
};

mod snoozing;

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
        RemindVerb::Now { within, once } => now(within.store.as_ref(), once, terminal)?,
        RemindVerb::Snooze { names, all, store, period, off } => {
            let names = Some(&names[..]).filter(|_| !all);
            snoozing::snooze(names, store.as_ref(), Some(period).filter(|_| !off), terminal)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn install(terminal: &Terminal) -> Result<()> {
    let program = other_keyctl::path_as_called()?;
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

/// Tells of the keys of all stores that are due: on the desktop, and to the user's own program. One of the two is enough.
fn now(said: Option<&StoreName>, once: bool, terminal: &Terminal) -> Result<()> {
    let (home, homes) = (Home::find()?, several::homes(said)?);
    let config = config::read(&home)?;
    let now = Moment::now();
    let told = if once { read_told(&home) } else { None };
    // The timer's call has nobody to unlock anything. What the prompt knows of a closed store is told then, without names.
    let mut stores = homes.quietly(terminal);
    let known = Known::of(&stores, &config.rotation, now);
    let news = known.news(told, now);
    let is_told = news.is_none() && told.is_some() && known.news(None, now).is_some();
    let is_known = !known.closed.is_empty() || !stores.open.is_empty();
    if !is_known && let Some(left) = stores.left_out.pop() {
        return Err(left.failure);
    }
    // One that is only closed was told of, as far as it is known; one whose identity is gone will never open by itself.
    stores.left_out.retain(|left| left.failure.kind != Kind::Keychain || left.is_lost());
    stores.say_left_out("were not looked at", terminal);
    let Some(news) = news else {
        terminal.say(if is_told { "it was told already" } else { "there is nothing to remind of" });
        return stores.incomplete(false);
    };
    tell(&news, &config.reminders, terminal)?;
    let _ = home::replace_file(&home.file(TOLD), format!("{now}\n").as_bytes(), false);
    stores.incomplete(false)
}

fn tell(news: &News, reminders: &Reminders, terminal: &Terminal) -> Result<()> {
    let shown = notification::show(&news.title, &news.body)
        .map_err(|failure| failure.hint("`keyctl due` says the same in the terminal"));
    let form = if reminders.json { Form::Json } else { Form::Text };
    let told = reminders.program.as_ref().map(|command| program::tell(command, news, form, DEADLINE));
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
    Ok(())
}

/// What is known of the stores: of those that are open their keys, of the others what the prompt knows of them, without names.
struct Known<'s> {
    keys: Vec<(Judged<'s>, Moment)>,
    closed: Vec<String>,
}

/// When a reminder was last shown.
fn read_told(home: &Home) -> Option<Moment> {
    let (bytes, _) = home::read(&home.file(TOLD), 64).ok()??;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}

impl<'s> Known<'s> {
    fn of(stores: &'s Stores, settings: &Settings, now: Moment) -> Self {
        let mut keys = Vec::new();
        for Opened { home, kept, payload } in &stores.open {
            let of_store = judging::all(payload, settings, Clock::of(kept, payload, now));
            prompt::leave_read(home, kept, payload.generation, judging::summary(&of_store));
            keys.extend(of_store.into_iter().map(|key| {
                let dated = dated(payload, &key);
                (key, dated)
            }));
        }
        let words = |left: &LeftOut| {
            let home = left.home.as_ref().filter(|_| left.failure.kind == Kind::Keychain)?;
            let words = prompt::words_of(home, now)?;
            // Of the personal store it goes without saying.
            Some(home.store().map_or(words.clone(), |store| format!("{words} in `{store}`")))
        };
        Self { keys, closed: stores.left_out.iter().filter_map(words).collect() }
    }

    /// What is new since a reminder. What is known by numbers alone is told once a day.
    fn news(&self, told: Option<Moment>, now: Moment) -> Option<News> {
        let is_today = told.is_some_and(|told| told <= now && told.local_day() == now.local_day());
        let closed = if is_today { &[][..] } else { &self.closed[..] };
        let new = self.keys.iter().filter(|(key, dated)| is_news(key, *dated, key.at, told));
        let mut keys: Vec<&Judged> = new.map(|(key, _)| key).collect();
        keys.sort_by_key(|key| (std::cmp::Reverse(key.outlook.state), key.moment()));
        let title = match (&keys[..], closed) {
            ([], []) => return None,
            ([], [words]) => words.clone(),
            ([], _) => "API keys to replace in closed stores".to_owned(),
            ([key], _) => sentence(key),
            (keys, _) => format!("{} to replace", count(keys.len(), "API key")),
        };
        let mut lines: Vec<String> = keys.iter().take(NAMED).map(|key| sentence(key)).collect();
        if keys.len() == 1 {
            lines.clear();
        } else if keys.len() > NAMED {
            lines.push(format!("and {} more", keys.len() - NAMED));
        }
        let numbers = if keys.is_empty() && closed.len() == 1 { &[][..] } else { closed };
        let way = match (&keys[..], closed) {
            ([], _) => "see which: keyctl due".into(),
            ([key], []) => format!("keyctl rotate {}", key.name),
            _ => "keyctl due".into(),
        };
        let dated = keys.iter().map(|key| dated_sentence(key));
        let dated: Vec<String> = dated.chain(numbers.iter().cloned()).chain([way.clone()]).collect();
        lines.extend(numbers.iter().cloned());
        lines.push(way);
        let due = |key: &&Judged| Due {
            name: key.name.to_string(),
            state: key.outlook.state.word(),
            date: key.moment().unwrap_or(key.at),
        };
        let keys = keys.iter().map(due).collect();
        Some(News { title, body: lines.join("\n"), text: dated.join("\n"), keys })
    }
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

fn sentence(key: &Judged) -> String {
    let when = key.moment().map(|moment| moment.from_now(key.at)).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::anchor::Id, name::KeyName, secret::Secret, store::journal::Deed};

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
