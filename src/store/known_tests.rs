use super::*;
use crate::{
    date::Moment,
    store::{
        facts::{Leaked, Revoked},
        holding::{Stops, by_itself},
        limits::Limits,
        tests::{empty, name, set},
    },
};

fn facts<'p>(payload: &'p mut Payload, key: &str) -> &'p mut Facts {
    &mut payload.keys.get_mut(&name(key)).expect("there").facts
}

fn names(held: &[HeldOn]) -> Vec<(&str, bool)> {
    held.iter().map(|one| (one.name(), one.is_gone())).collect()
}

/// A store with a key `a` that is asked for and was revoked.
fn limited() -> Payload {
    let mut store = empty();
    set(&mut store, "a", "one", 0);
    let facts = facts(&mut store, "a");
    facts.limits.ask = true;
    facts.revoked = Some(Revoked { at: Moment::from_seconds(5), reason: Some("sold".into()) });
    store
}

/// The same key under a name, of which nothing is said.
fn bare(key: &str) -> Payload {
    let mut store = empty();
    set(&mut store, key, "one", 0);
    store.keys.get_mut(&name(key)).expect("there").value = limited().keys[&name("a")].value.copy();
    store
}

/// What is known once somebody else has written this.
fn then(known: &Known, next: &Payload) -> Known {
    Known::of(next).with(known.holds_on(next, &by_itself))
}

/// What is known once its user has made this of it.
fn then_own(known: &Known, next: &Payload) -> Known {
    Known::of(next).with(known.holds_on_by_owner(next, &by_itself))
}

#[test]
fn what_is_less_than_before_stays_as_it_was_and_what_is_more_is_taken() {
    let mut store = limited();
    let known = Known::of(&store);
    assert!(known.holds_on(&store, &by_itself).is_empty());
    facts(&mut store, "a").limits.terminal = true;
    let known = then(&known, &store);
    assert!(known.held_on.is_empty());
    facts(&mut store, "a").limits.ask = false;
    facts(&mut store, "a").revoked = None;
    let known = then(&known, &store);
    assert_eq!(names(&known.held_on), [("a", false)]);
    // Nor is it gone in the next version, which says as little, or less still.
    assert_eq!(then(&known, &store), known);
    facts(&mut store, "a").limits.reason = true;
    let known = then(&known, &store);
    facts(&mut store, "a").limits = Limits::default();
    store.held_on = then(&known, &store).held_on;
    let used = store.with_held_on();
    let Facts { limits, revoked, .. } = &used.keys[&name("a")].facts;
    assert!(limits.ask && limits.terminal && limits.reason);
    assert!(revoked.as_ref().is_some_and(|revoked| revoked.reason.is_some()));
}

#[test]
fn a_secret_is_held_back_under_another_name_and_when_it_comes_again_and_a_name_with_another_secret() {
    let (known, other) = (Known::of(&limited()), bare("b"));
    assert_eq!(names(&then(&known, &other).held_on), [("b", false), ("a", true)]);
    let gone = then(&known, &empty());
    assert_eq!(names(&gone.held_on), [("a", true)]);
    assert_eq!(names(&then(&gone, &other).held_on), [("b", false), ("a", true)]);
    // What is kept anew under a name that was given up is another key.
    let mut anew = empty();
    set(&mut anew, "a", "another", 0);
    assert_eq!(names(&then(&gone, &anew).held_on), [("a", true)]);
    // A limit is the name's, a revocation the secret's; and the secret is not forgotten.
    let mut replaced = limited();
    set(&mut replaced, "a", "another", 1);
    *facts(&mut replaced, "a") =
        Facts { limits: Limits::default(), revoked: None, ..facts(&mut replaced, "a").clone() };
    replaced.held_on = then(&known, &replaced).held_on;
    assert_eq!(names(&replaced.held_on), [("a", false), ("a", true)]);
    let used = replaced.with_held_on();
    let facts = &used.keys[&name("a")].facts;
    assert!(facts.limits.ask && facts.revoked.is_none());
}

