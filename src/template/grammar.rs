//! How places for keys are written.

use memchr::memmem;

use super::{MOST_FILTERS, MOST_MISTAKES, Mistake, Part, Place, filter::Filter};
use crate::name::{BadName, KeyPath};

const OPEN: &[u8] = b"{{";
const CLOSE: &[u8] = b"}}";
/// The word that makes a place in a file one of ours.
const OURS: &str = "keyctl";

/// What stands in a place that is braces and no key.
const BRACES: &str = "\"{{\"";

/// The parts of a composed variable: every `{{` opens a place, and `{{ "{{" }}` is how to write one that does not.
pub(super) fn composed(text: &str) -> Result<Vec<Part>, Mistake> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(at) = memmem::find(&bytes[from..], OPEN).map(|found| found + from) {
        push(&mut parts, &bytes[from..at]);
        let inner = at + OPEN.len();
        let end = memmem::find(&bytes[inner..], CLOSE).map(|found| found + inner);
        let Some(end) = end else { return Err(mistake(at, "`{{` is not closed with `}}`")) };
        if text[inner..end].trim_matches([' ', '\t']) == BRACES {
            push(&mut parts, OPEN);
        } else {
            parts.push(Part::Place(place(at, &text[inner..end], unquoted)?));
        }
        from = end + CLOSE.len();
    }
    push(&mut parts, &bytes[from..]);
    Ok(parts)
}

/// The parts of a file: `{{ keyctl` opens a place, and what else is in braces is not ours. However much is wrong, every byte
/// is looked at a few times only: whoever wrote the file may not mean well.
pub(super) fn file(bytes: &[u8]) -> Result<Vec<Part>, Vec<Mistake>> {
    let (mut parts, mut mistakes) = (Vec::new(), Vec::new());
    let (mut from, mut after, mut line_end) = (0, 0, 0);
    while let Some(at) = memmem::find(&bytes[after..], OPEN).map(|found| found + after) {
        let inner = at + OPEN.len();
        // Of `{{{` the last two braces are the ones that open.
        if !is_ours(&bytes[inner..]) {
            after = at + 1;
            continue;
        }
        if mistakes.len() == MOST_MISTAKES {
            break;
        }
        if line_end <= inner {
            line_end = memchr::memchr(b'\n', &bytes[inner..]).map_or(bytes.len(), |end| inner + end);
        }
        let line = &bytes[inner..line_end];
        let Some(length) = end_of(line) else {
            mistakes.push(mistake(at, "`{{ keyctl` is not closed with `}}` on its line"));
            // Nothing on this line is.
            after = line_end;
            continue;
        };
        match std::str::from_utf8(&line[..length]) {
            Ok(text) => match place(at, text, quoted) {
                Ok(place) => {
                    push(&mut parts, &bytes[from..at]);
                    parts.push(Part::Place(place));
                }
                Err(wrong) => mistakes.push(wrong),
            },
            Err(_) => mistakes.push(mistake(at, "this is not UTF-8")),
        }
        after = inner + length + CLOSE.len();
        from = after;
    }
    push(&mut parts, &bytes[from..]);
    if mistakes.is_empty() { Ok(parts) } else { Err(mistakes) }
}

/// Whether there is a place in a file that is written as in a composed variable.
pub(super) fn is_as_in_texts(bytes: &[u8]) -> bool {
    const LONGEST: usize = 256;
    memmem::find_iter(bytes, OPEN).any(|at| {
        let rest = &bytes[at + OPEN.len()..];
        let rest = &rest[..rest.len().min(LONGEST)];
        let inner = memmem::find(rest, CLOSE).and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        inner.is_some_and(|text| place(at, text, |name| Ok(name)).is_ok())
    })
}

/// Where a place ends; braces within quotes do not end it.
fn end_of(line: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    (0..line.len()).find(|at| {
        is_quoted ^= line[*at] == b'"';
        !is_quoted && line[*at..].starts_with(CLOSE)
    })
}

/// Whether what follows `{{` is meant for keyctl. The marks that Go and Jinja have for white space are looked over, so that
/// who writes one here is told.
fn is_ours(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'-' | b'~' | b'+')).unwrap_or(bytes.len());
    let ends = |rest: &[u8]| rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-.:".contains(byte));
    bytes[start..].strip_prefix(OURS.as_bytes()).is_some_and(ends)
}

/// A name as it is; what is written as in a template file gets the form that is right here.
fn unquoted(text: &str) -> Result<&str, &'static str> {
    let is_as_in_a_file = text.strip_prefix(OURS).is_some_and(|rest| rest.trim_start().starts_with(['"', '\'']));
    if is_as_in_a_file {
        return Err("write it as `{{ NAME }}` here; `{{ keyctl \"NAME\" }}` is for the files of `keyctl render`");
    }
    Ok(text)
}

/// `keyctl "NAME"`, of which the name is left.
fn quoted(text: &str) -> Result<&str, &'static str> {
    let name = text.strip_prefix(OURS).map(str::trim_start).and_then(|rest| rest.strip_prefix('"')?.strip_suffix('"'));
    name.filter(|name| !name.contains('"')).ok_or("write it as `{{ keyctl \"NAME\" }}`, with filters after `|`")
}

