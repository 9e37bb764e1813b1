//! `keyctl remind snooze`: keys are left out of all reminders for a while, or no more.

use std::collections::BTreeMap;

use crate::{
    commands::{
        change::{Outcome, change},
        judging::{self, Clock, Judged},
        several, stores,
    },
    config,
    date::{Moment, Period, zone},
    failure::Result,
    history::{Action, Event},
    home::Home,
    name::{KeyName, KeyPath, StoreName},
    rotation::{Settings, judged_at},
    store::{journal::Deed, payload::Payload},
    terminal::Terminal,
};

/// What became of them, in all stores.
#[derive(Default)]
struct Done {
    snoozed: Vec<KeyPath>,
    /// What was not snoozed, and was not to be any more.
    awake: Vec<KeyPath>,
    /// Whether any key is due.
    some_due: bool,
    /// What is put off only until its issuer ends it.
    ending: BTreeMap<KeyPath, Moment>,
}

/// Leaves these keys, all of one store, out of all reminders for a while, or no more; without names all that are due.
///
/// # Errors
/// As the stores have them.
pub fn snooze(
    names: Option<&[KeyPath]>,
    said: Option<&StoreName>,
    period: Option<Period>,
    terminal: &Terminal,
) -> Result<()> {
    let settings = config::read(&Home::find()?)?.rotation;
    let now = Moment::now();
    let until = period.map(|period| period.after(now, &zone::here()));
    let mut done = Done::default();
    if let Some(names) = names {
        let home = stores::of_all(names)?;
        let names: Vec<KeyName> = names.iter().map(|path| path.name().clone()).collect();
        change(&home, terminal, now, |payload| put_off(payload, Some(&names), &settings, until, now, &mut done))?;
        say(done, until, terminal);
        return Ok(());
    }
    let stores = several::homes(said)?.open(terminal)?;
    for opened in &stores.open {
        change(&opened.home, terminal, now, |payload| put_off(payload, None, &settings, until, now, &mut done))?;
    }
    say(done, until, terminal);
    stores.say_left_out("are as they were", terminal);
    stores.incomplete(false)
}

fn put_off(
    payload: &mut Payload,
    names: Option<&[KeyName]>,
    settings: &Settings,
    until: Option<Moment>,
    now: Moment,
    done: &mut Done,
) -> Result<Outcome<()>> {
    let clock = Clock { judged: judged_at(now, payload.written), ..Clock::alone(now) };
    let keys = judging::all(payload, settings, clock);
    let due: Vec<&Judged> = keys.iter().filter(|key| key.outlook.is_to_be_replaced()).collect();
    done.some_due |= !due.is_empty();
    // What is snoozed already stays so for as long as was said; to end that, only those count.
    let meant = |key: &&&Judged| key.outlook.snoozed.is_some() == until.is_none();
    let all = || due.iter().filter(meant).map(|key| key.name.clone()).collect();
    let names: Vec<KeyName> = names.map_or_else(all, <[KeyName]>::to_vec);
    let ends = |key: &Judged| {
        let end = key.outlook.expires.filter(|end| *end > clock.judged && until.is_some_and(|until| *end < until));
        end.filter(|_| names.contains(key.name)).map(|end| (key.name.clone(), end))
    };
    let ending: BTreeMap<KeyName, Moment> = keys.iter().filter_map(ends).collect();
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
    done.snoozed.extend(names.into_iter().filter(|name| !awake.contains(name)).map(KeyPath::from));
    done.awake.extend(awake.into_iter().map(KeyPath::from));
    done.ending.extend(ending.into_iter().map(|(name, end)| (name.into(), end)));
    Ok(if changed { Outcome::changed((), event) } else { Outcome::AsItWas(()) })
}

fn say(done: Done, until: Option<Moment>, terminal: &Terminal) {
    let Done { snoozed, awake, some_due, ending } = done;
    let is_whole = |name: &&KeyPath| !ending.contains_key(*name);
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
}

fn are(listed: &[String]) -> String {
    format!("{} {}", listed.join(", "), if listed.len() == 1 { "is" } else { "are" })
}
