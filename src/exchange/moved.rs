//! Keys as another manager had them: a name, a secret, and what was known of it.
//!
//! Other managers call things as they like, and keep more than keys. So nothing is dropped without a word: a name that a key
//! cannot have is changed and told, and what has no place here is counted. Their notes are shown by reports once they are
//! here, so that one which may hold a secret is not taken for a note.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Entry, Reading};
use crate::{
    date::Moment,
    name::{KeyName, Tag, may_be_a_secret},
    secret::{LARGEST, Secret},
    store::facts::{LONGEST_TEXT, is_page},
};

/// What was known of a key beside its secret.
#[derive(Default)]
pub struct Beside {
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// The page it is for.
    pub url: Option<String>,
    /// What its owner noted, in parts.
    pub notes: Vec<Secret>,
    /// What its owner sorts by.
    pub tags: Vec<String>,
    /// Its former secrets, each with the moment at which it was replaced.
    pub former: Vec<(Secret, Moment)>,
}

/// One key that was read.
pub struct Moved {
    /// Its name and its secret.
    pub entry: Entry,
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// The page it is for.
    pub url: Option<String>,
    /// What its owner noted, on one line.
    pub note: Option<String>,
    /// What its owner sorts by.
    pub tags: BTreeSet<Tag>,
    /// Its former secrets, the earliest first, each with the moment at which it was replaced.
    pub former: Vec<(Secret, Moment)>,
}

/// All that was read.
#[derive(Default)]
pub struct Moving {
    /// The keys.
    pub keys: Vec<Moved>,
    /// Names that were given more than once; the last value was kept.
    pub repeated: Vec<KeyName>,
    /// What was called otherwise, and as what it is kept.
    pub renamed: Vec<(String, KeyName)>,
    /// What is not taken along, and how often.
    pub left: BTreeMap<&'static str, usize>,
    /// Whether the keys say which item they were, instead of their line.
    pub by_items: bool,
    pub(super) names: HashSet<KeyName>,
}

impl From<Entry> for Moved {
    fn from(entry: Entry) -> Self {
        Self { entry, expires: None, url: None, note: None, tags: BTreeSet::new(), former: Vec::new() }
    }
}

impl From<Reading> for Moving {
    fn from(reading: Reading) -> Self {
        let Reading { entries, repeated } = reading;
        Self { keys: entries.into_iter().map(Moved::from).collect(), repeated, ..Self::default() }
    }
}

impl Moving {
    /// Takes a key along under the name that these words make, with what of the rest has a place here.
    pub fn take(&mut self, words: &[&str], value: Secret, beside: Beside, line: usize) {
        let name = self.name(words);
        let Beside { expires, url, notes, tags, mut former } = beside;
        former.retain(|(secret, _)| !secret.is_empty() && !secret.same_as(&value));
        let most = former.len();
        former.retain(|(secret, _)| secret.len() <= LARGEST);
        self.left_out("former secret of more than 1 MiB", most - former.len());
        former.sort_by_key(|(_, until)| *until);
        let url = match url.filter(|url| !url.is_empty()) {
            Some(url) if is_page(&url) && !value.is_within(&url) => Some(url),
            Some(_) => self.leave("link without `https://`"),
            None => None,
        };
        let note = match note(&notes, &value, &former) {
            Ok(note) => note,
            Err(why) => self.leave(why),
        };
        let (tags, unfit): (Vec<_>, Vec<_>) = tags.iter().map(|tag| Tag::nearest(tag)).partition(Option::is_some);
        self.left_out("tag", unfit.len());
        let tags = tags.into_iter().flatten().filter(|tag| !value.is_within(tag.as_str())).collect();
        self.keys.push(Moved { entry: Entry { name, value, line }, expires, url, note, tags, former });
    }

    /// Counts something that has no place here.
    pub fn leave<T>(&mut self, what: &'static str) -> Option<T> {
        self.left_out(what, 1);
        None
    }

    /// Counts some of them.
    pub fn left_out(&mut self, what: &'static str, times: usize) {
        if times > 0 {
            *self.left.entry(what).or_default() += times;
        }
    }

