//! Exports, held against the programs that read them.
//!
//! Every value of a nasty list goes through every format: it is refused, or the real program reads back these very bytes.
//! Real are sh, bash, zsh, fish, Python's json, `PyYAML` and python-dotenv, npm's dotenv in two majors, and jq; the readers of
//! Python and npm are installed under `target/` on the first run. What is missing is an error with the command that
//! installs it, never a silent skip. `PowerShell`, Docker and GitHub's runner cannot be had in a test: for them the rules are
//! written down below, from `PowerShell`'s specification of single-quoted strings, Docker's `kvfile` and the runner's
//! `FileCommandManager`. (Docker's were tried on its own client, 28.2, against a server that noted what it was sent.)
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyctl::{
    exchange::{
        dotenv,
        export::{Format, write},
    },
    name::VariableName,
    secret::Secret,
};

type Values = BTreeMap<String, Vec<u8>>;

/// Texts that some quoting, trimming, expanding or decoding gets wrong.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "plain", "sk-proj_a.b/c+d=", "", " ", "  both ends  ", "\t", "end\n", "end\n\n", "\nbegin", "a\nb", "a\n\nb", "a\r\nb",
    "a\rb", "\r", "\r\n", "a\r\n", "'", "''", "'''", "it's", "'quoted'", "\"", "\"quoted\"", "a\"b'c", "'\"`", "`", "``",
    "`touch x`", "$(touch x)", "${HOME}", "${HOME:-x}", "$HOME", "$", "$$", "${", "a${b", "\\", "\\\\", "a\\", "a\\\\", "\\'",
    "\\\"", "\\n", "\\\\n", "a\\nb", "\\t\\r\\a\\x41\\u0041\\101", "C:\\dir\\new\\temp", "\\$HOME", "!", "!!", "a!b!", "#",
    "a#b", "a #b", "# a", "' # '", "a=b", "=", "export A=b", "~", "~root", "*", "?[a-z]*", "{a,b}", "a;touch x", "a|touch x",
    "a & touch x", "<x >x", "-n", "--", "@x", "%PATH%", "%s%n", "(touch x)", "; touch x #", "'; touch x; '",
    "'\n touch x \n'", "\"; touch x; \"", "$'a'", "\u{1}", "\u{7f}", "a\u{1b}[31mb", "\u{1}\u{2}\u{3}7\u{8}f", "\u{b}\u{c}",
    "\u{1c}a\u{1f}", "\u{80}\u{85}\u{9b}", "\u{a0}a\u{a0}", "a\u{ad}b", "é", "日本語", "\u{1f511}", "e\u{301}",
    "\u{2018}a\u{2019}b\u{201a}c\u{201b}", "\u{201c}a\u{201d}", "\u{2028}a\u{2029}", "a\u{2028}'b'", "a'\"\u{2028}b'c'",
    "\u{feff}a", "a\u{feff}", "\u{202e}abc", "\u{f600}\u{f6ff}\u{fdd0}\u{fffe}\u{ffff}", "\u{10ffff}", "\u{e000}", "no", "null",
    "123", "1e5", "true", "- a", "a: b", "&a", "*a", "{}", "[]", "|", "a\nEOF\nb", "a\nKEYCTL_\nB=c", "a\nB=c",
    "{\"type\": \"service_account\", \"key\": \"-----BEGIN-----\\nab\\n\"}", "it's \"both\" \\ and\nlines", "it's\r\n\"both\"",
    "-----BEGIN KEY-----\nab+/=\ncd==\n-----END KEY-----\n",
];

/// All values, called `V000`, `V001` and so on.
fn values() -> Values {
    let mut values: Vec<Vec<u8>> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.extend([
        b"\xff".to_vec(),
        b"a\xffb\xc3".to_vec(),
        b"\xc3'\xe2\x82\\".to_vec(),
        b"\xed\xa0\x80".to_vec(),
        b"\x80\n".to_vec(),
        (1..=255).collect(),
        (1..=127).collect(),
        "k".repeat(100_000).into_bytes(),
        "it's \\ \n".repeat(10_000).into_bytes(),
        b"nul\0".to_vec(),
    ]);
    values.extend(shuffled(600));
    values.into_iter().enumerate().map(|(number, value)| (format!("V{number:03}"), value)).collect()
}

