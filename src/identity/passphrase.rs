//! An identity wrapped with a passphrase: age's scrypt recipient.
//!
//! How much work a guess costs is measured on the machine where it is wrapped; how much is done for a file is bounded, and
//! looked at before anybody is asked.

use std::{
    cell::RefCell,
    io::Read,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use age::DecryptError;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};

use super::{
    anchor::Id,
    asking::{Person, why_nobody},
    recovery::{MOST_WORK, phrase},
    unlocked,
    wrapping::Wrapper,
};
use crate::{
    failure::{Failure, Kind, Result},
    platform,
    secret::Secret,
};

/// scrypt's least and greatest cost for a new one, as powers of two (age's specification, "The scrypt recipient type"):
/// 64 MiB and 1 GiB of memory.
const LEAST: u8 = 16;
const GREATEST: u8 = 20;
/// The cost that is measured to tell the others from; each step doubles it.
const MEASURED: u8 = 14;
/// How long opening ought to take.
const WANTED: Duration = Duration::from_secs(1);
/// How often a wrong one may be typed.
pub(super) const TRIES: usize = 3;
const STANZA: &str = "scrypt";

/// A passphrase that was given to this process: who writes anew is not asked once more.
struct Given {
    store: Id,
    place: String,
    passphrase: Secret,
    /// scrypt's work for it, and how long that took.
    cost: Option<(u8, Duration)>,
}

static GIVEN: Mutex<Vec<Given>> = Mutex::new(Vec::new());

fn given() -> MutexGuard<'static, Vec<Given>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the passphrase of a place for as long as this process lives.
pub fn hold(store: Id, place: &str, passphrase: &Secret) {
    keep(store, place, passphrase, None);
}

fn keep(store: Id, place: &str, passphrase: &Secret, cost: Option<(u8, Duration)>) {
    let mut given = given();
    given.retain(|one| (one.store, one.place.as_str()) != (store, place));
    given.push(Given { store, place: place.to_owned(), passphrase: passphrase.copy(), cost });
}

/// The passphrase of a place, if it was given.
#[must_use]
pub fn held(store: Id, place: &str) -> Option<Secret> {
    let is_it = |one: &&Given| (one.store, one.place.as_str()) == (store, place);
    given().iter().find(is_it).map(|one| one.passphrase.copy())
}

/// What opening a place has cost, in words, if it was opened by this process.
#[must_use]
pub fn cost(store: Id, place: &str) -> Option<String> {
    let is_it = |one: &&Given| (one.store, one.place.as_str()) == (store, place);
    let (work, took) = given().iter().find(is_it)?.cost?;
    Some(format!("opening takes about {:.1} s on this machine (scrypt 2^{work})", took.as_secs_f64()))
}

/// The passphrase of one place.
pub struct Passphrase {
    store: Id,
    place: String,
    question: String,
    trouble: RefCell<Option<Failure>>,
}

impl Passphrase {
    /// Of this place, which is asked for in these words.
    #[must_use]
    pub fn of(store: Id, place: &str, question: String) -> Self {
        Self { store, place: place.to_owned(), question, trouble: RefCell::default() }
    }

    /// Tries one; `None` where it is a wrong one.
    fn tried(
        &self,
        stanza: &Stanza,
        work: u8,
        passphrase: &Secret,
    ) -> Option<std::result::Result<FileKey, DecryptError>> {
        let mut opener = age::scrypt::Identity::new(phrase(passphrase));
        opener.set_max_work_factor(MOST_WORK);
        let begun = Instant::now();
        match age::Identity::unwrap_stanza(&opener, stanza)? {
            Err(DecryptError::DecryptionFailed) => None,
            Ok(key) => {
                keep(self.store, &self.place, passphrase, Some((work, begun.elapsed())));
                Some(Ok(key))
            }
            other => Some(other),
        }
    }

    fn opened(&self, stanza: &Stanza, person: &dyn Person) -> Result<std::result::Result<FileKey, DecryptError>> {
        let work = work_of(stanza)?;
        let given = held(self.store, &self.place);
        if let Some(opened) = given.as_ref().and_then(|given| self.tried(stanza, work, given)) {
            return Ok(opened);
        }
        if !person.is_there() {
            return Err(if given.is_some() { wrong() } else { closed() });
        }
        for attempt in 1..=TRIES {
            let passphrase = person.passphrase(&self.question)?;
            let is_one = passphrase.expose_text().is_some_and(|text| !text.is_empty());
            if let Some(opened) = is_one.then(|| self.tried(stanza, work, &passphrase)).flatten() {
                return Ok(opened);
            }
            if attempt < TRIES {
                person.say("that is not the passphrase");
            }
        }
        Err(wrong())
    }
}

