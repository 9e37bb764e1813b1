//! What is found, by programs' own ways of writing rather than by `forms.rs`.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use proptest::prelude::*;

use super::*;
use crate::{
    scan::needles::{Form, Kept, MANY, Which},
    secret::Secret,
};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn engine(secrets: &[&str]) -> Engine {
    let kept: Vec<Secret> = secrets.iter().map(|text| secret(text)).collect();
    let kept = kept.iter().map(|secret| Kept { name: "KEY".into(), which: Which::Current, secret });
    Engine::new(Needles::of(kept), false)
}

/// Where and as what something is found, and how much of it.
type Told = (u64, u64, Form, Option<(usize, usize)>);

fn found(engine: &Engine, text: &[u8]) -> Vec<Told> {
    let mut found = Vec::new();
    engine.look(text, &mut |hit| match hit.what {
        What::Key { form, partial, .. } => found.push((hit.at, hit.line, form, partial)),
        What::Shape { id, .. } => panic!("{id}"),
    });
    found
}

fn hex(text: &str) -> String {
    crate::hex::encode(text.as_bytes())
}

fn percent(text: &str) -> String {
    let write = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(write).collect()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("json")
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// A secret written in one of the ways that programs have, in the surroundings that these have.
fn written(text: &str, way: usize, user: &str) -> (Vec<u8>, Vec<Form>) {
    let all_percent: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let basic = format!("{user}:{text}");
    let raw = vec![Form::Raw];
    // What has nothing to be escaped in it is written as it is.
    let escaped = vec![Form::Raw, Form::Escaped];
    match way {
        0 => (format!("KEY={text}").into_bytes(), raw),
        1 => (format!("key = \"{text}\"").into_bytes(), raw),
        2 => (json(text).into_bytes(), escaped),
        3 => (json(text).replace('/', "\\/").into_bytes(), escaped),
        4 => (json(text).replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e").into_bytes(), escaped),
        5 => (format!("https://x.test/?k={}&z=1", percent(text)).into_bytes(), vec![Form::Raw, Form::Percent]),
        6 => (all_percent.concat().into_bytes(), vec![Form::Percent]),
        7 => (hex(text).into_bytes(), vec![Form::Hex]),
        8 => (hex(text).to_uppercase().into_bytes(), vec![Form::Hex]),
        9 => (format!("Basic {}", STANDARD.encode(&basic)).into_bytes(), vec![Form::Base64]),
        10 => (URL_SAFE.encode(&basic).into_bytes(), vec![Form::Base64, Form::Base64Url]),
        11 => (utf16(text, true), vec![Form::Utf16]),
        _ => (utf16(text, false), vec![Form::Utf16]),
    }
}

fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9]{20,60}",
        "[a-f0-9]{32,64}",
        "sk-proj-[A-Za-z0-9_-]{40,160}",
        "[A-Za-z0-9/+]{40}",
        "[ -~]{12,80}",
        "[a-zé<>&\"\\\\/\n]{12,40}",
    ]
}

