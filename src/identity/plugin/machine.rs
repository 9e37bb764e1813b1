//! The two state machines of the protocol: a plugin unwraps a file's key (`identity-v1`), or wraps one (`recipient-v1`).
//!
//! Phase 1 is ours, and one way. Phase 2 is the plugin's: it sends commands, each is answered, until it says `done`. There is one
//! file in each conversation, so whatever is said of another one is no answer.

use std::collections::HashSet;

use age_core::{
    format::{FileKey, Stanza},
    secrecy::ExposeSecret,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use zeroize::Zeroize;

use super::talk::Talk;
use crate::{
    failure::{Failure, Kind, Result},
    identity::asking::Person,
};

/// The file that all is about.
const FILE: &str = "0";
/// The most stanzas that a plugin may make of one key.
const MOST_STANZAS: usize = 16;
/// The most times that a plugin may tell a person something, or ask.
const MOST_TOLD: usize = 12;
/// The most letters of a plugin's own words that are shown.
const MOST_LETTERS: usize = 300;

/// What a plugin has said, and what a person answered.
struct Heard<'p> {
    person: &'p dyn Person,
    told: usize,
    complaint: Option<String>,
    refusal: Option<Failure>,
}

/// Has the plugin unwrap the key that one of a file's stanzas holds; `None` where it has no key for any.
///
/// # Errors
/// `Keychain`: what it says, or that it does not keep to the protocol; as the person has them where one was asked.
pub fn unwrap(mut talk: Talk, line: &str, stanzas: &[Stanza], person: &dyn Person) -> Result<Option<FileKey>> {
    talk.send("add-identity", &[line], &[]);
    for stanza in stanzas {
        let words: Vec<&str> = [FILE, &stanza.tag].into_iter().chain(stanza.args.iter().map(String::as_str)).collect();
        talk.send("recipient-stanza", &words, &stanza.body);
    }
    talk.send("done", &[], &[]);
    let mut heard = Heard::by(person);
    let mut found = None;
    loop {
        let mut command = heard.next(&mut talk)?;
        match command.tag.as_str() {
            "done" => break,
            "file-key" => {
                if command.args != [FILE] {
                    return Err(talk.failure("answers for a file that it was not asked about, and was stopped"));
                }
                if found.is_some() {
                    return Err(talk.failure("gives two keys for one file, and was stopped"));
                }
                let key = FileKey::try_init_with_mut(|key| {
                    (key.len() == command.body.len()).then(|| key.copy_from_slice(&command.body)).ok_or(())
                });
                command.body.zeroize();
                found = Some(key.map_err(|()| talk.failure("gives what is no key of a file, and was stopped"))?);
                talk.send("ok", &[], &[]);
            }
            _ => heard.answer(&mut talk, &command)?,
        }
    }
    if found.is_none() {
        heard.judge(&talk)?;
    }
    talk.finish();
    Ok(found)
}

/// Has the plugin wrap the key of a file to what `add` says: the stanzas for its header, and the labels that say what they may
/// stand beside.
///
/// # Errors
/// As [`unwrap`].
pub fn wrap(
    mut talk: Talk,
    add: (&str, &str),
    key: &FileKey,
    person: &dyn Person,
) -> Result<(Vec<Stanza>, HashSet<String>)> {
    talk.send(add.0, &[add.1], &[]);
    talk.send("extension-labels", &[], &[]);
    talk.send("wrap-file-key", &[], key.expose_secret());
    talk.send("done", &[], &[]);
    let mut heard = Heard::by(person);
    let (mut stanzas, mut labels) = (Vec::new(), None);
    loop {
        let mut command = heard.next(&mut talk)?;
        match command.tag.as_str() {
            "done" => break,
            "recipient-stanza" => {
                if command.args.len() < 2 || command.args[0] != FILE {
                    return Err(talk.failure("answers for a file that it was not asked about, and was stopped"));
                }
                if stanzas.len() == MOST_STANZAS {
                    return Err(talk.failure("wraps one key for ever, and was stopped"));
                }
                let tag = command.args.remove(1);
                command.args.remove(0);
                stanzas.push(Stanza { tag, args: command.args, body: command.body });
                talk.send("ok", &[], &[]);
            }
            "labels" => {
                let count = command.args.len();
                let set: HashSet<String> = command.args.into_iter().collect();
                if labels.is_some() || set.len() != count {
                    return Err(talk.failure("says twice what its keys may stand beside, and was stopped"));
                }
                labels = Some(set);
                talk.send("ok", &[], &[]);
            }
            _ => heard.answer(&mut talk, &command)?,
        }
    }
    heard.judge(&talk)?;
    if stanzas.is_empty() {
        return Err(talk.failure("wraps nothing"));
    }
    talk.finish();
    Ok((stanzas, labels.unwrap_or_default()))
}

