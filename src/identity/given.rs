//! An identity that whoever calls keyctl gives it, for machines that have nobody to keep one: CI, containers, services.
//!
//! `KEYCTL_IDENTITY` holds it, `KEYCTL_IDENTITY_FILE` names a file or a pipe that does, and a service of systemd has it as the
//! credential `keyctl-identity`. Either is what age calls an identity file: lines of `AGE-SECRET-KEY-1…`, of which each store
//! takes the one that it is made for. What is given stands in the place of every store's keeper, and nobody else is asked
//! beside it: a build that was given the wrong one shall hear of that, and not open something else.
//!
//! Both variables are taken out of this process's environment before anything else is done, and every descriptor by which the
//! file is open here, whatever the path calls it, is closed where another program is started; standard input is put aside at
//! once. So neither comes down to a command, also where nothing had to be read. No store and no identity is made because one
//! of them is set. The anchor lies beside the store then, as that of the keeper `file` does.

use std::{
    fs::File,
    io::{self, Seek},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use super::{
    Closed, Identity, PREFIX,
    file::{IdentityFile, open_to_others},
    keeper::{Held, Item, Keeper},
};
use crate::{
    failure::{Failure, Kind, Result, reason},
    home::{self, Home},
    platform,
    secret::Secret,
};

/// The variable that holds an identity.
const VARIABLE: &str = "KEYCTL_IDENTITY";
/// The variable that says where one is to be read.
const FILE: &str = "KEYCTL_IDENTITY_FILE";
/// The credential of a service (`LoadCredential=`, systemd.exec(5)).
const CREDENTIAL: &str = "keyctl-identity";
/// The most bytes of what is given.
const LARGEST: usize = 16 * 1024;
/// The most identities in it.
const MOST: usize = 32;
/// The most bytes of a store, as its own reader has them.
const LARGEST_STORE: usize = 64 * 1024 * 1024;
/// How long a pipe with a name may take until somebody writes to it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the environment of this process had.
#[derive(Default)]
struct Taken {
    text: Option<Secret>,
    file: Option<PathBuf>,
    credential: Option<PathBuf>,
    /// What the path leads to, where that was standard input.
    aside: Option<File>,
    /// The variable was there, and nothing in it.
    is_empty: bool,
}

static TAKEN: OnceLock<Taken> = OnceLock::new();
static READ: OnceLock<Result<Vec<Identity>>> = OnceLock::new();

/// Takes what is given out of the environment. The first thing that the program does, while it has one thread.
///
/// # Errors
/// `Disk` where standard input gives it and cannot be put aside: whatever is started then could read it there.
pub fn take() -> Result<()> {
    let text = platform::take_variable(VARIABLE).map(|text| Secret::new(text.into_encoded_bytes()));
    if let Some(text) = &text {
        platform::keep_from_swap(text.expose());
    }
    let is_empty = text.as_ref().is_some_and(Secret::is_empty);
    let text = text.filter(|text| !text.is_empty());
    let file = platform::take_variable(FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let credential = if text.is_none() && file.is_none() { credential() } else { None };
    let aside = file.as_deref().map_or(Ok(None), kept_from_children).map_err(|error| {
        let what = "standard input gives the identity, and cannot be kept from what is started";
        Failure::new(Kind::Disk, format!("{what}: {}", reason(&error)))
    });
    let (aside, taken) = aside.map_or_else(|failure| (None, Err(failure)), |aside| (aside, Ok(())));
    let _ = TAKEN.set(Taken { text, file, credential, aside, is_empty });
    taken
}

/// Has what this path leads to closed where another program is started. Gives it where it is standard input, which is empty then.
fn kept_from_children(path: &Path) -> io::Result<Option<File>> {
    let path = home::from_user(path.to_owned());
    let numbers = platform::open_numbers(&path);
    // Those of output are the command's too, and nothing is read from them.
    for number in numbers.iter().copied().filter(|number| *number > 2).chain(descriptor(&path)) {
        platform::close_on_exec(number);
    }
    numbers.contains(&0).then(platform::put_input_aside).transpose()
}

/// The service's credential, if it has that one.
fn credential() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?);
    let path = folder.join(CREDENTIAL);
    (folder.is_absolute() && path.exists()).then_some(path)
}

