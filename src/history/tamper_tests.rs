//! Every change to a small real history is found: each bit, each byte, each cut, and what a forger would try.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    segment_tests::small,
    tests::{ID, IDENTITY, event, events, history_of, intact, log_in, put},
    *,
};

/// A history whose files can be put in any state.
struct Attack {
    folder: tempfile::TempDir,
    log: Log,
    marks: Vec<Mark>,
    bytes: Vec<u8>,
    head: Vec<u8>,
}

impl Attack {
    fn on(entries: i64) -> Self {
        let (folder, log, marks) = history_of(entries);
        let (bytes, head) = (fs::read(log.file("log")).unwrap(), fs::read(log.file("head")).unwrap());
        Self { folder, log, marks, bytes, head }
    }

    fn put(&self, bytes: &[u8], head: &[u8]) {
        put(&self.log.file("log"), bytes);
        put(&self.log.file("head"), head);
    }

    /// What verify says of the log in this state, with the head as it was.
    fn verdict(&self, bytes: &[u8]) -> Verdict {
        self.put(bytes, &self.head);
        self.log.verify(None)
    }

    /// Nothing but a change to the head or after it may leave a doubt: everything else is named.
    fn assert_found(&self, what: &str, bytes: &[u8]) {
        assert_ne!(bytes, self.bytes, "{what} changes nothing");
        let verdict = self.verdict(bytes);
        assert!(matches!(verdict, Verdict::Tampered { .. }), "{what}: {verdict}");
    }

    fn lines(&self) -> Vec<&[u8]> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').collect()
    }
}

#[test]
fn every_bit_of_the_log_counts() {
    let attack = Attack::on(5);
    for bit in 0..attack.bytes.len() * 8 {
        let mut bytes = attack.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        attack.assert_found(&format!("bit {bit}"), &bytes);
    }
    assert_eq!(attack.verdict(&attack.bytes), intact(5));
}

#[test]
fn every_byte_of_the_log_counts() {
    let attack = Attack::on(5);
    for at in 0..attack.bytes.len() {
        let mut bytes = attack.bytes.clone();
        bytes.remove(at);
        attack.assert_found(&format!("byte {at} removed"), &bytes);
        attack.assert_found(&format!("cut to {at} bytes"), &attack.bytes[..at]);
        attack.assert_found(&format!("{at} bytes cut from the front"), &attack.bytes[at + 1..]);
        for added in [b'\n', b'.', b'0', b' ', 0] {
            let mut bytes = attack.bytes.clone();
            bytes.insert(at, added);
            attack.assert_found(&format!("{added} put before byte {at}"), &bytes);
        }
    }
}

#[test]
fn every_bit_and_every_cut_of_the_head_counts() {
    let attack = Attack::on(3);
    let mut heads = vec![];
    for bit in 0..attack.head.len() * 8 {
        let mut head = attack.head.clone();
        head[bit / 8] ^= 1 << (bit % 8);
        heads.push(head);
    }
    heads.extend((1..attack.head.len()).map(|length| attack.head[..length].to_vec()));
    heads.extend([b"\n".as_slice(), &[0; 1_000]].map(|more| [&attack.head, more].concat()));
    // A reader looks several times before it says so, in case the head is just being written: that is waiting, not work.
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                let log = log_in(folder.path());
                put(&log.file("log"), &attack.bytes);
                while let Some(head) = heads.get(next.fetch_add(1, Ordering::Relaxed)) {
                    put(&log.file("head"), head);
                    assert_eq!(log.verify(None).to_string(), "tampered at #3: the sealed end was changed");
                    assert_eq!(log.append(&event(4), false).unwrap_err().kind, Kind::Store);
                }
            });
        }
    });
}

#[test]
fn entries_swapped_doubled_dropped_or_put_in_are_found() {
    let attack = Attack::on(5);
    let lines = attack.lines();
    for one in 0..lines.len() {
        for other in 0..lines.len() {
            if one != other {
                let mut swapped = lines.clone();
                swapped.swap(one, other);
                attack.assert_found("swapped", &swapped.concat());
            }
            let mut doubled = lines.clone();
            doubled.insert(other, lines[one]);
            attack.assert_found("doubled", &doubled.concat());
        }
        let mut dropped = lines.clone();
        dropped.remove(one);
        attack.assert_found("dropped", &dropped.concat());
        let plain = b"1.1.e30=.0000000000000000000000000000000000000000000000000000000000000000\n".as_slice();
        let huge = vec![b'x'; 100_000];
        for added in [b"\n".as_slice(), b"\r\n", b"{}\n", b"\xff\xfe\n", plain, b"0.1..\n", b"2.1.e30=.\n", &huge] {
            let mut put_in = lines.clone();
            put_in.insert(one, added);
            attack.assert_found("put in", &put_in.concat());
        }
    }
}

