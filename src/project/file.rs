//! What a project file says.
//!
//! A file is taken whole or not at all: one mistake, one unknown field or one variable that is not for a repository to
//! set, and nothing of it counts.

use std::path::PathBuf;

pub use super::draft::{Choice, write};
use super::{
    approval::{is_key_alone, refuses},
    find::Found,
    place::Place,
};
use crate::{
    failure::{Kind, Result},
    name::{ProfileName, VariableName},
    profile::{
        self, DEFAULT, Grant, Profile, Profiles, Source,
        table::{self, Mistake, Reader, Table},
        variables,
    },
    rotation::ReasonFrom,
};

/// A project file that was understood. Nothing in it is approved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Where it is.
    pub path: PathBuf,
    /// The folder it is for.
    pub folder: PathBuf,
    /// What approvals are bound to.
    pub place: Place,
    /// Its profiles; `[env]` is `default`.
    pub profiles: Profiles,
    /// All it asks for, sorted.
    pub grants: Vec<Grant>,
    /// Who has to say why its keys are used. It can only ask for more than the user does, so nobody has to approve it.
    pub reason: ReasonFrom,
}

/// Parses what was found. `excepted` says which refused variables the user has allowed in this place.
///
/// # Errors
/// `Project`, with each mistake's line and column.
pub fn parse(found: Found, excepted: impl Fn(&VariableName) -> bool) -> Result<ProjectFile> {
    let Found { path, folder, place, bytes } = found;
    match understand(&bytes, &excepted) {
        Ok((profiles, grants, reason)) => Ok(ProjectFile { path, folder, place, profiles, grants, reason }),
        Err(mistakes) => {
            let failure = table::failure(Kind::Project, &path, &mistakes);
            let refused = mistakes.iter().any(|mistake| mistake.what.ends_with(NOT_FOR_PROJECTS));
            Err(if refused { failure.hint(EXCEPTION) } else { failure })
        }
    }
}

/// How a refused variable is spoken of.
const NOT_FOR_PROJECTS: &str = "changes what a command runs or whom it trusts, so a project file cannot set it";
/// The way out, for those who know why they want it.
const EXCEPTION: &str = "if you know why this project needs it: `keyctl allow --variable NAME`";

fn understand(
    bytes: &[u8],
    excepted: &dyn Fn(&VariableName) -> bool,
) -> std::result::Result<(Profiles, Vec<Grant>, ReasonFrom), Vec<Mistake>> {
    let text = table::decode(bytes).map_err(|mistake| vec![mistake])?;
    let policy = |variable: &VariableName, source: &Source| {
        let key = is_key_alone(source);
        let refused = refuses(variable, source);
        if !refused || (excepted(variable) && !variables::never(variable)) {
            return Ok(());
        }
        if variables::never(variable) {
            return Err(format!("`{variable}` decides what runs, so keyctl never sets it"));
        }
        if !key && !variables::refused_for_key(variable) {
            return Err(match source {
                Source::Value(_) => format!("`{variable}` takes a key of the store, not a `value`"),
                _ => format!("`{variable}` takes a key of the store as it is, neither as a file nor in a text"),
            });
        }
        Err(format!("`{variable}` {NOT_FOR_PROJECTS}"))
    };
    table::read(text, &policy, look)
}

