//! `keyctl set`: keep a key.

use std::{
    io::{IsTerminal, Read},
    path::Path,
    process::ExitCode,
};

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    identity::keeper::Record,
    issuer,
    name::KeyName,
    random,
    secret::{LARGEST, Secret},
    store::{
        editing::Set,
        file::SealedFile,
        journal::Deed,
        payload::{Key, Payload},
    },
    terminal::Terminal,
};

use super::{
    change::{Outcome, change_or_create_as},
    details::{self, Details, in_words},
    naming,
    narrowing::{self, Scene},
    opening,
};

mod referring;

/// Keeps the secret under the name, and makes the store if there is none.
///
/// # Errors
/// As the store has them; `Usage` for a secret that cannot be meant.
pub fn set(arguments: &cli::Set, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if !arguments.refused.is_empty() {
        if let Some(failure) = length_beside(arguments.generate, &arguments.refused) {
            return Err(failure.into());
        }
        return Err(in_the_arguments(&arguments.name.to_string()).into());
    }
    let home = Home::of(arguments.name.store())?;
    if let (Some(source), Some(reference)) = (&arguments.source, &arguments.reference) {
        return referring::refer(arguments, &home, source, reference, terminal);
    }
    let now = Moment::now();
    let name = arguments.name.name();
    let details = Details::of_set(&arguments.details, now, terminal)?;
    let asked = may_replace(&home, arguments, terminal)?;
    let secret = read_secret(arguments, terminal)?;
    let length = secret.len();
    details::refuse_as_name(&secret, name)?;
    details.refuse_secret(&secret)?;
    let own_end = details::of_secret(name, &secret, terminal);
    details.say_of_own_end(own_end, terminal);
    let kind = issuer::recognise(&secret).map(|recognised| recognised.kind);
    let (set, facts, former_end) = change_or_create_as(&home, terminal, now, |kept, payload| {
        warn_about_names(payload, name, &secret, terminal)?;
        let former_end = payload.keys.get(name).and_then(|key| key.facts.expires);
        let replace = match &asked {
            None => arguments.replace,
            Some(asked) => asked.may_replace(payload, arguments)?,
        };
        let (set, edited) = payload.step(Deed::Set, now, |edit| {
            Ok((edit.set(name, secret, replace)?, edit.change(name, |facts| details.put(facts, own_end))?))
        })?;
        if edited {
            narrowing::refuse_more(&Scene { home: &home, kept, payload, action: Action::Set }, terminal)?;
        }
        details::warn_of_texts(&payload.key(name)?.value, payload, terminal);
        if set == Set::Added {
            narrowing::say_of_removed(payload, name, terminal);
        }
        let answer = (set, payload.key(name)?.facts.clone(), former_end);
        Ok(match set {
            Set::Same if !edited => Outcome::AsItWas(answer),
            Set::Same => Outcome::changed(answer, Event::new(Action::Edit, now).names([name])),
            _ => Outcome::changed(answer, Event::new(Action::Set, now).names([name])),
        })
    })?;
    let what = kind.map(|kind| format!(" ({})", kind.name())).unwrap_or_default();
    let is_own = own_end.is_some() && facts.expires == own_end && details.leaves_own_end() && set != Set::Same;
    let dates = in_words(&facts) + if is_own { " (its own end, read off the secret)" } else { "" };
    let (word, sentence) = match set {
        Set::Added => ("added", format!("kept `{name}`{what}{dates}")),
        Set::Replaced => ("replaced", format!("replaced `{name}`{what}; its former secret is kept{dates}")),
        Set::Same => ("same", format!("`{name}` holds this very secret already{dates}")),
    };
    if arguments.json {
        let kind = kind.map(issuer::Kind::id);
        terminal.json(
            &json!({ "name": name.as_str(), "done": word, "bytes": length, "kind": kind, "expires": facts.expires }),
        )?;
    } else {
        terminal.say(&sentence);
    }
    details::say_of_new_secret(name, &facts, former_end, terminal);
    Ok(ExitCode::SUCCESS)
}

