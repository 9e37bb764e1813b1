//! What a person says of what rotators left: which line of it is the new secret, and what of it goes away.
//!
//! Nobody has asked for these secrets on this screen. So a line is told from the others by when it was printed, by which
//! program, by its length and by the kind of key that it looks like; it is shown to whoever asks for that.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    issuer::{self, Checksum},
    name::KeyName,
    rotator::unfinished::{Made, Unfinished, is_plain},
    secret::Secret,
    terminal::{columns, count},
};

use super::{
    Opened, Scene,
    aside::{self, ASIDE, LINES, Standing},
};

/// What lies aside for a key, as far as a question has to know of it.
#[derive(Default)]
pub(super) struct Seen {
    /// A secret that would be taken.
    pub live: Option<Live>,
    /// What somebody has to judge, the latest first.
    pub doubtful: Vec<Words>,
}

/// A secret that a rotator gave, and that nobody took.
pub(super) struct Live {
    /// Since when it lies there.
    pub begun: Moment,
    path: PathBuf,
}

/// What a rotator printed that went wrong.
pub(super) struct Words {
    path: PathBuf,
    begun: Moment,
    by: Option<String>,
    made: Made,
    /// Whether the key has another secret by now than the one that the rotator was to replace.
    is_stray: bool,
}

impl Seen {
    /// What lies aside for a key.
    ///
    /// # Errors
    /// As [`aside::of`].
    pub(super) fn of(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<Self> {
        let mut seen = Self::default();
        for (standing, work) in aside::of(scene, name, opened)? {
            let (begun, path) = (work.intention.begun, work.path().to_owned());
            match (standing, work.made) {
                (Standing::Live, _) => seen.live = Some(Live { begun, path }),
                (Standing::Doubtful | Standing::StrayDoubtful, Some(made)) => {
                    let is_stray = standing == Standing::StrayDoubtful;
                    seen.doubtful.insert(0, Words { path, begun, by: work.intention.by, made, is_stray });
                }
                _ => {}
            }
        }
        Ok(seen)
    }

    /// Whether nothing is to be gone on with, and somebody has to judge what belongs to the secret that the key has.
    pub(super) fn is_to_be_judged(&self) -> bool {
        self.live.is_none() && self.doubtful.iter().any(|words| !words.is_stray)
    }

    /// Says where there is something that a person could take as a new secret, which nobody has brought.
    pub(super) fn add_to(&self, failure: Failure, name: &KeyName) -> Failure {
        let Some(latest) = self.doubtful.first().filter(|_| failure.kind == Kind::Usage) else { return failure };
        let begun = latest.begun.local();
        failure
            .hint(format!("what its rotator printed on {begun} before {} {ASIDE}", self.what_came()))
            .hint(format!("to be asked about that: `keyctl rotate {name}` at a terminal"))
    }

    /// What came after the doubtful words.
    pub(super) fn what_came(&self) -> &'static str {
        aside::what_came(self.doubtful.iter().map(|words| words.made.unended))
    }
}

/// The word of whoever called on what lies aside.
#[derive(Default)]
pub(super) enum Word {
    /// Nobody was asked.
    #[default]
    Unattended,
    /// A person wants nothing of it.
    Declined,
    /// A person wants this line, of the file at this path.
    Take(PathBuf, Secret),
    /// A person wants the secret that a rotator gave, of the file at this path.
    GoOn(PathBuf),
}

impl Word {
    /// Whether it is for something that lies aside.
    pub(super) fn is_yes(&self) -> bool {
        matches!(self, Self::Take(..) | Self::GoOn(_))
    }

    /// Whether this is what a person has said yes to, and is still what it was then.
    pub(super) fn is_of(&self, work: &Unfinished) -> bool {
        match self {
            Self::Take(path, line) => {
                work.path() == path && work.made.iter().flat_map(lines).any(|other| other.same_as(line))
            }
            Self::GoOn(path) => work.path() == path,
            Self::Unattended | Self::Declined => false,
        }
    }
}

/// Asks about what lies there until there is a new secret in it: a secret that a rotator gave, or else the lines of those
/// that went wrong. What a person wants to be dropped is gone when this returns. Where no rotator is named that could give
/// another one, a yes beforehand is one to what lies there.
///
/// # Errors
/// `Negative` where the secret is not wanted that the rotator gave, and another one would come from that.
pub(super) fn judge(scene: &Scene, name: &KeyName, seen: &Seen, has_rotator: bool) -> Result<Word> {
    if let Some(Live { begun, path }) = &seen.live {
        let question = format!("go on with the secret that the rotator of `{name}` gave on {}?", begun.local());
        return if scene.arguments.yes {
            Ok(if has_rotator { Word::Unattended } else { Word::GoOn(path.clone()) })
        } else if !scene.terminal.can_ask() {
            Ok(Word::Unattended)
        } else if scene.terminal.confirm(&question)? {
            Ok(Word::GoOn(path.clone()))
        } else if has_rotator {
            Err(Failure::new(Kind::Negative, "nothing was changed"))
        } else {
            Ok(Word::Declined)
        };
    }
    if scene.arguments.yes || seen.doubtful.is_empty() || !scene.terminal.can_ask() {
        return Ok(Word::Unattended);
    }
    let (word, unwanted) = choose(scene, name, seen)?;
    if !unwanted.is_empty() {
        let _turn = scene.turn()?;
        let opened = scene.open()?;
        let mut works = Unfinished::all(&scene.home, &opened.unfinished_key());
        works.retain(|work| unwanted.iter().any(|words| words.is_in(work)));
        aside::discard(scene, &opened, name, works)?;
    }
    Ok(word)
}