/// Whether there is one.
#[must_use]
pub fn is_given() -> bool {
    TAKEN.get().is_some_and(|taken| taken.text.is_some() || taken.file.is_some() || taken.credential.is_some())
}

/// What gives it, in words for a sentence.
#[must_use]
pub fn giver() -> Option<&'static str> {
    let taken = TAKEN.get()?;
    if taken.text.is_some() {
        return Some("`KEYCTL_IDENTITY`");
    }
    let credential = taken.credential.as_ref().map(|_| "the credential `keyctl-identity`");
    taken.file.as_ref().map(|_| "`KEYCTL_IDENTITY_FILE`").or(credential)
}

/// What to say where nothing opens, and the variable was there with nothing in it.
#[must_use]
pub fn why_empty() -> Option<&'static str> {
    let is_empty = TAKEN.get().is_some_and(|taken| taken.is_empty) && !is_given();
    is_empty.then_some(
        "`KEYCTL_IDENTITY` is set and empty: the secret did not arrive, as in CI for a pull request of a fork",
    )
}

/// All that are given, read once: a pipe has them only once.
fn all() -> Result<&'static [Identity]> {
    let read = READ.get_or_init(|| TAKEN.get().map_or_else(|| Err(not_given()), read));
    read.as_deref().map_err(|failure| Failure {
        kind: failure.kind,
        message: failure.message.clone(),
        hints: failure.hints.clone(),
    })
}

fn read(taken: &Taken) -> Result<Vec<Identity>> {
    let from_file = |path: &Path, giver| understand(&from_file(path, taken.aside.as_ref(), giver)?, giver);
    match (&taken.text, &taken.file, &taken.credential) {
        (Some(_), Some(_), _) => {
            Err(Failure::new(Kind::Usage, "both `KEYCTL_IDENTITY` and `KEYCTL_IDENTITY_FILE` are set")
                .hint("keep the one that is meant, and unset the other"))
        }
        (Some(text), None, _) => understand(text, "`KEYCTL_IDENTITY`"),
        (None, Some(path), _) => from_file(path, "`KEYCTL_IDENTITY_FILE`"),
        (None, None, Some(path)) => from_file(path, "the credential `keyctl-identity`"),
        (None, None, None) => Err(not_given()),
    }
}

fn not_given() -> Failure {
    Failure::new(
        Kind::Keychain,
        "this store's identity is kept nowhere here: each call is given it, and this one was not",
    )
    .hint("set `KEYCTL_IDENTITY_FILE` to its file, or `KEYCTL_IDENTITY` to what is in it")
}

/// What is in a file, a pipe or a descriptor of the caller's.
fn from_file(path: &Path, aside: Option<&File>, giver: &str) -> Result<Secret> {
    let path = home::from_user(path.to_owned());
    let opened = match aside {
        Some(file) => from_its_beginning(file),
        None if platform::is_named_pipe(&path) => platform::open_once_written(&path, PATIENCE),
        None => File::open(&path),
    };
    if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        let what = format!("{giver} names a pipe that nobody writes to: `{}`", path.display());
        return Err(Failure::new(Kind::Disk, what).hint("start what writes the identity first, or beside it"));
    }
    let Some((bytes, facts)) = home::read_open(&path, LARGEST, opened)? else {
        return Err(Failure::new(Kind::Disk, format!("{giver} names `{}`, which is not there", path.display())));
    };
    let text = Secret::new(bytes);
    platform::keep_from_swap(text.expose());
    if !facts.is_file() {
        return Ok(text);
    }
    let access = platform::access(&facts);
    // What an administrator or a container's runtime puts there is theirs to guard; they make it so that nobody writes it.
    let is_put_there = access.by_root && (access.by_other || facts.permissions().readonly());
    let is_open = access.writable_by_others || (access.readable_by_others && !is_put_there);
    if is_open || (access.by_other && !access.by_root) {
        return Err(open_to_others(&path, access.by_other && !is_open));
    }
    Ok(text)
}

