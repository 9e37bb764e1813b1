//! Whether a request goes through: what is asked, held against the keys that stand in it and their rules.

use hyper::{HeaderMap, header::HeaderName};
use memchr::memmem;

use super::{
    super::{foreign, inject, refusal::Refusal, rule::Rule, signing},
    Asked, Gate, Guarded, MOST_WAITING, Ordering, Pass, Way,
};

impl Gate {
    /// Whether a request goes through, and the keys of which placeholders stand in it. Nothing is used up by that:
    /// [`Gate::take`] does it, once all else is decided.
    pub fn judge(&self, asked: &Asked, headers: &HeaderMap) -> (Vec<usize>, Result<Pass, Refusal>) {
        let found = inject::find(headers, &self.placeholders());
        let in_address = self.keys_in(asked.path.as_bytes()).into_iter().chain(self.keys_in(asked.query.as_bytes()));
        let mut keys: Vec<usize> = found.iter().map(|(key, _)| *key).chain(in_address).collect();
        keys.sort_unstable();
        keys.dedup();
        let judged = self.weigh(asked, headers, &found, &keys);
        (signing::used(&self.guarded, &keys), judged)
    }

    /// The keys whose placeholders stand in this.
    #[must_use]
    pub fn keys_in(&self, text: &[u8]) -> Vec<usize> {
        let is_in = |key: &Guarded| memmem::find(text, key.placeholder.as_bytes()).is_some();
        self.guarded.iter().enumerate().filter(|(_, key)| is_in(key)).map(|(at, _)| at).collect()
    }

    fn weigh(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        found: &[(usize, HeaderName)],
        keys: &[usize],
    ) -> Result<Pass, Refusal> {
        if self.is_shut.load(Ordering::Relaxed) || self.waiting.load(Ordering::Relaxed) > MOST_WAITING {
            return Err(Refusal::Unrecorded);
        }
        let Asked { host, port, .. } = *asked;
        // No key goes out in the clear, whoever has a rule for that port.
        if keys.iter().any(|key| asked.is_plain || self.rules_of(*key, host, port).next().is_none()) {
            return Err(Refusal::Elsewhere);
        }
        if keys.iter().any(|key| !found.iter().any(|(other, _)| other == key)) {
            return Err(if signing::is_presigned(asked.query) { signing::PRESIGNED } else { Refusal::InAddress });
        }
        signing::hold(&self.guarded, found)?;
        if keys.is_empty() {
            return self.weigh_without_key(asked, headers);
        }
        let keys = &signing::used(&self.guarded, keys);
        // The one placeholder may stand there for show, and the request be another's.
        if self.strict && foreign::is_any(asked, headers, &self.placeholders()) {
            return Err(Refusal::OwnKey);
        }
        let mut pass = Pass { keys: keys.clone(), ..Pass::default() };
        for key in keys {
            let names: Vec<&HeaderName> =
                found.iter().filter(|(other, _)| other == key).map(|(_, name)| name).collect();
            let (number, rule) = self.fitting(*key, asked, &names)?;
            self.hold_standing(*key)?;
            // Two keys whose rules lead to other places: one of them would go where only the other's rule says.
            let first = pass.by.and_then(|by| self.rule(by));
            if first.is_some_and(|first| (&first.ca, &first.address) != (&rule.ca, &rule.address)) {
                return Err(Refusal::Elsewhere);
            }
            pass.by = pass.by.or(Some((*key, number)));
            pass.rules.push(number);
            pass.max_body = pass.max_body.into_iter().chain(rule.max_body).min();
        }
        Ok(pass)
    }

    /// The first rule of a key that has all of this, whichever way it came: an address says the host alone, or the command would
    /// choose whose limit counts. Where none has, what the first of them lacks.
    fn fitting(&self, key: usize, asked: &Asked, names: &[&HeaderName]) -> Result<(usize, &Rule), Refusal> {
        let mut lacks = None;
        for (number, rule) in self.rules_of(key, asked.host, asked.port) {
            match hold(rule, asked, names) {
                Ok(()) => return Ok((number, rule)),
                Err(why) => lacks = lacks.or(Some(why)),
            }
        }
        Err(lacks.unwrap_or(Refusal::Elsewhere))
    }

    /// What has no key of this run goes to the proxy's own addresses never, and elsewhere where that may be reached at all.
    fn weigh_without_key(&self, asked: &Asked, headers: &HeaderMap) -> Result<Pass, Refusal> {
        if matches!(asked.way, Way::Base(..)) {
            return Err(Refusal::NoKey);
        }
        let keys = 0..self.guarded.len();
        let about: Vec<((usize, usize), &Rule)> = keys
            .flat_map(|key| self.rules_of(key, asked.host, asked.port).map(move |(number, rule)| ((key, number), rule)))
            .collect();
        if self.strict && (about.is_empty() || asked.is_plain) {
            return Err(Refusal::Host);
        }
        if self.strict && foreign::is_any(asked, headers, &[]) {
            return Err(Refusal::OwnKey);
        }
        let Some((_, first)) = about.first() else { return Ok(Pass::default()) };
        match about.iter().find(|(_, rule)| hold(rule, asked, &[]).is_ok()) {
            Some((by, rule)) => Ok(Pass { by: Some(*by), max_body: rule.max_body, ..Pass::default() }),
            None => hold(first, asked, &[]).map(|()| Pass::default()),
        }
    }
}

/// Holds a request against a rule.
fn hold(rule: &Rule, asked: &Asked, headers: &[&HeaderName]) -> Result<(), Refusal> {
    if rule.header.as_ref().is_some_and(|only| headers.iter().any(|name| name.as_str() != only)) {
        return Err(Refusal::Header);
    }
    if !rule.allows_method(asked.method) {
        return Err(Refusal::Method);
    }
    if !rule.allows_path(asked.path) {
        return Err(Refusal::Path);
    }
    if rule.max_body.zip(asked.length).is_some_and(|(most, length)| length > most) {
        return Err(Refusal::TooLarge);
    }
    Ok(())
}
