//! What holds of every source. A provider's own tests take this file in with `#[path]` and say where in their server the world is.

use std::{
    thread,
    time::{Duration, Instant},
};

use keyctl::{failure::Kind, reference::Reference, secret::Secret, source::Source};

/// What a source has, for the list of checks.
pub struct World<'w> {
    /// The source.
    pub source: &'w dyn Source,
    /// The same where fields are asked for, if that is set in another way.
    pub of_fields: &'w dyn Source,
    /// A place with one text, and the text.
    pub whole: Option<(&'w str, &'w str)>,
    /// A place with several fields, and what each is.
    pub fields: (&'w str, &'w [(&'w str, &'w str)]),
    /// A place whose name needs care, and its text; fetched whole.
    pub odd: Option<(&'w str, &'w str)>,
    /// A place with bytes that are no text, where the source can keep such.
    pub bytes: Option<&'w str>,
    /// A place where nothing is.
    pub missing: &'w str,
    /// A place and field that may be written to, with what it has, where the source can be written to.
    pub written: Option<(&'w str, &'w str)>,
    /// Whether it keeps versions, and holds a write to the one that was seen.
    pub keeps_versions: bool,
    /// Makes one that may not read what is at `fields`; the others need not be good for anything any more.
    pub denied: &'w dyn Fn() -> Box<dyn Source>,
}

const LONG: Duration = Duration::from_secs(20);

fn said(failure: keyctl::failure::Failure) -> String {
    assert_eq!(failure.kind, Kind::Remote, "{}", failure.message);
    [failure.message, failure.hints.join("; ")].join(" | ")
}

fn fetch(source: &dyn Source, text: &str, within: Duration) -> Result<String, String> {
    let reference: Reference = text.parse().expect("a reference");
    let fetched = source.fetch(&reference.place, &[reference.field.as_deref()], Instant::now() + within);
    let value = fetched.and_then(|mut fetched| fetched.values.remove(0)).map_err(said)?;
    Ok(value.expose_text().expect("text").to_owned())
}

/// The list.
pub fn holds(world: &World) {
    wholes_and_fields_are_what_was_put_there(world);
    many_fields_come_from_one_fetch_and_fail_each_alone(world);
    bytes_that_are_no_text_are_refused_unseen(world);
    what_is_not_there_is_said_by_the_sources_name_and_shows_nothing(world);
    many_threads_share_it(world);
    a_deadline_that_is_over_ends_it(world);
    what_it_may_do_is_told(world);
    a_write_comes_back_and_two_do_not_overwrite_each_other(world);
    world.source.close(Instant::now() + LONG);
    what_may_not_be_read_is_said_and_is_not_nothing(world);
}

fn wholes_and_fields_are_what_was_put_there(world: &World) {
    for (place, text) in world.whole.iter().chain(&world.odd) {
        assert_eq!(fetch(world.source, place, LONG).as_deref(), Ok(*text), "{place}");
    }
    let (place, fields) = world.fields;
    for (field, text) in fields {
        assert_eq!(fetch(world.of_fields, &format!("{place}#{field}"), LONG).as_deref(), Ok(*text), "{field}");
    }
}

fn many_fields_come_from_one_fetch_and_fail_each_alone(world: &World) {
    let (place, known) = world.fields;
    let reference: Reference = place.parse().expect("a reference");
    let mut fields: Vec<Option<&str>> = known.iter().map(|(field, _)| Some(*field)).collect();
    fields.insert(1, Some("no-such-field"));
    let fetched = world.of_fields.fetch(&reference.place, &fields, Instant::now() + LONG).map_err(said).expect("there");
    assert_eq!(fetched.values.len(), fields.len());
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for value in fetched.values {
        match value {
            Ok(value) => found.push(value.expose_text().expect("text").to_owned()),
            Err(failure) => failed.push(said(failure)),
        }
    }
    assert_eq!(found, known.iter().map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>());
    assert!(matches!(&failed[..], [one] if one.contains("`corp`") && one.contains("no-such-field")), "{failed:?}");
    assert!(known.iter().all(|(_, text)| text.len() < 4 || !failed[0].contains(text)), "{failed:?}");
}

fn bytes_that_are_no_text_are_refused_unseen(world: &World) {
    let Some(place) = world.bytes else { return };
    let failed = fetch(world.source, place, LONG);
    // A program may print whatever it likes: what of it no variable can hold is for whoever wants it in one to say.
    let failed = failed.expect_err("no text");
    assert!(failed.contains("source `corp`") && failed.contains("no text"), "{failed}");
}

fn what_is_not_there_is_said_by_the_sources_name_and_shows_nothing(world: &World) {
    let failed = fetch(world.source, world.missing, LONG).expect_err("nothing is there");
    assert!(failed.contains("source `corp`"), "{failed}");
    if world.written.is_some() {
        let missing: Reference = world.missing.parse().expect("a reference");
        let found = world.source.look(&missing, Instant::now() + LONG).map_err(said).expect("looked");
        assert!(found.value.is_none() && found.version.is_none() && found.lease.is_none());
        let (place, fields) = world.fields;
        let other: Reference = format!("{place}#no-such-field").parse().expect("a reference");
        let found = world.of_fields.look(&other, Instant::now() + LONG).map_err(said).expect("looked");
        assert!(found.value.is_none() && found.version.is_some() == world.keeps_versions, "{}", fields.len());
    }
}

