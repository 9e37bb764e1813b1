//! What each format looks like, and what it refuses. `tests/exports.rs` holds the output against the real programs.

use super::{Format, write};
use crate::{
    exchange::{dotenv, json},
    failure::{Failure, Kind},
    name::VariableName,
    secret::Secret,
};
use proptest::prelude::*;

fn result(format: Format, pairs: &[(&str, &[u8])]) -> Result<Vec<u8>, Failure> {
    let secrets: Vec<Secret> = pairs.iter().map(|(_, value)| Secret::new(value.to_vec())).collect();
    let names = pairs.iter().map(|(name, _)| name.parse().expect("a name"));
    let pairs: Vec<(VariableName, &Secret)> = names.zip(&secrets).collect();
    write(format, &pairs).map(|page| page.to_vec())
}

fn output(format: Format, value: &str) -> String {
    let bytes = result(format, &[("A", value.as_bytes())]).unwrap_or_else(|failure| panic!("{failure:?}"));
    String::from_utf8(bytes).expect("UTF-8")
}

fn refusal(format: Format, pairs: &[(&str, &[u8])]) -> Failure {
    result(format, pairs).err().unwrap_or_else(|| panic!("{format} writes it"))
}

#[test]
fn each_format_writes_a_value_in_its_own_quotes() {
    for (format, value, written) in [
        (Format::Bash, "it's $A\\", "export A='it'\\''s $A\\'\n"),
        (Format::Bash, "a\nb'\\!\u{1}2é", "export A=$'a\\nb\\'\\\\\\041\\0012\\303\\251'\n"),
        (Format::Bash, "é", "export A='é'\n"),
        (Format::Zsh, "\u{9b}", "export A=$'\\302\\233'\n"),
        (Format::Sh, "a\n'", "export A='a\n'\\'''\n"),
        (Format::Fish, "it's \\ é", "set -gx A 'it\\'s \\\\ é';\n"),
        (Format::Fish, "a\nb\u{9b}", "set -gx A 'a'\\x0a'b'\\Xc2''\\X9b'';\n"),
        (Format::Powershell, "it's `$A`", "$env:A = 'it''s `$A`'\n"),
        (
            Format::Powershell,
            "\u{2019}",
            "$env:A = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('4oCZ'))\n",
        ),
        (
            Format::Powershell,
            "a\nbc",
            "$env:A = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('YQpiYw=='))\n",
        ),
        (Format::Json, "a\"\\\n\u{1b}\u{9b}é", "{\n  \"A\": \"a\\\"\\\\\\n\\u001b\\u009bé\"\n}\n"),
        (Format::Yaml, "a\"\\\n\u{1b}é\u{2028}\u{1f511}", "\"A\": \"a\\\"\\\\\\n\\x1b\\xe9\\u2028\\U0001f511\"\n"),
        (Format::Docker, " a\\'\"$b# ", "A= a\\'\"$b# \n"),
        (Format::Dotenv, "sk-a_b.c/d+e=", "A=sk-a_b.c/d+e=\n"),
        (Format::Dotenv, "", "A=''\n"),
        (Format::Dotenv, "a b#$c\\n\"`", "A='a b#$c\\n\"`'\n"),
        (Format::Dotenv, "it's\r\n", "A=\"it's\\r\n\"\n"),
        (Format::Dotenv, "a'\"\\\\b", "A=a'\"\\\\b\n"),
    ] {
        assert_eq!(output(format, value), written, "{format} {value:?}");
    }
}

#[test]
fn bytes_that_are_not_text_go_to_shells_that_take_them() {
    let written = |format| result(format, &[("A", b"a\xff\xc3'")]).expect("written");
    assert_eq!(written(Format::Bash), b"export A=$'a\\377\\303\\''\n");
    assert_eq!(written(Format::Fish), b"set -gx A 'a'\\Xff''\\Xc3'\\'';\n");
    assert_eq!(written(Format::Sh), b"export A='a\xff\xc3'\\'''\n");
}

#[test]
fn nothing_is_written_as_nothing_and_as_an_empty_document() {
    for format in Format::ALL {
        let empty: &[u8] = match format {
            Format::Json | Format::Yaml => b"{}\n",
            _ => b"",
        };
        assert_eq!(result(format, &[]).expect("written"), empty, "{format}");
    }
    let two = result(Format::Json, &[("A", b"b"), ("NO", b"c")]).expect("written");
    assert_eq!(two, b"{\n  \"A\": \"b\",\n  \"NO\": \"c\"\n}\n");
}

#[test]
fn a_github_delimiter_is_random_and_stands_alone() {
    let written = output(Format::Github, "a\nb\n");
    let lines: Vec<_> = written.split('\n').collect();
    let delimiter = lines[0].strip_prefix("A<<").expect("the form with a delimiter");
    assert_eq!(lines[1..], ["a", "b", "", delimiter, ""]);
    assert_eq!(delimiter.len(), "KEYCTL_".len() + 32);
    assert_ne!(written, output(Format::Github, "a\nb\n"));
}

