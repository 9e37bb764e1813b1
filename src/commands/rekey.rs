//! `keyctl store rekey`: the store gets another identity, and the former one opens nothing that is written from now on.
//!
//! The order makes a kill at any point harmless. Nothing is taken away before what takes its place is on the disk:
//!
//! ```text
//! 1  the keeper has both identities; which of them is the store's is told by its file     opening.rs
//! 2  each approval is sealed for both
//! 3  the history's part under the former key is closed                                    history/rekey.rs
//! 4  the store is put in place, made for the next identity, with that key retired         the identity is changed
//! 5  the end of the history, then what else is sealed, is sealed with the next one alone
//! 6  the anchor pins the store's new seal
//! 7  the keeper has the next identity alone
//! ```
//!
//! Killed before 4 the former identity is the store's, later the next one. The next change to the store, whichever it is,
//! takes back what was done before 4 or does what is left after it ([`settle`]); reading works in any case. Until 7 is done
//! the former identity still counts: a file made for it, put in the store's place, would be taken.
//!
//! Forgotten is what `run` has reminded of today, and the marks that `versions` shows are other ones from then on: they are
//! made with the seal, which whoever opened the former store has read. A rotation that is not finished stands in the way: what lies beside the
//! store of it is sealed with the former identity. A process that asked the keeper just before and opens the store just
//! after is told to try again; what it wants to record then is noted as a gap.

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log},
    home::Home,
    identity::{
        Identity,
        anchor::Anchor,
        keeper::{Item, write_and_read_back},
        retired::Retired,
    },
    project::trust::{self, Reseal},
    store::{
        bygone::Guarded,
        file::{self, SealedFile},
        machine::{self, Machine},
        payload::Payload,
    },
    terminal::Terminal,
};

use super::{
    alerts::watch,
    caller, change, creating,
    opening::{self, Kept, Other},
    proxying, record, reminded,
    rotate::pending,
    scan::accepting,
    store, unbound,
};

/// Changes the store's identity.
///
/// # Errors
/// As keeper and store have them; `Usage` without a yes; `Negative` where a rotation is not finished.
pub fn rekey(home: &Home, yes: bool, terminal: &Terminal) -> Result<()> {
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    refuse_members(home, &payload)?;
    pending::refuse_to_rekey(home, &kept, &payload)?;
    pending::say_unreadable(home, &kept, terminal);
    drop((kept, payload));
    ask(yes, terminal)?;
    let now = Moment::now();
    let _turn = pending::turn(home)?;
    let _lock = change::lock(home)?;
    let was_cut_short = matches!(opening::identity(home)?.other, Some(Other::Former(_)));
    let (kept, payload) = creating::open_existing(home, terminal)?;
    let place = kept.record.kind().place();
    if !was_cut_short {
        refuse_members(home, &payload)?;
        pending::refuse_to_rekey(home, &kept, &payload)?;
        pending::end_what_is_over(home, &kept)?;
        // Another keeper must not go on having what is the former identity from now on.
        store::keeper::clear_former(home, &kept)?;
        change_identity(home, kept, payload, now, terminal)?;
        terminal.say(&format!("the store has a new identity; {place} keeps it, and the former one no more"));
    }
    if home.file(accepting::FILE).exists() {
        terminal.hint("what was accepted with `scan --accept` is to be accepted anew");
    }
    terminal.hint("no recovery copy opens it yet: make one with `keyctl recovery create`");
    terminal.hint("copies of `store.age` from before still open with the former identity");
    terminal.hint("if that one leaked, so did the keys in them: replace each at its issuer, `keyctl rotate NAME`");
    Ok(())
}

/// The others encrypt to the identity that they were told of. Whoever is the last one is named by it still, and what he has said
/// yes to is sealed with it: he does for himself what another member would.
fn refuse_members(home: &Home, payload: &Payload) -> Result<()> {
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    match payload.members.as_slice() {
        [] => Ok(()),
        [own] => {
            let (own, file) = (&own.name, home.store_file());
            let said = format!(
                "`{own}` is the store's only member, and a member's identity is not changed: become a second one with another"
            );
            Err(Failure::new(Kind::Usage, said)
                .hint(format!(
                    "under other names: `keyctl store join OTHER --path {} --as NAME`, and as it says",
                    file.display()
                ))
                .hint(format!("then `keyctl store recipients remove OTHER {own}`, and `keyctl store remove {name}`")))
        }
        _ => {
            Err(Failure::new(Kind::Usage, "the identity of one member of several is not changed: leave, and join anew")
                .hint(format!("have another member remove you: `keyctl store recipients remove {name} YOU`"))
                .hint(format!(
                    "then `keyctl store remove {name}`, and join again: `keyctl store join {name} --path FILE`"
                )))
        }
    }
}