/// A name and the filters after it.
fn place(at: usize, text: &str, name: impl Fn(&str) -> Result<&str, &'static str>) -> Result<Place, Mistake> {
    let mut words = text.split('|').map(|word| word.trim_matches([' ', '\t']));
    let name = name(words.next().unwrap_or_default()).map_err(|why| mistake(at, why))?;
    if name.is_empty() {
        return Err(mistake(at, "a key's name is missing between the braces"));
    }
    let name: KeyPath = name.parse().map_err(|bad: BadName| mistake(at, &bad.to_string()))?;
    if words.clone().count() > MOST_FILTERS {
        return Err(mistake(at, &format!("a place has {MOST_FILTERS} filters at most")));
    }
    let filters = words.map(Filter::named).collect::<Result<_, _>>().map_err(|why| mistake(at, &why))?;
    Ok(Place { at, name, filters })
}

fn push(parts: &mut Vec<Part>, text: &[u8]) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_vec()));
    }
}

fn mistake(at: usize, what: &str) -> Mistake {
    Mistake { at, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composed_text_says_what_is_wrong_with_it() {
        let said = |text: &str| composed(text).map(drop).map_err(|Mistake { at, what }| format!("{at}: {what}"));
        for (text, wanted) in [
            ("a{{ b", "1: `{{` is not closed with `}}`"),
            ("{{}}", "0: a key's name is missing between the braces"),
            (
                "{{ keyctl \"a\" | url }}",
                "0: write it as `{{ NAME }}` here; `{{ keyctl \"NAME\" }}` is for the files of `keyctl render`",
            ),
            ("é{{ a | urll }}", "2: there is no filter `urll`; did you mean `url`?"),
            (
                "{{ a b }}",
                "0: a key's name cannot hold a space; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`",
            ),
            (
                "{{ a | }}",
                "0: after `|` comes a filter; there are `base64`, `base64url`, `hex`, `json`, `shell`, `trim`, `url`",
            ),
        ] {
            assert_eq!(said(text), Err(wanted.to_owned()), "{text}");
        }
        for good in
            ["{{a}}", "{{ team:a|trim|url }}", "a}} {{ b }}}", "{ {{b}}{{b}} }", "{{ keyctl }}", "{{ \"{{\" }} x }}"]
        {
            assert_eq!(said(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_place_has_few_filters() {
        assert!(composed("{{ a | url | hex | json | shell }}").is_ok());
        let wrong = composed(&format!("{{{{ a {}}}}}", "| hex ".repeat(5))).expect_err("too many");
        assert_eq!(wrong.what, "a place has 4 filters at most");
        let wrong = file(format!("{{{{ keyctl \"a\" {}}}}}", "| hex ".repeat(40)).as_bytes()).expect_err("too many");
        assert_eq!(wrong, [mistake(0, "a place has 4 filters at most")]);
    }

    #[test]
    fn a_file_full_of_mistakes_or_of_places_is_read_in_a_moment() {
        let begun = std::time::Instant::now();
        for text in
            ["{{keyctl", "{{ keyctl x }}", "{{keyctl\n", "{{keyctl\"", "{{ keyctl \"a\"\n", "}}{{keyctl \"\" {{keyctl"]
        {
            let mistakes = file(text.repeat(1024 * 1024 / text.len()).as_bytes()).expect_err("wrong").len();
            assert!(mistakes == MOST_MISTAKES || mistakes == 1, "{text}: {mistakes}");
        }
        assert!(file("{{ keyctl \"a\" }}".repeat(60_000).as_bytes()).is_ok());
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_file_says_all_that_is_wrong_with_what_is_ours_and_nothing_of_what_is_not() {
        let said = |text: &str| match file(text.as_bytes()) {
            Ok(parts) => parts.iter().filter(|part| matches!(part, Part::Place(_))).count().to_string(),
            Err(mistakes) => {
                mistakes.iter().map(|Mistake { at, what }| format!("{at}: {what}")).collect::<Vec<_>>().join("; ")
            }
        };
        let how = "write it as `{{ keyctl \"NAME\" }}`, with filters after `|`";
        for (text, wanted) in [
            ("{{keyctl \"a\"}}{{{ keyctl\t\"a\" | url }}}", "2".to_owned()),
            ("{{ keyctl_x }} {{ keyctl.x }} {{ key \"a\" }} {{ x keyctl }} {{- x -}}", "0".into()),
            ("{{ keyctl a }}", format!("0: {how}")),
            ("{{ keyctl 'a' }}\n{{ keyctl }}", format!("0: {how}; 17: {how}")),
            ("{{- keyctl \"a\" -}}", format!("0: {how}")),
            ("{{ keyctl \"a\" \"b\" }}", format!("0: {how}")),
            ("{{ keyctl \"a\"\n}}", "0: `{{ keyctl` is not closed with `}}` on its line".into()),
            ("{{ keyctl \"a}}\"", "0: `{{ keyctl` is not closed with `}}` on its line".into()),
            ("{{ keyctl \"\" }}", "0: a key's name is missing between the braces".into()),
            ("{{ keyctl \"a\" | jsno }}", "0: there is no filter `jsno`; did you mean `json`?".into()),
        ] {
            assert_eq!(said(text), wanted, "{text}");
        }
    }
}
