//! Keys taken out of the store for use: all are there or none is used, and the use is recorded first.

use std::path::{Path, PathBuf};

use crate::{
    alert::End,
    config::Config,
    failure::{Failure, Kind, Result},
    history::Event,
    home::Home,
    name::KeyName,
    store::payload::Payload,
    terminal::Terminal,
};

use super::{
    alerts::watch::{Use, Watch},
    caller,
    opening::{self, Kept},
    record::{self, Strictness},
};

/// Some keys of the store, and what is needed to record their use.
pub struct Used {
    /// Where they are kept.
    pub home: Home,
    /// What their keeper gave.
    pub kept: Kept,
    /// The keys that were asked for, and no others.
    pub payload: Payload,
    /// The folder of the project that asks for them, where one does.
    pub project: Option<PathBuf>,
    /// Those of them that have ended and are given all the same.
    pub ended: Vec<(KeyName, End)>,
    /// Those of them that go by the proxy: what stands here as their secrets are placeholders.
    pub proxied: Vec<KeyName>,
}

/// Opens the store and takes these keys out.
///
/// # Errors
/// As opening has them; `Missing` names every key that is not there.
pub fn keys(home: &Home, wanted: &[&KeyName], terminal: &Terminal) -> Result<Used> {
    let kept = opening::identity(home)?;
    keys_of(home, kept, wanted, &[], terminal)
}

/// Like [`keys`], with an identity at hand and keys that may be missing.
///
/// # Errors
/// As [`keys`].
pub fn keys_of(
    home: &Home,
    kept: Kept,
    wanted: &[&KeyName],
    optional: &[&KeyName],
    terminal: &Terminal,
) -> Result<Used> {
    let text = opening::store(home, &kept, terminal)?;
    let payload = text.pick(wanted)?;
    let lacking = payload.lacking(wanted.iter().copied().filter(|name| !optional.contains(name)));
    if let [name] = lacking.iter().collect::<Vec<_>>()[..] {
        // The whole store is read only now, to name what may have been meant.
        return Err(text.read()?.missing(name));
    }
    if !lacking.is_empty() {
        if let Some(name) = lacking.iter().find(|name| name.looks_like_a_secret()) {
            return Err(payload.missing(name));
        }
        let names: Vec<String> = lacking.iter().map(|name| format!("`{name}`")).collect();
        return Err(Failure::new(Kind::Missing, format!("no keys named {}", names.join(", ")))
            .hint("keep each with `keyctl set NAME`"));
    }
    Ok(Used { home: home.clone(), kept, payload, project: None, ended: Vec::new(), proxied: Vec::new() })
}

/// A store that is open, and for whom keys of it are used.
#[derive(Clone, Copy)]
pub struct Opened<'o> {
    /// Where it is.
    pub home: &'o Home,
    /// What its keeper gave.
    pub kept: &'o Kept,
    /// What was read of it.
    pub payload: &'o Payload,
    /// The folder of the project that asks, where one does.
    pub project: Option<&'o Path>,
    /// The keys that have ended and are given all the same.
    pub ended: &'o [(KeyName, End)],
    /// The keys that go by the proxy.
    pub proxied: &'o [KeyName],
}

impl<'o> Opened<'o> {
    /// Of which no project asks for keys.
    #[must_use]
    pub fn by_nobody(home: &'o Home, kept: &'o Kept, payload: &'o Payload) -> Self {
        Self { home, kept, payload, project: None, ended: &[], proxied: &[] }
    }

    /// Records a use, before it happens, and tells of it if it is unusual. Gives the number of its entry, if it has one.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record(self, event: Event, config: &Config, terminal: &Terminal) -> Result<Option<u64>> {
        self.write_down(event, config.into(), config, terminal)
    }

    /// Records that keys were refused. That they are does not hang on its being written down.
    pub fn record_refusal(self, event: Event, config: &Config, terminal: &Terminal) {
        let _ = self.write_down(event, Strictness::default(), config, terminal);
    }

    /// Records a use from this place, and tells of it if it is unusual. Gives the number of its entry, if it has one.
    fn write_down(
        self,
        event: Event,
        strictness: Strictness,
        config: &Config,
        terminal: &Terminal,
    ) -> Result<Option<u64>> {
        let Self { home, kept, payload, project, ended, proxied: _ } = self;
        let log = &record::log(home, kept, payload);
        let event = caller::sign(event);
        let watch = Watch { home, log, settings: &config.alerts, terminal };
        let place = Use { event: &event, project, ended };
        let sight = watch.look_at(&place);
        let recorded = record::usage(home, kept, log, &sight.entries(&event), strictness, terminal);
        let after = sight.told_after() as u64;
        watch.tell(&place, sight, &recorded);
        recorded.map(|recorded| recorded.last().map(|last| last - after))
    }
}

impl Used {
    /// It as a store that is open.
    #[must_use]
    pub fn opened(&self) -> Opened<'_> {
        let Self { home, kept, payload, project, ended, proxied } = self;
        Opened { home, kept, payload, project: project.as_deref(), ended, proxied }
    }

    /// Records the use, before it happens, and tells of it if it is unusual. Gives the number of its entry, if it has one.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record(&self, event: Event, config: &Config, terminal: &Terminal) -> Result<Option<u64>> {
        self.opened().record(event, config, terminal)
    }

    /// Records that keys were refused. That they are does not hang on its being written down.
    pub fn record_refusal(&self, event: Event, config: &Config, terminal: &Terminal) {
        self.opened().record_refusal(event, config, terminal);
    }

    /// Records that a use came to nothing after all, as good as that can be done now.
    pub fn record_failure(&self, event: Event, terminal: &Terminal) {
        let log = record::log(&self.home, &self.kept, &self.payload);
        let strictness = Strictness::default();
        // What cannot be recorded is said; the failure itself comes after that.
        let _ = record::usage(&self.home, &self.kept, &log, &[&caller::sign(event)], strictness, terminal);
    }
}

/// Records that a key was refused which was not taken out, but was to be replaced: to replace it is a use too.
pub fn record_refusal(home: &Home, kept: &Kept, payload: &Payload, event: Event, config: &Config, terminal: &Terminal) {
    Opened::by_nobody(home, kept, payload).record_refusal(event, config, terminal);
}