fn ask(yes: bool, terminal: &Terminal) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Usage, "changing the store's identity needs a yes")
            .hint("recovery copies made so far will not open the store any more")
            .hint("without a terminal: `--yes`"));
    }
    terminal.say("the store gets a new identity; recovery copies made so far will not open it any more");
    if terminal.confirm("change the identity?")? {
        return Ok(());
    }
    Err(Failure::new(Kind::Negative, "the identity was not changed"))
}

fn change_identity(home: &Home, kept: Kept, payload: Payload, now: Moment, terminal: &Terminal) -> Result<()> {
    record::note_unconfirmed(home, &record::log(home, &kept, &payload), &kept, &payload, now, terminal);
    let next = Identity::generate();
    if let Err(failure) = write_and_read_back(kept.keeper.as_ref(), Item::Identity, &kept.identity.line_with(&next)) {
        // Whatever became of that, the former identity has to stay where it was.
        return Err(match write_and_read_back(kept.keeper.as_ref(), Item::Identity, kept.identity.line()) {
            Ok(()) => failure.hint("the identity is the one it was"),
            Err(_) => failure.hint("see whether the store still opens: `keyctl doctor`"),
        });
    }
    let note = format!("identity {} takes the place of {}", next.fingerprint(), kept.identity.fingerprint());
    let event = caller::sign(Event::new(Action::Rekey, now).note(note));
    match hand_over(home, kept, payload, next, &event, terminal) {
        Ok((kept, payload)) => finish(home, kept, &payload).map(drop).map_err(|failure| {
            failure.hint("the identity is changed; to take the former one away too: `keyctl store rekey` once more")
        }),
        Err(stopped) => {
            let Stopped { kept, log, next, is_noted, failure } = *stopped;
            // A write that failed may have put the file in place all the same; then both identities are needed.
            let is_changed =
                SealedFile::read(home).map_or(true, |sealed| sealed.is_none_or(|sealed| sealed.is_made_for(&next)));
            if is_changed {
                return Err(failure.hint("to end what was begun: `keyctl store rekey` once more"));
            }
            if is_noted {
                record::change(&log, &Event { action: Action::Failed, ..event }.outcome("not changed"), terminal);
            }
            // What cannot be taken back now is by the next change to the store.
            let _ = take_back(home, &kept, &next);
            Err(failure)
        }
    }
}

/// What is left where the identity could not be changed.
struct Stopped {
    kept: Kept,
    log: Log,
    next: Identity,
    /// Whether the history may say already that it is changed.
    is_noted: bool,
    failure: Failure,
}

/// Steps 2 to 4, and the first of 5.
fn hand_over(
    home: &Home,
    kept: Kept,
    mut payload: Payload,
    next: Identity,
    event: &Event,
    terminal: &Terminal,
) -> std::result::Result<(Kept, Payload), Box<Stopped>> {
    let log = record::log(home, &kept, &payload);
    let lines = [&kept.identity, &next].map(|identity| identity.line().expose());
    if let Err(failure) = trust::hand_over(home, lines[0], lines[1], Reseal::ForBoth) {
        return Err(Box::new(Stopped { kept, log, next, is_noted: false, failure }));
    }
    let handover = match log.hand_over(event) {
        Ok(handover) => handover,
        Err(failure) => {
            let is_noted = failure.kind != Kind::Store;
            return Err(Box::new(Stopped { kept, log, next, is_noted, failure }));
        }
    };
    // What opens the entries of another machine is of no use any more: it does not open the store either.
    let own = record::Own::of(home, &kept, &payload);
    (payload.log, payload.retired) = (own.log, own.retired.iter().map(Retired::copy).collect());
    handover.retire(&log, &mut payload.retired);
    payload.history = Some(handover.mark().to_string());
    payload.seal = next.seal_of(payload.id);
    payload.generation = payload.generation.max(kept.anchor.generation).saturating_add(1);
    payload.recovery = None;
    tidy(home, &kept, &mut payload, event);
    if let Err(failure) = change::write(home, &payload, &next, kept.print, terminal) {
        drop(handover);
        return Err(Box::new(Stopped { kept, log, next, is_noted: true, failure }));
    }
    let mark = handover.mark();
    let anchor = Anchor {
        seal: payload.seal,
        generation: payload.generation,
        entries: mark.seq,
        hash: mark.hash,
        ..kept.anchor
    };
    let kept = Kept { identity: next, anchor, other: Some(Other::Former(kept.identity)), ..kept };
    // It was just closed, so that it is whole; what keeps the head from being written is tried again.
    let log = record::log(home, &kept, &payload);
    let (added, _) = handover.to(&log);
    record::say_mended(&log, &added, terminal);
    Ok((kept, payload))
}

