//! What was fetched, kept for a while where the user asks for it: sealed on the disk beside the store, for its owner alone.
//!
//! An entry is found by a mark of all that it came by: the source's table, its credentials, the account that it would be asked with
//! now, and the reference. Where one of these is another, nothing is found: nobody gets another's secret. The time is that of the
//! fetch: what is older than the source's limit or than the key's own secret is never given, also not with `--offline`. What is too
//! old is left out when the file is next written.
//!
//! Whoever writes down what was fetched reads the file again first: another may have kept something meanwhile. Whoever lets something
//! go leaves a mark of it beside the file, so that what was on its way then is not kept after it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Means, account};
use crate::{
    config::sources as config,
    date::Moment,
    failure::Result,
    hex,
    home::{self, Home},
    identity::{Identity, anchor::Id},
    random,
    reference::Remote,
    seal::SealKey,
    secret::Secret,
};

/// The file's name in a store's folder.
pub const NAME: &str = "sources.cache";
/// The file that is another after each letting go.
pub const LET_GO: &str = "sources.let-go";
/// The most bytes of it.
const LONGEST_MARK: usize = 64;
/// How the file begins.
const HEAD: &[u8] = b"keyctl sources 1\n";
/// What its key is derived for.
const PURPOSE: &str = "keyctl what sources gave";
/// The most bytes of the file: 16 MiB.
const LARGEST: usize = 16 * 1024 * 1024;
/// Sealed texts are filled up to a multiple of this.
const BLOCK: usize = 4096;
/// So far ahead may a clock have been that wrote an entry, in seconds.
const AHEAD: i64 = 300;

/// What of one store's references is kept.
pub struct Cache {
    path: PathBuf,
    key: SealKey,
    entries: BTreeMap<String, Entry>,
    /// What was fetched now and is written down nowhere yet.
    fresh: BTreeMap<String, Entry>,
    /// Whether there was anything when it was read.
    was_there: bool,
    /// The mark of what was let go last, when it was read.
    let_go: Option<Vec<u8>>,
    home: Home,
    is_changed: bool,
}

struct Entry {
    remote: String,
    value: Secret,
    at: Moment,
    until: Moment,
}

#[derive(Serialize, Deserialize)]
struct Written {
    mark: String,
    remote: String,
    #[serde(with = "wiped")]
    value: Zeroizing<String>,
    at: Moment,
    until: Moment,
}

/// A text that is wiped, in JSON.
mod wiped {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }
}

impl Cache {
    /// Reads what is kept for a store; nothing where there is no file, or one that this identity did not write.
    #[must_use]
    pub fn read(home: &Home, identity: &Identity, store: Id) -> Self {
        let key = SealKey::derive(identity.line().expose(), &store.0, PURPOSE);
        let path = home.file(NAME);
        let let_go = let_go(home);
        let entries = entries(&path, &key);
        let was_there = entries.is_some();
        let entries = entries.unwrap_or_default();
        Self { path, key, entries, fresh: BTreeMap::new(), was_there, let_go, home: home.clone(), is_changed: false }
    }

    /// What stands for a reference with all that it is fetched by; nothing where it is not known whose credential that would be.
    #[must_use]
    pub fn mark(&self, source: &config::Source, means: &Means, remote: &Remote) -> Option<String> {
        let account = account::of(source, means, &self.key)?;
        let mut text = Zeroizing::new(format!("{:?}\n{}\n", source.setting, remote.text()).into_bytes());
        for key in source.credentials() {
            text.extend_from_slice(key.to_string().as_bytes());
            if let Ok(credential) = means.credential(key) {
                text.extend_from_slice(&self.key.mark(credential.expose()));
            }
        }
        text.extend_from_slice(&account);
        Some(hex::encode(&self.key.mark(&text)))
    }

    /// What is kept for a mark, and how old it is, where it is not older than the limit, nor than what the key has `since`.
    #[must_use]
    pub fn get(&self, mark: &str, since: Moment, now: Moment, limit: Duration) -> Option<(&Secret, Duration)> {
        let entry = self.entries.get(mark).filter(|entry| entry.at >= since)?;
        let age = now.seconds() - entry.at.seconds();
        let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        (-AHEAD..=limit).contains(&age).then(|| (&entry.value, Duration::from_secs(u64::try_from(age).unwrap_or(0))))
    }

    /// Keeps what was fetched now.
    pub fn put(&mut self, mark: String, remote: &Remote, value: &Secret, now: Moment, limit: Duration) {
        let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
        let until = Moment::from_seconds(now.seconds().saturating_add(limit));
        self.fresh.insert(mark, Entry { remote: remote.text(), value: value.copy(), at: now, until });
    }

