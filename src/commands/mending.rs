//! `keyctl history repair`: a history that cannot be continued gets a way on, and says for ever that it needed one.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log, Loss, Verdict, losses_in_words},
    home::{self, Home},
    identity::{
        anchor::{Anchor, Id},
        keeper::Item,
        retired::{Aside, Retired},
    },
    platform,
    store::payload::Payload,
    terminal::Terminal,
};

use super::{
    alerts::watch,
    caller, change, creating,
    opening::{self, Kept},
    record,
};

/// The most losses in one entry that says yes to them, so that it fits into its line.
const AT_ONCE: usize = 200;

/// Mends what the next entry would mend, seals the end anew where only that is lost, else sets the history aside and begins
/// another. What is missing then stays a doubt until it is accepted.
///
/// # Errors
/// As keeper and store have them; `Usage` without a yes; `Keychain` where only an acceptance is left to be had.
pub fn repair(home: &Home, accept: bool, yes: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let now = Moment::now();
    opening::ask_first(home)?;
    let _lock = change::lock(home)?;
    let (kept, payload) = creating::open_existing(home, terminal)?;
    let log = record::log(home, &kept, &payload);
    let mut verdict = log.verify(log.known());
    if let Verdict::NotProvable { .. } = verdict
        && let Ok(settled) = log.settle(now)
    {
        // What a crash leaves; a history that is cut or changed somewhere else is so afterwards too.
        if let Some(settled) = settled {
            record::say_mended(&log, &settled, terminal);
        }
        verdict = log.verify(log.known());
    }
    let Some(failure) = record::not_whole(&verdict) else {
        terminal.say(&format!("nothing to repair: the history is {verdict}"));
        return Ok(ExitCode::SUCCESS);
    };
    if let Verdict::Unaccepted { losses } = &verdict {
        return if accept { accept_losses(&log, losses, yes, now, terminal) } else { Err(failure.into()) };
    }
    ask(&verdict, yes, terminal)?;
    if is_unfinished(home, &kept, &payload, &log) {
        let note =
            format!("a new history; that the former one is set aside was cut short, and then this was {verdict}");
        let begun = go_over(home, &kept, payload, note, now, terminal)?;
        return said(&begun, accept, now, terminal);
    }
    if let Ok(Some(resealed)) = log.reseal(now) {
        record::say_mended(&log, &resealed, terminal);
        let _ = watch::catch_up(home, &log, terminal);
        terminal.say("sealed the end of the history anew; an entry in it says so");
        return go_on(&log, accept, now, terminal);
    }
    if !record::is_own(&kept, &payload) {
        let name = home.store().map(ToString::to_string).unwrap_or_default();
        return Err(failure
            .hint("it cannot be set aside: the store remembers that of who made it alone")
            .hint(format!("to begin another: `keyctl store remove {name}`, then join the store anew"))
            .into());
    }
    let begun = begin_another(home, &kept, payload, &log, &verdict, now, terminal)?;
    said(&begun, accept, now, terminal)
}

fn said((log, aside): &(Log, PathBuf), accept: bool, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let name = aside.file_name().unwrap_or_default().to_string_lossy();
    terminal.say(&format!("set the history aside in `{}` and began another", aside.display()));
    terminal.hint(&format!("to read it: `keyctl history --from {name}`"));
    terminal.hint(&format!("what is wrong with it: `keyctl history verify --from {name}`"));
    go_on(log, accept, now, terminal)
}

