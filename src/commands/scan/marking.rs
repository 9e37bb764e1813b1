//! Keys that a scan found in the clear are marked so in their stores: all of one in one write, each once.
//!
//! Only a secret in use counts, only where it lies whole, and only in a form that is no chance: a part may be less than it
//! takes, and a short word may stand anywhere. What is only staged or running has gone nowhere yet.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    commands::change::{Outcome, change},
    date::Moment,
    failure::Result,
    history::{Action, Event},
    home::Home,
    name::{KeyName, KeyPath, StoreName},
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

/// Marks the keys of a store that were found and are not marked yet, and gives them. `seen` are all stores as they were looked
/// for: a key that was replaced since is not the one that was found. A store that cannot be written is said and stops nothing.
pub fn mark(
    home: &Home,
    seen: &BTreeMap<Option<&StoreName>, &Payload>,
    findings: &[Finding],
    terminal: &Terminal,
) -> Vec<KeyPath> {
    let store = home.store().map(Arc::as_ref);
    let Some(own) = seen.get(&store) else { return Vec::new() };
    let mut found = places(findings, store);
    found.retain(|name, _| own.keys.get(name).is_some_and(|key| key.facts.leaked.is_none()));
    if found.is_empty() {
        return Vec::new();
    }
    let here = std::env::current_dir().unwrap_or_default();
    // Others may open this store: they get to know no secret of another one.
    let all: Vec<&Payload> = seen.values().copied().collect();
    let told = found.into_iter().map(|(name, finding)| (name, told(finding, &here, &all))).collect();
    let marked = write(home, own, &told, terminal).unwrap_or_else(|failure| {
        let failure = if let Some(store) = store { failure.of_store(store.as_str()) } else { failure };
        terminal.warn(&format!("what was found is not marked as leaked: {}", failure.message));
        failure.hints.iter().for_each(|hint| terminal.hint(hint));
        Vec::new()
    });
    marked.into_iter().map(KeyPath::from).collect()
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

/// Each key of a store that was found, and its worst place: one that others have already, else the first.
fn places<'f>(findings: &'f [Finding], store: Option<&StoreName>) -> BTreeMap<KeyName, &'f Finding> {
    let is_pushed = |finding: &Finding| finding.place.is_pushed();
    let mut places: BTreeMap<KeyName, &Finding> = BTreeMap::new();
    for finding in findings {
        let What::Key { name, which: Which::Current, form, partial: None } = &finding.what else { continue };
        let path = name.parse().ok().filter(|path: &KeyPath| path.store() == store && *form != Form::Word);
        let Some(path) = path else { continue };
        let known = places.entry(path.name().clone()).or_insert(finding);
        if is_pushed(finding) && !is_pushed(known) {
            *known = finding;
        }
    }
    places
}

/// A place in words that say the same wherever they are read, and no secret.
fn told(finding: &Finding, here: &Path, seen: &[&Payload]) -> String {
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
    if seen.iter().flat_map(|payload| payload.keys.values()).any(|key| key.value.is_within(&place)) {
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
    #[cfg(unix)]
    use crate::{identity::anchor::Id, secret::Secret};

    fn found(place: Place, which: Which, form: Form, partial: Option<(usize, usize)>) -> Finding {
        Finding { place, line: 3, what: What::Key { name: "A".into(), which, form, partial }, mark: None }
    }

    fn file(path: &str) -> Place {
        Place::File(path.into())
    }

    #[cfg(unix)]
    fn commit(pushed: bool) -> Place {
        Place::Object { commit: "0123456789abcdef".into(), path: ".env".into(), pushed }
    }

    #[cfg(unix)]
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
            assert_eq!(places(std::slice::from_ref(&finding), None).len(), counts, "{finding:?}");
        }
    }

    #[test]
    fn only_a_key_of_the_store_counts() {
        let of = |name: &str| {
            let what = What::Key { name: name.into(), which: Which::Current, form: Form::Raw, partial: None };
            Finding { what, ..found(file("a"), Which::Current, Form::Raw, None) }
        };
        let (all, team) = ([of("A"), of("team:A"), of("team:B")], "team".parse().expect("good"));
        assert_eq!((places(&all, None).len(), places(&all, Some(&team)).len()), (1, 2));
    }

    // Its paths are those of Unix.
    #[cfg(unix)]
    #[test]
    fn the_first_place_is_noted_but_one_that_was_pushed_before_all() {
        let all = [file("a"), file("b"), commit(false), commit(true)];
        let all = all.map(|place| found(place, Which::Current, Form::Raw, None));
        let place = |findings: &[Finding]| {
            let noted = places(findings, None);
            told(noted.values().next().expect("one"), Path::new("/w"), &[&store("another")])
        };
        assert_eq!(place(&all), "0123456789ab:.env:3 of /w, pushed");
        assert_eq!(place(&all[2..3]), "0123456789ab:.env:3 of /w");
        let here = std::env::current_dir().expect("somewhere");
        assert_eq!(place(&all[..2]), format!("{}/a:3", here.display()));
    }

    // Its paths are those of Unix.
    #[cfg(unix)]
    #[test]
    fn a_place_tells_no_secret_and_is_cut_at_its_beginning() {
        let told = |path: &str| {
            let finding = found(file(path), Which::Current, Form::Raw, None);
            told(&finding, Path::new("/w"), &[&store("another"), &store("sk-planted-3f9a")])
        };
        assert_eq!(told("/w/sk-planted-3f9a.txt"), UNTOLD);
        let named = Finding { line: 0, ..found(file("/w/736b2d706c"), Which::Current, Form::Hex, None) };
        assert_eq!(super::told(&named, Path::new("/w"), &[&store("sk-planted-3f9a")]), UNTOLD);
        assert_eq!(told("/w/ä.txt"), "/w/ä.txt:3");
        let long = told(&format!("/w/{}/.env", "ä".repeat(2000)));
        assert!(long.len() <= LONGEST_TEXT && long.starts_with("…ä") && long.ends_with("ä/.env:3"), "{}", long.len());
    }
}
