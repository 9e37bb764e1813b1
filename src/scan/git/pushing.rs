//! What a push would send: the commits that the remote does not have yet, what they brought in, and the tags on the way
//! there, which have messages of their own.
//!
//! git tells a pre-push hook on its standard input what goes where, a line for each: `local-ref local-id remote-ref
//! remote-id` (githooks(5)). The pre-commit framework tells it in variables instead, and only of the first.

use std::{
    collections::{BTreeMap, HashSet},
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use super::{
    Git,
    batch::Type,
    cut_short, path_of,
    remotes::{Tracking, names},
    staged::SUBMODULE,
};
use crate::failure::{Failure, Kind, Result};

/// The longest first line of a tag: `object` and an id.
const LONGEST_TARGET: u64 = 256;

/// A push that is about to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// The remote's name, or its address where it has none.
    pub remote: String,
    /// The address that is pushed to, where it was told.
    pub address: Option<String>,
    /// What is pushed.
    pub updates: Vec<Update>,
    /// Whether the pre-commit framework told it, which is not all.
    pub of_framework: bool,
}

/// One reference on its way: what is pushed, a commit mostly, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What it is called at the remote.
    pub reference: String,
    /// What is pushed.
    pub local: String,
    /// What the remote's reference is at, if there is such a reference.
    pub remote: Option<String>,
}

/// What is pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Each content with the first commit that brings it in, and its path there; a commit or tag itself has no path, and
    /// what is pushed in no commit has no commit.
    pub contents: Vec<(String, String, PathBuf)>,
    /// Every path that something is brought in under, with a commit that does so.
    pub paths: BTreeMap<PathBuf, String>,
    /// How many commits there are.
    pub commits: usize,
    /// How many tags with a message.
    pub tags: usize,
    /// How many contents that are in no commit: a tag can be on any object.
    pub loose: usize,
    /// How many submodules were changed: what they hold is not pushed from here.
    pub submodules: usize,
}

/// Reads the lines of a pre-push hook's standard input. Removing a reference sends nothing.
///
/// # Errors
/// `Usage` for a line that is none of git's.
pub fn updates(lines: &str) -> Result<Vec<Update>> {
    let mut updates = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, local, reference, remote] = words[..] else { return Err(no_update()) };
        if !is_id(local) || !is_id(remote) {
            return Err(no_update());
        }
        if !is_zero(local) {
            let remote = Some(remote.to_owned()).filter(|id| !is_zero(id));
            updates.push(Update { reference: reference.to_owned(), local: local.to_owned(), remote });
        }
    }
    Ok(updates)
}

fn no_update() -> Failure {
    Failure::new(Kind::Usage, "standard input is not what git tells a pre-push hook")
        .hint("this is for the hook that `keyctl scan install-hook` writes")
}

fn is_id(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}

impl Push {
    /// What git has told a hook: the remote, the address, and the lines on its standard input.
    ///
    /// # Errors
    /// `Usage` for a line that is none of git's.
    pub fn of_git(remote: &str, address: Option<&str>, lines: &str) -> Result<Self> {
        let (remote, address) = (remote.to_owned(), address.map(str::to_owned));
        Ok(Self { remote, address, updates: updates(lines)?, of_framework: false })
    }

    /// What the pre-commit framework says of a push in its variables, if it does.
    ///
    /// # Errors
    /// `Usage` where it names what is not here; as [`Git::output`].
    pub fn of_framework(git: &Git, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let told = |name: &str| variable(&format!("PRE_COMMIT_{name}")).filter(|value| !value.is_empty());
        let id = |name: &str| told(name).filter(|id| is_id(id) && !is_zero(id));
        // It gives no ids where all of a branch is new at the remote, the first commit too.
        let local = match (id("TO_REF"), told("LOCAL_BRANCH")) {
            (Some(id), _) => id,
            (None, Some(name)) => git.id_of(&name)?.ok_or_else(|| no_reference(&name))?,
            (None, None) => return Ok(None),
        };
        let update = Update { reference: told("REMOTE_BRANCH").unwrap_or_default(), local, remote: id("FROM_REF") };
        let (remote, address) = (told("REMOTE_NAME").unwrap_or_default(), told("REMOTE_URL"));
        Ok(Some(Self { remote, address, updates: vec![update], of_framework: true }))
    }
}

fn no_reference(name: &str) -> Failure {
    Failure::new(Kind::Usage, format!("`{name}`, which is to be pushed, is not in this repository"))
}

