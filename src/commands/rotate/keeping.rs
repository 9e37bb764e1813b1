//! The new secrets on their way into the store, and what is said when they are there.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    commands::{
        change::{Outcome, change},
        details,
    },
    date::{Moment, Period},
    failure::Result,
    history::Event,
    name::KeyName,
    rotation::{Plan, judged_at},
    secret::Secret,
    store::{facts::Facts, journal::Deed, payload::Payload},
};

use super::{Scene, copies::Copies, means::AT_AWS, touched::Touched};

/// A new secret, for the store.
pub(super) struct New {
    pub name: KeyName,
    pub value: Secret,
    /// How much longer than the overlap its former one is kept.
    pub longer: Option<Period>,
}

/// A key that was replaced, or two that belong together.
pub(super) struct Done {
    names: Vec<KeyName>,
    by: &'static str,
    facts: Facts,
    rotate_by: Option<Moment>,
    /// When the former secret was to end.
    former_end: Option<Moment>,
    kept_until: Option<Moment>,
    copies: Option<Copies>,
    twins: Vec<KeyName>,
}

/// Puts new secrets into the store in one step. What the store holds already stays as it is: then somebody has done
/// this before. `look` sees the store as it is by then, and may keep more in it. What is said of all is read off the last one.
pub(super) fn keep(
    scene: &Scene,
    new: &[New],
    plan: &Plan,
    usual_overlap: Option<Period>,
    by: &'static str,
    look: impl FnOnce(&mut Payload) -> Result<()>,
    event: impl FnOnce(Moment) -> Event,
) -> Result<Done> {
    let now = Moment::now();
    let end = |new: &New| {
        let own_end = details::of_secret(&new.name, &new.value, scene.terminal);
        details::say_of_own_end(scene.expires, own_end, scene.terminal);
        scene.expires.or(own_end)
    };
    let ends: Vec<Option<Moment>> = new.iter().map(end).collect();
    let Replaced { facts, kept_until, former_end } = change(&scene.home, scene.terminal, now, |payload| {
        let holds = |new: &New| Ok(payload.key(&new.name)?.value.same_as(&new.value));
        if new.iter().map(holds).collect::<Result<Vec<bool>>>()?.iter().all(|holds| *holds) {
            return Ok(Outcome::AsItWas(state(payload, new)?));
        }
        look(payload)?;
        // A clock that is behind would end the overlap before it has begun.
        let until = scene.overlap(plan, usual_overlap, judged_at(now, payload.written));
        payload.step(Deed::Rotate, now, |edit| {
            for (New { name, value, longer }, end) in new.iter().zip(&ends) {
                let until = longer.map_or(until, |longer| until.map(|until| longer.after(until, &TimeZone::UTC)));
                // A copy: should the store not be written, the caller still has it.
                edit.replace(name, value.copy(), until)?;
                edit.change(name, |facts| facts.expires = *end)?;
            }
            Ok(())
        })?;
        for new in new {
            details::warn_of_texts(&new.value, payload, scene.terminal);
        }
        let names = new.iter().map(|new| &new.name);
        Ok(Outcome::changed(state(payload, new)?, event(now).names(names).reason(scene.arguments.reason.as_ref())))
    })?;
    let rotate_by = plan.every.map(|every| every.after(facts.changed, &TimeZone::UTC));
    let names = new.iter().map(|new| new.name.clone()).collect();
    Ok(Done { names, by, facts, rotate_by, former_end, kept_until, copies: None, twins: Vec::new() })
}

/// A key after its replacement.
struct Replaced {
    facts: Facts,
    /// Until when the former secret is kept.
    kept_until: Option<Moment>,
    /// When the former secret was to end.
    former_end: Option<Moment>,
}

fn state(payload: &Payload, new: &[New]) -> Result<Replaced> {
    let key = payload.key(&new[new.len() - 1].name)?;
    let former = key.former.last();
    Ok(Replaced {
        facts: key.facts.clone(),
        kept_until: former.and_then(|former| former.wipe),
        former_end: former.and_then(|former| former.expires),
    })
}

impl Done {
    /// A key whose new secret lies in a source.
    #[cfg(feature = "sources")]
    pub(super) fn at_source(
        name: KeyName,
        by: &'static str,
        facts: Facts,
        every: Option<Period>,
        kept_until: Option<Moment>,
    ) -> Self {
        let rotate_by = every.map(|every| every.after(facts.changed, &TimeZone::UTC));
        Self { names: vec![name], by, facts, rotate_by, former_end: None, kept_until, copies: None, twins: Vec::new() }
    }

    /// With the places where the former secret still lies, and the keys that still hold it.
    pub(super) fn with(self, touched: Touched) -> Self {
        Self { copies: touched.copies, twins: touched.twins, ..self }
    }

    /// Says what is now.
    pub(super) fn tell(&self, scene: &Scene) {
        if !scene.arguments.json {
            scene.terminal.say(&self.words());
        }
        // Access keys of AWS have no end of their own.
        if let Some(name) = self.names.last().filter(|_| self.by != AT_AWS) {
            details::say_of_new_secret(name, &self.facts, self.former_end, scene.terminal);
        }
        for twin in &self.twins {
            scene.terminal.warn(&format!("`{twin}` still holds the former secret"));
        }
        let (places, more) = self.copies.as_ref().map(Copies::places).unwrap_or_default();
        if !places.is_empty() {
            scene.terminal.say_lines("files that still hold the former secret:", &places);
        }
        if let Some(more) = more {
            scene.terminal.warn(&format!("and {more}"));
        }
    }

    fn words(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        let former = match self.kept_until {
            Some(until) if self.by == AT_AWS => {
                format!("the old one is switched off, and `keyctl rotate --due` deletes it from {} on", until.local())
            }
            Some(until) => format!("its former secret is kept until {}", until.local()),
            None => "its former secret is kept".to_owned(),
        };
        let expires = self.facts.expires.map(|moment| format!("; expires {}", moment.local())).unwrap_or_default();
        let next =
            self.rotate_by.map(|moment| format!("; to be replaced again by {}", moment.local())).unwrap_or_default();
        format!("replaced {}; {former}{expires}{next}", names.join(" and "))
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "names": self.names.iter().map(KeyName::to_string).collect::<Vec<_>>(), "done": "replaced", "by": self.by,
            "changed": self.facts.changed, "expires": self.facts.expires, "rotate_by": self.rotate_by,
            "former_kept_until": self.kept_until, "copies": self.copies.as_ref().map(Copies::json),
            "same_secret": self.twins.iter().map(KeyName::as_str).collect::<Vec<_>>(),
        })
    }
}