impl<'p> Heard<'p> {
    fn by(person: &'p dyn Person) -> Self {
        Self { person, told: 0, complaint: None, refusal: None }
    }

    /// The next command. A plugin that has said why it fails may end without more words: then that is why.
    fn next(&mut self, talk: &mut Talk) -> Result<Stanza> {
        talk.receive().or_else(|failure| self.judge(talk).and(Err(failure)))
    }

    /// Answers what both machines have.
    fn answer(&mut self, talk: &mut Talk, command: &Stanza) -> Result<()> {
        match command.tag.as_str() {
            "msg" | "confirm" | "request-public" | "request-secret" => {
                self.told += 1;
                if self.told > MOST_TOLD {
                    return Err(talk.failure("asks for ever, and was stopped"));
                }
                self.tell(talk, command)
            }
            "error" => {
                // The first one is what the others follow from.
                self.complaint.get_or_insert_with(|| shown(&command.body));
                talk.send("ok", &[], &[]);
                Ok(())
            }
            _ => {
                talk.send("unsupported", &[], &[]);
                Ok(())
            }
        }
    }

    fn tell(&mut self, talk: &mut Talk, command: &Stanza) -> Result<()> {
        let words = talk.words(&shown(&command.body));
        let person = self.person;
        match command.tag.as_str() {
            "msg" => {
                person.say(&words);
                talk.told();
                talk.send("ok", &[], &[]);
            }
            "confirm" => {
                let option = |at: usize| {
                    let bytes = command.args.get(at).map(|text| BASE64_STANDARD_NO_PAD.decode(text))?;
                    Some(bytes.map(|bytes| shown(&bytes)))
                };
                let (Some(Ok(yes)), no) = (option(0), option(1).transpose()) else { return Err(talk.garbled()) };
                let no = no.map_err(|_| talk.garbled())?;
                let answer = asked(talk, person, |person| person.choose(&words, &yes, no.as_deref()));
                if let Some(is_yes) = self.heed(talk, answer)? {
                    talk.send("ok", &[if is_yes { "yes" } else { "no" }], &[]);
                }
            }
            "request-public" => {
                let answer = asked(talk, person, |person| person.line(&question(&words)));
                if let Some(line) = self.heed(talk, answer)? {
                    talk.send("ok", &[], line.as_bytes());
                }
            }
            _ => {
                let answer = asked(talk, person, |person| person.passphrase(&question(&words)));
                if let Some(secret) = self.heed(talk, answer)? {
                    talk.send("ok", &[], secret.expose());
                }
            }
        }
        Ok(())
    }

    /// What a person answered. Who ended the question ends all of it; where nobody could be asked the plugin is told, as it may
    /// know another way.
    fn heed<T>(&mut self, talk: &mut Talk, answer: Result<T>) -> Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.kind == Kind::Interrupted => Err(failure),
            Err(failure) => {
                let refusal = talk.failure(&format!("has a question, and {}", failure.message));
                self.refusal.get_or_insert_with(|| refusal.hint("open the store at a terminal first: `keyctl unlock`"));
                talk.send("fail", &[], &[]);
                Ok(None)
            }
        }
    }

    /// Whether something stood in the way: that nobody could be asked comes before what the plugin makes of it.
    fn judge(&mut self, talk: &Talk) -> Result<()> {
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        match self.complaint.take() {
            Some(words) if words.is_empty() => Err(talk.failure("fails, and does not say why")),
            Some(words) => Err(talk.failure(&format!("fails: {words}"))),
            None => Ok(()),
        }
    }
}

/// What a person answers, if there is one; that takes as long as it takes.
fn asked<T>(talk: &mut Talk, person: &dyn Person, ask: impl FnOnce(&dyn Person) -> Result<T>) -> Result<T> {
    if !person.is_there() {
        return Err(Failure::new(Kind::Usage, "there is no terminal to ask on"));
    }
    talk.asking(|| ask(person))
}

/// What a person is asked in a plugin's words.
fn question(words: &str) -> String {
    format!("{}: ", words.trim_end_matches([':', ' ']))
}

/// A plugin's words on one line and of a bearable length; what shows them escapes them.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST_LETTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_plugins_words_are_one_line_and_not_too_long() {
        assert_eq!(shown(b"  touch\r\n the\tkey \xff"), "touch the key \u{fffd}");
        let long = shown("é".repeat(1000).as_bytes());
        assert_eq!((long.chars().count(), long.ends_with('…')), (301, true));
    }
}