/// How much work a stanza asks for, if that is not too much.
fn work_of(stanza: &Stanza) -> Result<u8> {
    let work = stanza.args.get(1).and_then(|work| work.parse().ok()).unwrap_or(u8::MAX);
    if work <= MOST_WORK {
        return Ok(work);
    }
    let asked = if work == u8::MAX { String::new() } else { format!(" (scrypt 2^{work})") };
    let said = format!("the file of the identity asks for more work than an honest one does{asked}; nothing was tried");
    Err(Failure::new(Kind::Store, said)
        .hint("put your own copy of it back, or bring the identity back: `keyctl recovery restore FILE`"))
}

fn closed() -> Failure {
    unlocked::closed("a passphrase", why_nobody())
}

fn wrong() -> Failure {
    Failure::new(Kind::Keychain, "the passphrase is wrong; the store stays closed")
        .hint("if it is forgotten, the recovery copy opens the store: `keyctl recovery restore FILE`")
}

impl Wrapper for Passphrase {
    fn stanzas(&self) -> &'static [&'static str] {
        &[STANZA]
    }

    fn recipient(&self) -> Result<Box<dyn age::Recipient + '_>> {
        let Some(passphrase) = held(self.store, &self.place) else {
            return Err(Failure::new(Kind::Usage, "no passphrase was given that could keep the identity"));
        };
        let mut recipient = age::scrypt::Recipient::new(phrase(&passphrase));
        recipient.set_work_factor(work());
        Ok(Box::new(recipient))
    }

    fn identity<'w>(&'w self, person: &'w dyn Person) -> Result<Box<dyn age::Identity + 'w>> {
        Ok(Box::new(Asking { passphrase: self, person }))
    }

    fn trouble(&self) -> Option<Failure> {
        self.trouble.take()
    }

    fn is_ready(&self) -> bool {
        held(self.store, &self.place).is_some()
    }
}

/// How much work a wrapped file asks for, as its header says.
#[must_use]
pub fn work_of_file(bytes: &[u8]) -> Option<u8> {
    let mut head = Vec::new();
    age::armor::ArmoredReader::new(bytes).take(200).read_to_end(&mut head).ok()?;
    let mut lines = head.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    lines.find_map(|line| line.strip_prefix("-> scrypt ")?.split(' ').nth(1)?.parse().ok())
}

/// Whether that is as much as keyctl itself takes at least.
#[must_use]
pub fn is_enough(work: u8) -> bool {
    work >= LEAST
}

/// age's private half, which asks when it has the stanza: so nobody is asked for a file that is refused anyway.
struct Asking<'a> {
    passphrase: &'a Passphrase,
    person: &'a dyn Person,
}

impl age::Identity for Asking<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<std::result::Result<FileKey, DecryptError>> {
        Some(self.passphrase.opened(stanza, self.person).unwrap_or_else(|failure| {
            *self.passphrase.trouble.borrow_mut() = Some(failure);
            Err(DecryptError::NoMatchingKeys)
        }))
    }
}

/// How often it is measured: what else is at work can only make it seem slower.
const PROBES: usize = 3;

/// The work for a new one on this machine, measured once.
fn work() -> u8 {
    static WORK: OnceLock<u8> = OnceLock::new();
    *WORK.get_or_init(|| {
        let probe = || {
            let mut recipient = age::scrypt::Recipient::new("".into());
            recipient.set_work_factor(MEASURED);
            let _ = age::Recipient::wrap_file_key(&recipient, &FileKey::new(Box::new([0; FILE_KEY_BYTES])));
        };
        let least = (0..PROBES).map(|_| time_at_work(probe)).min();
        work_for(least.unwrap_or_default())
    })
}

/// How long something takes this thread alone: who keeps the machine busy meanwhile shall not make a passphrase cheaper. By
/// the clock where the system does not tell.
fn time_at_work(work: impl FnOnce()) -> Duration {
    let (clock, before) = (Instant::now(), platform::time_of_thread());
    work();
    let worked = before.zip(platform::time_of_thread());
    worked.map_or_else(|| clock.elapsed(), |(before, after)| after.saturating_sub(before))
}

