//! A key whose secret lies in a source: `source = "corp"` and `ref = "database/prod#password"` in the place of its value.

use std::fmt::Write as _;

use super::writing::write_string;
use crate::{
    name::SourceName,
    reference::Remote,
    secret::Secret,
    store::payload::{Key, Payload},
};

/// The text that a key holds, of what is written down.
pub(super) fn read(source: &SourceName, reference: &str) -> Option<Secret> {
    let remote = Remote { source: source.clone(), reference: reference.parse().ok()? };
    Some(Secret::new(remote.text().into_bytes()))
}

/// The reference of the text that a key holds.
pub(super) fn write_reference(text: &mut String, held: &str, source: &SourceName) {
    let reference = held.strip_prefix(source.as_str()).and_then(|rest| rest.strip_prefix(':'));
    text.push_str("ref = ");
    write_string(text, reference.unwrap_or(held));
    text.push('\n');
}

pub(super) fn write_source(text: &mut String, source: Option<&SourceName>) {
    if let Some(source) = source {
        let _ = writeln!(text, "source = \"{source}\"");
    }
}

/// Whether a store has anything of a source in it.
pub(super) fn is_spoken_of(payload: &Payload) -> bool {
    let of_key = |key: &Key| key.facts.source.is_some() || key.former.iter().any(|former| former.source.is_some());
    let of_steps = payload.steps.iter().flat_map(|step| step.replaced.iter().chain(&step.edited));
    payload.keys.values().chain(payload.removed.iter().map(|removed| &removed.key)).any(of_key) || { of_steps }
        .any(|(_, facts)| facts.source.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        date::Moment,
        name::KeyName,
        store::{
            journal::Deed,
            text::{self, tests::empty, writing::estimate},
        },
    };

    #[test]
    fn a_reference_is_kept_taken_back_and_written_in_the_newest_format_only_where_one_is() {
        let (now, name): (_, KeyName) = (Moment::from_seconds(1_800_000_000), "db".parse().expect("good"));
        let mut store = empty();
        let secret = || Secret::new(b"a-secret".to_vec());
        store.step(Deed::Set, now, |edit| edit.set(&name, secret(), false)).expect("new");
        assert!(text::write(&store).contains("format = 2\n"));
        let remote: Remote = "corp:a/b@2#p\"w".parse().expect("good");
        store.step(Deed::Set, now, |edit| edit.refer(&name, &remote, true)).expect("replaced");
        let written = text::write(&store);
        assert!(written.contains("format = 9\n") && estimate(&store) >= written.len());
        assert!(written.contains("ref = \"a/b@2#p\\\"w\"\n") && written.contains("source = \"corp\"\n"));
        for mut back in [text::read(&written), text::pick(&written, &[&name])].map(|back| back.expect("reads")) {
            let key = &back.keys[&name];
            assert_eq!((key.remote(), key.secret().is_none()), (Some(remote.clone()), true));
            // What is picked is what `run` needs: the current one, without former ones and steps.
            let Some(former) = key.former.first() else { continue };
            assert!(former.remote().is_none() && former.value.same_as(&secret()));
            back.undo(now).expect("taken back");
            let key = &back.keys[&name];
            assert!(key.secret().is_some_and(|value| value.same_as(&secret())));
            assert_eq!(key.former.last().and_then(crate::store::payload::Former::remote), Some(remote.clone()));
            back.step(Deed::Rollback, now, |edit| edit.roll_back(&name, 1)).expect("back");
            assert_eq!(back.keys[&name].remote(), Some(remote.clone()));
        }
        for bad in [
            written.replace("source = \"corp\"\n", ""),
            written.replace("ref = ", "value = "),
            written.replace("ref = \"a/b", "ref = \"../b"),
            written.replace("source = \"corp\"", "source = \"Corp\""),
            written.replace("ref = \"a", "value = \"x\"\nref = \"a"),
        ] {
            assert!(bad != *written && text::read(&bad).is_err());
        }
    }
}
