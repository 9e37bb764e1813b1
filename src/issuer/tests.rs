//! The table, row by row, and what it recognises.

use std::{collections::BTreeSet, time::Instant};

use proptest::prelude::*;

use super::{
    Checksum,
    check::Check,
    own_expiry, recognise,
    shape::Fit,
    table::{self, Kind},
};
use crate::secret::{LARGEST, Secret};

fn kinds() -> &'static [Kind] {
    table::kinds()
}

/// The kind's id and what its check characters say.
fn seen(text: &str) -> Option<(&'static str, Checksum)> {
    recognise(&Secret::new(text.as_bytes().to_vec())).map(|found| (found.kind.id(), found.checksum))
}

/// The anchor that a sample begins with.
fn anchor<'a>(kind: &'a Kind, sample: &str) -> &'a str {
    let mut anchors = kind.patterns.iter().map(|pattern| pattern.anchor.as_str());
    anchors.find(|anchor| sample.starts_with(anchor)).expect("at the beginning")
}

fn of_two(rows: &str, text: &str) -> Option<String> {
    let kinds = table::read(rows).expect("rows");
    table::recognise(&kinds, text.as_bytes()).map(|(kind, _)| kind.id.clone())
}

#[test]
fn the_table_can_be_read() {
    assert_eq!(table::read(table::TEXT).err(), None);
}

#[test]
fn every_row_recognises_its_own_and_nothing_else() {
    for kind in kinds() {
        let right = if kind.check.is_some() { Checksum::Right } else { Checksum::NoneKnown };
        assert!(!kind.yes.is_empty() && kind.no.len() >= 2, "{}", kind.id);
        for text in &kind.yes {
            assert_eq!(seen(text), Some((kind.id.as_str(), right)), "{text}");
        }
        for text in &kind.no {
            assert!(seen(text).is_none_or(|(id, _)| id != kind.id), "{}: {text}", kind.id);
        }
        assert_eq!(kind.check.is_some(), !kind.mistyped.is_empty(), "{}", kind.id);
        for text in &kind.mistyped {
            assert_eq!(seen(text), Some((kind.id.as_str(), Checksum::Wrong)), "{text}");
        }
    }
}

#[test]
fn every_anchor_and_every_form_of_a_row_has_a_sample() {
    for kind in kinds() {
        let anchors: BTreeSet<&str> = kind.patterns.iter().map(|pattern| pattern.anchor.as_str()).collect();
        for anchor in anchors.into_iter().filter(|anchor| !anchor.starts_with("-----BEGIN")) {
            assert!(kind.yes.iter().any(|text| text.contains(anchor)), "{}: {anchor}", kind.id);
        }
        let forms = kind.patterns.iter().filter(|pattern| pattern.anchor == kind.patterns[0].anchor);
        for form in forms {
            assert!(kind.yes.iter().any(|text| form.shape.fit(text.as_bytes()) == Fit::Whole), "{}", kind.id);
        }
    }
}