/// The failure for a secret in the arguments, with the way to clean the shell's history.
#[must_use]
pub fn in_the_arguments(name: &str) -> Failure {
    let clean = match std::env::var("SHELL").ok().as_deref().and_then(|shell| shell.rsplit('/').next()) {
        Some("fish") => "take this line out of the shell's history: `history delete`, then choose it",
        Some("zsh") => {
            "take this line out of the shell's history: edit `~/.zsh_history` (or `$HISTFILE`), then `fc -R`"
        }
        _ => "take this line out of the shell's history: `history -d $((HISTCMD-1)); history -w`",
    };
    Failure::new(
        Kind::Usage,
        "a secret never goes into the arguments: every program can see them and the shell keeps them; nothing was kept",
    )
    .hint(format!("type `keyctl set {name}` and enter it when asked, or pipe it in"))
    .hint(clean)
    .hint("if it was a live key, replace it at its issuer")
}

/// Whether somebody at a terminal is asked for the secret.
fn is_typed(arguments: &cli::Set) -> bool {
    arguments.generate.is_none() && arguments.from_file.is_none() && std::io::stdin().is_terminal()
}

/// The secret: made, from a file, from standard input, or asked for; and fit to be kept.
fn read_secret(arguments: &cli::Set, terminal: &Terminal) -> Result<Secret> {
    let asked = is_typed(arguments);
    let mut secret = match (arguments.generate, &arguments.from_file) {
        (Some(length), _) => return generate(length),
        (None, Some(file)) => from_file(file)?,
        (None, None) if asked => terminal.ask_secret(&format!("secret for `{}` (not shown): ", arguments.name))?,
        (None, None) => from_standard_input()?,
    };
    if !arguments.raw && !asked && secret.trim_added_line_ending() {
        terminal.say("took one line ending off the secret's end (`--raw` keeps it)");
    }
    check(&secret, arguments, terminal)?;
    Ok(secret)
}

fn check(secret: &Secret, arguments: &cli::Set, terminal: &Terminal) -> Result<()> {
    if secret.is_empty() && !arguments.allow_empty {
        return Err(Failure::new(Kind::Usage, "the secret is empty; nothing was kept")
            .hint("if that is meant: `--allow-empty`"));
    }
    if secret.expose().contains(&0) && !arguments.binary {
        return Err(Failure::new(
            Kind::Usage,
            "the secret has a NUL byte, which no environment can hold; nothing was kept",
        )
        .hint("if that is meant: `--binary`"));
    }
    if looks_like_a_placeholder(secret) {
        terminal.warn(&format!(
            "this looks like a placeholder, not like a secret; kept as `{}` all the same",
            arguments.name
        ));
    }
    Ok(())
}

/// Whether a text stands where a secret should be put in.
pub(super) fn looks_like_a_placeholder(secret: &Secret) -> bool {
    let text = secret.expose_text().unwrap_or_default().trim();
    ["changeme", "change_me", "change-me", "todo", "your-key", "your_key", "your-api-key", "your_api_key", "example"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
        || (text.starts_with('<') && text.ends_with('>'))
        || (text.len() > 2 && text.bytes().all(|byte| byte.eq_ignore_ascii_case(&b'x')))
}

/// Refuses what no key should be, wherever it comes from: more than a secret may have, or a NUL byte.
///
/// # Errors
/// `Usage`.
pub fn refuse_unfit(secret: &Secret, what: &str) -> Result<()> {
    if secret.len() > LARGEST {
        return Err(Failure::new(
            Kind::Usage,
            format!("{what} has more than 1 MiB (1,048,576 bytes), the most a secret may have; nothing was kept"),
        ));
    }
    if secret.expose().contains(&0) {
        return Err(Failure::new(
            Kind::Usage,
            format!("{what} has a NUL byte, which no environment can hold; nothing was kept"),
        )
        .hint("keep such bytes one by one: `keyctl set NAME --binary`"));
    }
    Ok(())
}

/// Letters and digits, so that no shell, URL or file format has to quote it: almost six random bits a character.
pub(super) fn generate(length: u16) -> Result<Secret> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut made = Vec::with_capacity(length.into());
    let mut random = zeroize::Zeroizing::new([0_u8; 256]);
    while made.len() < length.into() {
        random::fill(random.as_mut())?;
        // Numbers from 248 on are passed over: with them the first eight letters would come more often.
        let fair = random.iter().filter(|byte| **byte < 248).map(|byte| LETTERS[usize::from(byte % 62)]);
        made.extend(fair.take(usize::from(length) - made.len()));
    }
    Ok(Secret::new(made))
}

pub(super) fn from_file(file: &Path) -> Result<Secret> {
    match home::read_named(file, LARGEST) {
        Ok(Some((bytes, _))) => Ok(Secret::new(bytes)),
        Ok(None) => Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display()))),
        Err(failure) => Err(failure),
    }
}

