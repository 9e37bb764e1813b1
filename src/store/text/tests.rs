//! What is written reads back, what is not ours is refused.

use proptest::prelude::*;

use super::{
    writing::{BLOCK, estimate},
    *,
};
use crate::{
    date::{Moment, Period},
    identity::{
        Identity,
        anchor::Id,
        retired::{Aside, Retired},
    },
    secret::Secret,
    store::{
        facts::{Facts, Leaked, LeftWith, Revoked},
        journal::{Deed, Revived, Step},
        limits::Limits,
        members::Member,
        payload::{Former, Key, Recovery, Removed},
        revoking::Mark,
    },
};

const NAME: &str = "[A-Za-z_][A-Za-z0-9_./+-]{0,20}";

fn moment() -> impl Strategy<Value = Moment> {
    (0_i64..4_000_000_000).prop_map(Moment::from_seconds)
}

fn some_moment() -> impl Strategy<Value = Option<Moment>> {
    prop::option::of(moment())
}

fn name() -> impl Strategy<Value = KeyName> {
    NAME.prop_map(|name| name.parse().expect("good"))
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<String>().prop_map(String::into_bytes),
        any::<Vec<u8>>(),
        "[\\[\\]\"'\\\\\n\r\t key.=]{0,40}".prop_map(String::into_bytes)
    ]
}

fn revoked() -> impl Strategy<Value = Option<Revoked>> {
    prop::option::of((moment(), prop::option::of(any::<String>())).prop_map(|(at, reason)| Revoked { at, reason }))
}

fn leaked() -> impl Strategy<Value = Option<Leaked>> {
    prop::option::of((moment(), any::<String>()).prop_map(|(at, place)| Leaked { at, place }))
}

fn limits() -> impl Strategy<Value = Limits> {
    let paths = || prop::option::of(prop::collection::btree_set(any::<String>(), 0..3));
    (paths(), paths(), paths(), any::<[bool; 6]>()).prop_map(
        |(projects, programs, variables, [terminal, ask, proxy_only, reason, stop_expired, hide_from_agents])| Limits {
            projects,
            variables: programs.as_ref().and(variables).unwrap_or_default(),
            programs,
            terminal,
            ask,
            proxy_only,
            reason,
            stop_expired,
            hide_from_agents,
        },
    )
}

fn left_with() -> impl Strategy<Value = Option<LeftWith>> {
    prop::option::of(
        (moment(), "[a-z][a-z0-9_.-]{0,31}").prop_map(|(at, who)| LeftWith { who: who.parse().expect("good"), at }),
    )
}

fn facts() -> impl Strategy<Value = Facts> {
    let plan = (moment(), moment(), some_moment(), prop::option::of(1_u16..900), some_moment());
    let words = (prop::option::of(any::<String>()), prop::option::of(any::<String>()));
    let tags = prop::collection::btree_set("[a-z0-9][a-z0-9_-]{0,9}", 0..3);
    (plan, words, tags, revoked(), leaked(), left_with(), limits()).prop_map(
        |((created, changed, expires, days, snoozed), (url, note), tags, revoked, leaked, left_with, limits)| Facts {
            created,
            changed,
            expires,
            rotate_every: days.map(Period::days),
            url,
            note,
            tags: tags.iter().map(|tag| tag.parse().expect("good")).collect(),
            revoked,
            leaked,
            left_with,
            source: None,
            snoozed,
            frozen: tags.len() == 2,
            limits,
        },
    )
}

type Said = (Option<Revoked>, Option<Leaked>, Option<LeftWith>);
type FormerParts = (Vec<u8>, Moment, Moment, Option<Moment>, Option<Moment>, Said, Option<u32>);
type Parts = (Vec<u8>, Facts, Vec<FormerParts>);

fn any_key() -> impl Strategy<Value = Parts> {
    let former = (
        value(),
        moment(),
        moment(),
        some_moment(),
        some_moment(),
        (revoked(), leaked(), left_with()),
        any::<Option<u32>>(),
    );
    (value(), facts(), prop::collection::vec(former, 0..3))
}

fn build((value, facts, former): Parts) -> Key {
    let former =
        former.into_iter().map(|(value, since, until, expires, wipe, (revoked, leaked, left_with), step)| Former {
            value: Secret::new(value),
            since,
            until,
            expires,
            revoked,
            leaked,
            left_with,
            source: None,
            wipe,
            step: step.map(u64::from),
        });
    Key { value: Secret::new(value), facts, former: former.collect() }
}