#[test]
fn what_its_user_removes_replaces_or_renames_is_not_forgotten_when_an_older_copy_brings_it_back() {
    let (known, older) = (Known::of(&limited()), bare("a"));
    let mut renamed = limited();
    let key = renamed.keys.remove(&name("a")).expect("there");
    renamed.keys.insert(name("d"), key);
    let mut replaced = limited();
    set(&mut replaced, "a", "another", 1);
    facts(&mut replaced, "a").revoked = None;
    let mut renamed_and_replaced = limited();
    let key = renamed_and_replaced.keys.remove(&name("a")).expect("there");
    renamed_and_replaced.keys.insert(name("d"), key);
    set(&mut renamed_and_replaced, "d", "another", 1);
    for next in [empty(), renamed, replaced, renamed_and_replaced] {
        let mut then = then_own(&known, &next);
        assert!(then.held_on.iter().all(HeldOn::is_gone), "what he does himself holds nothing back");
        // Also after more of it.
        then = then_own(&then.with(then_own(&known, &next).held_on), &empty());
        let held_on = then.holds_on(&older, &by_itself);
        let on = held_on.iter().find(|one| !one.is_gone()).expect("held back").on(&older.keys[&name("a")].facts);
        assert!(on.limits.ask && on.revoked.is_some());
    }
}

#[test]
fn what_its_user_lifts_is_lifted_for_that_secret_and_what_others_took_away_is_not() {
    // Renamed by himself, then lifted: the name of before does not hold it back.
    let mut renamed = limited();
    let key = renamed.keys.remove(&name("a")).expect("there");
    renamed.keys.insert(name("d"), key);
    let known = then_own(&Known::of(&limited()), &renamed);
    assert_eq!(names(&known.held_on), [("a", true)]);
    let known = Known::of(&renamed).with(known.held_on);
    let lifted = then_own(&known, &bare("d"));
    assert!(lifted.held_on.is_empty());
    assert!(lifted.holds_on(&bare("e"), &by_itself).is_empty());
    // What others took away holds on under whatever he does beside.
    let known = then(&Known::of(&limited()), &bare("a"));
    let mut noted = bare("a");
    facts(&mut noted, "a").note = Some("mine".into());
    assert_eq!(names(&then_own(&known, &noted).held_on), [("a", false)]);
    assert_eq!(names(&then_own(&known, &bare("x")).held_on), [("x", false), ("a", true)]);
    // A name that had the secret without a limit all along goes on so.
    let mut twins = limited();
    twins.keys.extend(bare("b").keys);
    let known = then_own(&Known::of(&limited()), &twins);
    assert!(known.held_on.is_empty() && known.holds_on(&twins, &by_itself).is_empty());
}

#[test]
fn an_end_that_stops_a_key_is_put_off_by_nobody_else_and_a_new_secret_has_its_own() {
    let at = Moment::from_seconds;
    let mut store = bare("a");
    facts(&mut store, "a").limits.stop_expired = true;
    facts(&mut store, "a").expires = Some(at(50));
    let known = Known::of(&store);
    facts(&mut store, "a").expires = Some(at(40));
    assert!(known.holds_on(&store, &by_itself).is_empty());
    for later in [Some(at(60)), None] {
        facts(&mut store, "a").expires = later;
        let held_on = known.holds_on(&store, &by_itself);
        assert_eq!(held_on[0].on(&store.keys[&name("a")].facts).expires, Some(at(50)));
    }
    set(&mut store, "a", "another", 1);
    assert!(known.holds_on(&store, &by_itself).iter().all(HeldOn::is_gone));
    // Without that it is a date like another.
    let mut free = bare("a");
    facts(&mut free, "a").expires = Some(at(50));
    assert!(Known::of(&free).holds_on(&bare("a"), &by_itself).is_empty());
}

