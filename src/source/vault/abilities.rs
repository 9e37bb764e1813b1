//! What a token may do (`sys/capabilities-self`), for `source test`. Nothing is read of a secret, and nothing is changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use super::{
    Vault,
    document::{Own, capabilities},
    mounts::At,
    talk::Asked,
};
use crate::{
    failure::Result,
    json::writing::Writing,
    reference::Reference,
    source::{Abilities, abilities::Ability},
};

/// A name that nobody gives a secret: who may read that may read all.
const NOBODYS: &str = "keyctl-asks-what-it-may-do";

/// What a token that only fetches needs nothing of: the path, what is asked for there, and what that means.
const FAR_MORE: [(&str, &str, &str); 5] = [
    ("sys/policies/acl/keyctl-asks-what-it-may-do", "update", "may change policies"),
    ("sys/mounts/keyctl-asks-what-it-may-do", "update", "may mount engines"),
    ("sys/auth/keyctl-asks-what-it-may-do", "update", "may mount ways to log in"),
    ("auth/token/create-orphan", "update", "may make tokens that outlive it"),
    ("sys/raw/keyctl-asks-what-it-may-do", "read", "may read what the server has on its disk"),
];

type May = BTreeMap<String, Vec<String>>;

impl Vault {
    pub(super) fn able(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        self.refuse_wrapping_token(until)?;
        let own = self.ask(Asked::get(&["auth", "token", "lookup-self"]), until)?;
        if own.status != 200 {
            return Err(self.refusal(&own, "auth/token/lookup-self", until));
        }
        let own = Own::read(&own.body).ok_or_else(|| self.talk.service.unreadable())?;
        let mut found = Abilities { who: Some(who(&own)), ..Abilities::default() };
        let mut paths: Vec<(String, At)> = Vec::new();
        let mut unsure = BTreeSet::new();
        for reference in references {
            let place = &reference.place;
            let known =
                self.mounts.known(place).map_or_else(|| self.mounts.ask(self, place, until), |at| Ok(Some(at)))?;
            let at = known.unwrap_or_else(|| {
                unsure.extend(place.segments().next().map(|first| format!("`{first}/`")));
                At::guess(place)
            });
            paths.push((at.path(place).join("/"), at));
        }
        let wide: Vec<(String, String)> = wide(references, &paths);
        let asked = paths.iter().map(|(path, _)| &**path).chain(wide.iter().map(|(path, _)| &**path));
        let may = self.may(&asked.chain(FAR_MORE.map(|(path, ..)| path)).collect::<Vec<_>>(), until)?;
        for (reference, (path, at)) in references.iter().zip(&paths) {
            let can = |what: &[&str]| has(&may, path, what);
            let write = if *at == At::Made { Some(false) } else { Some(can(&["create", "update"])) };
            // What would be refused here is not read, whatever the token may.
            let is_asked = self.check_place(&reference.place).and(self.check_keeps(&reference.place, at)).is_ok();
            let read = Some(is_asked && can(&["read"]));
            found.of.push(Ability { reference: (*reference).clone(), read, write });
            if has(&may, path, &["delete"]) && !is_root(&may, path) {
                found.more.push(format!("may delete `{}`", reference.place));
            }
        }
        if references.iter().any(|reference| reference.field.is_some()) {
            found
                .unknown
                .push("whether the fields are there: what the token may do is asked, and no secret is read".into());
        }
        if !unsure.is_empty() {
            let unsure = unsure.into_iter().collect::<Vec<_>>().join(", ");
            found
                .unknown
                .push(format!("what is mounted at {unsure}: the server does not say, and KV 2 is taken for it"));
        }
        if own.policies.iter().any(|policy| policy == "root") || FAR_MORE.iter().all(|(path, ..)| is_root(&may, path)) {
            found.more = vec!["may do everything: it is a root token".into()];
            return Ok(found);
        }
        found.more.extend(wide.iter().filter(|(path, _)| has(&may, path, &["read"])).map(|(_, what)| what.clone()));
        found.more.extend(
            FAR_MORE.iter().filter(|(path, what, _)| has(&may, path, &[what])).map(|(.., words)| (*words).to_owned()),
        );
        found.more.dedup();
        Ok(found)
    }

