use proptest::prelude::*;

use super::*;

fn masker(given: &[(&str, &str)]) -> Arc<Masker> {
    let secrets: Vec<(&str, Secret)> =
        given.iter().map(|(name, secret)| (*name, Secret::new(secret.as_bytes().to_vec()))).collect();
    Masker::of(secrets.iter().map(|(name, secret)| (*name, secret)), [])
}

fn masked(given: &[(&str, &str)], text: &str) -> String {
    String::from_utf8(masker(given).masked(text.as_bytes())).expect("text")
}

const KEY: &str = "sk-live-3Hq9/ZbT7+mWx2Lc";

#[test]
fn each_form_of_a_secret_is_replaced_by_the_name_of_its_variable() {
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let json = KEY.replace('/', "\\/");
    let url = KEY.replace('/', "%2F").replace('+', "%2B");
    let hex = crate::hex::encode(KEY.as_bytes());
    for form in [KEY, &json, &url, &hex, &hex.to_uppercase()] {
        assert_eq!(masked(&[("K", KEY)], &format!("a {form} b{form}\n")), "a [keyctl:K] b[keyctl:K]\n");
    }
    // In base 64 a letter at each end may have to do with what stands beside it.
    for before in ["", "u:", "user:"] {
        let header = masked(&[("K", KEY)], &format!("Basic {}", encoded(&format!("{before}{KEY}\n"))));
        assert!(header.contains("[keyctl:K]") && header.len() < "Basic [keyctl:K]".len() + 15, "{header}");
    }
}

#[test]
fn json_within_json_is_replaced() {
    let pem = "-----BEGIN KEY-----\nMIIE/vQIBADANB\tgkqhkiG9w0B\n\u{1}\u{1F600}<end>\n-----END KEY-----\n";
    for secret in ["pass\"word\\is", "two\nlines of it", pem] {
        let once = serde_json::to_string(secret).expect("text");
        let twice = serde_json::to_string(&once).expect("text");
        let within = &twice[3..twice.len() - 3];
        assert_ne!(within, secret);
        assert_eq!(masked(&[("K", secret)], &format!("<{within}>")), "<[keyctl:K]>", "{within}");
    }
    // Nothing may grow while it is written.
    let texts = [pem.repeat(20), "\"".repeat(3000), "'!".repeat(1000), "/\u{e4}\n".repeat(900)];
    for text in texts {
        let masker = masker(&[("K", &text)]);
        let most = room(text.as_bytes());
        assert!(masker.text.len() <= most, "{} of {most}", masker.text.len());
    }
}

#[test]
fn a_stream_goes_on_elsewhere_as_it_would_have_here() {
    let masker = masker(&[("K", KEY), ("L", "two\nlines-of-it-here")]);
    let text = format!("a {KEY} sk-li {KEY}{KEY} lines-of-it-here sk-live-3Hq9");
    for at in 0..=text.len() {
        let (mut stream, mut all) = (masker.stream(), Vec::new());
        stream.push(&text.as_bytes()[..at], &mut all);
        let written = handed::write(&stream);
        let mut other = handed::read(&written).expect("written");
        other.push(&text.as_bytes()[at..], &mut all);
        other.finish(&mut all);
        assert_eq!(all, masker.masked(text.as_bytes()), "{at}");
        let cut = [&written[..at.min(written.len() - 1)], &written[..written.len() - 1 - at], &[]];
        assert!(
            cut.into_iter().all(|cut| handed::read(cut).is_none())
                && handed::read(&[&written[..], &[0]].concat()).is_none()
        );
    }
    let none = self::masker(&[]);
    assert!(handed::read(&handed::write(&none.stream())).is_some());
}

#[test]
fn what_is_short_is_named_and_left() {
    let masker = masker(&[("A", "short"), ("B", "7letter\n"), ("C", "8letters"), ("D", "")]);
    assert_eq!(masker.too_short(), ["A", "B", "D"]);
    assert_eq!(masker.masked(b"short 7letter 8letters"), b"short 7letter [keyctl:C]");
    assert_eq!(masked(&[], "nothing is given"), "nothing is given");
}

