//! `keyctl store merge`: what git calls where two branches changed one store's file, and how git is told so.
//!
//! git gives three files: what both come from, ours, in whose place the result goes, and theirs. All are opened with the
//! identity of one store; what does not open, or is of another store, fails with an exit code above 1 and leaves ours as it
//! was. Where git merges into the commit that it is at, that is one above 128, by which it gives the merge up: else it would call
//! it a conflict, and whoever commits that loses what the other side has. Exit code 1 says that a person has to look: the result is whole and opens all
//! the same. So it is where the members are not those that were accepted here: what is merged is made for them, and is not to
//! be pushed before a yes.
//!
//! What two versions come from git may have to merge first, of several: that counts no change, so that no machine takes it for
//! a version of the store, and says how many its sides counted, so that nothing older is merged by it. Any other result of a
//! store that is one person's is held against what is known here (bygone.rs): a merge is told three files by whoever calls it,
//! and an older copy among them puts nothing back that takes a yes.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli::Merge,
    commands::{opening, opening::Kept, record, unbound},
    date::Moment,
    failure::{Failure, Kind, Result, for_store},
    history::{Action, Event},
    home::{self, Home},
    scan::git::Git,
    store::{
        accepted,
        file::{self, SealedFile},
        merging::{self, Merged, Said, Side},
        payload::Payload,
        seen::{self, Seen, Version},
    },
    terminal::Terminal,
};

use super::driver;
use members::Members;

mod members;
mod own;

/// So many keys are named; the rest are counted.
const MOST_NAMES: usize = 8;
/// What git made of a merge that was refused: there is nothing to commit, and in a merge nothing to abort.
const GIVEN_UP: &str = "git gave this merge up with nothing changed: once that is settled, merge again (in a rebase `git rebase --continue`, or `--abort`)";

/// Merges, or tells git to have it done.
///
/// # Errors
/// As keeper and store have them; never `Negative`, whose exit code says that it was merged.
pub fn merge(arguments: &Merge, terminal: &Terminal) -> Result<ExitCode> {
    if arguments.install {
        return driver::install(terminal);
    }
    if arguments.uninstall {
        return driver::uninstall(terminal);
    }
    let (Some(base), Some(ours), Some(theirs)) = (&arguments.base, &arguments.ours, &arguments.theirs) else {
        return Err(Failure::new(Kind::Usage, "a merge takes three files: `--base`, `--ours` and `--theirs`")
            .hint("to have git call it: `keyctl store merge --install`"));
    };
    let merged = merge_files([base, ours, theirs], arguments, terminal);
    let merged =
        merged.map_err(
            |failure| if failure.kind == Kind::Negative { Failure { kind: Kind::Store, ..failure } } else { failure },
        );
    merged.map_err(|failure| match &arguments.path {
        Some(_) if is_given_up(arguments) => failure.hint(GIVEN_UP),
        // On the way to another commit git keeps what is not committed as the other version, and else calls keyctl once more.
        Some(path) if arguments.is_called_by_git() => {
            let (how, then) = if is_at_head(arguments) {
                ("-m", "merges them, once that is settled")
            } else {
                ("--theirs", "has the other")
            };
            let path = path.display();
            failure.hint(format!(
                "git calls that a conflict, and the file is one version alone: `git checkout {how} -- {path}` {then}"
            ))
        }
        _ => failure,
    })
}

/// Whether git may be told to give a merge up where it fails, by which it goes back to the commit that it is at. Where it is on its
/// way to another one (`git switch -m`), it would throw away what was not committed, and of several commits that it picks or
/// applies it would leave one out: then it is to call it a conflict.
#[must_use]
pub fn is_given_up(arguments: &Merge) -> bool {
    arguments.is_called_by_git()
        && is_at_head(arguments)
        && !is_under_way(&["sequencer", "rebase-apply"]).unwrap_or(true)
}

/// Whether git is in the middle of what it notes in one of these, if that can be told.
fn is_under_way(notes: &[&str]) -> Option<bool> {
    let git = Git::at(&std::env::current_dir().ok()?).ok()?;
    let there = |name: &&str| Some(git.path(&["rev-parse", "--git-path", name]).ok()?.exists());
    Some(notes.iter().map(there).collect::<Option<Vec<bool>>>()?.contains(&true))
}

/// Whether this side is the file of the commit that git is at: else it is on its way to another one, or only looks at a merge.
fn is_at_head(arguments: &Merge) -> bool {
    is_as_at_head(arguments).unwrap_or_default()
}