fn look(reader: &mut Reader, table: &Table) -> (Profiles, Vec<Grant>, ReasonFrom) {
    reader.known(table, &["env", "profiles", "require_reason", "mask"]);
    let reason = table.get("require_reason").and_then(|value| reader.parsed(value)).unwrap_or_default();
    let mut profiles = table.get("profiles").map(|value| reader.profiles(value)).unwrap_or_default();
    if let Some(value) = table.get("env") {
        let env = reader.env(value);
        let default: ProfileName = DEFAULT.parse().expect("`default` is a profile's name");
        if profiles.0.contains_key(&default) {
            reader.wrong(value.span().start, "`[env]` is the profile `default`, so `[profiles.default]` cannot be too");
        }
        profiles.0.insert(default, Profile { extends: None, env, mask: None });
    }
    // Beside `[env]` it is a word about all profiles of the file that say nothing themselves. It only asks for more than the
    // user does, so nobody has to approve it.
    if let Some(value) = table.get("mask") {
        let mask = reader.truth(value);
        for profile in profiles.0.values_mut().filter(|profile| profile.extends.is_none()) {
            profile.mask.get_or_insert(mask);
        }
    }
    // A profile with a mistake in it may be why another cannot be put together; say that only when nothing else is wrong.
    if reader.is_content() {
        match profile::grants(&profiles) {
            Ok(grants) => return (profiles, grants, reason),
            Err(broken) => {
                reader.wrong(table.get("profiles").map_or(0, |value| value.span().start), broken.to_string());
            }
        }
    }
    (profiles, Vec::new(), reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn project(bytes: &[u8]) -> Result<ProjectFile> {
        let folder = PathBuf::from("/p");
        let place = Place::folder(&folder);
        parse(Found { path: "/p/.keyctl".into(), folder, place, bytes: bytes.to_vec() }, |_| false)
    }

    /// The failure's message after the path, and its hints, a line each.
    fn said(bytes: &[u8]) -> String {
        let failure = project(bytes).unwrap_err();
        assert_eq!(failure.kind, Kind::Project);
        let message = failure.message.strip_prefix("`/p/.keyctl`, ").unwrap().to_owned();
        [vec![message], failure.hints].concat().join("\n")
    }

    fn grants(text: &str) -> Vec<String> {
        let line = |Grant { profile, variable, source }: &Grant| match source {
            Source::Key { name, .. } => {
                let form = source.form().word().map(|word| format!(" as {word}")).unwrap_or_default();
                format!("{profile} {variable} <- {name}{}{form}", if source.is_optional() { "?" } else { "" })
            }
            Source::Composed { .. } => format!("{profile} {variable} <- {source}"),
            Source::Value(value) => format!("{profile} {variable} = {value}"),
        };
        project(text.as_bytes()).unwrap().grants.iter().map(line).collect()
    }

    const EXAMPLE: &str = r#"
        # keys this project needs
        [env]
        OPENAI_API_KEY = "openai/dev"
        STRIPE_API_KEY = { key = "stripe/test", optional = true }
        LOG_LEVEL      = { value = "debug" }

        [profiles.prod]
        extends = "default"
        env = { OPENAI_API_KEY = "openai/prod" }
    "#;

    #[test]
    fn the_example_asks_for_what_it_says_each_profile_in_full() {
        assert_eq!(
            grants(EXAMPLE),
            [
                "default LOG_LEVEL = debug",
                "default OPENAI_API_KEY <- openai/dev",
                "default STRIPE_API_KEY <- stripe/test?",
                "prod LOG_LEVEL = debug",
                "prod OPENAI_API_KEY <- openai/prod",
                "prod STRIPE_API_KEY <- stripe/test?",
            ]
        );
    }

    #[test]
    fn a_key_may_be_asked_for_as_a_file_and_in_a_text() {
        let text = r#"
            [env]
            GCP = { key = "gcp/sa", as = "file" }
            CERT = { key = "cert", as = "fd", optional = true }
            URL = "postgres://app:{{ db/password | url }}@localhost/app"
            PGPASSFILE = { text = "*:*:*:app:{{ team:db/password }}", as = "named-file" }
            PLAIN = { value = "{{ x }}" }
        "#;
        assert_eq!(
            grants(text),
            [
                "default CERT <- cert? as fd",
                "default GCP <- gcp/sa as file",
                "default PGPASSFILE <- text *:*:*:app:{{ team:db/password }} (as a named file)",
                "default PLAIN = {{ x }}",
                "default URL <- text postgres://app:{{ db/password | url }}@localhost/app",
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_a_form_or_a_text_is_said_with_its_place_and_no_text_is_quoted() {
        let text = b"[env]\nA = { key = \"a\", as = \"pipe\" }\nB = { value = \"sk-b\", as = \"file\" }\n\
            C = \"sk-\xc3\xbc-{{ a | jsno }}\"\nD = { text = \"sk-plain\" }\nE = { text = \"{{ a }}\", optional = true }\n\
            F = { text = \"{{ a }}\", key = \"a\" }\nG = \"{{ sk-live$ }}\"\nH = \"x{{ a\"\n";
        assert_eq!(
            said(text),
            "line 2, column 23: a key can be given as `file`, `fd` or `named-file`\n\
             also line 3, column 5: a `value` is a variable, so it has no `as`\n\
             also line 4, column 5: at character 6 of the text: there is no filter `jsno`; did you mean `json`?\n\
             also line 5, column 14: at character 1 of the text: no key is named here: a plain text is a `value`\n\
             also line 6, column 5: a `text` is always there, so it cannot be `optional`\n\
             also line 7, column 5: `key` and `text` exclude each other\n\
             also line 8, column 5: at character 1 of the text: a key's name cannot hold `$`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n\
             also line 9, column 5: at character 2 of the text: `{{` is not closed with `}}`"
        );
    }

    #[test]
    fn a_file_or_a_text_may_be_put_only_where_both_a_key_and_a_value_may() {
        assert_eq!(
            said(b"env.KUBECONFIG = { key = \"a\", as = \"file\" }\nenv.VAULT_TOKEN = \"x{{ a }}\"\n"),
            "line 1, column 5: `KUBECONFIG` changes what a command runs or whom it trusts, so a project file cannot set it\n\
             also line 2, column 5: `VAULT_TOKEN` takes a key of the store as it is, neither as a file nor in a text\n\
             if you know why this project needs it: `keyctl allow --variable NAME`"
        );
    }

    #[test]
    fn comments_order_and_spaces_change_no_digest_and_one_more_key_does() {
        let digest = |text: &str| profile::digest(&project(text.as_bytes()).unwrap().grants);
        let same =
            "\u{feff}[profiles.prod.env]\r\nOPENAI_API_KEY='openai/prod'\r\n[profiles]\r\nprod.extends=\"default\"";
        assert!(project(same.as_bytes()).is_err(), "TOML defines a table once");
        let same = "profiles.prod={extends='default',env={OPENAI_API_KEY='openai/prod'}}\r\n[env]\r\nLOG_LEVEL.value='debug'\r\n\
             STRIPE_API_KEY={key='stripe/test'}\r\nOPENAI_API_KEY=\"openai/\\u0064ev\" # other\r\n";
        assert_eq!(digest(EXAMPLE), digest(same));
        assert_ne!(digest(EXAMPLE), digest(&format!("{EXAMPLE}\n[profiles.more]\nenv.A = \"a\"\n")));
    }

    #[test]
    fn making_default_extend_another_profile_asks_for_more() {
        let before = "[profiles.default]\nenv.A = \"dev\"\n[profiles.prod]\nenv.B = \"prod\"\n";
        let after = before.replacen("env.A", "extends = \"prod\"\nenv.A", 1);
        assert_eq!(grants(before), ["default A <- dev", "prod B <- prod"]);
        assert_eq!(grants(&after), ["default A <- dev", "default B <- prod", "prod B <- prod"]);
    }

    #[test]
    fn every_mistake_is_said_with_its_line_and_column_and_no_value_is_quoted() {
        let text = b"version = 9\n[env]\nA = 1\nB = \"sk-live=abc\"\n9C = \"c\"\nD = { key = \"d\", value = \"d\" }\nE = {}\n\
            F = { value = 3 }\nG = { value = \"x\", optional = true }\nH = { key = \"h\", optional = \"yes\" }\n\
            I = { key = \"i\", command = \"sh\" }\nJ = \"*\"\nK = \"store:k:l\"\nL = \"a$(id)\"\n[hooks]\n[profiles.\"../prod\"]\n\
            [profiles.p]\nextends = 1\n\"\\u001b]52\" = 1\n";
        let said = said(text);
        assert_eq!(
            said,
            "line 1, column 1: the field `version` is not known here, only `env`, `profiles`, `require_reason`, `mask`\n\
             also line 3, column 5: expected a key's name in quotes, `{ key = \"…\" }` or `{ value = \"…\" }`, found a number\n\
             also line 4, column 5: a key's name cannot hold `=`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n\
             also line 5, column 1: a variable's name cannot begin with `9`; use letters, digits and `_`\n\
             also line 6, column 5: `key` and `value` exclude each other\n\
             also line 7, column 5: either `key`, `text` or `value` has to be here\n\
             also line 8, column 15: expected a text in quotes, found a number\n\
             also line 9, column 5: a `value` is always there, so it cannot be `optional`\n\
             also line 10, column 29: expected `true` or `false`, found a text\n\
             also line 11, column 18: the field `command` is not known here, only `key`, `text`, `value`, `optional`, `as`\n\
             also line 12, column 5: a key's name cannot hold `*`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n\
             also line 13, column 5: a key's name cannot hold `:`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n\
             also line 14, column 5: a key's name cannot hold `$`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\n\
             also line 15, column 2: the field `hooks` is not known here, only `env`, `profiles`, `require_reason`, `mask`\n\
             also line 16, column 11: a profile's name cannot hold `.`; use a letter, then letters, digits, `_` or `-`\n\
             also line 18, column 11: expected a text in quotes, found a number\n\
             also line 19, column 1: this field is not known here, only `extends`, `env`, `mask`"
        );
        assert!(!said.contains("sk-live"));
    }

    #[test]
    fn a_mask_below_the_variables_is_told_where_it_belongs() {
        assert_eq!(
            said(b"[env]\nA = \"a\"\nmask = true\n"),
            "line 3, column 1: `mask` belongs above `[env]`, or into a profile; below it stand variables"
        );
        assert!(project(b"[env]\nmask = \"a\"\n").is_ok());
    }

    #[test]
    fn variables_that_change_what_runs_are_refused_with_the_way_out() {
        assert_eq!(
            said(b"[env]\nNODE_OPTIONS = { value = \"--require ./x\" }\n[profiles.p]\nenv.OPENAI_BASE_URL = \"a\"\n"),
            "line 2, column 1: `NODE_OPTIONS` changes what a command runs or whom it trusts, so a project file cannot set it\n\
             also line 4, column 5: `OPENAI_BASE_URL` changes what a command runs or whom it trusts, so a project file cannot set it\n\
             if you know why this project needs it: `keyctl allow --variable NAME`"
        );
        assert_eq!(
            said(b"env.LD_PRELOAD = \"a\"\n"),
            "line 1, column 5: `LD_PRELOAD` decides what runs, so keyctl never sets it"
        );
        assert_eq!(
            said(b"env.VAULT_TOKEN.value = \"a\"\n"),
            "line 1, column 5: `VAULT_TOKEN` takes a key of the store, not a `value`"
        );
        assert!(project(b"env.VAULT_TOKEN = \"a\"\n").is_ok());
    }

    #[test]
    fn an_exception_lets_one_variable_through_but_never_the_hard_set() {
        let policy = |name: &str| name.parse::<VariableName>().unwrap();
        let text = b"env = { PYTHONPATH = { value = \"src\" } }\n";
        assert!(understand(text, &|variable| *variable == policy("PYTHONPATH")).is_ok());
        assert!(understand(text, &|variable| *variable == policy("PIP_X")).is_err());
        assert!(understand(b"env = { PATH = \"a\" }\n", &|_| true).is_err());
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        for (bytes, place) in [
            (&b"\xff\xfe[\0e\0"[..], "line 1, column 1: this is UTF-16; save it as UTF-8"),
            (b"\xfe\xff\0[\0e", "line 1, column 1: this is UTF-16; save it as UTF-8"),
            (b"[env]\n# caf\xe9\n", "line 2, column 6: this is not UTF-8"),
            (b"[env]\nA = \"\0\"\n", "line 2, column 6: there is a NUL here; this is not plain text"),
            (b"[env]\nA = { value = \"\\u0000\" }\n", "line 2, column 15: a variable cannot hold a NUL"),
        ] {
            assert_eq!(said(bytes), place);
        }
        assert!(project("\u{feff}[env]\nA = \"a\"\n".as_bytes()).is_ok());
        assert_eq!(
            said("\u{feff}x = 1".as_bytes()),
            "line 1, column 1: the field `x` is not known here, only `env`, `profiles`, `require_reason`, `mask`"
        );
    }

    #[test]
    fn broken_toml_is_refused_with_its_place_and_without_its_text() {
        for bad in [
            "[env]\nA = \"a\"\nA = \"sk-b\"\n",
            "[env]\nA = sk-live-abc\n",
            "[env]\nA = \"sk-abc\n",
            "[env\n",
            "A = [1,\n",
            "env.A = { key = \"a\" \n",
        ] {
            let said = said(bad.as_bytes());
            assert!(said.starts_with("line ") && !said.contains("sk-") && !said.contains("abc"), "{said}");
        }
        assert_eq!(said(b"[env]\nA = \"a\"\nA = \"b\"\n"), "line 3, column 1: duplicate key");
    }

    #[test]
    fn nothing_deep_or_many_overflows_or_takes_long() {
        let many = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
        let started = std::time::Instant::now();
        let deep = 60_000;
        for hostile in [
            format!("a = {}", "[".repeat(deep)),
            format!("env = {}", "{a=".repeat(deep / 3)),
            format!("[{}a]", "a.".repeat(deep / 2)),
            format!("{}a = 1", "a.".repeat(deep / 2)),
            format!("{}a = 1", "'a' . ".repeat(deep / 6)),
            format!("env = {}", format!("{{{}a = ", "a.".repeat(78)).repeat(79)),
            format!("env = {}1{}", format!("{{{}a = ", "a.".repeat(78)).repeat(70), "}".repeat(70)),
            format!("env = {{ {}a = 1 }}", "a.".repeat(deep / 2)),
            many(deep / 10, |at| format!("[x{at}]\n")),
            many(5_000, |at| format!("p.{at} = 1\n")),
            "[env]\n".to_owned() + &many(4_097, |at| format!("A{at} = \"a\"\n")),
        ] {
            assert!(project(hostile.as_bytes()).is_err());
        }
        // What grows with the square of its input would take hours; a busy machine takes a while.
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn profiles_that_cannot_be_put_together_refuse_the_file() {
        assert_eq!(
            said(b"[env]\n[profiles.p]\nextends = \"q\"\n"),
            "line 2, column 2: profile `p` extends `q`, which is not there"
        );
        assert_eq!(
            said(b"[env]\n[profiles.default]\n"),
            "line 1, column 1: `[env]` is the profile `default`, so `[profiles.default]` cannot be too"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = project(&bytes);
        }

        #[test]
        fn no_text_of_our_words_makes_it_panic(words in prop::collection::vec("\\[env\\]\n|env|profiles|extends|key|value|optional|\\.|=|\"a\"|\\{|\\}|\\[|\\]|,|\n|A|true", 0..24)) {
            let _ = project(words.concat().as_bytes());
        }
    }
}