/// The work whose time comes nearest to what is wanted, where this long was measured.
fn work_for(measured: Duration) -> u8 {
    let doublings = (WANTED.as_secs_f64() / measured.as_secs_f64().max(1e-6)).log2().round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the bounds")]
    let work = (f64::from(MEASURED) + doublings).clamp(LEAST.into(), GREATEST.into()) as u8;
    work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        Identity,
        asking::{Nobody, scripted::Scripted},
        wrapping::{Form, unwrap, wrap},
    };

    /// A passphrase, and an identity wrapped with it for so little work that a test can be many.
    fn wrapped(store: u8, passphrase: &str) -> (Passphrase, Identity, Vec<u8>) {
        let identity = Identity::generate();
        let mut recipient = age::scrypt::Recipient::new(passphrase.into());
        recipient.set_work_factor(2);
        let file = age::encrypt(&recipient, identity.line().expose()).expect("wrapped");
        (Passphrase::of(Id([store; 16]), "it", "the passphrase: ".into()), identity, file)
    }

    fn text(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_person_is_asked_once_three_times_at_most_and_nobody_where_there_is_none() {
        let (passphrase, identity, file) = wrapped(1, "right one");
        let refused = |person: &dyn Person| unwrap(&passphrase, person, &file, "it").err().expect("refused");
        assert_eq!(
            refused(&Nobody).message,
            "the store is closed: a passphrase opens it, and there is no terminal to ask on"
        );
        let forgetful = Scripted::who_says(&["wrong", "", "wrong again", "right one"]);
        assert_eq!(refused(forgetful).message, "the passphrase is wrong; the store stays closed");
        let not = "that is not the passphrase";
        assert_eq!(forgetful.heard(), ["the passphrase: ", not, "the passphrase: ", not, "the passphrase: "]);
        let person = Scripted::who_says(&["wrong", "right one"]);
        assert!(unwrap(&passphrase, person, &file, "it").expect("opens").same_as(identity.line()));
        assert_eq!(person.heard(), ["the passphrase: ", not, "the passphrase: "]);
        // It is known from now on, and was given to this process: nobody is asked.
        assert!(unwrap(&passphrase, &Nobody, &file, "it").expect("opens").same_as(identity.line()));
        assert!(passphrase.is_ready() && cost(Id([1; 16]), "it").is_some_and(|cost| cost.contains("(scrypt 2^2)")));
        let interrupted = Scripted::who_says(&[]);
        let (other, _, file) = wrapped(2, "right one");
        assert_eq!(unwrap(&other, interrupted, &file, "it").err().expect("no answer").kind, Kind::Usage);
    }

    #[test]
    fn what_was_given_wraps_for_as_much_work_as_was_measured_and_a_wrong_one_is_called_wrong() {
        let (passphrase, identity, _) = wrapped(3, "x");
        assert!(passphrase.recipient().is_err() && !passphrase.is_ready());
        hold(Id([3; 16]), "it", &text("a new passphrase"));
        let file = wrap(&passphrase, identity.line(), Form::File).expect("wrapped");
        assert!(work_of_file(&file).is_some_and(is_enough) && work_of_file(b"age-encryption.org/v1\n").is_none());
        assert!(unwrap(&passphrase, &Nobody, &file, "it").expect("opens").same_as(identity.line()));
        let cost = cost(Id([3; 16]), "it").expect("opened");
        let work: u8 = cost.rsplit_once('^').expect("a power").1.trim_end_matches(')').parse().expect("a number");
        assert!((LEAST..=GREATEST).contains(&work), "{cost}");
        hold(Id([3; 16]), "it", &text("another"));
        let refused = unwrap(&passphrase, &Nobody, &file, "it").err().expect("refused");
        assert_eq!(refused.message, "the passphrase is wrong; the store stays closed");
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_before_anybody_is_asked() {
        let (passphrase, ..) = wrapped(4, "x");
        let person = Scripted::who_says(&["x"]);
        for (work, asked) in [("23", " (scrypt 2^23)"), ("30", " (scrypt 2^30)"), ("999", ""), ("x", "")] {
            let stanza = format!("-> scrypt AAAAAAAAAAAAAAAAAAAAAA {work}\n{}\n", "A".repeat(43));
            let file = format!("age-encryption.org/v1\n{stanza}--- {}\n0123456789abcdef", "A".repeat(43));
            let refused = unwrap(&passphrase, person, file.as_bytes(), "it").err().expect("refused");
            let said = "the file of the identity asks for more work than an honest one does";
            assert_eq!(refused.message, format!("{said}{asked}; nothing was tried"));
            assert!(refused.kind == Kind::Store && person.heard().is_empty());
        }
    }

    #[cfg(unix)]
    #[test]
    fn time_in_which_others_are_at_work_does_not_count() {
        let waited = time_at_work(|| std::thread::sleep(Duration::from_millis(60)));
        assert!(waited < Duration::from_millis(30), "{waited:?}");
        let mut number = 1_u64;
        let worked = time_at_work(|| (0..3_000_000_u64).for_each(|at| number = std::hint::black_box(number ^ at)));
        assert!(worked > Duration::from_micros(100), "{worked:?}");
    }

    #[test]
    fn the_work_comes_near_a_second_within_its_bounds() {
        let work = |millis| work_for(Duration::from_millis(millis));
        // 2^14 in 57 ms is 2^18 in 0.9 s.
        assert_eq!([work(57), work(50), work(100), work(30), work(250)], [18, 18, 17, 19, 16]);
        assert_eq!([work(0), work(1), work(60_000)], [20, 20, 16]);
    }
}
