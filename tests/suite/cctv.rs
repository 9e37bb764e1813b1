//! The age test vectors (CCTV, c2sp.org/CCTV/age), which the `age` crate's source ships, on the crate as it is linked
//! here and on keyctl's own way to open a store.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use age::{DecryptError, Decryptor, armor::ArmoredReader, scrypt, secrecy::SecretString, x25519};
use keyctl::{identity::Identity, secret::Secret};
use sha2::{Digest, Sha256};

use crate::tools;

/// How many vectors there are; fewer would mean that they were not found.
const COUNT: usize = 123;

/// Where the crate answers otherwise than the vectors want: the vector, what is wanted, what comes.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // Armor is known by its first bytes; a file that begins otherwise is refused as one without a header.
    ("armor_garbage_leading", "armor failure", "header failure"),
    ("armor_lowercase", "armor failure", "header failure"),
    ("armor_whitespace_begin", "armor failure", "header failure"),
    ("armor_wrong_type", "armor failure", "header failure"),
    // Refused, though the specification allows white space before armor.
    ("armor_whitespace_outside", "success", "header failure"),
    // Accepted in the form that betas of age wrote; sealing is not touched by it.
    ("stanza_missing_body", "header failure", "success"),
    ("stanza_missing_final_line", "header failure", "success"),
];

struct Vector {
    name: String,
    facts: BTreeMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Vector {
    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name)?.first().map(String::as_str)
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.facts.get(name).into_iter().flatten().map(String::as_str)
    }
}

/// The folder of vectors in the crate's source, as cargo has it.
fn folder() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--locked"]).current_dir(tools::root());
    let metadata: serde_json::Value = serde_json::from_str(&tools::output(&mut cargo)).expect("json");
    let packages = metadata["packages"].as_array().expect("packages");
    let age = packages.iter().find(|package| package["name"] == "age").expect("age");
    PathBuf::from(age["manifest_path"].as_str().expect("path")).with_file_name("tests/testdata/testkit")
}

fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = std::fs::read_dir(folder())
        .expect("the age crate's source has its vectors")
        .flatten()
        .map(|entry| read(entry.file_name().into_string().expect("name"), &std::fs::read(entry.path()).expect("read")))
        .collect();
    vectors.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(vectors.len(), COUNT);
    vectors
}

fn read(name: String, bytes: &[u8]) -> Vector {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").expect("an empty line");
    let mut facts = BTreeMap::<String, Vec<String>>::new();
    for line in std::str::from_utf8(&bytes[..end]).expect("text").lines() {
        let (fact, value) = line.split_once(": ").expect("a fact");
        facts.entry(fact.to_owned()).or_default().push(value.to_owned());
    }
    let mut vector = Vector { name, facts, file: bytes[end + 2..].to_vec() };
    if vector.fact("compressed").is_some() {
        vector.file = inflate(&vector.file);
    }
    vector
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let program = "import sys, zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))";
    let mut python = Command::new(tools::python());
    python.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("python3");
    python.stdin.take().expect("piped").write_all(bytes).expect("write");
    let output = python.wait_with_output().expect("wait");
    assert!(output.status.success());
    output.stdout
}

/// What the crate makes of it, in the vectors' own words.
fn class(vector: &Vector) -> Result<&'static str, String> {
    let armor =
        |error: &std::io::Error| matches!(error.get_ref(), Some(inner) if inner.is::<age::armor::ArmoredReadError>());
    match open(vector) {
        Ok(mut reader) => {
            let mut plain = Vec::new();
            let ended = reader.read_to_end(&mut plain);
            let hash = keyctl::hex::encode(&Sha256::digest(&plain));
            match ended {
                Err(error) if armor(&error) => Ok("armor failure"),
                // The vectors also say what may be given before the failure: no block that was not proven.
                _ if vector.fact("payload").is_some_and(|payload| payload != hash) => Err("another payload".into()),
                Ok(_) => Ok("success"),
                Err(_) => Ok("payload failure"),
            }
        }
        Err(DecryptError::Io(error)) if armor(&error) => Ok("armor failure"),
        Err(
            DecryptError::InvalidHeader
            | DecryptError::Io(_)
            | DecryptError::ExcessiveWork { .. }
            | DecryptError::UnknownFormat,
        ) => Ok("header failure"),
        Err(DecryptError::InvalidMac) => Ok("HMAC failure"),
        Err(DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys) => Ok("no match"),
        Err(error) => Err(error.to_string()),
    }
}

fn open(vector: &Vector) -> Result<impl Read + '_, DecryptError> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(&vector.file[..]))?;
    let identities: Vec<Box<dyn age::Identity>> = if decryptor.is_scrypt() {
        let phrase = |text: &str| {
            let mut identity = scrypt::Identity::new(SecretString::from(text.to_owned()));
            identity.set_max_work_factor(22);
            Box::new(identity) as Box<dyn age::Identity>
        };
        vector.all("passphrase").map(phrase).collect()
    } else {
        let parsed =
            |line: &str| Box::new(line.parse::<x25519::Identity>().expect("identity")) as Box<dyn age::Identity>;
        vector.all("identity").map(parsed).collect()
    };
    decryptor.decrypt(identities.iter().map(|identity| &**identity))
}

#[test]
fn the_linked_age_answers_every_vector_but_those_named_here() {
    let mut differs = Vec::new();
    for vector in vectors() {
        let wanted = vector.fact("expect").expect("expect").to_owned();
        let seen = class(&vector).unwrap_or_else(|why| panic!("{}: {why}", vector.name));
        if seen != wanted {
            differs.push((vector.name, wanted, seen));
        }
    }
    let differs: Vec<_> = differs.iter().map(|(name, wanted, seen)| (name.as_str(), wanted.as_str(), *seen)).collect();
    assert_eq!(differs, sorted(EXCEPTIONS), "the exceptions have changed");
}

fn sorted<'e>(exceptions: &[(&'e str, &'e str, &'e str)]) -> Vec<(&'e str, &'e str, &'e str)> {
    let mut exceptions = exceptions.to_vec();
    exceptions.sort_unstable();
    exceptions
}

#[test]
fn keyctls_own_way_opens_exactly_what_may_be_opened() {
    let accepted = ["stanza_missing_body", "stanza_missing_final_line"];
    let refused = ["armor_whitespace_outside"];
    for vector in vectors().into_iter().filter(|vector| vector.fact("identity").is_some()) {
        // A store is made for one identity; the vectors with two are for age's own choice among them.
        let line = vector.fact("identity").expect("identity").as_bytes().to_vec();
        let Ok(identity) = Identity::parse(Secret::new(line)) else { panic!("{}", vector.name) };
        let name = vector.name.as_str();
        let opens = vector.fact("expect") == Some("success") && !refused.contains(&name) || accepted.contains(&name);
        assert_eq!(identity.decrypt(&vector.file).is_ok(), opens, "{name}");
    }
}
