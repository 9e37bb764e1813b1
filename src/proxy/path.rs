//! Paths of requests: what the history has of them, and whether a path can be read in one way only.

/// The most letters that the history has of a path.
const LONGEST: usize = 120;
/// What stands for a part that only this request has.
const PART: &str = "{id}";

/// Whether each reader takes a path for the same one: no part of it is `.`, `..` or empty but the last, and nothing stands for a
/// slash.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hides = ["\\", "%2f", "%5c", "%2e", "%25", "%00", ";"].iter().any(|text| lower.contains(text));
    let mut parts = path.split('/').skip(1).peekable();
    let mut is_odd = false;
    while let Some(part) = parts.next() {
        is_odd |= part == "." || part == ".." || (part.is_empty() && parts.peek().is_some());
    }
    path.starts_with('/') && !hides && !is_odd
}

/// A path for the history: what looks like the name of one thing is left out, and so is what is too long.
#[must_use]
pub fn template(path: &str) -> String {
    let mut made = String::new();
    for part in path.split('/').skip(1) {
        made.push('/');
        made.push_str(if is_general(part) { part } else { PART });
        if made.len() > LONGEST {
            made.push('…');
            break;
        }
    }
    if made.is_empty() { "/".to_owned() } else { made }
}

/// Whether a part may stand in every request: a word, or one with a version such as `v1`, `gpt-4o` or `v1beta:generate`.
fn is_general(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
    let is_word = part.len() <= 40 && part.bytes().all(fits);
    let longest = part.split(|c: char| "-_.:".contains(c)).map(str::len).max().unwrap_or_default();
    // Few digits among the letters, and no long run that somebody drew at random.
    is_word && digits <= 4 && !(digits > 0 && digits == part.len()) && (longest < 16 || digits == 0 && longest <= 24)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_only_one_request_has_is_left_out() {
        for (path, kept) in [
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/files/file-6F2ksmvXxt4VdoqmHRw6kL", "/v1/files/{id}"),
            ("/repos/o/r/issues/17", "/repos/o/r/issues/{id}"),
            ("/v1beta/models/gemini-2.5-pro:generateContent", "/v1beta/models/gemini-2.5-pro:generateContent"),
            ("/a/0123abcd-0123-4abc-8def-0123456789ab", "/a/{id}"),
            ("/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/getMe", "/{id}/getMe"),
            ("/a/b%20c", "/a/{id}"),
            ("/", "/"),
            ("", "/"),
            ("*", "/"),
        ] {
            assert_eq!(template(path), kept, "{path}");
        }
        assert!(template(&"/abc".repeat(100)).len() < LONGEST + 10);
    }

    proptest! {
        #[test]
        fn a_template_is_short_and_names_no_long_number(path in "(/[ -~]{0,60}){0,20}") {
            let made = template(&path);
            prop_assert!(made.len() <= LONGEST + 50);
            prop_assert!(!made.split('/').any(|part| part.bytes().filter(u8::is_ascii_digit).count() > 4));
        }

        #[test]
        fn a_plain_path_has_no_way_up(path in "(/(\\.|%2e|%2f|a|\\\\|;|)(\\.|)){0,6}") {
            if is_plain(&path) {
                prop_assert!(!path.contains("..") || path.contains("...") || path.contains("a."), "{}", path);
                prop_assert!(!path.split('/').any(|part| part == ".."));
            }
        }
    }
}
