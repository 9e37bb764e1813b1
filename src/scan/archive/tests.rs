//! Archives as programs make them, and as nobody should.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, Crc, write::DeflateEncoder, write::GzEncoder};

use super::*;
use crate::{
    scan::{
        finding::What,
        needles::{Kept, Needles, Which},
    },
    secret::Secret,
};

pub(super) const KEY: &str = "3Hq9ZbT7mWx2LcR5vYk8";

pub(super) fn engine() -> Engine {
    let secret = Secret::new(KEY.as_bytes().to_vec());
    Engine::new(Needles::of([Kept { name: "KEY".into(), which: Which::Current, secret: &secret }]), true).deep(true)
}

/// The key in the second line, by bzip2, `xz -9` and zstd.
pub(super) const OTHERS: &[&str] = &[
    "QlpoOTFBWSZTWW6qhaEAAAhPgAAQGuIARBSwOgohYCAAMUAA0DJkGMAAAzSOwJVt00pQiCbyCqGkZhPC7kinChIN1VC0IA==",
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAaYQprZXk9M0hxOVpiVDdtV3gyTGNSNXZZazgKAADPHHbv4cmC1AABMxv3GYheH7bz\
     fQEAAAAABFla",
    "KLUv/QRY2QAAYQprZXk9M0hxOVpiVDdtV3gyTGNSNXZZazgK4SxeAg==",
];

/// The same by `xz --format=lzma`.
const LZMA: &str = "XQAAgAD//////////wAwgom37s9lpCw9oVGHn7jacnZyAemv714gcm0iNEEWNC//+6nAAA==";

/// The key in the second line.
pub(super) fn text() -> Vec<u8> {
    format!("a\nkey={KEY}\n").into_bytes()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn head(name: &[u8], kind: u8, size: usize) -> Vec<u8> {
    let mut head = vec![0; tar::BLOCK];
    head[..name.len()].copy_from_slice(name);
    head[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    head[156] = kind;
    head[257..263].copy_from_slice(b"ustar\0");
    head[148..156].copy_from_slice(b"        ");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    head
}

fn filled(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(tar::BLOCK), 0);
    bytes
}

/// A tar's entry of a kind.
fn member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    [head(name, kind, content.len()), filled(content.to_vec())].concat()
}

pub(super) fn tar(entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let entries = entries.iter().map(|(name, content)| {
        let short = [head(&name[..name.len().min(99)], b'0', content.len()), filled(content.to_vec())].concat();
        if name.len() < 100 { short } else { [head(b"long", b'L', name.len()), filled(name.to_vec()), short].concat() }
    });
    entries.chain([vec![0; 1024]]).collect::<Vec<_>>().concat()
}

/// A zip; of each entry its name, its content and whether that is packed.
pub(super) fn zip(entries: &[(&[u8], &[u8], bool)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, content, is_packed) in entries {
        let mut sum = Crc::new();
        sum.update(content);
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(content).expect("memory");
        let packed = if *is_packed { packed.finish().expect("memory") } else { content.to_vec() };
        let four = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
        let two = |number: usize| u16::try_from(number).expect("small").to_le_bytes();
        let method = two(if *is_packed { 8 } else { 0 });
        let facts = [&[20, 0, 0, 0][..], &method, &[0; 4], &sum.sum().to_le_bytes(), &four(packed.len())].concat();
        let facts = [&facts[..], &four(content.len()), &two(name.len()), &two(0)].concat();
        let at = four(zip.len());
        directory.extend([b"PK\x01\x02\x14\0", &facts[..], &[0; 10], &at, name].concat());
        zip.extend([b"PK\x03\x04", &facts[..], name, &packed].concat());
    }
    let (number, size) = (u16::try_from(entries.len()).expect("few").to_le_bytes(), directory.len());
    let size = u32::try_from(size).expect("small").to_le_bytes();
    let at = u32::try_from(zip.len()).expect("small").to_le_bytes();
    [&zip[..], &directory, b"PK\x05\x06\0\0\0\0", &number, &number, &size, &at, &[0, 0]].concat()
}

/// What is told, in the order of places.
pub(super) fn told(bytes: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |names: &[PathBuf], one: Told| {
        let place = names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join("!");
        told.push(match one {
            Told::Found(Hit { line, what: What::Key { partial: None, .. }, .. }) => format!("{place}:{line}"),
            Told::Found(Hit { line, .. }) => format!("{place}:{line} alike"),
            Told::Unread(why) => format!("{place}: {why}"),
        });
    };
    look_through(&engine(), &mut Buffer::default(), &mut &*bytes, &mut tell).expect("memory");
    told.sort();
    told
}