impl Git {
    /// What a push would send. Only what that remote has counts as sent; of one that is named by its address nothing is known
    /// but what git said.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn outgoing(&self, push: &Push) -> Result<Outgoing> {
        let mut outgoing = Outgoing::default();
        let updates = &push.updates;
        if updates.is_empty() {
            return Ok(outgoing);
        }
        let led_to = self.led_to(updates.iter().map(|update| update.local.clone()))?;
        let mut known = Vec::new();
        let tracked = self.known_to(push)?;
        // Where git and the framework disagree with what is known here, what the framework reckoned from that is wrong too.
        if tracked.is_some() || !push.of_framework {
            known.extend(updates.iter().filter_map(|update| update.remote.clone()));
        }
        known.extend(tracked.unwrap_or_default());
        let commits = self.commits_without(&led_to.commits, &known)?;
        let mut seen = HashSet::new();
        self.changes(&commits, &mut |commit, entry, path| {
            outgoing.paths.entry(path_of(path)).or_insert_with(|| commit.to_owned());
            if entry.mode == SUBMODULE {
                outgoing.submodules += 1;
            } else if seen.insert(entry.id.to_owned()) {
                outgoing.contents.push((entry.id.to_owned(), commit.to_owned(), path_of(path)));
            }
        })?;
        for commit in String::from_utf8_lossy(&commits).lines() {
            outgoing.commits += 1;
            outgoing.contents.push((commit.to_owned(), commit.to_owned(), PathBuf::new()));
        }
        outgoing.tags = led_to.tags.len();
        outgoing.contents.extend(led_to.tags.into_iter().map(|tag| (tag.clone(), tag, PathBuf::new())));
        for id in led_to.loose {
            if seen.insert(id.clone()) {
                outgoing.loose += 1;
                outgoing.contents.push((id, String::new(), PathBuf::new()));
            }
        }
        Ok(outgoing)
    }

    /// What these ids lead to, through tags of tags.
    fn led_to(&self, ids: impl Iterator<Item = String>) -> Result<LedTo> {
        let mut led_to = LedTo::default();
        let mut seen = HashSet::new();
        let mut waiting: Vec<String> = ids.filter(|id| seen.insert(id.clone())).collect();
        while !waiting.is_empty() {
            let (mut here, mut trees, mut next) = (HashSet::new(), Vec::new(), Vec::new());
            let asked: Vec<&str> = waiting.iter().map(String::as_str).collect();
            self.contents(&asked, &mut |object, reader| {
                let id = object.id.to_owned();
                here.insert(id.clone());
                match object.is {
                    Type::Commit => led_to.commits.push(id),
                    Type::Blob => led_to.loose.push(id),
                    Type::Tree => trees.push(id),
                    Type::Tag => {
                        led_to.tags.push(id);
                        next.push(target(reader)?);
                    }
                }
                Ok(())
            })?;
            // What is not here is told of when its content is asked for.
            led_to.loose.extend(waiting.into_iter().filter(|id| !here.contains(id)));
            for tree in trees {
                led_to.loose.extend(self.below(&tree)?);
            }
            waiting = next.into_iter().filter(|id| seen.insert(id.clone())).collect();
        }
        Ok(led_to)
    }

    /// The contents below a tree, without those of submodules.
    fn below(&self, tree: &str) -> Result<Vec<String>> {
        let printed = self.output(&["ls-tree", "-r", "-z", "--full-tree", tree])?;
        let mut contents = Vec::new();
        for entry in printed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let facts = entry.split(|byte| *byte == b'\t').next().and_then(|facts| str::from_utf8(facts).ok());
            let mut facts = facts.unwrap_or_default().split(' ');
            let (Some(mode), Some(_), Some(id)) = (facts.next(), facts.next(), facts.next()) else {
                return Err(cut_short());
            };
            if mode != SUBMODULE {
                contents.push(id.to_owned());
            }
        }
        Ok(contents)
    }

    /// The commits that these lead to and none of the known ones does, one a line, the oldest first.
    fn commits_without(&self, commits: &[String], known: &[String]) -> Result<Vec<u8>> {
        let mut found = Vec::new();
        if commits.is_empty() {
            return Ok(found);
        }
        let words = ["rev-list", "--reverse", "--topo-order", "--ignore-missing", "--stdin"];
        let failed = |_| cut_short();
        self.stream(
            &words,
            &|pipe| {
                let lines = commits.iter().map(|id| format!("{id}\n"));
                let lines: String = lines.chain(known.iter().map(|id| format!("^{id}\n"))).collect();
                pipe.write_all(lines.as_bytes())
            },
            &mut |printed| printed.read_to_end(&mut found).map(drop).map_err(failed),
        )?;
        Ok(found)
    }

    /// What the branches of this remote are at, as far as is known here: those that its own fetches write and no other
    /// remote's. One that is named by its address has none. Nothing where what is known is of another repository than the one
    /// that is pushed to: by another address, or where the remote's branch is not at what is known of it.
    fn known_to(&self, push: &Push) -> Result<Option<Vec<String>>> {
        let set = self.answer(&["config", "-z", "--get-regexp", r"^remote\..*\.fetch$"])?.unwrap_or_default();
        let tracking = Tracking::of(&String::from_utf8_lossy(&set), &push.remote);
        if tracking.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if let Some(address) = &push.address {
            let fetched = self.output(&["ls-remote", "--get-url", "--", &push.remote])?;
            if fetched.trim_ascii_end() != address.as_bytes() {
                return Ok(None);
            }
        }
        let format = "--format=%(objectname) %(refname) %(symref)";
        let known = names(&self.output(&["for-each-ref", format, "refs/remotes"])?, &tracking);
        let is_other = |update: &Update| {
            let there = tracking.of_branch(&update.reference).and_then(|name| known.get(&name));
            there.is_some_and(|id| Some(id) != update.remote.as_ref())
        };
        if push.updates.iter().any(is_other) {
            return Ok(None);
        }
        Ok(Some(known.into_values().collect()))
    }

    /// What a reference is at, or another name for an object.
    fn id_of(&self, name: &str) -> Result<Option<String>> {
        let printed = self.answer(&["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
        Ok(printed.map(|printed| String::from_utf8_lossy(printed.trim_ascii_end()).into_owned()).filter(|id| is_id(id)))
    }
}

/// What ids lead to.
#[derive(Default)]
struct LedTo {
    commits: Vec<String>,
    tags: Vec<String>,
    /// Contents in no commit.
    loose: Vec<String>,
}

/// What a tag is on: its first line says so.
fn target(tag: &mut dyn Read) -> Result<String> {
    let mut line = String::new();
    let read = BufReader::new(tag.take(LONGEST_TARGET)).read_line(&mut line);
    let id = line.strip_prefix("object ").map(str::trim_end).filter(|id| is_id(id));
    read.ok().and(id).map(str::to_owned).ok_or_else(cut_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "90d0d8afd0ef5d2bf24db0ef1ac347c49fd5cba4";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn a_line_says_what_is_pushed_and_what_is_there_and_removing_sends_nothing() {
        let lines = format!(
            "refs/heads/a {A} refs/heads/a {NONE}\n(delete) {NONE} refs/heads/b {A}\nHEAD {A} refs/heads/c {A}\n"
        );
        let update = |reference: &str, remote: Option<&str>| Update {
            reference: reference.into(),
            local: A.into(),
            remote: remote.map(str::to_owned),
        };
        let expected = [update("refs/heads/a", None), update("refs/heads/c", Some(A))];
        assert_eq!(updates(&lines).unwrap(), expected);
        assert_eq!(updates("").unwrap(), []);
        for bad in ["a b c d", "refs/heads/a --all refs/heads/a --all", A] {
            assert_eq!(updates(bad).unwrap_err().kind, Kind::Usage, "{bad}");
        }
    }

    /// These need git, and where there is none they fail: whoever cannot have it leaves them out by this name (`tests/cross`).
    mod with_git {
        use super::*;

        #[test]
        fn the_framework_says_it_in_variables() {
            let git = Git::at(std::path::Path::new("/")).unwrap();
            let told = |to: Option<&str>, from: Option<&str>| {
                let value = |name: &str| match name {
                    "PRE_COMMIT_TO_REF" => to,
                    "PRE_COMMIT_FROM_REF" => from,
                    "PRE_COMMIT_REMOTE_BRANCH" => Some("refs/heads/a"),
                    _ => None,
                };
                let push = Push::of_framework(&git, |name| value(name).map(str::to_owned)).unwrap();
                push.map(|push| (push.updates, push.of_framework))
            };
            let update = |remote: Option<&str>| {
                let (reference, local) = ("refs/heads/a".to_owned(), A.to_owned());
                Some((vec![Update { reference, local, remote: remote.map(str::to_owned) }], true))
            };
            assert_eq!(told(Some(A), Some(NONE)), update(None));
            assert_eq!(told(Some(A), Some(A)), update(Some(A)));
            assert_eq!((told(None, Some(A)), told(Some("main"), None)), (None, None));
        }
    }
}