/// What is missing is accepted with the same yes, or stays a doubt.
fn go_on(log: &Log, accept: bool, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match log.verify(None) {
        Verdict::Unaccepted { losses } if accept => accept_losses(log, &losses, true, now, terminal),
        Verdict::Unaccepted { .. } => {
            terminal
                .hint("`verify` tells of what is missing until you say yes to it: `keyctl history repair --accept`");
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Records that the owner says yes to these losses and no others.
fn accept_losses(log: &Log, losses: &[Loss], yes: bool, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let words = losses_in_words(losses);
    if !yes {
        if !terminal.can_ask() {
            return Err(Failure::new(Kind::Usage, format!("this needs a yes: {words}"))
                .hint("without a terminal: `--accept --yes`")
                .into());
        }
        terminal.warn(&format!("the history is not provable: {words}"));
        if !terminal.confirm("do you know of that, and shall the rest count as intact?")? {
            return Err(Failure::new(Kind::Negative, "nothing was accepted").into());
        }
    }
    for some in losses.chunks(AT_ONCE) {
        let numbers = some.iter().map(|loss| loss.noted).collect();
        let note = format!("accepted: {}", losses_in_words(some));
        let event = caller::sign(Event::new(Action::Repair, now).of(numbers).note(note));
        record::append(log, &[&event], true, home::LOCK_DEADLINE, terminal)?;
    }
    terminal.say(&format!("accepted: {words}"));
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

/// A new log under a new id: the old one can then not be put back as if nothing had been. What opens the old one stays in
/// the store. That another one is to begin is in the store before anything is moved, so that a kill or a full disk anywhere
/// in between leaves a history that is not whole: it has the files of another one, or none, and whoever makes its first entry
/// says first that it was begun anew. Gives the new log, and the folder of the old one.
fn begin_another(
    home: &Home,
    kept: &Kept,
    mut payload: Payload,
    old: &Log,
    verdict: &Verdict,
    now: Moment,
    terminal: &Terminal,
) -> Result<(Log, PathBuf)> {
    let folder = old.free_name(now, &payload.aside);
    if let Some(machine) = record::machine(home, kept, &payload, terminal)? {
        // The history of another machine goes on under the id that the store has.
        let own = record::Own::of(home, kept, &payload);
        // That was cut short before anything was moved, and is gone on with.
        let is_there =
            own.aside.last().is_some_and(|last| last.log == own.log && old.fits_into(&home.data().join(&last.folder)));
        let retired = own.retired.iter().map(Retired::copy).collect();
        if !is_there {
            payload.aside.push(Aside { machine: Some(machine.id().to_owned()), ..old.to_aside(folder, retired) });
        }
    } else {
        // The new log begins with the identity that there is.
        let retired = std::mem::take(&mut payload.retired);
        payload.aside.push(old.to_aside(folder, retired));
        payload.log = Id::random()?;
    }
    payload.generation = payload.generation.max(kept.anchor.generation) + 1;
    payload.history = None;
    change::write(home, &payload, &kept.identity, kept.print, terminal)?;
    let note = format!("a new history; the former one was {verdict}");
    go_over(home, kept, payload, note, now, terminal)
}

/// Whether a history was about to be set aside and another to begin, of which nothing is there yet.
fn is_unfinished(home: &Home, kept: &Kept, payload: &Payload, log: &Log) -> bool {
    let fits = |aside: &&Aside| log.fits_into(&home.data().join(&aside.folder));
    payload.history.is_none() && record::Own::of(home, kept, payload).aside.last().is_some_and(fits) && !log.opens()
}

/// Goes over from the history that the store has set aside to the one that it has now.
fn go_over(
    home: &Home,
    kept: &Kept,
    mut payload: Payload,
    note: String,
    now: Moment,
    terminal: &Terminal,
) -> Result<(Log, PathBuf)> {
    let own = record::Own::of(home, kept, &payload);
    let lying_here = own.aside.last().and_then(|aside| Some((*aside, Log::set_aside_in(home.data(), aside)?)));
    let Some((aside, old)) = lying_here else {
        return Err(Failure::new(Kind::Store, "what the store knows of the former history cannot be read"));
    };
    let folder = home.data().join(&aside.folder);
    old.set_aside(&folder)?;
    let log = own.log;
    if aside.machine.is_some()
        && let Some(machine) = record::machine(home, kept, &payload, terminal)?
    {
        machine.begin_another(home, &kept.identity, &payload, platform::system_id().as_deref())?;
    }
    let anchor = Anchor { entries: 0, hash: [0; 32], day: now.day(), generation: payload.generation, ..kept.anchor };
    kept.keeper.write(Item::Anchor, &anchor.line())?;
    let first = caller::sign(Event { moment: Some(now), ..Event::beginning_anew(note) });
    let log = Log::new(home.data(), log.0, kept.identity.line().expose()).beginning_with(Some(first));
    watch::carry_over(home, &old, &log);
    let mark = record::append(&log, &[], true, home::LOCK_DEADLINE, terminal)?.mark;
    let _ = watch::catch_up(home, &log, terminal);
    // From now on the store knows that it has begun.
    payload.history = Some(record::for_the_store(home, kept, &payload, &mark, terminal));
    payload.generation += 1;
    // What was read may be what was written just now.
    change::write(home, &payload, &kept.identity, None, terminal)?;
    let anchor = Anchor { entries: mark.seq, hash: mark.hash, generation: payload.generation, ..anchor };
    kept.keeper.write(Item::Anchor, &anchor.line())?;
    Ok((log, folder))
}