    /// A wrapping token is used up by its first use, so that is asked without using it.
    fn refuse_wrapping_token(&self, until: Instant) -> Result<()> {
        let session = self.session(until)?;
        let Some(token) = session.token.expose_text().filter(|_| !session.is_own) else { return Ok(()) };
        let mut body = Writing::with_room(256);
        body.raw("{\"token\":");
        body.text(token);
        body.raw("}");
        let path = ["sys", "wrapping", "lookup"];
        let answer = self.talk.ask_with(None, Asked::post(&path, &body.done()), until, true)?;
        if answer.status != 200 {
            return Ok(());
        }
        Err(self
            .talk
            .failure("knows its token as a wrapping token: it holds another one, and opens nothing itself")
            .hint("take out what it holds with `bao unwrap` or `vault unwrap`, and keep that one: `keyctl rotate`"))
    }

    fn may(&self, paths: &[&str], until: Instant) -> Result<May> {
        let mut body = Writing::with_room(1024);
        body.raw("{\"paths\":[");
        for (at, path) in paths.iter().enumerate() {
            body.raw(if at == 0 { "" } else { "," });
            body.text(path);
        }
        body.raw("]}");
        let asked = ["sys", "capabilities-self"];
        let token = &self.session(until)?.token;
        let answer = self.talk.ask_with(Some(token), Asked::post(&asked, &body.done()), until, true)?;
        if answer.status != 200 {
            return Err(self.refusal(&answer, "sys/capabilities-self", until));
        }
        capabilities(&answer.body).ok_or_else(|| self.talk.service.unreadable())
    }
}

/// Paths beside what is referenced which nobody needs: for each mount one at its top.
fn wide(references: &[&Reference], paths: &[(String, At)]) -> Vec<(String, String)> {
    let mut wide: Vec<(String, String)> = Vec::new();
    for (reference, (_, at)) in references.iter().zip(paths) {
        let mut mount: Vec<&str> = reference.place.segments().collect();
        mount.truncate(if let At::Versioned(parts) = at { *parts } else { 1 });
        let word = if at.keeps_versions() { "/data/" } else { "/" };
        let mount = mount.join("/");
        wide.push((format!("{mount}{word}{NOBODYS}"), format!("may read all that lies in `{mount}/`")));
    }
    wide.sort();
    wide.dedup();
    wide
}

fn has(may: &May, path: &str, what: &[&str]) -> bool {
    let can = may.get(path).map(Vec::as_slice).unwrap_or_default();
    can.iter().any(|can| can == "root" || what.contains(&&**can))
}

fn is_root(may: &May, path: &str) -> bool {
    may.get(path).is_some_and(|can| can.iter().any(|can| can == "root"))
}

fn who(own: &Own) -> String {
    let is_name =
        |name: &&String| name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let policies: Vec<String> = own.policies.iter().filter(is_name).map(|name| format!("`{name}`")).collect();
    let policies = match policies.as_slice() {
        [one] => format!("a token with the policy {one}"),
        [] => "a token".into(),
        many => format!("a token with the policies {}", many.join(", ")),
    };
    let end = match own.ttl {
        0 if own.expire_time.is_none() => "which never ends".to_owned(),
        seconds => format!("which ends in {}", in_words(seconds)),
    };
    let renewal = if own.renewable && own.ttl > 0 { " unless it is renewed" } else { "" };
    format!("{policies}, {end}{renewal}")
}

fn in_words(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_described_by_what_it_says_of_itself() {
        let own = |ttl, end: Option<&str>, renewable| {
            let policies = vec!["default".to_owned(), "reader".to_owned(), "\u{1b}[31m".to_owned()];
            who(&Own { policies, ttl, expire_time: end.map(str::to_owned), renewable })
        };
        assert_eq!(own(0, None, false), "a token with the policies `default`, `reader`, which never ends");
        assert_eq!(
            own(600, Some("x"), true),
            "a token with the policies `default`, `reader`, which ends in 10 minutes unless it is renewed"
        );
        assert_eq!(own(0, Some("x"), false), "a token with the policies `default`, `reader`, which ends in 0 seconds");
        assert_eq!((in_words(1), in_words(86_400 * 32)), ("1 second".into(), "32 days".into()));
    }
}