fn told_of_file(bytes: &[u8]) -> Vec<String> {
    let mut file = tempfile::tempfile().expect("file");
    file.write_all(bytes).expect("write");
    file.rewind().expect("seek");
    let mut told = Vec::new();
    let mut tell = |names: &[PathBuf], one: Told| {
        let place = names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join("!");
        told.push(match one {
            Told::Found(hit) => format!("{place}:{}", hit.line),
            Told::Unread(why) => format!("{place}: {why}"),
        });
    };
    look_through_file(&engine(), &mut Buffer::default(), &mut file, &mut tell).expect("file");
    told.sort();
    told
}

#[test]
fn what_is_in_an_archive_is_told_with_its_name_and_its_own_line() {
    let text = text();
    for (bytes, place) in [
        (text.clone(), ":2"),
        (gzip(&text), "unpacked:2"),
        (tar(&[(b"x/y", &text), (b"z", b"nothing")]), "x/y:2"),
        (gzip(&tar(&[(b"x/y", &text)])), "x/y:2"),
        (zip(&[(b"x/y", &text, true), (b"z", b"nothing", true)]), "x/y:2"),
        (zip(&[(b"x/y", &text, false)]), "x/y:2"),
        (zip(&[(b"a.tgz", &gzip(&tar(&[(b"b.zip", &zip(&[(b"c", &text, true)]))])), false)]), "a.tgz!b.zip!c:2"),
        ([gzip(b"a\n"), gzip(&text)].concat(), "unpacked:3"),
    ] {
        assert_eq!(told(&bytes), [place]);
        assert_eq!(told_of_file(&bytes), [place]);
    }
    for packed in OTHERS {
        let packed = STANDARD.decode(packed).expect("base64");
        assert_eq!(told(&packed), ["unpacked:2"]);
        assert_eq!(told(&packed.repeat(2)), ["unpacked:2", "unpacked:4"]);
        assert_eq!(told_of_file(&packed), ["unpacked:2"]);
        let cut = told(&packed[..packed.len() - 5]);
        assert!(cut.iter().any(|told| told.starts_with("unpacked: ") || told.starts_with(": ")), "{cut:?}");
    }
    // A program that a zip follows, as of self-extracting ones.
    let program = [b"#!/bin/sh\n".repeat(90), zip(&[(b"c", &text, true)])].concat();
    assert_eq!(told_of_file(&program), ["c:2"]);
    let long = [&b"d/".repeat(70)[..], b"e"].concat();
    assert_eq!(told(&tar(&[(&long, &text)])), [format!("{}:2", String::from_utf8_lossy(&long))]);
}

#[test]
fn what_no_entry_holds_is_told_of_the_archive() {
    // Behind the directory, and in front of the entries.
    let mut bytes = zip(&[(b"c", &text(), false)]);
    let length = bytes.len();
    bytes[length - 2] = u8::try_from(KEY.len()).expect("short");
    bytes.extend(KEY.as_bytes());
    assert_eq!(told(&bytes).len(), 2);
    assert!(told(&bytes)[0].starts_with(':'), "{:?}", told(&bytes));
    let mut rest = tar(&[(b"c", b"")]);
    rest.extend(format!("{KEY:\n<512}").into_bytes());
    assert_eq!(told(&rest), [": it is damaged", ":1"]);
}

#[test]
fn a_zip_behind_something_is_looked_into_with_a_comment_or_a_signature_too() {
    let small = zip(&[(b"c", &text(), true)]);
    let mut comment = small.clone();
    let length = comment.len();
    comment[length - 2] = 9;
    comment.extend(b"a comment");
    let signed = [&small[..], &b"signature".repeat(20)].concat();
    for before in [&b"#!/usr/bin/env python3\n"[..], &b"MZ".repeat(1000)] {
        for zip in [&small, &comment, &signed] {
            let bytes = [before, zip].concat();
            assert_eq!(told(&bytes), ["c:2"]);
            assert_eq!(told_of_file(&bytes), ["c:2"]);
            assert_eq!(told(&tar(&[(b"x", &bytes)])), ["x!c:2"]);
        }
    }
    // What is large is looked into where it is a file.
    let large = [&b"MZ".repeat(SMALL)[..], &comment].concat();
    assert_eq!((told_of_file(&large), told(&large)), (vec!["c:2".to_owned()], Vec::new()));
    // Words that only look like the end of one.
    let words = format!("a PK\x05\x06 and {KEY}, then more than enough of other words\n");
    assert_eq!(told(words.as_bytes()), [":1"]);
}

