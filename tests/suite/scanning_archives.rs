//! `scan --deep`: keys in archives that the usual programs have made, and what is said where one cannot be looked into.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    repository::Repository,
    sandbox::Sandbox,
    tools::{self, program, python},
};

const TOKEN: &str = "3Hq9ZbT7mWx2LcR5vYk8";
const OTHER: &str = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2bC3d";

fn kept() -> Sandbox {
    Sandbox::with(&[("TOKEN", TOKEN), ("app/other", OTHER)])
}

/// Lets Python make files in the project; `T` and `O` are the two keys.
fn make(sandbox: &Sandbox, code: &str) {
    let head = format!("import bz2, gzip, io, lzma, os, tarfile, zipfile\nT, O = '{TOKEN}', '{OTHER}'\n");
    let mut command = Command::new(python());
    sandbox.environment(&mut command);
    tools::output(command.args(["-c", &(head + code)]).current_dir(sandbox.project()));
    for path in sandbox.files() {
        sandbox.may_lie_in(&path);
    }
}

/// Lets a program make a file from `notes`, which goes away then.
fn made_by(sandbox: &Sandbox, words: &[&str], name: &str) {
    let notes = sandbox.file("notes", format!("one\n{TOKEN}\n"));
    let mut command = Command::new(program(words[0]).expect("a program"));
    sandbox.environment(&mut command);
    let output = command.args(&words[1..]).current_dir(sandbox.project()).output().expect("start");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let path = sandbox.project().join(name);
    if !path.exists() {
        fs::write(&path, &output.stdout).expect("write");
    }
    sandbox.may_lie_in(&path);
    if notes.exists() {
        fs::remove_file(notes).expect("remove");
    }
}