/// Another handle of a file, as if it was opened anew.
fn from_its_beginning(file: &File) -> io::Result<File> {
    let mut file = file.try_clone()?;
    if file.metadata()?.is_file() {
        file.rewind()?;
    }
    Ok(file)
}

/// The number of a descriptor that the caller opened for this: not one of those that every program has.
fn descriptor(path: &Path) -> Option<i32> {
    let name = ["/dev/fd", "/proc/self/fd"].iter().find_map(|folder| path.strip_prefix(folder).ok())?;
    name.to_str()?.parse().ok().filter(|number| *number > 2)
}

/// Reads age's identity file.
fn understand(text: &Secret, giver: &str) -> Result<Vec<Identity>> {
    let wrong = |what: &str| Failure::new(Kind::Usage, format!("{giver} {what}"));
    let text = text.expose_text().unwrap_or("?");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = Vec::new();
    for line in lines {
        if let Some((what, hint)) = another_thing(line) {
            return Err(wrong(what).hint(hint));
        }
        let identity = Identity::parse(Secret::new(line.as_bytes().to_vec()));
        found.push(identity.map_err(|_| {
            wrong("holds no age identity, or one with a slip in it")
                .hint("it has to be the line that begins with `AGE-SECRET-KEY-1`, whole and without quotes")
        })?);
        if found.len() > MOST {
            return Err(wrong("holds too many identities"));
        }
    }
    if found.is_empty() {
        return Err(wrong("holds no identity: there is nothing in it"));
    }
    Ok(found)
}

/// What else somebody may have put there, and what to do then.
fn another_thing(line: &str) -> Option<(&'static str, &'static str)> {
    let begins = |text: &str| line.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text));
    let use_a_keeper = "let it keep the store's identity instead: `keyctl store keeper --help`";
    if begins(PREFIX) {
        None
    } else if begins("age1") {
        Some(("holds the public half of an identity", "the private one begins with `AGE-SECRET-KEY-1`"))
    } else if begins("-----BEGIN AGE") || begins("age-encryption.org") {
        Some((
            "holds an identity that a passphrase closes",
            "with a recovery copy: `keyctl recovery restore FILE --passphrase-file FILE`",
        ))
    } else if begins("AGE-PLUGIN-") {
        Some(("holds the identity of a plugin", use_a_keeper))
    } else if begins("-----BEGIN ") {
        Some(("holds a key of another kind", use_a_keeper))
    } else {
        None
    }
}

/// Stands in the place of every store's keeper where an identity is given.
pub struct Giver {
    store_file: PathBuf,
    beside: IdentityFile,
}

impl Giver {
    /// For the store of this home.
    #[must_use]
    pub fn for_store(home: &Home) -> Self {
        Self { store_file: home.store_file(), beside: IdentityFile::in_home(home) }
    }

    /// Of several the one that the store is made for; the first one where it is made for none of them.
    fn identity(&self) -> Result<Secret> {
        let all = all()?;
        let store = if all.len() > 1 { home::read(&self.store_file, LARGEST_STORE)? } else { None };
        let opens = |identity: &&Identity| {
            store.as_ref().is_some_and(|(file, _)| !matches!(identity.decrypt(file), Err(Closed::OtherIdentity)))
        };
        all.iter().find(opens).or(all.first()).map(|identity| identity.line().copy()).ok_or_else(not_given)
    }
}

impl Keeper for Giver {
    fn read(&self) -> Result<Held> {
        Ok(Held { identity: Some(self.identity()?), anchor: self.beside.line(Item::Anchor)? })
    }