#[test]
fn what_settings_say_of_a_name_or_a_tag_holds_on_for_what_loses_it() {
    let judge = |key: &str, facts: &Facts| {
        let mut facts = facts.clone();
        facts.limits.ask |= key.starts_with("prod/") || facts.tags.iter().any(|tag| tag.to_string() == "prod");
        let expired = key.starts_with("stop/");
        let leaked = facts.tags.iter().any(|tag| tag.to_string() == "strict");
        (facts, Stops { expired, revoked: false, leaked, unreasoned: false })
    };
    let mut tagged = bare("a");
    facts(&mut tagged, "a").tags.insert("prod".parse().expect("good"));
    let asked = |known: &Known, next: &Payload| {
        let held_on = known.holds_on(next, &judge);
        let on = held_on.iter().find(|one| !one.is_gone())?;
        let (_, key) = next.keys.iter().find(|(name, _)| name.as_str() == on.name())?;
        Some(on.on(&key.facts).limits.ask)
    };
    assert_eq!(asked(&Known::of(&tagged), &tagged), None);
    assert_eq!(asked(&Known::of(&tagged), &bare("a")), Some(true));
    assert_eq!(asked(&Known::of(&bare("prod/x")), &bare("pz")), Some(true));
    assert_eq!(asked(&Known::of(&bare("prod/x")), &bare("prod/y")), None);
    // In two steps, too: gone in one version, and there again in the next.
    let known = Known::of(&bare("prod/x"));
    let gone = Known::of(&empty()).with(known.holds_on(&empty(), &judge));
    assert_eq!(asked(&gone, &bare("pz")), Some(true));
    let mut ends = bare("stop/a");
    facts(&mut ends, "stop/a").expires = Some(Moment::from_seconds(50));
    assert!(!Known::of(&ends).holds_on(&bare("stop/a"), &judge).is_empty());
    // What stops it by a tag goes on doing so: the tag is held on.
    let mut found = bare("a");
    facts(&mut found, "a").leaked = Some(Leaked { at: Moment::from_seconds(0), place: "f".into() });
    let of_found =
        || Payload { keys: found.keys.iter().map(|(name, key)| (name.clone(), key.copy())).collect(), ..empty() };
    let mut strict = of_found();
    facts(&mut strict, "a").tags.insert("strict".parse().expect("good"));
    let known = Known::of(&found).with(Known::of(&strict).holds_on(&found, &judge));
    let mut noted = of_found();
    facts(&mut noted, "a").note = Some("mine".into());
    for held_on in [known.held_on.clone(), known.holds_on(&noted, &judge), known.holds_on_by_owner(&noted, &judge)] {
        let on = held_on[0].on(&noted.keys[&name("a")].facts);
        assert!(on.tags.len() == 1 && on.limits == Limits::default(), "{held_on:?}");
    }
    assert!(known.holds_on(&strict, &judge).is_empty());
}

#[test]
fn a_store_of_very_many_keys_forgets_nothing_that_holds_one_back() {
    let mut many = limited();
    facts(&mut many, "a").leaked = Some(Leaked { at: Moment::from_seconds(0), place: "f".into() });
    let copies = (0..=MOST_KEYS).map(|at| (name(&format!("m{at}")), bare("b").keys[&name("b")].copy()));
    many.keys.extend(copies);
    many.keys.iter_mut().filter(|(name, _)| name.as_str() != "a").for_each(|(name, key)| {
        key.value = crate::secret::Secret::new(name.as_str().into());
    });
    let known = Known::of(&many);
    assert!(known.keys.is_none());
    let held_on = known.holds_on(&bare("a"), &by_itself);
    assert!(held_on.iter().any(|one| one.name() == "a" && !one.is_gone()));
}

#[test]
fn there_is_an_end_to_what_is_noted_and_the_latest_stay() {
    let holds = Known::of(&limited()).held.expect("noted").remove("a").expect("a").holds.expect("all");
    let one = |at: usize| HeldOn::new(&"n".repeat(100), &format!("{at:016x}"), holds.clone()).gone();
    let mut gone: Vec<HeldOn> = (0..20_000).map(one).collect();
    let before = gone.len();
    drop_first(&mut gone);
    assert!(gone.len() < before && gone.len() > 10_000, "{}", gone.len());
    assert_eq!(gone.last(), Some(&one(before - 1)));
}