#[test]
fn what_stands_beside_a_packed_content_is_found_and_that_is_not_told_twice() {
    let frame = STANDARD.decode(OTHERS[2]).expect("base64");
    let skipped = |words: &[u8]| {
        let length = u32::try_from(words.len()).expect("short").to_le_bytes();
        [&[0x5e, 0x2a, 0x4d, 0x18][..], &length, words].concat()
    };
    // As pzstd packs, which begins with a frame to be skipped.
    assert_eq!(told(&[skipped(b"size"), frame.clone()].concat()), ["unpacked:2"]);
    let empty = STANDARD.decode("KLUv/SQAAQAAmenYUQ==").expect("base64");
    for bytes in [[empty, skipped(KEY.as_bytes())].concat(), [gzip(b"a"), KEY.as_bytes().to_vec()].concat()] {
        for told in [told(&bytes), told_of_file(&bytes), told(&tar(&[(b"x", &bytes)]))] {
            assert!(told.iter().any(|place| place.ends_with(":1")) && !told.join(" ").contains(":0"), "{told:?}");
        }
    }
    // Words of gzip's that are longer than what tells its kind.
    let mut comment = gzip(b"nothing");
    comment[3] |= 16;
    comment.splice(10..10, format!("{}{KEY}\0", "c".repeat(600)).into_bytes());
    assert_eq!((told(&comment), told_of_file(&comment)), (vec![":1".to_owned()], vec![":1".to_owned()]));
    // Filled up with zeros it is whole.
    assert_eq!(told(&[gzip(&text()), vec![0; 70_000]].concat()), ["unpacked:2"]);
    let stored = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01", &[27, 0, 228, 255][..], &text()].concat();
    assert!(told(&stored).contains(&"unpacked:2".to_owned()) && !told(&stored).iter().any(|place| place == ":2"));
    // `xz --format=lzma` of the text, and lz4 behind what both it and zstd skip.
    let lzma = STANDARD.decode(LZMA).expect("base64");
    assert_eq!(told(&lzma), ["unpacked:2"]);
    assert_eq!(told(&[skipped(b"x"), packed::LZ4.to_vec()].concat()), [": keyctl does not look into lz4"]);
}