    /// Writes down what was fetched now, beside what is there by now. Where all was let go meanwhile it stays so.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write_fresh(&mut self, now: Moment) -> Result<()> {
        let mut fresh = std::mem::take(&mut self.fresh);
        let there = entries(&self.path, &self.key);
        if fresh.is_empty() || there.is_none() && self.was_there || let_go(&self.home) != self.let_go {
            return Ok(());
        }
        self.entries = there.unwrap_or_default();
        self.entries.append(&mut fresh);
        self.is_changed = true;
        self.write(now)?;
        // Nobody waits to let go: one whose mark came beside the write has perhaps looked before it.
        if let_go(&self.home) != self.let_go {
            self.entries.clear();
            self.is_changed = true;
            self.write(now)?;
        }
        Ok(())
    }

    /// Lets go what these references were fetched for no more: those that the store does not have now.
    pub fn keep_only(&mut self, is_used: impl Fn(&str) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|_, entry| is_used(&entry.remote));
        self.is_changed |= self.entries.len() != before;
    }

    /// Writes it down, without what is too old, if anything changed.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&mut self, now: Moment) -> Result<()> {
        let before = self.entries.len();
        self.entries.retain(|_, entry| now <= entry.until);
        if !self.is_changed && self.entries.len() == before {
            return Ok(());
        }
        if self.entries.is_empty() {
            return match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(crate::failure::Failure::disk("remove", &self.path, &error))
                }
                _ => Ok(()),
            };
        }
        let written: Vec<Written> = self.entries.iter().map(|(mark, entry)| entry.written(mark)).collect();
        // All the room from the start: a vector that grows leaves what it held behind.
        let room: usize = written.iter().map(|entry| entry.value.len() + entry.remote.len() * 2 + 200).sum();
        let mut plain = Zeroizing::new(Vec::with_capacity(room + BLOCK));
        drop(serde_json::to_writer(&mut *plain, &written));
        let full = plain.len().next_multiple_of(BLOCK);
        plain.resize(full, b' ');
        let sealed = self.key.seal(HEAD, &plain)?;
        home::replace(&self.path, &[HEAD, &sealed].concat())
    }
}

impl Entry {
    fn written(&self, mark: &str) -> Written {
        let mut value = Zeroizing::new(String::with_capacity(self.value.len().div_ceil(3) * 4));
        BASE64.encode_string(self.value.expose(), &mut value);
        Written { mark: mark.to_owned(), remote: self.remote.clone(), value, at: self.at, until: self.until }
    }
}

/// Leaves the mark that something is let go: before that is done, so that what is on its way is not kept any more.
///
/// # Errors
/// `Disk`.
pub fn leave_mark(home: &Home) -> Result<()> {
    home::replace(&home.file(LET_GO), hex::encode(&random::bytes::<16>()?).as_bytes())
}

fn let_go(home: &Home) -> Option<Vec<u8>> {
    Some(home::read(&home.file(LET_GO), LONGEST_MARK).ok()??.0)
}