#[test]
fn what_is_said_to_be_masked_is_masked_and_nothing_else() {
    for length in 6..=9 {
        for blanks in ["", " ", "   ", "\n"] {
            let letters = &"k3y-w7x9z"[..length];
            for secret in [format!("{letters}{blanks}"), format!("{blanks}{letters}{blanks}")] {
                let is_masked = is_masked(&Secret::new(secret.clone().into_bytes()));
                assert_eq!(is_masked, length >= SHORTEST, "{secret:?}");
                assert_eq!(masker(&[("K", &secret)]).too_short().is_empty(), is_masked, "{secret:?}");
                assert_eq!(masked(&[("K", &secret)], letters) == "[keyctl:K]", is_masked, "{secret:?}");
            }
        }
    }
}

#[test]
fn lines_of_a_secret_are_replaced_by_themselves_and_its_whole_as_one() {
    let pem =
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj\nshort\n-----END PRIVATE KEY-----\n";
    let given = [("P", pem)];
    assert_eq!(masked(&given, &format!("<{pem}>")), "<[keyctl:P]>");
    assert_eq!(masked(&given, &format!("<{}>", pem.replace('\n', "\r\n"))), "<[keyctl:P]>");
    assert_eq!(masked(&given, &format!("{{\"k\":\"{}\"}}", pem.replace('\n', "\\n"))), "{\"k\":\"[keyctl:P]\"}");
    assert_eq!(masked(&given, "2: AQEFAASCBKcwggSj\nshort\n"), "2: [keyctl:P]\nshort\n");
    assert_eq!(masked(&given, "-----BEGIN PRIVATE KEY-----\nother\n"), "-----BEGIN PRIVATE KEY-----\nother\n");
}

#[test]
fn what_is_one_line_in_json_or_a_dotenv_file_is_replaced_in_lines_too() {
    let lines = ["MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSj/+1234567"];
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----\n", lines[0], lines[1]);
    let (first, last) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    let json = serde_json::json!({ "type": "service", "id": 7, "private_key": pem, "note": "one robot of two" });
    let (short, long) = (json.to_string(), serde_json::to_string_pretty(&json).expect("json"));
    let one_line = [pem.replace('\n', "\\n"), pem.replace('\n', "\\r\\n")];
    for secret in [&short, &long, &one_line[0], &one_line[1]] {
        let given = [("G", secret.as_str())];
        let in_lines = masked(&given, &format!("1: {}\n2: {}\n", lines[0], lines[1]));
        assert_eq!(in_lines, "1: [keyctl:G]\n2: [keyctl:G]\n", "{secret}");
        assert_eq!(masked(&given, secret), "[keyctl:G]");
        let other = format!("{first}\nother\n{last}\n");
        assert_eq!(masked(&given, &other), other);
    }
    for secret in [&short, &long] {
        let given = [("G", secret.as_str())];
        assert_eq!(masked(&given, &format!("<{pem}>")), "<[keyctl:G]>");
        // As another program writes the same text once more, and in a form that tells nothing of it.
        assert_eq!(masked(&given, &format!("{:?}", [&pem])), "[\"[keyctl:G]\"]");
        let encoded = base64::engine::general_purpose::STANDARD.encode(&pem);
        assert!(!masked(&given, &encoded).contains(&encoded[20..40]));
        assert_eq!(masked(&given, "one robot of two service private_key"), "[keyctl:G] service private_key");
    }
}

#[test]
fn base64_and_digits_in_lines_are_replaced_line_by_line() {
    let long: String = (0..150_u32).map(|at| char::from(b'!' + u8::try_from(at * 7 % 90).unwrap())).collect();
    let letters = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&long);
    let digits = crate::hex::encode(long.as_bytes());
    for (text, width) in [(&letters, 76), (&letters, 64), (&digits, 60)] {
        let lines = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
        let lines = lines.collect::<Vec<_>>().join("\n");
        for end in ["\n", "\r\n"] {
            assert_eq!(
                masked(&[("L", &long)], &format!("<{}\n>", lines.replace('\n', end))),
                "<[keyctl:L]\n>",
                "{width}"
            );
        }
        let numbered = lines.replace('\n', "\n1: ");
        let left = masked(&[("L", &long)], &numbered);
        let full = long.len() * if width == 60 { 2 } else { 1 } / width;
        assert!(left.matches("[keyctl:L]").count() >= full && left.len() < 40 + width + 20 * full, "{left}");
    }
}