fn any_step() -> impl Strategy<Value = Step> {
    let names = || prop::collection::vec(name(), 0..3);
    let before = || prop::collection::vec((name(), facts()), 0..2);
    let deed = (0..Deed::ALL.len()).prop_map(|at| Deed::ALL[at]);
    let revived = prop::option::of((moment(), any::<Option<u32>>()));
    let lists = (names(), revived, names(), prop::option::of((name(), name())), before(), before());
    (any::<u32>(), moment(), deed, lists).prop_map(
        |(number, at, deed, (added, revived, removed, renamed, replaced, edited))| Step {
            added,
            revived: revived.map(|(removed, step)| Revived { removed, step: step.map(u64::from) }),
            removed,
            renamed,
            replaced,
            edited,
            ..Step::new(number.into(), deed, at)
        },
    )
}

prop_compose! {
    fn any_payload()(
        keys in prop::collection::btree_map(NAME, any_key(), 0..6),
        removed in prop::collection::vec((name(), moment(), any::<Option<u32>>(), any_key()), 0..3),
        steps in prop::collection::vec(any_step(), 0..4),
        generation: u64,
        history in prop::option::of(any::<u32>()),
        recovery in prop::option::of((moment(), some_moment())),
        written in some_moment(),
        retired in prop::collection::vec((1_u32..1000, any::<[u8; 32]>(), any::<[u8; 32]>()), 0..3),
        marks in prop::collection::vec((any::<[u8; 16]>(), moment(), prop::option::of(any::<String>())), 0..3),
        members in prop::collection::btree_map("[a-z][a-z0-9_.-]{0,31}", (moment(), prop::option::of("[a-z]{1,9}")), 0..4),
        founder in 0_usize..5,
    ) -> Unseen {
        let mut payload = empty();
        // TOML's integers are 64 bits with a sign; a generation never comes near that.
        payload.generation = generation >> 1;
        payload.history = history.map(|entries| format!("{entries}.{}", "ab".repeat(32)));
        payload.recovery = recovery.map(|(created, verified)| Recovery { created, verified });
        payload.keys = keys.into_iter().map(|(name, key)| (name.parse().expect("good"), build(key))).collect();
        payload.removed = removed
            .into_iter()
            .map(|(name, removed, step, key)| Removed { name, removed, step: step.map(u64::from), key: build(key) })
            .collect();
        payload.steps = steps;
        payload.written = written;
        let mut end = 0;
        payload.retired = retired.into_iter().map(|(entries, hash, key)| {
            end += u64::from(entries);
            Retired { key: Secret::new(key.to_vec()), last: end, hash }
        }).collect();
        payload.marks = marks
            .into_iter()
            .map(|(mark, at, reason)| Mark { mark: Id(mark), revoked: Revoked { at, reason } })
            .collect();
        let member = |(at, (name, (added, by))): (usize, (String, (Moment, Option<String>)))| Member {
            name: name.parse().expect("good"),
            recipient: Identity::generate().recipient(),
            added,
            by: by.map(|by| by.parse().expect("good")),
            founder: at == founder,
        };
        payload.members = members.into_iter().enumerate().map(member).collect();
        Unseen(payload)
    }
}

pub(super) fn empty() -> Payload {
    Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]))
}

/// A payload has no `Debug`, on purpose; proptest wants one.
struct Unseen(Payload);

impl std::fmt::Debug for Unseen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a payload")
    }
}