/// Short values of troublesome pieces, the same in every run.
fn shuffled(count: usize) -> impl Iterator<Item = Vec<u8>> {
    let pieces = [
        "'", "\"", "`", "\\", "$", "{", "}", "#", " ", "\n", "\r", "\t", "n", "r", "a", "0", "=", "!", "é", ":-",
        "\u{1}",
    ];
    let mut state: u64 = 1;
    let mut below = move |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % limit
    };
    (0..count).map(move |_| (0..=below(7)).map(|_| pieces[below(pieces.len())]).collect::<String>().into_bytes())
}

fn variable(name: &str) -> VariableName {
    name.parse().expect("a name")
}

/// The export of values that the format accepts.
fn written(format: Format, values: &Values) -> Vec<u8> {
    let secrets: Vec<Secret> = values.values().map(|value| Secret::new(value.clone())).collect();
    let pairs: Vec<(VariableName, &Secret)> = values.keys().map(|name| variable(name)).zip(&secrets).collect();
    write(format, &pairs).unwrap_or_else(|failure| panic!("{failure:?}")).to_vec()
}

/// The values that the format accepts, which have to be those that fit, and their export.
fn export(format: Format, fits: impl Fn(&[u8]) -> bool) -> (Values, Vec<u8>) {
    let accepts = |name: &str, value: &[u8]| write(format, &[(variable(name), &Secret::new(value.to_vec()))]).is_ok();
    let mut taken = values();
    taken.retain(|name, value| accepts(name, value));
    for (name, value) in values() {
        let fits = !value.contains(&0) && fits(&value);
        assert_eq!(taken.contains_key(&name), fits, "{format} takes {}", short(&value));
    }
    let bytes = written(format, &taken);
    (taken, bytes)
}

fn is_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok()
}

fn short(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(300)].escape_ascii().to_string()
}

fn compare(reader: &str, expected: &Values, seen: &Values) {
    for (name, value) in expected {
        let other = seen.get(name);
        let read = other.map_or("nothing".to_owned(), |other| short(other));
        assert!(other == Some(value), "{reader} reads {name} as {read}, not as {}", short(value));
    }
}

/// What a program prints, which has to succeed and to complain of nothing.
fn output(install: &str, command: &mut Command) -> Vec<u8> {
    let program = command.get_program().display().to_string();
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}; install it with `{install}`"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program}");
    output.stdout
}

/// Lets a shell run a script where the export lies as `export`, and tells the environment that its commands get then.
fn environment(shell: &[&str], script: &str, locale: &str, export: &[u8]) -> Values {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("export"), export).expect("written");
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(format!("{script}\nexec /usr/bin/env -0")).current_dir(folder.path());
    command.env_clear().env("LC_ALL", locale).env("HOME", home.path()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let printed = output(&format!("apt-get install {}", shell[0]), &mut command);
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1, "{} ran a value", shell[0]);
    let pair = |line: &[u8]| {
        let at = line.iter().position(|&byte| byte == b'=')?;
        Some((String::from_utf8(line[..at].to_vec()).ok()?, line[at + 1..].to_vec()))
    };
    printed.split(|&byte| byte == 0).filter_map(pair).collect()
}

/// Every value through one format and one shell, in the ways that people load an export.
fn shell_reads_back(format: Format, shell: &[&str], scripts: &[&str]) {
    let (taken, bytes) = export(format, |_| true);
    for script in scripts {
        for locale in ["C.UTF-8", "C"] {
            let seen = environment(shell, script, locale, &bytes);
            compare(&format!("{} in {locale} by {script}", shell[0]), &taken, &seen);
        }
    }
}

#[test]
fn sh_reads_back_every_value() {
    let scripts = [". ./export", "eval \"$(cat export)\""];
    shell_reads_back(Format::Sh, &["sh", "-c"], &scripts);
    shell_reads_back(Format::Sh, &["bash", "--posix", "-c"], &scripts);
    shell_reads_back(Format::Sh, &["zsh", "-fc"], &scripts);
}