#[test]
fn what_a_version_says_of_former_secrets_and_removed_keys_is_noted_with_it() {
    // Revoked and replaced, and asked for and removed, before anybody else has seen it.
    let mut store = limited();
    set(&mut store, "a", "two", 1);
    facts(&mut store, "a").limits = Limits::default();
    assert_eq!(names(&Known::of(&store).held_on), [("a", true)]);
    let mut removed = limited();
    facts(&mut removed, "a").revoked = None;
    removed
        .step(crate::store::journal::Deed::Remove, Moment::from_seconds(1), |edit| edit.remove(&name("a")))
        .expect("there");
    for (is_asked, known) in [(false, Known::of(&store)), (true, Known::of(&removed))] {
        let older = bare("a");
        let held_on = known.holds_on(&older, &by_itself);
        let on = held_on.iter().find(|one| !one.is_gone()).expect("held back").on(&older.keys[&name("a")].facts);
        assert_eq!((on.limits.ask, on.revoked.is_some()), (is_asked, !is_asked));
        // Noted once more it is the same.
        assert_eq!(known.clone().with(known.held_on.clone()), known);
    }
}

#[test]
fn what_its_user_lifts_of_a_key_is_lifted_of_its_former_secrets() {
    let mut store = limited();
    facts(&mut store, "a").revoked = None;
    set(&mut store, "a", "two", 1);
    let known = Known::of(&store);
    assert_eq!(names(&known.held_on), [("a", true)]);
    facts(&mut store, "a").limits = Limits::default();
    assert!(then_own(&known, &store).held_on.is_empty());
}

#[test]
fn what_settings_say_of_a_key_that_its_user_removes_waits_for_its_secret_and_what_he_lifts_does_not() {
    let judge = |key: &str, facts: &Facts| {
        let mut facts = facts.clone();
        facts.limits.ask |= key.starts_with("prod/");
        let leaked = facts.tags.iter().any(|tag| tag.to_string() == "strict");
        (facts, Stops { expired: false, revoked: false, leaked, unreasoned: false })
    };
    let then_own = |known: &Known, next: &Payload| Known::of(next).with(known.holds_on_by_owner(next, &judge));
    let gone = then_own(&Known::of(&bare("prod/x")), &empty());
    let held_on = gone.holds_on(&bare("pe"), &judge);
    assert!(held_on[0].on(&bare("pe").keys[&name("pe")].facts).limits.ask);
    // Who gives it another name was asked for that.
    let renamed = then_own(&Known::of(&bare("prod/x")), &bare("pe"));
    assert!(renamed.held_on.is_empty() && renamed.holds_on(&bare("pf"), &judge).is_empty());
    let elsewhere = then_own(&Known::of(&bare("prod/x")), &bare("prod/y"));
    assert!(!elsewhere.holds_on(&bare("pf"), &judge).is_empty());
    // What stops it by a tag does so when it comes again without.
    let mut strict = bare("a");
    facts(&mut strict, "a").tags.insert("strict".parse().expect("good"));
    facts(&mut strict, "a").leaked = Some(Leaked { at: Moment::from_seconds(0), place: "f".into() });
    for known in [then_own(&Known::of(&strict), &empty()), then(&Known::of(&strict), &empty())] {
        let held_on = known.holds_on(&bare("b"), &judge);
        let on = held_on.iter().find(|one| !one.is_gone()).expect("held").on(&bare("b").keys[&name("b")].facts);
        assert!(on.leaked.is_some(), "{held_on:?}");
    }
    let gone = then_own(&Known::of(&strict), &empty());
    let on = gone.holds_on(&bare("b"), &judge)[0].on(&bare("b").keys[&name("b")].facts);
    assert!(on.tags.iter().any(|tag| tag.to_string() == "strict"));
}

#[test]
fn what_is_left_of_a_wiped_secret_is_noted_with_a_version() {
    let mut store = limited();
    store.forget(&name("a")).expect("there");
    store.wiped_guarded.insert(name("g"));
    let known = Known::of(&store);
    let held_on = known.holds_on(&bare("b"), &by_itself);
    let on = held_on.iter().find(|one| !one.is_gone()).expect("held").on(&bare("b").keys[&name("b")].facts);
    assert!(on.revoked.is_some());
    let older = Payload { held_on, ..bare("b") };
    assert_eq!(older.guarded_elsewhere().collect::<Vec<_>>(), ["g"]);
}