    /// A name that no other key has.
    fn name(&mut self, words: &[&str]) -> KeyName {
        let whole = words.join("/");
        let wanted = KeyName::nearest(&whole);
        let free = |name: &KeyName| !self.names.contains(name);
        let numbered = (2..).map(|number: usize| wanted.numbered(number));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(free).unwrap_or_else(|| wanted.clone());
        if name.as_str() != whole {
            self.renamed.push((whole, name.clone()));
        }
        self.names.insert(name.clone());
        name
    }
}

/// An item of a password manager in the making: a main secret perhaps, and fields.
pub(super) struct Item {
    title: String,
    line: usize,
    /// Its password, or what stands in its place.
    pub(super) main: Option<Secret>,
    fields: Vec<(String, Secret)>,
    /// What is known of it.
    pub(super) beside: Beside,
}

impl Item {
    pub(super) fn new(title: String, line: usize) -> Self {
        Self { title, line, main: None, fields: Vec::new(), beside: Beside::default() }
    }

    /// Notes what is no secret.
    pub(super) fn says(&mut self, what: &str, text: Option<Secret>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let (what, text) = (what.trim(), text.expose());
            self.beside.notes.push(Secret::new([what.as_bytes(), b": ", text].concat()));
        }
    }

    /// Takes a field: one that was hidden is a secret, and so is one that looks like it; others are notes.
    pub(super) fn field(&mut self, name: &str, value: Secret, is_hidden: bool) {
        if value.is_empty() {
            return;
        }
        if is_hidden || value.expose_text().is_some_and(|text| text.split_whitespace().any(may_be_a_secret)) {
            self.fields.push((name.to_owned(), value));
        } else {
            self.says(name, Some(value));
        }
    }

    /// Takes along what it has. The text of a secure note is a key where there is no other; a login without any is none.
    pub(super) fn put(mut self, notes: Option<Secret>, is_note: bool, moving: &mut Moving) {
        let notes = notes.filter(|notes| !notes.is_empty());
        self.main = self.main.filter(|main| !main.is_empty());
        if self.main.is_none() && self.fields.len() == 1 {
            self.main = self.fields.pop().map(|(_, value)| value);
        }
        if is_note && self.main.is_none() && self.fields.is_empty() {
            self.main = notes;
        } else {
            self.beside.notes.extend(notes);
        }
        if self.main.is_none() && self.fields.is_empty() {
            moving.left_out("item without a secret", 1);
            return;
        }
        let Self { title, line, main, fields, beside } = self;
        let same = || {
            let Beside { expires, url, tags, .. } = &beside;
            Beside { expires: *expires, url: url.clone(), tags: tags.clone(), ..Beside::default() }
        };
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, value, same())).collect();
        match main {
            Some(main) => moving.take(&[&title], main, beside, line),
            None => moving.left_out("note of several secrets", beside.notes.len().min(1)),
        }
        for (name, value, beside) in fields {
            moving.take(&[&title, &name], value, beside, line);
        }
    }
}