#[test]
fn what_a_format_cannot_carry_is_refused_with_one_that_can() {
    let json = "`--format json` can carry it";
    let bash = "`--format bash` can carry it";
    for (format, name, value, said, hint) in [
        (Format::Docker, "A", &b"SECRET\n"[..], "cannot write `A` as docker: it holds a line break", json),
        (Format::Docker, "A", b"SECRET\r", "cannot write `A` as docker: it holds a line break", json),
        (Format::Docker, "A", b"SECRET\xff", "cannot write `A` as docker: it is not UTF-8", bash),
        (Format::Github, "A", b"SECRET\r", "cannot write `A` as github: it holds a carriage return", json),
        (
            Format::Github,
            "NODE_OPTIONS",
            b"SECRET",
            "cannot write `NODE_OPTIONS` as github: GitHub takes no variable of this name",
            json,
        ),
        (Format::Json, "A", b"SECRET\xff", "cannot write `A` as json: it is not UTF-8", bash),
        (Format::Yaml, "A", b"SECRET\xff", "cannot write `A` as yaml: it is not UTF-8", bash),
        (Format::Dotenv, "A", b"SECRET\xff", "cannot write `A` as dotenv: it is not UTF-8", bash),
        (
            Format::Dotenv,
            "A",
            b"SECRET${A:-b}",
            "cannot write `A` as dotenv: it holds `${\u{2026}}`, which some readers of .env files replace",
            json,
        ),
        (
            Format::Dotenv,
            "A",
            b"SECRET'\"\n",
            "cannot write `A` as dotenv: readers of .env files do not agree on how to quote it",
            json,
        ),
        (
            Format::Powershell,
            "A",
            b"",
            "cannot write `A` as powershell: it is empty, and PowerShell removes a variable that is set to nothing",
            json,
        ),
        (
            Format::Bash,
            "RANDOM",
            b"SECRET",
            "cannot write `RANDOM` as bash: a variable of this name is the shell's own",
            json,
        ),
        (
            Format::Zsh,
            "status",
            b"SECRET\xff",
            "cannot write `status` as zsh: a variable of this name is the shell's own",
            bash,
        ),
        (
            Format::Fish,
            "history",
            b"SECRET",
            "cannot write `history` as fish: a variable of this name is the shell's own",
            json,
        ),
    ] {
        let failure = refusal(format, &[("FINE", b"SECRET"), (name, value)]);
        assert_eq!(failure.message, said);
        assert_eq!(failure.hints, [hint], "{said}");
        assert_eq!(failure.kind, Kind::Usage);
    }
    let failure = refusal(Format::Docker, &[("A", "x".repeat(65_534).as_bytes())]);
    assert_eq!(failure.message, "cannot write `A` as docker: it is longer than a line that Docker reads");
    assert!(result(Format::Docker, &[("A", "x".repeat(65_533).as_bytes())]).is_ok());
}

#[test]
fn a_nul_is_refused_everywhere() {
    for format in Format::ALL {
        let failure = refusal(format, &[("A", b"SECRET\0")]);
        assert_eq!(failure.message, format!("cannot write `A` as {format}: it holds a NUL, which no environment can"));
        assert_eq!(failure.hints, ["leave it out: no format can carry it"]);
    }
}

#[test]
fn all_refused_variables_are_told() {
    let failure = refusal(Format::Docker, &[("A", b"SECRET\n"), ("B", b"c"), ("D", b"\xff")]);
    assert_eq!(failure.message, "cannot write 2 variables as docker");
    assert_eq!(
        failure.hints,
        [
            "`A`: it holds a line break; `--format json` can carry it",
            "`D`: it is not UTF-8; `--format bash` can carry it",
        ]
    );
}

#[test]
fn a_format_is_known_by_its_name_only() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().expect("a name"), format);
    }
    let failure = "SECRET".parse::<Format>().expect_err("no format");
    assert_eq!(failure.message, "there is no such format");
    assert!(failure.hints[0].starts_with("use one of `dotenv`, `sh`, `bash`"));
    assert!(!format!("{failure:?}").contains("SECRET"));
}

/// Values that are full of what parsers stumble over.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "['\"`\\\\$#{}()! =\n\r\tnrta-c:]{1,4}",
        any::<char>().prop_map(String::from),
        Just("${A}".to_owned()),
        Just(" # ".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn our_reader_reads_back_what_the_dotenv_writer_accepts(one in nasty(), two in nasty()) {
        if let Ok(text) = result(Format::Dotenv, &[("A", one.as_bytes()), ("B", two.as_bytes())]) {
            let reading = dotenv::read(&text).map_err(|failure| TestCaseError::fail(failure.message))?;
            let values: Vec<_> = reading.entries.iter().map(|entry| entry.value.expose_text()).collect();
            prop_assert_eq!(values, [Some(one.as_str()), Some(two.as_str())]);
        }
    }

    #[test]
    fn our_reader_reads_back_what_the_json_writer_accepts(one in nasty(), two in nasty()) {
        if let Ok(text) = result(Format::Json, &[("A", one.as_bytes()), ("B", two.as_bytes())]) {
            let reading = json::read(&text).map_err(|failure| TestCaseError::fail(failure.message))?;
            let values: Vec<_> = reading.entries.iter().map(|entry| entry.value.expose_text()).collect();
            prop_assert_eq!(values, [Some(one.as_str()), Some(two.as_str())]);
        }
    }

    #[test]
    fn no_refusal_quotes_the_value(before in nasty(), after in any::<Vec<u8>>()) {
        let value = [before.as_bytes(), b"hunter2-is-secret", &after].concat();
        for format in Format::ALL {
            if let Err(failure) = result(format, &[("A", &value), ("PATH", b"hunter2-is-secret\0")]) {
                let told = format!("{failure:?}");
                prop_assert!(!told.contains("hunter2"));
            }
        }
    }

    #[test]
    fn a_control_character_reaches_a_terminal_from_no_format_that_can_escape_it(value in nasty()) {
        for format in [Format::Bash, Format::Zsh, Format::Fish, Format::Powershell, Format::Json, Format::Yaml] {
            if let Ok(text) = result(format, &[("A", value.as_bytes())]) {
                let text = String::from_utf8(text).expect("UTF-8");
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{}", format);
            }
        }
    }
}
