//! Writing to a source: what is there is looked at, a new version is written over just that one, and it is read back before
//! anything is said of it.

use std::time::{Duration, Instant};

use crate::{
    config::sources::Source,
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    name::{KeyName, SourceName},
    random,
    reference::{Place, Reference, Remote},
    secret::Secret,
    source::{
        self, Means, Version,
        found::{self, Found},
    },
    store::editing::Before,
    terminal::Terminal,
};

use super::{Asking, credentials, remembering};

/// How long a source may take to be told that it is done with.
const CLOSING: Duration = Duration::from_secs(2);

/// A source that is written to.
pub struct Desk {
    source: Box<dyn source::Source>,
    timeout: Duration,
}

/// What lies at a reference.
pub struct Seen {
    /// The secret; none where there is nothing yet, or nothing any more.
    pub value: Option<Secret>,
    /// Its version; none where there is none, or the source keeps none.
    pub version: Option<Version>,
    /// When it ends, where the source says so.
    pub expires: Option<Moment>,
}

/// What came of a write that was read back.
pub struct Written {
    /// The version that was made; none where the source keeps none.
    pub version: Option<Version>,
    /// A version of somebody else's that came to be just before it.
    pub overtaken: Option<Version>,
    /// Whether nobody knows if there was one.
    pub is_unsure: bool,
}

impl Written {
    /// What it has replaced: what was seen, or what somebody wrote since.
    #[must_use]
    pub fn replaced(&self, remote: &Remote, seen: &Seen) -> Option<Before> {
        match pinned(remote, self.overtaken.as_ref().or(seen.version.as_ref())) {
            Some(pinned) => Some(Before::There(pinned)),
            None => seen.value.as_ref().map(|value| Before::Here(value.copy())),
        }
    }

    /// Says that somebody was in between.
    pub fn say_of_other(&self, remote: &Remote, terminal: &Terminal) {
        let (path, source) = (&remote.reference.place.path, &remote.source);
        if self.is_unsure {
            terminal.warn(&format!(
                "the answer of source `{source}` was lost, so whether somebody else wrote to `{path}` just before is not known"
            ));
        }
        let Some(Version(other)) = &self.overtaken else { return };
        terminal.warn(&format!(
            "somebody else wrote to `{path}` of source `{source}` in the same moment: version `{other}`, just before this one"
        ));
        terminal.hint(&format!(
            "this one is in force; what is not is read there as `{path}@{other}`: look whether it has to be"
        ));
    }
}

/// Why nothing can be said to be written.
pub enum Unwritten {
    /// It was not, and what was seen is there still.
    Refused(Failure),
    /// It was not, since somebody else has written there meanwhile.
    Overtaken(Failure),
    /// Whether it was is not known.
    Unknown(Failure),
}

impl Unwritten {
    /// The failure.
    #[must_use]
    pub fn failure(self) -> Failure {
        match self {
            Self::Refused(failure) | Self::Overtaken(failure) | Self::Unknown(failure) => failure,
        }
    }
}

impl Desk {
    /// Opens a source of the user's, with its credentials. Whose key leads there was judged before, by `hold_to_store`.
    ///
    /// # Errors
    /// `Missing` for a source that there is not; as its credentials' stores have them.
    pub fn open(name: &SourceName, asking: Asking) -> Result<Self> {
        let source: &Source = asking.config.sources.get(name).ok_or_else(|| {
            Failure::new(Kind::Missing, format!("there is no source `{name}`"))
                .hint(format!("set it up: `keyctl source add {name} --type TYPE`"))
        })?;
        let credentials = credentials::of_one(source, asking)?;
        let opened = source::open(source, &Means { credentials, clock: Moment::now })?;
        Ok(Self { source: opened, timeout: source.timeout })
    }

