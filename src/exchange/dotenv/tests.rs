//! What the reader makes of each kind of line.

use super::{assignments, read, without};
use crate::failure::{Failure, Kind};
use proptest::prelude::*;

/// The entries as text, for comparing.
fn pairs(text: &str) -> Vec<(String, String)> {
    let reading = read(text.as_bytes()).unwrap_or_else(|failure| panic!("{text:?}: {failure:?}"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    reading.entries.iter().map(|entry| (entry.name.to_string(), text(entry.value.expose()))).collect()
}

fn refusal(text: &[u8]) -> Failure {
    read(text).err().unwrap_or_else(|| panic!("{:?} is read", String::from_utf8_lossy(text)))
}

#[test]
fn a_value_is_what_its_quotes_say() {
    for (text, value) in [
        ("A=b", "b"),
        ("A=", ""),
        ("A=   ", ""),
        ("A=''", ""),
        ("A=\"\"", ""),
        ("  A  =  b  ", "b"),
        ("\tA\t=\tb\t", "b"),
        ("export A=b", "b"),
        ("export\t A=b", "b"),
        ("A=b c  d", "b c  d"),
        ("A=b # c", "b"),
        ("A=b\t#c", "b"),
        ("A= # c", ""),
        ("A=b#c", "b#c"),
        ("A=#c", "#c"),
        ("A=it's", "it's"),
        ("A=b=c==", "b=c=="),
        ("A==", "="),
        ("A=b\\n", "b\\n"),
        ("A=$B${C}$(touch x)`d`", "$B${C}$(touch x)`d`"),
        ("A='b # c'", "b # c"),
        ("A=' b '", " b "),
        ("A='b'# c", "b"),
        ("A='b'   # it's", "b"),
        ("A = 'b' ", "b"),
        ("A='\\n\"`$B'", "\\n\"`$B"),
        ("A='\\'", "\\"),
        ("A=`'\"\\n`", "'\"\\n"),
        ("A=\"b\\nc\\rd\\te\"", "b\nc\rd\te"),
        ("A=\"\\\\n\\\"\\$B$C\"", "\\n\"$B$C"),
        ("A=\"\\a\\x41\\'\\u00e9\\\u{e9}\"", "\\a\\x41\\'\\u00e9\\\u{e9}"),
        ("A=\"b'c`d\"", "b'c`d"),
        ("A=\"b\nc\n\"", "b\nc\n"),
        ("A='b\n#c\nD=e'", "b\n#c\nD=e"),
        ("A='b\r\nc\rd'", "b\nc\nd"),
        ("A=b\r\n", "b"),
        ("A=b\r", "b"),
        ("\u{feff}A=b", "b"),
        ("A=\u{a0}b\u{a0}", "b"),
        ("A=\u{1f511}\u{e9}", "\u{1f511}\u{e9}"),
        ("\n \n# c\n#A=c\n  # c\nA=b\n\n", "b"),
    ] {
        assert_eq!(pairs(text), [("A".to_owned(), value.to_owned())], "{text:?}");
    }
}

#[test]
fn no_line_is_no_entry() {
    for text in ["", "\n", "\r\n\r\n", "#", "# A=b", "\u{feff}", " \t"] {
        assert_eq!(pairs(text), [], "{text:?}");
    }
}

#[test]
fn a_variable_may_be_called_export() {
    let named = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
    assert_eq!(pairs("export=b"), named("export", "b"));
    assert_eq!(pairs("export =b"), named("export", "b"));
    assert_eq!(pairs("export export=b"), named("export", "b"));
    assert_eq!(pairs("exportA=b"), named("exportA", "b"));
}

#[test]
fn a_broken_line_is_named_with_its_reason() {
    let name = "use letters, digits and `_`";
    for (text, said) in [
        ("A=b\nSECRET", "line 2: there is no `=`, and this is no comment".to_owned()),
        ("A: SECRET", "line 1: there is no `=`, and this is no comment".into()),
        ("export A", "line 1: there is no `=`, and this is no comment".into()),
        ("\n\nA='SECRET\n\nB=c", "line 3: the single quote that opens here is never closed".into()),
        ("A=\"SECRET\\\"", "line 1: the double quote that opens here is never closed".into()),
        ("A=`SECRET", "line 1: the backquote that opens here is never closed".into()),
        ("A='it\\'s SECRET'", "line 1: there is more behind the closing single quote".into()),
        ("A=\"SECRET\"x", "line 1: there is more behind the closing double quote".into()),
        (
            "A='SE\nCRET'SECRET",
            "line 2: there is more behind the closing single quote of the value that begins on line 1".into(),
        ),
        ("=SECRET", "line 1: a variable's name cannot be empty".into()),
        ("9A=SECRET", format!("line 1: a variable's name cannot begin with `9`; {name}")),
        ("A.B=SECRET", format!("line 1: a variable's name cannot hold `.`; {name}")),
        ("A B=SECRET", format!("line 1: a variable's name cannot hold a space; {name}")),
        ("A\u{0}=SECRET", format!("line 1: a variable's name cannot hold U+0000; {name}")),
        ("'A'=SECRET", format!("line 1: a variable's name cannot hold `'`; {name}")),
        ("A='b\r\nc\rd'\r\nSECRET", "line 4: there is no `=`, and this is no comment".into()),
    ] {
        let failure = refusal(text.as_bytes());
        assert_eq!(failure.message, said, "{text:?}");
        assert_eq!(failure.kind, Kind::Usage);
        assert!(!format!("{failure:?}").contains("SECRET"));
    }
    let failure = refusal(b"A=b\nB=\xff");
    assert_eq!(failure.message, "line 2: this is not UTF-8 text");
}

#[test]
fn all_broken_lines_are_told_and_a_value_of_many_lines_is_skipped_as_one() {
    let failure = refusal(b"one\nA=b\nB-C='x\ny\nz'\nD='e'f\ng\n");
    assert_eq!(failure.message, "4 entries cannot be read");
    assert_eq!(
        failure.hints,
        [
            "line 1: there is no `=`, and this is no comment",
            "line 3: a variable's name cannot hold `-`; use letters, digits and `_`",
            "line 6: there is more behind the closing single quote",
            "line 7: there is no `=`, and this is no comment",
        ]
    );
    let failure = refusal("x\n".repeat(500).as_bytes());
    assert_eq!(failure.message, "500 entries cannot be read");
    assert_eq!(failure.hints.len(), 21);
    assert_eq!(failure.hints[20], "and 480 more");
}

#[test]
fn of_a_name_that_comes_again_the_last_value_is_kept_in_the_first_place() {
    let reading = read(b"A=1\nB=2\nA=3\nA=4\n").unwrap_or_else(|failure| panic!("{failure}"));
    let seen: Vec<_> = reading.entries.iter().map(|e| (e.name.as_str(), e.value.expose(), e.line)).collect();
    assert!(seen == [("A", &b"4"[..], 4), ("B", &b"2"[..], 2)]);
    assert_eq!(reading.repeated.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A"]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_being_quoted(
        before in any::<Vec<u8>>(), quote in "['\"`]?", after in "[ -~\n]{0,40}"
    ) {
        let mut text = before;
        text.extend_from_slice(format!("\nA B={quote}hunter2-is-secret{after}\n").as_bytes());
        if let Err(failure) = read(&text) {
            let told = format!("{failure:?}");
            prop_assert!(!told.contains("hunter2"));
        }
    }

    #[test]
    fn what_stands_in_single_quotes_is_read_as_it_is(value in "[^'\r]*") {
        prop_assert_eq!(pairs(&format!("A='{value}'")), [("A".to_owned(), value)]);
    }

    #[test]
    fn what_is_escaped_in_double_quotes_is_read_as_it_was(value in any::<String>()) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r").replace('$', "\\$");
        prop_assert_eq!(pairs(&format!("A=\"{escaped}\"")), [("A".to_owned(), value)]);
    }
}

#[test]
fn assignments_are_told_with_their_lines_and_a_text_can_be_left_without_some() {
    let text = "\u{feff}# a\nA=1\r\nexport B='x\ny' # c\rC=2\n\nA=3";
    let all = assignments(text.as_bytes()).expect("good");
    let told: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.first, one.last)).collect();
    assert_eq!(told, [("A", 2, 2), ("B", 3, 4), ("C", 5, 5), ("A", 7, 7)]);
    for (left_out, rest) in [
        (&[][..], text),
        (&[0], "\u{feff}# a\nexport B='x\ny' # c\rC=2\n\nA=3"),
        (&[1], "\u{feff}# a\nA=1\r\n# c\rC=2\n\nA=3"),
        (&[0, 1, 2, 3], "\u{feff}# a\n# c\r\n"),
    ] {
        let gone = left_out.iter().map(|at: &usize| &all[*at]);
        assert_eq!(*without(text.as_bytes(), gone), rest.as_bytes(), "{left_out:?}");
    }
    assert!(assignments(b"A=1\nno line\n").is_err());
    for (text, rest) in [
        ("\u{feff}A=1\nB=2\n", "\u{feff}B=2\n"),
        ("\u{feff}A=1", "\u{feff}"),
        ("A=1 # before: 2 \r\nB=2", "# before: 2\r\nB=2"),
        ("  export A='1' \t# c # d", "# c # d"),
        ("A=1#c\n", ""),
        ("A='1\n2'# c\n\n", "# c\n\n"),
    ] {
        let all = assignments(text.as_bytes()).expect("good");
        assert_eq!(*without(text.as_bytes(), &all[..1]), rest.as_bytes(), "{text:?}");
    }
}
