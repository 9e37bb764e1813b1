//! `keyctl history repair`: a history that cannot be continued gets a way on, and says for ever that it needed one.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log, Verdict},
    home::Home,
    identity::{
        anchor::{Anchor, Id},
        keeper::Item,
    },
    store::payload::Payload,
    terminal::Terminal,
};

use super::{alerts::watch, change, creating, opening::Kept, record};

/// Seals the end anew where only that is lost; else sets the history aside and begins another.
///
/// # Errors
/// As keeper and store have them; `Usage` without a yes.
pub fn repair(home: &Home, yes: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let now = Moment::now();
    let _lock = change::lock(home)?;
    let (kept, payload) = creating::open_existing(home, terminal)?;
    let log = record::log(home, &kept, &payload);
    let verdict = log.verify(record::known(&kept.anchor));
    if let Verdict::Intact { .. } = verdict {
        terminal.say(&format!("nothing to repair: the history is {verdict}"));
        return Ok(ExitCode::SUCCESS);
    }
    ask(&verdict, yes, terminal)?;
    if matches!(log.reseal(now), Ok(Some(_))) {
        let _ = watch::catch_up(home, &log, terminal);
        terminal.say("sealed the end of the history anew; an entry in it says so");
        return Ok(ExitCode::SUCCESS);
    }
    let aside = begin_another(home, &kept, payload, &log, &verdict, now, terminal)?;
    terminal.say(&format!("set the history aside in `{}` and began another", aside.display()));
    Ok(ExitCode::SUCCESS)
}

fn ask(verdict: &Verdict, yes: bool, terminal: &Terminal) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Usage, "repairing the history needs a yes").hint("without a terminal: `--yes`"));
    }
    terminal.warn(&format!("the history is {verdict}"));
    if terminal.confirm("go on from what can be relied on? What is missing stays missing")? {
        return Ok(());
    }
    Err(Failure::new(Kind::Negative, "nothing was repaired"))
}

/// A new log under a new id: the old one can then not be put back as if nothing had been. The anchor forgets the old log
/// first, so that a kill in between leaves a store whose history begins anew. Gives the folder of the old one.
fn begin_another(
    home: &Home,
    kept: &Kept,
    mut payload: Payload,
    old: &Log,
    verdict: &Verdict,
    now: Moment,
    terminal: &Terminal,
) -> Result<PathBuf> {
    let anchor = Anchor { entries: 0, hash: [0; 32], day: now.day(), ..kept.anchor.clone() };
    kept.keeper.write(Item::Anchor, &anchor.line())?;
    let aside = old.set_aside(now)?;
    payload.log = Id::random()?;
    // What they open was set aside, and the new log begins with the identity that there is.
    payload.retired.clear();
    payload.generation = payload.generation.max(kept.anchor.generation) + 1;
    payload.history = None;
    change::write(home, &payload, &kept.identity, terminal)?;
    let log = Log::new(home.data(), payload.log.0, kept.identity.line().expose());
    let event = Event::new(Action::Repair, now).note(format!("a new history; the former one was {verdict}"));
    watch::carry_over(home, old, &log);
    let mark = record::change(&log, &event, terminal);
    let _ = watch::catch_up(home, &log, terminal);
    let anchor = Anchor { generation: payload.generation, ..anchor };
    let anchor = mark.map_or(anchor.clone(), |mark| Anchor { entries: mark.seq, hash: mark.hash, ..anchor });
    kept.keeper.write(Item::Anchor, &anchor.line())?;
    Ok(aside)
}
