//! Keys that a scan found in the clear are marked so in the store: all in one write, each once.
//!
//! Only a secret in use counts, only where it lies whole, and only in a form that is no chance: a part may be less than it
//! takes, and a short word may stand anywhere. What is only staged or running has gone nowhere yet.

use std::{collections::BTreeMap, path::Path};

use crate::{
    commands::change::{Outcome, change},
    date::Moment,
    failure::Result,
    history::{Action, Event},
    home::Home,
    name::KeyName,
    scan::{
        finding::{Finding, Place, What, path_within},
        needles::{Form, Which},
    },
    store::{
        facts::{LONGEST_TEXT, Leaked},
        journal::Deed,
        payload::Payload,
    },
    terminal::Terminal,
};

/// What stands for a place that cannot be told without telling a secret.
const UNTOLD: &str = "a place whose name holds a secret";

/// Marks the keys that were found and are not marked yet, and gives them. `seen` is the store as it was looked for: a key
/// that was replaced since is not the one that was found. A store that cannot be written is said and stops nothing.
pub fn mark(home: &Home, seen: &Payload, findings: &[Finding], terminal: &Terminal) -> Vec<KeyName> {
    let mut found = places(findings);
    found.retain(|name, _| seen.keys.get(name).is_some_and(|key| key.facts.leaked.is_none()));
    if found.is_empty() {
        return Vec::new();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let told = found.into_iter().map(|(name, finding)| (name, told(finding, &here, seen))).collect();
    write(home, seen, &told, terminal).unwrap_or_else(|failure| {
        terminal.warn(&format!("what was found is not marked as leaked: {}", failure.message));
        failure.hints.iter().for_each(|hint| terminal.hint(hint));
        Vec::new()
    })
}

fn write(home: &Home, seen: &Payload, found: &BTreeMap<KeyName, String>, terminal: &Terminal) -> Result<Vec<KeyName>> {
    let now = Moment::now();
    change(home, terminal, now, |payload| {
        let marked = payload.step(Deed::Leak, now, |edit| {
            let mut marked = Vec::new();
            for (name, place) in found {
                let (Some(then), Some(key)) = (seen.keys.get(name), edit.payload().keys.get(name)) else { continue };
                if key.value.same_as(&then.value) {
                    marked.extend(edit.mark_leaked(name, &Leaked { at: now, place: place.clone() })?);
                }
            }
            Ok(marked)
        })?;
        if marked.is_empty() {
            return Ok(Outcome::AsItWas(marked));
        }
        let event = Event::new(Action::Edit, now).names(&marked).note("marked as leaked");
        Ok(Outcome::changed(marked, event))
    })
}

/// Each key that was found, and its worst place: one that others have already, else the first.
fn places(findings: &[Finding]) -> BTreeMap<KeyName, &Finding> {
    let is_pushed = |finding: &Finding| finding.place.is_pushed();
    let mut places: BTreeMap<KeyName, &Finding> = BTreeMap::new();
    for finding in findings {
        let What::Key { name, which: Which::Current, form, partial: None } = &finding.what else { continue };
        let Some(name) = name.parse().ok().filter(|_| *form != Form::Word) else { continue };
        let known = places.entry(name).or_insert(finding);
        if is_pushed(finding) && !is_pushed(known) {
            *known = finding;
        }
    }
    places
}

/// A place in words that say the same wherever they are read, and no secret.
fn told(finding: &Finding, here: &Path, seen: &Payload) -> String {
    if finding.is_name() {
        return UNTOLD.to_owned();
    }
    let place = match finding.place.outermost() {
        Place::File(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            format!("{}:{}", path_within(&path, finding.place.names()).display(), finding.line)
        }
        Place::Object { pushed: true, .. } => format!("{} of {}, pushed", finding.whereabouts(), here.display()),
        _ => format!("{} of {}", finding.whereabouts(), here.display()),
    };
    if seen.keys.values().any(|key| key.value.is_within(&place)) {
        return UNTOLD.to_owned();
    }
    match place.char_indices().rev().find(|(at, _)| place.len() - at >= LONGEST_TEXT - 4) {
        // The end of a path says more than its beginning.
        Some((at, c)) => format!("…{}", &place[at + c.len_utf8()..]),
        None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::anchor::Id, secret::Secret};

    fn found(place: Place, which: Which, form: Form, partial: Option<(usize, usize)>) -> Finding {
        Finding { place, line: 3, what: What::Key { name: "A".into(), which, form, partial }, mark: None }
    }

    fn file(path: &str) -> Place {
        Place::File(path.into())
    }

    fn commit(pushed: bool) -> Place {
        Place::Object { commit: "0123456789abcdef".into(), path: ".env".into(), pushed }
    }

    fn store(secret: &str) -> Payload {
        let mut store = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
        let value = Secret::new(secret.as_bytes().to_vec());
        let name = "A".parse().expect("good");
        store.step(Deed::Set, Moment::from_seconds(0), |edit| edit.set(&name, value, false)).expect("new");
        store
    }

    #[test]
    fn only_a_whole_secret_that_is_in_use_counts() {
        for (counts, finding) in [
            (1, found(file("a"), Which::Current, Form::Raw, None)),
            (1, found(file("a"), Which::Current, Form::Base64, None)),
            (0, found(file("a"), Which::Current, Form::Raw, Some((14, 20)))),
            (0, found(file("a"), Which::Current, Form::Word, None)),
            (0, found(file("a"), Which::Former, Form::Raw, None)),
            (0, found(file("a"), Which::Revoked, Form::Raw, None)),
            (0, found(file("a"), Which::Removed, Form::Raw, None)),
        ] {
            assert_eq!(places(std::slice::from_ref(&finding)).len(), counts, "{finding:?}");
        }
    }

    #[test]
    fn the_first_place_is_noted_but_one_that_was_pushed_before_all() {
        let all = [file("a"), file("b"), commit(false), commit(true)];
        let all = all.map(|place| found(place, Which::Current, Form::Raw, None));
        let place = |findings: &[Finding]| {
            let noted = places(findings);
            told(noted.values().next().expect("one"), Path::new("/w"), &store("another"))
        };
        assert_eq!(place(&all), "0123456789ab:.env:3 of /w, pushed");
        assert_eq!(place(&all[2..3]), "0123456789ab:.env:3 of /w");
        let here = std::env::current_dir().expect("somewhere");
        assert_eq!(place(&all[..2]), format!("{}/a:3", here.display()));
    }

    #[test]
    fn a_place_tells_no_secret_and_is_cut_at_its_beginning() {
        let told = |path: &str| {
            let finding = found(file(path), Which::Current, Form::Raw, None);
            told(&finding, Path::new("/w"), &store("sk-planted-3f9a"))
        };
        assert_eq!(told("/w/sk-planted-3f9a.txt"), UNTOLD);
        let named = Finding { line: 0, ..found(file("/w/736b2d706c"), Which::Current, Form::Hex, None) };
        assert_eq!(super::told(&named, Path::new("/w"), &store("sk-planted-3f9a")), UNTOLD);
        assert_eq!(told("/w/ä.txt"), "/w/ä.txt:3");
        let long = told(&format!("/w/{}/.env", "ä".repeat(2000)));
        assert!(long.len() <= LONGEST_TEXT && long.starts_with("…ä") && long.ends_with("ä/.env:3"), "{}", long.len());
    }
}