/// Wipes what is over, and forgets what is noted for older copies alone, which do not open with the next identity.
fn tidy(home: &Home, kept: &Kept, payload: &mut Payload, event: &Event) {
    let settings = opening::settings(home);
    let rule = unbound::guard(&settings);
    let guarded = Guarded::of(payload, &rule);
    if let Some(now) = event.moment {
        payload.tidy(now, kept.anchor.renewed());
    }
    guarded.note_wiped(payload, &rule);
    payload.forget_older_copies();
}

/// Ends a change of identity that was cut short, one way or the other. The caller holds the lock, and has opened the store.
///
/// # Errors
/// As keeper and store have them; both identities then stay where they are.
pub fn settle(home: &Home, kept: Kept, payload: &Payload, terminal: &Terminal) -> Result<Kept> {
    match &kept.other {
        None => Ok(kept),
        Some(Other::Next(next)) => {
            take_back(home, &kept, next)?;
            let event = Event::new(Action::Failed, Moment::now()).outcome("the identity was not changed");
            record::change(&record::log(home, &kept, payload), &event, terminal);
            terminal.warn("a change of the store's identity was cut short; the identity is the one it was");
            Ok(Kept { other: None, ..kept })
        }
        Some(Other::Former(_)) => {
            // After a kill it is not known whether the disk has the file that the former identity does not open.
            file::write(home, payload, &kept.identity, kept.print)?;
            let kept = finish(home, Kept { print: None, ..kept }, payload)?;
            terminal.warn("a change of the store's identity was cut short and is done now");
            Ok(kept)
        }
    }
}

/// Takes back what was done before the store was made for the next identity.
fn take_back(home: &Home, kept: &Kept, next: &Identity) -> Result<()> {
    trust::hand_over(home, next.line().expose(), kept.identity.line().expose(), Reseal::ForOne)?;
    write_and_read_back(kept.keeper.as_ref(), Item::Identity, kept.identity.line())
}

/// Steps 5 to 7, as far as they are not done. The former identity goes last: where anything before fails, it stays.
fn finish(home: &Home, kept: Kept, payload: &Payload) -> Result<Kept> {
    let Some(Other::Former(former)) = &kept.other else { return Ok(kept) };
    let log = record::log(home, &kept, payload);
    match log.take_over() {
        // A history that is not whole is not made whole by the former identity.
        Err(failure) if failure.kind != Kind::Store => return Err(failure),
        _ => {}
    }
    trust::hand_over(home, former.line().expose(), kept.identity.line().expose(), Reseal::ForOne)?;
    Machine::hand_over(home, [former, &kept.identity], payload.id)?;
    proxying::forget(home, former, payload.id)?;
    watch::reseal(home, &log);
    reminded::forget(home);
    let known = payload.history.as_ref().and_then(|mark| machine::unsigned(mark).parse::<crate::history::Mark>().ok());
    let mut anchor = Anchor { generation: payload.generation.max(kept.anchor.generation), ..kept.anchor.clone() };
    if let Some(mark) = known.filter(|mark| mark.seq > anchor.entries) {
        (anchor.entries, anchor.hash) = (mark.seq, mark.hash);
    }
    write_and_read_back(kept.keeper.as_ref(), Item::Anchor, &anchor.line())?;
    write_and_read_back(kept.keeper.as_ref(), Item::Identity, kept.identity.line())?;
    Ok(Kept { anchor, other: None, ..kept })
}