/// The places of what is found in a folder.
fn places(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let ran = sandbox.call(&[&["scan", "--deep", "--no-mark", "-q"], words].concat()).run();
    ran.stdout().lines().skip(1).map(|line| line.split_whitespace().last().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_key_in_an_archive_is_named_with_its_place_in_it_and_only_where_that_is_asked_for() {
    let sandbox = kept();
    make(
        &sandbox,
        "with zipfile.ZipFile('a.whl', 'w', zipfile.ZIP_DEFLATED) as z:\n\
         \x20   z.writestr('pkg/settings.py', f'import os\\nKEY = \"{T}\"\\n')\n\
         \x20   z.writestr('pkg/empty.py', '')\n\
         with tarfile.open('b.tar.gz', 'w:gz') as t:\n\
         \x20   t.add('a.whl')\n",
    );
    let size: u64 =
        ["a.whl", "b.tar.gz"].map(|name| fs::metadata(sandbox.project().join(name)).expect("made").len()).iter().sum();
    let nothing = format!("keyctl: nothing found; 2 files, {size} bytes scanned\n");
    sandbox.call(&["scan"]).run().says("", &nothing, 0);
    sandbox.call(&["scan", "--deep"]).run().says(
        "KEY    FORM  WHERE\n\
         TOKEN  raw   a.whl!pkg/settings.py:2\n\
         TOKEN  raw   b.tar.gz!a.whl!pkg/settings.py:2\n",
        &format!(
            "keyctl: found 1 key in 2 places; 2 files and 5 in archives, {size} bytes scanned\n\
             keyctl: marked as leaked until it is replaced: `TOKEN`\n\
             keyctl: hint: replace it first: `keyctl rotate TOKEN`; then take it out of there\n\
             keyctl: hint: an archive is never rewritten: make that anew without it, or remove it\n\
             keyctl: hint: if nobody else can have seen it: `keyctl edit TOKEN --not-leaked`\n"
        ),
        1,
    );
    let shown = sandbox.call(&["show", "TOKEN"]).run().stdout();
    assert!(shown.contains("/a.whl!pkg/settings.py:2`"), "{shown}");
}

#[test]
fn archives_of_each_program_are_looked_into() {
    let sandbox = kept();
    make(
        &sandbox,
        "text = f'one\\n{T}\\n'.encode()\n\
         open('py.gz', 'wb').write(gzip.compress(text))\n\
         open('py.bz2', 'wb').write(bz2.compress(text))\n\
         open('py.xz', 'wb').write(lzma.compress(text))\n\
         methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]\n\
         with zipfile.ZipFile('py.zip', 'w') as z:\n\
         \x20   for method in methods: z.writestr(f'm{method}', text, method)\n\
         class Pipe(io.RawIOBase):\n\
         \x20   def __init__(self, out): self.out = out\n\
         \x20   def writable(self): return True\n\
         \x20   def write(self, bytes): return self.out.write(bytes)\n\
         with open('piped.zip', 'wb') as out, zipfile.ZipFile(Pipe(out), 'w') as z: z.writestr('x', text)\n\
         formats = dict(pax=tarfile.PAX_FORMAT, gnu=tarfile.GNU_FORMAT, ustar=tarfile.USTAR_FORMAT)\n\
         for name, format in formats.items():\n\
         \x20   with tarfile.open(f'py-{name}.tar', 'w', format=format) as t:\n\
         \x20       entry = tarfile.TarInfo('d/' * 60 + name); entry.size = len(text); t.addfile(entry, io.BytesIO(text))\n\
         for mode in ['gz', 'bz2', 'xz']:\n\
         \x20   with tarfile.open(f'py.tar.{mode}', f'w:{mode}') as t:\n\
         \x20       entry = tarfile.TarInfo(mode); entry.size = len(text); t.addfile(entry, io.BytesIO(text))\n",
    );
    let deep = "d/".repeat(60);
    let expected = [
        "piped.zip!x:2".into(),
        format!("py-gnu.tar!{deep}gnu:2"),
        format!("py-pax.tar!{deep}pax:2"),
        format!("py-ustar.tar!{deep}ustar:2"),
        "py.bz2!unpacked:2".into(),
        "py.gz!unpacked:2".into(),
        "py.tar.bz2!bz2:2".into(),
        "py.tar.gz!gz:2".into(),
        "py.tar.xz!xz:2".into(),
        "py.xz!unpacked:2".into(),
        "py.zip!m0:2".into(),
        "py.zip!m12:2".into(),
        "py.zip!m8:2".into(),
    ];
    assert_eq!(places(&sandbox, &[]), expected);
    for (words, name, place) in [
        (&["tar", "-cf", "t.tar", "notes"][..], "t.tar", "notes"),
        (&["tar", "-cf", "t.tar", "--format=v7", "notes"], "t.tar", "notes"),
        (&["tar", "-czf", "t.tgz", "./notes"], "t.tgz", "./notes"),
        (&["gzip", "-c", "notes"], "t.gz", "unpacked"),
        (&["zip", "-q", "t.zip", "notes"], "t.zip", "notes"),
        (&["zip", "-q", "-0", "t.zip", "notes"], "t.zip", "notes"),
        (&["xz", "-9", "-c", "notes"], "t.xz", "unpacked"),
        (&["zstd", "-q", "-19", "-c", "notes"], "t.zst", "unpacked"),
        (&["bzip2", "-c", "notes"], "t.bz2", "unpacked"),
    ] {
        if program(words[0]).is_none() {
            continue;
        }
        made_by(&sandbox, words, name);
        assert_eq!(places(&sandbox, &[name]), [format!("{name}!{place}:2")], "{words:?}");
        fs::remove_file(sandbox.project().join(name)).expect("remove");
    }
}

#[test]
fn what_cannot_be_looked_into_is_named_and_is_no_clean_bill() {
    let sandbox = kept();
    make(
        &sandbox,
        "bomb = io.BytesIO()\n\
         with zipfile.ZipFile(bomb, 'w', zipfile.ZIP_DEFLATED) as z:\n\
         \x20   with z.open('zeros', 'w') as entry:\n\
         \x20       for _ in range(140): entry.write(bytes(1 << 20))\n\
         open('bomb.zip', 'wb').write(bomb.getvalue())\n\
         open('cut.tar.gz', 'wb').write(gzip.compress(os.urandom(5000))[:-900])\n\
         with zipfile.ZipFile('old.zip', 'w') as z: z.writestr('a\\n\\x1b[2J', 'x' * 50)\n\
         bytes = bytearray(open('old.zip', 'rb').read())\n\
         bytes[bytes.index(b'PK\\x01\\x02') + 8] |= 1\n\
         open('old.zip', 'wb').write(bytes)\n",
    );
    let ran = sandbox.call(&["scan", "--deep"]).run();
    assert_eq!(
        ran.stderr().lines().take(3).collect::<Vec<_>>(),
        [
            "keyctl: cannot read `bomb.zip!zeros`: more than 100 times its size comes out of it: the rest was not looked at",
            "keyctl: cannot read `cut.tar.gz`: it ends too early",
            "keyctl: cannot read `old.zip!a\\u{a}\\u{1b}[2J`: it is encrypted",
        ],
        "{}",
        ran.stderr()
    );
    assert_eq!((ran.code(), ran.stdout()), (7, String::new()));
    let report: Value =
        serde_json::from_str(&sandbox.call(&["scan", "--deep", "--json"]).run().stdout()).expect("json");
    assert_eq!(report["unreadable"].as_array().expect("list").len(), 3);
    // As they lie there nothing is wrong with them.
    assert_eq!(sandbox.call(&["scan"]).run().code(), 0);
}

#[test]
fn a_name_in_an_archive_is_told_once_and_without_the_secret_in_it() {
    let sandbox = kept();
    make(
        &sandbox,
        "with tarfile.open('a.tgz', 'w:gz') as t:\n\
         \x20   for name in ['x', 'y']:\n\
         \x20       entry = tarfile.TarInfo(f'd-{T}/{name}'); entry.size = len(O); t.addfile(entry, io.BytesIO(O.encode()))\n",
    );
    let ran = sandbox.call(&["scan", "--deep", "-q"]).run();
    assert_eq!(
        ran.stdout(),
        "KEY        FORM  WHERE\n\
         TOKEN      raw   a.tgz!d-[secret of TOKEN] (its name)\n\
         app/other  raw   a.tgz!d-[secret of TOKEN]/x:1\n\
         app/other  raw   a.tgz!d-[secret of TOKEN]/y:1\n"
    );
    sandbox.no_secret_in(ran.stderr().as_bytes());
}

#[test]
fn programs_and_code_hosts_read_where_in_an_archive_it_is() {
    let sandbox = kept();
    make(
        &sandbox,
        "inner = io.BytesIO()\n\
         with zipfile.ZipFile(inner, 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('c/d', f'\\n{T}')\n\
         with zipfile.ZipFile('a b.zip', 'w') as z: z.writestr('b.zip', inner.getvalue())\n",
    );
    let json = |words: &[&str]| -> Value {
        let ran = sandbox.call(&[&["scan", "--deep"], words].concat()).run();
        serde_json::from_str(&ran.stdout()).expect("json")
    };
    let report = json(&["--json"]);
    let place = serde_json::json!({ "kind": "file", "path": "a b.zip", "inside": ["b.zip", "c/d"] });
    assert_eq!((&report["findings"][0]["place"], &report["findings"][0]["line"]), (&place, &Value::from(2)));
    let result = &json(&["--sarif"])["runs"][0]["results"][0];
    let location = serde_json::json!([{
        "physicalLocation": { "artifactLocation": { "uri": "a%20b.zip" } },
        "logicalLocations": [{ "fullyQualifiedName": "b.zip!c/d:2", "kind": "member" }],
    }]);
    assert_eq!(result["locations"], location);
    let said = "The key TOKEN lies in this archive, in `b.zip!c/d:2` (raw); replace it, then take it out.";
    assert_eq!(result["message"]["text"], said);
    let input = fs::read(sandbox.project().join("a b.zip")).expect("made");
    let ran = sandbox.call(&["scan", "--deep", "-q", "-"]).input(input).run();
    assert_eq!(ran.stdout(), "KEY    FORM  WHERE\nTOKEN  raw   standard input!b.zip!c/d:2\n");
}

#[test]
fn what_is_accepted_in_an_archive_is_accepted_in_that_place_alone() {
    let sandbox = kept();
    let zip = "with zipfile.ZipFile('a.zip', 'w') as z:\n\x20   for name in ['x', 'y']: z.writestr(name, T)\n";
    make(&sandbox, &zip.replace("['x', 'y']", "['x']"));
    assert_eq!(sandbox.call(&["scan", "--deep", "--accept", "--yes", "-q"]).run().code(), 0);
    assert_eq!(places(&sandbox, &[]), [""; 0]);
    make(&sandbox, zip);
    assert_eq!(places(&sandbox, &[]), ["a.zip!y:1"]);
    // As bytes of the file it is another place.
    assert_eq!(sandbox.call(&["scan"]).run().code(), 1);
}

#[test]
fn nothing_in_an_archive_is_taken_out_of_it() {
    let sandbox = kept();
    make(
        &sandbox,
        "open('.env', 'w').write(f'A={O}\\n')\n\
         open('.env.gz', 'wb').write(gzip.compress(f'A={T}\\n'.encode()))\n\
         with zipfile.ZipFile('b.zip', 'w') as z: z.writestr('.env', f'A={T}\\n')\n",
    );
    let before = ["b.zip", ".env.gz"].map(|name| fs::read(sandbox.project().join(name)).expect("made"));
    let ran = sandbox.call(&["scan", "--deep", "--adopt", "--yes", ".env", "b.zip", ".env.gz"]).run();
    let why = "it lies in an archive, and none is ever rewritten: make that anew without it";
    for place in [".env.gz!unpacked", "b.zip!.env"] {
        let line = format!("keyctl: left as it is: `{place}`: {why}\n");
        assert!(ran.stderr().contains(&line), "{}", ran.stderr());
    }
    assert_eq!(ran.code(), 1);
    assert_eq!(before, ["b.zip", ".env.gz"].map(|name| fs::read(sandbox.project().join(name)).expect("left")));
    assert_eq!(fs::read_to_string(sandbox.project().join(".env")).expect("left"), "");
}

#[test]
fn archives_in_a_repository_and_in_a_home_folder_are_looked_into() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    let packed = |text: &str| {
        make(&sandbox, &format!("open('made', 'wb').write(gzip.compress(b'{text}\\n', mtime=0))\n"));
        let made = fs::read(sandbox.project().join("made")).expect("made");
        fs::remove_file(sandbox.project().join("made")).expect("remove");
        made
    };
    repository.stage("a.gz", packed(TOKEN));
    assert_eq!(places(&sandbox, &["--staged"]), ["a.gz!unpacked:1"]);
    assert_eq!(sandbox.call(&["scan", "--staged"]).run().code(), 0, "without being asked nothing is unpacked");
    repository.git(&["commit", "-q", "-m", "one"]);
    repository.stage("cut.gz", &packed("nothing")[..20]);
    let ran = sandbox.call(&["scan", "--deep", "--history"]).run();
    let id = &repository.git(&["rev-parse", "HEAD"])[..12];
    assert_eq!(ran.stdout(), format!("KEY    FORM  WHERE\nTOKEN  raw   {id}:a.gz!unpacked:1\n"));
    assert!(ran.stderr().starts_with("keyctl: cannot read `cut.gz"), "{}", ran.stderr());
    assert!(ran.stderr().contains("none of it was pushed, as far as is known here"), "{}", ran.stderr());
    let marked = sandbox.call(&["show", "TOKEN"]).run().stdout();
    assert!(marked.contains(&format!("{id}:a.gz!unpacked:1 of ")), "{marked}");
    let history = sandbox.home().join(".bash_history");
    fs::copy(Path::new(&repository.folder).join("a.gz"), &history).expect("copy");
    let home = places(&sandbox, &["--home"]);
    assert!(home.iter().any(|place| place.ends_with(".bash_history!unpacked:1")), "{home:?}");
}