/// One line that a person may take, out of one rotator's words.
struct Line<'w> {
    words: &'w Words,
    secret: Secret,
    /// How many lines lie beside it in the same words.
    others: usize,
    /// Whether it came to its end.
    is_whole: bool,
}

/// Lets a person choose among all lines. Gives the words, too, that are to be dropped.
fn choose<'s>(scene: &Scene, name: &KeyName, seen: &'s Seen) -> Result<(Word, Vec<&'s Words>)> {
    let mut left: Vec<&Words> = seen.doubtful.iter().collect();
    let mut unwanted = Vec::new();
    while !left.is_empty() {
        let lines: Vec<Line> = left.iter().flat_map(|words| words.lines()).collect();
        let answer = match &lines[..] {
            [line] if is_plain(&line.secret) => line.ask_alone(scene, name)?,
            lines => ask_which(scene, name, &lines[..lines.len().min(LINES)], lines.len())?,
        };
        let at = match answer {
            Answer::Take(line) => return Ok((Word::Take(line.words.path.clone(), line.secret.copy()), unwanted)),
            Answer::Leave => break,
            Answer::Drop(line) => left.iter().position(|words| words.path == line.words.path),
        };
        unwanted.extend(at.map(|at| left.remove(at)));
    }
    Ok((Word::Declined, unwanted))
}

/// What a person says of lines.
enum Answer<'l, 'w> {
    Take(&'l Line<'w>),
    Drop(&'l Line<'w>),
    Leave,
}

impl<'w> Line<'w> {
    /// The question where there is only one.
    fn ask_alone(&self, scene: &Scene, name: &KeyName) -> Result<Answer<'_, 'w>> {
        let (terminal, begun) = (scene.terminal, self.words.begun.local());
        let by = self.words.by.as_ref().map(|by| format!(" `{by}`")).unwrap_or_default();
        let end = if self.is_whole { "" } else { " without its end" };
        terminal.warn(&format!(
            "the rotator{by} of `{name}` printed a line of {}{end} on {begun} before {}{}",
            self.length(),
            aside::what_came([self.words.made.unended]),
            self.kind().map(|kind| format!("; by its shape: {kind}")).unwrap_or_default(),
        ));
        loop {
            match terminal.ask("take that line as the new secret? [y/N, s shows it] ")?.trim() {
                "y" | "Y" | "yes" => return Ok(Answer::Take(self)),
                "s" | "S" => self.show(scene, "it is")?,
                _ => break,
            }
        }
        Ok(if self.is_to_be_dropped(scene)? { Answer::Drop(self) } else { Answer::Leave })
    }

    fn is_to_be_dropped(&self, scene: &Scene) -> Result<bool> {
        let begun = self.words.begun.local();
        scene.terminal.confirm(&format!("drop what it printed on {begun} for good? It may be a secret in force"))
    }

    fn show(&self, scene: &Scene, is: &str) -> Result<()> {
        scene.terminal.ask(&with_secret(&format!("{is}  "), &self.secret, "  (Enter goes on) ")).map(drop)
    }

    fn length(&self) -> String {
        match self.secret.expose_text() {
            Some(text) => count(text.chars().count(), "character"),
            None => count(self.secret.len(), "byte"),
        }
    }

    fn kind(&self) -> Option<String> {
        let recognised = issuer::recognise(&self.secret)?;
        let cut = if recognised.checksum == Checksum::Wrong { ", with wrong check characters" } else { "" };
        Some(format!("{}{cut}", recognised.kind.name()))
    }

    /// What tells it from the others.
    fn row(&self, number: usize) -> Vec<String> {
        let remarks = [
            Some(self.length()),
            (!self.is_whole).then(|| "without its end".to_owned()),
            (!is_plain(&self.secret)).then(|| "no plain text".to_owned()),
            self.kind(),
            self.words.is_stray.then(|| "printed before the last replacement".to_owned()),
        ];
        let remarks: Vec<String> = remarks.into_iter().flatten().collect();
        let by = self.words.by.clone().unwrap_or_default();
        vec![number.to_string(), self.words.begun.local(), by, remarks.join(", ")]
    }
}