#[test]
fn bash_reads_back_every_value() {
    let history = "set -o history -o histexpand; . ./export";
    shell_reads_back(
        Format::Bash,
        &["bash", "--norc", "-c"],
        &[". ./export", "eval \"$(cat export)\"", "source <(cat export)", history],
    );
}

#[test]
fn zsh_reads_back_every_value() {
    let options = "setopt rc_quotes csh_junkie_quotes bang_hist; . ./export";
    shell_reads_back(
        Format::Zsh,
        &["zsh", "-fc"],
        &[". ./export", "eval \"$(cat export)\"", "source <(cat export)", options],
    );
}

#[test]
fn fish_reads_back_every_value() {
    shell_reads_back(
        Format::Fish,
        &["fish", "--no-config", "-c"],
        &["source ./export", "cat export | source", "eval (cat export)"],
    );
}

/// Names, some of which a shell ignores, computes with, or runs the value of.
const NAMES: &str = "A PATH HOME PWD OLDPWD SHLVL TERM LANG TZ USER LOGNAME USERNAME UID EUID GID EGID PPID RANDOM SRANDOM \
    SECONDS LINENO HISTCMD HISTSIZE SAVEHIST HISTFILE HISTCHARS histchars OPTIND OPTARG OPTERR COLUMNS LINES EPOCHSECONDS \
    EPOCHREALTIME BASHPID BASH_ENV BASH_ARGV0 BASH_COMMAND BASH_SUBSHELL BASH_VERSION BASH_ALIASES BASHOPTS SHELLOPTS \
    DIRSTACK GROUPS FUNCNAME PIPESTATUS MAILCHECK MAIL TMOUT ERRNO FUNCNEST KEYTIMEOUT LISTMAX LOGCHECK DIRSTACKSIZE \
    TTYIDLE ARGC argv path fpath cdpath manpath status pipestatus history version hostname umask aliases functions options \
    commands parameters widgets keymaps signals CDPATH MANPATH FPATH MODULE_PATH FOO_PATH PS1 PS4 PROMPT IFS ENV NULLCMD \
    WATCH WORDCHARS ZDOTDIR ZSH_VERSION ZSH_SUBSHELL REPLY REPORTTIME fish_pid FISH_VERSION fish_key_bindings fish_history \
    CMD_DURATION COMP_WORDS COMP_CWORD COMP_WORDBREAKS _ name value key password token";

#[test]
fn a_name_that_is_the_shells_own_is_refused_and_every_other_one_is_set() {
    for (format, shell) in [
        (Format::Sh, &["sh", "-c"][..]),
        (Format::Sh, &["bash", "--posix", "-c"]),
        (Format::Bash, &["bash", "--norc", "-c"]),
        (Format::Zsh, &["zsh", "-fc"]),
        (Format::Fish, &["fish", "--no-config", "-c"]),
    ] {
        let mut count = 0;
        for name in NAMES.split_whitespace() {
            let value = b"a[$(touch x)]:'b".to_vec();
            if let Ok(bytes) = write(format, &[(variable(name), &Secret::new(value.clone()))]) {
                let seen = environment(shell, ". ./export", "C.UTF-8", &bytes);
                compare(shell[0], &Values::from([(name.to_owned(), value)]), &seen);
                count += 1;
            }
        }
        assert!(count > 40, "{format} sets only {count} of these names");
    }
}

/// A Python with the readers, made once.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = home.join("bin/python");
    let succeeds = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let ready = || succeeds(&python, &["-c", "import yaml, dotenv"]);
    let pip = ["-m", "pip", "install", "--quiet", "python-dotenv==1.2.4", "PyYAML==6.0.3"];
    let venv = home.display().to_string();
    let installed = ready() || (succeeds(Path::new("python3"), &["-m", "venv", &venv]) && succeeds(&python, &pip));
    assert!(installed && ready(), "install them with `python3 -m venv {venv} && {venv}/bin/python {}`", pip.join(" "));
    python
});