#[test]
fn overlapping_secrets_leave_nothing_of_either() {
    let given = [("A", "abcdefgh1234"), ("B", "1234ijklmnop"), ("C", "defgh1234ijk")];
    assert_eq!(masked(&given, "<abcdefgh1234ijklmnop>"), "<[keyctl:A]>");
    assert_eq!(masked(&given, "<abcdefgh1234abcdefgh1234>"), "<[keyctl:A][keyctl:A]>");
    assert_eq!(masked(&[("A", "aaaaaaaa")], &"a".repeat(1000)), "[keyctl:A]");
}

#[test]
fn a_stretch_without_end_has_its_mark_at_once_and_takes_no_more_room() {
    for (secret, text) in [("xxxxxxxxxx", "x"), ("abcabcabcabc", "abc")] {
        let masker = masker(&[("A", secret)]);
        let (mut stream, mut all) = (masker.stream(), b"<".to_vec());
        for _ in 0..20_000 {
            stream.push(text.as_bytes(), &mut all);
        }
        assert_eq!(String::from_utf8_lossy(&all), "<[keyctl:A]");
        assert!(stream.held < 100, "{}", stream.held);
        stream.push(b">", &mut all);
        stream.finish(&mut all);
        assert_eq!(String::from_utf8_lossy(&all), "<[keyctl:A]>");
    }
}

#[test]
fn a_secret_of_any_size_is_replaced() {
    for size in [4096, 4097, 30_000] {
        let long: String = (0..size).map(|at: u64| char::from(b'!' + u8::try_from(at * at % 89).unwrap())).collect();
        let left = masked(&[("L", &long)], &format!("<{long}>"));
        assert!(left.replace("[keyctl:L]", "") == "<>", "{size}: {}", left.len());
    }
}

#[test]
fn a_prompt_is_there_at_once_and_the_beginning_of_a_secret_after_a_pause() {
    let masker = masker(&[("K", KEY)]);
    let (mut stream, mut all) = (masker.stream(), Vec::new());
    stream.push(b"Password: ", &mut all);
    assert_eq!((&*all, stream.holds()), (&b"Password: "[..], Held::Nothing));
    stream.push(b"key s", &mut all);
    assert_eq!((&all[10..], stream.holds()), (&b"key "[..], Held::Little));
    stream.pause(&mut all);
    assert_eq!((&all[10..], stream.holds()), (&b"key s"[..], Held::Nothing));
    // The rest of the secret is not shown even so.
    stream.push(&KEY.as_bytes()[1..10], &mut all);
    assert_eq!((&all[10..], stream.holds()), (&b"key s"[..], Held::Much));
    stream.pause(&mut all);
    stream.push(&KEY.as_bytes()[10..], &mut all);
    // Its last letter is the first one of its base64.
    stream.pause(&mut all);
    assert_eq!(&all[10..], b"key s[keyctl:K]");
    // What went another way is there as it was.
    stream.push(b" s", &mut all);
    stream.pause(&mut all);
    stream.push(b"ky sk-live-3", &mut all);
    stream.finish(&mut all);
    assert_eq!(&all[10..], b"key s[keyctl:K] sky sk-live-3");
}

/// Masking as one would write it down who has all the time in the world.
fn plainly(masker: &Masker, text: &[u8]) -> Vec<u8> {
    let mut inside: Vec<Option<usize>> = vec![None; text.len() + 1];
    let mut stretches: Vec<(usize, usize, usize)> = Vec::new();
    for at in 0..text.len() {
        let whole =
            masker.patterns.iter().enumerate().filter(|(_, pattern)| text[at..].starts_with(masker.bytes(pattern)));
        let Some((number, longest)) = whole.max_by_key(|(_, pattern)| pattern.length) else { continue };
        match stretches.last_mut().filter(|(_, end, _)| *end > at) {
            Some((_, end, _)) => *end = (*end).max(at + longest.length),
            None => stretches.push((at, at + longest.length, number)),
        }
    }
    for (from, to, number) in stretches {
        inside[from..to].iter_mut().for_each(|place| *place = Some(usize::MAX));
        inside[from] = Some(number);
    }
    let mut all = Vec::new();
    for (byte, place) in text.iter().zip(inside) {
        match place {
            None => all.push(*byte),
            Some(usize::MAX) => {}
            Some(number) => all.extend_from_slice(masker.marks[masker.patterns[number].secret].as_bytes()),
        }
    }
    all
}