proptest! {
    #[test]
    fn every_form_is_found_whole_in_whatever_stands_around_it(text in secrets(), way in 0..13_usize, user in "[a-z]{0,7}", before in proptest::collection::vec(any::<u8>(), 0..300), after in proptest::collection::vec(any::<u8>(), 0..300), others in proptest::collection::vec("[A-Za-z0-9]{12,60}", 0..30)) {
        let mut all: Vec<&str> = others.iter().map(String::as_str).collect();
        all.push(&text);
        let (middle, forms) = written(&text, way, &user);
        let bytes = [&before[..], b"\n", &middle, b"\n", &after].concat();
        let found = found(&engine(&all), &bytes);
        let line = 2 + memchr_iter(b'\n', &before).count() as u64;
        prop_assert!(found.iter().any(|(at, at_line, form, partial)| {
            (before.len() as u64..(before.len() + middle.len()) as u64 + 1).contains(at) && (*at_line == line || text.contains('\n')) && forms.contains(form) && partial.is_none()
        }), "{found:?} in {:?}", String::from_utf8_lossy(&middle));
    }

    #[test]
    fn a_stream_tells_what_the_whole_of_it_tells(texts in proptest::collection::vec(secrets(), 1..4), ways in proptest::collection::vec((0..13_usize, 0..400_usize, 0..4_usize), 0..20), block in 1..3000_usize) {
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut engine = engine(&all);
        let mut bytes = Vec::new();
        for (way, gap, which) in ways {
            bytes.extend(std::iter::repeat_n(b'\n', gap));
            bytes.extend(written(&texts[which % texts.len()], way, "me").0);
        }
        let whole = found(&engine, &bytes);
        engine.block = block;
        let mut parts = Vec::new();
        let read = engine.look_through(&mut &bytes[..], &mut |hit| if let What::Key { form, partial, .. } = hit.what {
            parts.push((hit.at, hit.line, form, partial));
        });
        prop_assert_eq!(read.expect("in memory"), bytes.len() as u64);
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn a_part_of_a_random_secret_is_found_wherever_it_was_cut(text in "[A-Za-z0-9]{30,60}", from in 0..10_usize, length in 20..30_usize, before in "[ -~]{0,50}") {
        let engine = engine(&[&text]);
        let Some((start, end)) = engine.needles.secrets[0].random.first().copied() else { return Ok(()) };
        let from = start + from;
        let to = (from + length).min(end);
        prop_assume!(from + 20 <= to && !text.starts_with(&text[from..to]));
        let bytes = format!("{before} \"{}\" +", &text[from..to]);
        let found = found(&engine, bytes.as_bytes());
        let around = |partial: &Option<(usize, usize)>| partial.is_some_and(|(has, of)| has >= to - from && of == text.len());
        prop_assert!(found.len() == 1 && around(&found[0].3), "{found:?}");
    }

    #[test]
    fn nothing_is_found_where_nothing_is(texts in proptest::collection::vec("[A-Za-z0-9]{20,60}", 1..20), bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        prop_assert_eq!(found(&engine(&all), &bytes), vec![]);
    }
}

#[test]
fn two_keys_with_one_secret_are_both_named() {
    let (one, other) = (secret("3Hq9ZbT7mWx2LcR5vYk8"), secret("3Hq9ZbT7mWx2LcR5vYk8"));
    let kept = [("A", Which::Current, &one), ("B", Which::Former, &other), ("A", Which::Current, &other)];
    let kept = kept.map(|(name, which, secret)| Kept { name: name.into(), which, secret });
    let mut told = Vec::new();
    Engine::new(Needles::of(kept), false).look(b"x 3Hq9ZbT7mWx2LcR5vYk8", &mut |hit| {
        if let What::Key { name, which, .. } = hit.what {
            told.push(format!("{name} {which} {}", hit.at));
        }
    });
    assert_eq!(told, ["A current 2", "B former 2"]);
}

#[test]
fn a_short_secret_is_a_word_of_its_own_and_a_shorter_one_is_not_looked_for() {
    let engine_of = |text| engine(&[text]);
    let word = (4, 1, Form::Word, None);
    assert_eq!(found(&engine_of("hunter2x"), b"pw: hunter2x\n"), [word]);
    assert_eq!(found(&engine_of("hunter2x"), b"pw: hunter2x9 xhunter2x hunter2x_ \n"), []);
    assert_eq!(found(&engine_of("hunter2x9ab"), b"pw: hunter2x9ab"), [(4, 1, Form::Word, None)]);
    assert_eq!(found(&engine_of("hunter2x9abc"), b"pw: xhunter2x9abcx"), [(5, 1, Form::Raw, None)]);
    let short = engine_of("hunter2");
    assert!(short.needles().secrets.is_empty() && found(&short, b"hunter2").is_empty());
    assert_eq!(short.needles().too_short().iter().map(|name| &**name).collect::<Vec<_>>(), ["KEY"]);
}

#[test]
fn what_every_key_of_a_kind_has_is_no_part_of_one() {
    let body = "a9Bz8Yc7Xd6We5Vf4Ug3Th2Si1Rj0Qk9Pl8Om7Nn6Mo5Lp4Kq3Jr2Is1Ht0Gu9Fv8Ew7Dx6Cy5Bz";
    let openai = ["sk-proj-", &body[..74], "T3Blbk", "FJ", &body[2..76]].concat();
    let engine = engine(&[&openai, "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSJ9.3Hq9ZbT7mWx2LcR5vYk8"]);
    for text in ["sk-proj-", "sk-proj-a9Bz8Yc", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSJ9.", "zzzzT3BlbkFJzzzz"] {
        assert_eq!(found(&engine, text.as_bytes()), [], "{text}");
    }
    assert_eq!(found(&engine, b"sk-proj-a9Bz8Yc7Xd6We5V"), [(0, 1, Form::Raw, Some((23, openai.len())))]);
}

#[test]
fn a_part_in_base_64_is_found_wherever_it_stands_with_one_of_several_short_stretches_in_it() {
    let text = "of aB3dE5fG7hJ9kL and 3Hq9ZbT7mWx2Lc";
    let engine = engine(&[text]);
    for user in ["", "m", "me"] {
        let whole = STANDARD.encode([user, text].concat());
        // As far as the first of the two stretches goes, and no letter farther.
        let part = &whole[..(8 * (user.len() + 17)).div_ceil(6)];
        for gap in 0..24 {
            let told = found(&engine, format!("{}{part}\n", " ".repeat(gap)).as_bytes());
            assert!(matches!(told[..], [(_, 1, Form::Base64, Some((14..=17, 36)))]), "{gap} {part}: {told:?}");
        }
    }
}

#[test]
fn a_secret_longer_than_is_looked_for_is_found_by_its_beginning() {
    let long: String = (0..9000_u32).map(|at| char::from(b'!' + u8::try_from(at * at % 89).expect("small"))).collect();
    let engine = engine(&[&long]);
    assert_eq!(found(&engine, long.as_bytes())[0].3, Some((4096, 9000)));
}

#[test]
fn a_single_quote_and_an_exclamation_mark_are_found_as_shells_and_yaml_write_them() {
    for (secret, ways) in [
        (
            "it's-Winter-2025!horse",
            &[
                r#"'it'"'"'s-Winter-2025!horse'"#,
                r"'it'\''s-Winter-2025!horse'",
                r"'it'\''s-Winter-2025'\!'horse'",
                r"it\'s-Winter-2025!horse",
                r"it\'s-Winter-2025\!horse",
                r#""it's-Winter-2025\!horse""#,
                "'it''s-Winter-2025!horse'",
            ][..],
        ),
        // What bash's and zsh's `%q` write, and a shell's double quotes.
        (
            "it's (a) $Winter#2025!horse",
            &[
                r"it\'s\ \(a\)\ \$Winter#2025\!horse",
                r"it\'s\ \(a\)\ \$Winter\#2025\!horse",
                r#""it's (a) \$Winter#2025\!horse""#,
                r#"'it'"'"'s (a) $Winter#2025!horse'"#,
            ],
        ),
    ] {
        let engine = engine(&[secret]);
        for text in ways {
            let told: Vec<_> = found(&engine, format!("a\nKEY={text}\n").as_bytes());
            assert!(matches!(told[..], [(_, 2, Form::Escaped, None)]), "{text}: {told:?}");
        }
    }
    let forms = |secret| engine(&[secret]).needles().patterns.len();
    assert!(forms("its_Winter-2025+horse") < forms("it's_Winter-2025+horse"));
}

#[test]
fn of_many_secrets_which_several_threads_make_ready_each_is_found_by_its_own_name() {
    use sha2::Digest as _;
    let texts = (0..2000_u32).map(|number| STANDARD.encode(sha2::Sha256::digest(number.to_le_bytes())));
    let secrets: Vec<(String, String)> = texts.enumerate().map(|(number, text)| (number.to_string(), text)).collect();
    let kept: Vec<(&str, Secret)> = secrets.iter().map(|(name, text)| (name.as_str(), secret(text))).collect();
    let kept = kept.iter().map(|(name, secret)| Kept { name: (*name).into(), which: Which::Current, secret });
    let engine = Engine::new(Needles::of(kept), false);
    for (number, (name, text)) in secrets.iter().enumerate() {
        let basic = STANDARD.encode(format!("{}:{text}", &"users"[..number % 5]));
        for way in [text.clone(), hex(text), percent(text), text.replace('/', "\\/"), basic] {
            let mut told = Vec::new();
            engine.look(format!("{}{way}\n", " ".repeat(number % 7)).as_bytes(), &mut |hit| match hit.what {
                What::Key { name, partial: None, .. } => told.push(name.to_string()),
                what => panic!("{what:?}"),
            });
            assert_eq!(told, [name.as_str()], "{way}");
        }
    }
}

#[test]
fn a_short_secret_is_found_as_a_word_in_json_urls_and_utf_16_too() {
    let secret = "pa$w/0\"rd9";
    let engine = engine(&[secret]);
    let of_units = |text: &str, little| utf16(&format!("k={text}\n"), little);
    for bytes in [
        format!("k={secret}\n").into_bytes(),
        format!("{{\"k\":{}}}", json(secret)).into_bytes(),
        format!("{{\"k\":{}}}", json(secret).replace('/', "\\/")).into_bytes(),
        format!("?k={}&x", percent(secret)).into_bytes(),
        of_units(secret, true),
        of_units(secret, false),
    ] {
        let told = found(&engine, &bytes);
        assert!(matches!(told[..], [(_, _, Form::Word, None)]), "{told:?} in {}", String::from_utf8_lossy(&bytes));
    }
    for bytes in [
        format!("x{secret}").into_bytes(),
        of_units(&format!("x{secret}"), true),
        of_units(&format!("{secret}x"), false),
    ] {
        assert_eq!(found(&engine, &bytes), [], "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_secret_of_several_lines_is_whole_with_other_line_ends_and_indented() {
    let lines = ["-----BEGIN KEY-----", "3Hq9ZbT7mWx2LcR5vYk8", "aB3dE5fG7hJ9kL1mN2pQ", "-----END KEY-----", ""];
    let whole = |stored: &str, text: &str| {
        let told = found(&engine(&[stored]), text.as_bytes());
        matches!(told[..], [(_, _, Form::Raw, None)])
    };
    let (unix, windows) = (lines.join("\n"), lines.join("\r\n"));
    assert!(whole(&unix, &windows) && whole(&windows, &unix) && whole(&unix, &unix));
    for indent in ["  ", "    ", "\t"] {
        let yaml = format!("key: |\n{}", unix.lines().fold(String::new(), |yaml, line| yaml + indent + line + "\n"));
        assert!(whole(&unix, &yaml), "{yaml}");
        assert!(whole(unix.trim_end(), &yaml), "{yaml}");
    }
}

#[test]
fn of_two_thousand_secrets_parts_are_found_in_every_form_and_of_more_as_they_are() {
    use sha2::Digest as _;
    let text = |number: usize| STANDARD.encode(sha2::Sha256::digest(number.to_le_bytes()));
    for (count, expected) in [(MANY, 3), (MANY + 1, 1)] {
        let secrets: Vec<Secret> = (0..count).map(|number| secret(&text(number))).collect();
        let kept = secrets.iter().map(|secret| Kept { name: "KEY".into(), which: Which::Current, secret });
        let engine = Engine::new(Needles::of(kept), false);
        let one = text(7);
        let lines = [one[..30].to_owned(), hex(&one[..30]), STANDARD.encode(&one[..30])].join("\n");
        assert_eq!(found(&engine, lines.as_bytes()).len(), expected, "{count}");
        assert_eq!(engine.needles().are_many(), expected == 1);
    }
}
