//! `keyctl due --prompt`: a few words for a shell's prompt, from a small file of each store that knows no names.
//!
//! A prompt is drawn after every command, so it opens no store, asks no keychain and waits for nothing. Whatever has all
//! keys of a store at hand (each change to it, `due`) leaves their [`Summary`] in its `due.txt`: how many are due, and when the
//! next one will be. When that has passed, there is one more at least, and the prompt says so.

use std::{path::Path, process::ExitCode, time::Duration};

use crate::{
    config,
    date::Moment,
    home::{self, Home, Lock},
    name::StoreName,
    rotation::Summary,
    store::{file::SealedFile, payload::Payload},
    terminal::Terminal,
};

use super::{
    judging::{self, Clock},
    opening::Kept,
};

const FILE: &str = "due.txt";
/// The file is one line of at most 64 bytes.
const LARGEST: usize = 64;

/// Prints how many keys are due in all stores, or in the one that was said; nothing where none is. A prompt must never break:
/// what cannot be read is nothing due.
pub fn show(said: Option<&StoreName>, terminal: &Terminal) -> ExitCode {
    if let Some(words) = words_here(said, Moment::now()) {
        // Nobody is there to tell that the prompt could not be written.
        let _ = terminal.report(&format!("{words}\n"));
    }
    ExitCode::SUCCESS
}

fn words_here(said: Option<&StoreName>, now: Moment) -> Option<String> {
    if let Some(said) = said {
        return words_of(&Home::of(Some(said)).ok()?, now);
    }
    let personal = Home::find().ok()?;
    let beside = personal.folders_beside();
    let files = [personal.file(FILE)].into_iter().chain(beside.iter().map(|folder| folder.join(FILE)));
    words(files.filter_map(|file| read(&file)), now)
}

/// What the prompt says of a store, for a reminder that cannot open it.
#[must_use]
pub fn words_of(home: &Home, now: Moment) -> Option<String> {
    words(read(&home.file(FILE)), now)
}

/// The words for all of these, each of another store.
fn words(summaries: impl IntoIterator<Item = Summary>, now: Moment) -> Option<String> {
    let (mut all, mut has_passed) = (0_usize, false);
    for Summary { count, next } in summaries {
        let is_more = next.is_some_and(|next| next <= now);
        all = all.saturating_add(count).saturating_add(usize::from(is_more));
        has_passed |= is_more;
    }
    let least = if has_passed { "at least " } else { "" };
    match all {
        0 => None,
        1 => Some(format!("{least}1 key due")),
        all => Some(format!("{least}{all} keys due")),
    }
}

fn read(file: &Path) -> Option<Summary> {
    let (bytes, _) = home::read(file, LARGEST).ok()??;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

/// Leaves the summary for the prompt. Best effort, and the disk is not waited for: who loses it gets it again with the
/// next change or look. Nothing is written where it says so already, or where no key has ever had a date.
pub fn leave(home: &Home, summary: Summary) {
    let path = home.file(FILE);
    let is_new = read(&path).is_none_or(|known| known != summary);
    let says_something = summary != Summary::default() || path.exists();
    if is_new && says_something {
        let _ = home::replace_file(&path, format!("{summary}\n").as_bytes(), false);
    }
}

/// Leaves the summary of a store that was only read. Whoever has changed it since has left a newer one, which must not be
/// written over: so only under the lock, and only while the store is the one that was read.
pub fn leave_read(home: &Home, kept: &Kept, generation: u64, summary: Summary) {
    if read(&home.file(FILE)).is_some_and(|known| known == summary) {
        return;
    }
    let Ok(_lock) = Lock::acquire_within(&home.file("lock"), Duration::ZERO) else { return };
    let sealed = SealedFile::read(home).ok().flatten();
    let text = sealed.and_then(|sealed| sealed.open(&kept.identity, &kept.anchor).ok());
    if text.and_then(|text| text.pick(&[]).ok()).is_some_and(|payload| payload.generation == generation) {
        leave(home, summary);
    }
}

/// Leaves the summary of a store that was just changed.
pub fn leave_for(home: &Home, payload: &Payload, now: Moment) {
    if let Ok(config) = config::read(home) {
        let clock = Clock::alone(now);
        leave(home, judging::summary(&judging::all(payload, &config.rotation, clock)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_few_and_there_are_none_where_nothing_is_due() {
        let (now, later) = (Moment::from_seconds(100), Moment::from_seconds(101));
        let said = |count, next| words([Summary { count, next }], now);
        assert_eq!(said(0, None), None);
        assert_eq!(said(0, Some(later)), None);
        assert_eq!(said(1, Some(later)).as_deref(), Some("1 key due"));
        assert_eq!(said(2, None).as_deref(), Some("2 keys due"));
        assert_eq!(said(2, Some(now)).as_deref(), Some("at least 3 keys due"));
        assert_eq!(said(0, Some(now)).as_deref(), Some("at least 1 key due"));
        let both = |one, other| words([one, other].map(|(count, next)| Summary { count, next }), now);
        assert_eq!(both((0, Some(later)), (0, None)), None);
        assert_eq!(both((1, None), (2, Some(later))).as_deref(), Some("3 keys due"));
        assert_eq!(both((1, Some(now)), (0, Some(now))).as_deref(), Some("at least 3 keys due"));
    }

    #[test]
    fn the_longest_summary_is_read_back() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        let summary = Summary { count: usize::MAX, next: Some(Moment::from_seconds(i64::MAX)) };
        leave(&home, Summary::default());
        assert!(!folder.path().join(FILE).exists(), "nothing to say, so nothing is written");
        for summary in [summary, Summary::default(), Summary { count: 0, next: Some(Moment::from_seconds(i64::MIN)) }] {
            leave(&home, summary);
            assert_eq!(read(&home.file(FILE)), Some(summary));
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }
}
