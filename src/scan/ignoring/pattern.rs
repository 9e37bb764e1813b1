//! One line of a list of what to ignore, as git reads it (gitignore(5)): in bytes, without braces, and a line that git can
//! make nothing of matches nothing.

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What matches is taken back in (`!`).
    pub takes_back: bool,
    /// It is about folders alone (a `/` at the end).
    folders_alone: bool,
    means: Means,
}

/// What a name or a path has to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Means {
    /// A name, letter by letter.
    Name(Vec<u8>),
    /// The end of a name: `*.log`.
    End(Vec<u8>),
    /// A name with stars and the like in it.
    LikeName(Vec<Part>),
    /// A path from the list's folder on, which begins with this.
    Path(Vec<u8>, Vec<Part>),
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Letter(u8),
    /// `?`: any but a slash.
    Any,
    /// `[…]`: one of these, never a slash.
    Of(Box<[bool; 256]>),
    /// `*`: any number of letters without a slash.
    Star,
    /// `**` at an end of a part of a path: anything.
    Stars,
    /// `**/`: nothing, or anything that ends with a slash.
    Folders,
}

/// What is looked at: a name, and the path from the list's folder on that ends with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'n> {
    pub name: &'n [u8],
    pub path: &'n [u8],
    pub is_folder: bool,
}

impl Pattern {
    /// Reads a line; none where nothing can match it.
    pub fn read(line: &[u8]) -> Option<Self> {
        // git reads up to a NUL.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        if line.starts_with(b"#") {
            return None;
        }
        let line = without_blanks(line);
        let (takes_back, line) = line.strip_prefix(b"!").map_or((false, line), |rest| (true, rest));
        let (folders_alone, line) = line.strip_suffix(b"/").map_or((false, line), |rest| (true, rest));
        let is_name = !line.contains(&b'/');
        let line = line.strip_prefix(b"/").unwrap_or(line);
        let plain = line.iter().take_while(|byte| !b"*?[\\".contains(byte)).count();
        let means = match line.strip_prefix(b"*") {
            _ if line.is_empty() => return None,
            _ if is_name && plain == line.len() => Means::Name(line.to_owned()),
            Some(end) if is_name && !end.iter().any(|byte| b"*?[\\".contains(byte)) => Means::End(end.to_owned()),
            _ if is_name => Means::LikeName(parts(line, plain, false)?),
            _ => Means::Path(line[..plain].to_owned(), parts(&line[plain..], 0, true)?),
        };
        Some(Self { takes_back, folders_alone, means })
    }

    /// Whether it is about this.
    pub fn is_about(&self, named: Named<'_>) -> bool {
        (named.is_folder || !self.folders_alone)
            && match &self.means {
                Means::Name(name) => name == named.name,
                Means::End(end) => named.name.ends_with(end),
                Means::LikeName(parts) => is_like(parts, named.name),
                Means::Path(start, parts) => named.path.strip_prefix(&**start).is_some_and(|rest| is_like(parts, rest)),
            }
    }
}

/// A line without the blanks at its end; one behind a backslash stays.
fn without_blanks(line: &[u8]) -> &[u8] {
    let (mut at, mut end) = (0, 0);
    while at < line.len() {
        let is_blank = line[at] == b' ';
        at += if line[at] == b'\\' { 2 } else { 1 };
        if !is_blank {
            end = at;
        }
    }
    &line[..end.min(line.len())]
}

/// The parts of a pattern; none where it can match nothing. `start` is where its stars begin to count: two of them are more
/// than one there, behind a slash, and nowhere else.
fn parts(line: &[u8], start: usize, is_path: bool) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                parts.push(Part::Letter(*line.get(at)?));
                at += 1;
            }
            b'?' => parts.push(Part::Any),
            b'[' => {
                let (of, end) = class(line, at)?;
                parts.push(Part::Of(of));
                at = end;
            }
            b'*' => {
                let from = at - 1;
                at += line[at..].iter().take_while(|byte| **byte == b'*').count();
                let begins = from == start || from.checked_sub(1).is_some_and(|before| line[before] == b'/');
                let is_more = is_path && at - from > 1 && begins;
                match &line[at..] {
                    [b'/', ..] if is_more => {
                        parts.push(Part::Folders);
                        at += 1;
                    }
                    [] | [b'\\', b'/', ..] if is_more => parts.push(Part::Stars),
                    _ => parts.push(Part::Star),
                }
            }
            _ => parts.push(Part::Letter(*byte)),
        }
    }
    Some(parts)
}

/// Reads a class behind its bracket: what is in it, and where it ends. One that does not end matches nothing.
fn class(line: &[u8], mut at: usize) -> Option<(Box<[bool; 256]>, usize)> {
    let is_not = matches!(line.get(at), Some(b'!' | b'^'));
    at += usize::from(is_not);
    let mut of = Box::new([false; 256]);
    let (mut before, mut is_first) = (None, true);
    loop {
        let byte = *line.get(at)?;
        at += 1;
        match byte {
            b']' if !is_first => break,
            b'[' if line.get(at) == Some(&b':') => {
                let end = at + 1 + line.get(at + 1..)?.iter().position(|byte| *byte == b']')?;
                if let Some(name) = line[at + 1..end].strip_suffix(b":") {
                    let is_in = letters(name)?;
                    (0..=u8::MAX).filter(is_in).for_each(|byte| of[usize::from(byte)] = true);
                    (at, before) = (end + 1, None);
                } else {
                    of[usize::from(byte)] = true;
                    before = Some(byte);
                }
            }
            b'-' if before.is_some() && line.get(at).is_some_and(|next| *next != b']') => {
                at += usize::from(line[at] == b'\\');
                let last = *line.get(at)?;
                at += 1;
                (before.unwrap_or(last)..=last).for_each(|byte| of[usize::from(byte)] = true);
                before = None;
            }
            _ => {
                let byte = if byte == b'\\' {
                    at += 1;
                    *line.get(at - 1)?
                } else {
                    byte
                };
                of[usize::from(byte)] = true;
                before = Some(byte);
            }
        }
        is_first = false;
    }
    if is_not {
        of.iter_mut().for_each(|is_in| *is_in = !*is_in);
    }
    of[usize::from(b'/')] = false;
    Some((of, at))
}

