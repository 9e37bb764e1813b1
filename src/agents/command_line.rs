//! A command line of a shell, as far as it can be understood without being one, and `keyctl run` put before those of its
//! commands that are to have keys.
//!
//! What is not understood is left as it is: variables, substitutions, groups, escapes, functions. Before a command that gets
//! keys only `cd` may stand: what sets a variable could choose another program by that name.

use std::path::{Path, PathBuf};

/// One command of a line.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    /// Where it begins.
    start: usize,
    /// Its words, as the program gets them; what it is redirected to is left out.
    words: Vec<String>,
    /// Something is read from a file or written to one.
    has_file: bool,
}

/// What the shell would take for more than a letter, and is not understood here.
const ODD: &[char] = &['$', '`', '(', ')', '{', '}', '\\', '!', '#', '\n', '\r', '\0'];
/// The same within double quotes.
const ODD_IN_QUOTES: &[char] = &['$', '`', '\\', '!', '\0'];

/// The line with `before` put before each command that `is_wanted` wants, of these words in this folder. Nothing where it wants
/// none, or where the line is not understood.
#[must_use]
pub fn rewritten(
    line: &str,
    before: &str,
    folder: &Path,
    is_wanted: impl Fn(&[String], &Path) -> bool,
) -> Option<String> {
    let mut folder: PathBuf = folder.to_owned();
    let mut places = Vec::new();
    for command in commands(line)? {
        match &command.words[..] {
            words if is_wanted(words, &folder) => places.push(command.start),
            [cd, to] if cd == "cd" && !to.starts_with(['-', '~']) => folder.push(to),
            // What follows can change nothing for what came before.
            _ => break,
        }
    }
    let mut text = line.to_owned();
    for place in places.iter().rev() {
        text.insert_str(*place, before);
    }
    (!places.is_empty()).then_some(text)
}

/// Whether the line is one command, which is all that happens: no other one, and no file that is written to or read.
#[must_use]
pub fn is_one_command(line: &str) -> bool {
    commands(line).is_some_and(|commands| matches!(&commands[..], [command] if !command.has_file))
}

/// The commands of a line, if it is understood as a whole.
fn commands(line: &str) -> Option<Vec<Command>> {
    let mut reader = Reader { rest: line, at: 0 };
    let mut all = Vec::new();
    loop {
        let command = reader.command()?;
        let is_last = reader.rest.is_empty();
        if command.words.is_empty() {
            // A `;` may stand at the end, and nothing else without a command.
            return (is_last && !all.is_empty() && line.trim_end().ends_with(';')).then_some(all);
        }
        all.push(command);
        if is_last {
            return Some(all);
        }
        let operator = ["&&", "||", "|", ";"].into_iter().find(|operator| reader.rest.starts_with(operator))?;
        // `|&` and `;;` are others.
        if reader.rest[operator.len()..].starts_with(['&', ';', '|']) {
            return None;
        }
        reader.skip(operator.len());
    }
}

/// Where a part of a command leads its input or output.
enum Redirection {
    None,
    Descriptor,
    File,
}

struct Reader<'l> {
    rest: &'l str,
    at: usize,
}