/// The notes on one line; or why they are none.
fn note(parts: &[Secret], value: &Secret, former: &[(Secret, Moment)]) -> Result<Option<String>, &'static str> {
    let Some(parts) = parts.iter().map(Secret::expose_text).collect::<Option<Vec<_>>>() else {
        return Err("note of bytes that are no text");
    };
    let lines = parts.iter().flat_map(|part| part.split(char::is_control)).map(str::trim);
    let whole = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    if whole.is_empty() {
        return Ok(None);
    }
    if whole.len() > LONGEST_TEXT {
        return Err("note of more than 1000 bytes");
    }
    let holds = |secret: &Secret| secret.is_within(&whole) || secret.is_part_of(whole.as_bytes());
    if holds(value) || former.iter().any(|(secret, _)| holds(secret)) || whole.split_whitespace().any(may_be_a_secret) {
        return Err("note that may hold a secret");
    }
    Ok(Some(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_name_that_no_key_can_have_is_changed_as_little_as_can_be_and_told() {
        let mut moving = Moving::default();
        for (words, name) in [
            (&["openai/dev"][..], "openai/dev"),
            (&["GitHub token (work)"], "GitHub-token-work"),
            (&["aws", "default", "access_key_id"], "aws/default/access_key_id"),
            (&["1Password"], "_1Password"),
            (&["4711"], "_4711"),
            (&["@u"], "u"),
            (&["../../etc/passwd"], "_../../etc/passwd"),
            (&["/abs//path/"], "abs/path"),
            (&["\u{202e}\u{65e5}\u{672c}"], "unnamed"),
            (&[""], "unnamed-2"),
            (&["a\nb\x1b]0;c"], "a-b-0-c"),
            (&["openai/dev"], "openai/dev-2"),
            (&["-n"], "_-n"),
            (&["Stra\u{df}e"], "Stra-e"),
            (&["end-"], "end-"),
        ] {
            moving.take(words, secret("s"), Beside::default(), 1);
            let given = moving.keys.last().expect("a key").entry.name.as_str().to_owned();
            assert_eq!(given, name, "{words:?}");
            let told = moving.renamed.last().is_some_and(|(_, last)| last.as_str() == name);
            assert_eq!(told, words.join("/") != name, "{words:?}");
        }
        let long = "x".repeat(200);
        for expected in ["x".repeat(128), format!("{}-2", "x".repeat(126))] {
            moving.take(&[&long], secret("s"), Beside::default(), 1);
            assert_eq!(moving.keys.last().expect("a key").entry.name.as_str(), expected);
        }
    }

    #[test]
    fn what_was_known_is_taken_along_where_it_has_a_place_and_counted_where_not() {
        let mut moving = Moving::default();
        let beside = Beside {
            url: Some("https://example.com/keys".into()),
            notes: vec![secret("user: kim"), secret("first line\r\n\tsecond line\n")],
            tags: vec!["Work / API".into(), "\u{1f511}".into()],
            former: vec![(secret("later"), Moment::from_seconds(9)), (secret("earlier"), Moment::from_seconds(3))],
            ..Beside::default()
        };
        moving.take(&["A"], secret("value-secret"), beside, 1);
        let key = &moving.keys[0];
        assert_eq!(key.url.as_deref(), Some("https://example.com/keys"));
        assert_eq!(key.note.as_deref(), Some("user: kim; first line; second line"));
        assert_eq!(key.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["Work-API"]);
        assert!(key.former[0].0.same_as(&secret("earlier")) && key.former[1].0.same_as(&secret("later")));
        assert_eq!(moving.left.iter().map(|(what, times)| (*what, *times)).collect::<Vec<_>>(), [("tag", 1)]);
        for (url, note) in [
            ("http://example.com", "ok"),
            ("javascript:x", "it is value-secret, really"),
            ("https://value-secret", "former one was old-secret"),
            ("https://", "sk-abcdefgh"),
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("https://a b", &"long ".repeat(300)),
        ] {
            let beside = Beside {
                url: Some(url.into()),
                notes: vec![secret(note)],
                former: vec![(secret("old-secret"), Moment::from_seconds(3))],
                ..Beside::default()
            };
            moving.take(&["B"], secret("value-secret"), beside, 1);
            let key = moving.keys.last().expect("a key");
            assert!(key.url.is_none(), "{url}");
            assert_eq!(key.note.is_some(), note == "ok", "{note}");
        }
        assert_eq!(moving.left["note that may hold a secret"], 4);
        assert_eq!(moving.left["note of more than 1000 bytes"], 1);
        assert_eq!(moving.left["link without `https://`"], 5);
    }

    proptest! {
        #[test]
        fn any_title_makes_a_name_and_no_two_keys_have_the_same(titles in proptest::collection::vec(".{0,200}", 1..9)) {
            let mut moving = Moving::default();
            for title in &titles {
                moving.take(&[title], secret("s"), Beside::default(), 1);
                moving.take(&["a", title], secret("s"), Beside::default(), 1);
            }
            let names: HashSet<&KeyName> = moving.keys.iter().map(|key| &key.entry.name).collect();
            prop_assert_eq!(names.len(), titles.len() * 2);
        }
    }
}
