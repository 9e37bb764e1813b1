//! What was meant by words that an option's slip left over.
//!
//! `set` and `rotate` take words after the name only to refuse them, as a secret in the arguments. A mistyped option lands
//! there too, and a date of several words: these are named for what they are.

use clap::CommandFactory;

use crate::{
    cli::{Cli, Verb},
    date::{Moment, written, zone},
    failure::{Failure, Kind},
    name,
};

/// What other programs of this kind call their commands, and what that is here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("add", "set"),
    ("config", "doctor"),
    ("create", "set"),
    ("diff", "allow"),
    ("export", "env"),
    ("generate", "set NAME --generate"),
    ("load", "activate"),
    ("log", "history"),
    ("logs", "history"),
    ("new", "set"),
    ("print", "get"),
    ("put", "set"),
    ("read", "get"),
    ("reveal", "get"),
    ("save", "set"),
    ("search", "list"),
    ("start", "run"),
    ("update", "set NAME --replace"),
    ("use", "run"),
    ("view", "show"),
    ("write", "set"),
];

/// The command that a word of another program means.
#[must_use]
pub fn meant_elsewhere(word: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours)
}

/// Of the commands that are alike, those that are most like what was typed; none of those that only keyctl itself calls.
#[must_use]
pub fn nearest(names: &str, typed: Option<&str>, above: &[String]) -> Option<String> {
    let typed = typed.unwrap_or_default();
    if above.is_empty()
        && let Some(meant) = meant_elsewhere(typed)
    {
        return Some(meant.to_owned());
    }
    let root = Cli::command();
    let parent = above.iter().try_fold(&root, |command, name| command.find_subcommand(name))?;
    let is_ours = |name: &&str| parent.find_subcommand(name).is_some_and(|command| !command.is_hide_set());
    let far = |name: &&str| name::distance(name, typed);
    let names: Vec<&str> = names.split(", ").filter(is_ours).collect();
    let least = names.iter().map(far).min()?;
    Some(names.into_iter().filter(|name| far(name) == least).collect::<Vec<_>>().join(", "))
}

/// The failure for left-over words that are no secret.
#[must_use]
pub fn found(command: &Cli) -> Option<Failure> {
    let (verb, expires, words) = match &command.verb {
        Verb::Set(set) => ("set", set.details.expires.as_deref(), &set.refused),
        Verb::Rotate(rotate) => ("rotate", rotate.expires.as_deref(), &rotate.refused),
        _ => return None,
    };
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    date_of_words(expires, &words).or_else(|| option(verb, words.first()?))
}

/// `--expires in 6 months` is three words to a shell.
fn date_of_words(expires: Option<&str>, words: &[&str]) -> Option<Failure> {
    let expires = expires?;
    let reads = |text: &String| written::read(text, Moment::now(), &zone::here()).is_ok();
    let whole = (1..=words.len().min(2)).map(|more| [&[expires], &words[..more]].concat().join(" ")).find(reads)?;
    Some(
        Failure::new(Kind::Usage, "a date of several words goes in quotes; nothing was kept")
            .hint(format!("write `--expires \"{whole}\"`")),
    )
}

/// An option that is none here, with the one that was most likely meant.
fn option(verb: &str, word: &str) -> Option<Failure> {
    let typed = word.split('=').next().unwrap_or_default();
    let letters = typed.strip_prefix("--").filter(|rest| !rest.is_empty() && rest.len() <= 20)?;
    // A pasted secret may begin with dashes too; it is not said back.
    if !letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        return None;
    }
    let mut command = Cli::command();
    command.build();
    let options = command.find_subcommand(verb)?.get_opts().filter(|option| !option.is_hide_set());
    let names = options.filter_map(clap::Arg::get_long).map(str::to_owned);
    let close = |option: &String| {
        let begins = letters.len() >= 3 && (option.starts_with(letters) || letters.starts_with(option.as_str()));
        begins || name::distance(option, letters) <= 2
    };
    let meant = names.filter(close).min_by_key(|option| name::distance(option, letters));
    let failure = Failure::new(Kind::Usage, format!("there is no option `{typed}` here"));
    Some(match meant {
        Some(meant) => failure.hint(format!("did you mean `--{meant}`?")),
        None => failure.hint(format!("see `keyctl {verb} --help`")),
    })
}