#[test]
fn what_is_put_after_the_end_is_found_or_left_in_doubt_and_never_counted() {
    let attack = Attack::on(3);
    let last = attack.lines()[2];
    for added in [b"\n".as_slice(), b"garbage\n", last, &[0; 9_000]] {
        attack.assert_found("put at the end", &[&attack.bytes, added].concat());
        assert_eq!(attack.log.append(&event(4), false).unwrap_err().kind, Kind::Store);
    }
    let verdict = attack.verdict(&[&attack.bytes, b"garbage".as_slice()].concat());
    assert!(matches!(verdict, Verdict::NotProvable { .. }), "{verdict}");
}

#[test]
fn entries_of_another_history_are_found() {
    let attack = Attack::on(3);
    for (id, identity) in [([8; 16], IDENTITY), (ID, b"AGE-SECRET-KEY-1OTHER".as_slice())] {
        let folder = tempfile::tempdir().unwrap();
        let other = Log::new(folder.path(), id, identity);
        for number in 1..=4 {
            other.append(&event(number), false).unwrap();
        }
        let foreign = fs::read(other.file("log")).unwrap();
        let foreign: Vec<_> = foreign.split_inclusive(|byte| *byte == b'\n').collect();
        for at in 0..3 {
            let mut lines = attack.lines();
            lines[at] = foreign[at];
            attack.assert_found("pasted", &lines.concat());
        }
        attack.assert_found("pasted at the end", &[&attack.bytes, foreign[3]].concat());
        attack.assert_found("all pasted", &foreign.concat());
        attack.put(&attack.bytes, &fs::read(other.file("head")).unwrap());
        assert_eq!(attack.log.verify(None).to_string(), "tampered at #3: the sealed end was changed");
    }
}

/// The chain values have no key, so a forger makes them fit; the seals still open at their own place only.
#[test]
fn a_forger_who_makes_the_chain_fit_opens_no_seal() {
    let attack = Attack::on(3);
    let from_here = |numbers: [i64; 2]| {
        attack.put(&attack.bytes, &attack.head);
        for number in numbers {
            attack.log.append(&event(number), true).unwrap();
        }
        let bytes = fs::read(attack.log.file("log")).unwrap();
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    // Two histories that part after the third entry: what is fourth and fifth in one is put into the other.
    let (mut one, other) = (from_here([4, 5]), from_here([6, 7]));
    let last = refit(&other[4], &one[3]);
    one[4] = last;
    attack.assert_found("an entry of another future, after the sealed end", &one.concat());
    let failure = attack.log.append(&event(8), true).unwrap_err();
    assert_eq!(failure.message, "the history was changed at entry 5: its seal does not open");
    let lines = attack.lines();
    for (put, before) in [(2, 0), (0, 1), (1, 1)] {
        let mut forged = lines[..=before].to_vec();
        let fitted = refit(lines[put], lines[before]);
        forged.push(&fitted);
        attack.put(&forged.concat(), &attack.head);
        let said = attack.log.verify(None).to_string();
        assert_eq!(said, format!("tampered at #{}: its seal does not open", before + 2));
    }
}

/// A line's body as it would stand after another line, with number and chain value made right.
fn refit(line: &[u8], before: &[u8]) -> Vec<u8> {
    let fields = |line: &[u8]| -> Vec<String> {
        String::from_utf8(line.to_vec()).unwrap().trim_end().split('.').map(str::to_owned).collect()
    };
    let (line, before) = (fields(line), fields(before));
    let (body, seq) = (STANDARD.decode(&line[2]).unwrap(), before[1].parse::<u64>().unwrap() + 1);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(crate::hex::decode::<32>(&before[3]).unwrap())
        .chain_update(seq.to_be_bytes())
        .chain_update((body.len() as u64).to_be_bytes())
        .chain_update(&body)
        .finalize()
        .into();
    format!("1.{seq}.{}.{}\n", line[2], crate::hex::encode(&hash)).into_bytes()
}

#[test]
fn without_the_head_nothing_is_proven_and_nothing_is_added_until_it_is_resealed() {
    let attack = Attack::on(3);
    fs::remove_file(attack.log.file("head")).unwrap();
    assert_eq!(attack.log.verify(None).to_string(), "not provable: the end of 3 entries is not sealed");
    assert_eq!(attack.log.verify(Some(attack.marks[2])), attack.log.verify(None));
    let failure = attack.log.append(&event(4), true).unwrap_err();
    assert_eq!(failure.message, "the end of the history is not sealed: `history.head` is missing");
    assert_eq!(attack.log.reseal(Moment::from_seconds(1_000_000_100)).unwrap().unwrap().mark.seq, 4);
    let doubt = "not provable: what was cut off after #3, if anything was, is not known (noted in #4)";
    assert_eq!(attack.log.verify(Some(attack.marks[2])).to_string(), doubt);
    attack.log.append(&event(5), true).unwrap();
    assert_eq!(attack.log.verify(Some(attack.marks[2])).to_string(), doubt, "it does not wear off");
    attack.log.append(&Event::new(Action::Repair, event(6).moment.unwrap()).of(vec![4]), true).unwrap();
    assert_eq!(attack.log.verify(Some(attack.marks[2])).to_string(), "intact (6 entries, end proven, anchored at #3)");
    let repair = events(&attack.log).remove(3);
    assert_eq!(repair.note.unwrap(), "the sealed end was missing; 3 entries found");
    assert!(attack.log.reseal(Moment::from_seconds(0)).unwrap().is_none());
}

#[test]
fn resealing_does_not_pass_over_what_the_anchor_knows() {
    let attack = Attack::on(3);
    attack.put(&attack.lines()[..2].concat(), b"");
    let known = log_in(attack.folder.path()).expecting(Some(attack.marks[2]));
    let failure = known.reseal(Moment::from_seconds(0)).unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (Kind::Store, "the history ends 1 entry before one that is known")
    );
}