/// A folder with npm's dotenv in two majors, made once.
static NODE: LazyLock<PathBuf> = LazyLock::new(|| {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node");
    let packages = home.join("node_modules");
    let ready = || ["dotenv16", "dotenv18"].iter().all(|name| packages.join(name).join("package.json").exists());
    if !ready() {
        let home = home.display().to_string();
        let npm =
            ["install", "--silent", "--prefix", &home, "dotenv16@npm:dotenv@16.6.1", "dotenv18@npm:dotenv@18.0.10"];
        let installed = fs::create_dir_all(&home).is_ok() && Command::new("npm").args(npm).output().is_ok();
        assert!(installed && ready(), "install them with `mkdir -p {home} && npm {}`", npm.join(" "));
    }
    packages
});

/// Lets a program read some texts, each from a file of its own whose path is an argument. It prints lines of the file's
/// name, the variable's name and the value in hexadecimal.
fn read_by(command: &mut Command, texts: &[&[u8]]) -> Vec<Values> {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, text) in texts.iter().enumerate() {
        let path = folder.path().join(number.to_string());
        fs::write(&path, text).expect("written");
        command.arg(path);
    }
    let printed = String::from_utf8(output("apt-get install python3 nodejs", command)).expect("ASCII");
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal");
    let mut seen = vec![Values::new(); texts.len()];
    for line in printed.lines() {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let number: usize = parts[0].rsplit('/').next().expect("a file's name").parse().expect("a number");
        seen[number].insert(parts[1].to_owned(), parts[2].as_bytes().chunks(2).map(byte).collect());
    }
    seen
}

/// What a Python expression makes of texts that lie at `path`.
fn python(expression: &str, texts: &[&[u8]]) -> Vec<Values> {
    let script = format!(
        "import dotenv, json, logging, sys, yaml\nlogging.disable()\nfor path in sys.argv[1:]:\n    \
        for name, value in ({expression}).items():\n        \
        if value is not None: print(path, name, value.encode('utf-8').hex())\n"
    );
    read_by(Command::new(&*PYTHON).args(["-c", &script]).env("HOME", "/home/x"), texts)
}

/// What an npm package's `parse` makes of texts.
fn node(package: &str, texts: &[&[u8]]) -> Vec<Values> {
    let script = "const { parse } = require(process.argv[1]);
        for (const path of process.argv.slice(2))
            for (const [name, value] of Object.entries(parse(require('fs').readFileSync(path))))
                console.log(path + ' ' + name + ' ' + Buffer.from(value).toString('hex'))";
    read_by(Command::new("node").args(["-e", script]).arg(NODE.join(package)), texts)
}

const JSON: &str = "json.load(open(path, encoding='utf-8'))";
const YAML: &str = "yaml.safe_load(open(path, encoding='utf-8'))";
const DOTENV: &str = "dotenv.dotenv_values(path)";

#[test]
fn python_and_jq_read_back_every_text_in_json() {
    let (taken, bytes) = export(Format::Json, is_text);
    compare("Python", &taken, &python(JSON, &[&bytes])[0]);

    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, &bytes).expect("written");
    let program = "to_entries[] | .key + \" \" + (.value | @base64)";
    let printed = output("apt-get install jq", Command::new("jq").args(["-r", program]).arg(file.path()));
    let printed = String::from_utf8(printed).expect("ASCII");
    let decoded = |line: &str| {
        let (name, value) = line.split_once(' ').expect("a name and a value");
        (name.to_owned(), STANDARD.decode(value).expect("base64"))
    };
    compare("jq", &taken, &printed.lines().map(decoded).collect());
}