    fn until(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// What lies there now.
    ///
    /// # Errors
    /// As the source has them; `Usage` for what is made for each use.
    pub fn look(&self, reference: &Reference) -> Result<Seen> {
        let until = self.until();
        let is_pinned = reference.place.version.is_some();
        let Found { value, version, lease, expires } = if is_pinned {
            found::by_fetching(&*self.source, reference, until)?
        } else {
            self.source.look(reference, until)?
        };
        if let Some(lease) = lease {
            let _ = self.source.revoke(&lease, until);
            return Err(made_for_each_use(&reference.place));
        }
        Ok(Seen { value, version, expires })
    }

    /// Puts a secret in the place of what was seen, and reads it back.
    ///
    /// # Errors
    /// As the source has them, also where it has changed since.
    pub fn write(&self, reference: &Reference, new: &Secret, seen: &Seen) -> std::result::Result<Written, Unwritten> {
        remembering::forget_place(self.source.name(), &reference.place);
        self.write_and_read_back(reference, new, seen)
    }

    fn write_and_read_back(
        &self,
        reference: &Reference,
        new: &Secret,
        seen: &Seen,
    ) -> std::result::Result<Written, Unwritten> {
        let number = random::bytes::<16>().map_err(Unwritten::Refused)?;
        let number = hex::encode(&number);
        let written = self.source.write(reference, new, seen.version.as_ref(), &number, self.until());
        let now = self.look(reference);
        let has_it = |now: &Seen| now.value.as_ref().is_some_and(|value| value.same_as(new));
        match (written, now) {
            (Ok(source::Written { version, overtaken }), Ok(now)) if has_it(&now) => Ok(Written {
                version: Some(version).filter(|version| *version != Version::none()),
                overtaken,
                is_unsure: false,
            }),
            (Ok(_), Ok(_)) => Err(Unwritten::Unknown(self.read_back(reference, "something else is there now"))),
            (Ok(_), Err(failure)) => {
                Err(Unwritten::Unknown(self.read_back(reference, "it cannot be read back").hint(failure.message)))
            }
            // The answer was lost, and not what was asked.
            (Err(_), Ok(now)) if has_it(&now) && (now.version != seen.version || !has_it(seen)) => {
                let (overtaken, is_unsure) = between(seen.version.as_ref(), now.version.as_ref());
                Ok(Written { version: now.version, overtaken, is_unsure })
            }
            // Without versions nothing tells whether somebody has written over it since.
            (Err(failure), Ok(now))
                if now.version.is_none()
                    && failure.kind != Kind::Usage
                    && !is_same(now.value.as_ref(), seen.value.as_ref()) =>
            {
                Err(Unwritten::Unknown(failure))
            }
            (Err(failure), Ok(now))
                if now.version != seen.version || !is_same(now.value.as_ref(), seen.value.as_ref()) =>
            {
                Err(Unwritten::Overtaken(failure))
            }
            (Err(failure), Ok(_)) => Err(Unwritten::Refused(failure)),
            (Err(failure), Err(_)) if failure.kind == Kind::Usage => Err(Unwritten::Refused(failure)),
            (Err(failure), Err(_)) => Err(Unwritten::Unknown(failure)),
        }
    }

    fn read_back(&self, reference: &Reference, why: &str) -> Failure {
        let name = self.source.name();
        Failure::new(Kind::Remote, format!("source `{name}` took a new secret at `{}`, but {why}", reference.place))
            .hint("look at what lies there; the former version may still be there")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.source.close(Instant::now() + CLOSING);
    }
}

/// The version just before the newest, where that is not the one that was seen; and whether that is not known, as it is only of
/// versions that are numbers.
fn between(seen: Option<&Version>, newest: Option<&Version>) -> (Option<Version>, bool) {
    let number = |version: &Version| version.0.parse::<u64>().ok();
    match (seen.map_or(Some(0), number), newest.map(number)) {
        (_, None) => (None, false),
        (Some(seen), Some(Some(newest))) => {
            let last = newest.saturating_sub(1);
            ((last > seen).then(|| Version(last.to_string())), false)
        }
        _ => (None, true),
    }
}

fn is_same(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same_as(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn made_for_each_use(place: &Place) -> Failure {
    Failure::new(Kind::Usage, format!("what lies at `{place}` is made anew for each use; there is nothing to replace"))
}

/// The same place in one version of it, where the source keeps versions.
fn pinned(remote: &Remote, version: Option<&Version>) -> Option<Remote> {
    let mut pinned = remote.clone();
    pinned.reference.place.version = Some(version?.0.clone());
    Some(pinned)
}

/// Refuses a reference that names a version, where a new one is to be written.
///
/// # Errors
/// `Usage`.
pub fn refuse_pinned(name: &KeyName, remote: &Remote) -> Result<()> {
    let Some(version) = &remote.reference.place.version else { return Ok(()) };
    let mut newest = remote.reference.clone();
    newest.place.version = None;
    Err(Failure::new(Kind::Usage, format!("`{name}` refers to version {version} alone, and a new one would not be it"))
        .hint(format!(
            "let it refer to the newest: `keyctl set {name} --source {} --ref '{newest}' --replace`",
            remote.source
        )))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::source::{Abilities, Fetched};

    /// What becomes of a write.
    #[derive(Clone, Copy)]
    enum Fate {
        /// It is done, and said to be.
        Done,
        /// It is said to be done, and somebody else writes at once.
        WrittenOver,
        /// It is done, and the answer is lost.
        Unanswered,
        /// It is refused.
        Refused,
        /// It is refused, since somebody else has written.
        Late,
        /// It is refused, and nothing can be read any more.
        Gone,
    }

    struct Kept {
        name: SourceName,
        fate: Fate,
        keeps_versions: bool,
        there: Mutex<Option<(&'static str, u32)>>,
    }

    impl source::Source for Kept {
        fn fetch(&self, _: &Place, _: &[Option<&str>], _: Instant) -> Result<Fetched> {
            let there = *self.there.lock().expect("lock");
            let (text, version) = there.ok_or_else(|| Failure::new(Kind::Remote, "gone"))?;
            let version = self.keeps_versions.then(|| Version(version.to_string()));
            Ok(Fetched { values: vec![Ok(Secret::new(text.into()))], version, lease: None, expires: None })
        }

        fn write(
            &self,
            _: &Reference,
            _: &Secret,
            _: Option<&Version>,
            _: &str,
            _: Instant,
        ) -> Result<source::Written> {
            let mut there = self.there.lock().expect("lock");
            let failed = || Failure::new(Kind::Remote, "no");
            *there = match self.fate {
                Fate::Done | Fate::Unanswered => Some(("new", 2)),
                Fate::WrittenOver => Some(("other", 3)),
                Fate::Late => Some(("other", 2)),
                Fate::Refused => *there,
                Fate::Gone => None,
            };
            match self.fate {
                Fate::Done | Fate::WrittenOver if self.keeps_versions => Ok(Version("2".into()).into()),
                Fate::Done | Fate::WrittenOver => Ok(Version::none().into()),
                _ => Err(failed()),
            }
        }

        fn abilities(&self, _: &[&Reference], _: Instant) -> Result<Abilities> {
            Ok(Abilities::default())
        }

        fn name(&self) -> &SourceName {
            &self.name
        }
    }

    fn written(fate: Fate, keeps_versions: bool) -> String {
        let there = Mutex::new(Some(("old", 1)));
        let source = Kept { name: "corp".parse().expect("name"), fate, keeps_versions, there };
        let desk = Desk { source: Box::new(source), timeout: Duration::from_secs(9) };
        let reference: Reference = "a".parse().expect("good");
        let seen = desk.look(&reference).unwrap_or_else(|failure| panic!("{}", failure.message));
        match desk.write_and_read_back(&reference, &Secret::new(b"new".to_vec()), &seen) {
            Ok(written) => format!("written {}", written.version.map(|version| version.0).unwrap_or_default()),
            Err(Unwritten::Refused(_)) => "as before".into(),
            Err(Unwritten::Overtaken(_)) => "another's".into(),
            Err(Unwritten::Unknown(failure)) => format!("unknown: {}", failure.message),
        }
    }

    #[test]
    fn nothing_is_said_to_be_written_that_was_not_read_back() {
        let other = "unknown: source `corp` took a new secret at `a`, but something else is there now";
        for (fate, with_versions, without) in [
            (Fate::Done, "written 2", "written "),
            (Fate::WrittenOver, other, other),
            (Fate::Unanswered, "written 2", "written "),
            (Fate::Refused, "as before", "as before"),
            (Fate::Late, "another's", "unknown: no"),
            (Fate::Gone, "unknown: no", "unknown: no"),
        ] {
            assert_eq!((written(fate, true).as_str(), written(fate, false).as_str()), (with_versions, without));
        }
    }

    #[test]
    fn whoever_wrote_in_between_is_known_by_numbers_alone() {
        let version = |text: &str| Version(text.to_owned());
        let between = |seen: Option<&str>, newest: Option<&str>| {
            let (other, is_unsure) = super::between(seen.map(version).as_ref(), newest.map(version).as_ref());
            (other.map(|other| other.0), is_unsure)
        };
        assert_eq!(between(Some("9"), Some("10")), (None, false));
        assert_eq!(between(Some("9"), Some("11")), (Some("10".into()), false));
        assert_eq!(between(None, Some("1")), (None, false));
        assert_eq!(between(Some("a1"), Some("b2")), (None, true));
        assert_eq!(between(None, None), (None, false));
    }
}