#[test]
fn log_and_head_put_back_together_are_found_with_the_anchor_only() {
    let attack = Attack::on(3);
    let [_, _, mark] = [4, 5, 6].map(|number| attack.log.append(&event(number), true).unwrap().mark);
    attack.put(&attack.bytes, &attack.head);
    assert_eq!(attack.log.verify(None), intact(3));
    assert_eq!(attack.log.verify(Some(mark)).to_string(), "tampered at #4: 3 entries missing: the anchor knows #6");
    let known = log_in(attack.folder.path()).expecting(Some(mark));
    assert_eq!(known.append(&event(7), true).unwrap_err().kind, Kind::Store);
    // Filled up again by someone who holds the identity, or by a keyctl that was not told the anchor.
    for number in 4..=6 {
        attack.log.append(&event(number), true).unwrap();
    }
    assert_eq!(
        attack.log.verify(Some(mark)).to_string(),
        "tampered at #6: rewritten: the anchor knows another entry of this number"
    );
    assert_eq!(known.append(&event(7), true).unwrap_err().kind, Kind::Store);
}

#[test]
fn adding_an_entry_hides_no_change() {
    let attack = Attack::on(4);
    let mut states: Vec<Vec<u8>> = (0..attack.bytes.len()).map(|length| attack.bytes[..length].to_vec()).collect();
    for at in 0..attack.bytes.len() {
        let mut bytes = attack.bytes.clone();
        bytes[at] ^= 1;
        states.push(bytes);
    }
    for bytes in states {
        attack.put(&bytes, &attack.head);
        let added = attack.log.append(&event(5), false);
        let verdict = attack.log.verify(None);
        assert!(matches!(verdict, Verdict::Tampered { .. }), "{added:?} {verdict}");
    }
}

/// The same over several files: each byte of each of them counts, and what is said is the entry it belongs to. A commit
/// tries one bit of each byte, and the long run all of them.
#[test]
fn every_byte_of_a_history_of_several_files_counts() {
    let whole_run = std::env::var_os("KEYCTL_TEST_LONG").is_some();
    let folder = tempfile::tempdir().unwrap();
    let log = small(folder.path());
    for number in 1..=10 {
        log.append(&event(number), true).unwrap();
    }
    let (files, mut before, mut variants) = ([log.segment(1), log.segment(2), log.file("log")], 0, 0);
    for path in &files {
        let whole = fs::read(path).unwrap();
        let mut found = |what: &str, line: u64, bytes: &[u8]| {
            put(path, bytes);
            let verdict = log.verify(None);
            let right = matches!(verdict, Verdict::Tampered { at, .. } if at == before + line);
            assert!(right, "{what} in line {line} of {}: {verdict}", path.display());
            variants += 1;
        };
        let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for (at, byte) in whole.iter().enumerate() {
            let line = whole[..at].split(|byte| *byte == b'\n').count() as u64;
            let mut bytes = whole.clone();
            for bit in if whole_run { 0..8 } else { at % 8..at % 8 + 1 } {
                bytes[at] = byte ^ (1 << bit);
                found("a bit", line, &bytes);
            }
            found("a cut", line, &whole[..at]);
            if whole_run || at % 4 == 0 {
                // Before a line break it makes an empty line of its own.
                let after = line + u64::from(*byte == b'\n');
                found("a byte more", after, &[&whole[..at], b"\n", &whole[at..]].concat());
                found("a byte less", line, &[&whole[..at], &whole[at + 1..]].concat());
            }
        }
        for one in 0..lines.len() {
            let mut dropped = lines.clone();
            dropped.remove(one);
            found("a drop", one as u64 + 1, &dropped.concat());
            for two in one + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(one, two);
                found("a swap", one as u64 + 1, &swapped.concat());
                let mut doubled = lines.clone();
                doubled.insert(two, lines[one]);
                found("a double", two as u64 + 1, &doubled.concat());
            }
        }
        put(path, &whole);
        before += lines.len() as u64;
    }
    assert!(variants > 5_000, "only {variants}");
    assert_eq!(log.verify(None), intact(12));
}