/// Texts in which secrets, their forms and parts of them are near each other.
fn text_of(secrets: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let part = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..9_u8);
    prop::collection::vec(part, 0..12).prop_map(move |parts| {
        let mut text = Vec::new();
        for (which, from, to, kind) in parts {
            let secret = secrets[which.index(secrets.len())].as_bytes();
            let (from, to) = (from.index(secret.len()), to.index(secret.len() + 1));
            match kind {
                0..=2 => text.extend_from_slice(secret),
                3 => text.extend(STANDARD_NO_PAD.encode(secret).bytes()),
                4 => text.extend(secret.iter().flat_map(|byte| forms::lower_hex(*byte))),
                5 => text.extend_from_slice(&secret[from.min(to)..from.max(to)]),
                6 => text.extend_from_slice(&secret[..to]),
                7 => {
                    let once = serde_json::to_string(&secret.escape_ascii().to_string()).unwrap_or_default();
                    text.extend_from_slice(once.trim_matches('"').as_bytes());
                }
                _ => text.extend_from_slice(b" a\n"),
            }
        }
        text
    })
}

fn secrets_and_text() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    // Of two letters, so that they overlap with each other and with themselves.
    let secret = prop_oneof!["[ab]{8,20}", "[a-z/+]{8,40}", "[ab]{4,20}\n[ab\"]{8,20}\n"];
    // Short ones among them, and long ones alone: what is looked for hangs on the shortest.
    let all = prop_oneof![
        4 => prop::collection::vec(secret, 1..4),
        1 => prop::collection::vec("[ab/]{24,50}", 1..4),
        1 => prop::collection::vec("[a-z+]{32,70}", 1..4),
    ];
    all.prop_flat_map(|secrets| (Just(secrets.clone()), text_of(secrets)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_pieces_in_which_a_text_comes_change_nothing(
        (secrets, text) in secrets_and_text(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        one_by_one in any::<bool>(),
    ) {
        let given: Vec<(String, &str)> =
            secrets.iter().enumerate().map(|(at, secret)| (format!("K{at}"), secret.as_str())).collect();
        let given: Vec<(&str, &str)> = given.iter().map(|(name, secret)| (name.as_str(), *secret)).collect();
        let masker = masker(&given);
        let wanted = plainly(&masker, &text);
        let mut cuts: Vec<usize> =
            if one_by_one { (0..=text.len()).collect() } else { cuts.iter().map(|cut| cut.index(text.len() + 1)).collect() };
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let (mut stream, mut all) = (masker.stream(), Vec::new());
        for ends in cuts.windows(2) {
            stream.push(&text[ends[0]..ends[1]], &mut all);
        }
        stream.finish(&mut all);
        prop_assert_eq!(String::from_utf8_lossy(&all), String::from_utf8_lossy(&wanted));
    }

    #[test]
    fn with_pauses_nothing_but_a_beginning_of_a_secret_is_shown(
        (secrets, text) in secrets_and_text(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let given: Vec<(&str, &str)> = secrets.iter().map(|secret| ("K", secret.as_str())).collect();
        let masker = masker(&given);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let (mut stream, mut all) = (masker.stream(), Vec::new());
        for ends in cuts.windows(2) {
            stream.push(&text[ends[0]..ends[1]], &mut all);
            stream.pause(&mut all);
            prop_assert!(stream.holds() != Held::Little);
        }
        stream.finish(&mut all);
        // At each pause fewer than eight bytes were shown that are not shown else.
        prop_assert!(all.len() <= plainly(&masker, &text).len() + cuts.len() * (SHORTEST - 1));
        // A whole secret is not there: of each the last bytes are missing.
        for secret in secrets {
            prop_assert!(memchr::memmem::find(&all, secret.trim_end().as_bytes()).is_none());
        }
    }
}