#[test]
fn pyyaml_reads_back_every_text_in_yaml_and_no_name_as_a_boolean() {
    let (taken, bytes) = export(Format::Yaml, is_text);
    assert!(bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
    compare("PyYAML", &taken, &python(YAML, &[&bytes])[0]);

    let names: Values = ["NO", "Y", "null", "TRUE", "_"].map(|name| (name.to_owned(), b"no".to_vec())).into();
    compare("PyYAML", &names, &python(YAML, &[&written(Format::Yaml, &names)])[0]);
}

fn ours(text: &[u8]) -> Option<Values> {
    let reading = dotenv::read(text).ok()?;
    let pair = |entry: &keyctl::exchange::Entry| (entry.name.to_string(), entry.value.expose().to_vec());
    Some(reading.entries.iter().map(pair).collect())
}

/// What no style carries to all readers, and only that, is refused.
#[rustfmt::skip]
const NOT_FOR_DOTENV: &[&str] = &[
    "'\"`", "${HOME}", "${HOME:-x}", "a'\"\u{2028}b'c'", "it's \"both\" \\ and\nlines", "it's\r\n\"both\"",
];

#[test]
fn all_readers_of_dotenv_files_read_back_what_is_written() {
    let accepted = |format, value: &[u8]| write(format, &[(variable("A"), &Secret::new(value.to_vec()))]).is_ok();
    let (taken, bytes) = export(Format::Dotenv, |value| accepted(Format::Dotenv, value));
    let refused: Vec<_> = TEXTS.iter().filter(|text| !accepted(Format::Dotenv, text.as_bytes())).collect();
    compare("keyctl", &taken, &ours(&bytes).expect("read"));
    compare("python-dotenv", &taken, &python(DOTENV, &[&bytes])[0]);
    compare("npm dotenv 16", &taken, &node("dotenv16", &[&bytes])[0]);
    compare("npm dotenv 18", &taken, &node("dotenv18", &[&bytes])[0]);
    assert_eq!(refused, NOT_FOR_DOTENV.iter().collect::<Vec<_>>());
}

/// Lines of which all readers make the same.
#[rustfmt::skip]
const AGREED: &[&str] = &[
    "A=b", "A=", "A=   ", "A=''", "A=\"\"", "  A = b  ", "\tA\t=\tb\t", "export A=b", "A=b c  d", "A=b # c", "A=b\t#c", "A= # c",
    "A=it's", "A=b=c==", "A==", "A=b\\n", "A=$B", "A=$(touch x)", "A='b # c'", "A=\"b # c\"", "A=' b '", "A='b'# c",
    "A='b'   # c", "A = 'b' ", "A='\\n\"`$B'", "A=\"b\\nc\\rd\"", "A=\"b'c`d\"", "A=\"b\nc\n\"", "A='b\n#c\nD=e'",
    "A='b\r\nc\rd'", "A=b\r\n", "A=b\rB=c", "A=\u{a0}b\u{a0}", "A=\u{1f511}é", "\n \n# c\n#A=c\nA=b\n\n",
    "A=1\nB=2\nA=3", "export=b", "exportA=b", "A=C:\\dir", "A=\"C:\\dir\"", "A={\"b\": 1}", "A='{\"b\": 1}'", "A=b'c'",
    "A=b\"c", "A=-----BEGIN-----", "A=\"\n\"\nB='\n'", "", "\n", "# A=b",
];

#[test]
fn our_reader_of_dotenv_files_reads_what_the_others_read() {
    let texts: Vec<&[u8]> = AGREED.iter().map(|text| text.as_bytes()).collect();
    for (reader, theirs) in [
        ("python-dotenv", python(DOTENV, &texts)),
        ("npm dotenv 16", node("dotenv16", &texts)),
        ("npm dotenv 18", node("dotenv18", &texts)),
    ] {
        for (text, theirs) in texts.iter().zip(theirs) {
            let ours = ours(text).unwrap_or_else(|| panic!("{} is refused", short(text)));
            assert_eq!(ours, theirs, "{} as keyctl and as {reader} reads it", short(text));
        }
    }
}

/// The value of `A`, if there is one.
type Read = Option<&'static str>;

/// Lines on which they do not agree, as npm, Python and we read them. The chapter `dotenv` says why.
const DISPUTED: &[(&str, Read, Read, Read)] = &[
    ("A=b#c", Some("b"), Some("b#c"), Some("b#c")),
    ("A=#c", Some(""), Some("#c"), Some("#c")),
    ("A=`b`", Some("b"), Some("`b`"), Some("b")),
    ("A='it\\'s'", Some("it\\'s"), Some("it's"), None),
    ("A='b\\\\c'", Some("b\\\\c"), Some("b\\c"), Some("b\\\\c")),
    ("A=\"b\\tc\"", Some("b\\tc"), Some("b\tc"), Some("b\tc")),
    ("A=\"b\\\"c\"", Some("b\\\"c"), Some("b\"c"), Some("b\"c")),
    ("A=\"b\\\\nc\"", Some("b\\\nc"), Some("b\\nc"), Some("b\\nc")),
    ("A=\"b\\ac\"", Some("b\\ac"), Some("b\u{7}c"), Some("b\\ac")),
    ("A=\"b\\$c\"", Some("b\\$c"), Some("b\\$c"), Some("b$c")),
    ("A=b${HOME}", Some("b${HOME}"), Some("b/home/x"), Some("b${HOME}")),
    ("A='${HOME}'", Some("${HOME}"), Some("/home/x"), Some("${HOME}")),
    ("A='b'c", Some("'b'c"), None, None),
    ("A='b", Some("'b"), None, None),
    ("A: b", Some("b"), None, None),
    ("A", None, None, None),
    ("'A'=b", None, Some("b"), None),
    ("\u{feff}A=b", Some("b"), Some("b"), Some("b")),
];

#[test]
fn where_readers_of_dotenv_files_disagree_is_known() {
    let texts: Vec<&[u8]> = DISPUTED.iter().map(|(text, ..)| text.as_bytes()).collect();
    let seen = [python(DOTENV, &texts), node("dotenv16", &texts), node("dotenv18", &texts)];
    let value = |values: &Values| values.get("A").map(|value| String::from_utf8(value.clone()).expect("UTF-8"));
    for (number, (text, npm, pythons, own)) in DISPUTED.iter().enumerate() {
        let read = ours(text.as_bytes()).and_then(|values| value(&values));
        assert_eq!(read.as_deref(), *own, "{text:?} as keyctl reads it");
        for (reader, seen, known) in
            [("python-dotenv", &seen[0], pythons), ("npm dotenv 16", &seen[1], npm), ("npm dotenv 18", &seen[2], npm)]
        {
            assert_eq!(value(&seen[number]).as_deref(), *known, "{text:?} as {reader} reads it");
        }
    }
}

/// `PowerShell` by its specification: in `'…'` two quotes are one and the rest is literal.
#[test]
fn powershell_reads_back_every_text_by_its_specification() {
    let (taken, bytes) = export(Format::Powershell, |value| is_text(value) && !value.is_empty());
    let script = String::from_utf8(bytes).expect("UTF-8");
    assert!(script.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "a console's code page would change it");
    let coded = "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('";
    let assignment = |line: &str| {
        let (name, text) = line.strip_prefix("$env:")?.split_once(" = ")?;
        let value = if let Some(text) = text.strip_prefix(coded) {
            STANDARD.decode(text.strip_suffix("'))")?).ok()?
        } else {
            let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
            assert!(!inside.replace("''", "").contains('\''), "a quote ends the string early");
            inside.replace("''", "'").into_bytes()
        };
        Some((name.to_owned(), value))
    };
    compare("PowerShell", &taken, &script.lines().map(|line| assignment(line).expect("an assignment")).collect());
}

/// Docker's `kvfile`: lines by Go's scanner, white space trimmed in front, the rest as it is.
#[test]
fn docker_reads_back_every_line_by_its_rules() {
    let (taken, bytes) = export(Format::Docker, |value| {
        is_text(value) && value.len() < 65_530 && !value.contains(&b'\n') && !value.contains(&b'\r')
    });
    let file = String::from_utf8(bytes).expect("UTF-8");
    let pair = |line: &str| {
        assert!(line.len() < 64 * 1024);
        let (name, value) = line.strip_suffix('\r').unwrap_or(line).trim_start().split_once('=').expect("a variable");
        (name.to_owned(), value.as_bytes().to_vec())
    };
    compare("Docker", &taken, &file.split_terminator('\n').map(pair).collect());
}

/// GitHub's runner: `NAME<<DELIMITER`, then the lines up to one that is the delimiter.
#[test]
fn github_reads_back_every_text_by_its_rules() {
    let (taken, bytes) = export(Format::Github, |value| is_text(value) && !value.contains(&b'\r'));
    let file = String::from_utf8(bytes).expect("UTF-8");
    let mut lines = file.split_terminator('\n');
    let mut seen = Values::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("a variable");
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        seen.insert(name.to_owned(), value.join("\n").into_bytes());
    }
    compare("GitHub", &taken, &seen);
}