/// The same, where that commit has such a file.
fn is_as_at_head(arguments: &Merge) -> Option<bool> {
    let (ours, path) = (arguments.ours.as_ref()?.to_str()?, arguments.path.as_ref()?.to_str()?);
    let git = Git::at(&std::env::current_dir().ok()?).ok()?;
    let at_head = git.answer(&["rev-parse", "--verify", "--quiet", &format!("HEAD:{path}")]).ok()??;
    let ours = git.output(&["hash-object", "--no-filters", "--", ours]).ok()?;
    Some(at_head.trim_ascii() == ours.trim_ascii())
}

fn merge_files([base, ours, theirs]: [&PathBuf; 3], arguments: &Merge, terminal: &Terminal) -> Result<ExitCode> {
    let (home, kept) = whose(ours, arguments.path.as_deref())?;
    if arguments.unseen && is_file_of_store(ours) {
        return Err(Failure::new(
            Kind::Usage,
            "this side is the store itself: `--unseen` is for git's own files alone",
        ));
    }
    let Sides { base: base_read, ours: (ours_read, ours_version), theirs: (theirs_read, theirs_version), is_others } =
        Sides::read(&home, &kept, [base, ours, theirs])?;
    if !arguments.unseen {
        refuse_what_is_no_version(base_read.as_ref(), [&ours_read, &theirs_read])?;
    }
    if ours_read.id != kept.anchor.store {
        return Err(Failure::new(Kind::Store, "this side is not the store that its identity is kept for"));
    }
    let settings = opening::settings(&home);
    let rule = unbound::guard(&settings);
    let mut merged = merging::merge(base_read.as_ref(), &ours_read, &theirs_read, Moment::now(), &rule)?;
    let most = no_more_than(&home, &kept, [(&ours_read, ours_version), (&theirs_read, theirs_version)]);
    let generation = most.map_or(merged.payload.generation, |most| merged.payload.generation.min(most));
    if arguments.unseen {
        merged.payload.generation = 0;
    } else {
        (merged.payload.generation, merged.payload.reached) = (generation, None);
    }
    let Merged { payload, .. } = &merged;
    if !payload.members.is_empty() && payload.member_of(&kept.identity).is_none() {
        return Err(Failure::new(Kind::Store, "you were removed from this store, and cannot merge it"));
    }
    if payload.members.is_empty() && accepted::had_members(home.data(), &kept.identity, payload.id) {
        return Err(accepted::without_members(&store_name(&home)));
    }
    if payload.members.is_empty() && !arguments.unseen && most.is_none() {
        own::hold(&home, &kept, payload, [ours, theirs], terminal)?;
    }
    // git has somebody look at a merge (`git log --remerge-diff`) by making it.
    let at_head = is_as_at_head(arguments);
    let is_to_stay = arguments.path.is_none() || at_head == Some(true);
    let ((sealed, version), names) = (file::sealed(payload, &kept.identity)?, store_name(&home));
    home::replace(ours, &sealed)?;
    if arguments.unseen {
        return Ok(ExitCode::SUCCESS);
    }
    let note = "merged two versions of its file";
    if is_to_stay {
        let event = Event::new(Action::Store, Moment::now()).note(note);
        record::change(&record::log(&home, &kept, payload), &event, terminal);
    }
    let members = Members::of(&home, &kept, (payload, version), &settings, most.is_some());
    let is_accepted = members.are_accepted();
    // What was changed by a side that did not know of a removal may be by whoever was removed: somebody has to look.
    let is_clean = merged.said.is_empty() && merged.unaware.is_empty() && !is_others && is_accepted;
    // Who only looks has nothing merged, and no step less to take back.
    if is_clean && at_head == Some(false) {
        return Ok(ExitCode::SUCCESS);
    }
    tell(&merged, &names, is_others, terminal);
    // In a rebase git merges one commit after the other, and what comes of the last one alone is to be the newest.
    let is_on_the_way = || is_under_way(&["rebase-merge", "rebase-apply"]).unwrap_or_default();
    if most.is_some() && !(arguments.is_called_by_git() && is_on_the_way()) {
        terminal.warn("neither version is the newest that this machine knows, so what they make is not either");
    }
    members.say(&kept, payload, &names, terminal);
    if is_clean {
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.is_called_by_git() && is_to_stay && is_accepted {
        terminal.hint(
            "git calls that a conflict, so that you look: the file is whole, and is to be committed as it is then",
        );
    }
    Ok(ExitCode::from(Kind::Negative as u8))
}

/// Refuses what git merged on the way as a side, and as what both come from what counts no change and is not that either.
fn refuse_what_is_no_version(base: Option<&Payload>, sides: [&Payload; 2]) -> Result<()> {
    let what = if sides.iter().any(|side| side.generation == 0) {
        "a side counts no change: it is what git merged on the way, and no version of the store"
    } else if base.is_some_and(|base| base.generation == 0 && base.reached.is_none()) {
        "what both come from counts no change, and is nothing that git merged on the way"
    } else {
        return Ok(());
    };
    Err(Failure::new(Kind::Store, what))
}

/// What is in the three files.
struct Sides {
    base: Option<Payload>,
    ours: (Payload, Option<Version>),
    theirs: (Payload, Option<Version>),
    /// Whether what both come from is from before this user was let in.
    is_others: bool,
}

impl Sides {
    fn read(home: &Home, kept: &Kept, [base, ours, theirs]: [&PathBuf; 3]) -> Result<Self> {
        let open = |file: &Path, words: &str| {
            let of_it = |failure: Failure| Failure { message: format!("{words}: {}", failure.message), ..failure };
            let sealed = SealedFile::read_at(home, file).map_err(of_it)?;
            let sealed =
                sealed.ok_or_else(|| Failure::new(Kind::Disk, format!("there is no file `{}`", file.display())))?;
            let text = sealed.open_unpinned(&kept.identity).map_err(of_it)?;
            let payload = text.read().map_err(of_it)?;
            let version = text.version(&payload);
            Ok::<_, Failure>((payload, version))
        };
        let (ours, theirs) = (open(ours, "this side")?, open(theirs, "the other side")?);
        // Where nothing is in common, git gives an empty file; and what is from before this user was let in does not open.
        let is_empty = std::fs::metadata(base).is_ok_and(|facts| facts.len() == 0);
        let is_others =
            !is_empty && SealedFile::read_at(home, base)?.is_some_and(|sealed| !sealed.is_made_for(&kept.identity));
        let base = if is_empty || is_others { None } else { Some(open(base, "what both come from")?.0) };
        Ok(Self { base, ours, theirs, is_others })
    }
}

/// How many changes what is merged may count at most, where neither side could take the place of what is known here: then nor
/// can what they make. Else older copies would make a newer one.
fn no_more_than(home: &Home, kept: &Kept, sides: [(&Payload, Option<Version>); 2]) -> Option<u64> {
    let [(first, _), _] = sides;
    let seen = Seen::read(&home.file(seen::NAME), &kept.identity, first.id).map(|seen| seen.version);
    let is_in_order = |(side, version): (&Payload, Option<Version>)| {
        file::older(side.generation, seen, &kept.anchor).is_none() && file::another(version, seen).is_none()
    };
    if sides.into_iter().any(is_in_order) {
        return None;
    }
    let pinned = kept.anchor.generation;
    // One of the same number as what was seen is known for another; one of the same as what is only pinned is not.
    let most = seen.map(|seen| seen.generation).filter(|seen| *seen >= pinned);
    Some(most.unwrap_or_else(|| pinned.saturating_sub(1)).max(1))
}

fn store_name(home: &Home) -> String {
    super::list::name(home).to_owned()
}

/// Whether a file is that of any store, and none that git has taken out.
fn is_file_of_store(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let others = Home::all().unwrap_or_default().into_iter().map(|name| Home::named(Some(&name)));
    let mut all = [Home::find()].into_iter().chain(others).flatten();
    all.any(|home| home.store_file().canonicalize().is_ok_and(|path| path == file))
}

/// The store whose file lies at this path, or else the one whose identity opens ours.
fn whose(ours: &Path, path: Option<&Path>) -> Result<(Home, Kept)> {
    let mut homes = Home::all()?.iter().map(|name| Home::named(Some(name))).collect::<Result<Vec<_>>>()?;
    homes.retain(|home| !home.is_being_removed());
    let is_there = |home: &&Home| {
        let lies = home.store_file().canonicalize().ok();
        lies.is_some() && path.and_then(|path| path.canonicalize().ok()) == lies
    };
    if let Some(home) = homes.iter().find(is_there) {
        let of_store = |failure: Failure| failure.of_store(super::list::name(home));
        return Ok((home.clone(), opening::identity(home).map_err(of_store)?));
    }
    homes.push(Home::find()?);
    let mut closed = None;
    for home in homes {
        match opening::identity_quietly(&home) {
            Ok(kept) => {
                let is_made_for = |sealed: SealedFile| sealed.is_made_for(&kept.identity);
                if SealedFile::read_at(&home, ours).is_ok_and(|sealed| sealed.is_some_and(is_made_for)) {
                    return Ok((home, kept));
                }
            }
            Err(failure) if failure.kind == Kind::Missing => {}
            Err(failure) => closed = Some(failure.of_store(super::list::name(&home))),
        }
    }
    Err(closed.unwrap_or_else(|| {
        Failure::new(Kind::Missing, "no store that you have opens this file")
            .hint("to become a member of it: `keyctl store join NAME --path FILE`")
    }))
}

fn tell(merged: &Merged, store: &str, is_others: bool, terminal: &Terminal) {
    terminal.say(&format!("merged both versions of the store `{store}`"));
    if is_others {
        terminal
            .warn("what both come from is from before you were a member: what one side removed since is there again");
    }
    for said in &merged.said {
        let (words, hint) = in_words(said);
        terminal.warn(&words);
        terminal.hint(&hint);
    }
    let names = |names: Vec<String>| names.join(", ");
    if !merged.unaware.is_empty() {
        let who = names(merged.removed.iter().map(|name| format!("`{name}`")).collect());
        let keys = names(merged.unaware.iter().map(|name| format!("`{name}`")).collect());
        terminal.warn(&if merged.removed_twice {
            format!("both sides removed {who}, or one of them is by {who}; since then they changed {keys}")
        } else {
            format!("one side did not know yet that {who} is removed, or is by {who}; it changed {keys}")
        });
        terminal.hint("look at these before you use them; what was kept there left with whoever was removed");
    }
    if merged.had_steps {
        let text = "`keyctl undo` goes no further back than this; `keyctl rollback NAME` has all former secrets";
        terminal.say(&for_store(text, store));
    }
}

fn in_words(said: &Said) -> (String, String) {
    let other = |side: &Side| match side {
        Side::Ours => ("this side", "the other"),
        Side::Theirs => ("the other side", "this one"),
    };
    match said {
        Said::Replaced(name) => (
            format!(
                "`{name}` has another secret on both sides: the later one is in use, the other among its former ones"
            ),
            format!("to see them: `keyctl versions {name}`; to use the other one: `keyctl rollback {name}`"),
        ),
        Said::Kept(name, side) => {
            let (side, other) = other(side);
            (
                format!("`{name}` was changed on {side} and removed, or renamed, on {other}: it is kept"),
                format!("if it is to go: `keyctl remove {name}`"),
            )
        }
        Said::Renamed(name, [here, there]) => (
            format!("`{name}` was renamed to `{here}` on this side and to `{there}` on the other: both are kept"),
            format!("if one is to go: `keyctl remove {there}`"),
        ),
        Said::Unwiped(name, side) => {
            let (side, other) = other(side);
            (
                format!("`{name}` was removed on {side}, and wiped for good on {other}: the removed key is kept"),
                format!("to wipe it: `keyctl forget {name}`"),
            )
        }
        Said::Revived(name, side) => {
            let (side, other) = other(side);
            (
                format!(
                    "a secret of `{name}` that was wiped for good on {side} is there again: {other} brought it back"
                ),
                format!(
                    "to see it: `keyctl versions {name}`; to wipe it, once it is not in use: `keyctl forget {name}`"
                ),
            )
        }
        Said::Edited(name, fields) => (
            format!("`{name}` was edited on both sides: {}", fields.join(", ")),
            format!("to see what it is now: `keyctl show {name}`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wiped_and_came_back_is_said_with_who_did_what() {
        let name = "a".parse().expect("good");
        let (words, hint) = in_words(&Said::Revived(name, Side::Theirs));
        assert_eq!(
            words,
            "a secret of `a` that was wiped for good on the other side is there again: this one brought it back"
        );
        assert!(hint.ends_with("`keyctl forget a`"));
    }

    #[test]
    fn what_both_sides_did_to_a_key_is_said_with_what_can_be_done() {
        let name = |text: &str| text.parse().expect("good");
        assert_eq!(
            in_words(&Said::Renamed(name("a"), [name("b"), name("c")])),
            (
                "`a` was renamed to `b` on this side and to `c` on the other: both are kept".into(),
                "if one is to go: `keyctl remove c`".into()
            )
        );
        assert_eq!(
            in_words(&Said::Unwiped(name("a"), Side::Theirs)),
            (
                "`a` was removed on the other side, and wiped for good on this one: the removed key is kept".into(),
                "to wipe it: `keyctl forget a`".into()
            )
        );
    }
}
