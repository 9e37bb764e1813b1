//! Bringing a former secret back where it lies: its version is written there once more, as the newest, over just the one that was
//! seen. Nothing is taken away, so the one that was replaced can come back in the same way.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli,
    commands::{
        change::{Outcome, change},
        opening::Kept,
        using,
        versions::{changed_meanwhile, need_yes},
    },
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    reference::Remote,
    secret::Secret,
    store::{
        journal::Deed,
        payload::{Key, Payload},
    },
    terminal::Terminal,
};

use super::{
    Asking, hold_to_store,
    writing::{Desk, Seen, Unwritten, refuse_pinned},
};

/// A former version that is to be the newest again.
pub struct Back {
    name: KeyName,
    /// Where the key's secret lies.
    now: Remote,
    /// The version that it had.
    then: Remote,
}

impl Back {
    /// If the former secret of this number is a version of what the key refers to.
    #[must_use]
    pub fn of(payload: &Payload, name: &KeyName, number: usize) -> Option<Self> {
        let now = payload.keys.get(name).and_then(Key::remote)?;
        let version = payload.versions_of(name).into_iter().nth(number.checked_sub(1)?)?;
        let then = version.remote()?;
        then.is_version_of(&now).then(|| Self { name: name.clone(), now, then })
    }

    /// Writes it there, and notes it.
    ///
    /// # Errors
    /// As source and store have them; `Usage` without a yes.
    pub fn bring(
        self,
        home: &Home,
        config: &Config,
        (kept, payload): (&Kept, &Payload),
        arguments: &cli::Rollback,
        terminal: &Terminal,
    ) -> anyhow::Result<ExitCode> {
        let Self { name, now, then } = self;
        refuse_pinned(&name, &now)?;
        let (source, number) = (&now.source, then.reference.place.version.clone().unwrap_or_default());
        let doing = format!("writing a former secret of `{name}` to source `{source}`");
        need_yes(arguments.yes, terminal, &doing, || {
            format!(
                "write version {number} of `{name}` to source `{source}` again, as the newest? The current one is kept there"
            )
        })?;
        let event = || Event::new(Action::Rollback, Moment::now()).names([&name]);
        let asking = Asking { config, offline: false, event: &event, terminal };
        hold_to_store(config, home, &name, &now)?;
        let (desk, former, seen) = look(&name, &now, &then, asking).inspect_err(|failure| {
            let event = event().not_given(None, &failure.message);
            using::record_refusal(home, kept, payload, event, config, terminal);
        })?;
        if seen.value.as_ref().is_some_and(|value| value.same_as(&former)) {
            let said = format!("source `{source}` has that secret of `{name}` as its newest; nothing was written");
            return Err(Failure::new(Kind::Negative, said).into());
        }
        let written = desk.write(&now.reference, &former, &seen).map_err(Unwritten::failure)?;
        let moment = Moment::now();
        change(home, terminal, moment, |payload| {
            if payload.keys.get(&name).and_then(Key::remote).as_ref() != Some(&now) {
                return Err(changed_meanwhile(
                    &name,
                    "the source has the former secret, and the store has no note of it",
                ));
            }
            let before = written.replaced(&now, &seen);
            payload.step(Deed::Rollback, moment, |edit| edit.note_written(&name, before, Some(&then), None))?;
            Ok(Outcome::changed((), event()))
        })?;
        written.say_of_other(&now, terminal);
        if arguments.json {
            terminal.json(&json!({ "name": name.as_str(), "since": moment, "was_removed": false }))?;
        } else {
            let new = written.version.map(|version| format!(", as version {}", version.0)).unwrap_or_default();
            terminal.say(&format!("source `{source}` has version {number} of `{name}` again{new}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens the source; the former secret, and what lies there now.
fn look(name: &KeyName, now: &Remote, then: &Remote, asking: Asking) -> Result<(Desk, Secret, Seen)> {
    let source = &now.source;
    let desk = Desk::open(source, asking)?;
    let former = desk.look(&then.reference)?.value.ok_or_else(|| {
        let number = then.reference.place.version.clone().unwrap_or_default();
        Failure::new(Kind::Remote, format!("source `{source}` has version {number} of `{name}` no more"))
            .hint(format!("see what there is: `keyctl versions {name}`"))
    })?;
    let seen = desk.look(&now.reference)?;
    Ok((desk, former, seen))
}