fn entries(path: &std::path::Path, key: &SealKey) -> Option<BTreeMap<String, Entry>> {
    let (bytes, _) = home::read(path, LARGEST).ok()??;
    let plain = key.open(HEAD, bytes.strip_prefix(HEAD)?)?;
    let written: Vec<Written> = serde_json::from_slice(&plain).ok()?;
    let entry = |Written { mark, remote, value, at, until }: Written| {
        let value = Secret::new(BASE64.decode(&*value).ok()?);
        Some((mark, Entry { remote, value, at, until }))
    };
    written.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::sources::{Setting, Source, command::Command},
        name::KeyPath,
    };

    fn source(program: &str) -> Source {
        let command = Command { command: vec![program.into(), "{path}".into()], json: false };
        let name = "corp".parse().expect("name");
        let hour = Some(Duration::from_hours(1));
        Source {
            name,
            setting: Setting::Command(command),
            timeout: Duration::ZERO,
            cache: hour,
            stores: [].into(),
            paths: None,
        }
    }

    #[test]
    fn what_one_account_was_given_is_not_found_for_another() {
        use crate::config::sources::vault::{Login, Vault};
        let folder = tempfile::tempdir().expect("folder");
        let cache = Cache::read(&Home::at(folder.path()), &Identity::generate(), Id([3; 16]));
        let means = Means { credentials: BTreeMap::<KeyPath, Secret>::new(), clock: Moment::now };
        let token = folder.path().join("token");
        let mark = |address: &str, namespace: Option<&str>| {
            let setting = Setting::Vault(Vault {
                address: Some(address.parse().expect("address")),
                namespace: namespace.map(str::to_owned),
                ca: None,
                mount: None,
                login: Some(Login::TokenFile(token.clone())),
                environment: false,
                renew: false,
            });
            cache.mark(&Source { setting, ..source("a") }, &means, &"corp:db#p".parse().expect("good"))
        };
        let place = "https://vault.example.com";
        assert_eq!(mark(place, None), None, "no token is nobody's");
        std::fs::write(&token, "one").expect("write");
        let one = mark(place, None);
        assert!(one.is_some() && one == mark(place, None));
        assert!(one != mark(place, Some("shop")) && one != mark("https://other.example.com", None));
        std::fs::write(&token, "another").expect("write");
        assert_ne!(one, mark(place, None));
    }

    #[test]
    fn what_one_credential_was_given_is_not_found_for_another() {
        let text = "[sources.corp]\ntype = \"azure-key-vault\"\naddress = \"https://a.vault.azure.net\"\ncache = \"1h\"\n\
                    tenant = \"t\"\nclient = \"c\"\nclient_secret = { key = \"half\" }\n";
        let config = crate::config::check(text.as_bytes(), std::path::Path::new("config.toml")).expect("good");
        let folder = tempfile::tempdir().expect("folder");
        let cache = Cache::read(&Home::at(folder.path()), &Identity::generate(), Id([3; 16]));
        let mark = |half: &str| {
            let kept = ("half".parse().expect("a name"), Secret::new(half.as_bytes().to_vec()));
            let means = Means { credentials: BTreeMap::<KeyPath, Secret>::from([kept]), clock: Moment::now };
            cache.mark(&config.sources["corp"], &means, &"corp:db".parse().expect("good"))
        };
        assert!(mark("one").is_some() && mark("one") == mark("one") && mark("one") != mark("another"));
    }

    #[test]
    fn what_was_fetched_is_found_by_all_that_it_came_by_and_only_for_its_time() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity, store) = (Home::at(folder.path()), Identity::generate(), Id([3; 16]));
        let (now, hour) = (Moment::from_seconds(1_800_000_000), Duration::from_hours(1));
        let later = |seconds: i64| Moment::from_seconds(now.seconds() + seconds);
        let means = Means { credentials: BTreeMap::<KeyPath, Secret>::new(), clock: Moment::now };
        let remote: Remote = "corp:db#p".parse().expect("good");
        let mut cache = Cache::read(&home, &identity, store);
        let mark = cache.mark(&source("a"), &means, &remote).expect("known");
        let value = || Secret::new(b"fetched-value".to_vec());
        cache.put(mark.clone(), &remote, &value(), now, hour);
        // Another process keeps something at the same time: both stay.
        let mut other = Cache::read(&home, &identity, store);
        other.put("other".into(), &"corp:other".parse().expect("good"), &value(), now, hour);
        other.write_fresh(now).expect("written");
        cache.write_fresh(now).expect("written");
        assert!(Cache::read(&home, &identity, store).get("other", now, now, hour).is_some());
        let bytes = std::fs::read(home.file(NAME)).expect("there");
        assert!(!bytes.windows(4).any(|part| part == b"corp" || part == b"fetc"));
        let mut cache = Cache::read(&home, &identity, store);
        let got = |cache: &Cache, mark: &str, at: Moment| {
            cache.get(mark, now, at, hour).map(|(value, age)| (value.expose().to_vec(), age.as_secs()))
        };
        assert_eq!(got(&cache, &mark, later(720)), Some((b"fetched-value".to_vec(), 720)));
        assert_eq!(got(&cache, &mark, later(-60)).map(|(_, age)| age), Some(0));
        for (mark, at) in [
            (mark.clone(), later(3601)),
            (mark.clone(), later(-3600)),
            (cache.mark(&source("b"), &means, &remote).expect("known"), now),
            (cache.mark(&source("a"), &means, &"corp:db#q".parse().expect("good")).expect("known"), now),
        ] {
            assert!(got(&cache, &mark, at).is_none());
        }
        assert!(got(&Cache::read(&home, &Identity::generate(), store), &mark, now).is_none());
        assert!(got(&Cache::read(&home, &identity, Id([4; 16])), &mark, now).is_none());
        assert!(cache.get(&mark, later(1), later(2), hour).is_none(), "the key has another secret since");
        let mut late = Cache::read(&home, &identity, store);
        late.put(mark, &remote, &value(), now, hour);
        cache.keep_only(|_| false);
        cache.write(now).expect("written");
        late.write_fresh(now).expect("written");
        assert!(!home.file(NAME).exists(), "what was let go does not come back");
        // Nor does what was on its way when there was nothing yet to let go.
        let mut late = Cache::read(&home, &identity, store);
        late.put("late".into(), &remote, &value(), now, hour);
        leave_mark(&home).expect("written");
        late.write_fresh(now).expect("written");
        assert!(!home.file(NAME).exists());
        let mut next = Cache::read(&home, &identity, store);
        next.put("next".into(), &remote, &value(), now, hour);
        next.write_fresh(now).expect("written");
        assert!(home.file(NAME).exists());
    }
}
