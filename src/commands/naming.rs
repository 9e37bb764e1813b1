//! Names that differ only in case: two keys to the store, one variable to Windows, and to a person who mistypes.

use std::collections::HashMap;

use crate::{
    failure::{Failure, Kind, Result},
    name::KeyName,
    terminal::Terminal,
};

/// Says which of the new names differs only in case from one that is kept, or from a new one before it. They are never
/// merged; where variables do not tell case apart, the second is refused.
///
/// # Errors
/// `Negative` on Windows.
pub fn tell_apart<'n>(
    kept: impl IntoIterator<Item = &'n KeyName>,
    new: impl IntoIterator<Item = &'n KeyName>,
    terminal: &Terminal,
) -> Result<()> {
    for (name, other) in alike(kept, new) {
        if cfg!(windows) {
            return Err(Failure::new(
                Kind::Negative,
                format!("`{other}` exists, and Windows takes `{name}` for the same variable; nothing was kept"),
            ));
        }
        terminal.warn(&format!("`{name}` and `{other}` differ only in case; they are two keys"));
    }
    Ok(())
}

/// Each new name with the one before it that it could be taken for.
fn alike<'n>(
    kept: impl IntoIterator<Item = &'n KeyName>,
    new: impl IntoIterator<Item = &'n KeyName>,
) -> Vec<(&'n KeyName, &'n KeyName)> {
    let folded = |name: &KeyName| name.as_str().to_ascii_lowercase();
    let mut known: HashMap<String, Vec<&KeyName>> = HashMap::new();
    for name in kept {
        known.entry(folded(name)).or_default().push(name);
    }
    let mut pairs = Vec::new();
    for name in new {
        let others = known.entry(folded(name)).or_default();
        if !others.contains(&name) {
            pairs.extend(others.first().map(|other| (name, *other)));
            others.push(name);
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<KeyName> {
        text.split_whitespace().map(|name| name.parse().expect("good")).collect()
    }

    #[test]
    fn a_new_name_is_held_against_those_that_are_kept_and_the_new_ones_before_it() {
        for (kept, new, found) in [
            ("KEY other", "KEY", ""),
            ("KEY other", "Key", "Key KEY"),
            ("", "a A a b", "A a"),
            ("a A", "A", ""),
            ("a", "A b/C B/c", "A a B/c b/C"),
            ("k\u{65}y", "key2 kEYS", ""),
        ] {
            let (kept, new) = (names(kept), names(new));
            let pairs: Vec<&str> = alike(&kept, &new).iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
            assert_eq!(pairs.join(" "), found);
        }
    }

    #[cfg(windows)]
    #[test]
    fn windows_refuses_what_it_could_not_tell_apart() {
        let (kept, new) = (names("KEY"), names("key"));
        let told = tell_apart(&kept, &new, &Terminal::new("keyctl", true, true)).expect_err("refused");
        let said = "`KEY` exists, and Windows takes `key` for the same variable; nothing was kept";
        assert_eq!((told.kind, told.message.as_str()), (Kind::Negative, said));
    }
}