#[test]
fn every_row_is_in_order() {
    let kinds = kinds();
    assert!(kinds.len() >= 90, "{}", kinds.len());
    assert!(kinds.is_sorted_by(|a, b| a.id < b.id), "by id, and each once");
    let names: BTreeSet<&str> = kinds.iter().map(Kind::name).collect();
    assert_eq!(names.len(), kinds.len(), "each name once");
    for kind in kinds {
        assert!(kind.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        assert!(kind.url().is_none_or(|url| url.starts_with("https://") && !url.contains(' ')), "{}", kind.id);
        assert!(
            !kind.patterns.is_empty() && kind.patterns.iter().all(|pattern| pattern.anchor.len() >= 3),
            "{}",
            kind.id
        );
        assert!(kind.patterns.iter().all(|pattern| pattern.shape.lengths().0 >= 20), "{}: too short to tell", kind.id);
        // Check characters are looked for behind the anchor, so the anchor has to stand at the beginning.
        let begins = |text: &String| kind.patterns.iter().any(|pattern| text.starts_with(&pattern.anchor));
        assert!(kind.check.is_none() || kind.yes.iter().all(begins), "{}", kind.id);
    }
    let without_a_page: Vec<&str> = kinds.iter().filter(|kind| kind.url().is_none()).map(Kind::id).collect();
    assert_eq!(without_a_page, ["age-identity", "jwt", "private-key"]);
    let without_a_period: Vec<&str> = kinds.iter().filter(|kind| kind.period().is_none()).map(Kind::id).collect();
    let by_themselves = [
        "age-identity",
        "aws-temporary-key-id",
        "digitalocean-oauth",
        "github-app",
        "github-app-refresh",
        "github-app-stateless",
        "jwt",
        "vault-batch",
    ];
    assert_eq!(without_a_period, by_themselves);
}

#[test]
fn what_is_shown_of_a_kind_is_what_its_row_says() {
    let text = kinds().iter().find(|kind| kind.id == "github-classic").expect("a row").yes[0].clone();
    let kind = recognise(&Secret::new(text.into_bytes())).expect("known").kind;
    assert_eq!(kind.name(), "GitHub personal access token (classic)");
    let one = |start: &str| kinds().iter().find(|kind| kind.name().starts_with(start)).expect("a row").one();
    for (start, article) in [("GitHub", "a"), ("npm", "an"), ("OpenAI", "an"), ("NuGet", "a"), ("AWS", "an")] {
        assert!(one(start).starts_with(&format!("{article} {start} ")), "{}", one(start));
    }
    assert_eq!(kind.url(), Some("https://github.com/settings/tokens"));
    assert_eq!(kind.period().map(|period| period.words()), Some("90 days".into()));
}

#[test]
fn the_longest_prefix_wins_wherever_it_stands_in_the_table() {
    const SHORT: &str =
        "[[kind]]\nid = 'short'\nname = 'S'\nanchors = ['k_']\nafter = [\"base64url{5,40}\"]\nyes = []\nno = []\n";
    const LONG: &str =
        "[[kind]]\nid = 'long'\nname = 'L'\nanchors = ['k_live_']\nafter = [\"base62{3,40}\"]\nyes = []\nno = []\n";
    for rows in [format!("{SHORT}{LONG}"), format!("{LONG}{SHORT}")] {
        assert_eq!(of_two(&rows, "k_live_abc").as_deref(), Some("long"));
        assert_eq!(of_two(&rows, "k_live-abc").as_deref(), Some("short"));
        assert_eq!(of_two(&rows, "k_test_abc").as_deref(), Some("short"));
    }
}

#[test]
fn what_fits_whole_comes_before_what_is_cut_short() {
    const WHOLE: &str =
        "[[kind]]\nid = 'whole'\nname = 'W'\nanchors = ['k_']\nafter = [\"base62{10}\"]\nyes = []\nno = []\n";
    const CUT: &str = "[[kind]]\nid = 'cut'\nname = 'C'\nanchors = ['k_a']\nafter = [\"base62{36}\"]\ncheck = 'crc32-base62'\nyes = []\nno = []\n";
    for rows in [format!("{WHOLE}{CUT}"), format!("{CUT}{WHOLE}")] {
        assert_eq!(of_two(&rows, "k_abbbbbbbbb").as_deref(), Some("whole"));
        assert_eq!(of_two(&rows, "k_abbbbbbbbbb").as_deref(), Some("cut"));
        assert_eq!(of_two(&rows, "k_a"), None);
    }
}

#[test]
fn every_slip_in_a_key_with_a_checksum_is_noticed() {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_=.";
    for kind in kinds().iter().filter(|kind| kind.check.is_some()) {
        for good in &kind.yes {
            // GitHub's checksum does not cover the prefix, so that one prefix may become another.
            let begin = anchor(kind, good).len();
            for (at, letter) in (begin..good.len()).flat_map(|at| LETTERS.iter().map(move |letter| (at, *letter))) {
                let mut changed = good.clone().into_bytes();
                if std::mem::replace(&mut changed[at], letter) != letter {
                    let found = recognise(&Secret::new(changed));
                    assert!(found.is_none_or(|found| found.checksum != Checksum::Right), "{good} {at}");
                }
            }
        }
    }
}

#[test]
fn a_key_cut_short_is_mistyped_and_not_unknown() {
    for kind in kinds().iter().filter(|kind| kind.check.is_some_and(|check| check != Check::Crc32Base36)) {
        let good = &kind.yes[0];
        for end in anchor(kind, good).len() + 1..good.len() {
            assert_eq!(seen(&good[..end]), Some((kind.id.as_str(), Checksum::Wrong)), "{good} {end}");
        }
    }
}

#[test]
fn a_key_cut_short_is_mistyped_even_if_its_end_looks_like_its_checksum() {
    assert_eq!(seen("ghp_abcdefghij13I8RG"), Some(("github-classic", Checksum::Wrong)));
    assert!(Check::Crc32Base62.holds(b"ghp_abcdefghij13I8RG", 4));
}

#[test]
fn the_table_holds_no_text_that_looks_like_a_key() {
    let samples = table::TEXT.lines().filter(|line| line.starts_with("    \"") || line.contains("= [\""));
    for word in samples.flat_map(|line| line.split('"')) {
        assert_eq!(seen(word), None, "{word}");
    }
}

#[test]
fn ordinary_texts_are_of_no_kind() {
    for text in [
        "",
        "secret",
        "correct horse battery staple",
        "postgres://user:password@localhost/db",
        "2f1c8f2e-3e2b-4a53-9f0b-0a4f1f0f8a11",
        "d41d8cd98f00b204e9800998ecf8427e",
        "npm_",
        "sk-",
        "ghp",
        "-----BEGIN CERTIFICATE-----",
        "https://example.com/",
    ] {
        assert_eq!(seen(text), None, "{text}");
    }
    assert!(recognise(&Secret::new(vec![0xFF; 40])).is_none());
}

#[test]
fn what_a_find_prints_for_developers_is_its_kind_and_never_the_secret() {
    let text = kinds().iter().find(|kind| kind.id == "npm").expect("a row").yes[0].clone();
    let found = recognise(&Secret::new(text.into_bytes())).expect("known");
    assert_eq!(format!("{found:?}"), "Recognised { kind: npm, checksum: Right }");
}

#[test]
fn a_secret_of_a_mebibyte_takes_no_time_whatever_it_begins_with() {
    let begin = Instant::now();
    let mut looked = 0_u32;
    for kind in kinds() {
        for pattern in &kind.patterns {
            for letter in ["a", "0", "eyJ."] {
                let text = pattern.anchor.clone() + &letter.repeat(LARGEST / letter.len());
                let secret = Secret::new(text.into_bytes());
                // Generous, as the machine may be busy; a look that grew with the square would take hours.
                let now = Instant::now();
                assert!(recognise(&secret).is_none() && own_expiry(&secret).is_none());
                assert!(now.elapsed().as_millis() < 500, "{}", kind.id);
                looked += 1;
            }
        }
    }
    assert!(looked > 300 && begin.elapsed().as_secs() < 60);
}

#[test]
fn the_longest_text_that_a_row_takes_is_quick() {
    for kind in kinds() {
        for pattern in &kind.patterns {
            let text = pattern.shape.make(|below| below - 1);
            let secret = Secret::new(text);
            let now = Instant::now();
            let _ = (recognise(&secret), own_expiry(&secret));
            assert!(now.elapsed().as_millis() < 500, "{}", kind.id);
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_row_describes_is_recognised_as_that_row(row in any::<prop::sample::Index>(), form in any::<prop::sample::Index>(), numbers in proptest::collection::vec(any::<usize>(), 997)) {
        let kind = row.get(kinds());
        let mut numbers = numbers.iter().cycle();
        let text = form.get(&kind.patterns).shape.make(|below| numbers.next().expect("endless") % below);
        let found = recognise(&Secret::new(text)).expect("known");
        prop_assert_eq!(found.kind.id(), &kind.id);
        prop_assert_eq!(found.checksum == Checksum::NoneKnown, kind.check.is_none());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), row in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
        let sample = row.get(kinds()).yes[0].as_bytes();
        let mixed = [&sample[..cut.index(sample.len())], &bytes].concat();
        for text in [bytes, mixed] {
            let secret = Secret::new(text);
            let _ = (recognise(&secret), own_expiry(&secret));
        }
    }
}