/// A question with a secret in it, which stands in no other memory: a text that grows leaves what it held behind.
pub(super) fn with_secret(before: &str, secret: &Secret, after: &str) -> Zeroizing<String> {
    let bytes = secret.expose();
    // What is no text becomes a letter of three bytes.
    let mut question = Zeroizing::new(String::with_capacity(before.len() + 3 * bytes.len() + after.len()));
    question.push_str(before);
    for part in bytes.utf8_chunks() {
        question.push_str(part.valid());
        if !part.invalid().is_empty() {
            question.push(char::REPLACEMENT_CHARACTER);
        }
    }
    question.push_str(after);
    question
}

/// The question where there are several, or where there is one that cannot be taken as it is.
fn ask_which<'l, 'w>(scene: &Scene, name: &KeyName, lines: &'l [Line<'w>], all: usize) -> Result<Answer<'l, 'w>> {
    let terminal = scene.terminal;
    let these = if lines.len() == 1 { "this line" } else { "one of these lines" };
    let came = aside::what_came(lines.iter().map(|line| line.words.made.unended));
    terminal
        .warn(&format!("{these}, which the rotator of `{name}` printed before {came}, may be the secret in force:"));
    let rows: Vec<Vec<String>> = lines.iter().enumerate().map(|(at, line)| line.row(at + 1)).collect();
    columns(&rows).lines().for_each(|row| terminal.warn(&format!("  {row}")));
    if all > lines.len() {
        terminal.warn(&format!("  and {}", count(all - lines.len(), "more line")));
    }
    let numbers = if lines.len() == 1 { "1".to_owned() } else { format!("1-{}", lines.len()) };
    loop {
        let answer = terminal.ask(&format!("take which? [{numbers}; s1 shows 1; d1 drops it; Enter takes none] "))?;
        let answer = answer.trim().to_lowercase();
        let (verb, number) = answer.split_at(answer.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(answer.len()));
        let line = number.trim().parse::<usize>().ok().and_then(|number| lines.get(number.checked_sub(1)?));
        match (verb, line) {
            ("" | "n" | "no", None) if number.is_empty() => return Ok(Answer::Leave),
            ("", Some(line)) if !is_plain(&line.secret) => {
                terminal.warn(&format!(
                    "that is no plain text; type what of it is the secret: `keyctl rotate {name} --by-hand`"
                ));
            }
            ("", Some(line)) => {
                let rest = format!("take it, and drop what was printed beside it, {}?", count(line.others, "line"));
                if line.others == 0 || terminal.confirm(&rest)? {
                    return Ok(Answer::Take(line));
                }
            }
            ("s", Some(line)) => line.show(scene, &format!("line {} is", number.trim()))?,
            ("s", None) if number.is_empty() => {
                lines.iter().enumerate().try_for_each(|(at, line)| line.show(scene, &format!("line {} is", at + 1)))?;
            }
            ("d", Some(line)) => {
                if line.is_to_be_dropped(scene)? {
                    return Ok(Answer::Drop(line));
                }
            }
            _ => terminal.warn("say the number of a line, as 1, s1 or d1"),
        }
    }
}

impl Words {
    /// Its lines; what is nothing but blanks without its colours is one as it came.
    fn lines(&self) -> Vec<Line<'_>> {
        let lines = lines(&self.made);
        let others = lines.len() - 1;
        let has_end = self.made.secret.expose().ends_with(b"\n");
        let line = |(at, secret)| Line { words: self, secret, others, is_whole: has_end || at < others };
        lines.into_iter().enumerate().map(line).collect()
    }

    /// Whether this file has these very words.
    fn is_in(&self, work: &Unfinished) -> bool {
        work.path() == self.path && work.made.as_ref().is_some_and(|made| made.secret.same_as(&self.made.secret))
    }
}

fn lines(made: &Made) -> Vec<Secret> {
    let lines = made.lines();
    if lines.is_empty() { vec![made.copy()] } else { lines }
}

/// The failure for a yes to what is not there any more.
pub(super) fn gone(name: &KeyName) -> Failure {
    Failure::new(
        Kind::Negative,
        format!("what the rotator of `{name}` had left, and was asked about, is gone; nothing was changed"),
    )
    .hint(format!("look again: `keyctl rotate {name}`"))
}

/// What lies aside for a key, to be held against what was seen of it before a question.
pub(super) fn is_as_seen(seen: &[Unfinished], now: &[Unfinished]) -> bool {
    let same = |one: &Unfinished, other: &Unfinished| {
        let made = match (&one.made, &other.made) {
            (Some(one), Some(other)) => one.secret.same_as(&other.secret),
            (one, other) => one.is_none() && other.is_none(),
        };
        one.path() == other.path() && made
    };
    seen.len() == now.len() && seen.iter().zip(now).all(|(one, other)| same(one, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_with_a_secret_has_room_for_all_of_it_from_the_start() {
        for (bytes, shown) in
            [(&b"secret"[..], "it is secret?"), (&[b'a', 255, 254, b'b'], "it is a\u{fffd}\u{fffd}b?")]
        {
            let question = with_secret("it is ", &Secret::new(bytes.to_vec()), "?");
            assert_eq!((question.as_str(), question.capacity()), (shown, 7 + 3 * bytes.len()));
        }
    }
}