impl Reader<'_> {
    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.at += bytes;
    }

    fn blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.skip(blanks);
    }

    /// One command, up to an operator or the end.
    fn command(&mut self) -> Option<Command> {
        self.blanks();
        let mut command = Command { start: self.at, words: Vec::new(), has_file: false };
        loop {
            self.blanks();
            if self.rest.is_empty() || (self.rest.starts_with(['|', ';', '&']) && !self.rest.starts_with("&>")) {
                return Some(command);
            }
            match self.redirection()? {
                Redirection::None => command.words.push(self.word()?),
                Redirection::Descriptor => {}
                Redirection::File => command.has_file = true,
            }
        }
    }

    /// Passes over `2>&1`, `>file`, `&>file`, `<file`, and says what it was.
    fn redirection(&mut self) -> Option<Redirection> {
        let after = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let after = after.strip_prefix('&').filter(|after| after.starts_with('>')).unwrap_or(after);
        if !after.starts_with(['<', '>']) {
            return Some(Redirection::None);
        }
        let sign = ["<<", "<&", "<>", ">>", ">&", ">|", "<", ">"].into_iter().find(|sign| after.starts_with(sign))?;
        if sign == "<<" {
            return None;
        }
        self.skip(self.rest.len() - after.len() + sign.len());
        self.blanks();
        let target = self.word()?;
        let is_number = !target.is_empty() && target.chars().all(|c| c.is_ascii_digit());
        let is_descriptor = is_number && matches!(sign, "<&" | ">&");
        Some(if is_descriptor { Redirection::Descriptor } else { Redirection::File })
    }

    /// One word without its quotes.
    fn word(&mut self) -> Option<String> {
        let (mut word, mut quote, mut end) = (String::new(), None, self.rest.len());
        for (at, c) in self.rest.char_indices() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (Some('"'), _) if ODD_IN_QUOTES.contains(&c) => return None,
                (None, '\'' | '"') => quote = Some(c),
                (None, _) if ODD.contains(&c) => return None,
                (None, ' ' | '\t' | '|' | ';' | '&' | '<' | '>') => {
                    end = at;
                    break;
                }
                _ => word.push(c),
            }
        }
        if quote.is_some() || end == 0 {
            return None;
        }
        self.skip(end);
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(line: &str) -> String {
        let is_wanted = |words: &[String], folder: &Path| words == ["npm", "test"] && folder.starts_with("/w");
        rewritten(line, "K ", Path::new("/w"), is_wanted).unwrap_or_default()
    }

    #[test]
    fn keys_go_to_the_commands_that_are_named_and_to_no_other_of_the_line() {
        for (line, rewritten) in [
            ("npm test", "K npm test"),
            ("  npm   'te'\"st\" ", "  K npm   'te'\"st\" "),
            ("npm test 2>&1 | tail -20", "K npm test 2>&1 | tail -20"),
            ("cd api && npm test", "cd api && K npm test"),
            ("cd 'a b'; npm test >out.txt 2> err; printenv", "cd 'a b'; K npm test >out.txt 2> err; printenv"),
            ("npm test && npm test || echo $?x", ""),
            ("npm test && npm test || echo no", "K npm test && K npm test || echo no"),
            ("npm test &>log;", "K npm test &>log;"),
        ] {
            assert_eq!(with(line), rewritten, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_or_could_choose_another_program_is_left_alone() {
        for line in [
            "npm run test",
            "npm test x",
            "npm test $X",
            "PATH=/tmp/x npm test",
            "export PATH=/tmp/x; npm test",
            "X=1; npm test",
            "npm test &",
            "npm test & npm test",
            "(npm test)",
            "npm test `id`",
            "npm te\\st",
            "npm test\nprintenv",
            "npm test <<END",
            "npm test # it",
            "'npm test",
            "npm test |& cat",
            "npm test ||| cat",
            "&& npm test",
            "cat x | npm test",
            "cd / && npm test",
            "cd - && npm test",
            "cd ~ && npm test",
            "npm test >",
            "| npm test",
            "",
        ] {
            assert_eq!(with(line), "", "{line}");
        }
    }

    #[test]
    fn one_command_is_told_from_a_line_that_does_more() {
        for line in ["npm test", " npm 'te'st ", "npm test 2>&1", "npm test;"] {
            assert!(is_one_command(line), "{line}");
        }
        for line in [
            "npm test; rm -rf ~",
            "npm test && npm test",
            "cd api && npm test",
            "npm test | sh",
            "npm test || true",
            "npm test & rm x",
            "npm test >~/.bashrc",
            "npm test >& file",
            "npm test &>file",
            "npm test 2>1",
            "npm test <secret",
            "npm test $(rm x)",
            "npm test\nrm x",
            "",
        ] {
            assert!(!is_one_command(line), "{line}");
        }
    }

    proptest! {
        #[test]
        fn of_any_line_only_the_words_that_are_put_in_are_new(line in "[npm tes|;&<>'\"$cd/0-9]{0,40}") {
            if let Some(text) = rewritten(&line, "\u{1}", Path::new("/w"), |words, _| words.len() == 2) {
                prop_assert_eq!(text.replace('\u{1}', ""), line);
            }
        }

        // Agents on Windows have another shell, with other quotes.
        #[cfg(unix)]
        #[test]
        fn a_shell_sees_the_same_words(words in prop::collection::vec("[a-z '\"*~=]{1,6}", 1..4)) {
            let line = words.iter().map(|word| super::super::quoted(word)).collect::<Vec<_>>().join(" ");
            // What is quoted with an escape is not understood, and left alone.
            prop_assume!(!line.contains('\\'));
            prop_assert_eq!(&commands(&line).expect("understood")[0].words, &words);
        }
    }
}