/// Whoever writes takes what cannot be read for what must not be written over, and never for nothing.
fn what_may_not_be_read_is_said_and_is_not_nothing(world: &World) {
    let (place, fields) = world.fields;
    let denied = (world.denied)();
    let text = format!("{place}#{}", fields[0].0);
    let reference: Reference = text.parse().expect("a reference");
    let failed = fetch(&*denied, &text, LONG).expect_err("it may not");
    assert!(
        failed.contains("`corp`") && fields.iter().all(|(_, text)| text.len() < 4 || !failed.contains(text)),
        "{failed}"
    );
    let looked = denied.look(&reference, Instant::now() + LONG);
    assert!(looked.is_err(), "it is taken for nothing");
    let value = Secret::new(b"never-written".to_vec());
    let written = denied.write(&reference, &value, None, "33333333-2222-4333-8444-555555555555", Instant::now() + LONG);
    assert!(written.is_err_and(|failure| !failure.message.contains("never-written")));
    if let Ok(told) = denied.abilities(&[&reference], Instant::now() + LONG) {
        assert_eq!(told.of.first().and_then(|ability| ability.read), Some(false));
    }
}

fn many_threads_share_it(world: &World) {
    let (place, fields) = world.fields;
    let ((field, text), source) = (fields[0], world.of_fields);
    thread::scope(|scope| {
        let asked: Vec<_> =
            (0..8).map(|_| scope.spawn(move || fetch(source, &format!("{place}#{field}"), LONG))).collect();
        for one in asked {
            assert_eq!(one.join().expect("ended").as_deref(), Ok(text));
        }
    });
}

fn a_deadline_that_is_over_ends_it(world: &World) {
    let (place, fields) = world.fields;
    let begun = Instant::now();
    let failed = fetch(world.of_fields, &format!("{place}#{}", fields[0].0), Duration::ZERO);
    assert!(failed.is_err_and(|said| said.contains("`corp`")) && begun.elapsed() < Duration::from_secs(3));
}

fn what_it_may_do_is_told(world: &World) {
    let (place, fields) = world.fields;
    let references = [format!("{place}#{}", fields[0].0), format!("{}#x", world.missing)];
    let references = references.map(|text| text.parse::<Reference>().expect("a reference"));
    let all: Vec<&Reference> = references.iter().collect();
    let told = world.of_fields.abilities(&all, Instant::now() + LONG).map_err(said).expect("told");
    let of = |reference: &Reference| told.of.iter().find(|ability| ability.reference == *reference);
    assert_ne!(of(&references[0]).and_then(|ability| ability.read), Some(false));
    assert!(!told.of.is_empty() || !told.unknown.is_empty(), "it says nothing at all");
}

fn a_write_comes_back_and_two_do_not_overwrite_each_other(world: &World) {
    let Some((text, before)) = world.written else {
        let reference: Reference = world.missing.parse().expect("a reference");
        let refused = world.source.write(&reference, &Secret::new(b"new".to_vec()), None, "1", Instant::now() + LONG);
        assert_eq!(refused.expect_err("no writing").kind, Kind::Usage);
        return;
    };
    let source = world.of_fields;
    let reference: Reference = text.parse().expect("a reference");
    let until = || Instant::now() + LONG;
    assert_eq!(fetch(source, text, LONG).as_deref(), Ok(before));
    let seen = source.newest(&reference.place, until()).map_err(said).expect("known");
    assert_eq!(seen.is_some(), world.keeps_versions);
    let write = |value: &str, number: &str| {
        source.write(&reference, &Secret::new(value.as_bytes().to_vec()), seen.as_ref(), number, until())
    };
    let written = write("the-next-one", "11111111-2222-4333-8444-555555555555").map_err(said).expect("written").version;
    assert_eq!(fetch(source, text, LONG).as_deref(), Ok("the-next-one"));
    let found = source.look(&reference, until()).map_err(said).expect("looked");
    assert!(found.value.is_some_and(|value| value.same_as(&Secret::new(b"the-next-one".to_vec()))));
    let Some(seen) = &seen else {
        assert_eq!(written, keyctl::source::Version::none());
        return;
    };
    assert_eq!(source.newest(&reference.place, until()).map_err(said).expect("known").as_ref(), Some(&written));
    // Whoever has seen the one before does not overwrite what somebody else wrote.
    let second = write("yet-another", "22222222-2222-4333-8444-555555555555").expect_err("it has changed meanwhile");
    let second = said(second);
    assert!(second.contains("`corp`") && !second.contains("yet-another"), "{second}");
    assert_eq!(fetch(source, text, LONG).as_deref(), Ok("the-next-one"));
    let mut former = reference.clone();
    former.place.version = Some(seen.0.clone());
    assert_eq!(fetch(source, &former.to_string(), LONG).as_deref(), Ok(before));
    // A version is never another; what it was comes back as a new one, over the one that is there.
    let fixed = source.write(&former, &Secret::new(b"x".to_vec()), Some(seen), "1", until());
    assert_eq!(fixed.expect_err("it names a version").kind, Kind::Usage);
    let value = Secret::new(before.as_bytes().to_vec());
    let number = "44444444-2222-4333-8444-555555555555";
    let again = source.write(&reference, &value, Some(&written), number, until()).map_err(said).expect("brought back");
    assert!(again.version != written && again.version != *seen && again.overtaken.is_none());
    assert_eq!(fetch(source, text, LONG).as_deref(), Ok(before));
}