/// Standard input up to its end, at most 1 MiB.
///
/// # Errors
/// `Usage` when there is more.
pub fn from_standard_input() -> Result<Secret> {
    standard_input(LARGEST, "1 MiB (1,048,576 bytes), the most a secret may have")
}

/// Standard input up to its end, at most so many bytes, which the words name.
///
/// # Errors
/// `Usage` when there is more.
pub(super) fn standard_input(most: usize, words: &str) -> Result<Secret> {
    // Reserved at once, so that growing leaves no copy behind.
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(most + 2));
    std::io::stdin().lock().take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| {
        Failure::new(Kind::Disk, format!("cannot read standard input: {}", crate::failure::reason(&error)))
    })?;
    if bytes.len() > most {
        return Err(Failure::new(Kind::Usage, format!("standard input has more than {words}; nothing was kept")));
    }
    // Shrinking could move the bytes and leave the old ones behind; a copy of the right size lets both be wiped.
    Ok(Secret::new(bytes.to_vec()))
}

fn warn_about_names(payload: &Payload, name: &KeyName, secret: &Secret, terminal: &Terminal) -> Result<()> {
    naming::tell_apart(payload.keys.keys(), [name], terminal)?;
    if let Some(other) = payload.holder_of(secret, name) {
        terminal.warn(&format!("`{other}` holds the same secret"));
    }
    Ok(())
}

/// The key that was there when the secret was asked for.
struct Asked(Option<Key>);

impl Asked {
    /// Whether the key that is there now may be replaced: what the user has said yes to, and not what has its name by now.
    fn may_replace(&self, payload: &Payload, arguments: &cli::Set) -> Result<bool> {
        let name = arguments.name.name();
        let said = match (&self.0, payload.keys.get(name)) {
            (None, None) => return Ok(arguments.replace),
            (Some(_), None) => "was renamed or removed meanwhile",
            (Some(seen), Some(key)) if key.value.same_as(&seen.value) && key.facts.created == seen.facts.created => {
                return Ok(true);
            }
            // As for whoever was asked nothing: the name is taken.
            (None, Some(_)) if !arguments.replace => return Ok(false),
            (None, Some(_)) => "was kept by another keyctl meanwhile",
            (Some(seen), Some(key)) => {
                let is_former = key.former.iter().any(|former| former.value.same_as(&seen.value));
                if is_former && key.facts.created == seen.facts.created {
                    "was replaced by another keyctl meanwhile"
                } else {
                    "is not the key any more that was asked about"
                }
            }
        };
        Err(Failure::new(Kind::Negative, format!("`{name}` {said}; nothing was kept"))
            .hint("look again: `keyctl undo --list`"))
    }
}

/// At a terminal a key that exists may be replaced with a yes, which is asked for before the secret is: nobody should type one
/// only to hear then that the name is taken, or that the keychain is locked. Gives what was there then.
fn may_replace(home: &Home, arguments: &cli::Set, terminal: &Terminal) -> Result<Option<Asked>> {
    let at_terminal = std::io::stdin().is_terminal() && terminal.can_ask();
    if !(at_terminal || is_typed(arguments)) {
        return Ok(None);
    }
    if Record::read(home)?.is_none() {
        return Ok(Some(Asked(None)));
    }
    let kept = opening::identity(home)?;
    if !at_terminal && !arguments.replace {
        return Ok(None);
    }
    if SealedFile::read(home)?.is_none() {
        return Ok(Some(Asked(None)));
    }
    let mut payload = opening::store(home, &kept, terminal)?.read()?;
    let name = arguments.name.name();
    let Some(key) = payload.keys.remove(name) else { return Ok(Some(Asked(None))) };
    if arguments.replace || terminal.confirm(&format!("`{name}` exists; replace its secret? The former one is kept"))? {
        return Ok(Some(Asked(Some(key))));
    }
    Err(Failure::new(Kind::Negative, "nothing was changed").hint("to keep it under another name: `keyctl set OTHER`"))
}

/// The failure for a length that was given as a word of its own.
pub(super) fn length_beside(generate: Option<u16>, words: &[std::ffi::OsString]) -> Option<Failure> {
    let is_number = |word: &std::ffi::OsString| {
        word.to_str().is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_meant = generate.is_some() && words.iter().all(is_number);
    is_meant.then(|| {
        let length = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
        let length = if length.len() > 4 { "20".into() } else { length };
        Failure::new(Kind::Usage, format!("the length goes with `=`: `--generate={length}`"))
    })
}