#[test]
fn what_is_long_drops_nothing_else() {
    let mut limits = Limits { ask: false, ..Limits::default() };
    limits.programs = Some((0..2000).map(|at| format!("/bin/{at}{}", "x".repeat(100))).collect());
    let long = Holds::of(&Facts { limits, ..Facts::new(Moment::from_seconds(0)) });
    let mut gone: Vec<HeldOn> =
        (0..100).map(|at| HeldOn::new("n", &format!("{at:016x}"), long.clone()).gone()).collect();
    gone.insert(0, HeldOn::new("first", "0", Holds::asking()).gone());
    drop_first(&mut gone);
    assert_eq!((gone.len(), gone[0].name()), (101, "first"));
    let on = gone[5].on(&Facts::new(Moment::from_seconds(0)));
    assert!(on.limits.ask && on.limits.programs.is_none());
}

#[test]
fn a_new_name_in_the_place_of_one_is_that_key_and_not_its_twin() {
    // Two keys have one secret, and one of them is limited.
    let mut twins = limited();
    facts(&mut twins, "a").revoked = None;
    twins.keys.extend(bare("b").keys);
    let known = Known::of(&twins);
    let renamed = |from: &str| {
        let mut renamed = limited();
        renamed.keys =
            Known::of(&twins).keys.expect("few").keys().map(|key| (name(key), twins.keys[&name(key)].copy())).collect();
        let mut key = renamed.keys.remove(&name(from)).expect("there");
        key.facts.limits = Limits::default();
        renamed.keys.insert(name("c"), key);
        renamed
    };
    assert!(known.holds_on(&renamed("b"), &by_itself).iter().all(HeldOn::is_gone));
    let held_on = known.holds_on(&renamed("a"), &by_itself);
    assert!(held_on.iter().any(|one| one.name() == "c" && !one.is_gone()));
    // One more name takes nothing's place.
    let mut more = renamed("b");
    more.keys.extend(bare("b").keys);
    assert!(known.holds_on(&more, &by_itself).iter().any(|one| one.name() == "c" && !one.is_gone()));
}

#[test]
fn a_tag_that_stops_nothing_that_stands_holds_nothing_on() {
    let judge = |_: &str, facts: &Facts| {
        let stops = facts.tags.iter().any(|tag| tag.to_string() == "prod");
        (facts.clone(), Stops { expired: stops, revoked: stops, leaked: stops, unreasoned: false })
    };
    let mut tagged = bare("a");
    facts(&mut tagged, "a").tags.insert("prod".parse().expect("good"));
    assert!(Known::of(&tagged).holds_on(&bare("a"), &judge).is_empty());
    facts(&mut tagged, "a").expires = Some(Moment::from_seconds(5));
    let mut ends = bare("a");
    facts(&mut ends, "a").expires = Some(Moment::from_seconds(5));
    assert_eq!(Known::of(&tagged).holds_on(&ends, &judge).len(), 1);
}

#[test]
fn a_freeze_that_its_user_lifts_lifts_nothing_of_former_secrets() {
    let mut store = limited();
    set(&mut store, "a", "two", 1);
    facts(&mut store, "a").limits = Limits::default();
    facts(&mut store, "a").frozen = true;
    let known = Known::of(&store);
    assert_eq!(names(&known.held_on), [("a", true)]);
    facts(&mut store, "a").frozen = false;
    store.keys.get_mut(&name("a")).expect("there").former[0].revoked = None;
    let known = then_own(&known, &store);
    assert!(known.holds_on(&bare("a"), &by_itself).iter().any(|one| !one.is_gone()), "{:?}", known.held_on);
}

#[test]
fn in_a_store_of_very_many_keys_settings_hold_on_too() {
    let judge = |key: &str, facts: &Facts| {
        let mut facts = facts.clone();
        facts.limits.ask |= key.starts_with("prod/");
        (facts, Stops { expired: false, revoked: false, leaked: false, unreasoned: false })
    };
    let mut many = bare("prod/x");
    let copies = (0..=MOST_KEYS).map(|at| (name(&format!("m{at}")), bare("b").keys[&name("b")].copy()));
    many.keys.extend(copies);
    many.keys.iter_mut().filter(|(name, _)| name.as_str() != "prod/x").for_each(|(name, key)| {
        key.value = crate::secret::Secret::new(name.as_str().into());
    });
    let known = Known::of(&many).judged(&many, &judge);
    assert!(known.keys.is_none());
    assert!(known.holds_on(&bare("pe"), &judge).iter().any(|one| one.name() == "pe" && !one.is_gone()));
}