proptest! {
    #[test]
    fn every_store_reads_back_as_it_was_written(Unseen(payload) in any_payload()) {
        let text = write(&payload);
        prop_assert!(text.len().is_multiple_of(BLOCK) && text.capacity() >= text.len());
        prop_assert!(estimate(&payload) >= text.len(), "the text grew");
        let back = read(&text).expect("reads");
        // Every field is written, so what is written the same is the same.
        prop_assert!(write(&back).as_str() == text.as_str());
        prop_assert!(back.keys.iter().zip(&payload.keys).all(|((a, one), (b, other))| a == b && one.value.same_as(&other.value) && one.facts == other.facts));
        prop_assert!(back.steps == payload.steps && back.written == payload.written && back.marks == payload.marks);
        prop_assert!(back.members == payload.members && super::facts(&text).expect("facts").members == payload.members);
        let same = |(one, other): (&Retired, &Retired)| one.key.same_as(&other.key) && (one.last, one.hash) == (other.last, other.hash);
        for retired in [&back.retired, &pick(&text, &[]).expect("picks").retired, &super::facts(&text).expect("facts").retired] {
            prop_assert!(retired.len() == payload.retired.len() && retired.iter().zip(&payload.retired).all(same));
        }
        prop_assert_eq!(names(&text), payload.keys.keys().map(ToString::to_string).collect::<Vec<_>>());
        for (name, key) in &payload.keys {
            let picked = pick(&text, &[name]).expect("picks");
            prop_assert!(picked.keys.len() == 1, "the whole text was read");
            prop_assert!(picked.keys[name].value.same_as(&key.value) && picked.keys[name].facts == key.facts);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic_or_quote_it(text in "(format = 1\n)?[a-z\\[\\]\"'= \n\\\\{}.0-9]{0,200}") {
        if let Err(failure) = read(&text) {
            prop_assert!(failure.message.starts_with("the store opens, but") || failure.message.contains("newer"));
        }
    }
}

#[test]
fn a_newer_format_and_an_unknown_field_are_refused_by_name() {
    let good = write(&empty());
    let newer = good.replace("format = 2", "format = 99\nnew_thing = true");
    assert_eq!(read(&newer).err().expect("newer").message, "the store was written by a newer keyctl");
    for bad in [
        good.replace("log =", "lag ="),
        good.replace("generation = 0", "generation = nan"),
        good.replace("generation = 0", "generation = -1"),
        format!("{}generation = 1\n", good.as_str()),
        String::new(),
    ] {
        let said = read(&bad).err().expect("bad").message;
        assert!(said.starts_with("the store opens, but its content is not what keyctl writes"), "{said}");
    }
}

#[test]
fn the_newest_format_is_written_only_where_something_needs_it() {
    let mut payload = empty();
    assert!(write(&payload).contains("format = 2\n"));
    let revoked = Revoked { at: Moment::from_seconds(0), reason: None };
    payload.marks.push(Mark { mark: Id([7; 16]), revoked });
    let text = write(&payload);
    assert!(text.contains("format = 3\n"));
    assert_eq!(read(&text).expect("reads").marks, payload.marks);
    payload.retired.push(Retired { key: Secret::new(vec![7; 32]), last: 9, hash: [1; 32] });
    let text = write(&payload);
    assert!(text.contains("format = 4\n"));
    let back = read(&text).expect("reads");
    assert!(back.retired.len() == 1 && back.marks == payload.marks);
    let retired = std::mem::take(&mut payload.retired);
    let known = Some(format!("9.{}", "01".repeat(32)));
    let aside = |folder: &str, known, retired| {
        let (folder, key) = (folder.to_owned(), Secret::new(vec![8; 32]));
        Aside { folder, log: Id([5; 16]), machine: None, known, key, retired }
    };
    payload.aside = vec![aside("history-1764090000", known.clone(), retired), aside("a \"b\"", None, Vec::new())];
    let text = write(&payload);
    assert!(text.contains("format = 5\n") && estimate(&payload) >= text.len());
    for back in [read(&text), pick(&text, &[]), super::facts(&text)] {
        let back = back.expect("reads");
        let [one, other] = &back.aside[..] else { panic!("two of them") };
        assert_eq!((one.folder.as_str(), one.log, &one.known), ("history-1764090000", Id([5; 16]), &known));
        assert!(one.key.same_as(&payload.aside[0].key) && one.retired.len() == 1 && one.retired[0].last == 9);
        assert_eq!((other.folder.as_str(), &other.known, other.retired.len()), ("a \"b\"", &None, 0));
        assert!(write(&back).contains("format = 5\n"));
    }
    payload.aside[0].machine = Some("of this machine".to_owned());
    let of_one = write(&payload);
    assert!(of_one.contains("format = 11\n") && estimate(&payload) >= of_one.len());
    assert_eq!(read(&of_one).expect("reads").aside[0].machine, payload.aside[0].machine);
    let said = read(&text.replace("CAgICA", "CAgI")).err().expect("no key").message;
    assert!(said.starts_with("the store opens, but"), "{said}");
    // That a secret was found: of a key, of a former secret, or only in what can be taken back.
    let leaked = Some(Leaked { at: Moment::from_seconds(0), place: "/w/.env:2".into() });
    let facts = Facts { leaked: leaked.clone(), ..Facts::new(Moment::from_seconds(0)) };
    let name: KeyName = "a".parse().expect("good");
    let of_key = build((b"v".to_vec(), facts.clone(), Vec::new()));
    let moment = Moment::from_seconds(0);
    let former = (b"v".to_vec(), moment, moment, None, None, (None, leaked, None), None);
    let of_former = build((b"w".to_vec(), Facts::new(moment), vec![former]));
    for key in [of_key, of_former] {
        let mut payload = empty();
        payload.keys.insert(name.clone(), key);
        assert!(write(&payload).contains("format = 6\n"));
        payload.keys.clear();
        assert!(write(&payload).contains("format = 2\n"));
    }
    for (deed, before) in [(Deed::Edit, facts), (Deed::Leak, Facts::new(moment))] {
        let mut payload = empty();
        payload.steps.push(Step { edited: vec![(name.clone(), before)], ..Step::new(1, deed, moment) });
        assert!(write(&payload).contains("format = 6\n"));
    }
    // What a key may be used for: of a key, of a removed one, or only in what can be taken back.
    let limits = Limits { ask: true, ..Limits::default() };
    let facts = || Facts { limits: limits.clone(), ..Facts::new(moment) };
    let key = || build((b"v".to_vec(), facts(), Vec::new()));
    let mut limited = [empty(), empty(), empty()];
    limited[0].keys.insert(name.clone(), key());
    limited[1].removed.push(Removed { name: name.clone(), removed: moment, step: None, key: key() });
    limited[2].steps.push(Step { edited: vec![(name.clone(), facts())], ..Step::new(1, Deed::Edit, moment) });
    for payload in limited {
        let text = write(&payload);
        assert!(text.contains("format = 7\n") && text.contains("\nlimits = { ask = true }\n"));
        assert!(read(&text.replace("ask = true", "asks = true")).is_err());
    }
    let mut hidden = empty();
    let facts = Facts { limits: Limits { hide_from_agents: true, ..Limits::default() }, ..Facts::new(moment) };
    hidden.keys.insert(name, build((b"v".to_vec(), facts, Vec::new())));
    let text = write(&hidden);
    assert!(text.contains("format = 8\n") && text.contains("\nlimits = { hide_from_agents = true }\n"));
}

#[test]
fn keys_of_former_identities_that_are_none_or_in_disorder_are_refused() {
    let mut payload = empty();
    let retired = |last| Retired { key: Secret::new(vec![7; 32]), last, hash: [1; 32] };
    payload.retired = vec![retired(3), retired(9)];
    let good = write(&payload);
    assert!(good.contains("retired = [{ last = 3, hash = \"0101"));
    assert_eq!(read(&good).expect("reads").retired.len(), 2);
    for bad in [
        good.replace("last = 9", "last = 3"),
        good.replace("last = 9", "last = 1"),
        good.replace("last = 9", "last = -9"),
        good.replace("BwcHBw", "BwcH"),
        good.replace("BwcHBw", "!wcHBw"),
        good.replace("0101", "01"),
        good.replace("last = 9,", "last = 9, more = 1,"),
    ] {
        assert!(bad != good.as_str());
        let said = read(&bad).err().expect("bad").message;
        assert!(said.starts_with("the store opens, but its content is not what keyctl writes"), "{said}");
    }
}

#[test]
fn a_key_that_another_hand_has_written_in_its_own_way_is_found() {
    let text = write(&empty());
    for head in ["[key.a]", "[ key.\"a\" ]", "[key.\"a\"] # mine", "[key]\n[key.a]"] {
        let text = format!("{}{head}\nvalue = \"v\"\ncreated = \"2026-01-01T00:00:00Z\"\n", text.as_str());
        let name: KeyName = "a".parse().expect("good");
        assert_eq!(pick(&text, &[&name]).expect("reads").keys.len(), 1, "{head}");
    }
}

#[test]
fn a_hand_edited_text_with_a_multi_line_string_cannot_fool_the_picker() {
    let mut payload = empty();
    let name: KeyName = "a".parse().expect("good");
    payload.keys.insert(name.clone(), build((b"real".to_vec(), Facts::new(Moment::from_seconds(0)), Vec::new())));
    let text =
        write(&payload).replace("value = \"real\"", "value = \"\"\"\nreal\n[key.\"a\"]\nvalue = 'planted'\n\"\"\"");
    assert!(pick(&text, &[&name]).expect("picks").keys[&name].value.expose().starts_with(b"real"));
}

#[test]
fn what_the_first_format_wrote_is_read() {
    let text = write(&empty()).replace("format = 2", "format = 1")
        + "[key.\"a\"]\nvalue = \"3\"\ncreated = \"2026-01-01T00:00:00Z\"\nchanged = \"2026-03-01T00:00:00Z\"\n\
           [[key.\"a\".former]]\nvalue = \"1\"\nuntil = \"2026-02-01T00:00:00Z\"\n\
           [[key.\"a\".former]]\nvalue = \"2\"\nuntil = \"2026-03-01T00:00:00Z\"\n\
           [[removed]]\nname = \"b\"\nremoved = \"2026-01-02T00:00:00Z\"\nvalue = \"4\"\ncreated = \"2026-01-01T00:00:00Z\"\n";
    let payload = read(&text).expect("reads");
    let since: Vec<String> = payload.keys["a"].former.iter().map(|former| former.since.to_string()).collect();
    assert_eq!(since, ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]);
    assert_eq!(payload.removed[0].name.as_str(), "b");
}