/// The letters that a name in a class stands for.
fn letters(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        // git's own, which knows no others.
        b"space" => |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// Whether a text is like these parts. Where a star took too little it takes more; of the stars before the last one nothing
/// else could come, but that `**` may pass a slash.
fn is_like(parts: &[Part], text: &[u8]) -> bool {
    let (mut part, mut at) = (0, 0);
    // Where to go on: behind which star, and from where in the text.
    let (mut star, mut stars) = (None, None);
    loop {
        let goes_on = match (parts.get(part), text.get(at)) {
            (None, None) => return true,
            (Some(Part::Star), _) => {
                star = Some((part + 1, at));
                true
            }
            (Some(Part::Stars | Part::Folders), _) => {
                (star, stars) = (None, Some((part, at)));
                true
            }
            (Some(Part::Letter(letter)), Some(byte)) if letter == byte => {
                at += 1;
                true
            }
            (Some(Part::Any), Some(byte)) if *byte != b'/' => {
                at += 1;
                true
            }
            (Some(Part::Of(of)), Some(byte)) if of[usize::from(*byte)] => {
                at += 1;
                true
            }
            _ => false,
        };
        if goes_on {
            part += 1;
            continue;
        }
        if let Some((after, from)) = star.filter(|(_, from)| text.get(*from).is_some_and(|byte| *byte != b'/')) {
            star = Some((after, from + 1));
            (part, at) = (after, from + 1);
            continue;
        }
        let Some((more, from)) = stars else { return false };
        let next = match parts[more] {
            Part::Folders => text[from..].iter().position(|byte| *byte == b'/').map(|slash| from + slash + 1),
            _ => Some(from + 1).filter(|next| *next <= text.len()),
        };
        let Some(next) = next else { return false };
        (star, stars) = (None, Some((more, next)));
        (part, at) = (more + 1, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_about(line: &str, path: &str) -> bool {
        let (path, is_folder) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let name = path.rsplit('/').next().unwrap_or_default().as_bytes();
        Pattern::read(line.as_bytes())
            .is_some_and(|pattern| pattern.is_about(Named { name, path: path.as_bytes(), is_folder }))
    }

    #[test]
    fn a_line_means_what_git_takes_it_for() {
        for (line, yes, no) in [
            ("a", &["a", "b/a", "a/"][..], &["ab", "A"][..]),
            ("a/", &["a/", "b/a/"], &["a"]),
            ("/a", &["a"], &["b/a"]),
            ("a/b", &["a/b"], &["c/a/b"]),
            ("*.{env,pem}", &["x.{env,pem}"], &["x.env", "x.pem"]),
            ("*.log", &[".log", "x/y.log"], &["log", "x.log2"]),
            ("a*c", &["ac", "abbc"], &["abcd"]),
            ("/a*c", &["ac"], &["a/c"]),
            ("a/*", &["a/b"], &["a/b/c"]),
            ("a/**", &["a/b", "a/b/c"], &["a", "b/a/c"]),
            ("**/a", &["a", "b/a", "b/c/a"], &["ba"]),
            ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["ab", "a/xb", "a/x/by"]),
            ("**/x/**/*.t", &["x/a.t", "q/x/y/z/a.t"], &["q/a.t", "x/a.u"]),
            ("[ab]x", &["ax", "bx"], &["cx"]),
            ("[!a]x", &["bx"], &["ax", "x"]),
            ("[a", &[], &["a", "[a"]),
            ("[[:alpha:]]", &["x"], &["1", "a]"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[\\]]", &["]"], &["\\"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("\\#a", &["#a"], &["\\#a"]),
            ("\\!a", &["!a"], &["a"]),
            ("a\\ ", &["a "], &["a"]),
            ("a  ", &["a"], &["a  "]),
            ("a\\", &[], &["a", "a\\"]),
            ("#a", &[], &["#a"]),
            ("/", &[], &["a", "a/"]),
            ("", &[], &["a"]),
        ] {
            for path in yes {
                assert!(is_about(line, path), "{line} and {path}");
            }
            for path in no {
                assert!(!is_about(line, path), "{line} and not {path}");
            }
        }
    }

    #[test]
    fn a_line_that_was_made_to_take_long_does_not() {
        let line = format!("**/{}b", "a*".repeat(2000));
        assert!(!is_about(&line, &format!("x/{}", "a".repeat(4000))));
    }

    proptest! {
        #[test]
        fn whatever_a_line_says_it_is_read_and_held_against_names(line in "[a\\[\\]!^:*?/\\\\ -]{0,12}", path in "[a/\\]-]{0,8}") {
            is_about(&line, &path);
        }
    }
}