#[test]
fn names_are_looked_at_and_told_once() {
    let name = format!("d-{KEY}/e");
    for bytes in [
        tar(&[(name.as_bytes(), b""), (format!("d-{KEY}/f").as_bytes(), b"")]),
        zip(&[(name.as_bytes(), b"", true), (format!("d-{KEY}/f").as_bytes(), b"", true)]),
    ] {
        assert_eq!(told(&bytes), [format!("d-{KEY}:0")]);
    }
    let mut link = head(b"link", b'2', 0);
    link[157..157 + KEY.len()].copy_from_slice(KEY.as_bytes());
    link[148..156].copy_from_slice(b"        ");
    let sum: u32 = link.iter().map(|byte| u32::from(*byte)).sum();
    link[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_eq!(told(&[link, vec![0; 1024]].concat()), ["link:0"]);
    let mut named = gzip(b"nothing");
    named[3] |= 8;
    named.splice(10..10, format!("{KEY}\0").into_bytes());
    assert_eq!(told(&named), [":1"]);
    assert_eq!(told_of_file(&named), [":1"]);
}

#[test]
fn pax_says_names_and_sizes_that_have_no_room_in_a_head() {
    let (text, path) = (text(), "p/".repeat(120) + "q");
    let record = |word: &str| {
        let length = word.len() + 2;
        let length = length + (length + 2).to_string().len();
        format!("{length} {word}\n")
    };
    let records = [record(&format!("path={path}")), record(&format!("size={}", text.len())), record("comment=none")];
    let bytes = [member(b"pax", b'x', records.concat().as_bytes()), head(b"short", b'0', 0), filled(text)].concat();
    assert_eq!(told(&[bytes, vec![0; 1024]].concat()), [format!("{path}:2")]);
    let odd = [member(b"pax", b'g', format!("9999 x={KEY}").as_bytes()), vec![0; 1024]].concat();
    assert_eq!(told(&odd), [":0"]);
}

#[test]
fn what_cannot_be_looked_into_is_said_with_its_name_and_hides_nothing_else() {
    let text = text();
    let both = [(&b"a"[..], &text[..], true), (b"b", &text, true)];
    let entry = |change: &dyn Fn(&mut Vec<u8>, usize)| {
        let mut bytes = zip(&both);
        let at = memchr::memmem::find(&bytes, b"PK\x01\x02").expect("directory");
        change(&mut bytes, at);
        told(&bytes)
    };
    assert_eq!(entry(&|bytes, at| bytes[at + 8] |= 1), ["a: it is encrypted", "b:2"]);
    let unknown = "a: it is packed by a method that keyctl does not know (9)";
    assert_eq!(entry(&|bytes, at| bytes[at + 10] = 9), [unknown, "b:2"]);
    assert_eq!(entry(&|bytes, at| bytes[at + 16] ^= 1), ["a: it is damaged", "a:2", "b:2"]);
    assert_eq!(entry(&|bytes, at| bytes[at + 42] ^= 1), ["a: it is damaged", "b:2"]);
    let split = [": it is a part of an archive that was split"];
    assert_eq!(entry(&|bytes, _| *bytes.iter_mut().nth_back(17).expect("end") = 1), split);
    assert_eq!(told(b"7z\xbc\xaf\x27\x1c\0\x04"), [": keyctl does not look into 7z"]);
}

#[test]
fn what_was_cut_off_is_said_and_looked_through_as_far_as_it_goes() {
    let (text, filler) = (text(), vec![b'\n'; 5000]);
    let tar = tar(&[(b"a", &text), (b"b", &filler)]);
    assert_eq!(told(&tar[..1024]), [": it ends too early", "a:2"]);
    assert_eq!(told(&tar[..3000]), [": it ends too early", "a:2"]);
    let packed = gzip(&tar);
    assert_eq!(told(&packed[..packed.len() - 4]), [": it ends too early", "a:2"]);
    let zip = zip(&[(b"a", &text, false)]);
    assert_eq!(told(&zip[..zip.len() - 1]), [": it ends too early", ":2"]);
    let packed = gzip(&text);
    assert_eq!(told(&packed[..packed.len() - 8]), [": it ends too early", "unpacked:2"]);
}

#[test]
fn archives_are_looked_into_to_a_depth_and_the_bytes_beyond_that_are_looked_at() {
    let mut bytes = text();
    for name in [&b"d"[..], b"c", b"b", b"a"] {
        bytes = zip(&[(name, &bytes, false)]);
    }
    assert_eq!(told(&bytes), ["a!b!c!d:2"]);
    let deeper = zip(&[(b"top", &bytes, false)]);
    let told = told(&deeper);
    assert_eq!(told, ["top!a!b!c: more than 4 archives lie in one another", "top!a!b!c:2"]);
}

#[test]
fn a_bomb_is_stopped_and_said_once() {
    let zeros = vec![0; 8 * 1024 * 1024];
    let dense = "more than 100 times its size comes out of it: the rest was not looked at";
    assert_eq!(told(&gzip(&zeros)), [format!(": {dense}")]);
    let bomb = zip(&[(b"a", &text(), true), (b"b", &zeros, true), (b"c", &zeros, true)]);
    assert_eq!(told(&bomb), ["a:2".to_owned(), format!("b: {dense}")]);
    // What comes behind it is not looked at either, and that is what is said.
    assert_eq!(told(&tar(&[(b"x", &bomb), (b"y", &text())])), ["x!a:2".to_owned(), format!("x!b: {dense}")]);
    // Each entry of the directory leads to the same place.
    let mut quine = zip(&[(b"a", &zeros[..1024 * 1024], true)]);
    let at = memchr::memmem::find(&quine, b"PK\x01\x02").expect("directory");
    let entry = quine[at..at + 47].repeat(300);
    quine.splice(at..at + 47, entry.iter().copied());
    let length = quine.len();
    quine[length - 10..length - 6].copy_from_slice(&u32::try_from(entry.len()).expect("small").to_le_bytes());
    assert_eq!(told(&quine), [format!("a: {dense}")]);
}

#[test]
fn one_entry_of_a_zip_is_read_whole_or_refused_with_the_reason() {
    let long = vec![b'x'; 2 << 20];
    let good = zip(&[(b"a", b"other", false), (b"export.data", b"the keys", true), (b"long", &long, true)]);
    let read = |bytes: &[u8], name: &str| entry_of_zip(bytes, name, 1 << 20);
    let content = |name: &str| read(&good, name).expect("read").map(|secret| secret.expose().to_vec());
    assert_eq!(content("export.data").as_deref(), Some(&b"the keys"[..]));
    assert_eq!(content("a").as_deref(), Some(&b"other"[..]));
    assert_eq!(content("b"), None);
    let why = |bytes: &[u8], name: &str| read(bytes, name).err().expect("refused");
    assert_eq!(why(&good, "long"), "it has more than 1 MiB");
    assert_eq!(why(&zip(&[(b"a", b"1", false), (b"a", b"2", false)]), "a"), "it has two entries of one name");
    assert_eq!(why(&good[..good.len() / 2], "a"), "it ends too early");
    let mut bent = good.clone();
    let at = bent.windows(5).position(|window| window == b"other").expect("as it is");
    bent[at] = b'O';
    assert_eq!(why(&bent, "a"), "it is damaged");
    assert!(is_zip(&good) && !is_zip(b"PK") && !is_zip(&gzip(b"x")));
}