    fn write(&self, item: Item, line: &Secret) -> Result<()> {
        match item {
            Item::Anchor => self.beside.write(item, line),
            Item::Identity => Err(refused("its identity cannot be changed")),
        }
    }

    fn remove(&self, item: Item) -> Result<()> {
        match item {
            Item::Anchor => self.beside.remove(item),
            // Nothing of it is kept here.
            Item::Identity => Ok(()),
        }
    }
}

/// The failure for what makes no sense where an identity is given.
#[must_use]
pub fn refused(what: &str) -> Failure {
    let giver = giver().unwrap_or("each call");
    let failure = Failure::new(Kind::Usage, format!("{giver} gives the store's identity, so {what}"));
    failure.hint("to work with what is kept here, call keyctl without it")
}

/// What is given, for each keyctl that this one starts: they take it as this one did, and their commands do not get it.
pub struct Handed(File);

impl Handed {
    /// Nothing where none is given.
    ///
    /// # Errors
    /// As reading it has them; `Usage` where the system has no files in memory.
    pub fn new() -> Result<Option<Self>> {
        if !is_given() {
            return Ok(None);
        }
        let lines: Vec<&[u8]> = all()?.iter().flat_map(|identity| [identity.line().expose(), b"\n"]).collect();
        let lines = Secret::new(lines.concat());
        let file = platform::memory_file(lines.expose()).and_then(|file| platform::leave_open(&file).map(|()| file));
        file.map(|file| Some(Self(file))).map_err(|_| refused("it cannot be handed on to the calls of a server here"))
    }

    /// Tells a keyctl that is about to be started where it finds it.
    pub fn to(&self, command: &mut Command) {
        command.env(FILE, format!("/dev/fd/{}", platform::number_of(&self.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: impl Into<Vec<u8>>) -> String {
        let refused = understand(&Secret::new(text.into()), "`X`").err().expect("refused");
        assert_eq!(refused.kind, Kind::Usage);
        refused.message
    }

    #[test]
    fn what_age_calls_an_identity_file_is_read_whole() {
        let (one, other) = (Identity::generate(), Identity::generate());
        let text = [b"# a comment\r\n\n  ", one.line().expose(), b" \r\n", other.line().expose()].concat();
        let read = understand(&Secret::new(text), "`X`").expect("read");
        assert!(read.len() == 2 && read[0].line().same_as(one.line()) && read[1].line().same_as(other.line()));
    }

    #[test]
    fn what_is_no_identity_is_named_for_what_it_is_and_never_quoted() {
        let good = Identity::generate();
        let text = good.line().expose_text().expect("ascii");
        let slip = "`X` holds no age identity, or one with a slip in it";
        for (bad, what) in [
            (String::new(), "`X` holds no identity: there is nothing in it"),
            ("# only a comment\n\n".into(), "`X` holds no identity: there is nothing in it"),
            (format!("\"{text}\""), slip),
            (text[..40].to_owned(), slip),
            (text.to_lowercase(), slip),
            (format!("{text}\nsk-live-abc"), slip),
            (format!("{text} {text}"), slip),
            (good.recipient().to_string(), "`X` holds the public half of an identity"),
            ("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl".into(), "`X` holds an identity that a passphrase closes"),
            ("AGE-PLUGIN-YUBIKEY-1QQ".into(), "`X` holds the identity of a plugin"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----".into(), "`X` holds a key of another kind"),
            (format!("{text}\n").repeat(MOST + 1), "`X` holds too many identities"),
        ] {
            assert_eq!(said(bad), what);
        }
        assert_eq!(said(b"\xff\xfe"), slip);
    }

    #[test]
    fn only_a_descriptor_that_was_opened_for_it_is_closed_behind_it() {
        let number = |path: &str| descriptor(Path::new(path));
        assert_eq!([number("/dev/fd/63"), number("/proc/self/fd/3")], [Some(63), Some(3)]);
        assert_eq!([number("/dev/fd/0"), number("/dev/fd/x"), number("/dev/stdin"), number("/a/3")], [None; 4]);
    }
}
